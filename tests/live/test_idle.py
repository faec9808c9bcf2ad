"""Nothing to do, known without a plan: whatever is another than it was then leads to the plan, and nothing else does."""
# run: needs=postgres majors

import shutil
import sqlite3

import pg
from project import Project, full_id
from tap import cases, contains, equal, fails, main, on_majors, test

IDLE = "dev: nothing to do (2 current)"


def cache(p, sql):
    """Run SQL on the cache; returns rows."""
    with sqlite3.connect(p.path("state/kfmig.db"), timeout=10) as db:
        return db.execute(sql).fetchall()


def known(p, *args):
    """A build, and whether it read no bundle: their rows are taken away before, and only who reads them writes them again."""
    cache(p, "DELETE FROM hint WHERE kind = 'bundle'")
    ran = p.build(*args)
    return ran, cache(p, "SELECT count(*) FROM hint WHERE kind = 'bundle'") == [(0,)]


def warm(p):
    """Build until it is known that there is nothing to do: files have to be old enough for the cache."""
    for _ in range(1000):
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        if cache(p, "SELECT count(*) FROM hint WHERE kind = 'idle'") == [(1,)]:
            break
    ran, is_known = known(p)
    equal((ran.status, ran.text.strip(), is_known), (0, IDLE, True), "as it was")


def made(tmp):
    """A project of two migrations that are applied, and of which that is known."""
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n")
    p.bundle("M-02", "CREATE TABLE app.u (id int);\n")
    equal(p.build().status, 0)
    warm(p)
    return p


def first(p, name):
    return p.path(f"migrations/postgis/{full_id('M-01')}") / name


# What is changed, the status of the next build, a part of what it says.
CHANGES = {
    "a script": (lambda p: first(p, "forward.sql").write_text("CREATE SCHEMA app;\nCREATE TABLE app.t (no int);\n"), 1, "blocked"),
    "notes": (lambda p: first(p, "notes.md").write_text("Other.\n"), 0, IDLE),
    "a new invariant": (lambda p: p.write(first(p, "invariants/a.sql"), "SELECT 1 WHERE false;\n"), 1, "blocked"),
    "a migration more": (lambda p: p.bundle("M-03", "CREATE TABLE app.v (id int);\n"), 0, "1 applied"),
    "a migration less": (lambda p: shutil.rmtree(first(p, "")), 0, "no bundle here"),
    "a flat migration": (lambda p: p.write("migrations/db/0001_a.up.sql", "CREATE TABLE app.w (id int);\n"), 0, "applied"),
    "environments": (lambda p: p.write("registry/environments.v1.yml", p.path("registry/environments.v1.yml").read_text() + "more: 1\n"), 5, "more"),
    "evidence": (lambda p: p.write("registry/environments.v1.yml",
                                   p.path("registry/environments.v1.yml").read_text().replace("evidence: none", "evidence: bundle")), 0, "exported"),
    "a projection": (lambda p: p.write("registry/projections/x.yml", "projection: x\n"), 5, "registry/projections/x.yml"),
    "a debt": (lambda p: p.write("state/owed/x.json", '{"environment":"dev"}'), 0, "set aside"),
    "the time of a file": (lambda p: first(p, "forward.sql").touch(), 0, IDLE),
    "the cache": (lambda p: shutil.rmtree(p.path("state")), 0, IDLE),
    "its row": (lambda p: cache(p, "DELETE FROM hint WHERE kind = 'idle'"), 0, IDLE),
    "where the ledger was seen": (lambda p: cache(p, "DELETE FROM hint WHERE kind = 'checkpoint'"), 0, IDLE),
}


@cases(**CHANGES)
def a_plan_is_made_where_this_changed(case, tmp):
    p = made(tmp)
    change, status, word = case
    change(p)
    ran, is_known = known(p) if p.path("state/kfmig.db").exists() else (p.build(), False)
    equal((ran.status, is_known), (status, False), repr(ran))
    contains(ran.text, word)


