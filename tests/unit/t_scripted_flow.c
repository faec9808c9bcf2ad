/* layer: flow scripted */
/* What the verbs that write refuse, tell and leave, case by case, on a whole server (scripted_cluster.h): what
 * t_scripted_verbs.c sweeps is what goes well until a question goes wrong. */
#include "doc/canon.h"
#include "flow/found.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, older, twice, with_extension, with_table, begun, citing;

/* --- what is asked for, unless a case says otherwise */

static struct converge_options converging;
static struct recover_options recovering;
static struct writing_order order;
static struct meant meant;
static const char *name, *number;
static const char *const *targets;
static size_t n_targets;

static int build_these(struct run_of *v)
{
    return plan_first(v) != 0 || plan_restrict(&v->s.plan, targets, n_targets, &v->e) != 0 ||
                   converge_blocked(&v->s, &converging, &v->r, &v->e) != 0
               ? -1
               : converge(&v->s, &converging, &v->r, &v->e);
}

static int rebuild_these(struct run_of *v)
{
    return plan_first(v) != 0 ? -1 : rebuild(&v->s, &meant, &order, &v->r, &v->e);
}

static int switch_these(struct run_of *v)
{
    return plan_first(v) != 0 ? -1 : switch_to(&v->s, name, number, false, &order, &v->r, &v->e);
}

static int recover_these(struct run_of *v)
{
    return recover(&v->s, &recovering, &v->r, &v->e);
}

static int drill_these(struct run_of *v)
{
    return drill(&v->s, &recovering, &v->r, &v->e);
}

/* Once what was made is dropped, signals stop it as before. */
static int found_these(struct run_of *v)
{
    if (plan_first(v) != 0) {
        return -1;
    }
    bool could_be_stopped = v->s.ear.stops != NULL;
    int rc = found(&v->s, "M-3", &order, &v->r, &v->e);
    bool can_be_stopped = v->s.ear.stops != NULL;
    if (!could_be_stopped || !can_be_stopped) {
        return err_set(&v->e, ERR_PREFLIGHT, "no signal stops it any more");
    }
    bool was_told = v->cluster.stop_at == 0 || v->e.code == ERR_INTERRUPTED;
    return was_told ? rc : err_set(&v->e, ERR_PREFLIGHT, "not told as what it is: %s", v->e.msg);
}

static int reword_these(struct run_of *v)
{
    return plan_first(v) != 0 ? -1 : found(&v->s, "M-2", &order, &v->r, &v->e);
}

/* --- other projects. They are declared before anything is loaded */

static void protects(void)
{
    t.l.p.env[0].is_protected = true;
    converging.order.is_confirmed = false;
    recovering.is_confirmed = false;
    order.is_confirmed = false;
}

static void no_script(void)
{
    verbs_migration("M-3", "app", "CREATE DATABASE other;\n");
}

static void no_chain_script(void)
{
    verbs_migration("C-1", "wells",
                    "CREATE TABLE wells.pts (name text);\nCREATE DATABASE other;\n");
}

static void no_version(void)
{
    project_put(WELLS_FILE,
                "projection: wells\nstore: postgis\nschema: wells\nsources:\n"
                "  - dataset: wells\n    version: 2026-09.1a2b3c4d\n    asset: features\n"
                "    into: pts\n    columns: {name: properties.name}\n");
}

static void no_asset(void)
{
    project_put(WELLS_FILE, "projection: wells\nstore: postgis\nschema: wells\nsources:\n"
                            "  - dataset: wells\n    version: " WELLS_ID "\n    asset: lines\n"
                            "    into: pts\n    columns: {name: properties.name}\n");
}

static void both_blocked(void)
{
    no_script();
    no_version();
}

static void elsewhere(void)
{
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "  other: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
    verbs_projection("environments: [other]\n");
}

static void one_more(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
}

static void says_otherwise(void)
{
    verbs_migration("M-2", "app", "-- said otherwise\nINSERT INTO app.t VALUES (2);\n");
}

static void does_otherwise(void)
{
    verbs_migration("M-2", "app", "\nINSERT INTO app.t VALUES (7);\n");
}

static void cannot_run(void)
{
    verbs_migration("M-2", "app", "CREATE DATABASE other;\n");
}

static void two_more(void)
{
    one_more();
    verbs_migration("M-4", "app", "INSERT INTO app.t VALUES (4);\n");
}

static void depends(const char *id, const char *schema, const char *on)
{
    char line[64];
    (void)snprintf(line, sizeof line, "depends_on: [%s]\n", on);
    verbs_declare(id, schema, line);
}

/* M-4 goes on behind M-3, M-5 does not care. */
static void a_chain_of_three(void)
{
    two_more();
    depends("M-4", "app", "M-3");
    verbs_migration("M-5", "other", "INSERT INTO other.t VALUES (5);\n");
    depends("M-5", "other", "M-2");
    converging.keep_going = true;
}

/* And M-6 goes on behind M-4. */
static void a_chain_of_four(void)
{
    a_chain_of_three();
    verbs_migration("M-6", "app", "INSERT INTO app.t VALUES (6);\n");
    depends("M-6", "app", "M-4");
}

static void a_chain_behind_a_fault(void)
{
    a_chain_of_three();
    no_script();
}

static void at_most_one(void)
{
    two_more();
    converging.most = 1;
}

