"""First contact with a database that stands already: all of it is looked at and recorded, against pg_dump -s of the same."""
# run: serial limit=900 needs=postgres,psql

import os
import shutil

import pg
from many import milliseconds, spread, take_turns
from project import KFMIG, Project
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

TABLES, ROUNDS = int(os.environ.get("KFMIG_BENCH_TABLES", "10000")), int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOAL = 0.2
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)

SCHEMA = f"""
CREATE SCHEMA app;
DO $$ BEGIN FOR i IN 1..{TABLES} LOOP EXECUTE format(
'CREATE TABLE app.t%s (id bigint PRIMARY KEY, name text NOT NULL DEFAULT ''x'', n int CHECK (n > 0)); CREATE INDEX ON app.t%s (name);
COMMENT ON TABLE app.t%s IS ''table %s''', i, i, i, i);
IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END $$;
"""


@test
def first_contact():
    """First contact, against pg_dump -s"""
    cluster = pg.Cluster(shared_buffers="'256MB'")
    at_exit(cluster.remove)
    p = Project(folder, db=None)
    p.db = cluster.createdb()
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    cluster.psql(p.db, SCHEMA, user=p.db)
    cluster.psql(p.db, "VACUUM ANALYZE pg_class, pg_attribute, pg_constraint, pg_index, pg_depend, pg_attrdef, pg_description, pg_type;")

    def contact():
        cluster.psql(p.db, "DROP SCHEMA IF EXISTS kfmig CASCADE;")
        shutil.rmtree(p.path("state"), ignore_errors=True)
        took = milliseconds([KFMIG, "adopt", "dev", "--quiet"], p.root, p.env)
        equal(int(cluster.value(p.db, "SELECT count(*) FROM kfmig.object")) > TABLES, True)
        return took

    out = str(folder / "dump.sql")
    took = take_turns(ROUNDS, {
        "kfmig": contact,
        "pg_dump": lambda: milliseconds([str(cluster.bin / "pg_dump"), "-s", "-f", out, cluster.dsn(p.db)], folder),
    })
    kfmig, dump = spread(took["kfmig"]), spread(took["pg_dump"])
    ratio = kfmig.median / dump.median
    note(f"{TABLES} tables with a key, a default, a CHECK, an index, a comment; medians of {ROUNDS} (least-most)")
    note(f"first contact {kfmig} ms, pg_dump -s {dump} ms: ratio {ratio:.2f} (goal {GOAL}), least to least {kfmig.least / dump.least:.2f}")
    keep("first contact", tables=TABLES, rounds=ROUNDS, kfmig_ms=kfmig.median, pg_dump_ms=dump.median, ratio=ratio, goal=GOAL)
    if STRICT:
        equal(ratio <= 2 * GOAL, True, f"ratio {ratio:.2f}")


main()
