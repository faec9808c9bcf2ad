"""A small story of migrations for fault tests, and what must be true of it whatever happened before.

    story = Story(folder, 6)             # pristine project of 6 bundles; evidence goes into the bundles
    p = story.take("w1")                 # a fresh copy of it on the empty database w1
    ... p.run("build", "dev"), in whatever way it ends ...
    story.converges(p)                   # one clean build later everything is done, exactly once

Every migration adds one row to app.log, which has no unique key: applied twice it would show.
"""

import json
import pathlib
import shutil
import time

import pg
from project import Project, Ran, full_id
from tap import equal

ENVIRONMENTS = """\
environments:
  dev:
    evidence: bundle
    stores:
      postgis:
        dsn_ref: KFM_DSN
default_environment: dev
"""

ROLE = "builder"

# One text per object of schema app, by definition, and every row that the story writes.
CATALOG = """
SET search_path = pg_catalog;
SELECT format('%s %s', c.relkind, c.relname) FROM pg_class c WHERE c.relnamespace = to_regnamespace('app') ORDER BY 1;
SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = to_regnamespace('app') ORDER BY 1;
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = to_regnamespace('app') ORDER BY 1;
SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = to_regnamespace('app') ORDER BY 1;
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace('app') ORDER BY 1;
SELECT format('%s %s %s', c.relname, d.objsubid, d.description) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
WHERE c.relnamespace = to_regnamespace('app') ORDER BY 1;
"""

# What the ledger says, and beside it what was really done.
LEDGER = """
SELECT 'entry', subject, count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success' GROUP BY subject ORDER BY 2;
SELECT 'receipt', r.body::jsonb ->> 'migration_id', count(*) FROM kfmig.receipt r
WHERE r.body::jsonb ->> 'result' = 'success' AND r.body::jsonb ->> 'run_kind' = 'db_migration' GROUP BY 2 ORDER BY 2;
SELECT 'effect', id, count(*) FROM app.log GROUP BY id ORDER BY 2;
SELECT 'unpaired', e.seq, 1 FROM kfmig.entry e LEFT JOIN kfmig.receipt r USING (seq) WHERE r.seq IS NULL;
SELECT 'gap', h.size, e.n FROM kfmig.head h, (SELECT count(*) AS n, max(seq) AS last FROM kfmig.entry) e
WHERE h.size <> e.n OR h.size <> e.last;
"""


def first(log):
    return f"""\
CREATE SCHEMA app;
CREATE TABLE app.log (id text NOT NULL, at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE app.log IS 'what was applied, as often as it was';
{log}
"""


def table(number, log):
    return f"""\
CREATE TABLE app.t{number} (id bigint PRIMARY KEY, name text NOT NULL, up bigint);
CREATE INDEX t{number}_name ON app.t{number} (name);
COMMENT ON COLUMN app.t{number}.name IS 'a name';
INSERT INTO app.t{number} SELECT i, 'n' || i FROM generate_series(1, 20) i;
{log}
"""


def function(number, log):
    return f"""\
CREATE FUNCTION app.f{number}(a int) RETURNS int LANGUAGE sql AS 'SELECT a + {number}';
ALTER TABLE app.log ADD COLUMN c{number} int DEFAULT {number};
{log}
"""


