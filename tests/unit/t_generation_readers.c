/* layer: store */
/* run: needs=postgres,postgis limit=600 */
/* Publishing under readers: locks that queue nobody, and 200 publishes during which every reader sees one generation, whole. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "generation_server.h"
#include "store/postgis/queries.h"

static const char *const chain[] = {
    "CREATE TABLE %s.dataset (id int PRIMARY KEY, g int NOT NULL)",
    "CREATE TABLE %s.feature (id int PRIMARY KEY, g int NOT NULL)",
    "CREATE TABLE %s.p (id int, g int NOT NULL) PARTITION BY LIST (id)",
    "CREATE TABLE %s.p1 PARTITION OF %s.p FOR VALUES IN (1)",
    "CREATE VIEW %s.v AS SELECT f.id, f.g FROM %s.feature AS f JOIN %s.dataset AS d ON d.id = f.id",
    "CREATE VIEW %s.outer_v AS SELECT x FROM other.outside",
    "CREATE MATERIALIZED VIEW %s.mv AS SELECT max(g) AS g FROM %s.feature",
    "CREATE SEQUENCE %s.seq",
    "CREATE FOREIGN TABLE %s.ft (a text) SERVER files OPTIONS (filename '/dev/null')",
    "CREATE FUNCTION %s.bound() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(g) FROM "
    "%s.v; END",
    "CREATE FUNCTION %s.text_body() RETURNS int LANGUAGE sql STABLE AS 'SELECT max(g) FROM "
    "k.feature'",
    "GRANT USAGE ON SCHEMA %s TO reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA %s TO reader",
    "GRANT SELECT ON ALL SEQUENCES IN SCHEMA %s TO reader",
};
enum { N_CHAIN = sizeof chain / sizeof *chain, N_ROWS = 20 };

static void fill(const char *schema, int number)
{
    command(owner, "BEGIN");
    run_of(owner, "INSERT INTO %s.dataset SELECT i, %d FROM generate_series(1, %d) AS i", schema,
           number, N_ROWS);
    run_of(owner, "INSERT INTO %s.feature SELECT i, %d FROM generate_series(1, %d) AS i", schema,
           number, N_ROWS);
    run_of(owner, "INSERT INTO %s.p SELECT 1, %d FROM generate_series(1, %d) AS i", schema, number,
           N_ROWS);
    run_of(owner, "ALTER SEQUENCE %s.seq RESTART WITH %d", schema, number);
    must(generation_settle(owner, &arena, schema, &e), "settle");
    command(owner, "COMMIT");
}

static const char *acl[3];

/* ---- locks */

static const struct {
    const char *sql, *relation;
} holders[] = {
    {"SELECT count(*) FROM k.dataset", "k.dataset"},
    {"SELECT count(*) FROM k.v", "k.dataset"},
    {"SELECT count(*) FROM ONLY k.p", "k.p"},
    {"SELECT count(*) FROM k.p1", "k.p1"},
    {"SELECT count(*) FROM k__g2.feature", "k__g2.feature"},
    {"ALTER TABLE k.v OWNER TO kfmig", "k.v"},
    {"SELECT g FROM k.mv", "k.mv"},
    {"SELECT last_value FROM k.seq", "k.seq"},
    {"SELECT count(*) FROM k.ft", "k.ft"},
    {"SELECT count(*) FROM k__g2.outer_v", "k__g2.outer_v"},
};
enum { N_HOLDERS = sizeof holders / sizeof *holders };

static void test_holders(void)
{
    static const char ours[] =
        "SELECT count(*) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation WHERE l.pid = "
        "pg_backend_pid() AND c.relnamespace IN ('k'::regnamespace, 'k__g2'::regnamespace)";
    const char *held_by = NULL;
    struct pg *s = session("application_name='no name'");
    for (int i = 0; i < N_HOLDERS; i++) {
        command(s, "BEGIN");
        (void)value(s, holders[i].sql);
        command(owner, "BEGIN");
        int rc = generation_lock(owner, &arena, "k", "k__g2", 0, &held_by, &e);
        ok(rc == 1 && strcmp(value(owner, ours), "0") == 0,
           arena_printf(&arena, "%s: not to be had, and nothing is held", holders[i].sql));
        is_str(held_by,
               arena_printf(&arena, "%s uses %s", session_text(s, "kfmig unit test"),
                            holders[i].relation),
               "who and what");
        command(owner, "ROLLBACK");
        command(s, "COMMIT");
    }
    pg_close(s);
}

