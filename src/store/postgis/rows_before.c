/* Rows that a statement is about to take along, counted before it runs, or before the first one does. */
#include <string.h>

#include "store/postgis/observer.h"
#include "store/postgis/queries.h"

enum { COL_OID, COL_HOLDS_ROWS, COL_NAME };

struct named {
    const char **kinds, **schemas, **names;
    size_t n;
};

static bool has_rows(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_SCHEMA;
}

static void list(struct arena *a, const struct touches *predicted, bool drops, struct named *out)
{
    *out = (struct named){ARENA_ARRAY(a, const char *, predicted->n + 1),
                          ARENA_ARRAY(a, const char *, predicted->n + 1),
                          ARENA_ARRAY(a, const char *, predicted->n + 1), 0};
    for (size_t i = 0; i < predicted->n; i++) {
        const struct touch *t = &predicted->v[i];
        if (t->effect == (drops ? EFFECT_DROP : EFFECT_TRUNCATE) && has_rows(t->object.kind)) {
            out->kinds[out->n] = t->object.kind == OBJ_SCHEMA ? "schema"
                                 : t->only                    ? "only"
                                                              : "relation";
            out->schemas[out->n] = t->object.schema;
            out->names[out->n++] = t->object.name;
        }
    }
}

/* In the order of their oids. The names were quoted by the server. */
static int lock_tables(struct pg *s, const struct pg_rows *tables, struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < pg_rows_n(tables); i++) {
        buf_printf(&sql, "%s ONLY %s", i == 0 ? "LOCK TABLE" : ",", pg_text(tables, i, COL_NAME));
    }
    buf_puts(&sql, " IN ACCESS EXCLUSIVE MODE");
    int rc = pg_statement(s, buf_bytes(&sql), NULL, NULL, NULL, e);
    buf_release(&sql);
    return rc;
}

static void remember(struct observer *o, uint32_t oid, enum taken_by by, int64_t rows)
{
    struct taken *t = NULL;
    for (size_t i = 0; i < o->n_taken && t == NULL; i++) {
        if (o->taken[i].oid == oid && o->taken[i].by == by) {
            t = &o->taken[i];
        }
    }
    if (t == NULL) {
        ARENA_GROW(o->a, o->taken, o->n_taken, o->cap_taken);
        t = &o->taken[o->n_taken++];
        *t = (struct taken){oid, by, 0};
    }
    t->rows = rows == ROWS_UNKNOWN || t->rows == ROWS_UNKNOWN ? ROWS_UNKNOWN : t->rows + rows;
}

static int count(struct observer *o, struct pg *s, const struct pg_rows *tables, enum taken_by by,
                 struct err *e)
{
    struct oids holders = {0};
    for (size_t i = 0; i < pg_rows_n(tables); i++) {
        if (pg_bool(tables, i, COL_HOLDS_ROWS)) {
            oids_add(o->a, &holders, (uint32_t)pg_int(tables, i, COL_OID));
        }
    }
    if (holders.n == 0) {
        return 0;
    }
    struct pg_rows *rows = NULL;
    const char *params[1] = {oids_array(o->a, &holders)};
    pins_add(s, PINS_SAVEPOINT, false);
    pg_batch_add(s, &postgis_before_rows, params, 1, &rows);
    pins_undo(s, PINS_SAVEPOINT);
    if (pins_run(s, PINS_SAVEPOINT, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(rows); i++) {
        remember(o, (uint32_t)pg_int(rows, i, 0), by,
                 pg_null(rows, i, 1) ? ROWS_UNKNOWN : pg_int(rows, i, 1));
    }
    pg_rows_free(rows);
    return 0;
}

static int lock_and_count(struct observer *o, struct pg *s, const struct pg_rows *tables,
                          enum taken_by by, struct err *e)
{
    if (pg_rows_n(tables) == 0) {
        return 0;
    }
    return lock_tables(s, tables, e) != 0 ? -1 : count(o, s, tables, by, e);
}

int observer_count_first(struct observer *o, struct pg *s, const struct catalog_object *const *v,
                         size_t n, struct err *e)
{
    struct oids list = {0};
    struct pg_rows *tables = NULL;
    for (size_t i = 0; i < n; i++) {
        oids_add(o->a, &list, v[i]->objid);
    }
    const char *params[1] = {oids_array(o->a, &list)};
    if (pg_query(s, &postgis_before_listed, params, 1, &tables, e) != 0) {
        return -1;
    }
    int rc = lock_and_count(o, s, tables, TAKEN_AT_START, e);
    pg_rows_free(tables);
    return rc;
}

static int count_named(struct observer *o, struct pg *s, const struct named *n, bool drops,
                       bool cascade, struct err *e)
{
    struct pg_rows *tables = NULL;
    const char *params[5] = {pg_array(o->a, n->kinds, n->n), pg_array(o->a, n->schemas, n->n),
                             pg_array(o->a, n->names, n->n), drops ? "t" : "f",
                             cascade ? "t" : "f"};
    if (pg_query(s, &postgis_before_tables, params, 5, &tables, e) != 0) {
        return -1;
    }
    int rc = lock_and_count(o, s, tables, drops ? TAKEN_BY_DROP : TAKEN_BY_TRUNCATE, e);
    pg_rows_free(tables);
    return rc;
}

int observer_count_before(struct observer *o, struct pg *s, const struct touches *predicted,
                          bool cascade, struct err *e)
{
    for (int drops = 0; drops < 2; drops++) {
        struct named n;
        list(o->a, predicted, drops == 1, &n);
        if (n.n > 0 && count_named(o, s, &n, drops == 1, cascade, e) != 0) {
            return -1;
        }
    }
    return 0;
}
