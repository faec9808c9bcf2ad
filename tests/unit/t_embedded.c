/* layer: pg */
/* run: needs=postgres */
/* The embedded server: start, lease, watcher, crash, provisioning, two starters at once, what it inherits and writes down. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/server.h"
#include "pg_server.h"
#include "tap.h"

enum { PLANNED = 69, IDLE_MS = 200, PATIENCE_MS = 30000, OPENS = 100, STARTERS = 2 };

static struct err e;
static int notes;

static void on_tell(void *ctx, const struct tell *t)
{
    (void)ctx;
    notes += t->kind == TELL_NOTE;
}

static struct embedded_options options_for(const char *dir)
{
    return (struct embedded_options){.dir = dir, .idle_ms = IDLE_MS, .self = "/proc/self/exe"};
}

static struct embedded *open_with(const struct embedded_options *o, struct secret *where)
{
    struct embedded *m = NULL;
    const struct ear ear = {.hear = on_tell};
    e = (struct err){0};
    notes = 0;
    if (embedded_open(&m, o, where, &ear, &e) != 0) {
        server_explain(&e);
        return NULL;
    }
    return m;
}

/* The answer to a query of one value, "(failed)" without one; a static copy. */
static const char *ask(struct pg *s, const char *text, const char *param)
{
    static char answer[256];
    const struct pg_sql q = {"t", text};
    struct pg_rows *r = NULL;
    const char *params[] = {param};
    (void)snprintf(answer, sizeof answer, "(failed)");
    if (s == NULL || pg_statement(s, bytes_str("DEALLOCATE ALL"), NULL, NULL, NULL, &e) != 0 ||
        pg_query(s, &q, params, param == NULL ? 0 : 1, &r, &e) != 0) {
        return answer;
    }
    (void)snprintf(answer, sizeof answer, "%s", pg_rows_n(r) > 0 ? pg_text(r, 0, 0) : "(no row)");
    pg_rows_free(r);
    return answer;
}

static const char *ask_once(const struct secret *where, const char *text, const char *param)
{
    struct pg *s = server_connect(where, &e);
    const char *answer = ask(s, text, param);
    pg_close(s);
    return answer;
}

static bool run_once(const struct secret *where, const char *sql)
{
    struct pg *s = server_connect(where, &e);
    int rc = s == NULL ? -1 : pg_statement(s, bytes_str(sql), NULL, NULL, NULL, &e);
    pg_close(s);
    return rc == 0;
}

static bool wait_gone(const char *dir)
{
    int64_t deadline = clock_ms() + PATIENCE_MS;
    while (embedded_running(dir, NULL)) {
        if (clock_ms() > deadline) {
            return false;
        }
        clock_sleep_ms(5);
    }
    return true;
}

static ino_t inode_of(const char *dir, const char *name)
{
    char path[256];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &st) == 0 ? st.st_ino : 0;
}

