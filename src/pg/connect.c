/* Connecting: options, the start of a session with a deadline, and what every session is pinned to. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "pg/queries.h"
#include "pg/session.h"

const struct pg_sql *const pg_session_pin = &pg_pin_query;

enum { CONNECT_TIMEOUT_MS = 10000, CALL_TIMEOUT_MS = 60000, DBNAME_AT = 8, PARAMS_MAX = 12 };

/* A session that is ended while idle says why in a notice. */
static void on_notice(void *arg, const PGresult *r)
{
    struct pg *s = arg;
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (severity == NULL || sqlstate == NULL) {
        return;
    }
    if (strcmp(severity, "FATAL") == 0) {
        pg_copy_text(s->fatal, sizeof s->fatal, sqlstate);
    } else if (s->on_notice != NULL) {
        struct buf words = {0};
        pg_words(&words, s, r);
        s->on_notice(s->notice_ctx, &(struct pg_notice){severity, sqlstate, buf_str(&words)});
        buf_release(&words);
    }
}

void pg_forget_options(PQconninfoOption *options)
{
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL) {
            explicit_bzero(o->val, strlen(o->val));
        }
    }
    PQconninfoFree(options);
}

/* What libpq would take for one: it takes anything else for a database's name. */
static bool is_conninfo(const char *text)
{
    return text[0] == '\0' || strchr(text, '=') != NULL || strncmp(text, "postgres://", 11) == 0 ||
           strncmp(text, "postgresql://", 13) == 0;
}

/* Asked once libpq has refused it only: each reading leaves a copy, password included, in freed memory. */
static int check_conninfo(const char *text, struct err *e)
{
    char *words = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &words);
    int rc = options != NULL ? 0 : pg_fail_conninfo(words, e);
    if (words != NULL) {
        explicit_bzero(words, strlen(words)); /* they quote it */
    }
    PQfreemem(words);
    pg_forget_options(options);
    return rc;
}

/* libpq lets a later keyword win: what stands before dbname gives way to the operator's connection string. */
static PGconn *start(const char *conninfo, const char *encoding, const struct pg_options *o)
{
    const char *keys[PARAMS_MAX] = {"keepalives",       "keepalives_idle",  "keepalives_interval",
                                    "keepalives_count", "tcp_user_timeout", "dbname",
                                    "client_encoding",  "application_name", NULL};
    const char *name = o->application_name == NULL ? "kfmig" : o->application_name;
    const char *values[PARAMS_MAX] = {"1",      "30",     "10", "3", "60000",
                                      conninfo, encoding, name, NULL};
    if (o->dbname != NULL) { /* only the first dbname is read as a connection string */
        keys[DBNAME_AT] = "dbname";
        values[DBNAME_AT] = o->dbname;
    }
    return PQconnectStartParams(keys, values, 1);
}

static char *safe_copy(const char *text)
{
    struct buf b = {0};
    text_safe(&b, bytes_str(text == NULL ? "" : text));
    char *copy = mem_strdup(buf_str(&b));
    buf_release(&b);
    return copy;
}

/* A socket's path may lie beneath somebody's home; it says nothing that an operator needs. */
static void remember_where(struct pg *s)
{
    const char *host = PQhost(s->conn);
    bool local = host == NULL || *host == '\0' || *host == '/' || *host == '@';
    free(s->host);
    free(s->port);
    free(s->dbname);
    free(s->user);
    s->host = safe_copy(local ? "local socket" : host);
    s->port = safe_copy(PQport(s->conn));
    s->dbname = safe_copy(PQdb(s->conn));
    s->user = safe_copy(PQuser(s->conn));
}

