/* layer: flow */
/* Alembic's revisions, rendered: when its program runs and with which words, the files that are left, and what
 * is said where it cannot be. Alembic is played by a script that prints what a file said/WHAT.RANGE holds; the
 * real one: tests/live/test_alembic.py. */
#include "flow/alembic.h"
#include "project.h"
#include "tap.h"

#include <stdarg.h>

/* --- what it is told and tells */

static struct alembic alembic;
static struct project p;
static struct err e;
static bool stops;
static char said[65536]; /* the error, notes, calls of the program, files */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t n = strlen(said);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(said + n, sizeof said - n, format, args);
    va_end(args);
}

static void hear(void *ctx, const struct tell *t)
{
    (void)ctx;
    note("%s: %s\n", tell_name(t->kind), t->what);
}

static enum err_code asks_to_stop(void *ctx)
{
    (void)ctx;
    bool was_asked = faccessat(project_fd, "stopping", F_OK, 0) == 0; /* by the program itself */
    return stops || was_asked ? ERR_INTERRUPTED : ERR_NONE;
}

/* --- a project of Alembic's */

#define SCRIPT                                                                                     \
    "#!/bin/sh\n"                                                                                  \
    "echo \"$@\" $PYTHONDONTWRITEBYTECODE $PYTHONHASHSEED $T_OWN >>calls\n"                        \
    "echo what it says >&2\n"                                                                      \
    "test -f \"said/$3.$4\" || exit 3\n"                                                           \
    "cat \"said/$3.$4\"\n"
#define TABLE                                                                                      \
    "BEGIN;\n\nCREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL\n);\n\n"
#define UP_A                                                                                       \
    "-- Running upgrade  -> a\n\nCREATE TABLE t ();\n\nINSERT INTO alembic_version (version_num) " \
    "VALUES ('a');\n\n"
#define UP_B "-- Running upgrade a -> b\n\nCREATE TABLE u ();\n\n"
#define UP_C "-- Running upgrade a -> c\n\nCREATE TABLE v ();\n\n"
#define UP_D "-- Running upgrade b, c -> d\n\nCREATE TABLE w ();\n\n"
#define DOWN_D "-- Running downgrade d -> b, c\n\nDROP TABLE w;\n\n"
#define DOWN_C "-- Running downgrade c -> a\n\nDROP TABLE v;\n\n"
#define DOWN_B "-- Running downgrade b -> a\n\nDROP TABLE u;\n\n"
#define DOWN_A "-- Running downgrade a -> \n\nDROP TABLE t;\n\n"
#define VERSIONS "db/versions/"
#define RENDERED "state/alembic/"

static void program(const char *text)
{
    project_put("bin/alembic", text);
    (void)fchmodat(project_fd, "bin/alembic", 0755, 0);
}

static void revision(const char *rev, const char *more)
{
    char path[128];
    char text[512];
    (void)snprintf(path, sizeof path, VERSIONS "%s_step.py", rev);
    (void)snprintf(text, sizeof text, "%srevision = \"%s\"\n", more, rev);
    project_put(path, text);
}

static void a_and_b(void)
{
    revision("a", "");
    revision("b", "");
    project_put("said/upgrade.heads", TABLE UP_A UP_B "COMMIT;\n");
    project_put("said/downgrade.heads:base", DOWN_B DOWN_A);
}

static void start(void)
{
    stops = false;
    project_start();
    program(SCRIPT);
    project_put("alembic.ini", "[alembic]\nscript_location = %(here)s/db\n");
    project_put("db/env.py", "from alembic import context\n");
    a_and_b();
    (void)setenv("T_OWN", "ours", 1);
    alembic = (struct alembic){"alembic.ini", "bin/alembic", 60000};
    p = (struct project){.dirfd = project_fd, .root = project_path, .alembic = &alembic};
}

