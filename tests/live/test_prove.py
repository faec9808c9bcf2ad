"""Migrations proven on throwaway databases: what each of a table of pairs comes to, seeds, limits, what is remembered, what is left when killed."""
# run: needs=postgres,postgis limit=600

import json
import signal
import time
import xml.etree.ElementTree

import pg
from project import ENVIRONMENTS, FAULTY, Project, full_id
from schemas import valid
from tap import contains, equal, fails, lacks, main, test

EMBEDDED = ENVIRONMENTS.replace("dsn_ref: KFM_DSN", "server: embedded")

# up, down, class, and words of the fault; None: it holds. {t} is a table of its own with the columns id, name, n.
VARIANTS = {
    "column": ("ALTER TABLE {t} ADD COLUMN note text;", "ALTER TABLE {t} DROP COLUMN note;", "exact", None),
    "default": ("ALTER TABLE {t} ALTER n SET DEFAULT 7;", "ALTER TABLE {t} ALTER n DROP DEFAULT;", "exact", None),
    "index": ("CREATE INDEX ON {t} (name);", "DROP INDEX {t}_name_idx;", "exact", None),
    "concurrently": ("CREATE INDEX CONCURRENTLY {s}_c ON {t} (name);", "DROP INDEX CONCURRENTLY app.{s}_c;", "exact", None),
    "type": ("ALTER TABLE {t} ALTER n TYPE bigint;", "ALTER TABLE {t} ALTER n TYPE int;", "exact", None),
    "view": ("CREATE VIEW {t}_v AS SELECT id FROM {t};", "DROP VIEW {t}_v;", "exact", None),
    "policy": ("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON {t} USING (n > 0);",
               "DROP POLICY p ON {t}; ALTER TABLE {t} DISABLE ROW LEVEL SECURITY;", "exact", None),
    "rows": ("INSERT INTO {t} VALUES (1), (2), (3);", "DELETE FROM {t};", "exact", None),
    "rows of code": ("INSERT INTO {t} VALUES (1);", "DO $$ BEGIN DELETE FROM {t}; END $$;", "exact", None),
    "order": ("ALTER TABLE {t} DROP COLUMN name;", "ALTER TABLE {t} ADD COLUMN name text;", "order only", None),
    "enum order": ("CREATE TYPE {t}_e AS ENUM ('a', 'b');", "DROP TYPE {t}_e;", "exact", None),
    "nothing undone": ("ALTER TABLE {t} ADD COLUMN note text;", "SELECT 1;", "differs", "column note was not there"),
    "half undone": ("ALTER TABLE {t} ADD a int; CREATE TABLE {t}_x (id int);", "ALTER TABLE {t} DROP a;", "differs", "it was not there"),
    "too much": ("ALTER TABLE {t} ADD a int;", "ALTER TABLE {t} DROP a, DROP name;", "differs", "column name is gone"),
    "another type": ("ALTER TABLE {t} DROP COLUMN n;", "ALTER TABLE {t} ADD COLUMN n bigint;", "differs", "column n is another"),
    "fails": ("ALTER TABLE {t} ADD a int;", "ALTER TABLE {t} DROP a; DROP TABLE app.none;", "fails", "undefined_table"),
    "out of scope": ("ALTER TABLE {t} ADD a int;", "ALTER TABLE {t} DROP a; CREATE SCHEMA other;", "differs", "schema other is not as it was before"),
    "empty": ("ALTER TABLE {t} ADD a int;", "-- nothing\n", "empty", "holds no statement"),
    "nothing to undo": ("SELECT 1;", "-- nothing\n", "exact", None),
    "none": ("ALTER TABLE {t} ADD a int;", None, "none", None),
}
NAMES = list(VARIANTS)


def short(i):
    return f"M-{i + 2:02}"


