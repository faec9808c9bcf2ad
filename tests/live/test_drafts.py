"""What kfmig writes for people: bundles from files and dumps, scope and limits anew."""
# run: needs=postgres limit=300

import re
import subprocess

import pg
from project import Project, full_id
from tap import cases, contains, equal, fails, lacks, main, test

ID = re.compile(r"PG-MIG-\d{4}-\d\d-\d\d-\d\d")


def made(ran):
    """The id of the bundle that `kfmig new` made."""
    equal(ran.status, 0, repr(ran))
    return ID.search(ran.out).group(0)


def member(p, ident):
    return p.path(f"migrations/postgis/{ident}/migration.yml").read_text()


def dump(db, *more):
    """A plain pg_dump of db as its owner."""
    done = subprocess.run(["pg_dump", "--no-owner", *more, pg.dsn(db)], capture_output=True, text=True, check=True)
    return done.stdout


# H3: (what stands, what is run); what new --from writes passes its build.
HIDDEN = {
    "drop table": ("CREATE TABLE app.a (id int PRIMARY KEY, b int UNIQUE);", "DROP TABLE app.a;"),
    "drop column": ("CREATE TABLE app.a (id int, b int UNIQUE);", "ALTER TABLE app.a DROP COLUMN b;"),
    "drop constraint": ("CREATE TABLE app.a (id int, CONSTRAINT k UNIQUE (id));", "ALTER TABLE app.a DROP CONSTRAINT k;"),
    "drop schema": ("CREATE TABLE app.a (id int PRIMARY KEY);", "DROP SCHEMA app CASCADE;"),
    "drop index": ("CREATE TABLE app.a (id int); CREATE INDEX i ON app.a (id);", "DROP INDEX app.i;"),
    "drop a foreign key": ("CREATE TABLE public.b (id int PRIMARY KEY); CREATE TABLE app.a (id int, CONSTRAINT k FOREIGN KEY (id) "
                           "REFERENCES public.b);", "ALTER TABLE app.a DROP CONSTRAINT k;"),
    "a table made in DO": ("", "DO $$BEGIN CREATE TABLE app.a (id int PRIMARY KEY); END$$;"),
    "a cascade": ("CREATE TABLE app.a (id int PRIMARY KEY); CREATE VIEW app.v AS SELECT id FROM app.a;", "DROP TABLE app.a CASCADE;"),
    "rows of a query": ("CREATE TABLE app.a (id int);", "INSERT INTO app.a SELECT generate_series(1, 5);"),
    "a path": ("CREATE TABLE app.a (id int);", "SET search_path = app; CREATE TABLE b (id int); INSERT INTO b SELECT id FROM a;"),
    "what pg_dump writes": ("", "\\restrict aB\nSET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\n"
                            "CREATE TABLE app.a (id int);\nCOPY app.a (id) FROM stdin;\n1\n2\n\\.\n\\unrestrict aB\n"),
}


@test
def what_new_writes_from_a_file_passes_its_build(tmp):
    for name, (setup, sql) in HIDDEN.items():
        folder = tmp / name.replace(" ", "_")
        folder.mkdir()
        p = Project(folder)
        pg.psql(p.db, "CREATE SCHEMA app;" + setup, user=p.db)
        equal(p.run("adopt", "dev").status, 0, name)
        p.write("f.sql", sql)
        ident = made(p.run("new", "--from=f.sql"))
        ran = p.build()
        equal(ran.status, 0, f"{name}: {ran!r}\n{member(p, ident)}")
        equal(p.applied(), [ident], name)


SOURCE = """
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.country (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.city (id serial PRIMARY KEY, country text REFERENCES app.country, m app.mood DEFAULT 'ok');
CREATE INDEX city_country ON app.city (country);
CREATE VIEW app.v AS SELECT c.id, n.name FROM app.city c JOIN app.country n ON n.code = c.country;
CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
INSERT INTO app.country VALUES ('de', 'it''s; Germany'), ('fr', E'Fran\\tce');
INSERT INTO app.city (country) VALUES ('de'), ('fr');
COMMENT ON TABLE app.city IS 'towns';
"""


@test
def a_pg_dump_becomes_a_migration_of_its_structure(tmp):
    source = pg.createdb()
    pg.psql(source, SOURCE, user=source)
    p = Project(tmp)
    p.write("dump.sql", dump(source))
    ran = p.run("new", "--from=dump.sql")
    ident = made(ran)
    contains(ran.err, "3 statements with data left out")
    forward = p.path(f"migrations/postgis/{ident}/forward.sql").read_text()
    for word in ("COPY app.", "Germany", "setval", "Data for Name", "\\."):
        lacks(forward, word)
    equal(p.run("check").status, 0)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal([l for l in dump(p.db, "--schema=app", "--schema-only").splitlines() if not l.startswith("\\")],
          [l for l in dump(source, "--schema=app", "--schema-only").splitlines() if not l.startswith("\\")])
    equal(pg.value(p.db, "SELECT count(*) FROM app.country"), "0")


