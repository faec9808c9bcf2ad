/* layer: run scripted */
/* A migration in segments, whole: a transaction, an index that is made concurrently, another transaction, an invariant, the gates and
 * the entry. The index misbehaves in each way; every question to the server goes wrong once, and the next run goes on from there: each
 * row stands once, the index is made once, and what is said is true. */
#include "evidence/stepped.h"
#include "run/segmented.h"
#include "scripted_entries.h"
#include "sql/script.h"

enum { ABSENT, INVALID, VALID, OTHER };

/* --- the server: rows one and two, which COMMIT makes stand, and index app.i */

enum mood {
    WILLING,
    REFUSES,   /* the index, and leaves half of it */
    HOLDS,     /* half of it cannot be dropped either */
    DIES,      /* the session, while it is made; half of it is left */
    GOES_ON,   /* the session dies, the backend makes it all the same */
    TAKEN,     /* somebody else's index stands there afterwards */
    IDLE,      /* it says that it made it */
    FINDS_ROWS /* the invariant */
};

static struct server {
    enum mood mood;
    int index, n_made, n_dropped;
    int rows[2], open[2];
    bool stood_before; /* invalid, before anything began */
} server;
static struct scene t;
static struct arena memory; /* of what was kept */
static struct {
    struct bytes hex;
    struct digest digest;
} texts[512]; /* the input texts that were written; of what was rolled back, too */
static int n_texts;

static void end_transaction(bool commits)
{
    for (int i = 0; i < 2; i++) {
        server.rows[i] += commits ? server.open[i] : 0;
        server.open[i] = 0;
    }
}

static const char *index_row(void)
{
    static char row[256];
    static const char *const shapes[] = {"NULL | f | f |  ", "7 | t | f | btree (a)",
                                         "7 | t | t | btree (a)", "8 | t | t | hash (b)"};
    (void)snprintf(row, sizeof row, "rows 5 | app | t | %s | f | NULL | NULL | NULL | NULL",
                   shapes[server.index]);
    return row;
}

static const char *make_index(const char *answer)
{
    if (strcmp(answer, "CREATE INDEX") != 0) {
        server.index = strncmp(answer, "error", 5) == 0 ? INVALID : server.index; /* swept */
        return answer;
    }
    switch (server.mood) {
    case REFUSES:
    case HOLDS:
        server.index = INVALID;
        return "error 23505";
    case DIES:
        server.index = INVALID;
        return "cut";
    case GOES_ON:
        server.index = VALID;
        server.n_made++;
        return "cut";
    case TAKEN:
        server.index = OTHER;
        return "error 42P07";
    case IDLE:
        return answer;
    case WILLING:
    case FINDS_ROWS:
        break;
    }
    server.index = VALID;
    server.n_made++;
    return answer;
}

/* {"\\xab...","\\x..."} */
static void take_texts(const char *array)
{
    for (const char *p = strstr(array, "\\x"); p != NULL; p = strstr(p, "\\x")) {
        char byte[3] = "";
        struct buf text = {0};
        p += 2;
        size_t n = strspn(p, "0123456789abcdef");
        for (size_t i = 0; i + 1 < n; i += 2) {
            byte[0] = p[i];
            byte[1] = p[i + 1];
            buf_putc(&text, (char)strtol(byte, NULL, 16));
        }
        if (n_texts < (int)(sizeof texts / sizeof *texts)) {
            texts[n_texts].hex = bytes_of(arena_strndup(&memory, p, n), n);
            texts[n_texts++].digest = digest_of(buf_bytes(&text));
        }
        buf_release(&text);
    }
}

