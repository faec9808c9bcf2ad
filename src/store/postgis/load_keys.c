/* Which record has a key that no row has: with one that its own table's later rows satisfy, half of the rows
 * would be refused where all of them are not, so it is asked for. */
#include <string.h>

#include "store/postgis/load_parts.h"
#include "store/postgis/queries.h"

enum {
    KEY,
    COLUMNS,
    COLUMN,
    SCHEMA,
    TABLE,
    IS_SELF,
    REFERENCED,
    OP_SCHEMA,
    OPERATOR
}; /* load_keys.sql */

static bool is_loaded(const struct load *l, const char *column)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->column[i].name, column) == 0) {
            return true;
        }
    }
    return false;
}

/* " AND NOT EXISTS (SELECT FROM table AS p WHERE p.a OPERATOR(o.=) s.b AND ...)" for rows [from, to) */
static void put_missing(struct buf *b, struct arena *a, const struct pg_rows *r, size_t from,
                        size_t to, const char *table)
{
    buf_printf(b, " AND NOT EXISTS (SELECT FROM %s AS p WHERE ", table);
    for (size_t i = from; i < to; i++) {
        buf_printf(b, "%sp.%s OPERATOR(%s.%s) s.%s", i > from ? " AND " : "",
                   pg_ident(a, pg_text(r, i, REFERENCED)), pg_ident(a, pg_text(r, i, OP_SCHEMA)),
                   pg_text(r, i, OPERATOR), pg_ident(a, pg_text(r, i, COLUMN)));
    }
    buf_puts(b, ")");
}

/* The first of the staged rows whose key of rows [from, to) is nowhere; 0: each is somewhere. */
static int first_missing(const struct stage *g, const struct pg_rows *keys, size_t from, size_t to,
                         int64_t *out, struct err *e)
{
    struct buf b = {0};
    struct pg_rows *r = NULL;
    const char *parent = arena_printf(g->a, "%s.%s", pg_ident(g->a, pg_text(keys, from, SCHEMA)),
                                      pg_ident(g->a, pg_text(keys, from, TABLE)));
    buf_printf(&b,
               "SELECT COALESCE(pg_catalog.min(s." STAGED_NUMBER "), 0) FROM %s AS s WHERE true",
               g->table);
    for (size_t i = from; i < to; i++) {
        buf_printf(&b, " AND s.%s IS NOT NULL", pg_ident(g->a, pg_text(keys, i, COLUMN)));
    }
    put_missing(&b, g->a, keys, from, to, parent);
    if (pg_bool(keys, from, IS_SELF)) {
        put_missing(&b, g->a, keys, from, to, g->table);
    }
    int rc = pg_run(g->s, buf_str(&b), NULL, 0, &r, e);
    buf_release(&b);
    *out = rc == 0 ? pg_int(r, 0, 0) : 0;
    pg_rows_free(r);
    return rc;
}

/* *number 0: no key says it. *key: the row of keys where the key begins. */
static int find_record(const struct stage *g, const struct pg_rows *keys, int64_t *number,
                       size_t *key, struct err *e)
{
    *number = 0;
    for (size_t i = 0; i < pg_rows_n(keys);) {
        size_t to = i + (size_t)pg_int(keys, i, COLUMNS);
        bool is_here = true;
        int64_t n = 0;
        for (size_t k = i; k < to; k++) {
            is_here = is_here && is_loaded(g->l, pg_text(keys, k, COLUMN));
        }
        if (is_here && first_missing(g, keys, i, to, &n, e) != 0) {
            return -1;
        }
        if (n > 0 && (*number == 0 || n < *number)) {
            *number = n;
            *key = i;
        }
        i = to;
    }
    return 0;
}

int load_find_key(const struct stage *g, const char *schema, struct found_record *out,
                  struct err *e)
{
    struct pg_rows *keys = NULL;
    size_t key = 0;
    const char *params[] = {schema, g->l->in->from->into};
    int rc = pg_query(g->s, &postgis_load_keys, params, 2, &keys, e);
    if (rc == 0) {
        rc = find_record(g, keys, &out->number, &key, e);
    }
    if (rc == 0 && out->number > 0) {
        out->column = arena_strdup(g->a, pg_text(keys, key, COLUMN));
        out->hint = arena_printf(g->a, "no row of table \"%s\" has it as %s",
                                 pg_text(keys, key, TABLE), pg_text(keys, key, REFERENCED));
    }
    pg_rows_free(keys);
    return rc;
}
