/* layer: site scripted */
/* Whole databases, line by line: is one there, making one, throwaway ones and those that killed drills left. What a statement that runs
 * long waits for, from a second connection. Which commit is run. */
#include "scripted_site.h"
#include "site/database.h"
#include "site/repo.h"
#include "site/watch.h"

static struct setting t;
static char left[4096]; /* what was done, in words */

static int probe(struct err *e)
{
    bool missing = false;
    const char *name = "";
    int rc = database_probe(&t.s, &missing, &name, e);
    (void)snprintf(left, sizeof left, "%s%s%s", missing ? "missing " : "there", name,
                   t.s.pg == NULL ? "" : " and connected");
    return rc;
}

static int make(struct err *e)
{
    return database_create(&t.s, "kfm", NULL, e);
}

static int make_from_template(struct err *e)
{
    return database_create(&t.s, "kfm", "base", e);
}

static int drill_of(const char *template, struct err *e)
{
    char name[DRILL_NAME] = "";
    int rc = site_connect(&t.s, e) != 0 ? -2 : drill_create(&t.s, template, name, e);
    (void)snprintf(left, sizeof left, "%.12s, %zu digits", name,
                   strlen(name) > 12 ? strspn(name + 12, "0123456789abcdef") : 0);
    return rc;
}

static int drill(struct err *e)
{
    return drill_of(NULL, e);
}

static int drill_from_template(struct err *e)
{
    return drill_of("base", e);
}

static int drop(struct err *e)
{
    return site_connect(&t.s, e) != 0 ? -2 : drill_drop(&t.s, "kfmig_drill_0a1b2c3d", e);
}

static int sweep(struct err *e)
{
    size_t n = 9;
    int rc = site_connect(&t.s, e) != 0 ? -2 : drill_sweep(&t.s, &n, e);
    (void)snprintf(left, sizeof left, "%zu dropped", n);
    return rc;
}

/* A statement as a run sends it, watched. */
static int statement(struct err *e)
{
    struct watch w;
    if (site_connect(&t.s, e) != 0) {
        return -2;
    }
    watch_init(&w, &t.ear, &t.s);
    tell(&w.front, &(struct tell){.kind = TELL_BEGIN, .target = "M-1"});
    tell(&w.front, &(struct tell){.kind = TELL_STATEMENT, .target = "M-1", .what = "SELECT"});
    int rc = pg_statement(t.s.pg, bytes_str("SELECT slow()"), &w.wait, NULL, NULL, e);
    (void)snprintf(left, sizeof left, "%s%.4000s",
                   ear_stops(&w.front) != ERR_NONE ? "stopped " : "", t.heard.text);
    watch_close(&w);
    return rc;
}

#define CONNECT "connect -> ok\n"
#define REFUSED "connect -> words Connection refused\n"
#define MISSING "connect -> fatal 3D000\n"
#define HELD "@site_drill_hold(*) -> rows t\n"
#define BLOCKED                                                                                    \
    "2: @site_blockers(101) -> rows kfmig build | 9 | ann | active | 2026-01-02T03:04:05Z | "      \
    "AccessExclusiveLock | app.t | NULL\n"
#define UNNAMED                                                                                    \
    "2: @site_blockers(101) -> rows  | 9 | ann | idle in transaction | NULL | ShareLock | a row "  \
    "that its transaction changed | NULL\n"
#define UNSEEN "2: @site_blockers(101) -> rows NULL | 9 | NULL | NULL | NULL | NULL | NULL | NULL\n"
#define TWO                                                                                        \
    "2: @site_blockers(101) -> rows psql | 8 | ann | active | NULL | RowExclusiveLock | app.t | "  \
    "NULL ; psql | 9 | ann | active | NULL | RowExclusiveLock | app.t | NULL\n"
#define SNAPSHOT                                                                                   \
    "2: @site_blockers(101) -> rows psql | 9 | ann | active | NULL | NULL | an old snapshot | "    \
    "waiting for old snapshots\n"
#define MADE(percent)                                                                              \
    "2: @site_blockers(101) -> rows NULL | NULL | NULL | NULL | NULL | NULL | NULL | building "    \
    "index: scanning table, " percent " %\n"
#define BEGUN "begin: M-1|statement: SELECT|"
#define WAITS(what) "waiting: waiting for " what "|"

