/* kfmig's own queries: named, prepared once per session, always sent as a pipeline with one Sync. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pg/session.h"

static const char *server_name(const struct pg *s, const struct pg_sql *q, char out[static PG_NAME])
{
    int n = snprintf(out, PG_NAME, "kfmig_%u_%s", s->round, q->name);
    if (n < 0 || n >= PG_NAME) {
        BUG("a query's name is too long");
    }
    return out;
}

static bool is_prepared(const struct pg *s, const struct pg_sql *q)
{
    for (size_t i = 0; i < s->n_prepared; i++) {
        if (s->prepared[i] == q) {
            return true;
        }
    }
    return false;
}

static void add_prepared(struct pg *s, const struct pg_sql *q)
{
    if (s->n_prepared == s->cap_prepared) {
        s->cap_prepared = s->cap_prepared == 0 ? 32 : 2 * s->cap_prepared;
        s->prepared = mem_realloc(s->prepared, s->cap_prepared * sizeof *s->prepared);
    }
    s->prepared[s->n_prepared++] = q;
}

void pg_forget_prepared(struct pg *s)
{
    s->n_prepared = 0;
    s->round++;
}

/* The last parameter as bytes of a known length: no second copy in hexadecimal digits. */
static bool send_binary(struct pg *s, const char *name, const struct pg_item *item)
{
    enum { MOST = 4 };
    const char *values[MOST];
    int lengths[MOST] = {0}, formats[MOST] = {0};
    int last = item->n_params;
    if (last < MOST && item->binary.n <= INT_MAX) {
        memcpy(values, item->params, (size_t)last * sizeof *values);
        values[last] = item->binary.p;
        lengths[last] = (int)item->binary.n;
        formats[last] = 1;
        return PQsendQueryPrepared(s->conn, name, last + 1, values, lengths, formats, 0) == 1;
    }
    BUG("a binary parameter behind too many others, or too long");
}

/* A query counts as prepared as soon as its Parse is queued, for the sake of those behind it in the same
 * pipeline; receive() takes that back for what the server did not confirm. */
static bool send_item(struct pg *s, struct pg_item *item)
{
    char name[PG_NAME];
    if (item->shared != NULL) {
        return PQsendQueryParams(s->conn, item->shared->sql.p, 0, NULL, NULL, NULL, NULL, 0) == 1;
    }
    if (item->q == NULL) {
        return PQpipelineSync(s->conn) == 1;
    }
    (void)server_name(s, item->q, name);
    item->prepares = !is_prepared(s, item->q);
    if (item->prepares && PQsendPrepare(s->conn, name, item->q->text, 0, NULL) != 1) {
        return false;
    }
    if (item->prepares) {
        add_prepared(s, item->q);
    }
    return item->binary.p != NULL ? send_binary(s, name, item)
                                  : PQsendQueryPrepared(s->conn, name, item->n_params, item->params,
                                                        NULL, NULL, 0) == 1;
}

/* libpq 15 lets the first command of a pipeline inherit single-row mode from the statement before it: an
 * empty one is sent ahead to take that over. */
static bool send_lead(struct pg *s)
{
    return !s->single_row || PQsendQueryParams(s->conn, "", 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_all(struct pg *s, struct pg_item *v, size_t n)
{
    if (PQenterPipelineMode(s->conn) != 1 || !send_lead(s)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!send_item(s, &v[i])) {
            return false;
        }
    }
    return PQpipelineSync(s->conn) == 1;
}

/* One result and the NULL that ends it. A result of another kind means that we and the server no longer
 * agree. */
static int receive_one(struct pg *s, struct pg_call *c, PGresult **r)
{
    if (pg_next(s, c, r) != 0 || s->lost) {
        return -1;
    }
    PGresult *end = NULL;
    int rc = *r == NULL ? -1 : pg_next(s, c, &end);
    if (rc != 0 || end != NULL) {
        s->lost = true;
        rc = -1;
    }
    PQclear(end);
    return rc;
}

static int receive_lead(struct pg *s, struct pg_call *c)
{
    PGresult *r = NULL;
    int rc = s->single_row ? receive_one(s, c, &r) : 0;
    if (rc == 0 && s->single_row && PQresultStatus(r) != PGRES_EMPTY_QUERY) {
        s->lost = true;
        rc = -1;
    }
    s->single_row = false;
    PQclear(r);
    return rc;
}

static bool is_sync(const struct pg_item *item)
{
    return item->q == NULL && item->shared == NULL;
}

static bool is_success(const PGresult *r, bool prepares)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || (!prepares && status == PGRES_TUPLES_OK);
}

