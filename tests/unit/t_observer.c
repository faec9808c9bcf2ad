/* layer: flow */
/* run: needs=postgres limit=600 */
/* What a transaction did, as observed: each case as the database's owner and as superuser, and the base carried forward by the
 * observation equal to a full read. */
#include "sql/script.h"
#include "store_server.h"

enum { BOTH, OWNER, SUPER };

struct observed_case {
    int who;
    const char *sql; /* statements separated by ";;" */
    const char *seen;
};

static const struct observed_case cases[] = {
#include "observer_cases.def"
};

enum { N_CASES = sizeof cases / sizeof *cases };

static void add_rows(struct buf *b, char sign, int64_t n)
{
    if (n == ROWS_UNKNOWN) {
        buf_printf(b, " %c?", sign);
    } else if (n != 0) {
        buf_printf(b, " %c%lld", sign, (long long)n);
    }
}

static void add_touch(struct buf *b, const struct touch *t)
{
    static const char signs[] = {[FACET_ADDED] = '+', [FACET_REMOVED] = '-', [FACET_CHANGED] = '~'};
    buf_printf(b, "%s%s %s", b->n > 0 ? "; " : "", effect_text(t->effect),
               object_text(&arena, &t->object));
    add_rows(b, '+', t->inserted);
    add_rows(b, '~', t->updated);
    add_rows(b, '-', t->deleted);
    for (size_t i = 0; i < t->n_facets && t->effect == EFFECT_ALTER; i++) {
        buf_printf(b, "%s%c%s", i == 0 ? " {" : ", ", signs[t->facets[i].change],
                   t->facets[i].facet);
    }
    if (t->n_facets > 0 && t->effect == EFFECT_ALTER) {
        buf_putc(b, '}');
    }
}

