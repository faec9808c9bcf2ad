"""A long history, applied in one build: what memory and processor time of the client grow by, for each migration more."""
# run: serial limit=900 needs=postgres

import os
import shutil
import subprocess

import pg
from many import declared
from project import KFMIG
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

FEW, MANY = 143, int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "1430"))
GOAL_MIB, AT = 64, 14300  # the largest build, and its migrations
MOST_KIB = 5.5  # that a migration more may take: it was 17 when all scripts stayed

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def used(cluster, n):
    """A first build of n migrations: KiB of its largest resident set, milliseconds of processor."""
    p = declared(folder / str(n), cluster, n, "batch")
    cluster.psql(p.db, f'GRANT ALL ON SCHEMA public TO "{p.db}";')
    with subprocess.Popen([KFMIG, "build", "dev", "--quiet"], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL) as child:
        _, status, u = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    equal(child.returncode, 0)
    equal(cluster.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'"), str(n), "all are applied")
    equal(cluster.value(p.db, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'app'::regnamespace"), str(n), "and stand")
    shutil.rmtree(p.root.parent)
    return u.ru_maxrss, (u.ru_utime + u.ru_stime) * 1000


@test
def a_long_history():
    """A first build of many migrations, against one of few"""
    cluster = pg.Cluster(fsync="off", shared_buffers="'256MB'", autovacuum="off")
    at_exit(cluster.remove)
    few, many = used(cluster, FEW), used(cluster, MANY)
    kib = (many[0] - few[0]) / (MANY - FEW)
    note(f"{FEW} migrations: {few[0] / 1024:.1f} MiB, {few[1] / FEW:.2f} ms each; {MANY}: {many[0] / 1024:.1f} MiB, {many[1] / MANY:.2f} ms each")
    note(f"{kib:.1f} KiB a migration; {AT} would take {(few[0] + kib * (AT - FEW)) / 1024:.0f} MiB (goal {GOAL_MIB})")
    keep("a long history", few=FEW, many=MANY, few_kib=few[0], many_kib=many[0], few_ms=few[1], many_ms=many[1], kib_each=kib)
    equal(kib <= MOST_KIB, True, f"{kib:.1f} KiB a migration")
    if MANY >= AT:
        equal(many[0] <= GOAL_MIB * 1024, True, f"{many[0]} KiB")


main()