static int render(void)
{
    struct ear ear = {NULL, hear, asks_to_stop};
    e = (struct err){0};
    said[0] = '\0';
    return alembic_render(&p, &ear, &e);
}

static void note_file(struct arena *a, const char *path)
{
    struct bytes text;
    struct err ignored = {0};
    if (file_read(a, project_fd, path, 65536, &text, NULL, &ignored) == 0) {
        note("%s:\n%s", path, text.p);
    }
}

/* What it came to, behind what was heard: the error, the calls of the program, what was rendered. */
static void note_all(void)
{
    struct arena a = {0};
    struct file_names names = {0};
    struct err ignored = {0};
    note("! %s:%d %s; %s\n", e.where.path, e.where.line, e.msg, e.hint);
    note_file(&a, "calls");
    (void)file_list(&a, project_fd, "state/alembic", &names, &ignored);
    for (size_t i = 0; i < names.n; i++) {
        note("%s%s\n", RENDERED, names.v[i].name);
        note_file(&a, arena_printf(&a, RENDERED "%s", names.v[i].name));
    }
    arena_release(&a);
}

/* --- what is other */

static void in_a_folder(void)
{
    alembic.config = "conf/alembic.ini";
    project_put("conf/alembic.ini", "[alembic]\nscript_location = %(here)s/db\n");
    project_put("conf/db/versions/z.py", "revision = 'z'\n");
    project_put("said/upgrade.heads", TABLE "-- Running upgrade  -> z\n\nSELECT 1;\n");
    project_put("said/downgrade.heads:base", "");
}

static void no_ini(void)
{
    (void)unlinkat(project_fd, "alembic.ini", 0);
}

static void large(const char *path)
{
    enum { MORE = 4 * 1024 * 1024 + 1 };
    int fd = openat(project_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ftruncate(fd, MORE) != 0) {
        abort();
    }
    (void)close(fd);
}

static void large_ini(void)
{
    large("alembic.ini");
}

static void ini_without_location(void)
{
    project_put("alembic.ini", "[alembic]\n");
}

static void ini_elsewhere(void)
{
    project_put("alembic.ini", "[alembic]\nscript_location = /srv/db\n");
}

static void ini_with_more_places(void)
{
    project_put("alembic.ini", "[alembic]\nscript_location = db\nversion_locations = a b\n");
}

static void ini_to_nothing(void)
{
    project_put("alembic.ini", "[alembic]\nscript_location = none\n");
}

static void ini_to_a_file(void)
{
    project_put("alembic.ini", "[alembic]\nscript_location = bin/alembic\n");
}

static void large_revision(void)
{
    large(VERSIONS "c_step.py");
}

static void two_of_one_name(void)
{
    project_put(VERSIONS "2025/a_step.py", "revision = 'z'\n");
}

static void a_name_that_is_no_other_revision(void)
{
    project_put("db/a_step.py", "import os\n");
}

/* What is not looked at: each would be too large, or read in vain. */
static void things_beside(void)
{
    large("db/.cache/x.py");
}

static void hidden_folders(void)
{
    project_put("db/.cache/x", "");
    project_put("db/__pycache__/x", "");
    project_put("db/a/b/c/d/e/f/g/h/i/x", "");
    things_beside();
    large("db/__pycache__/x.py");
    large("db/a/b/c/d/e/f/g/h/i/x.py");
    large("db/README");
    large("db/py");
    (void)symlinkat("/nowhere", project_fd, "db/versions/link.py");
    (void)mkdirat(project_fd, "db/versions/folder.py", 0755);
}

static void as_deep_as_may_be(void)
{
    project_put("db/a/b/c/d/e/f/g/h/x", "");
    large("db/a/b/c/d/e/f/g/h/x.py");
}

static void too_many_files(void)
{
    char path[64];
    project_put("db/0.py", "");
    for (int i = 1; i <= 20000; i++) {
        (void)snprintf(path, sizeof path, "db/%d.py", i);
        if (linkat(project_fd, "db/0.py", project_fd, path, 0) != 0) {
            abort();
        }
    }
}

