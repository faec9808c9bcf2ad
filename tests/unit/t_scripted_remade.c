/* layer: run scripted */
/* Repeatable definitions in their transaction, line by line: made, dropped and made again where the server would not replace them, dropped as
 * their file is gone, rebuilt with a migration and with its rollback; what is told and recorded of each, and what fails. */
#include "run/rollback.h"
#include "scripted_views.h"

#define V "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t"
#define TOP "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v"
#define SAYS "COMMENT ON VIEW app.top IS 'x' -> COMMENT\n"
#define ENTRY(subject, kind, result)                                                               \
    GUARD("t | t | t | t | t")                                                                     \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, " subject ", " kind ", " result ", *, *, *) -> INSERT 0 1\n"          \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
/* With the object that is gone. */
#define ENTRY_WITHOUT_TOP                                                                          \
    GUARD("t | t | t | t | t")                                                                     \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, v, define, success, *, *, *) -> INSERT 0 1\n"                         \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_objects(1, {\"view app.top\"}, {\"\"}, {\"\"}) -> INSERT 0 1\n"                \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
#define COMMITTED "COMMIT -> COMMIT\n"
#define DONE(subject, kind) SETTLED ENTRY(subject, kind, "success") COMMITTED
#define FAILED(subject, kind)                                                                      \
    STILL_LOCKED "BEGIN -> BEGIN\n" ENTRY(subject, kind, "failed") COMMITTED
#define REFUSED(state) BEGUN V " -> error " state "\n" ROLLED_BACK
#define MADE "@run_remake_made({\"v\",\"top\"}) -> rows view app.top ; view app.v\n"
#define WORDS                                                                                      \
    "@run_remake_words({\"1259\",\"1259\"}, {\"8\",\"7\"}, {\"f\",\"t\"}) -> rows "                \
    "DROP VIEW app.top | DO 'BEGIN END' | - ; DROP VIEW app.v | DO 'BEGIN NULL; END' | -\n"
#define GONE "DROP VIEW app.top -> DROP VIEW\nDROP VIEW app.v -> DROP VIEW\n"
#define BACK                                                                                       \
    V " -> CREATE VIEW\n" TOP " -> CREATE VIEW\n" SAYS "DO 'BEGIN NULL; END' -> DO\n"              \
      "DO 'BEGIN END' -> DO\n" SAYS
#define PRUNED_OF "@run_remake_made({\"v\"}) -> rows view app.v\n"
#define NOTHING_UPON "@run_prune_upon({\"1259\"}, {\"7\"}, t) -> rows\n"
#define PRUNE_WORDS                                                                                \
    "@run_remake_words({\"1259\"}, {\"7\"}, {\"t\"}) -> rows DROP VIEW app.v | DO 'BEGIN END' | "  \
    "-\n"
#define PRUNE PRUNED_OF NOTHING_UPON PRUNE_WORDS
#define GO_V BEGUN "DROP VIEW app.v -> DROP VIEW\n"
#define ALTER "ALTER TABLE app.t ALTER id TYPE bigint -> ALTER TABLE\n"
#define LEFT_OF "@run_remake_made({\"v\"}) -> rows view app.top\n"
#define LEFT_WORDS                                                                                 \
    "@run_remake_words({\"1259\"}, {\"8\"}, {\"t\"}) -> rows DROP VIEW app.top | - | DROP VIEW "   \
    "app.top\n"
/* View app.top is gone: it was locked, and the catalogs do not have it any more. */
#define TOP_SEEN_GONE                                                                              \
    "@postgis_observe_locks -> rows ledger | 0 | 0 |  |  | untouched | f | 0 | 0 |  |  |  |  |  "  \
    "| 0 | 0 | 0 | f | f | f ; id | 0 | 0 |  |  | 702 | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f " \
    "| f | f ; relation | 8 | 128 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL " \
    "| NULL | NULL | 0 | 0 | 0 | NULL | f | NULL\n"                                                \
    "@postgis_observe_counters -> rows 1259 | pg_class | 0 | 0 | 1\n"

/* --- what runs */

static struct decl migration;
static struct artifact migration_file;
static struct script migration_script;
static struct bundle m;

/* M alters what v and top stand on, and says that v is to be made again. */
static void set_up_migration(void)
{
    static const char *names[] = {"v"};
    static const char *schemas[] = {"app"};
    struct err e = {0};
    migration_file = (struct artifact){.path = "migrations/postgis/M/forward.sql"};
    migration = t.decl;
    migration.id = "M";
    migration.forward = migration.rollback = (struct artifacts){&migration_file, 1, 1};
    migration.scope = (struct scope){.has_schemas = true, .allowed_schemas = {schemas, 1, 1}};
    (void)!language_parse(&t.a, migration_file.path,
                          bytes_str("ALTER TABLE app.t ALTER id TYPE bigint;\n"), &migration_script,
                          &e);
    m = (struct bundle){.id = "M",
                        .dir = "migrations/postgis/M",
                        .folder = "migrations/postgis",
                        .decl = &migration,
                        .forward = &migration_script,
                        .rebuilds = {names, 1, 1}};
}

