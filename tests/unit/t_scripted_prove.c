/* layer: flow scripted */
/* Migrations proven on throwaway databases, on a whole server: what is tried of which, what is remembered, seeds; each
 * question that goes wrong leaves no database that is not told of, and no lock. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "flow/prove.h"
#include "flow/prove_parts.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty;
static struct prove_options options;
static struct proofs found;
static char own[8192];

static void put_proofs(void)
{
    size_t n = 0;
    own[0] = '\0';
    for (size_t i = 0; i < found.n; i++) {
        const struct proof *p = &found.v[i];
        const struct err *e = proof_fault(p);
        n += (size_t)snprintf(own + n, sizeof own - n, "[%s %s%s", p->id,
                              down_class_text(p->found->down), p->is_cached ? " known" : "");
        for (int k = 0; k < PROOF_PARTS; k++) {
            n += (size_t)snprintf(own + n, sizeof own - n, " %s=%s",
                                  proof_part_text((enum proof_part)k),
                                  proof_end_text(p->found->part[k].end));
        }
        for (size_t k = 0; k < p->found->n_rows && k < PROOF_ROWS_MOST; k++) {
            n += (size_t)snprintf(own + n, sizeof own - n, " deletes %lld of %s",
                                  (long long)p->found->rows[k].rows, p->found->rows[k].table);
        }
        n += (size_t)snprintf(own + n, sizeof own - n, "%s%s%s%s%s] ",
                              p->because[0] != '\0' ? " because " : "", p->because,
                              p->found->n_seeds > 0 ? " seeded" : "",
                              p->found->wait[0].n > 0 ? " looked" : "",
                              p->found->wait[0].errors > 0 ? " refused" : "");
        n += (size_t)snprintf(own + n, sizeof own - n, "%s", e != NULL ? e->msg : "");
    }
    if (found.whole == NULL) {
        return;
    }
    n += (size_t)snprintf(own + n, sizeof own - n,
                          "second %s %s; %zu proven, %zu known, %zu failed, %zu skipped, %zu left",
                          proof_end_text(found.whole->second), found.whole->second_fault.msg,
                          found.n_proven, found.n_cached, found.n_failed, found.n_skipped,
                          found.n_left);
    n += (size_t)snprintf(own + n, sizeof own - n, "; %zu statements", found.n_statements);
    for (size_t i = 0; i < found.whole->n_notes; i++) {
        n += (size_t)snprintf(own + n, sizeof own - n, "; %s: %s", found.whole->notes[i].what,
                              found.whole->notes[i].fault.msg);
    }
}

/* --- the system: memory, processes, and what happens while something is asked */

/* no_memory, no_process: the n-th that is wanted is refused, from 1; 0: none is. stops_waiting: a Ctrl-C comes while
 * processes are waited for. keeps_out: processes beside the test's own cannot connect. makes: each transaction says that
 * it wrote the first schema. makes_at, makes_nth: the statement that makes schema app as its side effect; NULL: none
 * does. */
struct trouble {
    void (*meanwhile)(const char *text);
    int no_memory, no_process;
    bool stops_waiting, keeps_out, makes;
    const char *makes_at;
    int makes_nth;
};
static struct trouble trouble;
static int n_shares, n_forks, n_written, n_makers;
static pid_t tester;
static atomic_int *n_looks; /* of the workload's sessions, shared with them */

/* What gcov counted in a process that ends by _exit() is counted, too. */
extern void __gcov_exit(void) __attribute__((weak, visibility("hidden")));
_Noreturn void _exit(int status)
{
    if (__gcov_exit != NULL) {
        __gcov_exit();
    }
    for (;;) {
        (void)syscall(SYS_exit_group, status);
    }
}

static void really_pause(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    (void)syscall(SYS_nanosleep, &pause, NULL);
}

