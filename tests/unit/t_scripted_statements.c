/* layer: run scripted */
/* The statements of a migration as they are sent and blamed: the place of what failed, rows that are sent with COPY, rows that are counted
 * before they go, what is not sent, invariants that cannot be asked, and each way of being stopped. */
#include "run/statements.h"
#include "said.h"
#include "scripted_run.h"

static struct scene t;

/* --- what the migration is */

#define FORWARD "-- the first line\nINSERT INTO t\nVALUES (1)"

static void two_lines(void)
{
    t.script.bytes = bytes_str(FORWARD);
    t.statement.text = bytes_str(&FORWARD[18]);
    t.statement.offset = 18;
    t.statement.line = 2;
}

static void not_analysed(void)
{
    t.statement.tag = "";
    t.statement.analysed = false;
}

/* Its triggers may do anything. */
static void writing(void)
{
    static struct touch v[2];
    v[0] = (struct touch){.object = {OBJ_TABLE, "app", "s", NULL}, .effect = EFFECT_READ};
    v[1] = (struct touch){.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_WRITE};
    t.statement.touches = (struct touches){v, 2, 2};
}

static void opaque(void)
{
    t.statement.opaque = true;
}

/* "COPY t FROM STDIN" in line 1, its rows from line 2 on. */
static void copying(void)
{
    static const char text[] = "COPY t FROM STDIN;\n1\n2\n\\.\n";
    t.script.bytes = bytes_str(text);
    t.statement.text = bytes_of(text, strlen("COPY t FROM STDIN"));
    t.statement.data = bytes_of(text + 19, 4);
    t.statement.data_line = 2;
    t.statement.tag = "COPY";
}

static void truncating(void)
{
    static struct touch touch;
    touch = (struct touch){.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_TRUNCATE};
    t.statement.touches = (struct touches){&touch, 1, 1};
    t.statement.counts_rows_before = true;
    t.statement.tag = "TRUNCATE";
}

static void in_a_block(void)
{
    static struct statement v[3];
    v[0] = (struct statement){.kind = STATEMENT_BEGIN, .text = bytes_str("BEGIN"), .tag = "BEGIN"};
    v[1] = t.statement;
    v[2] = (struct statement){.kind = STATEMENT_COMMIT, .text = bytes_str("END"), .tag = "COMMIT"};
    t.script.forms = v;
    t.script.n = 3;
}

/* Two that may share a flight, in two lines; what is asked behind them comes along. */
static void quiet(void)
{
    static const char text[] = "CREATE TABLE t ();\nCOMMENT ON TABLE t IS 'x'";
    static struct statement v[2];
    v[0] = t.statement;
    v[0].text = bytes_of(text, 17);
    v[0].tag = "CREATE TABLE";
    v[0].quiet = QUIET_MAKES_TABLE;
    v[1] = t.statement;
    v[1].text = bytes_str(text + 19);
    v[1].offset = 19;
    v[1].line = 2;
    v[1].tag = "COMMENT";
    v[1].quiet = QUIET_YES;
    t.script.bytes = bytes_str(text);
    t.script.forms = v;
    t.script.n = 2;
}

/* More than one flight takes. */
static void quiet_and_many(void)
{
    static struct statement v[66];
    quiet();
    for (int i = 0; i < 66; i++) {
        v[i] = t.script.forms[1];
    }
    t.script.forms = v;
    t.script.n = 66;
}

/* One of them, and one that is not. */
static void quiet_and_not(void)
{
    quiet();
    t.script.forms[1].quiet = QUIET_NOT;
}

/* Two queries in one file, and a comment's worth of what is none. */
static void with_invariants(void)
{
    static const char text[] = "SELECT 1 FROM bad;\nSELECT 2 FROM worse";
    static struct statement v[3];
    static struct script s;
    static struct artifact file;
    for (int i = 0; i < 3; i++) {
        v[i] = (struct statement){.text = bytes_of(text, 17), .line = 1, .col = 1, .tag = "SELECT"};
    }
    v[1].kind = STATEMENT_REFUSED;
    v[2].text = bytes_str(text + 19);
    v[2].offset = 19;
    v[2].line = 2;
    s = (struct script){.path = "migrations/postgis/M-1/invariants/none_bad.sql",
                        .bytes = bytes_str(text),
                        .forms = v,
                        .n = 3};
    file = (struct artifact){.path = s.path, .bytes = s.bytes};
    t.decl.invariants = (struct artifacts){&file, 1, 1};
    t.bundle.invariants = &s;
}

