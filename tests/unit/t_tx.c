/* layer: pg */
/* run: needs=postgres */
/* The three ends of a transaction, against a real server. */
#include "pg/tx.h"
#include "pg_server.h"
#include "tap.h"

enum { PLANNED = 24 };

static struct secret where;
static struct err e;

static void has(const char *text, const char *part, const char *name)
{
    if (!ok(strstr(text, part) != NULL, name)) {
        printf("# %s\n", text);
    }
}

static void must(struct pg *s, const char *sql)
{
    if (server_run(&e, s, sql) != 0) {
        server_explain(&e);
    }
}

static const char *count(struct pg *s)
{
    static const struct pg_sql rows = {"t_rows", "SELECT count(*) FROM c"};
    return server_ask(&e, s, &rows, NULL);
}

/* In a transaction: sql, then COMMIT. */
static enum ending end_of(struct pg *s, const char *sql, const struct pg_wait *w)
{
    must(s, "BEGIN");
    (void)server_run(&e, s, sql);
    e = (struct err){0};
    return tx_commit(s, w, &e);
}

static void test_answers(struct pg *s)
{
    is_int(end_of(s, "INSERT INTO c VALUES (1)", NULL), TX_ENDED, "COMMIT ends a transaction");
    is_int(e.code, ERR_NONE, "without an error");
    is_int(end_of(s, "SELECT nope", NULL), TX_UNDONE, "a failed transaction is undone");
    has(e.msg, "rolled the transaction back instead", "though the server reports no error");
    is_int(end_of(s, "INSERT INTO c VALUES (7)", NULL), TX_UNDONE,
           "a deferred constraint undoes it");
    is_str(e.sqlstate, "23503", "with its SQLSTATE");
    is_str(e.object, "table public.c, constraint c_i_fkey", "and its name");
    is_int(e.code, ERR_APPLY, "which is the migration's fault");
    is_str(count(s), "1", "only the first is there");
}

static bool stop_now(void *ctx)
{
    (void)ctx;
    return true;
}

static void test_waiting(struct pg *s)
{
    static const struct pg_wait brief = {.timeout_ms = 200};
    static const struct pg_wait stopped = {.on_wait = stop_now};
    is_int(end_of(s, "INSERT INTO c VALUES (2)", &brief), TX_UNDONE,
           "a COMMIT that takes longer than it may is cancelled");
    is_str(e.sqlstate, "57014", "by the server");
    has(e.msg, "within 200 ms", "after its own time");
    is_int(end_of(s, "INSERT INTO c VALUES (2)", &stopped), TX_UNDONE,
           "one that is interrupted likewise");
    is_int(e.code, ERR_INTERRUPTED, "and says so");
    is_str(count(s), "1", "nothing was added");
}

static void test_loss(struct pg *s, struct pg *other)
{
    static const struct pg_sql end = {
        "t_end", "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
                 "application_name = 'kfmig unit test' AND pid <> pg_backend_pid()"};
    must(s, "BEGIN");
    must(s, "INSERT INTO c VALUES (1)");
    is_str(server_ask(&e, other, &end, NULL), "t", "the server ends the session");
    is_int(tx_commit(s, NULL, &e), TX_UNDONE, "what was never sent is undone, not unknown");
    is_str(e.sqlstate, "57P01", "with the server's reason");
    is_int(tx_commit(s, NULL, &e), TX_UNDONE, "on a lost session likewise");
    tx_roll_back(s);
    tx_roll_back(NULL);
    ok(true, "nothing can be rolled back there");
    is_str(count(other), "1", "nothing was added");
}

static void test_rolling_back(struct pg *s)
{
    must(s, "BEGIN");
    (void)server_run(&e, s, "SELECT nope");
    tx_roll_back(s);
    is_int(pg_tx(s), PG_TX_IDLE, "a failed transaction is rolled back");
    must(s, "BEGIN");
    tx_roll_back(s);
    tx_roll_back(s);
    is_int(pg_tx(s), PG_TX_IDLE, "and an open one");
}

static void test_server(void)
{
    struct pg *s = server_connect(&where, &e);
    struct pg *other = server_connect(&where, &e);
    if (s == NULL || other == NULL) {
        return;
    }
    must(s, "CREATE TABLE p (i int PRIMARY KEY)");
    must(s, "INSERT INTO p VALUES (1), (2)");
    must(s, "CREATE TABLE c (i int REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    must(s, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.i = 2 THEN "
            "PERFORM pg_sleep(30); END IF; RETURN NULL; END'");
    must(s, "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON c DEFERRABLE INITIALLY DEFERRED FOR "
            "EACH ROW EXECUTE FUNCTION slow()");
    test_answers(s);
    test_waiting(s);
    test_rolling_back(s);
    test_loss(s, other);
    pg_close(s);
    pg_close(other);
}

int main(int argc, char **argv)
{
    char dir[32];
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    struct embedded *m = server_begin(dir, &where);
    tap_plan(PLANNED);
    if (m != NULL) {
        test_server();
        ok(server_end(dir, m, &where), "the server is gone");
    }
    return tap_done();
}
