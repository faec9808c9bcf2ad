"""What is left of a projection that was given up, dropped, with that killed, failed, cut and crashed at every point of its protocol: all of it
goes, exactly once, or all of it stays."""
# run: serial limit=900 needs=postgres

import pg
import proxy
from datasets import point, version
from project import full_id
from sweep import Sweep
from tap import cases, equal, main, test

POINTS = [f"tx.{name}" for name in ("begun", "statement", "observed", "recorded", "commit_sent", "committed")] + ["drop.recorded"]
VERSIONS = ("2026-02.0000000a", "2026-03.0000000b")
DROP = ("gc", "dev", "--given-up", "--apply")
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text PRIMARY KEY, evidence text NOT NULL);
CREATE VIEW app.ids AS SELECT id FROM app.pts;
"""
WHOLE = """SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'app%' AND c.relkind IN ('r', 'v') ORDER BY 1, 2"""
STANDS = [(schema, name) for schema in ("app", "app__g1") for name in ("ids", "pts")]


def prepare(p):
    """A projection with a live and a kept generation, whose declaration and chain are gone."""
    p.bundle("M-01", CHAIN)
    for ident in VERSIONS:
        version(p, "wells", ident, [point("a", -98, 38), point(ident, -97, 39)])
        p.write("registry/projections/wells.yml", f"""\
projection: wells
store: postgis
schema: app
sources:
  - dataset: wells
    version: {ident}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, evidence: $evidence_ref}}
validate: {{counts: catalog}}
""")
        ran = p.build()
        equal(ran.status, 0, repr(ran))
    p.path("registry/projections/wells.yml").unlink()
    for file in sorted(p.path(f"migrations/postgis/{full_id('M-01')}").rglob("*"), reverse=True):
        file.unlink()
    p.path(f"migrations/postgis/{full_id('M-01')}").rmdir()


def dropped(p):
    return int(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'drop' AND result = 'success'"))


def is_whole(p, what):
    """All stands and the ledger has all of it, or all is gone and the ledger has none."""
    n = dropped(p)
    equal(pg.psql(p.db, WHOLE), [] if n else STANDS, what)
    equal(pg.psql(p.db, "SELECT number, state FROM kfmig.generation ORDER BY number"),
          [("1", "dropped"), ("2", "dropped")] if n else [("1", "kept"), ("2", "live")], what)
    equal(p.run("diff", "dev").status, 0, what)
    return n


def converges(p, what):
    """Once more and undisturbed: it is gone, by one entry."""
    is_whole(p, what)
    ran = p.run(*DROP)
    equal(ran.status, 0, f"{what}: {ran!r}")
    equal(is_whole(p, what), 1, what)
    equal(p.run("receipt", "verify", "dev").status, 0, what)
    equal([str(path) for path in p.root.glob("state/owed/*")], [], what)
    equal(p.build().status, 0, what)


def truthful(p, ran, what):
    """0 exactly if it is gone."""
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, dropped(p) == 1, f"{what}: {ran!r}")


sweep = Sweep(DROP, prepare, truthful, converges)


@test
def the_undisturbed_drop():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, range(1, 3), mode)


@test
def the_server_crashes_at_every_point():
    n = sweep.crashed(POINTS, (1,))
    equal(n >= len(POINTS), True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    sweep.cut(sender, 3)


main()
