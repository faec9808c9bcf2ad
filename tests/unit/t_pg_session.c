/* layer: pg */
/* run: needs=postgres */
/* Sessions against a real server: queries, batches, statements, deadlines, cancel, lost
 * connections, what errors may say. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/pg.h"
#include "pg_server.h"
#include "tap.h"

enum { PLANNED = 152, LONG_ENOUGH_MS = 20000 };

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static struct secret where;
static struct err e;

static const struct pg_sql one = {"t_one", "SELECT 1"};
static const struct pg_sql setting = {"t_setting", "SELECT current_setting($1)"};
static const struct pg_sql pid_of = {"t_pid", "SELECT pg_backend_pid()"};
static const struct pg_sql count_t = {"t_count", "SELECT count(*) FROM t"};

static void test_open(struct pg *s)
{
    static const struct {
        const char *name, *want;
    } pins[] = {{"client_encoding", "UTF8"},
                {"TimeZone", "UTC"},
                {"DateStyle", "ISO, MDY"},
                {"IntervalStyle", "iso_8601"},
                {"extra_float_digits", "1"},
                {"bytea_output", "hex"},
                {"standard_conforming_strings", "on"},
                {"idle_in_transaction_session_timeout", "1min"},
                {"client_connection_check_interval", "10s"},
                {"search_path", "public"}, /* of the embedded server */
                {"application_name", "kfmig unit test"}};
    char pid[32];
    struct pg_where w;
    pg_where(s, &w);
    is_str(w.host, "local socket", "a socket's path is not told");
    is_str(w.user, "kfmig", "the user is known");
    is_str(w.dbname, "kfmig", "so is the database");
    ok(pg_server_version(s) >= 130000, "the version is known");
    ok(pg_is_alive(s), "a new session is alive");
    is_int(pg_tx(s), PG_TX_IDLE, "and in no transaction");
    (void)snprintf(pid, sizeof pid, "%d", pg_backend_pid(s));
    is_str(server_ask(&e, s, &pid_of, NULL), pid, "the backend's process id is right");
    is_str(pg_last_query(s), "t_pid", "the last query is known");
    for (int i = 0; i < COUNT(pins); i++) {
        is_str(server_ask(&e, s, &setting, pins[i].name), pins[i].want, pins[i].name);
    }
}

static void test_query(struct pg *s)
{
    static const struct pg_sql q = {"t_values", "SELECT $1::int + 1, NULL::int, $2::text, true, "
                                                "$3::text IS NULL, 'a' || E'\\n' WHERE $1 <> '0'"};
    static const struct pg_sql insert = {"t_insert",
                                         "INSERT INTO pg_temp.q SELECT generate_series(1, 3)"};
    const char *params[] = {"41", "x'\"\\ \xc3\xa9", NULL};
    const char *none[] = {"0", "", ""};
    struct pg_rows *r = NULL;
    is_int(pg_query(s, &q, params, 3, &r, &e), 0, "a query with parameters");
    is_int(pg_rows_n(r), 1, "one row");
    is_int(pg_int(r, 0, 0), 42, "integer");
    ok(pg_null(r, 0, 1) && !pg_null(r, 0, 0), "NULL is told from a value");
    is_str(pg_text(r, 0, 1), "", "NULL as text is empty");
    is_int(pg_int(r, 0, 1), 0, "NULL as integer is 0");
    is_str(pg_text(r, 0, 2), params[1], "text with quotes comes back as it went");
    ok(pg_bool(r, 0, 3) && pg_bool(r, 0, 4), "booleans, and NULL parameters");
    ok(bytes_eq(pg_bytes(r, 0, 5), bytes_str("a\n")), "bytes");
    pg_rows_free(r);
    is_int(pg_query(s, &q, none, 3, &r, &e), 0, "the same query again");
    is_int(pg_rows_n(r), 0, "no row");
    pg_rows_free(r);
    is_int(server_run(&e, s, "CREATE TEMP TABLE q (i int)"), 0, "a temporary table");
    is_int(pg_query(s, &insert, NULL, 0, &r, &e), 0, "an INSERT");
    is_int(pg_rows_affected(r), 3, "affects three rows");
    pg_rows_free(r);
    pg_rows_free(NULL);
}

