"""plan, build, why and status on a real server: what runs, what does not, and what is said about it."""
# run: needs=postgres limit=600

import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess

import pg
from project import Project, full_id
from schemas import valid
from seen import digest, files, finish, one_error, said, until
from tap import cases, contains, equal, fails, lacks, main, test

TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
ONE, TWO, THREE = (full_id(f"M-0{n}") for n in (1, 2, 3))
FORWARD = "migrations/postgis/{}/forward.sql"
ROWS = dict(limits=dict(max_row_backfill=1000))

PROD = """\
policy:
  protected:
    schemas: [governance]
environments:
  dev:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
  signed:
    protected: true
    stores: {postgis: {dsn_ref: KFM_DSN}}
  after:
    requires: [dev]
    stores: {postgis: {dsn_ref: KFM_OTHER}}
  bundled:
    evidence: bundle
    stores: {postgis: {dsn_ref: KFM_DSN}}
  bare:
    stores: {search: {url_ref: KFM_SEARCH}}
default_environment: dev
"""


def built(tmp, *statements):
    """A project with one applied migration per text."""
    p = Project(tmp)
    for number, sql in enumerate(statements or (TABLE,), 1):
        p.bundle(f"M-0{number}", sql, **ROWS)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def codes(row):
    return [r["code"] for r in row["reasons"]]


def plan_digest(p, *args):
    return p.json("plan", "dev", *args)["plan_digest"]


# --- what runs, and what leaves everything as it is


@test
def a_first_build_applies_everything_in_order(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "INSERT INTO app.t VALUES (1, 'one');", **ROWS)
    equal([r["state"] for r in p.json("status", "dev")["targets"] if r["target"].endswith("@apply")], ["stale", "stale"])
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None, "plan and status write nothing")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(ran.out, "", "the result goes to the database")
    contains(ran.err, "dev: 2 applied")
    equal(p.applied(), [ONE, TWO])
    equal(p.entries()[0][1:], ("contact", "database", "success"))
    equal(pg.psql(p.db, "SELECT id, note FROM app.t"), [("1", "one")])
    equal({r["state"] for r in p.targets().values()}, {"current"})


@test
def the_targets_of_a_migration_share_state_and_name_their_outputs(tmp):
    p = built(tmp)
    rows = p.targets()
    stages = ("declaration", "pre", "apply", "post", "diff", "invariants", "receipt")
    equal(sorted(rows), sorted(f"M-01@{s}" for s in stages))
    for stage in ("pre", "apply", "post", "diff", "receipt"):
        equal(re.fullmatch("sha256:[0-9a-f]{64}", rows[f"M-01@{stage}"]["output"] or "") is not None, True, stage)
    equal(rows["M-01@apply"]["last_result"], "success")


def ends_unmoved(attempt, what):
    """The server itself writes now and then; what a build writes, it writes every time. Three tries tell them apart."""
    for _ in range(3):
        before, after = attempt()
        if before == after:
            return
    raise AssertionError(f"{what}\nbefore: {before}\n after: {after}")


@test
def a_build_with_nothing_to_do_writes_nothing_into_the_database(tmp):
    p = built(tmp)
    entries = p.entries()

    def position():
        return pg.value(p.db, "SELECT pg_current_wal_insert_lsn()")

    def attempt():
        before = position()
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        contains(ran.err, "nothing to do (1 current)")
        return before, position()

    ends_unmoved(attempt, "every build moves the WAL")
    equal(p.entries(), entries, "no receipt added")


@test
def a_build_with_nothing_to_do_leaves_every_file_as_it_is(tmp):
    p = built(tmp)
    p.build()

    def attempt():
        before = files(p.root, times=True)
        equal(p.build().status, 0)
        return before, files(p.root, times=True)

    ends_unmoved(attempt, "every build writes files")