static const char *find_text(const char *digest)
{
    static char row[65536];
    char text[DIGEST_TEXT];
    (void)snprintf(row, sizeof row, "rows");
    for (int i = 0; i < n_texts; i++) {
        if (strstr(digest, digest_text(&texts[i].digest, text) + strlen("sha256:")) != NULL) {
            (void)snprintf(row, sizeof row, "rows %s", texts[i].hex.p);
        }
    }
    return row;
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    bool lost = strncmp(answer, "cut", 3) == 0 || strncmp(answer, "fatal", 5) == 0;
    bool good = !lost && strncmp(answer, "error", 5) != 0;
    if (strcmp(text, "COMMIT") == 0) {
        end_transaction(strcmp(answer, "COMMIT") == 0 || (lost && ledger.kept));
    } else if (lost || strcmp(text, "ROLLBACK") == 0 || strcmp(text, "close") == 0) {
        end_transaction(false);
    } else if (strcmp(text, "INSERT one") == 0 || strcmp(text, "INSERT two") == 0) {
        server.open[text[7] == 't'] += good ? 1 : 0;
    } else if (strcmp(text, "@postgis_lone_index") == 0 && good) {
        return index_row();
    } else if (strncmp(text, "DROP INDEX", strlen("DROP INDEX")) == 0 && good) {
        if (server.mood == HOLDS) {
            return "error 55P03";
        }
        server.index = ABSENT;
        server.n_dropped++;
    } else if (strcmp(text, "@ledger_record_blobs") == 0 && good) {
        take_texts(params[1]);
    } else if (strcmp(text, "@ledger_record_head") == 0 && good) {
        return atoi(params[0]) == ledger.n_open ? "UPDATE 1" : "UPDATE 0";
    } else if (strcmp(text, "@ledger_read_blob") == 0 && good) {
        return find_text(params[0]);
    } else if (strcmp(text, "@ledger_find_run") == 0 && good) {
        return ledger_knows(params[0]);
    }
    if (strncmp(text, "CREATE INDEX", strlen("CREATE INDEX")) == 0) {
        answer = make_index(answer);
    }
    return ledger_hears(ctx, session, text, n, params, answer);
}

#define SERVER                                                                                     \
    "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"                        \
    "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"                              \
    "~ @ledger_lock_work_hold -> rows t\n~ @ledger_lock_work_let_go -> rows t\n"                   \
    "~ @ledger_find_run -> ask\n"                                                                  \
    "~ @postgis_begin -> BEGIN\n"                                                                  \
    "~ @postgis_observe_begin -> rows 700 | u u | t | NULL\n"                                      \
    "~ @postgis_observe_settle -> SET CONSTRAINTS\n"                                               \
    "~ @postgis_lone_index -> rows 1\n~ @postgis_lone_settings -> rows 0 | 0\n"                    \
    "~ SET work_mem = 1 -> SET\n~ INSERT one -> INSERT 0 1\n~ INSERT two -> INSERT 0 1\n"          \
    "~ CREATE INDEX CONCURRENTLY i ON app.t (a) -> CREATE INDEX\n"                                 \
    "~ DROP INDEX CONCURRENTLY IF EXISTS \"app\".\"i\" -> DROP INDEX\n"

/* --- the migration */

static struct statement statement_of(const char *text, const char *tag, int line)
{
    return (struct statement){.kind = STATEMENT_PLAIN,
                              .text = bytes_str(text),
                              .line = line,
                              .col = 1,
                              .tag = tag,
                              .why = "",
                              .hint = "",
                              .analysed = true};
}

static const char *lone_text = "CREATE INDEX CONCURRENTLY i ON app.t (a)";
static bool has_invariant, has_last; /* the second transaction */

static void declare(void)
{
    static const struct lone lone = {.kind = LONE_CREATE_INDEX,
                                     .schema = "app",
                                     .name = "i",
                                     .table_schema = "app",
                                     .table = "t",
                                     .shape = "btree (a)"};
    static struct statement v[4], query;
    static struct script invariant;
    static struct artifact file, rollback;
    static const char *allowed[] = {"app"};
    scene_declare(&t, lone_text);
    v[0] = statement_of("SET work_mem = 1", "SET", 1);
    v[1] = statement_of("INSERT one", "INSERT", 2);
    v[2] = statement_of(lone_text, "CREATE INDEX", 3);
    v[2].kind = STATEMENT_NO_TRANSACTION;
    v[2].lone = &lone;
    v[3] = statement_of("INSERT two", "INSERT", 4);
    t.script.forms = v;
    t.script.n = has_last ? 4 : 3;
    query = statement_of("SELECT bad", "SELECT", 1);
    invariant = (struct script){.path = "migrations/postgis/M-1/invariants/none_bad.sql",
                                .bytes = query.text,
                                .forms = &query,
                                .n = 1};
    file = (struct artifact){.path = invariant.path, .bytes = invariant.bytes};
    rollback = (struct artifact){.path = "rollback.sql", .bytes = bytes_str("DROP INDEX app.i;\n")};
    t.bundle.invariants = &invariant;
    t.decl.invariants = (struct artifacts){&file, 1, has_invariant ? 1 : 0};
    t.decl.rollback = (struct artifacts){&rollback, 1, 1};
    t.decl.scope.has_schemas = true;
    t.decl.scope.allowed_schemas = (struct names){allowed, 1, 1};
}

