/* layer: flow scripted */
/* What becomes of a bundle once a ledger knows it, and of a database that is made anew: files put back, another id,
 * a scope as its run was seen, a reset; each refusal and each answer of the server that is none, on a whole server. */
#include "doc/canon.h"
#include "flow/rename.h"
#include "flow/rescope.h"
#include "flow/reset.h"
#include "flow/restore.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, failed, stopped, renamed, flatly, flatly_renamed;
static const char *id, *old, *template;
static bool must, is_written, is_observed, asks_only;
static struct buf said; /* what the verb itself puts out */

static void put_doc(const struct doc *d)
{
    struct buf text = {0};
    canon_write(&text, d);
    buf_printf(&said, "%s|", buf_str(&text));
    buf_release(&text);
}

static int restores(struct run_of *v)
{
    struct restoring x;
    if (site_link(&v->s, &v->e) != 0 || restore_read(&v->s, id, &x, &v->e) != 0 ||
        (is_written && restore_write(&v->s, &x, &v->e) != 0)) {
        return -1;
    }
    restore_put(&said, &x, is_written);
    put_doc(restore_doc(&v->a, &x, is_written));
    return 0;
}

/* As cli/ does it: each environment is asked with a site of its own. */
static int renames(struct run_of *v)
{
    struct renamed out;
    int rc = rename_ask(&v->s, old, id, must, &out, &v->e);
    if (rc == 0 && !asks_only && out.fate != RENAME_PASSED) {
        site_close(&v->s);
        site_init(&v->s, &v->a, &v->l.p, v->l.cache, &v->ear, load_env(&v->l.p, "dev"),
                  &(struct site_options){.verb = "rename", .self = "/bin/false"});
        rc = rename_ledger(&v->s, old, id, 0, &out, &v->e);
    }
    if (rc == 0) {
        rename_put(&said, old, id, is_written, &out, 1);
        put_doc(rename_doc(&v->a, old, id, is_written, &out, 1));
    }
    return rc;
}

static int rescopes(struct run_of *v)
{
    struct draft d = {0};
    struct err_list faults = {0};
    struct bundle *b = table_gets(&v->l.p.by_id, id);
    int rc = is_observed
                 ? (site_link(&v->s, &v->e) != 0 ? -1 : rescope_observed(&v->s, b, &d, &v->e))
                 : rescope_text(&v->l.p, b, &d, &faults, &v->e);
    for (size_t i = 0; i < faults.n; i++) {
        buf_printf(&said, "%s|", faults.v[i].msg);
    }
    err_list_release(&faults);
    rc = rc == 0 ? rescope_write(&v->l.p, b, &d, &v->e) : -1;
    struct bytes text;
    struct err ignored = {0};
    const char *path = arena_printf(&v->a, "migrations/postgis/%s/migration.yml", id);
    if (rc == 0 && file_read(&v->a, project_fd, path, 1 << 20, &text, NULL, &ignored) == 0) {
        buf_puts(&said, text.p);
    }
    return rc;
}

static int resets(struct run_of *v)
{
    struct resetting x;
    if (reset_look(&v->s, &x, &v->e) != 0) {
        return -1;
    }
    buf_printf(&said, "%s%s, %zu applied, %zu others|", x.missing ? "missing " : "", x.name,
               x.n_applied, x.others.n);
    if (x.others.n > 0) {
        buf_printf(&said, "%s|", x.others.v[0]);
    }
    if (reset_make(&v->s, &x, template, 0, &v->e) != 0) {
        return -1;
    }
    struct base *b = cluster_find(&v->cluster, "kfm");
    buf_printf(&said, "%s, %d entries|", b != NULL ? b->name : "none",
               b != NULL ? b->keeper.is.n : -1);
    return 0;
}

/* --- other projects, and other wishes */

static void protects(void)
{
    t.l.p.env[0].is_protected = true;
}

static void no_postgis(void)
{
    t.l.p.env[0].store[STORE_POSTGIS] = false;
}

static void embedded(void)
{
    t.l.p.env[0].embedded = true;
}

static void of_another(void)
{
    id = "M-7";
}

static void of_a_projection(void)
{
    id = "wells";
}

static void other_forward(void)
{
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (22);\n");
}