static void no_program(void)
{
    alembic.command = "bin/none";
}

static void program_fails(void)
{
    (void)unlinkat(project_fd, "said/upgrade.heads", 0);
}

static void program_is_killed(void)
{
    program("#!/bin/sh\nkill -9 $$\n");
}

static void program_hangs(void)
{
    program("#!/bin/sh\nexec sleep 600\n");
    alembic.limit_ms = 30;
}

static void program_floods(void)
{
    program("#!/bin/sh\nhead -c 67108864 /dev/zero\n");
}

static void program_prints_much(void)
{
    program("#!/bin/sh\necho '-- Running upgrade  -> a'\nhead -c 67000000 /dev/zero\n");
}

static void stopped(void)
{
    program("#!/bin/sh\nexec sleep 600\n");
    stops = true;
}

static void folder_is_a_file(void)
{
    project_put("state", "");
}

static void log_leads_away(void)
{
    project_put(RENDERED "x", "");
    (void)symlinkat("/tmp/kfmig-t-elsewhere", project_fd, RENDERED ".log");
}

static void no_table(void)
{
    project_put("said/upgrade.heads", UP_A);
}

static void no_revisions(void)
{
    project_put("said/upgrade.heads", "BEGIN;\n\nCOMMIT;\n");
}

static void twice_down(void)
{
    project_put("said/downgrade.heads:base", DOWN_B DOWN_B);
}

static void a_merge(void)
{
    project_put("db/versions/c_step.py", "revision = 'c'\ndepends_on = ('b', 'nowhere')\n");
    project_put("db/versions/d_step.py",
                "\"\"\"\n[KFM_MIGRATION]\n-- scope: {allowed_schemas: [app]}\n[/KFM_MIGRATION]\n"
                "\"\"\"\nrevision = 'd'\n");
    project_put("said/upgrade.heads", TABLE UP_A UP_B UP_C UP_D "COMMIT;\n");
    project_put("said/downgrade.heads:base", DOWN_D DOWN_C DOWN_B DOWN_A);
}

/* c raises, of b nothing is printed, a prints two: none of them has a file that takes it back. */
static void not_all_of_them_go_back(void)
{
    a_merge();
    (void)unlinkat(project_fd, "said/downgrade.heads:base", 0);
    project_put("said/downgrade.d:b", DOWN_D);
    project_put("said/downgrade.b:a", "");
    project_put("said/downgrade.a:base", DOWN_A);
}

static void one_prints_another(void)
{
    (void)unlinkat(project_fd, "said/downgrade.heads:base", 0);
    project_put("said/downgrade.b:a", DOWN_B);
    project_put("said/downgrade.a:base", DOWN_B DOWN_A);
}

static void one_prints_nonsense(void)
{
    (void)unlinkat(project_fd, "said/downgrade.heads:base", 0);
    project_put("said/downgrade.a:base", DOWN_A DOWN_A);
}

/* What it does at one range of downgrades: else it is as it was, but that it cannot take back all at once. */
static void at(const char *range, const char *does)
{
    char text[512];
    (void)unlinkat(project_fd, "said/downgrade.heads:base", 0);
    project_put("said/downgrade.a:base", DOWN_A);
    project_put("said/downgrade.b:a", DOWN_B);
    (void)snprintf(text, sizeof text,
                   "#!/bin/sh\necho \"$@\" >>calls\ntest \"$4\" != %s || %s\n"
                   "test -f \"said/$3.$4\" || exit 3\ncat \"said/$3.$4\"\n",
                   range, does);
    program(text);
}

#define STOP "{ : >stopping; exec sleep 600; }"
static void stopped_at_all_of_them(void)
{
    at("heads:base", STOP);
}

static void stopped_at_the_first(void)
{
    at("a:base", STOP);
}

