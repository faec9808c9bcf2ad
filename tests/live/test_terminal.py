"""What people see at a terminal: the server's own words, what Ctrl-C and a shutdown are told as, who holds a lock."""
# run: needs=postgres limit=300

import contextlib
import json
import os
import re
import signal
import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from schemas import valid
from seen import finish, said, until
from tap import cases, contains, equal, fails, lacks, main, test
from terminal import Terminal, on_terminal, settled, width

PROTECTED = ENVIRONMENTS.replace("    evidence: none", "    protected: true\n    approval: review\n    evidence: none")
RAISING = """\
CREATE SCHEMA app;
DO $$ BEGIN RAISE NOTICE 'row %', 17; RAISE WARNING 'xena is odd'; END $$;
CREATE TABLE IF NOT EXISTS app.t (id int);
CREATE TABLE IF NOT EXISTS app.t (id int);
DO $$ BEGIN
  RAISE EXCEPTION 'row % is wrong', 18 USING HINT = 'mend zoe', DETAIL = 'it is yorick'; END $$;
"""
OWN = ("forward.sql:2: NOTICE: row 17", "forward.sql:2: WARNING: xena is odd", 'NOTICE: relation "t" already exists, skipping',
       "server: row 18 is wrong; it is yorick; mend zoe")


def project(tmp, sql, environments=ENVIRONMENTS):
    p = Project(tmp, environments=environments)
    p.bundle("M-01", sql)
    p.write("registry/migrations.v1.json", json.dumps(
        {"version": 1, "migrations": [{"id": full_id("M-01"), "type": "postgis", "owners": [], "status": "approved"}]}))
    return p


@test
def raise_and_notices_are_shown_on_a_terminal_of_an_unprotected_environment(tmp):
    ran = on_terminal(project(tmp, RAISING), "build", "dev", columns=200)
    equal(ran.status, 2)
    for words in OWN:
        contains(ran.out, words)


@cases(
    pipe=(ENVIRONMENTS, False, ()),
    pipe_that_asks=(ENVIRONMENTS, False, ("--show-server-text",)),
    protected=(PROTECTED, True, ("--apply",)),
    progress_as_json=(ENVIRONMENTS, True, ("--progress=json",)),
    json=(ENVIRONMENTS, True, ("--json", "--show-server-text")),
)
def elsewhere_they_are_reduced_to_sqlstate_and_place(case, tmp):
    environments, is_terminal, more = case
    p = project(tmp, RAISING, environments)
    ran = on_terminal(p, "build", "dev", *more, columns=200) if is_terminal else p.build(*more)
    equal(ran.status, 2, repr(ran))
    for part in ("P0001", "forward.sql:5"):
        contains(ran.text, part)
    for words in ("row 1", "xena", "zoe", "yorick"):
        lacks(ran.text, words)
    contains(ran.text, "01000")


@test
def a_protected_terminal_shows_them_to_who_asks(tmp):
    ran = on_terminal(project(tmp, RAISING, PROTECTED), "build", "dev", "--apply", "--show-server-text", columns=200)
    for words in OWN:
        contains(ran.out, words)


@test
def receipts_never_hold_them(tmp):
    p = project(tmp, RAISING)
    ran = on_terminal(p, "build", "dev", "--show-server-text", columns=200)
    equal(ran.status, 2)
    contains(ran.out, "everything was rolled back: raise_exception (P0001)")
    bodies = " ".join(row[0] for row in pg.psql(p.db, "SELECT body FROM kfmig.receipt"))
    contains(bodies, "P0001")
    for words in ("row 1", "is odd", "zoe", "yorick"):
        lacks(bodies, words)


@cases(interrupt=(signal.SIGINT, 130, "interrupted (Ctrl-C) in statement 2 (SELECT), everything was rolled back"),
       termination=(signal.SIGTERM, 143, "told to end (SIGTERM) in statement 2 (SELECT), everything was rolled back"))
def a_signal_is_told_as_that(case, tmp):
    number, status, words = case
    p = project(tmp, "CREATE SCHEMA app;\nSELECT pg_sleep(60);\n")
    with Terminal(p, "build", "dev", columns=200) as t:
        until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'") == "1", "it sleeps")
        t.child.send_signal(number)
        equal(t.end(), status)
    contains(t.shown, words)
    lacks(t.shown, "57014")
    lacks(t.shown, "statement_timeout")


@cases(terminated=("pg_terminate_backend", "admin_shutdown (57P01)", "the server is being shut down, or somebody ended this session"),
       cancelled=("pg_cancel_backend", "query_canceled (57014)", "somebody cancelled it"))
