"""The memory of kfmig while it checks and loads an artifact of 1 GB, against one of a hundredth of that."""
# run: serial limit=1800 needs=postgres,postgis,zstd

import os
import shutil
import subprocess

import pg
from project import KFMIG, Project
from shapes import declare, register, table, write_collection
from results import keep
from tap import at_exit, cases, equal, fresh_folder, main, note

MEGABYTES = int(os.environ.get("KFMIG_BENCH_MB", "1000"))
SMALL = 100  # times smaller
ONCE = {"Point": 20000, "Polygon": 1000}  # features that a file repeats: about 3 MB, so that it compresses as one that does not
GOAL_MIB = 64
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"
VERSION = "2026-02.0000000a"


def largest(p, *args):
    """Runs kfmig, which must succeed; the most memory it had, in MiB."""
    with open(p.path("said"), "wb") as said, subprocess.Popen([KFMIG, *args], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL, stdout=said,
                                                              stderr=said) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    equal(child.returncode, 0, p.path("said").read_text(encoding="utf-8"))
    return used.ru_maxrss / 1024


def build(tmp, cluster, kind, ending, megabytes):
    """A first build from an artifact of so many megabytes (decoded): MiB, rows, bytes of the file."""
    home = tmp / f"{megabytes}"
    home.mkdir()
    p = Project(home, db=None)
    p.db = cluster.createdb(postgis=True)
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    p.bundle("M-01", f"CREATE SCHEMA app;\n{table('app.things', kind)}\n")
    equal(p.run("build", "dev").status, 0)  # the ledger and what comes with a first contact
    data = p.path("registry/data/things.geojson")
    n = write_collection(data, kind, ONCE[kind], at_least=megabytes * 1000 * 1000)
    if ending:
        subprocess.run(["zstd", "-q", "-1", "--rm", data], check=True)
    path = f"things.geojson{ending}"
    register(p, "things", VERSION, path, n)
    declare(p, "things", VERSION, "things")
    mib = largest(p, "build", "dev", "--quiet")
    equal(cluster.value(p.db, "SELECT count(*) FROM app.things"), str(n))
    size = p.path(f"registry/data/{path}").stat().st_size
    cluster.psql("postgres", f'DROP DATABASE "{p.db}" WITH (FORCE)')
    shutil.rmtree(home)
    return mib, n, size


@cases(polygons=("Polygon", ""), compressed_points=("Point", ".zst"))
def memory(case, tmp):
    """Memory of a build"""
    cluster = pg.Cluster(shared_buffers="'128MB'", max_wal_size="'1GB'", wal_level="minimal", max_wal_senders="0")
    at_exit(cluster.remove)
    small, _, _ = build(tmp, cluster, *case, max(1, MEGABYTES // SMALL))
    mib, n, size = build(tmp, cluster, *case, MEGABYTES)
    cluster.remove()
    note(f"{MEGABYTES} MB of GeoJSON ({n} rows of {case[0]}, a file of {size / 1e6:.0f} MB), 1 projection (7 targets), 1 table")
    note(f"largest kfmig {mib:.0f} MiB (goal {GOAL_MIB}); with {max(1, MEGABYTES // SMALL)} MB {small:.0f} MiB: ratio {mib / small:.2f}")
    keep(f"memory {case[0]}{case[1]}", mb=MEGABYTES, rows=n, largest_mib=mib, of_small_mib=small, goal_mib=GOAL_MIB)
    if STRICT:
        equal(mib <= GOAL_MIB, True, f"{mib:.0f} MiB")


main()
