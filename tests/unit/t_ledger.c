/* layer: ledger */
/* run: needs=postgres */
/* Identifying a server, making the ledger, who may read it, the lock and its epoch. */
#include <sys/wait.h>
#include <unistd.h>

#include "doc/json.h"
#include "ledger_server.h"

enum { PLANNED = 89, MAKERS = 2 };

static void test_no_ledger(struct pg *s)
{
    struct identity id = identify(s);
    ok(!id.has_ledger, "a database without a ledger");
    is_str(id.uuid, "", "has no instance");
    is_str(id.role, "kfmig", "the role");
    is_str(id.database, "kfmig", "the database");
    ok(id.version >= 130000, "the version");
    ok(!id.superuser && !id.pooled && !id.in_recovery && !id.read_only, "an ordinary primary");
    is_int(id.timeline, 1, "the timeline");
    ok(strchr(id.lsn, '/') != NULL, "the WAL position");
}

/* In a child process: says that it is ready, makes the ledger, exits with the outcome. */
static pid_t start_maker(int ready)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct pg *s = session("");
        (void)!write(ready, "r", 1);
        int rc = ledger_create(s, "dev", &e);
        pg_close(s);
        _exit(rc == 0 ? 0 : 1);
    }
    return child;
}

/* Both makers find the lock on making held, and only then it is given up. */
static void test_two_makers(struct pg *s)
{
    struct pg *other = session("");
    int fds[2];
    pid_t makers[MAKERS];
    char byte;
    must(pipe(fds), "pipe");
    run(other, "BEGIN");
    run(other, "SELECT pg_advisory_xact_lock(1801874791, 3)");
    for (int i = 0; i < MAKERS; i++) {
        makers[i] = start_maker(fds[1]);
    }
    for (int i = 0; i < MAKERS; i++) {
        must(read(fds[0], &byte, 1) == 1 ? 0 : -1, "read");
    }
    run(other, "COMMIT");
    for (int i = 0; i < MAKERS; i++) {
        int status = 1;
        must(waitpid(makers[i], &status, 0) == makers[i] ? 0 : -1, "waitpid");
        is_int(status, 0, "both of two makers succeed");
    }
    is_str(ask(s, "SELECT count(*) FROM kfmig.entry"), "1", "and one of them made it");
    (void)close(fds[0]);
    (void)close(fds[1]);
    pg_close(other);
}

static void test_made(struct pg *s)
{
    struct identity id = identify(s);
    struct identity again;
    ok(id.has_ledger, "the ledger is there");
    is_int(strlen(id.uuid), 36, "its instance has a uuid");
    is_str(id.environment, "dev", "its environment");
    is_int(id.format, LEDGER_FORMAT, "its format");
    is_int(id.size, 1, "one entry");
    is_int(id.epoch, 0, "no epoch yet");
    ok(strlen(id.system_id) > 10, "the server's system identifier");
    is_str(pg_last_query(s), "ledger_identify_full", "one round trip tells all of it");
    is_int(ledger_create(s, "dev", &e), 0, "making it again is no error");
    again = identify(s);
    ok(digest_eq(&id.root, &again.root) && strcmp(id.uuid, again.uuid) == 0, "and changes nothing");
    is_int(pg_tx(s), PG_TX_IDLE, "and leaves no transaction open");
}

static void test_first_entry(struct pg *s)
{
    struct identity id = identify(s);
    struct entries all;
    struct receipt_rows receipts;
    struct merkle m;
    struct buf again = {0};
    must(ledger_entries(s, &id, NULL, &arena, &all, &m, &e), "entries");
    must(ledger_receipts(s, 0, NULL, &arena, &receipts, &e), "receipts");
    is_int(all.n, 1, "one entry is read");
    is_int(all.v[0].kind, ENTRY_CONTACT, "of kind contact");
    is_str(all.v[0].subject, "database", "about the database");
    is_str(all.v[0].instance, id.uuid, "with the instance");
    is_int(receipts.n, 1, "one receipt");
    struct digest d = digest_of(receipts.v[0].body);
    ok(digest_eq(&d, &all.v[0].receipt), "which the entry names");
    struct doc *body = json_read(&arena, receipts.v[0].body, "receipt", &e);
    must(body == NULL ? -1 : 0, "receipt");
    canon_write(&again, body);
    ok(bytes_eq(buf_bytes(&again), receipts.v[0].body), "it is canonical");
    is_str(doc_str(body, "format", ""), "kfmig.run_receipt.v1", "its format");
    is_str(doc_str(body, "run_kind", ""), "contact", "its kind");
    is_str(doc_str(body, "run_id", ""), all.v[0].run_id, "its run");
    is_str(doc_str(body, "finished_at", ""), all.v[0].finished_at, "its end is the entry's");
    is_str(doc_str(doc_get(body, "target"), "db", ""), "kfmig", "its database");
    buf_release(&again);
}

