/* layer: script */
/* What undoes a script, and the declaration that it needs. */
#include "script/draft.h"
#include "sql/inverse.h"
#include "sql/script.h"
#include "tap.h"

/* Scripts, and the rollback that can be read off them. */
static const struct {
    const char *name, *sql, *inverse;
    size_t n_open;
} inversions[] = {
    {"nothing", "-- only a comment\n", "", 0},
    {"a schema and a table", "CREATE SCHEMA s;\nCREATE TABLE s.t (id int PRIMARY KEY);\n",
     "DROP TABLE s.t;\nDROP SCHEMA s;\n", 0},
    {"what stands on a new table goes with it",
     "CREATE TABLE s.t (id int);\nCREATE INDEX i ON s.t (id);\nINSERT INTO s.t VALUES "
     "(1);\nCOMMENT ON TABLE s.t IS 'x';\nGRANT SELECT ON s.t TO r;\n",
     "DROP TABLE s.t;\n", 0},
    {"an index on an old table, in its schema", "CREATE UNIQUE INDEX \"I x\" ON s.t (id);\n",
     "DROP INDEX s.\"I x\";\n", 0},
    {"what runs alone",
     "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (id);\nREINDEX INDEX CONCURRENTLY "
     "s.j;\n"
     "ALTER TABLE s.t ADD COLUMN n int;\n",
     "ALTER TABLE s.t DROP COLUMN n;\n"
     "-- f.sql:1 (CREATE INDEX) may find it there already; then this line must go\nDROP INDEX "
     "CONCURRENTLY s.i;\n",
     0},
    {"what runs alone and cannot be read off",
     "DROP INDEX CONCURRENTLY s.i;\nALTER TABLE s.p DETACH PARTITION s.q CONCURRENTLY;\n",
     "-- BY HAND: f.sql:2 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n"
     "-- BY HAND: f.sql:1 (DROP INDEX) has no inverse that can be read off its text; write it "
     "here\n",
     2},
    {"an index without a name", "CREATE INDEX ON s.t (id);\n",
     "-- BY HAND: f.sql:1 (CREATE INDEX) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"quoted names", "CREATE TABLE \"S\".\"a\"\"b.c\" (id int);\n",
     "DROP TABLE \"S\".\"a\"\"b.c\";\n", 0},
    {"views, sequences, types, domains",
     "CREATE VIEW v AS SELECT 1;\nCREATE SEQUENCE q;\nCREATE TYPE e AS ENUM ('a');\nCREATE DOMAIN "
     "d AS int;\nCREATE MATERIALIZED VIEW m AS SELECT 1;\n",
     "DROP MATERIALIZED VIEW m;\nDROP DOMAIN d;\nDROP TYPE e;\nDROP SEQUENCE q;\nDROP VIEW v;\n",
     0},
    {"an extension", "CREATE EXTENSION IF NOT EXISTS postgis;\n",
     "-- f.sql:1 (CREATE EXTENSION) may find it there already; then this line must go\nDROP "
     "EXTENSION postgis;\n",
     0},
    {"a function", "CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS $$ SELECT a; $$;\n",
     "DROP FUNCTION s.f;\n", 0},
    {"a replaced function",
     "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
     "-- f.sql:1 (CREATE FUNCTION) may find it there already; then this line must go\nDROP "
     "FUNCTION f;\n",
     0},
    {"two functions of one name",
     "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE FUNCTION f(a text) "
     "RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
     "-- BY HAND: f.sql:1 (CREATE FUNCTION) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"columns, the last first",
     "ALTER TABLE ONLY s.t ADD COLUMN a numeric(10, 2) DEFAULT (1), ADD b int;\n",
     "ALTER TABLE s.t DROP COLUMN b, DROP COLUMN a;\n", 0},
    {"a named constraint", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n",
     "ALTER TABLE t DROP CONSTRAINT c;\n", 0},
    {"a constraint without a name", "ALTER TABLE t ADD CHECK (a > 0);\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"one action of two", "ALTER TABLE t ADD COLUMN a int, DROP COLUMN b;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"a column that may be there", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;\n",
     "-- f.sql:1 (ALTER TABLE) may find it there already; then this line must go\nALTER TABLE t "
     "DROP COLUMN a;\n",
     0},
    {"rows of an old table", "INSERT INTO t VALUES (1);\n",
     "-- BY HAND: f.sql:1 (INSERT) has no inverse that can be read off its text; write it here\n",
     1},
    {"code", "DO $$ BEGIN NULL; END $$;\n",
     "-- BY HAND: f.sql:1 (DO) has no inverse that can be read off its text; write it here\n", 1},
    {"settings and questions need none", "SET LOCAL lock_timeout = '1s';\nSELECT 1;\n", "", 0},
    {"a block of its own", "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\n", "DROP TABLE t;\n", 0},
    {"a temporary table is gone by itself", "CREATE TEMP TABLE t (id int);\n", "", 0},
    {"a trigger and a policy",
     "CREATE TRIGGER g AFTER INSERT ON s.t EXECUTE FUNCTION f();\nCREATE POLICY p ON s.t USING "
     "(true);\nALTER TABLE s.t ENABLE ROW LEVEL SECURITY;\n",
     "ALTER TABLE s.t DISABLE ROW LEVEL SECURITY;\nDROP POLICY p ON s.t;\nDROP TRIGGER g ON s.t;\n",
     0},
    {"comments inside", "CREATE /* a /* b */ TABLE x */ TABLE -- c\n t (id int);\n",
     "DROP TABLE t;\n", 0},
    {"statistics and a refresh need none",
     "ANALYZE t;\nREFRESH MATERIALIZED VIEW m;\nREINDEX TABLE t;\n", "", 0},
    {"a renamed column", "ALTER TABLE s.t RENAME COLUMN a TO \"B c\";\n",
     "ALTER TABLE s.t RENAME COLUMN \"B c\" TO a;\n", 0},
    {"without the word COLUMN", "ALTER TABLE t RENAME a TO b;\n",
     "ALTER TABLE t RENAME COLUMN b TO a;\n", 0},
    {"a renamed constraint", "ALTER TABLE t RENAME CONSTRAINT a TO b;\n",
     "ALTER TABLE t RENAME CONSTRAINT b TO a;\n", 0},
    {"a renamed table", "ALTER TABLE s.t RENAME TO u;\n", "ALTER TABLE s.u RENAME TO t;\n", 0},
    {"a renamed index", "ALTER INDEX s.i RENAME TO j;\n", "ALTER INDEX s.j RENAME TO i;\n", 0},
    {"a renamed function", "ALTER FUNCTION s.f(int, text) RENAME TO g;\n",
     "ALTER FUNCTION s.g(int, text) RENAME TO f;\n", 0},
    {"a renamed trigger", "ALTER TRIGGER a ON s.t RENAME TO b;\n",
     "ALTER TRIGGER b ON s.t RENAME TO a;\n", 0},
    {"a renamed policy", "ALTER POLICY a ON t RENAME TO b;\n", "ALTER POLICY b ON t RENAME TO a;\n",
     0},
    {"a renamed operator class", "ALTER OPERATOR CLASS c USING btree RENAME TO d;\n",
     "ALTER OPERATOR CLASS d USING btree RENAME TO c;\n", 0},
    {"a renamed value", "ALTER TYPE e RENAME VALUE 'a TO' TO 'b';\n",
     "ALTER TYPE e RENAME VALUE 'b' TO 'a TO';\n", 0},
    {"a renamed attribute", "ALTER TYPE c RENAME ATTRIBUTE a TO b CASCADE;\n",
     "ALTER TYPE c RENAME ATTRIBUTE b TO a CASCADE;\n", 0},
    {"a renamed schema", "ALTER SCHEMA a RENAME TO b;\n", "ALTER SCHEMA b RENAME TO a;\n", 0},
    {"another schema", "ALTER TABLE s.t SET SCHEMA z;\n", "ALTER TABLE z.t SET SCHEMA s;\n", 0},
    {"another schema, from nobody knows where", "ALTER TABLE t SET SCHEMA z;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"a view that may not be there", "ALTER VIEW IF EXISTS a RENAME TO b;\n",
     "-- f.sql:1 (ALTER VIEW) may find it there already; then this line must go\nALTER VIEW b "
     "RENAME TO a;\n",
     0},
    {"SET NOT NULL", "ALTER TABLE t ALTER COLUMN a SET NOT NULL;\n",
     "-- f.sql:1 (ALTER TABLE) may find it there already; then this line must go\nALTER TABLE t "
     "ALTER COLUMN a DROP NOT NULL;\n",
     0},
    {"DROP NOT NULL", "ALTER TABLE t ALTER a DROP NOT NULL;\n",
     "-- f.sql:1 (ALTER TABLE) may find it gone already; then this line must go\nALTER TABLE t "
     "ALTER COLUMN a SET NOT NULL;\n",
     0},
    {"SET DEFAULT", "ALTER TABLE t ALTER a SET DEFAULT f(1, 2), ADD COLUMN b int;\n",
     "-- f.sql:1 (ALTER TABLE) may replace another; then write that one here\nALTER TABLE t DROP "
     "COLUMN b, ALTER COLUMN a DROP DEFAULT;\n",
     0},
    {"DROP DEFAULT", "ALTER TABLE t ALTER a DROP DEFAULT;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"an identity column", "ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY (START 5);\n",
     "ALTER TABLE t ALTER COLUMN a DROP IDENTITY;\n", 0},
    {"another type", "ALTER TABLE t ALTER a TYPE bigint;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"another owner", "ALTER TABLE t OWNER TO r;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"a constraint made, then proven",
     "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT "
     "c;\n",
     "ALTER TABLE t DROP CONSTRAINT c;\n", 0},
    {"a constraint of before proven", "ALTER TABLE t VALIDATE CONSTRAINT c;\n",
     "-- BY HAND: f.sql:1 (ALTER TABLE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"a partition attached", "ALTER TABLE p ATTACH PARTITION s.q FOR VALUES FROM (1) TO (2);\n",
     "ALTER TABLE p DETACH PARTITION s.q;\n", 0},
    {"a partition of an index", "ALTER INDEX p ATTACH PARTITION q;\n",
     "-- BY HAND: f.sql:1 (ALTER INDEX) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"inheritance", "ALTER TABLE c INHERIT p;\nALTER TABLE d NO INHERIT p;\n",
     "ALTER TABLE d INHERIT p;\nALTER TABLE c NO INHERIT p;\n", 0},
    {"a value more", "ALTER TYPE e ADD VALUE 'x';\n",
     "-- BY HAND: f.sql:1 (ALTER TYPE) has no inverse that can be read off its text; write it "
     "here\n",
     1},
    {"an attribute more", "ALTER TYPE c ADD ATTRIBUTE x int;\n", "ALTER TYPE c DROP ATTRIBUTE x;\n",
     0},
    {"a domain's constraint", "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0);\n",
     "ALTER DOMAIN d DROP CONSTRAINT c;\n", 0},
    {"privileges", "GRANT SELECT, UPDATE (a, b) ON s.t, u TO x, PUBLIC WITH GRANT OPTION;\n",
     "-- f.sql:1 (GRANT) may find it there already; then this line must go\nREVOKE SELECT, UPDATE "
     "(a, b) ON s.t, u FROM x, PUBLIC;\n",
     0},
    {"privileges taken", "REVOKE ALL ON FUNCTION f(int) FROM PUBLIC;\n",
     "-- f.sql:1 (REVOKE) may find it gone already; then this line must go\nGRANT ALL ON FUNCTION "
     "f(int) TO PUBLIC;\n",
     0},
    {"the option taken", "REVOKE GRANT OPTION FOR SELECT ON t FROM x RESTRICT;\n",
     "-- f.sql:1 (REVOKE) may find it gone already; then this line must go\nGRANT SELECT ON t TO x "
     "WITH GRANT OPTION;\n",
     0},
    {"taken from whoever has it", "REVOKE SELECT ON t FROM x CASCADE;\n",
     "-- BY HAND: f.sql:1 (REVOKE) has no inverse that can be read off its text; write it here\n",
     1},
    {"membership", "GRANT a, b TO c WITH ADMIN OPTION GRANTED BY d;\n",
     "-- f.sql:1 (GRANT ROLE) may find it there already; then this line must go\nREVOKE a, b FROM "
     "c GRANTED BY d;\n",
     0},
    {"default privileges",
     "ALTER DEFAULT PRIVILEGES FOR ROLE o IN SCHEMA s GRANT SELECT ON TABLES TO x;\n",
     "-- f.sql:1 (ALTER DEFAULT PRIVILEGES) may find it there already; then this line must "
     "go\nALTER DEFAULT PRIVILEGES FOR ROLE o IN SCHEMA s REVOKE SELECT ON TABLES FROM x;\n",
     0},
    {"foreign data",
     "CREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER v FOREIGN DATA WRAPPER w;\nCREATE USER MAPPING "
     "FOR CURRENT_USER SERVER v OPTIONS (user 'x');\nCREATE FOREIGN TABLE s.t (id int) SERVER v;\n",
     "DROP FOREIGN TABLE s.t;\nDROP USER MAPPING FOR CURRENT_USER SERVER v;\nDROP SERVER v;\nDROP "
     "FOREIGN DATA WRAPPER w;\n",
     0},
    {"a server that may be there", "CREATE SERVER IF NOT EXISTS v FOREIGN DATA WRAPPER w;\n",
     "-- f.sql:1 (CREATE SERVER) may find it there already; then this line must go\nDROP SERVER "
     "v;\n",
     0},
    {"a publication",
     "CREATE PUBLICATION p FOR TABLE s.t;\nALTER PUBLICATION q ADD TABLE s.t, s.u;\n",
     "ALTER PUBLICATION q DROP TABLE s.t, s.u;\nDROP PUBLICATION p;\n", 0},
    {"a publication's rows", "ALTER PUBLICATION q ADD TABLE t WHERE (a > 0);\n",
     "-- BY HAND: f.sql:1 (ALTER PUBLICATION) has no inverse that can be read off its text; write "
     "it here\n",
     1},
    {"an event trigger", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();\n",
     "DROP EVENT TRIGGER e;\n", 0},
    {"casts", "CREATE CAST (s.a AS numeric(10, 2)) WITHOUT FUNCTION AS ASSIGNMENT;\n",
     "DROP CAST (s.a AS numeric(10, 2));\n", 0},
    {"operators",
     "CREATE OPERATOR s.=== (LEFTARG = int, RIGHTARG = s.t, FUNCTION = f);\nCREATE OPERATOR !! "
     "(function = f, rightarg = int);\n",
     "DROP OPERATOR !! (NONE, int);\nDROP OPERATOR s.=== (int, s.t);\n", 0},
    {"operator families and classes",
     "CREATE OPERATOR FAMILY f USING btree;\nCREATE OPERATOR CLASS c FOR TYPE t USING btree FAMILY "
     "f AS STORAGE t;\n",
     "DROP OPERATOR CLASS c USING btree;\nDROP OPERATOR FAMILY f USING btree;\n", 0},
    {"a class with a family of its own",
     "CREATE OPERATOR CLASS c DEFAULT FOR TYPE t USING gist AS STORAGE t;\n",
     "-- f.sql:1 (CREATE OPERATOR CLASS) may find it there already; then this line must go\nDROP "
     "OPERATOR FAMILY c USING gist;\n",
     0},
    {"an aggregate", "CREATE AGGREGATE s.total (int, VARIADIC text[]) (SFUNC = f, STYPE = int);\n",
     "DROP AGGREGATE s.total(int, VARIADIC text[]);\n", 0},
    {"an aggregate of old", "CREATE AGGREGATE total (BASETYPE = int, SFUNC = f, STYPE = int);\n",
     "-- BY HAND: f.sql:1 (CREATE AGGREGATE) has no inverse that can be read off its text; write "
     "it here\n",
     1},
    {"text search",
     "CREATE TEXT SEARCH CONFIGURATION c (COPY = english);\nCREATE TEXT SEARCH DICTIONARY s.d "
     "(TEMPLATE = simple);\n",
     "DROP TEXT SEARCH DICTIONARY s.d;\nDROP TEXT SEARCH CONFIGURATION c;\n", 0},
    {"a mapping of it", "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple;\n",
     "-- BY HAND: f.sql:1 (ALTER TEXT SEARCH CONFIGURATION) has no inverse that can be read off "
     "its text; write it here\n",
     1},
    {"a rule", "CREATE OR REPLACE RULE r AS ON INSERT TO s.v DO INSTEAD NOTHING;\n",
     "-- f.sql:1 (CREATE RULE) may find it there already; then this line must go\nDROP RULE r ON "
     "s.v;\n",
     0},
    {"users", "CREATE USER u PASSWORD 'x';\n", "DROP ROLE u;\n", 0},
    {"made and dropped again",
     "CREATE TABLE t (id int);\nDROP TABLE t;\nCREATE VIEW v AS SELECT 1;\n", "DROP VIEW v;\n", 0},
    {"an enum swapped",
     "ALTER TYPE e RENAME TO e_old;\nCREATE TYPE e AS ENUM ('a');\nDROP TYPE e_old;\n",
     "-- BY HAND: f.sql:3 (DROP TYPE) has no inverse that can be read off its text; write it "
     "here\nDROP TYPE e;\nALTER TYPE e_old RENAME TO e;\n",
     1},
    {"a table put in place of another",
     "CREATE TABLE n (id int);\nALTER TABLE t RENAME TO o;\nALTER TABLE n RENAME TO t;\n",
     "ALTER TABLE t RENAME TO n;\nALTER TABLE o RENAME TO t;\nDROP TABLE n;\n", 0},
    {"temporary whatever stands in front",
     "CREATE LOCAL TEMP TABLE t (id int);\nCREATE TEMPORARY SEQUENCE q;\n", "", 0},
};