static void keep_rows(const struct pg_item *item, PGresult *r)
{
    if (item->out == NULL) {
        PQclear(r);
    } else {
        *item->out = pg_rows_of(r);
    }
}

/* As receive_item(). */
static int receive_shared(struct pg *s, struct pg_call *c, struct pg_shared *x, PGresult **bad)
{
    PGresult *r = NULL;
    int rc = receive_one(s, c, &r);
    ExecStatusType status = PQresultStatus(r);
    if (rc != 0 || (status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)) {
        x->position = pg_byte_offset(s, x->sql, PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION));
        *bad = r;
        return rc != 0 ? -1 : 1;
    }
    PQclear(r);
    if (c->timeout_ms > 0 && c->stop == PG_STOP_NONE) {
        c->deadline = clock_ms() + c->timeout_ms;
    }
    if (x->done != NULL) {
        x->done(x->ctx);
    }
    return 0;
}

/* Returns 0, or 1 with the server's refusal in *bad (the caller frees it), or -1 when the connection is lost
 * (*bad may say why). */
static int receive_item(struct pg *s, struct pg_call *c, const struct pg_item *item,
                        size_t *confirmed, PGresult **bad)
{
    if (item->shared != NULL) {
        return receive_shared(s, c, item->shared, bad);
    }
    for (int prepares = item->prepares ? 1 : 0; prepares >= 0; prepares--) {
        PGresult *r = NULL;
        int rc = receive_one(s, c, &r);
        if (rc != 0 || !is_success(r, prepares == 1)) {
            *bad = r;
            return rc != 0 ? -1 : 1;
        }
        if (prepares == 1) {
            (*confirmed)++;
            PQclear(r);
        } else {
            keep_rows(item, r);
        }
    }
    return 0;
}

/* What follows a refusal is PGRES_PIPELINE_ABORTED, up to the Sync. Without a transaction block the server
 * commits at the Sync, and may refuse that: *bad. */
static int receive_sync(struct pg *s, struct pg_call *c, bool is_last, PGresult **bad)
{
    for (;;) {
        PGresult *r = NULL;
        int rc = pg_next(s, c, &r);
        ExecStatusType status = PQresultStatus(r);
        if (*bad == NULL && r != NULL && status == PGRES_FATAL_ERROR) {
            *bad = r;
        } else {
            PQclear(r);
        }
        if (rc != 0 || s->lost) {
            return -1;
        }
        if (r != NULL && status == PGRES_PIPELINE_SYNC) {
            s->lost = is_last && PQexitPipelineMode(s->conn) != 1;
            return s->lost ? -1 : 0;
        }
    }
}

static int refuse(struct pg *s, const struct pg_call *c, const PGresult *bad,
                  const struct pg_item *last, struct err *e)
{
    const struct pg_sql *q = last->q;
    if (last->shared != NULL) {
        return pg_fail(s, c, bad, ERR_APPLY, "the statement", e);
    }
    const char *sqlstate = PQresultErrorField(bad, PG_DIAG_SQLSTATE);
    char what[PG_NAME];
    (void)snprintf(what, sizeof what, "kfmig's query \"%s\"", q->name);
    if (sqlstate != NULL && strcmp(sqlstate, "26000") == 0) {
        pg_forget_prepared(s);
    }
    return pg_fail(s, c, bad, ERR_PREFLIGHT, what, e);
}

/* To the end of the pipeline, whose v[0..n) have not been answered yet. What stands behind a Sync is answered
 * although it is not wanted any more; its Parse counts for nothing, which costs the next who needs it a
 * second name. */
static int drain(struct pg *s, struct pg_call *c, const struct pg_item *v, size_t n, PGresult **bad)
{
    size_t n_syncs = 1;
    for (size_t i = 0; i < n; i++) {
        n_syncs += is_sync(&v[i]) ? 1 : 0;
    }
    if (n_syncs > 1) {
        pg_forget_prepared(s);
    }
    for (; n_syncs > 0; n_syncs--) {
        if (receive_sync(s, c, n_syncs == 1, bad) != 0) {
            return -1;
        }
    }
    return 0;
}

