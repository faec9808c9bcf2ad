"""Waiting for a server, and what stands there printed for comparing."""
# run: majors needs=postgres limit=600

import json
import pathlib
import signal
import subprocess

import pg
from project import KFMIG, Project
from schemas import valid
from seen import one_error
from tap import contains, equal, lacks, main, on_majors, test

TABLE = """CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('low', 'high');
CREATE TABLE app.t (id int PRIMARY KEY, note text DEFAULT 'x', mood app.mood);
CREATE INDEX t_note ON app.t (lower(note));
CREATE VIEW app.v AS SELECT id, note FROM app.t WHERE id > 0;
CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
GRANT SELECT ON app.v TO PUBLIC;
"""
# The same structure by another way: another order, columns that came later, another path.
AGAIN = """CREATE SCHEMA app;
SET LOCAL search_path = app, pg_catalog;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
CREATE TYPE mood AS ENUM ('low');
ALTER TYPE mood RENAME VALUE 'low' TO 'lower';
ALTER TYPE mood RENAME VALUE 'lower' TO 'low';
CREATE TABLE t (id int NOT NULL);
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('low', 'high');
ALTER TABLE t ADD note text DEFAULT 'x', ADD mood mood, ADD PRIMARY KEY (id);
CREATE INDEX t_note ON t (lower(note));
CREATE VIEW v AS SELECT id, note FROM t WHERE id > 0;
GRANT SELECT ON v TO PUBLIC;
"""


def built(tmp, name, sql, owner=None):
    folder = pathlib.Path(tmp) / name
    folder.mkdir()
    p = Project(folder)
    if owner is not None:
        pg.psql("postgres", f'ALTER DATABASE "{p.db}" OWNER TO "{owner}"')
        p.env["KFM_DSN"] = pg.dsn(p.db, user=owner)
    p.bundle("M-01", sql)
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))
    return p


# --- dump

@on_majors
@test
def the_same_bytes(tmp):
    """Two databases that came to the same structure by different ways give the same bytes, in order of names, and --check says so."""
    one = built(tmp, "one", TABLE)
    two = built(tmp, "two", AGAIN, one.db)
    texts = [p.run("dump", "dev").out for p in (one, two)]
    equal(texts[0], texts[1])
    equal(one.run("dump", "dev").out, texts[0], "and again")
    names = [line for line in texts[0].splitlines() if line[0] not in "#\t"]
    equal(names, sorted(names))
    for name in ("table app.t", "view app.v", "type app.mood", "schema app"):
        equal(sum(line.startswith(name) for line in names), 1, f"{name} in {names}")
    contains(texts[0], "t_note", "its index")
    lacks(texts[0], "kfmig.", "kfmig's own tables")
    file = one.root / "schema.txt"
    file.write_text(texts[0])
    ran = two.run("dump", "dev", f"--check={file}")
    equal((ran.status, ran.out), (0, ""), repr(ran))
    contains(ran.err, "dev: 0 differences from ")
    found = json.loads(two.run("dump", "dev", "--json").out)
    valid("dump.v1", found)
    equal((found["server_major"], [o["object"] for o in found["objects"]]), (pg.cluster().major, names))


CHANGES = {
    "DROP VIEW app.v;": ["- view app.v"],
    "CREATE TABLE app.a (id int);": ["+ table app.a"],
    "ALTER TABLE app.t ALTER note SET DEFAULT 'y';": ["~ table app.t"],
    "CREATE OR REPLACE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 2';": ["~ function app.f(a integer)"],
    "ALTER TYPE app.mood RENAME VALUE 'low' TO 'lower';": ["~ type app.mood"],
    "REVOKE SELECT ON app.v FROM PUBLIC;": ["~ view app.v"],
    "INSERT INTO app.t VALUES (1);": [],
}


