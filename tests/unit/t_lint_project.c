/* layer: flow */
/* A project's migrations, linted: which ones are meant, what is new since a commit, what the baseline keeps, and
 * what is put into files. What is found in a text is t_lint.c's. Git is played by a script that prints said/diff
 * and said/others; the real one: tests/cli/lint.t. */
#include "base/file.h"
#include "flow/lint.h"
#include "flow/lint_files.h"
#include "model/leak.h"
#include "project.h"
#include "tap.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>

static struct loaded t;
static struct err e;
static struct linted out;
static struct lint_wish wish;
static bool is_full; /* the disk, while it is linted */
static char said[32768];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t n = strlen(said);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said + n, sizeof said - n, format, args);
    va_end(args);
}

/* --- the project ------------------------------------------------------------------------------------ */

#define FILE_OF(id) "migrations/postgis/" id "/forward.sql"
#define BASELINE "registry/lint.v1.json"
#define INDEX "CREATE INDEX i ON app.old (x);\n"
#define DROP "DROP TABLE app.old;\n"

static void migration(const char *id, const char *more, const char *text)
{
    char path[128];
    project_bundle(id, more);
    (void)snprintf(path, sizeof path, FILE_OF("%s"), id);
    project_put(path, text);
}

/* M-1 makes a table, M-2 an index on an older one, M-3 drops that one. */
static void start(void)
{
    wish = (struct lint_wish){.n_ids = 0};
    is_full = false;
    project_start();
    project_put("registry/environments.v1.yml",
                "environments:\n  dev: {stores: {postgis: {dsn_ref: T_DEV}}}\n");
    migration("M-1", "", "CREATE TABLE app.t (id bigint PRIMARY KEY);\n");
    migration("M-2", "", INDEX);
    migration("M-3", "", DROP);
}

static void executed(const char *id)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"version\": 1, \"migrations\": [{\"id\": \"%s\", \"type\": \"postgis\", "
                   "\"owners\": [\"ada\"], \"status\": \"executed_dev\"}]}",
                   id);
    project_put("registry/migrations.v1.json", text);
}

/* What Git says: names, and how it ends; changed NULL: it fails at once. */
static void git(const char *changed, const char *unknown)
{
    char path[256];
    project_put("said/others", unknown);
    if (changed != NULL) {
        project_put("said/diff", changed);
    }
    project_put("bin/git", "#!/bin/sh\necho \"$@\" >>\"$2/calls\"\n"
                           "case \"$*\" in *ls-files*) cat \"$2/said/others\" ;; "
                           "*) cat \"$2/said/diff\" 2>/dev/null ;; esac\n");
    (void)fchmodat(project_fd, "bin/git", 0755, 0);
    (void)snprintf(path, sizeof path, "%s/bin:/usr/bin:/bin", project_path);
    (void)setenv("PATH", path, 1);
    wish.since = "main";
}

static void ask(const char *const *ids, size_t n)
{
    wish.ids = ids;
    wish.n_ids = n;
}

static void note_file(const char *path)
{
    struct arena a = {0};
    struct bytes text;
    struct err ignored = {0};
    if (file_read(&a, project_fd, path, 65536, &text, NULL, &ignored) == 0) {
        note("%s:\n%s", path, text.p);
    }
    arena_release(&a);
}

/* No file may grow. */
static void fill(bool yes)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = yes ? 0 : limit.rlim_max;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