static bool read_script(struct arena *a, const char *sql, struct script *out)
{
    struct err e;
    if (script_parse(a, "f.sql", bytes_str(sql), out, &e) != 0) {
        printf("# %s\n", e.msg);
        return false;
    }
    return true;
}

static void test_inversions(void)
{
    for (size_t i = 0; i < sizeof inversions / sizeof inversions[0]; i++) {
        struct arena a = {0};
        struct script s;
        struct buf out = {0};
        size_t n_open = 0;
        if (read_script(&a, inversions[i].sql, &s)) {
            inverse_write(&a, &s, "f.sql", &out, &n_open);
        }
        is_str(buf_str(&out), inversions[i].inverse, inversions[i].name);
        is_int((long long)n_open, (long long)inversions[i].n_open, "statements left to a person");
        buf_release(&out);
        arena_release(&a);
    }
}

static const struct {
    const char *name, *sql, *yml; /* from scope: to requires_rollback: */
    size_t n_hidden;
} drafts[] = {
    {"nothing", NULL,
     "  allowed_schemas:\n    - public\n\nlimits: {}\n"
     "  # max_table_count_touched: `kfmig scope PG-MIG-2026-02-28-01` reads it off the files\n"
     "  # max_index_count_delta: `kfmig scope PG-MIG-2026-02-28-01` reads it off the files\n"
     "  # max_row_backfill: `kfmig scope PG-MIG-2026-02-28-01` reads it off the files\n",
     0},
    {"a table with rows",
     "CREATE SCHEMA s;\nCREATE TABLE s.t (id int PRIMARY KEY, \"N\" text);\nINSERT INTO s.t (id, "
     "\"N\") VALUES (1, ')'), (2, '(');\nCREATE INDEX i ON s.t (\"N\");\n",
     "  allowed_schemas:\n    - s\n  allowed_tables:\n    - s.t\n\nlimits:\n  "
     "max_table_count_touched: 1\n  max_index_count_delta: 2\n  max_row_backfill: 2\n",
     0},
    {"rows that are not in the text", "INSERT INTO s.t SELECT 1;\n",
     "  allowed_schemas:\n    - s\n  allowed_tables:\n    - s.t\n\nlimits:\n  "
     "max_table_count_touched: 1\n  max_index_count_delta: 0\n  # max_row_backfill: set it; how "
     "many rows inserted, updated or deleted is not in the text of INSERT (f.sql:1)\n"
     "  # besides: what triggers, rules, foreign keys, views and grants make of INSERT (f.sql:1) "
     "is not in its "
     "text\n",
     0},
    {"an extension and a role", "CREATE EXTENSION postgis;\nCREATE ROLE kfm_reader;\n",
     "  allowed_extensions:\n    - postgis\n  allowed_global:\n    - "
     "\"role:kfm_reader\"\n\nlimits:\n  max_table_count_touched: 0\n  max_index_count_delta: 0\n  "
     "max_row_backfill: 0\n",
     0},
    {"code", "DO $$ BEGIN NULL; END $$;\n",
     "  # at least this: what is run by DO (f.sql:1) is not in its text\n"
     "  allowed_schemas:\n    - public\n"
     "  # allowed_tables: name them; which tables are changed by DO (f.sql:1) is not in its text\n"
     "\nlimits: {}\n"
     "  # max_table_count_touched: set it; how many tables touched is not in the text of DO "
     "(f.sql:1)\n"
     "  # max_index_count_delta: set it; how many indexes added or dropped is not in the text of "
     "DO "
     "(f.sql:1)\n"
     "  # max_row_backfill: set it; how many rows inserted, updated or deleted is not in the text "
     "of DO "
     "(f.sql:1)\n",
     1},
    {"a reference out of scope",
     "CREATE TABLE a.t (id int REFERENCES b.u, x int REFERENCES a.t);\n",
     "  allowed_schemas:\n    - a\n  allowed_tables:\n    - a.t\n  references:\n    - "
     "b.u\n\nlimits:\n  max_table_count_touched: 1\n  max_index_count_delta: 0\n  "
     "max_row_backfill: 0\n",
     0},
};