/* clang-format off */
static const struct scenario scenarios[] = {
    {"a database that is there", CONNECT, probe, 0, ERR_NONE, "there"},
    {"a database that is not there", MISSING, probe, 0, ERR_NONE, "missing kfm"},
    {"nobody says whether it is there", REFUSED, probe, -1, ERR_PREFLIGHT, "connection refused by db.example:5432"},

    {"it is made", CONNECT "CREATE DATABASE \"kfm\" -> CREATE DATABASE\n", make, 0, ERR_NONE, ""},
    {"it is made from a template, by another maintenance database", MISSING CONNECT "CREATE DATABASE \"kfm\" TEMPLATE \"base\" -> CREATE DATABASE\n", make_from_template, 0, ERR_NONE, ""},
    {"there is no maintenance database", MISSING MISSING, make, -1, ERR_PREFLIGHT, "the database \"template1\" does not exist"},
    {"somebody else has made it", CONNECT "CREATE DATABASE* -> error 42P04\n", make, 0, ERR_NONE, ""},
    {"somebody else makes it", CONNECT "CREATE DATABASE* -> error 23505\n", make, 0, ERR_NONE, ""},
    {"the role may not make it", CONNECT "CREATE DATABASE* -> error 42501\n", make, -1, ERR_PREFLIGHT, "the role tester may not create the database \"kfm\"; an administrator can give the right, ALTER ROLE \"tester\" CREATEDB; or make the database, which must belong to it"},
    {"the role may not make it from that template", CONNECT "CREATE DATABASE* -> error 42501\n", make_from_template, -1, ERR_PREFLIGHT, "and make the template one: ALTER DATABASE ... IS_TEMPLATE true"},
    {"there is no such template", CONNECT "CREATE DATABASE* -> error 3D000\n", make_from_template, -1, ERR_PREFLIGHT, "there is no template database \"base\""},
    {"the template is in use", CONNECT "CREATE DATABASE* -> error 55006\n", make_from_template, -1, ERR_PREFLIGHT, "the template of \"kfm\" is in use: a session is connected to it; end that session"},
    {"the disk is full", CONNECT "CREATE DATABASE* -> error 53100\n", make, -1, ERR_PREFLIGHT, "disk_full"},
    {"cut while it is made", CONNECT "CREATE DATABASE* -> cut\n", make, -1, ERR_PREFLIGHT, "was lost"},

    {"a throwaway database, held and marked", CONNECT HELD "CREATE DATABASE \"kfmig_drill_*\" -> CREATE DATABASE\nCOMMENT ON DATABASE \"kfmig_drill_* IS 'kfmig drill: a throwaway database*' -> COMMENT\n", drill, 0, ERR_NONE, "kfmig_drill_, 8 digits"},
    {"a throwaway database whose first name another drill holds", CONNECT "@site_drill_hold -> rows f\n" HELD "CREATE DATABASE* TEMPLATE \"base\" -> CREATE DATABASE\nCOMMENT* -> COMMENT\n", drill_from_template, 0, ERR_NONE, "kfmig_drill_, 8 digits"},
    {"a throwaway database: cut while its name is held", CONNECT "@site_drill_hold -> cut\n", drill, -1, ERR_PREFLIGHT, "was lost"},
    {"a throwaway database: the role may not", CONNECT HELD "CREATE DATABASE* -> error 42501\n", drill, -1, ERR_PREFLIGHT, "may not create the database \"kfmig_drill_"},
    {"a throwaway database: it cannot be marked", CONNECT HELD "CREATE DATABASE* -> CREATE DATABASE\nCOMMENT* -> cut\n", drill, -1, ERR_PREFLIGHT, "was lost"},

    {"it is dropped by a session of its own", CONNECT "2: connect -> ok\n2: DROP DATABASE IF EXISTS \"kfmig_drill_0a1b2c3d\" WITH (FORCE) -> DROP DATABASE\n", drop, 0, ERR_NONE, ""},
    {"it cannot be dropped", CONNECT "2: connect -> ok\n2: DROP DATABASE* -> error 55006\n", drop, -1, ERR_APPLY, "DROP DATABASE \"kfmig_drill_0a1b2c3d\"; the next drill tries it again"},
    {"nobody listens when it is to be dropped", CONNECT REFUSED, drop, -1, ERR_PREFLIGHT, "connection refused"},
    {"what killed drills left is dropped, as far as it can be", CONNECT "@site_drill_leftovers -> rows kfmig_drill_00000001 ; kfmig_drill_00000002 ; kfmig_drill_00000003\nDROP DATABASE \"kfmig_drill_00000001\" -> DROP DATABASE\n"
     "DROP DATABASE \"kfmig_drill_00000002\" -> error 55006\nDROP DATABASE \"kfmig_drill_00000003\" -> DROP DATABASE\n", sweep, 0, ERR_NONE, "2 dropped"},
    {"nothing was left", CONNECT "@site_drill_leftovers -> rows\n", sweep, 0, ERR_NONE, "0 dropped"},
    {"nobody says what was left", CONNECT "@site_drill_leftovers -> cut\n", sweep, -1, ERR_PREFLIGHT, "was lost"},

    {"a quick statement is not watched", CONNECT "SELECT slow() -> wait=300 SELECT 1\n", statement, 0, ERR_NONE, BEGUN},
    {"a slow one that waits for nobody", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n2: @site_blockers(101) -> rows\n", statement, 0, ERR_NONE, BEGUN},
    {"one that waits, then does not", CONNECT "1: SELECT slow() -> wait=2400 SELECT 1\n2: connect -> ok\n" BLOCKED "2: @site_blockers -> rows\n", statement, 0, ERR_NONE, BEGUN WAITS("the lock AccessExclusiveLock on app.t, held by kfmig build (pid 9, user ann, active since 2026-01-02T03:04:05Z)") "waiting: |"},
    {"one that waits for a session without a name", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n" UNNAMED, statement, 0, ERR_NONE, BEGUN WAITS("the lock ShareLock on a row that its transaction changed, held by a session (pid 9, user ann, idle in transaction)")},
    {"one that waits for a session that the role may not see", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n" UNSEEN, statement, 0, ERR_NONE, BEGUN WAITS("a lock held by a session (pid 9)")},
    {"one that waits for two", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n" TWO, statement, 0, ERR_NONE, BEGUN WAITS("the lock RowExclusiveLock on app.t, held by psql (pid 8, user ann, active) and 1 more")},
    {"one that waits for the end of an older transaction, and makes an index", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n" SNAPSHOT, statement, 0, ERR_NONE, BEGUN "phase: waiting for old snapshots|" WAITS("an old snapshot, held by psql (pid 9, user ann, active)")},
    {"one that makes an index says how far it is, once for each", CONNECT "1: SELECT slow() -> wait=4400 SELECT 1\n2: connect -> ok\n" MADE("10") MADE("10") MADE("20") "2: @site_blockers(101) -> rows\n", statement, 0, ERR_NONE, BEGUN "phase: building index: scanning table, 10 %|phase: building index: scanning table, 20 %|"},
    {"the second connection is refused: once and no more", CONNECT "1: SELECT slow() -> wait=5000 SELECT 1\n" REFUSED, statement, 0, ERR_NONE, BEGUN},
    {"the second connection is cut", CONNECT "1: SELECT slow() -> wait=1400 SELECT 1\n2: connect -> ok\n2: @site_blockers -> cut\n", statement, 0, ERR_NONE, BEGUN},
    {"stopped while it waits", CONNECT "1: SELECT slow() -> silence\n2: connect -> ok\n2: @site_blockers -> signal rows kfmig build | 9 | ann | active | NULL | NULL | NULL | NULL\n", statement, -1, ERR_INTERRUPTED, "interrupted"},
};

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define SHB "76543210fedcba9876543210fedcba9876543210"
static const struct {
    const char *name, *given, *head, *ref, *packed, *commit;
} commits[] = {
    {"no repository", NULL, NULL, NULL, NULL, ""},
    {"a commit that is given", SHA, SHB "\n", NULL, NULL, SHA},
    {"what is given is no commit", "main", SHB "\n", NULL, NULL, SHB},
    {"a detached head", NULL, SHA "\n", NULL, NULL, SHA},
    {"a branch", NULL, "ref: refs/heads/main\n", SHA "\n", NULL, SHA},
    {"a packed branch", NULL, "ref: refs/heads/main\n", NULL, "# pack-refs with: peeled\n" SHB " refs/heads/mainly\n" SHA " refs/heads/main\n", SHA},
    {"a packed branch on the first line", NULL, "ref: refs/heads/main\n", NULL, SHA " refs/heads/main\n", SHA},
    {"a branch without a commit", NULL, "ref: refs/heads/main\n", NULL, SHB " refs/heads/other\n", ""},
    {"a branch whose file is nonsense", NULL, "ref: refs/heads/main\n", "nonsense\n", NULL, ""},
    {"a packed line that is nonsense", NULL, "ref: refs/heads/main\n", NULL, "short refs/heads/main\n", ""},
    {"a head that is nonsense", NULL, "nonsense\n", NULL, NULL, ""},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios, N_COMMITS = sizeof commits / sizeof *commits };

static void play(size_t i)
{
    setting_act(&t, &scenarios[i], "", 0, left, sizeof left);
}

static void put(const char *path, const char *text)
{
    if (text != NULL) {
        project_put(path, text);
    }
}

static void find_commit(size_t i)
{
    struct arena a = {0};
    project_start();
    put(".git/HEAD", commits[i].head);
    put(".git/refs/heads/main", commits[i].ref);
    put(".git/packed-refs", commits[i].packed);
    (void)unsetenv("KFMIG_COMMIT");
    if (commits[i].given != NULL) {
        (void)setenv("KFMIG_COMMIT", commits[i].given, 1);
    }
    is_str(repo_commit(&a, project_fd), commits[i].commit, commits[i].name);
    arena_release(&a);
}

int main(void)
{
    tap_plan(N + N_COMMITS);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_COMMITS; i++) {
        find_commit(i);
    }
    project_remove();
    return tap_done();
}