static int lint(void)
{
    e = (struct err){0};
    (void)snprintf(said, sizeof said, "^");
    project_load(&t, false);
    fill(is_full);
    int rc = lint_project(&t.p, &wish, &out, &e);
    fill(false);
    const struct lint_result *r = &out.result;
    for (size_t i = 0; i < r->n && rc == 0; i++) {
        const struct finding *f = &r->v[i].finding;
        note("%s:%d %s %s%s%s\n", f->path, f->line, severity_text(f->severity), f->rule,
             f->waived_by[0] != '\0' ? " by " : "", f->waived_by);
    }
    if (rc == 0) {
        note("%zu files %zu errors %zu warnings %zu notes %zu waived %zu fixed %zu kept\n",
             r->n_files, r->n_error, r->n_warning, r->n_note, r->n_waived, out.n_fixed, out.n_kept);
    }
    for (size_t i = 0; i < r->n && rc == 0; i++) {
        note("~ %s\n", r->v[i].finding.text);
    }
    note("! %s:%d:%d %s; %s\n", e.where.path, e.where.line, e.where.col, e.msg, e.hint);
    project_unload(&t);
    note_file("calls");
    note_file(BASELINE);
    note_file(FILE_OF("M-1"));
    note_file(FILE_OF("M-2"));
    return rc;
}

/* --- which ------------------------------------------------------------------------------------------ */

static void first_executed(void)
{
    executed("M-1");
}

static void second_executed(void)
{
    executed("M-2");
}

static void all_of_them(void)
{
    executed("M-2");
    wish.all = true;
}

static void one_by_its_id(void)
{
    static const char *const ids[] = {"M-2"};
    ask(ids, 1);
}

static void one_by_its_end(void)
{
    static const char *const ids[] = {"-2"};
    ask(ids, 1);
}

static void two_by_their_ends(void)
{
    static const char *const ids[] = {"-3", "2"};
    ask(ids, 2);
}

static void an_executed_one_by_its_id(void)
{
    executed("M-2");
    one_by_its_id();
}

static void one_of_two(void)
{
    static const char *const ids[] = {"2"};
    migration("N-2", "", "SELECT 1;\n");
    ask(ids, 1);
}

static void one_whose_id_ends_others(void)
{
    migration("A-M-2", "", DROP);
    migration("B-M-2", "", DROP);
    one_by_its_id();
}

static void nobody(void)
{
    static const char *const ids[] = {"M-2", "M-4"};
    ask(ids, 2);
}

static void longer_than_any(void)
{
    static const char *const ids[] = {"migrations/postgis/M-2"};
    ask(ids, 1);
}

/* --- what is read ----------------------------------------------------------------------------------- */

static void made_before(void)
{
    static const char *const ids[] = {"M-2"};
    migration("M-1", "", "CREATE TABLE app.old (x bigint PRIMARY KEY);\n");
    ask(ids, 1);
}

static void made_and_executed(void)
{
    made_before();
    executed("M-1");
}

/* It comes behind what it depends on, whatever it is called. */
static void made_by_a_later_name(void)
{
    migration("Z-1", "", "CREATE TABLE app.old (x bigint PRIMARY KEY);\n");
    migration("M-2", "depends_on: [Z-1]\n", INDEX);
    one_by_its_id();
}

static void in_a_circle(void)
{
    migration("M-1", "depends_on: [M-2]\n", "SELECT 1;\n");
    migration("M-2", "depends_on: [M-1]\n", INDEX);
}

static void illegible(void)
{
    project_put("migrations/postgis/M-3/migration.yml", "[");
}

static void without_its_file(void)
{
    (void)unlinkat(project_fd, FILE_OF("M-3"), 0);
}

static void of_two_files(void)
{
    project_put("migrations/postgis/M-3/migration.yml",
                "migration_id: M-3\ntype: postgis\nintent: \"Test\"\n"
                "scope: {allowed_schemas: [app]}\nlimits: {max_table_count_touched: 1}\n"
                "requires_rollback: true\n"
                "approvals: {required_reviewers: [ada], change_class: schema-only}\n"
                "runner: {tool: native}\n"
                "artifacts: {forward: [forward.sql, more.sql], rollback: [rollback.sql]}\n");
    project_put("migrations/postgis/M-3/more.sql", "CREATE INDEX j ON app.other (x);\n");
}

static void cannot_be_split(void)
{
    migration("M-2", "", "SELECT 'no end;\n");
}