static int receive(struct pg *s, struct pg_call *c, struct pg_item *v, size_t n, size_t n_before,
                   int *failed, struct err *e)
{
    size_t i = 0;
    size_t confirmed = n_before;
    const struct pg_item *last = &v[n - 1];
    PGresult *bad = NULL;
    int rc = receive_lead(s, c);
    *failed = -1;
    while (i < n && rc == 0 && bad == NULL) {
        bool syncs = is_sync(&v[i]);
        rc = syncs ? receive_sync(s, c, false, &bad) : receive_item(s, c, &v[i], &confirmed, &bad);
        last = syncs ? last : &v[i];
        *failed = rc != 0 && !syncs ? (int)i : -1;
        i += rc == 0 ? 1 : 0;
    }
    s->n_prepared = confirmed;
    if (rc >= 0 && drain(s, c, v + i, n - i, &bad) != 0) {
        rc = -1;
    }
    if (rc != 0 || bad != NULL) {
        rc = refuse(s, c, bad, last, e);
    }
    PQclear(bad);
    return rc;
}

/* The last of them is no Sync. */
static int pg_pipeline(struct pg *s, struct pg_item *v, size_t n, const struct pg_wait *w,
                       int *failed, struct err *e)
{
    struct pg_call c;
    size_t n_before = s->n_prepared;
    *failed = -1;
    if (pg_ready(s, e) != 0) {
        return -1;
    }
    const struct pg_item *last = &v[n - 1];
    pg_asks(s, last->shared != NULL ? last->shared->sql.p : last->q->name);
    pg_call_begin(&c, w != NULL ? w : &s->wait, w != NULL ? w->timeout_ms : s->default_timeout_ms);
    if (!send_all(s, v, n)) {
        s->lost = true;
        s->n_prepared = n_before;
        return pg_fail(s, &c, NULL, ERR_PREFLIGHT, "", e);
    }
    if (receive(s, &c, v, n, n_before, failed, e) == 0) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].out != NULL) {
            pg_rows_free(*v[i].out);
            *v[i].out = NULL;
        }
    }
    return -1;
}

int pg_query(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
             struct pg_rows **out, struct err *e)
{
    int failed = 0;
    struct pg_item item = {.q = q, .params = params, .n_params = n_params, .out = out};
    if (out != NULL) {
        *out = NULL;
    }
    return pg_pipeline(s, &item, 1, NULL, &failed, e);
}

void pg_batch_add(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                  struct pg_rows **out)
{
    if (s->n_batch == s->cap_batch) {
        s->cap_batch = s->cap_batch == 0 ? 16 : 2 * s->cap_batch;
        s->batch = mem_realloc(s->batch, s->cap_batch * sizeof *s->batch);
    }
    if (out != NULL) {
        *out = NULL;
    }
    s->batch[s->n_batch++] =
        (struct pg_item){.q = q, .params = params, .n_params = n_params, .out = out};
}

void pg_batch_add_binary(struct pg *s, const struct pg_sql *q, const char *const *params,
                         int n_params, struct bytes last)
{
    pg_batch_add(s, q, params, n_params, NULL);
    s->batch[s->n_batch - 1].binary = last;
}

void pg_batch_share(struct pg *s, struct pg_shared *at)
{
    pg_batch_add(s, NULL, NULL, 0, NULL);
    at->position = -1;
    s->batch[s->n_batch - 1].shared = at;
}

int pg_deallocate(struct pg *s, struct err *e)
{
    char tag[64];
    if (pg_command(s, "DEALLOCATE ALL", tag, NULL, e) != 0) {
        return -1;
    }
    pg_forget_prepared(s);
    return 0;
}

void pg_batch_sync(struct pg *s)
{
    pg_batch_add(s, NULL, NULL, 0, NULL);
}

int pg_batch_run_within(struct pg *s, const struct pg_wait *w, int *failed, struct err *e)
{
    int at = -1;
    size_t n = s->n_batch;
    s->n_batch = 0;
    int rc = n == 0 ? 0 : pg_pipeline(s, s->batch, n, w, &at, e);
    if (failed != NULL) {
        *failed = at;
    }
    return rc;
}

int pg_batch_run(struct pg *s, int *failed, struct err *e)
{
    return pg_batch_run_within(s, NULL, failed, e);
}
