/* The content fingerprint.
 * Owns: a row's canonical bytes, as an expression that the server computes, and the sum. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/generation_query.h"

enum { COL_NAME, COL_TYPE, COL_BYTES };
enum { DIGEST_BYTES = 32, BYTE_BITS = 8 };

struct column_of {
    const char *name, *type, *bytes;
};
struct columns_of {
    struct column_of *v;
    size_t n;
};

static int by_name(const void *x, const void *y)
{
    return strcmp(((const struct column_of *)x)->name, ((const struct column_of *)y)->name);
}

static int find_columns(struct pg *s, struct arena *a, const struct row_set *rows,
                        const struct names *leave_out, struct columns_of *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[3] = {rows->schema, rows->table, pg_array(a, leave_out->v, leave_out->n)};
    if (generation_ask(s, &postgis_generation_columns, params, 3, &r, e) != 0) {
        return -1;
    }
    *out = (struct columns_of){ARENA_ARRAY(a, struct column_of, pg_rows_n(r) + 1), pg_rows_n(r)};
    for (size_t i = 0; i < out->n; i++) {
        out->v[i] = (struct column_of){arena_strdup(a, pg_text(r, i, COL_NAME)),
                                       arena_strdup(a, pg_text(r, i, COL_TYPE)),
                                       arena_strdup(a, pg_text(r, i, COL_BYTES))};
    }
    pg_rows_free(r);
    qsort(out->v, out->n, sizeof *out->v, by_name);
    return out->n > 0 ? 0
                      : err_set(e, ERR_PREFLIGHT,
                                "\"%s.%s\" does not exist, or has no column to fingerprint",
                                rows->schema, rows->table);
}

static struct digest shape_of(const struct columns_of *c)
{
    struct digester *d = digester_open("kfmig.rows.v1");
    for (size_t i = 0; i < c->n; i++) {
        digester_field(d, c->v[i].name, bytes_str(c->v[i].type));
    }
    return digester_close(d);
}

/* Joined in pairs, so that long values are copied a few times and not once per column. */
static void add_framed(struct buf *b, size_t from, size_t n)
{
    if (n == 1) {
        buf_printf(b, "coalesce('\\x01'::bytea || int4send(length(c%zu)) || c%zu, '\\x00'::bytea)",
                   from, from);
        return;
    }
    buf_putc(b, '(');
    add_framed(b, from, n / 2);
    buf_puts(b, " || ");
    add_framed(b, from + n / 2, n - n / 2);
    buf_putc(b, ')');
}

/* The digests are summed byte by byte, which the server does fastest; carrying is left to us.
 * clock_timestamp() keeps the planner from pulling the subqueries up and computing each value as
 * often as it is used, and does not keep it from working in parallel. */
static const char *sum_query(struct arena *a, const struct columns_of *c, const char *rows)
{
    struct buf b = {0};
    buf_puts(&b, "SELECT count(*)");
    for (int i = 0; i < DIGEST_BYTES; i++) {
        buf_printf(&b, ", sum(get_byte(h, %d))", i);
    }
    buf_puts(&b, " FROM (SELECT sha256($1::bytea || ");
    add_framed(&b, 0, c->n);
    buf_puts(&b, ") AS h, clock_timestamp() FROM (SELECT ");
    for (size_t i = 0; i < c->n; i++) {
        buf_printf(&b, "%s AS c%zu, ", c->v[i].bytes, i);
    }
    buf_printf(&b, "clock_timestamp() FROM %s) AS v) AS r", rows);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

static struct digest carried(const struct pg_rows *r)
{
    struct digest sum;
    int64_t carry = 0;
    for (int i = DIGEST_BYTES - 1; i >= 0; i--) {
        carry += pg_int(r, 0, 1 + i);
        sum.b[i] = (uint8_t)(carry & UINT8_MAX);
        carry >>= BYTE_BITS;
    }
    return sum;
}

int generation_fingerprint(struct pg *s, struct arena *a, const struct row_set *rows,
                           const struct names *leave_out, struct content *out, struct err *e)
{
    struct columns_of c;
    struct pg_rows *r = NULL;
    if (find_columns(s, a, rows, leave_out, &c, e) != 0) {
        return -1;
    }
    struct digest shape = shape_of(&c);
    const char *params[2] = {pg_bytea(a, bytes_of((const char *)shape.b, sizeof shape.b)),
                             rows->version};
    const char *sql = sum_query(a, &c, generation_rows(a, rows, 2));
    if (generation_measure(s, sql, params, rows->version_column == NULL ? 1 : 2, &r, e) != 0) {
        return -1;
    }
    *out = (struct content){pg_int(r, 0, 0), carried(r)};
    pg_rows_free(r);
    return 0;
}
