"""A project of small migrations proven on throwaway databases, against applying it twice."""
# run: serial limit=900 needs=postgres

import os
import shutil

import pg
from many import milliseconds, spread, take_turns
from project import KFMIG, Project
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

COUNT = int(os.environ.get("KFMIG_BENCH_COUNT", "500"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "3"))
GOAL = 3.0
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

# up, down; five to a table
KINDS = (("CREATE TABLE app.t{0} (id int PRIMARY KEY, name text, n int);", "DROP TABLE app.t{0};"),
         ("ALTER TABLE app.t{0} ADD COLUMN note text;", "ALTER TABLE app.t{0} DROP COLUMN note;"),
         ("CREATE INDEX t{0}_n ON app.t{0} (n);", "DROP INDEX app.t{0}_n;"),
         ("INSERT INTO app.t{0} SELECT i, 'n', i FROM generate_series(1, 20) i;", "DELETE FROM app.t{0};"),
         ("CREATE VIEW app.v{0} AS SELECT id FROM app.t{0};", "DROP VIEW app.v{0};"))

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


@test
def proofs():
    """All of them proven, by one process and by as many as it wants, against two builds on fresh databases"""
    cluster = pg.Cluster()
    at_exit(cluster.remove)
    p = Project(folder, db=None)
    p.db = cluster.createdb()
    cluster.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    p.bundle("M-001", "CREATE SCHEMA app;", "DROP SCHEMA app;")
    for i in range(COUNT - 1):
        up, down = KINDS[i % len(KINDS)]
        p.bundle(f"M-{i + 2:03}", up.format(i // len(KINDS)), down.format(i // len(KINDS)))

    def twice():
        took = 0
        for _ in range(2):
            db = cluster.createdb()
            shutil.rmtree(p.path("state"), ignore_errors=True)
            took += milliseconds([KFMIG, "build", "dev", "--quiet"], p.root, {**p.env, "KFM_DSN": cluster.dsn(db)})
            equal(int(cluster.value(db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply'")), COUNT)
        return took

    def proven(jobs):
        command = [KFMIG, "test", "dev", "--server=KFM_DSN", "--all", "--quiet", *jobs]
        return milliseconds(command, p.root, {**p.env, "KFM_DSN": cluster.dsn(p.db)})

    took = take_turns(ROUNDS, {"twice": twice, "one": lambda: proven(["-j", "1"]), "many": lambda: proven([])})
    two, one, many = spread(took["twice"]), spread(took["one"]), spread(took["many"])
    note(f"{COUNT} migrations; medians of {ROUNDS} (least-most)")
    note(f"applied twice {two} ms; proven by one process {one} ms: ratio {one.median / two.median:.2f}; by {os.cpu_count()} processors {many} ms:"
         f" ratio {many.median / two.median:.2f} (goal {GOAL})")
    keep("prove", count=COUNT, rounds=ROUNDS, twice_ms=two.median, one_ms=one.median, many_ms=many.median, ratio=many.median / two.median, goal=GOAL)
    if STRICT:
        equal(many.median / two.median <= GOAL, True, f"ratio {many.median / two.median:.2f}")


main()
