/* layer: flow scripted */
/* What preflight and postflight make of a server's answers, check by check, on a whole server; what a person confirms; and any question that
 * goes wrong. */
#include "flow/inspect.h"
#include "model/operations.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, guarded;
static struct operations operations;
static struct inspection found;
static struct inspect_options options;
static const char *confirms;              /* NULL: nothing */
static void (*meanwhile)(struct site *s); /* behind the plan; NULL: nothing is so */
static char text[8192];

/* "check:result(text; text) ..." of all that did not pass. */
static void describe(void)
{
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < INSPECTS; i++) {
        const char *result = inspect_result(&found, (enum inspect)i);
        if (strcmp(result, "pass") == 0 || strcmp(result, "-") == 0) {
            continue;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:%s(", inspect_row((enum inspect)i)->id,
                              result);
        for (size_t k = 0; k < found.found.n; k++) {
            const struct finding *f = &found.found.v[k];
            if (strcmp(f->rule, inspect_row((enum inspect)i)->id) == 0 && !f->passed) {
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%s|", f->subject,
                                      f->subject[0] != '\0' ? ": " : "", f->text);
            }
        }
        n += (size_t)snprintf(text + n, sizeof text - n, ") ");
    }
}

static int look(struct run_of *v)
{
    const struct writing_order order = {.lock_wait_ms = 1000};
    text[0] = '\0';
    int planned = plan_first(v);
    if (planned == 0 && meanwhile != NULL) {
        meanwhile(&v->s);
    }
    if (planned != 0 ||
        (confirms != NULL && inspect_confirm(&v->s, confirms, &order, &v->r, &v->e) != 0) ||
        inspect(&v->s, &options, &found, &v->e) != 0) {
        return -1;
    }
    describe();
    return inspect_verdict(&found, &v->e);
}

/* --- what is so beforehand */

static void program(const char *name, const char *body)
{
    char all[512];
    (void)snprintf(all, sizeof all, "#!/bin/sh\n%s\n", body);
    project_put(name, all);
    if (fchmodat(project_fd, name, 0755, 0) != 0) {
        abort();
    }
}

static struct probe rates[] = {
    {.command = "good.sh", .at_most = 1, .at_least = 0, .has_most = true, .has_least = true},
    {.command = "high.sh", .at_most = 1, .has_most = true},
    {.command = "low.sh", .at_least = 1, .has_least = true},
    {.command = "words.sh", .at_most = 1, .has_most = true},
    {.command = "fails.sh", .at_most = 1, .has_most = true},
    {.command = "killed.sh", .at_most = 1, .has_most = true},
    {.command = "gone.sh", .at_most = 1, .has_most = true}};
static const char *smoke[] = {"good.sh", "fails.sh"};
static const char *items[] = {"comms posted", "on-call assigned"};
static struct query_probe probing[] = {{.role = "reader", .sql = "q.sql", .denied = true},
                                       {.sql = "q.sql", .rows = 2},
                                       {.sql = "none.sql", .rows = 1}};
static struct freeze winter[] = {{20000101, 20991231, "UTC", "", "2000-01-01 to 2099-12-31"}};

static void operate(void)
{
    operations = *operations_of(&(struct env){.name = "dev"});
    operations.threshold[THRESHOLD_COMMAND_TIME] =
        INT64_C(999999999999); /* the clock is scripted */
    t.l.p.env[0].operations = &operations;
    t.l.p.root = "."; /* where the test is */
}

static void files(void)
{
    program("good.sh", "echo 0.5");
    program("high.sh", "echo 2");
    program("low.sh", "echo 0.25");
    program("words.sh", "echo many");
    program("fails.sh", "exit 3");
    program("killed.sh", "kill -9 $$");
    project_put("q.sql", "SELECT 1 FROM app.t\n");
}

static void probed(void)
{
    operate();
    operations.probes = rates;
    operations.n_probes = sizeof rates / sizeof *rates;
    operations.smoke = (struct names){smoke, 2, 2};
}

static void queried(void)
{
    operate();
    operations.policies = probing;
    operations.n_policies = 2;
    operations.queries = probing + 1;
    operations.n_queries = 2;
}

static void asks_queries(void)
{
    queried();
    operations.n_policies = 0;
}