def what_an_administrator_does_is_told_as_that(case, tmp):
    call, condition, hint = case
    p = project(tmp, "CREATE SCHEMA app;\nSELECT pg_sleep(60);\n")
    with Terminal(p, "build", "dev", columns=300) as t:
        until(lambda: pg.value(p.db, f"SELECT count({call}(pid)) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'") == "1",
              "it sleeps, and no more")
        equal(t.end(), 2)
    contains(t.shown, condition)
    contains(t.shown, hint)


@test
def a_timeout_is_told_as_that(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;\nSELECT pg_sleep(60);\n", extra="timeouts: {statement: 200ms}\n")
    ran = on_terminal(p, "build", "dev", columns=200)
    contains(ran.out, "it took longer than statement_timeout allows")


@test
def who_cannot_be_let_in_hears_the_servers_words(tmp):
    p = project(tmp, RAISING)
    role = p.db + "_late"
    pg.psql(p.db, f'CREATE ROLE "{role}" NOLOGIN')
    ran = p.run("status", "dev", env={"KFM_DSN": pg.cluster().dsn(p.db, user=role)})
    equal(ran.status, 1)
    contains(ran.text, f'role "{role}" is not permitted to log in')
    pg.psql("postgres", f'DROP ROLE "{role}"')


@contextlib.contextmanager
def held(db, sql):
    """Somebody who has run sql in an open transaction."""
    session = subprocess.Popen(["psql", "-XqAt", pg.dsn(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "PGAPPNAME": "blocker"})
    session.stdin.write(f"BEGIN; {sql};\n\\echo ready\n")
    session.stdin.flush()
    equal(session.stdout.readline().strip(), "ready")
    yield session
    session.stdin.close()
    session.wait(timeout=20)
    session.stdout.close()


@cases(
    table=("LOCK TABLE app.t IN SHARE MODE", "ALTER TABLE app.t ADD COLUMN b int;", "the lock AccessExclusiveLock on app.t, held by blocker (pid "),
    other_table=("SELECT FROM app.\"T 2\"", 'ALTER TABLE app."T 2" ADD b int;', 'the lock AccessExclusiveLock on app."T 2", held by blocker (pid '),
    counted=("SELECT FROM app.t", "DROP TABLE app.t;", "the lock AccessExclusiveLock on app.t, held by blocker (pid "),
    counted_by_a_delete=("LOCK TABLE app.t IN SHARE MODE", "DELETE FROM app.t;", "the lock RowExclusiveLock on app.t, held by blocker (pid "),
    row=("UPDATE app.t SET id = 2", "UPDATE app.t SET id = 3;", "the lock ShareLock on a row that its transaction changed, held by blocker (pid "),
)
def who_held_the_lock_is_told_with_the_table(case, tmp):
    theirs, ours, words = case
    p = project(tmp, 'CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\nCREATE TABLE app."T 2" ();\nINSERT INTO app.t VALUES (1);\n')
    equal(p.build().status, 0)
    p.bundle("M-02", ours, extra="timeouts: {lock: 1500ms}\nlock_retries: 0\n")
    with held(p.db, theirs):
        ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, f"hint: it was waiting for {words}")
    contains(ran.err, ", idle in transaction since 2")
    contains(ran.err, "; run it again when that has ended")


LOCKED = "LOCK TABLE app.t IN ACCESS EXCLUSIVE MODE"
HOLDER = "waiting for the lock AccessShareLock on app.t, held by blocker (pid "


def looked_at(tmp):
    """A project with something to do, whose database has to be looked at whole: app.v is a view of app.t."""
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\nCREATE VIEW app.v AS SELECT id FROM app.t;\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE TABLE app.u ();\n")
    pg.psql(p.db, "SELECT txid_current()")  # the witness has moved
    return p


@cases(**{verb: (verb,) for verb in ("plan", "status", "why", "build", "diff")})
def a_look_that_waits_says_for_whom_and_not_for_ever(case, tmp):
    p = looked_at(tmp)
    wait = ["--lock-wait=1500ms"]
    with held(p.db, LOCKED):
        ran = p.run(*case, "dev", *(["01-02"] if case[0] == "why" else []), *wait)
    equal(ran.status, 1, repr(ran))
    contains(ran.err, f"dev: {HOLDER}")
    contains(ran.err, 'what stands in environment "dev" could not be read: another session kept a lock for longer than --lock-wait')
    contains(ran.err, f"hint: it was {HOLDER}")
    equal(p.applied(), [full_id("M-01")])


@test
def a_look_goes_on_when_the_lock_is_given_back(tmp):
    p = looked_at(tmp)
    with held(p.db, LOCKED) as session:
        with Terminal(p, "plan", "dev", columns=200) as t:
            t.until(HOLDER)
            session.stdin.write("ROLLBACK;\n")
            session.stdin.flush()
            equal(t.end(), 0)
    lacks(settled(t.shown), "waiting for")
    contains(settled(t.shown), "dev: 1 to apply, 1 current")


@test
def a_look_that_may_not_wait_does_not(tmp):
    p = looked_at(tmp)
    with held(p.db, LOCKED):
        ran = p.run("plan", "dev", "--lock-wait=0", "--json")
    equal((ran.status, json.loads(ran.out)["error"]["sqlstate"]), (1, "55P03"))


@test
def what_is_counted_first_and_finds_no_lock_has_its_place(tmp):
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "\nDROP TABLE app.t;", extra="timeouts: {lock: 100ms}\nlock_retries: 0\n")
    with held(p.db, "SELECT FROM app.t"):
        ran = p.build()
    contains(ran.err, "forward.sql:2:1: statement 1 (DROP TABLE) failed, everything was rolled back: lock_not_available (55P03)")


