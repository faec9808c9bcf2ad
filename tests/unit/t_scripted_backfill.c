/* layer: run scripted */
/* A backfill as a segment: twelve rows in batches of five. The key, the batches and verify misbehave in each way;
 * every question to the server goes wrong once, and the next run goes on from there: each row is written once, and what is said is
 * true. */
#include "run/segmented.h"
#include "script/backfill.h"
#include "scripted_entries.h"
#include "sql/script.h"

enum { ROWS = 12, BATCH = 5 };

/* --- the server: how often each row was written, and how far the ledger says that it is */

static struct cursor {
    int last, batches, rows;
    char digest[DIGEST_TEXT + 8], bound[32], kept[8192];
} done, open_done;
static struct server {
    int written[ROWS + 1], open[ROWS + 1];
    bool has_tables, makes_tables;
    int n_waits, n_lags, more_rows, n_wrong, least_batch, dropped_key;
    bool has_key, is_kept;
} server;
static struct scene t;

static void end_transaction(bool commits)
{
    for (int i = 1; i <= ROWS; i++) {
        server.written[i] += commits ? server.open[i] : 0;
        server.open[i] = 0;
    }
    server.has_tables |= commits && server.makes_tables;
    server.makes_tables = false;
    if (commits) {
        done = open_done;
    } else {
        open_done = done;
    }
}

/* The key that the n-th parameter is, else otherwise. */
static int key_at(int n_params, const char *const *params, int n, int otherwise)
{
    return n < n_params ? atoi(params[n]) : otherwise;
}

static const char *ask_key(const char *text, int n, const char *const *params)
{
    static char row[32];
    bool from = strstr(text, "\" > $1") != NULL || strstr(text, "\" >= $1") != NULL;
    int least = from ? key_at(n, params, 0, 1) + (strstr(text, " > $1") != NULL ? 1 : 0) : 1;
    int most = strstr(text, "<= $") != NULL ? key_at(n, params, from ? 1 : 0, ROWS) : ROWS;
    const char *offset = strstr(text, "OFFSET ");
    int at = strstr(text, "DESC") != NULL ? most : least + (offset != NULL ? atoi(offset + 7) : 0);
    if (strstr(text, "count(*)") != NULL) {
        (void)snprintf(row, sizeof row, "rows %d", most - least + 1);
        return row;
    }
    if (at < least || at > most || most > ROWS) {
        return "rows";
    }
    (void)snprintf(row, sizeof row, "rows %d", at);
    return row;
}

static const char *update(const char *text, const char *const *params)
{
    static char tag[32];
    int from = atoi(params[0]) + (strstr(text, ">=") != NULL ? 0 : 1);
    int n = 0;
    for (int i = from; i <= atoi(params[1]); i++, n++) {
        server.open[i]++;
    }
    server.least_batch = n < server.least_batch ? n : server.least_batch;
    (void)snprintf(tag, sizeof tag, "UPDATE %d", n + server.more_rows);
    return tag;
}

static const char *record(const char *const *params)
{
    open_done.batches = atoi(params[1]);
    (void)snprintf(open_done.bound, sizeof open_done.bound, "%.31s",
                   params[2] != NULL ? params[2] : "");
    open_done.last = atoi(params[3] + 2); /* {"5"} */
    open_done.rows += atoi(params[4]);
    (void)snprintf(open_done.digest, sizeof open_done.digest, "%s", params[5] + 2);
    (void)snprintf(open_done.kept, sizeof open_done.kept, "%s", params[6]);
    return server.is_kept ? "rows t | x | on" : "rows f | x | on";
}

static const char *read_row(void)
{
    static char row[16384];
    int bound = atoi(done.bound + 2);
    if (done.batches == 0) {
        return "rows";
    }
    (void)snprintf(row, sizeof row, "rows [\"%d\"] | [\"%d\"] | %d | %d | %s | %s", bound,
                   done.last, done.batches, done.rows, done.digest, done.kept);
    return row;
}

