/* layer: load */
/* Projects with one thing wrong each, and everything that load_project() finds in them. */
#include "tap.h"

#include "project.h"

#define M1 "migrations/postgis/M-1/"
#define M2 "migrations/postgis/M-2/"

static void check_lists(const char *faults, const char *warnings, const char *name)
{
    struct loaded l;
    struct buf text = {0};
    project_load(&l, false);
    project_words(&l.p.faults, &text);
    is_str(buf_str(&text), faults, name);
    buf_clear(&text);
    project_words(&l.p.warnings, &text);
    is_str(buf_str(&text), warnings, "and its warnings");
    bool hints = true;
    for (size_t i = 0; i < l.p.faults.n; i++) {
        hints = hints && l.p.faults.v[i].hint[0] != '\0';
    }
    ok(hints, "and every fault says what to do");
    buf_release(&text);
    project_unload(&l);
}

/* --- how each project is made ------------------------------------------------------------------------ */

static void nothing(void)
{
}

static void two_bundles(void)
{
    project_bundle("M-1", "");
    project_bundle("M-2", "depends_on: [M-1]\n");
}

static void id_differs(void)
{
    project_bundle("M-1", "");
    (void)renameat(project_fd, "migrations/postgis/M-1", project_fd, "migrations/postgis/M-9");
}

static void used_twice(void)
{
    project_bundle("M-1", "");
    project_declare("other", "M-1", "");
    project_put("migrations/other/M-1/forward.sql", "");
    project_put("migrations/other/M-1/rollback.sql", "");
}

static void type_differs(void)
{
    project_bundle("M-1", "");
    (void)mkdirat(project_fd, "migrations/search", 0755);
    (void)renameat(project_fd, "migrations/postgis/M-1", project_fd, "migrations/search/M-1");
}

static void unknown_dependency(void)
{
    project_bundle("MIG-2026-01", "");
    project_bundle("MIG-2026-02", "depends_on:\n  - MIG-2026-01\n  - MIG-2026-11\n");
    project_bundle("MIG-2026-03", "depends_on: [entirely-else]\n");
}

static void dependency_on_broken(void)
{
    project_bundle("M-1", "nonsense: 1\n");
    project_bundle("M-2", "depends_on: [M-1]\n");
}

static void cycle_of_three(void)
{
    project_bundle("A", "depends_on: [C]\n");
    project_bundle("B", "depends_on: [A]\n");
    project_bundle("C", "depends_on: [B]\n");
    project_bundle("D", "depends_on: [C]\n");
}

static void cycle_by_order(void)
{
    project_bundle("A", "depends_on: [B]\n");
    project_bundle("B", "");
}

static void two_cycles(void)
{
    project_bundle("A", "depends_on: [B]\n");
    project_bundle("B", "depends_on: [A]\n");
    project_bundle("C", "depends_on: [D]\n");
    project_bundle("D", "depends_on: [C]\n");
}

static void files_missing(void)
{
    project_declare("postgis", "M-1", "");
}

static void forward_is_directory(void)
{
    project_bundle("M-1", "");
    (void)unlinkat(project_fd, M1 "forward.sql", 0);
    (void)mkdirat(project_fd, M1 "forward.sql", 0755);
}

static void forward_is_symlink(void)
{
    project_bundle("M-1", "");
    (void)unlinkat(project_fd, M1 "forward.sql", 0);
    (void)symlinkat("/etc/passwd", project_fd, M1 "forward.sql");
}

static void forward_is_fifo(void)
{
    project_bundle("M-1", "");
    (void)unlinkat(project_fd, M1 "forward.sql", 0);
    (void)mkfifoat(project_fd, M1 "forward.sql", 0600);
}

static void forward_through_symlink(void)
{
    project_bundle("M-1", "");
    project_put("elsewhere/forward.sql", "");
    (void)symlinkat("../../../elsewhere", project_fd, M1 "sql");
    project_declare("postgis", "M-1", "");
    project_put(M1 "migration.yml",
                "migration_id: M-1\ntype: postgis\nintent: x\nscope: {}\nlimits: "
                "{}\nrequires_rollback: true\n"
                "approvals: {change_class: a}\nrunner: {tool: native}\n"
                "artifacts:\n  forward: [sql/forward.sql]\n  rollback: [rollback.sql]\n");
}

