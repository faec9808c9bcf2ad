"""Rows that go with their storage are counted as all others are: TRUNCATE and DROP in code, tables written anew. What was observed stands
in the receipt, and a limit below it fails with the number."""
# run: needs=postgres limit=900 majors

import pg
from project import adopted_copy, full_id
from tap import contains, equal, main, note, spread_over_majors, test

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA side;
CREATE TYPE app.mood AS ENUM ('a', 'b');
CREATE TABLE app.none (c app.mood, n int);
CREATE TABLE app.five (id int, c app.mood, v varchar(10));
INSERT INTO app.five SELECT g, 'a', 'x' FROM generate_series(1, 5) g;
CREATE INDEX five_id ON app.five (id);
CREATE TABLE side.three (id int); INSERT INTO side.three VALUES (1), (2), (3);
CREATE TABLE app.tree (id int, d int) PARTITION BY LIST (d);
CREATE TABLE app.tree_1 PARTITION OF app.tree FOR VALUES IN (1); CREATE TABLE app.tree_2 PARTITION OF app.tree FOR VALUES IN (2);
INSERT INTO app.tree VALUES (1, 1), (2, 1), (3, 2);
CREATE TABLE app.key (id int PRIMARY KEY); CREATE TABLE app.points (id int REFERENCES app.key);
INSERT INTO app.key VALUES (1), (2); INSERT INTO app.points VALUES (1), (1), (2);
CREATE MATERIALIZED VIEW app.mv AS SELECT count(*) AS n FROM app.five;
CREATE TABLE app.watched (id int);
CREATE FUNCTION app.empties() RETURNS void LANGUAGE plpgsql AS $$BEGIN TRUNCATE app.five; END$$;
CREATE FUNCTION app.on_insert() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN EXECUTE 'TRUNCATE app.' || 'five'; RETURN NULL; END$$;
CREATE TRIGGER w AFTER INSERT ON app.watched FOR EACH STATEMENT EXECUTE FUNCTION app.on_insert();
CREATE SEQUENCE app.seq;
"""


def do(body):
    return f"DO $$BEGIN {body} END$$;"


SWAP = ("CREATE TYPE app.mood2 AS ENUM ('a', 'b'); ALTER TABLE app.%s ALTER c TYPE app.mood2 USING (c::text::app.mood2);"
        "ALTER TYPE app.mood RENAME TO old; ALTER TYPE app.mood2 RENAME TO mood;")

# What it does: statements, and the rows that it comes to.
VARIANTS = {
    "an enum swapped, of no rows": (SWAP % "none", 0),
    "an enum swapped": (SWAP % "five", 5),
    "DROP in DO, of no rows": (do("DROP TABLE app.none;"), 0),
    "DROP in DO": (do("DROP TABLE app.five CASCADE;"), 5),
    "DROP made of text in DO": (do("EXECUTE 'DROP TABLE app.' || 'five CASCADE';"), 5),
    "DROP IF EXISTS in DO": (do("DROP TABLE IF EXISTS app.five CASCADE;"), 5),
    "DROP SCHEMA in DO": (do("DROP SCHEMA side CASCADE;"), 3),
    "DROP of a tree in DO": (do("DROP TABLE app.tree;"), 3),
    "DROP of a partition in DO": (do("DROP TABLE app.tree_1;"), 2),
    "DROP of a materialized view in DO": (do("DROP MATERIALIZED VIEW app.mv;"), 0),
    "DROP of what was made here": (do("CREATE TABLE app.brief AS SELECT 1 AS one; DROP TABLE app.brief;"), 0),
    "DROP taken back": (do("BEGIN DROP TABLE app.five CASCADE; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END;"), 0),
    "DROP in a block that handles faults": (do("BEGIN DROP TABLE app.five CASCADE; EXCEPTION WHEN division_by_zero THEN NULL; END;"), 5),
    "rows deleted, then DROP": (do("DELETE FROM app.five WHERE id <= 2; DROP TABLE app.five CASCADE;"), 5),
    # since 15 DROP, as TRUNCATE, takes back what was counted of the rows that went in before it
    "rows inserted, then DROP": (do("INSERT INTO app.five VALUES (6), (7); DROP TABLE app.five CASCADE;"), 5, 9),
    "rows updated, then DROP": (do("UPDATE app.five SET id = 0 WHERE id = 1; DROP TABLE app.five CASCADE;"), 5, 6),
    "DROP, and another under its name": (do("DROP TABLE app.five CASCADE; CREATE TABLE app.five AS SELECT 1 AS one;"), 6),
    "TRUNCATE in DO, of no rows": (do("TRUNCATE app.none;"), 0),
    "TRUNCATE in DO": (do("TRUNCATE app.five;"), 5),
    "TRUNCATE in a function": ("SELECT app.empties();", 5),
    "TRUNCATE in a trigger": ("INSERT INTO app.watched VALUES (1);", 6),
    "TRUNCATE CASCADE in DO": (do("TRUNCATE app.key CASCADE;"), 5),
    "TRUNCATE of a tree in DO": (do("TRUNCATE app.tree;"), 3),
    "TRUNCATE of two in DO": (do("TRUNCATE app.five, side.three;"), 8),
    "TRUNCATE twice in DO": (do("TRUNCATE app.five; TRUNCATE app.five;"), 5),
    "TRUNCATE taken back": (do("BEGIN TRUNCATE app.five; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END;"), 0),
    "TRUNCATE, then rows": (do("TRUNCATE app.five; INSERT INTO app.five VALUES (1), (2), (3);"), 8),
    "rows, then TRUNCATE": (do("DELETE FROM app.five WHERE id = 1; TRUNCATE app.five;"), 5),
    "TRUNCATE, then written anew": (do("TRUNCATE app.five; ALTER TABLE app.five ALTER id TYPE bigint;"), 5),
    "TRUNCATE by name, then written anew": ("TRUNCATE app.five; ALTER TABLE app.five ALTER id TYPE bigint;", 5),
    "TRUNCATE in DO after a sequence went on": ("SELECT nextval('app.seq'); " + do("TRUNCATE app.five;"), 5),
    "one by name, one in DO": ("TRUNCATE side.three; " + do("TRUNCATE app.five;"), 8),
    "another type": ("ALTER TABLE app.five ALTER id TYPE bigint;", 5),
    "another type in DO": (do("ALTER TABLE app.five ALTER id TYPE bigint;"), 5),
    "another type, of no rows": ("ALTER TABLE app.none ALTER n TYPE bigint;", 0),
    "another type, of no rows, in DO": (do("ALTER TABLE app.none ALTER n TYPE bigint;"), 0),
    "another type and back": ("ALTER TABLE app.five ALTER id TYPE bigint; ALTER TABLE app.five ALTER id TYPE int;", 5),
    "a type that only grows": ("ALTER TABLE app.five ALTER v TYPE varchar(20);", 0),
    "another type of a tree": ("ALTER TABLE app.tree ALTER id TYPE bigint;", 3),
    "rows inserted, then another type": ("INSERT INTO app.five VALUES (6), (7); ALTER TABLE app.five ALTER id TYPE bigint;", 9),
    "all rows deleted, then another type": ("DELETE FROM app.five; ALTER TABLE app.five ALTER id TYPE bigint;", 5),
    "a column with a value of each row's own": ("ALTER TABLE app.five ADD COLUMN at timestamptz DEFAULT clock_timestamp();", 5),
    "an identity column": ("ALTER TABLE app.five ADD COLUMN n int GENERATED ALWAYS AS IDENTITY;", 5),
    "a column with one value": ("ALTER TABLE app.five ADD COLUMN n int DEFAULT 7;", 0),
    "CLUSTER": ("CLUSTER app.five USING five_id;", 5),
    "SET UNLOGGED": ("ALTER TABLE side.three SET UNLOGGED;", 3),
    "REINDEX": ("REINDEX TABLE app.five;", 0),
    "REFRESH": ("REFRESH MATERIALIZED VIEW app.mv;", 0),
}


def project(tmp, more=""):
    """more: what a superuser does there beforehand, @OWNER@ stands for the owner."""
    p = adopted_copy(tmp, SETUP)
    if more:
        pg.psql(p.db, more.replace("@OWNER@", f'"{p.owner}"'))
        equal(p.run("adopt", "dev").status, 0)
    return p


def bundle(p, short, sql, limit):
    p.bundle(short, sql, schemas=["app", "side"], limits={} if limit is None else dict(max_row_backfill=limit))


def rows(p, ident):
    limits = {x["limit"]: x for x in p.json("receipt", "show", "dev", full_id(ident))["claim"]["limits"]}
    return limits["max_row_backfill"]["observed"]


def check(sql, n, tmp, before_15=None):
    """before_15: what servers see whose DROP does not take back what was counted before it."""
    p = project(tmp)
    n = before_15 if before_15 is not None and pg.cluster().major < 15 else n
    if n > 0:
        bundle(p, "M-01", sql, n - 1)
        ran = p.build()
        equal((ran.status, p.applied()), (2, []), repr(ran))
        contains(ran.err, f'gate "limit max_row_backfill" failed, everything was rolled back: declared {n - 1}, observed {n}')
        contains(ran.err, f"admitted by: limits.max_row_backfill: {n}")
    bundle(p, "M-01", sql, n)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(rows(p, "M-01"), n)
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


for what, (sql, n, *more) in VARIANTS.items():
    def one(tmp, sql=sql, n=n, more=more):
        check(sql, n, tmp, *more)
    one.__name__ = f"{what}: {n} rows"
    test(spread_over_majors(one))


@test
def without_a_limit_nothing_is_run_twice(tmp):
    p = project(tmp)
    bundle(p, "M-01", "SELECT nextval('app.seq'); " + do("TRUNCATE app.five;"), None)
    equal(p.build().status, 0)
    equal(rows(p, "M-01"), None)
    equal(pg.psql(p.db, "SELECT last_value FROM app.seq"), [("1",)])


@test
def what_is_found_uncounted_behind_a_retry_is_counted_too(tmp):
    """Behind a retry: the first attempt waits for a lock in vain, the second removes rows that nobody counted, the third counts them first."""
    p = project(tmp)
    first = "IF nextval('app.seq') = 1 THEN RAISE EXCEPTION USING ERRCODE = 'lock_not_available'; END IF;"
    bundle(p, "M-01", do(first + " TRUNCATE app.five;"), 5)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(rows(p, "M-01"), 5)
    equal(pg.psql(p.db, "SELECT last_value FROM app.seq"), [("3",)])


@test
def an_event_trigger_that_empties_is_noticed(tmp):
    """Text that shows all it does, and code that runs for it all the same."""
    p = project(tmp, """CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM app.five WHERE id = 1; TRUNCATE app.five; END$$;
        ALTER FUNCTION app.on_ddl() OWNER TO @OWNER@; CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION app.on_ddl();""")
    bundle(p, "M-01", "ALTER TABLE app.five ALTER id TYPE bigint;", 4)
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "declared 4, observed 5")


@test
def what_the_role_may_not_see_stays_uncounted_and_is_named(tmp):
    p = project(tmp, """CREATE TABLE app.hidden (id int); INSERT INTO app.hidden VALUES (1);
        CREATE FUNCTION app.empties_hidden() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN TRUNCATE app.hidden; END$$;""")
    bundle(p, "M-01", "SELECT app.empties_hidden();", 99)
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "declared 99, and the rows removed of table app.hidden could not be counted")
    contains(ran.err, "this role may not")


note(f"{len(VARIANTS)} variants of rows that go with their storage")
main()