static const char *told(const char *text, int n, const char *const *params, const char *answer)
{
    static char state[32];
    if (strcmp(text, "@ledger_backfill_found") == 0) {
        return server.has_tables ? "rows t" : "rows f";
    }
    if (strcmp(text, "@ledger_backfill_create_batch") == 0) {
        server.makes_tables = true;
    } else if (strcmp(text, "@ledger_backfill_read_row") == 0) {
        return read_row();
    } else if (strcmp(text, "@ledger_backfill_record_row") == 0) {
        return record(params);
    } else if (strcmp(text, "@ledger_backfill_settle_row") == 0) {
        return done.batches >= atoi(params[1]) ? "rows t" : "rows f";
    } else if (strcmp(text, "@postgis_backfill_state") == 0) {
        bool holds = server.dropped_key == 0 || done.batches < server.dropped_key;
        (void)snprintf(state, sizeof state, "rows %s | %d", holds ? "t" : "f",
                       server.n_lags > 0 ? 20000 : 0);
        server.n_lags -= server.n_lags > 0 ? 1 : 0;
        return state;
    } else if (strcmp(text, "@postgis_backfill_waits") == 0) {
        server.n_waits -= server.n_waits > 0 ? 1 : 0;
        return server.n_waits > 0 ? "rows 1" : "rows 0";
    } else if (strcmp(text, "@postgis_backfill_key") == 0) {
        return server.has_key ? answer
                              : "rows 5 | app | t | r | f | 12 |  | int | NULL | NULL | NULL | "
                                "NULL | NULL | NULL | NULL | NULL";
    } else if (strncmp(text, "SELECT \"id\"", 11) == 0 ||
               strncmp(text, "SELECT pg_catalog.count(*)", 26) == 0) {
        return ask_key(text, n, params);
    } else if (strncmp(text, "UPDATE app.t", 12) == 0) {
        return update(text, params);
    } else if (strcmp(text, "SELECT wrong") == 0) {
        return server.n_wrong > 0 ? "rows 1 ; 2" : "rows";
    } else if (strcmp(text, "@ledger_record_head") == 0) {
        return atoi(params[0]) == ledger.n_open ? "UPDATE 1" : "UPDATE 0";
    }
    return answer;
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    static char blob[2 * 8192 + 8];
    bool lost = strncmp(answer, "cut", 3) == 0 || strncmp(answer, "fatal", 5) == 0;
    bool good = !lost && strncmp(answer, "error", 5) != 0;
    if (strcmp(text, "COMMIT") == 0) {
        end_transaction(strcmp(answer, "COMMIT") == 0 || (lost && ledger.kept));
    } else if (lost || strcmp(text, "ROLLBACK") == 0 || strcmp(text, "close") == 0) {
        end_transaction(false);
    } else if (strcmp(text, "@ledger_find_run") == 0 && good) {
        return ledger_knows(params[0]);
    } else if (strcmp(text, "@ledger_read_blob") == 0 && good) {
        struct buf hex = {0};
        for (const char *p = done.kept; *p != '\0'; p++) {
            buf_printf(&hex, "%02x", (unsigned)(unsigned char)*p);
        }
        (void)snprintf(blob, sizeof blob, "rows %s", buf_str(&hex));
        buf_release(&hex);
        return blob;
    } else if (good) {
        const char *said = told(text, n, params, answer);
        if (said != answer) {
            return said;
        }
    }
    return ledger_hears(ctx, session, text, n, params, answer);
}

#define SERVER                                                                                     \
    "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"                        \
    "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"                              \
    "~ @ledger_find_run -> ask\n~ @postgis_begin -> BEGIN\n"                                       \
    "~ @postgis_observe_begin -> rows 700 | u u | t | NULL\n"                                      \
    "~ @postgis_observe_settle -> SET CONSTRAINTS\n"                                               \
    "~ @postgis_backfill_key -> rows 5 | app | t | r | f | 12 |  | int | 9 | t | t | t | t | t | " \
    "t | t\n~ @postgis_backfill_state -> rows t | 0\n~ @postgis_backfill_waits -> rows 0\n"        \
    "~ @ledger_backfill_found -> rows f\n~ @ledger_backfill_create_* -> CREATE TABLE\n"            \
    "~ @ledger_backfill_private -> DO\n~ @ledger_backfill_read_row -> rows\n"                      \
    "~ @ledger_backfill_record_row -> rows t | x | on\n~ @ledger_backfill_settle_row -> rows f\n"  \
    "~ SELECT \"id\"* -> rows\n~ SELECT pg_catalog.count* -> rows 0\n~ SELECT wrong -> rows\n"     \
    "~ UPDATE app.t* -> UPDATE 0\n"