static void held(void)
{
    operate();
    operations.freezes = winter;
    operations.n_freezes = 1;
    operations.checklist = (struct names){items, 2, 2};
}

static void asked(void)
{
    operate();
    operations.checklist = (struct names){items, 2, 2};
}

static void strict(void)
{
    operate();
    operations.is_set[THRESHOLD_BACKUP_AGE] = operations.is_set[THRESHOLD_DRILL_AGE] = true;
}

static void protect(void)
{
    t.l.p.env[0].is_protected = true;
}

static void a_rewrite(void)
{
    verbs_migration("M-3", "app",
                    "ALTER TABLE app.t ALTER COLUMN id TYPE bigint;\nCREATE INDEX CONCURRENTLY i "
                    "ON app.t (id);\n");
}

static void an_extension(void)
{
    verbs_migration(
        "M-3", "app",
        "CREATE EXTENSION hstore;\nCREATE TABLE app.u (id int);\nINSERT INTO app.t VALUES (3);\n");
}

static void second_is_gone(void)
{
    (void)nftw("migrations/postgis/M-2", project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void owed(void)
{
    project_put("state/owed/a.json", "{\"environment\":\"dev\"}");
}

/* --- a database that is not as it was */

static void no_ledger(void)
{
    cluster_copy(&t.cluster, &empty);
}

static void protected_without_ledger(void)
{
    no_ledger();
    protect();
}

static void read_only(void)
{
    t.cluster.base[0].keeper.read_only = true;
}

static void by_hand(void)
{
    t.cluster.by_hand = "extra";
}

static void write_last(struct site *s)
{
    s->world.drift[0].last_writer = "M-2";
}

static void by_hand_what_a_migration_wrote(void)
{
    by_hand();
    meanwhile = write_last;
}

static void vanish(struct site *s)
{
    s->world.drift[0].was = digest_of(bytes_str("was"));
    s->world.drift[0].now = (struct digest){{0}};
}

static void vanished(void)
{
    by_hand();
    meanwhile = vanish;
}

static void change(struct site *s)
{
    s->world.drift[0].was = digest_of(bytes_str("was"));
}

static void changed(void)
{
    by_hand();
    meanwhile = change;
}

/* --- what the ledger tells of */

/* A second before the entries of the ledger are a minute old. */
static void soon(void)
{
    (void)setenv("KFMIG_NOW", "1767323104", 1);
}

static void drilled(void)
{
    kept_add(&t.cluster.base[0].keeper.is, ENTRY_DRILL, "dev", NULL);
}

static void drilled_lately(void)
{
    drilled();
    soon();
}

static void drilled_in_vain(void)
{
    struct kept *k = &t.cluster.base[0].keeper.is;
    drilled();
    char *result = strstr(k->text[k->n - 1], "success");
    if (result == NULL) {
        abort();
    }
    memcpy(result, "failed", strlen("failed"));
    memmove(result + strlen("failed"), result + strlen("success"),
            strlen(result + strlen("success")) + 1);
}

static void begun(void)
{
    kept_add(&t.cluster.base[0].keeper.is, ENTRY_INTENT, "M-3", NULL);
}

/* --- what was applied lately, and its invariants */

#define INVARIANT "SELECT 1 FROM app.t WHERE id < 0"

static void guard(void)
{
    project_put("migrations/postgis/M-2/invariants/positive.sql", INVARIANT ";\n");
}

static void forget(struct site *s)
{
    struct bundle *b = table_gets(&s->project->by_id, "M-2");
    if (b != NULL) {
        b->decl = NULL;
        (void)unlinkat(project_fd, "migrations/postgis/M-2/migration.yml", 0);
    }
}

static void lately(void)
{
    cluster_copy(&t.cluster, &guarded);
    soon();
}

static void long_ago(void)
{
    lately();
    (void)setenv("KFMIG_NOW", "1767523104", 1);
}

static void lately_and_lost(void)
{
    lately();
    meanwhile = forget;
}

/* --- projections */

static void two_rows_wanted(void)
{
    t.cluster.base[0].server.wanted = 2;
}

static void count_nothing(struct site *s)
{
    struct projection *p = &s->project->projection[0];
    p->counts_from_catalog = p->extents_from_catalog = false;
}

static void not_by_the_catalog(void)
{
    meanwhile = count_nothing;
}

static void fail_the_script(struct site *s)
{
    s->project->projection[0].invariants.v[0].bytes = bytes_str("DELETE FROM wells.pts");
}

static void no_query(void)
{
    meanwhile = fail_the_script;
}

static void another_chain(void)
{
    verbs_chain(true);
}

static void no_projection(void)
{
    (void)unlinkat(project_fd, WELLS_FILE, 0);
    (void)nftw("migrations/postgis/C-1", project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void only_begun(void)
{
    struct held *h = &t.cluster.base[0].server.is;
    h->n_schemas = 0;
    for (int i = 0; i < h->n_rows; i++) {
        (void)snprintf(h->row[i].state, sizeof h->row[i].state, "loading");
    }
}

/* --- programs */

static void one_probe(const char *name, const char *body)
{
    static struct probe one = {.at_most = 1, .has_most = true};
    one.command = name;
    program(name, body);
    operate();
    operations.probes = &one;
    operations.n_probes = 1;
}

static void says_infinity(void)
{
    one_probe("p.sh", "echo inf");
}

static void says_too_much(void)
{
    one_probe("p.sh", "echo 1e999");
}

static void says_more(void)
{
    one_probe("p.sh", "echo 0.5 s");
}

static void says_nothing(void)
{
    one_probe("p.sh", ":");
}

/* 2, where what it is told is not what it must be told, once. */
#define TOLD(reference)                                                                            \
    "test \"$(env | grep -c '^KFMIG_[DE][SN][NV]')\" = 2 && test \"$KFMIG_ENVIRONMENT\" = dev && " \
    "test \"$KFMIG_DSN_REF\" = '" reference "' && echo 0.5 || echo 2"

static void is_told(void)
{
    (void)setenv("KFMIG_ENVIRONMENT", "other", 1);
    (void)setenv("KFMIG_DSN_REF", "OTHER", 1);
    one_probe("p.sh", TOLD("T_DEV"));
}

static void lose_reference(struct site *s)
{
    s->project->env[0].dsn_ref = NULL;
}

static void is_told_of_none(void)
{
    one_probe("p.sh", TOLD(""));
    meanwhile = lose_reference;
}

static void stop(struct site *s)
{
    (void)s;
    t.cluster.is_stopped = true;
}

static void stopped_probe(void)
{
    one_probe("p.sh", "sleep 60");
    meanwhile = stop;
}

static void stopped_smoke(void)
{
    program("p.sh", "sleep 60");
    static const char *slow[] = {"p.sh"};
    operate();
    operations.smoke = (struct names){slow, 1, 1};
    meanwhile = stop;
}

/* --- the cases */

#define WORKS "~ SET LOCAL statement_timeout* -> SET\n~ SELECT 1 FROM wells.pts* -> rows\n"

#define Q(name) "~ @postgis_inspect_" name " -> "
#define ROW(verdict) "rows " verdict " | it | words\n"
#define USUALLY                                                                                    \
    "backup:warning(kfmig knows of no backup, nor how old one is|) drill:warning(dev: its ledger " \
    "tells of no drill|) "
#define EXTENT "~ SELECT count(*), count(*) - count(g)* -> rows "
#define NO_NUMBER                                                                                  \
    USUALLY "probes:unknown(p.sh: what it prints is no number, and nothing but a number is asked " \
            "for|) "
#define KEY "~ @postgis_inspect_keys -> rows app.k | it is not validated | SELECT COUNT\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    void (*then)(void);
    bool is_after;
    const char *lines, *expect;
    int rc;
    enum err_code code;
    const char *found; /* of what did not pass; NULL: e.msg is said */
    const char *words; /* of the error */
} cases[] = {
    {"all is well before", NULL, NULL, false, "", NULL, 0, ERR_NONE, USUALLY, ""},
    {"all is well after", NULL, NULL, true, "", NULL, 0, ERR_NONE, "", ""},
    {"where that is declared, a backup and a drill are wanted", NULL, strict, false, "", NULL, -1, ERR_PREFLIGHT, "backup:unknown(kfmig knows of no backup, nor how old one is|) drill:fail(dev: its ledger tells of no drill|) ", "dev: 2 findings stand in the way"},
    {"a protected environment wants a backup", NULL, protect, false, "", NULL, -1, ERR_PREFLIGHT, "backup:unknown(kfmig knows of no backup, nor how old one is|) drill:warning(dev: its ledger tells of no drill|) ", "dev: 1 finding stands in the way"},
    {"the last one is as expected", NULL, NULL, false, "", "M-2", 0, ERR_NONE, USUALLY, ""},
    {"the last one is another", NULL, NULL, true, "", "M-1", -1, ERR_VALIDATE, "version:fail(M-1: the last one applied is M-2|) ", "dev: 1 finding stands in the way"},
    {"one that is not here", second_is_gone, NULL, true, "", NULL, -1, ERR_VALIDATE, "version:fail(M-2: it is applied there and not here|) ", "dev: 1 finding stands in the way"},
    {"a receipt that is owed", owed, NULL, true, "", NULL, -1, ERR_VALIDATE, "in_doubt:fail(state/owed: a receipt of an earlier run has not reached the ledger|) ", "dev: 1 finding stands in the way"},
    {"frozen, and nobody confirmed anything", NULL, held, false, "", NULL, -1, ERR_PREFLIGHT, "freeze:fail(changes are frozen from 2000-01-01 to 2099-12-31|) checklist:fail(comms posted: nobody has confirmed \"comms posted\" for this plan|on-call assigned: nobody has confirmed \"on-call assigned\" for this plan|) " USUALLY, "dev: 3 findings stand in the way"},

    {"somebody works for long", NULL, NULL, false, Q("transactions") ROW("fail"), NULL, -1, ERR_PREFLIGHT, "long_transactions:fail(it: words|) " USUALLY, ""},
    {"nobody may see who works", NULL, NULL, false, Q("transactions") ROW("unknown"), NULL, -1, ERR_PREFLIGHT, "long_transactions:unknown(it: words|) " USUALLY, ""},
    {"an invalid index is a warning", NULL, NULL, true, Q("indexes") ROW("fail"), NULL, 0, ERR_NONE, "invalid_indexes:warning(it: words|) ", ""},
    {"one question fails, the others are asked", NULL, NULL, false, Q("slots") "error 42501\n" Q("blocked") ROW("fail"), NULL, -1, ERR_PREFLIGHT, "blocking_locks:fail(it: words|) replication_slots:unknown(the server did not say: insufficient_privilege (42501)|) " USUALLY, "dev: 2 findings stand in the way"},
    {"a table is written anew", a_rewrite, NULL, false, Q("rewritten") "rows dead | table app.t | half ; unknown | disk | nobody knows\n" Q("snapshots") ROW("fail") Q("locks") ROW("fail"), NULL, -1, ERR_PREFLIGHT, "old_snapshots:fail(it: words|) dead_rows:warning(table app.t: half|) disk:warning(disk: nobody knows|) lock_table:fail(it: words|) " USUALLY, ""},
    {"there is no room", a_rewrite, NULL, false, Q("rewritten") "rows fail | disk | too little\n", NULL, -1, ERR_PREFLIGHT, "disk:fail(disk: too little|) " USUALLY, ""},
    {"privileges and extensions", an_extension, NULL, false, Q("privileges") ROW("fail") Q("extensions") ROW("fail"), NULL, -1, ERR_PREFLIGHT, NULL, ""},

    {"policies and queries", files, queried, true, "~ SET LOCAL ROLE \"reader\" -> SET\n~ SET LOCAL* -> SET\nSELECT 1 FROM app.t* -> error 42501\nSELECT 1 FROM app.t* -> rows 1 ; 1\n~ SELECT 1 FROM app.t* -> rows 1\n", NULL, -1, ERR_VALIDATE, "queries:fail(q.sql: it is 1 row, expected is 2 rows|none.sql: its file cannot be read|) ", ""},
    {"a role that is not ours", files, queried, false, "~ SET LOCAL ROLE \"reader\" -> error 42501\n~ SET LOCAL* -> SET\n~ SELECT 1 FROM app.t* -> rows 1 ; 1\n", NULL, -1, ERR_PREFLIGHT, "policy_probes:unknown(q.sql: it could not be asked: insufficient_privilege (42501)|) ", ""},
    {"what was to be refused", files, queried, false, "~ SET LOCAL* -> SET\n~ SELECT 1 FROM app.t* -> rows 1 ; 1\n", NULL, -1, ERR_PREFLIGHT, "policy_probes:fail(q.sql: for role reader it is 2 rows, expected is refused|) ", ""},
    {"a foreign key that is not validated, and orphans", NULL, NULL, true, KEY "~ SET LOCAL* -> SET\n~ SELECT COUNT -> rows 7\n", NULL, -1, ERR_VALIDATE, "foreign_keys:fail(app.k: it is not validated|) orphans:fail(app.k: 7 rows refer to what is not there|) ", ""},
    {"orphans that a policy hides", NULL, NULL, true, KEY "~ SET LOCAL* -> SET\n~ SELECT COUNT -> error 42501\n", NULL, -1, ERR_VALIDATE, "foreign_keys:fail(app.k: it is not validated|) orphans:unknown(app.k: it could not be asked: insufficient_privilege (42501)|) ", ""},
    {"one orphan behind a key", NULL, NULL, true, "~ @postgis_inspect_keys -> rows app.k |  | SELECT COUNT\n~ SET LOCAL* -> SET\n~ SELECT COUNT -> rows 1\n", NULL, -1, ERR_VALIDATE, "orphans:fail(app.k: 1 row refers to what is not there|) ", ""},
    {"foreign keys cannot be listed", NULL, NULL, true, "~ @postgis_inspect_keys -> error 42501\n", NULL, -1, ERR_VALIDATE, "foreign_keys:unknown(it could not be asked: insufficient_privilege (42501)|) ", ""},
    {"programs before", files, probed, false, "", NULL, -1, ERR_PREFLIGHT, USUALLY "probes:fail(high.sh: it says 2, at most 1 is good|low.sh: it says 0.25, at least 1 is good|words.sh: what it prints is no number, and nothing but a number is asked for|fails.sh: it ended with status 3|killed.sh: it was ended by signal 9|gone.sh: cannot start \"./gone.sh\": No such file or directory|) ", ""},
    {"programs after", files, probed, true, "", NULL, -1, ERR_VALIDATE, NULL, "dev: 7 findings stand in the way"},

    {"the connection goes", NULL, NULL, false, "~ @postgis_inspect_slots -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, ""},
    {"the connection goes later", NULL, NULL, true, "~ @postgis_inspect_keys -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, ""},

    {"it may not be written to", NULL, read_only, false, "", NULL, -1, ERR_PREFLIGHT, NULL, "1 finding stands in the way"},
    {"nobody knows what it is", NULL, protected_without_ledger, true, "", NULL, -1, ERR_VALIDATE, "identity:fail(kfm: it has no ledger yet, so nobody knows whether it is dev|) ", ""},
    {"none was applied", NULL, no_ledger, true, "", "M-1", -1, ERR_VALIDATE, "version:fail(M-1: the last one applied is none|) ", ""},
    {"a schema made by hand", NULL, by_hand, true, "", NULL, -1, ERR_VALIDATE, "drift:fail(schema extra: it appeared outside kfmig|) ", ""},
    {"what a migration wrote, by hand", NULL, by_hand_what_a_migration_wrote, true, "", NULL, -1, ERR_VALIDATE, "drift:fail(schema extra: it appeared outside kfmig; last written by M-2|) ", ""},
    {"one that vanished", NULL, vanished, true, "", NULL, -1, ERR_VALIDATE, "drift:fail(schema extra: it vanished outside kfmig|) ", ""},
    {"one that was changed", NULL, changed, true, "", NULL, -1, ERR_VALIDATE, "drift:fail(schema extra: it was changed outside kfmig|) ", ""},
    {"a drill of long ago", NULL, drilled, false, "", NULL, 0, ERR_NONE, "backup:warning(kfmig knows of no backup, nor how old one is|) drill:warning(dev: the last one was at " MOMENT ", entry 6|) ", ""},
    {"a drill of lately", NULL, drilled_lately, false, "", NULL, 0, ERR_NONE, "backup:warning(kfmig knows of no backup, nor how old one is|) ", ""},
    {"a drill that failed is none", NULL, drilled_in_vain, false, "", NULL, 0, ERR_NONE, USUALLY, ""},
    {"a step that was begun", NULL, begun, true, "", NULL, -1, ERR_VALIDATE, "in_doubt:fail(M-3: a step was begun by run run-6 (ledger entry 6) and not finished|) ", ""},

    {"invariants of what was applied lately hold", guard, lately, true, "~ " INVARIANT "* -> rows\n", NULL, 0, ERR_NONE, "", ""},
    {"a row that an invariant forbids", guard, lately, true, "~ " INVARIANT "* -> rows 1\n", NULL, -1, ERR_VALIDATE, "invariants:fail(migrations/postgis/M-2/invariants/positive.sql: it is 1 row, expected is 0 rows|) ", ""},
    {"of what was applied long ago nobody asks", guard, long_ago, true, "~ " INVARIANT "* -> rows 1\n", NULL, 0, ERR_NONE, "", ""},
    {"an invariant that may not be asked", guard, lately, true, "~ " INVARIANT "* -> error 42P01 table=t\n", NULL, -1, ERR_VALIDATE, "invariants:unknown(migrations/postgis/M-2/invariants/positive.sql: it could not be asked: undefined_table (42P01) on table t|) ", ""},
    {"a declaration that is gone meanwhile", guard, lately_and_lost, true, "", NULL, -1, ERR_VALIDATE, "invariants:unknown(M-2: it cannot be read|) ", ""},
    {"the connection goes at an invariant", guard, lately, true, "~ " INVARIANT "* -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},

    {"rows that the catalog does not have", NULL, two_rows_wanted, true, EXTENT "7 | 0 | 0 | 0 | 0 | -98.5 | 38.25 | -98.5 | 38.25\n", NULL, -1, ERR_VALIDATE, "content:fail(wells: wells/" WELLS_ID ": the catalog says 1 rows, 7 are there|) ", ""},
    {"rows elsewhere", NULL, NULL, true, EXTENT "1 | 0 | 0 | 0 | 0 | -98.5 | 39.25 | -98.5 | 39.25\n", NULL, -1, ERR_VALIDATE, "its extent is not the catalog's|", ""},
    {"rows without any place", NULL, NULL, true, EXTENT "1 | 1 | 0 | 0 | 0 | NULL | NULL | NULL | NULL\n", NULL, -1, ERR_VALIDATE, "its extent is not the catalog's|", ""},
    {"what the projection does not compare", NULL, not_by_the_catalog, true, EXTENT "7 | 7 | 0 | 0 | 0 | NULL | NULL | NULL | NULL\n", NULL, 0, ERR_NONE, "", ""},
    {"rows that cannot be measured", NULL, NULL, true, "~ SELECT count(*), count(*) - count(g)* -> error 42501\n", NULL, -1, ERR_VALIDATE, "it could not be asked: insufficient_privilege (42501)|", ""},
    {"the connection goes where rows are measured", NULL, NULL, true, "~ SELECT count(*), count(*) - count(g)* -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},
    {"a row that an invariant of the projection forbids", NULL, NULL, true, "~ SELECT 1 FROM wells.pts* -> rows 1\n", NULL, -1, ERR_VALIDATE, "it is 1 row, expected is 0 rows|", ""},
    {"the connection goes at that", NULL, NULL, true, "~ SELECT 1 FROM wells.pts* -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},
    {"what is no query", NULL, no_query, true, "", NULL, -1, ERR_VALIDATE, "it could not be asked: an invariant is a query that must return no row, not DELETE|", ""},
    {"a generation that is not the declared one is not looked at", another_chain, NULL, true, EXTENT "7 | 7 | 0 | 0 | 0 | NULL | NULL | NULL | NULL\n", NULL, 0, ERR_NONE, "", ""},
    {"a projection that is gone is not looked at, and is said", no_projection, NULL, true, EXTENT "7 | 7 | 0 | 0 | 0 | NULL | NULL | NULL | NULL\n", NULL, -1, ERR_VALIDATE, "version:fail(C-1: it is applied there and not here|wells: it is applied there and not here|) ", "dev: 2 findings stand in the way"},

    {"one that was begun, and is gone", no_projection, only_begun, true, "", NULL, -1, ERR_VALIDATE, "version:fail(wells: it was begun there and is not here|) drift:fail(schema wells: it vanished outside kfmig; last written by wells|) ", "dev: 2 findings stand in the way"},
    {"no orphan behind a key", NULL, NULL, true, KEY "~ SET LOCAL* -> SET\n~ SELECT COUNT -> rows 0\n", NULL, -1, ERR_VALIDATE, "foreign_keys:fail(app.k: it is not validated|) ", ""},
    {"the connection goes at a key", NULL, NULL, true, KEY "~ SET LOCAL* -> SET\n~ SELECT COUNT -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},
    {"orphans that take too long", NULL, NULL, true, KEY "~ SET LOCAL* -> SET\n~ SELECT COUNT -> error 57014\n", NULL, -1, ERR_VALIDATE, "foreign_keys:fail(app.k: it is not validated|) orphans:unknown(app.k: it could not be asked: query_canceled (57014)|) ", ""},
    {"the connection goes at a policy", files, queried, false, "~ SET LOCAL* -> SET\n~ SELECT 1 FROM app.t* -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},
    {"the connection goes at a query", files, asks_queries, true, "~ SET LOCAL* -> SET\n~ SELECT 1 FROM app.t* -> cut\n", NULL, -1, ERR_PREFLIGHT, NULL, "was lost: connection_failure (08006)"},

    {"a program says infinity", NULL, says_infinity, false, "", NULL, -1, ERR_PREFLIGHT, NO_NUMBER, ""},
    {"a program says more than there is", NULL, says_too_much, false, "", NULL, -1, ERR_PREFLIGHT, NO_NUMBER, ""},
    {"a program says a unit", NULL, says_more, false, "", NULL, -1, ERR_PREFLIGHT, NO_NUMBER, ""},
    {"a program says nothing", NULL, says_nothing, false, "", NULL, -1, ERR_PREFLIGHT, NO_NUMBER, ""},
    {"a program is told which environment, whatever we were", NULL, is_told, false, "", NULL, 0, ERR_NONE, USUALLY, ""},
    {"a program is told that there is no reference", NULL, is_told_of_none, false, "", NULL, 0, ERR_NONE, USUALLY, ""},
    {"somebody says stop at a program", NULL, stopped_probe, true, "", NULL, -1, ERR_INTERRUPTED, NULL, "interrupted (Ctrl-C) while \"./p.sh\" ran"},
    {"somebody says stop at what is tried", NULL, stopped_smoke, true, "", NULL, -1, ERR_INTERRUPTED, NULL, "interrupted (Ctrl-C) while \"./p.sh\" ran"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(void)
{
    verbs_project();
    confirms = NULL;
    meanwhile = NULL;
    options = (struct inspect_options){.is_after = false};
    if (fchdir(project_fd) != 0) {
        abort();
    }
}

/* Is it all that was found, and not a part of it? */
static bool ends_whole(const char *words)
{
    size_t n = strlen(words);
    return n == 0 || (n > 1 && strcmp(words + n - 2, ") ") == 0);
}

static void play(size_t i)
{
    begin();
    t.cluster.by_hand = NULL;
    cluster_copy(&t.cluster, &built);
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, false);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    options.is_after = cases[i].is_after;
    options.expect = cases[i].expect;
    char lines[2048];
    (void)snprintf(lines, sizeof lines, "%s%s", cases[i].lines, WORKS);
    run_of_play(&t, look, lines, 0, NULL, 0, NULL);
    (void)unsetenv("KFMIG_NOW");
    (void)unsetenv("KFMIG_ENVIRONMENT");
    (void)unsetenv("KFMIG_DSN_REF");
    bool good = t.rc == cases[i].rc && t.e.code == cases[i].code &&
                (cases[i].found == NULL || strstr(text, cases[i].found) != NULL) &&
                strstr(t.e.msg, cases[i].words) != NULL;
    if (cases[i].found != NULL && cases[i].then != queried && ends_whole(cases[i].found)) {
        good = good && strcmp(text, cases[i].found) == 0;
    }
    if (!good) {
        printf("# rc %d, code %d: %s; %s\n", t.rc, (int)t.e.code, text, t.e.msg);
    }
    project_unload(&t.l);
    ok(good, cases[i].name);
}

/* Two items, the second one once more with the first, for a plan that stays the same. */
static void test_confirm(void)
{
    begin();
    cluster_copy(&t.cluster, &built);
    project_load(&t.l, false);
    asked();
    confirms = "on-call";
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    is_str(t.e.msg, "the checklist of \"dev\" has no item \"on-call\"", "no such item");
    is_str(t.e.hint, "its items: \"comms posted\", \"on-call assigned\"", "those that there are");
    confirms = "on-call assigned";
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    struct digest first = found.plan;
    ok(strstr(
           text,
           "checklist:fail(comms posted: nobody has confirmed \"comms posted\" for this plan|)") !=
           NULL,
       "one of two");
    confirms = "on-call assigned,comms posted";
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    is_int(t.r.n_done[RESULT_CONFIRM], 1, "what was confirmed is not again");
    is_str(text, USUALLY, "both");
    ok(digest_eq(&first, &found.plan), "and the plan is the same");
    confirms = NULL;
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    is_str(text, USUALLY, "the ledger knows it");
    project_unload(&t.l);
    begin();
    cluster_copy(&t.cluster, &empty);
    project_load(&t.l, false);
    asked();
    confirms = "comms posted";
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    is_str(t.e.msg, "environment \"dev\" has no ledger yet: nothing was confirmed",
           "without a ledger");
    project_unload(&t.l);
}

static void test_keep(void)
{
    begin();
    cluster_copy(&t.cluster, &built);
    project_load(&t.l, false);
    run_of_play(&t, look, "", 0, NULL, 0, NULL);
    struct doc *d = doc_new(&t.a, DOC_MAP);
    t.s.a = &t.a;
    (void)setenv("KFMIG_NOW", "1798156800", 1);
    struct err e = {0};
    struct inspection x = {0};
    ok(inspect_refused(&t.s, &(struct inspect_options){.is_after = true},
                       &(struct err){.code = ERR_PREFLIGHT, .msg = "nobody answers"}, &x, &e) == 0,
       "a report of that, too");
    ok(inspect_refused(&t.s, &options, &(struct err){.code = ERR_CONFIG, .msg = "no reference"},
                       &(struct inspection){0}, &e) != 0 &&
           strcmp(e.msg, "no reference") == 0,
       "but of the database only");
    struct inspection before = {0};
    ok(inspect_refused(&t.s, &options,
                       &(struct err){.code = ERR_INTEGRITY, .msg = "a leaf is not as it was"},
                       &before, &(struct err){0}) == 0,
       "a report of a ledger that is broken");
    is_str(inspect_result(&before, INSPECT_IDENTITY), "fail", "which is known");
    e = (struct err){0};
    is_str(inspect_result(&x, INSPECT_IDENTITY), t.s.id.version == 0 ? "unknown" : "fail",
           "who answers is not known");
    ok(inspect_keep(&t.s, inspect_path(&t.s, &x), d, &e) == 0, "it is kept");
    is_str(inspect_path(&t.s, &x), "state/logs/postflight-dev-20261225T000000000000Z.json",
           "by kind, environment and time");
    ok(inspect_keep(&t.s, inspect_path(&t.s, &before), d, &e) == 0, "and one of preflight");
    is_str(inspect_path(&t.s, &before), "state/logs/preflight-dev-20261225T000000000000Z.json",
           "by its own kind");
    doc_put(&t.a, d, "role", doc_text(&t.a, "AKIAIOSFODNN7REALKEY"));
    ok(inspect_keep(&t.s, inspect_path(&t.s, &x), d, &e) != 0 && e.code == ERR_LEAK,
       "but no secret");
    (void)unsetenv("KFMIG_NOW");
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 8 + 10 + 2);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    begin();
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, &built);
    project_unload(&t.l);
    begin();
    guard();
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "~ " INVARIANT "* -> rows\n", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "and with an invariant");
    run_of_leave(&t, &guarded);
    project_unload(&t.l);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_confirm();
    test_keep();
    cluster_release(&t.cluster);
    cluster_release(&empty);
    cluster_release(&built);
    cluster_release(&guarded);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
