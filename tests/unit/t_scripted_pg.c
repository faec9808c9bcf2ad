/* layer: pg scripted */
/* Sessions, line by line: what src/pg asks, and what it makes of every answer, cut, silence and flood. */
#include "base/tasks.h"
#include "pg/pg.h"
#include "scripted_pq.h"
#include "tap.h"

#define OPEN                                                                                       \
    "connect       -> ok pid=7\n"                                                                  \
    "@pg_pin_query -> rows 1\n"

static const struct pg_sql one = {"one", "SELECT 1"};
static const struct pg_sql two = {"two", "SELECT 2"};
static const struct pg_sql three = {"three", "SELECT 3"};

/* What a scenario leaves, to be looked at. */
static struct {
    char tag[64];
    bool sent;
    int64_t n;
    int64_t position;
    int failed;
    char text[128];
    int n_waits;
    int stop_at; /* on_wait says stop at this call; 0: never */
} seen;

static bool on_wait(void *ctx)
{
    (void)ctx;
    return ++seen.n_waits == seen.stop_at;
}

static int open_session(struct pg **s, struct err *e)
{
    struct secret dsn = {0};
    struct pg_options o = {.wait = {0, on_wait, NULL}};
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    int rc = pg_open(s, &dsn, &o, e);
    secret_wipe(&dsn);
    return rc;
}

/* --- what is done in a scenario */

static int nothing(struct pg *s, struct err *e)
{
    (void)s;
    (void)e;
    return 0;
}

static int commit(struct pg *s, struct err *e)
{
    return pg_command(s, "COMMIT", seen.tag, &seen.sent, e);
}

static int begin_and_commit(struct pg *s, struct err *e)
{
    return pg_command(s, "BEGIN", seen.tag, NULL, e) != 0 ? -1 : commit(s, e);
}

static int statement(struct pg *s, struct err *e)
{
    return pg_statement(s, bytes_str("ä SELECT x"), NULL, &seen.n, &seen.position, e);
}

static int statement_in_a_second(struct pg *s, struct err *e)
{
    struct pg_wait w = {1000, on_wait, NULL};
    return pg_statement(s, bytes_str("SELECT x"), &w, &seen.n, &seen.position, e);
}

static int ask(struct pg *s, const struct pg_sql *q, struct err *e)
{
    const char *params[] = {"a", NULL};
    struct pg_rows *rows = NULL;
    int rc = pg_query(s, q, params, 2, &rows, e);
    for (size_t i = 0; rc == 0 && i < pg_rows_n(rows); i++) {
        (void)snprintf(seen.text + strlen(seen.text), 32, "%s%s", pg_text(rows, i, 0),
                       pg_null(rows, i, 0) ? "NULL " : " ");
        seen.n += pg_int(rows, i, 1);
    }
    pg_rows_free(rows);
    return rc;
}

static int query(struct pg *s, struct err *e)
{
    return ask(s, &one, e);
}

static int query_twice(struct pg *s, struct err *e)
{
    struct err first = {0};
    (void)!ask(s, &one, &first);
    return ask(s, &one, e);
}

static int statement_then_query(struct pg *s, struct err *e)
{
    return statement(s, e) != 0 ? -1 : ask(s, &one, e);
}

static int batch(struct pg *s, struct err *e)
{
    struct pg_rows *a = NULL;
    struct pg_rows *b = NULL;
    pg_batch_add(s, &one, NULL, 0, &a);
    pg_batch_add(s, &two, NULL, 0, &b);
    pg_batch_add(s, &three, NULL, 0, NULL);
    int rc = pg_batch_run(s, &seen.failed, e);
    (void)snprintf(seen.text, sizeof seen.text, "%s%s", a == NULL ? "" : pg_text(a, 0, 0),
                   b == NULL ? "" : pg_text(b, 0, 0));
    pg_rows_free(a);
    pg_rows_free(b);
    return rc;
}

static int two_transactions(struct pg *s, struct err *e)
{
    pg_batch_add(s, &one, NULL, 0, NULL);
    pg_batch_sync(s);
    pg_batch_add(s, &two, NULL, 0, NULL);
    return pg_batch_run(s, &seen.failed, e);
}