static void low(void)
{
    migration("M-3", "risk: low\n", DROP);
}

static void medium(void)
{
    migration("M-3", "risk: medium\n", DROP);
}

static void high(void)
{
    migration("M-3", "risk: high\n", DROP);
}

static void class_d(void)
{
    migration("M-3", "class: D\n", DROP);
}

static void class_before_risk(void)
{
    migration("M-3", "class: C\nrisk: low\n", DROP);
}

static void on_16(void)
{
    migration("M-2", "", "SELECT 1;\n");
    migration("M-3", "class: C\n", "ALTER TABLE app.old ADD CONSTRAINT c NOT NULL x;\n");
    wish.server = 16;
}

static void let_through(void)
{
    migration("M-2", "", "-- kfmig:allow index-blocks-writes nobody writes at night\n" INDEX);
}

/* A rule of what is secret is no unknown one. */
static void secret_let_through(void)
{
    char text[256];
    (void)snprintf(text, sizeof text, "-- kfmig:allow %s it is none\nSELECT 1;\n",
                   leak_rule(0)->rule);
    migration("M-2", "", text);
}

/* --- since a commit --------------------------------------------------------------------------------- */

static void second_changed(void)
{
    git(FILE_OF("M-2") "\n", "");
}

static void second_changed_without_an_end(void)
{
    git("README\n" FILE_OF("M-2"), "");
}

static void second_is_new(void)
{
    git("README\n", FILE_OF("M-2") "\n");
}

static void its_declaration_changed(void)
{
    git("migrations/postgis/M-2/migration.yml\n", "");
}

static void nothing_changed(void)
{
    git("", "");
}

static void executed_and_changed(void)
{
    executed("M-2");
    second_changed();
}

static void not_git(void)
{
    git(NULL, "");
}

static void not_git_at_last(void)
{
    second_changed();
    (void)unlinkat(project_fd, "said/others", 0);
}

static void git_is_killed(void)
{
    second_changed();
    project_put("bin/git", "#!/bin/sh\nkill -9 $$\n");
}

static void no_git(void)
{
    second_changed();
    (void)setenv("PATH", "/nowhere", 1);
}

static void git_floods(void)
{
    second_changed();
    project_put("bin/git", "#!/bin/sh\nhead -c 67108865 /dev/zero\n");
}

/* A flat file has no declaration beside it. */
static void a_flat_one_changed(void)
{
    project_put("migrations/postgis/027_n.up.sql", INDEX);
    git("migrations/postgis/027_n.up.sql\n", "");
}

/* --- the baseline ----------------------------------------------------------------------------------- */

static void keep(void)
{
    wish.writes_baseline = true;
    (void)lint();
    wish.writes_baseline = false;
}

static void one_comes_later(void)
{
    keep();
    migration("M-4", "", "CREATE INDEX j ON app.other (x);\n");
}

static void kept_again(void)
{
    one_comes_later();
    wish.writes_baseline = true;
}

static void kept_of_one(void)
{
    keep();
    migration("M-2", "", "SELECT 1;\n");
    one_by_its_id();
    wish.writes_baseline = true;
}

/* What is kept of M-2 stands before, in between and behind what is found of others. */
static void kept_of_others(void)
{
    static const char *const ids[] = {"M-1", "M-3"};
    keep();
    migration("M-1", "", "CREATE INDEX j ON app.other (x);\n");
    ask(ids, 2);
    wish.writes_baseline = true;
}

