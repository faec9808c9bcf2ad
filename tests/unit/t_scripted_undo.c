/* layer: flow scripted */
/* run: limit=120 */
/* What `kfmig rollback` is to take back: which migrations, what depends on them, what is refused with which words, the rows that are shown,
 * and the run itself, on a whole server (scripted_cluster.h). */
#include "flow/rollback.h"
#include "model/operations.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built;
static struct undo_wish wish;
static const char *digest;  /* reviewed; NULL: any */
static const char *counted; /* what the receipt's diff says; NULL: as it was written */
static struct loaded project;
static int refused; /* the question that the server refuses; 0: none */
static const char *refused_with = "error 42501";
static char own[8192], planned[DIGEST_TEXT];

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

/* What the world is told beyond what the server says; NULL: nothing. */
static void (*also)(struct site *s);

static int plans(struct run_of *x)
{
    struct undoing u;
    own[0] = '\0';
    if (plan_first(x) != 0) {
        return -1;
    }
    count_rows(&x->s);
    if (also != NULL) {
        also(&x->s);
    }
    if (undo_plan(&x->s, &wish, NULL, &u, &x->e) != 0 ||
        undo_reviewed(&u.undo, digest, &x->e) != 0) {
        return -1;
    }
    tell_undo(&u.undo);
    (void)digest_text(&u.undo.digest, planned);
    return 0;
}

static void begun_one(struct site *s, const char *subject, bool undoes)
{
    static struct begun b;
    b = (struct begun){.subject = subject, .undoes = undoes};
    s->world.begun = &b;
    s->world.n_begun = 1;
}

static void begun_third(struct site *s)
{
    begun_one(s, "M-3", false);
}

static void begun_back(struct site *s)
{
    begun_one(s, "M-2", true);
}

static void begun_back_first(struct site *s)
{
    begun_one(s, "M-1", true);
}

/* It is of a definition that is run again and again. */
static void defines(struct site *s)
{
    static struct fact last;
    struct history *h = table_gets(&s->past.by_id, "M-2");
    last = *h->applied;
    last.is_definition = true;
    h->applied = &last;
}

/* Nobody looked at the projection's generations. */
static void none_is_live(struct site *s)
{
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        s->plan.projections[i].live = NULL;
    }
}

static int takes_back(struct run_of *x)
{
    struct undoing u;
    own[0] = '\0';
    return plan_first(x) != 0 || undo_plan(&x->s, &wish, NULL, &u, &x->e) != 0
               ? -1
               : rollback(&x->s, &wish, &u, false, &order_confirmed, &x->r, &x->e);
}

/* In a protected environment, without a backup. */
static int skips_backup(struct run_of *x)
{
    struct undoing u;
    own[0] = '\0';
    if (plan_first(x) != 0 || undo_plan(&x->s, &wish, NULL, &u, &x->e) != 0) {
        return -1;
    }
    x->l.p.env[0].is_protected = true;
    int rc = rollback(&x->s, &wish, &u, true, &order_confirmed, &x->r, &x->e);
    x->l.p.env[0].is_protected = false;
    return rc;
}

/* Where a backup comes before, and there is no pg_dump. */
static int lacks_pg_dump(struct run_of *x)
{
    struct operations wanted = *operations_of(&(struct env){.name = "dev"});
    wanted.backup.is_wanted = true;
    (void)setenv("KFMIG_PG_BINDIR", "/nowhere", 1);
    x->l.p.env[0].operations = &wanted;
    int rc = takes_back(x);
    x->l.p.env[0].operations = NULL;
    (void)unsetenv("KFMIG_PG_BINDIR");
    return rc;
}

