/* layer: store */
/* run: needs=postgres */
/* Reading a database's definitions: facets and their values, what is left out, what is never shown, equality of two databases, the
 * witness, and the state a session is left in. */
#include "store_server.h"

struct facet_case {
    const char *object, *facet, *value;
};

#define DIGEST "sha256:*" /* any digest */

static const struct facet_case facets[] = {
    {"table app.item", "owner", "kfmig"},
    {"table app.item", "column_order", "id, county, label, qty, twice"},
    {"table app.item", "column id", "bigint not null identity always"},
    {"table app.item", "column county", "text"},
    {"table app.item", "column label", "text default " DIGEST},
    {"table app.item", "column twice", "integer generated stored " DIGEST},
    {"table app.item", "comment", DIGEST},
    {"table app.item", "comment on column qty", DIGEST},
    {"table app.item", "constraint item_pkey", "PRIMARY KEY (id) comment " DIGEST},
    {"table app.item", "constraint item_county_fkey",
     "FOREIGN KEY (county) REFERENCES ref.county (geoid)"},
    {"table app.item", "constraint item_label_check", "CHECK " DIGEST},
    {"table app.item", "index item_pkey", "primary btree (id int8_ops)"},
    {"table app.item", "index item_qty", "btree (qty int4_ops)"},
    {"table app.item", "index item_expr",
     "btree (expression text_ops collate pg_catalog.\"default\") " DIGEST},
    {"table app.item", "trigger tr",
     "CREATE TRIGGER tr BEFORE UPDATE ON app.item FOR EACH ROW EXECUTE FUNCTION app.trg()"},
    {"table app.item", "sequence app.item_id_seq",
     "owned by id bigint start 1 increment 1 min 1 max 9223372036854775807 cache 1 owner kfmig"},
    {"table app.bare", "policy pol", "permissive all to public using " DIGEST},
    {"table app.bare", "statistics app.st", "kinds d f m definition " DIGEST " owner kfmig"},
    {"table app.useseq", "rule rl", DIGEST},
    {"table app.parent", "partition_key", "RANGE (d)"},
    {"table app.part1", "inherits", "app.parent"},
    {"table app.part1", "partition_bound", DIGEST},
    {"table app.part1", "column d", "date not null inherited"},
    {"table app.child", "inherits", "app.inh"},
    {"table app.typed", "column ms", "app.mood[]"},
    {"table app.typed", "column r", "app.item"},
    {"table \"odd \"\"name\".\"t\tx\"", "column_order", "a\\nb"},
    {"table app.keys", "constraint keys_b_fkey",
     "FOREIGN KEY (a, b) REFERENCES app.keys (a, b) match full on update cascade on delete set "
     "null deferrable deferred not valid"},
    {"table app.keys", "constraint keys_a_b_key", "UNIQUE (a, b)"},
    {"table app.keys", "index keys_b_idx",
     "btree (b text_pattern_ops desc nulls first, a int4_ops, include c) with fillfactor=80"},
    {"table app.keys", "column c",
     "text collate pg_catalog.\"C\" storage e statistics 7 acl +alice=r/kfmig options "
     "n_distinct=5"},
    {"table app.keys", "options", "autovacuum_enabled=off, fillfactor=70"},
    {"table app.keys", "row_security", "forced"},
    {"table app.keys", "replica_identity", "full"},
    {"table app.keys", "acl", "+alice=r/kfmig, +bob=r/kfmig"},
    {"table app.logs", "persistence", "unlogged"},
    {"view app.v", "definition", DIGEST},
    {"materialized_view app.mv", "column n", "bigint"},
    {"sequence app.seq", "parameters",
     "bigint start 1 increment 1 min 1 max 9223372036854775807 cache 1"},
    {"foreign_table public.lines", "server", "files"},
    {"foreign_table public.lines", "server_options", "filename=" DIGEST},
    {"type app.mood", "labels", "2 " DIGEST},
    {"type app.pair", "attribute_order", "a, b"},
    {"type app.pos", "domain", "integer"},
    {"type app.pos", "constraint pos_check", "CHECK " DIGEST " comment " DIGEST},
    {"type app.span", "range",
     "double precision operator class pg_catalog.float8_ops multirange app.span_multirange"},
    {"function app.f(a integer)", "attributes",
     "function language sql immutable parallel unsafe cost 100"},
    {"function app.f(a integer)", "body", DIGEST},
    {"function app.agg(integer)", "returns", "integer"},
    {"operator app.===(integer, integer)", "definition",
     "function int4eq(integer,integer) result boolean"},
    {"cast app.pair AS text", "definition", "explicit inout"},
    {"extension hstore", "schema", "public"},
    {"publication pub", "table app.pub", "published"},
    {"default_privileges app", "for kfmig on tables", "+reader=r/kfmig"},
    {"role alice", "member of reader", "plain by kfmig_admin"},
    {"setting bob", "of role: work_mem", DIGEST},
    {"user_mapping \"bob@files\"", "definition", "exists"},
    {"foreign_server files", "definition", "wrapper file_fdw"},
    {"schema app", "owner", "kfmig"},
    {"foreign_data_wrapper file_fdw", "acl", "+kfmig=U/kfmig_admin"},
};

