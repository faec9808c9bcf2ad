"""What is asked of a change before it runs: what the linter says of it, in the plan and as a refusal where the environment is protected."""
# run: needs=postgres limit=300

import json

import pg
from project import Project
from schemas import valid
from tap import contains, equal, fails, lacks, main, test

CODES = ["lint_error", "policy", "policy_warning"]  # reached below

GUARDED = """environments:
  dev:
    protected: true
    approval: review
    stores:
      postgis: {dsn_ref: KFM_DSN}
default_environment: dev
"""


def owned(p):
    """kfmig connects as the owner of the database."""
    p.env["KFM_DSN"] = pg.dsn(p.db, user=p.db)


def has(text, *parts):
    for part in parts:
        contains(text, part)


def apply_row(p, ident):
    doc = p.json("plan", "dev")
    valid("plan.v1", doc)
    return next(t for t in doc["targets"] if t["target"] == f"dev/PG-MIG-2026-01-01-{ident}@apply")


def rules(row):
    return [(f["rule"], f["severity"]) for f in row["lint"] if f["severity"] != "note"]


@test
def the_plan_says_what_the_linter_finds_and_how_large_the_table_is(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.big (id bigint PRIMARY KEY, at timestamptz); CREATE TABLE app.few (id bigint PRIMARY KEY, at timestamptz);")
    equal(p.build().status, 0)
    pg.psql(p.db, "INSERT INTO app.big SELECT i, now() FROM generate_series(1, 30000) i; INSERT INTO app.few VALUES (1, now()); ANALYZE app.big; ANALYZE app.few")
    p.bundle("M-02", "CREATE INDEX big_at ON app.big (at);\nCREATE INDEX few_at ON app.few (at);\nGRANT SELECT ON app.few TO PUBLIC;\n")
    row = apply_row(p, "02")
    equal(rules(row), [("index-blocks-writes", "warning"), ("grant-to-public", "warning")])
    contains(row["lint"][0]["message"], "writes to app.big wait until the index is built (30 k rows, 1.")
    (lock,) = [x for s in row["statements"] for x in s["locks"] if x["object"] == "table app.big"]
    equal((lock["rows"], lock["bytes"] > 1 << 20), (30000, True))
    for text in (p.run("plan", "dev").out, p.run("plan", "dev", "--format=markdown").out):
        has(text, "index-blocks-writes", "app.big wait until the index is built (30 k rows", "grant-to-public")
        lacks(text, "app.few wait")
    contains(p.run("plan", "dev", "-v").out, "note: index-blocks-writes: writes to app.few wait until the index is built (1 row)")
    equal(p.build().status, 0)


@test
def an_error_of_the_linter_blocks_where_the_environment_is_protected(tmp):
    p = Project(tmp, environments=GUARDED)
    owned(p)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY);")
    equal(p.run("check", "--fix").status, 0)
    equal(p.build("--apply").status, 0)
    p.bundle("M-02", "TRUNCATE app.t CASCADE;\n", extra="class: C\nticket: KFM-1\n")
    fails(p.run("check", "--fix"), 1, "truncate-cascade")
    row = apply_row(p, "02")
    equal(row["state"], "blocked")
    (reason,) = [r for r in row["reasons"] if r["code"] == "lint_error"]
    contains(reason["detail"], "truncate-cascade: ")
    contains(reason["where"], "/forward.sql:1:1")
    fails(p.build("--apply"), 1, "truncate-cascade", "kfmig why")
    has(p.run("why", "dev/PG-MIG-2026-01-01-02").out, "kfmig lint --explain=RULE", "-- kfmig:allow RULE REASON")
    equal(len(p.applied()), 1)
    p.bundle("M-02", "-- kfmig:allow truncate-cascade nothing refers to it yet\nTRUNCATE app.t CASCADE;\n", extra="class: C\nticket: KFM-1\n")
    row = apply_row(p, "02")
    (waived,) = [f for f in row["lint"] if f["rule"] == "truncate-cascade"]
    equal(waived["waived_by"], "nothing refers to it yet")
    equal(p.build("--apply").status, 0)
    receipt = p.json("receipt", "show", "dev/PG-MIG-2026-01-01-02")
    has(json.dumps(receipt), "truncate-cascade", "nothing refers to it yet")


@test
def what_reduces_what_is_enforced_is_told_where_the_environment_is_protected(tmp):
    p = Project(tmp, environments=GUARDED)
    owned(p)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY);\n-- kfmig:allow grant-to-public it is a list of countries\nGRANT SELECT ON app.t TO PUBLIC;\nALTER TABLE app.t DISABLE ROW LEVEL SECURITY;\n")
    p.bundle("M-02", "CREATE TABLE app.u (id bigint PRIMARY KEY);\n")
    equal((apply_row(p, "01")["reduces"], apply_row(p, "02")["reduces"]), (["grant-to-public", "row-security-off"], []))
    contains(p.run("plan", "dev").out, "reduces what is enforced: grant-to-public, row-security-off\n")
    (reason,) = [r for r in apply_row(p, "01")["reasons"] if r["code"] == "approval_missing"]
    contains(reason["detail"], "0 of 1 signature, missing: kfm-governance; it reduces what is enforced: grant-to-public, row-security-off")
    p.write("registry/environments.v1.yml", GUARDED.replace("protected: true", "protected: false"))
    equal(apply_row(p, "01")["reduces"], [])


