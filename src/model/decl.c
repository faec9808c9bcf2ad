/* Limits by position, what is left open, and where migrations stand. */
#include "model/decl.h"

#include <string.h>

#include "doc/doc.h"

static const struct {
    const char *key, *text, *hint;
} lacks[LACK_COUNT] = {
#define LACK(NAME, key, text, hint) {key, text, hint},
#include "model/lack.def"
#undef LACK
};

const char *lack_key(enum lack l)
{
    return lacks[l].key;
}

const char *lack_text(enum lack l)
{
    return lacks[l].text;
}

const char *lack_hint(enum lack l)
{
    return lacks[l].hint;
}

char decl_class(const struct decl *d)
{
    const char *class = doc_str(d->document, "class", "");
    const char *risk = doc_str(d->document, "risk", "");
    return class[0] != '\0'              ? class[0]
           : strcmp(risk, "low") == 0    ? 'A'
           : strcmp(risk, "medium") == 0 ? 'B'
           : strcmp(risk, "high") == 0   ? 'C'
                                         : (char)0;
}

bool decl_has_reference(const struct decl *d)
{
    const char *ticket = doc_str(d->document, "ticket", "");
    bool is_named = ticket[0] != '\0' && strcmp(ticket, "TBD") != 0;
    return is_named || d->approval_reference[0] != '\0';
}

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

const char *bundle_file(struct arena *a, const struct bundle *b)
{
    return b->file != NULL ? b->file : arena_printf(a, "%s/migration.yml", b->dir);
}

const char *bundle_declares_in(const struct bundle *b)
{
    return b->file != NULL ? "its header" : "migration.yml";
}

const char *bundle_base(const struct bundle *b)
{
    return b->file != NULL ? b->folder : b->dir;
}

const char *bundle_key_folder(const struct bundle *b)
{
    return b->file != NULL ? NULL : b->dir;
}

bool bundle_is_repeatable(const struct bundle *b)
{
    return b->layout == LAYOUT_REPEATABLE;
}

int bundle_compare(const struct bundle *a, const struct bundle *b)
{
    bool is_flat = a->file != NULL;
    if (bundle_is_repeatable(a) != bundle_is_repeatable(b)) {
        return bundle_is_repeatable(a) ? 1 : -1;
    }
    if (is_flat != (b->file != NULL)) {
        return is_flat ? -1 : 1;
    }
    if (a->number != b->number) {
        return a->number < b->number ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

bool bundle_is_program(const struct bundle *b)
{
    return b->decl != NULL && b->decl->command != NULL;
}