static void define(void)
{
    run_migration(&t.run, &steps[0], &t.o);
}

/* v made app.top, too, when it was built last. */
static void define_anew(void)
{
    static struct bundle was;
    static struct definition made;
    was = bundles[1];
    was.id = "v";
    made.makes = definitions[1].makes;
    was.definition = &made;
    t.run.was = &was;
    define();
}

static void prune(void)
{
    run_prune(&t.run, &bundles[0], &t.o);
}

static void prune_another(void)
{
    t.run.was = &bundles[1];
    prune();
}

static void migrate(void)
{
    const struct step step = {.bundle = &m};
    run_migration(&t.run, &step, &t.o);
}

static void migrate_with_one_blocked(void)
{
    steps[1].state = STATE_BLOCKED;
    migrate();
}

static void migrate_without_a_plan(void)
{
    t.run.plan = NULL;
    migrate();
}

static void take_back(void)
{
    struct taking_back back = {.bundle = &m, .scripts = &migration_script, .sequence = 3};
    rebuilding_named(&t.a, &plan, &m.rebuilds, &back.rebuilding);
    run_rollback(&t.run, &back, &t.o);
}

/* said: what is told, or stands in the receipt. */
/* clang-format off */
static const struct {
    const char *name;
    void (*act)(void);
    const char *script;
    enum run_result result;
    enum err_code code;
    const char *words, *said;
} scenarios[] = {
    {"a definition is made", define, BEGUN V " -> CREATE VIEW\n" DONE("v", "define"), RUN_SUCCESS, ERR_NONE, "", "\"run_kind\":\"db_definition\""},
    {"it cannot be replaced: it is dropped and made again, with what stands upon it", define, REFUSED("42P16") MADE WORDS BEGUN GONE BACK DONE("v", "define"), RUN_SUCCESS, ERR_NONE, "",
     "\"notes\":\"dropped and made again, with top\""},
    {"that is told, and why", define, REFUSED("42809") MADE WORDS BEGUN GONE BACK DONE("v", "define"), RUN_SUCCESS, ERR_NONE, "",
     "v cannot be replaced as it is (wrong_object_type): dropped and made again, with top"},
    {"which definitions came back is recorded", define, REFUSED("42P16") MADE WORDS BEGUN GONE BACK DONE("v", "define"), RUN_SUCCESS, ERR_NONE, "", "\"rebuilt\":[{\"definition\":\"v\""},
    {"dropped and made again it fails, too", define, REFUSED("42P16") MADE WORDS BEGUN "DROP VIEW app.top -> error 2BP01\n" ROLLED_BACK FAILED("v", "define"), RUN_FAILED, ERR_APPLY,
     "dependent_objects_still_exist (2BP01)", "\"notes\":\"dropped and made again, with top\""},
    {"it is refused for another reason", define, REFUSED("42P01") FAILED("v", "define"), RUN_FAILED, ERR_APPLY, "undefined_table (42P01)", "\"run_kind\":\"db_definition\""},
    {"it cannot be replaced, and nobody says what stands there", define, REFUSED("42P16") "@run_remake_made -> error 42501\n" FAILED("v", "define"), RUN_FAILED, ERR_APPLY,
     "invalid_table_definition (42P16)", "insufficient_privilege (42501)"},
    {"it cannot be replaced, and nothing of it stands", define, REFUSED("42P16") "@run_remake_made -> rows view app.gone\n" FAILED("v", "define"), RUN_FAILED, ERR_APPLY,
     "invalid_table_definition (42P16)", "\"notes\":\"\""},

    {"what its text makes no more goes with it", define_anew, LEFT_OF LEFT_WORDS BEGUN V " -> CREATE VIEW\nDROP VIEW app.top -> DROP VIEW\n" SETTLED TOP_SEEN_GONE ENTRY_WITHOUT_TOP COMMITTED,
     RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"dropped, as its text makes it no more: view app.top\""},
    {"nothing of that stands", define_anew, "@run_remake_made({\"v\"}) -> rows\n" BEGUN V " -> CREATE VIEW\n" DONE("v", "define"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"\""},
    {"what it made cannot be asked for: it does not begin", define_anew, "@run_remake_made -> error 42501\n" FAILED("v", "define"), RUN_FAILED, ERR_PREFLIGHT, "insufficient_privilege", "\"result\":\"failed\""},
    {"made again, and what it makes no more is gone", define_anew, LEFT_OF LEFT_WORDS REFUSED("42P16") MADE WORDS LEFT_OF LEFT_WORDS BEGUN GONE BACK "DROP VIEW app.top -> DROP VIEW\n"
     SETTLED TOP_SEEN_GONE ENTRY_WITHOUT_TOP COMMITTED, RUN_SUCCESS, ERR_NONE, "",
     "\"notes\":\"dropped and made again, with top; dropped, as its text makes it no more: view app.top\""},
    {"made again, and what it made cannot be asked for", define_anew, LEFT_OF LEFT_WORDS REFUSED("42P16") MADE WORDS "@run_remake_made -> error 42501\n" FAILED("v", "define"),
     RUN_FAILED, ERR_PREFLIGHT, "insufficient_privilege", "dropped and made again, with top"},

    {"its file is gone: what it made is dropped", prune, PRUNE GO_V DONE("v", "prune"), RUN_SUCCESS, ERR_NONE, "", "\"run_kind\":\"db_prune\""},
    {"whatever it made before", prune_another, PRUNE GO_V DONE("v", "prune"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"\""},
    {"something stands upon it: nothing is dropped", prune, PRUNED_OF "@run_prune_upon -> rows view app.mine\n" FAILED("v", "prune"), RUN_FAILED, ERR_APPLY,
     "what v made is not dropped: view app.mine stands upon it", "\"run_kind\":\"db_prune\""},
    {"the drop is refused", prune, PRUNE BEGUN "DROP VIEW app.v -> error 42501\n" ROLLED_BACK FAILED("v", "prune"), RUN_FAILED, ERR_APPLY, "insufficient_privilege (42501)", "\"result\":\"failed\""},
    {"COMMIT of the drop is cut and took none", prune, PRUNE GO_V SETTLED ENTRY("v", "prune", "success") "COMMIT -> cut\n" RECONNECTED "@ledger_find_run -> rows f\n" FAILED("v", "prune"),
     RUN_FAILED, ERR_APPLY, "the connection was lost before COMMIT took effect; nothing was dropped", "\"run_kind\":\"db_prune\""},

    {"a migration has definitions go and come back", migrate, MADE WORDS BEGUN GONE ALTER BACK DONE("M", "apply"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"with it dropped and made again: v, top\""},
    {"they stand no more: it runs as it is", migrate, "@run_remake_made -> rows\n" BEGUN ALTER DONE("M", "apply"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"\""},
    {"one of them may not run", migrate_with_one_blocked, FAILED("M", "apply"), RUN_FAILED, ERR_PREFLIGHT, "top is to be dropped and made again with it, and may not run", "\"notes\":\"\""},
    {"they cannot be asked for", migrate, "@run_remake_made -> error 42501\n" FAILED("M", "apply"), RUN_FAILED, ERR_PREFLIGHT, "insufficient_privilege", "\"notes\":\"\""},
    {"nobody knows of any", migrate_without_a_plan, BEGUN ALTER DONE("M", "apply"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"\""},
    {"what goes fails in none of its statements", migrate, MADE WORDS BEGUN "DROP VIEW app.top -> error 2BP01\n" ROLLED_BACK FAILED("M", "apply"), RUN_FAILED, ERR_APPLY,
     "dependent_objects_still_exist (2BP01)", "\"notes\":\"with it dropped and made again: v, top\""},
    {"a migration is taken back with them", take_back, MADE WORDS BEGUN GONE ALTER BACK DONE("M", "rollback"), RUN_SUCCESS, ERR_NONE, "", "\"notes\":\"with it dropped and made again: v, top\""},
    {"taken back, and they cannot be asked for", take_back, "@run_remake_made -> error 42501\n" FAILED("M", "rollback"), RUN_FAILED, ERR_PREFLIGHT, "insufficient_privilege", "\"run_kind\":\"db_rollback\""},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    static char script[32768];
    static const char *schemas[] = {"app"};
    pq_draw_again();
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, scenarios[i].script);
    views_open(script);
    for (int k = 0; k < UPON; k++) {
        decls[k].lock_timeout_ms = 5000;
        decls[k].idle_timeout_ms = 60000;
        decls[k].limits = limits_none;
        decls[k].scope = (struct scope){.has_schemas = true, .allowed_schemas = {schemas, 1, 1}};
        bundles[k].dir = "migrations/postgis/repeatable";
        bundles[k].folder = "migrations/postgis";
    }
    set_up_migration();
    scenarios[i].act();
    const struct err *e = &t.o.failure;
    bool good = t.o.result == scenarios[i].result && e->code == scenarios[i].code &&
                strstr(e->msg, scenarios[i].words) != NULL && t.o.sequence == 1;
    scene_note_outcome(&t.o);
    good = good && strstr(pq_said(), scenarios[i].said) != NULL;
    if (!good) {
        printf("# result %d, code %d, entry %lld: %s\n", (int)t.o.result, (int)e->code,
               (long long)t.o.sequence, e->msg);
        printf("# %s is%s said\n", scenarios[i].said,
               strstr(pq_said(), scenarios[i].said) != NULL ? "" : " not");
    }
    scene_close(&t);
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
