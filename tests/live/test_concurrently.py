"""Statements that cannot run in a transaction: a migration in segments, journaled, from reference 003's template to what stands half-way."""
# run: needs=postgres limit=600 majors

import contextlib
import json
import os
import subprocess
import time

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, on_majors, spread_over_majors, test

TEMPLATE = """\
-- 0001__feature.sql
-- Purpose: a table and its index
-- Risk: low  Rollback: scripted

BEGIN;

CREATE SCHEMA IF NOT EXISTS app;
CREATE TABLE IF NOT EXISTS app.feature (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO app.feature SELECT i, 'n' || i FROM generate_series(1, 100) i;

COMMIT;

-- Non-transactional section:
CREATE INDEX CONCURRENTLY IF NOT EXISTS feature_name ON app.feature (name);
"""

KINDS = "SELECT kind, result, subject FROM kfmig.entry WHERE seq > 2 ORDER BY seq"


def kinds(p):
    return [(kind, result) for kind, result, _ in pg.psql(p.db, KINDS)]


def index(p, name):
    rows = pg.psql(p.db, f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')")
    return {"t": "valid", "f": "invalid"}[rows[0][0]] if rows else "none"


FIRST = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, name text);\nINSERT INTO app.t SELECT i, 'n' || i FROM generate_series(1, 50) i;\n"


def applied(tmp, **more):
    """A project whose first migration made app.t."""
    p = Project(tmp, **more)
    p.bundle("M-01", FIRST)
    equal(p.build().status, 0)
    return p


@contextlib.contextmanager
def holding(db, sql="BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"):
    """Another session keeps a snapshot, or whatever sql leaves open."""
    child = subprocess.Popen(["psql", "-XqAt", pg.dsn(db, user=pg.SUPERUSER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env={"PATH": os.environ["PATH"], "PGAPPNAME": "holder"})
    child.stdin.write(sql + ";\nSELECT 'ready';\n")
    child.stdin.flush()
    while child.stdout.readline().strip() != "ready":
        pass
    try:
        yield child
    finally:
        child.stdin.close()
        child.wait(timeout=60)


def until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        equal(time.monotonic() < deadline, True, f"never: {what}")
        time.sleep(0.02)


def builds_index(db):
    """The backend that builds an index concurrently and has begun to."""
    return pg.psql(db, "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()")


def is_killed_while_it_builds(p):
    """Both kfmig and its backend, while that builds an index concurrently."""
    with holding(p.db):
        child = p.start("build", "dev")
        until(lambda: builds_index(p.db), "an index is being built")
        pid = builds_index(p.db)[0][0]
        child.kill()
        child.wait()
        pg.psql(p.db, f"SELECT pg_terminate_backend({pid})")
        until(lambda: not builds_index(p.db), "the backend comes to its end")


def texts(p):
    """What the dones of the journal kept, newest last."""
    return [json.loads(row[0]) for row in pg.psql(p.db, """
        SELECT convert_from(b.bytes, 'UTF8') FROM kfmig.entry e JOIN kfmig.blob b ON b.digest = decode(substr(e.text::jsonb ->> 'bundle_digest', 8), 'hex')
        WHERE e.kind = 'done' AND e.result = 'success' ORDER BY e.seq""")]


@test
def the_template_of_reference_003_runs_as_it_stands(tmp):
    p = Project(tmp)
    p.bundle("M-01", TEMPLATE, rollback="DROP INDEX CONCURRENTLY app.feature_name;\nDROP TABLE app.feature;\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(index(p, "app.feature_name"), "valid")
    equal(kinds(p), [("done", "success"), ("intent", "success"), ("done", "success"), ("apply", "success")], "what the ledger says")
    verified = p.run("receipt", "verify", "dev")
    equal(verified.status, 0, repr(verified))
    again = p.build()
    equal((again.status, kinds(p)[4:]), (0, []), repr(again))
    diff = p.run("diff", "dev")
    equal(diff.status, 0, repr(diff))


@test
def the_receipt_says_what_all_segments_did(tmp):
    p = Project(tmp)
    p.bundle("M-01", TEMPLATE)
    equal(p.build().status, 0)
    claim = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))["claim"]
    equal({x["limit"]: x["observed"] for x in claim["limits"]}, {"max_index_count_delta": 2, "max_row_backfill": 100, "max_table_count_touched": 1})
    diff = json.loads(pg.value(p.db, """SELECT convert_from(b.bytes, 'UTF8') FROM kfmig.entry e JOIN kfmig.blob b
        ON b.digest = decode(substr(e.text::jsonb -> 'outputs' ->> 'diff', 8), 'hex') WHERE e.kind = 'apply' ORDER BY e.seq DESC LIMIT 1"""))
    equal([(o["object"], o["change"]) for o in diff["objects"]], [("schema app", "added"), ("table app.feature", "added")])
    kept = texts(p)
    for text in kept:
        valid("step.v1", text)
    equal([[o["object"] for o in t["objects"]] for t in kept], [["schema app", "table app.feature"], ["table app.feature"]], "each done, and its objects")
    contains(kept[1]["objects"][0]["definition"], "index feature_name")
    contains(kept[1]["touched"], "table app.feature,alter,")


@test
def what_fails_first_changes_nothing(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; SELECT 1/0; CREATE TABLE app.t (id int); CREATE INDEX CONCURRENTLY i ON app.t (id);")
    ran = p.build()
    fails(ran, 2, "nothing was changed; segment 1 (transaction statements 1 to 3): statement 2 (SELECT) failed", "22012")
    equal(kinds(p), [("apply", "failed")])


@test
def an_index_that_cannot_be_made_leaves_nothing_behind(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int); INSERT INTO app.t VALUES (1), (1);\nCREATE UNIQUE INDEX CONCURRENTLY i ON app.t (id);\n")
    ran = p.build()
    fails(ran, 2, "stands: 1 of 2 segments; segment 2 (CREATE INDEX index app.i)", "forward.sql:2", "23505")
    equal(index(p, "app.i"), "none", "half an index that is ours is dropped")
    equal(kinds(p), [("done", "success"), ("intent", "success"), ("done", "failed"), ("apply", "failed")])
    row = p.targets()["M-01@apply"]
    equal((row["state"], row["reasons"][0]["code"]), ("stale", "begun"))
    contains(row["reasons"][0]["detail"], "step 2 of 2 (CREATE INDEX index app.i) stands not yet")
    equal(p.run("diff", "dev").status, 0, "what stands half-way is no drift")
    pg.psql(p.db, "DELETE FROM app.t WHERE ctid IN (SELECT min(ctid) FROM app.t)")
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "valid"), repr(ran))
    equal(kinds(p)[4:], [("intent", "success"), ("done", "success"), ("apply", "success")], "the table was not made again")
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("diff", "dev").status, 0)


