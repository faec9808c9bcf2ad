/* Statements of ours whose text is built at run time, and the quoting that building needs. */
#include <poll.h>
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

static int start(struct pg *s, const char *sql, const char *const *params, int n_params,
                 struct err *e)
{
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    pg_asks(s, sql);
    pg_call_begin(&s->running, &s->wait, 0);
    s->single_row = false;
    s->lost = PQsendQueryParams(s->conn, sql, n_params, NULL, params, NULL, NULL, 0) != 1;
    return 0;
}

static int end(struct pg *s, struct pg_rows **out, struct err *e)
{
    PGresult *good = NULL;
    PGresult *bad = NULL;
    int rc = s->lost ? -1 : receive(s, &s->running, &good, &bad);
    if (rc != 0 || bad != NULL || good == NULL) {
        rc = pg_fail(s, &s->running, bad, ERR_APPLY, "kfmig's statement", e);
    } else if (out != NULL) {
        *out = pg_rows_of(good);
        good = NULL;
    }
    PQclear(good);
    PQclear(bad);
    return rc;
}

int pg_run(struct pg *s, const char *sql, const char *const *params, int n_params,
           struct pg_rows **out, struct err *e)
{
    if (out != NULL) {
        *out = NULL;
    }
    return start(s, sql, params, n_params, e) == 0 ? end(s, out, e) : -1;
}

int pg_start(struct pg *s, const char *sql, struct err *e)
{
    s->is_running = start(s, sql, NULL, 0, e) == 0;
    return s->is_running ? 0 : -1;
}

int pg_end(struct pg *s, struct err *e)
{
    s->is_running = false;
    return end(s, NULL, e);
}

void pg_any(struct pg *const *v, size_t n, size_t *which)
{
    struct pollfd fds[PG_TOGETHER];
    for (;;) {
        nfds_t n_fds = 0;
        size_t first = n;
        for (size_t i = 0; i < n; i++) {
            if (!v[i]->is_running) {
                continue;
            }
            first = i < first ? i : first;
            if (pg_has_answer(v[i])) {
                *which = i;
                return;
            }
            fds[n_fds++] = (struct pollfd){.fd = PQsocket(v[i]->conn), .events = POLLIN};
        }
        if (first == n) {
            BUG("nothing was started");
        }
        struct pg_wait *w = &v[first]->wait;
        int found = poll(fds, n_fds, PG_TICK_MS);
        if (found <= 0 && w->on_wait != NULL && w->on_wait(w->ctx)) {
            *which = first;
            return;
        }
    }
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
