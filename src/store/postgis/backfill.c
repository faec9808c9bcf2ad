/* Backfills in PostgreSQL. */
#include "store/postgis/backfill.h"

#include <string.h>

#include "store/postgis/queries.h"

enum { /* backfill_key.sql */
       TABLE_OID,
       TABLE_SCHEMA,
       TABLE_NAME,
       TABLE_KIND,
       HAS_CHILDREN,
       ABOUT_ROWS,
       STANDS,
       TYPES,
       INDEX_OID,
       IS_BTREE,
       IS_UNIQUE,
       IS_IMMEDIATE,
       IS_VALID,
       IS_WHOLE,
       IS_PLAIN,
       IS_STRAIGHT
};
enum { KEY_HOLDS, LAG_MS }; /* backfill_state.sql */

/* --- what it goes by -------------------------------------------------------------------------------- */

static int refuse(struct arena *a, const struct backfill *b, const char *why, struct err *e)
{
    (void)err_set(e, ERR_APPLY, "%s will not do as the key of a backfill: %s",
                  backfill_object(a, b), why);
    return err_hint(e, "go by the columns of its primary key, or of another unique btree index, "
                       "without conditions, none of which can be null");
}

static struct names lines_of(struct arena *a, const char *text)
{
    struct names out = {0};
    for (;;) {
        size_t n = strcspn(text, "\n");
        ARENA_GROW(a, out.v, out.n, out.cap);
        out.v[out.n++] = arena_strndup(a, text, n);
        if (text[n] == '\0') {
            return out;
        }
        text += n + 1;
    }
}

static const char *table_fault(const struct pg_rows *r)
{
    const char *kind = pg_text(r, 0, TABLE_KIND);
    return pg_int(r, 0, TABLE_OID) == 0       ? "there is no such table"
           : kind[0] != 'r' && kind[0] != 'p' ? "it is no table"
           : pg_bool(r, 0, HAS_CHILDREN)
               ? "other tables inherit from it, whose rows its index does not hold"
               : NULL;
}

static const char *columns_fault(struct arena *a, const struct backfill *b, const struct pg_rows *r)
{
    const struct names stands = lines_of(a, pg_text(r, 0, STANDS));
    for (size_t i = 0; i < b->key.n; i++) {
        if (stands.v[i][0] != '\0') {
            return arena_printf(a,
                                strcmp(stands.v[i], "null") == 0 ? "its column %s can be null"
                                                                 : "it has no column %s",
                                b->key.v[i]);
        }
    }
    return NULL;
}

static const char *index_fault(const struct pg_rows *r)
{
    static const struct {
        int column;
        const char *why;
    } needs[] = {
        {IS_BTREE, "its index is no btree"},
        {IS_UNIQUE, "its index is not unique"},
        {IS_VALID, "its unique index is not valid"},
        {IS_IMMEDIATE, "its constraint is deferrable, so that it is not always unique"},
        {IS_WHOLE, "its unique index has a condition, and does not hold all rows"},
        {IS_PLAIN,
         "its unique index orders by another collation or operator class than the column"},
        {IS_STRAIGHT, "its unique index mixes ascending and descending columns"},
    };
    if (pg_int(r, 0, INDEX_OID) == 0) {
        return "no index has exactly these columns, in this order";
    }
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (!pg_bool(r, 0, needs[i].column)) {
            return needs[i].why;
        }
    }
    return NULL;
}

/* "a", "b"; in parentheses where it is a row. */
static const char *row_of(struct arena *a, const struct names *columns)
{
    const char *text = "";
    for (size_t i = 0; i < columns->n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", pg_ident(a, columns->v[i]));
    }
    return columns->n > 1 ? arena_printf(a, "ROW(%s)", text) : text;
}

static void take_key(struct arena *a, const struct backfill *b, const struct pg_rows *r,
                     struct backfill_key *out)
{
    *out = (struct backfill_key){.object = {OBJ_TABLE, arena_strdup(a, pg_text(r, 0, TABLE_SCHEMA)),
                                            arena_strdup(a, pg_text(r, 0, TABLE_NAME)), NULL},
                                 .table_oid = (uint32_t)pg_int(r, 0, TABLE_OID),
                                 .index_oid = (uint32_t)pg_int(r, 0, INDEX_OID),
                                 .about_rows = pg_int(r, 0, ABOUT_ROWS),
                                 .columns = b->key,
                                 .types = lines_of(a, pg_text(r, 0, TYPES)),
                                 .row = row_of(a, &b->key)};
    out->table =
        arena_printf(a, "%s.%s", pg_ident(a, out->object.schema), pg_ident(a, out->object.name));
}

int backfill_key(struct pg *s, struct arena *a, const struct backfill *b, struct backfill_key *out,
                 struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {b->schema, b->table, pg_array(a, b->key.v, b->key.n)};
    if (pg_query(s, &postgis_backfill_key, params, 3, &r, e) != 0) {
        return -1;
    }
    const char *why = table_fault(r);
    why = why == NULL ? columns_fault(a, b, r) : why;
    why = why == NULL ? index_fault(r) : why;
    if (why == NULL) {
        take_key(a, b, r, out);
    }
    pg_rows_free(r);
    return why == NULL ? 0 : refuse(a, b, why, e);
}