@test
def a_later_segment_may_be_mended(tmp):
    p = Project(tmp)
    base = p.bundle("M-01", FIRST + "CREATE INDEX CONCURRENTLY i ON app.t (nam);\n")
    fails(p.build(), 2, "stands: 1 of 2 segments", "42703")
    p.write(f"{base}/forward.sql", FIRST + "CREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "valid"), repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM app.t"), "50")


@test
def what_was_begun_otherwise_is_held(tmp):
    p = Project(tmp)
    base = p.bundle("M-01", FIRST + "CREATE INDEX CONCURRENTLY i ON app.t (nam);\n")
    fails(p.build(), 2)
    p.write(f"{base}/forward.sql", FIRST + "SELECT 1;\nCREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    row = p.targets()["M-01@apply"]
    equal((row["state"], row["reasons"][0]["code"]), ("blocked", "begun_otherwise"))
    fails(p.build(), 1, "begun with other content")


INVALID = "CREATE UNIQUE INDEX CONCURRENTLY i ON app.t ((1))"


def leave_invalid(p):
    """Somebody else tried to make app.i, and left it invalid."""
    try:
        pg.psql(p.db, INVALID, user=p.db)
    except pg.PgError:
        pass
    equal(index(p, "app.i"), "invalid")
    equal(p.run("adopt", "dev").status, 0)


@cases(plain="", conditional="IF NOT EXISTS ")
def an_index_that_somebody_else_left_invalid_is_never_dropped(words, tmp):
    p = applied(tmp)
    leave_invalid(p)
    p.bundle("M-02", f"CREATE INDEX CONCURRENTLY {words}i ON app.t (name);\n")
    fails(p.build(), 2, "nothing was changed", "index app.i stands there invalid, and was not left by this migration", "find out who left it")
    equal(index(p, "app.i"), "invalid")
    equal(kinds(p)[2:], [("apply", "failed")], "no intent")


STANDING = {
    "the_same_name": ("CREATE INDEX i ON app.t (name)", "CREATE INDEX CONCURRENTLY i ON app.t (name)", "index app.i stands there already"),
    "another_shape": ("CREATE INDEX i ON app.t (id)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (name)", "as btree (id) and not as btree (name)"),
    "unique_or_not": ("CREATE UNIQUE INDEX i ON app.t (id)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (id)", "as unique btree (id) and not as btree (id)"),
    "no_index": ("CREATE TABLE app.i ()", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (id)", "is no index of that table"),
    "of_another_table": ("CREATE TABLE app.u (id int); CREATE INDEX i ON app.u (id)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (id)", "is no index of that table"),
    "no_table": ("SELECT 1", "CREATE INDEX CONCURRENTLY i ON app.nothing (id)", "there is no table nothing to make index app.i on"),
    "none_to_drop": ("SELECT 1", "DROP INDEX CONCURRENTLY app.i", "there is no index app.i"),
    "a_table_to_drop": ("CREATE TABLE app.i ()", "DROP INDEX CONCURRENTLY app.i", "index app.i is no index"),
    "none_to_reindex": ("SELECT 1", "REINDEX INDEX CONCURRENTLY app.i", "there is no index app.i"),
    "no_partition": ("CREATE TABLE app.i (id int)", "ALTER TABLE app.t DETACH PARTITION app.i CONCURRENTLY", "table app.i is no part of t"),
}


@cases(**STANDING)
def what_stands_in_the_way_is_told_before_anything_begins(case, tmp):
    before, sql, words = case
    p = applied(tmp)
    p.bundle("M-02", before + ";\n")
    equal(p.build().status, 0)
    p.bundle("M-03", sql + ";\n")
    fails(p.build(), 2, "nothing was changed", words, "forward.sql:1")
    equal(kinds(p)[-1:], [("apply", "failed")])
    lacks([kind for kind, _ in kinds(p)], "intent")


WELL = {
    "unique": ("SELECT 1", "CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (name) INCLUDE (id) WHERE id > 3", "valid"),
    "expression": ("SELECT 1", "CREATE INDEX CONCURRENTLY i ON app.t (lower(name), id DESC)", "valid"),
    "hash": ("SELECT 1", "CREATE INDEX CONCURRENTLY \"i\" ON app.\"t\" USING hash (name)", "valid"),
    "by_search_path": ("SELECT 1", "SET search_path = app; CREATE INDEX CONCURRENTLY i ON t (name)", "valid"),
    "stands_already": ("CREATE INDEX i ON app.t (name)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t (name)", "valid"),
    "dropped": ("CREATE INDEX i ON app.t (name)", "DROP INDEX CONCURRENTLY app.i", "none"),
    "dropped_by_search_path": ("CREATE INDEX i ON app.t (name)", "SET search_path TO app;\nSET LOCAL work_mem = '1MB';\nDROP INDEX CONCURRENTLY i", "none"),
    "dropped_if_it_exists": ("SELECT 1", "DROP INDEX CONCURRENTLY IF EXISTS app.i", "none"),
    "renewed": ("CREATE INDEX i ON app.t (name)", "REINDEX INDEX CONCURRENTLY app.i", "valid"),
    "replaced": ("CREATE INDEX j ON app.t (name)", "CREATE INDEX CONCURRENTLY i ON app.t (name); DROP INDEX CONCURRENTLY app.j", "valid"),
    "materialized": ("CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.t", "CREATE INDEX CONCURRENTLY i ON app.m (name)", "valid"),
}


@cases(**WELL)
def statements_that_run_alone(case, tmp):
    before, sql, stands = case
    p = applied(tmp)
    p.bundle("M-02", before + ";\n")
    equal(p.build().status, 0)
    p.bundle("M-03", sql + ";\n")
    contains(p.run("plan", "dev").text, ", outside any transaction")
    (planned,) = [t for t in p.json("plan", "dev")["targets"] if t.get("statements")]
    equal([s["alone"] for s in planned["statements"]], ["CONCURRENTLY" in text for text in sql.split(";")])
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, stands), repr(ran))
    equal(p.applied(), [full_id(f"M-0{i}") for i in (1, 2, 3)])
    equal(p.run("receipt", "verify", "dev").status, 0)
    diff = p.run("diff", "dev")
    equal(diff.status, 0, repr(diff))
    equal(p.build().status, 0)


