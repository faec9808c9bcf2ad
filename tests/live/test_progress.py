"""What a run says while it goes on, where nobody looks at a terminal: a line per target, a heartbeat, and all of it as NDJSON."""
# run: needs=postgres limit=300

import contextlib
import json
import os
import subprocess

import pg
from project import Project, full_id
from seen import finish, said, until
from tap import cases, contains, equal, lacks, main, test

TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
ONE, TWO = (full_id(f"M-0{n}") for n in (1, 2))


def pending(tmp, *statements):
    p = Project(tmp)
    for number, sql in enumerate(statements, 1):
        p.bundle(f"M-0{number}", sql)
    return p


@contextlib.contextmanager
def held_table(db):
    """app.t is locked by somebody else; yields what lets go of it."""
    session = subprocess.Popen(["psql", "-XqAt", pg.dsn(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "PGAPPNAME": "blocker"})
    session.stdin.write("BEGIN; LOCK TABLE app.t IN ACCESS SHARE MODE;\n\\echo ready\n")
    session.stdin.flush()
    while session.stdout.readline().strip() != "ready":
        pass
    try:
        yield session.stdin.close
    finally:
        session.stdin.close()
        session.wait(timeout=20)
        session.stdout.close()


def events(text):
    return [json.loads(line) for line in text.splitlines()]


BEGIN_ONE, BEGIN_TWO, END_ONE, END_TWO = f"[1/2] {ONE} begins", f"[2/2] {TWO} begins", f"[1/2] {ONE}", f"[2/2] {TWO}"


@cases(batch=("batch", [BEGIN_ONE, BEGIN_TWO, END_ONE, END_TWO]), each=("each", [BEGIN_ONE, END_ONE, BEGIN_TWO, END_TWO]))
def a_pipe_gets_a_line_per_target_that_begins(case, tmp):
    """... and one that it is done, once it is on disk"""
    durability, want = case
    p = pending(tmp, TABLE, "ALTER TABLE app.t ADD COLUMN extra int;")
    path = p.path("registry/environments.v1.yml")
    path.write_text(path.read_text().replace("evidence: none", f"evidence: none\n    durability: {durability}"))
    lines = [line.split("  ")[0] for line in p.build().err.splitlines()]
    equal([line for line in lines if line.startswith("[")], want)
    equal(p.build("--quiet").err, "", "nothing with --quiet")


@test
def a_pipe_hears_that_a_long_statement_still_runs(tmp):
    p = pending(tmp, TABLE)
    equal(p.build().status, 0)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;", extra="timeouts: {lock: 60s}\n")
    with held_table(p.db) as let_go:
        child = p.start("build", "dev", env={"KFMIG_HEARTBEAT_MS": "300"})
        until(lambda: said(child).count(f"{TWO}: at work for ") >= 2, "two heartbeats")
        until(lambda: "1/1 ALTER TABLE" in said(child), "they name the statement")
        until(lambda: "waiting for the lock" in said(child), "and what it waits for is told")
        let_go()
        status, _, err = finish(child)
    equal(status, 0, err)
    contains(err, "waiting for the lock AccessExclusiveLock on app.t, held by blocker")


@test
def progress_as_json_is_one_object_a_line(tmp):
    p = pending(tmp, TABLE, "ALTER TABLE app.t ADD COLUMN extra int;")
    ran = p.build("--progress=json")
    equal(ran.status, 0, repr(ran))
    found = events(ran.err)
    equal([(x["target"], x["at"], x["of"]) for x in found if x["event"] == "begin"], [(ONE, 1, 2), (TWO, 2, 2)])
    equal([(x["target"], x["tag"], x["at"], x["of"]) for x in found if x["event"] == "statement"],
          [(ONE, "CREATE SCHEMA", 1, 2), (ONE, "CREATE TABLE", 2, 2), (TWO, "ALTER TABLE", 1, 1)])
    equal([x["target"] for x in found if x["event"] == "done"], [ONE, TWO])
    equal(all("time" in x for x in found), True, "each has its time")


@test
def a_failure_and_a_heartbeat_are_events_too(tmp):
    p = pending(tmp, TABLE)
    equal(p.build().status, 0)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;", extra="timeouts: {lock: 1500ms}\nlock_retries: 1\n")
    with held_table(p.db):
        ran = p.build("--progress=json", env={"KFMIG_HEARTBEAT_MS": "200"})
    found = events(ran.err)
    equal(ran.status, 2)
    equal({x["target"] for x in found if x["event"] == "heartbeat"}, {TWO})
    equal([x["for"].split(" (")[0] for x in found if x["event"] == "waiting"][0], "waiting for the lock AccessExclusiveLock on app.t, held by blocker")
    equal([(x["condition"], x["at"], x["of"]) for x in found if x["event"] == "retry"], [("lock_not_available", 1, 1)])
    failed = [x for x in found if x["event"] == "failed"][0]
    equal((failed["error"]["code"], failed["error"]["sqlstate"], failed["sequence"] > 0), ("apply", "55P03", True))


@test
def what_is_no_format_of_progress_is_refused(tmp):
    p = pending(tmp, TABLE)
    ran = p.build("--progress=yaml")
    equal(ran.status, 5)
    contains(ran.err, '--progress wants text or json, not "yaml"')
    lacks(p.build("--progress=text").err, "{")


main()
