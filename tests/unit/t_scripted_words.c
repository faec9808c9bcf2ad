/* layer: pg scripted */
/* What is shown of a server's words, and the reason that an error gives: by SQLSTATE, by who wrote the words, by
 * what may be shown. */
#include <stdio.h>
#include <string.h>

#include "pg/pg.h"
#include "scripted_pq.h"
#include "tap.h"

#define SAFE SERVER_WORDS_SAFE
#define RAISED SERVER_WORDS_RAISED
#define ALL SERVER_WORDS_ALL
#define RAISE "P0001 file=pl_exec.c message=row 17 of ada is wrong"
#define LIBRARY                                                                                    \
    "58P01 file=dfmgr.c message=could not load library \"plpgsql.so\": undefined symbol: foo"

/* clang-format off */
/* answer: of the server to a statement. msg, hint: what stands in them; detail: all of it. */
static const struct {
    const char *name, *answer;
    enum server_words words;
    const char *msg, *detail, *hint;
} statements[] = {
    {"RAISE is not shown", "error " RAISE, SAFE, "raise_exception (P0001)", "", ""},
    {"RAISE on a terminal of one's own", "error " RAISE, RAISED, "raise_exception (P0001)", "row 17 of ada is wrong", ""},
    {"RAISE to who asks", "error " RAISE, ALL, "(P0001)", "row 17 of ada is wrong", ""},
    {"RAISE under another SQLSTATE", "error 42P01 file=pl_exec.c message=ada", SAFE, "(42P01)", "", ""},
    {"the same on a terminal", "error 42P01 file=pl_exec.c message=ada", RAISED, "(42P01)", "ada", ""},
    {"plperl's", "error XX000 file=plperl.c message=ada", RAISED, "(XX000)", "ada", ""},
    {"plpython's", "error P0001 file=plpy_elog.c message=ada", RAISED, "(P0001)", "ada", ""},
    {"of nobody knows whom", "error P0001 file= message=ada", SAFE, "(P0001)", "", ""},
    {"class 42", "error 42P01 message=relation \"x\" does not exist", SAFE, "undefined_table (42P01)", "relation \"x\" does not exist", ""},
    {"class 22 quotes rows", "error 22P02 message=invalid input: \"ada\"", SAFE, "(22P02)", "", ""},
    {"class 22 on a terminal", "error 22P02 message=invalid input: \"ada\"", RAISED, "(22P02)", "", ""},
    {"class 22 to who asks", "error 22P02 message=invalid input: \"ada\"", ALL, "(22P02)", "invalid input: \"ada\"", ""},
    {"class 23", "error 23505 message=duplicate key", RAISED, "(23505)", "", ""},
    {"class 58", "error 58030 message=could not write file", SAFE, "io_error (58030)", "could not write file", ""},
    {"a library of a newer server", "error " LIBRARY, SAFE, "it was upgraded while running: undefined_file (58P01)", "could not load library \"plpgsql.so\": undefined symbol: foo", "restart it"},
    {"one of another version", "error XX000 file=dfmgr.c message=incompatible library \"x.so\": version mismatch", SAFE, "it was upgraded while running: internal_error (XX000)", "incompatible library \"x.so\": version mismatch", "restart it"},
    {"one without the function", "error 42883 file=dfmgr.c message=could not find function \"f\" in file \"x.so\"", SAFE, "it was upgraded while running", "could not find function \"f\" in file \"x.so\"", "restart it"},
    {"one that is not there is no upgrade", "error 58P01 file=dfmgr.c message=could not access file \"x.so\": No such file", SAFE, "the statement: undefined_file (58P01)", "could not access file \"x.so\": No such file", ""},
    {"a function that is not there is none", "error 42883 message=function f() does not exist", SAFE, "the statement: undefined_function (42883)", "function f() does not exist", ""},
    {"a timeout", "error 57014 message=canceling statement due to statement timeout", SAFE, "query_canceled (57014)", "canceling statement due to statement timeout", "longer than statement_timeout allows"},
    {"cancelled by somebody", "error 57014 message=canceling statement due to user request", SAFE, "query_canceled (57014)", "canceling statement due to user request", "somebody cancelled it"},
    {"in another language", "error 57014 message=annulation", SAFE, "query_canceled (57014)", "annulation", "statement_timeout was reached, or somebody cancelled it"},
    {"shut down", "fatal 57P01", SAFE, "was lost: admin_shutdown (57P01)", "", "the server is being shut down, or somebody ended this session"},
    {"crashed", "fatal 57P02", SAFE, "was lost: crash_shutdown (57P02)", "", "one of them crashed"},
    {"dropped", "fatal 57P04", SAFE, "was lost: database_dropped (57P04)", "", "dropped the database"},
    {"idled", "fatal 57P05", SAFE, "was lost: idle_session_timeout (57P05)", "", "idle_session_timeout"},
    {"idled in a transaction", "fatal 25P03", SAFE, "(25P03)", "", "idle_in_transaction_session_timeout"},
    {"cut", "cut", SAFE, "was lost: connection_failure (08006)", "", ""},
};