static void begin(enum mood mood)
{
    ledger_forget();
    ledger.kept = false;
    n_texts = 0;
    arena_release(&memory);
    server = (struct server){.mood = mood};
}

/* The ledger is read, and it is run. */
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

static void open_scene(int n, const char *answer)
{
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s~ SELECT bad -> rows%s\n%s", SERVER,
                   server.mood == FINDS_ROWS ? " 1" : "", JOURNALING);
    scene_open_failing(&t, script, n, answer, 0, NULL);
    pq_model(hear, NULL);
    declare();
}

/* One run, as far as question n is answered so; 0: none is. Returns how many were asked. */
static int go(int n, const char *answer)
{
    open_scene(n, answer);
    run_it();
    return pq_asked();
}

static bool all_stands(void)
{
    return server.rows[0] == 1 && server.rows[1] == (has_last ? 1 : 0) && server.index == VALID &&
           server.n_made == 1;
}

/* Is what was said true? NULL: it is. */
static const char *lie(void)
{
    const char *msg = t.o.failure.msg;
    bool applied = ledger_count("apply", "success") == 1;
    bool begun = server.rows[0] > 0 || server.index == VALID;
    if ((t.o.result == RUN_SUCCESS) != applied && t.o.result != RUN_IN_DOUBT) {
        return "it was said to be applied, or not to be";
    }
    if (applied && !all_stands()) {
        return "it is applied, and does not stand";
    }
    if (!applied && t.o.result != RUN_IN_DOUBT && msg[0] == '\0') {
        return "it failed without a word";
    }
    if (strstr(msg, "nothing was changed") != NULL && begun) {
        return "something was changed";
    }
    return server.rows[0] > 1 || server.rows[1] > 1 || server.n_made > 1 ? "something stands twice"
                                                                         : NULL;
}

static const char *second(void)
{
    bool applied = ledger_count("apply", "success") == 1;
    scene_close(&t);
    server.mood = WILLING;
    if (!applied) {
        (void)go(0, NULL);
        const char *why = lie();
        bool good = t.o.result == RUN_SUCCESS && all_stands();
        if (why != NULL || !good) {
            printf("# %s\n", t.o.failure.msg);
            scene_close(&t);
            return why != NULL ? why : "the next run did not bring it there";
        }
        scene_close(&t);
    }
    return ledger_count("intent", "success") + (has_last ? 2 : 1) ==
                   ledger_count("done", "success") + ledger_count("done", "failed")
               ? NULL
               : "an intent stayed open, or a done stands alone";
}

/* --- every question goes wrong once */