static void test_arrays(struct pg *s)
{
    static const struct pg_sql q = {
        "t_array", "SELECT v FROM unnest($1::text[]) WITH ORDINALITY AS u (v, n) ORDER BY n"};
    static const struct pg_sql hex = {"t_bytea", "SELECT encode($1::bytea, 'hex')"};
    static const char *const values[] = {"plain",    "",          "NULL",    NULL,   "a,b",
                                         "{x}",      "\"",        "\\",      "\\\"", "'",
                                         " spaces ", "line\nend", "\xc3\xa9"};
    struct arena a = {0};
    struct pg_rows *r = NULL;
    const char *params[] = {pg_array(&a, values, COUNT(values))};
    is_int(pg_query(s, &q, params, 1, &r, &e), 0, "an array as parameter");
    is_int(pg_rows_n(r), COUNT(values), "every element arrives");
    int wrong = 0;
    for (int i = 0; i < COUNT(values); i++) {
        bool null = pg_null(r, (size_t)i, 0);
        wrong += null != (values[i] == NULL) ||
                 (!null && strcmp(pg_text(r, (size_t)i, 0), values[i]) != 0);
    }
    is_int(wrong, 0, "and as it was");
    pg_rows_free(r);
    params[0] = pg_array(&a, NULL, 0);
    is_int(pg_query(s, &q, params, 1, &r, &e), 0, "an empty array");
    is_int(pg_rows_n(r), 0, "has no element");
    pg_rows_free(r);
    is_str(server_ask(&e, s, &hex, pg_bytea(&a, bytes_of("\0\x01\xff", 3))), "0001ff", "bytea");
    arena_release(&a);
}

static void test_batch(struct pg *s)
{
    static const struct pg_sql insert = {"b_insert", "INSERT INTO t VALUES ($1::int)"};
    static const struct pg_sql divide = {"b_divide", "SELECT 1 / $1::int"};
    static const struct pg_sql broken = {"b_broken", "SELECT FROM WHERE"};
    static const struct pg_sql late = {"b_late", "SELECT 'late'"};
    const char *zero[] = {"0"};
    const char *seven[] = {"7"};
    struct pg_rows *r[3] = {NULL};
    int failed = -5;
    is_int(server_run(&e, s, "CREATE TABLE t (i int PRIMARY KEY)"), 0, "a table");
    is_int(pg_batch_run(s, &failed, &e), 0, "an empty batch is nothing");
    pg_batch_add(s, &insert, seven, 1, &r[0]);
    pg_batch_add(s, &count_t, NULL, 0, &r[1]);
    pg_batch_add(s, &insert, zero, 1, NULL);
    is_int(pg_batch_run(s, &failed, &e), 0, "a batch; the same query twice");
    is_int(failed, -1, "nothing failed");
    is_int(pg_rows_affected(r[0]), 1, "its first result");
    is_int(pg_int(r[1], 0, 0), 1, "its second");
    pg_rows_free(r[0]);
    pg_rows_free(r[1]);
    const char *eight[] = {"8"};
    pg_batch_add(s, &insert, eight, 1, &r[0]);
    pg_batch_add(s, &divide, zero, 1, &r[1]);
    pg_batch_add(s, &late, NULL, 0, &r[2]);
    is_int(pg_batch_run(s, &failed, &e), -1, "a batch that fails in the middle");
    is_int(failed, 1, "says where");
    is_str(e.sqlstate, "22012", "and why");
    is_int(e.code, ERR_PREFLIGHT, "one of our own queries: preflight");
    ok(strstr(e.msg, "b_divide") != NULL, "the query is named");
    ok(r[0] == NULL && r[1] == NULL && r[2] == NULL, "no rows are left");
    is_str(server_ask(&e, s, &count_t, NULL), "2", "what came before the failure is undone");
    is_str(server_ask(&e, s, &late, NULL), "late",
           "a query that was not reached can be prepared later");
    pg_batch_add(s, &one, NULL, 0, &r[0]);
    pg_batch_add(s, &broken, NULL, 0, &r[1]);
    is_int(pg_batch_run(s, &failed, &e), -1, "a batch with a query that cannot be prepared");
    is_int(failed, 1, "says which");
    is_str(e.sqlstate, "42601", "a syntax error");
    ok(e.detail[0] != '\0', "whose message is fit for a terminal");
    is_str(server_ask(&e, s, &one, NULL), "1", "the session goes on");
    is_int(pg_tx(s), PG_TX_IDLE, "in no transaction");
}

