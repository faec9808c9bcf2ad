"""What an environment lacks of those that it requires: by their ledgers, by signed receipts where those cannot be asked, and who may build which."""
# run: needs=postgres limit=600

import json
import shutil
import subprocess

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

STAGED = """\
environments:
  staging:
    kind: stage
    evidence: none
    attestations: {key_ref: KFM_STAGING_KEY}
    stores: {postgis: {dsn_ref: KFM_STAGING_DSN}}
  prod:
    protected: true
    requires: [staging]
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
default_environment: staging
receipts: {sink: sink}
"""
ONE, TWO = full_id("M-01"), full_id("M-02")
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY);\n"
GONE = "host=/nonexistent dbname=x"


def make_key(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    path.chmod(0o600)


def trust(p, *rows):
    p.write("registry/keys.v1.json", json.dumps({"format": "kfmig.keys.v1", "keys": rows}, indent=2) + "\n")


def row(p, **members):
    return {**json.loads(p.run("receipt", "key", "staging", "--json").out), **members}


def project(tmp, environments=STAGED):
    p = Project(tmp, environments=environments)
    p.env["KFM_DSN"] = pg.dsn(p.db, user=p.db)
    p.staging = pg.createdb()
    p.env["KFM_STAGING_DSN"] = pg.dsn(p.staging)
    make_key(p.path("key.pem"))
    p.env["KFM_STAGING_KEY"] = str(p.path("key.pem"))
    trust(p, row(p))
    p.bundle("M-01", TABLE, rollback="DROP TABLE app.t;\nDROP SCHEMA app;\n")
    equal(p.run("check", "--fix").status, 0)
    return p


def staged(tmp):
    """Staging has M-01 and was left; M-02 was never built there."""
    p = project(tmp)
    ran = p.run("build", "staging")
    equal(ran.status, 0, repr(ran))
    p.bundle("M-02", "CREATE TABLE app.u (id int PRIMARY KEY);\n", rollback="DROP TABLE app.u;\n")
    equal(p.run("check", "--fix").status, 0)
    return p


def away(p):
    """Elsewhere: staging cannot be reached, and nothing here remembers it."""
    shutil.rmtree(p.path("state"), ignore_errors=True)
    p.env["KFM_STAGING_DSN"] = GONE
    p.env.pop("KFM_STAGING_KEY")
    return p


def folder(p):
    return next(p.path("sink/staging").iterdir())


def said(p, *args):
    doc = p.json("promote", "prod", *args)
    valid("promote.v1", doc)
    return doc


def promoted(doc):
    return {t["target"].split("/")[1].split("@")[0]: t["promoted"] for t in doc["targets"]}


@test
def promote_says_what_is_lacking_and_whose_receipts_let_it_in(tmp):
    p = staged(tmp)
    doc = said(p)
    equal((promoted(doc), doc["promoted"]), ({ONE: True, TWO: False}, False))
    (staging,) = doc["requires"]
    equal((staging["source"], staging["entries"], staging["path"], staging["not_asked"]), ("ledger", 3, None, None))
    (met,), (lacking,) = (t["requirements"] for t in doc["targets"])
    receipt = json.loads(p.run("receipt", "list", "staging", "--json").out)["receipts"][-1]
    equal((met["met"], met["sequence"], met["finished_at"]), (True, 3, receipt["finished_at"]))
    equal((lacking["met"], lacking["lacks"], lacking["receipt"]), (False, "not applied in staging", None))
    text = p.run("promote", "prod").out
    for part in ("prod lacks 2, of which 1 is promoted; it requires\n  staging: its ledger, asked now, 3 entries, the last of 2",
                 f"  promoted      {ONE}\n    staging: receipt 3 of {met['finished_at']}, {met['receipt']}\n",
                 f"  not promoted  {TWO}\n    staging: not applied in staging\n"):
        contains(text, part)
    fails(p.run("promote", "prod", "--exit-code"), 1, "not applied in staging")
    equal(p.run("build", "prod", ONE, "--apply").status, 0)
    equal(p.run("build", "staging").status, 0)
    ran = p.run("promote", "prod", "--exit-code")
    equal(ran.status, 10, repr(ran))
    equal(p.run("build", "prod", "--apply").status, 0)
    ran = p.run("promote", "prod", "--exit-code")
    equal((ran.status, "prod lacks 0, of which 0 are promoted" in ran.out), (0, True), repr(ran))


@test
def what_staging_has_and_this_project_has_not_is_told(tmp):
    p = staged(tmp)
    shutil.move(p.path(f"migrations/postgis/{ONE}"), tmp / "away")
    p.write("registry/migrations.v1.json", '{"version": 1, "migrations": []}\n')
    equal(p.run("check", "--fix").status in (0, 1), True)
    equal(said(p)["requires"][0]["not_here"], [ONE])
    contains(p.run("promote", "prod").out, f"staging has what is not in this project: {ONE}\n")


@test
def an_environment_that_requires_none_is_told(tmp):
    p = project(tmp)
    fails(p.run("promote", "staging"), 5, 'environment "staging" requires no other')
    fails(p.run("promote", "prod", env={"KFM_DSN": GONE}), 1, "could not be asked")


# --- signed receipts stand in for a ledger that cannot be asked


@test
def signed_receipts_stand_in_for_an_environment_that_cannot_be_asked(tmp):
    p = staged(tmp)
    here = said(p)
    away(p)
    doc = said(p)
    equal([t["requirements"] for t in doc["targets"]], [t["requirements"] for t in here["targets"]], "the same evidence")
    (staging,) = doc["requires"]
    equal((staging["source"], staging["path"], staging["entries"]), ("signed-receipts", str(folder(p).relative_to(p.root)), 3))
    contains(p.run("promote", "prod").out, f"staging: its signed receipts in {folder(p).relative_to(p.root)}, 3 entries, the last of ")
    equal(p.run("build", "prod", ONE, "--apply").status, 0)
    fails(p.run("build", "prod", "--apply"), 1, "not applied in staging")


@test
def who_asks_live_and_who_reads_files_make_the_same_plan(tmp):
    p = staged(tmp)
    live = p.json("plan", "prod", ONE)["plan_digest"]
    away(p)
    equal(p.json("plan", "prod", ONE)["plan_digest"], live)
    equal(p.run("build", "prod", ONE, "--apply", f"--plan={live}").status, 0)


@test
def without_signed_receipts_it_is_blocked(tmp):
    p = away(staged(tmp))
    shutil.rmtree(p.path("sink"))
    fails(p.run("build", "prod", ONE, "--apply"), 1, "staging could not be asked", "sink/staging holds no signed receipts")
    contains(p.run("why", f"prod/{ONE}@apply").out, "or bring its signed receipts into the receipt sink")
    p.write("registry/environments.v1.yml", STAGED.replace("receipts: {sink: sink}\n", "").replace("    attestations: {key_ref: KFM_STAGING_KEY}\n", ""))
    ran = p.run("build", "prod", ONE, "--apply")
    fails(ran, 1, "staging could not be asked")
    lacks(ran.text, "signed receipts")


@test
def receipts_that_nobody_signed_are_no_evidence(tmp):
    p = away(staged(tmp))
    for part in ("attestations", "proofs", "checkpoints"):
        shutil.rmtree(folder(p) / part)
    trust(p)
    fails(p.run("build", "prod", ONE, "--apply"), 1, "staging could not be asked")


def one_bit(p):
    path = folder(p) / "attestations/00000003.sigstore.json"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))
    return "00000003.sigstore.json"