@test
def the_backend_of_a_killed_run_is_waited_for_by_name(tmp):
    p = project(tmp, "CREATE SCHEMA app;\nSELECT pg_sleep(60);\n")
    first = p.start("build", "dev")
    asleep = "FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
    until(lambda: pg.value(p.db, f"SELECT count(*) {asleep}") == "1", "it sleeps")
    pid = pg.value(p.db, f"SELECT pid {asleep}")
    first.kill()
    first.wait()
    second = p.start("build", "dev")
    until(lambda: f"(pid {pid}, connected since " in said(second), "it is named")
    contains(said(second), "active")
    pg.psql(p.db, f"SELECT pg_terminate_backend({pid})")
    second.send_signal(signal.SIGINT)
    finish(second)


@test
def status_and_why_say_who_when_how_long_and_why_it_failed(tmp):
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE TABLE app.u (id int);\nSELECT 1 FROM app.nowhere;\n")
    p.bundle("M-03", "CREATE TABLE app.w (id int);\nCREATE TABLE app.x (id int);\n", limits={"max_table_count_touched": 1}, extra="depends_on: []\n")
    p.bundle("M-04", "DO $$ BEGIN EXECUTE 'CREATE TABLE IF NOT EXISTS public.elsewhere ()'; EXECUTE 'CREATE TABLE public.other ()'; END $$;",
             extra="depends_on: []\n")
    fails(p.build("-k"), 2, "everything was rolled back")
    rows = p.run("status", "dev").out
    for line in (rf"{full_id('M-01')} +current +success +20\S+Z +\d\.\d s +tester\n    A test\n",
                 rf"{full_id('M-02')} +stale +failed +20\S+Z +\d\.\d s +tester  never built in this environment\n    A test\n"
                 r"    failed: forward.sql:2:15, statement 2: undefined_table \(42P01\)\n",
                 r"    failed: gate scope: create of table public.elsewhere.*\n    failed: gate scope: create of table public.other"):
        equal(re.search(line, rows) is not None, True, f"{line}\n{rows}")
    why = p.run("why", "dev", "M-02".replace("M", "01")).out
    for part in ("  last run  failed at 20", ", by tester, run ", "forward.sql:2:15, statement 2: undefined_table (42P01)"):
        contains(why, part)
    contains(p.run("why", "dev", full_id("M-04")).out, "gate scope: create of table public.other")
    of = {row["target"]: row for row in p.json("status", "dev")["targets"]}
    for short in ("M-01", "M-02", "M-04"):
        target = f"dev/{full_id(short)}@apply"
        explained = valid_why(p, full_id(short))
        equal(of[target]["last_run"], explained["last_run"], "status and why agree")
        equal((of[target]["intent"], explained["intent"]), ("A test", "A test"))
        last = of[target]["last_run"]
        equal((last["actor"], last["started_at"] <= last["finished_at"], 0 <= last["ms"] < 60000), ("tester", True, True), repr(last))
    equal(of[f"dev/{full_id('M-01')}@apply"]["last_run"]["failure"], None)
    failure = of[f"dev/{full_id('M-02')}@apply"]["last_run"]["failure"]
    equal((failure["where"].split("/")[-1], failure["statement"], failure["sqlstate"], failure["condition"], failure["gates"]),
          ("forward.sql:2:15", 2, "42P01", "undefined_table", []))
    gates = of[f"dev/{full_id('M-04')}@apply"]["last_run"]["failure"]["gates"]
    equal([gate.split(",")[0] for gate in gates],
          ["scope: create of table public.elsewhere", "scope: create of table public.other"], repr(gates))


def valid_why(p, name):
    doc = p.json("why", "dev", name)
    valid("why.v1", doc)
    return doc


