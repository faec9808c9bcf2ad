/* Statements that run alone, in PostgreSQL. */
#include "store/postgis/lone.h"

#include <stdlib.h>
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

/* As SQL names it. */
static const char *qualified(struct arena *a, const char *schema, const char *name)
{
    return arena_printf(a, "%s.%s", pg_ident(a, schema), pg_ident(a, name));
}

static void add_scrap(struct arena *a, struct names *out, const char *name)
{
    ARENA_GROW(a, out->v, out->n, out->cap);
    out->v[out->n++] = name;
}

enum { /* lone_survey.sql */ WHAT, NUMBER, SCHEMA, NAME, MARK };

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lone_item *)a)->name, ((const struct lone_item *)b)->name);
}

static void read_survey(struct arena *a, const struct pg_rows *r, struct lone_state *out)
{
    size_t n = pg_rows_n(r);
    out->items = ARENA_ARRAY(a, struct lone_item, n + 1);
    out->tables = ARENA_ARRAY(a, struct lone_table, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *what = pg_text(r, i, WHAT);
        const char *schema = arena_strdup(a, pg_text(r, i, SCHEMA));
        const char *name = arena_strdup(a, pg_text(r, i, NAME));
        if (strcmp(what, "table") == 0) {
            out->tables[out->n_tables++] = (struct lone_table){(uint32_t)pg_int(r, i, NUMBER),
                                                               {OBJ_TABLE, schema, name, NULL}};
        } else if (strcmp(what, "item") == 0) {
            out->items[out->n_items++] = (struct lone_item){qualified(a, schema, name),
                                                            arena_strdup(a, pg_text(r, i, MARK))};
        } else if (strcmp(what, "scrap") == 0) {
            add_scrap(a, &out->scraps, qualified(a, schema, name));
        } else if (strcmp(what, "not ours") == 0) {
            out->not_ours = arena_printf(a, "%s.%s", schema, name);
        } else {
            out->is_building = true;
        }
    }
    qsort(out->items, out->n_items, sizeof *out->items, by_name);
}

static int survey(struct pg *s, struct arena *a, const struct lone *l, struct lone_state *out,
                  struct err *e)
{
    static const char *const marks[] = {"indexes", "concurrently", "files", "vacuums"};
    struct pg_rows *r = NULL;
    size_t n = l->kind == LONE_REINDEX_TABLE ? 1 : l->n_tables;
    const char **names = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *schema = i == 0 ? l->schema : l->tables[i].schema;
        const char *name = i == 0 ? l->name : l->tables[i].name;
        names[i] = schema[0] != '\0' ? qualified(a, schema, name) : pg_ident(a, name);
    }
    const char *params[] = {n > 0                            ? "tables"
                            : l->kind == LONE_CLUSTER        ? "clustered"
                            : l->kind == LONE_REINDEX_SCHEMA ? "schema"
                                                             : "database",
                            pg_array(a, names, n), l->name, marks[l->mark]};
    if (pg_query(s, &postgis_lone_survey, params, 4, &r, e) != 0) {
        return -1;
    }
    read_survey(a, r, out);
    pg_rows_free(r);
    return 0;
}

/* What the server's own file of settings says; who may change that need not be let to read it. */
static int look_setting(struct pg *s, struct arena *a, const struct lone *l, struct lone_state *out,
                        struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {l->name};
    if (pg_query(s, &postgis_lone_setting, params, 1, &r, e) != 0) {
        if (strcmp(e->sqlstate, "42501") != 0) {
            return -1;
        }
        *e = (struct err){0};
        (void)err_set(e, ERR_APPLY,
                      "what %s is set to cannot be seen: the role may not call "
                      "pg_show_all_file_settings()",
                      lone_object(a, l));
        return err_hint(e, "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() to the role");
    }
    if (pg_rows_n(r) > 0) {
        out->oid = 1;
        out->fits = out->is_whole = true;
        out->shape = arena_strdup(a, pg_text(r, 0, 0));
    }
    pg_rows_free(r);
    return 0;
}

static void read_scraps(struct arena *a, const char *schema, const char *text, struct names *out)
{
    *out = (struct names){0};
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        add_scrap(a, out, qualified(a, schema, arena_strndup(a, text, n)));
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
    *out = (struct lone_state){.shape = ""};
    if (lone_surveys(l->kind)) {
        return survey(s, a, l, out, e);
    }
    if (l->kind == LONE_ALTER_SYSTEM) {
        return look_setting(s, a, l, out, e);
    }
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
    read_scraps(a, out->table.schema, pg_text(r, 0, SCRAPS), &out->scraps);
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
    }
    for (size_t i = 0; i < x->n_tables; i++) {
        buf_printf(&b, "table %u\n", x->tables[i].oid);
    }
    for (size_t i = 0; i < x->n_items; i++) {
        buf_printf(&b, "%s %s\n", x->items[i].name, x->items[i].mark);
    }
    if (b.n > 0) {
        d = digest_of(buf_bytes(&b));
    }
    buf_release(&b);
    return d;
}

