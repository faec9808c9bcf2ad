/* A migration in segments on a scripted server that keeps what is done: a transaction, an index that is made concurrently, another
 * transaction, an invariant. The index misbehaves in each way. Its ledger holds entries, receipts and texts. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_SEGMENTS_H
#define KFMIG_TESTS_UNIT_SCRIPTED_SEGMENTS_H

#include "evidence/stepped.h"
#include "run/segmented.h"
#include "scripted_entries.h"
#include "scripted_texts.h"
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
static struct {
    int64_t sequence;
    char run_id[37];
    char *body;
} receipts[64]; /* the one of a place in the ledger that was written last */
static int n_receipts;

static inline void segments_end(bool commits)
{
    for (int i = 0; i < 2; i++) {
        server.rows[i] += commits ? server.open[i] : 0;
        server.open[i] = 0;
    }
}

static inline const char *segments_index(void)
{
    static char row[256];
    static const char *const shapes[] = {"NULL | f | f |  ", "7 | t | f | btree (a)",
                                         "7 | t | t | btree (a)", "8 | t | t | hash (b)"};
    (void)snprintf(row, sizeof row, "rows 5 | app | t | %s | f | NULL | NULL | NULL | NULL",
                   shapes[server.index]);
    return row;
}

static inline const char *segments_make(const char *answer)
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

static inline void segments_take_receipt(const char *const *params)
{
    int64_t sequence = strtoll(params[0], NULL, 10);
    int i = 0;
    while (i < n_receipts && receipts[i].sequence != sequence) {
        i++;
    }
    if (i == (int)(sizeof receipts / sizeof *receipts)) {
        abort();
    }
    n_receipts += i == n_receipts;
    receipts[i].sequence = sequence;
    (void)snprintf(receipts[i].run_id, sizeof receipts[i].run_id, "%s", params[1]);
    receipts[i].body = arena_strdup(&memory, params[3]);
}

/* As read_receipts.sql: those behind a sequence, of one run. */
static inline const char *segments_find_receipts(const char *const *params)
{
    static char rows[65536];
    size_t n = (size_t)snprintf(rows, sizeof rows, "rows");
    for (int i = 0; i < n_receipts; i++) {
        if (receipts[i].sequence > strtoll(params[0], NULL, 10) &&
            strcmp(receipts[i].run_id, params[1]) == 0) {
            n += (size_t)snprintf(rows + n, sizeof rows - n, "%s %lld | %s | %s",
                                  n > strlen("rows") ? " ;" : "", (long long)receipts[i].sequence,
                                  receipts[i].run_id, receipts[i].body);
        }
    }
    return rows;
}

static inline const char *segments_hear(void *ctx, int session, const char *text, int n,
                                        const char *const *params, const char *answer)
{
    bool lost = strncmp(answer, "cut", 3) == 0 || strncmp(answer, "fatal", 5) == 0;
    bool good = !lost && strncmp(answer, "error", 5) != 0;
    if (strcmp(text, "COMMIT") == 0) {
        segments_end(strcmp(answer, "COMMIT") == 0 || (lost && ledger.kept));
    } else if (lost || strcmp(text, "ROLLBACK") == 0 || strcmp(text, "close") == 0) {
        segments_end(false);
    } else if (strcmp(text, "INSERT one") == 0 || strcmp(text, "INSERT two") == 0) {
        server.open[text[7] == 't'] += good ? 1 : 0;
    } else if (strcmp(text, "@postgis_lone_index") == 0 && good) {
        return segments_index();
    } else if (strncmp(text, "DROP INDEX", strlen("DROP INDEX")) == 0 && good) {
        if (server.mood == HOLDS) {
            return "error 55P03";
        }
        server.index = ABSENT;
        server.n_dropped++;
    } else if (strcmp(text, "@ledger_record_blobs") == 0 && good) {
        take_texts(params[1]);
    } else if (strcmp(text, "@ledger_record_receipt") == 0 && good) {
        segments_take_receipt(params);
    } else if (strcmp(text, "@ledger_read_receipts") == 0 && strcmp(answer, "receipts") == 0) {
        return segments_find_receipts(params);
    } else if (strcmp(text, "@ledger_record_head") == 0 && good) {
        return atoi(params[0]) == ledger.n_open ? "UPDATE 1" : "UPDATE 0";
    } else if (strcmp(text, "@ledger_read_blob") == 0 && good) {
        return find_text(params[0]);
    } else if (strcmp(text, "@ledger_find_run") == 0 && good) {
        return ledger_knows(params[0]);
    }
    if (strncmp(text, "CREATE INDEX", strlen("CREATE INDEX")) == 0) {
        answer = segments_make(answer);
    }
    return ledger_hears(ctx, session, text, n, params, answer);
}

