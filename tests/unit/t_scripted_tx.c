/* layer: pg scripted */
/* How long the ends of a transaction may take, and what is known when nobody answers: minutes that pass at once. */
#include "pg/tx.h"
#include "scripted_pq.h"
#include "tap.h"

#define OPEN                                                                                       \
    "connect       -> ok pid=7\n"                                                                  \
    "@pg_pin_query -> rows 1\n"                                                                    \
    "BEGIN         -> BEGIN\n"

enum { HOUR_MS = 3600000 };

static struct err e;
static int64_t waited;
static int n_waits;

static bool stop_at_once(void *ctx)
{
    (void)ctx;
    return ++n_waits == 1;
}

static const struct pg_wait patient = {0};
static const struct pg_wait brief = {.timeout_ms = 12000};
static const struct pg_wait stopped = {.on_wait = stop_at_once};

static struct pg *begin(void)
{
    struct secret dsn = {0};
    struct pg *s = NULL;
    char tag[64];
    const struct pg_options none = {0};
    e = (struct err){0};
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    int rc = pg_open(&s, &dsn, &none, &e);
    secret_wipe(&dsn);
    return rc == 0 && pg_command(s, "BEGIN", tag, NULL, &e) == 0 ? s : NULL;
}

static const struct {
    const char *name, *script;
    const struct pg_wait *wait;
    enum ending end;
    int64_t least, most; /* ms that it took */
    enum err_code code;
    const char *sqlstate;
} commits[] = {
    {"a COMMIT without a limit may take an hour", "COMMIT -> wait=3600000 COMMIT\n", &patient,
     TX_ENDED, HOUR_MS, HOUR_MS + 1000, ERR_NONE, ""},
    {"one that has a limit is cancelled behind it", "COMMIT -> silence\n", &brief, TX_UNDONE, 12000,
     13000, ERR_PREFLIGHT, "57014"},
    {"and given up where nobody answers: it is unknown", "COMMIT -> deaf\n", &brief, TX_UNKNOWN,
     14000, 15000, ERR_PREFLIGHT, "08006"},
    {"the session's own limit is a minute", "COMMIT -> deaf\n", NULL, TX_UNKNOWN, 62000, 63000,
     ERR_PREFLIGHT, "08006"},
    {"a signal cancels it", "COMMIT -> silence\n", &stopped, TX_UNDONE, 0, 1000, ERR_INTERRUPTED,
     "57014"},
    {"a lost answer is unknown", "COMMIT -> cut\n", &patient, TX_UNKNOWN, 0, 1000, ERR_PREFLIGHT,
     "08006"},
    {"a refusal is undone", "COMMIT -> error 23503 table=t constraint=t_fkey\n", &patient,
     TX_UNDONE, 0, 1000, ERR_APPLY, "23503"},
    {"and so is the tag ROLLBACK", "COMMIT -> ROLLBACK\n", &patient, TX_UNDONE, 0, 1000, ERR_APPLY,
     ""},
};

enum { N_COMMITS = sizeof commits / sizeof *commits, PER_COMMIT = 5, PATIENCE = 6, ROLLING = 2 };

static void test_commit(int i)
{
    char script[512];
    n_waits = 0;
    (void)snprintf(script, sizeof script, OPEN "%s", commits[i].script);
    pq_script(script);
    struct pg *s = begin();
    int64_t from = pq_now();
    e = (struct err){0};
    is_int(s == NULL ? -1 : (int)tx_commit(s, commits[i].wait, &e), commits[i].end,
           commits[i].name);
    waited = pq_now() - from;
    if (!ok(waited >= commits[i].least && waited <= commits[i].most, "in its time")) {
        printf("# %lld ms\n", (long long)waited);
    }
    is_int(e.code, commits[i].code, "with its code");
    is_str(e.sqlstate, commits[i].sqlstate, "its SQLSTATE");
    pg_close(s);
    ok(pq_played(), "and nothing else is asked");
}

static void test_patience(void)
{
    static const struct pg_sql slow = {"slow", "SELECT 1"};
    pq_script(OPEN "@slow -> wait=3600000 rows 1\n"
                   "@slow -> deaf\n");
    struct pg *s = begin();
    is_int(s == NULL ? -1 : pg_patience(s, 0), 60000, "a session waits for a minute");
    is_int(s == NULL ? -1 : pg_query(s, &slow, NULL, 0, NULL, &e), 0,
           "and for an hour where there is no limit");
    is_int(s == NULL ? -1 : pg_patience(s, 60000), 0, "until it is set again");
    int64_t from = pq_now();
    is_int(s == NULL ? 0 : pg_query(s, &slow, NULL, 0, NULL, &e), -1,
           "a deaf server then fails it");
    ok(pq_now() - from >= 62000 && pq_now() - from < 63000, "after that minute");
    pg_close(s);
    ok(pq_played(), "and no longer");
}

static void test_rolling_back(void)
{
    pq_script(OPEN "ROLLBACK -> deaf\n");
    struct pg *s = begin();
    tx_roll_back(s);
    ok(s != NULL && !pg_is_alive(s), "a ROLLBACK that nobody answers ends the session");
    tx_roll_back(s);
    pg_close(s);
    ok(pq_played(), "and is sent once");
}

int main(void)
{
    tap_plan(N_COMMITS * PER_COMMIT + PATIENCE + ROLLING);
    for (int i = 0; i < N_COMMITS; i++) {
        test_commit(i);
    }
    test_patience();
    test_rolling_back();
    return tap_done();
}
