/* layer: run scripted */
/* Dropping what is left of a projection, line by line: its relations are locked, what depends on them is asked for once more, its generations
 * are forgotten with the entry; every refusal, cut and doubt, and what is recorded of it. */
#include "run/projection_drop.h"
#include "said.h"
#include "scripted_run.h"

static struct scene t;
static struct generation generations[2];
static struct dropping dropping;

#define SCHEMAS "({\"wells\",\"wells__g1\"})"
#define LOCK "LOCK TABLE wells.pts IN ACCESS EXCLUSIVE MODE"
#define ASKED "@postgis_generation_hold" SCHEMAS " -> rows " LOCK "\n"
#define FREE "@postgis_generation_dependants" SCHEMAS " -> rows\n"
#define HELD ASKED LOCK " -> LOCK TABLE\n"
#define DROPPED "DROP SCHEMA \"wells\", \"wells__g1\" CASCADE -> DROP SCHEMA\n"
#define ENTRY(subject, result)                                                                     \
    GUARD("t | t | t | t | t")                                                                     \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, " subject ", drop, " result ", *, *, *) -> INSERT 0 1\n"              \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
#define FORGOTTEN                                                                                  \
    "@ledger_generation_drop(wells, 2) -> DELETE 1\n@ledger_generation_drop(wells, 1) -> DELETE "  \
    "1\n"
#define ALL "wells M-1 M-2"
#define READY BEGUN HELD FREE DROPPED SETTLED ENTRY(ALL, "success") FORGOTTEN
#define COMMITTED "COMMIT -> COMMIT\n"
#define FAILED(result) STILL_LOCKED "BEGIN -> BEGIN\n" ENTRY(ALL, result) COMMITTED
#define FAILURE ROLLED_BACK FAILED("failed")
#define AWAY "connect -> words Connection refused\n"
#define FOUND(yes) "@ledger_find_run -> rows " yes "\n"
#define UPON(rows) "@postgis_generation_dependants" SCHEMAS " -> rows " rows "\n"
#define UNTOUCHED(what)                                                                            \
    "@postgis_observe_locks -> rows ledger | 0 | 0 |  |  | " what                                  \
    " | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f | f | f ; "                                       \
    "id | 0 | 0 |  |  | 702 | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f | f | f\n"

static void without_migrations(void)
{
    dropping.migrations.n = 0;
}

static void without_generations(void)
{
    dropping.n = 0;
}