/* --- ranges ----------------------------------------------------------------------------------------- */

/* A query under way, and its parameters. */
struct asking {
    struct buf sql;
    const char *params[2 * BACKFILL_KEYS_MOST + 1];
    int n;
};

static void add_key(struct asking *q, const struct backfill_key *k, const struct names *values)
{
    buf_puts(&q->sql, k->types.n > 1 ? "ROW(" : "");
    for (size_t i = 0; i < k->types.n; i++) {
        q->params[q->n++] = values->v[i];
        buf_printf(&q->sql, "%s$%d::%s", i > 0 ? ", " : "", q->n, k->types.v[i]);
    }
    buf_puts(&q->sql, k->types.n > 1 ? ")" : "");
}

static void add_range(struct asking *q, const struct backfill_key *k, const struct backfill_span *x)
{
    buf_printf(&q->sql, " FROM %s", k->table);
    if (x->from.n > 0) {
        buf_printf(&q->sql, " WHERE %s %s ", k->row, x->includes_from ? ">=" : ">");
        add_key(q, k, &x->from);
    }
    if (x->bound.n > 0) {
        buf_printf(&q->sql, " %s %s <= ", x->from.n > 0 ? "AND" : "WHERE", k->row);
        add_key(q, k, &x->bound);
    }
}

static void add_columns(struct arena *a, struct asking *q, const struct backfill_key *k,
                        const char *behind)
{
    for (size_t i = 0; i < k->columns.n; i++) {
        buf_printf(&q->sql, "%s%s%s", i > 0 ? ", " : "", pg_ident(a, k->columns.v[i]), behind);
    }
}

/* Runs it; its one row, or none, into out. */
static int ask_key(struct pg *s, struct arena *a, struct asking *q, const struct backfill_key *k,
                   struct names *out, struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct names){0};
    int rc = pg_run(s, buf_str(&q->sql), q->params, q->n, &r, e);
    for (size_t i = 0; rc == 0 && pg_rows_n(r) == 1 && i < k->columns.n; i++) {
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = arena_strdup(a, pg_text(r, 0, (int)i));
    }
    pg_rows_free(r);
    buf_release(&q->sql);
    return rc;
}

/* The first key of the range, or its last; the one behind so many of them. */
static int ask_end(struct pg *s, struct arena *a, const struct backfill_key *k,
                   const struct backfill_span *x, bool is_last, int64_t behind, struct names *out,
                   struct err *e)
{
    struct asking q = {.n = 0};
    buf_puts(&q.sql, "SELECT ");
    add_columns(a, &q, k, "");
    add_range(&q, k, x);
    buf_puts(&q.sql, " ORDER BY ");
    add_columns(a, &q, k, is_last ? " DESC" : "");
    buf_printf(&q.sql, " LIMIT 1 OFFSET %lld", (long long)behind);
    return ask_key(s, a, &q, k, out, e);
}

int backfill_least(struct pg *s, struct arena *a, const struct backfill_key *k, struct names *out,
                   struct err *e)
{
    const struct backfill_span all = {.includes_from = false};
    return ask_end(s, a, k, &all, false, 0, out, e);
}

int backfill_greatest(struct pg *s, struct arena *a, const struct backfill_key *k,
                      struct names *out, struct err *e)
{
    const struct backfill_span all = {.includes_from = false};
    return ask_end(s, a, k, &all, true, 0, out, e);
}

int backfill_next(struct pg *s, struct arena *a, const struct backfill_key *k,
                  const struct backfill_span *x, int64_t rows, struct names *out, struct err *e)
{
    if (ask_end(s, a, k, x, false, rows - 1, out, e) != 0) {
        return -1;
    }
    return out->n > 0 ? 0 : ask_end(s, a, k, x, true, 0, out, e);
}

int backfill_count(struct pg *s, const struct backfill_key *k, const struct backfill_span *x,
                   int64_t *n, struct err *e)
{
    struct asking q = {.n = 0};
    struct pg_rows *r = NULL;
    buf_puts(&q.sql, "SELECT pg_catalog.count(*)");
    add_range(&q, k, x);
    int rc = pg_run(s, buf_str(&q.sql), q.params, q.n, &r, e);
    *n = rc == 0 ? pg_int(r, 0, 0) : 0;
    pg_rows_free(r);
    buf_release(&q.sql);
    return rc;
}

/* --- between batches -------------------------------------------------------------------------------- */

int backfill_look(struct pg *s, struct arena *a, const struct backfill_key *k,
                  struct backfill_state *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {arena_printf(a, "%u", k->index_oid),
                            arena_printf(a, "%u", k->table_oid),
                            pg_array(a, k->columns.v, k->columns.n)};
    if (pg_query(s, &postgis_backfill_state, params, 3, &r, e) != 0) {
        return -1;
    }
    *out = (struct backfill_state){pg_bool(r, 0, KEY_HOLDS), pg_int(r, 0, LAG_MS)};
    pg_rows_free(r);
    return 0;
}

void backfill_waits_add(struct pg *s, struct pg_rows **out)
{
    pg_batch_add(s, &postgis_backfill_waits, NULL, 0, out);
}