/* There is nothing to cancel yet: the first reason to stop ends the wait. */
static int wait_connected(struct pg *s, struct pg_call *c)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(s->conn) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        int found =
            pg_call_poll(c, PQsocket(s->conn), state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (found != 0) {
            state = PQconnectPoll(s->conn);
        }
        if (state == PGRES_POLLING_FAILED) {
            return -1;
        }
        if (found == 0 && (pg_call_tick(s, c) != 0 || c->stop != PG_STOP_NONE)) {
            return -1;
        }
    }
    return state == PGRES_POLLING_OK ? 0 : -1;
}

static int connect_once(struct pg *s, const char *conninfo, const char *encoding,
                        const struct pg_options *o, struct err *e)
{
    struct pg_call c;
    pg_call_begin(&c, &o->wait,
                  o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS);
    s->conn = start(conninfo, encoding, o);
    bool is_bad = s->conn == NULL || PQstatus(s->conn) == CONNECTION_BAD;
    if (is_bad && check_conninfo(conninfo, e) != 0) {
        s->lost = true;
        return -1;
    }
    if (s->conn == NULL) {
        BUG("out of memory");
    }
    /* With this verbosity libpq's words about a refused connection hold the SQLSTATE, and behind it what
     * the server wrote. */
    (void)PQsetErrorVerbosity(s->conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(s->conn, on_notice, s);
    int rc = wait_connected(s, &c);
    remember_where(s);
    if (rc != 0) {
        s->lost = true;
        return c.stop == PG_STOP_NONE ? pg_fail_connect(s, e)
                                      : pg_fail(s, &c, NULL, ERR_PREFLIGHT, "", e);
    }
    if (PQsetnonblocking(s->conn, 1) != 0) {
        s->lost = true;
        return pg_fail(s, NULL, NULL, ERR_PREFLIGHT, "", e);
    }
    return 0;
}

/* A database without an encoding holds any bytes, and refuses to send those that are not UTF-8 to a client
 * that asks for it. RESET ALL goes back to what the connection began with: so it begins anew. */
static int connect_session(struct pg *s, const char *conninfo, const struct pg_options *o,
                           struct err *e)
{
    static const char none[] = "SQL_ASCII";
    if (connect_once(s, conninfo, "UTF8", o, e) != 0) {
        return -1;
    }
    const char *encoding = PQparameterStatus(s->conn, "server_encoding");
    s->has_no_encoding = encoding != NULL && strcmp(encoding, none) == 0;
    if (!s->has_no_encoding) {
        return 0;
    }
    PQfinish(s->conn);
    s->conn = NULL;
    return connect_once(s, conninfo, none, o, e);
}

const char *pg_dbname(struct arena *a, const struct secret *conninfo)
{
    const struct pg_options none = {0};
    PGconn *conn = start(secret_is_set(conninfo) ? conninfo->opaque : "", "UTF8", &none);
    const char *name = conn != NULL && PQdb(conn) != NULL ? arena_strdup(a, PQdb(conn)) : "";
    PQfinish(conn);
    return name;
}

int pg_open(struct pg **out, const struct secret *conninfo, const struct pg_options *o,
            struct err *e)
{
    *out = NULL;
    const char *text = secret_is_set(conninfo) ? conninfo->opaque : "";
    if (!is_conninfo(text)) {
        return pg_fail_conninfo("missing \"=\"", e);
    }
    if (pg_check_uri(text, e) != 0) {
        return -1;
    }
    struct pg *s = mem_alloc(sizeof *s);
    *s = (struct pg){.wait = o->wait, .words = o->words};
    s->on_notice = o->on_notice;
    s->notice_ctx = o->notice_ctx;
    int64_t timeout = o->wait.timeout_ms > 0 ? o->wait.timeout_ms : o->default_timeout_ms;
    s->default_timeout_ms = timeout > 0 ? timeout : CALL_TIMEOUT_MS;
    if (connect_session(s, text, o, e) != 0 || pg_query(s, &pg_pin_query, NULL, 0, NULL, e) != 0) {
        pg_close(s);
        return -1;
    }
    *out = s;
    return 0;
}