@test
def looking_changes_nothing(tmp):
    p = built(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    for verb in (["plan", "dev"], ["status"], ["why", "01-01-02"], ["graph"], ["check"], ["receipt", "list"]):
        p.run(*verb)
    entries, before = p.entries(), files(p.root, skip=("state",))
    for verb in (["plan", "dev", "--json"], ["status", "dev"], ["graph", "dev"], ["receipt", "verify", "dev"],
                 ["build", "dev", "--dry-run"], ["env", "list"]):
        ran = p.run(*verb)
        equal(ran.status, 0, repr(ran))
    equal((p.entries(), files(p.root, skip=("state",))), (entries, before))


@test
def without_its_cache_the_plan_is_the_same(tmp):
    p = built(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    want = plan_digest(p)
    contains(os.listdir(p.path("state")), "kfmig.db")
    for path in p.path("state").glob("kfmig.db*"):
        path.unlink()
    equal(plan_digest(p), want)
    equal(plan_digest(p), want, "with the new cache")


@test
def with_a_damaged_cache_the_plan_is_the_same(tmp):
    p = built(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    want = plan_digest(p)
    cache = p.path("state/kfmig.db")
    whole = cache.read_bytes()
    for at in range(0, len(whole), len(whole) // 12):
        for path in p.path("state").glob("kfmig.db-*"):
            path.unlink()
        cache.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:])
        equal(plan_digest(p), want, f"bit flipped at {at}")
    cache.write_bytes(b"not a database at all")
    equal(plan_digest(p), want, "no database")


@test
def one_byte_changed_in_an_applied_file_blocks_and_why_says_which(tmp):
    p = built(tmp)
    path = p.path(FORWARD.format(ONE))
    was = path.read_bytes()
    now = was.replace(b"note text", b"note next")
    path.write_bytes(now)
    entries = p.entries()
    ran = p.build()
    one_error(ran, 1, "blocked")
    why = p.run("why", "dev", "01-01")
    equal(why.status, 0)
    for part in (FORWARD.format(ONE) + " differs in line 2", digest(was), digest(now), "note text", "note next"):
        contains(why.out, part)
    seen = p.json("why", "dev", "01-01")
    equal(seen["state"], "blocked")
    equal(seen["chain"][0]["code"], "checksum_mismatch")
    equal(seen["files"], [dict(path=FORWARD.format(ONE), was=digest(was), now=digest(now), first_line=2, last_line=2)])
    equal(p.entries(), entries, "not run again")
    path.write_bytes(was)
    equal(p.build().status, 0)


@cases(rollback="rollback.sql", declaration="migration.yml", invariant="invariants/new.sql")
def whatever_changes_what_runs_blocks(name, tmp):
    p = built(tmp)
    path = p.path(f"migrations/postgis/{ONE}/{name}")
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.exists() else "SELECT 1 WHERE false;\n"
    path.write_text(text.replace("max_row_backfill: 1000", "max_row_backfill: 1001").replace("nothing", "something"))
    equal(codes(p.targets()["M-01@apply"]), ["checksum_mismatch"])
    contains(p.run("why", "dev", ONE).out, f"migrations/postgis/{ONE}/{name}")


@cases(notes="notes.md", comment="migration.yml")
def what_changes_nothing_that_runs_leaves_it_current(name, tmp):
    p = built(tmp)
    path = p.path(f"migrations/postgis/{ONE}/{name}")
    path.write_text(path.read_text() + "# a remark added later\n")
    entries = p.entries()
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "nothing to do")
    equal(p.entries(), entries)


@test
def a_late_arrival_runs_in_dev_and_leaves_the_applied_ones_current(tmp):
    p = Project(tmp)
    p.bundle("M-02", TABLE)
    equal(p.build().status, 0)
    p.bundle("M-01", "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.late ();")
    rows = p.targets()
    equal(rows["M-02@apply"]["state"], "current")
    equal(rows["M-01@apply"]["state"], "stale")
    equal(codes(rows["M-01@apply"]), ["never_built", "late_arrival"])
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [TWO, ONE])


@test
def a_late_arrival_is_refused_in_a_protected_environment_unless_depends_on_places_it(tmp):
    p = Project(tmp, environments=PROD)
    p.bundle("M-02", TABLE)
    equal(p.run("check", "--fix").status, 0)
    equal(p.run("build", "prod", "--apply").status, 0)
    p.bundle("M-01", "CREATE TABLE app.late ();")
    equal(p.run("check", "--fix").status, 0)
    equal(codes(p.targets("prod")["M-01@apply"])[0], "out_of_order")
    one_error(p.run("build", "prod", "--apply"), 1, "blocked")
    p.bundle("M-01", "CREATE TABLE app.late ();", extra="depends_on: []\n")
    equal(p.run("build", "prod", "--apply").status, 0)
    equal(p.applied(), [TWO, ONE])


@test
def depends_on_orders_and_blocks(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE TABLE app.u ();", extra=f"depends_on: [{THREE}]\n")
    p.bundle("M-02", "CREATE TABLE public.out_of_scope ();", extra="depends_on: []\n")
    p.bundle("M-03", TABLE, extra="depends_on: []\n")
    rows = p.targets()
    equal(codes(rows["M-01@apply"]), ["never_built", "upstream_pending"])
    equal(codes(rows["M-02@apply"])[0], "scope_exceeded")
    one_error(p.build(), 1, "blocked")
    ran = p.build("-k")
    fails(ran, 1, "1 migration blocked", "touches something outside its declared scope: create of table public.out_of_scope")
    equal(p.applied(), [THREE, ONE])


@test
def steps_limits_how_many_run(tmp):
    p = Project(tmp)
    for n in (1, 2, 3):
        p.bundle(f"M-0{n}", f"CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.t{n} ();")
    ran = p.build("--steps=0")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "dev: nothing was run (--steps=0)")
    equal(p.json("build", "dev", "--steps=0")["ran"], [])
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)
    equal(p.build("--steps=2").status, 0)
    equal(p.applied(), [ONE, TWO])
    equal(p.build("--steps", "1").status, 0)
    equal(p.applied(), [ONE, TWO, THREE])


def sums(ran):
    """The figures of the closing line, without its time."""
    line = ran.err.strip().split("\n")[-1].split(";")[0]
    contains(line, "dev: ")
    return {what.strip(" )"): int(n) for n, what in re.findall(r"(\d+) ([a-z ]+)", line)}


FAILS, NEEDS_IT, OUTSIDE = "SELECT 1 / 0;", "CREATE TABLE app.never ();", "DROP TABLE other.t;\n"


