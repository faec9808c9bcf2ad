"""The ritual around everything that writes, verb by verb: who may, the reviewed plan, the sink, the exit status; and the result as JSON."""
# run: needs=postgres limit=600

import json
import os
import pathlib
import signal

import pg
from datasets import point, version
from project import ENVIRONMENTS, FAULTY, Project, full_id
from schemas import valid
from seen import files, finish, one_error, until
from tap import cases, contains, equal, main, test

ONE, TWO = full_id("M-01"), full_id("M-02")
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
CHAIN = "CREATE SCHEMA app;\nCREATE TABLE app.pts (version text NOT NULL, id text PRIMARY KEY);\n"
PROTECTED = """\
environments:
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
A, B = "2026-02.0000000a", "2026-03.0000000b"


def declare(p, which):
    p.write("registry/projections/wells.yml", f"""\
projection: wells
store: postgis
schema: app
sources:
  - dataset: wells
    version: {which}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id}}
validate: {{counts: catalog}}
""")


def projection(tmp, environments=ENVIRONMENTS):
    """One projection with two generations: 2 is live."""
    p = Project(tmp, environments=environments)
    env = "prod" if "prod" in environments else "dev"
    p.bundle("M-01", CHAIN)
    version(p, "wells", A, [point(f"p{i}", -100, 38) for i in range(3)])
    version(p, "wells", B, [point(f"q{i}", -100, 38) for i in range(4)])
    equal(p.run("check", "--fix").status, 0)
    if env == "prod":
        equal(p.run("adopt", "prod", "--apply").status, 0)
    for which in (A, B):
        declare(p, which)
        ran = p.run("build", env, "--apply")
        equal(ran.status, 0, repr(ran))
    return p


def sink(p):
    uuid = pg.value(p.db, "SELECT uuid FROM kfmig.instance")
    return p.path(f"archive/dev/{uuid}")


def entries(p):
    return int(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"))


# --- the sink

WITH_SINK = ENVIRONMENTS + "receipts: {sink: archive}\n"


@test
def adopt_delivers_its_receipt(tmp):
    p = Project(tmp, environments=WITH_SINK)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    pg.psql(p.db, "CREATE TABLE public.drifted ()")
    ran = p.run("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    equal(len(list(sink(p).iterdir())), entries(p))


@cases(build=("build", "dev"), adopt=("adopt", "dev"), gc=("gc", "dev"))
def with_nothing_to_do_the_sink_gets_what_it_lacks(args, tmp):
    p = Project(tmp, environments=WITH_SINK)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    want = files(sink(p))
    for file in sorted(sink(p).iterdir())[:2]:
        file.unlink()
    ran = p.run(*args)
    equal(ran.status, 0, repr(ran))
    equal(files(sink(p)), want)
    equal(entries(p), len(want), "and nothing else was written")


@test
def a_sink_that_is_no_folder_stops_a_build(tmp):
    p = Project(tmp, environments=WITH_SINK)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    folder = sink(p)
    kept = sorted(folder.iterdir())
    kept[0].unlink()
    os.rename(folder, p.path("aside"))
    p.path("archive/dev").rmdir()
    p.write("archive/dev", "no folder")
    one_error(p.build(), 1, "archive/dev")


# --- who may


@cases(build=("build", "prod", "--apply"), adopt=("adopt", "prod", "--apply"), rebuild=("rebuild", "prod", "--all", "--apply"),
       switch=("switch", "prod", "wells", "1", "--apply"), gc=("gc", "prod", "--all", "--apply"))
def a_protected_environment_refuses_a_superuser(args, tmp):
    p = projection(tmp, PROTECTED)
    before = entries(p)
    if args[0] == "build":
        declare(p, A)
    if args[0] == "adopt":
        pg.psql(p.db, "CREATE TABLE public.drifted ()")
    one_error(p.run(*args, env={"KFM_DSN": pg.dsn(p.db, user="postgres")}), 1, "superuser", "prod")
    equal(entries(p), before)


# --- the reviewed plan


def stopped_between(p, *args):
    """A build that has made its plan and does not have the lock yet."""
    child = p.start("build", "dev", *args, env={"KFMIG_FAULT": "plan.reviewed:stop"}, program=FAULTY)
    until(lambda: "T" in open(f"/proc/{child.pid}/stat").read().rsplit(")", 1)[1].split()[0] or child.poll() is not None, "it stops")
    return child


@test
def a_reviewed_plan_is_held_to_under_the_lock_in_an_unprotected_environment(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;")
    reviewed = p.json("plan", "dev")["plan_digest"]
    child = stopped_between(p, f"--plan={reviewed}")
    pg.psql(p.db, "ALTER TABLE app.t ADD COLUMN drifted int")
    os.kill(child.pid, signal.SIGCONT)
    status, _, err = finish(child)
    equal(status, 1, err)
    contains(err, "the plan moved between review and lock: nothing was run")
    equal(p.applied(), [ONE])


@test
def also_at_first_contact(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    reviewed = p.json("plan", "dev")["plan_digest"]
    child = stopped_between(p, f"--plan={reviewed}")
    pg.psql(p.db, "CREATE TABLE public.moved ()")
    os.kill(child.pid, signal.SIGCONT)
    status, _, err = finish(child)
    equal(status, 1, err)
    contains(err, "the plan moved between review and lock: nothing was run")
    equal(p.applied(), [])


@test
def what_did_not_move_runs_as_reviewed(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    for _ in range(2):
        reviewed = p.json("plan", "dev")["plan_digest"]
        child = stopped_between(p, f"--plan={reviewed}")
        os.kill(child.pid, signal.SIGCONT)
        status, _, err = finish(child)
        equal(status, 0, err)
        p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;")
    equal(p.applied(), [ONE, TWO])


# --- the exit status


@test
def every_verb_that_writes_ends_in_one_place(tmp):
    verbs = sorted((pathlib.Path(os.environ["KFMIG_SRC"]) / "src/cli").glob("cmd_*.c"))
    reads = ["cmd_dump", "cmd_test", "cmd_wait"]  # they end there for the signal's sake
    ends = [v.stem for v in verbs if "return verb_run(" in v.read_text() and v.stem not in reads]
    equal(ends, ["cmd_adopt", "cmd_approve", "cmd_backup", "cmd_build", "cmd_deployed", "cmd_gc", "cmd_preflight", "cmd_rebuild", "cmd_reset", "cmd_resolve", "cmd_rollback", "cmd_switch"], "t_verb.c says what that gives")
    # These write files of the project; rename also tells several ledgers, in a document of its own; test makes databases of its own.
    files = ["cmd_check", "cmd_init", "cmd_lint", "cmd_migrate_safe", "cmd_new", "cmd_receipt", "cmd_rename", "cmd_scope", "cmd_test"]
    equal([v.stem for v in verbs if '#include "flow/' in v.read_text() and v.stem not in ends], files)


# --- the result as JSON


def result(ran, status=0, schema="result.v1"):
    """The one object on stdout."""
    equal(ran.status, status, repr(ran))
    equal(len(ran.out.splitlines()), 1, repr(ran))
    found = json.loads(ran.out)
    valid(schema, found)
    return found


def ledger(p):
    return int(pg.value(p.db, "SELECT max(seq) FROM kfmig.entry")), pg.value(p.db, "SELECT uuid FROM kfmig.instance")


@test
def build_gives_what_ran_and_what_it_left(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;")
    reviewed = p.json("plan", "dev")["plan_digest"]
    found = result(p.build("--json"))
    equal([(x["target"], x["action"], x["sequence"]) for x in found["ran"]], [(ONE, "apply", 3), (TWO, "apply", 4)])
    equal((found["verb"], found["environment"], found["failed"], found["plan_digest"]), ("build", "dev", [], reviewed))
    equal((found["ledger"]["size"], found["ledger"]["instance"]), ledger(p))
    equal([x["run_id"] for x in found["ran"]], [r[0] for r in pg.psql(p.db, "SELECT run_id FROM kfmig.entry WHERE kind = 'apply' ORDER BY seq")])
    idle = result(p.build("--json"))
    equal((idle["ran"], idle["current"], idle["plan_digest"]), ([], 2, p.json("plan", "dev")["plan_digest"]))


@test
def a_failed_migration_is_in_it_with_its_error(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "ALTER TABLE app.missing ADD COLUMN extra int;")
    found = result(p.build("--json"), 2)
    equal([x["target"] for x in found["ran"]], [ONE])
    failed = found["failed"][0]
    equal((failed["target"], failed["error"]["code"], failed["error"]["sqlstate"], failed["sequence"]), (TWO, "apply", "42P01", 4))


@test
def a_gate_that_stood_in_the_way_is_named(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "DO $$ BEGIN EXECUTE 'CREATE TABLE public.no ()'; END $$;")
    gates = result(p.build("--json"), 2)["failed"][0]["gates"]
    equal([(g["rule"], g["subject"]) for g in gates], [("scope", "table public.no")])


@test
def what_ended_the_run_is_in_it(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    p.write(f"migrations/postgis/{ONE}/forward.sql", TABLE + "-- changed\n")
    found = result(p.build("--json"), 1)
    equal((found["ran"], found["error"]["code"]), ([], "preflight"))
    contains(found["error"]["message"], "1 target is blocked")


@test
def an_error_before_any_environment_is_the_result(tmp):
    p = Project(tmp)
    found = result(p.run("build", "nowhere", "--json"), 5, "error.v1")
    contains(found["error"]["message"], "nowhere")


@test
def rebuild_switch_gc_and_adopt_give_theirs(tmp):
    p = projection(tmp)
    again = result(p.run("rebuild", "dev", "--all", "--json"))
    equal([(x["target"], x["action"]) for x in again["ran"]], [("wells", "publish")])
    back = result(p.run("switch", "dev", "wells", "2", "--json"))
    row = back["ran"][0]
    equal((row["target"], row["action"], row["generation"]), ("wells", "switch", 2))
    equal(row["content"], "sha256:" + pg.value(p.db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE number = 2"))
    equal((back["ledger"]["size"], back["ledger"]["instance"]), ledger(p))
    dropped = result(p.run("gc", "dev", "--all", "--json"))
    equal([(x["target"], x["action"]) for x in dropped["ran"]], [("wells", "retire")])
    pg.psql(p.db, "CREATE TABLE public.drifted ()")
    adopted = result(p.run("adopt", "dev", "--json"))
    equal([(x["target"], x["action"], x["objects"]) for x in adopted["ran"]], [("dev", "adopt", 1)])


main()
