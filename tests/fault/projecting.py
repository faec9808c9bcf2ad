"""A projection for fault tests: two data states of it, readers of it, and what must be true whatever happened before.

    story = Projecting(folder)
    p = story.take("w1")                 # its project on the database w1, data state 0 live
    story.wants(p, 1)                    # the declaration wants the other one
    ... p.run("build", "dev"), in whatever way it ends ...
    story.settles(p, 1)                  # what is live now is whole; one clean build later it is data state 1

From one state to the other one source is loaded anew, and the other two are copied inside the server, one of them behind the other, whose
rows it refers to.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pg
from datasets import point, version
from project import Project
from story import ROLE, template_role, until
from tap import contains, equal

WELLS = ("2026-02.0000000a", "2026-03.0000000b")
SPRINGS = "2026-01.0000000c"
BROOKS = "2026-01.0000000d"
N_WELLS, N_SPRINGS, N_BROOKS = 300, 100, 50

CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (
    version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326) NOT NULL, label text,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (version, id));
CREATE INDEX pts_geom ON app.pts USING gist (geom);
CREATE TABLE app.springs (version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326) NOT NULL, PRIMARY KEY (version, id));
CREATE INDEX springs_id ON app.springs (id);
CREATE TABLE app.brooks (version text NOT NULL, id text PRIMARY KEY, geom geometry(Point, 4326) NOT NULL,
    spring_version text NOT NULL, spring text NOT NULL, FOREIGN KEY (spring_version, spring) REFERENCES app.springs (version, id));
CREATE INDEX brooks_geom ON app.brooks USING gist (geom);
CREATE MATERIALIZED VIEW app.numbers AS SELECT version, count(*) AS n FROM app.pts GROUP BY version;
CREATE VIEW app.west AS SELECT id FROM app.pts WHERE ST_X(geom) < -100;
GRANT USAGE ON SCHEMA app TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC;
"""
AFTER = "UPDATE app.pts SET label = 'well ' || id;\n"

# One line that says all that a reader sees of the schema, by joins of all that is in it: two generations in it would show.
SEEN = """SELECT count(DISTINCT p.version) || ' ' || count(*) || ' ' || count(p.label) || ' ' || min(p.version) || ' ' || min(m.version) || ' ' ||
min(m.n) || ' ' || (SELECT count(*) FROM app.springs) || ' ' || (SELECT count(*) FROM app.west w JOIN app.pts USING (id))
FROM app.pts p JOIN app.numbers m ON m.version = p.version"""

# Every row but for the times, the objects, and who may do what.
WHOLE = """
SELECT 'pts', count(*), md5(string_agg(concat_ws('|', version, id, label, ST_AsEWKT(geom)), ',' ORDER BY version, id)) FROM app.pts;
SELECT 'springs', count(*), md5(string_agg(concat_ws('|', version, id, ST_AsEWKT(geom)), ',' ORDER BY version, id)) FROM app.springs;
SELECT 'brooks', count(*), md5(string_agg(concat_ws('|', version, id, spring, ST_AsEWKT(geom)), ',' ORDER BY id)) FROM app.brooks;
SELECT 'numbers', count(*), string_agg(concat_ws('|', version, n), ',' ORDER BY version) FROM app.numbers;
SELECT 'index', indexname, replace(indexdef, 'app.', '') FROM pg_indexes WHERE schemaname = 'app' ORDER BY indexname;
SELECT 'class', relname, relacl::text || relispopulated FROM pg_class WHERE relnamespace = 'app'::regnamespace ORDER BY relname;
SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname = 'app';
SELECT 'invalid', indexrelid::regclass::text, '' FROM pg_index WHERE NOT indisvalid;
"""

PUBLISHED = """
SELECT count(*) FROM kfmig.entry WHERE kind = 'publish' AND result = 'success';
SELECT count(*) FROM kfmig.receipt WHERE body::jsonb ->> 'result' = 'success' AND body::jsonb ->> 'run_kind' = 'projection_publish';
"""
CONTENT = "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live';"
STATES = "SELECT state, count(*) FROM kfmig.generation WHERE state <> 'dropped' GROUP BY 1 ORDER BY 1;"

# Schemas that the ledger does not know, and generations that have none.
UNKNOWN = """
SELECT nspname FROM pg_namespace WHERE nspname ~ '^app_' EXCEPT
SELECT 'app__g' || number FROM kfmig.generation WHERE state IN ('loading', 'ready', 'kept')
UNION ALL
(SELECT 'app__g' || number FROM kfmig.generation WHERE state IN ('loading', 'ready', 'kept') EXCEPT SELECT nspname FROM pg_namespace)
"""


class Readers:
    """A session that reads one prepared statement again and again, until it is ended or fails."""

    def __init__(self, db):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.child = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", pg.dsn(db, user=pg.SUPERUSER)], stdin=subprocess.PIPE,
                                      stdout=self.out, stderr=self.err)
        self.child.stdin.write(f"PREPARE seen AS {SEEN};\nEXECUTE seen;\nEXECUTE seen \\watch 0.02\n".encode())
        self.child.stdin.flush()
        until(lambda: self.lines() or self.child.poll() is not None, "the reader reads")

    def lines(self):
        """The different lines that were seen so far."""
        size = os.fstat(self.out.fileno()).st_size  # pread(): the session writes where the file's offset is
        return {line for line in os.pread(self.out.fileno(), size, 0).decode().split("\n")[:-1] if line}

    def end(self, may_fail=False):
        """End the session; returns what it saw. may_fail: the server went."""
        lines = self.lines()
        failed = self.child.poll() is not None
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.err.seek(0)
        said = self.err.read().decode()
        equal((said == "" and not failed) or may_fail, True, f"the reader: {said}")
        self.out.close()
        self.err.close()
        return lines