@test
def the_figures_of_a_closing_line_add_up(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;", extra="depends_on: []\n")
    equal(sums(p.build()), {"applied": 1, "current": 0})
    p.bundle("M-02", FAILS, extra="depends_on: []\n")
    p.bundle("M-03", NEEDS_IT, extra=f"depends_on: [{TWO}]\n")
    p.bundle("M-04", OUTSIDE, extra="depends_on: []\n")
    p.bundle("M-05", NEEDS_IT, extra=f"depends_on: [{full_id('M-04')}]\n")
    p.bundle("M-06", "CREATE TABLE app.t ();", extra="depends_on: []\n")
    p.bundle("M-07", "CREATE TABLE app.u ();", extra="depends_on: []\n")
    ran = p.build("-k", "--steps=1")
    equal((ran.status, sums(ran)), (2, {"applied": 1, "failed": 1, "skipped": 1, "not run": 1, "blocked": 2, "current": 1}))
    ran = p.build("-k")
    equal((ran.status, sums(ran)), (2, {"applied": 1, "failed": 1, "skipped": 1, "blocked": 2, "current": 2}))


@test
def what_was_not_reached_is_counted(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;", extra="depends_on: []\n")
    p.bundle("M-02", FAILS, extra="depends_on: []\n")
    p.bundle("M-03", "CREATE TABLE app.t ();", extra="depends_on: []\n")
    equal(sums(p.build()), {"applied": 1, "failed": 1, "not run": 1, "current": 0})
    equal(sums(p.build("--steps=1")), {"applied": 0, "failed": 1, "not run": 1, "current": 1})
    p.bundle("M-02", "CREATE TABLE app.u ();", extra="depends_on: []\n")
    doc = json.loads(p.build("--steps=1", "--json").out)
    equal((len(doc["ran"]), doc["current"], doc["left"]),
          (1, 1, {"blocked": 0, "not_applicable": 0, "not_exported": 0, "not_here": 0, "not_run": 1, "waiting": 0}))
    equal(p.build().status, 0)
    shutil.rmtree(p.path(f"migrations/postgis/{TWO}"))
    contains(p.build().err, "dev: nothing to do (2 current, 1 applied but not here)\n")


@test
def after_a_failure_the_rest_runs_only_with_keep_going_and_only_what_does_not_need_it(tmp):
    p = Project(tmp)
    p.bundle("M-01", "SELECT 1 / 0;", extra="depends_on: []\n")
    p.bundle("M-02", "CREATE TABLE app.never ();", extra=f"depends_on: [{ONE}]\n")
    p.bundle("M-03", TABLE, extra="depends_on: []\n")
    fails(p.build(), 2, "statement 1 (SELECT) failed, everything was rolled back: division_by_zero (22012)")
    equal(p.applied(), [])
    ran = p.build("-k")
    equal(ran.status, 2, repr(ran))
    equal(p.applied(), [THREE])
    contains(ran.err, "1 applied, 1 failed, 1 skipped")


@test
def a_dry_run_prints_the_plan_and_runs_nothing(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    ran = p.build("--dry-run")
    equal(ran.status, 0)
    for part in (ONE, "CREATE TABLE", "forward.sql:2", "plan sha256:"):
        contains(ran.out, part)
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)
    equal(p.json("build", "dev", "--dry-run")["plan_digest"], plan_digest(p))


@test
def a_reviewed_plan_runs_and_a_stale_one_does_not(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    reviewed = plan_digest(p)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    one_error(p.build(f"--plan={reviewed}"), 1, reviewed, plan_digest(p))
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)
    ran = p.build("--plan=" + plan_digest(p))
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE, TWO])
    p.bundle("M-03", "CREATE TABLE app.v ();")
    reviewed = plan_digest(p)
    pg.psql(p.db, "ALTER TABLE app.t ADD COLUMN by_hand int;", user=p.db)
    one_error(p.build(f"--plan={reviewed}"), 1, "moved")
    equal(p.applied(), [ONE, TWO])


@test
def targets_restrict_the_build_to_what_they_need(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "CREATE TABLE app.u ();", extra=f"depends_on: [{ONE}]\n")
    p.bundle("M-03", "CREATE TABLE app.v ();", extra=f"depends_on: [{ONE}]\n")
    ran = p.run("build", f"dev/{THREE}@apply")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE, THREE])
    equal(p.run("build", "dev", "01-02").status, 0)
    equal(p.applied(), [ONE, THREE, TWO])


@test
def abbreviations_name_what_they_fit_or_say_what_is_near(tmp):
    p = built(tmp, TABLE, "CREATE TABLE app.u ();")
    for name in (f"dev/{ONE}@apply", f"{ONE}@apply", ONE, "01-01-01@ap", "dev/01-01-01"):
        equal(p.json("why", name)["target"], f"dev/{ONE}@apply", name)
    one_error(p.run("why", "PG-MIG"), 5, "ambiguous", ONE, TWO)
    one_error(p.run("why", "PG-MIG-2026-01-01-07"), 5, "did you mean", ONE)
    one_error(p.run("why", "nothing like it"), 5, "no target")
    one_error(p.run("why", f"{ONE}@lunch"), 5, "lunch", "receipt")
    one_error(p.run("build", "production"), 5, "production")


# --- failures


