"""What PostgreSQL 16 to 18 brought: a migration that `kfmig new --from` writes of it passes its build on 18, or is told beforehand what it leaves open.

A table of statements on one server; where kfmig was built with an older grammar, the file is missing what it is about."""
# run: needs=postgres limit=300

import itertools
import re
import subprocess

import pg
from project import KFMIG, Project
from tap import cases, contains, equal, main, missing, test

MAJOR = 18
SETUP = """
CREATE SCHEMA app;
CREATE TABLE app.a (id int PRIMARY KEY, b int, c text, j jsonb, kept int GENERATED ALWAYS AS (id + 1) STORED);
INSERT INTO app.a VALUES (1, 1, 'x', '[{"x": 1}]'), (2, 2, 'y', '[]');
CREATE TABLE app.b (id int PRIMARY KEY, a_id int, CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES app.a, CONSTRAINT b_a2 FOREIGN KEY (a_id) REFERENCES app.a NOT ENFORCED);
INSERT INTO app.b VALUES (1, 1);
CREATE TABLE app.stay (room int4range, d daterange, PRIMARY KEY (room, d WITHOUT OVERLAPS));
CREATE TABLE app.visit (room int4range, d daterange);
CREATE TABLE app.part (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE app.part1 PARTITION OF app.part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.p (x int CONSTRAINT p_x NOT NULL);
CREATE TABLE app.kid () INHERITS (app.p);
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.same(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = int, RIGHTARG = int);
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER nowhere FOREIGN DATA WRAPPER w;
CREATE FUNCTION app.tick() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
"""
# By the major that brought it.
PASS = {
    16: [
        "CREATE TABLE app.n (a text STORAGE EXTERNAL)",
        "ALTER TABLE app.a ALTER c SET STORAGE DEFAULT",
        "GRANT reader TO writer WITH INHERIT FALSE, SET TRUE",
        "REVOKE ADMIN OPTION FOR reader FROM keeper",
        "INSERT INTO app.b SELECT 2, x FROM (SELECT 1 AS x)",
        "INSERT INTO app.b VALUES (1_000, 0x2)",
        "UPDATE app.a SET j = JSON_OBJECT('k': JSON_ARRAY(c, b)) WHERE c IS NOT JSON",
        "CREATE STATISTICS ON b, c FROM app.a",
        "CREATE VIEW app.v AS SELECT any_value(c) AS c FROM app.a",
        "COPY app.b (id, a_id) FROM stdin WITH (DEFAULT 'x');\n7\t1\n\\.\n",
    ],
    17: [
        "ALTER TABLE app.a ALTER kept SET EXPRESSION AS (id + 2)",
        "MERGE INTO app.b USING app.a ON b.a_id = a.id WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING merge_action()",
        "MERGE INTO app.b USING app.a ON b.a_id = a.id WHEN MATCHED THEN UPDATE SET a_id = a.id WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (a.id + 5, a.id)",
        "INSERT INTO app.b SELECT t.x + 50, 1 FROM app.a, JSON_TABLE(a.j, '$[*]' COLUMNS (x int PATH '$.x', NESTED PATH '$.y[*]' COLUMNS (z int PATH '$'))) AS t",
        "UPDATE app.a SET c = JSON_VALUE(j, '$[0].x' DEFAULT 'none' ON EMPTY) WHERE JSON_EXISTS(j, '$[0].x')",
        "CREATE VIEW app.v AS SELECT JSON_QUERY(j, '$[0]' WITH WRAPPER) AS q, JSON_SCALAR(1) AS s, JSON_SERIALIZE('{}' RETURNING bytea) AS b FROM app.a",
        "GRANT MAINTAIN ON app.a TO reader",
        "ALTER TABLE app.a SET ACCESS METHOD DEFAULT",
        "CREATE VIEW app.v AS SELECT timestamptz '2020-01-01 00:00Z' AT LOCAL AS t",
        "CREATE TABLE app.n (id int GENERATED ALWAYS AS IDENTITY, d date) PARTITION BY RANGE (d) USING heap",
        "CREATE TABLE app.n (r int4range, d daterange, EXCLUDE USING gist (r WITH =, d WITH &&)) PARTITION BY RANGE (r)",
        "ALTER OPERATOR app.=== (int4, int4) SET (MERGES)",
    ],
    18: [
        "CREATE TABLE app.n (a int, b int GENERATED ALWAYS AS (a * 2))",
        "CREATE TABLE app.n (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL)",
        "ALTER TABLE app.a ADD COLUMN v int GENERATED ALWAYS AS (b * 2) VIRTUAL",
        "CREATE TABLE app.n (a int CHECK (a > 0) NOT ENFORCED, b int REFERENCES app.b NOT ENFORCED)",
        "ALTER TABLE app.a ADD CONSTRAINT pos CHECK (b > 5) NOT ENFORCED",
        "ALTER TABLE app.b ADD CONSTRAINT b_a3 FOREIGN KEY (a_id) REFERENCES app.a NOT ENFORCED",
        "ALTER TABLE app.a ADD CONSTRAINT b_set NOT NULL b NOT VALID",
        "ALTER TABLE app.a ADD CONSTRAINT b_set NOT NULL b NOT VALID; ALTER TABLE app.a VALIDATE CONSTRAINT b_set",
        "ALTER TABLE app.p ALTER CONSTRAINT p_x NO INHERIT",
        "CREATE TABLE app.n (room int4range, d daterange, PRIMARY KEY (room, d WITHOUT OVERLAPS))",
        "CREATE TABLE app.n (room int4range, d daterange, UNIQUE (room, d WITHOUT OVERLAPS))",
        "ALTER TABLE app.visit ADD FOREIGN KEY (room, PERIOD d) REFERENCES app.stay (room, PERIOD d)",
        "UPDATE app.a SET b = b + 1 RETURNING WITH (OLD AS was, NEW AS now) was.b, now.b",
        "INSERT INTO app.b VALUES (9, 1) ON CONFLICT (id) DO UPDATE SET a_id = 2 RETURNING old.a_id, new.a_id",
        "WITH gone AS (DELETE FROM app.b RETURNING old.*) INSERT INTO app.b SELECT id + 100, a_id FROM gone",
        "CREATE FOREIGN TABLE app.remote (LIKE app.b) SERVER nowhere",
        "ANALYZE ONLY app.part",
        "CREATE TABLE app.n (id uuid DEFAULT uuidv7() PRIMARY KEY)",
        "CREATE VIEW app.v AS SELECT casefold(c) AS c, array_sort(ARRAY[b]) AS s, crc32('x'::bytea) AS k FROM app.a",
        "CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.a; REFRESH MATERIALIZED VIEW app.m",
        "CREATE PUBLICATION p1 FOR TABLE app.a WITH (publish_generated_columns = stored)",
        "CREATE UNIQUE INDEX gi ON app.a USING btree (b) NULLS NOT DISTINCT",
        "CREATE EVENT TRIGGER hello ON login EXECUTE FUNCTION app.tick()",
    ],
}
TOLD = ["ALTER TABLE app.b ALTER CONSTRAINT b_a NOT ENFORCED", "ALTER TABLE app.b ALTER CONSTRAINT b_a2 ENFORCED"]