/* clang-format off */
static const struct {
    const char *name, *script;
    enum run_result result;
    enum err_code code;
    const char *words;
    int64_t entry;
    bool owed;
    int stop_at;
    void (*declare)(void);
} scenarios[] = {
    {"dropped", READY COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, NULL},
    {"none of its migrations was applied by itself", BEGUN HELD FREE DROPPED SETTLED ENTRY("wells", "success") FORGOTTEN COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, without_migrations},
    {"there is no generation to forget", BEGUN HELD FREE DROPPED SETTLED ENTRY(ALL, "success") COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, without_generations},
    {"BEGIN is refused: nothing was seen", "@postgis_begin -> error 53200\n" FAILED("failed"), RUN_FAILED, ERR_PREFLIGHT, "out_of_memory (53200)", 1, false, 0, NULL},

    /* locked first */
    {"a relation is in use, and then it is not", BEGUN ASKED LOCK " -> error 55P03\n" ROLLED_BACK READY COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, NULL},
    {"a relation may not be locked", BEGUN ASKED LOCK " -> error 42501\n" FAILURE, RUN_FAILED, ERR_APPLY, "wells was not dropped, nothing was changed: ", 1, false, 0, NULL},
    {"what is to be locked cannot be asked", BEGUN "@postgis_generation_hold -> error 42501\n" FAILURE, RUN_FAILED, ERR_APPLY, "wells was not dropped, nothing was changed: ", 1, false, 0, NULL},
    {"what depends on it cannot be asked", BEGUN HELD "@postgis_generation_dependants -> error 42501\n" FAILURE, RUN_FAILED, ERR_APPLY, "wells was not dropped, nothing was changed: ", 1, false, 0, NULL},
    {"a view of somebody else reads it", BEGUN HELD UPON("dependant | view app.v | table wells.pts") FAILURE, RUN_FAILED, ERR_PREFLIGHT,
     "wells cannot be dropped: view app.v depends on table wells.pts", 1, false, 0, NULL},
    {"two of somebody else do", BEGUN HELD UPON("dependant | view app.v | table wells.pts ; publication | publication p | table wells.pts") FAILURE, RUN_FAILED, ERR_PREFLIGHT,
     "wells cannot be dropped: view app.v depends on table wells.pts, and 1 more", 1, false, 0, NULL},

    /* its statement, and what was seen */
    {"the statement is refused", BEGUN HELD FREE "DROP SCHEMA * -> error 2BP01\n" FAILURE, RUN_FAILED, ERR_APPLY, "dependent_objects_still_exist (2BP01)", 1, false, 0, NULL},
    {"the statement is interrupted", BEGUN HELD FREE "DROP SCHEMA * -> silence\n" ROLLED_BACK FAILED("interrupted"), RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted in statement 1", 1, false, 5, NULL},
    {"it touched the ledger", BEGUN HELD FREE DROPPED SETTLED UNTOUCHED("touched") FAILURE, RUN_FAILED, ERR_APPLY, "gate \"ledger\" failed, everything was rolled back", 1, false, 0, NULL},

    /* the entry */
    {"the entry's place is taken", BEGUN HELD FREE DROPPED SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> error 23505\n" FAILURE,
     RUN_FAILED, ERR_LOCKED, "another run has written to the ledger", 1, false, 0, NULL},
    {"a generation may not be forgotten", BEGUN HELD FREE DROPPED SETTLED ENTRY(ALL, "success") "@ledger_generation_drop -> error 42501\n" FAILURE,
     RUN_FAILED, ERR_APPLY, "wells failed, everything was rolled back", 1, false, 0, NULL},

    /* COMMIT */
    {"COMMIT is refused", READY "COMMIT -> error 40001\n" FAILED("failed"), RUN_FAILED, ERR_APPLY, "the server refused COMMIT, everything was rolled back", 1, false, 0, NULL},
    {"COMMIT is cut and took effect", READY "COMMIT -> cut\n" RECONNECTED FOUND("t"), RUN_SUCCESS, ERR_NONE, "", 1, false, 0, NULL},
    {"COMMIT is cut and took none", READY "COMMIT -> cut\n" RECONNECTED FOUND("f") FAILED("failed"), RUN_FAILED, ERR_APPLY, "before COMMIT took effect; nothing was dropped", 1, false, 0, NULL},
    {"COMMIT is cut and the server stays away", READY "COMMIT -> cut\n" AWAY, RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, NULL},
    {"the failure cannot be written either", BEGUN HELD FREE "DROP SCHEMA * -> fatal 57P01\n" AWAY, RUN_FAILED, ERR_APPLY, "admin_shutdown (57P01)", 0, true, 0, NULL},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

/* Those of which every word to the server is compared. */
static const char *const whole[] = {
    "dropped",
    "there is no generation to forget",
    "two of somebody else do",
    "it touched the ledger",
    "BEGIN is refused: nothing was seen",
};
enum { N_WHOLE = sizeof whole / sizeof *whole };

static void declare(void)
{
    static const char *schemas[] = {"wells", "wells__g1"};
    static const char *migrations[] = {"M-1", "M-2"};
    scene_declare(&t, "DROP SCHEMA \"wells\", \"wells__g1\" CASCADE");
    t.statement.tag = "DROP SCHEMA";
    t.decl.id = t.bundle.id = "wells";
    t.bundle.schemas = (struct names){schemas, 2, 2};
    t.bundle.checksum = digest_of(bytes_str("live"));
    generations[0] = (struct generation){.projection = "wells",
                                         .number = 2,
                                         .state = GENERATION_LIVE,
                                         .digest = digest_of(bytes_str("live"))};
    generations[1] = (struct generation){.projection = "wells",
                                         .number = 1,
                                         .state = GENERATION_KEPT,
                                         .digest = digest_of(bytes_str("kept"))};
    dropping = (struct dropping){
        .bundle = &t.bundle, .generation = generations, .n = 2, .migrations = {migrations, 2, 2}};
}

static bool is_as_wanted(size_t i)
{
    const struct outcome *o = &t.o;
    bool good = o->result == scenarios[i].result && o->failure.code == scenarios[i].code &&
                strstr(o->failure.msg, scenarios[i].words) != NULL &&
                o->sequence == scenarios[i].entry && (o->owed.p != NULL) == scenarios[i].owed &&
                (o->result == RUN_IN_DOUBT || t.merkle.size == o->sequence);
    if (!good) {
        printf("# result %d, code %d, entry %lld, owed %d, size %lld: %s\n", (int)o->result,
               (int)o->failure.code, (long long)o->sequence, o->owed.p != NULL,
               (long long)t.merkle.size, o->failure.msg);
    }
    return good;
}

static void play(size_t i)
{
    static char script[16384];
    pq_draw_again();
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, scenarios[i].script);
    scene_open(&t, script);
    declare();
    t.n_waits = 0;
    t.stop_at = scenarios[i].stop_at;
    if (scenarios[i].declare != NULL) {
        scenarios[i].declare();
    }
    run_drop(&t.run, &dropping, &t.o);
    bool good = is_as_wanted(i);
    scene_note_outcome(&t.o);
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
    if (said_whole(whole, N_WHOLE, scenarios[i].name)) {
        ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
    }
}

int main(void)
{
    tap_plan(N + N_WHOLE);
    said_open("projection_drop");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    said_close();
    return tap_done();
}
