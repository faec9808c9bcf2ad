/* Equal values in a list, found by hash: a list may hold millions of values. */
#include <stdlib.h>

#include "base/digest.h"
#include "doc/schema_node.h"

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9E3779B97F4A7C15U;
    return h ^ h >> 29;
}

/* The same for equal values; the order of a map's keys does not count. */
static uint64_t hash_of(const struct doc *d)
{
    uint64_t h = mix(1, (uint64_t)d->type);
    switch (d->type) {
    case DOC_NULL:
        return h;
    case DOC_BOOL:
        return mix(h, d->flag);
    case DOC_INT:
        return mix(h, (uint64_t)d->number);
    case DOC_TEXT:
        return mix(h, hint_of(d->text).lo);
    case DOC_LIST:
        for (size_t i = 0; i < d->n; i++) {
            h = mix(h, hash_of(d->item[i]));
        }
        return h;
    case DOC_MAP:
        for (size_t i = 0; i < d->n; i++) {
            h += mix(hint_of(d->key[i]->text).lo, hash_of(d->item[i]));
        }
        return h;
    }
    return h;
}

struct hashed {
    uint64_t hash;
    size_t i;
};

static int compare_hashed(const void *left, const void *right)
{
    const struct hashed *a = left;
    const struct hashed *b = right;
    int c = (a->hash > b->hash) - (a->hash < b->hash);
    return c != 0 ? c : (a->i > b->i) - (a->i < b->i);
}

bool schema_twins(const struct doc *list, size_t *first, size_t *second)
{
    struct hashed *v = mem_alloc(list->n * sizeof *v);
    bool found = false;
    for (size_t i = 0; i < list->n; i++) {
        v[i] = (struct hashed){hash_of(list->item[i]), i};
    }
    qsort(v, list->n, sizeof *v, compare_hashed);
    for (size_t i = 1; i < list->n && !found; i++) {
        found = v[i].hash == v[i - 1].hash && doc_eq(list->item[v[i].i], list->item[v[i - 1].i]);
        *first = v[i - 1].i;
        *second = v[i].i;
    }
    free(v);
    return found;
}