static void stopped_at_the_last(void)
{
    at("b:a", STOP);
}

static void killed_at_all_of_them(void)
{
    at("heads:base", "kill -9 $$");
}

static void killed_at_the_last(void)
{
    at("b:a", "kill -9 $$");
}

static void only_one_raises(void)
{
    at("b:a", "exit 1");
}

static void unknown_revision(void)
{
    (void)unlinkat(project_fd, VERSIONS "b_step.py", 0);
    project_put(VERSIONS "notes.py", "no = 'revision'\n");
}

static void two_roots(void)
{
    project_put("said/upgrade.heads", TABLE UP_A "-- Running upgrade  -> b\n\nSELECT 1;\n");
    project_put("said/downgrade.heads:base", "-- Running downgrade b -> \n\nSELECT 2;\n\n" DOWN_A);
}

static void old_files(void)
{
    project_put(RENDERED "gone.up.sql", "SELECT 1;\n");
    project_put(RENDERED ".kept.sql", "");
    project_put(RENDERED "notes.txt", "");
    project_put(RENDERED "b_step.up.sql", "SELECT 'another text';\n");
    project_put(RENDERED ".inputs", "another\n");
}

static void a_folder_stands_at(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, RENDERED "%s/x", name);
    project_put(path, "");
}

static void a_folder_for_up(void)
{
    project_put(RENDERED ".inputs", "another\n");
    a_folder_stands_at("b_step.up.sql");
}

static void a_folder_for_down(void)
{
    a_folder_stands_at("a_step.down.sql");
}

static void a_folder_that_is_old(void)
{
    a_folder_stands_at("old.sql");
}

static void a_folder_for_what_is_remembered(void)
{
    a_folder_stands_at(".inputs");
}

/* --- the cases */

