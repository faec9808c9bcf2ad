/* One row: what the rest depends on, then a number for each migration that is good, in their order. */
#include "flow/check_kept.h"

#include <string.h>

#include "base/file.h"
#include "site/linted.h"

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

/* --- the linter ------------------------------------------------------------------------------------- */

static void put_baseline(struct buf *out, const struct project *p)
{
    struct err ignored = {0};
    struct bytes text = {NULL, 0};
    struct arena a = {0};
    if (file_read(&a, p->dirfd, LINT_BASELINE, LINT_BASELINE_MOST, &text, NULL, &ignored) == 0) {
        buf_add(out, text.p, text.n);
    }
    arena_release(&a);
}

bool lint_kept_find(struct lint_kept *k, const struct project *p, struct cache *cache)
{
    struct buf text = {0};
    struct bytes row = {NULL, 0};
    struct hint place;
    *k = (struct lint_kept){.cache = cache, .is_sure = place_of(p, &place)};
    buf_add(&text, (const char *)&place, k->is_sure ? sizeof place : 0);
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        struct hint h = number_of(b);
        enum env_kind kind_of;
        bool is_executed = load_executed_in(b->status, &kind_of);
        buf_add(&text, (const char *)&h, sizeof h);
        buf_add(&text, b->id, strlen(b->id) + 1);
        buf_putc(&text, is_executed ? 'x' : '-');
    }
    put_baseline(&text, p);
    k->now = hint_of(buf_bytes(&text));
    buf_release(&text);
    return k->is_sure && cache_get(cache, kind, bytes_str("lint"), p->a, &row) &&
           row.n == sizeof k->now && is_same(hint_at(row, 0), k->now);
}

void lint_kept_keep(const struct lint_kept *k, bool is_quiet)
{
    if (k->is_sure && is_quiet) {
        cache_put(k->cache, kind, bytes_str("lint"),
                  bytes_of((const char *)&k->now, sizeof k->now));
    }
}
