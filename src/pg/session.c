/* Sessions: their life, and waiting for the server with a deadline. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/tasks.h"
#include "pg/session.h"

enum { CANCEL_SECONDS = PG_CANCEL_GRACE_MS / 1000 };

void pg_call_begin(struct pg_call *c, const struct pg_wait *w, int64_t timeout_ms)
{
    int64_t now = clock_ms();
    *c = (struct pg_call){.wait = *w, .timeout_ms = timeout_ms, .next_tick = now + PG_TICK_MS};
    c->deadline = timeout_ms > 0 ? now + timeout_ms : 0;
}

void pg_asks(struct pg *s, const char *text)
{
    pg_copy_text(s->last, sizeof s->last, text);
    s->n_asked++;
}

/* PQcancel() blocks without a deadline, so a child with an alarm does it; libpq allows that call even in a
 * signal handler. The child is waited for: a cancel that arrived late would hit the session's next
 * statement. */
void pg_cancel(struct pg *s)
{
    PGcancel *cancel = PQgetCancel(s->conn);
    if (cancel == NULL) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        sigset_t all;
        char words[256];
        (void)signal(SIGALRM, SIG_DFL);
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_UNBLOCK, &all, NULL);
        (void)alarm(CANCEL_SECONDS);
        _exit(PQcancel(cancel, words, sizeof words) == 1 ? 0 : 1);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    PQfreeCancel(cancel);
}

static void stop_call(struct pg *s, struct pg_call *c, enum pg_stop why)
{
    c->stop = why;
    if (PQstatus(s->conn) == CONNECTION_OK) {
        pg_cancel(s);
    }
    c->deadline =
        clock_ms() + (why == PG_STOP_TIMEOUT ? PG_CANCEL_GRACE_MS : PG_INTERRUPT_GRACE_MS);
}

int pg_call_tick(struct pg *s, struct pg_call *c)
{
    int64_t now = clock_ms();
    bool passed = c->deadline != 0 && now >= c->deadline;
    if (passed && c->stop != PG_STOP_NONE) {
        return -1;
    }
    if (passed) {
        stop_call(s, c, PG_STOP_TIMEOUT);
    }
    if (now < c->next_tick) {
        return 0;
    }
    c->next_tick = now + PG_TICK_MS;
    if (c->stop == PG_STOP_NONE && c->wait.on_wait != NULL && c->wait.on_wait(c->wait.ctx)) {
        stop_call(s, c, PG_STOP_INTERRUPT);
    }
    return 0;
}

int pg_call_poll(struct pg_call *c, int fd, short events)
{
    int64_t now = clock_ms();
    int64_t until = c->next_tick;
    if (c->deadline != 0 && c->deadline < until) {
        until = c->deadline;
    }
    struct pollfd p = {.fd = fd, .events = events};
    int n = tasks_poll(&p, until > now ? (int)(until - now) : 0);
    if (n < 0 && errno == EINTR) {
        c->next_tick = 0;
    }
    return n > 0 ? p.revents : 0;
}

static bool is_broken(const struct pg *s)
{
    return PQstatus(s->conn) == CONNECTION_BAD || PQsocket(s->conn) < 0;
}

/* A failure that leaves libpq's connection standing (out of memory) would make PQgetResult() wait without
 * a deadline. */
static int take_input(struct pg *s)
{
    if (PQconsumeInput(s->conn) == 1 || is_broken(s)) {
        return 0;
    }
    return -1;
}

/* Lets the server's bytes in and ours out for one turn. */
static int turn(struct pg *s, struct pg_call *c)
{
    if (pg_call_tick(s, c) != 0) {
        return -1;
    }
    short events = PQflush(s->conn) == 1 ? POLLIN | POLLOUT : POLLIN;
    if (is_broken(s)) {
        return 0;
    }
    int found = pg_call_poll(c, PQsocket(s->conn), events);
    return (found & ~POLLOUT) != 0 ? take_input(s) : 0;
}

