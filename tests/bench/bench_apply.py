"""Applying 1,000 small migrations with every gate on: against one psql that runs the same files, one ledger insert each, and against other tools."""
# run: serial limit=1800 needs=postgres,psql

import os
import shutil
import socket
import statistics
import subprocess
import time

import peers
import pg
from many import ident, peer_script, small, take_turns
from project import KFMIG, Project
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


def text(i):
    """The i-th migration."""
    return ("CREATE SCHEMA app;\n" if i == 0 else "") + small(i)


def declare(cluster):
    """Projects of MIGRATIONS bundles, for databases of that cluster: {durability: project}"""
    made = {}
    for durability in GOALS:
        root = folder / durability
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        p = made[durability] = Project(root, f"environments:\n  dev:\n    durability: {durability}\n    stores: {{postgis: {{dsn_ref: KFM_DSN}}}}\n"
                                       "default_environment: dev\n", db=None)
        p.db = cluster.createdb()
        p.env["KFM_DSN"] = cluster.dsn(p.db, host=cluster.tcp)
        for i in range(MIGRATIONS):
            p.bundle(ident(i), text(i), f"DROP TABLE app.t{i};\n")
    return made


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
    cluster.psql("postgres", f'DROP DATABASE "{db}"; CREATE DATABASE "{db}" OWNER "{db}"; CHECKPOINT;')
    cluster.psql(db, f'GRANT ALL ON SCHEMA public TO "{db}";')
    shutil.rmtree(cwd / "state", ignore_errors=True)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    took = (time.perf_counter() - start) * 1000
    equal(done.returncode, 0, done.stdout.decode()[-2000:])
    equal(cluster.value(db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'app'"), str(MIGRATIONS), done.stdout.decode()[-500:])
    return took


def builds(cluster, projects):
    """{durability: function that builds}"""
    return {name: lambda p=p: fresh(cluster, p.db, [KFMIG, "build", "dev", "--quiet"], p.root, p.env) for name, p in projects.items()}


def compared(title, took, of, goals):
    """The medians in words and as results; goals: {(one, other): the most that one may take of the other}."""
    medians = {name: statistics.median(values) for name, values in took.items()}
    note(f"{title}: {7 * MIGRATIONS} targets ({MIGRATIONS} migrations), {MIGRATIONS} tables, fsync on; medians of {ROUNDS}")
    for name, ms in medians.items():
        note(f"{name:>24} {ms / 1000:6.2f} s, {ms / MIGRATIONS:.2f} ms a migration; " + ", ".join(f"{one} {medians[one] / ms:.2f} of it" for one in of))
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
    took = take_turns(ROUNDS, {
        "psql": lambda: fresh(cluster, db, psql, script.parent, env),
        **builds(cluster, projects),
        "psql, no wait for disk": lambda: fresh(cluster, db, psql, script.parent, {**env, "PGOPTIONS": "-c synchronous_commit=off"}),
    })
    compared("against psql", took, list(GOALS), {(name, "psql"): goal for name, goal in GOALS.items()})


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
        peer.write(root, [text(i) for i in range(MIGRATIONS)])
        db = cluster.createdb()
        command, more = peer.command(root, peers.Database(cluster.tcp, cluster.port, db, db))
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
        runs[f"{peer.name} {peer.version}"] = lambda db=db, command=command, root=root, env=env: fresh(cluster, db, command, root, env)
    took = take_turns(ROUNDS, runs)
    compared("against other tools", took, list(GOALS),
             {(name, other): GOAL_OF_NUMBERS if other.startswith(NUMBERS) else 1 for other in took if other not in GOALS for name in GOALS})


main()
