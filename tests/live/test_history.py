"""A history of 2,000 migrations (tests/lib/history.py) ends in exactly what psql makes of the same files: schema, rows, sequences.

On PostgreSQL 18; KFMIG_TEST_HISTORY=13,14,15,16,17 names others, KFMIG_TEST_HISTORY_SEED another seed,
KFMIG_TEST_HISTORY_SIZE another length. Figures: docs/BENCH.md."""
# run: needs=postgres limit=900

import os
import subprocess
import time

import history
import pg
from project import Project
from tap import cases, equal, main, note, test

SIZE = int(os.environ.get("KFMIG_TEST_HISTORY_SIZE", "2000"))
SEED = int(os.environ.get("KFMIG_TEST_HISTORY_SEED", "1"))
MAJORS = [int(m) for m in os.environ.get("KFMIG_TEST_HISTORY", "18").split(",")]
GLOBAL = ["cast", "default_privileges", "foreign_server", "publication", "role", "user_mapping"]


def cluster_of(major):
    """A cluster whose two databases, by_psql and by_kfmig, belong to one ordinary role."""
    cluster = pg.Cluster(pg.programs(major))
    for role in history.ROLES:
        cluster.role(role, "NOLOGIN")
    cluster.role("builder")
    for db in ("by_psql", "by_kfmig"):
        cluster.psql("postgres", f"CREATE DATABASE {db} OWNER builder")
        cluster.psql(db, history.PREPARE.format(owner="builder"))
    return cluster


def dumped(cluster, db):
    """All that pg_dump says of a database, but for kfmig's own schema and what is the server's own count."""
    done = subprocess.run([pg.client("pg_dump"), "-N", "kfmig", "-d", cluster.dsn(db, user="postgres")], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")) and "pg_attver" not in line]


def first_difference(got, want):
    """The first line in which two dumps differ, with those before it."""
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    return "\n".join(["kfmig:", *got[max(0, at - 5):at + 5], "psql:", *want[max(0, at - 5):at + 5]])


@cases(**{str(major): major for major in dict.fromkeys(MAJORS)})
def ends_as_psql_does(major, tmp):
    cluster = cluster_of(major)
    story = history.History(SEED, major)
    texts = list(story.migrations(SIZE))
    p = Project(tmp, db=None)
    p.db = "by_kfmig"
    p.env["KFM_DSN"] = cluster.dsn("by_kfmig", user="builder")
    for n, sql in enumerate(texts):
        day, number = divmod(n, 90)
        p.bundle(f"PG-MIG-2026-{day // 28 + 1:02}-{day % 28 + 1:02}-{number + 1:02}", sql, schemas=["public", *story.schemas], globals_=GLOBAL, extensions=["hstore"])
    began = time.monotonic()
    cluster.psql("by_psql", "".join(f"BEGIN;\n{sql}COMMIT;\n" for sql in texts), user="builder")
    psql_s = time.monotonic() - began
    began = time.monotonic()
    ran = p.run("build", "dev", timeout=800)
    kfmig_s = time.monotonic() - began
    equal(ran.status, 0, ran.text[-4000:])
    got, want = dumped(cluster, "by_kfmig"), dumped(cluster, "by_psql")
    equal(got == want, True, first_difference(got, want))
    ran = p.run("build", "dev", timeout=120)
    equal(ran.text, f"dev: nothing to do ({SIZE} current)\n")
    kinds = dict(cluster.psql("by_psql", "SELECT relkind, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^(pg_|information_schema)' GROUP BY 1"))
    note(f"PostgreSQL {major}: {SIZE} migrations, {sum(map(len, texts)):,} bytes, seed {SEED}; relations {sum(map(int, kinds.values()))}, lines of pg_dump {len(want)}; psql {psql_s:.1f} s, kfmig {kfmig_s:.1f} s")


main()
