/* layer: store */
/* run: needs=postgres,postgis */
/* What stands in the way of publishing: each obstacle alone, named; and privileges carried over. */
#include "generation_server.h"

static const char *const chain[] = {
    "CREATE TYPE %s.mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE %s.t (id bigserial PRIMARY KEY, a int NOT NULL, b text CHECK (b <> ''), m "
    "%s.mood, geom geometry(Point, 4326))",
    "CREATE INDEX t_geom_idx ON %s.t USING gist (geom)",
    "CREATE VIEW %s.v AS SELECT id, a FROM %s.t",
    "CREATE MATERIALIZED VIEW %s.mv AS SELECT count(*) AS n FROM %s.v",
    "CREATE SEQUENCE %s.seq",
    "CREATE FUNCTION %s.bound(m %s.mood) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) "
    "FROM %s.t; END",
    "GRANT USAGE ON SCHEMA %s TO reader",
    "GRANT SELECT ON %s.t TO reader",
};
enum { N_CHAIN = sizeof chain / sizeof *chain };

/* One change to the live generation (k) or the hidden one (k__g2), undone; what is found; and another change of that kind. setup and
 * found may hold several, separated by ";;" and "\n". */
struct obstacle_case {
    const char *setup, *found;
};

static const struct obstacle_case cases[] = {
    {"SELECT 1", ""},
    /* dependant */
    {"CREATE VIEW other.v AS SELECT id FROM k.t", "dependant view other.v: depends on table k.t"},
    {"CREATE MATERIALIZED VIEW other.mv AS SELECT * FROM k.v",
     "dependant materialized view other.mv: depends on view k.v"},
    {"CREATE TABLE other.r (t bigint REFERENCES k.t)",
     "dependant table constraint r_t_fkey on other.r: depends on index k.t_pkey"},
    {"CREATE TABLE other.e (m k.mood)", "dependant table other.e: depends on type k.mood"},
    {"CREATE TABLE other.d (i int DEFAULT nextval('k.seq'))",
     "dependant default value for other.d.i: depends on sequence k.seq"},
    {"CREATE FUNCTION other.f(k.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "dependant function other.f(k.mood): depends on type k.mood"},
    {"CREATE FUNCTION other.f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM k.v; "
     "END",
     "dependant function other.f(): depends on view k.v"},
    {"CREATE FUNCTION k.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';;CREATE "
     "TABLE other.t (a int);;CREATE TRIGGER tr "
     "BEFORE INSERT ON other.t FOR EACH ROW EXECUTE FUNCTION k.g()",
     "dependant trigger tr on other.t: depends on function k.g()"},
    {"CREATE TABLE other.t (a bigint);;CREATE POLICY po ON other.t USING (a IN (SELECT id FROM "
     "k.t))",
     "dependant policy po on other.t: depends on table k.t"},
    {"CREATE TABLE other.t (a bigint);;CREATE RULE ru AS ON INSERT TO other.t DO ALSO DELETE FROM "
     "k.t",
     "dependant rule ru on other.t: depends on table k.t"},
    {"CREATE VIEW k.of_live AS SELECT * FROM k.v", ""},
    {"CREATE VIEW k__g2.of_live AS SELECT * FROM k.v",
     "dependant view k.of_live: depends on view k.v"},
    {"CREATE VIEW other.of_hidden AS SELECT id FROM k__g2.t", ""},
    {"CREATE CAST (k.mood AS int) WITH INOUT", ""},
    {"CREATE TEMP VIEW tv AS SELECT id FROM k.t",
     "dependant view pg_temp.tv: depends on table k.t"},
    /* text_function */
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", ""},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE VIEW k__g2.fv AS "
     "SELECT k__g2.f()",
     ""},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;ALTER TABLE k__g2.t ALTER "
     "a SET DEFAULT k__g2.f()",
     "text_function function k.f(): reached from default value for k.t.a"},
    {"CREATE FUNCTION k__g2.f(text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; "
     "END';;ALTER TABLE k__g2.t ADD CHECK (k__g2.f(b))",
     "text_function function k.f(pg_catalog.text): reached from table constraint t_b_check1 on "
     "k.t"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';;ALTER TABLE "
     "k__g2.t ADD gen int GENERATED ALWAYS AS "
     "(k__g2.f(a)) STORED",
     "text_function function k.f(integer): reached from default value for k.t.gen"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';;CREATE INDEX "
     "fi ON k__g2.t (k__g2.f(a))",
     "text_function function k.f(integer): reached from index k.fi"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';;CREATE "
     "INDEX fi ON k__g2.t (a) WHERE k__g2.f(a)",
     "text_function function k.f(integer): reached from index k.fi"},
    {"CREATE FUNCTION k__g2.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; "
     "END';;CREATE TRIGGER tr BEFORE INSERT ON k__g2.t "
     "FOR EACH ROW EXECUTE FUNCTION k__g2.f()",
     "text_function function k.f(): reached from trigger tr on k.t"},
    {"CREATE FUNCTION other.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; "
     "END';;CREATE TRIGGER tr BEFORE INSERT ON k__g2.t "
     "FOR EACH ROW EXECUTE FUNCTION other.f()",
     "text_function function other.f(): reached from trigger tr on k.t"},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE POLICY po ON "
     "k__g2.t USING (a = k__g2.f())",
     "text_function function k.f(): reached from policy po on k.t"},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE MATERIALIZED VIEW "
     "k__g2.fmv AS SELECT k__g2.f()",
     "text_function function k.f(): reached from materialized view k.fmv"},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE VIEW k__g2.fv AS "
     "SELECT k__g2.f();;CREATE MATERIALIZED VIEW "
     "k__g2.fmv AS SELECT * FROM k__g2.fv",
     "text_function function k.f(): reached from materialized view k.fmv"},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE RULE ru AS ON "
     "INSERT TO k__g2.t DO ALSO SELECT k__g2.f()",
     "text_function function k.f(): reached from rule ru on k.t"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS bool LANGUAGE sql AS 'SELECT true';;CREATE DOMAIN "
     "k__g2.d AS int CHECK (k__g2.f(value));;ALTER "
     "TABLE k__g2.t ADD d k__g2.d",
     "text_function function k.f(integer): reached from table k.t"},
    {"CREATE FUNCTION k__g2.f(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT "
     "true';;CREATE OPERATOR k__g2.=== (leftarg = int, rightarg "
     "= int, function = k__g2.f);;ALTER TABLE k__g2.t ADD CHECK (a OPERATOR(k__g2.===) 1)",
     "text_function function k.f(integer,integer): reached from table constraint t_a_check on k.t"},
    {"CREATE FUNCTION k__g2.f(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0';;CREATE "
     "AGGREGATE k__g2.ag(int) (sfunc = k__g2.f, "
     "stype = int);;CREATE MATERIALIZED VIEW k__g2.fmv AS SELECT k__g2.ag(a) FROM k__g2.t",
     "text_function function k.f(integer,integer): reached from materialized view k.fmv"},
    {"CREATE FUNCTION k__g2.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;CREATE FUNCTION k__g2.g() "
     "RETURNS int LANGUAGE sql RETURN "
     "k__g2.f();;ALTER TABLE k__g2.t ALTER a SET DEFAULT k__g2.g()",
     "text_function function k.f(): reached from default value for k.t.a"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';;CREATE "
     "STATISTICS k__g2.st ON (k__g2.f(a)), b FROM k__g2.t",
     "text_function function k.f(integer): reached from statistics object k.st"},
    {"CREATE FUNCTION k__g2.f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; "
     "END';;CREATE TABLE k__g2.part (a int) PARTITION BY LIST "
     "(k__g2.f(a))",
     "text_function function k.f(integer): reached from table k.part"},
    {"CREATE FUNCTION k__g2.g() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM "
     "k__g2.t; END;;CREATE MATERIALIZED VIEW k__g2.fmv AS "
     "SELECT k__g2.g()",
     ""},
    {"CREATE MATERIALIZED VIEW k__g2.fmv AS SELECT ST_Area(geom), lower(b) FROM k__g2.t", ""},
    {"CREATE FUNCTION k.f() RETURNS int LANGUAGE sql AS 'SELECT 1';;ALTER TABLE k.t ALTER a SET "
     "DEFAULT k.f()",
     ""},
    /* publication */
    {"CREATE PUBLICATION p FOR TABLE k.t", "publication publication p: publishes table k.t"},
    {"CREATE PUBLICATION p FOR TABLE k__g2.t", "publication publication p: publishes table k.t"},
    {"CREATE PUBLICATION p FOR TABLES IN SCHEMA k",
     "publication publication p: publishes schema k"},
    {"CREATE PUBLICATION p FOR TABLES IN SCHEMA other", ""},
    {"CREATE PUBLICATION p FOR ALL TABLES",
     "publication publication p: publishes all tables, hidden ones included"},
    /* foreign_key */
    {"CREATE TABLE other.o (id int PRIMARY KEY);;ALTER TABLE k__g2.t ADD FOREIGN KEY (a) "
     "REFERENCES other.o",
     "foreign_key table constraint t_a_fkey on k.t: references other.o"},
    {"CREATE TABLE other.o (id int PRIMARY KEY);;ALTER TABLE k.t ADD FOREIGN KEY (a) REFERENCES "
     "other.o",
     ""},
    {"CREATE TABLE k__g2.r (t bigint REFERENCES k__g2.t)", ""},
    /* inherits */
    {"CREATE TABLE other.p (x int);;CREATE TABLE k__g2.c () INHERITS (other.p)",
     "inherits table k.c: inherits from other.p"},
    {"CREATE TABLE k.p (x int);;CREATE TABLE other.c () INHERITS (k.p)",
     "inherits table other.c: inherits from k.p"},
    {"CREATE TABLE other.p (x int) PARTITION BY LIST (x);;CREATE TABLE k.c PARTITION OF other.p "
     "FOR VALUES IN (1)",
     "inherits table k.c: inherits from other.p"},
    {"CREATE TABLE k__g2.p (x int);;CREATE TABLE k__g2.c () INHERITS (k__g2.p)", ""},
    /* privilege: + only the new one */
    {"GRANT SELECT ON k.t TO alice",
     "privilege table k.t: alice may SELECT on the live generation only"},
    {"GRANT INSERT, UPDATE ON k.v TO alice WITH GRANT OPTION",
     "privilege view k.v: alice may INSERT, UPDATE with grant option on the live generation only"},
    {"GRANT SELECT ON k.mv TO PUBLIC",
     "privilege materialized view k.mv: PUBLIC may SELECT on the live generation only"},
    {"GRANT USAGE ON SEQUENCE k.seq TO \"Odd \"\"role\"\"\"",
     "privilege sequence k.seq: \"Odd \"\"role\"\"\" may USAGE on the live generation only"},
    {"GRANT SELECT (a), UPDATE (a) ON k.t TO alice",
     "privilege column k.t.a: alice may SELECT (a), UPDATE (a) on the live generation only"},
    {"REVOKE EXECUTE ON FUNCTION k.bound FROM PUBLIC",
     "privilege function k.bound(m k.mood): +PUBLIC may EXECUTE on the new generation only"},
    {"GRANT EXECUTE ON FUNCTION k.bound TO alice",
     "privilege function k.bound(m k.mood): alice may EXECUTE on the live generation only"},
    {"REVOKE USAGE ON TYPE k.mood FROM PUBLIC",
     "privilege type k.mood: +PUBLIC may USAGE on the new generation only"},
    {"GRANT CREATE ON SCHEMA k TO alice",
     "privilege schema k: alice may CREATE on the live generation only"},
    {"REVOKE USAGE ON SCHEMA k FROM reader",
     "privilege schema k: +reader may USAGE on the new generation only"},
    {"REVOKE SELECT ON k.t FROM reader",
     "privilege table k.t: +reader may SELECT on the new generation only"},
    {"GRANT SELECT ON k__g2.t TO bob",
     "privilege table k.t: +bob may SELECT on the new generation only"},
    {"GRANT SELECT ON k.t TO reader WITH GRANT OPTION",
     "privilege table k.t: reader may SELECT with grant option on the live generation only"},
    {"REVOKE DELETE ON k.t FROM kfmig",
     "privilege table k.t: +kfmig may DELETE on the new generation only"},
    {"ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT SELECT ON TABLES TO reader",
     "privilege default privileges of kfmig on tables in schema k: reader may SELECT on the live "
     "generation only"},
    {"ALTER DEFAULT PRIVILEGES IN SCHEMA k__g2 GRANT EXECUTE ON FUNCTIONS TO reader",
     "privilege default privileges of kfmig on routines in schema k: +reader may EXECUTE on the "
     "new generation only"},
    {"ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT SELECT ON TABLES TO reader;;ALTER DEFAULT "
     "PRIVILEGES IN SCHEMA k__g2 GRANT SELECT ON TABLES TO "
     "reader",
     ""},
    {"CREATE TABLE k.gone (a int);;GRANT SELECT ON k.gone TO alice", ""},
    {"CREATE TABLE k__g2.added (a int);;GRANT SELECT ON k__g2.added TO alice", ""},
    {"GRANT SELECT ON k.t TO alice;;GRANT SELECT ON k__g2.t TO alice", ""},
    {"ALTER TABLE k.v OWNER TO alice",
     "privilege view k.v: belongs to alice, and to kfmig in the new generation"},
    {"ALTER TYPE k__g2.mood OWNER TO bob",
     "privilege type k.mood: belongs to kfmig, and to bob in the new generation"},
    {"ALTER SCHEMA k OWNER TO alice",
     "privilege schema k: belongs to alice, and to kfmig in the new generation"},
    {"ALTER FUNCTION k.bound OWNER TO alice",
     "privilege function k.bound(m k.mood): belongs to alice, and to kfmig in the new generation"},
    /* name */
    {"CREATE SCHEMA k__g1", "name schema k__g1: has the name that the live generation is to get"},
    /* several, sorted, each once */
    {"CREATE VIEW other.v AS SELECT id, a FROM k.t;;CREATE VIEW other.a AS SELECT * FROM k.t, "
     "k.mv;;GRANT SELECT ON k.t TO bob, alice;;CREATE "
     "PUBLICATION p FOR TABLE k.t, k__g2.t",
     "dependant view other.a: depends on materialized view k.mv\ndependant view other.v: depends "
     "on table k.t\nprivilege table k.t: alice may SELECT on "
     "the live generation only\nprivilege table k.t: bob may SELECT on the live generation "
     "only\npublication publication p: publishes table k.t"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static const char *hidden;
static const char *hidden_acl;

static void run_statements(struct pg *s, const char *sql)
{
    char *text = arena_strdup(&arena, sql);
    for (char *p = text; p != NULL;) {
        char *end = strstr(p, ";;");
        if (end != NULL) {
            *end = '\0';
        }
        run(s, p);
        p = end == NULL ? NULL : end + 2;
    }
}

static const char *shown(const struct obstacles *l)
{
    struct buf b = {0};
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(&b, "%s%s %s: %s%s", i > 0 ? "\n" : "", l->v[i].code, l->v[i].object,
                   l->v[i].is_new ? "+" : "", l->v[i].detail);
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

/* As superuser, who may do all of it; what is found does not depend on the role. */
static void test_case(const struct obstacle_case *c)
{
    struct obstacles found;
    command(admin, "BEGIN");
    run(admin, "SET LOCAL ROLE kfmig");
    run(admin, "SET LOCAL search_path = k__g2, k, other, public");
    if (strstr(c->setup, "OWNER TO") != NULL || strstr(c->setup, "PUBLICATION") != NULL) {
        run(admin, "RESET ROLE");
    }
    run_statements(admin, c->setup);
    must(generation_obstacles(admin, &arena, "k", 1, hidden, hidden_acl, &found, &e), c->setup);
    is_str(shown(&found), c->found, c->setup);
    command(admin, "ROLLBACK");
}

/* Without a live schema. */
static void test_first(void)
{
    struct obstacles found;
    command(owner, "BEGIN");
    run(owner, "ALTER SCHEMA k RENAME TO k__g1");
    must(generation_obstacles(owner, &arena, "k", 0, hidden, hidden_acl, &found, &e), "obstacles");
    is_str(shown(&found), "", "nothing is live, nothing in the way");
    run(owner, "CREATE SCHEMA k");
    must(generation_obstacles(owner, &arena, "k", 0, hidden, hidden_acl, &found, &e), "obstacles");
    is_str(shown(&found), "name schema k: exists, and no generation is live",
           "a schema that should not be");
    command(owner, "ROLLBACK");
    ok(generation_obstacles(owner, &arena, "k", 1, hidden, "{passed=U/kfmig}", &found, &e) == 0 &&
           pg_tx(owner) == PG_TX_IDLE,
       "a role that is gone is no failure");
    is_str(shown(&found), "privilege schema k: reader may USAGE on the live generation only",
           "nor an obstacle");
}

/* Everything that can be carried, then nothing of it stands in the way any more. */
static void test_carry(void)
{
    static const char *const given[] = {
        "GRANT SELECT, INSERT ON k.t TO alice",
        "GRANT SELECT ON k.t TO bob WITH GRANT OPTION",
        "GRANT SELECT (a), UPDATE (b) ON k.t TO \"Odd \"\"role\"\"\"",
        "GRANT SELECT ON k.v, k.mv TO PUBLIC",
        "GRANT USAGE ON SEQUENCE k.seq TO alice",
        "GRANT EXECUTE ON FUNCTION k.bound TO alice",
        "GRANT USAGE ON TYPE k.mood TO alice",
        "GRANT USAGE, CREATE ON SCHEMA k TO alice",
        "GRANT USAGE ON SCHEMA k TO \"Odd \"\"role\"\"\" WITH GRANT OPTION",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT SELECT ON TABLES TO alice",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT EXECUTE ON FUNCTIONS TO alice",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT USAGE ON SEQUENCES TO alice",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA k GRANT USAGE ON TYPES TO alice WITH GRANT OPTION",
        "REVOKE SELECT ON k.t FROM reader",
    };
    struct obstacles found;
    const char *acl = hidden_acl;
    const char *kept = NULL;
    run_all(owner, given, sizeof given / sizeof *given);
    command(owner, "BEGIN");
    must(generation_obstacles(owner, &arena, "k", 1, hidden, acl, &found, &e), "obstacles");
    is_int((long long)found.n, 16, "privileges given by hand stand in the way");
    must(generation_carry(owner, &arena, "k", hidden, &acl, &e), "carry");
    must(generation_obstacles(owner, &arena, "k", 1, hidden, acl, &found, &e), "obstacles");
    is_str(shown(&found), "privilege table k.t: +reader may SELECT on the new generation only",
           "carried, what was taken away is left");
    must(generation_swap(owner, &arena, "k", 1, hidden, acl, &kept, &e), "swap");
    must(generation_conceal(owner, "k__g1", &e), "conceal");
    command(owner, "COMMIT");
    struct pg *alice = session("user=alice");
    is_str(value(alice, "SELECT count(*) FROM k.t"), "0", "alice reads the new table");
    is_str(value(alice, "SELECT nextval('k.seq')"), "1", "takes numbers");
    is_str(value(alice, "CREATE TABLE k.own (a int)"), "(no row)", "creates tables");
    run(owner, "CREATE TABLE k.later (a int)");
    is_str(value(alice, "SELECT count(*) FROM k.later"), "0", "and reads what is made later");
    is_str(value(alice, "SELECT count(*) FROM k__g1.t"), "42501", "but not the old one");
    pg_close(alice);
    struct pg *odd = session("user='Odd \"role\"'");
    is_str(value(odd, "SELECT count(a) FROM k.t"), "0", "columns too");
    pg_close(odd);
    is_str(value(owner, "SELECT array_agg(i::text ORDER BY i::text COLLATE \"C\")::text FROM "
                        "pg_namespace, unnest(nspacl) AS i WHERE "
                        "nspname = 'k'"),
           value_of(owner,
                    "SELECT array_agg(i::text ORDER BY i::text COLLATE \"C\")::text FROM "
                    "unnest(%s::aclitem[]) AS i",
                    pg_literal(&arena, kept)),
           "the schema gives what the old one gave");
}

static void test_carry_nothing(void)
{
    const char *acl = NULL;
    const char *kept = NULL;
    const char *one = make("n", 1, NULL, 0, &acl);
    publish("n", 0, one, acl, &kept);
    const char *two = make("n", 2, NULL, 0, &acl);
    command(owner, "BEGIN");
    must(generation_carry(owner, &arena, "n", two, &acl, &e), "carry");
    ok(acl == NULL, "nothing given, nothing carried");
    run(owner, "GRANT USAGE ON SCHEMA n TO reader");
    must(generation_carry(owner, &arena, "n", two, &acl, &e), "carry");
    is_str(acl, "{reader=U/kfmig}", "the first privilege of a schema");
    command(owner, "ROLLBACK");
}

int main(int argc, char **argv)
{
    int status = 0;
    const char *acl = NULL;
    const char *kept = NULL;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(N_CASES + 4 + 9 + 2);
    generation_up();
    run(admin, "GRANT alice, bob TO kfmig");
    const char *first = make("k", 1, chain, N_CHAIN, &acl);
    publish("k", 0, first, acl, &kept);
    hidden = make("k", 2, chain, N_CHAIN, &hidden_acl);
    for (int i = 0; i < N_CASES; i++) {
        test_case(&cases[i]);
    }
    test_first();
    test_carry();
    test_carry_nothing();
    return generation_down() ? tap_done() : 1;
}