static void test_locked(void)
{
    const char *held_by = NULL;
    static const char settings[] =
        "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')";
    struct pg_rows *one = NULL;
    struct pg_rows *two = NULL;
    command(owner, "BEGIN");
    run(owner, "SET LOCAL lock_timeout = '7s'");
    run(owner, "SET LOCAL statement_timeout = '77s'");
    is_int(generation_lock(owner, &arena, "k", "k__g2", 0, &held_by, &e), 0,
           "free relations are locked");
    is_str(value(owner, "SELECT string_agg(c.relname, ' ') FROM pg_class AS c WHERE c.relnamespace "
                        "IN ('k'::regnamespace, "
                        "'k__g2'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
                        "AND NOT EXISTS (SELECT FROM pg_locks AS "
                        "l WHERE l.relation = c.oid AND l.pid = pg_backend_pid() AND l.mode = "
                        "'AccessExclusiveLock')"),
           "(null)", "every one of both schemas");
    is_str(value(owner, "SELECT count(*) FROM pg_locks AS l WHERE l.relation = "
                        "'other.outside'::regclass AND l.pid = pg_backend_pid()"),
           "0", "and none that a view only reads");
    is_str(value(owner, settings), "7s 77s", "time limits are put back");
    struct pg *s = session("");
    run(s, "SET lock_timeout = '1ms'");
    is_str(value(s, "SELECT count(*) FROM k.v"), "55P03", "readers wait now");
    pg_close(s);
    command(owner, "ROLLBACK");
    must(pg_query(owner, &postgis_generation_relations,
                  (const char *const[]){"k", "k__g2", "1", "f"}, 4, &one, &e),
         "relations");
    must(pg_query(owner, &postgis_generation_relations,
                  (const char *const[]){"k__g2", "k", "1", "f"}, 4, &two, &e),
         "relations");
    is_str(pg_text(one, 0, 0), pg_text(two, 0, 0), "the order is the same, whichever is live");
    const char *waiting = strstr(pg_text(one, 0, 1), "at_once");
    ok(waiting != NULL &&
           strstr(waiting, "ALTER TABLE k.ft") >
               strstr(waiting, "LOCK TABLE ONLY k.p1 IN ACCESS EXCLUSIVE MODE NOWAIT"),
       "tables come first, without waiting");
    pg_rows_free(one);
    pg_rows_free(two);
}

/* In a child: run body with a pipe, by which it says when it is ready and how it went. */
struct child {
    pid_t pid;
    int from, to; /* to: closed, the child is to end */
};

static struct child start(void (*body)(int in, int out))
{
    int up[2];
    int down[2];
    must(pipe(up) == 0 && pipe(down) == 0 ? 0 : -1, "pipe");
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(up[0]);
        (void)close(down[1]);
        (void)alarm(300);
        body(down[0], up[1]);
        _exit(0);
    }
    (void)close(up[1]);
    (void)close(down[0]);
    return (struct child){pid, up[0], down[1]};
}

/* One line from the child, without its end; "" when it has ended. */
static const char *line_of(const struct child *c)
{
    char text[512];
    size_t n = 0;
    while (n < sizeof text && read(c->from, text + n, 1) == 1 && text[n] != '\n') {
        n++;
    }
    return arena_strndup(&arena, text, n);
}

static void finish(struct child *c)
{
    (void)close(c->to);
    (void)close(c->from);
    (void)waitpid(c->pid, NULL, 0);
}