static void kept_and_gone(void)
{
    char path[256];
    kept_of_one();
    (void)snprintf(path, sizeof path, "%s/migrations/postgis/M-3", project_path);
    (void)nftw(path, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void kept_and_mended(void)
{
    keep();
    migration("M-2", "", "SELECT 1;\n");
    wish.writes_baseline = true;
}

static void kept_beside_a_comment(void)
{
    let_through();
    wish.writes_baseline = true;
}

static void baseline_is_nonsense(void)
{
    project_put(BASELINE, "{");
}

static void baseline_of_another_kind(void)
{
    project_put(BASELINE, "{\"format\": \"lint_baseline.v1\", \"findings\": 3}");
}

static void baseline_is_a_folder(void)
{
    project_put(BASELINE "/x", "");
}

static void no_room_for_a_baseline(void)
{
    wish.writes_baseline = true;
    is_full = true;
}

/* --- files ------------------------------------------------------------------------------------------ */

static void mended(void)
{
    migration("M-1", "",
              "CREATE TABLE app.t (id bigint PRIMARY KEY, a json, b timestamp, c json);\n");
    wish.fixes = true;
}

static void no_room_for_files(void)
{
    mended();
    is_full = true;
}

static void mended_but_one(void)
{
    mended();
    migration("M-2", "", "-- kfmig:allow index-blocks-writes nobody writes at night\n" INDEX);
}

static void mended_and_kept(void)
{
    mended();
    wish.writes_baseline = true;
}

static void executed_is_not_mended(void)
{
    executed("M-2");
    wish.all = wish.fixes = true;
}

/* --- the cases -------------------------------------------------------------------------------------- */

#define INDEX_FOUND FILE_OF("M-2") ":1 warning index-blocks-writes\n"
#define DROP_FOUND                                                                                 \
    FILE_OF("M-3") ":1 warning class-undeclared\n" FILE_OF("M-3") ":1 warning drop-table\n"
#define SUM(files, errors, warnings, notes, waived, fixed, kept)                                   \
    files " files " errors " errors " warnings " warnings " notes " notes " waived                 \
          " waived " fixed " fixed " kept " kept\n"
#define ALL_FOUND INDEX_FOUND DROP_FOUND SUM("3", "0", "3", "0", "0", "0", "0")
#define ONLY_INDEX "^" INDEX_FOUND SUM("1", "0", "1", "0", "0", "0", "0")
#define ONLY_BUT(files) "^" INDEX_FOUND SUM(files, "0", "1", "0", "0", "0", "0")
#define KNOWN(id, rule) FILE_OF(id) ":1 warning " rule " by the baseline\n"
#define KEPT(id, rule) " ... \"path\": \"" FILE_OF(id) "\",\n      \"rule\": \"" rule "\""
#define GIT_FAILS                                                                                  \
    "git does not say what changed since \"main\"; name a commit that this clone has, in a "       \
    "project that git keeps: `git diff --merge-base main` says why\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    int rc;
    enum err_code code;
    const char *words; /* in this order; "^": the beginning */
    const char *not; /* and not those; NULL */
} cases[] = {
    /* which */
    {"all that are not executed", NULL, 0, ERR_NONE, "^" ALL_FOUND, NULL},
    {"what is executed is read for what it makes", first_executed, 0, ERR_NONE, "^" INDEX_FOUND DROP_FOUND SUM("2", "0", "3", "0", "0", "0", "0"), NULL},
    {"what is executed is not judged", second_executed, 0, ERR_NONE, "^" DROP_FOUND SUM("2", "0", "2", "0", "0", "0", "0"), NULL},
    {"unless all are asked for", all_of_them, 0, ERR_NONE, "^" ALL_FOUND, NULL},
    {"or it is", an_executed_one_by_its_id, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"one by its id", one_by_its_id, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"one by the end of its id", one_by_its_end, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"two by the ends of their ids", two_by_their_ends, 0, ERR_NONE, "^" INDEX_FOUND DROP_FOUND SUM("2", "0", "3", "0", "0", "0", "0"), NULL},
    {"an end that two have", one_of_two, -1, ERR_CONFIG, "\"2\" is M-2 and N-2; write more of the id\n", NULL},
    {"an id that others end in", one_whose_id_ends_others, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"an id that nobody has", nobody, -1, ERR_CONFIG, "there is no migration \"M-4\"; `kfmig graph` shows what there is\n", NULL},
    {"a name that is longer than any id", longer_than_any, -1, ERR_CONFIG, "there is no migration \"migrations/postgis/M-2\"; ", NULL},

    /* what is read */
    {"what an earlier one makes nobody uses yet", made_before, 0, ERR_NONE, "^" SUM("1", "0", "0", "0", "0", "0", "0"), NULL},
    {"what an executed one made is used", made_and_executed, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"earlier is what it depends on", made_by_a_later_name, 0, ERR_NONE, "^" SUM("1", "0", "0", "0", "0", "0", "0"), NULL},
    {"there is no order", in_a_circle, -1, ERR_CONFIG, "^! migrations/postgis/M-1/migration.yml:10:1 dependency cycle: ", NULL},
    {"one whose declaration cannot be read is left out", illegible, 0, ERR_NONE, ONLY_BUT("2"), NULL},
    {"one whose file is not there", without_its_file, 0, ERR_NONE, ONLY_BUT("3"), NULL},
    {"one of two files", of_two_files, 0, ERR_NONE, "^" INDEX_FOUND DROP_FOUND "migrations/postgis/M-3/more.sql:1 warning index-blocks-writes\n" SUM("4", "0", "4", "0", "0", "0", "0"), NULL},
    {"one that cannot be split", cannot_be_split, -1, ERR_CONFIG, "^! " FILE_OF("M-2") ":1:8 unterminated quoted string; ", NULL},
    {"a low risk is class A", low, 0, ERR_NONE, FILE_OF("M-3") ":1 error class-too-low\n" FILE_OF("M-3") ":1 error drop-table\n ... ~ class A ", NULL},
    {"a medium risk is class B", medium, 0, ERR_NONE, FILE_OF("M-3") ":1 error class-too-low\n" FILE_OF("M-3") ":1 error drop-table\n ... ~ class B ", NULL},
    {"a high risk is class C", high, 0, ERR_NONE, "^" INDEX_FOUND FILE_OF("M-3") ":1 warning drop-table\n" SUM("3", "0", "2", "0", "0", "0", "0"), NULL},
    {"class D outside of a projection", class_d, 0, ERR_NONE, FILE_OF("M-3") ":1 error class-too-low\n" FILE_OF("M-3") ":1 warning drop-table\n ... ~ class D ... no projection", NULL},
    {"a class goes before a risk", class_before_risk, 0, ERR_NONE, "^" INDEX_FOUND FILE_OF("M-3") ":1 warning drop-table\n" SUM("3", "0", "2", "0", "0", "0", "0"), NULL},
    {"for servers of one major", on_16, 0, ERR_NONE, "set-not-null-scans", NULL},
    {"a comment lets it through", let_through, 0, ERR_NONE, "^" FILE_OF("M-2") ":2 warning index-blocks-writes by nobody writes at night\n" DROP_FOUND SUM("3", "0", "2", "0", "1", "0", "0"), NULL},
    {"a rule of secrets is one, too", secret_let_through, 0, ERR_NONE, "^" DROP_FOUND SUM("3", "0", "2", "0", "0", "0", "0"), "allow-"},

    /* since a commit */
    {"what changed since", second_changed, 0, ERR_NONE, ONLY_INDEX " ... calls:\n-C /tmp/kfmig-t-project- ...  -c core.quotePath=false --no-pager diff --relative --name-only --no-renames --no-ext-diff --merge-base --end-of-options main -- .\n-C /tmp/kfmig-t-project- ...  -c core.quotePath=false ls-files --others --exclude-standard -- .\n", NULL},
    {"the last name has no end", second_changed_without_an_end, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"what git does not know yet", second_is_new, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"its declaration changed", its_declaration_changed, 0, ERR_NONE, ONLY_INDEX, NULL},
    {"a flat one changed", a_flat_one_changed, 0, ERR_NONE, "^migrations/postgis/027_n.up.sql:1 warning index-blocks-writes\n" SUM("1", "0", "1", "0", "0", "0", "0"), NULL},
    {"nothing changed", nothing_changed, 0, ERR_NONE, "^" SUM("0", "0", "0", "0", "0", "0", "0"), NULL},
    {"what changed is executed", executed_and_changed, 0, ERR_NONE, "^" SUM("0", "0", "0", "0", "0", "0", "0"), NULL},
    {"git does not know that commit", not_git, -1, ERR_PREFLIGHT, GIT_FAILS " ... calls:\n", "ls-files"},
    {"git fails at the second question", not_git_at_last, -1, ERR_PREFLIGHT, GIT_FAILS " ... ls-files", NULL},
    {"git is killed", git_is_killed, -1, ERR_PREFLIGHT, GIT_FAILS, NULL},
    {"there is no git", no_git, -1, ERR_PREFLIGHT, "cannot start \"git\"", NULL},
    {"git names more than can be read", git_floods, -1, ERR_PREFLIGHT, "git names more files than can be read; ", NULL},

    /* the baseline */
    {"kept: only what is new is told", one_comes_later, 0, ERR_NONE, "^" KNOWN("M-2", "index-blocks-writes") KNOWN("M-3", "class-undeclared") KNOWN("M-3", "drop-table") FILE_OF("M-4") ":1 warning index-blocks-writes\n" SUM("4", "0", "1", "0", "3", "0", "0"), NULL},
    {"kept again: what was and what is new", kept_again, 0, ERR_NONE, SUM("4", "0", "1", "0", "3", "0", "4") " ... " BASELINE KEPT("M-2", "index-blocks-writes") KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table") KEPT("M-4", "index-blocks-writes"), NULL},
    {"kept of one: what is known of others stays", kept_of_one, 0, ERR_NONE, "^" SUM("1", "0", "0", "0", "0", "0", "2") " ... " BASELINE KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table"), "M-2/forward.sql\","},
    {"kept of two: what is known of the one between stays there", kept_of_others, 0, ERR_NONE, SUM("2", "0", "1", "0", "2", "0", "4") " ... " BASELINE KEPT("M-1", "index-blocks-writes") KEPT("M-2", "index-blocks-writes") KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table"), NULL},
    {"kept of one: what is no more is forgotten", kept_and_gone, 0, ERR_NONE, "^" SUM("1", "0", "0", "0", "0", "0", "0") " ... " BASELINE " ... \"findings\": []", NULL},
    {"kept of all: what was mended is forgotten", kept_and_mended, 0, ERR_NONE, SUM("3", "0", "0", "0", "2", "0", "2") " ... " BASELINE KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table"), "\"index-blocks-writes\""},
    {"kept: what a comment lets through is not", kept_beside_a_comment, 0, ERR_NONE, SUM("3", "0", "2", "0", "1", "0", "2") " ... " BASELINE KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table"), "\"index-blocks-writes\""},
    {"a baseline that is nonsense", baseline_is_nonsense, -1, ERR_CONFIG, "^! " BASELINE ":1:2 a key in double quotes is expected", NULL},
    {"a baseline of another kind", baseline_of_another_kind, -1, ERR_CONFIG, "^! " BASELINE ":1:44 \"findings\": expected a list, found the number 3; ", NULL},
    {"a baseline that is a folder", baseline_is_a_folder, -1, ERR_CONFIG, "\"" BASELINE "\" is a directory, not a regular file; ", NULL},
    {"no room for a baseline", no_room_for_a_baseline, -1, ERR_PREFLIGHT, BASELINE, BASELINE ":\n"},

    /* files */
    {"mended", mended, 0, ERR_NONE, "^" DROP_FOUND SUM("3", "0", "2", "0", "0", "4", "0") " ... (id bigint PRIMARY KEY, a jsonb, b timestamptz, c jsonb);\n ... \nCREATE INDEX CONCURRENTLY i ON app.old (x);\n", NULL},
    {"mended: what a comment lets through stays", mended_but_one, 0, ERR_NONE, SUM("3", "0", "2", "0", "1", "3", "0") " ... a jsonb, b timestamptz, c jsonb);\n ... \nCREATE INDEX i ON app.old (x);\n", NULL},
    {"mended: it is not kept", mended_and_kept, 0, ERR_NONE, SUM("3", "0", "2", "0", "0", "4", "2") " ... " BASELINE KEPT("M-3", "class-undeclared") KEPT("M-3", "drop-table"), "\"index-blocks-writes\""},
    {"what is executed is not mended", executed_is_not_mended, 0, ERR_NONE, "^" ALL_FOUND " ... \nCREATE INDEX i ON app.old (x);\n", NULL},
    {"no room for what is mended", no_room_for_files, -1, ERR_PREFLIGHT, FILE_OF("M-1") " ... a json, b timestamp, c json);\n", "CONCURRENTLY"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void play(size_t i)
{
    const char *path = getenv("PATH");
    char *was = strdup(path != NULL ? path : "");
    start();
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    int rc = lint();
    (void)setenv("PATH", was, 1);
    free(was);
    bool good = rc == cases[i].rc && e.code == cases[i].code &&
                has_in_order(said, cases[i].words) &&
                (cases[i].not == NULL || strstr(said, cases[i].not ) == NULL);
    if (!good) {
        printf("# rc %d, code %d: %s\n", rc, (int)e.code, said);
    }
    ok(good, cases[i].name);
}

/* --- files that are not what was read ---------------------------------------------------------------- */

static void mend(const char *path, struct lint_edit first, struct lint_edit second, int rc,
                 const char *words, const char *left, const char *name)
{
    struct lint_found v[2] = {{.finding = {.path = path}, .edit = first},
                              {.finding = {.path = path}, .edit = second}};
    struct lint_result r = {.v = v, .n = 2};
    const struct project p = {.dirfd = project_fd};
    size_t n = 0;
    v[0].finding.waived_by = v[1].finding.waived_by = "";
    e = (struct err){0};
    said[0] = '\0';
    project_put("a.sql", "SELECT 1, 2;\n");
    bool good =
        lint_files_mend(&p, &r, &n, &e) == rc && strcmp(e.msg, words) == 0 && e.where.line == 0;
    note_file("a.sql");
    good = good && strcmp(said, left) == 0 && n == (rc == 0 ? 2 : 0) && r.n == (rc == 0 ? 0 : 2);
    if (!good) {
        printf("# %zu made, %zu left, %s: %s\n", n, r.n, e.msg, said);
    }
    ok(good, name);
}

#define AS_IT_WAS "a.sql:\nSELECT 1, 2;\n"
#define CHANGED "it changed while kfmig read it"

static void test_mend(void)
{
    static const struct lint_edit one = {7, 8, "10"};
    static const struct lint_edit two = {10, 11, "20"};
    project_start();
    mend("a.sql", two, one, 0, "", "a.sql:\nSELECT 10, 20;\n",
         "changes are made from the front, in whatever order they are found");
    mend("a.sql", one, (struct lint_edit){7, 9, "x"}, -1, CHANGED, AS_IT_WAS,
         "one reaches into another");
    mend("a.sql", one, (struct lint_edit){10, 14, "x"}, -1, CHANGED, AS_IT_WAS,
         "one reaches behind the end");
    mend("a.sql", one, (struct lint_edit){10, 13, "x"}, 0, "", "a.sql:\nSELECT 10, x",
         "one reaches to the end");
    mend("gone.sql", one, two, -1, CHANGED, AS_IT_WAS, "the file is gone");
}

int main(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    tap_plan(N + 5);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_mend();
    project_remove();
    return tap_done();
}
