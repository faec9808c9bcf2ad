"""migrate-safe --apply, killed, failed, cut and without a server at each step: nothing is changed without a backup, no half-written one has its name, and the next run converges."""
# run: serial limit=900 needs=postgres

import gzip
import pathlib
import shutil

import pg
import proxy
from sweep import Sweep
from tap import cases, equal, main, test

POINTS = ["backup.dumped", "backup.recorded", "tx.committed"]
ALL = ["001_first", "002_second", "003_third"]


def write(p, name, up, down):
    p.write(f"backend/db/migrations/{name}.up.sql", up)
    p.write(f"backend/db/migrations/{name}.down.sql", down)


def prepare(p):
    """One migration applied, two that are to be run."""
    shutil.rmtree(p.path("registry"))
    p.env["KFMIG_PG_BINDIR"] = str(pathlib.Path(pg.client("pg_dump")).parent)
    write(p, ALL[0], "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 20000);", "DROP TABLE t;")
    equal(p.run("migrate-safe", "--apply", "--skip-backup").status, 0)
    write(p, ALL[1], "ALTER TABLE t ADD a int;", "ALTER TABLE t DROP a;")
    write(p, ALL[2], "ALTER TABLE t ADD b int;", "ALTER TABLE t DROP b;")
    shutil.rmtree(p.path("logs"))


def applied(p):
    return [v for (v,) in pg.psql(p.db, "SELECT version FROM kfmig.schema_migrations WHERE NOT dirty ORDER BY version")]


def covered(p, what):
    """Each that was applied names an entry of kind backup before it; scripts that have their name are whole."""
    rows = pg.psql(p.db, """SELECT e.seq, e.kind, e.subject, r.body::jsonb -> 'claim' -> 'precaution' ->> 'entry' FROM kfmig.entry e JOIN kfmig.receipt r USING (seq)
                            WHERE e.result = 'success' ORDER BY e.seq""")
    made = {seq for seq, kind, _, _ in rows if kind == "backup"}
    for seq, kind, subject, entry in rows:
        if kind == "apply" and subject != ALL[0]:
            equal(entry in made and int(entry) < int(seq), True, f"{what}: {subject} by entry {entry} of {rows}")
    for script in p.root.glob("backups/migrations/*.sql.gz"):
        equal(gzip.decompress(script.read_bytes()).count(b"\n") > 20000, True, f"{what}: {script}")


def truthful(p, ran, what):
    """0 exactly if all is applied."""
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, applied(p) == ALL, f"{what}: {ran!r}")
    covered(p, what)


def converges(p, what):
    covered(p, what)
    ran = p.run("migrate-safe", "--apply")
    equal((ran.status, applied(p)), (0, ALL), f"{what}: {ran!r}")
    covered(p, what)
    latest = p.path("backups/migrations/latest-backup.txt").read_text()
    equal((latest.endswith("\n"), p.path(latest.strip()).exists()), (True, True), what)
    left = [f.name for f in p.path("backups/migrations").iterdir() if not f.name.endswith((".sql.gz", ".log")) and f.name != "latest-backup.txt"]
    equal([n for n in left if n.endswith(".part")] if ran.out.count("backup of") else [], [], what)
    equal(p.run("receipt", "verify", "default").status, 0, what)


sweep = Sweep(("migrate-safe", "--apply"), prepare, truthful, converges, ref="DATABASE_URL")


@test
def the_undisturbed_run():
    sweep.undisturbed()


@cases(kill="kill", error="error")
def at_every_point(mode):
    sweep.faulted(POINTS, range(1, 3), mode)


@test
def the_server_crashes_at_every_point():
    equal(sweep.crashed(POINTS[:2], (1,)), 2)


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    """Also that of pg_dump."""
    sweep.cut(sender, 10)


main()
