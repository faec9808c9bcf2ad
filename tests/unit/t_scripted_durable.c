/* layer: flow scripted */
/* Ends that wait for the disk: what is said of them and when, beside a statement that runs on, behind a crash; and readers that wait for
 * what they read. */
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty;

static const struct base *kfm(void)
{
    return cluster_find(&t.cluster, "kfm");
}

static void project_forget_state(void)
{
    char whole[256];
    (void)snprintf(whole, sizeof whole, "%s/state", project_path);
    (void)nftw(whole, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool stays_as(const char *words, const char *name, bool good)
{
    if (!good) {
        printf("# %s: rc %d, worst %d, %s; heard: %s; wanted: %s\n", name, t.rc, (int)t.r.worst,
               t.e.msg, t.heard.text, words);
    }
    return good;
}

/* --- a build of M-1 and M-2. words: of what was heard, in this order, joined by " ... " */

static const struct {
    const char *name, *lines, *words;
    enum err_code worst;
    int n_applied;
    bool crashes;
} builds_of[] = {
    /* clang-format off */
    {"both are told behind the barrier", "", "begin: M-1| ... begin: M-2|statement: INSERT|done: |done: |",
     ERR_NONE, 2, false},
    {"a statement that runs on holds nothing back", "~ INSERT INTO app.t VALUES (2)* -> wait=1400 INSERT 0 1\n",
     "begin: M-2|statement: INSERT|done: | ... done: |", ERR_NONE, 2, false},
    {" ...  but where no second session is to be had", "~ INSERT INTO app.t VALUES (2)* -> wait=1400 INSERT 0 1\nconnect -> ok\nconnect -> words no\nconnect -> words no\n",
     "begin: M-2|statement: INSERT|done: |done: |", ERR_NONE, 2, false},
    {"half a second has passed behind the second", "~ @ledger_record_begin -> wait=600 SET\n",
     "begin: M-1|statement: INSERT|begin: M-2|statement: INSERT|done: |done: |", ERR_NONE, 2, false},
    {"the barrier is refused, and taken on another session", "@ledger_durable_barrier -> error 53100\n",
     "statement: INSERT|done: |done: |", ERR_NONE, 2, false},
    {"the barrier is refused twice: nobody knows", "~ @ledger_durable_barrier -> error 53100\n",
     "failed: M-1: it was committed, and the connection was lost before it was on disk: the outcome is not known yet|run the same command again|"
     "failed: M-2: it was committed", ERR_DOUBT, 2, false},
    {"the row of the lease is gone", "~ @ledger_durable_barrier -> rows\n",
     "failed: M-1: it was committed, and the connection was lost", ERR_DOUBT, 2, false},
    {"the barrier's answer is lost", "@ledger_durable_barrier -> cut\n", "statement: INSERT|done: |done: |", ERR_NONE, 2, false},
    {"the server crashes before the barrier", "@ledger_durable_level -> cut\n",
     "failed: M-1: it was committed, and a crash of the server took it and its entry away before they were on disk: nothing of it is applied|run the same command again|"
     "failed: M-2: it was committed, and a crash of the server took it", ERR_APPLY, 0, true},
    {"the server crashes in the second", "~ INSERT INTO app.t VALUES (2)* -> cut\n",
     "begin: M-2|statement: INSERT|failed: M-1: it was committed, and a crash of the server took it ... failed: statement 1 (INSERT) failed", ERR_APPLY, 0, true},
    /* clang-format on */
};
enum { N_BUILDS = sizeof builds_of / sizeof *builds_of };

/* Successful entries of the two. */
static int applied(void)
{
    int n = 0;
    const struct base *b = kfm();
    const struct kept *k = b != NULL ? &b->keeper.is : &t.cluster.base[0].keeper.is;
    for (int i = 0; i < k->n; i++) {
        bool is_theirs =
            strstr(k->text[i], "\"M-1\"") != NULL || strstr(k->text[i], "\"M-2\"") != NULL;
        n += is_theirs && strstr(k->text[i], "\"result\":\"success\"") != NULL ? 1 : 0;
    }
    return n;
}

static void play_build(size_t i)
{
    const char *words = builds_of[i].words;
    project_forget_state();
    cluster_copy(&t.cluster, &empty);
    t.cluster.crashes = builds_of[i].crashes;
    run_of_play(&t, builds, builds_of[i].lines, 0, NULL, 0, NULL);
    bool good = pq_played() && t.r.worst == builds_of[i].worst &&
                applied() == builds_of[i].n_applied && has_in_order(t.heard.text, words);
    (void)stays_as(words, builds_of[i].name, good);
    t.cluster.crashes = false;
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    bool again = pq_played() && t.rc == 0 && t.r.worst == ERR_NONE && applied() == 2;
    ok(stays_as("all is done", "again", again) && good, builds_of[i].name);
}

/* --- readers. lines: what the server says of its WAL */

static const struct {
    const char *name, *lines, *words;
    enum err_code code;
    int64_t least, most; /* ms */
} reads[] = {
    /* clang-format off */
    {"it is on disk", "@ledger_durable_flushed(0/16B3) -> rows t\n", "", ERR_NONE, 0, 0},
    {"it comes to be on disk by itself", "3x @ledger_durable_flushed -> rows f\n@ledger_durable_flushed -> rows t\n", "", ERR_NONE, 60, 60},
    {"a commit helps it along", "36x @ledger_durable_flushed -> rows f\n@ledger_durable_flush -> rows local | t\n@ledger_durable_flushed -> rows t\n", "", ERR_NONE, 700, 700},
    {"... and may not", "36x @ledger_durable_flushed -> rows f\n@ledger_durable_flush -> error 42501\n2x @ledger_durable_flushed -> rows f\n@ledger_durable_flushed -> rows t\n", "", ERR_NONE, 740, 740},
    {"it never is", "~ @ledger_durable_flushed -> rows f\n~ @ledger_durable_flush -> rows local | t\n", "has not written to disk what its ledger says", ERR_PREFLIGHT, 30000, 30100},
    {"it cannot be asked", "@ledger_durable_flushed -> error 42501\n", "insufficient_privilege", ERR_PREFLIGHT, 0, 0},
    {"the connection is lost", "@ledger_durable_flushed -> cut\n", "was lost", ERR_PREFLIGHT, 0, 0},
    /* clang-format on */
};
enum { N_READS = sizeof reads / sizeof *reads };

static enum err_code stops_at_once(void *ctx)
{
    (void)ctx;
    return ERR_INTERRUPTED;
}

static struct pg *connected(const char *lines)
{
    static char script[1024];
    struct secret dsn = {0};
    struct pg_options o = {0};
    struct pg *s = NULL;
    struct err e = {0};
    (void)snprintf(script, sizeof script, "connect -> ok\n@pg_pin_query -> rows 1\n%s", lines);
    pq_script(script);
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    if (pg_open(&s, &dsn, &o, &e) != 0) {
        printf("# not connected: %s\n", e.msg);
    }
    secret_wipe(&dsn);
    return s;
}

static void play_read(size_t i)
{
    struct err e = {0};
    struct pg *s = connected(reads[i].lines);
    int64_t start = pq_now();
    int rc = ledger_await_flush(s, "0/16B3", NULL, &e);
    int64_t took = pq_now() - start;
    pg_close(s);
    bool good = pq_played() && (rc == 0) == (reads[i].code == ERR_NONE) &&
                e.code == reads[i].code && strstr(e.msg, reads[i].words) != NULL &&
                took >= reads[i].least && took <= reads[i].most;
    if (!good) {
        printf("# rc %d, code %d: %s; %lld ms\n", rc, (int)e.code, e.msg, (long long)took);
    }
    ok(good, reads[i].name);
}

static void play_stop(void)
{
    struct err e = {0};
    const struct ear ear = {NULL, NULL, stops_at_once};
    struct pg *s = connected("@ledger_durable_flushed -> rows f\n");
    int rc = ledger_await_flush(s, "0/16B3", &ear, &e);
    pg_close(s);
    ok(pq_played() && rc != 0 && e.code == ERR_INTERRUPTED, "a signal ends the waiting");
}

int main(void)
{
    verbs_project();
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    project_load(&t.l, false);
    tap_plan(N_BUILDS + N_READS + 1);
    for (size_t i = 0; i < N_BUILDS; i++) {
        play_build(i);
    }
    for (size_t i = 0; i < N_READS; i++) {
        play_read(i);
    }
    play_stop();
    cluster_release(&t.cluster);
    cluster_release(&empty);
    arena_release(&t.a);
    project_unload(&t.l);
    project_remove();
    return tap_done();
}
