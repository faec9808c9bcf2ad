"""What one small migration costs beside psql, in what a busy machine does not change: messages, statements, bytes, waits for the disk, WAL, instructions."""
# run: serial limit=900 needs=postgres,psql,valgrind

import os
import shutil
import subprocess
import time

import pg
import proxy
from costs import Callgrind, Count, client_ms, server_ms, sessions
from many import declared, emptied, peer_script
from project import KFMIG
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

FEW, MANY = 20, int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "220"))
BUILD = [KFMIG, "build", "dev", "--quiet"]

# What one migration takes with `durability: each`. Where it takes more of one by over NEAR, that is a regression; less, and the figure here
# is out of date: the new one is written down, so that it cannot be lost again unseen. WHOLE: on a busy machine a run asks once or twice what
# it would not else, a hundredth of a flight in each migration, where one that every migration makes is a whole one.
WHOLE = {"flights": 4, "statements": 29}
FIGURES = {"KB up": 11.93, "KB down": 9.38, "KB of WAL": 24.61, "M instructions, server": 9.42, "M instructions, client": 4.66}
NEAR = 0.03
FLUSH_SECONDS = 0.5  # of `batch`: what it holds back is on disk that soon

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def ran(command, cwd, env):
    """Run what must succeed; returns the seconds it took."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    equal(done.returncode, 0, done.stderr.decode()[-2000:])
    return time.monotonic() - start


def measured(cluster, p, command, env):
    """Run it directly for what the server and the client do, in counts; the database must be as new."""
    standing = sessions(cluster)
    cluster.psql(p.db, "CHECKPOINT; SELECT pg_stat_reset_shared('wal') IS NULL;")
    server, client = server_ms(cluster, standing), client_ms()
    seconds = ran(command, p.root, env)
    client = client_ms() - client
    server = server_ms(cluster, standing) - server
    cluster.psql("postgres", "SELECT pg_stat_force_next_flush();")
    wal, syncs = cluster.psql("postgres", "SELECT wal_bytes, wal_sync FROM pg_stat_wal;")[0]
    return {"server ms": server, "client ms": client, "KB of WAL": int(wal) / 1024, "waits for the disk": int(syncs), "seconds": seconds}


def counted(cluster, p, command, env):
    """The same through a proxy, for what goes over the connection."""
    emptied(cluster, p.db, p.root)
    with proxy.Proxy(cluster.host) as between:
        count = between.mode = Count()
        dsn = cluster.dsn(p.db, host=between.host)
        ran([dsn if part == env["KFM_DSN"] else part for part in command], p.root, {**env, "KFM_DSN": dsn})
    return {"flights": count.flights, "statements": count.statements, "KB up": count.up / 1024, "KB down": count.down / 1024}


def made(cluster, n, durability):
    """A project of n migrations, for a new database."""
    p = declared(folder / f"{durability}{n}", cluster, n, durability)
    cluster.psql(p.db, f'GRANT ALL ON SCHEMA public TO "{p.db}";')
    return p


def one_more(few, many, n):
    """What one more costs: the difference of two lengths that are n apart."""
    return {key: (many[key] - few[key]) / n for key in few if key != "seconds"}


def a_migration(cluster, durability, of_psql=False):
    """What one more costs, beside what the longer of two runs took in all."""
    all_of = []
    for n in (FEW, MANY):
        p = made(cluster, n, durability)
        command = ["psql", "-Xq", "-f", str(peer_script(p, n)), p.env["KFM_DSN"]] if of_psql else BUILD
        all_of.append({**measured(cluster, p, command, p.env), **counted(cluster, p, command, p.env)})
        shutil.rmtree(p.root.parent)
    return one_more(*all_of, MANY - FEW), all_of[1]


def is_near(row, name):
    """Does the row have the figure that stands above?"""
    equal(abs(row[name] - FIGURES[name]) <= NEAR * FIGURES[name], True,
          f"{name} of one small migration: {row[name]:.2f}, which were {FIGURES[name]} (tests/bench/bench_counts.py, FIGURES)")


@test
def one_small_migration():
    """One small migration, of many in one build"""
    cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", autovacuum="off", wal_writer_delay="'10s'")
    at_exit(cluster.remove)
    rows = {name: a_migration(cluster, durability, name == "psql") for name, durability in (("psql", "each"), ("batch", "batch"), ("each", "each"))}
    cluster.remove()
    for name, (row, _) in rows.items():
        note(f"{name:>5}: " + ", ".join(f"{key} {value:.2f}" for key, value in row.items()))
        keep(f"a small migration, {name}", migrations=MANY - FEW, **{key.replace(" ", "_"): value for key, value in row.items()})
    each, all_of_batch = rows["each"][0], rows["batch"][1]
    equal({name: round(each[name]) for name in WHOLE}, WHOLE, f"of a migration of three statements: {each}")
    equal(round(each["waits for the disk"]), 1, str(each))
    equal(abs(rows["batch"][0]["flights"] - WHOLE["flights"]) < 0.75, True, f"with `batch`, and its waits beside them: {rows['batch'][0]}")
    most = all_of_batch["seconds"] / FLUSH_SECONDS + 4
    equal(all_of_batch["waits for the disk"] <= most, True, f"`batch` waits twice a second, and at both ends: {all_of_batch}")
    for name in ("KB up", "KB down", "KB of WAL"):
        is_near(each, name)


@test
def its_instructions():
    """The instructions of one small migration, in client and server"""
    few, many = 10, 40
    callgrind = Callgrind(folder / "callgrind")
    cluster = callgrind.cluster(autovacuum="off", wal_writer_delay="'10s'")
    at_exit(cluster.remove)
    all_of = []
    for n in (few, many):
        p = made(cluster, n, "each")
        client, server = callgrind.counted(cluster, BUILD, p.root, p.env)
        all_of.append({"M instructions, server": server / 1e6, "M instructions, client": client / 1e6})
    cluster.remove()
    row = one_more(*all_of, many - few)
    note(", ".join(f"{key} {value:.2f}" for key, value in row.items()))
    keep("instructions of a small migration", migrations=many - few, **{key.replace(", ", "_").replace(" ", "_"): value for key, value in row.items()})
    for name in row:
        is_near(row, name)


main()
