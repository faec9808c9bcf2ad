"""What one small migration costs beside psql, in what a busy machine does not change: messages, statements, bytes, waits for the disk, WAL, processor."""
# run: serial limit=900 needs=postgres,psql

import os
import shutil
import subprocess

import pg
import proxy
from costs import Count, client_ms, server_ms, sessions
from many import declared, emptied, peer_script
from project import KFMIG
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

FEW, MANY = 20, int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "220"))

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def measured(cluster, p, command, env):
    """Run it directly for what the server and the client do, in counts; the database must be as new."""
    standing = sessions(cluster)
    cluster.psql(p.db, "CHECKPOINT; SELECT pg_stat_reset_shared('wal') IS NULL;")
    server, client = server_ms(cluster, standing), client_ms()
    done = subprocess.run(command, cwd=p.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    client = client_ms() - client
    equal(done.returncode, 0, done.stderr.decode()[-2000:])
    server = server_ms(cluster, standing) - server
    cluster.psql("postgres", "SELECT pg_stat_force_next_flush();")
    wal, syncs = cluster.psql("postgres", "SELECT wal_bytes, wal_sync FROM pg_stat_wal;")[0]
    return {"server ms": server, "client ms": client, "KB of WAL": int(wal) / 1024, "waits for the disk": int(syncs)}


def counted(cluster, p, command, env):
    """The same through a proxy, for what goes over the connection."""
    emptied(cluster, p.db, p.root)
    with proxy.Proxy(cluster.host) as between:
        count = between.mode = Count()
        dsn = cluster.dsn(p.db, host=between.host)
        done = subprocess.run([dsn if part == env["KFM_DSN"] else part for part in command], cwd=p.root, env={**env, "KFM_DSN": dsn},
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        equal(done.returncode, 0, done.stderr.decode()[-2000:])
    return {"flights": count.flights, "statements": count.statements, "KB up": count.up / 1024, "KB down": count.down / 1024}


def a_migration(cluster, durability, of_psql=False):
    """What one more costs: the difference of two lengths."""
    all_of = []
    for n in (FEW, MANY):
        p = declared(folder / f"{durability}{n}", cluster, n, durability)
        cluster.psql(p.db, f'GRANT ALL ON SCHEMA public TO "{p.db}";')
        command = ["psql", "-Xq", "-f", str(peer_script(p, n)), p.env["KFM_DSN"]] if of_psql else [KFMIG, "build", "dev", "--quiet"]
        all_of.append({**measured(cluster, p, command, p.env), **counted(cluster, p, command, p.env)})
        shutil.rmtree(p.root.parent)
    few, many = all_of
    return {key: (many[key] - few[key]) / (MANY - FEW) for key in few}


@test
def one_small_migration():
    """One small migration, of many in one build"""
    cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", autovacuum="off", wal_writer_delay="'10s'")
    at_exit(cluster.remove)
    rows = {"psql": a_migration(cluster, "each", of_psql=True), "batch": a_migration(cluster, "batch"), "each": a_migration(cluster, "each")}
    for name, row in rows.items():
        note(f"{name:>5}: " + ", ".join(f"{key} {value:.2f}" for key, value in row.items()))
        keep(f"a small migration, {name}", migrations=MANY - FEW, **{key.replace(" ", "_"): value for key, value in row.items()})
    equal(round(rows["batch"]["flights"]), 4, "flights of a migration of three statements")
    equal(round(rows["batch"]["statements"]), 29, "statements, three of them its own")
    equal(rows["batch"]["waits for the disk"] < 0.2, True, str(rows["batch"]))
    equal(round(rows["each"]["waits for the disk"]), 1, str(rows["each"]))


main()