def project(tmp, variants=None, environments=ENVIRONMENTS):
    """M-01 makes a table for each of the variants, which follow it."""
    p = Project(tmp, environments=environments, db="" if environments is ENVIRONMENTS else None)
    if p.db:
        pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    names = NAMES if variants is None else variants
    p.bundle("M-01", "CREATE SCHEMA app;\n" + "".join(f"CREATE TABLE app.t{i} (id int PRIMARY KEY, name text, n int);\n" for i in range(len(names))),
             "DROP SCHEMA app CASCADE;\n")
    for i, name in enumerate(names):
        up, down, _, _ = VARIANTS[name]
        names_of = {"t": f"app.t{i}", "s": f"t{i}"}
        p.bundle(short(i), up.replace("{t}", names_of["t"]).replace("{s}", names_of["s"]),
                 down.replace("{t}", names_of["t"]).replace("{s}", names_of["s"]) if down is not None else None, requires_rollback=down is not None)
        path = p.path(f"migrations/postgis/{full_id(short(i))}/migration.yml")
        path.write_text(path.read_text().replace('reference: "plan 7"', "reference: CAB-7"))
    return p


def prove(p, *args, **more):
    return p.run("test", "dev", "--server=KFM_DSN", *args, **more)


def found(p, *args, status=0, **more):
    """The document of a run, held to its schema, and its proofs by id."""
    ran = prove(p, "--json", *args, **more)
    equal(ran.status, status, repr(ran))
    d = json.loads(ran.out)
    valid("proofs.v1", d)
    return d, {x["migration"]: x for x in d["proofs"]}


def results(d):
    return {k: d[k] for k in ("proven", "known", "failed", "skipped", "not_tried")}


