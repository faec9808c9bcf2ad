/* The table of stores. */
#include "store/store.h"

#include <string.h>

#define STORE(name) extern const struct store_ops store_##name;
#include "store/stores.def"
#undef STORE

static const struct store_ops *const rows[] = {
#define STORE(name) &store_##name,
#include "store/stores.def"
#undef STORE
};

const struct store_ops *const *store_rows(size_t *n)
{
    *n = sizeof rows / sizeof *rows;
    return rows;
}

const struct store_ops *store_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i]->name, name) == 0) {
            return rows[i];
        }
    }
    return NULL;
}
