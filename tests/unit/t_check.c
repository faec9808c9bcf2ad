/* layer: flow */
/* What a check finds: each rule by a project that breaks it, with its place and what it is about, in the list that decides the exit status. */
#include "flow/check.h"
#include "project.h"
#include "tap.h"

static struct loaded t;
static bool is_strict, with_cache;

/* --- projects: each breaks one thing of a good one */

static void good(void)
{
    project_start();
    project_put("registry/environments.v1.yml",
                "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
    project_put("registry/migrations.v1.json",
                "{\"version\": 1, \"migrations\": [{\"id\": \"M-1\", \"type\": \"postgis\", "
                "\"owners\": [\"ada\"], \"status\": \"draft\"}]}");
    project_bundle("M-1", "");
}

#define BUNDLE "migrations/postgis/M-1/"
#define ENVIRONMENTS "registry/environments.v1.yml"
#define REGISTRY "registry/migrations.v1.json"

static void forward(const char *sql)
{
    project_put(BUNDLE "forward.sql", sql);
}

static void no_environment(void)
{
    project_put(ENVIRONMENTS, "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                              "default_environment: prod\n");
}

static void wants_signatures(void)
{
    project_put(ENVIRONMENTS,
                "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "  prod: {protected: true, approval: signature, stores: {postgis: {dsn_ref: "
                "T_PROD}}}\ndefault_environment: dev\n");
}

static void reviewed(const char *signers)
{
    project_put(ENVIRONMENTS,
                "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "  prod: {protected: true, approval: review, stores: {postgis: {dsn_ref: "
                "T_PROD}}}\ndefault_environment: dev\n");
    if (signers != NULL) {
        project_put("registry/allowed_signers", signers);
        project_put("registry/revoked_signers", "");
    }
}

static void without_governance(void)
{
    reviewed(NULL);
}

#define ANY_KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"

static void with_another_role(void)
{
    reviewed("ann@example.org,kfm-platform " ANY_KEY);
}

static void with_governance(void)
{
    reviewed("ann@example.org,kfm-governance " ANY_KEY);
}

static void unknown_key(void)
{
    project_declare("postgis", "M-1", "color: red\n");
}

static void no_file(void)
{
    (void)unlinkat(project_fd, BUNDLE "rollback.sql", 0);
}

static void rebuilds_nothing(void)
{
    project_declare("postgis", "M-1", "rebuilds: [active_well]\n");
    project_put("migrations/postgis/repeatable/active_wells.sql",
                "CREATE VIEW app.v AS SELECT 1 AS n;\n");
}

static void rebuilds_something(void)
{
    project_declare("postgis", "M-1", "rebuilds: [gone_by_now]\n");
}

static void behind_its_receipts(void)
{
    project_put(
        BUNDLE "receipts/receipt_ref.json",
        "{\"format\": \"kfmig.receipt_ref.v1\", \"run_id\": \"r\", \"migration_id\": \"M-1\", "
        "\"environment\": \"dev\", \"uri\": \"u\", \"sequence\": 1, \"sha256\": "
        "\"sha256:0000000000000000000000000000000000000000000000000000000000000001\"}");
}

static void not_read(void)
{
    project_put("migrations/postgis/notes.txt", "x");
}

static void no_registry(void)
{
    project_put(REGISTRY, "{\"version\": 1, \"migrations\": 7}");
}

static void not_registered(void)
{
    project_put(REGISTRY, "{\"version\": 1, \"migrations\": []}");
}

static void executed(void)
{
    project_put(REGISTRY,
                "{\"version\": 1, \"migrations\": [{\"id\": \"M-1\", \"type\": \"postgis\", "
                "\"owners\": [\"ada\"], \"status\": \"executed_dev\"}]}");
}

static void executed_and_strict(void)
{
    executed();
    is_strict = true;
}

static void bad_evidence(void)
{
    project_put(BUNDLE "receipts/run_receipt.json", "{");
}

static void depends_on_nothing(void)
{
    project_declare("postgis", "M-1", "depends_on: [M-9]\n");
}

static void bad_projection(void)
{
    project_put("registry/projections/wells.yml", "projection: wells\nstore: postgis\n"
                                                  "schema: wells\nsources: []\n");
}

static void half_a_projection(void)
{
    project_put("registry/projections/wells.yml",
                "projection: wells\nstore: postgis\nschema: kfmig\nsources:\n  - {dataset: d, "
                "version: 2026-01.00000000, asset: a, into: t, columns: {c: x}}\n");
}

static void no_transaction(void)
{
    forward("CREATE TABLE app.t ();\nCREATE DATABASE other;\n");
}

static void unknown_statement(void)
{
    forward("CREATE TABLE app.t ();\nREPACK app.t;\n");
}

static void much_data(void)
{
    static char sql[64 * 1024];
    size_t n = (size_t)snprintf(sql, sizeof sql,
                                "CREATE TABLE app.t (n int);\nCOPY app.t FROM "
                                "stdin;\n");
    for (int i = 0; i < 1001; i++) {
        n += (size_t)snprintf(sql + n, sizeof sql - n, "%d\n", i);
    }
    (void)snprintf(sql + n, sizeof sql - n, "\\.\n");
    forward(sql);
}

static void empty_rollback(void)
{
    project_put(BUNDLE "rollback.sql", "-- nothing\n");
}

static void out_of_scope(void)
{
    forward("CREATE TABLE other.t ();\n");
}

static void too_many_tables(void)
{
    forward("CREATE TABLE app.t ();\nCREATE TABLE app.u ();\n");
}

static void protected_schema(void)
{
    project_put(ENVIRONMENTS, "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                              "default_environment: dev\npolicy: {protected: {tables: [app.t]}}\n");
}

static void no_checksums(void)
{
    project_put("migrations/db/meta/manifest.json", "{\"version\": 1, \"migrations\": []}\n");
    project_put("migrations/db/0001_a.up.sql", "CREATE TABLE app.a ();\n");
    project_put("migrations/db/0001_a.down.sql", "DROP TABLE app.a;\n");
}

static void bad_second(void)
{
    project_bundle("M-10", "");
    project_put("migrations/postgis/M-10/forward.sql", "CREATE TABLE other.t ();\n");
}

static void bad_second_projection(void)
{
    half_a_projection();
    project_put("registry/projections/lakes.yml",
                "projection: lakes\nstore: postgis\nschema: lakes\nsources:\n  - {dataset: d, "
                "version: 2026-01.00000000, asset: a, into: t, columns: {c: x}}\n");
}

/* Of two in one folder. */
static void empty_flat_rollback(void)
{
    project_put("migrations/db/0001_a.up.sql", "CREATE TABLE app.a ();\n");
    project_put("migrations/db/0001_a.down.sql", "DROP TABLE app.a;\n");
    project_put("migrations/db/0002_b.up.sql", "CREATE TABLE app.b ();\n");
    project_put("migrations/db/0002_b.down.sql", "-- nothing\n");
}

static void no_end(void)
{
    forward("SELECT 'x");
}

static void left_open(void)
{
    project_put("migrations/db/0001__a.sql", "CREATE TABLE app.a ();\n");
}

static void bad_baseline(void)
{
    project_put("registry/lint.v1.json", "{\"format\": 7}");
}

static void empties_others(void)
{
    forward("TRUNCATE app.t CASCADE;\n");
}

static void empties_others_and_says_so(void)
{
    forward("-- kfmig:allow truncate-cascade nothing refers to it\n"
            "-- kfmig:allow truncate it is a cache\nTRUNCATE app.t CASCADE;\n");
}

static void class_of_another(void)
{
    project_declare("postgis", "M-1", "class: A\n");
    forward("DROP TABLE app.t;\n");
}

static void blocks_writes(void)
{
    forward("CREATE INDEX t_a ON app.t (a);\n");
}

/* --- the table */

enum list { NOWHERE, FAULTS, FINDINGS, WARNINGS };

/* clang-format off */
static const struct {
    const char *name;
    void (*breaks)(void);
    enum list where;
    const char *rule, *place, *subject, *text;
} cases[] = {
    {"a good project", NULL, NOWHERE, "", "", "", ""},
    {"an environment that is not declared", no_environment, FAULTS, "environments", ENVIRONMENTS ":3", "", "prod"},
    {"signatures, which nobody can verify", wants_signatures, WARNINGS, "approval", ENVIRONMENTS ":3", "", "wants signatures"},
    {"governance's signature, which nobody can give", without_governance, WARNINGS, "approval", ENVIRONMENTS ":3", "", "wants a signature of \"kfm-governance\" for what reduces"},
    {"the same where others may sign", with_another_role, WARNINGS, "approval", ENVIRONMENTS ":3", "", "wants a signature of \"kfm-governance\" for what reduces"},
    {"governance's signature, which somebody can give", with_governance, NOWHERE, "", "", "", ""},
    {"an unknown key of a declaration", unknown_key, FAULTS, "declaration", BUNDLE "migration.yml:10", "M-1", "unknown key \"color\""},
    {"a file that is not there", no_file, FAULTS, "declaration", BUNDLE "migration.yml:9", "M-1", "there is no file \"rollback.sql\""},
    {"a status that its receipts are ahead of", behind_its_receipts, WARNINGS, "registry", REGISTRY ":1", "", "\"M-1\" is registered as draft, and its receipts say executed_dev"},
    {"it rebuilds what nobody has, by a slip", rebuilds_nothing, WARNINGS, "order", BUNDLE "migration.yml:10", "M-1", "\"M-1\" rebuilds \"active_well\", and there is no such definition"},
    {"it rebuilds what is gone", rebuilds_something, WARNINGS, "order", BUNDLE "migration.yml:10", "M-1", "\"M-1\" rebuilds \"gone_by_now\", and there is no such definition"},
    {"a file that is not read", not_read, WARNINGS, "declaration", "migrations/postgis/notes.txt:0", "", "not read"},
    {"a registry that is none", no_registry, FAULTS, "registry", REGISTRY ":1", "", "migrations"},
    {"a bundle that the registry does not have", not_registered, WARNINGS, "registry", BUNDLE "migration.yml:1", "M-1", "is not in registry"},
    {"executed, and no receipt is there", executed, WARNINGS, "evidence", REGISTRY ":0", "", "neither that run's receipt nor a pointer"},
    {"executed, and whoever reads sees the exit status only", executed_and_strict, FINDINGS, "evidence", REGISTRY ":0", "", "neither that run's receipt nor a pointer"},
    {"a receipt that is none", bad_evidence, WARNINGS, "evidence", BUNDLE "receipts/run_receipt.json:1", "M-1", ""},
    {"a dependency that is not there", depends_on_nothing, FAULTS, "order", BUNDLE "migration.yml:10", "M-1", "M-9"},
    {"a projection of nothing", bad_projection, FAULTS, "projection", "registry/projections/wells.yml:4", "", "has 0 values"},
    {"a projection with a schema of kfmig's", half_a_projection, FAULTS, "projection", "registry/projections/wells.yml:3", "wells", "schema \"kfmig\" cannot belong"},
    {"what cannot run in a transaction", no_transaction, FAULTS, "script", BUNDLE "forward.sql:2", "M-1", "CREATE DATABASE"},
    {"what the grammar does not know", unknown_statement, FAULTS, "unparsed", BUNDLE "forward.sql:2", "M-1", "syntax error"},
    {"rows of data", much_data, FAULTS, "data", BUNDLE "forward.sql:2", "M-1", "1001 rows of data"},
    {"a rollback that does nothing", empty_rollback, FAULTS, "rollback", BUNDLE "rollback.sql:1", "M-1", "holds no statement"},
    {"another schema than is declared", out_of_scope, FINDINGS, "scope", BUNDLE "forward.sql:1", "M-1", "create of table other.t"},
    {"more tables than are declared", too_many_tables, FINDINGS, "limit", BUNDLE "migration.yml:0", "M-1", "max_table_count_touched is 1"},
    {"checksums that are missing", no_checksums, WARNINGS, "meta", "migrations/db/meta/checksums.txt:0", "", "it is missing"},
    {"nothing that undoes it", left_open, WARNINGS, "open", "migrations/db/0001__a.sql:1", "0001__a", "nothing undoes it, and nothing says why"},
    {"another schema, of one whose id begins as another's", bad_second, FINDINGS, "scope", "migrations/postgis/M-10/forward.sql:1", "M-10", "create of table other.t"},
    {"a projection, of two", bad_second_projection, FAULTS, "projection", "registry/projections/wells.yml:3", "wells", "schema \"kfmig\" cannot belong"},
    {"a rollback of a flat one that does nothing", empty_flat_rollback, FAULTS, "rollback", "migrations/db/0002_b.down.sql:1", "0002_b", "holds no statement"},
    {"a text without an end", no_end, FAULTS, "script", BUNDLE "forward.sql:1", "M-1", "unterminated quoted string"},
    {"findings to live with that cannot be read", bad_baseline, FAULTS, "lint", "registry/lint.v1.json:1", "", "missing key \"findings\""},
    {"an error of the linter", empties_others, FINDINGS, "truncate-cascade", BUNDLE "forward.sql:1", "M-1", "truncate-cascade: "},
    {"a warning of the linter, where an error is let through", empties_others_and_says_so, WARNINGS, "class-undeclared", BUNDLE "forward.sql:1", "M-1", "nothing declares class C"},
    {"a class that is too low", class_of_another, FAULTS, "class-too-low", BUNDLE "forward.sql:1", "M-1", "class A is declared"},
    {"a warning of the linter", blocks_writes, WARNINGS, "index-blocks-writes", BUNDLE "forward.sql:1", "M-1", "writes to app.t wait"},
    {"a protected schema", protected_schema, FINDINGS, "protected", BUNDLE "forward.sql:1", "M-1", "table app.t"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static const struct findings *list_of(const struct checked *c, enum list l)
{
    return l == FAULTS ? &c->faults : l == FINDINGS ? &c->findings : &c->warnings;
}

static bool is_like(const struct finding *f, size_t i)
{
    char place[256];
    (void)snprintf(place, sizeof place, "%s:%d", f->path, f->line);
    enum severity severity = cases[i].where == WARNINGS ? SEVERITY_WARNING : SEVERITY_ERROR;
    return strcmp(f->rule, cases[i].rule) == 0 && strcmp(place, cases[i].place) == 0 &&
           strcmp(f->subject, cases[i].subject) == 0 && strstr(f->text, cases[i].text) != NULL &&
           f->severity == severity && !f->passed;
}

static void print(const struct checked *c)
{
    for (enum list l = FAULTS; l <= WARNINGS; l++) {
        const struct findings *v = list_of(c, l);
        for (size_t i = 0; i < v->n; i++) {
            const struct finding *f = &v->v[i];
            printf("# %s in list %d, %s:%d, of \"%s\": %s\n", f->rule, (int)l, f->path, f->line,
                   f->subject, f->text);
        }
    }
}

static bool has(const struct checked *c, size_t i)
{
    const struct findings *l = list_of(c, cases[i].where);
    bool good = cases[i].where == NOWHERE && c->faults.n + c->findings.n + c->warnings.n == 0;
    for (size_t k = 0; k < l->n && cases[i].where != NOWHERE; k++) {
        good = good || is_like(&l->v[k], i);
    }
    return good;
}

static int check(bool may_fix, struct checked *c, struct err *e)
{
    project_load(&t, with_cache);
    return check_project(&t.p, t.cache, is_strict, may_fix, c, e);
}

static void play(size_t i)
{
    struct checked c;
    struct err e = {0};
    good();
    is_strict = false;
    if (cases[i].breaks != NULL) {
        cases[i].breaks();
    }
    bool is_good = check(false, &c, &e) == 0 && has(&c, i);
    if (!is_good) {
        print(&c);
    }
    project_unload(&t);
    ok(is_good, cases[i].name);
}

/* --- what an earlier check found good */

/* Does check() read the scripts of that bundle? found: what it finds, may be NULL. */
static bool is_read(size_t i, size_t *found)
{
    struct checked c;
    struct err e = {0};
    with_cache = true;
    bool is = check(false, &c, &e) == 0 && t.p.n_bundle > i && t.p.bundle[i].forward != NULL;
    if (found != NULL) {
        *found = c.faults.n + c.findings.n;
    }
    project_unload(&t);
    with_cache = false;
    return is;
}

/* Found good, then broken: the same is said as of one that was never seen, and again. */
static void play_again(size_t i)
{
    struct checked c;
    struct err e = {0};
    bool is_good = true;
    good();
    is_strict = false;
    (void)is_read(0, NULL);
    if (cases[i].breaks != NULL) {
        cases[i].breaks();
    }
    with_cache = true;
    for (int times = 0; times < 2 && is_good; times++) {
        is_good = check(false, &c, &e) == 0 && has(&c, i);
        if (!is_good) {
            print(&c);
        }
        project_unload(&t);
    }
    with_cache = false;
    char name[128];
    (void)snprintf(name, sizeof name, "%s, of a project that was good", cases[i].name);
    ok(is_good, name);
}

/* A row of the cache with one byte changed, and that many left; its guard fits. */
static void forge(size_t at, size_t n)
{
    struct arena a = {0};
    struct bytes row = {0};
    char *text = NULL;
    if (project_cached("checked", "scripts", &a, &row) && row.n > at && row.n >= n) {
        text = arena_strndup(&a, row.p, row.n);
        text[at] = (char)(text[at] ^ 1);
    }
    struct cache *c = cache_open(project_fd, project_path);
    cache_put(c, "checked", bytes_str("scripts"), bytes_of(text, n));
    cache_close(c);
    arena_release(&a);
}

static void test_kept(void)
{
    enum { PLACE = 0, LINEAGE = 16, NUMBER = 32, ROW = 48 };
    static const size_t forged[][2] = {{PLACE, ROW},     {LINEAGE, ROW},     {NUMBER, ROW},
                                       {NUMBER, NUMBER}, {PLACE, PLACE + 3}, {0, 0}};
    good();
    bool first = is_read(0, NULL);
    ok(first && !is_read(0, NULL) && !is_read(0, NULL),
       "scripts that were good are not read again");
    bool all = true;
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        forge(forged[i][0], forged[i][1]);
        bool again = is_read(0, NULL);
        all = all && again && !is_read(0, NULL);
    }
    ok(all, "but where another program, other parts, another migration or no whole row is kept");
    forward("CREATE TABLE app.t (a int);\n");
    bool changed = is_read(0, NULL);
    ok(changed && !is_read(0, NULL), "nor where they changed");
    protected_schema();
    bool elsewhere = is_read(0, NULL);
    ok(elsewhere && is_read(0, NULL),
       "or what is protected did; one with findings is read each time");
}

/* What M-1 changes turns out to be a part of what is protected, by another migration. */
static void test_kept_parts(void)
{
    size_t n = 0;
    good();
    protected_schema();
    forward("ALTER TABLE app.p ADD COLUMN x int;\n");
    bool first = is_read(0, &n);
    ok(first && n == 0 && !is_read(0, &n) && n == 0, "a table of which nothing is known");
    project_bundle("M-2", "");
    project_put("migrations/postgis/M-2/forward.sql",
                "CREATE TABLE app.p PARTITION OF app.t FOR VALUES IN (1);\n");
    (void)is_read(0, &n);
    size_t with_parts = n;
    (void)is_read(0, &n);
    ok(with_parts >= 2 && n == with_parts, "it is judged anew once it is a part of another");
    good();
    forward("CREATE TABLE app.t PARTITION OF app.m FOR VALUES IN (1);\n");
    (void)is_read(0, &n);
    ok(n == 0 && is_read(0, &n) && n == 0, "one that makes a part is read each time");
}

/* --- what a table does not say */

static bool every_rule_is_found(void)
{
    bool all = true;
    for (int c = 0; c < CHECKS; c++) {
        bool is_found = false;
        for (size_t i = 0; i < N; i++) {
            is_found = is_found || strcmp(cases[i].rule, check_rule((enum check)c)) == 0;
        }
        if (!is_found) {
            printf("# no case breaks the rule %s\n", check_rule((enum check)c));
        }
        all = all && is_found;
    }
    return all;
}

static void test_order(void)
{
    struct checked c;
    struct err e = {0};
    good();
    project_bundle("M-0", "");
    project_put("migrations/postgis/M-0/forward.sql", "REPACK app.t;\nREPACK app.u;\n");
    project_put("migrations/postgis/M-0/rollback.sql", "-- nothing\n");
    no_transaction();
    ok(check(false, &c, &e) == 0 && c.faults.n == 4 && c.n_migrations == 2 &&
           strcmp(c.faults.v[0].path, "migrations/postgis/M-0/forward.sql") == 0 &&
           c.faults.v[0].line == 1 && c.faults.v[1].line == 2 &&
           strcmp(c.faults.v[2].rule, "rollback") == 0 && strcmp(c.faults.v[3].rule, "script") == 0,
       "by file and line, whichever check found them");
    project_unload(&t);
}

/* A's default place is before B, which has to come first. */
static void test_cycle(void)
{
    struct checked c;
    struct err e = {0};
    good();
    project_bundle("M-0", "depends_on: [M-1]\n");
    project_declare("postgis", "M-1", "depends_on: [M-0]\n");
    bool is_cycle = check(false, &c, &e) == 0 && c.faults.n > 0;
    for (size_t i = 0; i < c.faults.n; i++) {
        is_cycle = is_cycle && strcmp(c.faults.v[i].rule, "order") == 0;
    }
    ok(is_cycle, "a cycle is a fault of the order");
    project_unload(&t);
}

/* M-1, which names nothing, comes behind M-0, which waits for what waits for M-1. */
static void test_cycle_of_plan(void)
{
    struct checked c;
    struct err e = {0};
    good();
    project_bundle("M-0", "depends_on: [M-2]\n");
    project_bundle("M-2", "depends_on: [M-1]\n");
    bool is_good = check(false, &c, &e) == 0 && c.faults.n == 1 &&
                   strcmp(c.faults.v[0].rule, "order") == 0 &&
                   strstr(c.faults.v[0].text, "M-0") != NULL;
    if (!is_good) {
        print(&c);
    }
    ok(is_good, "a cycle over the default order is one, too");
    project_unload(&t);
}

/* Checksums became a folder since it was loaded. */
static void test_cannot_fix(void)
{
    struct checked c;
    struct err e = {0};
    good();
    no_checksums();
    project_load(&t, false);
    (void)mkdirat(project_fd, "migrations/db/meta/checksums.txt", 0755);
    int rc = check_project(&t.p, NULL, false, true, &c, &e);
    ok(rc == -1 && strstr(e.msg, "checksums.txt") != NULL, "checksums that cannot be written");
    (void)unlinkat(project_fd, "migrations/db/meta/checksums.txt", AT_REMOVEDIR);
    project_unload(&t);
}

static void test_fix(void)
{
    struct checked c;
    struct err e = {0};
    good();
    not_registered();
    ok(check(true, &c, &e) == 0 && c.is_fixed && c.warnings.n == 0, "the registry is mended");
    project_unload(&t);
    ok(check(true, &c, &e) == 0 && !c.is_fixed && c.warnings.n == 0, "... once");
    project_unload(&t);
    not_registered();
    project_load(&t, false);
    (void)fchmodat(project_fd, "registry", 0500, 0);
    int rc = check_project(&t.p, NULL, false, true, &c, &e);
    (void)fchmodat(project_fd, "registry", 0755, 0);
    ok(rc != 0 ? strstr(e.msg, "registry") != NULL : geteuid() == 0, "or cannot be written");
    project_unload(&t);
}

/* Between loading and checking somebody saves another file. */
static void test_changed(void)
{
    struct checked c;
    struct err e = {0};
    good();
    project_load(&t, false);
    forward("CREATE TABLE app.changed ();\n");
    t.p.bundle[0].decl = NULL;
    ok(check_project(&t.p, NULL, false, false, &c, &e) == 0 && c.faults.n == 1 &&
           strcmp(c.faults.v[0].rule, "declaration") == 0 &&
           strstr(c.faults.v[0].text, "changed while kfmig ran") != NULL,
       "a file that changes meanwhile");
    project_unload(&t);
    good();
    project_bundle("M-2", "");
    project_load(&t, false);
    forward("CREATE TABLE app.changed ();\n");
    project_put("migrations/postgis/M-2/forward.sql", "CREATE TABLE app.changed ();\n");
    t.p.bundle[0].decl = t.p.bundle[1].decl = NULL;
    ok(check_project(&t.p, NULL, false, false, &c, &e) == 0 && c.faults.n == 2 &&
           strstr(c.faults.v[0].text, "changed while kfmig ran") != NULL &&
           strstr(c.faults.v[1].text, "changed while kfmig ran") != NULL,
       "two files that change meanwhile");
    project_unload(&t);
}

int main(void)
{
    tap_plan(2 * N + 17);
    for (size_t i = 0; i < N; i++) {
        play(i);
        play_again(i);
    }
    test_kept();
    test_kept_parts();
    ok(every_rule_is_found(), "each rule has a project that breaks it");
    test_order();
    test_cycle();
    test_cycle_of_plan();
    test_cannot_fix();
    test_fix();
    test_changed();
    project_remove();
    return tap_done();
}