static void declaration_is_symlink(void)
{
    project_bundle("M-1", "");
    (void)renameat(project_fd, M1 "migration.yml", project_fd, M1 "real.yml");
    (void)symlinkat("real.yml", project_fd, M1 "migration.yml");
}

static void bundle_is_symlink(void)
{
    project_bundle("M-1", "");
    (void)symlinkat("M-1", project_fd, "migrations/postgis/M-2");
}

static void type_folder_is_symlink(void)
{
    project_put("real/README.md", "");
    (void)mkdirat(project_fd, "migrations", 0755);
    (void)symlinkat("../real", project_fd, "migrations/postgis");
}

static void invariant_is_directory(void)
{
    project_bundle("M-1", "");
    project_put(M1 "invariants/good.sql", "SELECT 1\n");
    project_put(M1 "invariants/bad.sql/x", "");
}

static void invariants_is_symlink(void)
{
    project_bundle("M-1", "");
    (void)symlinkat("..", project_fd, M1 "invariants");
}

static void no_declaration(void)
{
    project_put(M1 "forward.sql", "SELECT 1;\n");
}

static void stray_files(void)
{
    project_bundle("M-1", "");
    project_put("migrations/postgis/0001.sql", "");
    project_put("migrations/postgis/README.md", "");
    project_put("migrations/postgis/.gitkeep", "");
    project_put("migrations/README.md", "");
    project_put("migrations/db/20260101_0000__x.up.sql", "");
    project_put("migrations/todo.txt", "");
}

static void bad_bytes(void)
{
    project_bundle("M-1", "");
    project_write(M1 "forward.sql", "SELECT 1;\nSELECT '\0';\n", 22);
    project_write(M1 "rollback.sql", "-- caf\xE9\n", 8);
    project_put(M1 "notes.md", "safe\xE2\x80\xAEtxet\n");
    /* What may stand inside a string of SQL is for the parser to judge (t_split). */
    project_put(M1 "invariants/a.sql", "\xEF\xBB\xBFSELECT 1;\n");
}

static void secrets(void)
{
    project_bundle("M-1", "");
    project_put(M1 "forward.sql", "CREATE TABLE t ();\nCREATE ROLE r PASSWORD 'hunter2';\n");
    project_put(M1 "rollback.sql",
                "SELECT dblink_exec('host=db password=hunter2', 'DROP TABLE t');\n");
    project_put(M1 "notes.md", "Use postgresql://kfm:hunter2@db/kfm\n");
}

static void irreversible(const char *notes)
{
    project_put(M1 "migration.yml",
                "migration_id: M-1\ntype: postgis\nintent: x\nscope: {}\nlimits: "
                "{}\nrequires_rollback: false\n"
                "approvals: {change_class: a, reference: ADR-1}\nrunner: {tool: native}\n"
                "artifacts: {forward: [forward.sql]}\n");
    project_put(M1 "forward.sql", "DROP TABLE app.t;\n");
    if (notes != NULL) {
        project_put(M1 "notes.md", notes);
    }
}

static void irreversible_without_notes(void)
{
    irreversible(NULL);
}

static void irreversible_with_blank_notes(void)
{
    irreversible(" \n\t\n");
}

static void irreversible_with_notes(void)
{
    irreversible("It is gone; a shadow table keeps the rows.\n");
}

static void notes_missing(void)
{
    project_bundle("M-1", "");
    project_put(
        M1 "migration.yml",
        "migration_id: M-1\ntype: postgis\nintent: x\nscope: {}\nlimits: {}\nrequires_rollback: "
        "true\n"
        "approvals: {change_class: a}\nrunner: {tool: native}\n"
        "artifacts:\n  forward: [forward.sql]\n  rollback: [rollback.sql]\n  notes: risks.md\n"
        "  invariants: [checks/a.sql]\n");
}