def template_role():
    """The role that owns every database of these tests."""
    if not pg.psql("postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        pg.cluster().role(ROLE)


def files_of(root):
    """The project's files but those of state/ that come and go."""
    found = {str(path.relative_to(root)) for path in pathlib.Path(root).rglob("*") if not path.is_dir()}
    return {name for name in found if not name.startswith(("state/kfmig.db", "state/logs/"))}


class Story:
    """n bundles in a chain; see above."""

    def __init__(self, folder, n, evidence="bundle"):
        self.folder = pathlib.Path(folder)
        self.ids = [full_id(f"M-{i:02}") for i in range(1, n + 1)]
        template_role()
        self.pristine = Project(self.folder, ENVIRONMENTS.replace("bundle", evidence), db=None)
        for number, ident in enumerate(self.ids, 1):
            log = f"INSERT INTO app.log (id) VALUES ('{ident}');"
            make = (first(log) if number == 1 else table(number, log) if number % 3 else function(number, log))
            self.pristine.bundle(ident, make)
        self.made = set()
        self.want = None
        self.copies = 0

    def database(self, name):
        """An empty database of that name."""
        if name not in self.made:
            pg.psql("postgres", f'CREATE DATABASE "{name}" OWNER "{ROLE}";')
            self.made.add(name)
        else:
            pg.psql(name, "SET client_min_messages = error; DROP SCHEMA IF EXISTS kfmig CASCADE; DROP SCHEMA IF EXISTS app CASCADE;")
        return name

    def copy(self, name):
        """Another copy of the project for the same database."""
        self.copies += 1
        p = Project.__new__(Project)
        p.root = self.folder / f"{name}.{self.copies}"
        shutil.copytree(self.pristine.root, p.root)
        p.db = name
        p.env = {**self.pristine.env, "KFM_DSN": pg.dsn(name, user=ROLE)}
        return p

    def take(self, name):
        """A fresh copy of the project on the emptied database."""
        return self.copy(self.database(name))

    def drop(self, p):
        shutil.rmtree(p.root, ignore_errors=True)

    def learn(self):
        """Build once without any fault: this is what every run must come to."""
        p = self.take("undisturbed")
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        self.want = (pg.psql(p.db, CATALOG), files_of(p.root))
        self.check(p)
        self.drop(p)

    def check(self, p):
        """Everything is applied exactly once and recorded exactly once."""
        if self.want is None:
            self.learn()
        once = [(what, ident, "1") for what in ("entry", "receipt", "effect") for ident in self.ids]
        catalog, files = self.want
        rows = pg.psql(p.db, CATALOG + LEDGER)
        equal(rows[len(catalog):], once, "ledger, receipts and effects")
        equal(rows[:len(catalog)], catalog, "catalogs as after an undisturbed build")
        found = files_of(p.root)
        equal((sorted(found - files), sorted(files - found)), ([], []), "files that should not be there, and that are missing")
        for name in files:
            if name.endswith(".json"):
                json.loads((p.root / name).read_text(encoding="utf-8"))
        verified = p.run("receipt", "verify", "dev")
        equal(verified.status, 0, repr(verified))

    def converges(self, p):
        """One clean build, and everything is as it must be."""
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        self.check(p)
        return ran

    def applied(self, p):
        """What really is applied, by effect; and it is what the ledger says."""
        if pg.psql(p.db, "SELECT to_regclass('app.log') IS NOT NULL") == [("f",)]:
            return []
        effects = sorted(row[0] for row in pg.psql(p.db, "SELECT id FROM app.log"))
        entries = sorted(row[0] for row in pg.psql(
            p.db, "SELECT subject FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'"))
        equal(effects, entries, "effects and entries")
        return effects


def claimed(ran):
    """The migrations that a build said it applied: its lines "[1/6] ID  12 ms"."""
    return sorted(line.split()[1] for line in ran.err.splitlines() if line.startswith("[") and line.endswith(" ms"))


def ended(child, timeout=120):
    """Wait for a child; returns what it did."""
    status = child.wait(timeout=timeout)
    texts = []
    for file in (child.out_file, child.err_file):
        file.seek(0)
        texts.append(file.read().decode())
        file.close()
    return Ran(status, *texts)


def until(condition, what):
    """Poll for a state of the world that is bound to come."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never: {what}")
        time.sleep(0.005)


def is_stopped(child):
    """Has the process stopped itself? Fails if it ended instead."""
    equal(child.poll(), None, "the process ended before it came to its fault point")
    with open(f"/proc/{child.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"
