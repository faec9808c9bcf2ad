"""Applying 1,000 small migrations with every gate on against one psql that runs the same files, one ledger insert each."""
# run: serial limit=900 needs=postgres,psql

import os
import shutil

import pg
from many import ident, milliseconds, peer_script, side_by_side, small
from project import KFMIG, Project
from tap import at_exit, equal, fresh_folder, main, note, test

MIGRATIONS = int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "1000"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOAL = 1.15
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def declare(cluster):
    """A project of MIGRATIONS bundles for a database of that cluster."""
    p = Project(folder, db=None)
    p.db = cluster.createdb()
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    for i in range(MIGRATIONS):
        before = "CREATE SCHEMA app;\n" if i == 0 else ""
        p.bundle(ident(i), before + small(i), f"DROP TABLE app.t{i};\n")
    return p


def fresh(cluster, p, command):
    """Run a command on an emptied database, and only that is timed."""
    cluster.psql("postgres", f'DROP DATABASE "{p.db}"; CREATE DATABASE "{p.db}" OWNER "{p.db}"; CHECKPOINT;')
    cluster.psql(p.db, f'GRANT ALL ON SCHEMA public TO "{p.db}";')
    shutil.rmtree(p.path("state"), ignore_errors=True)
    took = milliseconds(command, p.root, p.env)
    equal(cluster.value(p.db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'app'"), str(MIGRATIONS))
    return took


@test
def a_thousand_small_migrations():
    """1,000 small migrations with all gates, against psql"""
    cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'")
    at_exit(cluster.remove)
    p = declare(cluster)
    script = peer_script(p, MIGRATIONS)
    took = side_by_side(ROUNDS, {
        "psql": lambda: fresh(cluster, p, ["psql", "-Xq", "-f", str(script), p.env["KFM_DSN"]]),
        "kfmig": lambda: fresh(cluster, p, [KFMIG, "build", "dev", "--quiet"]),
    })
    ratio = took["kfmig"] / took["psql"]
    equal(cluster.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'"), str(MIGRATIONS))
    note(f"{7 * MIGRATIONS} targets ({MIGRATIONS} migrations), {MIGRATIONS} tables, fsync on; medians of {ROUNDS}")
    note(f"kfmig {took['kfmig'] / 1000:.2f} s, psql {took['psql'] / 1000:.2f} s: ratio {ratio:.2f} (goal {GOAL})")
    note(f"a migration: kfmig {took['kfmig'] / MIGRATIONS:.2f} ms, psql {took['psql'] / MIGRATIONS:.2f} ms")
    if STRICT:
        equal(ratio <= 2 * GOAL, True, f"ratio {ratio:.2f}")


main()
