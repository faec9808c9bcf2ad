/* layer: load */
/* Checksum and bundle digest: what changes them and what does not, and that they are what model/key.h defines. */
#include "tap.h"

#include "project.h"

#define DIR "migrations/postgis/M-1/"

static const char plain[] =
    "migration_id: M-1\n"
    "type: postgis\n"
    "intent: \"Add wells\"\n"
    "scope: {allowed_schemas: [app, geo], forbidden_tables: [audit.trail]}\n"
    "limits: {max_table_count_touched: 1, max_row_backfill: 0}\n"
    "requires_rollback: true\n"
    "approvals: {required_reviewers: [ada], change_class: schema-only}\n"
    "runner: {tool: native}\n"
    "artifacts: {forward: [a.sql, b.sql], rollback: [r.sql]}\n";

/* The same values: other order of keys, quotes, blocks, comments. */
static const char reformatted[] =
    "# reformatted\n"
    "artifacts:\n  rollback:\n  - 'r.sql'\n  forward:\n    - \"a.sql\"\n    - b.sql\n"
    "runner:\n    tool: \"native\"   # ours\n"
    "approvals: {\"change_class\": 'schema-only', required_reviewers: ['ada']}\n"
    "requires_rollback: true\n"
    "limits:\n  max_row_backfill: 0\n  max_table_count_touched: 1\n"
    "scope:\n  forbidden_tables: [\"audit.trail\"]\n  allowed_schemas:\n  - app\n  - geo\n"
    "intent: >-\n  Add\n  wells\n"
    "type: 'postgis'\n\n\n"
    "migration_id: M-1\n";

struct pair {
    struct digest checksum, bundle;
};

static struct pair read_keys(void)
{
    struct loaded l;
    struct pair out = {.checksum = {{0}}};
    project_load(&l, false);
    for (size_t i = 0; i < l.p.faults.n; i++) {
        printf("# %s:%d:%d %s\n", l.p.faults.v[i].where.path, l.p.faults.v[i].where.line,
               l.p.faults.v[i].where.col, l.p.faults.v[i].msg);
    }
    if (l.p.n_bundle == 1 && l.p.faults.n == 0) {
        out = (struct pair){l.p.bundle[0].checksum, l.p.bundle[0].bundle_digest};
    }
    project_unload(&l);
    return out;
}

static void start(void)
{
    project_start();
    project_put(DIR "migration.yml", plain);
    project_put(DIR "a.sql", "CREATE TABLE app.a ();\n");
    project_put(DIR "b.sql", "CREATE TABLE app.b ();\n");
    project_put(DIR "r.sql", "DROP TABLE app.b, app.a;\n");
    project_put(DIR "invariants/one.sql", "SELECT 1 WHERE false;\n");
    project_put(DIR "invariants/two.sql", "SELECT 2 WHERE false;\n");
    project_put(DIR "notes.md", "Notes.\n");
}

/* Replaces from by to in migration.yml. */
static void edit(const char *from, const char *to)
{
    char text[4096];
    const char *at = strstr(plain, from);
    if (at == NULL) {
        abort();
    }
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - plain), plain, to, at + strlen(from));
    project_put(DIR "migration.yml", text);
}

enum { SAME, OTHER };

struct row {
    const char *name;
    const char *path;      /* of a file to write; NULL: edit migration.yml */
    const char *from, *to; /* with a path: its text is to */
    int checksum, bundle;
};

