"""A backfill, killed, failed, cut and crashed between its batches and inside them: each row exactly once, and the cursor right."""
# run: serial limit=900 needs=postgres

import json
import os
import random
import shutil
import signal

import pg
import proxy
from project import FAULTY, Project, full_id
from seeds import SEED
from story import ended, is_stopped, until
from tap import at_exit, cases, contains, equal, fresh_folder, main, note, test

ROLE = "filler"
CUTS = 12  # a direction
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

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
made = []


def fresh():
    """A project whose first migration is applied, on a database of its own, and whose second one is to be."""
    name = f"b{len(made)}"
    made.append(name)
    if len(made) == 1:
        pg.cluster().role(ROLE)
        pg.psql("postgres", f'CREATE DATABASE template_of_fills OWNER "{ROLE}"')
        p = Project(folder, db=None)
        p.env["KFM_DSN"] = pg.dsn("template_of_fills", user=ROLE)
        p.bundle("M-01", FIRST)
        equal(p.build().status, 0)
        p.bundle("M-02", SECOND, limits={"max_row_backfill": 101})
        shutil.copytree(p.root, folder / "pristine")
    pg.psql("postgres", f'CREATE DATABASE "{name}" TEMPLATE template_of_fills OWNER "{ROLE}"')
    p = Project.__new__(Project)
    p.root = folder / name
    shutil.copytree(folder / "pristine", p.root)
    shutil.rmtree(p.root / "state", ignore_errors=True)
    p.db = name
    p.env = {**os.environ, "KFM_DSN": pg.dsn(name, user=ROLE), "KFMIG_ACTOR": "tester", "LC_ALL": "C.UTF-8"}
    return p


def drop(p):
    shutil.rmtree(p.root, ignore_errors=True)
    pg.psql("postgres", f'DROP DATABASE "{p.db}" WITH (FORCE)')


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


@test
def the_undisturbed_build():
    p = fresh()
    converges(p, "undisturbed")
    drop(p)


@cases(kill="kill", error="error")
def at_every_point(mode):
    passed = set()
    for point in POINTS:
        for passage in (1, 4):
            p = fresh()
            what = f"{point}:{mode}:{passage}"
            ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": what})
            if ran.status == 0:
                drop(p)
                break
            passed.add(what)
            if mode == "kill":
                equal(ran.status, -9, f"{what}: {ran!r}")
            else:
                truthful(p, ran, what)
            converges(p, f"{what}\n{ran!r}")
            drop(p)
    note(f"{len(passed)} times at {len({what.split(':')[0] for what in passed})} points")
    points = {what.split(":")[0] for what in passed}
    equal(sorted(set(POINTS) - points), [] if mode == "kill" else ["tx.committed"], "points that were not passed")


@test
def the_server_crashes_between_batches_and_inside():
    n = 0
    for point in ("tx.begun", "tx.statement", "batch.recorded", "tx.commit_sent", "tx.committed", "journal.ran"):
        p = fresh()
        what = f"{point}:stop:2"
        child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": what})
        until(lambda: child.poll() is not None or is_stopped(child), what)
        if child.poll() is None:
            n += 1
            pg.cluster().stop(signal.SIGQUIT)
            pg.cluster().start()
            child.send_signal(signal.SIGCONT)
        ran = ended(child)
        truthful(p, ran, what)
        converges(p, f"{what}\n{ran!r}")
        drop(p)
    equal(n >= 5, True, f"{n} crashes")
    note(f"{n} crashes of the server")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    dice = random.Random(f"{SEED} {sender}")
    p = fresh()
    with proxy.Proxy(pg.cluster().host) as between:
        count = Sizes()
        between.mode = count
        equal(p.build(env={"KFM_DSN": pg.dsn(p.db, user=ROLE, host=between.host)}).status, 0)
    drop(p)
    n = 0
    for at in sorted(dice.sample(range(count.size[sender] // 4, count.size[sender]), CUTS)):
        p = fresh()
        with proxy.Proxy(pg.cluster().host) as between:
            between.mode = proxy.Cut(at, sender)
            ran = p.build(env={"KFM_DSN": pg.dsn(p.db, user=ROLE, host=between.host)})
            n += between.fired.is_set()
        what = f"cut behind byte {at} of the {sender} (seed {SEED})"
        truthful(p, ran, what)
        converges(p, f"{what}\n{ran!r}")
        drop(p)
    equal(n > CUTS // 2, True, f"{n} of {CUTS} connections were cut")
    note(f"{n} connections cut")


@cases(interrupted=(signal.SIGINT, 130), terminated=(signal.SIGTERM, 143))
def a_signal_ends_it(case):
    """Ctrl-C lets the batch that runs end; SIGTERM takes it back. The next build goes on there."""
    number, status = case
    p = fresh()
    child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": "tx.statement:stop:2"})
    until(lambda: child.poll() is not None or is_stopped(child), "stopped in its second batch")
    child.send_signal(number)
    child.send_signal(signal.SIGCONT)
    ran = ended(child)
    equal(ran.status, status, repr(ran))
    stands = int(pg.value(p.db, "SELECT batches FROM kfmig.backfill"))
    equal(stands, 2 if number == signal.SIGINT else stands, repr(ran))
    equal(stands in (1, 2), True, repr(ran))
    contains(ran.err, f"behind {stands} batch")
    converges(p, repr(ran))
    drop(p)


class Sizes(proxy.Pass):
    """How many bytes each side sends."""

    def __init__(self):
        self.size = {proxy.CLIENT: 0, proxy.SERVER: 0}

    def before(self, sender, message):
        self.size[sender] += len(message.data)
        return False


main()
