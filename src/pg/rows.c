/* Results as rows of text. A position that the query does not have is a bug of the caller, not a value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "pg/session.h"

struct pg_rows {
    PGresult *result;
};

struct pg_rows *pg_rows_of(PGresult *result)
{
    struct pg_rows *r = mem_alloc(sizeof *r);
    r->result = result;
    return r;
}

void pg_rows_free(struct pg_rows *r)
{
    if (r != NULL) {
        PQclear(r->result);
        free(r);
    }
}

size_t pg_rows_n(const struct pg_rows *r)
{
    return (size_t)PQntuples(r->result);
}

static int checked_row(const struct pg_rows *r, size_t row, int col)
{
    if (row >= pg_rows_n(r) || col < 0 || col >= PQnfields(r->result)) {
        BUG("a result has no such row or column");
    }
    return (int)row;
}

bool pg_null(const struct pg_rows *r, size_t row, int col)
{
    return PQgetisnull(r->result, checked_row(r, row, col), col) != 0;
}

const char *pg_text(const struct pg_rows *r, size_t row, int col)
{
    return PQgetvalue(r->result, checked_row(r, row, col), col);
}

struct bytes pg_bytes(const struct pg_rows *r, size_t row, int col)
{
    int at = checked_row(r, row, col);
    return bytes_of(PQgetvalue(r->result, at, col), (size_t)PQgetlength(r->result, at, col));
}

int64_t pg_int(const struct pg_rows *r, size_t row, int col)
{
    if (pg_null(r, row, col)) {
        return 0;
    }
    const char *text = pg_text(r, row, col);
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) {
        BUG("a column read as an integer is none");
    }
    return value;
}

bool pg_bool(const struct pg_rows *r, size_t row, int col)
{
    return pg_text(r, row, col)[0] == 't';
}

int64_t pg_rows_affected(const struct pg_rows *r)
{
    return strtoll(PQcmdTuples(r->result), NULL, 10);
}

const char *pg_array(struct arena *a, const char *const *v, size_t n)
{
    struct buf b = {0};
    buf_putc(&b, '{');
    for (size_t i = 0; i < n; i++) {
        buf_puts(&b, i == 0 ? "" : ",");
        if (v[i] == NULL) {
            buf_puts(&b, "NULL");
            continue;
        }
        buf_putc(&b, '"');
        for (const char *p = v[i]; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\') {
                buf_putc(&b, '\\');
            }
            buf_putc(&b, *p);
        }
        buf_putc(&b, '"');
    }
    buf_putc(&b, '}');
    if (b.overflow) {
        BUG("an array parameter is too large");
    }
    const char *text = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return text;
}

const char *pg_bytea(struct arena *a, struct bytes b)
{
    char *text = arena_alloc(a, 2 * b.n + 3);
    memcpy(text, "\\x", 2);
    hex_encode((const uint8_t *)b.p, b.n, text + 2);
    return text;
}