@cases(**{f"{verb} at {columns}": (verb, columns) for verb in ("status", "plan", "why", "check", "help") for columns in (40, 60, 80, 200)})
def nothing_is_wider_than_the_terminal(case, tmp):
    verb, columns = case
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.a_table_with_a_rather_long_name_indeed (id int);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE TABLE app.u (id int);\nSELECT 1 FROM app.nowhere;\n")
    p.bundle("M-03", "DROP TABLE other.t;\n")
    fails(p.build("-k"), 2, "everything was rolled back")
    args = {"why": ["why", "dev", "01-02"], "check": ["check"], "help": ["help", "migration.yml"]}.get(verb, [verb, "dev"])
    ran = on_terminal(p, *args, columns=columns)
    whole = [word for word in ran.out.split() if len(word) >= columns - 12]  # digests, paths: never torn
    fits_but_for(ran, columns, whole)
    equal(" ".join(ran.out.split()), " ".join(p.run(*args).text.split()), "nothing is lost")


def fits_but_for(ran, columns, words):
    wide = [line for line in ran.out.split("\n") if width(line) > columns and not any(w in line for w in words)]
    equal(wide, [])


@test
def plan_says_how_large_tables_are(tmp):
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.big (id int);\nCREATE TABLE app.parts (id int) PARTITION BY LIST (id);\n"
                     "CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES IN (1);\nCREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES IN (2);\n"
                     "CREATE TABLE app.unknown (id int);\nCREATE TABLE app.\"An empty'd one\" (id int);\n")
    equal(p.build().status, 0)
    pg.psql(p.db, "INSERT INTO app.big SELECT generate_series(1, 20000); INSERT INTO app.parts SELECT 1 FROM generate_series(1, 30); INSERT INTO app.parts SELECT 2 FROM generate_series(1, 12);"
                  "ANALYZE app.big; ANALYZE app.parts_1; ANALYZE app.parts_2; ANALYZE app.\"An empty'd one\"")
    p.bundle("M-02", "ALTER TABLE app.big ALTER id TYPE bigint;\nALTER TABLE app.parts ADD COLUMN k int;\nALTER TABLE app.unknown ADD COLUMN k int;\n"
                     "ALTER TABLE app.\"An empty'd one\" ADD COLUMN k int;\nCREATE TABLE app.new ();\nALTER TABLE app.nowhere ADD COLUMN k int;\n")
    shown = p.run("plan", "dev").out
    for part in ("rewrites table app.big, 20 k rows, AccessExclusive\n", "locks table app.parts, 42 rows, AccessExclusive\n", "locks table app.unknown AccessExclusive\n",
                 "locks table app.nowhere AccessExclusive\n"):
        contains(shown, part)
    contains(p.run("plan", "dev", "--format=markdown").out, "| 6 | rewrites table app.big, 20 k rows, AccessExclusive | never built")
    pg.psql(p.db, "INSERT INTO app.parts SELECT 1 FROM generate_series(1, 100); ANALYZE app.parts_1")
    doc = p.json("plan", "dev")
    valid("plan.v1", doc)
    locks = [lock for row in doc["targets"] for s in row.get("statements", ()) for lock in s["locks"]]
    equal({lock["object"]: lock["rows"] for lock in locks if "rows" in lock}, {"table app.big": 20000, "table app.parts": 142})
    contains(shown, f"plan {doc['plan_digest']}\n")  # sizes are no part of what is approved


@test
def the_live_line_keeps_to_a_terminal_that_is_resized(tmp):
    p = project(tmp, "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN b int;\n", extra="timeouts: {lock: 50s}\n")
    with held(p.db, "LOCK TABLE app.t IN SHARE MODE") as session:
        with Terminal(p, "build", "dev", columns=120) as t:
            t.until("held by blocker")
            t.resize(30)
            t.shown = ""
            until(lambda: t.look().count("\r\x1b[K") >= 4, "it is drawn anew")
            drawn = t.shown.split("\r\x1b[K")[2:-1]
            equal([line for line in drawn if width(line) > 29], [], "one column stays free")
            equal(drawn[0].startswith(f"[1/1] {full_id('M-02')}"), True, repr(drawn))
            session.stdin.write("ROLLBACK;\n")
            session.stdin.flush()
            equal(t.end(), 0)


@test
def status_and_plan_say_that_a_run_is_going_on_and_at_what(tmp):
    p = project(tmp, "CREATE SCHEMA app;\n")
    equal(p.build().status, 0)
    lacks(p.run("status", "dev").out, "going on now")
    equal(p.json("status", "dev")["running"], None)
    p.bundle("M-02", "SELECT pg_sleep(60);\n")
    first = p.start("build", "dev")
    until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'") == "1", "it sleeps")
    for verb in "status", "plan":
        shown = p.run(verb, "dev").out
        contains(shown, f"a run is going on now: kfmig build {full_id('M-02')} (pid ")
        contains(shown, f'the ledger has it as "tester build, process {first.pid}"')
        contains(shown, p.json(verb, "dev")["running"])
    first.send_signal(signal.SIGINT)
    finish(first)
    lacks(p.run("plan", "dev").out, "going on now")


main()