#define NOTED "note: alembic renders the migrations of db\n"
#define NO_FILES "! :0 ; \n$"
#define HEADER(after) "-- [KFM_MIGRATION]\n-- depends_on: [" after "]\n"
#define INSERT(rev) "INSERT INTO alembic_version (version_num) VALUES ('" rev "');\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    int rc;
    enum err_code code;
    const char *words; /* of what is heard, the error, the calls, the files; in this order; "$": the end */
    const char *not; /* and not those; NULL */
} cases[] = {
    /* rendered */
    {"two revisions", NULL, 0, ERR_NONE,
     NOTED "! :0 ; \ncalls:\n--config alembic.ini upgrade heads --sql 1 0 ours\n--config alembic.ini downgrade heads:base --sql 1 0 ours\n" RENDERED ".inputs\n ... " RENDERED "a_step.down.sql:\nDROP TABLE t;\n ... DROP TABLE alembic_version;\n" RENDERED "a_step.up.sql\n" RENDERED "a_step.up.sql:\n" HEADER("") " ... CREATE TABLE IF NOT EXISTS alembic_version ... CREATE TABLE t ();\n ... " INSERT("a") RENDERED "b_step.down.sql ... " RENDERED "b_step.up.sql:\n" HEADER("\"a_step\"") " ... DELETE FROM alembic_version WHERE version_num IN ('a');\n" INSERT("b") "$", ".log"},
    {"its ini file in a folder: what it names is beneath that", in_a_folder, 0, ERR_NONE, "note: alembic renders the migrations of conf/db\n ... --config conf/alembic.ini upgrade heads --sql ... " RENDERED "z.up.sql:\n", "down.sql"},
    {"no revision yet: nothing is asked back", no_revisions, 0, ERR_NONE, "upgrade heads --sql 1 0 ours\n" RENDERED ".inputs\n", "downgrade"},
    {"a merge, and one that depends on more", a_merge, 0, ERR_NONE, RENDERED "c_step.up.sql:\n" HEADER("\"a_step\", \"b_step\", \"alembic-nowhere\"") " ... " RENDERED "d_step.down.sql:\nDROP TABLE w;\n ... " RENDERED "d_step.up.sql:\n" HEADER("\"b_step\", \"c_step\"") "-- scope: {allowed_schemas: [app]}\n", NULL},
    {"a revision whose file has another name than one of ours", unknown_revision, 0, ERR_NONE, RENDERED "a_step.up.sql:\n ... " RENDERED "alembic-b.down.sql:\nDROP TABLE u; ... " RENDERED "alembic-b.up.sql:\n" HEADER("\"a_step\"") "-- [/KFM_MIGRATION]\n", "notes"},
    {"two roots: neither takes the table of versions with it", two_roots, 0, ERR_NONE, RENDERED "a_step.down.sql:\nDROP TABLE t;\n ... " RENDERED "b_step.down.sql:\nSELECT 2;\n", "DROP TABLE alembic_version"},
    {"files of before: what is no more goes, what is no script stays", old_files, 0, ERR_NONE, RENDERED ".inputs\n" RENDERED ".inputs:\nsha256: ... " RENDERED ".kept.sql\n ... " RENDERED "b_step.up.sql:\n" HEADER("\"a_step\"") " ... " RENDERED "notes.txt", "gone.up.sql"},
    {"folders that are not looked into", hidden_folders, 0, ERR_NONE, INSERT("b") "$", NULL},

    /* what takes back, one by one */
    {"not all of them go back", not_all_of_them_go_back, 0, ERR_NONE, "downgrade heads:base --sql 1 0 ours\n--config alembic.ini downgrade a:base --sql 1 0 ours\n--config alembic.ini downgrade b:a --sql 1 0 ours\n--config alembic.ini downgrade c:a --sql 1 0 ours\n" RENDERED ".inputs\n ... " RENDERED "a_step.down.sql:\nDROP TABLE t;\n ... " RENDERED "b_step.up.sql:\n ... " RENDERED "c_step.up.sql:\n ... " RENDERED "d_step.up.sql:\n", "d:b"},
    {"one that prints another's too is not taken back", one_prints_another, 0, ERR_NONE, RENDERED "a_step.up.sql:\n ... " RENDERED "b_step.down.sql:\nDROP TABLE u;\n", "a_step.down.sql"},
    {"one that prints nonsense", one_prints_nonsense, -1, ERR_CONFIG, "! alembic downgrade:5 a revision begins twice; kfmig reads what Alembic 1.20 renders; see docs/alembic.md", ".up.sql"},
    {"all of them print nonsense", twice_down, -1, ERR_CONFIG, "! alembic downgrade:5 a revision begins twice; ", ".up.sql"},
    {"stopped while all of them go back", stopped_at_all_of_them, -1, ERR_INTERRUPTED, "interrupted (Ctrl-C) while ... downgrade heads:base --sql\n", "a:base"},
    {"stopped at the first that goes back alone", stopped_at_the_first, -1, ERR_INTERRUPTED, "interrupted (Ctrl-C) while ... downgrade a:base --sql\n", "b:a"},
    {"stopped at the last: it is not taken for one that raises", stopped_at_the_last, -1, ERR_INTERRUPTED, "interrupted (Ctrl-C) while ... downgrade b:a --sql\n", ".up.sql"},
    {"killed while all of them go back", killed_at_all_of_them, -1, ERR_PREFLIGHT, "alembic was ended by signal 9; ", "a:base"},
    {"killed at the last: it is not taken for one that raises", killed_at_the_last, -1, ERR_PREFLIGHT, "alembic was ended by signal 9; ", ".up.sql"},
    {"only one raises", only_one_raises, 0, ERR_NONE, RENDERED "a_step.down.sql:\nDROP TABLE t;\n", "b_step.down.sql"},

    /* what it is made of */
    {"no ini file", no_ini, -1, ERR_CONFIG, "! alembic.ini:0 it is not there; `alembic: {config: PATH}` names Alembic's ini file\n$", NULL},
    {"an ini file that is too large", large_ini, -1, ERR_CONFIG, "alembic.ini", "calls"},
    {"an ini file that says not where", ini_without_location, -1, ERR_CONFIG, "! alembic.ini:0 it has no `script_location` beneath it; kfmig reads the versions/ beneath script_location\n$", NULL},
    {"an ini file that leads elsewhere", ini_elsewhere, -1, ERR_CONFIG, "! alembic.ini:0 it has no `script_location` beneath it; ", NULL},
    {"an ini file with more places", ini_with_more_places, -1, ERR_CONFIG, "! alembic.ini:0 `version_locations` is not read; kfmig reads the versions/ beneath script_location\n$", NULL},
    {"a folder that is not there", ini_to_nothing, -1, ERR_CONFIG, "there is no folder \"none\"", "calls"},
    {"a folder that is a file", ini_to_a_file, -1, ERR_PREFLIGHT, "bin/alembic", "calls"},
    {"two revisions whose files have one name", two_of_one_name, -1, ERR_CONFIG, "! " VERSIONS "a_step.py:0 another revision's file is called a_step.py, too; a migration is called as its file is: give it another name", "calls"},
    {"a file of that name that is no revision", a_name_that_is_no_other_revision, 0, ERR_NONE, INSERT("b") "$", NULL},
    {"a revision that is too large", large_revision, -1, ERR_CONFIG, VERSIONS "c_step.py", "calls"},
    {"folders are looked into as deep as that", as_deep_as_may_be, -1, ERR_CONFIG, "db/a/b/c/d/e/f/g/h/x.py", "calls"},
    {"more files than anybody has", too_many_files, -1, ERR_CONFIG, "more than 20000 files in \"db\"", "calls"},

    /* the program */
    {"it is not there", no_program, -1, ERR_PREFLIGHT, "bin/none", ".up.sql"},
    {"it fails: what it said is kept", program_fails, -1, ERR_PREFLIGHT, "! alembic.ini:0 alembic ended with status 3; what it said stands in state/alembic/.log\n ... " RENDERED ".log:\nwhat it says\n", ".up.sql"},
    {"it is killed", program_is_killed, -1, ERR_PREFLIGHT, "! alembic.ini:0 alembic was ended by signal 9; what it said stands in state/alembic/.log\n", NULL},
    {"it takes longer than it may", program_hangs, -1, ERR_PREFLIGHT, "bin/alembic", NULL},
    {"it prints without end", program_floods, -1, ERR_PREFLIGHT, "alembic prints more than 64 MiB", NULL},
    {"it prints much, of which nothing can be read", program_prints_much, -1, ERR_CONFIG, "! alembic upgrade:1 it does not make the table of versions", NULL},
    {"it is stopped", stopped, -1, ERR_INTERRUPTED, "interrupted", NULL},
    {"what it prints makes no table of versions", no_table, -1, ERR_CONFIG, "! alembic upgrade:1 it does not make the table of versions; ", ".up.sql"},

    /* the files */
    {"a file stands where the folder would be", folder_is_a_file, -1, ERR_PREFLIGHT, "state", "calls"},
    {"the log leads away: nothing is run", log_leads_away, -1, ERR_PREFLIGHT, "cannot write \"state/alembic/.log\"", "calls"},
    {"a folder stands where a script would be: nothing is remembered", a_folder_for_up, -1, ERR_PREFLIGHT, "b_step.up.sql", ".inputs"},
    {"a folder stands where one that takes back would be", a_folder_for_down, -1, ERR_PREFLIGHT, "a_step.down.sql", ".inputs"},
    {"a folder stands where a script would be no more", a_folder_that_is_old, -1, ERR_PREFLIGHT, "cannot remove \"state/alembic/old.sql\"", ".inputs"},
    {"a folder stands where it is remembered", a_folder_for_what_is_remembered, -1, ERR_PREFLIGHT, ".inputs", NULL},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void play(size_t i)
{
    start();
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    int rc = render();
    note_all();
    note("$");
    bool good = rc == cases[i].rc && e.code == cases[i].code &&
                has_in_order(said, cases[i].words) &&
                (cases[i].not == NULL || strstr(said, cases[i].not ) == NULL);
    if (!good) {
        printf("# rc %d, code %d: %s\n", rc, (int)e.code, said);
    }
    ok(good, cases[i].name);
}

/* --- when it is rendered again */

static struct stat stat_of(const char *path)
{
    struct stat st = {0};
    (void)fstatat(project_fd, path, &st, AT_SYMLINK_NOFOLLOW);
    return st;
}

/* Does it run after that? It is rendered before. */
static void again(void (*change)(void), bool runs, const char *name)
{
    start();
    bool good = render() == 0;
    if (change != NULL) {
        change();
    }
    good = good && render() == 0 && (strstr(said, NOTED) != NULL) == runs;
    if (!good) {
        printf("# %s: %s\n", e.msg, said);
    }
    ok(good, name);
}

static void another_command(void)
{
    program(SCRIPT);
    (void)renameat(project_fd, "bin/alembic", project_fd, "bin/other");
    alembic.command = "bin/other";
}

static void another_text(void)
{
    revision("b", "# changed\n");
}

static void another_ini(void)
{
    project_put("alembic.ini", "[alembic]\nscript_location = %(here)s/db\n# changed\n");
}

static void another_env(void)
{
    project_put("db/env.py", "import os\n");
}

static void another_file(void)
{
    project_put("db/models.py", "");
}

static void a_note_beside(void)
{
    project_put("db/README", "changed\n");
}

static void another_memory(void)
{
    project_put(RENDERED ".inputs",
                "sha256:1111111111111111111111111111111111111111111111111111111111111111\n");
}

static void half_a_memory(void)
{
    project_put(RENDERED ".inputs", "sha256:1111\n");
}

/* What did not change is not written again; what did is. */
static void only_what_changed(void)
{
    start();
    bool good = render() == 0;
    struct stat up_a = stat_of(RENDERED "a_step.up.sql");
    struct stat up_b = stat_of(RENDERED "b_step.up.sql");
    revision("b", "# [KFM_MIGRATION]\n# -- intent: more\n# [/KFM_MIGRATION]\n");
    good = good && render() == 0;
    ok(good && up_a.st_ino == stat_of(RENDERED "a_step.up.sql").st_ino,
       "a script that is the same is not written again");
    ok(good && up_b.st_ino != stat_of(RENDERED "b_step.up.sql").st_ino,
       "one that is not the same is written");
}

/* What was rendered before stays, and is rendered again once that can be. */
static void after_a_failure(void)
{
    start();
    bool good = render() == 0;
    another_text();
    (void)renameat(project_fd, "said/upgrade.heads", project_fd, "said/away");
    good = good && render() == -1;
    note_all();
    ok(good && strstr(said, RENDERED "b_step.up.sql") != NULL, "a failure leaves what was there");
    (void)renameat(project_fd, "said/away", project_fd, "said/upgrade.heads");
    good = good && render() == 0 && strstr(said, NOTED) != NULL;
    note_all();
    ok(good && strstr(said, ".log") == NULL, "and is followed by what was wanted");
}

int main(void)
{
    tap_plan(N + 13);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    again(NULL, false, "nothing changed: nothing is run");
    again(a_note_beside, false, "no file of Python: nothing is run");
    again(another_command, true, "another program");
    again(another_text, true, "another text");
    again(another_ini, true, "another ini file");
    again(another_env, true, "another env.py");
    again(another_file, true, "one file more");
    again(another_memory, true, "something else is remembered");
    again(half_a_memory, true, "less is remembered");
    only_what_changed();
    after_a_failure();
    project_remove();
    return tap_done();
}