def databases():
    return [r[0] for r in pg.psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'kfmig_drill%' ORDER BY 1")]


@test
def every_pair_of_a_table_is_told_as_what_it_is(tmp):
    """20 pairs in one project: those that fail stand in nobody's way."""
    p = project(tmp)
    for jobs in ("1", "3"):
        d, proofs = found(p, "--all", "-j", jobs, status=4)
        for i, name in enumerate(NAMES):
            _, _, down, words = VARIANTS[name]
            x = proofs[full_id(short(i))]
            equal((name, x["down"], x["result"]), (name, down, "failed" if words else "proven"), repr(x))
            if words:
                contains(x["error"]["message"], words, name)
            again = "passed" if down in ("exact", "order only") else "not tried"
            equal((name, x["parts"][3]["result"]), (name, again), repr(x))
        bad = sum(v[3] is not None for v in VARIANTS.values())
        equal(results(d), {"proven": len(NAMES) + 1 - bad, "known": 0, "failed": bad, "skipped": 0, "not_tried": 0})
        equal(d["second_build"], {"error": None, "result": "passed"})
        equal(d["jobs"], int(jobs))
    equal(proofs[full_id(short(NAMES.index("rows")))]["removes"], [{"rows": 3, "table": f"table app.t{NAMES.index('rows')}"}])
    equal(databases(), [])
    equal(pg.value(p.db, "SELECT to_regclass('kfmig.entry') IS NULL AND to_regnamespace('app') IS NULL"), "t", "the environment's own database")


@test
def what_is_proven_is_remembered_by_its_content(tmp):
    """A second run does nothing; a change voids what it reaches, and says why."""
    p = project(tmp, ["column", "index", "view"])
    ran = prove(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "4 proven, 0 known, 0 failed, 0 skipped")
    made = pg.value("postgres", "SELECT max(oid::int8) FROM pg_database")
    d, proofs = found(p)
    equal((results(d)["known"], d["second_build"]["result"], d["jobs"]), (4, "not tried", 0))
    equal(proofs[full_id("M-02")]["down"], "exact", "what was found is remembered, too")
    pg.createdb()
    lacks(pg.value("postgres", "SELECT max(oid::int8) FROM pg_database"), made)

    path = p.path(f"migrations/postgis/{full_id('M-03')}/forward.sql")
    path.write_text(path.read_text() + "CREATE INDEX more ON app.t1 (n);\n")
    p.write(f"migrations/postgis/{full_id('M-03')}/rollback.sql", "DROP INDEX app.t1_name_idx, app.more;\n")
    d, proofs = found(p)
    equal(results(d), {"proven": 2, "known": 2, "failed": 0, "skipped": 0, "not_tried": 0})
    equal([x["because"] for x in proofs.values()], [None, None, "its content is another", "a migration before it is another"])

    p.write("tests/seeds/rows.sql", "INSERT INTO app.t0 VALUES (1, 'a', 1);\n")
    d, proofs = found(p)
    equal((results(d)["proven"], proofs[full_id("M-01")]["because"]), (4, "server, seeds, workload, limit or policy are others"))
    equal(proofs[full_id("M-01")]["seeds"], 1)
    equal(results(found(p, "--time-limit=40s")[0])["proven"], 4)

    p.write(f"migrations/postgis/{full_id('M-04')}/rollback.sql", "SELECT 1;\n")
    equal(results(found(p, "--time-limit=40s", status=4)[0]), {"proven": 0, "known": 3, "failed": 1, "skipped": 0, "not_tried": 0})
    equal(results(found(p, "--time-limit=40s", status=4)[0])["failed"], 1, "what fails is tried again")
    p.path("state/kfmig.db").unlink()
    equal(results(found(p, status=4)[0])["proven"], 3, "without the cache")


@test
def one_is_proven_behind_those_before_it(tmp):
    p = project(tmp, ["column", "index", "view"])
    d, proofs = found(p, full_id("M-03"))
    equal([x["result"] for x in proofs.values()], ["not tried", "not tried", "proven", "not tried"])
    equal([x["parts"][0]["result"] for x in proofs.values()], ["passed", "passed", "passed", "not tried"], "as far as it takes")
    fails(prove(p, "PG-NONE"), 5, "PG-NONE")


@test
def what_comes_behind_a_failure_is_skipped(tmp):
    p = project(tmp, ["column"])
    p.bundle("M-03", "CREATE TABLE app.u (id int);\nSELECT * FROM app.none;\n", "DROP TABLE app.u;")
    p.bundle("M-04", "ALTER TABLE app.u ADD a int;", "ALTER TABLE app.u DROP a;")
    p.bundle("M-05", "CREATE TABLE app.w (id int);", "DROP TABLE app.w;", extra=f"depends_on: [{full_id('M-01')}]\n")
    d, proofs = found(p, status=2)
    equal([x["result"] for x in proofs.values()], ["proven", "proven", "failed", "skipped", "proven"], repr(d))
    equal(proofs[full_id("M-03")]["error"]["where"], f"migrations/postgis/{full_id('M-03')}/forward.sql:2:15")
    equal(proofs[full_id("M-03")]["error"]["sqlstate"], "42P01")
    ran = prove(p)
    contains(ran.out, "failed    " + full_id("M-03"))
    contains(ran.out, "not tried: what it comes after failed")


@test
def a_plan_that_blocks_and_gates_that_refuse_fail(tmp):
    """What a build would not run is no proof."""
    p = project(tmp, ["column"])
    p.bundle("M-03", "CREATE SCHEMA other;", "DROP SCHEMA other;", extra=f"depends_on: [{full_id('M-01')}]\n")
    p.bundle("M-04", "VACUUM FULL;", "SELECT 1;", extra=f"depends_on: [{full_id('M-01')}]\n")
    p.bundle("M-05", "INSERT INTO app.t0 VALUES (1), (2);", "DELETE FROM app.t0;", extra=f"depends_on: [{full_id('M-01')}]\n", limits={"max_row_backfill": 1})
    p.bundle("M-06", "DO $$ BEGIN EXECUTE 'CREATE ROLE prove_r'; END $$;", "DROP ROLE prove_r;", globals_=["role"], extra=f"depends_on: [{full_id('M-01')}]\n")
    d, proofs = found(p, status=2)
    by = {k[-2:]: v for k, v in proofs.items()}
    equal([by[k]["result"] for k in ("03", "04", "05", "06")], ["failed", "failed", "failed", "skipped"], repr(d))
    contains(by["03"]["error"]["message"], "scope")
    contains(by["04"]["error"]["message"], "VACUUM")
    contains(by["05"]["error"]["message"], "max_row_backfill")
    contains(by["06"]["error"]["message"], "shares with its server (role)")
    equal(pg.value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'prove_r'"), "0")


@test
def what_depends_on_rows_or_chance_is_found(tmp):
    """The second time, and behind seeds, a migration leaves the objects that it left on an empty database."""
    p = project(tmp, ["column"])
    p.bundle("M-03", "DO $$ BEGIN IF (SELECT count(*) FROM app.t0) > 0 THEN CREATE TABLE app.u (id int); ELSE CREATE TABLE app.w (id int); END IF; END $$;",
             "DROP TABLE IF EXISTS app.u, app.w;")
    p.write("tests/seeds/rows.sql", "-- kfmig:after " + full_id("M-02") + "\nINSERT INTO app.t0 VALUES (1, 'a', 1);\n")
    d, proofs = found(p, status=3)
    contains(proofs[full_id("M-03")]["error"]["message"], "leaves other objects than on an empty database")
    p.bundle("M-03", "CREATE SEQUENCE app.s; SELECT nextval('app.s');\n"
             "DO $$ BEGIN EXECUTE 'CREATE TABLE app.u' || (SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 't0_back') || ' (id int)'; END $$;",
             "DO $$ DECLARE n text; BEGIN FOR n IN SELECT relname FROM pg_catalog.pg_class WHERE relname IN ('u0', 'u1') LOOP EXECUTE 'DROP TABLE app.' || n; END LOOP;"
             " END $$; DROP SEQUENCE app.s;")
    equal(found(p)[1][full_id("M-03")]["result"], "proven")


@test
def seeds_are_loaded_when_they_can_be(tmp):
    """Data beneath a migration: what works on nothing fails on rows; COPY; a seed that is none, or never loaded."""
    p = project(tmp, ["column"])
    p.bundle("M-03", "ALTER TABLE app.t0 ADD CONSTRAINT big CHECK (n > 5);", "ALTER TABLE app.t0 DROP CONSTRAINT big;")
    equal(found(p)[0]["failed"], 0, "on an empty database it holds")
    p.write("tests/seeds/rows.sql", "COPY app.t0 (id, name, n) FROM stdin;\n1\ta\t1\n2\tb\t9\n\\.\n")
    d, proofs = found(p, status=2)
    x = proofs[full_id("M-03")]
    equal([y["result"] for y in x["parts"][:2]], ["passed", "failed"], repr(x))
    contains(x["error"]["message"], "check_violation")
    p.write("tests/seeds/rows.sql", "INSERT INTO t0 VALUES (1, 'a', 9);\n")
    p.write("tests/seeds/other.sql", "INSERT INTO app.nowhere VALUES (1);\n")
    d, _ = found(p, status=2)
    equal([(x["what"], x["error"]["where"]) for x in d["notes"]], [("tests/seeds/rows.sql", "tests/seeds/rows.sql:1:13"), ("tests/seeds/other.sql", None)], repr(d))
    contains(d["notes"][1]["error"]["message"], "a table that it names was never there")
    p.path("tests/seeds/other.sql").unlink()
    p.write("tests/seeds/rows.sql", "CREATE TABLE app.made (id int);\n")
    fails(prove(p), 5, "a seed changes rows and nothing else", "tests/seeds/rows.sql:1:1")
    equal(databases(), [])


@test
def what_takes_too_long_is_ended_and_told(tmp):
    p = project(tmp, ["column"])
    p.bundle("M-03", "SELECT pg_sleep(30);", "SELECT 1;")
    began = time.monotonic()
    d, proofs = found(p, "--time-limit=300ms", status=2)
    equal(time.monotonic() - began < 25, True, "nobody waited for it")
    contains(proofs[full_id("M-03")]["error"]["message"], "query_canceled")
    p.bundle("M-03", "SELECT pg_sleep(0.2);\nSELECT pg_sleep(0.2);\n", "SELECT 1;")
    d, proofs = found(p, "--time-limit=300ms", status=2)
    contains(proofs[full_id("M-03")]["error"]["message"], "the limit is 300 ms")


@test
def what_is_declared_idempotent_is_run_over_itself(tmp):
    p = project(tmp, ["column"])
    extra = f"idempotent: true\ndepends_on: [{full_id('M-01')}]\n"
    p.bundle("M-03", "CREATE TABLE IF NOT EXISTS app.a (id int);", "DROP TABLE app.a;", extra=extra)
    p.bundle("M-04", "CREATE TABLE app.b (id int);", "DROP TABLE app.b;", extra=extra)
    p.bundle("M-05", "ALTER TABLE app.t0 ADD COLUMN IF NOT EXISTS c int; CREATE INDEX ON app.t0 (c);", "ALTER TABLE app.t0 DROP c;", extra=extra)
    d, proofs = found(p, status=2)
    equal([x["parts"][4]["result"] for x in proofs.values()], ["not tried", "not tried", "passed", "failed", "failed"], repr(d))
    contains(proofs[full_id("M-04")]["error"]["message"], "duplicate_table")
    contains(proofs[full_id("M-05")]["error"]["message"], "is declared idempotent, and run over itself it changes")


WORKLOAD = """
statements:
  - {name: look, sql: SELECT count(*) FROM app.t0, sessions: 2, pause_ms: 1}
  - {name: write, sql: UPDATE app.t0 SET n = n + 1, pause_ms: 1}
  - {name: nowhere, sql: SELECT 1 FROM app.nowhere}
"""


@test
def readers_and_writers_say_how_long_they_waited(tmp):
    """A statement that locks for 0.8 s is waited for by those that want the table, and by no others; none of the sessions is left."""
    p = project(tmp, ["column"])
    p.bundle("M-03", "ALTER TABLE app.t0 ADD COLUMN k int;\nSELECT pg_sleep(0.8);\n", "ALTER TABLE app.t0 DROP COLUMN k;")
    p.bundle("M-04", "CREATE TABLE app.u (id int);\nSELECT pg_sleep(0.4);\n", "DROP TABLE app.u;")
    p.write("tests/workload.yml", WORKLOAD)
    for jobs in ("1", "2"):
        d, proofs = found(p, "--all", "-j", jobs)
        waits = {k: {w["statement"]: w for w in x["waits"]} for k, x in proofs.items()}
        for name in ("look", "write"):
            equal(waits[full_id("M-03")][name]["longest_ms"] >= 600, True, repr(waits))
            equal(waits[full_id("M-04")][name]["ran"] > 0, True, repr(waits))
        lock = min(waits[full_id("M-03")][n]["longest_ms"] for n in ("look", "write"))
        equal(max(waits[full_id("M-04")][n]["longest_ms"] for n in ("look", "write")) < lock, True, repr(waits))
        nowhere = waits[full_id("M-04")]["nowhere"]
        equal((nowhere["ran"], nowhere["longest_ms"], nowhere["failed"] > 0), (0, None, True))
        equal(databases(), [])
    equal([x["waits"] for x in found(p)[1].values()], [x["waits"] for x in proofs.values()], "they are remembered, too")
    ran = prove(p, "--all")
    contains(ran.out, "      waits: look ")
    p.write("tests/workload.yml", "limit_ms: 500\n" + WORKLOAD)
    d, proofs = found(p, status=3)
    contains(proofs[full_id("M-03")]["error"]["message"], "while PG-MIG-2026-01-01-03 was applied; the limit is 500 ms")
    equal(proofs[full_id("M-03")]["result"], "failed")
    p.write("tests/workload.yml", WORKLOAD.replace("pause_ms", "often"))
    fails(prove(p), 5, 'unknown key "often"', "tests/workload.yml:3")


@test
def junit_says_the_same(tmp):
    p = project(tmp, ["column", "too much"])
    ran = prove(p, "--format=junit")
    equal(ran.status, 4)
    suite = xml.etree.ElementTree.fromstring(ran.out)
    cases = {(c.get("classname"), c.get("name")): c for c in suite}
    equal(int(suite.get("tests")), len(cases))
    equal((suite.get("failures"), suite.get("skipped")), ("1", "0"))
    bad = cases[full_id("M-03"), "down"].find("failure")
    contains(bad.get("message"), 'gate "restored" failed')
    equal(cases[full_id("M-02"), "again"].find("failure"), None)
    equal(("project", "a second build does nothing") in cases, True)


@test
def who_may_not_or_cannot_is_told(tmp):
    p = project(tmp, ["column"])
    pg.psql("postgres", f'ALTER ROLE "{p.db}" NOCREATEDB')
    fails(prove(p), 1, "may not create the database", "CREATEDB")
    fails(p.run("test", "dev", "--server=KFM_NOT_SET"), 5, "KFM_NOT_SET")
    fails(p.run("test", "dev", "--server=KFM_DSN", "--template=nowhere", env={"KFM_DSN": pg.dsn(p.db)}), 1, "create the database")
    for args, words in ((["dev", "nothere"], 'no target "nothere"'), (["dev", "--server=UNSET"], "UNSET, which is not set")):
        ran = p.run("test", *args)
        contains(ran.err, words)
        equal(ran.out, "", "nothing was tried, so nothing is counted")
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB CONNECTION LIMIT 8')
    p.write("tests/workload.yml", "statements: [{name: look, sql: SELECT 1, sessions: 16}]\n")
    fails(prove(p, "-j", "1"), 1, "a session of the workload cannot connect", "too many connections at")
    equal(databases(), [])


def killed(p, point, jobs):
    ran = prove(p, "--all", "-j", jobs, program=FAULTY, env={"KFMIG_FAULT": f"{point}:kill"})
    return ran.status


@test
def what_killed_runs_leave_is_dropped_by_the_next(tmp):
    """Killed at every point that a proof passes, alone and in processes of its own: the next run finds what is left, and nothing else."""
    p = project(tmp, ["column", "rows", "concurrently"])
    pg.psql("postgres", "CREATE DATABASE kfmig_drill_00000001")
    points = ["cache.commit", "plan.reviewed", "ledger.create", "lock.taken", "tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed",
              "journal.intended", "journal.ran", "journal.proven", "journal.done"]
    for point in points:
        equal((point, killed(p, point, "1")), (point, -signal.SIGKILL))
    left = databases()
    equal(len(left) > 1, True, repr(left))
    d, _ = found(p, "--all", "-j", "1")
    equal(results(d), {"proven": 4, "known": 0, "failed": 0, "skipped": 0, "not_tried": 0})
    equal(databases(), ["kfmig_drill_00000001"], "one without kfmig's comment is somebody else's")
    for point in ("tx.statement", "tx.committed"):
        ran = prove(p, "--all", "-j", "2", program=FAULTY, env={"KFMIG_FAULT": f"{point}:kill"})
        fails(ran, 70, "a process that proved migrations ended by itself")
    equal(databases(), ["kfmig_drill_00000001"], "whose process was killed drops what it had")
    pg.psql("postgres", "DROP DATABASE kfmig_drill_00000001")


@test
def interrupted_it_leaves_nothing(tmp):
    p = project(tmp, ["column"])
    p.bundle("M-03", "SELECT pg_sleep(20);", "SELECT 1;")
    for jobs in ("1", "2"):
        child = p.start("test", "dev", "--server=KFM_DSN", "-j", jobs)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if pg.value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND state = 'active' AND pid <> pg_backend_pid()") != "0":
                break
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
        equal((jobs, child.returncode), (jobs, 130))
        equal(databases(), [])


@test
def on_the_embedded_server(tmp):
    """Where no server is named; also for an environment that lives elsewhere, whose reference need not be set."""
    p = project(tmp, ["column", "order", "index"], environments=EMBEDDED)
    p.env["KFMIG_EMBEDDED_IDLE_MS"] = "1000"
    ran = p.run("test", "--json")
    equal(ran.status, 0, repr(ran))
    d = json.loads(ran.out)
    equal((d["proven"], d["environment"], d["server"].endswith(", embedded")), (4, "dev", True), repr(d))
    p.write("registry/environments.v1.yml", ENVIRONMENTS)
    d = json.loads(p.run("test", "--json").out)
    equal((d["proven"] + d["known"], d["server"].endswith(", embedded")), (4, True), repr(d))
    p.run("env", "stop")


if __name__ == "__main__":
    main()