static void sweep(const char *answer, bool takes_effect, const char *name)
{
    int n_lies = 0;
    begin(WILLING);
    int last = go(0, NULL);
    scene_close(&t);
    for (int n = 3; n <= last; n++) {
        begin(WILLING);
        ledger.kept = takes_effect;
        (void)go(n, answer);
        char first[256];
        (void)snprintf(first, sizeof first, "%.255s", t.o.failure.msg);
        const char *why = lie();
        const char *later = second();
        if (why != NULL || later != NULL) {
            printf("# question %d of %d: %s: %s\n", n, last, why != NULL ? why : later, first);
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 60, name);
}

/* --- the index misbehaves */

#define SECOND "M-1: stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): "

/* clang-format off */
static const struct {
    const char *name;
    enum mood mood;
    int index; /* that stands there before; OTHER: somebody else's */
    enum run_result result;
    enum err_code code;
    const char *words;
    int left, dropped;
} moods[] = {
    {"nothing goes wrong", WILLING, ABSENT, RUN_SUCCESS, ERR_NONE, "", VALID, 0},
    {"it is refused, and half of it taken away", REFUSES, ABSENT, RUN_FAILED, ERR_APPLY, SECOND "the server refused the statement: unique_violation (23505)", ABSENT, 1},
    {"half of it cannot be taken away", HOLDS, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2; segment 2 (CREATE INDEX index app.i): ", INVALID, 0},
    {"the session dies, and half of it is taken away", DIES, ABSENT, RUN_FAILED, ERR_APPLY, SECOND, ABSENT, 1},
    {"the session dies, and the backend goes on", GOES_ON, ABSENT, RUN_SUCCESS, ERR_NONE, "", VALID, 0},
    {"it says that it made it", IDLE, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2", ABSENT, 0},
    {"somebody else's took its name", TAKEN, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2", OTHER, 0},
    {"one stands there", WILLING, VALID, RUN_FAILED, ERR_APPLY, SECOND "index app.i stands there already", VALID, 0},
    {"one of somebody else's stands there, invalid", WILLING, INVALID, RUN_FAILED, ERR_APPLY, SECOND "index app.i stands there invalid, and was not left by this migration", INVALID, 0},
    {"the invariant finds rows", FINDS_ROWS, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 2 of 3 segments; segment 3 (transaction statement 4): ", VALID, 0},
};
/* clang-format on */
enum { N_MOODS = sizeof moods / sizeof *moods };

static void play(size_t i)
{
    begin(moods[i].mood);
    server.index = moods[i].index;
    (void)go(0, NULL);
    const struct err *e = &t.o.failure;
    bool good = t.o.result == moods[i].result && e->code == moods[i].code &&
                strncmp(e->msg, moods[i].words, strlen(moods[i].words)) == 0 &&
                server.index == moods[i].left && server.n_dropped == moods[i].dropped &&
                lie() == (moods[i].index == VALID ? lie() : NULL);
    if (!good) {
        printf("# result %d, code %d, index %d, dropped %d, %s: %s\n", (int)t.o.result,
               (int)e->code, server.index, server.n_dropped, lie() != NULL ? lie() : "true",
               e->msg);
    }
    ok(good, moods[i].name);
    scene_close(&t);
}

static void with_limit(void)
{
    t.decl.limits.max_index_count_delta = 0;
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return server.rows[0] > 0 ? ERR_INTERRUPTED : ERR_NONE;
}

/* What only one scenario has, by what is set between declare() and the run: told apart by these. */
static void play_alone(void (*with)(void), bool is_stopped, const char *words, enum err_code code)
{
    begin(WILLING);
    open_scene(0, NULL);
    if (with != NULL) {
        with();
    }
    if (is_stopped) {
        t.ear.stops = stops;
    }
    run_it();
    bool good = t.o.failure.code == code && strstr(t.o.failure.msg, words) != NULL &&
                server.n_made == 0 && server.rows[0] == 1;
    if (!good) {
        printf("# %s\n", t.o.failure.msg);
    }
    ok(good, words);
    scene_close(&t);
}

static void without_transaction_behind(void)
{
    has_last = false;
    begin(WILLING);
    (void)go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && all_stands(),
       "the last segment runs alone: invariants are asked behind it");
    scene_close(&t);
    begin(FINDS_ROWS);
    (void)go(0, NULL);
    ok(t.o.result == RUN_FAILED &&
           strstr(t.o.failure.msg, "M-1: stands: 2 of 2 segments; gate \"invariant "
                                   "invariants/none_bad.sql\" failed: 1 rows returned") != NULL &&
           strstr(t.o.failure.hint, "what undoes it: rollback.sql") != NULL,
       "and where they find rows, that says what stands and what undoes it");
    ok(second() == NULL, "the next run asks again");
    sweep("cut", false, "each question cut, where the last segment runs alone");
    has_last = true;
}

int main(void)
{
    has_last = has_invariant = true;
    tap_plan(N_MOODS + 11);
    for (size_t i = 0; i < N_MOODS; i++) {
        play(i);
    }
    play_alone(with_limit, false,
               "stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): gate \"limit "
               "max_index_count_delta\" failed, it was not begun: declared 0, observed 1",
               ERR_APPLY);
    play_alone(NULL, true,
               "stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): stopped before it",
               ERR_INTERRUPTED);
    sweep("error 57014", false, "each question refused");
    sweep("cut", false, "each question cut");
    sweep("cut", true, "each question cut, and a COMMIT takes effect");
    sweep("fatal 57P01", false, "each question ends the session");
    without_transaction_behind();
    is_int(lone_cleans(LONE_CREATE_INDEX), true, "half an index is what is taken away");
    ledger_forget();
    arena_release(&memory);
    return tap_done();
}
