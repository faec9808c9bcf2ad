"""A migration in segments, killed, failed, cut and crashed at every point of its protocol: each segment happens exactly once."""
# run: serial limit=900 needs=postgres

import pg
import proxy
from project import full_id
from sweep import Sweep
from tap import cases, equal, main, test

POINTS = [*(f"journal.{name}" for name in ("intended", "ran", "proven", "done")),
          *(f"tx.{name}" for name in ("begun", "statement", "observed", "recorded", "commit_sent", "committed"))]

FIRST = "CREATE SCHEMA app; CREATE TABLE app.log (at text); CREATE TABLE app.t (id int, name text); CREATE INDEX old ON app.t (id);"
# Two transactions that leave a row each, an index that is made, one that is dropped, one that is renewed, a table that is gone through.
MIXED = """\
BEGIN;
INSERT INTO app.log VALUES ('one');
INSERT INTO app.t SELECT i, 'n' || i FROM generate_series(1, 30) i;
COMMIT;
CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (id);
DROP INDEX CONCURRENTLY app.old;
INSERT INTO app.log VALUES ('two');
REINDEX INDEX CONCURRENTLY app.i;
VACUUM app.t;
REINDEX TABLE CONCURRENTLY app.t;
"""
INDEXES = """SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1"""


def prepare(p):
    """The first migration is applied, the second one is to be."""
    p.bundle("M-01", FIRST)
    equal(p.build().status, 0)
    p.bundle("M-02", MIXED)


def converges(p, what):
    """One clean build later everything stands, exactly once, and is recorded so."""
    ran = p.build()
    equal(ran.status, 0, f"{what}: {ran!r}")
    equal(pg.psql(p.db, "SELECT at, count(*) FROM app.log GROUP BY at ORDER BY at"), [("one", "1"), ("two", "1")], what)
    equal(pg.psql(p.db, INDEXES), [("i", "t")], what)
    entries = pg.psql(p.db, f"SELECT kind, result FROM kfmig.entry WHERE subject = '{full_id('M-02')}' ORDER BY seq")
    dones = [result for kind, result in entries if kind == "done"]
    equal((dones.count("success"), entries.count(("apply", "success")), entries[-1]), (7, 1, ("apply", "success")), f"{what}: {entries}")
    equal([kind for kind, _ in entries].count("intent"), len(dones) - 2, f"{what}: an intent for each that ran alone: {entries}")
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{what}: {again!r}")


def truthful(p, ran, what):
    """0 exactly if it is applied; and what is said to be unchanged is."""
    applied = pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'") == "2"
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, applied, f"{what}: {ran!r}")
    if "nothing was changed" in ran.err:
        equal(pg.psql(p.db, "SELECT count(*) FROM app.log") + pg.psql(p.db, INDEXES), [("0",), ("old", "t")], f"{what}: {ran!r}")


sweep = Sweep(("build", "dev"), prepare, truthful, converges)


@test
def the_undisturbed_build():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, range(1, 5), mode)


@test
def the_server_crashes_at_every_point():
    n = sweep.crashed(POINTS, (1, 3))
    equal(n >= len(POINTS), True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    sweep.cut(sender, 4)


main()