static void at_most_two(void)
{
    two_more();
    verbs_migration("M-5", "app", "INSERT INTO app.t VALUES (5);\n");
    converging.most = 2;
}

static void at_most_one_before_a_fault(void)
{
    one_more();
    verbs_migration("M-4", "app", "CREATE DATABASE other;\n");
    converging.most = 1;
}

static void goes_on(void)
{
    both_blocked();
    converging.keep_going = true;
}

static void in_place(void)
{
    verbs_projection("policy: in-place\n");
    verbs_migration("C-2", "wells", "COMMENT ON TABLE wells.pts IS 'wells';\n");
}

static void in_place_twice(void)
{
    in_place();
    verbs_migration("C-3", "wells", "COMMENT ON TABLE wells.pts IS 'all of them';\n");
}

static void no_query(void)
{
    project_put("registry/projections/wells/none_bad.sql", "DELETE FROM wells.pts;\n");
    verbs_chain(true);
}

static void bad_query(void)
{
    project_put("registry/projections/wells/none_bad.sql", "SELECT FROM WHERE;\n");
    verbs_chain(true);
}

static void with_evidence(const char *how)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "environments:\n"
                   "  dev: {evidence: %s, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                   "default_environment: dev\n",
                   how);
    project_put("registry/environments.v1.yml", text);
}

static void files_evidence(void)
{
    with_evidence("bundle");
}

static void files_evidence_of_one_more(void)
{
    files_evidence();
    one_more();
}

/* A file stands where the folder would be. */
static void cannot_file_evidence(void)
{
    files_evidence_of_one_more();
    project_put("migrations/postgis/M-3/receipts", "");
}

static void reaches(const char *global)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "migration_id: M-2\ntype: postgis\nintent: \"Test\"\n"
                   "scope: {allowed_schemas: [app], allowed_global: [%s]}\n"
                   "limits: {max_table_count_touched: 1}\nrequires_rollback: true\n"
                   "approvals: {required_reviewers: [ada], change_class: schema-only}\n"
                   "runner: {tool: native}\n"
                   "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n",
                   global);
    project_put("migrations/postgis/M-2/migration.yml", text);
}

static void reaches_a_role(void)
{
    reaches("\"role:reader\"");
}

static void dry(void)
{
    recovering.dry_run = true;
}

static void of_a_version(void)
{
    meant = (struct meant){.dataset_version = WELLS_ID};
    recovering.meant = meant;
}

static void of_another_version(void)
{
    meant = (struct meant){.dataset_version = "2026-07.00000000"};
    recovering.meant = meant;
}

static void of_another_name(void)
{
    meant = (struct meant){.all = true, .projection = "lakes"};
    recovering.meant = meant;
}

static void from_template(void)
{
    recovering.template = "base";
}

static void to_three(void)
{
    number = "3";
}

static void to_words(void)
{
    number = "1st";
}

static void to_nothing(void)
{
    name = "lakes";
}

static void stops_at_once(void)
{
    t.cluster.stop_at = 1;
}

static void reviewed_other(void)
{
    converging.order.plan_digest =
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}

static void other_data(void)
{
    char path[256];
    (void)snprintf(path, sizeof path,
                   "registry/data/processed/wells/" WELLS_ID "/artifacts/features.geojson");
    project_put(path, "{}");
}

static void app_only_live(void)
{
    t.cluster.by_hand = "app";
}

static void app_only_rebuilt(void)
{
    t.cluster.by_hand = "app";
    t.cluster.by_hand_at = 2;
}

static void other_rows(void)
{
    t.cluster.has_other_rows = true;
}

static void a_second_projection(void)
{
    project_put("registry/projections/lakes.yml",
                "projection: lakes\nstore: postgis\nschema: lakes\nsources:\n"
                "  - dataset: wells\n    version: " WELLS_ID "\n    asset: features\n"
                "    into: pts\n    columns: {name: properties.name}\n");
    recovering.meant = (struct meant){.all = true, .projection = "wells"};
}

/* The chain goes on behind M-3. */
static void a_chain_behind_one_more(void)
{
    one_more();
    verbs_chain(true);
    depends("C-1", "wells", "M-3");
    converging.keep_going = true;
}

static void a_chain_behind_sql(void)
{
    a_chain_behind_one_more();
    no_script();
}

/* --- receipts of a ledger that is lost */

#define SINK "archive/dev/"
#define R(instance, n, at, more)                                                                   \
    "{\"environment\":\"dev\",\"finished_at\":\"" at "\",\"ledger\":{\"instance\":\"" instance     \
    "\",\"sequence\":" n more "}}"
#define PREVIOUS                                                                                   \
    ",\"previous\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
#define BUNDLE "migrations/postgis/M-1/receipts/"