static enum err_code terminates(void *ctx)
{
    const struct scene *s = ctx;
    return s->n_waits >= s->stop_at ? ERR_TERMINATED : ERR_NONE;
}

static void invariants_terminated(void)
{
    with_invariants();
    t.ear.stops = terminates;
}

static void terminated(void)
{
    t.ear.stops = terminates;
}

static void terminated_quietly(void)
{
    quiet();
    terminated();
}

/* --- the scenarios */

#define FAILED(error) BEGUN "INSERT INTO t* -> error " error "\n" ROLLED_BACK
#define FAILURE STILL_LOCKED FAILURE_RECORDED
#define COMMITTED RECORDED("success") "COMMIT -> COMMIT\n"
#define MADE "CREATE TABLE t () -> CREATE TABLE\n"
#define NOTED "COMMENT ON TABLE t IS 'x' -> COMMENT\n"
#define HELD(modes, code)                                                                          \
    "@postgis_glance_held -> rows {} | 2 | {1259} | {" modes "} | 0 | 3 | 0 | 700 | u u | t | "    \
    "2026-01-02T03:04:05.000006Z | " code " | f\n"
#define COUNTED "@postgis_observe_counters -> rows 1259 | pg_class | 1 | 0 | 0\n"
#define QUIETLY_GUARDED                                                                            \
    "@ledger_record_begin -> SET\n@ledger_record_guard_quiet -> rows t | t | t | t | t | \n"
#define COPY BEGUN "COPY t FROM STDIN -> copy\n"
#define ASKED "SELECT 1 FROM bad -> rows\n"
#define PLACE "migrations/postgis/M-1/forward.sql"
#define QUERY "migrations/postgis/M-1/invariants/none_bad.sql"
#define ROLLED "everything was rolled back"
#define GATE "M-1: gate \"invariant invariants/none_bad.sql\" failed, " ROLLED ": "

