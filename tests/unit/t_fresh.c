/* layer: flow */
/* What `kfmig new` makes of a file, what it refuses, and what a person is told to look at. */
#include "base/tell.h"
#include "flow/fresh.h"
#include "project.h"
#include "tap.h"

#define FOLDER "migrations/postgis"
#define DUMP                                                                                       \
    "-- PostgreSQL database dump\n"                                                                \
    "CREATE TABLE app.t (id int);\n"                                                               \
    "CREATE TABLE app.u (id int);\n"                                                               \
    "COPY app.t (id) FROM stdin;\n1\n\\.\n"                                                        \
    "COPY app.u (id) FROM stdin;\n2\n\\.\n"

static struct loaded l;
static struct buf heard;

static void hear(void *ctx, const struct tell *t)
{
    (void)ctx;
    buf_printf(&heard, "%s: %s|", tell_name(t->kind), t->what);
}

static const struct ear ear = {NULL, hear, NULL};

/* --- what is there besides the file */

static void nothing_more(void)
{
}

static void a_later_one(void)
{
    project_bundle("M-1", "");
    project_bundle("Z-1", "");
}

static void a_definition_beside_it(void)
{
    project_bundle("M-1", "");
    project_put("migrations/postgis/R__v.sql", "CREATE VIEW app.v AS SELECT 1;\n");
}

static void one_of_another_store(void)
{
    project_put("migrations/graph/Z-1/migration.yml", "type: neo4j\n");
}

static void one_that_cannot_be_read(void)
{
    project_bundle("M-1", "");
    project_put("migrations/postgis/M-2/migration.yml", "migration_id: [\n");
}

