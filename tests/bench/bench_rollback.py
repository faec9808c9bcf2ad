"""Many migrations taken back, each with its proof and its receipt, against applying them."""
# run: serial limit=900 needs=postgres

import os
import shutil

import pg
from many import declared, emptied, milliseconds, spread, take_turns
from project import KFMIG
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

COUNT = int(os.environ.get("KFMIG_BENCH_COUNT", "500"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOAL = 1.3
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


@test
def taken_back():
    """All behind the first, which made their schema, are applied, and then taken back in one run"""
    cluster = pg.Cluster()
    at_exit(cluster.remove)
    p = declared(folder / "many", cluster, COUNT + 1, "batch")
    count = "SELECT count(*) FROM kfmig.entry WHERE kind = '{}' AND result = 'success'"

    def applied():
        emptied(cluster, p.db, p.root)
        took = milliseconds([KFMIG, "build", "dev", "--quiet"], p.root, p.env)
        equal(int(cluster.value(p.db, count.format("apply"))), COUNT + 1)
        return took

    def back():
        took = milliseconds([KFMIG, "rollback", "dev", f"--steps={COUNT}", "--apply", "--quiet"], p.root, p.env)
        equal(int(cluster.value(p.db, count.format("rollback"))), COUNT)
        return took

    took = take_turns(ROUNDS, {"applied": applied, "back": back})
    up, down = spread(took["applied"]), spread(took["back"])
    ratio = down.median / up.median
    note(f"{COUNT} migrations; medians of {ROUNDS} (least-most)")
    note(f"applied {up} ms; taken back {down} ms: ratio {ratio:.2f} (goal {GOAL})")
    keep("rollback", count=COUNT, rounds=ROUNDS, applied_ms=up.median, back_ms=down.median, ratio=ratio, goal=GOAL)
    if STRICT:
        equal(ratio <= GOAL, True, f"ratio {ratio:.2f}")


main()