/* The clock here is the script's, and a process needs time all the same. */
pid_t waitpid(pid_t pid, int *status, int how)
{
    pid_t ended = (pid_t)syscall(SYS_wait4, pid, status, how, NULL);
    if (ended == 0) {
        t.cluster.is_stopped |= trouble.stops_waiting;
        really_pause();
    }
    return ended;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (flags == (MAP_SHARED | MAP_ANONYMOUS) && ++n_shares == trouble.no_memory) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

pid_t fork(void)
{
    if (++n_forks == trouble.no_process) {
        errno = EAGAIN;
        return -1;
    }
    return _Fork();
}

static const char *hears(void *ctx, int session, const char *text, int n_params,
                         const char *const *params, const char *answer)
{
    if (trouble.meanwhile != NULL) {
        trouble.meanwhile(text);
    }
    if (trouble.keeps_out && getpid() != tester && strcmp(text, "connect") == 0) {
        answer = "fatal 53300";
    }
    if (trouble.makes && strcmp(text, "@postgis_observe_counters") == 0) {
        static char row[64];
        (void)snprintf(row, sizeof row, "rows 2615 | pg_namespace | %d | 0 | 0", ++n_written);
        answer = strcmp(answer, "rows") == 0 ? row : answer;
    }
    if (trouble.makes && strcmp(text, "@postgis_catalog_schemas_few") == 0) {
        text = "@postgis_catalog_schemas";
        answer = strcmp(answer, "rows") == 0 ? "ask" : answer;
    }
    if (trouble.makes_at != NULL && asks(text, trouble.makes_at) &&
        ++n_makers == trouble.makes_nth) {
        (void)cluster_hears(ctx, session, "CREATE SCHEMA \"app\"", 0, NULL, "CREATE SCHEMA");
    }
    return cluster_hears(ctx, session, text, n_params, params, answer);
}

static int proves(struct run_of *x)
{
    n_shares = n_forks = n_makers = 0;
    pq_model(hears, &x->cluster);
    int rc = prove(&x->s, &options, &found, &x->e);
    put_proofs();
    return rc;
}

/* One of the processes that prove is killed. */
static void dies_of_itself(const char *text)
{
    if (getpid() != tester && asks(text, "INSERT INTO app.t")) {
        (void)raise(SIGKILL);
    }
}

#define GLIMPSE "SELECT 2"

/* The workload's session looks at least twice while M-1 is applied; at most five seconds are waited for that. */
static void looks_meanwhile(const char *text)
{
    if (asks(text, GLIMPSE)) {
        atomic_fetch_add(n_looks, 1);
    } else if (asks(text, "INSERT INTO app.t VALUES (1)")) {
        int n = atomic_load(n_looks);
        for (int i = 0; n_forks > 0 && i < 1000 && atomic_load(n_looks) < n + 3; i++) {
            really_pause();
        }
    }
}

/* A Ctrl-C comes while M-1 is applied, or taken back. */
static void stops_at_first(const char *text)
{
    t.cluster.is_stopped |= asks(text, "INSERT INTO app.t VALUES (1)");
}

static void stops_at_rollback(const char *text)
{
    t.cluster.is_stopped |= asks(text, "SELECT 1");
}

/* A session of the workload is killed while it connects, or waits for ever for an answer to that. */
static void dies_connecting(const char *text)
{
    if (getpid() != tester && strcmp(text, "connect") == 0) {
        (void)raise(SIGKILL);
    }
}

static void never_connects(const char *text)
{
    while (getpid() != tester && strcmp(text, "connect") == 0) {
        really_pause();
    }
}

/* Its session never comes back. */
static void never_ends(const char *text)
{
    while (asks(text, GLIMPSE)) {
        really_pause();
    }
}

/* Behind the first build of the empty database: base[2]. */
static bool is_built(const char *text)
{
    const struct base *b = &t.cluster.base[2];
    return strcmp(text, "close") == 0 && b->is_there && b->keeper.is.n > 1;
}

static void loses_an_entry(const char *text)
{
    if (is_built(text) && t.cluster.base[2].keeper.is.n > 2) {
        t.cluster.base[2].keeper.is.n--;
    }
}

static void changes_by_hand(const char *text)
{
    if (is_built(text)) {
        t.cluster.by_hand = "by_hand";
        t.cluster.by_hand_at = 2;
    }
}

static void rollback_file(const char *id, const char *sql)
{
    char path[256];
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/rollback.sql", id);
    project_put(path, sql);
}

#define SEED "tests/seeds/a.sql"
#define NOTHING_BEFORE "~ @ledger_read_before -> rows\n"
#define RUNS "~ SELECT 1* -> SELECT 1\n~ DELETE FROM app.t* -> DELETE 1\n"
#define AS_USUAL NOTHING_BEFORE RUNS
/* Rows that are deleted in each transaction; a schema that is written in each. */
#define DELETES                                                                                    \
    "~ @postgis_observe_locks -> rows ledger | 0 | 0 |  |  | untouched | f | 0 | 0 |  |  |  |  | " \
    " | 0 | 0 | 0 | f | f | f ; id | 0 | 0 |  |  | 702 | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | "  \
    "f | "                                                                                         \
    "f | f ; relation | 16400 | 8 | r | app | t | f | 16400 | 16400 | r | app | t |  |  | 0 | 0 "  \
    "| 3 | "                                                                                       \
    "f | f | f\n"
#define MADE "~ @postgis_observe_rows_* -> rows 2615 | 1 | 2615 | 9001 | NULL | 0 | 0\n"
/* Two of them: the throwaway databases. */
#define GOOD "up=passed down=passed again=passed"

/* --- what is so before a case */

static void empty_down(void)
{
    rollback_file("M-2", "-- by hand\n");
}

static void idempotent(void)
{
    verbs_declare("M-2", "app", "idempotent: true\n");
}

static void no_down(void)
{
    project_put("migrations/postgis/M-2/migration.yml",
                "migration_id: M-2\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: "
                "[app]}\nlimits: {}\n"
                "requires_rollback: false\napprovals: {required_reviewers: [ada], change_class: c, "
                "reference: CAB-1}\n"
                "runner: {tool: native}\nartifacts: {forward: [forward.sql]}\n");
    project_put("migrations/postgis/M-2/notes.md", "Notes.\n");
}

static void control(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO app.t VALUES (1);\nROLLBACK;\n");
}

static void out_of_scope(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO other.t VALUES (1);\n");
}

static void shared(void)
{
    project_put(
        "migrations/postgis/M-1/migration.yml",
        "migration_id: M-1\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: [app], "
        "allowed_global: [role]}\nlimits: {}\n"
        "requires_rollback: true\napprovals: {required_reviewers: [ada], change_class: c}\n"
        "runner: {tool: native}\nartifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
}

static void seeded(void)
{
    project_put(SEED, "INSERT INTO app.nowhere VALUES (1);\n");
    project_put("tests/seeds/b.txt", "no SQL\n");
}

static void seeded_after(void)
{
    project_put(SEED, "-- what there is\n-- kfmig:after M-1\n\nINSERT INTO app.s VALUES (1);\n");
}

static void seeded_after_none(void)
{
    project_put(SEED, "-- kfmig:after M-9\nINSERT INTO app.s VALUES (1);");
}

static void seeded_badly(void)
{
    project_put(SEED, "SELECT 1;\nCREATE TABLE app.s (id int);\n");
}

static void seeded_unreadably(void)
{
    project_put(SEED, "INSERT INTO app.s VALUES ('1);\n");
}

#define WORKLOAD "tests/workload.yml"

static void loaded(void)
{
    project_put(WORKLOAD,
                "statements:\n  - {name: look, sql: SELECT 1, sessions: 2, pause_ms: 0}\n");
}

static void loaded_and_limited(void)
{
    project_put(WORKLOAD, "limit_ms: 3600000\nstatements: [{name: look, sql: SELECT 1}]\n");
}

static void loaded_with_too_many(void)
{
    project_put(WORKLOAD, "statements:\n  - {name: a, sql: SELECT 1, sessions: 9}\n  - {name: b, "
                          "sql: SELECT 1, sessions: 8}\n");
}

static void loaded_with_another(void)
{
    project_put(WORKLOAD, "statements: [{name: a, sql: SELECT 1, often: 3}]\n");
}

static void loaded_with_none(void)
{
    project_put(WORKLOAD, "statements: [\n");
}

static void cyclic(void)
{
    verbs_declare("M-1", "app", "depends_on: [M-2]\n");
    verbs_declare("M-2", "app", "depends_on: [M-1]\n");
}

static void other_content(void)
{
    project_put("migrations/postgis/M-2/forward.sql", "INSERT INTO app.t VALUES (3);\n");
}

static void other_first(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO app.t VALUES (3);\n");
}

static void provided(void)
{
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  own: {evidence: none, stores: {postgis: {server: embedded, provision: "
                "{extensions: [hstore]}}}}\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
}

static void loaded_slowly(void)
{
    project_put(WORKLOAD,
                "limit_ms: 400\nstatements: [{name: look, sql: " GLIMPSE ", pause_ms: 0}]\n");
}

static void loaded_with_one(void)
{
    project_put(WORKLOAD, "statements: [{name: look, sql: " GLIMPSE "}]\n");
}

static void unreadable_down(void)
{
    rollback_file("M-2", "SELECT '1;\n");
}

static void needless_down(void)
{
    empty_down();
    project_put(
        "migrations/postgis/M-2/migration.yml",
        "migration_id: M-2\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: "
        "[app]}\nlimits: {}\n"
        "requires_rollback: false\n"
        "approvals: {required_reviewers: [ada], change_class: c, reference: CAB-7}\n"
        "runner: {tool: native}\nartifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
    project_put("migrations/postgis/M-2/notes.md", "From the backup.\n");
}

static void seeded_emptily(void)
{
    project_put(SEED, "");
}

static void seeded_at_once(void)
{
    project_put(SEED, "SELECT 3;\n");
}

static void seeded_with_the_same(void)
{
    project_put(SEED, "SELECT nextval('app.s');\nSELECT nextval('app.s');\n");
}

static void seeded_somewhere(void)
{
    project_put(SEED, "INSERT INTO nowhere VALUES (1);\n");
}

static void seeded_twice(void)
{
    seeded_badly();
    project_put("tests/seeds/b.sql", "SELECT 3;\n");
}

static void seeded_with_none(void)
{
    project_put("tests/seeds/b.txt", "no SQL\n");
}

static void seeded_with_a_file(void)
{
    project_put("tests/seeds", "SELECT 3;\n");
}

static void seeded_with_a_folder(void)
{
    project_put("tests/seeds/a.sql/b.sql", "SELECT 3;\n");
}

static void seeded_with_code(void)
{
    project_put(SEED, "DO $$ BEGIN EXECUTE 'CREATE TABLE x ()'; END $$;\n");
}

static void seeded_with_many(void)
{
    char path[64];
    for (int i = 0; i < PROOF_NOTES_MOST + 2; i++) {
        (void)snprintf(path, sizeof path, "tests/seeds/%02d.sql", i);
        project_put(path, "INSERT INTO app.nowhere VALUES (1);\n");
    }
}

/* A schema that it makes, and takes back. */
static void makes_schemas(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "CREATE SCHEMA \"app\";\n");
    rollback_file("M-1", "DROP SCHEMA \"app\";\n");
}

static void makes_what_stays(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "CREATE SCHEMA \"app\";\n");
}

static void makes_and_seeds(void)
{
    makes_what_stays();
    seeded_somewhere();
}

static void idempotent_first(void)
{
    verbs_declare("M-1", "app", "idempotent: true\n");
}

static void idempotent_alone(void)
{
    project_put("migrations/postgis/M-1/migration.yml",
                "migration_id: M-1\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: "
                "[app]}\nlimits: {}\nidempotent: true\n"
                "requires_rollback: false\napprovals: {required_reviewers: [ada], change_class: c, "
                "reference: CAB-1}\n"
                "runner: {tool: native}\nartifacts: {forward: [forward.sql]}\n");
    project_put("migrations/postgis/M-1/notes.md", "Notes.\n");
}

static void makes_an_index(void)
{
    project_put("migrations/postgis/M-1/forward.sql",
                "INSERT INTO app.t VALUES (1);\nCREATE INDEX CONCURRENTLY i ON app.t (a);\n");
}

static void drops_an_index(void)
{
    rollback_file("M-1", "SELECT 1;\nDROP INDEX CONCURRENTLY app.i;\n");
}

static const char *const first[] = {"M-1"};
static const char *const second[] = {"M-2@apply"};

static void seeded_after_second(void)
{
    project_put(SEED, "-- kfmig:after M-2\nINSERT INTO app.s VALUES (1);\n");
}

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    const char *lines;
    struct prove_options o;
    int rc;
    enum err_code worst;
    const char *words; /* of what was found, the error, its hint, or what was heard, in this order */
    struct trouble trouble;
} cases[] = {
    {"both hold", NULL, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven] ... [M-2 exact ... second passed ; 2 proven, 0 known, 0 failed, 0 skipped, 0 left ... done: proven|done: proven|", {0}},
    {"one of them", NULL, AS_USUAL, {.targets = second, .n_targets = 1}, 0, ERR_NONE, "[M-1 not tried fresh=passed up=passed down=not tried ... [M-2 exact ... 1 proven, 0 known, 0 failed, 0 skipped, 1 left", {0}},
    {"a rollback fails", NULL, NOTHING_BEFORE "~ SELECT 1* -> error 42P01\n" RUNS, {0}, 0, ERR_ROLLBACK, "[M-1 fails fresh=passed up=passed down=failed again=not tried ... M-1 was not taken back, nothing was changed ... 2 failed", {0}},
    {"a rollback cannot be looked into", NULL, "~ @ledger_read_before -> error 42501\n" RUNS, {0}, 0, ERR_PREFLIGHT, "[M-1 fails ... down=failed ... 42501", {0}},
    {"a rollback is empty", empty_down, AS_USUAL, {0}, 0, ERR_ROLLBACK, "[M-2 empty fresh=passed up=passed down=failed ... M-2 has to be taken back, and its rollback file holds no statement", {0}},
    {"there is none", no_down, AS_USUAL, {0}, 0, ERR_NONE, "[M-2 none fresh=passed up=passed down=not tried again=not tried ... second passed ; 2 proven", {0}},
    {"it is run over itself", idempotent, AS_USUAL, {0}, 0, ERR_NONE, "[M-2 exact fresh=passed " GOOD " repeat=passed", {0}},
    {"a statement fails", NULL, "~ INSERT INTO app.t VALUES (1)* -> error 42P01\n" AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 not tried fresh=failed up=failed down=not tried ... statement 1 (INSERT) failed ... [M-2 not tried fresh=skipped up=skipped ... not tried: what it comes after failed ... 1 failed, 1 skipped", {0}},
    {"it takes too long", NULL, AS_USUAL, {.limit_ms = -1}, 0, ERR_APPLY, "[M-1 not tried fresh=failed up=failed ... M-1 took ... ms; the limit is -1 ms", {0}},
    {"a script that cannot be run", control, AS_USUAL, {0}, 0, ERR_CONFIG, "[M-1 not tried fresh=failed ... ROLLBACK", {0}},
    {"one that leaves its scope", out_of_scope, AS_USUAL, {0}, 0, ERR_PREFLIGHT, "[M-1 not tried fresh=failed ... M-1 is blocked: write of table other.t: not in scope.allowed_schemas", {0}},
    {"one that changes what is shared", shared, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 not tried fresh=skipped up=skipped ... not tried: M-1 may change what the live database shares with its server (role) ... [M-2 exact fresh=passed " GOOD " ... 1 proven, 0 known, 0 failed, 1 skipped", {0}},
    {"a seed that is never loaded", seeded, AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/a.sql: it was never loaded: a table that it names was never there", {0}},
    {"one behind a migration", seeded_after, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven seeded] ... [M-2 exact", {0}},
    {"one that fails", seeded_after, "~ INSERT INTO app.s* -> error 23505\n" AS_USUAL, {0}, 0, ERR_APPLY, "2 proven ... tests/seeds/a.sql: statement 1 (INSERT) failed", {0}},
    {"one behind none", seeded_after_none, AS_USUAL, {0}, 0, ERR_CONFIG, "tests/seeds/a.sql: it was never loaded: the migration that it names was not proven", {0}},
    {"one that makes a table", seeded_badly, AS_USUAL, {0}, -1, ERR_NONE, "a seed changes rows and nothing else; this is a create of an object", {0}},
    {"one that cannot be read", seeded_unreadably, AS_USUAL, {0}, -1, ERR_NONE, "unterminated", {0}},
    {"a workload beside it", loaded, AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... 1 statements", {0}},
    {"one with a limit", loaded_and_limited, AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... 1 statements", {0}},
    {"a workload of too many sessions", loaded_with_too_many, AS_USUAL, {0}, -1, ERR_NONE, "17 sessions; there can be 16", {0}},
    {"one with an unknown key", loaded_with_another, AS_USUAL, {0}, -1, ERR_NONE, "unknown key \"often\"", {0}},
    {"one that is no YAML", loaded_with_none, AS_USUAL, {0}, -1, ERR_NONE, "a value is missing here", {0}},
    {"two processes", NULL, AS_USUAL, {.jobs = 2}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried ... [M-2 exact ... second passed ; 2 proven ... done: proven|done: proven|", {0}},
    {"one of two cannot go on", NULL, "~ @ledger_record_head -> cut\n" AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "was lost", {0}},
    {"a circle", cyclic, AS_USUAL, {0}, -1, ERR_NONE, "M-1", {0}},
    {"leftovers are swept", NULL, "~ @site_drill_leftovers -> rows kfmig_drill_00000001\n~ DROP DATABASE \"kfmig_drill_00000001\" -> DROP DATABASE\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... note: dropped 1 database that killed runs left|", {0}},
    {"nobody may make a database", NULL, "~ CREATE DATABASE* -> error 42501\n" AS_USUAL, {0}, -1, ERR_NONE, "may not create the database", {0}},
    {"the server cannot be reached", NULL, "connect -> words Connection refused\n" AS_USUAL, {0}, -1, ERR_NONE, "onnection refused", {0}},
    {"an extension is provided", provided, "~ CREATE EXTENSION* -> CREATE EXTENSION\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven", {0}},
    {"an extension is not there", provided, "~ CREATE EXTENSION* -> error 58P01\n" AS_USUAL, {0}, -1, ERR_NONE, "the throwaway database lacks the extension \"hstore\"; have an administrator make a template", {0}},
    {"the first alone", NULL, AS_USUAL, {.targets = first, .n_targets = 1}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " ... [M-2 not tried fresh=not tried up=not tried ... second passed ; 1 proven, 0 known, 0 failed, 0 skipped, 1 left", {0}},
    {"the first alone, and a seed behind the second", seeded_after_second, AS_USUAL, {.targets = first, .n_targets = 1}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " ... second passed ; 1 proven, 0 known, 0 failed, 0 skipped, 1 left; 0 statements\ndone: ", {0}},
    {"a rollback cannot be read", unreadable_down, AS_USUAL, {0}, 0, ERR_CONFIG, "[M-1 exact ... [M-2 fails fresh=passed up=passed down=failed again=not tried ... the rollback of M-2 cannot be run ... 1 proven, 0 known, 1 failed", {0}},
    {"an empty one that need not be", needless_down, AS_USUAL, {0}, 0, ERR_NONE, "[M-2 empty fresh=passed up=passed down=not tried again=not tried ... 2 proven, 0 known, 0 failed", {0}},
    {"rows are deleted", NULL, DELETES AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried deletes 3 of table app.t because ... [M-2 exact ... deletes 3 of table app.t ... 2 proven", {0}},
    {"a schema is made and stays", makes_what_stays, MADE AS_USUAL, {0}, 0, ERR_VALIDATE, "[M-1 exact fresh=passed up=passed down=passed again=failed ... M-1 leaves other objects the second time[M-2 exact ... 1 proven, 0 known, 1 failed", {.makes = true}},
    {"a schema is taken back that it never made", makes_schemas, MADE AS_USUAL, {0}, 0, ERR_ROLLBACK, "[M-1 differs fresh=passed up=passed down=failed again=not tried ... gate \"restored\" failed ... schema app is not as it was before ledger entry 3", {.makes = true}},
    {"run over itself it makes a schema", idempotent_alone, MADE AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 none fresh=passed up=passed down=not tried again=not tried repeat=failed ... M-1 is declared idempotent, and run over itself it changes schema app", {.makes = true, .makes_at = "INSERT INTO app.t VALUES (1)", .makes_nth = 3}},
    {"run over itself it fails", idempotent_first, "3x INSERT INTO app.t VALUES (1)* -> INSERT 0 1\nINSERT INTO app.t VALUES (1)* -> error 23505\n" AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 exact fresh=passed " GOOD " repeat=failed ... statement 1 (INSERT) failed", {0}},
    {"a seed that makes a schema", seeded_at_once, "~ SELECT 3 -> SELECT 1\n" MADE AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/a.sql: a seed changes rows and nothing else; it changed schema app", {.makes = true, .makes_at = "SELECT 3", .makes_nth = 1}},
    {"a seed that names no schema where there is one", makes_and_seeds, MADE AS_USUAL, {.targets = second, .n_targets = 1}, 0, ERR_CONFIG, "[M-2 exact fresh=passed " GOOD " ... tests/seeds/a.sql: it was never loaded: a table that it names was never there", {.makes = true}},
    {"a seed says the same twice", seeded_with_the_same, "~ SELECT nextval* -> SELECT 1\n" AS_USUAL, {0}, 0, ERR_NONE, "never proven seeded] [M-2 exact ... second passed ; 2 proven", {0}},
    {"an index is made concurrently", makes_an_index, "~ @ledger_journal_clock -> error 42501\n" AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 not tried fresh=failed up=failed ... M-1: nothing was changed; segment 1", {0}},
    {"a rollback drops one concurrently", drops_an_index, "~ @ledger_journal_clock -> error 42501\n" AS_USUAL, {0}, 0, ERR_ROLLBACK, "[M-1 fails fresh=passed up=passed down=failed again=not tried ... M-1 was not taken back: nothing was changed; segment 1", {0}},
    {"a Ctrl-C in a statement", NULL, "~ INSERT INTO app.t VALUES (1)* -> silence\n" AS_USUAL, {0}, -1, ERR_NONE, "interrupted while M-1 was tried ... 0 proven, 0 known, 0 failed", {.meanwhile = stops_at_first}},
    {"a Ctrl-C in a rollback", NULL, NOTHING_BEFORE "~ SELECT 1* -> silence\n" AS_USUAL, {0}, -1, ERR_NONE, "interrupted while M-1 was tried ... [M-1 not tried fresh=passed up=passed down=not tried again=not tried ... [M-2 not tried fresh=passed up=not tried", {.meanwhile = stops_at_rollback}},
    {"a statement waits", NULL, "~ INSERT INTO app.t VALUES (1)* -> wait=3000 INSERT 0 1\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven, 0 known, 0 failed", {0}},
    {"it cannot be applied again", NULL, "2x INSERT INTO app.t VALUES (1)* -> INSERT 0 1\nINSERT INTO app.t VALUES (1)* -> error 42P01\n" AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 exact fresh=passed up=passed down=passed again=failed repeat=not tried ... statement 1 (INSERT) failed ... [M-2 not tried fresh=passed up=skipped ... not tried: what it comes after failed ... 1 failed, 1 skipped", {0}},
    {"a template", NULL, AS_USUAL, {.template = "kfm"}, 0, ERR_NONE, "2 proven", {0}},
    {"an empty seed", seeded_emptily, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven seeded] [M-2 exact fresh=passed " GOOD " repeat=not tried because never proven] second passed ; 2 proven", {0}},
    {"a seed that names no table", seeded_at_once, "~ SELECT 3 -> SELECT 1\n" AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven seeded] [M-2 exact fresh=passed " GOOD " repeat=not tried because never proven] second passed ; 2 proven", {0}},
    {"a seed that names no schema", seeded_somewhere, AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/a.sql: it was never loaded: a table that it names was never there", {0}},
    {"a bad seed before a good one", seeded_twice, AS_USUAL, {0}, -1, ERR_NONE, "a seed changes rows and nothing else; this is a create of an object", {0}},
    {"no seed among the files", seeded_with_none, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven] ... 2 proven", {0}},
    {"a file where seeds are", seeded_with_a_file, AS_USUAL, {0}, -1, ERR_NONE, "cannot open \"tests/seeds\": Not a directory", {0}},
    {"a folder that is called like a seed", seeded_with_a_folder, AS_USUAL, {0}, -1, ERR_NONE, "\"tests/seeds/a.sql\" is a directory, not a regular file", {0}},
    {"a seed of code", seeded_with_code, "~ DO * -> DO\n" AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/a.sql: it was never loaded: a table that it names was never there", {0}},
    {"more seeds than can be told", seeded_with_many, AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/00.sql: it was never loaded ... tests/seeds/15.sql: it was never loaded: a table that it names was never there\ndone: proven|", {0}},
    {"a workload that is slow", loaded_slowly, "~ " GLIMPSE " -> wait=500 SELECT 1\n" AS_USUAL, {0}, 0, ERR_VALIDATE, "[M-1 exact fresh=passed up=failed down=passed again=passed repeat=not tried because never proven looked] \"look\" took ... ms while M-1 was applied; the limit is 400 ms", {.meanwhile = looks_meanwhile}},
    {"a workload that fails", loaded_slowly, "~ " GLIMPSE " -> error 42P01\n" AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven refused] ... 2 proven ... 1 statements", {.meanwhile = looks_meanwhile}},
    {"a workload whose sessions are lost", loaded_slowly, "~ " GLIMPSE " -> cut\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... 1 statements", {0}},
    {"a workload that never ends", loaded_with_one, "~ " GLIMPSE " -> SELECT 1\n" AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven] [M-2 exact ... never proven] second passed ; 2 proven ... 1 statements", {.meanwhile = never_ends}},
    {"a workload beside the second", loaded, AS_USUAL, {.targets = second, .n_targets = 1}, 0, ERR_NONE, "[M-1 not tried fresh=passed up=passed down=not tried ... [M-2 exact fresh=passed " GOOD " ... 1 proven, 0 known, 0 failed, 0 skipped, 1 left; 1 statements", {0}},
    {"a workload that cannot connect", loaded, AS_USUAL, {0}, -1, ERR_NONE, "a session of the workload cannot connect: too many connections at db.example:5432; wait until other sessions have ended ... 0 proven, 0 known, 0 failed, 0 skipped, 2 left", {.keeps_out = true}},
    {"a workload that is killed while it connects", loaded, AS_USUAL, {0}, -1, ERR_NONE, "a session of the workload cannot connect: its process was killed ... 0 proven", {.meanwhile = dies_connecting}},
    {"a Ctrl-C while a workload connects", loaded, AS_USUAL, {0}, -1, ERR_NONE, "interrupted while the workload connected ... 0 proven", {.meanwhile = never_connects, .stops_waiting = true}},
    {"no process for a workload", loaded, AS_USUAL, {0}, -1, ERR_NONE, "cannot begin a process of the workload: Resource temporarily unavailable ... 0 proven", {.no_process = 1}},
    {"no memory for a workload", loaded, AS_USUAL, {0}, -1, ERR_NONE, "there is no memory for the workload ... 0 proven", {.no_memory = 3}},
    {"no memory for what it sees", loaded, AS_USUAL, {0}, -1, ERR_NONE, "there is no memory for the workload ... 0 proven", {.no_memory = 4}},
    {"no memory for proofs", NULL, AS_USUAL, {0}, -1, ERR_NONE, "there is no memory for 3 proofs", {.no_memory = 1}},
    {"no memory for the whole", NULL, AS_USUAL, {0}, -1, ERR_NONE, "there is no memory for 3 proofs", {.no_memory = 2}},
    {"no memory for processes", NULL, AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "there is no memory for processes ... 0 proven, 0 known, 0 failed, 0 skipped, 2 left", {.no_memory = 3}},
    {"no first process", NULL, AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "cannot begin a process: Resource temporarily unavailable ... 0 proven, 0 known, 0 failed, 0 skipped, 2 left", {.no_process = 1}},
    {"no second process", NULL, AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "cannot begin a process: Resource temporarily unavailable ... 0 proven", {.no_process = 2}},
    {"three processes and a seed that fails", seeded_after, "~ INSERT INTO app.s* -> error 23505\n" AS_USUAL, {.jobs = 3}, 0, ERR_APPLY, "2 proven, 0 known, 0 failed, 0 skipped, 0 left; 0 statements; tests/seeds/a.sql: statement 1 (INSERT) failed, everything was rolled back: unique_violation (23505)\ndone: proven|done: proven|", {0}},
    {"a process is killed", NULL, AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "a process that proved migrations ended by itself (status 9)", {.meanwhile = dies_of_itself}},
    {"a Ctrl-C while processes prove", NULL, AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "interrupted; the throwaway databases are dropped", {.stops_waiting = true}},
    {"the second build has something to do", NULL, AS_USUAL, {0}, 0, ERR_VALIDATE, "second failed a second build on the same database finds something to do: M-2 never built in this environment; 2 proven", {.meanwhile = loses_an_entry}},
    {"the second build finds a change", NULL, AS_USUAL, {0}, 0, ERR_VALIDATE, "second failed a second build on the same database finds something to do: schema by_hand is not as the ledger says; 2 proven", {.meanwhile = changes_by_hand}},
    {"an extension cannot be asked for", provided, "~ CREATE EXTENSION* -> cut\n" AS_USUAL, {0}, -1, ERR_NONE, "the connection to db.example:5432 was lost ... 0 proven", {0}},
};
/* What is remembered of a first run that proved both, and what voids it. */
static const struct {
    const char *name;
    void (*before)(void);
    struct prove_options o;
    const char *words;
    bool is_spoilt; /* the first one's row of the cache */
} known[] = {
    {"nothing is tried again", NULL, {0}, "[M-1 exact known fresh=passed " GOOD " repeat=not tried ... [M-2 exact known ... second not tried ; 0 proven, 2 known", false},
    {"unless it is asked for", NULL, {.all = true}, "second passed ; 2 proven, 0 known", false},
    {"another content", other_content, {0}, "[M-1 exact known ... [M-2 exact fresh=passed " GOOD " repeat=not tried ... because its content is another] second passed ; 1 proven, 1 known", false},
    {"another content of the one before", other_first, {0}, "because its content is another] [M-2 ... because a migration before it is another] second passed ; 2 proven", false},
    {"a declaration that says more", idempotent, {0}, "[M-1 exact known ... [M-2 ... repeat=passed ... because its declaration is another]", false},
    {"a seed", seeded_after, {0}, "because server, seeds, workload, limit or policy are others ... seeded]", false},
    {"another limit", NULL, {.limit_ms = 5000}, "[M-1 exact fresh=passed ... because server, seeds, workload, limit or policy are others ... 2 proven", false},
    {"what cannot be read", NULL, {0}, "[M-1 exact fresh=passed " GOOD " ... because never proven] [M-2 exact known ... 1 proven, 1 known", true},
    {"rows that a rollback deletes", NULL, {0}, "[M-1 exact known fresh=passed " GOOD " repeat=not tried deletes 3 of table app.t] [M-2 exact known", false},
};
/* clang-format on */

enum { N = sizeof cases / sizeof *cases, N_KNOWN = sizeof known / sizeof *known };

static void begin(const struct prove_options *o)
{
    options = *o;
    options.server_ref = "T_DEV";
    options.jobs = o->jobs > 0 ? o->jobs : 1;
    options.limit_ms = o->limit_ms != 0 ? o->limit_ms : 30000;
    found = (struct proofs){.v = NULL};
    own[0] = '\0';
    cluster_copy(&t.cluster, &empty);
}

static bool judge(int rc, enum err_code worst, const char *words)
{
    const char *all = run_of_text(&t, own);
    bool good = t.rc == rc && found.worst == worst && has_in_order(all, words) &&
                t.n_holders == 0 && cluster_drills(&t.cluster) == 0;
    if (!good) {
        printf("# rc %d, worst %d, drills %d, holders %d: %s\n", t.rc, (int)found.worst,
               cluster_drills(&t.cluster), t.n_holders, all);
    }
    return good;
}

static void play(size_t i)
{
    verbs_project();
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    begin(&cases[i].o);
    trouble = cases[i].trouble;
    project_load(&t.l, true);
    run_of_play(&t, proves, cases[i].lines, 0, NULL, 0, NULL);
    bool good = judge(cases[i].rc, cases[i].worst, cases[i].words);
    project_unload(&t.l);
    trouble = (struct trouble){0};
    ok(pq_played() && good, cases[i].name);
}

static void remember(size_t i)
{
    verbs_project();
    begin(&(struct prove_options){0});
    project_load(&t.l, true);
    run_of_play(&t, proves, DELETES AS_USUAL, 0, NULL, 0, NULL);
    bool good = judge(0, ERR_NONE, "2 proven");
    project_unload(&t.l);
    if (known[i].before != NULL) {
        known[i].before();
    }
    begin(&known[i].o);
    project_load(&t.l, true);
    if (known[i].is_spoilt) {
        cache_put(t.l.cache, "proof", bytes_str("dev/M-1"), bytes_str("{"));
    }
    run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" DELETES AS_USUAL, 0, NULL, 0,
                NULL);
    good = judge(0, ERR_NONE, known[i].words) && good;
    project_unload(&t.l);
    ok(good, known[i].name);
}

/* Where only the second is to be proven, one process does, and no other makes a database to prove nothing. */
static void divide(void)
{
    verbs_project();
    begin(&(struct prove_options){.targets = second, .n_targets = 1, .jobs = 4});
    project_load(&t.l, true);
    run_of_play(&t, proves, AS_USUAL, 0, NULL, 0, NULL);
    bool good = judge(
        0, ERR_NONE,
        "[M-1 not tried fresh=passed up=passed down=not tried ... [M-2 exact fresh=passed " GOOD
        " ... 1 proven");
    project_unload(&t.l);
    ok(good && n_forks == 2 && found.jobs == 2, "no process without anything to prove");
}

/* What was proven in a run that found a fault of the whole is not remembered, so that the next one tells it, too. */
static void forget(void)
{
    static const struct {
        const char *name;
        void (*before)(void);
        void (*meanwhile)(const char *text);
        enum err_code worst;
        const char *words;
    } rows[] = {
        {"what was proven without a seed", seeded, NULL, ERR_CONFIG,
         "2 proven, 0 known ... tests/seeds/a.sql: it was never loaded"},
        {"what a second build would run again", NULL, loses_an_entry, ERR_VALIDATE,
         "second failed ... 2 proven, 0 known"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool good = true;
        verbs_project();
        if (rows[i].before != NULL) {
            rows[i].before();
        }
        for (int n = 0; n < 2; n++) {
            begin(&(struct prove_options){0});
            trouble.meanwhile = rows[i].meanwhile;
            project_load(&t.l, true);
            run_of_play(&t, proves, AS_USUAL, 0, NULL, 0, NULL);
            good = judge(0, rows[i].worst, rows[i].words) && good;
            project_unload(&t.l);
        }
        trouble = (struct trouble){0};
        ok(good, rows[i].name);
    }
}

/* Each question that goes wrong: what is said to hold does, and what could not be dropped is told. */
static void sweep(const char *how, bool stops, bool dies)
{
    char name[128];
    int n_lies = 0;
    int n_failed = 0;
    verbs_project();
    seeded_after();
    project_load(&t.l, false);
    begin(&(struct prove_options){.all = true});
    run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, 0, NULL, 0, NULL);
    int asked = t.cluster.n_heard;
    t.cluster.dies = dies;
    for (int n = 1; n <= asked; n += 3) {
        begin(&(struct prove_options){.all = true});
        t.cluster.stop_at = stops ? n : 0;
        run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, stops ? 0 : n, how,
                    0, NULL);
        bool holds = t.rc == 0 && found.worst == ERR_NONE;
        bool is_told = t.rc != 0 || found.worst != ERR_NONE;
        bool is_lie = (holds && found.n_proven != 2) || t.n_holders != 0 ||
                      (stops && is_told && t.e.code != ERR_INTERRUPTED) ||
                      (cluster_drills(&t.cluster) > 0 && (!is_told || stops));
        n_failed += is_told;
        if (is_lie && n_lies++ < 5) {
            printf("# question %d: rc %d, drills %d: %s\n", n, t.rc, cluster_drills(&t.cluster),
                   run_of_text(&t, own));
        }
    }
    t.cluster.dies = false;
    t.cluster.stop_at = 0;
    printf("# %d questions, %d told\n", asked, n_failed);
    (void)snprintf(name, sizeof name, "%.60s%s", how, dies ? ", and nobody listens" : "");
    ok(n_lies == 0 && n_failed > 20, name);
    project_unload(&t.l);
}

/* What was left after one way is held against what was left after another. */
static void compare(void)
{
    static const struct {
        const char *name;
        enum proof_end part, with;
        const char *left;
        enum proof_end end;
        const char *words;
    } rows[] = {
        {"the same objects", PROOF_GOOD, PROOF_GOOD, "a", PROOF_GOOD, "; "},
        {"other objects", PROOF_GOOD, PROOF_GOOD, "b", PROOF_BAD,
         "M-7 leaves other objects the second time; it depends on something besides"},
        {"nothing to compare", PROOF_OPEN, PROOF_GOOD, "b", PROOF_OPEN, "; "},
        {"nothing to compare with", PROOF_GOOD, PROOF_OPEN, "b", PROOF_GOOD, "; "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char words[2048];
        struct proof_found f = {.n_rows = 0};
        struct proof p = {.id = "M-7", .found = &f};
        f.part[PROOF_AGAIN].end = rows[i].part;
        f.part[PROOF_AGAIN].effect = digest_of(bytes_str(rows[i].left));
        f.part[PROOF_UP].end = rows[i].with;
        f.part[PROOF_UP].effect = digest_of(bytes_str("a"));
        proof_compare(&p, PROOF_AGAIN, PROOF_UP, "the second time");
        (void)snprintf(words, sizeof words, "%s; %s", f.fault[1].msg, f.fault[1].hint);
        ok(f.part[PROOF_AGAIN].end == rows[i].end && f.part[PROOF_UP].end == rows[i].with &&
               strncmp(words, rows[i].words, strlen(rows[i].words)) == 0 &&
               (rows[i].end == PROOF_BAD) == (f.fault[1].code == ERR_VALIDATE),
           rows[i].name);
    }
}

int main(void)
{
    tap_plan(N + N_KNOWN + 12);
    tester = getpid();
    n_looks =
        mmap(NULL, sizeof *n_looks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_KNOWN; i++) {
        remember(i);
    }
    divide();
    forget();
    sweep("cut", false, false);
    sweep("cut", false, true);
    sweep("a Ctrl-C", true, false);
    sweep("error 42501", false, false);
    sweep("error 40001", false, false);
    compare();
    cluster_release(&t.cluster);
    cluster_release(&empty);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
