/* Statements of a user's file and commands of ours: one per message, by the extended protocol, rows never
 * kept. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "pg/session.h"

/* What one statement did, gathered while its results come in. bad: the first refusal. */
struct statement_outcome {
    bool is_commit;
    int64_t n_rows;
    char tag[64];
    bool copied;
    PGresult *bad;
};

static void note_done(struct pg *s, PGresult *r, struct statement_outcome *o)
{
    const char *tag = PQcmdStatus(r);
    const char *affected = PQcmdTuples(r);
    pg_copy_text(o->tag, sizeof o->tag, tag);
    if (*affected != '\0') {
        o->n_rows = strtoll(affected, NULL, 10);
    }
    if (strncmp(tag, "DEALLOCATE", strlen("DEALLOCATE")) == 0 || strcmp(tag, "DISCARD ALL") == 0) {
        pg_forget_prepared(s);
    }
}

static int refuse_copy_in(struct pg *s, struct pg_call *c)
{
    int sent = PQputCopyEnd(s->conn, "kfmig does not send rows");
    while (sent == 0 && pg_await_copy(s, c, true) == 0) {
        sent = PQputCopyEnd(s->conn, "kfmig does not send rows");
    }
    return sent == 1 ? 0 : -1;
}

/* The server may have gigabytes to tell: it is told to stop, and what is on its way is thrown away. */
static int refuse_copy_out(struct pg *s, struct pg_call *c)
{
    pg_cancel(s);
    for (;;) {
        char *line = NULL;
        int n = PQgetCopyData(s->conn, &line, 1);
        PQfreemem(line);
        if (n < 0) {
            return 0;
        }
        if (n == 0 && pg_await_copy(s, c, false) != 0) {
            return -1;
        }
    }
}

/* Returns 0, or -1 when the connection cannot be used any more. */
static int refuse_copy(struct pg *s, struct pg_call *c, ExecStatusType status)
{
    if (status == PGRES_COPY_IN) {
        return refuse_copy_in(s, c);
    }
    return status == PGRES_COPY_OUT ? refuse_copy_out(s, c) : -1;
}

static int take(struct pg *s, struct pg_call *c, PGresult *r, struct statement_outcome *o)
{
    int rc = 0;
    switch (PQresultStatus(r)) {
    case PGRES_SINGLE_TUPLE:
        o->n_rows++;
        break;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        note_done(s, r, o);
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        o->copied = true;
        rc = refuse_copy(s, c, PQresultStatus(r));
        break;
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
        if (o->bad == NULL) {
            o->bad = r;
            return 0;
        }
        break;
    }
    PQclear(r);
    return rc;
}

/* Sends sql and takes all of its results. Returns 0, also when the server refused it (o->bad), or -1 when the
 * connection is lost. */
static int run(struct pg *s, struct pg_call *c, const char *sql, const struct pg_params *params,
               struct statement_outcome *o)
{
    s->single_row = true;
    if (PQsendQueryParams(s->conn, sql, params->n, NULL, params->v, NULL, NULL, 0) != 1 ||
        PQsetSingleRowMode(s->conn) != 1) {
        s->lost = true;
        return -1;
    }
    /* The moment after which nobody here knows whether the transaction is committed. */
    if (o->is_commit && PQflush(s->conn) >= 0 && FAULT(TX_COMMIT_SENT)) {
        s->lost = true;
        return -1;
    }
    for (;;) {
        PGresult *r = NULL;
        if (pg_next(s, c, &r) != 0) {
            return -1;
        }
        if (r == NULL) {
            return s->lost ? -1 : 0;
        }
        if (take(s, c, r, o) != 0) {
            s->lost = true;
        }
        if (s->lost) {
            return -1;
        }
    }
}