/* words: libpq's, or the server's behind FATAL. */
static const struct {
    const char *name, *answer, *msg, *detail, *hint;
} connects[] = {
    {"a wrong password", "fatal 28P01: password authentication failed for user \"tester\"", "authentication failed for user \"tester\" at db.example:5432", "password authentication failed for user \"tester\"", "its password"},
    {"no line in pg_hba.conf", "fatal 28000: no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", SSL encryption", "authentication failed", "no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", SSL encryption", "pg_hba.conf"},
    {"none without TLS", "fatal 28000: no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", no encryption", "db.example:5432 has no way in for user \"tester\" and database \"kfm\" without encryption", "no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", no encryption", "sslmode=require"},
    {"none without TLS, of PostgreSQL 13", "fatal 28000: no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", SSL off", "without encryption", "no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", SSL off", "sslmode=require"},
    {"TLS that the server has not", "words server does not support SSL, but SSL was required", "the encryption that sslmode asks for is not offered by db.example:5432", "", "turn on ssl"},
    {"a role that may not log in", "fatal 28000: role \"tester\" is not permitted to log in", "authentication failed", "role \"tester\" is not permitted to log in", "check the user"},
    {"no such database", "fatal 3D000: database \"kfm\" does not exist", "the database \"kfm\" does not exist at db.example:5432", "database \"kfm\" does not exist", "create the database"},
    {"no right to connect", "fatal 42501: permission denied for database \"kfm\"", "refused user \"tester\" for database \"kfm\": insufficient_privilege (42501)", "permission denied for database \"kfm\"", ""},
    {"too many", "fatal 53300: sorry, too many clients already", "too many connections", "sorry, too many clients already", "max_connections"},
    {"starting", "fatal 57P03: the database system is starting up", "the server at db.example:5432 is starting up", "the database system is starting up", "in a moment"},
    {"ending", "fatal 57P03: the database system is shutting down", "is shutting down", "the database system is shutting down", "in a moment"},
    {"recovering", "fatal 57P03: the database system is in recovery mode", "is recovering from a crash", "the database system is in recovery mode", "in a moment"},
    {"in another language", "fatal 57P03: le serveur", "is starting up or shutting down", "le serveur", "in a moment"},
    {"files of a newer server", "fatal 58P01: could not access file", "undefined_file (58P01)", "could not access file", ""},
    {"without words", "fatal 28P01", "authentication failed", "", "its password"},
};
/* clang-format on */

enum { N = sizeof statements / sizeof *statements, M = sizeof connects / sizeof *connects };

static int open_session(struct pg **s, enum server_words words, struct err *e)
{
    struct secret where = {NULL};
    const struct pg_options o = {.words = words};
    secret_set(&where, "postgresql://tester@db.example/kfm");
    int rc = pg_open(s, &where, &o, e);
    secret_wipe(&where);
    return rc;
}

static bool tells(const struct err *e, const char *msg, const char *detail, const char *hint)
{
    bool good = strstr(e->msg, msg) != NULL && strcmp(e->detail, detail) == 0 &&
                (hint[0] == '\0' ? e->hint[0] == '\0' : strstr(e->hint, hint) != NULL);
    if (!good) {
        printf("# %s [%s] (%s)\n", e->msg, e->detail, e->hint);
    }
    return good;
}

int main(void)
{
    tap_plan(N + M);
    for (int i = 0; i < N; i++) {
        char script[1024];
        struct pg *s = NULL;
        struct err e = {0};
        int64_t n = 0;
        const struct pg_wait w = {0};
        (void)snprintf(script, sizeof script,
                       "connect -> ok\n@pg_pin_query -> rows\nSELECT x -> %s\n",
                       statements[i].answer);
        pq_script(script);
        bool good = open_session(&s, statements[i].words, &e) == 0 &&
                    pg_statement(s, bytes_str("SELECT x"), &w, &n, NULL, &e) != 0;
        good = tells(&e, statements[i].msg, statements[i].detail, statements[i].hint) && good;
        pg_close(s);
        ok(pq_played() && good, statements[i].name);
    }
    for (int i = 0; i < M; i++) {
        char script[1024];
        struct pg *s = NULL;
        struct err e = {0};
        (void)snprintf(script, sizeof script, "connect -> %s\n", connects[i].answer);
        pq_script(script);
        bool good = open_session(&s, SERVER_WORDS_SAFE, &e) != 0;
        good = tells(&e, connects[i].msg, connects[i].detail, connects[i].hint) && good;
        ok(pq_played() && good, connects[i].name);
    }
    return tap_done();
}