@test
def a_partition_is_detached(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.m (id int) PARTITION BY RANGE (id);"
             "CREATE TABLE app.m_1 PARTITION OF app.m FOR VALUES FROM (0) TO (10); CREATE TABLE app.m_2 PARTITION OF app.m FOR VALUES FROM (10) TO (20);")
    equal(p.build().status, 0)
    p.bundle("M-02", "ALTER TABLE app.m DETACH PARTITION app.m_1 CONCURRENTLY;", limits={"max_table_count_touched": 1})
    ran = p.build()
    equal((ran.status, pg.psql(p.db, "SELECT inhrelid::regclass FROM pg_inherits")), (0, [("app.m_2",)]), repr(ran))
    diff = p.run("diff", "dev")
    equal(diff.status, 0, repr(diff))
    equal(p.run("receipt", "verify", "dev").status, 0)


GATES = {
    "scope": (dict(schemas=["other"]), "DROP INDEX CONCURRENTLY app.i", 1, "outside its declared scope"),
    "table": (dict(tables=["app.u"]), "DROP INDEX CONCURRENTLY app.i", 2, 'gate "scope" failed, it was not begun: alter of table app.t'),
    "limit": (dict(limits={"max_index_count_delta": 1}), "CREATE TABLE app.n (id int PRIMARY KEY); DROP INDEX CONCURRENTLY app.i", 1, "max_index_count_delta"),
    "indexes": (dict(limits={"max_index_count_delta": 1}), "DO $$ BEGIN CREATE INDEX k ON app.t (id); END $$; DROP INDEX CONCURRENTLY app.i", 2,
                'stands: 1 of 2 segments; segment 2 (DROP INDEX index app.i): gate "limit max_index_count_delta" failed, it was not begun: declared 1, observed 2'),
}