NUMBERS = itertools.count(1)


def setup(server):
    """A database of its own with what the statements stand on; whoever migrates is a superuser, as event triggers want."""
    db = f"n{next(NUMBERS)}"
    server.psql("postgres", f"CREATE DATABASE {db} TEMPLATE filled")
    return db


CLUSTER = []


def cluster():
    """That of 18, started once."""
    said = subprocess.run([KFMIG, "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.search(r"PostgreSQL (\d+)", said).group(1)) < MAJOR:
        missing("a kfmig built with the grammar of PostgreSQL 18 (./configure --install-deps=build)")
    if not CLUSTER:
        CLUSTER.append(pg.Cluster(pg.programs(MAJOR)))
        CLUSTER[0].psql("postgres", "CREATE ROLE reader; CREATE ROLE writer; CREATE ROLE keeper; GRANT reader TO keeper WITH ADMIN OPTION; CREATE DATABASE filled")
        CLUSTER[0].psql("filled", SETUP)
    return CLUSTER[0]


def built(sql, tmp):
    """What a build makes of what new --from makes of sql, and the migration.yml between them."""
    p = Project(tmp, db=None)
    p.env["KFM_DSN"] = cluster().dsn(setup(cluster()), user="postgres")
    p.write("f.sql", sql if sql.endswith("\n") else sql + ";\n")
    equal(p.run("adopt", "dev").status, 0)
    equal(p.run("new", "--from=f.sql").status, 0)
    return p.build(), next(p.path("migrations").rglob("migration.yml")).read_text()


@cases(**{f"{major}, {sql.strip()}": sql for major, rows in PASS.items() for sql in rows})
def passes_within_the_scope_that_new_writes(sql, tmp):
    ran, member = built(sql, tmp)
    equal(ran.status, 0, f"{ran!r}\n{member}")


@cases(**{sql: sql for sql in TOLD})
def says_beforehand_that_the_other_table_is_not_named(sql, tmp):
    ran, member = built(sql, tmp)
    contains(member, "  # besides: what triggers, rules, foreign keys, views and grants make of ALTER TABLE")
    equal(ran.status, 2)
    contains(ran.err, "admitted by: scope.references: [app.a]\n")


@test
def what_is_newer_still_is_admitted_by_a_word(tmp):
    p = Project(tmp)
    for sql in ("SELECT lag(x) IGNORE NULLS OVER () FROM app.t", "INSERT INTO app.t VALUES (1) ON CONFLICT (x) DO SELECT RETURNING x", "REPACK app.t"):
        p.write("f.sql", sql + ";\n")
        ran = p.run("new", "--from=f.sql")
        equal(ran.status, 5, sql)
        contains(ran.err, "a syntax error in the statement of line 1")
        contains(ran.err, "-- kfmig:allow-unparsed")
        p.write("f.sql", "-- kfmig:allow-unparsed\n" + sql + ";\n")
        equal(p.run("new", "--from=f.sql").status, 0, sql)


main()