static int run(struct pg *s, struct err *e)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(s, "CREATE INDEX ON t (a)", NULL, 0, &rows, e);
    pg_rows_free(rows);
    return rc;
}

static int deallocate_then_query(struct pg *s, struct err *e)
{
    return ask(s, &one, e) != 0 || pg_deallocate(s, e) != 0 || ask(s, &one, e) != 0 ? -1 : 0;
}

static int copy_in_two(struct pg *s, struct err *e)
{
    struct pg_wait w = {1000, on_wait, NULL};
    if (pg_copy_start(s, "COPY t FROM STDIN", e) != 0 ||
        pg_copy_put(s, bytes_str("1\n"), &w, e) != 0) {
        return -1;
    }
    pq_pass(600);
    if (pg_copy_put(s, bytes_str("2\n"), &w, e) != 0) {
        return -1;
    }
    pq_pass(600);
    return pg_copy_put(s, bytes_str(""), &w, e) != 0 ? -1 : pg_copy_finish(s, &w, &seen.n, e);
}

static int copy_and_abort(struct pg *s, struct err *e)
{
    int rc = pg_copy_start(s, "COPY t FROM STDIN", e);
    rc = rc == 0 ? pg_copy_put(s, bytes_str("1\n"), NULL, e) : rc;
    return rc == 0 ? pg_copy_abort(s, e) : rc;
}

struct both {
    struct pg *v[2];
    struct err *e;
    int rc;
};

static void index_of(void *ctx, size_t i)
{
    struct both *b = ctx;
    const char *sql = i == 0 ? "CREATE INDEX slow" : "CREATE INDEX quick";
    b->rc = b->rc == 0 ? pg_run(b->v[i], sql, NULL, 0, NULL, b->e) : -1;
    (void)snprintf(seen.text + strlen(seen.text), 8, "%zu", i);
}

static int together(struct pg *s, struct err *e)
{
    struct both b = {.v = {s, NULL}, .e = e};
    if (open_session(&b.v[1], e) != 0) {
        return -1;
    }
    tasks_run(2, index_of, &b);
    pg_close(b.v[1]);
    return b.rc;
}

/* --- the scenarios. want: the error's SQLSTATE, or the beginning of its message, NULL: success. tx: as pg_tx() says afterwards */