@test
def a_failing_statement_is_shown_with_its_place_and_without_row_values(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "INSERT INTO app.t SELECT i, 'can' || 'ary-' || i FROM generate_series(1, 3) i;\n"
                     "  INSERT INTO app.t SELECT 2, 'can' || 'ary-again';\n", **ROWS)
    ran = p.build()
    one_error(ran, 2, f"{FORWARD.format(TWO)}:2:3: statement 2 (INSERT)", "unique_violation", "23505", "table app.t")
    lines = ran.err.splitlines()
    at = next(i for i, line in enumerate(lines) if "'can' || 'ary-again'" in line)
    equal(lines[at + 1].index("^"), lines[at].index("INSERT"), repr(ran))
    lacks(ran.text, "canary-")
    lacks(ran.text, "(id)=(2)")
    equal(p.applied(), [ONE])
    equal(p.entries()[-1][1:], ("apply", TWO, "failed"))
    equal(pg.value(p.db, "SELECT count(*) FROM app.t"), "0")
    receipt = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))
    equal(receipt["result"], "failed")
    equal({k: receipt["failure"][k] for k in ("statement", "file", "line", "column", "sqlstate", "condition")},
          dict(statement=2, file=FORWARD.format(TWO), line=2, column=3, sqlstate="23505", condition="unique_violation"))
    lacks(json.dumps(receipt), "canary-")
    row = p.targets()["M-02@apply"]
    equal((row["state"], row["last_result"]), ("stale", "failed"))


@test
def the_place_of_a_wrong_name_is_the_servers(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE + "SELECT id,\n       nope\n  FROM app.t;\n")
    ran = p.build()
    one_error(ran, 2, f"{FORWARD.format(ONE)}:4:8: statement 3 (SELECT)", "undefined_column", "42703", 'column "nope" does not exist')
    lines = ran.err.splitlines()
    at = next(i for i, line in enumerate(lines) if "nope" in line and "kfmig:" not in line and "server" not in line)
    equal(lines[at + 1].index("^"), lines[at].index("nope"), repr(ran))
    equal(p.applied(), [])


@test
def a_failed_migration_runs_again_when_mended(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE + "SELECT nope;")
    fails(p.build(), 2, "statement 3 (SELECT) failed, everything was rolled back: undefined_column (42703)")
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    equal([e[3] for e in p.entries() if e[1] == "apply"], ["failed", "success"])


@test
def rows_of_an_invariant_roll_everything_back(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE + "INSERT INTO app.t VALUES (1, 'canary-' || 7);", **ROWS,
             invariants={"notes_are_short.sql": "SELECT note FROM app.t WHERE length(note) > 3;\n"})
    ran = p.build()
    one_error(ran, 2, "invariants/notes_are_short.sql", "1 rows returned")
    lacks(ran.text, "canary-7")
    equal(pg.value(p.db, "SELECT to_regnamespace('app')"), None)
    equal(p.entries()[-1][1:], ("apply", ONE, "failed"))


@cases(no_such_table=("SELECT id\n  FROM app.nowhere;\n", "undefined_table (42P01)", ":2:8"),
       no_number=("SELECT id FROM app.t WHERE note::int > 0;\n", "invalid_text_representation (22P02)", ":1:1"))
def an_invariant_whose_query_fails_is_a_failed_gate(case, tmp):
    query, why, at = case
    p = Project(tmp)
    p.bundle("M-01", TABLE + "INSERT INTO app.t VALUES (1, 'canary-' || 7);", **ROWS, invariants={"broken.sql": query})
    ran = p.build()
    one_error(ran, 2, f'gate "invariant invariants/broken.sql" failed, everything was rolled back: its query failed: {why}',
              f"invariants/broken.sql{at}")
    lacks(ran.text, "canary-7")
    equal(pg.value(p.db, "SELECT to_regnamespace('app')"), None)
    receipt = json.loads(p.run("receipt", "show", "dev", ONE, "--json").out)
    equal(receipt["claim"]["gates"], [dict(gate="invariant invariants/broken.sql", result="fail", detail=f"its query failed: {why}",
                                           place=f"migrations/postgis/{ONE}/invariants/broken.sql{at}")])
    valid("run_receipt.v1", receipt)
    equal(receipt["failure"]["statement"], None, "it is no statement of the migration")


@test
def an_invariant_without_rows_passes_and_is_recorded(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE, invariants={"is_empty.sql": "SELECT id FROM app.t;\n"})
    equal(p.build().status, 0)
    receipt = json.loads(p.run("receipt", "show", "dev", ONE, "--json").out)
    contains(receipt["claim"]["gates"], dict(gate="invariant invariants/is_empty.sql", result="pass", detail=""))


@test
def a_deferred_constraint_fails_before_commit(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE + "CREATE TABLE app.u (t int REFERENCES app.t DEFERRABLE INITIALLY DEFERRED);")
    p.bundle("M-02", "INSERT INTO app.u VALUES (70404);", **ROWS)
    ran = p.build()
    one_error(ran, 2, "deferred constraint", "foreign_key_violation", "23503")
    lacks(ran.text, "70404")
    equal(p.applied(), [ONE])
    equal(p.entries()[-1][1:], ("apply", TWO, "failed"))