static void other_forward_and_writes(void)
{
    other_forward();
    is_written = true;
}

static void flat_of(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "migrations/db/%s.up.sql", name);
    project_put(path, "INSERT INTO app.t VALUES (4);\n");
    (void)snprintf(path, sizeof path, "migrations/db/%s.down.sql", name);
    project_put(path, "DELETE FROM app.t WHERE n = 4;\n");
    id = name;
}

static void flat(void)
{
    flat_of("003_x");
}

static void flat_is_gone(void)
{
    id = "003_x";
}

static void flat_of_another_id(void)
{
    flat_of("003_z");
    old = "003_x";
}

static void bundle_is_gone(void)
{
    (void)nftw("migrations/postgis/M-2", project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void gone_and_writes(void)
{
    bundle_is_gone();
    is_written = true;
}

static void gone_and_a_file_there(void)
{
    gone_and_writes();
    project_put("migrations/postgis/M-2", "");
}

static void another_id(void)
{
    bundle_is_gone();
    verbs_migration("M-9", "app", "INSERT INTO app.t VALUES (2);\n");
    id = "M-9";
}

static void another_id_must(void)
{
    another_id();
    must = true;
}

static void another_id_moved(void)
{
    another_id();
    is_written = true;
}

static void both_are_here(void)
{
    verbs_migration("M-9", "app", "INSERT INTO app.t VALUES (9);\n");
    id = "M-9";
}

static void same_twice(void)
{
    verbs_migration("M-9", "app", "INSERT INTO app.t VALUES (2);\n");
    id = "M-9";
}

static void edited_since(void)
{
    bundle_is_gone();
    verbs_migration("M-9", "app", "INSERT INTO app.t VALUES (99);\n");
    id = "M-9";
}

static void neither_is_here(void)
{
    bundle_is_gone();
    id = "M-9";
}

static void old_is_another_now(void)
{
    verbs_migration("M-9", "app", "INSERT INTO app.t VALUES (2);\n");
    verbs_migration("M-2", "app", "INSERT INTO app.t VALUES (7);\n");
    id = "M-9";
}

static void both_are_applied(void)
{
    id = "M-1";
}

static void nothing_of_it(void)
{
    old = "M-8";
    id = "M-9";
}

static void asks_about_it(void)
{
    asks_only = true;
    another_id();
}

static void asks_of_nothing(void)
{
    asks_only = true;
    nothing_of_it();
}

static void a_third(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
    id = "M-3";
}

static void a_third_observed(void)
{
    a_third();
    is_observed = true;
}

static void observed(void)
{
    is_observed = true;
}

static void no_run(void)
{
    id = "M-3";
    is_observed = true;
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
}

static void cannot_be_run(void)
{
    verbs_migration("M-3", "app", "CREATE DATABASE other;\n");
    id = "M-3";
}

/* Loaded once more, from the cache: declarations are read when they are wanted. */
static void again(void)
{
    project_unload(&t.l);
    project_load(&t.l, true);
}

static void again_and_damaged(void)
{
    again();
    project_put("migrations/postgis/M-3/migration.yml", "migration_id: [\n");
}

static void files_evidence(void)
{
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  dev: {evidence: bundle, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
}

static void executed(void)
{
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    again();
}

static void in_another_form(void)
{
    a_third();
    project_put("migrations/postgis/M-3/migration.yml",
                "{migration_id: M-3, type: postgis, intent: Test, "
                "scope: {allowed_schemas: [app]}, limits: {max_table_count_touched: 1}, "
                "requires_rollback: true, "
                "approvals: {required_reviewers: [ada], change_class: schema-only}, "
                "runner: {tool: native}, "
                "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}}\n");
}

static void from_template(void)
{
    template = "base";
}

static void other_environment(void)
{
    t.cluster.base[0].keeper.environment = "live";
}

/* --- the cases */

#define GATE                                                                                       \
    "@postgis_observe_catalogs -> rows\n"                                                          \
    "@postgis_observe_counters -> rows 77 | pg_new | 1 | 0 | 0\n"
#define STOPPED "~ INSERT INTO app.t VALUES (3)* -> error 23505\n"
#define ALONE "~ @site_database_others -> rows\n"
#define NO_BLOB "~ @ledger_read_blob -> rows\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void); /* declared before the project is loaded, into which then() may reach */
    void (*then)(void);
    const struct cluster *from; /* NULL: the database was lost */
    act *does;
    const char *lines;
    int rc;
    enum err_code code;
    const char *words; /* of what is said; "a ... b": in this order */
} cases[] = {
    /* files as they were */
    {"files that are as they were", NULL, NULL, &built, restores, "", 0, ERR_NONE, "==> migrations/postgis/M-2/migration.yml (is as it was) <== ... ==> migrations/postgis/M-2/forward.sql (is as it was) <==\nINSERT INTO app.t VALUES (2);\n ... \"migration_id\":\"M-2\""},
    {"a file that was edited", other_forward, NULL, &built, restores, "", 0, ERR_NONE, "forward.sql (differs) <==\nINSERT INTO app.t VALUES (2);\n ... \"path\":\"migrations/postgis/M-2/forward.sql\",\"state\":\"differs\""},
    {"a file that was edited is put back", other_forward_and_writes, NULL, &built, restores, "", 0, ERR_NONE, "migrations/postgis/M-2/forward.sql: written\nmigrations/postgis/M-2/rollback.sql: is as it was\n ... \"state\":\"written\""},
    {"files that are gone", bundle_is_gone, NULL, &built, restores, "", 0, ERR_NONE, "==> migrations/postgis/M-2/migration.yml (differs) <== ... rollback.sql (differs) <==\nSELECT 1;\n"},
    {"files that are gone are put back", gone_and_writes, NULL, &built, restores, "", 0, ERR_NONE, "migrations/postgis/M-2/migration.yml: written\nmigrations/postgis/M-2/forward.sql: written\nmigrations/postgis/M-2/rollback.sql: written\n"},
    {"files that cannot be put back", gone_and_a_file_there, NULL, &built, restores, "", -1, ERR_PREFLIGHT, "cannot open \"migrations/postgis/M-2\": Not a directory; a file stands where a folder is needed"},
    {"files of one that has another id since", another_id, NULL, &renamed, restores, "", 0, ERR_NONE, "==> migrations/postgis/M-9/migration.yml (is as it was) <==\nmigration_id: M-9\n"},
    {"files of a flat one", flat, NULL, &flatly, restores, "", 0, ERR_NONE, "==> migrations/db/003_x.up.sql (is as it was) <==\nINSERT INTO app.t VALUES (4);\n==> migrations/db/003_x.down.sql (is as it was) <==\nDELETE FROM app.t WHERE n = 4;\n"},
    {"files of a flat one that are gone", flat_is_gone, NULL, &flatly, restores, "", 0, ERR_NONE, "==> migrations/db/003_x.up.sql (differs) <== ... ==> migrations/db/003_x.down.sql (differs) <=="},
    {"files of a flat one that has another id since", flat_of_another_id, NULL, &flatly_renamed, restores, "", 0, ERR_NONE, "==> migrations/db/003_z.up.sql (is as it was) <== ... ==> migrations/db/003_z.down.sql (is as it was) <=="},
    {"files of what was never applied", of_another, NULL, &built, restores, "", -1, ERR_PREFLIGHT, "no migration M-7 is applied in \"dev\"; `kfmig receipt list dev` shows what its ledger knows"},
    {"files of what is no migration", of_a_projection, NULL, &built, restores, "", -1, ERR_PREFLIGHT, "no migration wells is applied in \"dev\""},
    {"files of what failed", a_third, NULL, &failed, restores, "", -1, ERR_PREFLIGHT, "no migration M-3 is applied in \"dev\""},
    {"files that the ledger lacks", NULL, NULL, &built, restores, NO_BLOB, -1, ERR_INTEGRITY, "the ledger does not hold the text of migrations/postgis/M-2/migration.yml"},

    /* another id */
    {"another id", another_id, NULL, &built, renames, "", 0, ERR_NONE, "M-2 is M-9\ndev: ledger entry 6, run ... \"environment\":\"dev\",\"result\":\"renamed\",\"run_id\":\" ... ,\"from\":\"M-2\",\"moved\":false,\"to\":\"M-9\""},
    {"another id, whose files were moved", another_id_moved, NULL, &built, renames, "", 0, ERR_NONE, "M-2 is now M-9\ndev: ledger entry 6 ... \"moved\":true"},
    {"another id, and its text is another since", edited_since, NULL, &built, renames, "", 0, ERR_NONE, "dev: ledger entry 6"},
    {"another id, and neither is here", neither_is_here, NULL, &built, renames, "", 0, ERR_NONE, "dev: ledger entry 6"},
    {"another id, and the old one is something else now", old_is_another_now, NULL, &built, renames, "", 0, ERR_NONE, "dev: ledger entry 6"},
    {"another id, and both are here", both_are_here, NULL, &built, renames, "", -1, ERR_PREFLIGHT, "M-2 is here, and M-9 is not what is applied as it in \"dev\"; `kfmig why dev M-2` compares it with what was applied"},
    {"another id, and both are here with one text", same_twice, NULL, &built, renames, "", -1, ERR_PREFLIGHT, "M-2 is here, and M-9 is not what is applied as it in \"dev\"; `kfmig why dev M-2`"},
    {"another id, which is applied too", both_are_applied, NULL, &built, renames, "", -1, ERR_PREFLIGHT, "both M-2 and M-1 are applied in \"dev\"; an id is never used again: choose another one"},
    {"another id in a protected environment", another_id, protects, &built, renames, "", -1, ERR_PREFLIGHT, "M-2 is applied in \"dev\", which is protected: it keeps its name; nothing was renamed; give the new text an id of its own (`kfmig new`)"},
    {"another id of what is not applied", nothing_of_it, NULL, &built, renames, "", 0, ERR_NONE, "M-8 is M-9\n{\"environments\":[{\"detail\":null,\"environment\":\"dev\",\"result\":\"nothing\",\"run_id\":null,\"sequence\":null}]"},
    {"another id of what is not applied, asked", asks_of_nothing, protects, &built, renames, "", 0, ERR_NONE, "\"result\":\"nothing\""},
    {"another id, asked", asks_about_it, NULL, &built, renames, "", 0, ERR_NONE, "M-2 is M-9\n{"},
    {"another id where there is no such store", another_id, no_postgis, &built, renames, "", 0, ERR_NONE, "dev was not asked: it has no store postgis; where it is applied, run `kfmig rename M-2 M-9 dev`\n{ ... \"detail\":\"it has no store postgis\" ... \"result\":\"not-asked\""},
    {"another id where no server was started", another_id, embedded, &built, renames, "", 0, ERR_NONE, "dev was not asked: its server was never started; where"},
    {"another id where nobody listens", another_id, NULL, NULL, renames, "", 0, ERR_NONE, "dev was not asked: the database \"kfm\" does not exist at db.example:5432; where it is applied"},
    {"another id where nobody listens, and it must be", another_id_must, NULL, NULL, renames, "", -1, ERR_PREFLIGHT, "the database \"kfm\" does not exist at db.example:5432"},
    {"another id that the ledger does not take", another_id, NULL, &built, renames, "~ @ledger_record_head -> error 42501\n", -1, ERR_APPLY, "the ledger cannot be written"},
    {"another id, and the lock is held", another_id, NULL, &built, renames, "~ @ledger_lock_try -> rows f\n", -1, ERR_LOCKED, "another run holds the environment"},

    /* scope and limits */
    {"a scope from its text", a_third, NULL, &built, rescopes, "", 0, ERR_NONE, "intent: \"Test\"\nscope:\n  allowed_schemas:\n    - app\n  allowed_tables:\n    - app.t\n ... max_row_backfill: 1"},
    {"a scope from a text that cannot be run", cannot_be_run, NULL, &built, rescopes, "", -1, ERR_CONFIG, "M-3 cannot be read as it is; ... CREATE DATABASE"},
    {"a scope of what is in the cache", a_third, again, &built, rescopes, "", 0, ERR_NONE, "scope:\n  allowed_schemas:\n    - app\n  allowed_tables:\n    - app.t\n"},
    {"a scope of what was damaged since", a_third, again_and_damaged, &built, rescopes, "", -1, ERR_PREFLIGHT, "the files of \"M-3\" changed while kfmig ran; run kfmig again when nobody edits them"},
    {"a scope as its run was seen, and it was damaged since", a_third_observed, again_and_damaged, &failed, rescopes, "", -1, ERR_PREFLIGHT, "the files of \"M-3\" changed while kfmig ran; run kfmig again when nobody edits them"},
    {"a scope as it was seen, which got no further than a statement", a_third_observed, NULL, &stopped, rescopes, "", -1, ERR_PREFLIGHT, "no run of M-3 was seen in environment \"dev\""},
    {"a scope of what was executed", files_evidence, executed, &built, rescopes, "", -1, ERR_CONFIG, "M-2 was executed: its receipt names the scope that it had; a correction is a new migration"},
    {"a scope in another form", in_another_form, NULL, &built, rescopes, "", -1, ERR_CONFIG, "its scope does not begin a line of its own; write \"scope:\" at the margin"},
    {"a scope as its run was seen", a_third_observed, NULL, &failed, rescopes, "", 0, ERR_NONE, "scope:\n"},
    {"a scope as it was seen in a protected environment", a_third_observed, protects, &failed, rescopes, "", -1, ERR_PREFLIGHT, "environment \"dev\" is protected; what a run may do there is declared and reviewed before it runs"},
    {"a scope of what is applied", observed, NULL, &built, rescopes, "", -1, ERR_PREFLIGHT, "M-2 is applied in environment \"dev\"; its scope is a fact; a correction is a new migration"},
    {"a scope of what never ran", no_run, NULL, &built, rescopes, "", -1, ERR_PREFLIGHT, "no run of M-3 was seen in environment \"dev\"; a run is seen once all its statements have run: `kfmig build dev M-3`"},
    {"a scope as it was seen, and the ledger lacks it", a_third_observed, NULL, &failed, rescopes, NO_BLOB, -1, ERR_INTEGRITY, "the ledger lacks a document that a receipt names"},
    {"a scope as it was seen, and the ledger lacks its sum", a_third_observed, NULL, &failed, rescopes, "@ledger_read_blob -> ask\n@ledger_read_blob -> rows\n", -1, ERR_INTEGRITY, "the ledger lacks a document that a receipt names"},
    {"a scope as it was seen, and the ledger is not told", a_third_observed, NULL, &failed, rescopes, "~ @ledger_read_blob -> error 42501\n", -1, ERR_PREFLIGHT, "the server refused kfmig's query \"ledger_read_blob\": insufficient_privilege"},
    {"a scope as it was seen, and no receipt is there", a_third_observed, NULL, &failed, rescopes, "~ @ledger_read_receipts* -> rows\n", -1, ERR_INTEGRITY, "receipt"},

    /* a database made anew */
    {"a database made anew", NULL, NULL, &built, resets, ALONE, 0, ERR_NONE, "kfm, 2 applied, 0 others|kfm, 0 entries|"},
    {"a database made anew where others are connected", NULL, NULL, &built, resets, "~ @site_database_others -> rows psql | 7 | ada\n", 0, ERR_NONE, "1 others|psql of ada (pid 7)|kfm, 0 entries|"},
    {"a database made anew from a template", from_template, NULL, &built, resets, ALONE "~ CREATE DATABASE \"kfm\" TEMPLATE \"base\"* -> CREATE DATABASE\n", 0, ERR_NONE, "kfm, 0 entries|"},
    {"a database without a ledger", NULL, NULL, &empty, resets, ALONE, 0, ERR_NONE, "kfm, 0 applied, 0 others|kfm, 0 entries|"},
    {"a database that is missing", NULL, NULL, NULL, resets, ALONE, 0, ERR_NONE, "missing kfm, 0 applied, 0 others|kfm, 0 entries|"},
    {"a protected environment's database", NULL, protects, &built, resets, "", -1, ERR_PREFLIGHT, "environment \"dev\" is protected: its database is never dropped; a lost one is made again with `kfmig rebuild dev --all --new-database`"},
    {"another environment's database", NULL, other_environment, &built, resets, ALONE, -1, ERR_PREFLIGHT, "this database is environment \"live\", not \"dev\"; check what T_DEV points to"},
    {"a database whose lock is held", NULL, NULL, &built, resets, ALONE "~ @ledger_lock_try -> rows f\n", -1, ERR_LOCKED, "kfm, 2 applied, 0 others|"},
    {"a database that nobody may drop", NULL, NULL, &built, resets, ALONE "~ DROP DATABASE* -> error 42501\n", -1, ERR_PREFLIGHT, "may not drop the database \"kfm\", or end who is in it; ... kfm, 2 applied, 0 others|"},
    {"a database whose server is not reached", NULL, NULL, &built, resets, ALONE "~ connect -> words Connection refused\n", -1, ERR_PREFLIGHT, "connection refused by db.example:5432"},
    {"a database whose sessions are not told", NULL, NULL, &built, resets, "~ @site_database_others -> cut\n", -1, ERR_PREFLIGHT, "the connection to db.example:5432 was lost"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(void)
{
    id = old = "M-2";
    template = NULL;
    must = is_written = is_observed = asks_only = false;
    buf_clear(&said);
    verbs_project();
    if (fchdir(project_fd) != 0) {
        abort();
    }
}

static void play(size_t i)
{
    begin();
    cluster_copy(&t.cluster, cases[i].from != NULL ? cases[i].from : &built);
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
    const char *text = run_of_text(&t, buf_str(&said));
    bool good = t.rc == cases[i].rc && (t.rc == 0 || t.e.code == cases[i].code) &&
                has_in_order(text, cases[i].words) && cluster_holders(&t.cluster) == 0;
    if (!good) {
        printf("# rc %d, code %d: %s\n", t.rc, (int)t.e.code, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void make(struct cluster *out, const struct cluster *from, void (*before)(void), act *does,
                 const char *lines, enum err_code worst)
{
    begin();
    if (before != NULL) {
        before();
    }
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    run_of_play(&t, does, lines, 0, NULL, 0, NULL);
    bool good = t.rc == 0 && t.r.worst == worst;
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, run_of_text(&t, buf_str(&said)));
    }
    ok(pq_played() && good, "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

/* --- where files go */

static void destination(const char *to, int rc, const char *words, const char *test)
{
    struct arena a = {0};
    struct err e = {0};
    struct stat st;
    struct stat here;
    int fd = -1;
    bool good =
        restore_destination(&a, to, project_fd, &fd, &e) == rc && strstr(e.msg, words) != NULL;
    if (rc == 0) {
        good = good && fstat(fd, &st) == 0 && stat(to != NULL ? to : ".", &here) == 0 &&
               st.st_ino == here.st_ino && (fd == project_fd) == (to == NULL);
        if (fd != project_fd) {
            (void)close(fd);
        }
    }
    if (!ok(good, test)) {
        printf("# %s\n", e.msg);
    }
    arena_release(&a);
}

static void destinations(void)
{
    char path[256];
    begin();
    project_put("file", "");
    destination(NULL, 0, "", "files go to the project itself");
    destination("out/put", 0, "", "files go to a folder of it, which is made");
    destination("out", 0, "", "files go to a folder that is there");
    (void)snprintf(path, sizeof path, "%s/elsewhere", project_path);
    destination(path, 0, "", "files go to a folder by its whole path");
    destination("file/put", -1, "file", "files cannot go beneath a file");
    destination("file", -1, "file", "files cannot go to a file");
    if (mkdir("left", 0755) != 0 || chdir("left") != 0 || rmdir("../left") != 0) {
        abort();
    }
    destination("out", -1, "cannot find the current directory", "files go nowhere from no folder");
    if (fchdir(project_fd) != 0) {
        abort();
    }
}

int main(void)
{
    tap_plan(N + 6 + 7);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, &empty, NULL, builds, "", ERR_NONE);
    make(&failed, &built, a_third, builds, GATE, ERR_APPLY);
    make(&stopped, &built, a_third, builds, STOPPED, ERR_APPLY);
    make(&renamed, &built, another_id, renames, "", ERR_NONE);
    make(&flatly, &built, flat, builds, "", ERR_NONE);
    make(&flatly_renamed, &flatly, flat_of_another_id, renames, "", ERR_NONE);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    destinations();
    buf_release(&said);
    cluster_release(&t.cluster);
    cluster_release(&built);
    cluster_release(&empty);
    cluster_release(&failed);
    cluster_release(&stopped);
    cluster_release(&renamed);
    cluster_release(&flatly);
    cluster_release(&flatly_renamed);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
