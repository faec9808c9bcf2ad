/* Statements that run alone, in PostgreSQL. */
#include "store/postgis/lone.h"

#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum { /* lone_index.sql, lone_partition.sql */
       TABLE_OID,
       TABLE_SCHEMA,
       TABLE_NAME,
       OID,
       FITS,
       IS_WHOLE,
       SHAPE,
       IS_BUILDING,
       SCRAPS,
       PART_OID,
       PART_SCHEMA,
       PART_NAME
};

/* --- looking ---------------------------------------------------------------------------------------- */

static struct object object_at(struct arena *a, const struct pg_rows *r, int schema, int name)
{
    return (struct object){OBJ_TABLE, arena_strdup(a, pg_text(r, 0, schema)),
                           arena_strdup(a, pg_text(r, 0, name)), NULL};
}

static void read_scraps(struct arena *a, const char *text, struct names *out)
{
    *out = (struct names){0};
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = arena_strndup(a, text, n);
        text += n + (text[n] == '\n');
    }
}

int lone_look(struct pg *s, struct arena *a, const struct lone *l, struct lone_state *out,
              struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {l->kind == LONE_CREATE_INDEX ? l->table_schema : l->schema, l->name,
                            l->table_schema, l->table};
    const struct pg_sql *q =
        l->kind == LONE_DETACH_PARTITION ? &postgis_lone_partition : &postgis_lone_index;
    if (pg_query(s, q, params, 4, &r, e) != 0) {
        return -1;
    }
    *out = (struct lone_state){.table = object_at(a, r, TABLE_SCHEMA, TABLE_NAME),
                               .part = object_at(a, r, PART_SCHEMA, PART_NAME),
                               .table_oid = (uint32_t)pg_int(r, 0, TABLE_OID),
                               .part_oid = (uint32_t)pg_int(r, 0, PART_OID),
                               .oid = (uint32_t)pg_int(r, 0, OID),
                               .fits = pg_bool(r, 0, FITS),
                               .is_whole = pg_bool(r, 0, IS_WHOLE),
                               .is_building = pg_bool(r, 0, IS_BUILDING),
                               .shape = arena_strdup(a, pg_text(r, 0, SHAPE))};
    read_scraps(a, pg_text(r, 0, SCRAPS), &out->scraps);
    pg_rows_free(r);
    return 0;
}

/* Of the thing as it would be if is_whole were so. */
static struct digest digest_if(const struct lone_state *x, bool is_whole)
{
    struct buf b = {0};
    struct digest d = {{0}};
    if (x->oid != 0) {
        buf_printf(&b, "%u %u %s %s", x->oid, x->table_oid, is_whole ? "whole" : "half", x->shape);
        d = digest_of(buf_bytes(&b));
    }
    buf_release(&b);
    return d;
}

struct digest lone_digest(const struct lone_state *x)
{
    return digest_if(x, x->is_whole);
}

/* --- the rules -------------------------------------------------------------------------------------- */

/* What an earlier attempt left that was not ours: it may be anybody's. */
static int refuse_half(const struct lone *l, const char *what, struct err *e)
{
    (void)err_set(e, ERR_APPLY, "%s stands there invalid, and was not left by this migration",
                  what);
    return err_hint(e, "find out who left it; then DROP INDEX CONCURRENTLY it, or REINDEX it%s",
                    l->kind == LONE_CREATE_INDEX && l->is_conditional
                        ? ": IF NOT EXISTS would take it for the one that is wanted"
                        : "");
}

static int may_create(struct arena *a, const struct lone *l, const struct lone_state *x,
                      struct err *e)
{
    const char *name = lone_object(a, l);
    if (x->table_oid == 0) {
        return err_set(e, ERR_APPLY, "there is no table %s to make %s on", l->table, name);
    }
    if (x->oid == 0) {
        return 0;
    }
    if (x->fits && !x->is_whole) {
        return refuse_half(l, name, e);
    }
    if (!x->fits || !l->is_conditional) {
        (void)err_set(e, ERR_APPLY, "%s stands there already%s", name,
                      x->fits ? "" : ", and is no index of that table");
        return err_hint(e, "drop it, or choose another name");
    }
    if (strcmp(x->shape, l->shape) != 0) {
        (void)err_set(e, ERR_APPLY, "%s stands there already, as %s and not as %s", name, x->shape,
                      l->shape);
        return err_hint(e, "IF NOT EXISTS would take it for the one that is wanted; choose another "
                           "name, or drop it");
    }
    return 0;
}

