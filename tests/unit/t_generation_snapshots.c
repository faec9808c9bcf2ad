/* layer: store */
/* run: needs=postgres,postgis */
/* Who may still see the database as it was before a load: sessions, prepared transactions, standbys; and whom it is not waited for. */
#include <libpq-fe.h>

#include "generation_server.h"

static const char *const chain[] = {
    "CREATE TABLE %s.feature (id int PRIMARY KEY)",
};
enum { N_ROWS = 20 };

static void fill(const char *schema)
{
    run_of(owner, "INSERT INTO %s.feature SELECT generate_series(1, %d)", schema, N_ROWS);
}

static const char *const configured[] = {
    "ALTER SYSTEM SET wal_level = 'replica'",
    "ALTER SYSTEM SET max_wal_senders = 4",
    "ALTER SYSTEM SET max_replication_slots = 4",
    "ALTER SYSTEM SET max_prepared_transactions = 4",
};

/* The embedded server has none of that; it keeps what ALTER SYSTEM says over a restart. */
static void reconfigure(void)
{
    struct embedded_options o = {.dir = server_dir, .throwaway = true, .self = "/proc/self/exe"};
    run_all(admin, configured, sizeof configured / sizeof *configured);
    pg_close(owner);
    pg_close(admin);
    secret_wipe(&where);
    embedded_close(server);
    server = NULL;
    must(embedded_stop(server_dir, &e), "stop");
    must(embedded_open(&server, &o, &where, NULL, &e), "start again");
    owner = session("");
    admin = session(ADMIN);
}

