"""A rollback killed, failed, cut and crashed at every point of its protocol: each migration is taken back exactly once, and none by half."""
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
from tap import at_exit, cases, equal, fails, fresh_folder, main, note, test

ROLE = "builder"
CUTS = 12  # a direction
POINTS = [f"tx.{name}" for name in ("begun", "statement", "observed", "recorded", "commit_sent", "committed")]
BACK = [full_id("M-03"), full_id("M-02")]

# Every rollback leaves a row behind in a table that stays: run twice it would show.
STORY = {"M-01": ("CREATE SCHEMA app; CREATE TABLE app.log (id text NOT NULL); CREATE TABLE app.t (id int);", "SELECT 1;"),
         "M-02": ("CREATE TABLE app.u (id int); INSERT INTO app.u VALUES (1), (2); ALTER TABLE app.t ADD a int;",
                  "DROP TABLE app.u; ALTER TABLE app.t DROP a; INSERT INTO app.log VALUES ('M-02');"),
         "M-03": ("CREATE INDEX u_id ON app.u (id); ALTER TABLE app.t ADD b int;",
                  "DROP INDEX app.u_id; ALTER TABLE app.t DROP b; INSERT INTO app.log VALUES ('M-03');")}
SHAPE = """SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1, 2"""
WANTED = [("log", "id"), ("t", "id")]

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
made = []


def fresh():
    """A project of three migrations, all applied, on a database of its own."""
    name = f"w{len(made)}"
    made.append(name)
    if len(made) == 1:
        pg.cluster().role(ROLE)
        pg.psql("postgres", f'CREATE DATABASE template_of_all OWNER "{ROLE}"')
        p = Project(folder, db=None)
        p.env["KFM_DSN"] = pg.dsn("template_of_all", user=ROLE)
        for short, (up, down) in STORY.items():
            p.bundle(short, up, down)
        equal(p.build().status, 0)
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


TAKE = ("rollback", "dev", f"--to={full_id('M-01')}", "--apply")


def taken(p):
    """Migrations that the ledger says were taken back, in order."""
    return [s for s, in pg.psql(p.db, "SELECT subject FROM kfmig.entry WHERE kind = 'rollback' AND result = 'success' ORDER BY seq")]


def is_whole(p, what):
    """Whatever happened: what the ledger says was taken back is what was, in order, and nothing of another."""
    back = taken(p)
    equal(back, BACK[:len(back)], what)
    equal([i for i, in pg.psql(p.db, "SELECT id FROM app.log ORDER BY id DESC")], [b.replace("PG-MIG-2026-01-01-", "M-") for b in back], what)
    equal(p.run("diff", "dev").status, 0, what)


def converges(p, what):
    """One clean rollback later both are taken back, exactly once, and a build leaves it so."""
    is_whole(p, what)
    ran = p.run(*TAKE)
    equal(ran.status, 0, f"{what}: {ran!r}")
    is_whole(p, what)
    equal((taken(p), pg.psql(p.db, SHAPE)), (BACK, WANTED), what)
    equal(p.run("receipt", "verify", "dev").status, 0, what)
    fails(p.build(), 1, "an operator took it back")
    equal(taken(p), BACK, what)


def truthful(p, ran, what):
    """0 exactly if all is taken back."""
    equal(ran.status in (0, 1, 2, 4, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, taken(p) == BACK, f"{what}: {ran!r}")


@test
def the_undisturbed_rollback():
    p = fresh()
    converges(p, "undisturbed")
    drop(p)


@cases(kill="kill", error="error")
def at_every_point(mode):
    passed = set()
    for point in POINTS:
        for passage in range(1, 4):
            p = fresh()
            what = f"{point}:{mode}:{passage}"
            ran = p.run(*TAKE, program=FAULTY, env={"KFMIG_FAULT": what})
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
        for passage in (1, 2):
            p = fresh()
            what = f"{point}:stop:{passage}"
            child = p.start(*TAKE, program=FAULTY, env={"KFMIG_FAULT": what})
            until(lambda: child.poll() is not None or is_stopped(child), what)
            if child.poll() is None:
                n += 1
                pg.cluster().stop(signal.SIGQUIT)
                pg.cluster().start()
                child.send_signal(signal.SIGCONT)
            truthful(p, ended(child), what)
            converges(p, what)
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
        equal(p.run(*TAKE, env={"KFM_DSN": pg.dsn(p.db, user=ROLE, host=between.host)}).status, 0)
    drop(p)
    n = 0
    for at in sorted(dice.sample(range(count.size[sender] // 3, count.size[sender]), CUTS)):
        p = fresh()
        with proxy.Proxy(pg.cluster().host) as between:
            between.mode = proxy.Cut(at, sender)
            ran = p.run(*TAKE, env={"KFM_DSN": pg.dsn(p.db, user=ROLE, host=between.host)})
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
