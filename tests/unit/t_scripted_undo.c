/* layer: flow scripted */
/* run: limit=120 */
/* What `kfmig rollback` is to take back: which migrations, what depends on them, what is refused with which words, the rows that are shown,
 * and the run itself, on a whole server (scripted_cluster.h). */
#include "flow/rollback.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built;
static struct undo_wish wish;
static const char *digest;  /* reviewed; NULL: any */
static const char *counted; /* what the receipt's diff says; NULL: as it was written */
static struct loaded project;
static char own[8192];

static void tell_undo(const struct undo_list *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->n; i++) {
        const struct undo_step *x = &u->v[i];
        n += (size_t)snprintf(own + n, sizeof own - n, "[%s %s|%zu", x->bundle->id, x->because,
                              x->n_statements);
        for (size_t k = 0; k < x->n_tables; k++) {
            const struct undo_table *v = &x->tables[k];
            n += (size_t)snprintf(own + n, sizeof own - n, ", %s %lld%s %s %lld %lld", v->table,
                                  (long long)v->now, v->is_about ? "?" : "",
                                  undo_removes_text(v->removes), (long long)v->inserted,
                                  undo_most(v) == INT64_MAX ? -1 : (long long)undo_most(v));
        }
        n += (size_t)snprintf(own + n, sizeof own - n, "]");
    }
    (void)snprintf(own + n, sizeof own - n, "%s", undo_loses(u) ? " loses" : "");
}

/* M-2 has the diff of that text. */
static void count_rows(struct site *s)
{
    static struct fact last;
    struct history *h = table_gets(&s->past.by_id, "M-2");
    if (counted != NULL && h != NULL) {
        last = *h->applied;
        last.diff = digest_of(bytes_str(counted));
        h->applied = &last;
    }
}

static int plans(struct run_of *x)
{
    struct undoing u;
    own[0] = '\0';
    if (plan_first(x) != 0) {
        return -1;
    }
    count_rows(&x->s);
    if (undo_plan(&x->s, &wish, NULL, &u, &x->e) != 0 ||
        undo_reviewed(&u.undo, digest, &x->e) != 0) {
        return -1;
    }
    tell_undo(&u.undo);
    return 0;
}

static int takes_back(struct run_of *x)
{
    struct undoing u;
    own[0] = '\0';
    return plan_first(x) != 0 || undo_plan(&x->s, &wish, NULL, &u, &x->e) != 0
               ? -1
               : rollback(&x->s, &wish, &u, false, &order_confirmed, &x->r, &x->e);
}

static void rollback_file(const char *id, const char *sql)
{
    char path[256];
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/rollback.sql", id);
    project_put(path, sql);
}

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"
#define NOTHING_BEFORE "~ @ledger_read_before -> rows\n"
#define CHANGED_T                                                                                  \
    "~ @ledger_read_before -> rows $SEQ | table app.t | " HEX " | 2 | " OTHER " | owner\n"
#define NO_ROWS "~ @postgis_rows_now -> rows\n"
#define RUNS "~ SELECT 1* -> SELECT 1\n~ DELETE FROM app.t* -> DELETE 1\n"
#define AS_USUAL NOTHING_BEFORE NO_ROWS RUNS