static const char *snapshots_as(struct pg *s, const char *horizon)
{
    struct old_snapshots found;
    struct buf b = {0};
    must(generation_old_snapshots(s, &arena, horizon, &found, &e), "snapshots");
    for (size_t i = 0; i < found.n; i++) {
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", found.who[i]);
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

static const char *snapshots(const char *horizon)
{
    return snapshots_as(owner, horizon);
}

static const char *horizon_now(void)
{
    const char *h = NULL;
    must(generation_horizon(owner, &arena, &h, &e), "horizon");
    return h;
}

static const char *hidden_2;
static const char *acl[3];

static struct pg *begin_reader(const char *keywords)
{
    struct pg *s = session(keywords);
    command(s, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    (void)value(s, "SELECT 1");
    return s;
}

static void test_old_reader(void)
{
    const char *kept = NULL;
    struct pg *old = begin_reader("");
    struct pg *elsewhere = begin_reader("dbname=postgres " ADMIN);
    struct pg *idle = session("");
    command(idle, "BEGIN");
    (void)value(idle, "SELECT 1");
    run(idle,
        "SET LOCAL work_mem = '4MB'"); /* a statement sent by the extended protocol keeps its snapshot until the next one */
    fill(hidden_2);
    const char *horizon = horizon_now();
    is_str(snapshots(horizon), session_text(old, "kfmig unit test"),
           "a repeatable-read reader from before the load is named; idle ones and other databases' "
           "are not");
    is_str(snapshots(NULL), "", "no horizon, nothing to wait for");
    struct pg *late = begin_reader("");
    is_str(snapshots(horizon), session_text(old, "kfmig unit test"),
           "one that began after it is none");
    publish("k", 1, hidden_2, acl[2], &kept);
    is_str(value(old, "SELECT count(*) FROM k.feature"), "0",
           "what it is waited for: it would see nothing");
    is_str(value(late, "SELECT count(*) FROM k.feature"), arena_printf(&arena, "%d", N_ROWS),
           "and the late one all");
    command(old, "COMMIT");
    is_str(snapshots(horizon), "", "gone when it has ended");
    pg_close(late);
    pg_close(old);
    pg_close(elsewhere);
    pg_close(idle);
    publish("k", 2, "k__g1", acl[1], &kept);
}

static void test_writer(void)
{
    struct pg *writer = session("");
    command(writer, "BEGIN");
    run(writer, "INSERT INTO other.outside VALUES (1)");
    struct pg *old = begin_reader("");
    run(owner, "INSERT INTO other.outside VALUES (2)");
    const char *horizon = horizon_now();
    struct pg *late = begin_reader("");
    is_str(snapshots(horizon), session_text(old, "kfmig unit test"),
           "a transaction that has been writing for long makes nobody's snapshot old");
    const char *number = arena_strndup(&arena, horizon, strcspn(horizon, " "));
    ok(strstr(snapshots(number), session_text(late, "kfmig unit test")) != NULL,
       "without the time, it does: wait rather than not");
    struct pg *alice = session("user=alice");
    ok(strstr(snapshots_as(alice, horizon), session_text(late, "kfmig unit test")) != NULL,
       "nor does who may not see others' times");
    pg_close(alice);
    pg_close(old);
    pg_close(late);
    command(writer, "ROLLBACK");
    pg_close(writer);
}

static void test_prepared(void)
{
    const char *held_by = NULL;
    struct pg *s = session("");
    command(s, "BEGIN");
    run(s, "INSERT INTO k.feature VALUES (0)");
    run(s, "PREPARE TRANSACTION 'two phases'");
    run(owner, "INSERT INTO other.outside VALUES (2)");
    const char *horizon = horizon_now();
    is_str(snapshots(horizon), "prepared transaction \"two phases\"",
           "a prepared transaction is named");
    command(owner, "BEGIN");
    is_int(generation_lock(owner, &arena, "k", "k__g2", 0, &held_by, &e), 1, "it holds its locks");
    is_str(held_by, "prepared transaction \"two phases\" uses k.feature",
           "and is named for that too");
    command(owner, "ROLLBACK");
    run(s, "ROLLBACK PREPARED 'two phases'");
    is_str(snapshots(horizon), "", "gone when it has ended");
    pg_close(s);
}

static void put_number(char *out, size_t bytes, uint64_t n)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (char)(n >> (8 * (bytes - 1 - i)));
    }
}

/* A standby with a reader on it: the replication protocol's "Hot standby feedback message", with transaction xid as the oldest one that the
 * reader may see. slot "": none. */
static PGconn *standby(const char *slot, uint32_t xid)
{
    char message[1 + 8 + 4 * 4] = "h";
    PGconn *c = PQconnectdb(arena_printf(
        &arena, "%s user=kfmig_admin replication=true application_name=standby", where.opaque));
    PGresult *r = PQexec(c, arena_printf(&arena, "START_REPLICATION %s PHYSICAL %s", slot,
                                         value(admin, "SELECT pg_current_wal_flush_lsn()")));
    must(PQresultStatus(r) == PGRES_COPY_BOTH ? 0 : -1, PQerrorMessage(c));
    PQclear(r);
    put_number(message + 9, 4, xid);
    must(PQputCopyData(c, message, sizeof message) == 1 && PQflush(c) == 0 ? 0 : -1, "feedback");
    return c;
}

/* Asks until the answer is what is expected; the time limit of the test ends a wrong one. */
static const char *until(const char *horizon, const char *want)
{
    const char *got = snapshots(horizon);
    for (int i = 0; i < 20000 && strcmp(got, want) != 0; i++) {
        struct arena_mark m = arena_mark(&arena);
        got = snapshots(horizon);
        if (strcmp(got, want) != 0) {
            arena_reset(&arena, m);
            got = "";
        }
    }
    return got;
}

static void test_standby(void)
{
    uint32_t xid = (uint32_t)strtoul(value(owner, "SELECT pg_current_xact_id()"), NULL, 10);
    run(owner, "INSERT INTO other.outside VALUES (3)");
    const char *horizon = horizon_now();
    run(admin, "SELECT pg_create_physical_replication_slot('far_away', true)");
    is_str(snapshots(horizon), "", "a replication slot without a snapshot is none");
    PGconn *c = standby("SLOT far_away", xid);
    is_str(until(horizon, "replication slot far_away"), "replication slot far_away",
           "one with a reader's snapshot is named");
    PQfinish(c);
    (void)until(horizon, "replication slot far_away");
    is_str(snapshots(horizon), "replication slot far_away", "also while nobody is connected");
    while (strcmp(value(admin, "SELECT pg_drop_replication_slot('far_away')"), "55006") == 0) {
    }
    is_str(snapshots(horizon), "", "gone with the slot");
    c = standby("", xid);
    const char *sender = value(admin, "SELECT 'session ' || pid || ' (standby)' FROM "
                                      "pg_stat_replication WHERE application_name = 'standby'");
    struct old_snapshots found = {0};
    for (int i = 0; i < 20000 && found.n == 0; i++) {
        must(generation_old_snapshots(admin, &arena, horizon, &found, &e), "snapshots");
    }
    ok(found.n == 1 && strcmp(found.who[0], sender) == 0,
       "a standby without a slot is named as a session");
    PQfinish(c);
}

int main(int argc, char **argv)
{
    int status = 0;
    const char *kept = NULL;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(6 + 3 + 4 + 5);
    generation_up();
    reconfigure();
    run(owner, "CREATE TABLE other.outside (x int)");
    const char *first = make("k", 1, chain, 1, &acl[1]);
    fill(first);
    publish("k", 0, first, acl[1], &kept);
    hidden_2 = make("k", 2, chain, 1, &acl[2]);
    test_old_reader();
    test_writer();
    test_prepared();
    test_standby();
    return generation_down() ? tap_done() : 1;
}
