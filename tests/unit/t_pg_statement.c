/* layer: pg */
/* run: needs=postgres */
/* Statements of a user's file and commands of ours against a real server: counts, places, what errors may say, COPY. */
#include <unistd.h>

#include "base/tasks.h"
#include "pg/pg.h"
#include "pg_server.h"
#include "tap.h"

enum { PLANNED = 128 };

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static struct secret where;
static struct err e;

static const struct pg_sql one = {"t_one", "SELECT 1"};

static const struct {
    const char *sql;
    int64_t rows;
} counts[] = {
    {"INSERT INTO t SELECT generate_series(100, 102)", 3},
    {"UPDATE t SET i = i + 1000 WHERE i >= 100", 3},
    {"UPDATE t SET i = i + 10 WHERE i >= 1100 RETURNING i", 3},
    {"SELECT generate_series(1, 50000)", 50000},
    {"DELETE FROM t WHERE i >= 1000", 3},
    {"SHOW TimeZone", 1},
    {"CREATE VIEW v AS SELECT 1", 0},
    {"DROP VIEW v;", 0},
    {"", 0},
    {"-- nothing", 0},
};

static const struct {
    const char *sql, *sqlstate;
    int64_t position;
    bool told;          /* the server's words may be shown */
    const char *object; /* names the server gave */
    enum err_code code;
} refusals[] = {
    {"SELECT nope", "42703", 7, true, "", ERR_APPLY},
    {"SELECT '\xc3\xa9\xe2\x82\xac', nope", "42703", 16, true, "", ERR_APPLY},
    {"SELECT (", "42601", 8, true, "", ERR_APPLY},
    {"SELECT * FROM missing", "42P01", 14, true, "", ERR_APPLY},
    {"SELECT 1; SELECT 2", "42601", -1, true, "", ERR_APPLY},
    {"INSERT INTO t VALUES (7)", "23505", -1, false, "table public.t, constraint t_pkey",
     ERR_APPLY},
    {"INSERT INTO t VALUES (NULL)", "23502", -1, false, "table public.t, column i", ERR_APPLY},
    {"INSERT INTO \"A \"\"b\" VALUES (7), (7)", "23505", -1, false,
     "table public.\"A \"\"b\", constraint \"A \"\"b_pkey\"", ERR_APPLY},
    {"SELECT 'canary'::int", "22P02", 7, false, "", ERR_APPLY},
    {"DO $$ BEGIN RAISE 'canary'; END $$", "P0001", -1, false, "", ERR_APPLY},
    {"DO $$ BEGIN RAISE 'canary' USING ERRCODE = '42P01'; END $$", "42P01", -1, false, "",
     ERR_APPLY},
    {"DO $$ BEGIN RAISE 'canary' USING ERRCODE = 'XX000'; END $$", "XX000", -1, false, "",
     ERR_APPLY},
    {"DO $$ BEGIN RAISE 'canary' USING ERRCODE = 'XX001'; END $$", "XX001", -1, false, "",
     ERR_INTEGRITY},
    {"CREATE ROLE x", "42501", -1, true, "", ERR_APPLY},
};

static void test_statements(struct pg *s)
{
    for (int i = 0; i < COUNT(counts); i++) {
        int64_t n = -1;
        int rc = pg_statement(s, bytes_str(counts[i].sql), NULL, &n, NULL, &e);
        is_int(rc == 0 ? n : -1, counts[i].rows, counts[i].sql);
    }
    is_int(server_run(&e, s, "CREATE TABLE \"A \"\"b\" (i int PRIMARY KEY)"), 0,
           "a table with an odd name");
    for (int i = 0; i < COUNT(refusals); i++) {
        int64_t at = -5;
        e = (struct err){0};
        int rc = pg_statement(s, bytes_str(refusals[i].sql), NULL, NULL, &at, &e);
        bool leak = strstr(e.msg, "canary") != NULL || strstr(e.detail, "canary") != NULL ||
                    strstr(e.msg, "=(") != NULL;
        ok(rc == -1 && !leak && (e.detail[0] != '\0') == refusals[i].told, refusals[i].sql);
        is_str(e.sqlstate, refusals[i].sqlstate, "its SQLSTATE");
        is_int(at, refusals[i].position, "its position");
        is_str(e.object, refusals[i].object, "its objects");
        is_int(e.code, refusals[i].code, "its kind");
    }
    is_int(pg_statement(s, bytes_of("SELECT 1\0, 2", 12), NULL, NULL, NULL, &e), -1,
           "a NUL byte is refused");
    is_str(server_ask(&e, s, &one, NULL), "1", "the session goes on");
}

static void test_copy(struct pg *s)
{
    static const char *const copies[] = {"COPY t FROM STDIN", "COPY t TO STDOUT",
                                         "COPY (SELECT generate_series(1, 3000000)) TO STDOUT"};
    for (int i = 0; i < COUNT(copies); i++) {
        is_int(server_run(&e, s, copies[i]), -1, copies[i]);
        ok(e.code == ERR_APPLY && strstr(e.msg, "copies rows") != NULL, "is refused with a reason");
        is_str(server_ask(&e, s, &one, NULL), "1", "and the session goes on");
    }
}

