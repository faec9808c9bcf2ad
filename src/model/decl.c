/* Limits by position. */
#include "model/decl.h"

const struct limits limits_none = {
#define LIMIT(field, key, text) .field = -1,
    LIMITS(LIMIT)
#undef LIMIT
};

const char *limit_key(int i)
{
    static const char *const keys[] = {
#define LIMIT(field, key, text) key,
        LIMITS(LIMIT)
#undef LIMIT
            NULL};
    return keys[i];
}

int64_t limit_value(const struct limits *l, int i)
{
    const int64_t v[] = {
#define LIMIT(field, key, text) l->field,
        LIMITS(LIMIT)
#undef LIMIT
    };
    return v[i];
}

void limit_set(struct limits *l, int i, int64_t value)
{
    int64_t *const v[] = {
#define LIMIT(field, key, text) &l->field,
        LIMITS(LIMIT)
#undef LIMIT
    };
    if (i >= 0 && (size_t)i < sizeof v / sizeof v[0]) {
        *v[i] = value;
    }
}

struct bundle bundle_absent(const char *id, const struct digest *checksum)
{
    return (struct bundle){.id = id,
                           .store = store_of_ledger(),
                           .dir = "",
                           .folder = "",
                           .checksum = *checksum,
                           .has_depends = true,
                           .change_class = "",
                           .is_absent = true};
}