static const struct row rows[] = {
    {"one byte of a forward file", DIR "a.sql", NULL, "CREATE TABLE app.A ();\n", OTHER, OTHER},
    {"white space of a forward file", DIR "a.sql", NULL, "CREATE TABLE app.a () ;\n", OTHER, OTHER},
    {"the rollback file", DIR "r.sql", NULL, "DROP TABLE app.b;\n", OTHER, OTHER},
    {"an invariant", DIR "invariants/one.sql", NULL, "SELECT 3 WHERE false;\n", OTHER, OTHER},
    {"one invariant more", DIR "invariants/zero.sql", NULL, "SELECT 0 WHERE false;\n", OTHER,
     OTHER},
    {"the notes", DIR "notes.md", NULL, "Other notes.\n", SAME, OTHER},
    {"a file that nobody names", DIR "README.txt", NULL, "hello\n", SAME, SAME},
    {"a file in invariants/ that is no check", DIR "invariants/README.md", NULL, "hello\n", SAME,
     SAME},
    {"a baseline", DIR "baselines/pre.json", NULL, "{}\n", SAME, SAME},
    {"a pointer to a receipt", DIR "receipts/receipt_ref.json", NULL, "{}\n", SAME, SAME},
    {"the same again", NULL, "Add wells", "Add wells", SAME, SAME},
    {"the intent", NULL, "Add wells", "Add more wells", SAME, OTHER},
    {"a schema more in scope", NULL, "[app, geo]", "[app, geo, x]", OTHER, OTHER},
    {"a schema less in scope", NULL, "[app, geo]", "[app]", OTHER, OTHER},
    {"the order in scope", NULL, "[app, geo]", "[geo, app]", SAME, OTHER},
    {"an empty list that forbids nothing", NULL, "[audit.trail]",
     "[audit.trail], forbidden_schemas: []", SAME, OTHER},
    {"an empty list that allows nothing", NULL, "[audit.trail]",
     "[audit.trail], allowed_tables: []", OTHER, OTHER},
    {"a name moved to another list", NULL, "forbidden_tables", "references", OTHER, OTHER},
    {"a limit", NULL, "touched: 1", "touched: 2", OTHER, OTHER},
    {"a limit less", NULL, ", max_row_backfill: 0", "", OTHER, OTHER},
    {"the order of forward files", NULL, "[a.sql, b.sql]", "[b.sql, a.sql]", OTHER, OTHER},
    {"the runner", NULL, "tool: native", "tool: psql", OTHER, OTHER},
    {"the runner's command, which is ignored", NULL, "tool: native", "tool: native, command: x",
     SAME, OTHER},
    {"the change class", NULL, "schema-only", "breaking", SAME, OTHER},
    {"a reviewer", NULL, "[ada]", "[ada, bob]", SAME, OTHER},
    {"a timeout", NULL, "type: postgis\n", "type: postgis\ntimeouts: {lock: 6s}\n", SAME, OTHER},
    {"a dependency", NULL, "type: postgis\n", "type: postgis\ndepends_on: []\n", SAME, OTHER},
    {"invariants named one by one, in any order", NULL, "rollback: [r.sql]",
     "rollback: [r.sql], invariants: [invariants/two.sql, invariants/one.sql]", SAME, OTHER},
    {"no rollback required", NULL, "requires_rollback: true\napprovals: {",
     "requires_rollback: false\napprovals: {reference: A-1, ", OTHER, OTHER},
};

static void test_row(const struct row *r, const struct pair *base)
{
    start();
    if (r->path != NULL) {
        project_put(r->path, r->to);
    } else {
        edit(r->from, r->to);
    }
    struct pair k = read_keys();
    ok(!digest_is_zero(&k.checksum), r->name);
    is_int(digest_eq(&k.checksum, &base->checksum) ? SAME : OTHER, r->checksum, "its checksum");
    is_int(digest_eq(&k.bundle, &base->bundle) ? SAME : OTHER, r->bundle, "its bundle digest");
}

/* --- the definition, spelt out once more ------------------------------------------------------------ */

static void add_framed(struct buf *b, const void *p, size_t n)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        buf_putc(b, (char)((uint64_t)n >> shift & 0xFF));
    }
    buf_add(b, p, n);
}

static void add_field(struct buf *b, const char *name, const void *p, size_t n)
{
    add_framed(b, name, strlen(name));
    add_framed(b, p, n);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
    add_field(b, name, text, strlen(text));
}