static void test_reader(struct pg *s)
{
    struct pg *admin = session(ADMIN);
    struct identity id;
    struct entries all;
    struct object_rows objects;
    struct receipt_rows receipts;
    struct merkle m;
    struct bytes text;
    bool found = true;
    run(admin, "CREATE ROLE \"Reader\" LOGIN");
    struct pg *reader = session("user=Reader");
    is_int(ledger_identify(reader, &id, &e), -1,
           "a role without privileges may not read the ledger");
    is_int(e.code, ERR_PREFLIGHT, "which is a matter of preflight");
    is_str(
        e.hint,
        "GRANT USAGE ON SCHEMA kfmig TO \"Reader\"; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO "
        "\"Reader\";",
        "the hint says what to grant");
    run(s, "GRANT USAGE ON SCHEMA kfmig TO \"Reader\"");
    is_int(ledger_identify(reader, &id, &e), -1, "half of it is not enough");
    run(s, "GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO \"Reader\"");
    id = identify(reader);
    ok(id.has_ledger && id.size == 1 && *id.system_id != '\0', "with it the role reads all of it");
    is_int(ledger_entries(reader, &id, NULL, &arena, &all, &m, &e), 0, "entries");
    is_int(ledger_objects(reader, 0, &arena, &objects, &e), 0, "objects");
    is_int(ledger_receipts(reader, 0, NULL, &arena, &receipts, &e), 0, "receipts");
    is_int(ledger_blob(reader, &id.root, &arena, &text, &found, &e), 0, "blobs");
    is_int(ledger_settle(reader, "y", &e), TX_UNDONE, "single entries");
    run(admin, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    id = identify(s);
    ok(id.has_ledger && *id.system_id == '\0' && id.size == 1,
       "a server may deny its control file");
    run(admin, "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
    id = identify(admin);
    ok(id.superuser, "a superuser is known as one");
    run(reader, "SET default_transaction_read_only = on");
    id = identify(reader);
    ok(id.read_only, "a read-only session is known as one");
    pg_close(reader);
    pg_close(admin);
}

/* In a database of its own. */
static void test_privileges(void)
{
    struct pg *admin = session(ADMIN);
    run(admin, "CREATE DATABASE \"My db\"");
    struct pg *there = session("dbname='My db' " ADMIN);
    struct pg *s = session("dbname='My db'");
    is_int(ledger_create(s, "dev", &e), -1, "a role that may not create schemas makes no ledger");
    is_int(e.code, ERR_PREFLIGHT, "which is a matter of preflight");
    is_str(e.hint, "GRANT CREATE ON DATABASE \"My db\" TO kfmig;", "the hint says what to grant");
    run(there, "CREATE SCHEMA kfmig");
    is_int(ledger_create(s, "dev", &e), -1, "nor in a schema that belongs to another");
    is_str(e.hint, "ALTER SCHEMA kfmig OWNER TO kfmig;", "the hint says whose it should be");
    run(there, "ALTER SCHEMA kfmig OWNER TO kfmig");
    run(s, "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO PUBLIC");
    is_int(ledger_create(s, "staging", &e), 0, "a schema made beforehand is used");
    is_str(ask(s,
               "SELECT bool_or(has_table_privilege('Reader', c.oid, 'SELECT, INSERT, UPDATE, "
               "DELETE, TRUNCATE')) "
               "FROM pg_class c WHERE c.relnamespace = 'kfmig'::regnamespace AND c.relkind = 'r'"),
           "f", "PUBLIC has no privilege on any table");
    is_str(ask(s, "SELECT has_schema_privilege('Reader', 'kfmig', 'USAGE, CREATE') "
                  "OR has_function_privilege('Reader', 'kfmig.refuse()', 'EXECUTE')"),
           "f", "nor on schema and function");
    struct pg *second = session("dbname='My db' options='-c search_path=kfmig'");
    struct identity id = identify(second);
    is_str(id.environment, "staging", "each database has its own ledger");
    is_int(ledger_create(second, "", &e), 0, "a second call does not look at the environment");
    pg_close(second);
    pg_close(s);
    pg_close(there);
    pg_close(admin);
}

static void test_environment_names(void)
{
    struct pg *admin = session(ADMIN);
    run(admin, "CREATE DATABASE names OWNER kfmig");
    struct pg *s = session("dbname=names");
    is_int(ledger_create(s, "", &e), -1, "an environment without a name is refused");
    is_int(ledger_create(s, arena_printf(&arena, "%064d", 0), &e), -1, "and one of 64 bytes");
    is_int(ledger_create(s, "a\x7F", &e), -1, "and one that canonical JSON cannot hold");
    is_int(e.code, ERR_CONFIG, "as a fault of configuration");
    is_int(pg_tx(s), PG_TX_IDLE, "without a transaction left open");
    struct identity id = identify(s);
    ok(!id.has_ledger, "and without a ledger left behind");
    pg_close(s);
    pg_close(admin);
}

struct waiting {
    struct pg *holder;
    int n_waits, n_asked;
    char text[512];
};

static void unlock_holder(void *ctx, const struct tell *t)
{
    struct waiting *w = ctx;
    (void)snprintf(w->text, sizeof w->text, "%s", t->what);
    w->n_waits += t->kind == TELL_WAITING;
    must(ledger_unlock(w->holder, &e), "unlock");
}

static void count_wait(void *ctx, const struct tell *t)
{
    ((struct waiting *)ctx)->n_waits += t->kind == TELL_WAITING;
}

static enum err_code stop_second(void *ctx)
{
    return ++((struct waiting *)ctx)->n_asked == 2 ? ERR_INTERRUPTED : ERR_NONE;
}

static void test_lock(struct pg *a, struct pg *b)
{
    int64_t epoch = 0;
    bool held = false;
    struct waiting w = {.holder = a};
    is_int(lock_now(a, &epoch), 0, "the lock");
    is_int(epoch, 1, "begins epoch 1");
    is_str(ask(b, "SELECT run_id || ', ' || holder FROM kfmig.lease"), "run, kfmig on host",
           "the lease names the run");
    must(ledger_lock_check(a, 1, &held, &e), "check");
    ok(held, "it is held");
    must(ledger_lock_check(a, 2, &held, &e), "check");
    ok(!held, "not in another epoch");
    must(ledger_lock_check(b, 1, &held, &e), "check");
    ok(!held, "nor by another session");
    is_int(lock_now(b, &epoch), -1, "another session does not get it");
    is_int(e.code, ERR_LOCKED, "as it is locked");
    ok(strstr(e.msg, "kfmig unit test (pid ") != NULL && strstr(e.msg, "kfmig on host") != NULL,
       "the holder is named");
    const struct ear stopping = {&w, count_wait, stop_second};
    const struct ear unlocking = {&w, unlock_holder, NULL};
    struct lock_wait wait = {10000, &stopping};
    is_int(ledger_lock(b, "run", "h", &wait, &epoch, &e), -1, "waiting can be ended");
    ok(e.code == ERR_INTERRUPTED && w.n_waits == 2, "after any poll");
    wait = (struct lock_wait){10000, &unlocking};
    w.n_waits = 0;
    is_int(ledger_lock(b, "run2", "h", &wait, &epoch, &e), 0,
           "waiting ends when the lock is given back");
    ok(w.n_waits == 1 && strstr(w.text, "kfmig unit test") != NULL,
       "the holder was told meanwhile");
    is_int(epoch, 2, "the next epoch began");
    must(ledger_lock_check(a, 1, &held, &e), "check");
    ok(!held, "the first holder has lost it");
    is_int(ledger_unlock(a, &e), -1, "and cannot give it back twice");
    is_int(ledger_unlock(b, &e), 0, "the second can");
}

static void test_orphan(struct pg *a, struct pg *b)
{
    int64_t epoch = 0;
    struct guard g = {0};
    run(a, "BEGIN");
    is_int(begin_work(a, &g), 0, "a session works");
    is_int(lock_now(b, &epoch), -1, "no run starts beside it");
    ok(e.code == ERR_LOCKED && strstr(e.msg, "still works") != NULL, "and says why");
    is_str(
        ask(b,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"),
        "0", "it gave back what it had");
    run(a, "ROLLBACK");
    is_int(lock_now(b, &epoch), 0, "when it has ended, a run starts");
    must(ledger_unlock(b, &e), "unlock");
    run(b, "SELECT pg_advisory_lock(1801874791, 2)");
    run(a, "BEGIN");
    is_int(begin_work(a, &g), -1, "nobody begins to work while a run starts");
    is_int(e.code, ERR_LOCKED, "as it is locked");
    run(a, "ROLLBACK");
    run(b, "SELECT pg_advisory_unlock(1801874791, 2)");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    if (ok(server_up(), "a server of our own")) {
        struct pg *s = session("");
        struct pg *other = session("");
        test_no_ledger(s);
        test_two_makers(s);
        test_made(s);
        test_first_entry(s);
        test_reader(s);
        test_privileges();
        test_environment_names();
        test_lock(s, other);
        test_orphan(s, other);
        pg_close(other);
        pg_close(s);
    }
    ok(server_down(), "the server is gone");
    arena_release(&arena);
    return tap_done();
}