/* The server counts characters from 1, or bytes where the database has no encoding; sql is UTF-8. */
int64_t pg_byte_offset(const struct pg *s, struct bytes sql, const char *characters)
{
    long long left = characters == NULL ? 0 : strtoll(characters, NULL, 10);
    if (s->has_no_encoding) {
        return left > 0 && (size_t)left <= sql.n + 1 ? left - 1 : -1;
    }
    for (size_t i = 0; i < sql.n && left > 0; i++) {
        if (((unsigned char)sql.p[i] & 0xC0) != 0x80) {
            left--;
        }
        if (left == 0) {
            return (int64_t)i;
        }
    }
    return left == 1 ? (int64_t)sql.n : -1;
}

static int fail_copy(struct err *e)
{
    (void)err_set(
        e, ERR_APPLY,
        "the statement copies rows from or to kfmig itself, which has none to send or to take");
    return err_hint(e, "write INSERT, or declare a projection that loads the rows from a dataset");
}

int pg_statement(struct pg *s, struct bytes sql, const struct pg_wait *w, int64_t *n_rows,
                 int64_t *position, struct err *e)
{
    const struct pg_params none = {.n = 0};
    return pg_statement_with(s, sql, &none, w, n_rows, position, e);
}

int pg_statement_with(struct pg *s, struct bytes sql, const struct pg_params *params,
                      const struct pg_wait *w, int64_t *n_rows, int64_t *position, struct err *e)
{
    struct pg_call c;
    struct statement_outcome o = {0};
    if (position != NULL) {
        *position = -1;
    }
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    if (sql.n > 0 && memchr(sql.p, '\0', sql.n) != NULL) {
        return err_set(e, ERR_APPLY, "the statement holds a NUL byte");
    }
    struct pg_wait wait = w != NULL ? *w : (struct pg_wait){0, s->wait.on_wait, s->wait.ctx};
    char *text = mem_alloc(sql.n + 1);
    memcpy(text, sql.n > 0 ? sql.p : "", sql.n);
    text[sql.n] = '\0';
    pg_asks(s, text);
    pg_call_begin(&c, &wait, wait.timeout_ms);
    int rc = run(s, &c, text, params, &o);
    free(text);
    if (rc == 0 && o.copied && c.stop == PG_STOP_NONE) {
        rc = fail_copy(e);
    } else if (rc != 0 || o.bad != NULL) {
        if (position != NULL) {
            *position =
                pg_byte_offset(s, sql, PQresultErrorField(o.bad, PG_DIAG_STATEMENT_POSITION));
        }
        rc = pg_fail(s, &c, o.bad, ERR_APPLY, "the statement", e);
    } else if (n_rows != NULL) {
        *n_rows = o.n_rows;
    }
    PQclear(o.bad);
    return rc;
}

/* A deferred constraint of the migration speaks up at COMMIT. */
static enum err_code command_code(const char *sql)
{
    return strncasecmp(sql, "COMMIT", strlen("COMMIT")) == 0 ? ERR_APPLY : ERR_PREFLIGHT;
}

int pg_command_within(struct pg *s, const char *sql, const struct pg_wait *w, char *tag, bool *sent,
                      struct err *e)
{
    struct pg_call c;
    struct statement_outcome o = {.is_commit = command_code(sql) == ERR_APPLY};
    char what[64] = "";
    if (tag != NULL) {
        tag[0] = '\0';
    }
    *sent = false;
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    *sent = true;
    pg_asks(s, sql);
    pg_call_begin(&c, w != NULL ? w : &s->wait, w != NULL ? w->timeout_ms : s->default_timeout_ms);
    const struct pg_params none = {.n = 0};
    int rc = run(s, &c, sql, &none, &o);
    if (rc != 0 || o.bad != NULL || o.copied) {
        size_t word = strcspn(sql, " ;");
        pg_copy_text(what, word + 1 < sizeof what ? word + 1 : sizeof what, sql);
        rc = pg_fail(s, &c, o.bad, command_code(sql), what, e);
    } else if (tag != NULL) {
        pg_copy_text(tag, sizeof o.tag, o.tag);
    }
    PQclear(o.bad);
    return rc;
}

int pg_command(struct pg *s, const char *sql, char *tag, bool *sent, struct err *e)
{
    bool ignored;
    return pg_command_within(s, sql, NULL, tag, sent != NULL ? sent : &ignored, e);
}