@test
def what_differs(tmp):
    """Each kind of difference is named, with exit 10; rows are none."""
    p = built(tmp, "one", TABLE)
    file = p.root / "schema.txt"
    file.write_text(p.run("dump", "dev").out)
    for sql, wanted in CHANGES.items():
        db = pg.copydb(p.db)
        pg.psql(db, sql, user=p.db)
        env = {"KFM_DSN": pg.dsn(db, user=p.db)}
        ran = p.run("dump", "dev", f"--check={file}", env=env)
        equal((ran.status, ran.out.splitlines()), (10 if wanted else 0, wanted), f"{sql}: {ran!r}")
        found = json.loads(p.run("dump", "dev", f"--check={file}", "--json", env=env).out)
        valid("dump.v1", found)
        words = {"-": "missing", "+": "added", "~": "changed"}
        equal([(d["how"], d["object"]) for d in found["differences"]], [(words[w[0]], w[2:]) for w in wanted], sql)


@test
def no_file_to_check(tmp):
    p = built(tmp, "one", TABLE)
    one_error(p.run("dump", "dev", "--check=none.txt"), 5, 'no file "none.txt"')
    one_error(p.run("dump", "dev", "--check=none/none.txt"), 5, 'cannot open the directory "none"')
    one_error(p.run("dump", "dev", "--check=/dev/zero"), 5, "is a device, not a regular file")
    one_error(p.run("dump", "dev", "M-01"), 5)


# --- wait

def later(p, *words, **env):
    """kfmig, begun and not waited for; its first line on stderr has been read."""
    child = subprocess.Popen([KFMIG, *words], cwd=p.root, env={**p.env, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return child, child.stderr.readline()


@on_majors
@test
def it_comes(tmp):
    """A server that is down, then recovers from a crash, is waited for; and one that is there answers at once."""
    own = pg.Cluster()
    db = own.createdb()
    p = Project(tmp, db=None)
    p.env["KFM_DSN"] = own.dsn(db)
    ran = p.run("wait", "dev")
    equal((ran.status, ran.err), (0, ""), repr(ran))
    contains(ran.out, f'dev: PostgreSQL {own.major} answers, database "{db}", without a ledger; after ')
    own.stop(signal.SIGQUIT)
    child, line = later(p, "wait", "dev", "--json", "--timeout=60s")
    contains(line, "dev: not yet: no server at the local socket")
    own.start()
    out, err = child.communicate()
    equal(child.returncode, 0, err)
    found = json.loads(out)
    valid("wait.v1", found)
    equal((found["server_version"] // 10000, found["has_ledger"], found["tries"] > 1), (own.major, False, True), out)
    own.remove()


@test
def it_does_not_come(tmp):
    """The time is over, a signal comes, or what is wrong no waiting mends: exit 1, 130, and at once."""
    own = pg.Cluster()
    db = own.createdb()
    p = Project(tmp, db=None)
    p.env["KFM_DSN"] = own.dsn("none", user=db)
    one_error(p.run("wait", "dev"), 1, "does not exist")
    p.env["KFM_DSN"] = own.dsn(db)
    own.stop(signal.SIGINT)
    one_error(p.run("wait", "dev", "--timeout=0"), 1, "no server at the local socket")
    one_error(p.run("wait", "dev", "--timeout=300ms", "-q"), 1, "dev did not answer within 0.3 s: no server at the local socket")
    child, _ = later(p, "wait", "dev", "--timeout=10m")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate()
    equal(child.returncode, 130, err)
    contains(err, "interrupted while waiting for dev")
    one_error(p.run("wait", "dev", "--timeout=soon"), 5, "--timeout wants a time")
    own.remove()


@test
def another_environments(tmp):
    p = built(tmp, "one", TABLE)
    contains(p.run("wait", "dev").out, "with a ledger")
    p.write("registry/environments.v1.yml", "environments:\n  other: {evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}\n")
    one_error(p.run("wait", "other"), 1, 'this database is environment "dev", not "other"')


main()