/* Each way to the server counts, so that who finds the same number knows that nobody used the session. */
static void test_asked(struct pg *s)
{
    char tag[64];
    int64_t before = pg_asked(s);
    is_int(pg_asked(s), before, "looking asks nothing");
    is_str(server_ask(&e, s, &one, NULL), "1", "a query");
    is_int(pg_asked(s), before + 1, "is one");
    is_int(pg_run(s, "SELECT 1", NULL, 0, NULL, &e), 0, "one whose text is made");
    is_int(pg_asked(s), before + 2, "is another");
    is_int(pg_command(s, "SELECT 1", tag, NULL, &e), 0, "a command");
    is_int(pg_asked(s), before + 3, "too");
    pg_batch_add(s, &one, NULL, 0, NULL);
    pg_batch_add(s, &one, NULL, 0, NULL);
    is_int(pg_asked(s), before + 3, "what is to be asked is not asked yet");
    is_int(pg_batch_run(s, NULL, &e), 0, "a batch");
    is_int(pg_asked(s), before + 4, "is one");
}

static void test_forgotten(struct pg *s)
{
    is_int(server_run(&e, s, "DISCARD ALL"), 0, "DISCARD ALL");
    is_str(server_ask(&e, s, &one, NULL), "1", "queries are prepared anew");
    is_int(server_run(&e, s, "DEALLOCATE ALL"), 0, "DEALLOCATE ALL");
    is_str(server_ask(&e, s, &one, NULL), "1", "and again");
    is_int(server_run(&e, s, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"), 0,
           "a hidden DEALLOCATE");
    ok(server_ask(&e, s, &one, NULL) == NULL, "cannot be seen");
    is_str(e.sqlstate, "26000", "the next query fails");
    is_str(server_ask(&e, s, &one, NULL), "1", "the one after that is prepared anew");
    is_int(server_run(&e, s, pg_session_pin->text), 0, "the session is pinned again");
}

static bool count_and_stop(void *ctx)
{
    int *calls = ctx;
    return ++*calls >= 2;
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int number)
{
    (void)number;
    alarmed = 1;
}

static bool stop_if_alarmed(void *ctx)
{
    (void)ctx;
    return alarmed != 0;
}

static void test_deadlines(struct pg *s)
{
    const struct pg_wait soon = {.timeout_ms = 200};
    int calls = 0;
    const struct pg_wait counting = {LONG_ENOUGH_MS, count_and_stop, &calls};
    const struct pg_wait alarming = {LONG_ENOUGH_MS, stop_if_alarmed, NULL};
    int64_t begin = clock_ms();
    is_int(pg_statement(s, bytes_str("SELECT pg_sleep(30)"), &soon, NULL, NULL, &e), -1,
           "a deadline passes");
    is_int(e.code, ERR_PREFLIGHT, "that is no fault of the statement");
    is_str(e.msg, "no answer from the server at the local socket, port 5432 within 200 ms",
           "and is told so");
    ok(pg_is_alive(s), "the server could cancel it, so the session lives");
    is_int(pg_statement(s, bytes_str("SELECT pg_sleep(30)"), &counting, NULL, NULL, &e), -1,
           "on_wait stops a call");
    is_int(e.code, ERR_INTERRUPTED, "which counts as interrupted");
    is_int(calls, 2, "it was asked twice");
    ok(pg_is_alive(s), "the session lives");
    calls = 0;
    const char *stubborn =
        "DO $$ BEGIN PERFORM pg_sleep(30); EXCEPTION WHEN query_canceled THEN NULL; END $$";
    is_int(pg_statement(s, bytes_str(stubborn), &counting, NULL, NULL, &e), 0,
           "what ends well all the same has ended well");
    struct sigaction action = {.sa_handler = on_alarm};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)ualarm(20000, 0);
    is_int(pg_statement(s, bytes_str("SELECT pg_sleep(30)"), &alarming, NULL, NULL, &e), -1,
           "a signal stops a call");
    is_int(e.code, ERR_INTERRUPTED, "through on_wait");
    is_int(server_run(&e, s, "SET statement_timeout = '50ms'"), 0, "the server's own deadline");
    is_int(server_run(&e, s, "SELECT pg_sleep(30)"), -1, "passes");
    ok(e.code == ERR_APPLY && strcmp(e.sqlstate, "57014") == 0, "and is the statement's fault");
    is_int(server_run(&e, s, "RESET statement_timeout"), 0, "reset");
    ok(clock_ms() - begin < LONG_ENOUGH_MS, "nothing waited for the sleeper");
}