/* Does a file contain these bytes? */
static bool holds(const char *path, const char *word)
{
    static char text[256 * 1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    return n > 0 && memmem(text, (size_t)n, word, strlen(word)) != NULL;
}

static bool has_descriptor(int pid, const char *want)
{
    char path[64];
    bool found = false;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    for (struct dirent *f = d == NULL ? NULL : readdir(d); f != NULL; f = readdir(d)) {
        char target[256] = "";
        ssize_t n = readlinkat(dirfd(d), f->d_name, target, sizeof target - 1);
        found = found || (n > 0 && strcmp(target, want) == 0);
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return d == NULL || found;
}

/* A half-made cluster of a starter that was killed. */
static void leave_leftover(const char *dir)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/initdb.dead", dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/initdb.dead/file", dir);
    (void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void test_inheritance(const char *dir, int pid, const char *ours)
{
    char path[256];
    ok(!has_descriptor(pid, ours), "it has none of our descriptors");
    (void)snprintf(path, sizeof path, "%s/lease", dir);
    ok(!has_descriptor(pid, path), "not even the lease");
    (void)snprintf(path, sizeof path, "/proc/%d/environ", pid);
    ok(holds(path, "TZ=UTC") && !holds(path, "canary"), "and nothing of our environment");
}

static struct embedded *test_start(const char *dir, struct secret *where)
{
    char ours[64] = "/tmp/kfmig-unit-fd-XXXXXX";
    int fd = mkstemp(ours); /* without O_CLOEXEC */
    int pid = 0;
    struct embedded_options o = options_for(dir);
    leave_leftover(dir);
    (void)setenv("PGPASSWORD", "canary", 1);
    is_int(embedded_stop(dir, &e), 1, "no server runs yet");
    ok(!embedded_running(dir, &pid) && pid == 0, "none is seen");
    struct embedded *m = open_with(&o, where);
    (void)unsetenv("PGPASSWORD");
    ok(m != NULL, "a server is made and started");
    ok(notes > 0, "with a word about it");
    ok(embedded_running(dir, &pid) && pid > 0, "it runs");
    test_inheritance(dir, pid, ours);
    is_int(inode_of(dir, "initdb.dead"), 0, "what a killed initdb left is gone");
    is_str(ask_once(where, "SELECT current_user || '@' || current_database()", NULL), "kfmig@kfmig",
           "an owner");
    is_str(ask_once(where,
                    "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = "
                    "current_user",
                    NULL),
           "f", "who is no superuser");
    is_str(ask_once(where,
                    "SELECT pg_get_userbyid(datdba) || ' ' || pg_encoding_to_char(encoding) FROM "
                    "pg_database"
                    " WHERE datname = current_database()",
                    NULL),
           "kfmig UTF8", "owns the database");
    (void)close(fd);
    (void)unlink(ours);
    return m;
}

static void test_settings(const char *dir, const struct secret *where)
{
    static const char *const settings[][2] = {
        {"listen_addresses", ""},      {"fsync", "on"},
        {"synchronous_commit", "on"},  {"wal_level", "minimal"},
        {"log_min_messages", "fatal"}, {"unix_socket_permissions", "0700"}};
    char path[256];
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        is_str(ask_once(where, "SELECT current_setting($1)", settings[i][0]), settings[i][1],
               settings[i][0]);
    }
    ok(!run_once(where, "SELECT 'canary'::int"), "a statement that fails");
    ok(!run_once(where, "DO $$ BEGIN RAISE WARNING 'canary'; RAISE EXCEPTION 'canary'; END $$"),
       "and one that warns");
    (void)snprintf(path, sizeof path, "%s/log", dir);
    ok(access(path, R_OK) == 0 && !holds(path, "canary"), "leave nothing in the log");
}

static void test_again(const char *dir, struct secret *where)
{
    struct embedded_options o = options_for(dir);
    ino_t stamp = inode_of(dir, "stamp");
    int pid = 0;
    int now = 0;
    int failed = 0;
    (void)embedded_running(dir, &pid);
    int64_t begin = clock_ms();
    for (int i = 0; i < OPENS; i++) {
        struct embedded *m = open_with(&o, where);
        failed += m == NULL || notes != 0;
        embedded_close(m);
    }
    int64_t ms = clock_ms() - begin;
    printf("# %d opens of a running server: %lld ms\n", OPENS, (long long)ms);
    is_int(failed, 0, "a running server is opened without a word");
    ok(ms < OPENS * 10, "and at once");
    ok(embedded_running(dir, &now) && now == pid, "it is the same server");
    ok(stamp != 0 && inode_of(dir, "stamp") == stamp, "nothing was written");
}

static void test_provision(const char *dir, struct secret *where)
{
    static const char *const extensions[] = {"hstore", "uuid-ossp"};
    static const char *const roles[] = {"kfm_reader", "kfm-writer"};
    static const char *const missing[] = {"no_such_extension"};
    static const char *const odd[] = {"x; DROP"};
    struct embedded_options o = options_for(dir);
    o.extensions = extensions;
    o.n_extensions = 2;
    o.roles = roles;
    o.n_roles = 2;
    ino_t stamp = inode_of(dir, "stamp");
    struct embedded *m = open_with(&o, where);
    ok(m != NULL && inode_of(dir, "stamp") != stamp, "extensions and roles are provided");
    embedded_close(m);
    is_str(ask_once(where,
                    "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE "
                    "extname <> 'plpgsql'",
                    NULL),
           "hstore uuid-ossp", "the extensions are there");
    is_str(ask_once(where,
                    "SELECT count(*) FROM pg_roles WHERE rolname IN ('kfm_reader', 'kfm-writer') "
                    "AND NOT rolcanlogin",
                    NULL),
           "2", "the roles are there, without login");
    stamp = inode_of(dir, "stamp");
    m = open_with(&o, where);
    ok(m != NULL && inode_of(dir, "stamp") == stamp && notes == 0,
       "the same list again is no work");
    embedded_close(m);
    o.n_extensions = 1;
    o.n_roles = 0;
    m = open_with(&o, where);
    ok(m != NULL && inode_of(dir, "stamp") == stamp && notes == 0, "nor is a part of it");
    embedded_close(m);
    o.extensions = missing;
    ok(open_with(&o, where) == NULL && e.code == ERR_PREFLIGHT,
       "an extension that is not installed");
    ok(strstr(e.msg, "\"no_such_extension\"") != NULL && strstr(e.hint, "postgresql-") != NULL,
       "is named, with a package");
    o.extensions = odd;
    ok(open_with(&o, where) == NULL && e.code == ERR_CONFIG, "a name that is none");
    is_str(ask_once(where, "SELECT 1", NULL), "1", "the server does not mind");
}

static void test_stop(const char *dir, struct secret *where)
{
    struct embedded_options o = options_for(dir);
    ok(run_once(where, "CREATE TABLE kept AS SELECT 7 AS i"), "a table");
    is_int(embedded_stop(dir, &e), 0, "the server is stopped");
    ok(!embedded_running(dir, NULL), "it is gone");
    is_int(embedded_stop(dir, &e), 1, "and cannot be stopped twice");
    struct embedded *m = open_with(&o, where);
    ok(m != NULL && notes > 0, "it is started again");
    is_str(ask_once(where, "SELECT i FROM kept", NULL), "7", "with what was in it");
    embedded_close(m);
}

static void test_crash(const char *dir, struct secret *where)
{
    struct embedded_options o = options_for(dir);
    int before = 0;
    int after = 0;
    ok(run_once(where, "INSERT INTO kept VALUES (8)"), "a row");
    ok(embedded_running(dir, &before) && kill(before, SIGKILL) == 0, "the server is killed");
    ok(wait_gone(dir), "that is seen");
    struct embedded *m = open_with(&o, where);
    ok(m != NULL, "it is started again");
    ok(embedded_running(dir, &after) && after != before, "as another process");
    is_str(ask_once(where, "SELECT sum(i) FROM kept", NULL), "15", "nothing is lost");
    embedded_close(m);
}

static void test_idle(const char *dir, struct secret *where, struct embedded *m)
{
    struct embedded_options o = options_for(dir);
    clock_sleep_ms(
        3 *
        IDLE_MS); /* not to wait for something: a server that is leased must outlive its idle time */
    ok(embedded_running(dir, NULL), "a server with a lease stays");
    embedded_close(m);
    ok(wait_gone(dir), "without one it ends by itself");
    m = open_with(&o, where);
    ok(m != NULL, "it is started again");
    embedded_close(m);
    embedded_close(NULL);
    ok(wait_gone(dir), "and ends by itself again");
}

/* Opens, says which server it got, and ends without a farewell when told to. */
static void start_one(const char *dir, int say, int told)
{
    char c = 0;
    int pid = 0;
    struct secret where = {NULL};
    struct embedded_options o = options_for(dir);
    struct embedded *m = open_with(&o, &where);
    bool good = m != NULL && strcmp(ask_once(&where, "SELECT 1", NULL), "1") == 0;
    (void)embedded_running(dir, &pid);
    pid = good ? pid : -1;
    (void)!write(say, &pid, sizeof pid);
    (void)!read(told, &c, 1);
    _exit(0);
}

static void test_together(const char *dir)
{
    int say[2];
    int told[2];
    int pids[STARTERS] = {0};
    pid_t children[STARTERS];
    (void)!pipe(say);
    (void)!pipe(told);
    (void)fflush(stdout);
    for (int i = 0; i < STARTERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            (void)close(told[1]);
            start_one(dir, say[1], told[0]);
        }
    }
    (void)close(say[1]);
    for (int i = 0; i < STARTERS; i++) {
        (void)!read(say[0], &pids[i], sizeof pids[i]);
    }
    ok(pids[0] > 0, "one of two starters has a server");
    is_int(pids[1], pids[0], "the other has the same one");
    (void)close(told[1]);
    for (int i = 0; i < STARTERS; i++) {
        (void)waitpid(children[i], NULL, 0);
    }
    ok(wait_gone(dir), "both gone without a farewell, the server ends by itself");
    (void)close(say[0]);
    (void)close(told[0]);
}

