/* One row: what the rest depends on, then a number for each migration that is good, in their order. */
#include "flow/check_kept.h"

#include <string.h>

static const char kind[] = "checked";

struct kept_head {
    struct hint place, lineage;
};

static struct bytes name(void)
{
    return bytes_str("scripts");
}

/* A list ends in an empty name, which none has. */
static void put_names(struct buf *out, const struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        buf_add(out, l->v[i], strlen(l->v[i]) + 1);
    }
    buf_add(out, "", 1);
}

/* The program, whose rules they are, and what is protected. False: which program this is cannot be told. */
static bool place_of(const struct project *p, struct hint *out)
{
    struct stamp program;
    struct buf text = {0};
    if (file_program(&program) != 0) {
        return false;
    }
    buf_add(&text, (const char *)&program, sizeof program);
    put_names(&text, &p->domains.schemas);
    put_names(&text, &p->domains.tables);
    put_names(&text, &p->domains.roles);
    *out = hint_of(buf_bytes(&text));
    buf_release(&text);
    return true;
}

/* Its content, and what decides how that is read. */
static struct hint number_of(const struct bundle *b)
{
    struct {
        struct digest checksum, bundle;
        uint32_t store, in_chain;
    } all = {b->checksum, b->bundle_digest, (uint32_t)b->store, b->projection != NULL};
    return hint_of(bytes_of((const char *)&all, sizeof all));
}

static struct hint hint_at(struct bytes row, size_t at)
{
    struct hint h;
    memcpy(&h, row.p + at, sizeof h);
    return h;
}

static bool is_same(struct hint a, struct hint b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static void find_good(struct check_kept *k)
{
    struct arena scratch = {0};
    struct table known = {.a = &scratch};
    for (size_t at = sizeof(struct kept_head); at + sizeof(struct hint) <= k->row.n;
         at += sizeof(struct hint)) {
        (void)table_put(&known, bytes_of(k->row.p + at, sizeof(struct hint)), k);
    }
    for (size_t i = 0; i < k->p->n_bundle; i++) {
        struct hint h = number_of(&k->p->bundle[i]);
        k->good[i] = k->p->bundle[i].decl == NULL &&
                     table_get(&known, bytes_of((const char *)&h, sizeof h)) != NULL;
    }
    arena_release(&scratch);
}

void check_kept_find(struct check_kept *k, const struct project *p, struct cache *cache)
{
    *k = (struct check_kept){.p = p, .good = ARENA_ARRAY(p->a, bool, p->n_bundle + 1)};
    if (!place_of(p, &k->place)) {
        return;
    }
    k->cache = cache;
    if (cache_get(cache, kind, name(), p->a, &k->row) && k->row.n >= sizeof(struct kept_head) &&
        is_same(hint_at(k->row, offsetof(struct kept_head, place)), k->place)) {
        k->lineage = hint_at(k->row, offsetof(struct kept_head, lineage));
        find_good(k);
    }
}

static void put_relation(struct buf *out, const struct object *o)
{
    buf_add(out, o->schema, strlen(o->schema) + 1);
    buf_add(out, o->name, strlen(o->name) + 1);
}

bool check_kept_beside(struct check_kept *k, const struct lineage *all)
{
    struct buf text = {0};
    struct hint then = k->lineage;
    for (size_t i = 0; i < all->n; i++) {
        put_relation(&text, &all->v[i].child);
        put_relation(&text, &all->v[i].parent);
    }
    k->lineage = hint_of(buf_bytes(&text));
    buf_release(&text);
    return is_same(then, k->lineage);
}

void check_kept_keep(const struct check_kept *k)
{
    struct buf row = {0};
    struct kept_head head = {k->place, k->lineage};
    buf_add(&row, (const char *)&head, sizeof head);
    for (size_t i = 0; i < k->p->n_bundle; i++) {
        if (k->good[i]) {
            struct hint h = number_of(&k->p->bundle[i]);
            buf_add(&row, (const char *)&h, sizeof h);
        }
    }
    if (!bytes_eq(buf_bytes(&row), k->row)) {
        cache_put(k->cache, kind, name(), buf_bytes(&row));
    }
    buf_release(&row);
}
