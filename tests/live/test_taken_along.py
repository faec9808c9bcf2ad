"""CASCADE takes along what another session has committed meanwhile: it stood in no baseline, and stands nowhere when all is compared. It is
named before COMMIT, and stays; what the migration made and dropped itself, or what the ledger knows, is no finding."""
# run: needs=postgres limit=900 majors

import pathlib
import signal

import pg
from project import FAULTY, adopted_copy, full_id
from seen import until
from tap import contains, equal, main, note, on_majors, spread_over_majors, test

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA theirs; CREATE SCHEMA side;
CREATE TYPE app.mood AS ENUM ('a', 'b');
CREATE TABLE app.t (id int PRIMARY KEY, a int, m app.mood);
CREATE TABLE app.parted (id int, d int) PARTITION BY LIST (d);
CREATE VIEW app.v AS SELECT id, a FROM app.t;
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.fires() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE FUNCTION app.drops() RETURNS void LANGUAGE plpgsql AS $$BEGIN DROP TABLE app.t CASCADE; END$$;
CREATE FUNCTION app.watches() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM app.drops(); RETURN new; END$$;
CREATE TABLE side.watched (id int);
CREATE TRIGGER w AFTER INSERT ON side.watched FOR EACH ROW EXECUTE FUNCTION app.watches();
CREATE DOMAIN app.small AS int CHECK (value < 10);
CREATE TABLE theirs.stands (id int, n int);
CREATE SEQUENCE app.seq;
"""

T = "DROP TABLE app.t CASCADE;"
VIEW = "CREATE VIEW theirs.v AS SELECT a FROM app.t;"

# What another session commits after the baseline was made, what the migration does, and how what it took along is named.
SEEN = {
    "view": (VIEW, T, "view theirs.v was dropped along"),
    "view in the same schema": ("CREATE VIEW app.made AS SELECT a FROM app.t;", T, "view app.made was dropped along"),
    "view with an odd name": ('CREATE VIEW theirs."a ""b" AS SELECT a FROM app.t;', T, 'view theirs."a ""b" was dropped along'),
    "view on a view": ("CREATE VIEW theirs.v AS SELECT id FROM app.v;", "DROP VIEW app.v CASCADE;", "view theirs.v was dropped along"),
    "view on a known view of the table": ("CREATE VIEW theirs.v AS SELECT id FROM app.v;", T, "view theirs.v was dropped along"),
    "materialized view": ("CREATE MATERIALIZED VIEW theirs.m AS SELECT a FROM app.t;", T, "materialized view theirs.m was dropped along"),
    "foreign key of a table that stands": ("ALTER TABLE theirs.stands ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES app.t;", T,
                                           "table constraint k on theirs.stands was dropped along"),
    "child": ("CREATE TABLE theirs.child () INHERITS (app.t);", T, "table theirs.child was dropped along"),
    "partition": ("CREATE TABLE theirs.part PARTITION OF app.parted FOR VALUES IN (1);", "DROP TABLE app.parted CASCADE;",
                  "table theirs.part was dropped along"),
    "partition without CASCADE in code": ("CREATE TABLE theirs.part PARTITION OF app.parted FOR VALUES IN (1);",
                                          "DO $$BEGIN DROP TABLE app.parted; END$$;", "table theirs.part was dropped along"),
    "view on a column": (VIEW, "ALTER TABLE app.t DROP COLUMN a CASCADE;", "view theirs.v was dropped along"),
    "foreign key on a key": ("ALTER TABLE theirs.stands ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES app.t;",
                             "ALTER TABLE app.t DROP CONSTRAINT t_pkey CASCADE;", "table constraint k on theirs.stands was dropped along"),
    "view of a schema": (VIEW, "DROP SCHEMA app CASCADE;", "view theirs.v was dropped along"),
    "table made in a schema": ("CREATE TABLE app.made (id int);", "DROP SCHEMA app CASCADE;", "table app.made was dropped along"),
    "function made in a schema": ("CREATE FUNCTION app.two() RETURNS int LANGUAGE sql AS 'SELECT 2';", "DROP SCHEMA app CASCADE;",
                                  "function app.two() was dropped along"),
    "type made in a schema": ("CREATE TYPE app.made AS ENUM ('x');", "DROP SCHEMA app CASCADE;", "type app.made was dropped along"),
    "sequence made in a schema": ("CREATE SEQUENCE app.made;", "DROP SCHEMA app CASCADE;", "sequence app.made was dropped along"),
    "view on a function": ("CREATE VIEW theirs.v AS SELECT app.one() AS x;", "DROP FUNCTION app.one() CASCADE;", "view theirs.v was dropped along"),
    "default of a table that stands": ("ALTER TABLE theirs.stands ALTER n SET DEFAULT app.one();", "DROP FUNCTION app.one() CASCADE;",
                                       "default value for theirs.stands.n was dropped along"),
    "check of a table that stands": ("ALTER TABLE theirs.stands ADD CONSTRAINT c CHECK (n > app.one());", "DROP FUNCTION app.one() CASCADE;",
                                     "table constraint c on theirs.stands was dropped along"),
    "default by a sequence": ("ALTER TABLE theirs.stands ALTER n SET DEFAULT nextval('app.seq');", "DROP SEQUENCE app.seq CASCADE;",
                              "default value for theirs.stands.n was dropped along"),
    "trigger of a table that stands": ("CREATE TRIGGER f BEFORE INSERT ON theirs.stands FOR EACH ROW EXECUTE FUNCTION app.fires();",
                                       "DROP FUNCTION app.fires() CASCADE;", "trigger f on theirs.stands was dropped along"),
    "policy of a table that stands": ("CREATE POLICY p ON theirs.stands USING (n > app.one());", "DROP FUNCTION app.one() CASCADE;",
                                      "policy p on theirs.stands was dropped along"),
    "rule of a table that stands": ("CREATE RULE r AS ON INSERT TO theirs.stands DO ALSO SELECT a FROM app.t;", T,
                                    "rule r on theirs.stands was dropped along"),
    "domain": ("CREATE DOMAIN theirs.d AS app.small;", "DROP DOMAIN app.small CASCADE;", "type theirs.d was dropped along"),
    "function of a type": ("CREATE FUNCTION theirs.f(app.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';", "DROP TYPE app.mood CASCADE;",
                           "function theirs.f(app.mood) was dropped along"),
    "dropped in DO": (VIEW, "DO $$BEGIN DROP TABLE app.t CASCADE; END$$;", "view theirs.v was dropped along"),
    "dropped by a text": (VIEW, "DO $$BEGIN EXECUTE 'DROP TABLE app.' || 't CASCADE'; END$$;", "view theirs.v was dropped along"),
    "dropped by a function": (VIEW, "SELECT app.drops();", "view theirs.v was dropped along"),
    "dropped by a trigger": (VIEW, "INSERT INTO side.watched VALUES (1);", "view theirs.v was dropped along"),
    "dropped among others": (VIEW, "CREATE TABLE app.n (id int); DROP TABLE app.n; DROP TABLE app.t CASCADE; CREATE TABLE app.t (a int);",
                             "view theirs.v was dropped along"),
    "index dropped in code": ("CREATE INDEX theirs_i ON app.t (a);", "DO $$BEGIN EXECUTE (SELECT string_agg(format('DROP INDEX %s', indexrelid::regclass), ';') "
                              "FROM pg_index WHERE indrelid = 'app.t'::regclass AND NOT indisprimary); END$$;", "index app.theirs_i was dropped along"),
    "two of them": (VIEW + "CREATE VIEW theirs.w AS SELECT a FROM theirs.v;", T, "view theirs.w was dropped along"),
}

# What the ledger knows, what the migration makes and drops itself, and what nobody else loses: before it, and the migration.
NONE = {
    "all that is known": ("", "DROP SCHEMA app CASCADE;"),
    "all that is known, in code": ("", "DO $$BEGIN DROP SCHEMA app CASCADE; END$$;"),
    "a known foreign key": ("ALTER TABLE theirs.stands ADD FOREIGN KEY (id) REFERENCES app.t;", T),
    "known parts": ("ALTER TABLE theirs.stands ALTER n SET DEFAULT app.one(), ADD CHECK (n > app.one()); CREATE POLICY p ON theirs.stands USING (n > app.one());",
                    "DROP FUNCTION app.one() CASCADE;"),
    "a known trigger and rule": ("CREATE TRIGGER f BEFORE INSERT ON theirs.stands FOR EACH ROW EXECUTE FUNCTION app.fires(); "
                                 "CREATE RULE r AS ON INSERT TO theirs.stands DO ALSO SELECT a FROM app.t;", "DROP FUNCTION app.fires() CASCADE; " + T),
    "known kinds of objects": ("CREATE OPERATOR app.+~ (LEFTARG = int, RIGHTARG = int, PROCEDURE = int4pl); CREATE COLLATION app.c FROM \"C\"; "
                               "CREATE AGGREGATE app.s(int) (SFUNC = int4pl, STYPE = int); CREATE TEXT SEARCH CONFIGURATION app.ts (COPY = simple); "
                               "CREATE TEXT SEARCH DICTIONARY app.td (TEMPLATE = pg_catalog.simple); CREATE STATISTICS app.st ON id, a FROM app.t; "
                               "CREATE TYPE app.r AS RANGE (SUBTYPE = float8); CREATE TYPE app.comp AS (x int); CREATE MATERIALIZED VIEW app.mv AS SELECT 1 AS x; "
                               "CREATE INDEX ON app.t (a); CREATE TABLE app.ids (id serial, n int GENERATED ALWAYS AS IDENTITY, txt text);"
                               "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;", "DROP SCHEMA app CASCADE;"),
    "made and dropped": ("", "CREATE TABLE app.n (id serial PRIMARY KEY, t text); CREATE VIEW theirs.n AS SELECT id FROM app.n; DROP TABLE app.n CASCADE;"),
    "made and dropped in DO": ("", "DO $$BEGIN CREATE TABLE app.n (id serial); CREATE VIEW theirs.n AS SELECT id FROM app.n; DROP TABLE app.n CASCADE; END$$;"),
    "an index, in code": ("CREATE INDEX i ON app.t (a); CREATE INDEX e ON app.t ((a + 1)); CREATE UNIQUE INDEX u ON app.t (a) WHERE a > 0;",
                          "DO $$BEGIN DROP INDEX app.i; DROP INDEX app.e, app.u; END$$;"),
    "an index of a partitioned table, in code": ("CREATE TABLE app.part PARTITION OF app.parted FOR VALUES IN (1); CREATE INDEX i ON app.parted (id);",
                                                 "DO $$BEGIN DROP INDEX app.i; END$$;"),
    "a trigger of a partitioned table, in code": ("CREATE TABLE app.part PARTITION OF app.parted FOR VALUES IN (1); "
                                                  "CREATE TRIGGER f AFTER INSERT ON app.parted FOR EACH ROW EXECUTE FUNCTION app.fires();",
                                                  "DO $$BEGIN DROP TRIGGER f ON app.parted; END$$;"),
    "constraints of a partitioned table, in code": ("CREATE TABLE app.part PARTITION OF app.parted FOR VALUES IN (1); "
                                                    "ALTER TABLE app.parted ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES app.t, "
                                                    "ADD CONSTRAINT c CHECK (id > 0), ADD CONSTRAINT q UNIQUE (id, d);",
                                                    "DO $$BEGIN ALTER TABLE app.parted DROP CONSTRAINT k, DROP CONSTRAINT c, DROP CONSTRAINT q; END$$;"),
    "a key and its index, in code": ("ALTER TABLE app.t ADD CONSTRAINT q UNIQUE (a);",
                                     "DO $$BEGIN ALTER TABLE app.t DROP CONSTRAINT q, DROP CONSTRAINT t_pkey; END$$;"),
    "statistics, in code": ("CREATE STATISTICS app.st ON id, a FROM app.t;", "DO $$BEGIN DROP STATISTICS app.st; END$$;"),
    "policy, rule, default, serial, in code": ("CREATE POLICY p ON app.t USING (true); CREATE RULE r AS ON INSERT TO app.t DO ALSO NOTHING; "
                                               "ALTER TABLE app.t ALTER a SET DEFAULT 1; CREATE TABLE app.ids (id serial, g int GENERATED ALWAYS AS IDENTITY);",
                                               "DO $$BEGIN DROP POLICY p ON app.t; DROP RULE r ON app.t; ALTER TABLE app.t ALTER a DROP DEFAULT; "
                                               "ALTER TABLE app.ids DROP COLUMN id; ALTER TABLE app.ids ALTER g DROP IDENTITY; END$$;"),
    "temporary": ("", "CREATE TEMP TABLE scratch AS SELECT 1 AS x; CREATE TEMP VIEW s AS SELECT x FROM scratch; DROP TABLE scratch CASCADE;"),
    "written anew": ("", "DROP VIEW app.v CASCADE; ALTER TABLE app.t ALTER a TYPE bigint;"),
    "taken back": ("", "DO $$BEGIN DROP TABLE app.t CASCADE; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END$$;"),
}


def project(tmp, before, sql):
    p = adopted_copy(tmp, SETUP)
    if before:
        pg.psql(p.db, before, user=p.owner)
        equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-01", sql, schemas=("app", "theirs", "side"))
    return p


def between(p, sql):
    """A build that stands still when its transaction has begun until sql is committed."""
    child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": "tx.begun:stop"})
    until(lambda: pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it has begun")
    pg.psql(p.db, sql, user=p.owner)
    child.send_signal(signal.SIGCONT)
    status = child.wait(timeout=60)
    child.err_file.seek(0)
    return status, child.err_file.read().decode()


def is_seen(made, sql, words, tmp):
    p = project(tmp, "", sql)
    status, err = between(p, made)
    equal(status, 2, err)
    contains(err, 'gate "drift" failed, everything was rolled back')
    contains(err, words)
    receipt = p.json("receipt", "show", "dev", full_id("M-01"))
    contains([g["gate"] for g in receipt["claim"]["gates"] if g["result"] == "fail"], "drift")
    contains(p.run("status", "dev").text, "outside kfmig", "it stands, and is drift")


def is_none(before, sql, tmp):
    p = project(tmp, before, sql)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [full_id("M-01")])
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


for name, case in SEEN.items():
    def seen(tmp, case=case):
        is_seen(*case, tmp)
    seen.__name__ = f"seen: {name}"
    test(spread_over_majors(seen))
for name, case in NONE.items():
    def none(tmp, case=case):
        is_none(*case, tmp)
    none.__name__ = f"none: {name}"
    test(on_majors(none))


@test
def the_table_is_as_large_as_promised():
    equal(len(SEEN) >= 33 and len(NONE) >= 18, True)
    note(f"{len(SEEN)} seen, {len(NONE)} none")


main()