@test
def a_limit_exceeded_at_run_time_rolls_back_with_what_was_seen(tmp):
    p = built(tmp)
    p.bundle("M-02", "INSERT INTO app.t SELECT i FROM generate_series(1, 11) i;", limits=dict(max_row_backfill=10))
    one_error(p.build(), 2, "limit max_row_backfill", "declared 10, observed 11")
    equal(pg.value(p.db, "SELECT count(*) FROM app.t"), "0")


# --- locks


@contextlib.contextmanager
def blocker(db, sql):
    """A session named "blocker" that has run sql in an open transaction."""
    env = {"PATH": os.environ["PATH"], "PGAPPNAME": "blocker"}
    session = subprocess.Popen(["psql", "-XqAt", pg.dsn(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    session.stdin.write(f"BEGIN; {sql};\n\\echo ready\n")
    session.stdin.flush()
    while session.stdout.readline().strip() != "ready":
        pass
    try:
        yield session
    finally:
        session.stdin.close()
        session.wait(timeout=20)
        session.stdout.close()


LOCKS = "timeouts: {lock: 1200ms}\nlock_retries: 3\n"


@test
def lock_timeout_is_retried_and_the_holder_named(tmp):
    p = built(tmp)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;", extra=LOCKS)
    with blocker(p.db, "LOCK TABLE app.t IN ACCESS SHARE MODE") as session:
        child = p.start("build", "dev")
        until(lambda: "trying again" in said(child) or child.poll() is not None, "a retry is announced")
        session.stdin.write("ROLLBACK;\n")
        session.stdin.flush()
        status, _, err = finish(child)
    equal(status, 0, err)
    contains(err, "waiting for the lock AccessExclusiveLock on app.t, held by blocker")
    contains(err, "lock_not_available; trying again in")
    contains(err, "(1 of 3)")
    equal(p.applied(), [ONE, TWO])
    equal([e[3] for e in p.entries() if e[2] == TWO], ["success"], "a retry is no failed run")


@test
def when_the_retries_are_used_up_the_migration_has_failed(tmp):
    p = built(tmp)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;", extra="timeouts: {lock: 50ms}\nlock_retries: 1\n")
    with blocker(p.db, "LOCK TABLE app.t IN ACCESS SHARE MODE"):
        one_error(p.build(), 2, "lock_not_available", "55P03", FORWARD.format(TWO) + ":1:1")
    equal(p.entries()[-1][1:], ("apply", TWO, "failed"))
    equal(p.build().status, 0)


@test
def a_second_run_waits_for_the_first_or_says_who_holds_the_lock(tmp):
    p = built(tmp)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;")
    with blocker(p.db, "LOCK TABLE app.t IN ACCESS SHARE MODE") as session:
        first = p.start("build", "dev")
        until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'app.t'::regclass") == "1",
              "the first run waits for the table")
        one_error(p.run("build", "dev", "--lock-wait=0"), 7, "tester build, process")
        second = p.start("build", "dev")
        until(lambda: "waiting for the run that holds the lock" in said(second), "the second run says that it waits")
        session.stdin.write("ROLLBACK;\n")
        session.stdin.flush()
        equal([finish(first)[0], finish(second)[0]], [0, 0])
    equal(p.applied(), [ONE, TWO])


@test
def an_interrupt_ends_the_run_and_leaves_a_receipt(tmp):
    p = built(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();\nSELECT pg_sleep(60);")
    child = p.start("build", "dev")
    until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    child.send_signal(signal.SIGINT)
    status, _, err = finish(child)
    equal(status, 130, err)
    equal(p.entries()[-1][1:], ("apply", TWO, "interrupted"))
    equal(codes(p.targets()["M-02@apply"]), ["interrupted"])
    p.bundle("M-02", "CREATE TABLE app.u ();")
    equal(p.build().status, 0)


# --- files as people write them

TEMPLATE = """\
-- 00xx__short_description.sql
-- Purpose: <one sentence>
-- Risk: <low|medium|high>  Rollback: <none|manual|scripted>
-- Notes: <expected runtime, locks, backfill implications>

BEGIN;

-- Example: schema/extension setup
CREATE SCHEMA IF NOT EXISTS kfm_index;
CREATE EXTENSION IF NOT EXISTS postgis;

-- Example: derived projection table
CREATE TABLE IF NOT EXISTS kfm_index.feature_geom (
  dataset_version_id text NOT NULL,
  feature_id         text NOT NULL,
  geom               geometry NOT NULL,
  evidence_ref       text NOT NULL,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset_version_id, feature_id)
);

COMMIT;

-- Non-transactional section (only if needed):
-- CREATE INDEX CONCURRENTLY IF NOT EXISTS ...
"""


@test
def the_template_of_reference_003_runs_as_printed(tmp):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", TEMPLATE, schemas=["kfm_index"], extensions=["postgis"])
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'kfm_index.feature_geom'::regclass AND attnum > 0"), "5")
    contains(p.build().err, "nothing to do")


@cases(
    set_transaction=("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n" + TABLE +
                     "INSERT INTO app.t VALUES (1, current_setting('transaction_isolation'));", "serializable"),
    crlf=((TABLE + "INSERT INTO app.t\nVALUES (1, 'two\nlines');\n").replace("\n", "\r\n"), "two<CR>\nlines"),
    own_block=("BEGIN;\n" + TABLE + "COMMIT;\nBEGIN;\nINSERT INTO app.t VALUES (1, 'x');\nCOMMIT;\n", "x"),
    bom_free_utf8=(TABLE + "INSERT INTO app.t VALUES (1, 'Größe €');", "Größe €"),
    no_semicolon_at_the_end=(TABLE + "INSERT INTO app.t VALUES (1, 'y')", "y"),
    dollar_quotes=(TABLE + "DO $body$ BEGIN INSERT INTO app.t VALUES (1, $x$;$x$); END $body$;", ";"),
)
def runs_as_written(case, tmp):
    sql, want = case
    p = Project(tmp)
    p.bundle("M-01", sql, **ROWS)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT replace(note, chr(13), '<CR>') FROM app.t"), [(want,)])
    contains(p.build().err, "nothing to do")


COPY_ROWS = TABLE + """COPY app.t (id, note) FROM stdin;
1\tit's; one
2\t\\N
\\.
COPY app.t FROM STDIN WITH (FORMAT csv, HEADER);
id,note
3,"two
lines"
\\.
INSERT INTO app.t VALUES (4, 'four');
"""


@test
def rows_behind_copy_are_sent_counted_and_limited(tmp):
    p = Project(tmp)
    p.bundle("M-01", COPY_ROWS, limits=dict(max_row_backfill=3))
    contains(p.build().err, "declared 3, observed 4")
    p.bundle("M-01", COPY_ROWS, limits=dict(max_row_backfill=4))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT id, note FROM app.t ORDER BY id"),
          [("1", "it's; one"), ("2", None), ("3", "two\nlines"), ("4", "four")])
    body = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))
    contains(json.dumps(body), '{"declared": 4, "limit": "max_row_backfill", "observed": 4}')