def receipt(p):
    next(folder(p).glob("00000003-*")).write_text("{}")
    return "is not the receipt that was signed"


def withheld(p):
    (folder(p) / "attestations/00000002.sigstore.json").unlink()
    return "00000002.sigstore.json is not there"


def withheld_by_the_list(p):
    rows = json.loads(p.path("registry/keys.v1.json").read_text())["keys"]
    trust(p, {**rows[0], "to": 1}, {**rows[0], "from": 3})
    (folder(p) / "attestations/00000002.sigstore.json").unlink()
    (folder(p) / "proofs/00000002.tlog-proof").unlink()
    return "ledger entry 2 is not signed"


def key_of_another_environment(p):
    rows = json.loads(p.path("registry/keys.v1.json").read_text())["keys"]
    trust(p, {**rows[0], "environment": "prod"})
    return 'its key does not stand in registry/keys.v1.json for "staging"'


def revoked(p):
    rows = json.loads(p.path("registry/keys.v1.json").read_text())["keys"]
    trust(p, {**rows[0], "revoked": {"from": 2, "reason": "lost"}})
    return "revoked from entry 2"


def no_list(p):
    p.path("registry/keys.v1.json").unlink()
    return "registry/keys.v1.json is not there"


@cases(one_bit=one_bit, receipt=receipt, withheld=withheld, withheld_by_the_list=withheld_by_the_list,
       another=key_of_another_environment, revoked=revoked, no_list=no_list)
def signed_receipts_that_do_not_hold_let_nothing_in(spoil, tmp):
    p = away(staged(tmp))
    words = spoil(p)
    fails(p.run("build", "prod", ONE, "--apply"), 1, "staging could not be asked", words)
    equal(promoted(said(p)), {ONE: False, TWO: False})
    equal(pg.value(p.db, "SELECT to_regnamespace('app') IS NULL"), "t")


@test
def what_staging_took_back_is_not_promoted(tmp):
    p = staged(tmp)
    equal(p.run("rollback", "staging", ONE).status, 0)
    away(p)
    fails(p.run("build", "prod", ONE, "--apply"), 1, "not applied in staging")


@test
def receipts_that_end_before_what_was_seen_here_are_refused(tmp):
    p = staged(tmp)
    shutil.copytree(p.path("sink"), tmp / "before")
    equal(p.run("rollback", "staging", ONE).status, 0)
    shutil.rmtree(p.path("sink"))
    shutil.move(tmp / "before", p.path("sink"))
    p.env["KFM_STAGING_DSN"] = GONE
    fails(p.run("build", "prod", ONE, "--apply"), 1, "ends with entry 3 of the ledger, the last run here saw entry 4")


@test
def a_ledger_that_answers_and_is_not_the_right_one_is_not_replaced_by_files(tmp):
    p = staged(tmp)
    p.env["KFM_STAGING_DSN"] = p.env["KFM_DSN"]
    equal(p.run("build", "prod", ONE, "--apply", env={"KFM_STAGING_DSN": pg.dsn(p.staging)}).status, 0)
    fails(p.run("build", "prod", TWO, "--apply"), 1, "staging could not be asked", 'this database is environment "prod"')
    equal(said(p)["requires"][0]["source"], None)


main()