/* "touch; touch; residue touch; = tables indexes rows". */
static const char *shown(const struct observation *o)
{
    struct buf b = {0};
    for (size_t i = 0; i < o->touches.n; i++) {
        add_touch(&b, &o->touches.v[i]);
    }
    for (size_t i = 0; i < o->residue.n; i++) {
        buf_printf(&b, "%sresidue", b.n > 0 ? "; " : "");
        buf_printf(&b, " %s", object_text(&arena, &o->residue.v[i].object));
    }
    buf_printf(&b, "%s= %d %d %lld", b.n > 0 ? "; " : "", o->n_tables_touched, o->index_delta,
               (long long)o->rows);
    if (o->ledger_touched) {
        buf_puts(&b, " ledger");
    }
    if (o->unreconciled != NULL) {
        buf_printf(&b, " unreconciled: %s", o->unreconciled);
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

static void command(struct pg *s, const char *sql)
{
    char tag[64];
    must(pg_command(s, sql, tag, NULL, &e), sql);
}

static struct arena of_session;
static struct observer_memory memory = {.a = &of_session};

static struct observer *start(struct pg *s)
{
    observer_before_add(s);
    must(pg_batch_run(s, NULL, &e), "what comes before BEGIN");
    command(s, "BEGIN");
    struct observer *o = observer_new(&arena, &memory);
    observer_start_add(o, s);
    must(pg_batch_run(s, NULL, &e), "the observer's start");
    must(observer_start_done(o, &e), "the observer's start");
    return o;
}

/* What is said of each statement before it: whether it is quiet, as its text is read. */
static enum quiet quiet_one(const char *sql)
{
    struct script script;
    must(script_parse(&arena, "case.sql", bytes_str(sql), &script, &e), sql);
    return script.n == 1 ? script.forms[0].quiet : QUIET_NOT;
}

static bool is_quiet(const char *sql)
{
    char *text = arena_strdup(&arena, sql);
    bool quiet = true;
    for (char *p = text; p != NULL;) {
        char *end = strstr(p, ";;");
        if (end != NULL) {
            *end = '\0';
        }
        quiet &= quiet_one(p) != QUIET_NOT;
        p = end == NULL ? NULL : end + 2;
    }
    return quiet;
}

/* told: NULL: nothing is said of them. */
static int run_statements(struct pg *s, const char *sql, struct observer *told)
{
    char *text = arena_strdup(&arena, sql);
    for (char *p = text; p != NULL;) {
        char *end = strstr(p, ";;");
        if (end != NULL) {
            *end = '\0';
        }
        if (told != NULL) {
            observer_statement(told, false, quiet_one(p));
        }
        if (pg_statement(s, bytes_str(p), NULL, NULL, NULL, &e) != 0) {
            return -1;
        }
        p = end == NULL ? NULL : end + 2;
    }
    return 0;
}

static const char *witness(struct pg *s)
{
    struct catalog_witness w;
    must(catalog_witness(s, NULL, &arena, &w, &e), "witness");
    return w.sums;
}

static int n_glances; /* that sufficed */

static void test_case(struct pg *s, const char *as, const struct observed_case *c, bool tells)
{
    struct catalog base;
    struct catalog full;
    struct observation out;
    const char *name = arena_printf(&arena, "%s: %s", as, c->sql);
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    const char *was = witness(s);
    struct observer *o = start(s);
    bool done = run_statements(s, c->sql, tells ? o : NULL) == 0;
    if (done && observer_finish(o, s, &base, &out, &e) == 0) {
        n_glances += observer_left_nothing(o) ? 1 : 0;
        is_str(shown(&out), c->seen, name);
        catalog_advance(&base, &out);
        must(catalog_read(s, FORMAT, &arena, &full, &e), "read");
        is_str(difference(&arena, &base, &full), "",
               arena_printf(&arena, "%s, carried forward", name));
        ok(out.n_changes == 0 || strcmp(witness(s), was) != 0,
           arena_printf(&arena, "%s, and the catalogs' witness moves with it", name));
    } else {
        server_explain(&e);
        ok(false, name);
        ok(false, "carried forward");
        ok(false, "and the witness");
    }
    command(s, "ROLLBACK");
}

static int count_cases(int who)
{
    int n = 0;
    for (int i = 0; i < N_CASES; i++) {
        n += cases[i].who == BOTH || cases[i].who == who ? 1 : 0;
    }
    return n;
}

static void test_cases(struct pg *s, int who)
{
    for (int i = 0; i < N_CASES; i++) {
        struct arena_mark m = arena_mark(&arena);
        if (cases[i].who == BOTH || cases[i].who == who) {
            test_case(s, who == OWNER ? "owner" : "superuser", &cases[i], false);
        }
        arena_reset(&arena, m);
    }
}

static int count_quiet(void)
{
    int n = 0;
    for (int i = 0; i < N_CASES; i++) {
        struct arena_mark m = arena_mark(&arena);
        n += cases[i].who != SUPER && is_quiet(cases[i].sql) ? 1 : 0;
        arena_reset(&arena, m);
    }
    return n;
}

/* Quiet statements beyond those of observer_cases.def; a glance suffices for those with "+" only. */
/* clang-format off */
static const char *const quiet_cases[] = {
    "+CREATE TABLE app.n (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now());;CREATE INDEX n_name ON app.n (name);;COMMENT ON TABLE app.n IS 'n'",
    "+CREATE TABLE app.n (a int, b int, UNIQUE (b, a));;CREATE UNIQUE INDEX ON app.n (a DESC NULLS LAST) INCLUDE (b) WITH (fillfactor = 70)",
    "+CREATE TABLE app.n (a int CHECK (a > 0), b text COLLATE \"C\", c numeric(10, 2) DEFAULT 1.5, d int[] DEFAULT '{}');;COMMENT ON COLUMN app.n.b IS 'b'",
    "+CREATE TABLE app.n (a int, b int GENERATED ALWAYS AS (a + 1) STORED);;CREATE INDEX n_b ON app.n (b);;COMMENT ON INDEX app.n_b IS 'b'",
    "+CREATE TABLE app.n (a int);;CREATE TABLE app.m (b int PRIMARY KEY);;CREATE TABLE app.\"Odd \"\"name\" (\"select\" int PRIMARY KEY)",
    "+CREATE UNLOGGED TABLE app.n (a int) WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)",
    "CREATE TABLE app.n (a int, t text);;CREATE INDEX ON app.n USING gin (to_tsvector('english', t));;COMMENT ON TABLE app.n IS NULL",
    "CREATE TABLE app.n (r int4range, EXCLUDE USING gist (r WITH &&));;COMMENT ON CONSTRAINT n_r_excl ON app.n IS 'apart'",
    "+CREATE INDEX ON app.a USING hash (id)",
    "+CREATE TABLE app.n (a int);;CREATE INDEX n_a ON app.n (a);;CREATE INDEX a_too ON app.a (id);;COMMENT ON TABLE app.a IS 'both'",
    "CREATE TABLE app.n (a text, b text COLLATE \"C\", c varchar(9));;CREATE INDEX ON app.n (a text_pattern_ops, b);;CREATE INDEX ON app.n (b COLLATE \"POSIX\", a COLLATE \"C\")",
    "+CREATE TABLE app.n (a text, b text COLLATE \"C\");;CREATE INDEX ON app.n (b COLLATE \"default\", a COLLATE \"C\")",
    "+CREATE TABLE app.n (a text) WITH (fillfactor = 70, toast.autovacuum_enabled = off)",
    "+CREATE TABLE app.n (h hstore);;CREATE INDEX ON app.n USING gist (h);;CREATE INDEX ON app.n USING gin (h)",
    "CREATE TABLE app.n (a int CONSTRAINT there NOT NULL, UNIQUE (a) DEFERRABLE INITIALLY DEFERRED, CHECK (a > 0) NO INHERIT);;COMMENT ON CONSTRAINT n_a_key ON app.n IS 'once'",
    "+CREATE TABLE app.n (a int);;COMMENT ON TABLE app.n IS 'n';;COMMENT ON TABLE app.n IS NULL",
    "+CREATE TABLE app.n (a int, b text COMPRESSION pglz DEFAULT 'x' NOT NULL, c timestamptz[]);;COMMENT ON COLUMN app.n.c IS 'c'",
    "COMMENT ON COLUMN app.a.id IS 'id'",
    "COMMENT ON SCHEMA app IS 'app'",
    "CREATE TABLE app.n (a bigserial)",
    "CREATE TABLE app.n (a int GENERATED BY DEFAULT AS IDENTITY)",
    "CREATE TABLE app.n (a int REFERENCES app.a)",
    "CREATE TABLE app.n (LIKE app.a INCLUDING ALL)",
    "CREATE TABLE app.n (b int) INHERITS (app.inh)",
    "CREATE TABLE app.n (a int) PARTITION BY RANGE (a);;CREATE INDEX ON app.n (a)",
    "+CREATE TABLE IF NOT EXISTS app.a (id int);;COMMENT ON TABLE app.a IS 'as it is'",
    "CREATE TABLE app.n (LIKE app.a);;COMMENT ON TYPE app.mood IS 'mood'",
    "COMMENT ON TABLE kfmig.entry IS 'x'",
    "CREATE TABLE kfmig.more (a int)",
};
/* clang-format on */
enum { N_QUIET_CASES = sizeof quiet_cases / sizeof *quiet_cases };

/* As the sensors see it, or at a glance; "failed" where it cannot be run. In the arena. */
static const char *seen_as(struct pg *s, const char *sql, bool tells, bool *glanced)
{
    struct catalog base;
    struct observation out;
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    struct observer *o = start(s);
    const char *text = "failed";
    if (run_statements(s, sql, tells ? o : NULL) == 0 &&
        observer_finish(o, s, &base, &out, &e) == 0) {
        struct buf b = {0};
        buf_puts(&b, shown(&out));
        for (size_t i = 0; i < out.n_changes; i++) {
            const struct catalog_object *c = out.changes[i].after;
            buf_printf(&b, "\n%s %s", c == NULL ? "" : c->text,
                       c == NULL ? "gone" : catalog_lines(&arena, c));
        }
        text = arena_strdup(&arena, buf_str(&b));
        buf_release(&b);
    }
    *glanced = observer_left_nothing(o);
    command(s, "ROLLBACK");
    return text;
}

static void test_glance(struct pg *s, const char *said)
{
    bool glanced = false;
    bool suffices = said[0] == '+';
    const char *sql = suffices ? said + 1 : said;
    const char *want = seen_as(s, sql, false, &glanced);
    const char *got = seen_as(s, sql, true, &glanced);
    is_str(got, want, sql);
    is_int(glanced, suffices && strcmp(want, "failed") != 0, "whether a glance suffices");
}

/* A glance tells the same as the sensors, and it sufficed wherever nothing but tables, indexes and comments was made. */
static void test_quiet(struct pg *s)
{
    command(s, "SELECT pg_advisory_lock(1801874791, 1)");
    command(s, "SELECT pg_advisory_lock(1801874791, 2)");
    for (int i = 0; i < N_CASES; i++) {
        struct arena_mark m = arena_mark(&arena);
        if (cases[i].who != SUPER && is_quiet(cases[i].sql)) {
            test_case(s, "at a glance", &cases[i], true);
        }
        arena_reset(&arena, m);
    }
    for (int i = 0; i < N_QUIET_CASES; i++) {
        struct arena_mark m = arena_mark(&arena);
        test_glance(s, quiet_cases[i]);
        arena_reset(&arena, m);
    }
    command(s, "SELECT pg_advisory_unlock_all()");
    printf("# %d of %d glances sufficed\n", n_glances, count_quiet());
    ok(n_glances >= 7, "a glance suffices where nothing but tables, indexes and comments was made");
}

/* Rows that TRUNCATE and DROP take along, when they are predicted. */
struct before_case {
    const char *sql;
    enum effect effect;
    struct object object;
    bool cascade;
    const char *seen;
};

static const struct before_case befores[] = {
    {"TRUNCATE app.bare",
     EFFECT_TRUNCATE,
     {OBJ_TABLE, "app", "bare", NULL},
     false,
     "truncate table app.bare -2; = 1 0 2"},
    {"TRUNCATE ref.county CASCADE",
     EFFECT_TRUNCATE,
     {OBJ_TABLE, "ref", "county", NULL},
     true,
     "truncate table app.item -10; truncate table ref.county -105; = 2 0 115"},
    {"DROP TABLE app.bare",
     EFFECT_DROP,
     {OBJ_TABLE, "app", "bare", NULL},
     false,
     "drop table app.bare -2; = 1 0 2"},
    {"DROP TABLE ref.county CASCADE",
     EFFECT_DROP,
     {OBJ_TABLE, "ref", "county", NULL},
     true,
     "alter table app.item {-constraint item_county_fkey}; drop table ref.county -105; drop view "
     "app.v; drop view other.v2; "
     "= 2 1 105"},
    {"DROP SCHEMA other CASCADE",
     EFFECT_DROP,
     {OBJ_SCHEMA, "", "other", NULL},
     true,
     "drop schema other; drop table other.secret -1; drop view other.v2; = 1 0 1"},
    {"DROP TABLE app.parent",
     EFFECT_DROP,
     {OBJ_TABLE, "app", "parent", NULL},
     false,
     "drop table app.parent; drop table app.part1; = 1 0 0"},
    {"TRUNCATE app.parent",
     EFFECT_TRUNCATE,
     {OBJ_TABLE, "app", "parent", NULL},
     false,
     "write table app.parent; truncate table app.part1; = 1 0 0"},
    {"TRUNCATE bare",
     EFFECT_TRUNCATE,
     {OBJ_TABLE, "", "bare", NULL},
     false,
     "truncate table app.bare -2; = 1 0 2"},
    {"DROP TABLE IF EXISTS nothing",
     EFFECT_DROP,
     {OBJ_TABLE, "", "nothing", NULL},
     false,
     "= 0 0 0"},
};

enum { N_BEFORES = sizeof befores / sizeof *befores };

static void test_before(struct pg *s, const struct before_case *c)
{
    struct catalog base;
    struct observation out;
    struct touches predicted = {0};
    touches_add(&arena, &predicted,
                (struct touch){.object = c->object, .effect = c->effect, .statement = 0});
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    run(s, "SET search_path = app");
    struct observer *o = start(s);
    must(observer_count_before(o, s, &predicted, c->cascade, &e), "count");
    run(s, c->sql);
    must(observer_finish(o, s, &base, &out, &e), "finish");
    is_str(shown(&out), c->seen, arena_printf(&arena, "counted before: %s", c->sql));
    command(s, "ROLLBACK");
    run(s, "RESET search_path");
}

/* What is counted and who it was is this transaction's only. */
static void test_sequel(struct pg *s)
{
    struct catalog base;
    struct catalog full;
    struct observation out;
    static const char *const migrations[][2] = {
        {"INSERT INTO app.bare VALUES (5, 'e')", "write table app.bare +1; = 1 0 1"},
        {"INSERT INTO app.bare VALUES (6, 'f'), (7, 'g')", "write table app.bare +2; = 1 0 2"},
        {"CREATE TABLE app.one (a int PRIMARY KEY, b text DEFAULT 'q')",
         "create table app.one; = 1 1 0"},
        {"ALTER TABLE app.one RENAME TO two",
         "alter table app.one {~name}; create table app.two; = 1 0 0"},
        {"ALTER TABLE app.two RENAME COLUMN b TO c",
         "alter table app.two {-column b, +column c, ~column_order}; = 1 0 0"},
        {"TRUNCATE app.two", "truncate table app.two -?; = 1 0 -1"},
        {"COMMENT ON TABLE app.two IS 'x'", "alter table app.two {+comment}; = 1 0 0"},
        {"ALTER SEQUENCE app.seq OWNED BY app.two.a",
         "alter sequence app.seq {+owned by}; alter table app.two {+sequence app.seq}; = 1 0 0"},
        {"ALTER SEQUENCE app.seq OWNED BY NONE",
         "alter sequence app.seq {-owned by}; alter table app.two {-sequence app.seq}; = 1 0 0"},
        {"DROP TABLE app.two;;CREATE TABLE app.two (z int)",
         "create table app.two; drop table app.two -?; = 1 1 -1"},
        {"DROP TABLE app.two", "drop table app.two -?; = 1 0 -1"},
    };
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    for (size_t i = 0; i < sizeof migrations / sizeof *migrations; i++) {
        struct observer *o = start(s);
        must(run_statements(s, migrations[i][0], NULL), migrations[i][0]);
        must(observer_finish(o, s, &base, &out, &e), "finish");
        command(s, "COMMIT");
        is_str(shown(&out), migrations[i][1],
               arena_printf(&arena, "committed: %s", migrations[i][0]));
        catalog_advance(&base, &out);
    }
    must(catalog_read(s, FORMAT, &arena, &full, &e), "read");
    is_str(difference(&arena, &base, &full), "",
           "after a sequel of commits the base is what a full read gives");
    bool found = true;
    for (size_t i = 0; i < base.n; i++) {
        found = found && table_gets(&base.by_text, base.v[i]->text) == base.v[i];
    }
    ok(found, "and its tables lead to its objects");
    run(s, "DELETE FROM app.bare WHERE a > 2");
}

enum { N_SEQUEL = 11, N_OTHERS = 8 };

/* Others' work on the same database meanwhile is not ours. */
static void test_others(struct pg *s, struct pg *other)
{
    struct catalog base;
    struct observation out;
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    struct observer *o = start(s);
    run(s, "CREATE FUNCTION app.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    run(other, "CREATE FUNCTION app.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    run(other, "CREATE TABLE app.their_table (a int DEFAULT 1)");
    run(other, "GRANT SELECT ON app.item TO PUBLIC");
    run(s, "CREATE TABLE app.my_table (a int DEFAULT 1)");
    must(observer_finish(o, s, &base, &out, &e), "finish");
    is_str(shown(&out), "create function app.mine(); create table app.my_table; = 1 0 0",
           "what others commit is not observed");
    command(s, "ROLLBACK");
    run(other, "DROP FUNCTION app.theirs(); ");
    run(other, "DROP TABLE app.their_table");
    run(other, "REVOKE SELECT ON app.item FROM PUBLIC");
}

static void test_state(struct pg *s)
{
    static const struct pg_sql path = {
        "test_path", "SELECT current_setting('search_path') || ' ' || current_setting('jit')"};
    static const struct pg_sql locks = {
        "test_locks", "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = "
                      "'relation' AND relation >= 16384"};
    struct catalog base;
    struct observation out;
    must(catalog_read(s, FORMAT, &arena, &base, &e), "read");
    run(s, "SET search_path = app, ref");
    run(s, "SET jit = on");
    struct observer *o = start(s);
    is_str(server_ask(&e, s, &path, NULL), "app, ref on",
           "settings are as they were after the start");
    run(s, "CREATE OR REPLACE VIEW app.v AS SELECT i.id, i.label, c.name FROM app.item AS i JOIN "
           "county AS c ON c.geoid = i.county");
    const char *before = arena_strdup(&arena, server_ask(&e, s, &locks, NULL));
    must(observer_finish(o, s, &base, &out, &e), "finish");
    observer_end_add(s);
    must(pg_batch_run(s, NULL, &e), "the end");
    is_str(server_ask(&e, s, &path, NULL), "app, ref on", "and after the end");
    is_str(server_ask(&e, s, &locks, NULL), before, "reading definitions leaves no locks behind");
    ok(strlen(out.server_time) == strlen("2026-01-01T00:00:00.000000Z"), "the server's time");
    is_int((long long)out.n_changes, 0, "a view replaced by itself is no change");
    command(s, "ROLLBACK");
    run(s, "RESET ALL");
}

int main(int argc, char **argv)
{
    struct pg *owner = NULL;
    struct pg *admin = NULL;
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(3 * (count_cases(OWNER) + count_cases(SUPER) + count_quiet()) + 2 * N_QUIET_CASES + 1 +
             N_BEFORES + N_SEQUEL + N_OTHERS);
    server_up(&owner, &admin);
    test_cases(owner, OWNER);
    test_cases(admin, SUPER);
    test_quiet(owner);
    for (int i = 0; i < N_BEFORES; i++) {
        test_before(owner, &befores[i]);
    }
    test_sequel(owner);
    test_others(owner, admin);
    test_state(owner);
    pg_close(owner);
    pg_close(admin);
    arena_release(&arena);
    return server_down() ? tap_done() : 1;
}