@cases(**GATES)
def gates_hold_before_it_begins(case, tmp):
    more, sql, status, words = case
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX i ON app.t (name);\n")
    equal(p.build().status, 0)
    p.bundle("M-03", sql + ";\n", **more)
    fails(p.build(), status, words)
    equal(index(p, "app.i"), "valid")


@test
def an_index_that_depends_on_an_extension_counts_once(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX i ON app.t (name);\nALTER INDEX app.i DEPENDS ON EXTENSION plpgsql;\n")
    equal(p.build().status, 0)
    p.bundle("M-03", "DROP INDEX CONCURRENTLY app.i;\n", limits={"max_index_count_delta": 1})
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "none"), repr(ran))


@test
def limits_count_what_an_earlier_run_did(tmp):
    p = applied(tmp)
    p.bundle("M-02", "DO $$ BEGIN CREATE INDEX k ON app.t (id); END $$;\nCREATE INDEX CONCURRENTLY i ON app.t (name);\nINSERT INTO app.t VALUES (1000);\nSELECT 1/0;\n",
             limits={"max_index_count_delta": 2, "max_row_backfill": 1})
    fails(p.build(), 2, "stands: 2 of 3 segments", "22012")
    p.write(f"migrations/postgis/{full_id('M-02')}/forward.sql",
            "DO $$ BEGIN CREATE INDEX k ON app.t (id); END $$;\nCREATE INDEX CONCURRENTLY i ON app.t (name);\nDO $$ BEGIN CREATE INDEX l ON app.t (id); END $$;\n")
    fails(p.build(), 2, "stands: 2 of 3 segments", "declared 2, observed 3")
    equal(index(p, "app.l"), "none")


@test
def invariants_are_asked_once_everything_stands(tmp):
    p = applied(tmp)
    bad = {"named.sql": "SELECT 1 FROM app.t WHERE name IS NULL"}
    pg.psql(p.db, "INSERT INTO app.t VALUES (999)")
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (name);\n", invariants=bad, rollback="DROP INDEX app.i;\n")
    fails(p.build(), 2, "stands: 1 of 1 segments", 'gate "invariant invariants/named.sql" failed: 1 rows returned', "what undoes it: ", "rollback.sql")
    equal(index(p, "app.i"), "valid")
    pg.psql(p.db, "DELETE FROM app.t WHERE name IS NULL")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal([kind for kind, _ in kinds(p)].count("intent"), 1, "the index was not made again")


@test
def a_transaction_behind_an_index_keeps_its_settings(tmp):
    p = applied(tmp)
    p.bundle("M-02", "SET search_path = app;\nCREATE TABLE u (id int);\nCREATE INDEX CONCURRENTLY i ON u (id);\nINSERT INTO u VALUES (1);\nSELECT 1/(SELECT count(*) - 1 FROM u);\n")
    fails(p.build(), 2, "stands: 2 of 3 segments; segment 3 (transaction statements 4 to 5): statement 5 (SELECT) failed", "forward.sql:5")
    equal(pg.value(p.db, "SELECT count(*) FROM app.u"), "0", "that transaction was rolled back")
    p.write(f"migrations/postgis/{full_id('M-02')}/forward.sql",
            "SET search_path = app;\nCREATE TABLE u (id int);\nCREATE INDEX CONCURRENTLY i ON u (id);\nINSERT INTO u VALUES (1);\n")
    ran = p.build()
    equal((ran.status, pg.value(p.db, "SELECT count(*) FROM app.u")), (0, "1"), repr(ran))


@test
def kfmig_that_is_killed_leaves_a_backend_that_is_waited_for(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    with holding(p.db):
        child = p.start("build", "dev")
        until(lambda: builds_index(p.db), "an index is being built")
        child.kill()
        child.wait()
        waits = p.run("build", "dev", "--lock-wait=1")
        fails(waits, 7, "another run holds the environment: kfmig build", "active, itself waiting for a lock of pid")
        row = p.targets()["M-02@apply"]
        equal((row["state"], row["reasons"][0]["code"]), ("stale", "begun"), "that session is ours")
    until(lambda: not builds_index(p.db), "the backend comes to its end")
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "valid"), repr(ran))
    equal(kinds(p)[1:], [("intent", "success"), ("done", "success"), ("apply", "success")])
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("diff", "dev").status, 0)


@test
def what_a_signal_stops_is_taken_away(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    with holding(p.db):
        child = p.start("build", "dev")
        until(lambda: builds_index(p.db), "an index is being built")
        child.terminate()
        equal(child.wait(timeout=60), 143)
    child.err_file.seek(0)
    contains(child.err_file.read().decode(), "nothing was changed; segment 1 (CREATE INDEX index app.i)")
    equal(index(p, "app.i"), "none")
    equal(kinds(p)[1:], [("intent", "success"), ("done", "failed"), ("apply", "interrupted")])
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "valid"), repr(ran))