/* As root the server's user cannot enter a folder of mode 0700. */
static void test_elsewhere(void)
{
    char dir[32];
    struct home h;
    struct stat st;
    bool root = geteuid() == 0;
    ok(server_folder(dir, 0700), "a folder for its owner only");
    test_together(dir);
    ok(home_find(&h, dir, &e) == 0 && (strcmp(h.root, dir) != 0) == root,
       "the data is where the server can reach it");
    ok(lstat(h.data, &st) == 0 && st.st_uid != 0, "and does not belong to root");
    ok(lstat(h.socket_dir, &st) == 0 && (st.st_mode & 07777) == 0700,
       "the socket is in a private folder");
    is_int(embedded_remove(dir, &e), 0, "everything is removed");
    ok(lstat(h.root, &st) != 0 && lstat(h.socket_dir, &st) != 0 && lstat(dir, &st) != 0,
       "wherever it was");
}

static void test_refusals(void)
{
    char dir[32];
    char path[128];
    struct secret where = {NULL};
    struct home h;
    struct embedded_options o = options_for("relative/folder");
    ok(open_with(&o, &where) == NULL && e.code == ERR_CONFIG, "a relative folder is refused");
    ok(server_folder(dir, 0755), "another folder");
    o.dir = dir;
    (void)setenv("KFMIG_PG_BINDIR", dir, 1);
    ok(open_with(&o, &where) == NULL && e.code == ERR_PREFLIGHT && e.hint[0] != '\0',
       "no server programs");
    (void)unsetenv("KFMIG_PG_BINDIR");
    (void)snprintf(path, sizeof path, "%s/data", dir);
    (void)mkdir(path, 0700);
    ok(open_with(&o, &where) == NULL && strstr(e.msg, "no database cluster") != NULL,
       "a folder that is no cluster");
    (void)snprintf(path, sizeof path, "%s/data/PG_VERSION", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)!write(fd, "12\n", 3);
    (void)close(fd);
    ok(open_with(&o, &where) == NULL && strstr(e.msg, "PostgreSQL 12") != NULL,
       "a cluster of a version that is not there");
    ok(home_find(&h, dir, &e) == 0 && mkdir(h.socket_dir, 0755) == 0,
       "somebody made the socket's folder");
    is_int(home_socket_dir(&h, &e), -1, "it is not used");
    is_int(embedded_remove(dir, &e), 0, "all is removed");
    ok(!secret_is_set(&where), "no connection string without a server");
}

static void test_all(const char *dir)
{
    struct secret where = {NULL};
    struct embedded *m = test_start(dir, &where);
    if (m != NULL) {
        test_settings(dir, &where);
        test_again(dir, &where);
        test_provision(dir, &where);
        test_stop(dir, &where);
        test_crash(dir, &where);
        test_idle(dir, &where, m);
        test_elsewhere();
        test_refusals();
    }
    secret_wipe(&where);
}

int main(int argc, char **argv)
{
    char dir[32];
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    if (server_folder(dir, 0755)) {
        test_all(dir);
        is_int(embedded_remove(dir, &e), 0, "nothing is left");
    }
    return tap_done();
}