/* Those that format 1 has otherwise, or not at all (NULL). */
static const struct facet_case format1_facets[] = {
    {"table app.keys", "column c",
     "text collate pg_catalog.\"C\" storage e statistics 7 acl alice=r/kfmig options n_distinct=5"},
    {"table app.keys", "acl", "alice=r/kfmig, bob=r/kfmig, kfmig=arwdDxt/kfmig"},
    {"foreign_table public.lines", "server_options", DIGEST},
    {"function app.f(a integer)", "definition", DIGEST},
    {"function app.f(a integer)", "body", NULL},
    {"default_privileges app", "for kfmig on tables", "reader=r/kfmig"},
    {"foreign_data_wrapper file_fdw", "acl", NULL},
    {"publication pub", "options",
     "{\"pubdelete\": true, \"pubinsert\": true, \"pubupdate\": true, \"pubviaroot\": false, "
     "\"pubtruncate\": true, \"puballtables\": false}"},
    {"collation app.coll", "definition", DIGEST},
};
enum { N_WAS = sizeof format1_facets / sizeof *format1_facets };

/* What only format 2 sees, each in a transaction of its own: NULL: no such facet, for nothing but what it came
 * with is said of it. */
static const struct {
    const char *sql, *object, *facet, *value;
} seen[] = {
    {"GRANT SELECT ON app.bare TO bob; REVOKE SELECT ON app.bare FROM bob", "table app.bare", "acl",
     NULL},
    {"REVOKE SELECT ON app.bare FROM kfmig", "table app.bare", "acl", "-kfmig=r/kfmig"},
    {"GRANT SELECT, UPDATE ON app.bare TO bob WITH GRANT OPTION", "table app.bare", "acl",
     "+bob=r*w*/kfmig"},
    {"GRANT EXECUTE ON FUNCTION app.trg() TO PUBLIC", "function app.trg()", "acl", NULL},
    {"REVOKE EXECUTE ON FUNCTION app.trg() FROM PUBLIC", "function app.trg()", "acl", "-=X/kfmig"},
    {"GRANT USAGE ON SEQUENCE app.seq TO bob; REVOKE ALL ON SEQUENCE app.seq FROM bob",
     "sequence app.seq", "acl", NULL},
    {"GRANT USAGE ON TYPE app.mood TO PUBLIC", "type app.mood", "acl", NULL},
    {"GRANT USAGE ON DOMAIN app.pos TO bob; REVOKE ALL ON DOMAIN app.pos FROM bob", "type app.pos",
     "acl", NULL},
    {"GRANT ALL ON SCHEMA other TO bob; REVOKE ALL ON SCHEMA other FROM bob", "schema other", "acl",
     NULL},
    {"GRANT SELECT ON app.v TO bob; REVOKE SELECT ON app.v FROM bob", "view app.v", "acl", NULL},
    {"ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
     "default_privileges \"\"", "for bob on functions", NULL},
    {"ALTER SERVER loop OPTIONS (port '1', dbname 'a,b', host 'h')", "foreign_server loop",
     "options", "dbname=" DIGEST ", host=" DIGEST ", port=" DIGEST},
    {"CREATE USER MAPPING FOR bob SERVER loop OPTIONS (password 'p', \"user\" 'u')",
     "user_mapping \"bob@loop\"", "options", "password=set, user=" DIGEST},
    {"GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO bob",
     "function pg_catalog.pg_read_file(text)", "acl", "+bob=X/kfmig_admin"},
    {"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC",
     "function pg_catalog.pg_sleep(double precision)", "acl", "-=X/kfmig_admin"},
    {"GRANT SELECT ON pg_catalog.pg_authid TO bob", "table pg_catalog.pg_authid", "acl",
     "+bob=r/kfmig_admin"},
    {"GRANT SELECT (rolpassword) ON pg_catalog.pg_authid TO bob", "table pg_catalog.pg_authid",
     "acl of column rolpassword", "+bob=r/kfmig_admin"},
    {"REVOKE SELECT ON information_schema.tables FROM PUBLIC", "view information_schema.tables",
     "acl", "-=r/kfmig_admin"},
    {"GRANT CREATE ON SCHEMA pg_catalog TO bob", "schema pg_catalog", "acl", "+bob=C/kfmig_admin"},
    {"REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC", "language plpgsql", "acl", "-=U/kfmig_admin"},
    {"ALTER LANGUAGE sql OWNER TO bob", "language sql", "owner", "bob"},
    {"ALTER FUNCTION public.akeys(hstore) OWNER TO bob", "function public.akeys(public.hstore)",
     "owner", "bob"},
    {"ALTER FOREIGN DATA WRAPPER file_fdw NO VALIDATOR OPTIONS (a 'b')",
     "foreign_data_wrapper file_fdw", "options", "a=" DIGEST},
    {"GRANT SELECT ON LARGE OBJECT 4242 TO bob", "large_object 4242", "acl", "+bob=r/kfmig"},
    {"GRANT SELECT ON LARGE OBJECT 4242 TO bob", "large_object 4242", "owner", "kfmig"},
    {"ALTER TABLESPACE pg_default SET (random_page_cost = 2)", "tablespace pg_default", "options",
     "random_page_cost=2"},
    {"CREATE COLLATION app.icu (provider = icu, locale = 'de-u-co-phonebk', deterministic = false)",
     "collation app.icu", "definition", "provider i nondeterministic locale 'de-u-co-phonebk'"},
    {"CREATE PUBLICATION two FOR ALL TABLES WITH (publish = 'insert')", "publication two",
     "options", "all tables of insert"},
    {"CREATE FUNCTION app.g(x int DEFAULT 1) RETURNS int LANGUAGE sql SET work_mem = '1MB' SET "
     "search_path = app RETURN x",
     "function app.g(x integer)", "settings", "search_path=" DIGEST ", work_mem=" DIGEST},
    {"CREATE FUNCTION app.g(x int DEFAULT 1) RETURNS int LANGUAGE sql RETURN x",
     "function app.g(x integer)", "definition", DIGEST},
    {"CREATE FUNCTION app.g(x int DEFAULT 1) RETURNS int LANGUAGE sql RETURN x",
     "function app.g(x integer)", "arguments", DIGEST},
};
enum { N_SEEN = sizeof seen / sizeof *seen };