/* --- the migration */

static const char *mark;

static void declare(void)
{
    static const char *allowed[] = {"app"};
    struct err e = {0};
    struct script *s = ARENA_NEW(&t.a, struct script);
    const char *sql = arena_printf(
        &t.a, "-- kfmig:backfill %s\nUPDATE app.t SET n = n + 1 WHERE id > :from AND id <= :to",
        mark);
    scene_declare(&t, sql);
    if (script_parse(&t.a, t.script.path, bytes_str(sql), s, &e) != 0) {
        printf("# %s\n", e.msg);
    }
    backfill_declare(&t.a, s, script_parse);
    t.script = *s;
    t.decl.scope.has_schemas = true;
    t.decl.scope.allowed_schemas = (struct names){allowed, 1, 1};
}

static void begin(void)
{
    ledger_forget();
    ledger.kept = false;
    mark = "{table: app.t, key: [id], rows: 5, verify: SELECT wrong}";
    done = open_done = (struct cursor){.last = 0};
    server = (struct server){.has_key = true, .is_kept = true, .least_batch = ROWS};
}

static void run_it(void)
{
    struct entries past = {0};
    struct err e = {0};
    if (t.pg != NULL && ledger_found(&t, &past, &e) == 0) {
        run_segmented(&t.run, &past, &t.step, &t.o);
    } else {
        t.o = (struct outcome){.result = RUN_FAILED};
        (void)err_set(&t.o.failure, ERR_PREFLIGHT, "not begun: %s", e.msg);
    }
}

static int go(int n, const char *answer)
{
    scene_open_failing(&t, SERVER JOURNALING, n, answer, 0, NULL);
    pq_model(hear, NULL);
    declare();
    run_it();
    return pq_asked();
}

static int n_written(int times)
{
    int n = 0;
    for (int i = 1; i <= ROWS; i++) {
        n += server.written[i] == times ? 1 : 0;
    }
    return n;
}

/* Is what was said true? NULL: it is. */
static const char *lie(void)
{
    const char *msg = t.o.failure.msg;
    bool applied = ledger_count("apply", "success") == 1;
    if ((t.o.result == RUN_SUCCESS) != applied && t.o.result != RUN_IN_DOUBT) {
        return "it was said to be applied, or not to be";
    }
    if (applied && n_written(1) != ROWS) {
        return "it is applied, and does not stand";
    }
    if (strstr(msg, "nothing was changed") != NULL && n_written(0) != ROWS) {
        return "something was changed";
    }
    for (int i = 1; i <= ROWS; i++) {
        if (server.written[i] != (i <= done.last ? 1 : 0)) {
            return "a row is not as the cursor says";
        }
    }
    return NULL;
}

/* The scene before is closed. */
static const char *second(void)
{
    if (ledger_count("apply", "success") == 0) {
        (void)go(0, NULL);
        const char *why = lie();
        if (why != NULL || t.o.result != RUN_SUCCESS) {
            printf("# %s\n", t.o.failure.msg);
            scene_close(&t);
            return why != NULL ? why : "the next run did not bring it there";
        }
        scene_close(&t);
    }
    return ledger_count("intent", "success") ==
                   ledger_count("done", "success") + ledger_count("done", "failed")
               ? NULL
               : "an intent stayed open";
}

