/* The engines of the table of stores. */
#include "store/store.h"

#define STORE(NAME, name, ...) extern const struct store_ops store_##name;
#define STORE_PLANNED(NAME, name, ...)
#define STORE_DERIVED(NAME, name, ...)
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE

static const struct store_ops *const engines[STORE_COUNT] = {
#define STORE(NAME, name, ...) [STORE_##NAME] = &store_##name,
#define STORE_PLANNED(NAME, name, ...)
#define STORE_DERIVED(NAME, name, ...)
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE
};

const struct store_ops *store_ops(enum store_kind k)
{
    return (unsigned)k < STORE_COUNT ? engines[k] : NULL;
}
