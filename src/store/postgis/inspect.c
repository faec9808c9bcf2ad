/* What preflight and postflight ask a server. */
#include "store/postgis/inspect.h"

#include <string.h>

#include "pg/tx.h"
#include "store/postgis/free_space.h"
#include "store/postgis/postgis.h"
#include "store/postgis/queries.h"

enum { VERDICT, SUBJECT, WORDS }; /* of every inspect_*.sql */
enum { MOST = 16, MOST_PARAMS = 4 };

/* One check and its query. */
struct question {
    enum inspect inspect;
    const struct pg_sql *sql;
    const char *params[MOST_PARAMS];
    int n_params;
    struct pg_rows *rows;
};
struct inspect_asking {
    struct arena *a;
    const struct inspect_wanted *w;
    struct inspection *x;
    struct question v[MOST];
    size_t n;
};

static const char *number(struct arena *a, int64_t n)
{
    return arena_printf(a, "%lld", (long long)n);
}

/* With its threshold as the first parameter, where it has one. */
static struct question *ask(struct inspect_asking *q, enum inspect i, const struct pg_sql *sql)
{
    const struct inspect_row *row = inspect_row(i);
    unsigned now = q->w->is_after ? WHEN_AFTER : WHEN_BEFORE;
    struct question *x = &q->v[q->n];
    *x = (struct question){.inspect = i, .sql = sql};
    if (row->threshold != NO_THRESHOLD) {
        x->params[x->n_params++] =
            number(q->a, operations_of(q->w->env)->threshold[row->threshold]);
    }
    q->n += (row->when & now) != 0;
    return x;
}

static void ask_more(struct question *x, const char *param)
{
    x->params[x->n_params++] = param;
}

/* --- about what is to be run ------------------------------------------------------------------------ */

enum column { DEED, STEP, SCHEMA, NAME };

static const char *member_of(const struct inspect_deed *d, enum column c)
{
    return c == DEED ? d->deed : c == STEP ? d->step : c == SCHEMA ? d->schema : d->name;
}

static bool is_privilege(const char *deed)
{
    return strcmp(deed, "rewrite") != 0 && strcmp(deed, "lock") != 0;
}

/* One column of the deeds of that name (NULL: of those that want a privilege), as an array. */
static const char *column_of(const struct inspect_asking *q, const char *deed, enum column c,
                             size_t *n)
{
    const char **v = ARENA_ARRAY(q->a, const char *, q->w->n_deeds + 1);
    *n = 0;
    for (size_t i = 0; i < q->w->n_deeds; i++) {
        const struct inspect_deed *d = &q->w->deeds[i];
        if (deed != NULL ? strcmp(d->deed, deed) == 0 : is_privilege(d->deed)) {
            v[(*n)++] = member_of(d, c);
        }
    }
    return pg_array(q->a, v, *n);
}

static void ask_privileges(struct inspect_asking *q)
{
    size_t n = 0;
    struct question *x = ask(q, INSPECT_PRIVILEGES, &postgis_inspect_privileges);
    ask_more(x, column_of(q, NULL, DEED, &n));
    ask_more(x, column_of(q, NULL, SCHEMA, &n));
    ask_more(x, column_of(q, NULL, NAME, &n));
}

/* Room and dead rows in one query: it says in its verdict which of the two a row is about. */
static void ask_rewritten(struct inspect_asking *q, struct pg *s)
{
    size_t n = 0;
    const char *schemas = column_of(q, "rewrite", SCHEMA, &n);
    if (n == 0) {
        return;
    }
    struct question *x = ask(q, INSPECT_DEAD_ROWS, &postgis_inspect_rewritten);
    ask_more(x, number(q->a, space_free(s)));
    ask_more(x, schemas);
    ask_more(x, column_of(q, "rewrite", NAME, &n));
    q->x->was_asked[INSPECT_DISK] = true;
}

static void ask_locks(struct inspect_asking *q)
{
    size_t n = 0;
    const char *steps = column_of(q, "lock", STEP, &n);
    if (n == 0) {
        return;
    }
    struct question *x = ask(q, INSPECT_LOCKS, &postgis_inspect_locks);
    ask_more(x, steps);
    ask_more(x, column_of(q, "lock", SCHEMA, &n));
    ask_more(x, column_of(q, "lock", NAME, &n));
}

static void ask_pending(struct inspect_asking *q, struct pg *s)
{
    if (q->w->is_after) {
        return;
    }
    ask_privileges(q);
    ask_rewritten(q, s);
    ask_locks(q);
    if (q->w->extensions->n > 0) {
        struct question *x = ask(q, INSPECT_EXTENSIONS, &postgis_inspect_extensions);
        ask_more(x, pg_array(q->a, q->w->extensions->v, q->w->extensions->n));
    }
    if (q->w->concurrently) {
        (void)ask(q, INSPECT_SNAPSHOTS, &postgis_inspect_snapshots);
    }
}

static void ask_all(struct inspect_asking *q, struct pg *s)
{
    struct question *clock = ask(q, INSPECT_CLOCK, &postgis_inspect_clock);
    ask_more(clock, number(q->a, q->w->now_us));
    (void)ask(q, INSPECT_VERSIONS, &postgis_inspect_versions);
    (void)ask(q, INSPECT_TRANSACTIONS, &postgis_inspect_transactions);
    (void)ask(q, INSPECT_BLOCKED, &postgis_inspect_blocked);
    (void)ask(q, INSPECT_PREPARED, &postgis_inspect_prepared);
    (void)ask(q, INSPECT_INDEXES, &postgis_inspect_indexes);
    struct question *replicas = ask(q, INSPECT_REPLICATION, &postgis_inspect_replication);
    ask_more(replicas, number(q->a, operations_of(q->w->env)->threshold[THRESHOLD_RETAINED_WAL]));
    (void)ask(q, INSPECT_SLOTS, &postgis_inspect_slots);
    ask_pending(q, s);
}

