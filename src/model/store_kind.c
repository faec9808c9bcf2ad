/* The table of stores. */
#include "model/store_kind.h"

#include <string.h>

static const struct store_row rows[STORE_COUNT] = {
#define ROW(NAME, engine, derived, word, caps, end, ...)                                           \
    [STORE_##NAME] = {.name = #word,                                                               \
                      .has_engine = engine,                                                        \
                      .is_derived = derived,                                                       \
                      .can = caps,                                                                 \
                      .ending = end,                                                               \
                      .keys = {__VA_ARGS__}},
#define STORE(NAME, name, ...) ROW(NAME, true, false, name, __VA_ARGS__)
#define STORE_PLANNED(NAME, name, ...) ROW(NAME, false, false, name, __VA_ARGS__)
#define STORE_DERIVED(NAME, name, ...) ROW(NAME, false, true, name, __VA_ARGS__)
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE
#undef ROW
};

const struct store_row *store_row(enum store_kind k)
{
    return (unsigned)k < STORE_COUNT ? &rows[k] : NULL;
}

const char *store_text(enum store_kind k)
{
    return (unsigned)k < STORE_COUNT ? rows[k].name : "";
}

enum store_kind store_parse(const char *name)
{
    int k = 0;
    while (k < STORE_COUNT && strcmp(rows[k].name, name) != 0) {
        k++;
    }
    return (enum store_kind)k;
}

bool store_key_is_reference(const char *key)
{
    size_t n = strlen(key);
    return n > 4 && strcmp(key + n - 4, "_ref") == 0;
}

bool store_can(enum store_kind k, enum store_can what)
{
    return (unsigned)k < STORE_COUNT && (rows[k].can & (unsigned)what) != 0;
}

enum store_kind store_of_ledger(void)
{
    int k = 0;
    while (k < STORE_COUNT && !store_can((enum store_kind)k, STORE_HOLDS_LEDGER)) {
        k++;
    }
    return (enum store_kind)k;
}
