/* What the tests of src/store share: a throwaway server, sessions as the database's owner and as superuser, a fixture of one object
 * of nearly every kind, and comparing catalogs. */
#ifndef KFMIG_TESTS_UNIT_STORE_SERVER_H
#define KFMIG_TESTS_UNIT_STORE_SERVER_H

#include <unistd.h>

#include "pg_server.h"
#include "store/postgis/postgis.h"
#include "tap.h"

#ifndef FORMAT
#define FORMAT CATALOG_FORMAT /* of the fingerprints that a test is about */
#endif

static struct secret where;
static struct arena arena;
static struct err e;
static struct embedded *server;
static char server_dir[32];

static const char *const fixture_admin[] = {
    "ALTER ROLE kfmig CREATEROLE",
    "CREATE ROLE reader",
    "CREATE ROLE alice",
    "CREATE ROLE bob",
    "GRANT reader TO alice",
    "GRANT reader, alice, bob TO kfmig WITH ADMIN OPTION",
    "ALTER ROLE bob SET work_mem = '5MB'",
    "CREATE EXTENSION file_fdw",
    "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
    "ALTER SERVER files OWNER TO kfmig",
    "GRANT USAGE ON FOREIGN DATA WRAPPER file_fdw TO kfmig",
    "CREATE USER MAPPING FOR bob SERVER files",
    "CREATE FOREIGN TABLE public.lines (a int) SERVER files OPTIONS (filename '/dev/null')",
    "ALTER FOREIGN TABLE public.lines OWNER TO kfmig",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw",
    "ALTER SERVER loop OWNER TO kfmig",
    "CREATE SCHEMA kfmig AUTHORIZATION kfmig",
    "CREATE TABLE kfmig.entry (x int)",
    "ALTER TABLE kfmig.entry OWNER TO kfmig",
    "SELECT lo_create(4242)",
    "ALTER LARGE OBJECT 4242 OWNER TO kfmig",
};

static const char *const fixture_owner[] = {
    "CREATE SCHEMA app",
    "CREATE SCHEMA ref",
    "CREATE SCHEMA other",
    "GRANT ALL ON SCHEMA app TO bob",
    "CREATE TABLE ref.county (geoid text PRIMARY KEY, name text NOT NULL)",
    "INSERT INTO ref.county SELECT g::text, 'c' || g FROM generate_series(1, 105) AS g",
    "CREATE TABLE app.item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, county text "
    "REFERENCES ref.county,"
    " label text DEFAULT 'x' CHECK (label <> ''), qty int, twice int GENERATED ALWAYS AS (qty * 2) "
    "STORED)",
    "INSERT INTO app.item (county, label, qty) SELECT '1', 'l' || g, g FROM generate_series(1, 10) "
    "AS g",
    "CREATE INDEX item_qty ON app.item (qty)",
    "CREATE INDEX item_expr ON app.item (lower(label)) WHERE qty > 3",
    "CREATE TABLE app.serial (id serial PRIMARY KEY, v text)",
    "CREATE TABLE app.parent (id int NOT NULL, d date NOT NULL) PARTITION BY RANGE (d)",
    "CREATE TABLE app.part1 PARTITION OF app.parent FOR VALUES FROM ('2020-01-01') TO "
    "('2021-01-01')",
    "CREATE TABLE app.bare (a int, b text)",
    "INSERT INTO app.bare VALUES (1, 'a'), (2, 'b')",
    "CREATE TABLE app.pub (a int PRIMARY KEY)",
    "CREATE TABLE app.inh (x int)",
    "CREATE TABLE app.child (y int) INHERITS (app.inh)",
    "CREATE VIEW app.v AS SELECT i.id, i.label, c.name FROM app.item AS i JOIN ref.county AS c ON "
    "c.geoid = i.county",
    "CREATE VIEW other.v2 AS SELECT id, label FROM app.v",
    "CREATE MATERIALIZED VIEW app.mv AS SELECT count(*) AS n FROM app.item",
    "CREATE SEQUENCE app.seq",
    "CREATE SEQUENCE app.seq2",
    "CREATE TABLE app.useseq (a bigint DEFAULT nextval('app.seq2'))",
    "CREATE TYPE app.mood AS ENUM ('sad', 'ok')",
    "CREATE TYPE app.pair AS (a int, b text)",
    "CREATE DOMAIN app.pos AS int CHECK (value > 0)",
    "CREATE TYPE app.span AS RANGE (subtype = float8)",
    "CREATE TABLE app.typed (m app.mood DEFAULT 'ok', p app.pos, ms app.mood[], pr app.pair, r "
    "app.item)",
    "CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1'",
    "CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    "CREATE TRIGGER tr BEFORE UPDATE ON app.item FOR EACH ROW EXECUTE FUNCTION app.trg()",
    "CREATE FUNCTION app.wr() RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN INSERT INTO app.bare VALUES (9, ''z''); UPDATE app.bare SET a = 10 WHERE a = 9; END'",
    "CREATE POLICY pol ON app.bare USING (a > 0)",
    "CREATE RULE rl AS ON DELETE TO app.useseq DO ALSO NOTIFY x",
    "CREATE STATISTICS app.st ON a, b FROM app.bare",
    "CREATE AGGREGATE app.agg(int) (sfunc = int4pl, stype = int)",
    "CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4eq)",
    "CREATE COLLATION app.coll (locale = 'C')",
    "CREATE TEXT SEARCH CONFIGURATION app.tsc (copy = simple)",
    "CREATE TEXT SEARCH DICTIONARY app.tsd (template = simple)",
    "CREATE CAST (app.pair AS text) WITH INOUT",
    "COMMENT ON TABLE app.item IS 'items'",
    "COMMENT ON COLUMN app.item.qty IS 'q'",
    "COMMENT ON FUNCTION app.f(int) IS 'fun'",
    "COMMENT ON CONSTRAINT item_pkey ON app.item IS 'pk'",
    "COMMENT ON CONSTRAINT pos_check ON DOMAIN app.pos IS 'dc'",
    "CREATE EXTENSION hstore SCHEMA public",
    "CREATE TABLE public.h (x hstore)",
    "CREATE PUBLICATION pub FOR TABLE app.pub",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader",
    "CREATE TABLE other.secret (x int)",
    "INSERT INTO other.secret VALUES (1)",
};