static void test_drafts(void)
{
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        struct arena a = {0};
        struct script s = {0};
        struct draft d;
        struct buf out = {0};
        if (drafts[i].sql != NULL && !read_script(&a, drafts[i].sql, &s)) {
            s.n = 0;
        }
        draft_make(&a, &s, drafts[i].sql != NULL ? 1 : 0, &d);
        d.decl.id = "PG-MIG-2026-02-28-01";
        d.decl.intent = "say \"why\"\\";
        d.decl.change_class = "schema-only";
        draft_write(&out, &d);
        char *from = strstr(buf_str(&out), "scope:\n");
        char *to = strstr(buf_str(&out), "\nrequires_rollback: true\n");
        const char *part =
            from != NULL && to != NULL ? arena_strndup(&a, from + 7, (size_t)(to - from - 7)) : "";
        is_str(part, drafts[i].yml, drafts[i].name);
        is_int(d.open[DRAFT_HIDDEN].path != NULL, (long long)drafts[i].n_hidden,
               "statements that hide what they do");
        ok(strstr(buf_str(&out), "intent: \"say \\\"why\\\"\\\\\"\n") != NULL,
           "the intent is quoted");
        buf_release(&out);
        arena_release(&a);
    }
}

/* max_index_count_delta as it is proposed; -1: left open. */
static const struct {
    const char *sql;
    int64_t indexes;
} counts[] = {
    {"CREATE TABLE t (id int PRIMARY KEY, b int UNIQUE, EXCLUDE (b WITH =))", 3},
    {"CREATE INDEX i ON t (id); CREATE INDEX ON t (b)", 2},
    {"CREATE TEMP TABLE t (LIKE u INCLUDING ALL)", 0},
    {"CREATE TABLE t (LIKE u)", 0},
    {"ALTER TABLE t ADD CONSTRAINT c UNIQUE (a), ADD COLUMN b int UNIQUE", 2},
    {"DROP INDEX i", 1},
    {"DROP VIEW v CASCADE", 0},
    {"CREATE VIEW v AS SELECT f(1)", 0},
    {"DROP TABLE t", -1},
    {"DROP TABLE IF EXISTS t CASCADE", -1},
    {"DROP MATERIALIZED VIEW m", -1},
    {"DROP SCHEMA s CASCADE", -1},
    {"DROP EXTENSION e", -1},
    {"DROP TYPE y CASCADE", -1},
    {"DROP FUNCTION f CASCADE", -1},
    {"ALTER TABLE t DROP COLUMN a", -1},
    {"ALTER TABLE t DROP CONSTRAINT c", -1},
    {"ALTER TABLE t ATTACH PARTITION p DEFAULT", -1},
    {"ALTER TABLE t DETACH PARTITION p", -1},
    {"CREATE TABLE p PARTITION OF t DEFAULT", -1},
    {"CREATE TABLE t (LIKE u INCLUDING ALL)", -1},
    {"CREATE TABLE t (LIKE u INCLUDING INDEXES)", -1},
    {"DO $$ BEGIN NULL; END $$", -1},
    {"CALL p()", -1},
    {"SELECT f()", -1},
    {"REPACK t", -1},
    {"CREATE INDEX i ON t (id); DROP TABLE u; CREATE INDEX j ON t (id)", -1},
};

static void test_counts(void)
{
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct arena a = {0};
        struct script s = {0};
        struct draft d = {0};
        if (read_script(&a, counts[i].sql, &s)) {
            draft_make(&a, &s, 1, &d);
        }
        is_int(d.decl.limits.max_index_count_delta, counts[i].indexes, counts[i].sql);
        arena_release(&a);
    }
}

int main(void)
{
    tap_plan(2 * (int)(sizeof inversions / sizeof inversions[0]) +
             3 * (int)(sizeof drafts / sizeof drafts[0]) + (int)(sizeof counts / sizeof counts[0]));
    test_inversions();
    test_drafts();
    test_counts();
    script_shutdown();
    return tap_done();
}