@on_majors
@cases(table="DROP TABLE app.u", column="ALTER TABLE app.u ADD COLUMN x int", privilege="GRANT SELECT ON app.u TO PUBLIC")
def drift_is_looked_at_each_time(sql, tmp):
    p = made(tmp)
    pg.psql(p.db, sql)
    for _ in range(3):
        ran, is_known = known(p)
        equal((ran.status, is_known), (0, False), repr(ran))
    contains(p.run("status", "dev").out, "1 object changed outside kfmig")


@on_majors
@test
def nobody_plans_where_rows_were_written(tmp):
    """Rows of this database and of another one move the log, and no definition"""
    p = made(tmp)
    other = pg.createdb()
    pg.psql(p.db, "INSERT INTO app.t VALUES (1)")
    equal(p.build().status, 0)  # that definitions did not move is kept from a look at them on, and a build makes none behind its work
    warm(p)
    for db, sql in ((p.db, "INSERT INTO app.t VALUES (1)"), (other, "CREATE TABLE public.busy (n int)")):
        pg.psql(db, sql)
        ran, is_known = known(p)
        equal((ran.status, ran.text.strip(), is_known), (0, IDLE, True), repr(ran))


@cases(bits=lambda value: bytes([value[0] ^ 1]) + value[1:], size=lambda value: value[:40] + bytes([value[40] ^ 64]) + value[41:],
       end=lambda value: value[:-1], nothing=lambda value: b"")
def a_damaged_row_costs_time_only(damage, tmp):
    p = made(tmp)
    ((value,),) = cache(p, "SELECT value FROM hint WHERE kind = 'idle'")
    with sqlite3.connect(p.path("state/kfmig.db"), timeout=10) as db:
        db.execute("UPDATE hint SET value = ? WHERE kind = 'idle'", (damage(value),))
    ran, is_known = known(p)
    equal((ran.status, ran.text.strip(), is_known), (0, IDLE, False), repr(ran))
    warm(p)


@test
def a_ledger_that_went_back(tmp):
    """A database as it was when it was known, behind a run that saw more: the shorter ledger stops it"""
    p = made(tmp)
    older = pg.copydb(p.db)
    p.bundle("M-03", "CREATE TABLE app.v (id int);\n")
    equal(p.build().status, 0)
    shutil.rmtree(p.path(f"migrations/postgis/{full_id('M-03')}"))
    pg.psql("postgres", f'ALTER DATABASE "{p.db}" RENAME TO lost_{p.db}; ALTER DATABASE "{older}" RENAME TO "{p.db}"')
    fails(p.build(), 8, "the ledger of \"dev\" has", "the last run saw")


@test
def another_database(tmp):
    """A copy, and one without a ledger, behind the same reference"""
    p = made(tmp)
    copy, empty = pg.copydb(p.db), pg.createdb()
    p.env["KFM_DSN"] = pg.dsn(copy, user=p.db)
    ran, is_known = known(p)
    equal((ran.status, is_known), (0, False), repr(ran))
    contains(ran.err, "a copy or a move")
    p.env["KFM_DSN"] = pg.dsn(empty)
    ran, is_known = known(p)
    equal((ran.status, is_known), (0, False), repr(ran))
    contains(ran.text, "2 applied")


@test
def nobody_answers(tmp):
    """A database that is not there is told as ever"""
    p = made(tmp)
    p.env["KFM_DSN"] = pg.dsn("none_such", user=p.db)
    fails(p.build(), 1, "none_such", "rebuild dev --all --new-database")
    p.env["KFM_DSN"] = f"host={tmp} port=1 dbname=x"
    fails(p.build(), 1, "no server at the local socket")


@cases(dry_run=["--dry-run"], target=["M-01"], steps=["--steps=0"], json=["--json"], plan=["--plan=sha256:" + "0" * 64])
def who_asks_for_more_gets_a_plan(args, tmp):
    p = made(tmp)
    ran, is_known = known(p, *[full_id(a) for a in args])
    equal((ran.status, is_known), (1 if "--plan" in args[0] else 0, False), repr(ran))


main()
