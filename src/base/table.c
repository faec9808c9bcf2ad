/* A hash table from byte strings to pointers: rows in insertion order, and slots that index them
 * (open addressing). */
#include "base/table.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_SLOTS = 16 };

/* The slot that holds key, or the free one where it belongs. A slot is a row's number plus one; 0
 * is free. */
static size_t slot_of(const struct table *t, struct bytes key)
{
    size_t mask = t->n_slots - 1;
    size_t i = (size_t)XXH3_64bits(key.n == 0 ? "" : key.p, key.n) & mask;
    while (t->slots[i] != 0 && !bytes_eq(t->rows[t->slots[i] - 1].key, key)) {
        i = (i + 1) & mask;
    }
    return i;
}

void *table_get(const struct table *t, struct bytes key)
{
    if (t->n == 0) {
        return NULL;
    }
    uint32_t row = t->slots[slot_of(t, key)];
    return row == 0 ? NULL : t->rows[row - 1].value;
}

void *table_gets(const struct table *t, const char *key)
{
    return table_get(t, bytes_str(key));
}

static void grow_slots(struct table *t)
{
    if (t->n >= UINT32_MAX / 2) {
        BUG("a table with too many rows");
    }
    t->n_slots = t->n_slots == 0 ? FIRST_SLOTS : t->n_slots * 2;
    t->slots = ARENA_ARRAY(t->a, uint32_t, t->n_slots);
    for (size_t i = 0; i < t->n; i++) {
        t->slots[slot_of(t, t->rows[i].key)] = (uint32_t)i + 1;
    }
}

void *table_put(struct table *t, struct bytes key, void *value)
{
    if ((t->n + 1) * 2 > t->n_slots) {
        grow_slots(t);
    }
    size_t slot = slot_of(t, key);
    if (t->slots[slot] != 0) {
        struct table_row *row = &t->rows[t->slots[slot] - 1];
        void *old = row->value;
        row->value = value;
        return old;
    }
    ARENA_GROW(t->a, t->rows, t->n, t->cap);
    t->rows[t->n] = (struct table_row){key, value};
    t->slots[slot] = (uint32_t)++t->n;
    return NULL;
}

void *table_puts(struct table *t, const char *key, void *value)
{
    return table_put(t, bytes_str(key), value);
}