/* clang-format off */
static const struct {
    const char *name;
    act *does;
    struct undo_wish wish;
    const char *digest, *lines;
    int rc;
    const char *words; /* of the error, its hint, what was heard, the result, or what was shown */
} cases[] = {
    {"the last one", plans, {0}, NULL, AS_USUAL, 0, "[M-2 |1"},
    {"the last two, newest first", plans, {.steps = 2}, NULL, AS_USUAL, 0, "[M-2 |1"},
    {"more than there are", plans, {.steps = 9}, NULL, AS_USUAL, 0, "[M-1 |1"},
    {"what was applied after one", plans, {.to = "M-1"}, NULL, AS_USUAL, 0, "[M-2 |1"},
    {"one by its name", plans, {.id = "M-2"}, NULL, AS_USUAL, 0, "[M-2 |1"},
    {"one that others depend on", plans, {.id = "M-1"}, NULL, AS_USUAL, -1, "1 applied migration depends on what is to be taken back: M-2 comes after M-1, as it names no depends_on; --with-dependants takes it back first"},
    {"with its dependants", plans, {.id = "M-1", .with_dependants = true}, NULL, AS_USUAL, 0, "[M-2 comes after M-1, as it names no depends_on|1"},
    {"one whose object another changed later", plans, {.id = "M-1"}, NULL, "~ @ledger_read_changes -> rows table app.t | 3 | " HEX " ; table app.t | 4 | " HEX "\n" AS_USUAL, -1, "M-2 changed table app.t after M-1; --with-dependants"},
    {"one that nobody knows", plans, {.id = "NOPE"}, NULL, AS_USUAL, -1, "NOPE"},
    {"after one that nobody knows", plans, {.to = "NOPE"}, NULL, AS_USUAL, -1, "NOPE"},
    {"a projection", plans, {.id = "wells"}, NULL, AS_USUAL, -1, "is a projection: it has generations, and no rollback"},
    {"one of a chain", plans, {.id = "C-1"}, NULL, AS_USUAL, -1, "C-1 runs inside the generations of projection \"wells\"; `kfmig switch wells`"},
    {"another digest than was reviewed", plans, {0}, "sha256:0", AS_USUAL, -1, "not sha256:0; `kfmig rollback dev --dry-run` shows it as it is now"},
    {"the ledger does not say what was before", plans, {0}, NULL, "~ @ledger_read_before -> error 42501\n" NO_ROWS, -1, "42501"},
    {"nobody counts the rows", plans, {0}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> error 55P03\n", -1, "55P03"},
    {"the ledger does not say what others changed", plans, {.id = "M-1"}, NULL, "~ @ledger_read_changes -> error 42501\n" AS_USUAL, -1, "42501"},
    {"the diff cannot be read", plans, {0}, NULL, "~ @ledger_read_blob -> error 42501\n" AS_USUAL, -1, "42501"},
    {"rows that are counted", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | 7 | f\n", 0, "table app.t 7 not said"},
    {"rows that are estimated", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | 7000 | t\n", 0, "table app.t 7000? not said"},
    {"rows that nobody can tell", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | NULL | f\n", 0, "table app.t -1 not said"},
    {"the last one is taken back", takes_back, {0}, NULL, AS_USUAL, 0, "rollback M-2"},
    {"both are", takes_back, {.steps = 2}, NULL, AS_USUAL, 0, "rollback M-2, rollback M-1"},
    {"its statement fails", takes_back, {.steps = 2}, NULL, NOTHING_BEFORE NO_ROWS "~ DELETE FROM app.t* -> error 42501\n", 0, "M-2 was not taken back, nothing was changed: statement 1 (DELETE) failed"},
    {"the connection goes at the second one", takes_back, {.steps = 2}, NULL, NOTHING_BEFORE NO_ROWS "~ DELETE FROM app.t* -> DELETE 1\n~ SELECT 1* -> cut\n", 0, "done: taken back|failed: M-1 was not taken back, nothing was changed: statement 1 (SELECT) failed, everything was rolled back: connection_failure (08006)"},
    {"it is another under the lock", takes_back, {0}, NULL, NOTHING_BEFORE "@postgis_rows_now -> rows 1 | 7 | f\n~ @postgis_rows_now -> rows 1 | 0 | f\n" RUNS, -1, "what is to be taken back moved between review and lock: nothing was"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static const char *play(const struct cluster *from, act *does, const char *lines)
{
    cluster_copy(&t.cluster, from);
    run_of_play(&t, does, lines, 0, NULL, 0, NULL);
    return run_of_text(&t, own);
}

static void try(size_t i)
{
    wish = cases[i].wish;
    digest = cases[i].digest;
    const char *text = play(&built, cases[i].does, cases[i].lines);
    bool good = t.rc == cases[i].rc && strstr(text, cases[i].words) != NULL;
    ok(good, cases[i].name);
    if (!good) {
        printf("# %d %s\n", t.rc, text);
    }
}

/* --- rollback files that cannot, or need not, be run */

/* clang-format off */
static const struct {
    const char *name, *sql, *before;
    int rc;
    const char *words;
} files[] = {
    {"a comment", "-- by hand\n", "", -1, "M-2 cannot be taken back: its rollback file holds no statement; undo it with a migration of its own, or from a backup"},
    {"lines that are left to a person", "-- BY HAND: the rest\nSELECT 1;\n", "", -1, "the rollback of M-2 cannot be run"},
    {"a statement that nobody runs", "VACUUM;\n", "", -1, "the rollback of M-2 cannot be run"},
    {"a table is dropped", "DROP TABLE app.t;\n", "", 0, "table app.t -1 all"},
    {"a table is emptied, by a name without a schema", "TRUNCATE t;\n", CHANGED_T, 0, "table app.t -1 all"},
    {"its schema is dropped", "DROP SCHEMA app CASCADE;\n", CHANGED_T, 0, "table app.t -1 all"},
    {"code runs", "DO $$ BEGIN NULL; END $$;\n", CHANGED_T, 0, "table app.t -1 not said"},
    {"rows are only added", "INSERT INTO app.t VALUES (3);\n", CHANGED_T, 0, "table app.t -1 none"},
    {"rows go beside an INSERT", "WITH d AS (DELETE FROM app.t RETURNING 1) INSERT INTO app.u SELECT 1 FROM d;\n", "", 0, "table app.t -1 not said"},
    {"an object of before", "SELECT 1;\n", "~ @ledger_read_before -> rows $SEQ | table app.x | " HEX " | 2 | " OTHER " | owner\n", 0, "table app.x -1 none"},
    {"one that was found standing", "SELECT 1;\n", "~ @ledger_read_before -> rows $SEQ | table app.x | " HEX " | 2 | " HEX " | owner\n", -1, "M-2 was found standing and recorded, never run here: what was before it is not known"},
};
/* clang-format on */
enum { N_FILES = sizeof files / sizeof *files };

static void try_file(size_t i)
{
    static struct cluster made;
    char lines[1024] = "";
    const char *mark = strstr(files[i].before, "$SEQ");
    rollback_file("M-2", files[i].sql);
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    const struct history *h = past_get(&t.s.past, "M-2");
    long long at = h != NULL && h->applied != NULL ? (long long)h->applied->sequence : 0;
    run_of_leave(&t, &made);
    if (mark != NULL) {
        (void)snprintf(lines, sizeof lines, "%.*s%lld%s", (int)(mark - files[i].before),
                       files[i].before, at, mark + 4);
    }
    (void)snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s", AS_USUAL);
    wish = (struct undo_wish){0};
    digest = NULL;
    const char *text = play(&made, plans, lines);
    bool good = t.rc == files[i].rc && strstr(text, files[i].words) != NULL;
    ok(good, files[i].name);
    if (!good) {
        printf("# %d %s\n", t.rc, text);
    }
    cluster_release(&made);
    memset(&made, 0, sizeof made);
    project_unload(&t.l);
}

/* What the project is now is built from nothing, and asked. */
static void try_built(const struct undo_wish *w, int rc, const char *words, const char *name)
{
    static struct cluster made;
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    run_of_leave(&t, &made);
    wish = *w;
    const char *text = play(&made, plans, AS_USUAL);
    bool good = t.rc == rc && strstr(text, words) != NULL;
    ok(good, name);
    if (!good) {
        printf("# %d %s\n", t.rc, text);
    }
    cluster_release(&made);
    memset(&made, 0, sizeof made);
    project_unload(&t.l);
}

/* What its declaration says of that is cited. */
static void test_irreversible(void)
{
    project_put("migrations/postgis/M-2/migration.yml",
                "migration_id: M-2\ntype: postgis\nintent: \"Test\"\n"
                "scope: {allowed_schemas: [app]}\nlimits: {}\nrequires_rollback: false\n"
                "approvals: {required_reviewers: [ada], change_class: x, reference: CAB-7}\n"
                "runner: {tool: native}\nartifacts: {forward: [forward.sql]}\n");
    project_put("migrations/postgis/M-2/notes.md", "From the backup.\n");
    try_built(&(struct undo_wish){0}, -1,
              "M-2 cannot be taken back: it has no rollback file, as its declaration says "
              "(requires_rollback: false; approval CAB-7); its notes.md says what else undoes it",
              "it says itself that it cannot be undone");
}

/* Nothing declares that: it has no second file. */
static void test_flat(void)
{
    project_put("migrations/db/003_x.up.sql", "INSERT INTO app.t VALUES (3);\n");
    try_built(&(struct undo_wish){.id = "003_x"}, -1,
              "003_x cannot be taken back: it has no rollback file; undo it with a migration of "
              "its own, or from a backup",
              "a flat one without a file that undoes it");
    (void)unlinkat(project_fd, "migrations/db/003_x.up.sql", 0);
}

/* A chain that was built on one of them, and a row of others behind it. */
static void test_depended_on(void)
{
    verbs_declare("C-1", "wells", "depends_on: [M-1]\n");
    try_built(
        &(struct undo_wish){.id = "M-1", .with_dependants = true}, -1,
        "projection \"wells\" is live and built on M-1 (C-1 depends on it); a projection is "
        "not rolled back: take it out of the project, or undo this with a migration of its own",
        "one that a live projection was built on");
    verbs_chain(false);
    for (int i = 3; i < 9; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "M-%d", i);
        verbs_migration(id, "app", "INSERT INTO app.t VALUES (1);\n");
    }
    try_built(
        &(struct undo_wish){.id = "M-1"}, -1,
        "7 applied migrations depend on what is to be taken back: M-8 comes after M-7, as it "
        "names no depends_on; M-7 comes after M-6, as it names no depends_on; M-6 comes after "
        "M-5, as it names no depends_on; M-5 comes after M-4, as it names no depends_on; M-4 "
        "comes after M-3, as it names no depends_on (and 2 more); --with-dependants takes them "
        "back first",
        "of seven that depend on it five are named");
}

/* Rows by the receipt: of a table that it counts, of one that it does not name; and of one that nothing counted. */
static void test_receipt(void)
{
    static const struct {
        const char *name, *summary, *words;
    } rows[] = {
        {"rows that the receipt counts",
         "{\"format\":\"kfmig.diff.v1\",\"rows\":[{\"deleted\":0,\"inserted\":7,\"table\":\"table "
         "app.t\",\"updated\":0}]}",
         "table app.x -1 none 0 0, table app.t -1 not said 7 -1]"},
        {"a receipt that cannot be read says nothing", "{}",
         "table app.x -1 none -1 0, table app.t -1 not said -1 -1]"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char lines[2048];
        struct buf hex = {0};
        for (const char *c = rows[i].summary; *c != '\0'; c++) {
            buf_printf(&hex, "%02x", (unsigned)*c);
        }
        (void)snprintf(lines, sizeof lines,
                       "~ @ledger_read_before -> rows 4 | table app.x | " HEX " | 2 | " OTHER
                       " | owner\n~ @ledger_read_blob -> rows %s\n" NO_ROWS,
                       buf_str(&hex));
        buf_release(&hex);
        counted = rows[i].summary;
        wish = (struct undo_wish){0};
        const char *text = play(&built, plans, lines);
        counted = NULL;
        bool good = t.rc == 0 && strstr(text, rows[i].words) != NULL;
        ok(good, rows[i].name);
        if (!good) {
            printf("# %d %s\n", t.rc, text);
        }
    }
}

/* Nothing verifies a signature. */
static void test_unsigned(void)
{
    struct env *dev = &project.p.env[0];
    enum approval before = dev->approval;
    dev->approval = APPROVAL_SIGNATURE;
    wish = (struct undo_wish){0};
    const char *text = play(&built, plans, AS_USUAL);
    dev->approval = before;
    ok(t.rc == -1 &&
           strstr(text, "environment \"dev\" wants a signature over what is run, and this kfmig "
                        "cannot verify one; where the repository host's review is enough, declare "
                        "`approval: review` for dev in registry/environments.v1.yml") != NULL,
       "signatures are wanted");
}

/* What is here is not what was applied, or is not here. */
static void test_other_content(void)
{
    struct loaded other;
    rollback_file("M-2", "DELETE FROM app.t WHERE true;\n");
    project_load(&other, false);
    t.l = other;
    wish = (struct undo_wish){0};
    const char *text = play(&built, plans, AS_USUAL);
    ok(t.rc == -1 &&
           strstr(text, "M-2 is not what was applied: how it is taken back is not known here; "
                        "`kfmig receipt text dev M-2 --write` puts back what was applied") != NULL,
       "other content than was applied");
    project_unload(&other);
}

/* Taken back, and asked for once more. */
static void test_twice(void)
{
    static struct cluster taken;
    wish = (struct undo_wish){.id = "M-2"};
    (void)play(&built, takes_back, AS_USUAL);
    run_of_leave(&t, &taken);
    const char *text = play(&taken, plans, AS_USUAL);
    ok(t.rc == -1 && strstr(text, "M-2 was taken back already, at ") != NULL,
       "it was taken back already");
    text = play(&taken, builds, RUNS);
    ok(t.r.worst == ERR_PREFLIGHT && t.rc == -1 && strstr(text, "blocked") != NULL,
       "a build leaves it so");
    cluster_release(&taken);
}

int main(void)
{
    verbs_project();
    rollback_file("M-2", "DELETE FROM app.t WHERE n = 2;\n");
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    project_load(&project, false);
    t.l = project;
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    if (t.rc != 0) {
        printf("# not built: %s\n", t.e.msg);
    }
    run_of_leave(&t, &built);
    tap_plan(N + N_FILES + 10);
    for (size_t i = 0; i < N; i++) {
        try(i);
    }
    test_twice();
    test_unsigned();
    test_receipt();
    test_other_content();
    for (size_t i = 0; i < N_FILES; i++) {
        try_file(i);
    }
    test_irreversible();
    test_flat();
    test_depended_on();
    struct cluster *all[] = {&t.cluster, &empty, &built};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cluster_release(all[i]);
    }
    arena_release(&t.a);
    project_unload(&project);
    project_remove();
    return tap_done();
}
