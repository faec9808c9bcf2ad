"""Of what drifted, only what is named is adopted: shown first, and then recorded just so."""
# run: needs=postgres limit=600

import subprocess

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

ONE = full_id("M-01")
PROTECTED = """\
environments:
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nCREATE TABLE app.u (id int);\nCREATE TABLE app.gone (id int);\n"
DRIFT = "ALTER TABLE app.t ADD more int; CREATE VIEW app.v AS SELECT 1 AS one; DROP TABLE app.gone; CREATE FUNCTION app.t() RETURNS int LANGUAGE sql AS 'SELECT 1'"
ALL = ["function app.t()", "table app.gone", "table app.t", "view app.v"]


def drifted(tmp, env="dev", **more):
    p = Project(tmp, **more)
    p.bundle("M-01", TABLE)
    p.run("check", "--fix")
    ran = p.run("build", env, "--apply")
    equal(ran.status, 0, repr(ran))
    pg.psql(p.db, DRIFT, p.db)
    equal(left(p, env), ALL)
    return p


def left(p, env="dev"):
    return sorted(d["object"] for d in p.json("diff", env)["differences"])


def entries(p):
    return int(pg.value(p.db, "SELECT size FROM kfmig.head"))


@cases(changed=(["table app.t"], ["table app.t"]), by_name=(["app.v"], ["view app.v"]), vanished=(["app.gone"], ["table app.gone"]),
       function=(["app.t()"], ["function app.t()"]), two=(["app.v", "table app.t"], ["table app.t", "view app.v"]),
       twice=(["app.v", "view app.v"], ["view app.v"]), all_=(ALL, ALL))
def only_these(how, tmp):
    given, taken = how
    p = drifted(tmp)
    shown = p.run("adopt", "dev", *given, "--dry-run")
    equal(shown.status, 0, repr(shown))
    for text in ALL:
        (lacks if text in taken else contains)(shown.text, f"stays drift: {text}\n")
    contains(shown.text, "dev: nothing was adopted")
    before = entries(p)
    equal(left(p), ALL, "--dry-run records nothing")
    ran = p.run("adopt", "dev", *given)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"dev: {len(taken)} object{'' if len(taken) == 1 else 's'} adopted; ledger entry {before + 1}, run ")
    equal(left(p), [x for x in ALL if x not in taken])
    receipt = p.json("receipt", "show", "dev", str(before + 1))
    equal((receipt["result"], receipt["target"]["action"] if "action" in receipt["target"] else "adopt"), ("success", "adopt"))
    verified = p.run("receipt", "verify", "dev")
    equal(verified.status, 0, repr(verified))
    rest = p.run("adopt", "dev")
    equal((rest.status, left(p)), (0, []), repr(rest))
    none = p.run("adopt", "dev", *given)
    equal(none.status, 1, repr(none))
    contains(none.text, '"dev" is as its ledger says: there is nothing to adopt')


# refused, with these words, and nothing recorded
@cases(same=(["table app.u"], 'table app.u in "dev" is as the ledger says: there is nothing to adopt'),
       same_by_name=(["app.u"], "table app.u in"),
       unknown=(["table app.nothing"], 'neither "dev" nor its ledger has an object "table app.nothing"'),
       one_of_two=(["app.v", "app.u"], "table app.u in"),
       kind=(["view app.t"], 'has an object "view app.t"'),
       word=(["everything"], 'has an object "everything"'),
       upgrade=(["app.v", "--upgrade"], "view app.v was changed: the server's version does not explain it"),
       migration=(["app.v", f"--migration={ONE}"], "--migration takes all that the migration makes"))
def refusals(how, tmp):
    args, words = how
    p = drifted(tmp)
    before = entries(p)
    ran = p.run("adopt", "dev", *args)
    equal(ran.status, 5 if "--migration" in words else 1, repr(ran))
    contains(ran.text, words)
    equal((entries(p), left(p)), (before, ALL))


@test
def a_name_that_two_kinds_have(tmp):
    p = drifted(tmp)
    pg.psql(p.db, "CREATE TYPE app.two AS (a int); CREATE FUNCTION app.two() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE app.same", p.db)
    pg.psql(p.db, "CREATE COLLATION app.same (LOCALE = 'C')", p.db)
    ran = p.run("adopt", "dev", "app.same")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, '"app.same" may be ')
    contains(ran.text, "sequence app.same")
    contains(ran.text, "name it with its kind")
    equal(p.run("adopt", "dev", "sequence app.same").status, 0)
    equal("collation app.same" in left(p), True)


@test
def without_a_ledger_there_is_nothing_to_choose(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    ran = p.run("adopt", "dev", "table app.t")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'environment "dev" has no ledger yet')
    contains(ran.text, "nothing was adopted")


@test
def a_protected_environment_wants_a_yes_and_takes_no_more(tmp):
    p = drifted(tmp, "prod", environments=PROTECTED)
    ran = p.run("adopt", "prod", "app.v")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "add --apply")
    contains(ran.text, "appeared view app.v")
    equal(left(p, "prod"), ALL)
    ran = p.run("adopt", "prod", "app.v", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(left(p, "prod"), [x for x in ALL if x != "view app.v"])
    fails(p.run("plan", "prod", "--exit-code"), 10, "drift: table app.t changed outside kfmig")


@test
def the_reviewed_plan_is_held_to(tmp):
    p = drifted(tmp)
    digest = p.json("plan", "dev")["plan_digest"]
    pg.psql(p.db, "ALTER TABLE app.u ADD late int", p.db)
    fails(p.run("adopt", "dev", "app.v", f"--plan={digest}"), 1, "something moved since it was reviewed", "stays drift: table app.u")
    equal("view app.v" in left(p), True)
    digest = p.json("plan", "dev")["plan_digest"]
    equal(p.run("adopt", "dev", "app.v", f"--plan={digest}").status, 0)
    equal("view app.v" in left(p), False)


@test
def all_of_it_is_in_json(tmp):
    p = drifted(tmp)
    for verb, member in (("status", "drifted"), ("plan", "drift")):
        told = p.json(verb, "dev")
        valid(f"{verb}.v1", told)
        equal(sorted(d["object"] for d in told[member]), ALL)
        one = next(d for d in told[member] if d["object"] == "table app.t")
        equal((one["change"], one["last_writer"]), ("changed", ONE))
    equal([p.run(verb, "dev", "--exit-code").status for verb in ("plan", "status")], [10, 10])


@test
def a_copy_of_the_database_is_told(tmp):
    p = drifted(tmp)
    equal(p.run("adopt", "dev").status, 0)
    lacks(p.run("status", "dev").text, "a copy or a move")
    copy = f"{p.db}_copy"
    pg.psql("postgres", f'CREATE DATABASE "{copy}" OWNER "{p.db}" TEMPLATE "{p.db}"')
    p.env["KFM_DSN"] = pg.dsn(copy, user=p.db)
    for _ in range(2):  # a look does not make it forgotten
        ran = p.run("status", "dev")
        contains(ran.text, "the last run here found this ledger in database oid ")
        contains(ran.text, "two databases have one ledger")
    equal(p.json("status", "dev")["moved_from"] is not None, True)
    built = p.run("build", "dev")
    equal(built.status, 0, repr(built))
    contains(built.text, "a copy or a move")
    lacks(p.run("status", "dev").text, "a copy or a move")
    equal(p.json("status", "dev")["moved_from"], None)
    p.env["KFM_DSN"] = pg.dsn(p.db)
    contains(p.run("plan", "dev").text, "a copy or a move")


@test
def another_server_is_told(tmp):
    p = drifted(tmp)
    equal(p.run("adopt", "dev").status, 0)
    dumped = subprocess.run(["pg_dump", "-d", pg.dsn(p.db, user=pg.SUPERUSER)], capture_output=True, text=True, check=True).stdout
    other = pg.Cluster()
    other.psql("postgres", f'CREATE ROLE "{p.db}" LOGIN; CREATE DATABASE "{p.db}" OWNER "{p.db}"')
    other.psql(p.db, "".join(x for x in dumped.splitlines(True) if not x.startswith(("\\restrict", "\\unrestrict"))))
    p.env["KFM_DSN"] = other.dsn(p.db)
    ran = p.run("status", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "the last run here found this ledger in ")


main()