static bool is_told_to_end(int in)
{
    struct pollfd p = {.fd = in, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

/* Holds a table until somebody waits for it. */
static void hold_until_wanted(int in, int out)
{
    struct pg *s = session("");
    (void)in;
    command(s, "BEGIN");
    (void)value(s, "SELECT count(*) FROM k.feature");
    (void)dprintf(out, "ready\n");
    while (strcmp(value(s, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = "
                           "'k.feature'::regclass"),
                  "0") == 0) {
    }
    command(s, "COMMIT");
    pg_close(s);
}

/* Reads all the time, and says when a read had to wait long. */
static void read_impatiently(int in, int out)
{
    struct pg *s = session("user=reader");
    run(s, "SET lock_timeout = '5s'");
    const char *bad = "";
    (void)dprintf(out, "ready\n");
    while (!is_told_to_end(in) && *bad == '\0') {
        struct arena_mark m = arena_mark(&arena);
        const char *got = value(s, "SELECT (SELECT max(g) FROM k.feature) + (SELECT g FROM k.mv) + "
                                   "(SELECT max(g) FROM k.v)");
        bad = strcmp(got, "3") == 0 ? "" : arena_printf(&arena, "%s", got);
        if (*bad == '\0') {
            arena_reset(&arena, m);
        }
    }
    (void)dprintf(out, "%s\n", bad);
    pg_close(s);
}

static void test_patience(void)
{
    const char *held_by = NULL;
    struct child c = start(hold_until_wanted);
    (void)line_of(&c);
    command(owner, "BEGIN");
    is_int(generation_lock(owner, &arena, "k", "k__g2", 30000, &held_by, &e), 0,
           "with patience, a lock is waited for");
    is_str(value(owner, "SELECT current_setting('lock_timeout') || ' ' || "
                        "current_setting('statement_timeout')"),
           "0 0", "time limits are put back");
    command(owner, "ROLLBACK");
    finish(&c);
    struct pg *s = session("");
    command(s, "BEGIN");
    (void)value(s, "SELECT count(*) FROM k.feature");
    command(owner, "BEGIN");
    is_int(generation_lock(owner, &arena, "k", "k__g2", 30, &held_by, &e), 1, "but not for ever");
    is_str(held_by, arena_printf(&arena, "%s uses k.feature", session_text(s, "kfmig unit test")),
           "who and what");
    is_str(value(owner, "SELECT current_setting('lock_timeout') || ' ' || "
                        "current_setting('statement_timeout')"),
           "0 0", "time limits are put back");
    command(owner, "ROLLBACK");
    command(s, "COMMIT");
    pg_close(s);
}

/* A holder that does not let go, a publisher that tries again and again, a reader between them. */
static void test_queue(void)
{
    const char *held_by = NULL;
    int refused = 0;
    struct pg *s = session("");
    command(s, "BEGIN");
    (void)value(s, "SELECT g FROM k.mv");
    struct child c = start(read_impatiently);
    (void)line_of(&c);
    for (int i = 0; i < 30; i++) {
        struct arena_mark m = arena_mark(&arena);
        command(owner, "BEGIN");
        refused += generation_lock(owner, &arena, "k", "k__g2", 0, &held_by, &e);
        command(owner, "ROLLBACK");
        arena_reset(&arena, m);
    }
    (void)close(c.to);
    is_int(refused, 30, "who holds a relation is left alone");
    is_str(line_of(&c), "", "and nobody queues up behind the attempts");
    c.to = -1;
    finish(&c);
    command(s, "COMMIT");
    pg_close(s);
}

/* ---- 200 publishes */

enum { SWAPS = 200, READS = 50, ATTEMPTS = 5, PATIENCE_MS = 2000 };

/* Everything that is to be of one generation: how many there are, the rows, the number. */
#define ONE_OF(schema)                                                                             \
    "SELECT count(DISTINCT g) || ' ' || count(*) AS seen FROM (SELECT f.g FROM " schema            \
    "feature AS f JOIN " schema                                                                    \
    "dataset AS d ON d.id = f.id AND d.g = f.g UNION ALL SELECT g FROM " schema                    \
    "dataset UNION ALL SELECT g FROM " schema "v UNION ALL SELECT g FROM " schema                  \
    "p UNION ALL SELECT g FROM " schema "mv UNION ALL SELECT last_value FROM " schema              \
    "seq UNION ALL SELECT " schema "bound() UNION ALL SELECT " schema "text_body()) AS x"
static const char whole[] = "1 84";

/* Reads until told to end; tells how often, or what was wrong. */
static void read_until(int in, int out, struct pg *s, const char *(*read_once)(struct pg *s))
{
    long n = 0;
    const char *bad = "";
    (void)dprintf(out, "ready\n");
    while (*bad == '\0' && !is_told_to_end(in)) {
        struct arena_mark m = arena_mark(&arena);
        const char *got = read_once(s);
        if (strcmp(got, whole) != 0) {
            bad = got;
        } else {
            arena_reset(&arena, m);
            n++;
        }
    }
    (void)dprintf(out, "%s%s\n", bad, *bad == '\0' && n > READS ? "many" : "");
    pg_close(s);
}

static const char *read_prepared(struct pg *s)
{
    static const struct pg_sql q = {"test_reader", ONE_OF("k.")};
    const char *got = server_ask(&e, s, &q, NULL);
    return arena_strdup(&arena, got == NULL ? e.sqlstate : got);
}

static const char *read_afresh(struct pg *s)
{
    return value(s, ONE_OF(""));
}

static const char *read_path(struct pg *s)
{
    static const struct pg_sql q = {"test_reader", ONE_OF("")};
    const char *got = server_ask(&e, s, &q, NULL);
    return arena_strdup(&arena, got == NULL ? e.sqlstate : got);
}

/* Statement by statement, in the other order. */
static const char *read_transaction(struct pg *s)
{
    static const char *const parts[] = {
        "SELECT k.text_body()",       "SELECT last_value FROM k.seq",
        "SELECT g FROM k.mv",         "SELECT DISTINCT g FROM k.v",
        "SELECT DISTINCT g FROM k.p", "SELECT DISTINCT g FROM k.dataset"};
    char tag[64];
    const char *first = NULL;
    const char *seen = whole;
    if (pg_command(s, "BEGIN", tag, NULL, &e) != 0) {
        return e.sqlstate;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *got = value(s, parts[i]);
        first = first == NULL ? got : first;
        if (strlen(got) != 1 || strcmp(got, first) != 0) {
            seen = arena_printf(&arena, "%s: %s after %s", parts[i], got, first);
        }
    }
    return pg_command(s, "COMMIT", tag, NULL, &e) == 0 ? seen : e.sqlstate;
}

static void prepared_reader(int in, int out)
{
    read_until(in, out, session("user=reader"), read_prepared);
}

static void fresh_reader(int in, int out)
{
    struct pg *s = session("user=reader");
    run(s, "SET search_path = k");
    read_until(in, out, s, read_afresh);
}

static void path_reader(int in, int out)
{
    struct pg *s = session("user=reader");
    run(s, "SET search_path = k");
    run(s, "SET plan_cache_mode = force_generic_plan");
    read_until(in, out, s, read_path);
}

static void transaction_reader(int in, int out)
{
    read_until(in, out, session("user=reader"), read_transaction);
}

static const struct {
    const char *name;
    void (*body)(int in, int out);
} readers[] = {
    {"prepared statements", prepared_reader},
    {"statements parsed each time, by search_path", fresh_reader},
    {"prepared statements by search_path, one plan", path_reader},
    {"several statements in a transaction", transaction_reader},
};
enum { N_READERS = sizeof readers / sizeof *readers };

static bool is_quiet(const char *horizon)
{
    struct old_snapshots old;
    must(generation_old_snapshots(owner, &arena, horizon, &old, &e), "snapshots");
    return old.n == 0;
}

/* As run/ does it: everything, then the locks, and privileges in a transaction of their own, when nobody is left who resolved the name before. Returns whether the
 * locks were had without patience. */
static bool swap_once(int live, int next)
{
    const char *held_by = NULL;
    const char *none = NULL;
    const char *horizon = NULL;
    const char *kept = arena_printf(&arena, "k__g%d", live);
    const char *hidden = arena_printf(&arena, "k__g%d", next);
    int rc = 1;
    int attempt = 0;
    command(owner, "BEGIN");
    must(generation_swap(owner, &arena, "k", live, hidden, acl[next], &none, &e), "swap");
    for (; rc == 1; attempt++) {
        rc = generation_lock(owner, &arena, "k", kept, attempt < ATTEMPTS ? 0 : PATIENCE_MS,
                             &held_by, &e);
        must(rc < 0 ? -1 : 0, "lock");
    }
    command(owner, "COMMIT");
    must(generation_horizon(owner, &arena, &horizon, &e), "horizon");
    while (!is_quiet(horizon)) {
    }
    must(generation_conceal(owner, kept, &e), "conceal");
    return attempt <= ATTEMPTS;
}

static void test_swaps(void)
{
    struct child c[N_READERS];
    int n_at_once = 0;
    for (int i = 0; i < N_READERS; i++) {
        c[i] = start(readers[i].body);
        (void)line_of(&c[i]);
    }
    for (int i = 0; i < SWAPS; i++) {
        struct arena_mark m = arena_mark(&arena);
        n_at_once += swap_once(1 + i % 2, 2 - i % 2) ? 1 : 0;
        arena_reset(&arena, m);
    }
    printf("# %d of %d publishes had their locks without patience\n", n_at_once, SWAPS);
    for (int i = 0; i < N_READERS; i++) {
        (void)dprintf(c[i].to, "end\n");
        is_str(line_of(&c[i]), "many",
               arena_printf(&arena, "%s: each saw one generation, whole, without an error",
                            readers[i].name));
        finish(&c[i]);
    }
    is_str(value(owner, "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE "
                        "nspname LIKE 'k\\_\\_%' OR nspname = 'k'"),
           "k k__g2", "after an even number of publishes the first one is live");
}

int main(int argc, char **argv)
{
    int status = 0;
    const char *kept = NULL;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(2 * N_HOLDERS + 7 + 5 + 2 + N_READERS + 1);
    (void)signal(SIGPIPE, SIG_IGN); /* a child that found something wrong has ended */
    generation_up();
    run(admin, "CREATE EXTENSION file_fdw");
    run(admin, "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw");
    run(admin, "GRANT USAGE ON FOREIGN SERVER files TO kfmig");
    run(admin, "GRANT pg_read_server_files TO kfmig");
    run(owner, "CREATE TABLE other.outside (x int)");
    const char *first = make("k", 1, chain, N_CHAIN, &acl[1]);
    fill(first, 1);
    publish("k", 0, first, acl[1], &kept);
    fill(make("k", 2, chain, N_CHAIN, &acl[2]), 2);
    test_holders();
    test_locked();
    test_patience();
    test_queue();
    test_swaps();
    return generation_down() ? tap_done() : 1;
}