static void large_files(void)
{
    project_bundle("M-1", "");
    int fd = openat(project_fd, M1 "forward.sql", O_WRONLY | O_CLOEXEC);
    (void)!ftruncate(fd, 64 * 1024 * 1024 + 1);
    (void)close(fd);
    project_bundle("M-2", "");
    fd = openat(project_fd, M2 "migration.yml", O_WRONLY | O_CLOEXEC);
    (void)!ftruncate(fd, 256 * 1024 + 1);
    (void)close(fd);
}

static void many_faults(void)
{
    project_put("registry/environments.v1.yml",
                "environments: {dev: {stores: {postgis: {dsn_ref: x}}}}\n");
    project_put("registry/migrations.v1.json", "{\"version\": 1}\n");
    project_bundle("M-1", "surprise: 1\n");
    project_bundle("M-2", "depends_on: [M-0]\n");
    (void)unlinkat(project_fd, M2 "rollback.sql", 0);
}

static void environments_is_directory(void)
{
    project_put("registry/environments.v1.yml/x", "");
    project_bundle("M-1", "");
}

static void registry_is_symlink(void)
{
    project_put("registry/real.json", "{\"version\": 1, \"migrations\": []}\n");
    (void)symlinkat("real.json", project_fd, "registry/migrations.v1.json");
}

struct row {
    const char *name;
    void (*make)(void);
    const char *faults, *warnings;
};