@test
def who_holds_an_old_snapshot_is_named(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    with holding(p.db):
        child = p.start("build", "dev", env={"KFMIG_HEARTBEAT_MS": "300"})

        def said():
            child.err_file.seek(0)
            return child.err_file.read().decode()

        until(lambda: "holder (pid" in said(), "whom it waits for is said")
        contains(said(), "waiting for an old snapshot, held by holder (pid ")
        until(lambda: "waiting for old snapshots" in said() or "waiting for writers before build" in said(), "how far it is is said")
        old = pg.psql(p.db, "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND backend_xmin IS NOT NULL "
                      "AND application_name LIKE 'kfmig%' AND state LIKE 'idle in%'")
        equal(old, [], "no session of kfmig's keeps a snapshot")
    equal(child.wait(timeout=60), 0)
    equal(index(p, "app.i"), "valid")


@test
def an_index_of_another_shape_that_took_our_name_is_held(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (name);\n")
    is_killed_while_it_builds(p)
    equal(index(p, "app.i"), "invalid", "half of it was left")
    row = p.targets()["M-02@apply"]
    equal((row["state"], row["reasons"][0]["code"]), ("stale", "begun"))
    contains(row["reasons"][0]["detail"], "step 1 of 1 (CREATE INDEX index app.i) stands in part")
    pg.psql(p.db, "DROP INDEX app.i; CREATE INDEX i ON app.t (id)", user=p.db)
    row = p.targets()["M-02@apply"]
    equal((row["state"], row["reasons"][0]["code"]), ("blocked", "in_doubt"))
    fails(p.build(), 1, "somebody else's")
    equal(pg.value(p.db, "SELECT pg_get_indexdef('app.i'::regclass)"), "CREATE INDEX i ON app.t USING btree (id)", "it stays")
    pg.psql(p.db, "DROP INDEX app.i", user=p.db)
    ran = p.build()
    equal((ran.status, index(p, "app.i")), (0, "valid"), repr(ran))


# What is set up, the file, which segments it becomes by what the journal and the entry say, and what is said beforehand.
APART = {
    "validated_apart": ("SELECT 1", "ALTER TABLE app.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE app.t VALIDATE CONSTRAINT c; SELECT 1", 3,
                        "ALTER TABLE, in a transaction of its own"),
    "validated_with_more": ("SELECT 1", "ALTER TABLE app.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE app.t VALIDATE CONSTRAINT c, ALTER name SET DEFAULT ''", 0, "ALTER TABLE"),
    "validated_in_a_block": ("SELECT 1", "BEGIN; ALTER TABLE app.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE app.t VALIDATE CONSTRAINT c; COMMIT", 0, "ALTER TABLE"),
    "of_a_new_table": ("SELECT 1", "CREATE TABLE app.n (a int); ALTER TABLE app.n ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE app.n VALIDATE CONSTRAINT c", 0, "ALTER TABLE"),
    "validated_alone": ("ALTER TABLE app.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID", "ALTER TABLE app.t VALIDATE CONSTRAINT c", 0, "ALTER TABLE, in a transaction of its own"),
    "two_validated": ("ALTER TABLE app.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID, ADD CONSTRAINT d CHECK (id > 0) NOT VALID",
                      "ALTER TABLE app.t VALIDATE CONSTRAINT c; ALTER TABLE app.t VALIDATE CONSTRAINT d", 2, "ALTER TABLE, in a transaction of its own"),
    "value_used": ("CREATE TYPE app.e AS ENUM ('a')", "ALTER TYPE app.e ADD VALUE 'b'; CREATE TABLE app.n (x app.e DEFAULT 'b'); INSERT INTO app.n DEFAULT VALUES", 2,
                   "ALTER TYPE, committed before what follows"),
    "value_unused": ("CREATE TYPE app.e AS ENUM ('a')", "ALTER TYPE app.e ADD VALUE 'b'; CREATE TABLE app.n (b app.e DEFAULT 'a')", 0, "ALTER TYPE"),
    "value_of_a_new_type": ("SELECT 1", "CREATE TYPE app.e AS ENUM ('a'); ALTER TYPE app.e ADD VALUE 'b'; SELECT 'b'::app.e", 2, "ALTER TYPE, committed before what follows"),
    "value_in_an_array": ("CREATE TYPE app.e AS ENUM ('a')", "ALTER TYPE app.e ADD VALUE 'b'; SELECT '{a,b}'::app.e[]", 2, "ALTER TYPE, committed before what follows"),
    "value_in_rows": ("CREATE TYPE app.e AS ENUM ('a'); CREATE TABLE app.n (x app.e)", "ALTER TYPE app.e ADD VALUE 'b';\nCOPY app.n FROM STDIN;\na\nb\n\\.\n", 2,
                      "ALTER TYPE, committed before what follows"),
    "value_in_code": ("CREATE TYPE app.e AS ENUM ('a')", "ALTER TYPE app.e ADD VALUE 'b'; DO $$ BEGIN PERFORM 'b'::app.e; END $$", 2, "ALTER TYPE, committed before what follows"),
    "value_behind_its_block": ("CREATE TYPE app.e AS ENUM ('a')", "BEGIN; ALTER TYPE app.e ADD VALUE 'b'; SELECT 1; COMMIT; BEGIN; SELECT 'b'::app.e; COMMIT", 2, "ALTER TYPE"),
    "value_renamed": ("CREATE TYPE app.e AS ENUM ('a')", "ALTER TYPE app.e RENAME VALUE 'a' TO 'b'; SELECT 'b'::app.e", 0, "ALTER TYPE"),
    "settings_replayed": ("CREATE TYPE app.e AS ENUM ('a')", "SELECT pg_catalog.set_config('search_path', 'app', false); ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e", 2,
                          "ALTER TYPE, committed before what follows"),
}


@cases(**APART)
@spread_over_majors
def what_ends_a_transaction_early(case, tmp):
    before, sql, n, words = case
    p = applied(tmp)
    p.bundle("M-02", before + ";\n")
    equal(p.build().status, 0)
    p.bundle("M-03", sql + ";\n")
    contains(p.run("plan", "dev").text, words)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal([kind for kind, _ in kinds(p)[2:]], ["done"] * n + ["apply"], "a done for each segment, where there are several")
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, repr(again))


@test
def a_value_that_is_used_too_early_is_told(tmp):
    p = applied(tmp)
    p.bundle("M-02", "CREATE TYPE app.e AS ENUM ('a');\n")
    equal(p.build().status, 0)
    p.bundle("M-03", "BEGIN;\nALTER TYPE app.e ADD VALUE 'b';\nSELECT 'b'::app.e;\nCOMMIT;\n")
    fails(p.build(), 2, "55P04", "forward.sql:3", "a value of an enum can be used once it is committed", "outside of the block that uses it")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_enum"), "1")


@test
def a_constraint_is_validated_under_its_weak_lock_alone(tmp):
    p = applied(tmp)
    p.bundle("M-02", "ALTER TABLE app.t ADD CONSTRAINT c CHECK (id < 50) NOT VALID;\nALTER TABLE app.t VALIDATE CONSTRAINT c;\n",
             rollback="ALTER TABLE app.t DROP CONSTRAINT c;\n")
    fails(p.build(), 2, "stands: 1 of 2 segments; segment 2 (transaction statement 2)", "forward.sql:2", "23514")
    equal(pg.psql(p.db, "SELECT convalidated FROM pg_constraint WHERE conname = 'c'"), [("f",)])
    equal(p.run("diff", "dev").status, 0)
    with holding(p.db, "BEGIN; DELETE FROM app.t WHERE id = 50; SELECT 1") as other:
        pg.psql(p.db, "DELETE FROM app.t WHERE id > 50")
        other.stdin.write("COMMIT;\n")
    ran = p.build()
    equal((ran.status, pg.psql(p.db, "SELECT convalidated FROM pg_constraint WHERE conname = 'c'")), (0, [("t",)]), repr(ran))


@test
@on_majors
def a_pending_detachment_is_finished_apart(tmp):
    p = Project(tmp)
    if int(pg.value(p.db, "SHOW server_version_num")) < 140000:
        return  # 13 detaches under the strong lock only
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.m (id int) PARTITION BY RANGE (id); CREATE TABLE app.m_1 PARTITION OF app.m FOR VALUES FROM (0) TO (10);")
    equal(p.build().status, 0)
    with holding(p.db, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app.m"):
        try:
            pg.psql(p.db, "SET statement_timeout = '300ms'; ALTER TABLE app.m DETACH PARTITION app.m_1 CONCURRENTLY", user=p.db)
        except pg.PgError:
            pass
    equal(pg.psql(p.db, "SELECT inhdetachpending FROM pg_inherits"), [("t",)])
    equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-02", "CREATE TABLE app.u (id int);\nALTER TABLE app.m DETACH PARTITION app.m_1 FINALIZE;\n")
    contains(p.run("plan", "dev").text, "ALTER TABLE, in a transaction of its own")
    ran = p.build()
    equal((ran.status, pg.psql(p.db, "SELECT 1 FROM pg_inherits")), (0, []), repr(ran))
    equal([kind for kind, _ in kinds(p)[-3:]], ["done", "done", "apply"])
    equal(p.run("diff", "dev").status, 0)


SURVEYED = """CREATE TABLE app.u (id int PRIMARY KEY, name text); CREATE INDEX u_name ON app.u (lower(name)); CREATE TABLE app.m (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE app.m_1 PARTITION OF app.m FOR VALUES FROM (0) TO (10); CREATE TABLE app."Odd, ""one" (id int PRIMARY KEY);
CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY); CLUSTER app.u USING u_name"""
MARKS = """SELECT c.relnamespace::regnamespace || '.' || c.relname, CASE WHEN c.relkind = 'i' THEN c.oid || ' ' ELSE '' END || c.relfilenode FROM pg_class c
WHERE c.relkind IN ('r', 'i') AND c.relnamespace IN ('app'::regnamespace, 'other'::regnamespace) ORDER BY 1"""
VACUUMED = "SELECT schemaname || '.' || relname FROM pg_stat_all_tables WHERE last_vacuum IS NOT NULL AND schemaname = 'app' ORDER BY 1"
OF_APP = ["app.Odd, \"one_pkey", "app.m_1_pkey", "app.t_pkey", "app.u_name", "app.u_pkey"]
BOTH = dict(schemas=["app", "other"], globals_=["database:{db}"])
# What is run, more of its declaration, what is another one afterwards, how the journal calls it, tables touched.
SURVEYS = {
    "table": ("REINDEX TABLE CONCURRENTLY app.u", {}, ["app.u_name", "app.u_pkey"], "table app.u", 1),
    "table_by_path": ("SET search_path = app; REINDEX TABLE CONCURRENTLY u", {}, ["app.u_name", "app.u_pkey"], "table app.u", 1),
    "schema_concurrently": ("REINDEX SCHEMA CONCURRENTLY app", {}, OF_APP, "schema app", 4),
    "schema": ("REINDEX SCHEMA app", {}, OF_APP, "schema app", 4),
    "database": ("REINDEX DATABASE CONCURRENTLY {db}", BOTH, [*OF_APP, "other.t_pkey"], "database {db}", 5),
    "vacuum": ("VACUUM (ANALYZE) app.t, app.\"Odd, \"\"one\"", {}, [], 'table app.t, app."Odd, ""one"', 2),
    "vacuum_of_a_tree": ("VACUUM app.m", {}, [], "table app.m", 1),
    "vacuum_full": ("VACUUM FULL app.u", {}, ["app.u", "app.u_name", "app.u_pkey"], "table app.u", 1),
    "cluster": ("CLUSTER", {}, ["app.u", "app.u_name", "app.u_pkey"], "clustered tables", 1),
}
VACUUMS = {"vacuum": ['app.Odd, "one', "app.t"], "vacuum_of_a_tree": ["app.m_1"]}


@cases(**{name: (name, *case) for name, case in SURVEYS.items()})
@spread_over_majors
def what_stands_is_renewed(case, tmp):
    name, sql, more, renewed, thing, tables = case
    p = applied(tmp)
    p.bundle("M-02", SURVEYED + ";\n", schemas=["app", "other"])
    equal(p.build().status, 0)
    was = dict(pg.psql(p.db, MARKS))
    p.bundle("M-03", sql.format(db=p.db) + ";\n", limits={"max_table_count_touched": tables, "max_index_count_delta": 0},
             **{**more, "globals_": [x.format(db=p.db) for x in more.get("globals_", ())]})
    contains(p.run("plan", "dev").text, ", outside any transaction")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    now = dict(pg.psql(p.db, MARKS))
    changed = sorted(k for k in was if now[k].split()[-1] != was[k].split()[-1])
    equal(changed, sorted(renewed), "what is another one")
    if name in VACUUMS:
        equal([r[0] for r in pg.psql(p.db, VACUUMED)], VACUUMS[name])
    claims = [json.loads(r[0])["claim"].get("journal") for r in pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 3")]
    equal([c["object"] for c in claims if c], [thing.format(db=p.db)] * 2)
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, repr(again))


NOT_BEGUN = {
    "one_table_out_of_scope": ("REINDEX SCHEMA app", dict(tables=["app.t"]), 'gate "scope" failed, it was not begun: alter of table app.'),
    "too_many_tables": ("REINDEX SCHEMA CONCURRENTLY app", dict(limits={"max_table_count_touched": 1}), 'gate "limit max_table_count_touched" failed, it was not begun: declared 1, observed 4'),
    "scraps": ("REINDEX TABLE CONCURRENTLY app.t", {}, "stands there invalid, and was not left by this migration"),
    "not_ours": ("VACUUM app.theirs", {}, "the role may not vacuum table app.theirs"),
}


@cases(**{name: (name, *case) for name, case in NOT_BEGUN.items()})
def what_may_not_be_renewed_is_not_begun(case, tmp):
    name, sql, more, words = case
    p = applied(tmp)
    p.bundle("M-02", SURVEYED + ";\n", schemas=["app", "other"])
    equal(p.build().status, 0)
    if name == "scraps":
        try:
            pg.psql(p.db, "CREATE UNIQUE INDEX CONCURRENTLY t_name_ccnew ON app.t ((1))", user=p.db)
        except pg.PgError:
            pass
        equal(p.run("adopt", "dev").status, 0)
    if name == "not_ours":
        pg.psql(p.db, f'CREATE TABLE app.theirs (id int); ALTER DATABASE "{p.db}" OWNER TO "{pg.SUPERUSER}"')
        equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-03", sql + ";\n", **more)
    ran = p.build()
    fails(ran, ran.status, words, "nothing was changed")
    equal([kind for kind, _ in kinds(p)].count("intent"), 0)


@test
def a_schema_that_is_renewed_half_way_is_gone_on_with(tmp):
    p = applied(tmp)
    p.bundle("M-02", "REINDEX SCHEMA CONCURRENTLY app;\n")
    is_killed_while_it_builds(p)
    equal(index(p, "app.t_pkey_ccnew"), "invalid", "half of it was left")
    row = p.targets()["M-02@apply"]
    equal((row["state"], row["reasons"][0]["code"]), ("stale", "begun"), repr(row))
    contains(row["reasons"][0]["detail"], "step 1 of 1 (REINDEX schema app) stands in part")
    equal(p.run("diff", "dev").status, 0, "what stands half-way is no drift")
    ran = p.build()
    equal((ran.status, index(p, "app.t_pkey_ccnew"), index(p, "app.t_pkey")), (0, "none", "valid"), repr(ran))
    equal(kinds(p)[1:], [("intent", "success"), ("done", "success"), ("apply", "success")])
    equal(p.run("diff", "dev").status, 0)


AUTO = "SELECT setting FROM pg_file_settings WHERE name = 'log_temp_files' AND sourcefile ~ 'auto.conf'"
SETTINGS = {
    "set": ("SELECT 1", "ALTER SYSTEM SET log_temp_files = '2MB'", [("2MB",)]),
    "set_by_number": ("SELECT 1", "ALTER SYSTEM SET log_temp_files TO 17", [("17",)]),
    "set_again": ("ALTER SYSTEM SET log_temp_files = 17", "ALTER SYSTEM SET log_temp_files = 17", [("17",)]),
    "reset": ("ALTER SYSTEM SET log_temp_files = 17", "ALTER SYSTEM RESET log_temp_files", []),
    "to_default": ("ALTER SYSTEM SET log_temp_files = 17", "ALTER SYSTEM SET log_temp_files = DEFAULT", []),
    "reset_nothing": ("SELECT 1", "ALTER SYSTEM RESET log_temp_files; SELECT pg_reload_conf()", []),
}


@cases(**SETTINGS)
def a_setting_of_the_server_is_changed(case, tmp):
    before, sql, left = case
    p = applied(tmp)
    fails_without = p.bundle("M-02", sql + ";\n")
    fails(p.build(), 1, "setting log_temp_files", "allowed_global")
    p.bundle("M-02", sql + ";\n", globals_=["setting:log_temp_files"])
    fails(p.build(), 2, "nothing was changed", "what setting log_temp_files is set to cannot be seen", "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings()")
    equal(fails_without, f"migrations/postgis/{full_id('M-02')}")
    p.env["KFM_DSN"] = pg.dsn(p.db, user=pg.SUPERUSER)
    pg.psql(p.db, before)
    try:
        ran = p.build()
        equal((ran.status, pg.psql(p.db, AUTO)), (0, left), repr(ran))
        equal([kind for kind, _ in kinds(p)].count("intent"), 1)
        equal(p.run("receipt", "verify", "dev").status, 0)
    finally:
        pg.psql(p.db, "ALTER SYSTEM RESET log_temp_files")


REFUSED = {
    "vacuum": ("VACUUM;", "VACUUM: without a table it goes through whatever the role may"),
    "vacuum_skipping": ("VACUUM (SKIP_LOCKED) app.t;", "VACUUM: it may leave a table or its rows out, and the server calls that success"),
    "reindex_system": ("REINDEX SYSTEM d;", "REINDEX: it renews the indexes of system catalogs"),
    "all_settings": ("ALTER SYSTEM RESET ALL;", "ALTER SYSTEM: it does not say which settings it changes"),
    "database": ("CREATE DATABASE d;", "CREATE DATABASE: PostgreSQL runs it outside of transaction blocks only"),
    "tablespace": ("CREATE TABLESPACE s LOCATION '/tmp/s';", "CREATE TABLESPACE: PostgreSQL runs it outside of transaction blocks only"),
    "subscription": ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;", "CREATE SUBSCRIPTION: it creates, drops or reads a replication slot elsewhere"),
    "unnamed": ("CREATE INDEX CONCURRENTLY ON app.t (id);", "an index without a name could not be told apart after a crash"),
    "in_a_block": ("BEGIN; CREATE INDEX CONCURRENTLY i ON app.t (id); COMMIT;", "it cannot run between BEGIN and COMMIT"),
    "vacuum_in_a_block": ("BEGIN; VACUUM app.t; COMMIT;", "it cannot run between BEGIN and COMMIT"),
    "calls_code": ("CREATE INDEX CONCURRENTLY i ON app.t (app.f(id));", "it would run a function whose effects its text does not name"),
}


@cases(**REFUSED)
def what_is_in_no_row_stays_refused(case, tmp):
    sql, words = case
    p = applied(tmp)
    p.bundle("M-02", sql)
    fails(p.build(), 5, words, "forward.sql:1")
    equal(p.applied(), [full_id("M-01")])


main()
