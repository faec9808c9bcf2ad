"""Applying 1,000 small migrations with every gate on: against one psql that runs the same files, one ledger insert each, and against other tools."""
# run: serial limit=1800 needs=postgres,psql

import os
import shutil
import socket

import peers
import pg
from many import declared, emptied, milliseconds, peer_script, side_by_side, small
from project import KFMIG
from results import keep
from tap import at_exit, equal, fresh_folder, main, missing, note, test

MIGRATIONS = int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "1000"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOALS = {"batch": 1.15, "each": 1.7}  # of psql
GOAL_OF_NUMBERS = 1.9  # of tools that keep a number and no evidence
NUMBERS = ("tern", "goose")
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def declare(cluster):
    """{durability: project of MIGRATIONS bundles}, for databases of that cluster."""
    projects = {}
    for durability in GOALS:
        shutil.rmtree(folder / durability, ignore_errors=True)
        projects[durability] = declared(folder / durability, cluster, MIGRATIONS, durability, cluster.tcp)
    return projects


def server():
    """A cluster that waits for its disk, reached by TCP as by a Unix socket: Java knows no other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", listen_addresses="'127.0.0.1'", port=str(port))
    cluster.port, cluster.tcp = port, "127.0.0.1"
    at_exit(cluster.remove)
    return cluster


def fresh(cluster, db, command, cwd, env):
    """Milliseconds of a command on an emptied database."""
    emptied(cluster, db, cwd)
    took = milliseconds(command, cwd, env)
    equal(cluster.value(db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'app'"), str(MIGRATIONS), command[0])
    return took


def builds(cluster, projects):
    """{durability: function that builds}"""
    return {name: lambda p=p: fresh(cluster, p.db, [KFMIG, "build", "dev", "--quiet"], p.root, p.env) for name, p in projects.items()}


def compared(title, medians, goals):
    """Medians in words and as results; goals: {(one, other): the most that one may take of the other}."""
    note(f"{title}: {7 * MIGRATIONS} targets ({MIGRATIONS} migrations), {MIGRATIONS} tables, fsync on; medians of {ROUNDS}")
    for name, ms in medians.items():
        note(f"{name:>24} {ms / 1000:6.2f} s, {ms / MIGRATIONS:.2f} ms a migration; " + ", ".join(f"{one} {medians[one] / ms:.2f} of it" for one in GOALS))
    missed = []
    for (one, other), goal in goals.items():
        ratio = medians[one] / medians[other]
        keep(f"{one} of {other}", migrations=MIGRATIONS, rounds=ROUNDS, kfmig_ms=medians[one], peer_ms=medians[other], ratio=ratio, goal=goal)
        if ratio > 2 * goal:
            missed.append(f"{one} takes {ratio:.2f} of {other} (goal {goal})")
    if STRICT:
        equal(missed, [])


@test
def a_thousand_small_migrations():
    """1,000 small migrations with all gates, against psql"""
    cluster = server()
    projects = declare(cluster)
    db = cluster.createdb()
    script = peer_script(projects["batch"], MIGRATIONS)
    env = {"PATH": os.environ["PATH"]}
    psql = ["psql", "-Xq", "-f", str(script), cluster.dsn(db, host=cluster.tcp)]
    took = side_by_side(ROUNDS, {
        "psql": lambda: fresh(cluster, db, psql, script.parent, env),
        **builds(cluster, projects),
        "psql, no wait for disk": lambda: fresh(cluster, db, psql, script.parent, {**env, "PGOPTIONS": "-c synchronous_commit=off"}),
    })
    for p in projects.values():
        equal(cluster.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'"), str(MIGRATIONS))
    compared("against psql", took, {(name, "psql"): goal for name, goal in GOALS.items()})


@test
def other_tools():
    """1,000 small migrations with all gates, against other migration tools"""
    absent = [peer.name for peer in peers.ALL if not peer.folder()]
    if absent:
        missing(f"{', '.join(absent)} (./configure --install-deps=bench)")
    cluster = server()
    runs = builds(cluster, declare(cluster))
    for peer in peers.ALL:
        root = folder / peer.name
        root.mkdir()
        peer.write(root, [small(i) for i in range(MIGRATIONS)])
        db = cluster.createdb()
        command, more = peer.command(root, peers.Database(cluster.tcp, cluster.port, db, db))
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
        runs[f"{peer.name} {peer.version}"] = lambda db=db, command=command, root=root, env=env: fresh(cluster, db, command, root, env)
    took = side_by_side(ROUNDS, runs)
    compared("against other tools", took, {(name, other): GOAL_OF_NUMBERS if other.startswith(NUMBERS) else 1
                                           for other in took if other not in GOALS for name in GOALS})


main()