static const struct row rows[] = {
    {"an empty project", nothing, "", ""},
    {"two bundles", two_bundles, "", ""},
    {"an id that differs from its folder", id_differs,
     "migrations/postgis/M-9/migration.yml:1:15 \"migration_id\" is \"M-1\", but its folder is "
     "named \"M-9\"\n",
     ""},
    {"an id used twice", used_twice,
     "migrations/other/M-1/migration.yml:1:15 the id \"M-1\" is used twice: here and in "
     "migrations/postgis/M-1/migration.yml:1:15\n"
     "migrations/other/M-1/migration.yml:8:1 programs make the migrations of its store: "
     "\"runner.tool\" has to be command\n",
     ""},
    {"a type that differs from its folder", type_differs,
     "migrations/search/M-1/migration.yml:2:7 \"type\" is \"postgis\", but its folder stands in "
     "migrations/search\n",
     ""},
    {"unknown dependencies", unknown_dependency,
     "migrations/postgis/MIG-2026-02/migration.yml:12:5 \"MIG-2026-02\" depends on "
     "\"MIG-2026-11\", which does not "
     "exist\n"
     "migrations/postgis/MIG-2026-03/migration.yml:10:14 \"MIG-2026-03\" depends on "
     "\"entirely-else\", which does not "
     "exist\n",
     ""},
    {"a dependency on a broken bundle", dependency_on_broken,
     "migrations/postgis/M-1/migration.yml:10:1 unknown key \"nonsense\" in the migration "
     "declaration\n",
     ""},
    {"a cycle of three", cycle_of_three,
     "migrations/postgis/A/migration.yml:10:1 dependency cycle: A "
     "(migrations/postgis/A/migration.yml:10) -> "
     "C (migrations/postgis/C/migration.yml:10) -> B (migrations/postgis/B/migration.yml:10) -> "
     "A\n",
     ""},
    {"a cycle by the default order", cycle_by_order,
     "migrations/postgis/A/migration.yml:10:1 dependency cycle: A "
     "(migrations/postgis/A/migration.yml:10) -> "
     "B (migrations/postgis/B/migration.yml:1) -> A\n",
     ""},
    {"two cycles", two_cycles,
     "migrations/postgis/A/migration.yml:10:1 dependency cycle: A "
     "(migrations/postgis/A/migration.yml:10) -> "
     "B (migrations/postgis/B/migration.yml:10) -> A\n"
     "migrations/postgis/C/migration.yml:10:1 dependency cycle: C "
     "(migrations/postgis/C/migration.yml:10) -> "
     "D (migrations/postgis/D/migration.yml:10) -> C\n",
     ""},
    {"missing scripts", files_missing,
     "migrations/postgis/M-1/migration.yml:9:23 there is no file \"forward.sql\" in the bundle\n"
     "migrations/postgis/M-1/migration.yml:9:48 there is no file \"rollback.sql\" in the bundle\n",
     ""},
    {"a directory for a script", forward_is_directory,
     "migrations/postgis/M-1/migration.yml:9:23 \"migrations/postgis/M-1/forward.sql\" is a "
     "directory, not a regular "
     "file\n",
     ""},
    {"a symlink for a script", forward_is_symlink,
     "migrations/postgis/M-1/migration.yml:9:23 \"migrations/postgis/M-1/forward.sql\" is a "
     "symlink, or leads through "
     "one\n",
     ""},
    {"a FIFO for a script", forward_is_fifo,
     "migrations/postgis/M-1/migration.yml:9:23 \"migrations/postgis/M-1/forward.sql\" is a FIFO, "
     "not a regular "
     "file\n",
     ""},
    {"a script behind a symlink", forward_through_symlink,
     "migrations/postgis/M-1/migration.yml:10:13 \"migrations/postgis/M-1/sql/forward.sql\" is a "
     "symlink, or leads "
     "through one\n",
     ""},
    {"a symlink for a declaration", declaration_is_symlink,
     "migrations/postgis/M-1/migration.yml \"migrations/postgis/M-1/migration.yml\" is a symlink, "
     "or leads through "
     "one\n",
     ""},
    {"a symlink for a bundle", bundle_is_symlink,
     "migrations/postgis/M-2 a symlink stands where a migration should\n", ""},
    {"a symlink for a folder of bundles", type_folder_is_symlink,
     "migrations/postgis \"migrations/postgis\" is a symlink, or leads through one\n", ""},
    {"a directory for an invariant", invariant_is_directory,
     "migrations/postgis/M-1/invariants/bad.sql the invariant is not a regular file\n", ""},
    {"a symlink for invariants/", invariants_is_symlink,
     "migrations/postgis/M-1/invariants \"migrations/postgis/M-1/invariants\" is a symlink, or "
     "leads through one\n",
     ""},
    {"a folder without a declaration", no_declaration,
     "migrations/postgis/M-1 there is no migration.yml in the folder\n", ""},
    {"stray files", stray_files,
     "migrations/postgis/0001.sql it is called as no layout calls a migration\n",
     "migrations/todo.txt not read\n"},
    {"bytes that are no text", bad_bytes,
     "migrations/postgis/M-1/forward.sql:2:9 NUL byte (0x00) in the file\n"
     "migrations/postgis/M-1/notes.md:1:5 bidirectional control character (0xe2) in the file\n"
     "migrations/postgis/M-1/rollback.sql:1:7 byte that is not UTF-8 (0xe9) in the file\n",
     ""},
    {"secrets", secrets,
     "migrations/postgis/M-1/forward.sql:2:15 a password stands in the file\n"
     "migrations/postgis/M-1/notes.md:1:5 a connection string stands in the file\n"
     "migrations/postgis/M-1/rollback.sql:1:29 a connection string stands in the file\n",
     ""},
    {"no rollback, no notes", irreversible_without_notes,
     "migrations/postgis/M-1/migration.yml:6:1 \"requires_rollback\" is false, but notes.md is "
     "missing\n",
     ""},
    {"no rollback, blank notes", irreversible_with_blank_notes,
     "migrations/postgis/M-1/migration.yml:6:1 \"requires_rollback\" is false, but notes.md is "
     "empty\n",
     ""},
    {"no rollback, but notes", irreversible_with_notes, "", ""},
    {"declared notes and invariants that are missing", notes_missing,
     "migrations/postgis/M-1/migration.yml:12:10 there is no file \"risks.md\" in the bundle\n"
     "migrations/postgis/M-1/migration.yml:13:16 there is no file \"checks/a.sql\" in the bundle\n",
     ""},
    {"files over the limit", large_files,
     "migrations/postgis/M-1/migration.yml:9:23 \"migrations/postgis/M-1/forward.sql\" is too "
     "large: the limit is "
     "67108864 bytes\n"
     "migrations/postgis/M-2/migration.yml \"migrations/postgis/M-2/migration.yml\" is too large: "
     "the limit is 262144 "
     "bytes\n",
     ""},
    {"everything at once", many_faults,
     "migrations/postgis/M-1/migration.yml:10:1 unknown key \"surprise\" in the migration "
     "declaration\n"
     "migrations/postgis/M-2/migration.yml:9:48 there is no file \"rollback.sql\" in the bundle\n"
     "migrations/postgis/M-2/migration.yml:10:14 \"M-2\" depends on \"M-0\", which does not exist\n"
     "registry/environments.v1.yml:1:50 \"environments.dev.stores.postgis.dsn_ref\": does not "
     "match the pattern "
     "^([A-Z_][A-Z0-9_]*|[^ :@=?&]*/[^ :@=?&]*)$\n"
     "registry/migrations.v1.json:1:1 missing key \"migrations\" in the migration registry\n",
     ""},
    {"a directory for environments.v1.yml", environments_is_directory,
     "registry/environments.v1.yml \"registry/environments.v1.yml\" is a directory, not a regular "
     "file\n",
     ""},
    {"a symlink for the registry", registry_is_symlink,
     "registry/migrations.v1.json \"registry/migrations.v1.json\" is a symlink, or leads through "
     "one\n",
     ""},
};