enum { N_FACETS = sizeof facets / sizeof *facets };

/* With DIGEST standing for any. */
static bool matches(const char *pattern, const char *text)
{
    while (*pattern != '\0') {
        if (strncmp(pattern, DIGEST, strlen(DIGEST)) == 0) {
            if (strncmp(text, "sha256:", 7) != 0 || strspn(text + 7, "0123456789abcdef") != 64) {
                return false;
            }
            pattern += strlen(DIGEST);
            text += 7 + 64;
        } else if (*pattern++ != *text++) {
            return false;
        }
    }
    return *text == '\0';
}

static const struct facet *find(const struct catalog *c, const char *object, const char *facet)
{
    const struct catalog_object *o = table_gets(&c->by_text, object);
    for (size_t i = 0; o != NULL && i < o->n_facets; i++) {
        if (strcmp(o->facets[i].name, facet) == 0) {
            return &o->facets[i];
        }
    }
    return NULL;
}

static void test_facet(const struct catalog *c, const struct facet_case *want, const char *how)
{
    const struct facet *f = find(c, want->object, want->facet);
    bool good = want->value == NULL ? f == NULL : f != NULL && matches(want->value, f->value);
    if (!ok(good, arena_printf(&arena, "%s%s, %s", how, want->object, want->facet))) {
        printf("#  got: %s\n# want: %s\n", f != NULL ? f->value : "(nothing)",
               want->value != NULL ? want->value : "(nothing)");
    }
}

