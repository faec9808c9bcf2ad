"""Nothing to do: kfmig at 10,000 targets against ninja with nothing to do on a graph of the same size."""
# run: serial limit=900 needs=postgres,ninja

import os
import shutil
import subprocess
import time

import pg
from many import ident, milliseconds, side_by_side
from project import KFMIG, Project
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

MIGRATIONS, STAGES = int(os.environ.get("KFMIG_BENCH_MIGRATIONS", "1430")), 7
TARGETS = MIGRATIONS * STAGES
ROUNDS = 15
GOAL, WHY_MS, LOOKED_MS, VERSION_MS = 0.5, 50, 150, 5
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def declare():
    """A project of MIGRATIONS bundles, one small table each; built once."""
    p = Project(folder)
    for i in range(MIGRATIONS):
        before = "CREATE SCHEMA app;\n" if i == 0 else ""
        p.bundle(ident(i), f"{before}CREATE TABLE app.t{i} (id bigint PRIMARY KEY, name text);\n", f"DROP TABLE app.t{i};\n")
    start = time.monotonic()
    equal(p.build("--quiet", timeout=600).status, 0)
    note(f"prepared: {MIGRATIONS} migrations built in {time.monotonic() - start:.1f} s")
    return p


def edges():
    """A ninja graph of TARGETS edges, one input and one output file each; built once."""
    root = folder / "ninja"
    (root / "in").mkdir(parents=True)
    (root / "out").mkdir()
    lines = ["rule c", "  command = : >$out"]
    for i in range(TARGETS):
        (root / f"in/{i}").write_text("x")
        lines.append(f"build out/{i}: c in/{i}")
    (root / "build.ninja").write_text("\n".join(lines) + "\n")
    subprocess.run(["ninja", "--quiet"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    return root


@test
def nothing_to_do():
    """Nothing to do at 10,000 targets, against ninja on an equal graph"""
    p, root = declare(), edges()
    last = ident(MIGRATIONS - 1)
    wal = pg.value(p.db, "SELECT pg_current_wal_insert_lsn()")
    took = side_by_side(ROUNDS, {
        "kfmig": lambda: milliseconds([KFMIG, "build", "dev"], p.root, p.env),
        "ninja": lambda: milliseconds(["ninja"], root),
        "why": lambda: milliseconds([KFMIG, "why", f"dev/{last}@apply"], p.root, p.env),
        "status": lambda: milliseconds([KFMIG, "status", "dev"], p.root, p.env),
        "check": lambda: milliseconds([KFMIG, "check"], p.root, p.env),
        "version": lambda: milliseconds([KFMIG, "--version"], p.root, p.env),
        "true": lambda: milliseconds(["/bin/true"], p.root, p.env),
    })
    ratio = took["kfmig"] / took["ninja"]
    note(f"{TARGETS} targets ({MIGRATIONS} migrations), {MIGRATIONS} tables; medians of {ROUNDS}")
    note(f"kfmig build {took['kfmig']:.1f} ms, ninja {took['ninja']:.1f} ms: ratio {ratio:.2f} (goal {GOAL})")
    note(f"kfmig why {took['why']:.1f} ms (goal {WHY_MS} at 100,000 targets)")
    note(f"kfmig status {took['status']:.1f} ms, check {took['check']:.1f} ms (goal {LOOKED_MS} at 10,000 bundles)")
    note(f"kfmig --version {took['version']:.1f} ms (goal {VERSION_MS}); /bin/true {took['true']:.1f} ms")
    moved = pg.value(p.db, f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{wal}')")
    note(f"WAL written meanwhile, by anybody: {moved} bytes")
    keep("nothing to do", targets=TARGETS, rounds=ROUNDS, **{name + "_ms": value for name, value in took.items()}, ratio=ratio, goal=GOAL)
    if STRICT:
        equal(ratio <= 2 * GOAL, True, f"ratio {ratio:.2f}")
        equal(took["why"] <= 2 * WHY_MS, True, f"why {took['why']:.1f} ms")


main()
