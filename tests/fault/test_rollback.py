"""A rollback killed, failed, cut and crashed at every point of its protocol: each migration is taken back exactly once, and none by half."""
# run: serial limit=900 needs=postgres

import pg
import proxy
from project import full_id
from sweep import Sweep
from tap import cases, equal, fails, main, test

POINTS = [f"tx.{name}" for name in ("begun", "statement", "observed", "recorded", "commit_sent", "committed")]
BACK = [full_id("M-03"), full_id("M-02")]
TAKE = ("rollback", "dev", f"--to={full_id('M-01')}", "--apply")

# Every rollback leaves a row behind in a table that stays: run twice it would show.
STORY = {"M-01": ("CREATE SCHEMA app; CREATE TABLE app.log (id text NOT NULL); CREATE TABLE app.t (id int);", "SELECT 1;"),
         "M-02": ("CREATE TABLE app.u (id int); INSERT INTO app.u VALUES (1), (2); ALTER TABLE app.t ADD a int;",
                  "DROP TABLE app.u; ALTER TABLE app.t DROP a; INSERT INTO app.log VALUES ('M-02');"),
         "M-03": ("CREATE INDEX u_id ON app.u (id); ALTER TABLE app.t ADD b int;",
                  "DROP INDEX app.u_id; ALTER TABLE app.t DROP b; INSERT INTO app.log VALUES ('M-03');")}
SHAPE = """SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1, 2"""
WANTED = [("log", "id"), ("t", "id")]


def prepare(p):
    """Three migrations, all applied."""
    for short, (up, down) in STORY.items():
        p.bundle(short, up, down)
    equal(p.build().status, 0)


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


sweep = Sweep(TAKE, prepare, truthful, converges)


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
    sweep.cut(sender, 3)


main()
