/* A hash table from byte strings to pointers, keeping insertion order. Keys are borrowed. */
#ifndef KFMIG_BASE_TABLE_H
#define KFMIG_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

struct table_row {
    struct bytes key;
    void *value;
};
/* Zero-initialise and set a; rows[0..n) are in insertion order and may be walked directly. */
struct table {
    struct arena *a;
    struct table_row *rows;
    size_t n, cap;
    uint32_t *slots;
    size_t n_slots;
};
void *table_get(const struct table *t, struct bytes key); /* NULL if absent */
void *table_gets(const struct table *t, const char *key);
/* Sets key to value; returns the old value, or NULL. key's bytes must outlive the table. */
void *table_put(struct table *t, struct bytes key, void *value);
void *table_puts(struct table *t, const char *key, void *value);

#endif