static inline bool server_down(void)
{
    return server_end(server_dir, server, &where);
}

/* The test makes no sense any more: TAP's count says that it failed. */
_Noreturn static inline void give_up(void)
{
    (void)fflush(stdout);
    (void)server_down();
    _exit(1);
}

static inline void must(int rc, const char *what)
{
    if (rc != 0) {
        printf("# %s\n", what);
        server_explain(&e);
        give_up();
    }
}

/* Further keywords win over those of the owner's connection string. */
static inline struct pg *session(const char *keywords)
{
    struct secret s = {NULL};
    secret_set(&s, arena_printf(&arena, "%s %s", where.opaque, keywords));
    struct pg *out = server_connect(&s, &e);
    secret_wipe(&s);
    must(out == NULL ? -1 : 0, "connect");
    return out;
}

static inline void run(struct pg *s, const char *sql)
{
    must(server_run(&e, s, sql), sql);
}

static inline void run_all(struct pg *s, const char *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        run(s, v[i]);
    }
}

#define ADMIN "user=kfmig_admin"

/* A server whose database holds the fixture. */
static inline void server_up(struct pg **owner, struct pg **admin)
{
    server = server_begin(server_dir, &where);
    if (server == NULL) {
        _exit(1);
    }
    *owner = session("");
    *admin = session(ADMIN);
    run_all(*admin, fixture_admin, sizeof fixture_admin / sizeof *fixture_admin);
    run_all(*owner, fixture_owner, sizeof fixture_owner / sizeof *fixture_owner);
}

/* The first difference between two catalogs, "" if there is none. */
static inline const char *difference(struct arena *a, const struct catalog *x,
                                     const struct catalog *y)
{
    for (size_t i = 0; i < x->n || i < y->n; i++) {
        const struct catalog_object *p = i < x->n ? x->v[i] : NULL;
        const struct catalog_object *q = i < y->n ? y->v[i] : NULL;
        if (p == NULL || q == NULL || strcmp(p->text, q->text) != 0) {
            return arena_printf(a, "%s or %s", p == NULL ? "nothing" : p->text,
                                q == NULL ? "nothing" : q->text);
        }
        if (!catalog_same(p, q)) {
            return arena_printf(a, "%s:\n%s---\n%s", p->text, catalog_definition(a, p),
                                catalog_definition(a, q));
        }
    }
    return "";
}

#endif
