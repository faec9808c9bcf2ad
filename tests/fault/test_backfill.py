"""A backfill, killed, failed, cut and crashed between its batches and inside them: each row exactly once, and the cursor right."""
# run: serial limit=900 needs=postgres

import json
import signal

import pg
import proxy
from project import full_id
from story import ended
from sweep import Sweep
from tap import cases, contains, equal, main, test

POINTS = [*(f"journal.{name}" for name in ("intended", "ran", "proven", "done")),
          *(f"tx.{name}" for name in ("begun", "statement", "observed", "commit_sent", "committed")), "batch.recorded"]

FIRST = """\
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO app.t SELECT i * 2 FROM generate_series(1, 50) i;
CREATE TABLE app.log (at text);
"""
# Two backfills with a transaction between them: 5 batches, and 3.
SECOND = """\
-- kfmig:backfill {table: app.t, key: [id], rows: 10, verify: SELECT 1 FROM app.t WHERE n <> 1}
UPDATE app.t SET n = n + 1 WHERE id > :from AND id <= :to;
INSERT INTO app.log VALUES ('between');
-- kfmig:backfill {table: app.t, key: [id], rows: 20}
UPDATE app.t SET n = n + 10 WHERE id > :from AND id <= :to;
"""


def prepare(p):
    """The first migration is applied, the second one is to be."""
    p.bundle("M-01", FIRST)
    equal(p.build().status, 0)
    p.bundle("M-02", SECOND, limits={"max_row_backfill": 101})


def batches(p):
    return pg.psql(p.db, """SELECT count(*), sum(n_rows) FROM kfmig.batch GROUP BY intent ORDER BY intent""")


def consistent(p, what):
    """Whatever stands, the cursors say so: rows behind them were written once, the others not at all."""
    if pg.value(p.db, "SELECT to_regclass('kfmig.backfill') IS NULL") == "t":
        equal(pg.psql(p.db, "SELECT DISTINCT n FROM app.t"), [("0",)], what)
        return
    cursors = pg.psql(p.db, """SELECT b.last[1]::int, b.batches, b.n_rows,
        (SELECT count(*) FROM kfmig.batch x WHERE x.intent = b.intent), (SELECT sum(n_rows) FROM kfmig.batch x WHERE x.intent = b.intent),
        (SELECT x.last = b.last FROM kfmig.batch x WHERE x.intent = b.intent ORDER BY at DESC LIMIT 1) FROM kfmig.backfill b ORDER BY b.intent""")
    for last, n, rows, counted, summed, same in cursors:
        equal((counted, summed, same), (n, rows, "t"), f"{what}: {cursors}")
    behind = [int(last) for last, *_ in cursors] + [0, 0]
    wrong = pg.psql(p.db, f"SELECT id, n FROM app.t WHERE n <> (id <= {behind[0]})::int + 10 * (id <= {behind[1]})::int")
    equal(wrong, [], f"{what}: rows that are not as the cursors {cursors} say")


def converges(p, what):
    """One clean build later everything stands, exactly once, and is recorded so."""
    consistent(p, what)
    ran = p.build()
    equal(ran.status, 0, f"{what}: {ran!r}")
    equal(pg.psql(p.db, "SELECT n, count(*) FROM app.t GROUP BY n"), [("11", "50")], what)
    equal(pg.psql(p.db, "SELECT at FROM app.log"), [("between",)], what)
    equal(batches(p), [("5", "50"), ("3", "50")], what)
    entries = pg.psql(p.db, f"SELECT kind, result FROM kfmig.entry WHERE subject = '{full_id('M-02')}' ORDER BY seq")
    dones = [result for kind, result in entries if kind == "done"]
    equal((dones.count("success"), entries.count(("apply", "success")), entries[-1]), (3, 1, ("apply", "success")), f"{what}: {entries}")
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{what}: {again!r}")
    claim = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))["claim"]
    equal({x["limit"]: x["observed"] for x in claim["limits"]},
          {"max_index_count_delta": 0, "max_row_backfill": 101, "max_table_count_touched": 2}, what)


def truthful(p, ran, what):
    """0 exactly if it is applied; and what is said to be unchanged is."""
    applied = pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'") == "2"
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, applied, f"{what}: {ran!r}")
    if "nothing was changed" in ran.err:
        equal(pg.psql(p.db, "SELECT DISTINCT n FROM app.t"), [("0",)], f"{what}: {ran!r}")


sweep = Sweep(("build", "dev"), prepare, truthful, converges)


@test
def the_undisturbed_build():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, (1, 4), mode)


@test
def the_server_crashes_between_batches_and_inside():
    n = sweep.crashed(("tx.begun", "tx.statement", "batch.recorded", "tx.commit_sent", "tx.committed", "journal.ran"), (2,))
    equal(n >= 5, True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    sweep.cut(sender, 4)


@cases(interrupted=(signal.SIGINT, 130), terminated=(signal.SIGTERM, 143))
def a_signal_ends_it(case):
    """Ctrl-C lets the batch that runs end; SIGTERM takes it back. The next build goes on there."""
    number, status = case
    p = sweep.fresh()
    child = sweep.stopped(p, "tx.statement:stop:2")
    child.send_signal(number)
    child.send_signal(signal.SIGCONT)
    ran = ended(child)
    equal(ran.status, status, repr(ran))
    stands = int(pg.value(p.db, "SELECT batches FROM kfmig.backfill"))
    equal(stands, 2 if number == signal.SIGINT else stands, repr(ran))
    equal(stands in (1, 2), True, repr(ran))
    contains(ran.err, f"behind {stands} batch")
    sweep.settles(p, repr(ran))


main()
