/* COPY ... FROM STDIN: sending rows while the server works on those before, and learning in time that it
 * refused them. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/tasks.h"
#include "pg/session.h"

enum {
    QUEUE_MAX = 1024 * 1024, /* bytes in libpq's buffer at which put() waits for the socket */
    PIECE = 64 * 1024,
    HEARD_MS = 500
};

/* queued: bytes put since libpq's buffer was last empty. libpq reads an error that comes while rows are sent
 * only after the COPY has ended, and says nothing of it before. So whoever is heard (heard_ms: when; 0:
 * nobody) without a notice coming out of it for HEARD_MS is taken to have refused. */
struct pg_copy {
    struct pg_call call;
    PQnoticeReceiver on_notice;
    size_t queued;
    int64_t heard_ms;
};

static const char *const what = "the rows";

static void on_notice(void *arg, const PGresult *r)
{
    struct pg *s = arg;
    s->copy->heard_ms = 0;
    s->copy->on_notice(arg, r);
}

static void copy_enter(struct pg *s, const struct pg_call *call)
{
    s->copy = mem_alloc(sizeof *s->copy);
    *s->copy = (struct pg_copy){.call = *call};
    s->copy->on_notice = PQsetNoticeReceiver(s->conn, on_notice, s);
}

static void copy_leave(struct pg *s)
{
    (void)PQsetNoticeReceiver(s->conn, s->copy->on_notice, s);
    free(s->copy);
    s->copy = NULL;
}

/* The ticks go on from the call before: a fast caller's calls are shorter than a tick. */
static struct pg_copy *copy_resume(struct pg *s, const struct pg_wait *w)
{
    if (s->copy == NULL) {
        BUG("no COPY is under way");
    }
    struct pg_call *call = &s->copy->call;
    int64_t next_tick = call->next_tick;
    struct pg_wait wait = w != NULL ? *w : (struct pg_wait){0, s->wait.on_wait, s->wait.ctx};
    pg_call_begin(call, &wait, wait.timeout_ms);
    call->next_tick = next_tick;
    return s->copy;
}

/* The results behind the COPY, to their end. Returns 0, or -1 when the connection is lost; *bad is the
 * first refusal. */
static int receive(struct pg *s, struct pg_call *call, int64_t *rows, PGresult **bad)
{
    for (;;) {
        PGresult *r = NULL;
        if (pg_next(s, call, &r) != 0 || r == NULL) {
            return s->lost ? -1 : 0;
        }
        if (PQresultStatus(r) == PGRES_COMMAND_OK) {
            *rows = strtoll(PQcmdTuples(r), NULL, 10);
        } else if (*bad == NULL) {
            *bad = r;
            r = NULL;
        }
        PQclear(r);
    }
}

/* The row and the column in a line of CONTEXT: "COPY pts, line 12, column v: ...", in whatever language. The
 * row is a word of digits behind the first comma, the column a name behind the next one and a word; what
 * follows a colon is row data. */
static void read_place(struct pg *s, const char *text)
{
    const char *comma = strchr(text, ',');
    size_t n = comma == NULL ? 0 : strcspn(comma, ":\n");
    for (size_t i = 1; i < n; i++) {
        size_t digits = strspn(comma + i, "0123456789");
        if (digits == 0 || comma[i - 1] != ' ') {
            continue;
        }
        s->refused_row = strtoll(comma + i, NULL, 10);
        const char *name = comma[i + digits] == ',' ? strchr(comma + i + digits + 2, ' ') : NULL;
        if (name != NULL && name < comma + n) {
            (void)snprintf(s->refused_column, sizeof s->refused_column, "%.*s",
                           (int)(comma + n - name - 1), name + 1);
        }
        return;
    }
}