static void the_newest_has_other_reviewers(void)
{
    project_bundle("M-1", "");
    project_bundle("M-2", "");
    project_put("migrations/postgis/M-2/migration.yml",
                "migration_id: M-2\ntype: postgis\nintent: \"Test\"\n"
                "scope: {allowed_schemas: [app]}\nlimits: {max_table_count_touched: 1}\n"
                "requires_rollback: true\n"
                "approvals: {required_reviewers: [bob, eve], change_class: schema-only}\n"
                "runner: {tool: native}\n"
                "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
}

static void sql_is_a_folder(void)
{
    project_put("in.sql/file", "");
}

static void notes_cannot_be_written(void)
{
    project_put(FOLDER "/N-1/notes.md/file", "");
}

static void rollback_cannot_be_written(void)
{
    project_put(FOLDER "/N-1/rollback.sql/file", "");
}

static void forward_cannot_be_written(void)
{
    project_put(FOLDER "/N-1/forward.sql/file", "");
}

static void yml_cannot_be_written(void)
{
    project_put(FOLDER "/N-1/migration.yml/file", "");
}

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    const char *from, *sql, *data; /* sql NULL: the file is not there; from NULL: an empty one is made */
    const char *words; /* of error, faults, warnings, files; "a ... b": in this order */
} cases[] = {
    {"an empty one", nothing_more, NULL, NULL, NULL, "0; ; | ... forward: -- a test\n ... rollback: -- Undo forward.sql here, last statement first.\n ... intent: \"a test\" ... - TBD ... change_class: schema-only"},
    {"a table", nothing_more, "in.sql", "CREATE TABLE app.t (id int);\n", NULL, "0; ; | ... forward: CREATE TABLE app.t ... rollback: -- Undoes the migration ... DROP TABLE app.t; ... - app ... change_class: schema-only"},
    {"by its whole path", nothing_more, "./in.sql", "CREATE TABLE app.t (id int);\n", NULL, "0; ; | ... DROP TABLE app.t;"},
    {"rows", nothing_more, "in.sql", "UPDATE app.t SET a = 1;\n", NULL, "warning: the rollback: 1 statement must be undone by hand, look for BY HAND| ... change_class: backfill"},
    {"what is lost", nothing_more, "in.sql", "DROP TABLE app.t;\nDROP TABLE app.u;\n", NULL, "warning: the rollback: 2 statements must be undone by hand, look for BY HAND| ... change_class: breaking"},
    {"code that is not in its text", nothing_more, "in.sql", "SELECT 1;\nDO 'BEGIN END';\n", NULL, "|warning: forward.sql:2: what this does cannot be read off its text; scope and limits may be too tight|"},
    {"names without a schema", nothing_more, "in.sql", "CREATE TABLE t (id int);\n", NULL, "|warning: forward.sql: names without a schema are taken to be in schema public| ... - public"},
    {"a protected domain", nothing_more, "in.sql", "CREATE TABLE app.u ();\nALTER TABLE gov.t ADD a int;\n", NULL, "warning: forward.sql:2: "},
    {"definitions are behind every migration", a_definition_beside_it, NULL, NULL, NULL, "0; ; | ... - ada"},
    {"one sorts after it", a_later_one, NULL, NULL, NULL, "|warning: Z-1 sorts after the new id and so runs after it; depends_on can say otherwise| ... - ada"},
    {"one of another store", one_of_another_store, NULL, NULL, NULL, "0; ; | ... - TBD"},
    {"the newest cannot be read", one_that_cannot_be_read, NULL, NULL, NULL, "0; ; | ... - ada"},
    {"the newest has other reviewers", the_newest_has_other_reviewers, NULL, NULL, NULL, "0; ; | ... - bob\n    - eve\n"},

    {"a dump", nothing_more, "in.sql", DUMP, NULL, "warning: forward.sql: 2 statements with data left out; --data=TABLE,... keeps rows| ... forward: -- PostgreSQL database dump\nCREATE TABLE app.t (id int);\nCREATE TABLE app.u (id int);\n| ... change_class: schema-only"},
    {"a dump with the rows of one table", nothing_more, "in.sql", DUMP, "app.t", "warning: forward.sql: 1 statement with data left out; ... COPY app.t (id) FROM stdin;\n1\n\\.\n| ... change_class: schema-only"},
    {"a dump with the rows of both, and a comma", nothing_more, "in.sql", DUMP, "app.t,u,", "COPY app.t (id) FROM stdin;\n1\n\\.\nCOPY app.u (id) FROM stdin;\n2\n\\.\n|"},
    {"rows of a table that is not there", nothing_more, "in.sql", DUMP, "app.v", "-1; in.sql holds no rows of table \"app.v\"; --data names tables as the dump does: schema.table"},
    {"no dump, and the rows of no table", nothing_more, "in.sql", "INSERT INTO app.t VALUES (1);\nCREATE TABLE app.u ();\n", "", "1 statement with data left out; ... forward: CREATE TABLE app.u ();\n|"},

    {"what cannot run as a migration", nothing_more, "in.sql", "CREATE DATABASE other;\n", NULL, "-1; in.sql cannot become a migration as it is; nothing was made; mend what is named above|in.sql:1: CREATE DATABASE"},
    {"what the grammar does not know", nothing_more, "in.sql", "SELECT 1;\nCREATE TABEL t ();\n", NULL, "-1; in.sql cannot become a migration as it is; ... |in.sql:2: "},
    {"bytes that are no text", nothing_more, "in.sql", "SELECT 1;\n-- \xff\n", NULL, "-1; a byte ... |in.sql:2:4"},
    {"no such file", nothing_more, "in.sql", NULL, NULL, "-1; no file \"in.sql\"; |"},
    {"no such file at the root", nothing_more, "/kfmig-has-none.sql", NULL, NULL, "-1; no file \"/kfmig-has-none.sql\"; |"},
    {"no such folder", nothing_more, "nowhere/in.sql", NULL, NULL, "-1; cannot open the directory \"nowhere\": No such file or directory; |"},
    {"a folder", sql_is_a_folder, "in.sql", NULL, NULL, "-1; \"in.sql\" is a directory, not a regular file; "},

    {"forward.sql cannot be written", forward_cannot_be_written, NULL, NULL, NULL, "-1; ... forward.sql ... |yml: -"},
    {"rollback.sql cannot be written", rollback_cannot_be_written, NULL, NULL, NULL, "-1; ... rollback.sql ... forward: -- a test\n ... |yml: -"},
    {"notes.md cannot be written", notes_cannot_be_written, NULL, NULL, NULL, "-1; ... notes.md ... rollback: -- Undo ... |yml: -"},
    {"migration.yml cannot be written", yml_cannot_be_written, NULL, NULL, NULL, "-1; ... migration.yml ... rollback: -- Undo ... |yml: -"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void put(struct buf *out, const char *what, const char *name)
{
    char path[128];
    struct bytes text;
    struct err ignored = {0};
    (void)snprintf(path, sizeof path, FOLDER "/N-1/%s", name);
    bool there = file_read(&l.a, project_fd, path, 1 << 20, &text, NULL, &ignored) == 0;
    buf_printf(out, "|%s: %s", what, there ? text.p : "-");
}

static int make(size_t i, struct fresh *f, struct err_list *faults, struct err *e)
{
    const char *from = cases[i].from;
    if (from == NULL) {
        fresh_empty(&l.a, f);
    } else if (fresh_from(&l.a, from, cases[i].data, f, faults, e) != 0) {
        return -1;
    }
    f->draft.decl.id = "N-1";
    fresh_reviewers(&l.p, f);
    int rc = fresh_intent("a test", from, f, e);
    rc = rc == 0 ? fresh_write(&l.p, FOLDER, f, e) : rc;
    fresh_warn(&l.p, &ear, FOLDER, f);
    return rc;
}

static void play(size_t i)
{
    struct fresh f = {0};
    struct err_list faults = {0};
    struct err e = {0};
    struct buf said = {0};
    project_start();
    project_put("registry/environments.v1.yml",
                "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\npolicy: {protected: {schemas: [gov]}}\n");
    if (cases[i].sql != NULL) {
        project_put("in.sql", cases[i].sql);
    }
    cases[i].before();
    if (fchdir(project_fd) != 0) {
        abort();
    }
    project_load(&l, false);
    buf_clear(&heard);
    int rc = make(i, &f, &faults, &e);
    buf_printf(&said, "%d; %s; %s|", rc, e.msg, e.hint);
    if (e.where.path[0] != '\0') {
        buf_printf(&said, "%s:%d:%d|", e.where.path, e.where.line, e.where.col);
    }
    for (size_t k = 0; k < faults.n; k++) {
        buf_printf(&said, "%s:%d: %s|", faults.v[k].where.path, faults.v[k].where.line,
                   faults.v[k].msg);
    }
    buf_printf(&said, "%s", buf_str(&heard));
    put(&said, "forward", "forward.sql");
    put(&said, "rollback", "rollback.sql");
    put(&said, "yml", "migration.yml");
    if (!ok(has_in_order(buf_str(&said), cases[i].words), cases[i].name)) {
        printf("# %s\n", buf_str(&said));
    }
    buf_release(&said);
    buf_release(&f.rollback);
    err_list_release(&faults);
    project_unload(&l);
}

/* --- what it is for */

static const struct {
    const char *name, *words, *from, *intent, *msg;
} intents[] = {
    {"words", "add a column", "sql/in.sql", "add a column", ""},
    {"the name of the file", "", "sql/in.sql", "in.sql", ""},
    {"the name of a file here", "", "in.sql", "in.sql", ""},
    {"nothing", "", NULL, NULL, "`kfmig new` needs a few words: what the migration is for"},
    {"a folder", "", "sql/", NULL, "`kfmig new` needs a few words: what the migration is for"},
    {"what no declaration may hold", "a\x01", NULL, NULL,
     "the words for the new migration hold a control character"},
};
enum { N_INTENTS = sizeof intents / sizeof *intents };

static void intend(size_t i)
{
    struct fresh f = {0};
    struct err e = {0};
    int rc = fresh_intent(intents[i].words, intents[i].from, &f, &e);
    ok(rc == (intents[i].intent != NULL ? 0 : -1), intents[i].name);
    is_str(f.draft.decl.intent, intents[i].intent, intents[i].name);
    is_str(e.msg, intents[i].msg, intents[i].name);
}

/* --- what was done outside kfmig */

#define OPEN                                                                                       \
    {                                                                                              \
        "table app.t", "index i", NULL, "no statement says it"                                     \
    }
static const struct {
    const char *name;
    int n; /* objects */
    struct sql_line keep[2], undo[2];
    size_t n_keep, n_undo, n_forward_open, n_open;
    const char *forward, *rollback, *intent; /* or the fault */
} drifts[] = {
    {"one object",
     1,
     {{"table app.t", "", "ALTER TABLE app.t ADD COLUMN a int", NULL}},
     {{"table app.t", "", "ALTER TABLE app.t DROP COLUMN a", NULL}},
     1,
     1,
     0,
     0,
     "ALTER TABLE app.t ADD COLUMN a int;\n",
     "ALTER TABLE app.t DROP COLUMN a;\n",
     "table app.t as it stands in dev"},
    {"left to a person",
     2,
     {{"table app.t", "", "ALTER TABLE app.t ADD COLUMN a int", NULL}, OPEN},
     {OPEN, {"view app.v", "", NULL, "withheld"}},
     2,
     2,
     1,
     2,
     "ALTER TABLE app.t ADD COLUMN a int;\n-- BY HAND: table app.t, index i; no statement says "
     "it; write it here\n",
     "-- BY HAND: table app.t, index i; no statement says it; write it here\n"
     "-- BY HAND: view app.v; withheld; write it here\n",
     "table app.t, table app.t as they stand in dev"},
    {"many objects",
     5,
     {{"table app.t", "", "SELECT 1", NULL}},
     {{"table app.t", "", "SELECT 2", NULL}},
     1,
     1,
     0,
     0,
     "SELECT 1;\n",
     "SELECT 2;\n",
     "table app.t, table app.t, table app.t and 2 more as they stand in dev"},
};
enum { N_DRIFTS = sizeof drifts / sizeof *drifts, LONG = 8 };

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static void drift(size_t i)
{
    static const struct env env = {.name = "dev"};
    static const struct drift d = {.text = "table app.t"};
    struct arena a = {0};
    struct drift_detail v[LONG];
    struct fresh f = {0};
    struct err_list faults = {0};
    struct err e = {0};
    struct sql_line keep[2] = {drifts[i].keep[0], drifts[i].keep[1]};
    struct sql_line undo[2] = {drifts[i].undo[0], drifts[i].undo[1]};
    const struct drift_sql sql = {keep, undo, drifts[i].n_keep, drifts[i].n_undo};
    for (int k = 0; k < LONG; k++) {
        v[k] = (struct drift_detail){.drift = &d};
    }
    int rc = fresh_drift(&a, &env, v, (size_t)drifts[i].n, &sql, &f, &faults, &e);
    ok(rc == 0 && faults.n == 0 && f.n_forward_open == drifts[i].n_forward_open &&
           f.n_open == drifts[i].n_open,
       drifts[i].name);
    ok(ends_with(f.forward.bytes.p, drifts[i].forward), drifts[i].name);
    ok(ends_with(buf_str(&f.rollback), drifts[i].rollback), drifts[i].name);
    is_str(f.draft.decl.intent, drifts[i].intent, drifts[i].name);
    buf_clear(&heard);
    project_start();
    project_load(&l, true);
    fresh_warn(&l.p, &ear, FOLDER, &f);
    const char *told = buf_str(&heard);
    ok((strstr(told, "forward.sql: 1 thing must be done by hand") != NULL) ==
           (drifts[i].n_forward_open > 0),
       drifts[i].name);
    project_unload(&l);
    buf_release(&f.rollback);
    err_list_release(&faults);
    arena_release(&a);
}

static void unreadable_drift(void)
{
    static const struct env env = {.name = "dev"};
    struct arena a = {0};
    struct fresh f = {0};
    struct err_list faults = {0};
    struct err e = {0};
    struct sql_line line = {"table app.t", "", "COMMIT", NULL};
    const struct drift_sql sql = {&line, &line, 1, 1};
    ok(fresh_drift(&a, &env, NULL, 0, &sql, &f, &faults, &e) == -1 && e.code == ERR_CONFIG,
       "what no migration may hold");
    buf_release(&f.rollback);
    err_list_release(&faults);
    arena_release(&a);
}

int main(void)
{
    tap_plan(N + 3 * N_INTENTS + 5 * N_DRIFTS + 1);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_INTENTS; i++) {
        intend(i);
    }
    for (size_t i = 0; i < N_DRIFTS; i++) {
        drift(i);
    }
    unreadable_drift();
    buf_release(&heard);
    project_remove();
    return tap_done();
}