static void test_facets(struct pg *admin, const struct catalog *c)
{
    struct catalog format1;
    for (int i = 0; i < N_FACETS; i++) {
        test_facet(c, &facets[i], "");
    }
    must(catalog_read(admin, 1, &arena, &format1, &e), "read");
    for (int i = 0; i < N_WAS; i++) {
        test_facet(&format1, &format1_facets[i], "format 1: ");
    }
}

static void test_seen(struct pg *admin)
{
    char tag[64];
    for (int i = 0; i < N_SEEN; i++) {
        struct catalog c;
        const struct facet_case want = {seen[i].object, seen[i].facet, seen[i].value};
        must(pg_command(admin, "BEGIN", tag, NULL, &e), "BEGIN");
        for (const char *sql = seen[i].sql; *sql != '\0';) {
            size_t n = strcspn(sql, ";");
            run(admin, arena_strndup(&arena, sql, n));
            sql += n + (sql[n] == ';' ? 1 : 0);
        }
        must(catalog_read(admin, FORMAT, &arena, &c, &e), "read");
        test_facet(&c, &want, arena_printf(&arena, "%s: ", seen[i].sql));
        must(pg_command(admin, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
    }
}

static const char *const absent[] = {
    "schema kfmig",
    "table kfmig.entry",
    "schema pg_catalog",
    "schema information_schema",
    "table pg_catalog.pg_class",
    "table pg_temp.here",
    "type public.hstore",
    "function public.hstore(text, text)",
    "type app.item",
    "type app._mood",
    "type app.span_multirange",
    "function app.span(double precision, double precision)",
    "cast app.span AS app.span_multirange",
    "sequence app.item_id_seq",
    "sequence app.serial_id_seq",
    "role pg_monitor",
    "language plpgsql",
    "large_object 4242",
    "setting postgres",
};

enum { N_ABSENT = sizeof absent / sizeof *absent };

static void test_absent(const struct catalog *c)
{
    for (int i = 0; i < N_ABSENT; i++) {
        ok(table_gets(&c->by_text, absent[i]) == NULL,
           arena_printf(&arena, "no object is %s", absent[i]));
    }
}

static void test_order(const struct catalog *c)
{
    bool sorted = true;
    bool led_to = true;
    bool facets_sorted = true;
    bool printed = true;
    for (size_t i = 0; i < c->n; i++) {
        const struct catalog_object *o = c->v[i];
        uint32_t key[2] = {o->classid, o->objid};
        sorted = sorted && (i == 0 || strcmp(c->v[i - 1]->text, o->text) < 0);
        led_to = led_to && table_gets(&c->by_text, o->text) == o &&
                 (o->classid == 0 ||
                  table_get(&c->by_oid, bytes_of((const char *)key, sizeof key)) == o);
        for (size_t k = 1; k < o->n_facets; k++) {
            facets_sorted = facets_sorted && strcmp(o->facets[k - 1].name, o->facets[k].name) < 0;
        }
        struct digest d = digest_of(bytes_str(catalog_definition(&arena, o)));
        printed = printed && digest_eq(&d, &o->fingerprint);
    }
    ok(c->n > 50, "the fixture has objects");
    ok(sorted, "objects are sorted by text, each text once");
    ok(led_to, "the tables lead to them");
    ok(facets_sorted, "facets are sorted, each name once");
    ok(printed, "a fingerprint is the digest of the definition");
}

/* What people hide in definitions must not be in one. */
static void test_secrets(struct pg *admin)
{
    static const char *const hiding[] = {
        "CREATE TABLE app.hide (a text DEFAULT 'canary', b text CHECK (b <> 'canary'), c text "
        "GENERATED ALWAYS AS ('canary') STORED)",
        "CREATE INDEX hide_x ON app.hide ((a || 'canary')) WHERE b <> 'canary'",
        "CREATE POLICY hide_p ON app.hide USING (a = 'canary') WITH CHECK (b = 'canary')",
        "CREATE TRIGGER hide_t BEFORE UPDATE ON app.hide FOR EACH ROW WHEN (old.a = 'canary') "
        "EXECUTE FUNCTION app.trg('canary')",
        "CREATE RULE hide_r AS ON DELETE TO app.hide DO INSTEAD SELECT 'canary'",
        "CREATE STATISTICS app.hide_s ON (a || 'canary'), b FROM app.hide",
        "COMMENT ON TABLE app.hide IS 'canary'",
        "COMMENT ON COLUMN app.hide.a IS 'canary'",
        "COMMENT ON INDEX app.hide_x IS 'canary'",
        "COMMENT ON DATABASE kfmig IS 'canary'",
        "COMMENT ON ROLE bob IS 'canary'",
        "CREATE TABLE app.hide_part (a text) PARTITION BY LIST ((a || 'canary'))",
        "CREATE TABLE app.hide_part1 PARTITION OF app.hide_part FOR VALUES IN ('canary')",
        "CREATE VIEW app.hide_v AS SELECT 'canary' AS c",
        "CREATE TYPE app.hide_e AS ENUM ('canary')",
        "CREATE DOMAIN app.hide_d AS text DEFAULT 'canary' CHECK (value <> 'canary')",
        "CREATE FUNCTION app.hide_f(a text DEFAULT 'canary') RETURNS text LANGUAGE sql SET "
        "work_mem = '4MB' SET app.x = 'canary'"
        " AS 'SELECT ''canary'''",
        "CREATE AGGREGATE app.hide_a(text) (sfunc = textcat, stype = text, initcond = 'canary')",
        "ALTER ROLE bob SET app.secret = 'canary'",
        "ALTER DATABASE kfmig SET app.secret = 'canary'",
        "ALTER ROLE bob PASSWORD 'canary'",
        "CREATE SERVER hide_s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'canary')",
        "CREATE USER MAPPING FOR bob SERVER hide_s OPTIONS (user 'canary', password 'canary')",
        "CREATE FOREIGN TABLE app.hide_ft (a text OPTIONS (column_name 'canary')) SERVER hide_s "
        "OPTIONS (table_name 'canary')",
        "CREATE PUBLICATION hide_pub FOR TABLE app.keys WHERE (b <> 'canary')",
        "CREATE SUBSCRIPTION hide_sub CONNECTION 'host=canary' PUBLICATION p WITH (connect = "
        "false, slot_name = NONE)",
        "CREATE TEXT SEARCH DICTIONARY app.hide_ts (template = simple, accept = false)",
    };
    struct catalog c;
    char tag[64];
    must(pg_command(admin, "BEGIN", tag, NULL, &e), "BEGIN");
    run_all(admin, hiding, sizeof hiding / sizeof *hiding);
    must(catalog_read(admin, FORMAT, &arena, &c, &e), "read");
    const char *leak = "";
    for (size_t i = 0; i < c.n; i++) {
        if (strstr(catalog_definition(&arena, c.v[i]), "canary") != NULL) {
            leak = arena_printf(&arena, "%s\n%s", c.v[i]->text, catalog_definition(&arena, c.v[i]));
        }
    }
    is_str(leak, "", "no definition shows a value");
    ok(find(&c, "table app.hide_part1", "partition_bound") != NULL &&
           find(&c, "subscription hide_sub", "definition") != NULL,
       "though all of them are there");
    must(pg_command(admin, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
}

/* Publications in every form, and what the definition says of a table they name; NULL: nothing. */
static const struct {
    const char *sql, *value;
} published[] = {
    {"FOR TABLE app.keys", "published"},
    {"FOR TABLE app.keys (a)", "published columns a"},
    {"FOR TABLE app.keys (c, a)", "published columns a, c"},
    {"FOR TABLE app.keys (a, b, c)", "published columns a, b, c"},
    {"FOR TABLE app.keys (\"Odd, \"\"one\")", "published columns \"Odd, \"\"one\""},
    {"FOR TABLE app.keys (b) WHERE (b <> 'canary')", "published columns b where " DIGEST},
    {"FOR TABLE app.keys WHERE (b <> 'canary')", "published where " DIGEST},
    {"FOR TABLE app.bare (a), app.keys (c)", "published columns c"},
    {"FOR TABLE app.keys (c) WITH (publish = 'insert')", "published columns c"},
    {"FOR TABLE app.bare (b)", NULL},
    {"FOR TABLES IN SCHEMA ref", NULL},
    {"FOR ALL TABLES", NULL},
    {"", NULL},
};

enum { N_PUBLISHED = sizeof published / sizeof *published };

static void test_published(struct pg *admin)
{
    char tag[64];
    for (int i = 0; i < N_PUBLISHED; i++) {
        struct catalog c;
        must(pg_command(admin, "BEGIN", tag, NULL, &e), "BEGIN");
        run(admin, "ALTER TABLE app.keys ADD COLUMN \"Odd, \"\"one\" int");
        run(admin, arena_printf(&arena, "CREATE PUBLICATION one %s", published[i].sql));
        must(catalog_read(admin, FORMAT, &arena, &c, &e), "read");
        const struct facet *f = find(&c, "publication one", "table app.keys");
        bool good = published[i].value == NULL
                        ? f == NULL && find(&c, "publication one", "owner") != NULL
                        : f != NULL && matches(published[i].value, f->value);
        if (!ok(good, arena_printf(&arena, "CREATE PUBLICATION one %s", published[i].sql))) {
            printf("#  got: %s\n", f != NULL ? f->value : "(nothing)");
        }
        must(pg_command(admin, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
    }
}

/* The same SQL in two databases, other oids, privileges given in another order. */
static void test_twins(struct pg *admin)
{
    static const char *const before[] = {
        "CREATE TABLE junk (a text, b int)",
        "CREATE FUNCTION junk() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP TABLE junk",
        "DROP FUNCTION junk()"};
    static const char *const one[] = {
        "GRANT SELECT ON app.bare TO alice", "GRANT SELECT ON app.bare TO bob",
        "ALTER TABLE app.bare ADD COLUMN gone int", "ALTER TABLE app.bare DROP COLUMN gone",
        "ALTER TABLE app.bare ADD COLUMN late int"};
    static const char *const two[] = {"ALTER TABLE app.bare ADD COLUMN late int",
                                      "GRANT SELECT ON app.bare TO bob",
                                      "GRANT SELECT ON app.bare TO alice"};
    struct catalog x;
    struct catalog y;
    run(admin, "CREATE DATABASE one OWNER kfmig");
    run(admin, "CREATE DATABASE two OWNER kfmig");
    struct pg *first = session("dbname=one");
    struct pg *second = session("dbname=two");
    run_all(first, fixture_owner, sizeof fixture_owner / sizeof *fixture_owner);
    run_all(first, one, sizeof one / sizeof *one);
    run_all(second, before, sizeof before / sizeof *before);
    run_all(second, fixture_owner, sizeof fixture_owner / sizeof *fixture_owner);
    run_all(second, two, sizeof two / sizeof *two);
    run(second, "SET search_path = app, ref");
    run(second, "SET quote_all_identifiers = on");
    run(second, "SET DateStyle = 'German'");
    must(catalog_read(first, FORMAT, &arena, &x, &e), "read");
    must(catalog_read(second, FORMAT, &arena, &y, &e), "read");
    is_str(difference(&arena, &x, &y), "",
           "two databases with the same SQL have the same definitions");
    is_int((long long)x.n, (long long)y.n, "and as many objects");
    pg_close(first);
    pg_close(second);
}

static const char *witness(struct pg *s)
{
    struct catalog_witness w;
    must(catalog_witness(s, NULL, &arena, &w, &e), "witness");
    return w.sums;
}

static void test_witness(struct pg *s, struct pg *other)
{
    static const char *const moves[] = {
        "COMMENT ON TABLE app.keys IS 'w'",
        "COMMENT ON TABLE app.keys IS NULL",
        "CREATE FUNCTION app.w() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION app.w()",
        "GRANT SELECT ON app.logs TO bob",
        "ALTER ROLE bob SET work_mem = '8MB'",
        "GRANT reader TO bob",
        "REVOKE reader FROM bob",
        "ALTER ROLE bob CREATEDB",
        "GRANT SELECT (relname) ON pg_catalog.pg_class TO alice",
        "REVOKE SELECT (relname) ON pg_catalog.pg_class FROM alice",
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO alice",
        "SELECT lo_create(4711)",
        "GRANT SELECT ON LARGE OBJECT 4711 TO alice",
        "SELECT lo_unlink(4711)",
        "COMMENT ON EXTENSION plpgsql IS 'w'",
        "COMMENT ON LANGUAGE plpgsql IS 'w'",
        "CREATE USER MAPPING FOR reader SERVER loop OPTIONS (user 'w')",
        "ALTER TEXT SEARCH CONFIGURATION app.tsc ALTER MAPPING FOR word WITH app.tsd",
        "ALTER TABLE app.keys ALTER COLUMN c SET STATISTICS 8",
        "ALTER SEQUENCE app.seq OWNED BY app.bare.a",
        "ALTER SEQUENCE app.seq OWNED BY NONE",
        "ALTER INDEX app.item_qty DEPENDS ON EXTENSION hstore",
        "ALTER TABLE app.bare RENAME b TO b2",
        "ALTER TABLE app.bare RENAME b2 TO b",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader",
        "CREATE EVENT TRIGGER w ON ddl_command_end EXECUTE FUNCTION app.wet()",
        "ALTER EVENT TRIGGER w DISABLE",
        "DROP EVENT TRIGGER w"};
    /* What the server writes in place leaves a row's transaction as it is, and so does freezing it. */
    static const char *const others[] = {"INSERT INTO app.logs VALUES (1)",
                                         "ANALYZE app.logs",
                                         "CREATE TEMP TABLE w (a int, b text)",
                                         "SELECT nextval('app.seq')",
                                         "VACUUM FREEZE app.item",
                                         "VACUUM (FREEZE, ANALYZE) pg_catalog.pg_class",
                                         "VACUUM FREEZE pg_catalog.pg_attribute",
                                         "VACUUM FREEZE pg_catalog.pg_proc",
                                         "CHECKPOINT"};
    const char *was = witness(s);
    is_str(witness(s), was, "the witness is the same twice");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        run(other, others[i]);
    }
    run(other, "DROP TABLE w");
    is_str(witness(s), was,
           "and after rows, statistics, temporary tables and sequences have changed");
    bool moved = true;
    run(other, "CREATE FUNCTION app.wet() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'");
    was = witness(s);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        run(other, moves[i]);
        const char *now = witness(s);
        if (strcmp(now, was) == 0) {
            printf("# the witness stays after %s\n", moves[i]);
            moved = false;
        }
        was = now;
    }
    ok(moved, "and another after each change of definitions");
}

static void test_state(struct pg *s)
{
    static const struct pg_sql path = {
        "test_path",
        "SELECT current_setting('search_path') || ' ' || current_setting('enable_hashjoin')"};
    struct catalog c;
    struct catalog again;
    char tag[64];
    run(s, "SET search_path = app");
    must(catalog_read(s, FORMAT, &arena, &c, &e), "read");
    ok(pg_tx(s) == PG_TX_IDLE, "a session without a transaction is left without one");
    is_str(server_ask(&e, s, &path, NULL), "app on", "its settings are as they were");
    must(pg_command(s, "BEGIN", tag, NULL, &e), "BEGIN");
    run(s, "CREATE TABLE app.inside (a int)");
    must(catalog_read(s, FORMAT, &arena, &again, &e), "read");
    ok(pg_tx(s) == PG_TX_OPEN && table_gets(&again.by_text, "table app.inside") != NULL,
       "an open transaction is read as it sees itself");
    is_str(server_ask(&e, s, &path, NULL), "app on", "its settings are as they were");
    must(pg_command(s, "ROLLBACK", tag, NULL, &e), "ROLLBACK");
    must(catalog_read(s, FORMAT, &arena, &again, &e), "read");
    is_str(difference(&arena, &c, &again), "", "reading again gives the same");
    run(s, "RESET search_path");
}

static const char *const more[] = {
    "CREATE TABLE app.keys (a int, b text, c text COLLATE \"C\", UNIQUE (a, b)) WITH (fillfactor = "
    "70, autovacuum_enabled = off)",
    "ALTER TABLE app.keys ADD COLUMN d int",
    "ALTER TABLE app.keys DROP COLUMN d",
    "ALTER TABLE app.keys ALTER c SET STORAGE EXTERNAL, ALTER c SET STATISTICS 7, ALTER c SET "
    "(n_distinct = 5)",
    "ALTER TABLE app.keys ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE app.keys FORCE ROW LEVEL SECURITY",
    "ALTER TABLE app.keys REPLICA IDENTITY FULL",
    "CREATE INDEX keys_b_idx ON app.keys (b text_pattern_ops DESC, a) INCLUDE (c) WITH (fillfactor "
    "= 80)",
    "GRANT SELECT ON app.keys TO bob",
    "GRANT SELECT ON app.keys TO alice",
    "REVOKE SELECT ON app.keys FROM reader",
    "GRANT SELECT (c) ON app.keys TO alice",
    "ALTER TABLE app.keys ADD COLUMN e int, ADD COLUMN f text",
    "ALTER TABLE app.keys DROP COLUMN e, DROP COLUMN f",
    "CREATE UNLOGGED TABLE app.logs (a int)",
    "CREATE SCHEMA \"odd \"\"name\"",
    "CREATE TABLE \"odd \"\"name\".\"t\tx\" (\"a\nb\" int)",
    "CREATE TEMP TABLE here (a int)",
};

int main(int argc, char **argv)
{
    struct pg *owner = NULL;
    struct pg *admin = NULL;
    struct catalog c;
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(N_FACETS + N_WAS + N_SEEN + N_ABSENT + 5 + 2 + N_PUBLISHED + 2 + 3 + 5);
    server_up(&owner, &admin);
    run_all(owner, more, sizeof more / sizeof *more);
    run(owner, "ALTER TABLE app.keys ADD CONSTRAINT keys_b_fkey FOREIGN KEY (a, b) REFERENCES "
               "app.keys (a, b) MATCH FULL"
               " ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED NOT VALID");
    must(catalog_read(owner, FORMAT, &arena, &c, &e), "read");
    test_facets(admin, &c);
    test_absent(&c);
    test_order(&c);
    test_secrets(admin);
    test_seen(admin);
    test_published(admin);
    test_twins(admin);
    test_witness(owner, admin);
    test_state(owner);
    pg_close(owner);
    pg_close(admin);
    arena_release(&arena);
    return server_down() ? tap_done() : 1;
}
