"""A rollback in segments, killed, failed, cut and crashed at every point of its protocol: each segment is taken back exactly once."""
# run: serial limit=900 needs=postgres

import pg
import proxy
from project import full_id
from sweep import Sweep
from tap import cases, equal, main, test

POINTS = [*(f"journal.{name}" for name in ("intended", "ran", "proven", "done")), "tx.statement", "tx.recorded", "tx.commit_sent"]
FIRST = "CREATE SCHEMA app; CREATE TABLE app.log (at text); CREATE TABLE app.t (id int, name text); CREATE INDEX old ON app.t (id);"
FORWARD = "CREATE INDEX CONCURRENTLY i ON app.t (id);\nALTER TABLE app.t ADD COLUMN note text;\nDROP INDEX CONCURRENTLY app.old;\n"
# An index that is made again, a transaction, an index that is dropped.
BACK = "CREATE INDEX CONCURRENTLY old ON app.t (id);\nALTER TABLE app.t DROP COLUMN note;\nDROP INDEX CONCURRENTLY app.i;\n"
STANDS = """SELECT c.relname, i.indisvalid, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'app.t'::regclass AND attname = 'note')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1"""
TWO = full_id("M-02")


def prepare(p):
    """Both migrations are applied; the second one is to be taken back."""
    p.bundle("M-01", FIRST)
    p.bundle("M-02", FORWARD, BACK)
    equal(p.build().status, 0)


def rollbacks(p):
    return pg.value(p.db, f"SELECT count(*) FROM kfmig.entry WHERE kind = 'rollback' AND result = 'success' AND subject = '{TWO}'")


def truthful(p, ran, what):
    """0 exactly if it is taken back; and what is said to be unchanged is."""
    equal(ran.status in (0, 1, 4, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, rollbacks(p) == "1", f"{what}: {ran!r}")
    if "nothing was changed" in ran.err:
        equal(pg.psql(p.db, STANDS), [("i", "t", "t")], f"{what}: {ran!r}")


def converges(p, what):
    """One more rollback of it later all is as it was before, recorded once, and nothing is half-way."""
    if rollbacks(p) == "0":
        ran = p.run("rollback", "dev", TWO, "--apply")
        if "recorded 1 receipt that an earlier run could not deliver" in ran.err and ran.status == 1:
            ran = p.run("rollback", "dev", TWO, "--apply")  # that moved the ledger behind what was reviewed
        equal(ran.status, 0, f"{what}: {ran!r}")
    equal((rollbacks(p), pg.psql(p.db, STANDS)), ("1", [("old", "t", "f")]), what)
    dones = pg.value(p.db, f"SELECT count(*) FROM kfmig.entry WHERE kind = 'done' AND result = 'success' AND subject = '{TWO}'")
    equal(dones, "6", f"{what}: three segments there, three back, each once")
    for verb in (("receipt", "verify", "dev"), ("diff", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{what}: {again!r}")


sweep = Sweep(("rollback", "dev", TWO, "--apply"), prepare, truthful, converges)


@test
def the_undisturbed_rollback():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, range(1, 4), mode)


@test
def the_server_crashes_at_every_point():
    n = sweep.crashed(POINTS, (1, 2))
    equal(n >= len(POINTS), True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    sweep.cut(sender, 4)


main()