struct digest lone_digest(const struct lone_state *x)
{
    return digest_if(x, x->is_whole);
}

static const char *index_seen(struct arena *a, const struct lone *l, const struct lone_state *x)
{
    bool is_other = l->kind == LONE_CREATE_INDEX && strcmp(x->shape, l->shape) != 0;
    if (!x->fits) {
        return l->table != NULL && l->table[0] != '\0'
                   ? arena_printf(a, "%s stands there, and is no index of table %s",
                                  lone_object(a, l), l->table)
                   : arena_printf(a, "%s stands there, and is no index", lone_object(a, l));
    }
    return arena_printf(a, "%s stands there, %s%s%s", lone_object(a, l),
                        x->is_whole ? "valid" : "invalid",
                        is_other ? ", of another shape than it is to be" : "",
                        x->is_building ? ", and a session builds an index of that table" : "");
}

const char *lone_seen(struct arena *a, const struct lone *l, const struct lone_state *x)
{
    if (x->oid == 0) {
        return arena_printf(a, "nothing stands there as %s", lone_object(a, l));
    }
    if (l->kind == LONE_ALTER_SYSTEM) {
        return arena_printf(a, "%s has another value than it is to have", lone_object(a, l));
    }
    return l->kind != LONE_DETACH_PARTITION
               ? index_seen(a, l, x)
               : arena_printf(a, "%s is a part of table %s%s", lone_object(a, l), l->table,
                              x->is_whole ? "" : ", half detached");
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

/* What the server would leave out with a warning, and call that success. */
static int may_vacuum(const struct lone_state *x, struct err *e)
{
    if (x->not_ours == NULL) {
        return 0;
    }
    (void)err_set(e, ERR_APPLY, "the role may not vacuum table %s: the server would leave it out",
                  x->not_ours);
    return err_hint(e, "run as its owner, or (17 and later) GRANT MAINTAIN on it");
}

int lone_may_begin(struct arena *a, const struct lone *l, const struct lone_state *x, struct err *e)
{
    if (l->kind == LONE_CREATE_INDEX) {
        return may_create(a, l, x, e);
    }
    if (x->scraps.n > 0 &&
        (l->kind == LONE_REINDEX_INDEX || l->mark == LONE_INDEXES_CONCURRENTLY)) {
        return refuse_half(l, arena_printf(a, "index %s", x->scraps.v[0]), e);
    }
    if (lone_surveys(l->kind) || l->kind == LONE_ALTER_SYSTEM) {
        return l->kind == LONE_VACUUM ? may_vacuum(x, e) : 0;
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

/* Is item i of began, in order of names, another one now, or gone? */
static bool is_renewed(const struct lone_state *began, size_t i, const struct lone_state *x,
                       size_t *at)
{
    const struct lone_item *was = &began->items[i];
    while (*at < x->n_items && strcmp(x->items[*at].name, was->name) < 0) {
        (*at)++;
    }
    return *at == x->n_items || strcmp(x->items[*at].name, was->name) != 0 ||
           strcmp(x->items[*at].mark, was->mark) != 0;
}

/* Whoever ran it knows all that it was to renew. Of an earlier run it is only known whether anything moved
 * since: what did may be all or a part of it, and to renew it again does no harm. */
static enum standing standing_of_survey(const struct lone_state *x, const struct digest *before)
{
    const struct digest now = lone_digest(x);
    size_t n = 0;
    size_t at = 0;
    if (x->scraps.n > 0 && !x->is_building) {
        return STANDS_PARTLY;
    }
    if (x->began == NULL) {
        return digest_eq(&now, before) ? STANDS_ABSENT : STANDS_PARTLY;
    }
    for (size_t i = 0; i < x->began->n_items; i++) {
        n += is_renewed(x->began, i, x, &at) ? 1 : 0;
    }
    if (n == x->began->n_items) {
        return n > 0 || x->has_ended ? STANDS_THERE : STANDS_ABSENT;
    }
    return n > 0 ? STANDS_PARTLY : STANDS_ABSENT;
}

static enum standing standing_of_setting(const struct lone *l, const struct lone_state *x,
                                         const struct digest *before)
{
    const struct digest now = lone_digest(x);
    bool is_so = l->unsets ? x->oid == 0 : x->oid != 0 && strcmp(x->shape, l->shape) == 0;
    return is_so ? STANDS_THERE : digest_eq(&now, before) ? STANDS_ABSENT : STANDS_FOREIGN;
}

bool lone_is_late(const struct lone *l)
{
    return l->kind == LONE_VACUUM && l->mark == LONE_VACUUMS;
}

enum standing lone_standing(const struct lone *l, const struct lone_state *x,
                            const struct digest *before)
{
    switch (l->kind) {
    case LONE_CREATE_INDEX:
        return standing_of_made(l, x, before);
    case LONE_REINDEX_INDEX:
        return standing_of_renewed(x, before);
    case LONE_ALTER_SYSTEM:
        return standing_of_setting(l, x, before);
    case LONE_REINDEX_TABLE:
    case LONE_REINDEX_SCHEMA:
    case LONE_REINDEX_DATABASE:
    case LONE_VACUUM:
    case LONE_CLUSTER:
        return standing_of_survey(x, before);
    case LONE_DROP_INDEX:
    case LONE_DETACH_PARTITION:
    case LONE_KINDS:
        break;
    }
    return standing_of_removed(x, before);
}

/* --- doing ------------------------------------------------------------------------------------------ */

static int drop(struct pg *s, struct arena *a, const char *name, const struct pg_wait *w,
                struct err *e)
{
    int64_t position = -1;
    const char *sql = arena_printf(a, "DROP INDEX CONCURRENTLY IF EXISTS %s", name);
    return pg_statement(s, bytes_str(sql), w, NULL, &position, e);
}

int lone_clean(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
               const struct pg_wait *w, struct err *e)
{
    if (l->kind == LONE_CREATE_INDEX) {
        return drop(s, a, qualified(a, x->table.schema, l->name), w, e);
    }
    for (size_t i = 0; i < x->scraps.n; i++) {
        if (drop(s, a, x->scraps.v[i], w, e) != 0) {
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
    return bytes_str(arena_printf(a, "ALTER TABLE %s DETACH PARTITION %s FINALIZE",
                                  qualified(a, x->table.schema, x->table.name),
                                  qualified(a, x->part.schema, x->part.name)));
}

/* --- what it touches -------------------------------------------------------------------------------- */

/* As the catalog calls it: a materialized view is no table. */
static struct object called(const struct catalog *base, uint32_t oid, const struct object *table)
{
    const struct catalog_object *o = catalog_at(base, PG_CLASS, oid);
    return o != NULL ? o->object : *table;
}

/* Of those that survey only what the baseline knows: kfmig's own tables, and the server's, are none. */
static bool is_known(const struct catalog *base, const struct lone_table *t)
{
    return catalog_at(base, PG_CLASS, t->oid) != NULL;
}

int lone_count(struct arena *a, const struct observation *o)
{
    struct table roots = {.a = a};
    for (size_t i = 0; i < o->touches.n; i++) {
        struct object root = lineage_root(o->lineage, &o->touches.v[i].object);
        if (object_kind_global(root.kind)) {
            continue;
        }
        root.kind = OBJ_TABLE;
        (void)table_puts(&roots, object_text(a, &root), &roots);
    }
    return (int)roots.n;
}

static void touch_setting(struct arena *a, const struct lone *l, struct observation *out)
{
    if (l->kind == LONE_ALTER_SYSTEM) {
        const struct object o = {OBJ_SETTING, "", l->name, NULL};
        touches_add(a, &out->touches,
                    (struct touch){.object = o, .effect = EFFECT_ALTER, .statement = -1});
    }
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
    for (size_t i = 0; i < x->n_tables; i++) {
        foresee(a, base, is_known(base, &x->tables[i]) ? x->tables[i].oid : 0, &x->tables[i].object,
                out);
    }
    touch_setting(a, l, out);
    out->n_tables_touched = lone_count(a, out);
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

int lone_observe(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
                 const struct catalog *base, struct observation *out, struct err *e)
{
    struct catalog now;
    struct definitions_wanted w = {.format = base->format};
    enum pins p = pins_for(s);
    *out = (struct observation){.changes = ARENA_ARRAY(a, struct change, 2 + x->n_tables)};
    if (x->table_oid != 0) {
        oids_add(a, &w.oids[GROUP_RELATIONS], x->table_oid);
    }
    if (x->part_oid != 0) {
        oids_add(a, &w.oids[GROUP_RELATIONS], x->part_oid);
    }
    for (size_t i = 0; i < x->n_tables; i++) {
        if (is_known(base, &x->tables[i])) {
            oids_add(a, &w.oids[GROUP_RELATIONS], x->tables[i].oid);
        }
    }
    touch_setting(a, l, out);
    if (w.oids[GROUP_RELATIONS].n == 0) {
        return 0;
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
    for (size_t i = 0; i < x->n_tables; i++) {
        if (is_known(base, &x->tables[i])) {
            add_change(a, base, &now, x->tables[i].oid, &x->tables[i].object, out);
        }
    }
    return 0;
}
