"""A build that makes a backup first, killed, failed, cut and without room at each step: nothing is changed without one, and nothing half made is left."""
# run: serial limit=900 needs=postgres

import json
import pathlib
import shutil
import signal
import subprocess

import pg
import proxy
from disk import fill, mount
from project import KFMIG, full_id
from seen import until
from sweep import Sweep
from tap import at_exit, cases, equal, fresh_folder, main, note, test

POINTS = ["backup.dumped", "backup.recorded", "tx.committed"]
ALL = [full_id(m) for m in ("M-01", "M-02", "M-03")]
ENVIRONMENTS = "environments:\n  dev:\n    evidence: none\n    backup: {keep: 2, jobs: 2}\n    stores: {postgis: {dsn_ref: KFM_DSN}}\n"


def prepare(p):
    """One migration applied, without a backup; two that are to be run, each with one before."""
    p.env["KFMIG_PG_BINDIR"] = str(pathlib.Path(pg.client("pg_dump")).parent)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int); INSERT INTO app.t SELECT generate_series(1, 20000);")
    equal(p.build().status, 0)
    p.write("registry/environments.v1.yml", ENVIRONMENTS)
    p.bundle("M-02", "ALTER TABLE app.t ADD a int;")
    p.bundle("M-03", "ALTER TABLE app.t ADD b int;")


def is_covered(p, what):
    """What was applied was backed up before: its receipt names an entry of kind backup that came first."""
    rows = pg.psql(p.db, """SELECT e.seq, e.kind, e.subject, r.body::jsonb -> 'claim' -> 'precaution' ->> 'entry' FROM kfmig.entry e JOIN kfmig.receipt r USING (seq)
                            WHERE e.result = 'success' ORDER BY e.seq""")
    backups = {seq for seq, kind, _, _ in rows if kind == "backup"}
    for seq, kind, subject, entry in rows:
        if kind == "apply" and subject != ALL[0]:
            equal(entry in backups and int(entry) < int(seq), True, f"{what}: {subject} by entry {entry} of {rows}")


def truthful(p, ran, what):
    """0 exactly if all is applied."""
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, p.applied() == ALL, f"{what}: {ran!r}")
    is_covered(p, what)


def folders(p):
    return sorted(f.name for f in p.path("state/backups").glob("[!.]*"))


def converges(p, what):
    """One clean build later all is applied once; backups are whole, as many as are kept, and nothing else is there."""
    is_covered(p, what)
    before = p.applied()
    ran = p.build()
    equal((ran.status, p.applied()), (0, ALL), f"{what}: {ran!r}")
    is_covered(p, what)
    left = folders(p)
    if before != ALL:
        equal(len(left) in (1, 2), True, f"{what}: {left}")
        for name in left:
            about = json.loads((p.path("state/backups") / name / "backup.json").read_text())
            equal(sorted(f.name for f in (p.path("state/backups") / name / "data").iterdir()), [x["name"] for x in about["files"]], what)
    equal(p.run("receipt", "verify", "dev").status, 0, what)


sweep = Sweep(("build", "dev"), prepare, truthful, converges)


@test
def the_undisturbed_build():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, range(1, 3), mode)


@test
def the_server_crashes_at_every_point():
    n = sweep.crashed(POINTS[:2], (1,))
    equal(n, 2)


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    """Also that of pg_dump."""
    sweep.cut(sender, 20)


@test
def killed_while_pg_dump_runs(tmp):
    """pg_dump dies with kfmig, and what it had written goes with the next backup."""
    p = sweep.fresh()
    fake = pathlib.Path(tmp) / "fake"
    shutil.copytree(p.env["KFMIG_PG_BINDIR"], fake, symlinks=True)
    real = p.env["KFMIG_PG_BINDIR"]
    (fake / "pg_dump").unlink()
    (fake / "pg_dump").write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real}/pg_dump --version\n{real}/pg_dump "$@"\necho $$ >{tmp}/pid.new && mv {tmp}/pid.new {tmp}/pid\nexec sleep 600\n')
    (fake / "pg_dump").chmod(0o755)
    child = subprocess.Popen([KFMIG, "build", "dev"], cwd=p.root, env={**p.env, "KFMIG_PG_BINDIR": str(fake)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(pathlib.Path(tmp, "pid").exists, "pg_dump has written all")
    pid = int(pathlib.Path(tmp, "pid").read_text())
    child.send_signal(signal.SIGKILL)
    child.wait()
    until(lambda: not is_running(pid), "pg_dump has died")
    equal(p.applied(), ALL[:1])
    (left,) = [n for n in folders(p) if not n.endswith(".log")]
    equal((p.path("state/backups") / left / "backup.json").exists(), False)
    sweep.settles(p, "killed while pg_dump ran")


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@test
def without_room():
    """The disk is full at one place after the other: exit 1 and nothing changed, or all of it."""
    folder = fresh_folder()
    at_exit(shutil.rmtree, folder, True)
    disk = mount(folder / "disk", "size=2m")
    statuses = []
    for pages in (0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 30, 40, 60):
        p = sweep.fresh()
        moved = disk / "project"
        shutil.copytree(p.root, moved)
        old, p.root = p.root, moved
        filler = fill(disk, 4096 * pages)
        ran = p.build()
        truthful(p, ran, f"{pages} pages free")
        if ran.status == 1:
            equal([n for n in folders(p) if not n.endswith(".log")], [], f"{pages} pages free: {ran!r}")
        statuses.append(ran.status)
        filler.unlink()
        converges(p, f"{pages} pages free")
        shutil.rmtree(moved)
        p.root = old
        sweep.drop(p)
    note(f"statuses by number of free pages: {statuses}")
    equal((statuses[0], statuses[-1]), (1, 0), f"{statuses}")


main()