@test
def rows_of_a_dump_are_kept_by_the_table(tmp):
    source = pg.createdb()
    pg.psql(source, SOURCE, user=source)
    p = Project(tmp)
    p.write("dump.sql", dump(source))
    ran = p.run("new", "--from=dump.sql", "--data=app.nothing")
    equal(ran.status, 5, repr(ran))
    contains(ran.err, 'dump.sql holds no rows of table "app.nothing"')
    ident = made(p.run("new", "--from=dump.sql", "--data=app.country"))
    contains(member(p, ident), "max_row_backfill: 2")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT code, name FROM app.country ORDER BY 1"), [("de", "it's; Germany"), ("fr", "Fran\tce")])
    equal(pg.value(p.db, "SELECT count(*) FROM app.city"), "0")


@test
def scope_is_written_anew_from_the_text_and_from_what_was_seen(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); CREATE TABLE app.log (id int);\n"
             "CREATE FUNCTION app.fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO app.log VALUES (new.id); RETURN new; END';\n"
             "CREATE TRIGGER fill AFTER INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.fill();")
    equal(p.build().status, 0)
    two = full_id("M-02")
    p.bundle("M-02", "INSERT INTO app.t VALUES (1), (2);", schemas=["other"], forbidden_tables=["secret"], limits=dict(max_row_backfill=1))
    ran = p.run("scope", two)
    equal(ran.status, 0, repr(ran))
    text = member(p, two)
    contains(text, "    - app.t\n")
    contains(text, "    - secret\n")
    lacks(text, "other")
    contains(text, "  max_row_backfill: 2\n")
    contains(text, "what triggers, rules, foreign keys, views and grants make of INSERT (forward.sql:1)")
    ran = p.run("scope", "dev", two, "--observed")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, f'no run of {two} was seen in environment "dev"')
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "write of table app.log")
    equal(p.run("scope", "dev", two, "--observed").status, 0)
    text = member(p, two)
    for line in ("    - app.log\n", "    - app.t\n", "    - secret\n", "  max_table_count_touched: 2\n", "  max_row_backfill: 4\n"):
        contains(text, line)
    equal(p.build().status, 0)
    ran = p.run("scope", "dev", two, "--observed")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, f"{two} is applied in environment")


def standing(tmp):
    """A project whose database holds SOURCE, adopted, and the migration that a dump of it became."""
    p = Project(tmp)
    pg.psql(p.db, f'ALTER ROLE "{p.db}" CREATEDB')
    pg.psql(p.db, SOURCE, user=p.db)
    p.write("dump.sql", dump(p.db))
    ident = made(p.run("new", "--from=dump.sql"))
    return p, ident


@test
def what_stands_there_already_is_taken_for_applied(tmp):
    p, ident = standing(tmp)
    ran = p.run("adopt", "dev", f"--migration={ident}")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "has no ledger yet")
    equal(p.run("adopt", "dev").status, 0)
    fails(p.build(), 2, "statement 11 (CREATE SCHEMA) failed, everything was rolled back: duplicate_schema (42P06)")
    ran = p.run("adopt", "dev", f"--migration={ident}")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ident])
    equal(pg.value(p.db, "SELECT count(*) FROM app.country"), "2")
    contains(p.build().err, "nothing to do (1 current)")
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_database WHERE datname LIKE 'kfmig_drill%'"), "0")
    p.bundle("PG-MIG-2027-01-01-01", "ALTER TABLE app.city ADD COLUMN x int;")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    ran = p.run("adopt", "dev", f"--migration={ident}")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, f'{ident} is applied in "dev" already')


@cases(
    another_column=("ALTER TABLE app.city ADD COLUMN more int", "table app.city is another"),
    another_default=("ALTER TABLE app.city ALTER m SET DEFAULT 'sad'", "table app.city is another"),
    no_index=("DROP INDEX app.city_country", "table app.city is another"),
    another_function=("CREATE OR REPLACE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 2'", "function app.f(a integer) is another"),
    no_view=("DROP VIEW app.v", "view app.v is missing"),
    another_owner=("ALTER TABLE app.country OWNER TO postgres", "table app.country is another"),
)
def what_stands_there_otherwise_is_not(case, tmp):
    change, words = case
    p, ident = standing(tmp)
    pg.psql(p.db, change)
    equal(p.run("adopt", "dev").status, 0)
    ran = p.run("adopt", "dev", f"--migration={ident}")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, words)
    equal(p.applied(), [])
    equal(pg.value(p.db, "SELECT count(*) FROM pg_database WHERE datname LIKE 'kfmig_drill%'"), "0")


@test
def a_migration_that_nobody_made_is_not_adopted(tmp):
    p, _ = standing(tmp)
    equal(p.run("adopt", "dev").status, 0)
    ran = p.run("adopt", "dev", "--migration=PG-MIG-2000-01-01-01")
    equal(ran.status, 5, repr(ran))
    contains(ran.err, 'there is no migration "PG-MIG-2000-01-01-01"')


main()