#define SERVER                                                                                     \
    "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"                        \
    "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"                              \
    "~ @ledger_lock_work_hold -> rows t\n~ @ledger_lock_work_let_go -> rows t\n"                   \
    "~ @ledger_find_run -> ask\n~ @ledger_read_receipts -> receipts\n"                             \
    "~ @postgis_begin -> BEGIN\n"                                                                  \
    "~ @postgis_observe_begin -> rows 700 | u u | t | NULL\n"                                      \
    "~ @postgis_observe_settle -> SET CONSTRAINTS\n"                                               \
    "~ @postgis_lone_index -> rows 1\n~ @postgis_lone_settings -> rows 0 | 0\n"                    \
    "~ SET work_mem = 1 -> SET\n~ INSERT one -> INSERT 0 1\n~ INSERT two -> INSERT 0 1\n"          \
    "~ CREATE INDEX CONCURRENTLY i ON app.t (a) -> CREATE INDEX\n"                                 \
    "~ DROP INDEX CONCURRENTLY IF EXISTS \"app\".\"i\" -> DROP INDEX\n"

/* --- the migration */

static inline struct statement segments_statement(const char *text, const char *tag, int line)
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
static bool has_invariant, has_last;  /* the second transaction */
static const char *server_lines = ""; /* before those that are usual */

static inline void segments_declare(void)
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
    v[0] = segments_statement("SET work_mem = 1", "SET", 1);
    v[1] = segments_statement("INSERT one", "INSERT", 2);
    v[2] = segments_statement(lone_text, "CREATE INDEX", 3);
    v[2].kind = STATEMENT_NO_TRANSACTION;
    v[2].lone = &lone;
    v[3] = segments_statement("INSERT two", "INSERT", 4);
    t.script.forms = v;
    t.script.n = has_last ? 4 : 3;
    query = segments_statement("SELECT bad", "SELECT", 1);
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

static inline void segments_begin(enum mood mood)
{
    ledger_forget();
    ledger.kept = false;
    n_receipts = 0;
    texts_forget();
    server = (struct server){.mood = mood};
}

/* The ledger is read, and it is run. */
static inline void segments_run(void)
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

static inline void segments_open(int n, const char *answer)
{
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s%s~ SELECT bad -> rows%s\n%s", server_lines, SERVER,
                   server.mood == FINDS_ROWS ? " 1" : "", JOURNALING);
    scene_open_failing(&t, script, n, answer, 0, NULL);
    pq_model(segments_hear, NULL);
    segments_declare();
}

/* One run, as far as question n is answered so; 0: none is. Returns how many were asked. */
static inline int segments_go(int n, const char *answer)
{
    segments_open(n, answer);
    segments_run();
    return pq_asked();
}

static inline bool segments_stand(void)
{
    return server.rows[0] == 1 && server.rows[1] == (has_last ? 1 : 0) && server.index == VALID &&
           server.n_made == 1;
}

/* Is what was said true? NULL: it is. */
static inline const char *segments_lie(void)
{
    const char *msg = t.o.failure.msg;
    bool applied = ledger_count("apply", "success") == 1;
    bool begun = server.rows[0] > 0 || server.index == VALID;
    if ((t.o.result == RUN_SUCCESS) != applied && t.o.result != RUN_IN_DOUBT) {
        return "it was said to be applied, or not to be";
    }
    if (applied && !segments_stand()) {
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

static inline const char *segments_second(void)
{
    bool applied = ledger_count("apply", "success") == 1;
    scene_close(&t);
    server.mood = WILLING;
    if (!applied) {
        (void)segments_go(0, NULL);
        const char *why = segments_lie();
        bool good = t.o.result == RUN_SUCCESS && segments_stand();
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

#endif