/* clang-format off */
static const struct {
    const char *name, *script;
    void (*declare)(void);
    int stop_at;
    enum run_result result;
    enum err_code code;
    const char *words; /* of the failure, all of them */
    const char *path;  /* of its place; "": it has none */
    int line, col, statement;
    const char *gate;  /* text of the last finding; NULL: there is none */
    const char *copied;
} scenarios[] = {
    {"the server gives no position", FAILED("23505 table=t constraint=t_pkey") FAILURE, two_lines, 0, RUN_FAILED, ERR_APPLY,
     "statement 1 (INSERT) failed, " ROLLED ": unique_violation (23505) on table t, constraint t_pkey", PLACE, 2, 1, 1, NULL, ""},
    {"the server gives a position in the second line", FAILED("42703 position=15") FAILURE, two_lines, 0, RUN_FAILED, ERR_APPLY, "statement 1 (INSERT) failed, " ROLLED ": undefined_column (42703)", PLACE, 3, 1, 1, NULL, ""},
    {"the server's position is behind the statement", FAILED("42703 position=900") FAILURE, two_lines, 0, RUN_FAILED, ERR_APPLY, "statement 1 (INSERT) failed, " ROLLED ": undefined_column (42703)", PLACE, 2, 1, 1, NULL, ""},
    {"a statement that was not analysed", FAILED("42601") FAILURE, not_analysed, 0, RUN_FAILED, ERR_APPLY, "statement 1 (not analysed) failed, " ROLLED ": syntax_error (42601)", PLACE, 1, 1, 1, NULL, ""},
    {"a statement whose words nobody can read all of", BEGUN STATEMENT SETTLED COMMITTED, opaque, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"a statement that writes rows", BEGUN STATEMENT SETTLED COMMITTED, writing, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"told to end in a statement", BEGUN "INSERT INTO t VALUES (1) -> silence\n" ROLLED_BACK INTERRUPTION, terminated, 3, RUN_INTERRUPTED, ERR_INTERRUPTED, "told to end (SIGTERM) in statement 1 (INSERT), " ROLLED, PLACE, 1, 1, 1, NULL, ""},
    {"BEGIN and COMMIT of the file are not sent", BEGUN STATEMENT SETTLED COMMITTED, in_a_block, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},

    {"quiet statements and a glance share a flight", BEGUN MADE NOTED HELD("RowExclusiveLock", "f") COUNTED QUIETLY_GUARDED WRITTEN("success") "COMMIT -> COMMIT\n", quiet, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"a glance meets an event trigger", BEGUN MADE NOTED HELD("RowExclusiveLock", "t") SETTLED COMMITTED, quiet, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"a glance meets a lock that nobody expects", BEGUN MADE NOTED HELD("AccessExclusiveLock", "f") COUNTED SETTLED COMMITTED, quiet, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"the first of a flight is refused", BEGUN "CREATE TABLE t () -> error 42P07 position=14\n" ROLLED_BACK FAILURE, quiet, 0, RUN_FAILED, ERR_APPLY, "statement 1 (CREATE TABLE) failed, " ROLLED ": duplicate_table (42P07)", PLACE, 1, 14, 1, NULL, ""},
    {"the second of a flight is refused", BEGUN MADE "COMMENT ON TABLE t IS 'x' -> error 42501 position=1\n" ROLLED_BACK FAILURE, quiet, 0, RUN_FAILED, ERR_APPLY, "statement 2 (COMMENT) failed, " ROLLED ": insufficient_privilege (42501)", PLACE, 2, 1, 2, NULL, ""},
    {"a glance is refused", BEGUN MADE NOTED "@postgis_glance_held -> error 53200\n" ROLLED_BACK FAILURE, quiet, 0, RUN_FAILED, ERR_PREFLIGHT, "the server refused kfmig's query \"postgis_glance_held\": out_of_memory (53200)", "", 0, 0, 0, NULL, ""},
    {"told to end in the second of a flight", BEGUN MADE "COMMENT ON TABLE t IS 'x' -> silence\n" ROLLED_BACK INTERRUPTION, terminated_quietly, 3, RUN_INTERRUPTED, ERR_INTERRUPTED, "told to end (SIGTERM) in statement 2 (COMMENT), " ROLLED, PLACE, 2, 1, 2, NULL, ""},
    {"quiet statements that are more than a flight takes", BEGUN "66x " NOTED HELD("RowExclusiveLock", "t") SETTLED COMMITTED, quiet_and_many, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"one that is not quiet flies alone", BEGUN MADE NOTED SETTLED COMMITTED, quiet_and_not, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},

    {"rows are sent", COPY "copy end -> COPY 2\n" SETTLED COMMITTED, copying, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", "1\n2\n"},
    {"COPY is refused", BEGUN "COPY t FROM STDIN -> error 42P01\n" ROLLED_BACK FAILURE, copying, 0, RUN_FAILED, ERR_APPLY, "statement 1 (COPY) failed, " ROLLED ": undefined_table (42P01)", PLACE, 1, 1, 1, NULL, ""},
    {"a row is refused, and the server says which and where", COPY "copy end -> error 22P02 context=COPY t, line 2, column n: \"x\"\n" ROLLED_BACK FAILURE, copying, 0, RUN_FAILED, ERR_APPLY,
     "statement 1 (COPY) failed, " ROLLED ": invalid_text_representation (22P02), column n", PLACE, 3, 1, 1, NULL, "1\n2\n"},
    {"a row is refused, and the server says which", COPY "copy end -> error 23505 context=COPY t, line 1\n" ROLLED_BACK FAILURE, copying, 0, RUN_FAILED, ERR_APPLY, "statement 1 (COPY) failed, " ROLLED ": unique_violation (23505)", PLACE, 2, 1, 1, NULL, "1\n2\n"},
    {"rows are refused, and the server does not say which", COPY "copy end -> error 53100\n" ROLLED_BACK FAILURE, copying, 0, RUN_FAILED, ERR_APPLY, "statement 1 (COPY) failed, " ROLLED ": disk_full (53100)", PLACE, 1, 1, 1, NULL, "1\n2\n"},
    {"the connection is cut at the end of the rows", COPY "copy end -> cut\n" RECONNECTED FAILURE_RECORDED, copying, 0, RUN_FAILED, ERR_APPLY, "statement 1 (COPY) failed, " ROLLED ": connection_failure (08006)", PLACE, 1, 1, 1, NULL, "1\n2\n"},

    {"what TRUNCATE takes is counted before", BEGUN "@postgis_before_tables -> rows\n" STATEMENT SETTLED COMMITTED, truncating, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"what TRUNCATE takes cannot be counted", BEGUN "@postgis_before_tables -> error 55P03 table=t\n" ROLLED_BACK BEGUN "@postgis_before_tables -> rows\n" STATEMENT SETTLED COMMITTED, truncating, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"what TRUNCATE takes may not be counted", BEGUN "@postgis_before_tables -> error 42501\n" ROLLED_BACK FAILURE, truncating, 0, RUN_FAILED, ERR_APPLY, "statement 1 (TRUNCATE) failed, " ROLLED ": insufficient_privilege (42501)", PLACE, 1, 1, 1, NULL, ""},

    {"stopped while deferred constraints are checked", BEGUN STATEMENT "@postgis_observe_settle -> silence\n" ROLLED_BACK INTERRUPTION, terminated, 3, RUN_INTERRUPTED, ERR_INTERRUPTED, "M-1: told to end (SIGTERM) while deferred constraints were checked, " ROLLED, "", 0, 0, 0, NULL, ""},
    {"both queries of an invariant hold", BEGUN STATEMENT SETTLED ASKED "SELECT 2 FROM worse -> rows\n" SETTLED COMMITTED, with_invariants, 0, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 0, "", ""},
    {"an invariant's query is refused, and the server says where", BEGUN STATEMENT SETTLED ASKED "SELECT 2 FROM worse -> error 42P01 table=worse position=15\n" ROLLED_BACK FAILURE, with_invariants, 0, RUN_FAILED, ERR_APPLY,
     GATE "its query failed: undefined_table (42P01) on table worse", QUERY, 2, 15, 0, "its query failed: undefined_table (42P01) on table worse", ""},
    {"an invariant's query is cut: that says nothing of it", BEGUN STATEMENT SETTLED ASKED "SELECT 2 FROM worse -> cut\n" RECONNECTED FAILURE_RECORDED, with_invariants, 0, RUN_FAILED, ERR_APPLY,
     GATE "its query failed: connection_failure (08006)", QUERY, 2, 1, 0, "", ""},
    {"stopped while an invariant is asked", BEGUN STATEMENT SETTLED ASKED "SELECT 2 FROM worse -> silence\n" ROLLED_BACK INTERRUPTION, invariants_terminated, 5, RUN_INTERRUPTED, ERR_INTERRUPTED,
     "told to end (SIGTERM) while invariant invariants/none_bad.sql was asked for, " ROLLED, QUERY, 2, 1, 0, "", ""},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

static bool is_as_wanted(size_t i)
{
    const struct outcome *o = &t.o;
    const struct err *e = &o->failure;
    const char *gate = o->gates.n > 0 ? o->gates.v[o->gates.n - 1].text : NULL;
    bool good = o->result == scenarios[i].result && e->code == scenarios[i].code &&
                strcmp(e->msg, scenarios[i].words) == 0 &&
                strcmp(e->where.path, scenarios[i].path) == 0 &&
                e->where.line == scenarios[i].line && e->where.col == scenarios[i].col &&
                o->failed_statement == scenarios[i].statement &&
                (scenarios[i].copied == NULL || strcmp(pq_copied(), scenarios[i].copied) == 0) &&
                (scenarios[i].gate == NULL ? gate == NULL
                                           : gate != NULL && strcmp(gate, scenarios[i].gate) == 0);
    if (!good) {
        printf("# result %d, code %d, statement %d at %s:%d:%d, gate %s, waits %d: %s\n",
               (int)o->result, (int)e->code, o->failed_statement, e->where.path, e->where.line,
               e->where.col, gate != NULL ? gate : "none", t.n_waits, e->msg);
    }
    return good;
}

static void play(size_t i)
{
    pq_draw_again();
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, scenarios[i].script);
    scene_open(&t, script);
    t.n_waits = 0;
    t.stop_at = scenarios[i].stop_at;
    if (scenarios[i].declare != NULL) {
        scenarios[i].declare();
    }
    run_migration(&t.run, &t.step, &t.o);
    bool good = is_as_wanted(i);
    scene_note_outcome(&t.o);
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
    ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
}

int main(void)
{
    struct err e = {0};
    tap_plan(2 * N + 1);
    said_open("statements");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    ok(execution_injected(&e) == -1 && e.code == ERR_APPLY && strcmp(e.msg, "injected fault") == 0,
       "a fault point says that it is one");
    said_close();
    return tap_done();
}
