"""Migrations that wait for a deployment: held back and told, nothing else with them, until somebody records it."""
# run: needs=postgres limit=300

import json

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

TWO = """\
environments:
  dev: {stores: {postgis: {dsn_ref: KFM_DSN}}}
  prod: {protected: true, approval: review, stores: {postgis: {dsn_ref: KFM_OTHER}}}
default_environment: dev
"""
CODES = ["awaits_deploy"]  # reached below
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, name text, title text);\nINSERT INTO app.t SELECT i, 'n' || i FROM generate_series(1, 5) i;\n"
OTHER = "CREATE SCHEMA other;\nCREATE TABLE other.t (id int PRIMARY KEY);\n"
DROP = "ALTER TABLE app.t DROP COLUMN name;\n"
VIEW = "CREATE VIEW app.v AS SELECT id FROM app.t;\n"


def project(tmp, **more):
    """M-01 stands; M-02 waits for v2; M-03 comes after it, M-04 after M-01 only."""
    p = Project(tmp, **more)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    p.bundle("M-02", DROP, extra="requires_deploy: v2\n")
    p.bundle("M-03", VIEW)
    p.bundle("M-04", OTHER, schemas=("other",), extra="depends_on: [PG-MIG-2026-01-01-01]\n")
    return p


def states(p, env="dev"):
    return {t["target"].split("/")[1].split("@")[0]: (t["state"], t["reasons"][0]["code"]) for t in p.json("status", env)["targets"]
            if t["target"].endswith("@apply")}


HELD = {full_id("M-02"): ("blocked", "awaits_deploy"), full_id("M-03"): ("blocked", "upstream_blocked")}


@test
def what_waits_is_held_back_and_nothing_else(tmp):
    """A build runs all the rest and ends well; plan, why, status and preflight name the tag and the command."""
    p = project(tmp)
    shown = p.run("plan", "dev")
    equal(shown.status, 0, repr(shown))
    for words in ('nobody has recorded that "v2" is deployed in dev', "1 to apply", "2 held back"):
        contains(shown.out, words)
    fails(p.run("plan", "dev", "--exit-code"), 10, "1 to apply")
    equal({k: v for k, v in states(p).items() if k in HELD}, HELD)
    why = p.run("why", f"dev/{full_id('M-02')}")
    contains(why.out, "awaits_deploy")
    contains(why.out, "`kfmig deployed dev v2` records it")
    contains(p.run("why", f"dev/{full_id('M-03')}").out, f"dev/{full_id('M-02')}@apply")
    checks = {c["check"]: c for c in json.loads(p.run("preflight", "dev", "--json").out)["checks"]}
    equal(checks["pending"]["result"], "pass")
    equal((checks["deployments"]["result"], [f["subject"] for f in checks["deployments"]["findings"]]), ("warning", [full_id("M-02"), full_id("M-03")]))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, full_id("M-02") + ' is held back: nobody has recorded that "v2" is deployed in dev; `kfmig deployed dev v2` records it')
    equal(pg.value(p.db, "SELECT to_regclass('other.t') IS NOT NULL AND to_regclass('app.v') IS NULL"), "t")
    again = p.build()
    equal(again.status, 0, repr(again))
    contains(again.err, full_id("M-02") + " is held back")
    equal(p.run("plan", "dev", "--exit-code").status, 0, "nothing that a build would do")