/* --- what a good project gives --------------------------------------------------------------------- */

static void test_good(void)
{
    struct loaded l;
    project_start();
    project_put(
        "registry/environments.v1.yml",
        "policy: {protected: {schemas: [governance], tables: [a.b], roles: [auditor]}}\n"
        "environments:\n  dev: {stores: {postgis: {server: embedded, provision: {roles: [r]}}}}\n"
        "  prod: {stores: {postgis: {dsn_ref: P}, search: {url_ref: S}}, protected: true, "
        "requires: [dev]}\n"
        "default_environment: dev\nreceipts: {sink: archive}\n");
    project_put(
        "registry/migrations.v1.json",
        "{\"version\": 1, \"migrations\": [\n"
        "{\"id\": \"Z-1\", \"type\": \"other\", \"owners\": [], \"status\": \"rolled_back\"},\n"
        "{\"id\": \"B-1\", \"type\": \"postgis\", \"owners\": [], \"status\": \"approved\"}]}\n");
    project_bundle("B-1", "");
    project_bundle("A-1", "timeouts: {lock: 1min}\n");
    project_bundle("a-1", "depends_on: [A-1]\n");
    project_declare("other", "Z-1", "depends_on: []\n");
    project_put("migrations/other/Z-1/migration.yml",
                "migration_id: Z-1\ntype: other\nintent: x\ndepends_on: []\n"
                "scope: {allowed_global: [state]}\nlimits: {max_table_count_touched: 1}\n"
                "requires_rollback: true\napprovals: {required_reviewers: [a], change_class: b}\n"
                "runner: {tool: command, probe: z, apply: ./a, rollback: ./b}\n"
                "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
    project_put("migrations/other/Z-1/forward.sql", "one");
    project_put("migrations/other/Z-1/rollback.sql", "two");
    project_put("migrations/other/Z-1/invariants/b.command", "b");
    project_put("migrations/other/Z-1/invariants/a.command", "a");
    project_load(&l, false);
    struct project *p = &l.p;
    struct buf text = {0};
    project_words(&p->faults, &text);
    project_words(&p->warnings, &text);
    is_str(buf_str(&text), "", "no faults, no warnings");
    buf_release(&text);
    is_int(p->n_bundle, 4, "four bundles");
    is_str(p->bundle[0].id, "A-1", "in order of store");
    is_str(p->bundle[1].id, "B-1", "and id,");
    is_str(p->bundle[2].id, "a-1", "bytewise");
    is_str(p->bundle[3].id, "Z-1", "other stores last");
    is_int(p->bundle[3].store, STORE_OTHER, "type other is a store");
    is_str(p->bundle[3].folder, "migrations/other", "folder");
    is_str(p->bundle[3].dir, "migrations/other/Z-1", "and dir");
    ok(table_gets(&p->by_id, "B-1") == &p->bundle[1], "found by id");
    is_str(p->bundle[1].status, "approved", "status");
    is_str(p->bundle[3].status, "rolled_back", "of each");
    ok(p->bundle[0].status == NULL, "a bundle that is not registered has none");
    ok(p->bundle[2].has_depends && p->bundle[2].depends_on.n == 1, "depends_on");
    ok(p->bundle[3].has_depends && p->bundle[3].depends_on.n == 0, "an empty depends_on");
    ok(!p->bundle[1].has_depends, "none at all");
    is_int(p->bundle[2].depends_line, 10, "line of depends_on");
    is_int(p->bundle[1].depends_line, 1, "or of migration_id");
    is_int(p->n_env, 2, "two environments");
    const struct env *dev = load_env(p, "dev");
    const struct env *prod = load_env(p, "prod");
    ok(dev == &p->env[0] && dev == p->default_env && dev->is_default && dev->embedded,
       "dev is the default");
    is_int(dev->evidence, EVIDENCE_NONE, "and exports nothing");
    is_int(dev->approval, APPROVAL_NONE, "asks nobody");
    ok(names_have(&dev->roles, "r"), "has a role");
    ok(prod->is_protected && prod->store[STORE_SEARCH] && !prod->store[STORE_GRAPH],
       "prod is protected");
    is_int(prod->approval, APPROVAL_SIGNATURE, "wants signatures");
    is_int(prod->evidence, EVIDENCE_POINTER, "and exports pointers");
    is_str(prod->dsn_ref, "P", "dsn_ref");
    is_int(prod->line, 4, "and knows its line");
    ok(load_env(p, "test") == NULL, "no other environment");
    ok(names_have(&p->domains.schemas, "governance") && names_have(&p->domains.tables, "a.b") &&
           names_have(&p->domains.roles, "auditor"),
       "protected domains");
    is_str(p->sink, "archive", "receipt sink");
    ok(p->has_environments_file, "the file is there");

    struct err e = {0};
    is_int(load_decl(p, &p->bundle[3], &e), 0, "a declaration in full");
    const struct decl *d = p->bundle[3].decl;
    is_str(d->forward.v[0].path, "migrations/other/Z-1/forward.sql", "paths begin at the project");
    ok(bytes_eq(d->forward.v[0].bytes, bytes_str("one")), "with bytes");
    is_int(d->invariants.n, 2, "invariants");
    is_str(d->invariants.v[0].path, "migrations/other/Z-1/invariants/a.command", "sorted");
    is_int(d->lock_timeout_ms, 5000, "default timeouts");
    is_int(d->idle_timeout_ms, 60000, "of idling");
    is_int(d->lock_retries, 5, "and retries");
    is_int(d->limits.max_table_count_touched, 1, "a limit");
    is_int(d->limits.max_row_backfill, -1, "no limit");
    ok(d->notes.path == NULL, "no notes");
    is_str(d->file.path, "migrations/other/Z-1/migration.yml", "its own file");
    is_int(load_decl(p, &p->bundle[3], &e), 0, "asked again");
    ok(d == p->bundle[3].decl, "it is the same");
    is_int(load_decl(p, &p->bundle[0], &e), 0, "another one");
    is_int(p->bundle[0].decl->lock_timeout_ms, 60000, "declared timeouts");

    project_put("migrations/postgis/B-1/forward.sql", "CREATE TABLE other ();\n");
    is_int(load_decl(p, &p->bundle[1], &e), -1, "a file that changed meanwhile");
    is_int(e.code, ERR_PREFLIGHT, "is an error");
    is_str(e.msg, "the files of \"B-1\" changed while kfmig ran", "that says so");
    project_unload(&l);
}

static void test_implicit(void)
{
    struct loaded l;
    project_start();
    (void)mkdirat(project_fd, "migrations", 0755);
    project_load(&l, false);
    is_int(l.p.n_env, 1, "without environments.v1.yml there is one environment");
    ok(l.p.env[0].implicit && l.p.default_env == &l.p.env[0], "which is implicit");
    ok(l.p.env[0].store[STORE_POSTGIS] && l.p.env[0].dsn_ref == NULL, "and a postgis store");
    ok(!l.p.has_environments_file, "and no file");
    project_unload(&l);
}

/* Faulty bundles keep their declaration where it can be read, so that their scripts can be checked
 * in the same run. */
static void test_faulty(void)
{
    struct loaded l;
    project_start();
    project_bundle("M-1", "");
    (void)unlinkat(project_fd, M1 "rollback.sql", 0);
    project_bundle("M-2", "x: 1\n");
    project_load(&l, false);
    const struct bundle *b = l.p.bundle;
    is_int(l.p.faults.n, 2, "two faults");
    is_int(l.p.n_confined, 2, "each stops nothing but its bundle");
    is_int(l.p.n_bundle, 2, "which both stand there");
    struct err e = {0};
    is_int(load_decl(&l.p, &l.p.bundle[0], &e), 0,
           "one can be used in part: its declaration is there");
    ok(b[0].decl->forward.v[0].bytes.n > 0, "with its script");
    ok(!b[0].is_illegible && b[0].n_misread == 1 && b[0].n_faults == 1, "and its fault");
    is_str(b[0].faults[0].msg, "there is no file \"rollback.sql\" in the bundle", "which is told");
    ok(b[1].is_illegible && b[1].decl == NULL && b[1].n_misread == 1, "the other cannot be read");
    is_str(b[1].id, "M-2", "but has the name of its folder");
    is_int(load_decl(&l.p, &l.p.bundle[1], &e), -1, "whoever wants its declaration");
    ok(strstr(e.msg, "unknown key \"x\"") != NULL, "is told why");
    project_unload(&l);
}

static void test_find(void)
{
    struct arena a = {0};
    struct err e = {0};
    int fd = -1;
    const char *found = NULL;
    const char *deep;
    project_start();
    project_put("registry/environments.v1.yml", "");
    project_put("a/b/c.txt", "");
    deep = arena_printf(&a, "%s/a/b", project_path);
    is_int(load_find(&a, project_path, &fd, &found, &e), 0, "a project in its own directory");
    is_str(found, project_path, "is found there");
    (void)close(fd);
    is_int(load_find(&a, deep, &fd, &found, &e), 0, "from a folder below");
    is_str(found, project_path, "it is found above");
    (void)close(fd);
    project_put("a/migrations/x", "");
    is_int(load_find(&a, deep, &fd, &found, &e), 0, "a nearer one");
    is_str(found, arena_printf(&a, "%s/a", project_path), "is taken");
    (void)close(fd);
    (void)symlinkat("a/b", project_fd, "link");
    is_int(load_find(&a, arena_printf(&a, "%s/link", project_path), &fd, &found, &e), 0,
           "through a symlink");
    is_str(found, arena_printf(&a, "%s/a", project_path), "its real path counts");
    (void)close(fd);
    is_int(load_find(&a, "/proc/self", &fd, &found, &e), -1, "no project");
    is_int(e.code, ERR_CONFIG, "is an error");
    ok(strstr(e.hint, "kfmig init") != NULL, "that says what to do");
    is_int(load_find(&a, "/nonexistent/x", &fd, &found, &e), -1, "a directory that does not exist");
    ok(e.hint[0] != '\0', "says what to do, too");
    arena_release(&a);
}

int main(void)
{
    size_t n = sizeof rows / sizeof rows[0];
    tap_plan(3 * (int)n + 79);
    for (size_t i = 0; i < n; i++) {
        project_start();
        rows[i].make();
        check_lists(rows[i].faults, rows[i].warnings, rows[i].name);
    }
    test_good();
    test_implicit();
    test_faulty();
    test_find();
    project_remove();
    return tap_done();
}