/* --- what it answers -------------------------------------------------------------------------------- */

static void take(struct inspect_asking *q, const struct question *x)
{
    q->x->was_asked[x->inspect] = true;
    for (size_t i = 0; i < pg_rows_n(x->rows); i++) {
        const char *verdict = pg_text(x->rows, i, VERDICT);
        bool is_disk = x->inspect == INSPECT_DEAD_ROWS && strcmp(verdict, "dead") != 0;
        struct finding *f =
            inspect_fail(q->a, q->x, q->w->env, is_disk ? INSPECT_DISK : x->inspect,
                         strcmp(verdict, "unknown") == 0, pg_text(x->rows, i, WORDS));
        if (is_disk && !f->is_unknown) {
            f->severity = SEVERITY_ERROR; /* only where nobody knows it is a warning */
        }
        f->subject = arena_strdup(q->a, pg_text(x->rows, i, SUBJECT));
    }
}

static void fail(struct inspect_asking *q, const struct question *x, const struct err *e)
{
    const char *why = e->condition[0] != '\0' ? e->condition : e->msg;
    inspect_fail(q->a, q->x, q->w->env, x->inspect, true,
                 arena_printf(q->a, "the server did not say: %s%s%s%s", why,
                              e->sqlstate[0] != '\0' ? " (" : "", e->sqlstate,
                              e->sqlstate[0] != '\0' ? ")" : ""));
}

/* Each by itself, where together one of them failed. */
static int ask_apart(struct inspect_asking *q, struct pg *s, struct err *e)
{
    for (size_t i = 0; i < q->n; i++) {
        struct question *x = &q->v[i];
        struct err own = {0};
        if (pg_query(s, x->sql, x->params, x->n_params, &x->rows, &own) == 0) {
            take(q, x);
            pg_rows_free(x->rows);
        } else if (pg_is_alive(s) && own.code != ERR_INTERRUPTED) {
            fail(q, x, &own);
        } else {
            *e = own;
            return -1;
        }
    }
    return 0;
}

int inspect_server(struct pg *s, struct arena *a, const struct inspect_wanted *w,
                   struct inspection *x, struct err *e)
{
    struct inspect_asking q = {.a = a, .w = w, .x = x};
    struct err together = {0};
    ask_all(&q, s);
    for (size_t i = 0; i < q.n; i++) {
        pg_batch_add(s, q.v[i].sql, q.v[i].params, q.v[i].n_params, &q.v[i].rows);
    }
    if (pg_batch_run(s, NULL, &together) != 0) {
        if (!pg_is_alive(s) || together.code == ERR_INTERRUPTED) {
            *e = together;
            return -1;
        }
        return ask_apart(&q, s, e);
    }
    for (size_t i = 0; i < q.n; i++) {
        take(&q, &q.v[i]);
        pg_rows_free(q.v[i].rows);
    }
    return 0;
}

/* --- foreign keys, and queries of users ------------------------------------------------------------- */

int inspect_keys(struct pg *s, struct arena *a, bool all, struct inspect_key **v, size_t *n,
                 struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {all ? "t" : "f"};
    if (pg_query(s, &postgis_inspect_keys, params, 1, &r, e) != 0) {
        return -1;
    }
    *n = pg_rows_n(r);
    *v = ARENA_ARRAY(a, struct inspect_key, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        (*v)[i] = (struct inspect_key){arena_strdup(a, pg_text(r, i, 0)),
                                       arena_strdup(a, pg_text(r, i, 1)),
                                       arena_strdup(a, pg_text(r, i, 2))};
    }
    pg_rows_free(r);
    return 0;
}

static int begin_reading(struct pg *s, struct arena *a, const struct inspect_query *q,
                         struct err *e)
{
    const char *limit =
        arena_printf(a, "SET LOCAL statement_timeout = %lld", (long long)q->timeout_ms);
    if (postgis_snapshot(s, q->timeout_ms, e) != 0 || pg_run(s, limit, NULL, 0, NULL, e) != 0) {
        return -1;
    }
    return q->role == NULL ? 0
                           : pg_run(s, arena_printf(a, "SET LOCAL ROLE %s", pg_ident(a, q->role)),
                                    NULL, 0, NULL, e);
}

/* A count of orphans is one only if no policy hides rows from it. */
static int count_one(struct pg *s, const struct inspect_query *q, int64_t *rows, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_run(s, "SET LOCAL row_security = off", NULL, 0, NULL, e) != 0 ||
        pg_run(s, q->sql.p, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *rows = pg_rows_n(r) == 1 ? pg_int(r, 0, 0) : 0;
    pg_rows_free(r);
    return 0;
}

int inspect_query(struct pg *s, struct arena *a, const struct inspect_query *q, bool *denied,
                  int64_t *rows, struct err *e)
{
    struct pg_wait wait = *q->wait;
    wait.timeout_ms = q->timeout_ms + 5000;
    int64_t position = -1;
    *denied = false;
    *rows = 0;
    int rc = begin_reading(s, a, q, e);
    if (rc == 0) {
        rc = q->counted ? count_one(s, q, rows, e)
                        : pg_statement(s, q->sql, &wait, rows, &position, e);
        *denied = rc != 0 && strcmp(e->sqlstate, "42501") == 0;
    }
    if (pg_is_alive(s)) {
        tx_roll_back(s);
    }
    return *denied ? 0 : rc;
}