@test
def recorded_it_runs(tmp):
    """One entry with a receipt and what is said of it; recorded once; the plan's digest moves with what it decides; the ledger verifies."""
    p = project(tmp)
    equal(p.build().status, 0)
    before = p.json("plan", "dev")["plan_digest"]
    ran = p.run("deployed", "dev", "v2", "--notes=all 12 nodes", "--links=ci=https://ci.example/run/17", "--json")
    equal(ran.status, 0, repr(ran))
    valid("result.v1", json.loads(ran.out))
    sequence = pg.value(p.db, "SELECT seq FROM kfmig.entry WHERE kind = 'deploy'")
    receipt = json.loads(p.run("receipt", "show", "dev", sequence, "--canonical").out)
    valid("run_receipt.v1", receipt)
    equal((receipt["run_kind"], receipt["claim"]["deploy"]["tag"], receipt["notes"], receipt["links"]),
          ("deploy", "v2", "all 12 nodes", {"ci": "https://ci.example/run/17"}))
    equal(pg.psql(p.db, "SELECT kind, subject, text::jsonb ->> 'checksum' FROM kfmig.entry WHERE kind = 'deploy'"),
          [("deploy", "v2", receipt["claim"]["deploy"]["digest"])])
    if p.json("plan", "dev")["plan_digest"] == before:
        raise AssertionError("the plan decides otherwise, and has the same digest")
    ran = p.run("deployed", "dev", "v2")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, '"v2" is recorded already')
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'deploy'"), "1")
    equal(p.build().status, 0)
    equal(set(states(p).values()), {("current", "current")})
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("plan", "dev").out.count("held back"), 0)


@cases(nothing=([], "needs the tag of one deployment"), too_many=(["dev", "v1", "v2"], "needs the tag of one deployment"),
       environment=(["nowhere", "v2"], "nowhere"), blanks=(["dev", "v 2"], "is no tag of a deployment"),
       shell=(["dev", "v2;rm"], "is no tag of a deployment"), empty=(["dev", ""], "is no tag of a deployment"),
       dash=(["dev", "--", "-v"], "is no tag of a deployment"), too_long=(["dev", "v" * 101], "is no tag of a deployment"))
def refused(how, tmp):
    """What is no tag is said, and nothing is written."""
    args, words = how
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    fails(p.run("deployed", *args), 5, words)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'deploy'"), "0")


@test
def a_tag_that_no_declaration_may_have(tmp):
    """The declaration is refused where it says a tag that could not be recorded."""
    p = Project(tmp)
    p.bundle("M-01", TABLE, extra="requires_deploy: 'v 2'\n")
    fails(p.run("check"), 5, "requires_deploy")


@test
def before_the_first_contact(tmp):
    """Without a ledger nothing can be recorded; the first build makes it and holds back what waits."""
    p = Project(tmp)
    p.bundle("M-01", TABLE, extra="requires_deploy: v1\n")
    fails(p.run("deployed", "dev", "v1"), 1, 'environment "dev" has no ledger yet: nothing was recorded')
    p.bundle("M-02", OTHER, schemas=("other",), extra="depends_on: []\n")
    equal(p.build().status, 0)
    equal(p.run("deployed", "dev", "v1").status, 0)
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM app.t"), "5")


@test
def each_environment_has_its_own(tmp):
    """What is deployed in staging is not in prod; a protected environment takes it without --apply, as it changes nothing but the ledger."""
    p = Project(tmp, environments=TWO)
    p.bundle("M-01", OTHER, schemas=("other",))
    p.bundle("M-02", TABLE, extra="requires_deploy: v1\n")
    p.run("check", "--fix")
    p.env["KFM_OTHER"] = pg.dsn(pg.createdb())
    equal(p.build().status, 0)
    equal(p.run("build", "prod", "--apply").status, 0)
    equal(p.run("deployed", "dev", "v1").status, 0)
    contains(p.run("plan", "dev").out, "1 to apply")
    contains(p.run("plan", "prod").out, 'nobody has recorded that "v1" is deployed in prod')
    equal(p.run("deployed", "prod", "v1").status, 0)
    equal(p.run("build", "prod", "--apply").status, 0)
    equal([v for v in states(p, "prod").values()], [("current", "current")] * 2)


@test
def a_backfill_waits_too(tmp):
    """Reference 000's dual-write period: the backfill is held back until the version that writes both columns is out everywhere."""
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    p.bundle("M-02", None, extra="requires_deploy: dual-write\nbackfill:\n  table: app.t\n  key: [id]\n  rows: 2\n"
                           "  statement: UPDATE app.t SET title = name WHERE id > :from AND id <= :to\n"
                           "  verify: SELECT id FROM app.t WHERE title IS DISTINCT FROM name\n", limits={"max_row_backfill": 100})
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE title IS NOT NULL"), "0")
    equal(p.run("deployed", "dev", "dual-write").status, 0)
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE title = name"), "5")


main()