int lone_may_begin(struct arena *a, const struct lone *l, const struct lone_state *x, struct err *e)
{
    if (l->kind == LONE_CREATE_INDEX) {
        return may_create(a, l, x, e);
    }
    if (l->kind == LONE_REINDEX_INDEX && x->scraps.n > 0) {
        return refuse_half(l, arena_printf(a, "index %s", x->scraps.v[0]), e);
    }
    if (x->oid == 0 && !l->is_conditional) {
        return l->kind == LONE_DETACH_PARTITION
                   ? err_set(e, ERR_APPLY, "%s is no part of %s", lone_object(a, l), l->table)
                   : err_set(e, ERR_APPLY, "there is no %s", lone_object(a, l));
    }
    return x->oid == 0 || x->fits ? 0 : err_set(e, ERR_APPLY, "%s is no index", lone_object(a, l));
}

static enum standing standing_of_made(const struct lone *l, const struct lone_state *x,
                                      const struct digest *before)
{
    struct digest now = lone_digest(x);
    if (x->oid == 0) {
        return STANDS_ABSENT;
    }
    if (!digest_is_zero(before)) {
        return digest_eq(&now, before) ? STANDS_THERE : STANDS_FOREIGN;
    }
    if (!x->fits || strcmp(x->shape, l->shape) != 0) {
        return STANDS_FOREIGN;
    }
    return x->is_whole ? STANDS_THERE : x->is_building ? STANDS_FOREIGN : STANDS_PARTLY;
}

static enum standing standing_of_removed(const struct lone_state *x, const struct digest *before)
{
    struct digest now = lone_digest(x);
    struct digest whole = digest_if(x, true);
    if (x->oid == 0) {
        return STANDS_THERE;
    }
    return digest_eq(&now, before)     ? STANDS_ABSENT
           : digest_eq(&whole, before) ? STANDS_PARTLY
                                       : STANDS_FOREIGN;
}

/* The new index takes the name, and the old ones go last of all. */
static enum standing standing_of_renewed(const struct lone_state *x, const struct digest *before)
{
    struct digest now = lone_digest(x);
    if (x->scraps.n > 0 && !x->is_building) {
        return STANDS_PARTLY;
    }
    if (digest_eq(&now, before)) {
        return STANDS_ABSENT;
    }
    return x->oid != 0 && x->fits && x->is_whole ? STANDS_THERE : STANDS_FOREIGN;
}

enum standing lone_standing(const struct lone *l, const struct lone_state *x,
                            const struct digest *before)
{
    switch (l->kind) {
    case LONE_CREATE_INDEX:
        return standing_of_made(l, x, before);
    case LONE_REINDEX_INDEX:
        return standing_of_renewed(x, before);
    case LONE_DROP_INDEX:
    case LONE_DETACH_PARTITION:
    case LONE_KINDS:
        break;
    }
    return standing_of_removed(x, before);
}

/* --- doing ------------------------------------------------------------------------------------------ */

static int drop(struct pg *s, struct arena *a, const char *schema, const char *name,
                const struct pg_wait *w, struct err *e)
{
    int64_t position = -1;
    const char *sql = arena_printf(a, "DROP INDEX CONCURRENTLY IF EXISTS %s.%s",
                                   pg_ident(a, schema), pg_ident(a, name));
    return pg_statement(s, bytes_str(sql), w, NULL, &position, e);
}

int lone_clean(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
               const struct pg_wait *w, struct err *e)
{
    if (l->kind == LONE_CREATE_INDEX) {
        return drop(s, a, x->table.schema, l->name, w, e);
    }
    for (size_t i = 0; i < x->scraps.n; i++) {
        if (drop(s, a, x->table.schema, x->scraps.v[i], w, e) != 0) {
            return -1;
        }
    }
    return 0;
}