@cases(
    a_value=("1\tone\nx\ttwo\n", 5, "22P02", "column id"),
    too_many_columns=("1\tone\tmore\n", 4, "22P04", ""),
    a_key_twice=("1\tone\n2\ttwo\n1\tagain\n", 6, "23505", ""),
    no_such_table=(None, 3, "42P01", ""),
)
def a_row_that_copy_refuses_has_its_place(case, tmp):
    rows, line, sqlstate, word = case
    p = Project(tmp)
    table = "app.t" if rows is not None else "app.nothing"
    p.bundle("M-01", TABLE + f"COPY {table} FROM STDIN;\n{rows or ''}\\.\n")
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, f"forward.sql:{line}:")
    contains(ran.err, sqlstate)
    contains(ran.err, word)
    equal(p.applied(), [])


@test
def a_file_of_comments_only_is_applied(tmp):
    p = Project(tmp)
    p.bundle("M-01", "-- nothing here /* yet */\n/* ; */\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])


@cases(
    index_concurrently=("CREATE INDEX CONCURRENTLY ON app.t (note);", "CONCURRENTLY"),
    vacuum=("VACUUM;", "VACUUM"),
    savepoint=("SAVEPOINT s;", "SAVEPOINT"),
    rollback=("ROLLBACK;", "ROLLBACK"),
    commit=("COMMIT;", "COMMIT"),
    begin_without_end=("BEGIN;\nSELECT 1;", "BEGIN"),
    prepare_transaction=("PREPARE TRANSACTION 'x';", "PREPARE"),
    copy_without_end=("COPY app.t FROM STDIN;\n1\tone\n", "COPY"),
    copy_binary=("COPY app.t FROM STDIN WITH (FORMAT binary);\n\\.\n", "COPY"),
    meta_command=("\\i other.sql\n", "\\i"),
    unterminated=("SELECT 'no end;\n", "unterminated"),
)
def refused_before_anything_runs(case, tmp):
    sql, word = case
    p = Project(tmp)
    p.bundle("M-01", TABLE + sql)
    for verb in (["build", "dev"], ["check"]):
        one_error(p.run(*verb), 5, FORWARD.format(ONE) + ":3:", word)
    plan = p.run("plan", "dev")
    equal(plan.status, 1, repr(plan))
    contains(plan.text, word)
    contains(plan.text, "forward.sql:3:")
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)


@test
def three_hundred_plain_files_converge(tmp):
    p = Project(tmp)
    for n in range(300):
        ident = f"PG-MIG-2026-02-{n // 28 % 28 + 1:02}-{n % 28 + 1:02}"
        kind = n % 5
        sql = ("CREATE SCHEMA IF NOT EXISTS app;\n" if n == 0 else "") + (
            f"CREATE TABLE app.t{n} (id int PRIMARY KEY, v text);", f"INSERT INTO app.t{n - 1} SELECT i, 'v' FROM generate_series(1, 5) i;",
            f"ALTER TABLE app.t{n - 2} ADD COLUMN w int DEFAULT 7;", f"CREATE INDEX t{n}_w ON app.t{n - 3} (w);",
            f"CREATE VIEW app.v{n} AS SELECT id, w FROM app.t{n - 4};")[kind]
        p.bundle(ident, sql + "\n", **ROWS)
    ran = p.run("build", "dev", timeout=120)
    equal(ran.status, 0, ran.err[-2000:])
    equal(len(p.applied()), 300)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_views WHERE schemaname = 'app'"), "60")
    ran = p.build()
    contains(ran.err, "nothing to do (300 current)")


