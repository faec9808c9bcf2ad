/* Statements of ours whose text is built at run time, and the quoting that building needs. */
#include <string.h>

#include "pg/session.h"

/* Returns 0 with the statement's result in *good or the server's refusal in *bad, or -1 when the
 * connection is lost. */
static int receive(struct pg *s, struct pg_call *c, PGresult **good, PGresult **bad)
{
    for (;;) {
        PGresult *r = NULL;
        if (pg_next(s, c, &r) != 0 || r == NULL) {
            return s->lost ? -1 : 0;
        }
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            BUG("pg_run() cannot COPY");
        }
        bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        PGresult **keep = is_good ? good : bad;
        PQclear(*keep);
        *keep = r;
    }
}

int pg_run(struct pg *s, const char *sql, const char *const *params, int n_params,
           struct pg_rows **out, struct err *e)
{
    struct pg_call c;
    PGresult *good = NULL;
    PGresult *bad = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    pg_asks(s, sql);
    pg_call_begin(&c, &s->wait, 0);
    s->single_row = false;
    s->lost = PQsendQueryParams(s->conn, sql, n_params, NULL, params, NULL, NULL, 0) != 1;
    int rc = s->lost ? -1 : receive(s, &c, &good, &bad);
    if (rc != 0 || bad != NULL || good == NULL) {
        rc = pg_fail(s, &c, bad, ERR_APPLY, "kfmig's statement", e);
    } else if (out != NULL) {
        *out = pg_rows_of(good);
        good = NULL;
    }
    PQclear(good);
    PQclear(bad);
    return rc;
}

static const char *quoted(struct arena *a, const char *text, const char *prefix,
                          const char *special)
{
    struct buf b = {0};
    buf_puts(&b, prefix);
    buf_putc(&b, special[0]);
    for (const char *p = text; *p != '\0'; p++) {
        if (strchr(special, *p) != NULL) {
            buf_putc(&b, *p);
        }
        buf_putc(&b, *p);
    }
    buf_putc(&b, special[0]);
    if (b.overflow) {
        BUG("a name or constant is too large");
    }
    const char *copy = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return copy;
}

const char *pg_ident(struct arena *a, const char *name)
{
    return quoted(a, name, "", "\"");
}

/* With a backslash in it the E form, which means the same under any standard_conforming_strings. */
const char *pg_literal(struct arena *a, const char *text)
{
    return strchr(text, '\\') == NULL ? quoted(a, text, "", "'") : quoted(a, text, " E", "'\\");
}