/* CONTEXT has a line for each that was at work: functions of triggers first. */
static void note_place(struct pg *s, const PGresult *bad)
{
    const char *context = bad != NULL ? PQresultErrorField(bad, PG_DIAG_CONTEXT) : NULL;
    for (const char *line = context; line != NULL && s->refused_row == 0;) {
        if (strncmp(line, "COPY ", 5) == 0) {
            read_place(s, line);
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
}

bool pg_copy_refused(const struct pg *s, int64_t *row, const char **column)
{
    *row = s->refused_row;
    *column = s->refused_column;
    return s->refused_row > 0;
}

int pg_copy_start(struct pg *s, const char *sql, struct err *e)
{
    struct pg_call call;
    PGresult *r = NULL;
    int64_t rows = 0;
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    pg_asks(s, sql);
    s->refused_row = 0;
    s->refused_column[0] = '\0';
    pg_call_begin(&call, &s->wait, s->default_timeout_ms);
    s->single_row = false;
    s->lost = PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 1;
    int rc = s->lost ? -1 : pg_next(s, &call, &r);
    if (rc == 0 && PQresultStatus(r) == PGRES_COPY_IN) {
        PQclear(r);
        copy_enter(s, &call);
        return 0;
    }
    PGresult *bad = r;
    if (rc == 0 && !s->lost && receive(s, &call, &rows, &bad) == 0 &&
        PQresultStatus(bad) != PGRES_FATAL_ERROR) {
        BUG("pg_copy_start() was given something else than COPY FROM STDIN");
    }
    rc = pg_fail(s, &call, bad, ERR_APPLY, "COPY", e);
    PQclear(bad);
    return rc;
}

static bool is_refused(const struct pg_copy *c)
{
    return c->heard_ms != 0 && clock_ms() - c->heard_ms >= HEARD_MS;
}

/* PQisBusy() takes notices out of what has come in; a refusal stays there. */
static int hear(struct pg *s, struct pg_copy *c)
{
    c->heard_ms = c->heard_ms != 0 ? c->heard_ms : clock_ms();
    int rc = PQconsumeInput(s->conn) == 1 ? 0 : -1;
    (void)PQisBusy(s->conn);
    return rc;
}

/* Lets our bytes out and the server's in, without waiting if everything is out or may_wait is false. -1:
 * the COPY is over. */
static int turn(struct pg *s, struct pg_copy *c, bool may_wait)
{
    if (pg_call_tick(s, &c->call) != 0) {
        s->lost = true;
        return -1;
    }
    int unsent = PQflush(s->conn);
    if (unsent == 0) {
        c->queued = 0;
    }
    struct pollfd p = {.fd = PQsocket(s->conn), .events = POLLIN};
    int found = 0;
    if (unsent == 1 && may_wait) {
        found = pg_call_poll(&c->call, p.fd, POLLIN | POLLOUT);
    } else if (tasks_poll(&p, 0) >
               0) { /* where rows are made faster than sent, others get a turn */
        found = p.revents;
    }
    bool is_broken = unsent < 0 || p.fd < 0 || ((found & ~POLLOUT) != 0 && hear(s, c) != 0);
    return is_broken || c->call.stop != PG_STOP_NONE || is_refused(c) ? -1 : 0;
}

/* words NULL: all rows were sent. A broken connection is no failure here: what the server said before is
 * then read. */
static int end_rows(struct pg *s, struct pg_copy *c, const char *words)
{
    int rc = s->lost ? -1 : PQputCopyEnd(s->conn, words);
    while (rc == 0) {
        rc = pg_await_copy(s, &c->call, true) != 0 ? -1 : PQputCopyEnd(s->conn, words);
    }
    s->lost = rc != 1;
    return rc == 1 ? 0 : -1;
}

/* The server's reason, learnt by ending the COPY. */
static int give_up(struct pg *s, struct pg_copy *c, struct err *e)
{
    int64_t rows = 0;
    PGresult *bad = NULL;
    if (end_rows(s, c, "kfmig stopped sending rows") == 0) {
        (void)receive(s, &c->call, &rows, &bad);
    }
    note_place(s, bad);
    int rc = pg_fail(s, &c->call, bad, ERR_APPLY, what, e);
    PQclear(bad);
    copy_leave(s);
    return rc;
}

int pg_copy_put(struct pg *s, struct bytes data, const struct pg_wait *w, struct err *e)
{
    struct pg_copy *c = copy_resume(s, w);
    for (size_t at = 0; at < data.n;) {
        size_t n = data.n - at < PIECE ? data.n - at : PIECE;
        int put = c->queued + n > QUEUE_MAX ? 0 : PQputCopyData(s->conn, data.p + at, (int)n);
        if (put == 1) {
            c->queued += n;
            at += n;
        } else if (put < 0 || turn(s, c, true) != 0) {
            return give_up(s, c, e);
        }
    }
    return turn(s, c, false) == 0 ? 0 : give_up(s, c, e);
}

int pg_copy_finish(struct pg *s, const struct pg_wait *w, int64_t *rows, struct err *e)
{
    struct pg_copy *c = copy_resume(s, w);
    PGresult *bad = NULL;
    int64_t n = -1;
    int rc = end_rows(s, c, NULL);
    if (rc == 0) {
        rc = receive(s, &c->call, &n, &bad);
    }
    note_place(s, bad);
    if (rc != 0 || bad != NULL || n < 0) {
        rc = pg_fail(s, &c->call, bad, ERR_APPLY, what, e);
    } else {
        *rows = n;
    }
    PQclear(bad);
    copy_leave(s);
    return rc;
}

int pg_copy_abort(struct pg *s, struct err *e)
{
    if (s->copy == NULL) {
        return 0;
    }
    struct pg_wait wait = {s->default_timeout_ms, s->wait.on_wait, s->wait.ctx};
    struct pg_copy *c = copy_resume(s, &wait);
    int64_t rows = 0;
    PGresult *bad = NULL;
    int rc = end_rows(s, c, "kfmig takes the rows back");
    if (rc == 0) {
        rc = receive(s, &c->call, &rows, &bad);
    }
    if (rc != 0) {
        rc = pg_fail(s, &c->call, bad, ERR_APPLY, what, e);
    }
    PQclear(bad);
    copy_leave(s);
    return rc;
}