static void test_silence(void)
{
    struct pg *s = server_connect(&where, &e);
    const struct pg_wait soon = {.timeout_ms = 100};
    pid_t backend = pg_backend_pid(s);
    (void)kill(backend, SIGSTOP);
    is_int(pg_statement(s, bytes_str("SELECT 1"), &soon, NULL, NULL, &e), -1,
           "a server that does not answer");
    is_int(e.code, ERR_PREFLIGHT, "is a fault before the statement");
    is_str(e.sqlstate, "08006", "its SQLSTATE");
    ok(!pg_is_alive(s), "the connection is given up");
    is_int(pg_tx(s), PG_TX_UNKNOWN, "nobody knows about the transaction");
    (void)kill(backend, SIGCONT);
    pg_close(s);
}

struct killer {
    struct pg *other;
    char victim[32];
};

static const struct pg_sql terminate = {"t_terminate",
                                        "SELECT pg_terminate_backend($1::int, 10000)"};

static bool kill_once(void *ctx)
{
    struct killer *k = ctx;
    if (k->victim[0] != '\0') {
        (void)server_ask(&e, k->other, &terminate, k->victim);
        k->victim[0] = '\0';
    }
    return false;
}

static void test_lost(struct pg *other)
{
    struct killer k = {.other = other};
    bool sent = true;
    struct pg *s = server_connect(&where, &e);
    (void)snprintf(k.victim, sizeof k.victim, "%d", pg_backend_pid(s));
    is_str(server_ask(&e, other, &terminate, k.victim), "t",
           "an idle session is ended from outside");
    is_int(pg_command(s, "COMMIT", NULL, &sent, &e), -1, "its next call fails");
    ok(!sent, "before anything is sent");
    is_int(e.code, ERR_PREFLIGHT, "as a lost connection");
    is_str(e.sqlstate, "57P01", "the server said why");
    ok(!pg_is_alive(s), "the session is dead");
    ok(server_ask(&e, s, &one, NULL) == NULL && e.code == ERR_PREFLIGHT, "and stays so");
    pg_close(s);
    s = server_connect(&where, &e);
    (void)snprintf(k.victim, sizeof k.victim, "%d", pg_backend_pid(s));
    const struct pg_wait w = {LONG_ENOUGH_MS, kill_once, &k};
    is_int(pg_statement(s, bytes_str("SELECT pg_sleep(30)"), &w, NULL, NULL, &e), -1,
           "a busy session is ended");
    ok(e.code == ERR_PREFLIGHT && strcmp(e.sqlstate, "57P01") == 0 && !pg_is_alive(s),
       "which is a lost connection");
    pg_close(s);
    struct pg_options o = {.wait = {LONG_ENOUGH_MS, kill_once, &k}};
    s = server_connect_with(&where, &o, &e);
    (void)snprintf(k.victim, sizeof k.victim, "%d", pg_backend_pid(s));
    static const struct pg_sql sleeper = {"t_sleep", "SELECT pg_sleep(30)"};
    struct pg_rows *r = NULL;
    is_int(pg_query(s, &sleeper, NULL, 0, &r, &e), -1, "a query of ours is ended");
    ok(strcmp(e.sqlstate, "57P01") == 0 && !pg_is_alive(s) && r == NULL,
       "which is a lost connection");
    pg_close(s);
    pg_close(NULL);
}

static bool kill_hard(void *ctx)
{
    pid_t *victim = ctx;
    if (*victim > 0) {
        (void)kill(*victim, SIGKILL);
        *victim = 0;
    }
    return false;
}

/* Last of all: the server ends every session when a backend is killed. */
static void test_crash(void)
{
    struct pg *s = server_connect(&where, &e);
    pid_t victim = pg_backend_pid(s);
    const struct pg_wait w = {LONG_ENOUGH_MS, kill_hard, &victim};
    is_int(pg_statement(s, bytes_str("SELECT pg_sleep(30)"), &w, NULL, NULL, &e), -1,
           "a backend is killed");
    is_str(e.sqlstate, "08006", "without a word: connection_failure");
    is_str(e.condition, "connection_failure", "its name");
    ok(!pg_is_alive(s), "the session is dead");
    pg_close(s);
}