# --- drift


def drifted(tmp):
    """app.t was altered by hand after M-01 wrote it; M-02 touches it, M-03 does not."""
    p = built(tmp)
    pg.psql(p.db, "ALTER TABLE app.t ADD COLUMN by_hand int;", user=p.db)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN second int;")
    p.bundle("M-03", "CREATE TABLE app.u ();", extra=f"depends_on: [{ONE}]\n")
    return p


@test
def drift_blocks_what_touches_it_and_names_the_last_writer(tmp):
    p = drifted(tmp)
    rows = p.targets()
    reason = rows["M-02@apply"]["reasons"][0]
    equal((reason["code"], reason["cause"]), ("drift", "table app.t"))
    contains(reason["detail"], ONE)
    equal(rows["M-01@apply"]["state"], "current", "an applied migration is a fact")
    equal(rows["M-03@apply"]["state"], "stale")
    one_error(p.build(), 1, "blocked")
    contains(p.run("plan", "dev").out, f"table app.t changed outside kfmig; last written by {ONE}")
    equal(p.run("plan", "dev", "--exit-code").status in (1, 10), True)
    fails(p.build("-k"), 1, "1 migration blocked")
    equal(p.applied(), [ONE, THREE])


@test
def drift_hidden_from_the_parser_is_found_before_commit(tmp):
    p = drifted(tmp)
    p.bundle("M-02", "DO $$BEGIN EXECUTE 'ALTER TABLE app.' || 't ADD COLUMN second int'; END$$;")
    one_error(p.build(), 2, "drift", "table app.t")
    equal(p.entries()[-1][1:], ("apply", TWO, "failed"))