/* clang-format off */
static const struct {
    const char *name, *script;
    int (*act)(struct pg *s, struct err *e);
    enum err_code code;
    const char *want;
    enum pg_tx tx;
    int64_t ms; /* that passed */
    int stop_at;
    const char *left; /* what describe() says of it; NULL: nothing of interest */
} scenarios[] = {
    /* connecting */
    {"a session is pinned", "", nothing, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},

    {"nobody listens", "connect -> words Connection refused\n", nothing, ERR_PREFLIGHT, "connection refused by db.example:5432", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a wrong password", "connect -> fatal 28P01\n", nothing, ERR_PREFLIGHT, "authentication failed for user \"tester\"", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a certificate of another name", "connect -> words server certificate for \"a.example\" does not match host name \"b.example\"\n", nothing, ERR_PREFLIGHT, "another host's name is in the certificate of ", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a certificate that nobody vouches for", "connect -> words SSL error: certificate verify failed\n", nothing, ERR_PREFLIGHT, "no trust in the certificate of ", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a server that starts", "connect -> fatal 57P03\n", nothing, ERR_PREFLIGHT, "57P03", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a connection string with a wrong value", "connect -> words invalid sslmode value\n", nothing, ERR_CONFIG, "the connection string holds an invalid value", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a host that says nothing", "connect -> silence\n", nothing, ERR_PREFLIGHT, "no answer from the server at db.example:5432 within 10 s", PG_TX_UNKNOWN, 10000, 0, NULL},
    {"the pin is refused", "connect -> ok\n@pg_pin_query -> error 22023\n", nothing, ERR_PREFLIGHT, "the server refused kfmig's query \"pg_pin_query\"", PG_TX_UNKNOWN, 0, 0, NULL},

    /* commands and the state of the transaction */
    {"COMMIT", "BEGIN -> BEGIN\nCOMMIT -> COMMIT\n", begin_and_commit, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, "tag=COMMIT sent"},
    {"BEGIN without an end", "BEGIN -> BEGIN\nCOMMIT -> COMMIT [intrans]\n", begin_and_commit, ERR_NONE, NULL, PG_TX_OPEN, 0, 0, NULL},
    {"COMMIT that finds the transaction failed", "BEGIN -> BEGIN\nCOMMIT -> ROLLBACK\n", begin_and_commit, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, "tag=ROLLBACK sent"},
    {"a deferred constraint at COMMIT", "COMMIT -> error 23503 table=t constraint=t_fk\n", commit, ERR_APPLY, "23503", PG_TX_IDLE, 0, 0, NULL},
    {"COMMIT and the connection is cut", "COMMIT -> cut\n", commit, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, "sent"},
    {"COMMIT and the server is ended", "COMMIT -> fatal 57P01\n", commit, ERR_PREFLIGHT, "57P01", PG_TX_UNKNOWN, 0, 0, NULL},
    {"COMMIT gets no answer", "COMMIT -> silence\n", commit, ERR_PREFLIGHT, "57014", PG_TX_IDLE, 60000, 0, "sent cancels=1"},
    {"COMMIT gets no answer, not even to a cancel", "COMMIT -> deaf\n", commit, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 62000, 0, "sent cancels=1"},
    {"COMMIT drowns in notices", "COMMIT -> notices\n", commit, ERR_PREFLIGHT, "57014", PG_TX_IDLE, 60000, 0, "sent cancels=1"},
    {"COMMIT late, and in time", "COMMIT -> wait=59000 COMMIT\n", commit, ERR_NONE, NULL, PG_TX_IDLE, 59000, 0, NULL},
    {"COMMIT while a signal comes", "COMMIT -> eintr COMMIT\n", commit, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"COMMIT that is interrupted, and ends all the same", "COMMIT -> wait=900 COMMIT\n", commit, ERR_INTERRUPTED, "57014", PG_TX_IDLE, 200, 2, "sent cancels=1"},
    {"COMMIT cannot be sent", "COMMIT -> unsent\n", commit, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"COMMIT and a result that means nothing", "COMMIT -> bad\n", commit, ERR_APPLY, "the server gave no usable answer", PG_TX_IDLE, 0, 0, NULL},
    {"the session ends between two calls", "BEGIN -> BEGIN then cut\n", begin_and_commit, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"the session is ended between two calls", "BEGIN -> BEGIN then fatal 25P03\n", begin_and_commit, ERR_PREFLIGHT, "25P03", PG_TX_UNKNOWN, 0, 0, NULL},

    /* statements */
    {"a statement's rows are counted", "ä SELECT x -> rows a ; b ; c\n", statement, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, "n=3"},
    {"a statement's place is in bytes", "ä SELECT x -> error 42703 position=10\n", statement, ERR_APPLY, "42703", PG_TX_IDLE, 0, 0, "position=10"},
    {"a statement that sends rows is stopped", "ä SELECT x -> copyout\n", statement, ERR_APPLY, "the statement copies rows", PG_TX_IDLE, 0, 0, "cancels=1"},
    {"a statement that wants rows gets none", "ä SELECT x -> copy\ncopy fail -> error 57014\n", statement, ERR_APPLY, "the statement copies rows", PG_TX_IDLE, 0, 0, NULL},
    {"a statement's deadline", "SELECT x -> silence\n", statement_in_a_second, ERR_PREFLIGHT, "no answer from the server at db.example:5432 within 1 s", PG_TX_IDLE, 1000, 0, NULL},
    {"a statement is interrupted", "SELECT x -> silence\n", statement_in_a_second, ERR_INTERRUPTED, "57014", PG_TX_IDLE, 300, 3, NULL},
    {"an interrupted statement whose server is deaf", "SELECT x -> deaf\n", statement_in_a_second, ERR_INTERRUPTED, "08006", PG_TX_UNKNOWN, 10100, 1, NULL},
    {"damaged data is integrity", "ä SELECT x -> error XX001\n", statement, ERR_INTEGRITY, "XX001", PG_TX_IDLE, 0, 0, NULL},
    {"no result at all", "ä SELECT x -> nothing\n", statement, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},

    /* queries of ours */
    {"a query is prepared once", "@one(a, NULL) -> rows x | 1 ; NULL | 2\n@one -> rows y | 4\n", query_twice, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, "n=7 text=x NULL y "},
    {"a Parse that is refused is sent again", "prepare one -> error 42P01\n@one -> rows\n", query_twice, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"what the server forgot is prepared anew", "@one -> error 26000\n@one -> rows\n", query_twice, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"a query behind a statement", "ä SELECT x -> rows a\n@one -> rows\n", statement_then_query, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"a query that is cut", "@one -> cut\n", query, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a query without an answer", "@one -> silence\n", query, ERR_PREFLIGHT, "57014", PG_TX_IDLE, 60000, 0, NULL},
    {"a query and notices without end", "@one -> notices\n", query, ERR_PREFLIGHT, "57014", PG_TX_IDLE, 60000, 0, NULL},
    {"a query with no result", "@one -> nothing\n", query, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a query that cannot be sent", "@one -> unsent\n", query, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a Parse that cannot be sent", "prepare one -> unsent\n", query, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
    {"a query where COPY answers", "@one -> copyout\n", query, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 62000, 0, NULL},
    {"DEALLOCATE ALL is remembered", "@one -> rows\nDEALLOCATE ALL -> DEALLOCATE ALL\n@one -> rows\n", deallocate_then_query, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},

    /* batches */
    {"a batch", "@one -> rows 1\n@two -> rows 2\n@three -> INSERT 0 1\n", batch, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, "failed=-1 text=12"},
    {"what stands behind a refusal is not executed", "@one -> rows 1\n@two -> error 23505\n", batch, ERR_PREFLIGHT, "23505", PG_TX_IDLE, 0, 0, "failed=1"},
    {"the server refuses to commit at the Sync", "@one -> rows 1\n@two -> rows 2\n@three -> INSERT 0 1\nsync -> error 40001\n", batch, ERR_PREFLIGHT, "40001", PG_TX_IDLE, 0, 0, "failed=-1"},
    {"a batch that is cut", "@one -> rows 1\n@two -> cut\n", batch, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, "failed=1"},
    {"a batch that is ended", "@one -> rows 1\n@two -> fatal 57P02\n", batch, ERR_PREFLIGHT, "57P02", PG_TX_UNKNOWN, 0, 0, NULL},
    {"behind a Sync the server goes on", "@one -> error 42P01\n@two -> rows\n", two_transactions, ERR_PREFLIGHT, "42P01", PG_TX_IDLE, 0, 0, "failed=0"},

    /* statements of ours */
    {"a statement of ours", "CREATE INDEX ON t (a) -> CREATE INDEX\n", run, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"a statement of ours that is refused", "CREATE INDEX ON t (a) -> error 55P03\n", run, ERR_APPLY, "55P03", PG_TX_IDLE, 0, 0, NULL},
    {"a statement of ours has no deadline", "CREATE INDEX ON t (a) -> wait=7200000 CREATE INDEX\n", run, ERR_NONE, NULL, PG_TX_IDLE, 7200000, 0, NULL},
    {"two sessions at once", "2: connect -> ok\n2: @pg_pin_query -> rows 1\n1: CREATE INDEX slow -> wait=500 CREATE INDEX\n"
                             "2: CREATE INDEX quick -> wait=300 CREATE INDEX\n", together, ERR_NONE, NULL, PG_TX_IDLE, 500, 0, "text=10"},

    /* COPY */
    {"rows are copied", "COPY t FROM STDIN -> copy\ncopy end -> COPY 2\n", copy_in_two, ERR_NONE, NULL, PG_TX_IDLE, 1200, 0, "n=2 copied=1\n2\n"},
    {"rows wait for the socket", "COPY t FROM STDIN -> copy stall=3\ncopy end -> COPY 2\n", copy_in_two, ERR_NONE, NULL, PG_TX_IDLE, 1500, 0, NULL},
    {"COPY is refused at once", "COPY t FROM STDIN -> error 42501\n", copy_in_two, ERR_APPLY, "42501", PG_TX_IDLE, 0, 0, NULL},
    {"rows are refused while they are sent", "COPY t FROM STDIN -> copy refuse\ncopy fail -> error 22P02\n", copy_in_two, ERR_APPLY, "22P02", PG_TX_IDLE, 600, 0, "copied=1\n2\n"},
    {"rows are refused at their end", "COPY t FROM STDIN -> copy\ncopy end -> error 23505 table=t\n", copy_in_two, ERR_APPLY, "23505", PG_TX_IDLE, 1200, 0, NULL},
    {"the connection is cut at the end of the rows", "COPY t FROM STDIN -> copy\ncopy end -> cut\n", copy_in_two, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 1200, 0, NULL},
    {"rows are taken back", "COPY t FROM STDIN -> copy\ncopy fail -> error 57014\n", copy_and_abort, ERR_NONE, NULL, PG_TX_IDLE, 0, 0, NULL},
    {"rows cannot be taken back", "COPY t FROM STDIN -> copy\ncopy fail -> cut\n", copy_and_abort, ERR_PREFLIGHT, "08006", PG_TX_UNKNOWN, 0, 0, NULL},
};
/* clang-format on */

enum { NOT_SET = 99, N = sizeof scenarios / sizeof *scenarios };

static bool is_as_wanted(size_t i, int rc, const struct err *e, enum pg_tx tx)
{
    const char *want = scenarios[i].want;
    bool good = (rc == 0) == (scenarios[i].code == ERR_NONE) && e->code == scenarios[i].code;
    good = good && (want == NULL || strcmp(e->sqlstate, want) == 0 ||
                    strncmp(e->msg, want, strlen(want)) == 0);
    bool in_time = pq_now() == scenarios[i].ms;
    if (!good || !in_time || tx != scenarios[i].tx) {
        printf("# code %d, sqlstate \"%s\", tx %d, %lld ms: %s\n", (int)e->code, e->sqlstate,
               (int)tx, (long long)pq_now(), e->msg);
    }
    return good && in_time && tx == scenarios[i].tx;
}

/* What a scenario left, as words: only what is not as it was at the beginning. */
static const char *describe(char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    n += (size_t)(seen.tag[0] != '\0' ? snprintf(out + n, size - n, "tag=%s ", seen.tag) : 0);
    n += (size_t)(seen.sent ? snprintf(out + n, size - n, "sent ") : 0);
    n += (size_t)(seen.n != 0 ? snprintf(out + n, size - n, "n=%lld ", (long long)seen.n) : 0);
    n += (size_t)(seen.position > 0
                      ? snprintf(out + n, size - n, "position=%lld ", (long long)seen.position)
                      : 0);
    n += (size_t)(seen.failed != NOT_SET ? snprintf(out + n, size - n, "failed=%d ", seen.failed)
                                         : 0);
    n += (size_t)(pq_cancels() != 0 ? snprintf(out + n, size - n, "cancels=%d ", pq_cancels()) : 0);
    n += (size_t)(seen.text[0] != '\0' ? snprintf(out + n, size - n, "text=%s ", seen.text) : 0);
    n += (size_t)(pq_copied()[0] != '\0' ? snprintf(out + n, size - n, "copied=%s ", pq_copied())
                                         : 0);
    out[n > 0 ? n - 1 : 0] = '\0';
    return out;
}

static bool left_what_it_should(size_t i)
{
    char text[512];
    const char *want = scenarios[i].left;
    bool good = want == NULL || strcmp(describe(text, sizeof text), want) == 0;
    if (!good) {
        printf("# left: %s\n", text);
    }
    return good;
}

static void play(size_t i)
{
    char script[2048];
    struct pg *s = NULL;
    struct err e = {0};
    memset(&seen, 0, sizeof seen);
    seen.failed = NOT_SET;
    (void)snprintf(script, sizeof script, "%s%s",
                   strncmp(scenarios[i].script, "connect", 7) == 0 ? "" : OPEN,
                   scenarios[i].script);
    pq_script(script);
    int rc = open_session(&s, &e);
    seen.stop_at = scenarios[i].stop_at;
    rc = rc == 0 ? scenarios[i].act(s, &e) : rc;
    bool good = is_as_wanted(i, rc, &e, s == NULL ? PG_TX_UNKNOWN : pg_tx(s));
    good = left_what_it_should(i) && good;
    pg_close(s);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
}

int main(void)
{
    tap_plan(N);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    return tap_done();
}
