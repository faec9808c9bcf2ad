"""A backfill of a large table in batches, against the same batches from a shell loop over one psql session."""
# run: serial limit=900 needs=postgres,psql

import json
import os
import shutil

import pg
from many import milliseconds, spread, take_turns
from project import KFMIG, Project
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

ROWS, BATCH = int(os.environ.get("KFMIG_BENCH_ROWS", "1000000")), 5000
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOAL = 1.1
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)

FRESH = f"""
DROP SCHEMA IF EXISTS kfmig CASCADE; DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app;
CREATE TABLE app.t (id bigint PRIMARY KEY, name text NOT NULL, slug text);
INSERT INTO app.t SELECT i, 'Name of ' || i FROM generate_series(1, {ROWS}) i;
"""
UPDATE = "UPDATE app.t SET slug = lower(name) WHERE id > {} AND id <= {}"
LOOP = f"for ((i = 0; i < {ROWS}; i += {BATCH})); do echo \"{UPDATE.format('$i', f'$((i + {BATCH}))')};\"; done | psql -Xq -v ON_ERROR_STOP=1 \"$DSN\""


@test
def batches():
    """Batches of 5,000 rows, against a shell loop"""
    cluster = pg.Cluster(shared_buffers="'512MB'", max_wal_size="'4GB'", checkpoint_timeout="'30min'", autovacuum="off")
    at_exit(cluster.remove)
    p = Project(folder, db=None)
    p.db = cluster.createdb()
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    p.bundle("M-01", None, extra="backfill: " + json.dumps(
        {"table": "app.t", "key": ["id"], "rows": BATCH, "statement": UPDATE.format(":from", ":to")}) + "\n")

    def fresh():
        cluster.psql(p.db, FRESH, user=p.db)
        cluster.psql(p.db, "VACUUM ANALYZE app.t", user=p.db)
        cluster.psql(p.db, "CHECKPOINT")
        shutil.rmtree(p.path("state"), ignore_errors=True)

    def done():
        equal(int(cluster.value(p.db, "SELECT count(*) FROM app.t WHERE slug = lower(name)")), ROWS)

    def kfmig():
        fresh()
        took = milliseconds([KFMIG, "build", "dev", "--quiet"], p.root, p.env)
        done()
        return took

    def shell():
        fresh()
        took = milliseconds(["bash", "-c", LOOP], folder, {**os.environ, "DSN": cluster.dsn(p.db)})
        done()
        return took

    took = take_turns(ROUNDS, {"kfmig": kfmig, "shell": shell})
    ours, loop = spread(took["kfmig"]), spread(took["shell"])
    ratio = ours.median / loop.median
    note(f"{ROWS} rows in batches of {BATCH}, without pause; medians of {ROUNDS} (least-most)")
    note(f"kfmig {ours} ms, shell loop over psql {loop} ms: ratio {ratio:.2f} (goal {GOAL}), least to least {ours.least / loop.least:.2f}")
    keep("backfill", rows=ROWS, batch=BATCH, rounds=ROUNDS, kfmig_ms=ours.median, shell_ms=loop.median, ratio=ratio, goal=GOAL)
    if STRICT:
        equal(ratio <= GOAL, True, f"ratio {ratio:.2f}")


main()