@test
def adopt_settles_drift_with_a_receipt(tmp):
    p = drifted(tmp)
    ran = p.run("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, f"changed table app.t, last written by {ONE}")
    equal(p.entries()[-1][1:], ("adopt", "database", "success"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE, TWO, THREE])
    contains(p.run("adopt", "dev").err, "nothing to adopt")


@cases(table_dropped=("DROP TABLE app.t;", "table app.t"), function_added=("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "app.f"),
       comment=("COMMENT ON COLUMN app.t.note IS 'by hand';", "table app.t"), grant=("GRANT SELECT ON app.t TO PUBLIC;", "table app.t"),
       index=("CREATE INDEX ON app.t (note);", "table app.t"), schema_renamed=("ALTER SCHEMA app RENAME TO app2;", "schema app"))
def change_by_hand_is_seen(case, tmp):
    sql, name = case
    p = built(tmp)
    equal(p.run("plan", "dev", "--exit-code").status, 0)
    pg.psql(p.db, sql, user=p.db)
    contains(p.run("plan", "dev").out, "drift: ")
    contains(p.run("plan", "dev").out, name)


# --- every reason


def pending(tmp, sql=TABLE, environments=PROD, **more):
    p = Project(tmp, environments=environments)
    p.bundle("M-01", sql, **more)
    return p


def registered(p):
    equal(p.run("check", "--fix").status, 0)
    return p


def reason_interrupted(tmp):
    p = pending(tmp, "SELECT pg_sleep(60);")
    child = p.start("build", "dev")
    until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    child.send_signal(signal.SIGTERM)
    equal(finish(child)[0], 143)
    return p


def reason_upstream_pending(tmp):
    p = pending(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    return p


def reason_output(tmp, damage):
    p = pending(tmp)
    equal(p.run("build", "bundled").status, 0)
    damage(p.path(f"migrations/postgis/{ONE}/receipts/run_receipt.json"))
    return p


def reason_late(tmp, env):
    p = Project(tmp, environments=PROD)
    p.bundle("M-02", TABLE)
    equal(registered(p).run("build", env, "--apply").status, 0)
    p.bundle("M-01", "CREATE TABLE app.late ();")
    return registered(p)


def reason_mismatch(tmp):
    p = built(tmp)
    p.bundle("M-01", TABLE + "SELECT 1;")
    return p


def reason_not_promoted(tmp):
    p = pending(tmp)
    p.env["KFM_OTHER"] = pg.dsn(pg.createdb())
    return p


def reason_not_adopted(tmp):
    p = registered(pending(tmp))
    pg.psql(p.db, "CREATE TABLE public.was_here ();", user=p.db)
    return p


def reason_unreachable(tmp):
    p = pending(tmp)
    p.env["KFM_DSN"] = "host=/nonexistent dbname=none"
    return p


def search(p, short):
    """A bundle for a store that no engine of this kfmig drives."""
    p.bundle(short, "{}", folder="search")
    path = p.path(f"migrations/search/{full_id(short)}")
    for name in ("forward", "rollback"):
        (path / f"{name}.sql").rename(path / f"{name}.json")
    text = (path / "migration.yml").read_text()
    (path / "migration.yml").write_text(text.replace(".sql", ".json"))
    return p


def reason_unsupported(tmp):
    return search(Project(tmp, environments=PROD), "M-01")


@test
def a_store_without_an_engine_blocks_its_own_migration_only(tmp):
    p = Project(tmp, environments=PROD.replace("stores: {postgis: {dsn_ref: KFM_DSN}}",
                                               "stores: {postgis: {dsn_ref: KFM_DSN}, search: {url_ref: KFM_SEARCH}}", 1))
    search(p, "M-01")
    p.bundle("M-02", TABLE)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "this kfmig has no engine for its store")
    fails(p.build("-k"), 1, "1 migration blocked")
    equal(p.applied(), [TWO])


def reason_upstream_blocked(tmp):
    p = pending(tmp, "CREATE TABLE public.no ();")
    p.bundle("M-02", TABLE)
    return p


def alter(receipt):
    diff = receipt.parent.parent / "diffs/summary.json"
    diff.write_bytes(diff.read_bytes() + b" ")


# code: environment, target, its state, the project
REASONS = {
    "current": ("dev", "M-01@apply", "current", built),
    "never_built": ("dev", "M-01@apply", "stale", pending),
    "interrupted": ("dev", "M-01@apply", "stale", reason_interrupted),
    "upstream_pending": ("dev", "M-02@apply", "stale", reason_upstream_pending),
    "output_missing": ("bundled", "M-01@receipt", "stale", lambda tmp: reason_output(tmp, pathlib.Path.unlink)),
    "output_altered": ("bundled", "M-01@receipt", "stale", lambda tmp: reason_output(tmp, alter)),
    "late_arrival": ("dev", "M-01@apply", "stale", lambda tmp: reason_late(tmp, "dev")),
    "checksum_mismatch": ("dev", "M-01@apply", "blocked", reason_mismatch),
    "drift": ("dev", "M-02@apply", "blocked", drifted),
    "not_promoted": ("after", "M-01@apply", "blocked", reason_not_promoted),
    "approval_missing": ("signed", "M-01@apply", "blocked", lambda tmp: registered(pending(tmp))),
    "protected_domain": ("dev", "M-01@apply", "blocked",
                         lambda tmp: pending(tmp, "ALTER TABLE governance.decision ADD COLUMN x int;", schemas=["governance"])),
    "script_fault": ("dev", "M-01@apply", "blocked", lambda tmp: pending(tmp, "VACUUM;")),
    "scope_exceeded": ("dev", "M-01@apply", "blocked", lambda tmp: pending(tmp, "CREATE TABLE public.no ();")),
    "limit_exceeded": ("dev", "M-01@apply", "blocked",
                       lambda tmp: pending(tmp, TABLE, limits=dict(max_table_count_touched=0))),
    "out_of_order": ("prod", "M-01@apply", "blocked", lambda tmp: reason_late(tmp, "prod")),
    "unregistered": ("prod", "M-01@apply", "blocked", pending),
    "not_adopted": ("prod", "M-01@apply", "blocked", reason_not_adopted),
    "store_unreachable": ("dev", "M-01@apply", "blocked", reason_unreachable),
    "store_unsupported": ("bare", "M-01@apply", "blocked", reason_unsupported),
    "upstream_blocked": ("dev", "M-02@apply", "blocked", reason_upstream_blocked),
    "store_not_configured": ("bare", "M-01@apply", "not-applicable", pending),
}


@test
def many_tables_in_one_migration_take_their_time_each(tmp):
    """Four times the tables: about four times the processor time of kfmig, by no means the sixteen times of tables looked at in pairs."""
    p = built(tmp, "CREATE SCHEMA app;\n")

    def took(short, n):
        p.bundle(short, "".join(f"CREATE TABLE app.{short[0].lower()}{short[-1]}_{i} (id bigint PRIMARY KEY, name text NOT NULL);\n" for i in range(n)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    few, many = took("M-02", 200), took("M-03", 800)
    equal(many < 8 * few, True, f"200 tables took {few:.3f} s, 800 took {many:.3f} s")


@cases(**{code: (code, *rest) for code, rest in REASONS.items()})
def reason(case, tmp):
    code, env, target, state, make = case
    p = make(tmp)
    row = p.targets(env)[target]
    equal(row["state"], state, json.dumps(row, indent=1))
    contains(codes(row), code)
    why = p.run("why", env, target.split("@")[0].replace("M-", "01-01-") + "@" + target.split("@")[1])
    equal(why.status, 0, repr(why))
    contains(why.out, code + ": ")
    contains(why.out, "next: ")
    decisions = {t["target"]: t["state"] for t in p.json("plan", env)["targets"]}
    equal(decisions[f"{env}/{full_id(target.split('@')[0])}@{target.split('@')[1]}"], state, "plan and status agree")


@test
def every_reason_has_a_case():
    table = (pathlib.Path(os.environ["KFMIG_SRC"]) / "src/plan/reason.def").read_text()
    others = []  # reached in files that say so
    for file in sorted((pathlib.Path(os.environ["KFMIG_SRC"]) / "tests/live").glob("test_*.py")):
        for codes in re.findall(r"^CODES = \[(.*?)\]", file.read_text(), re.MULTILINE | re.DOTALL):
            others += re.findall(r'"(\w+)"', codes)
    equal(sorted(re.findall(r'^REASON\(\w+, "(\w+)"', table, re.MULTILINE)), sorted({*REASONS, *others}))


main()