class Projecting:
    """See above. fallback: a cluster other than the process's own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        template_role()
        self.pristine = Project(self.folder, db=None)
        self.pristine.bundle("M-01", CHAIN)
        self.pristine.bundle("M-02", AFTER, extra="rebuild: after-load\n")
        wells = [point(f"w{i}", round(-102 + i / 100, 6), round(37 + i / 500, 6)) for i in range(N_WELLS)]
        for number, ident in enumerate(WELLS):
            version(self.pristine, "wells", ident, wells[number:])
        version(self.pristine, "springs", SPRINGS, [point(f"s{i}", round(-99 + i / 100, 6), 38) for i in range(N_SPRINGS)])
        version(self.pristine, "brooks", BROOKS, [point(f"b{i}", round(-99 + i / 100, 6), 38.5) for i in range(N_BROOKS)])
        self.made = set()
        self.copies = 0
        self.learned = [None, None]

    def seen(self, which):
        """The line that a reader sees while that data state is live."""
        return self.learned[which]["seen"]

    def wants(self, p, which, springs=SPRINGS):
        """Declare that data state."""
        p.write("registry/projections/field.yml", f"""\
projection: field
store: postgis
schema: app
snapshot_wait: 10s
sources:
  - dataset: wells
    version: {WELLS[which]}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}
  - dataset: springs
    version: {springs}
    asset: features
    into: springs
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}
  - dataset: brooks
    version: {BROOKS}
    asset: features
    into: brooks
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry, spring_version: {{const: "{springs}"}}, spring: {{const: s1}}}}
validate: {{counts: catalog, extents: {{from: catalog}}}}
""")

    def database(self, name, template="template1", tablespace=None):
        if name not in self.made:
            place = f"TABLESPACE {tablespace}" if tablespace else ""
            pg.psql("postgres", f'CREATE DATABASE "{name}" OWNER "{ROLE}" TEMPLATE {template} {place};')
            self.made.add(name)
        return name

    def copy(self, name):
        """The project for that database."""
        self.copies += 1
        p = Project.__new__(Project)
        p.root = self.folder / f"{name}.{self.copies}"
        shutil.copytree(self.pristine.root, p.root)
        p.db = name
        p.env = {**self.pristine.env, "KFM_DSN": pg.dsn(name, user=ROLE)}
        return p

    def take(self, name, **more):
        """The project on a database of its own, in which data state 0 is live."""
        pg.cluster()._postgis_template()
        p = self.copy(self.database(name, template="with_postgis", **more))
        self.wants(p, 0)
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        return p

    def learn(self):
        """What every run must come to, from builds without any fault."""
        p = self.take("undisturbed")
        for which in (0, 1):
            self.wants(p, which)
            ran = p.build()
            equal(ran.status, 0, repr(ran))
            ((seen,),) = pg.psql(p.db, SEEN)
            self.learned[which] = {"whole": pg.psql(p.db, WHOLE), "seen": seen, "content": pg.value(p.db, CONTENT)}
        equal(self.seen(0) == self.seen(1), False)
        return p

    @staticmethod
    def published(p):
        """How often the projection was published, by ledger and by receipts."""
        return tuple(int(n) for n, in pg.psql(p.db, PUBLISHED))

    def is_whole(self, p, was, which, before, what):
        """Data state `which` is live if it was published since before, else `was`, with every row of it; nothing is there that the ledger does
        not know. Returns how often it was published since then."""
        (n,), (receipts,), (content,), *rest = pg.psql(p.db, PUBLISHED + CONTENT + WHOLE + UNKNOWN)
        equal(n, receipts, f"{what}: entries and receipts")
        published = int(n) - before[0]
        learned = self.learned[which if published else was]
        equal(content, learned["content"], f"{what}: the content digest")
        equal(rest[len(learned["whole"]):], [], f"{what}: schemas and generations")
        equal(rest, learned["whole"], f"{what}: rows and objects")
        return published

    def tells_the_truth(self, p, ran, was, which, before, what):
        """After a disturbed build from data state `was`: what is live is whole, and what was said is so. before: published() then.
        Returns whether it is published."""
        what = f"{what}: {ran!r}"
        published = self.is_whole(p, was, which, before, what)
        equal(published <= 1, True, f"{what}: published once")
        equal(ran.status in (-9, 0, 1, 2, 3, 6, 7), True, what)
        if ran.status not in (-9, 6):
            equal(ran.status == 0, published == 1, f"{what}: 0 exactly if it is published")
            equal("published, " in ran.err, published == 1, what)
        return published == 1

    def settles(self, p, which, before, what):
        """One clean build later all is as if nothing had happened. before: published() of the beginning."""
        ran = p.build()
        equal(ran.status, 0, f"{what}, then: {ran!r}")
        n = self.is_whole(p, which, which, before, f"{what}, settled: {ran!r}")
        equal(n, 1, f"{what}: exactly one publication, and one receipt: {ran!r}")
        equal(pg.psql(p.db, STATES), [("kept", "1"), ("live", "1")], f"{what}: generations")
        left = [str(path) for path in p.root.glob("state/owed/*")]
        equal(left, [], f"{what}: nothing is owed any more")
        contains(p.build().text, "nothing to do")

    def again(self, p):
        """Let go of the kept generation, so that the next build has to make one."""
        ran = p.run("gc", "dev", "--all")
        equal(ran.status, 0, repr(ran))

    def receipts_hold(self, p):
        ran = p.run("receipt", "verify", "dev")
        equal(ran.status, 0, repr(ran))

    def drop(self, p):
        shutil.rmtree(p.root, ignore_errors=True)