struct bytes lone_text(struct arena *a, const struct lone *l, const struct lone_state *x,
                       struct bytes text)
{
    if (l->kind != LONE_DETACH_PARTITION || x->oid == 0 || x->is_whole) {
        return text;
    }
    return bytes_str(arena_printf(a, "ALTER TABLE %s.%s DETACH PARTITION %s.%s FINALIZE",
                                  pg_ident(a, x->table.schema), pg_ident(a, x->table.name),
                                  pg_ident(a, x->part.schema), pg_ident(a, x->part.name)));
}

/* --- what it touches -------------------------------------------------------------------------------- */

/* As the catalog calls it: a materialized view is no table. */
static struct object called(const struct catalog *base, uint32_t oid, const struct object *table)
{
    const struct catalog_object *o = catalog_at(base, PG_CLASS, oid);
    return o != NULL ? o->object : *table;
}

static void foresee(struct arena *a, const struct catalog *base, uint32_t oid,
                    const struct object *table, struct observation *out)
{
    if (oid != 0) {
        touches_add(a, &out->touches,
                    (struct touch){.object = called(base, oid, table),
                                   .effect = EFFECT_ALTER,
                                   .statement = -1});
    }
}

int lone_foresee(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
                 const struct catalog *base, struct observation *out, struct err *e)
{
    struct lineage *family = NULL;
    *out = (struct observation){0};
    if (catalog_lineage(s, a, &family, e) != 0) {
        return -1;
    }
    out->lineage = family;
    foresee(a, base, x->table_oid, &x->table, out);
    foresee(a, base, x->part_oid, &x->part, out);
    bool stays = l->kind == LONE_CREATE_INDEX ? x->oid != 0 : x->oid == 0;
    bool is_counted = l->kind == LONE_CREATE_INDEX || l->kind == LONE_DROP_INDEX;
    out->index_delta = is_counted && !stays ? 1 : 0;
    return 0;
}

static int count_indexes(const struct touch *t)
{
    int n = 0;
    for (size_t i = 0; i < t->n_facets; i++) {
        n += t->facets[i].change != FACET_CHANGED && facet_index(t->facets[i].facet) != NULL;
    }
    return n;
}

static void add_change(struct arena *a, const struct catalog *base, const struct catalog *now,
                       uint32_t oid, const struct object *table, struct observation *out)
{
    struct change *c = &out->changes[out->n_changes];
    if (oid == 0) {
        return;
    }
    *c = (struct change){catalog_at(base, PG_CLASS, oid), catalog_at(now, PG_CLASS, oid)};
    struct touch t = {.object = called(base, oid, table), .effect = EFFECT_ALTER, .statement = -1};
    if (c->before != NULL && c->after != NULL && !catalog_same(c->before, c->after)) {
        touch_between(a, c->before, c->after, &t);
        out->index_delta += count_indexes(&t);
        out->n_changes++;
    }
    touches_add(a, &out->touches, t);
}

int lone_observe(struct pg *s, struct arena *a, const struct lone_state *x,
                 const struct catalog *base, struct observation *out, struct err *e)
{
    struct catalog now;
    struct definitions_wanted w = {.format = base->format};
    enum pins p = pins_for(s);
    *out = (struct observation){.changes = ARENA_ARRAY(a, struct change, 2)};
    if (x->table_oid != 0) {
        oids_add(a, &w.oids[GROUP_RELATIONS], x->table_oid);
    }
    if (x->part_oid != 0) {
        oids_add(a, &w.oids[GROUP_RELATIONS], x->part_oid);
    }
    pins_add(s, p, true);
    struct definitions *d = definitions_add(a, s, &w);
    pins_undo(s, p);
    if (pins_run(s, p, e) != 0) {
        return -1;
    }
    definitions_take(d, &now);
    add_change(a, base, &now, x->table_oid, &x->table, out);
    add_change(a, base, &now, x->part_oid, &x->part, out);
    return 0;
}
