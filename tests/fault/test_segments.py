"""A migration in segments, killed, failed, cut and crashed at every point of its protocol: each segment happens exactly once."""
# run: serial limit=900 needs=postgres

import os
import random
import shutil
import signal

import pg
import proxy
from project import FAULTY, Project, full_id
from seeds import SEED
from story import ended, is_stopped, until
from tap import at_exit, cases, equal, fresh_folder, main, note, test

ROLE = "builder"
CUTS = 12  # a direction
POINTS = [*(f"journal.{name}" for name in ("intended", "ran", "proven", "done")),
          *(f"tx.{name}" for name in ("begun", "statement", "observed", "recorded", "commit_sent", "committed"))]

FIRST = "CREATE SCHEMA app; CREATE TABLE app.log (at text); CREATE TABLE app.t (id int, name text); CREATE INDEX old ON app.t (id);"
# Two transactions that leave a row each, an index that is made, one that is dropped, one that is renewed.
MIXED = """\
BEGIN;
INSERT INTO app.log VALUES ('one');
INSERT INTO app.t SELECT i, 'n' || i FROM generate_series(1, 30) i;
COMMIT;
CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (id);
DROP INDEX CONCURRENTLY app.old;
INSERT INTO app.log VALUES ('two');
REINDEX INDEX CONCURRENTLY app.i;
"""
INDEXES = """SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1"""

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
made = []


def fresh():
    """A project whose first migration is applied, on a database of its own, and whose second one is to be."""
    name = f"w{len(made)}"
    made.append(name)
    if len(made) == 1:
        pg.cluster().role(ROLE)
        pg.psql("postgres", f'CREATE DATABASE template_of_all OWNER "{ROLE}"')
        p = Project(folder, db=None)
        p.env["KFM_DSN"] = pg.dsn("template_of_all", user=ROLE)
        p.bundle("M-01", FIRST)
        equal(p.build().status, 0)
        p.bundle("M-02", MIXED)
        shutil.copytree(p.root, folder / "pristine")
    pg.psql("postgres", f'CREATE DATABASE "{name}" TEMPLATE template_of_all OWNER "{ROLE}"')
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


def converges(p, what):
    """One clean build later everything stands, exactly once, and is recorded so."""
    ran = p.build()
    equal(ran.status, 0, f"{what}: {ran!r}")
    equal(pg.psql(p.db, "SELECT at, count(*) FROM app.log GROUP BY at ORDER BY at"), [("one", "1"), ("two", "1")], what)
    equal(pg.psql(p.db, INDEXES), [("i", "t")], what)
    entries = pg.psql(p.db, f"SELECT kind, result FROM kfmig.entry WHERE subject = '{full_id('M-02')}' ORDER BY seq")
    dones = [result for kind, result in entries if kind == "done"]
    equal((dones.count("success"), entries.count(("apply", "success")), entries[-1]), (5, 1, ("apply", "success")), f"{what}: {entries}")
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


@test
def the_undisturbed_build():
    p = fresh()
    converges(p, "undisturbed")
    drop(p)


@cases(kill="kill", error="error")
def at_every_point(mode):
    passed = set()
    for point in POINTS:
        for passage in range(1, 5):
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
def the_server_crashes_at_every_point():
    n = 0
    for point in POINTS:
        for passage in (1, 3):
            p = fresh()
            what = f"{point}:stop:{passage}"
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
    equal(n >= len(POINTS), True, f"{n} crashes")
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


class Sizes(proxy.Pass):
    """How many bytes each side sends."""

    def __init__(self):
        self.size = {proxy.CLIENT: 0, proxy.SERVER: 0}

    def before(self, sender, message):
        self.size[sender] += len(message.data)
        return False


main()