static void add_file(struct buf *b, const char *field, const char *name, const char *text)
{
    struct buf value = {0};
    struct digest d = digest_of(bytes_str(text));
    buf_add(&value, name, strlen(name) + 1);
    buf_add(&value, d.b, sizeof d.b);
    add_field(b, field, value.p, value.n);
    buf_release(&value);
}

static void test_definition(const struct pair *base)
{
    struct buf b = {0};
    struct digest notes = digest_of(bytes_str("Notes.\n"));
    add_framed(&b, "kfmig.checksum.v1", strlen("kfmig.checksum.v1"));
    add_file(&b, "forward", "a.sql", "CREATE TABLE app.a ();\n");
    add_file(&b, "forward", "b.sql", "CREATE TABLE app.b ();\n");
    add_file(&b, "rollback", "r.sql", "DROP TABLE app.b, app.a;\n");
    add_file(&b, "invariant", "invariants/one.sql", "SELECT 1 WHERE false;\n");
    add_file(&b, "invariant", "invariants/two.sql", "SELECT 2 WHERE false;\n");
    add_text(&b, "scope",
             "{\"allowed_schemas\":[\"app\",\"geo\"],\"forbidden_tables\":[\"audit.trail\"]}");
    add_text(&b, "limits", "{\"max_row_backfill\":0,\"max_table_count_touched\":1}");
    add_text(&b, "runner.tool", "native");
    add_text(&b, "requires_rollback", "true");
    struct digest checksum = digest_of(buf_bytes(&b));
    ok(digest_eq(&checksum, &base->checksum), "the checksum is what model/key.h defines");
    buf_clear(&b);
    add_framed(&b, "kfmig.bundle.v1", strlen("kfmig.bundle.v1"));
    add_field(&b, "checksum", checksum.b, sizeof checksum.b);
    add_text(&b, "declaration",
             "{\"approvals\":{\"change_class\":\"schema-only\",\"required_reviewers\":[\"ada\"]},"
             "\"artifacts\":{\"forward\":[\"a.sql\",\"b.sql\"],\"rollback\":[\"r.sql\"]},"
             "\"intent\":\"Add wells\","
             "\"limits\":{\"max_row_backfill\":0,\"max_table_count_touched\":1},\"migration_id\":"
             "\"M-1\","
             "\"requires_rollback\":true,\"runner\":{\"tool\":\"native\"},"
             "\"scope\":{\"allowed_schemas\":[\"app\",\"geo\"],\"forbidden_tables\":[\"audit."
             "trail\"]},\"type\":\"postgis\"}");
    add_field(&b, "notes", notes.b, sizeof notes.b);
    struct digest bundle = digest_of(buf_bytes(&b));
    ok(digest_eq(&bundle, &base->bundle), "the bundle digest is what model/key.h defines");
    buf_release(&b);
}

int main(void)
{
    size_t n = sizeof rows / sizeof rows[0];
    tap_plan(3 * (int)n + 7);
    start();
    struct pair base = read_keys();
    ok(!digest_is_zero(&base.checksum), "the bundle is read");
    test_definition(&base);
    project_put(DIR "migration.yml", reformatted);
    struct pair k = read_keys();
    ok(digest_eq(&k.checksum, &base.checksum), "a reformatted declaration has the same checksum");
    ok(digest_eq(&k.bundle, &base.bundle), "and the same bundle digest");
    project_start();
    start();
    (void)unlinkat(project_fd, DIR "notes.md", 0);
    k = read_keys();
    ok(digest_eq(&k.checksum, &base.checksum), "without notes the checksum stays");
    ok(!digest_eq(&k.bundle, &base.bundle), "and the bundle digest does not");
    for (size_t i = 0; i < n; i++) {
        test_row(&rows[i], &base);
    }
    project_remove();
    return tap_done();
}