static void remove_bundle(const char *id)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/migrations/postgis/%s", project_path, id);
    (void)nftw(path, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
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
    {"none are counted", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | 0 | f\n", 0, "table app.t 0 not said"},
    {"what was there before each of both", plans, {.steps = 2}, NULL, "~ @ledger_read_before -> rows 3 | table app.x | " HEX " | 2 | " OTHER " | owner ; 4 | table app.y | " HEX " | 2 | " OTHER " | owner\n" NO_ROWS RUNS, 0, "[M-2 |1, table app.y -1 none"},
    {"one whose object was found standing, too", plans, {.id = "M-1", .with_dependants = true}, NULL, "~ @ledger_read_changes -> rows table app.t | 2 | " HEX " ; table app.t | 3 | " HEX " ; table app.u | 4 | " HEX "\n" AS_USUAL, 0, "[M-2 comes after M-1, as it names no depends_on|1"},
    {"rows that are counted", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | 7 | f\n", 0, "table app.t 7 not said"},
    {"rows that are estimated", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | 7000 | t\n", 0, "table app.t 7000? not said"},
    {"rows that nobody can tell", plans, {.id = "M-2"}, NULL, NOTHING_BEFORE "~ @postgis_rows_now -> rows 1 | NULL | f\n", 0, "table app.t -1 not said"},
    {"the last one is taken back", takes_back, {0}, NULL, AS_USUAL, 0, "rollback M-2"},
    {"both are", takes_back, {.steps = 2}, NULL, AS_USUAL, 0, "rollback M-2, rollback M-1"},
    {"its statement fails", takes_back, {.steps = 2}, NULL, NOTHING_BEFORE NO_ROWS "~ DELETE FROM app.t* -> error 42501\n", 0, "M-2 was not taken back, nothing was changed: statement 1 (DELETE) failed"},
    {"the connection goes at the second one", takes_back, {.steps = 2}, NULL, NOTHING_BEFORE NO_ROWS "~ DELETE FROM app.t* -> DELETE 1\n~ SELECT 1* -> cut\n", 0, "done: taken back|failed: M-1 was not taken back, nothing was changed: statement 1 (SELECT) failed, everything was rolled back: connection_failure (08006)"},
    {"the connection goes once the rows are counted under the lock", takes_back, {.steps = 2}, NULL, NOTHING_BEFORE "@postgis_rows_now -> rows\nROLLBACK -> ROLLBACK\n@postgis_rows_now -> rows\nROLLBACK -> cut\n" RUNS, -1, "the connection was lost before M-2 was taken back: what is left was not begun; run `kfmig rollback dev` again"},
    {"the ledger does not say under the lock what was before", takes_back, {0}, NULL, "@ledger_read_before -> rows\n~ @ledger_read_before -> error 42501\n" NO_ROWS RUNS, -1, "42501"},
    {"without a backup, where it is protected", skips_backup, {0}, NULL, AS_USUAL, -1, "environment \"dev\" wants signatures over the plan that name --skip-backup: 0 of 1 signature; nothing was taken back; `kfmig approve dev --plan="},
    {"a backup that cannot be made", lacks_pg_dump, {0}, NULL, "~ @site_backup_about(*) -> rows app\n" AS_USUAL, -1, "no backup of dev: "},
    {"it is another under the lock", takes_back, {0}, NULL, NOTHING_BEFORE "@postgis_rows_now -> rows 1 | 7 | f\n~ @postgis_rows_now -> rows 1 | 0 | f\n" RUNS, -1, "what is to be taken back moved between review and lock: nothing was"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static const char *play(const struct cluster *from, act *does, const char *lines)
{
    cluster_copy(&t.cluster, from);
    run_of_play(&t, does, lines, refused, refused_with, 0, NULL);
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
    {"transactions of its own", "BEGIN;\nDELETE FROM app.t WHERE n = 2;\nCOMMIT;\nSELECT 1;\n", "", 0, "[M-2 |2"},
    {"a statement that runs alone", "DELETE FROM app.t WHERE n = 2;\nDROP INDEX CONCURRENTLY app.i;\n", "", 0, "[M-2 |2"},
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

/* Is what load_project() found still there when it is asked to take them back? */
static bool is_misread;

/* An older kfmig may have asked for less than this one: what it finds is put aside, and put back. */
static void misread(bool is_there)
{
    static const struct err *found[16];
    for (size_t i = 0; i < t.l.p.n_bundle && i < sizeof found / sizeof *found; i++) {
        struct bundle *b = &t.l.p.bundle[i];
        found[i] = is_there ? found[i] : b->faults;
        b->faults = is_there ? found[i] : NULL;
        b->n_faults = b->n_misread = b->faults != NULL;
    }
}

/* What the project is now is built from nothing, and asked. */
static void try_built(const struct undo_wish *w, int rc, const char *words, const char *name)
{
    static struct cluster made;
    project_load(&t.l, false);
    misread(false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    run_of_leave(&t, &made);
    misread(is_misread);
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

/* One without the reference of an approval. */
static void test_irreversible_unnamed(void)
{
    project_put("migrations/postgis/M-2/migration.yml",
                "migration_id: M-2\ntype: postgis\nintent: \"Test\"\n"
                "scope: {allowed_schemas: [app]}\nlimits: {}\nrequires_rollback: false\n"
                "approvals: {required_reviewers: [ada], change_class: x}\n"
                "runner: {tool: native}\nartifacts: {forward: [forward.sql]}\n");
    try_built(&(struct undo_wish){0}, -1,
              "M-2 cannot be taken back: it has no rollback file, as its declaration says "
              "(requires_rollback: false)",
              "it says itself that it cannot be undone, and names no approval");
}

/* Its rollback has a statement that runs alone: what was taken back before it is settled first. */
static void test_segmented(void)
{
    static struct cluster made;
    rollback_file("M-1", "DELETE FROM app.t WHERE n = 1;\nDROP INDEX CONCURRENTLY app.i;\n");
    rollback_file("M-2", "DELETE FROM app.t WHERE n = 2;\n");
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    run_of_leave(&t, &made);
    wish = (struct undo_wish){.steps = 2};
    const char *text =
        play(&made, takes_back,
             "~ DROP INDEX CONCURRENTLY* -> DROP INDEX\n~ @ledger_journal_begin -> BEGIN\n"
             "~ @ledger_journal_clock -> rows 2026-01-02T03:04:05.000006Z\n"
             "~ @postgis_lone_index -> rows 7 | app | t | 8 | t | t | btree (n) | f | NULL | NULL "
             "| NULL | NULL\n~ @postgis_lone_settings -> rows 0 | 0\n"
             "~ @ledger_lock_work_hold -> rows t\n~ @ledger_lock_work_let_go -> rows t\n" AS_USUAL);
    ok(t.rc == 0 && t.r.n_done[RESULT_ROLLBACK] == 1 &&
           strstr(text, "done: taken back|begin: M-1|statement: DELETE|statement: DROP INDEX|"
                        "failed: M-1 was not taken back: stands: 1 of 2 segments") != NULL,
       "a statement that runs alone has a segment of its own, and its index stands there still");
    cluster_release(&made);
    memset(&made, 0, sizeof made);
    project_unload(&t.l);
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

/* Its rollback is not what it looks like; what is wrong with another file of it stops nothing. */
static void test_misread(void)
{
    is_misread = true;
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (2);\n");
    project_put("migrations/postgis/M-2/rollback.sql",
                "DELETE FROM app.t WHERE id = 2; -- \xe2\x80\xae\n");
    try_built(&(struct undo_wish){.id = "M-2"}, -1, "the rollback of M-2 cannot be run",
              "one with a rollback file that hides something");
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (2);\n");
    project_put("migrations/postgis/M-2/notes.md", "\xff");
    try_built(&(struct undo_wish){.id = "M-2"}, 0, "[M-2 |1", "one whose notes are no text");
    (void)unlinkat(project_fd, "migrations/postgis/M-2/notes.md", 0);
    is_misread = false;
}

/* A chain that was built on one of them, and a row of others behind it. */
static void test_depended_on(void)
{
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (2);\n");
    verbs_declare("C-1", "wells", "depends_on: [M-1]\n");
    try_built(&(struct undo_wish){.id = "M-2"}, 0, "[M-2 |1",
              "one that a live projection was not built on");
    try_built(
        &(struct undo_wish){.id = "M-1", .with_dependants = true}, -1,
        "projection \"wells\" is live and built on M-1 (C-1 depends on it); a projection is "
        "not rolled back: take it out of the project, or undo this with a migration of its own",
        "one that a live projection was built on");
    verbs_chain(false);
    for (int i = 3; i < 9; i++) {
        char id[16];
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

/* What else may be so: something was begun, it is a definition, nothing is live. */
static void test_also(void)
{
    /* clang-format off */
    static const struct {
        const char *name;
        void (*also)(struct site *s);
        struct undo_wish wish;
        int rc;
        const char *words;
    } v[] = {
        {"another was begun", begun_third, {0}, -1, "M-3 was begun to be applied, and is not finished; `kfmig build dev M-3` goes on with it"},
        {"it was begun to be taken back", begun_back, {0}, 0, "[M-2 |1"},
        {"another was begun to be taken back", begun_back_first, {0}, -1, "M-1 was begun to be taken back, and is not finished; `kfmig rollback dev M-1` goes on with it"},
        {"another was begun to be taken back, and nothing is to be", begun_back_first, {.to = "M-2"}, 0, "; \n"},
        {"it is a definition", defines, {.id = "M-2"}, -1, "M-2 is a repeatable definition, which nothing takes back; put the text that its file had before back, and build"},
        {"a definition is passed over", defines, {0}, 0, "[M-1 |1"},
        {"no generation is live", none_is_live, {0}, 0, "[M-2 |1"},
    };
    /* clang-format on */
    digest = NULL;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        also = v[i].also;
        wish = v[i].wish;
        const char *text = play(&built, plans, AS_USUAL);
        also = NULL;
        bool good = t.rc == v[i].rc && strstr(text, v[i].words) != NULL;
        ok(good, v[i].name);
        if (!good) {
            printf("# %d %s\n", t.rc, text);
        }
    }
}

/* What was reviewed is what is; nothing comes after the last one. */
static void test_reviewed(void)
{
    char reviewed[DIGEST_TEXT];
    wish = (struct undo_wish){0};
    (void)play(&built, plans, AS_USUAL);
    memcpy(reviewed, planned, sizeof reviewed);
    digest = reviewed;
    const char *text = play(&built, plans, AS_USUAL);
    ok(t.rc == 0 && strstr(text, "[M-2 |1") != NULL, "what was reviewed");
    digest = NULL;
    wish = (struct undo_wish){.to = "M-2"};
    (void)play(&built, plans, AS_USUAL);
    ok(t.rc == 0 && own[0] == '\0' && strcmp(planned, reviewed) != 0, "nothing after the last one");
}

/* One is here that is not applied, and one that is applied is not here. */
static void test_not_here(void)
{
    struct loaded other;
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
    project_load(&other, false);
    t.l = other;
    wish = (struct undo_wish){.id = "M-3"};
    const char *text = play(&built, plans, AS_USUAL);
    ok(t.rc == -1 &&
           strstr(text, "M-3 is not applied in \"dev\"; `kfmig status dev` tells what is") != NULL,
       "one that is not applied");
    project_unload(&other);
    remove_bundle("M-3");
    remove_bundle("M-2");
    project_load(&other, false);
    t.l = other;
    wish = (struct undo_wish){0};
    text = play(&built, plans, AS_USUAL);
    bool good = t.rc == -1 && strstr(text, "M-2 is not here: how it is taken back is not known "
                                           "here; `kfmig receipt text dev M-2 --write`") != NULL;
    ok(good, "one that is not here");
    if (!good) {
        printf("# %d %s\n", t.rc, text);
    }
    project_unload(&other);
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (2);\n");
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

/* How many entries say that id was taken back, or not. */
static int entries_of(const char *id, bool is_good)
{
    struct arena a = {0};
    const struct base *b = cluster_find(&t.cluster, "kfm");
    int n = 0;
    for (int i = 0; b != NULL && i < b->keeper.is.n; i++) {
        struct entry en;
        struct err e = {0};
        n += entry_read(&a, bytes_str(b->keeper.is.text[i]), &en, &e) == 0 &&
             en.kind == ENTRY_ROLLBACK && strcmp(en.subject, id) == 0 &&
             (strcmp(en.result, "success") == 0) == is_good;
    }
    arena_release(&a);
    return n;
}

/* Both are taken back, and each question goes wrong once: what is said to be done is what the ledger says, the
 * first one comes before the second one, whatever failed has a word, and the lock goes. answer NULL: a Ctrl-C. */
static void sweep(const char *answer, bool kept, const char *name)
{
    int n_lies = 0;
    int n_half = 0;
    refused_with = answer;
    wish = (struct undo_wish){.steps = 2};
    t.cluster.kept = false;
    (void)play(&built, takes_back, AS_USUAL);
    int asked = pq_asked();
    for (refused = 1; refused <= asked; refused++) {
        int n = refused;
        t.cluster.kept = kept;
        t.cluster.stop_at = answer == NULL ? n : 0;
        refused = answer == NULL ? 0 : n;
        const char *text = play(&built, takes_back, AS_USUAL);
        refused = n;
        int done = (int)t.r.n_done[RESULT_ROLLBACK];
        int first = entries_of("M-2", true);
        int second = entries_of("M-1", true);
        bool is_doubt = t.rc == 0 ? t.r.worst == ERR_DOUBT : t.e.code == ERR_DOUBT;
        bool is_all = t.rc == 0 && t.r.worst == ERR_NONE && !t.cluster.is_stopped;
        bool is_good = (first + second == done || is_doubt) && first <= 1 && second <= first &&
                       (!is_all || second == 1) &&
                       (t.rc == 0 || (t.e.code != ERR_NONE && t.e.msg[0] != '\0'));
        n_half += first == 1 && second == 0;
        if (!is_good || t.n_holders != 0) {
            n_lies++;
            printf("# question %d: rc %d, worst %d, done %d, %d and %d, %d hold: %s\n", refused,
                   t.rc, (int)t.r.worst, done, first, second, t.n_holders, text);
        }
    }
    refused = t.cluster.stop_at = 0;
    t.cluster.kept = t.cluster.is_stopped = false;
    ok(n_lies == 0 && asked > 60 && n_half > 5, name);
    printf("# %d questions, %d half\n", asked, n_half);
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
    tap_plan(N + N_FILES + 30);
    for (size_t i = 0; i < N; i++) {
        try(i);
    }
    sweep("error 42501", false, "both, and each question is refused once");
    sweep("cut", false, "both, and the connection goes at each question once");
    sweep("cut", true,
          "both, and the connection goes at each question once, and a COMMIT took effect");
    sweep(NULL, false, "both, and a Ctrl-C comes with each question once");
    sweep("error 57014", false, "both, and each question times out once");
    test_twice();
    test_receipt();
    test_also();
    test_reviewed();
    test_other_content();
    for (size_t i = 0; i < N_FILES; i++) {
        try_file(i);
    }
    test_segmented();
    test_not_here();
    test_irreversible();
    test_irreversible_unnamed();
    test_flat();
    test_misread();
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