/* A port of this machine; listening: connections are accepted by the kernel and nobody ever answers. */
static int silent_port(int *fd, bool listening)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (struct sockaddr *)&at, n) != 0 ||
        getsockname(*fd, (struct sockaddr *)&at, &n) != 0 || (listening && listen(*fd, 8) != 0)) {
        return 0;
    }
    return ntohs(at.sin_port);
}

static void refuse_connect(const char *conninfo, const struct pg_options *o, enum err_code code,
                           const char *msg)
{
    struct pg *s = NULL;
    struct secret bad = {NULL};
    secret_set(&bad, conninfo);
    e = (struct err){0};
    int rc = pg_open(&s, &bad, o, &e);
    secret_wipe(&bad);
    ok(rc == -1 && e.code == code && s == NULL, msg);
    is_str(e.msg, msg, "its message");
    ok(strstr(e.hint, "hunter2") == NULL && strstr(e.detail, "hunter2") == NULL, "no secret in it");
}

static void test_connect_errors(const char *good)
{
    char conninfo[512];
    char msg[256];
    int fds[2];
    int closed = silent_port(&fds[0], false);
    int silent = silent_port(&fds[1], true);
    struct pg_options o = {.connect_timeout_ms = LONG_ENOUGH_MS};
    refuse_connect("host=/nonexistent-kfmig password=hunter2", &o, ERR_PREFLIGHT,
                   "no server at the local socket, port 5432");
    (void)snprintf(conninfo, sizeof conninfo, "postgresql://u:hunter2@127.0.0.1:%d/db", closed);
    (void)snprintf(msg, sizeof msg, "connection refused by 127.0.0.1:%d", closed);
    refuse_connect(conninfo, &o, ERR_PREFLIGHT, msg);
    (void)snprintf(conninfo, sizeof conninfo, "%s dbname=hunter3 password=hunter2", good);
    refuse_connect(conninfo, &o, ERR_PREFLIGHT,
                   "the database \"hunter3\" does not exist at the local socket, port 5432");
    (void)snprintf(conninfo, sizeof conninfo, "%s user=nobody_here password=hunter2", good);
    refuse_connect(conninfo, &o, ERR_PREFLIGHT,
                   "authentication failed for user \"nobody_here\" at the local socket, port 5432");
    refuse_connect("host=127.0.0.1 sslmode=hunter2", &o, ERR_CONFIG,
                   "the connection string holds an invalid value");
    refuse_connect("host=127.0.0.1 service=hunter2", &o, ERR_CONFIG,
                   "the connection string names an unknown service");
    static const char *const unreadable[][2] = {
        {"hunter2", "the connection string has a word without \"=\""},
        {"postgresql://u:hunter2@[::1/db", "the connection string has a \"[\" without its \"]\""},
        {"host='127.0.0.1 password=hunter2",
         "the connection string has a \"'\" without its second"},
        {"host 127.0.0.1 password=hunter2", "the connection string has a word without \"=\""}};
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        refuse_connect(unreadable[i][0], &o, ERR_CONFIG, unreadable[i][1]);
    }
    o.connect_timeout_ms = 200;
    (void)snprintf(conninfo, sizeof conninfo, "postgresql://u:hunter2@127.0.0.1:%d/db", silent);
    (void)snprintf(msg, sizeof msg, "no answer from the server at 127.0.0.1:%d within 200 ms",
                   silent);
    refuse_connect(conninfo, &o, ERR_PREFLIGHT, msg);
    int calls = 1;
    o = (struct pg_options){.connect_timeout_ms = LONG_ENOUGH_MS,
                            .wait = {0, count_and_stop, &calls}};
    refuse_connect(conninfo, &o, ERR_INTERRUPTED, "interrupted while waiting for the server");
    (void)close(fds[0]);
    (void)close(fds[1]);
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
        test_open(s);
        test_query(s);
        test_arrays(s);
        test_batch(s);
        test_asked(s);
        test_forgotten(s);
        test_deadlines(s);
        test_silence();
        test_lost(s);
        test_connect_errors(where.opaque);
        test_crash();
        pg_close(s);
    }
    ok(server_end(dir, server, &where), "the server is gone");
    return tap_done();
}