/* On a broken connection PQgetResult() reports at once, so there is nothing to wait for. */
static int await_result(struct pg *s, struct pg_call *c)
{
    if (clock_ms() >= c->next_tick && pg_call_tick(s, c) != 0) {
        return -1;
    }
    (void)PQflush(s->conn);
    while (!is_broken(s) && PQisBusy(s->conn) == 1) {
        if (turn(s, c) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool ends_session(const PGresult *r)
{
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

int pg_next(struct pg *s, struct pg_call *c, PGresult **r)
{
    *r = NULL;
    if (s->lost || await_result(s, c) != 0) {
        s->lost = true;
        return -1;
    }
    *r = PQgetResult(s->conn);
    s->lost = is_broken(s) || ends_session(*r);
    return 0;
}

int pg_await_copy(struct pg *s, struct pg_call *c, bool sending)
{
    int unsent = PQflush(s->conn);
    if (is_broken(s) || (sending && unsent == 0)) {
        return 0;
    }
    if (turn(s, c) != 0) {
        s->lost = true;
        return -1;
    }
    return 0;
}

int pg_ready(struct pg *s, struct err *e)
{
    if (!s->lost && (take_input(s) != 0 || is_broken(s))) {
        s->lost = true;
    }
    /* PQisBusy() parses what has come in: on_notice() may see there that the server ended the session. */
    if (!s->lost && PQisBusy(s->conn) == 0 && s->fatal[0] != '\0') {
        s->lost = true;
    }
    if (s->lost) {
        return pg_fail(s, NULL, NULL, ERR_PREFLIGHT, "", e);
    }
    if (PQtransactionStatus(s->conn) == PQTRANS_ACTIVE) {
        BUG("a session was used while its last call was under way");
    }
    return 0;
}

void pg_close(struct pg *s)
{
    if (s == NULL) {
        return;
    }
    PQfinish(s->conn);
    free(s->host);
    free(s->port);
    free(s->dbname);
    free(s->user);
    free(s->prepared);
    free(s->batch);
    free(s->copy);
    free(s);
}

void pg_where(const struct pg *s, struct pg_where *out)
{
    *out = (struct pg_where){s->host, s->port, s->dbname, s->user,
                             strcmp(s->host, "local socket") == 0};
}

int pg_backend_pid(const struct pg *s)
{
    return PQbackendPID(s->conn);
}

int64_t pg_asked(const struct pg *s)
{
    return s->n_asked;
}

int pg_server_version(const struct pg *s)
{
    return PQserverVersion(s->conn);
}

int64_t pg_ids_ours(const struct pg *s)
{
    return s->ids_ours;
}

void pg_id_is_ours(struct pg *s)
{
    s->ids_ours++;
}

bool pg_is_alive(const struct pg *s)
{
    return s != NULL && !s->lost && !is_broken(s);
}

enum pg_tx pg_tx(const struct pg *s)
{
    if (!pg_is_alive(s)) {
        return PG_TX_UNKNOWN;
    }
    switch (PQtransactionStatus(s->conn)) {
    case PQTRANS_IDLE:
        return PG_TX_IDLE;
    case PQTRANS_INTRANS:
        return PG_TX_OPEN;
    case PQTRANS_INERROR:
        return PG_TX_FAILED;
    case PQTRANS_ACTIVE:
    case PQTRANS_UNKNOWN:
        break;
    }
    return PG_TX_UNKNOWN;
}

int64_t pg_patience(struct pg *s, int64_t ms)
{
    int64_t before = s->default_timeout_ms;
    s->default_timeout_ms = ms;
    return before;
}

void pg_heed(struct pg *s, const struct pg_wait *w)
{
    s->wait.on_wait = w->on_wait;
    s->wait.ctx = w->ctx;
}

const char *pg_last_query(const struct pg *s)
{
    return s->last;
}