static void sink_with_gaps(void)
{
    t.l.p.sink = "archive";
    project_put(SINK LEDGER_UUID "/00000001-a.json",
                R(LEDGER_UUID, "1", "2026-01-01T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000005-e.json",
                R(LEDGER_UUID, "5", "2026-01-05T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000007-g.json",
                R(LEDGER_UUID, "6", "2026-01-07T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000008-h.json",
                R(OTHER_UUID, "8", "2026-01-07T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000009-i.json", "no receipt");
    project_put(SINK LEDGER_UUID "/notes.txt", "no receipt");
    project_put(SINK "notes.txt", "no ledger");
}

static void sink_of_two(void)
{
    t.l.p.sink = "archive";
    project_put(SINK OTHER_UUID "/00000009-a.json",
                R(OTHER_UUID, "9", "2026-01-01T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000002-b.json",
                R(LEDGER_UUID, "2", "2026-01-02T00:00:00Z", ",\"previous\":\"sha256:xx\""));
}

static void sink_that_is_none(void)
{
    t.l.p.sink = "archive";
    project_put("archive", "");
}

static void exports(void)
{
    project_put(BUNDLE "run_receipt.json", R(LEDGER_UUID, "4", "2026-01-04T00:00:00Z", PREVIOUS));
    project_put(BUNDLE "dev/run_receipt.json", "no receipt");
    project_put(BUNDLE "receipt_ref.json",
                "{\"environment\":\"dev\",\"uri\":\"kfmig:ledger:" LEDGER_UUID
                ":6\",\"sha256\":\"sha256:"
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}");
    project_put("migrations/postgis/M-2/receipts/run_receipt.json",
                R(LEDGER_UUID, "3", "2026-01-03T00:00:00Z", PREVIOUS));
}

/* What tells of a publication is nonsense, is of no success, of another generation, or of none. */
#define PUBLISHED(n, result, claim)                                                                \
    R(LEDGER_UUID, n, "2026-01-07T00:00:00Z",                                                      \
      "},\"kind\":\"projection_publish\",\"result\":\"" result                                     \
      "\",\"claim\":{\"projection\":{" claim "}")
#define SOME_DIGEST "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""

static void sink_with_oddities(void)
{
    t.l.p.sink = "archive";
    project_put(SINK LEDGER_UUID "/00000001-a.json", "\"projection_publish\" and no more");
    project_put(SINK LEDGER_UUID "/00000002-b.json", PUBLISHED("2", "failed", ""));
    project_put(SINK LEDGER_UUID "/00000004-d.json",
                PUBLISHED("4", "success", "\"digest\":" SOME_DIGEST));
    project_put(SINK LEDGER_UUID "/00000005-e.json",
                PUBLISHED("5", "success", "\"digest\":\"sha256:xx\",\"content\":" SOME_DIGEST));
    project_put(SINK LEDGER_UUID "/00000007-g.json",
                PUBLISHED("7", "success",
                          "\"name\":\"lakes\",\"digest\":" SOME_DIGEST
                          ",\"content\":" SOME_DIGEST));
    project_put(SINK LEDGER_UUID "/00000008-h.json", "{}");
    (void)symlinkat("/nowhere", project_fd, SINK LEDGER_UUID "/00000009-i.json");
    project_put(SINK LEDGER_UUID "/+0000009-i.json", "{}");
    project_put(SINK LEDGER_UUID "/00000009.json", "{}");
    project_put(SINK LEDGER_UUID "/999999999-z.json", "{}");
    project_put(SINK OTHER_UUID, "a file");
}

static void sink_of_nonsense(void)
{
    t.l.p.sink = "archive";
    project_put(SINK LEDGER_UUID "/notes.txt", "no receipt");
}

static void sink_of_an_older_one(void)
{
    t.l.p.sink = "archive";
    project_put(SINK OTHER_UUID "/00000009-a.json",
                R(OTHER_UUID, "9", "2026-01-02T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000002-b.json",
                R(LEDGER_UUID, "2", "2026-01-01T00:00:00Z", PREVIOUS));
}

/* The newer one does not say when; of entry 6 the first one does not say what was before it. */
static void exports_that_lack_something(void)
{
    t.l.p.sink = "archive";
    project_put(SINK LEDGER_UUID "/00000001-a.json",
                R(LEDGER_UUID, "1", "2026-01-01T00:00:00Z", PREVIOUS));
    project_put(SINK LEDGER_UUID "/00000003-c.json",
                R(LEDGER_UUID, "3", "2026-01-03T00:00:00Z", PREVIOUS));
    project_put(BUNDLE "run_receipt.json", R(LEDGER_UUID, "5", "2026-01-05T00:00:00Z", ""));
    project_put(BUNDLE "dev/run_receipt.json", R(LEDGER_UUID, "6", "", ""));
    project_put("migrations/postgis/M-2/receipts/run_receipt.json",
                R(LEDGER_UUID, "6", "2026-01-06T00:00:00Z", PREVIOUS));
    project_put("migrations/postgis/C-1/receipts/run_receipt.json",
                R(OTHER_UUID, "9", "2026-01-02T00:00:00Z", PREVIOUS));
}

static void exports_that_are_none(void)
{
    project_put(BUNDLE "run_receipt.json", R("7f0c8b1e", "4", "2026-01-04T00:00:00Z", ""));
    project_put(BUNDLE "dev/run_receipt.json", "{\"environment\":\"live\",\"ledger\":{}}");
    project_put(BUNDLE "receipt_ref.json",
                "{\"environment\":\"dev\",\"uri\":\"kfmig:ledger:7f0c\"}");
    project_put("migrations/postgis/M-2/receipts/run_receipt.json", R(LEDGER_UUID, "0", "", ""));
    project_put("migrations/postgis/M-2/receipts/receipt_ref.json",
                "{\"environment\":\"dev\",\"uri\":\"file:x\"}");
}

static void exports_and_sink(void)
{
    t.l.p.sink = "archive";
    project_put(SINK LEDGER_UUID "/00000006-f.json",
                R(LEDGER_UUID, "6", "2026-01-06T00:00:00Z", PREVIOUS));
    exports();
    project_put("migrations/postgis/C-1/receipts/run_receipt.json",
                R(LEDGER_UUID, "999999999999", "2027-01-01T00:00:00Z", ""));
}

static void remembered(void)
{
    static struct kept was;
    static struct setting v;
    memset(&v, 0, sizeof v);
    kept_make(&was, LEDGER_UUID, 3);
    v.l = t.l;
    v.s.a = &t.l.a;
    v.s.cache = t.l.cache;
    setting_remember_of(&v, "dev", &was);
}

static void remembered_of_another(void)
{
    static struct kept was;
    static struct setting v;
    exports();
    t.l.p.sink = "archive";
    project_put(SINK OTHER_UUID "/00000009-a.json",
                R(OTHER_UUID, "9", "2027-01-01T00:00:00Z", PREVIOUS));
    project_put("migrations/postgis/C-1/receipts/run_receipt.json",
                R(OTHER_UUID, "9", "2027-01-05T00:00:00Z", PREVIOUS));
    memset(&v, 0, sizeof v);
    kept_make(&was, OTHER_UUID, 3);
    v.l = t.l;
    v.s.a = &t.l.a;
    v.s.cache = t.l.cache;
    setting_remember_of(&v, "dev", &was);
}

static void remembered_and_exported(void)
{
    exports();
    remembered();
}

/* --- the cases */

#define REFUSED "environment \"dev\" is protected: nothing was "
#define EXTENSION                                                                                  \
    "~ @postgis_catalog_functions* -> rows 3079 | 300 | extension |  | postgis | version | 3.3 | " \
    "1\n"
#define TABLE                                                                                      \
    "~ @postgis_catalog_relations -> rows " RELATION_ROW("20000", "app", "t", "kfmig") "\n"
#define PTS                                                                                        \
    "~ @postgis_catalog_relations -> rows " RELATION_ROW("20001", "wells__g9", "pts", "kfmig") "\n"
#define OTHER "~ INSERT INTO other.t* -> INSERT 0 1\n"
#define IMPROVED "~ COMMENT ON TABLE wells.pts* -> COMMENT\n"
#define MADE "created the database kfm"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void); /* declared before the project is loaded, into which it may reach afterwards */
    void (*then)(void);
    const struct cluster *from; /* NULL: the database was lost */
    act *does;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* of what is said; "a ... b": in this order; $: its end */
} cases[] = {
    /* build */
    {"nothing to build, and another plan was reviewed", NULL, reviewed_other, &built, build_these, "", -1, ERR_NONE, "something moved since it was reviewed"},
    {"nothing to build", NULL, NULL, &built, build_these, "", 0, ERR_NONE, ""},
    {"a protected environment, and a migration that nobody registered", one_more, protects, &built, build_these, "", -1, ERR_PREFLIGHT, "1 target is blocked; nothing was run"},
    {"SQL that cannot be run", no_script, NULL, &built, build_these, "", -1, ERR_CONFIG, "1 target is blocked; nothing was run ... fault: CREATE DATABASE"},
    {"SQL of a chain that cannot be run", no_chain_script, NULL, &built, build_these, "", -1, ERR_CONFIG, "1 target is blocked; nothing was run ... fault: CREATE DATABASE"},
    {"SQL and a projection", both_blocked, NULL, &built, build_these, "", -1, ERR_CONFIG, "2 targets are blocked; nothing was run; `kfmig why TARGET` explains; -k runs what is not blocked ... blocked: ... fault: CREATE DATABASE"},
    {"SQL and a projection, and what is not blocked goes on", goes_on, NULL, &built, build_these, "", 0, ERR_CONFIG, "blocked: "},
    {"at most one", at_most_one, NULL, &built, build_these, "", 0, ERR_NONE, "begin: M-3|statement: INSERT|done: ... , apply M-3$"},
    {"at most two of three", at_most_two, NULL, &built, build_these, "", 0, ERR_NONE, ", apply M-3, apply M-4$"},
    {"at most one, behind which one is blocked", at_most_one_before_a_fault, NULL, &built, build_these, "", 0, ERR_NONE, "apply M-3"},
    {"what depends on a failure is left out, and the rest goes on", a_chain_of_three, NULL, &built, build_these, OTHER "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", 0, ERR_APPLY, "apply M-3: ... apply M-5, 1 skipped"},
    {"what depends on what was left out is left out, too", a_chain_of_four, NULL, &built, build_these, OTHER "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", 0, ERR_APPLY, "apply M-3: ... apply M-5, 2 skipped$"},
    {"a failure stops the rest", two_more, NULL, &built, build_these, "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", 0, ERR_APPLY, "apply M-3: "},
    {"what depends on something blocked is left out", a_chain_behind_a_fault, NULL, &built, build_these, OTHER, 0, ERR_CONFIG, "fault: CREATE DATABASE ... apply M-5"},

    {"a projection whose chain goes on behind a failure is left out", a_chain_behind_one_more, NULL, &built, build_these, "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", 0, ERR_APPLY, "apply M-3: ... , 1 skipped"},
    {"a projection whose chain goes on behind something blocked", a_chain_behind_sql, NULL, &built, build_these, "", 0, ERR_CONFIG, "fault: CREATE DATABASE"},

    /* first contact says of what stands there what the plan said */
    {"first contact with nothing", NULL, NULL, &empty, build_these, "", 0, ERR_NONE, "first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact with one object", NULL, app_only_live, &empty, build_these, EXTENSION, 0, ERR_NONE, "first contact; recorded 1 object found there as the starting baseline|"},
    {"first contact with two objects", NULL, app_only_live, &empty, build_these, TABLE, 0, ERR_NONE, "first contact; recorded 2 objects found there as the starting baseline|"},

    /* evidence as files */
    {"evidence is written", files_evidence_of_one_more, NULL, &built, build_these, "", 0, ERR_NONE, "done: |, export M-1, export M-2, apply M-3"},
    {"evidence of before is written again", files_evidence, NULL, &built, build_these, "", 0, ERR_NONE, ", export M-1, export M-2"},
    {"evidence that cannot be written is owed", cannot_file_evidence, NULL, &built, build_these, "", 0, ERR_VALIDATE, "M-3 is applied; its evidence is owed, `kfmig build dev` writes it ... export M-3: "},

    /* a chain that grows in place */
    {"a chain grows in place", in_place, NULL, &built, build_these, IMPROVED, 0, ERR_NONE, "begin: C-2|statement: COMMENT|done: ... apply C-2"},
    {"a chain grows in place by two", in_place_twice, NULL, &built, build_these, IMPROVED, 0, ERR_NONE, "apply C-2, apply C-3"},
    {"a chain does not grow in place", in_place, NULL, &built, build_these, "~ COMMENT ON TABLE wells.pts* -> error 42501\n", 0, ERR_APPLY, "apply C-2: "},

    /* what a projection is made with */
    {"an invariant that is no query", no_query, NULL, &built, build_these, "", 0, ERR_CONFIG, "an invariant is a query that must return no row, not DELETE|write SELECT ..."},
    {"an invariant that cannot be read", bad_query, NULL, &built, build_these, "", 0, ERR_CONFIG, "publish wells: "},

    /* rebuild */
    {"rebuild what uses a version", NULL, of_a_version, &built, rebuild_these, "", 0, ERR_NONE, "done: rebuilt and published|, publish wells"},
    {"rebuild what uses another version", NULL, of_another_version, &built, rebuild_these, "", -1, ERR_CONFIG, "no projection of dev uses dataset version \"2026-07.00000000\"; `kfmig dataset list`"},
    {"rebuild another projection", NULL, of_another_name, &built, rebuild_these, "", -1, ERR_CONFIG, "no projection is declared for dev"},
    {"rebuild what is for another environment", elsewhere, NULL, &built, rebuild_these, "", -1, ERR_CONFIG, "no projection is declared for dev"},
    {"rebuild what is blocked", no_version, NULL, &built, rebuild_these, "", -1, ERR_PREFLIGHT, "projection wells is blocked: the catalog of a dataset version cannot be trusted; `kfmig why dev/wells` explains"},
    {"rebuild before a migration", one_more, NULL, &built, rebuild_these, "", -1, ERR_PREFLIGHT, "1 migration is of dev not applied yet; `kfmig build dev` applies them"},
    {"rebuild before two migrations", two_more, NULL, &built, rebuild_these, "", -1, ERR_PREFLIGHT, "2 migrations are of dev not applied yet"},
    {"rebuild in a protected environment", NULL, protects, &built, rebuild_these, "", -1, ERR_PREFLIGHT, REFUSED "rebuilt; add --apply"},
    {"rebuild, and an invariant is no query", no_query, NULL, &built, rebuild_these, "", -1, ERR_CONFIG, "an invariant is a query"},

    /* switch */
    {"switch", NULL, NULL, &twice, switch_these, "", 0, ERR_NONE, "switch wells"},
    {"switch to what is live", NULL, NULL, &built, switch_these, "", -1, ERR_PREFLIGHT, "generation 1 of wells is live already"},
    {"switch to a generation that is not there", NULL, to_three, &twice, switch_these, "", -1, ERR_CONFIG, "wells has no generation \"3\"; `kfmig switch wells` lists those that are kept"},
    {"switch to no number", NULL, to_words, &twice, switch_these, "", -1, ERR_CONFIG, "wells has no generation \"1st\""},
    {"switch another projection", NULL, to_nothing, &twice, switch_these, "", -1, ERR_CONFIG, "no projection \"lakes\""},
    {"switch, and an invariant cannot be read", bad_query, NULL, &twice, switch_these, "", -1, ERR_CONFIG, "an invariant is a query that must return no row, not this; write SELECT"},

    /* a database that was lost */
    {"a lost database", NULL, NULL, NULL, recover_these, "", 0, ERR_NONE, MADE " ... no checkpoint of an earlier ledger was found (sink, exported receipts, cache): the new ledger cites none ... apply M-1, apply M-2, publish wells ... \"cites\":null"},
    {"a lost database, from a template", NULL, from_template, NULL, recover_these, "", 0, ERR_NONE, MADE},
    {"a lost database: what is said of it", NULL, dry, NULL, recover_these, "", 0, ERR_NONE, "would create the database kfm ... would apply what is not applied of 2 migrations outside of projections ... would rebuild wells"},
    {"an empty database: what is said of it", NULL, dry, &empty, recover_these, "", 0, ERR_NONE, "would rebuild wells"},
    {"a protected environment's lost database", NULL, protects, NULL, recover_these, "", -1, ERR_PREFLIGHT, REFUSED "made; add --apply; --dry-run says what would be done"},
    {"a database that is not lost", NULL, NULL, &built, recover_these, "", -1, ERR_PREFLIGHT, "the database of \"dev\" is not lost: its ledger ... has 5 entries; `kfmig build dev`"},
    {"a database that is not empty", NULL, NULL, &empty, recover_these, TABLE, -1, ERR_PREFLIGHT, "the database of \"dev\" is not empty: table app.t; drop it, or give an empty one"},
    {"a database with many things", NULL, NULL, &empty, recover_these, "~ @postgis_catalog_relations -> rows " RELATION_ROW("1", "app", "a", "k") " ; " RELATION_ROW("2", "app", "b", "k") " ; " RELATION_ROW("3", "app", "c", "k") " ; " RELATION_ROW("4", "app", "d", "k") "\n", -1, ERR_PREFLIGHT, "is not empty: table app.a, table app.b, table app.c, ...; "},
    {"a lost database, and nothing of that version", NULL, of_another_version, NULL, recover_these, "", -1, ERR_CONFIG, "no projection of dev is meant; `kfmig dataset list`"},
    {"a lost database, and a version that is nowhere", no_version, NULL, NULL, recover_these, "", -1, ERR_PREFLIGHT, "1 fault in what projections are made from; nothing was written ... there is no dataset version 2026-09.1a2b3c4d of wells"},
    {"a lost database, and an asset that is nowhere", no_asset, NULL, NULL, recover_these, "", -1, ERR_PREFLIGHT, "1 fault in what projections are made from"},
    {"a lost database, and another artifact", other_data, NULL, NULL, recover_these, "", -1, ERR_PREFLIGHT, "fault in what projections are made from"},
    {"a lost database, and SQL that cannot be run", no_script, NULL, NULL, recover_these, "", -1, ERR_PREFLIGHT, MADE " ... blocked: "},
    {"a lost database, and SQL of a chain that cannot be run", no_chain_script, NULL, NULL, recover_these, "", -1, ERR_PREFLIGHT, "1 target is blocked; nothing was run; `kfmig why TARGET` explains"},
    {"a lost database whose migrations fail", NULL, NULL, NULL, recover_these, "~ INSERT INTO app.t VALUES (2)* -> error 23505\n", 0, ERR_APPLY, "apply M-2: ... \"result\":\"failed\""},
    {"a database that nobody may make", NULL, NULL, NULL, recover_these, "~ CREATE DATABASE* -> error 42501\n", -1, ERR_PREFLIGHT, "may not create the database"},
    {"tables whose rows no migration makes", NULL, NULL, NULL, recover_these, TABLE "~ SELECT count(*) FROM \"app\".\"t\" -> rows 0\n", 0, ERR_NONE, "\"empty_tables\":[\"table app.t\"]"},
    {"tables of projections are not counted", NULL, NULL, NULL, recover_these, PTS, 0, ERR_NONE, "\"empty_tables\":[]"},
    {"one of two projections comes back", a_second_projection, NULL, NULL, recover_these, "", 0, ERR_NONE, "publish wells"},
    {"tables that cannot be counted", NULL, NULL, NULL, recover_these, TABLE "~ SELECT count(*) FROM \"app\".\"t\" -> error 42501\n", 0, ERR_NONE, "\"uncounted_tables\":[\"table app.t\"]"},

    /* what is known of a lost ledger */
    {"a sink with gaps and nonsense", NULL, sink_with_gaps, NULL, recover_these, "", 0, ERR_NONE, "00000009-i.json is no receipt of that ledger: left aside ... 00000008-h.json ... 00000007-g.json ... cites entry 5 of ledger " LEDGER_UUID " (sink) ... \"receipts_missing\":\"2-4\""},
    {"a sink of two ledgers: the one written to last", NULL, sink_of_two, NULL, recover_these, "", 0, ERR_NONE, "cites entry 2 of ledger " LEDGER_UUID " (sink) ... \"receipts_missing\":\"1\""},
    {"a sink that is a file", NULL, sink_that_is_none, NULL, recover_these, "", -1, ERR_PREFLIGHT, "archive"},
    {"exported receipts", NULL, exports, NULL, recover_these, "", 0, ERR_NONE, "dev/run_receipt.json is no receipt: left aside ... cites entry 6 of ledger " LEDGER_UUID " (exported receipts) ... \"receipts_missing\":null"},
    {"exported receipts that are none", NULL, exports_that_are_none, NULL, recover_these, "", 0, ERR_NONE, "cites none"},
    {"exported receipts and a sink", NULL, exports_and_sink, NULL, recover_these, "", 0, ERR_NONE, "cites entry 6 of ledger " LEDGER_UUID " (sink, exported receipts) ... \"receipts_missing\":\"1-5\""},
    {"what the last run saw", NULL, remembered, NULL, recover_these, "", 0, ERR_NONE, "cites entry 3 of ledger " LEDGER_UUID " (cache)"},
    {"what the last run saw, and exported receipts", NULL, remembered_and_exported, NULL, recover_these, "", 0, ERR_NONE, "cites entry 6 of ledger " LEDGER_UUID " (exported receipts)"},

    {"a sink whose publications are none", NULL, sink_with_oddities, NULL, recover_these, "", 0, ERR_NONE, "00000009-i.json is no receipt of that ledger: left aside ... 00000008-h.json ... cites entry 7 of ledger " LEDGER_UUID " (sink) ... publish wells ... \"receipts_missing\":\"3, 6\""},
    {"a sink without a receipt", NULL, sink_of_nonsense, NULL, recover_these, "", 0, ERR_NONE, "cites none"},
    {"a sink of two ledgers: the other one was written to last", NULL, sink_of_an_older_one, NULL, recover_these, "", 0, ERR_NONE, "cites entry 9 of ledger " OTHER_UUID " (sink) ... \"receipts_missing\":\"1-8\""},
    {"exported receipts that lack something", NULL, exports_that_lack_something, NULL, recover_these, "", 0, ERR_NONE, "cites entry 6 of ledger " LEDGER_UUID " (exported receipts) ... \"receipts_missing\":\"2, 4-6\""},
    {"a recovery that knew of nothing goes on so", NULL, exports, &begun, recover_these, "", 0, ERR_NONE, "publish wells ... \"cites\":null"},
    {"a recovery that knew of a ledger goes on with that one", NULL, remembered_of_another, &citing, recover_these, "", 0, ERR_NONE, "cites entry 6 of ledger " LEDGER_UUID " (exported receipts)"},

    {"a recovery that knew of a ledger, which the last run saw", NULL, remembered, &citing, recover_these, "", 0, ERR_NONE, "cites entry 6 of ledger " LEDGER_UUID},

    /* a migration that stands there already */
    {"one that stands there", one_more, NULL, &built, found_these, "", 0, ERR_NONE, "adopt M-3"},
    {"one that stands there, and a signal", one_more, stops_at_once, &built, found_these, "", -1, ERR_NONE, "interrupted while M-3 was tried; nothing was written; "},

    /* one that is applied, with another text */
    {"another text that does the same", says_otherwise, NULL, &built, reword_these, "", 0, ERR_NONE, "adopt M-2"},
    {"another text: the same", NULL, NULL, &built, reword_these, "", -1, ERR_NONE, "M-2 is applied in \"dev\" already"},
    {"another text that writes other rows", does_otherwise, NULL, &built, reword_these, "", -1, ERR_NONE, "M-2: the statements that write rows or run code are not those that were applied"},
    {"another text that cannot be run", cannot_run, NULL, &built, reword_these, "", -1, ERR_NONE, "CREATE DATABASE: PostgreSQL runs it outside of transaction blocks only"},
    {"another text, and a signal", says_otherwise, stops_at_once, &built, reword_these, "", -1, ERR_NONE, "interrupted while M-2 was tried; nothing was written"},
    {"another text in a protected environment", says_otherwise, protects, &built, reword_these, "", -1, ERR_NONE, "M-2 is applied in \"dev\", which is protected: it keeps the text that was applied; `kfmig receipt text dev M-2 --write`"},

    /* a drill */
    {"a drill", NULL, NULL, &built, drill_these, "", 0, ERR_NONE, "drill dev ... \"same\":true"},
    {"a drill: what is said of it", NULL, dry, &built, drill_these, "", 0, ERR_NONE, "would rebuild in a throwaway database beside dev, compare, drop it, and record a ledger entry"},
    {"a drill of what has no ledger", NULL, NULL, &empty, drill_these, "", -1, ERR_PREFLIGHT, "environment \"dev\" has no ledger yet: there is nothing to compare with; `kfmig build dev` makes it; `kfmig adopt dev`, too, and runs nothing"},
    {"a drill before a migration", one_more, NULL, &built, drill_these, "", -1, ERR_PREFLIGHT, "1 migration is of dev not applied yet: a drill compares with what is; `kfmig build dev` comes first"},
    {"a drill before two migrations", two_more, NULL, &built, drill_these, "", -1, ERR_PREFLIGHT, "2 migrations are of dev not applied yet"},
    {"a drill in a protected environment", NULL, protects, &built, drill_these, "", -1, ERR_PREFLIGHT, "environment \"dev\" is protected: no drill was run; add --apply"},
    {"a drill of what changes roles", reaches_a_role, NULL, &built, drill_these, "", -1, ERR_PREFLIGHT, "M-2 may change what the live database shares with its server (role:reader): a throwaway database beside it cannot run it; try the recovery on a server of its own"},
    {"a drill, and a schema is live only", NULL, app_only_live, &built, drill_these, "", -1, ERR_VALIDATE, "what was rebuilt is not what is live: schema app; the list above names everything ... \"same\":false ... \"different\":[{\"change\":\"only live\",\"object\":\"schema app\"}],"},
    {"a drill, and a schema is rebuilt only", NULL, app_only_rebuilt, &built, drill_these, "", -1, ERR_VALIDATE, "is not what is live: schema app; ... \"change\":\"only rebuilt\""},
    {"a drill, and other rows come back", NULL, other_rows, &built, drill_these, "", -1, ERR_VALIDATE, "is not what is live: the rows of wells from wells/" WELLS_ID "; ... \"same\":false"},
    {"a drill, and more than one thing differs", app_only_live, other_rows, &built, drill_these, "", -1, ERR_VALIDATE, "the rows of wells from wells/" WELLS_ID ", and more"},
    {"a drill of what was made from something else", NULL, NULL, &older, drill_these, "", 0, ERR_NONE, "wells: not compared, what is live was made from something else ... \"compared\":false"},
    {"a drill of one of two projections", a_second_projection, NULL, &built, drill_these, "", 0, ERR_NONE, "\"same\":true"},
    {"a drill of a database with an extension", NULL, NULL, &with_extension, drill_these, EXTENSION "~ CREATE EXTENSION* -> CREATE EXTENSION\n", 0, ERR_NONE, "\"same\":true"},
    {"a drill beside which an extension cannot be made", NULL, NULL, &with_extension, drill_these, EXTENSION "~ CREATE EXTENSION* -> error 42501\n", -1, ERR_PREFLIGHT, "the throwaway database lacks the extension \"postgis\", which no migration makes; have an administrator make a template database"},
    {"a drill: cut while an extension is made", NULL, NULL, &with_extension, drill_these, EXTENSION "~ CREATE EXTENSION* -> cut\n", -1, ERR_PREFLIGHT, "was lost"},
    {"a drill of tables with as many rows", NULL, NULL, &with_table, drill_these, TABLE "~ SELECT count(*) FROM \"app\".\"t\" -> rows 5\n", 0, ERR_NONE, "\"rows_not_recovered\":[]"},
    {"a drill of tables that cannot be counted", NULL, NULL, &with_table, drill_these, TABLE "~ SELECT count(*) FROM \"app\".\"t\" -> error 42501\n", 0, ERR_NONE, "\"rows_not_recovered\":[{\"live_rows\":null,\"rebuilt_rows\":null,\"table\":\"table app.t\"}]"},
    {"a drill of nothing", NULL, of_another_version, &built, drill_these, "", -1, ERR_CONFIG, "no projection of dev is meant"},
    {"a drill from a template that is not there", NULL, from_template, &built, drill_these, "~ CREATE DATABASE* TEMPLATE \"base\" -> error 3D000\n", -1, ERR_PREFLIGHT, "there is no template database \"base\""},
    {"a drill that is stopped", NULL, stops_at_once, &built, drill_these, "", -1, ERR_INTERRUPTED, "interrupted"},
    {"a drill whose migrations fail", NULL, NULL, &built, drill_these, "~ INSERT INTO app.t VALUES (2)* -> error 23505\n", -1, ERR_APPLY, "the rebuild in the throwaway database failed"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* What was said, and what is left. */
static const char *said(void)
{
    static char text[32768];
    size_t n = (size_t)snprintf(text, sizeof text, "%s; %s\n%s", t.e.msg, t.e.hint, t.heard.text);
    for (size_t i = 0; i < t.r.n; i++) {
        const struct result_row *r = &t.r.v[i];
        n += (size_t)snprintf(
            text + n, sizeof text - n, ", %s %s%s%s", result_action_text(r->action), r->target,
            r->failure != NULL ? ": " : "", r->failure != NULL ? r->failure->msg : "");
    }
    if (t.r.n_skipped > 0) {
        n += (size_t)snprintf(text + n, sizeof text - n, ", %zu skipped", t.r.n_skipped);
    }
    if (t.r.more != NULL) {
        struct buf doc = {0};
        canon_write(&doc, t.r.more);
        n += (size_t)snprintf(text + n, sizeof text - n, "; %s", buf_str(&doc));
        buf_release(&doc);
    }
    (void)snprintf(text + n, sizeof text - n, "$");
    return text;
}

static void play(size_t i)
{
    converging = (struct converge_options){.order = {.is_confirmed = true}};
    recovering = recover_all;
    order = order_confirmed;
    meant = meant_all;
    name = "wells";
    number = "1";
    verbs_project();
    cluster_copy(&t.cluster, cases[i].from != NULL ? cases[i].from : &built);
    t.cluster.stop_at = t.cluster.by_hand_at = 0;
    t.cluster.has_other_rows = false;
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, true);
    if (cases[i].from == NULL) {
        t.cluster.base[0].is_there = false;
    }
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    run_of_play(&t, cases[i].does, cases[i].lines, 0, NULL, 0, NULL);
    const char *text = said();
    bool good = t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0;
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

/* What the ledgers begin with: built once; and once more, with another chain. */
static void make(struct cluster *out, const struct cluster *from, bool is_older, const char *lines)
{
    verbs_project();
    verbs_chain(is_older);
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    run_of_play(&t, builds, lines, 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

/* The database was lost, and its recovery ended early. known: of the ledger that was lost. */
static void make_begun(struct cluster *out, void (*known)(void))
{
    recovering = recover_all;
    verbs_project();
    project_load(&t.l, false);
    if (known != NULL) {
        known();
    }
    cluster_copy(&t.cluster, &built);
    t.cluster.base[0].is_there = false;
    run_of_play(&t, recover_these, "~ INSERT INTO app.t VALUES (2)* -> error 23505\n", 0, NULL, 0,
                NULL);
    ok(t.rc == 0 && t.r.worst == ERR_APPLY && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 7);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, &empty, false, "");
    make(&older, &empty, true, "");
    make(&twice, &older, false, "");
    make(&with_extension, &empty, false, EXTENSION);
    make(&with_table, &empty, false, TABLE);
    make_begun(&begun, NULL);
    make_begun(&citing, exports);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cluster_release(&begun);
    cluster_release(&citing);
    cluster_release(&t.cluster);
    cluster_release(&built);
    cluster_release(&older);
    cluster_release(&twice);
    cluster_release(&with_extension);
    cluster_release(&with_table);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