@test
def what_breaks_wants_a_reference_where_the_environment_is_protected(tmp):
    p = Project(tmp, environments=GUARDED)
    owned(p)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY); INSERT INTO app.t VALUES (1);", reference="")
    p.bundle("M-02", "ALTER TABLE app.t RENAME TO u;\n", rollback="ALTER TABLE app.u RENAME TO t;\n", reference="", extra="class: C\n")
    contains(p.run("check", "--fix").text, "it is of class C, and no plan, ADR or issue stands behind it; protected environments refuse that")
    equal((apply_row(p, "01")["class"], apply_row(p, "02")["class"]), ("A", "C"))
    equal([r["detail"].split(";")[0] for r in apply_row(p, "02")["reasons"] if r["code"] == "left_open"],
          ["it is of class C, and no plan, ADR or issue stands behind it"])
    fails(p.build("--apply"), 1, "approvals.reference")
    p.bundle("M-02", "ALTER TABLE app.t RENAME TO u;\n", rollback="ALTER TABLE app.u RENAME TO t;\n", reference="ADR 7", extra="class: C\n")
    equal(p.build("--apply").status, 0)
    p.write("registry/environments.v1.yml", GUARDED.replace("protected: true", "protected: false"))
    p.bundle("M-03", "ALTER TABLE app.u RENAME TO t;\n", rollback="ALTER TABLE app.t RENAME TO u;\n", reference="")
    equal(apply_row(p, "03")["class"], "C")
    equal(p.build().status, 0)


POLICY = """environments:
  dev:
    stores:
      postgis: {dsn_ref: KFM_DSN}
    policy:
      - {id: no-drops, forbid: [drop table, truncate], why: rows stay}
      - {id: few-rows, forbid: [write], rows_over: 100}
      - {id: look, warn: [alter table]}
      - {id: plan-first, require: [reference], classes: [C]}
default_environment: dev
"""


def codes(row):
    return [(r["code"], r["detail"]) for r in row["reasons"] if r["code"].startswith("policy")]


@test
def a_policy_is_judged_by_the_text_and_by_what_is_done(tmp):
    p = Project(tmp, environments=POLICY)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY, n int); CREATE TABLE app.u (id bigint PRIMARY KEY);")
    equal(p.build().status, 0)
    p.bundle("M-02", "DROP TABLE app.u;\n", reference="")
    equal(codes(apply_row(p, "02")), [("policy", "policy no-drops: drop of table app.u; rows stay"),
                                      ("policy", "policy plan-first: it has no reference: name the plan, issue or ADR: ticket, or approvals.reference")])
    fails(p.build(), 1, "policy no-drops")
    contains(p.run("why", "dev/PG-MIG-2026-01-01-02").out, "policy in registry/environments.v1.yml has the rule")
    p.bundle("M-02", "DO $$ BEGIN EXECUTE 'DROP TABLE app.u'; END $$;\n", extra="ticket: KFM-1\n")
    equal(codes(apply_row(p, "02")), [])
    fails(p.build(), 2, 'gate "policy no-drops" failed, everything was rolled back: drop of table app.u')
    equal(pg.psql(p.db, "SELECT to_regclass('app.u') IS NULL"), [("f",)])
    p.bundle("M-02", "INSERT INTO app.t SELECT i, i FROM generate_series(1, 101) i;\n")
    fails(p.build(), 2, 'gate "policy few-rows" failed')
    p.bundle("M-02", "INSERT INTO app.t SELECT i, i FROM generate_series(1, 100) i;\nALTER TABLE app.t ADD COLUMN m int;\n")
    equal(codes(apply_row(p, "02")), [("policy_warning", "policy look: alter of table app.t")])
    equal(p.build().status, 0)
    gates = {g["gate"]: g["result"] for g in p.json("receipt", "show", "dev/PG-MIG-2026-01-01-02")["claim"]["gates"]}
    equal({k: v for k, v in gates.items() if k.startswith("policy")}, {"policy no-drops": "pass", "policy few-rows": "pass", "policy look": "fail"})


@test
def a_policy_that_contradicts_itself_is_refused(tmp):
    p = Project(tmp, environments=POLICY.replace("warn: [alter table]", "warn: [drop table]"))
    fails(p.run("check"), 5, "registry/environments.v1.yml:8:", 'environment "dev": policy "no-drops" forbids all that is warned of by "look"')
    fails(p.build(), 5, 'policy "no-drops" forbids all')


main()