static void test_commands(struct pg *s)
{
    char tag[64] = "x";
    bool sent = false;
    is_int(pg_command(s, "BEGIN", tag, &sent, &e), 0, "BEGIN");
    is_str(tag, "BEGIN", "its tag");
    ok(sent, "was sent");
    is_int(pg_tx(s), PG_TX_OPEN, "a transaction is open");
    is_int(server_run(&e, s, "SELECT 1 / 0"), -1, "a failing statement");
    is_int(pg_tx(s), PG_TX_FAILED, "the transaction has failed");
    is_int(pg_command(s, "COMMIT", tag, &sent, &e), 0, "COMMIT of it is accepted");
    is_str(tag, "ROLLBACK", "but it was rolled back");
    is_int(server_run(&e, s, "CREATE TABLE d (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)"), 0,
           "a deferred constraint");
    is_int(server_run(&e, s, "INSERT INTO d VALUES (1), (1)"), -1,
           "is violated when a statement commits by itself");
    is_str(e.sqlstate, "23505", "which is seen");
    static const struct pg_sql twice = {"t_twice", "INSERT INTO d VALUES (1), (1)"};
    int failed = 0;
    pg_batch_add(s, &one, NULL, 0, NULL);
    pg_batch_add(s, &twice, NULL, 0, NULL);
    is_int(pg_batch_run(s, &failed, &e), -1, "or when a batch does");
    ok(strcmp(e.sqlstate, "23505") == 0 && failed == -1, "though none of its queries failed");
    is_str(server_ask(&e, s, &one, NULL), "1", "the session goes on");
    is_int(pg_command(s, "BEGIN", NULL, NULL, &e), 0, "BEGIN without a wish to know");
    is_int(server_run(&e, s, "INSERT INTO d VALUES (1), (1)"), 0, "is violated");
    is_int(pg_command(s, "COMMIT", tag, &sent, &e), -1, "COMMIT fails");
    ok(e.code == ERR_APPLY && strcmp(e.sqlstate, "23505") == 0 && pg_tx(s) == PG_TX_IDLE,
       "as a fault of the migration");
    is_str(tag, "", "without a tag");
    is_int(pg_command(s, "SET nonsense = 1", NULL, NULL, &e), -1, "another command fails");
    is_int(e.code, ERR_PREFLIGHT, "as a fault of ours");
}

static void test_notices(struct pg *s)
{
    char path[] = "/tmp/kfmig-unit-stderr-XXXXXX";
    int file = mkstemp(path);
    int kept = dup(STDERR_FILENO);
    (void)dup2(file, STDERR_FILENO);
    int rc = server_run(&e, s, "DO $$ BEGIN RAISE WARNING 'canary'; END $$");
    (void)dup2(kept, STDERR_FILENO);
    is_int(rc, 0, "a statement with a warning");
    is_int(lseek(file, 0, SEEK_END), 0, "nothing is written about it");
    (void)close(kept);
    (void)close(file);
    (void)unlink(path);
}

static const struct pg_sql waiters = {
    "t_waiters", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"};

static bool nobody_waits(struct pg *s)
{
    struct pg_rows *r = NULL;
    bool none = pg_query(s, &waiters, NULL, 0, &r, &e) == 0 && pg_int(r, 0, 0) == 0;
    pg_rows_free(r);
    return none;
}

/* Three sessions at once: two wait for what a fourth holds, the one between them works, and then tells one
 * of them to stop and lets the other go on. */
struct three {
    struct pg *held, *v[3];
    struct err e[3];
    int rc[3];
    bool is_over;
};

static bool is_told(void *ctx)
{
    const struct three *t = ctx;
    return t->is_over;
}

static void at_once(void *ctx, size_t i)
{
    struct three *t = ctx;
    if (i != 1) {
        t->rc[i] = pg_run(t->v[i], "SELECT pg_advisory_lock(5)", NULL, 0, NULL, &t->e[i]);
        return;
    }
    is_int(pg_run(t->v[1], "CREATE TABLE together (i int)", NULL, 0, NULL, &t->e[1]), 0,
           "one works");
    t->rc[1] = pg_run(t->v[1], "CREATE TABLE together (i int)", NULL, 0, NULL, &t->e[1]);
    t->is_over = true;
    while (t->rc[2] == 9) {
        (void)tasks_poll(NULL, 5);
    }
    is_int(server_run(&e, t->held, "SELECT pg_advisory_unlock(5)"), 0, "the lock is let go");
}

static void test_together(struct pg *s)
{
    struct three t = {.held = s, .rc = {9, 9, 9}};
    const struct pg_wait w = {.on_wait = is_told, .ctx = &t};
    for (size_t i = 0; i < 3; i++) {
        t.v[i] = server_connect(&where, &e);
    }
    pg_heed(t.v[2], &w);
    is_int(server_run(&e, s, "SELECT pg_advisory_lock(5)"), 0, "a lock is held");
    tasks_run(3, at_once, &t);
    is_int(t.rc[1], -1, "what fails fails");
    is_str(t.e[1].sqlstate, "42P07", "for its own reason");
    is_int(t.rc[2], -1, "who is told to stop stops");
    is_int(t.e[2].code, ERR_INTERRUPTED, "and says so");
    is_int(t.rc[0], 0, "who waited gets the lock");
    ok(nobody_waits(s), "nobody waits any longer");
    for (size_t i = 0; i < 3; i++) {
        pg_close(t.v[i]);
    }
}

int main(int argc, char **argv)
{
    char dir[32];
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    struct embedded *server = server_begin(dir, &where);
    struct pg *s = server == NULL ? NULL : server_connect(&where, &e);
    if (ok(s != NULL, "a session with a server of our own")) {
        is_int(server_run(&e, s, "CREATE TABLE t (i int PRIMARY KEY); "), 0, "a table");
        is_int(server_run(&e, s, "INSERT INTO t VALUES (0), (7)"), 0, "with rows");
        test_statements(s);
        test_copy(s);
        test_commands(s);
        test_notices(s);
        test_together(s);
        pg_close(s);
    }
    ok(server_end(dir, server, &where), "the server is gone");
    return tap_done();
}