static void sweep(const char *answer, bool takes_effect, const char *name)
{
    int n_lies = 0;
    begin();
    int last = go(0, NULL);
    scene_close(&t);
    for (int n = 3; n <= last; n++) {
        begin();
        ledger.kept = takes_effect;
        (void)go(n, answer);
        char first[256];
        (void)snprintf(first, sizeof first, "%.255s", t.o.failure.msg);
        const char *why = lie();
        scene_close(&t);
        const char *later = second();
        if (why != NULL || later != NULL) {
            printf("# question %d of %d: %s: %s\n", n, last, why != NULL ? why : later, first);
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 80, name);
}

/* --- each way to go wrong */

static void no_key(void)
{
    server.has_key = false;
}
static void key_goes(void)
{
    server.dropped_key = 2;
}
static void more(void)
{
    server.more_rows = 1;
}
static void altered(void)
{
    server.is_kept = false;
}
static void wrong(void)
{
    server.n_wrong = 1;
}

#define FIRST "M-1: nothing was changed; segment 1 (backfill table app.t by (id)): "
#define OPEN                                                                                       \
    "M-1: stands: 0 of 1 segments, and perhaps a part of segment 1; segment 1 (backfill table "    \
    "app.t by (id)): "

static const struct {
    void (*with)(void);
    const char *words;
    int n_written;
    enum err_code code;
} ways[] = {
    {NULL, "", ROWS, ERR_NONE},
    {no_key,
     FIRST "table app.t by (id) will not do as the key of a backfill: no index has exactly these "
           "columns, in this order",
     0, ERR_APPLY},
    {key_goes, OPEN "behind 2 batches (10 rows): its key is not unique any more, or may be null",
     10, ERR_APPLY},
    {more,
     FIRST "behind 0 batches (0 rows): the statement changed 6 rows of table app.t, and its range "
           "has 5: it goes outside of it",
     0, ERR_APPLY},
    {altered, FIRST "behind 0 batches (0 rows): the ledger does not hold what was written to it", 0,
     ERR_INTEGRITY},
    {wrong, OPEN "behind 3 batches (12 rows): all batches are done, but its verify returns 2 rows",
     ROWS, ERR_APPLY},
};
enum { N_WAYS = sizeof ways / sizeof *ways };

static void play(size_t i)
{
    begin();
    if (ways[i].with != NULL) {
        ways[i].with();
    }
    (void)go(0, NULL);
    const struct err *e = &t.o.failure;
    bool good = e->code == ways[i].code && n_written(1) == ways[i].n_written &&
                strncmp(e->msg, ways[i].words, strlen(ways[i].words)) == 0 && lie() == NULL;
    if (!good) {
        printf("# code %d, %d rows, %s: %s\n", (int)e->code, n_written(1),
               lie() != NULL ? lie() : "true", e->msg);
    }
    ok(good, i == 0 ? "nothing goes wrong" : ways[i].words);
    scene_close(&t);
    struct server was = server;
    server = (struct server){.has_key = true, .is_kept = true, .least_batch = ROWS};
    server.has_tables = was.has_tables;
    memcpy(server.written, was.written, sizeof server.written);
    if (i > 0) {
        ok(second() == NULL, "and the next run brings it there");
    }
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return done.batches == 2 ? ERR_INTERRUPTED : ERR_NONE;
}

/* Between two batches, as whoever presses Ctrl-C wants it. */
static void test_stop(void)
{
    begin();
    scene_open_failing(&t, SERVER JOURNALING, 0, NULL, 0, NULL);
    pq_model(hear, NULL);
    declare();
    t.ear.stops = stops;
    run_it();
    ok(t.o.failure.code == ERR_INTERRUPTED && t.o.result == RUN_INTERRUPTED && n_written(1) == 10 &&
           strstr(t.o.failure.msg, "behind 2 batches (10 rows): stopped behind batch 2") != NULL,
       "it ends behind a batch");
    scene_close(&t);
    ok(second() == NULL, "and the next run goes on there");
}

static void test_speed(void)
{
    begin();
    server.n_waits = 2;
    (void)go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && done.batches == 4 && server.least_batch == 1,
       "where somebody waited for a batch the next one is half as large");
    scene_close(&t);
    begin();
    mark = "{table: app.t, key: [id], rows: 5, pause: 1s, bound: end}";
    server.n_lags = 3;
    int64_t start = pq_now();
    (void)go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && done.batches == 3 && pq_now() - start >= 3 * 500 + 3 * 1000,
       "it waits for replicas that lag, and between batches");
    scene_close(&t);
    begin();
    mark = "{table: app.t, key: [id], rows: 5, bound: ['7']}";
    (void)go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && n_written(1) == 7 && done.batches == 2,
       "it goes to the key that is given");
    scene_close(&t);
}

int main(void)
{
    tap_plan(N_WAYS + N_WAYS - 1 + 2 + 3 + 4);
    for (size_t i = 0; i < N_WAYS; i++) {
        play(i);
    }
    test_stop();
    test_speed();
    sweep("error 57014", false, "each question refused");
    sweep("cut", false, "each question cut");
    sweep("cut", true, "each question cut, and a COMMIT takes effect");
    sweep("fatal 57P01", false, "each question ends the session");
    ledger_forget();
    script_shutdown();
    return tap_done();
}
