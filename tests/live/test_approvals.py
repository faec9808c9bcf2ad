"""Signed approvals: from a new bundle to an audited production run with two reviewers; whatever is wrong with a signature; waivers; who runs it."""
# run: needs=postgres,ssh-keygen limit=900

import datetime
import json
import os
import shutil
import subprocess
import time

import pg
from forge import forge
from project import Project, full_id
from tap import cases, contains, equal, fails, lacks, main, test

ENVIRONMENTS = """\
policy:
  protected: {schemas: [governance]}
environments:
  dev: {stores: {postgis: {dsn_ref: KFM_DEV}}}
  prod:
    protected: true
    evidence: none
    approval: signature
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY);\n"
ONE = full_id("M-01")
PLATFORM, GOVERNANCE = "kfm-platform", "kfm-governance"


def keygen(*args, **more):
    return subprocess.run(["ssh-keygen", *args], capture_output=True, check=more.pop("check", True), stdin=subprocess.DEVNULL, **more)


class Team(Project):
    """A project whose declarations want kfm-platform and kfm-governance, its people and their keys."""

    def __init__(self, tmp, keys="", people=None, environments=ENVIRONMENTS):
        super().__init__(tmp, environments=environments + "".join(f"    {line}\n" for line in keys.splitlines()))
        self.keys = self.root.parent / "keys"
        self.keys.mkdir()
        self.people = people or {"ann@x.org": PLATFORM, "bob@x.org": GOVERNANCE, "cy@x.org": f"{PLATFORM},{GOVERNANCE}", "op@x.org": "kfm-operators"}
        for person in self.people:
            keygen("-q", "-t", "ed25519", "-N", "", "-C", person, "-f", self.key(person))
        self.signers()
        self.write("registry/revoked_signers", "")
        self.migration()
        equal(self.run("check", "--fix").status, 0)

    def migration(self, forward=TABLE, short="M-01", reviewers=f"[{PLATFORM}, {GOVERNANCE}]", change_class="test", **more):
        base = self.bundle(short, forward, **more)
        text = self.path(f"{base}/migration.yml").read_text()
        self.write(f"{base}/migration.yml", text.replace("[reviewers]", reviewers).replace("change_class: test", f"change_class: {change_class}"))
        return base

    def key(self, person):
        return str(self.keys / person.split("@")[0])

    def public(self, person):
        return " ".join(open(self.key(person) + ".pub").read().split()[:2])

    def signers(self, options=None, roles=None):
        lines = []
        for person, its in {**self.people, **(roles or {})}.items():
            option = (options or {}).get(person, "")
            lines.append(f"{person},{its} {option + ' ' if option else ''}{self.public(person)}\n")
        self.write("registry/allowed_signers", "# who may sign\n" + "".join(lines))

    def approve(self, person, *args, **more):
        return self.run("approve", *(args or ("prod", ONE)), f"--key={self.key(person)}", **more)

    def approved(self, *people, args=()):
        for person in people:
            ran = self.approve(person, *args)
            equal(ran.status, 0, repr(ran))

    def files(self, folder=f"migrations/postgis/{ONE}/approvals"):
        return sorted(self.path(folder).glob("*.json"))

    def why(self):
        return self.run("why", f"prod/{ONE}@apply").out

    def prod(self, *args, **more):
        return self.run("build", "prod", "--apply", *args, **more)


@test
def from_new_to_an_audited_run_with_two_reviewers(tmp):
    p = Team(tmp)
    fails(p.prod(), 1, "1 target is blocked")
    contains(p.why(), "0 of 2 signatures, missing: kfm-platform, kfm-governance")
    ran = p.approve("ann@x.org")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "ann@x.org")
    contains(p.why(), "1 of 2 signatures, missing: kfm-governance; signed by ann@x.org (kfm-platform)")
    fails(p.prod(), 1, "1 target is blocked")
    p.approved("bob@x.org")
    plan = p.json("plan", "prod")
    equal(len(plan["plan"]["steps"][0]["approvals"]), 2)
    ran = p.prod(f"--plan={plan['plan_digest']}")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])
    receipt = json.loads(pg.value(p.db, f"SELECT r.body FROM kfmig.receipt r JOIN kfmig.entry e USING (seq) WHERE e.kind = 'apply' AND e.subject = '{ONE}'"))
    signed = receipt["claim"]["approvals"]["signed"]
    equal([(s["kind"], s["person"], s["roles"]) for s in signed], [("bundle", "ann@x.org", [PLATFORM]), ("bundle", "bob@x.org", [GOVERNANCE])])
    equal({s["digest"] for s in signed}, {receipt["claim"]["bundle_digest"]})
    ran = p.run("receipt", "verify", "prod")
    equal(ran.status, 0, repr(ran))
    agreed(p)
    equal(p.prod().status, 0, "and nothing is left to do")


def script(p, env=None):
    done = subprocess.run(["sh", os.environ["KFMIG_SRC"] + "/docs/verify.sh", "--export", pg.dsn(p.db, user=pg.SUPERUSER), "seen"], cwd=p.root,
                          env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def agreed(p, *words):
    """kfmig and the script say the same: all is well, or what is wrong."""
    ran = p.run("receipt", "verify", "prod")
    status, said = script(p)
    equal((ran.status, status), (8, 8) if words else (0, 0), repr(ran) + said)
    for word in words:
        contains(ran.out, word)
        contains(said, word)


@test
def a_signature_that_was_exchanged_is_found(tmp):
    p = Team(tmp)
    p.approved("ann@x.org", "bob@x.org")
    equal(p.prod().status, 0)
    rows = pg.psql(p.db, "SELECT encode(digest, 'hex') FROM kfmig.blob WHERE convert_from(bytes, 'UTF8') LIKE '-----BEGIN SSH SIGNATURE%' ORDER BY 1")
    equal(len(rows), 2)
    pg.psql(p.db, f"ALTER TABLE kfmig.blob DROP CONSTRAINT blob_check; ALTER TABLE kfmig.blob DISABLE TRIGGER ALL; UPDATE kfmig.blob SET bytes = (SELECT bytes FROM kfmig.blob WHERE digest = '\\x{rows[1][0]}') "
                  f"WHERE digest = '\\x{rows[0][0]}'; ALTER TABLE kfmig.blob ENABLE TRIGGER ALL")
    agreed(p, "signature")


@test
def one_byte_changed_voids_them(tmp):
    p = Team(tmp)
    p.approved("ann@x.org", "bob@x.org")
    equal(p.json("plan", "prod")["plan"]["steps"][0]["decision"], "stale")
    p.write(f"migrations/postgis/{ONE}/notes.md", "Notes!\n")
    contains(p.why(), "0 of 2 signatures")
    contains(p.why(), "is over other content")
    fails(p.prod(), 1, "1 target is blocked")
    p.approved("ann@x.org", "bob@x.org")
    equal(p.prod().status, 0)


@test
def one_person_stands_for_one_role(tmp):
    p = Team(tmp)
    p.approved("cy@x.org")
    contains(p.why(), "1 of 2 signatures, missing: kfm-governance")
    p.approved("ann@x.org")  # now the other stands for governance
    equal(p.prod().status, 0)


@test
def as_many_persons_as_the_environment_wants(tmp):
    p = Team(tmp, keys="approvals: {reviewers: 3, roles: [kfm-platform]}")
    p.approved("ann@x.org", "bob@x.org")
    contains(p.why(), "2 of 3 signatures; signed by")
    p.approved("cy@x.org")
    equal(p.prod().status, 0)


@test
def change_class_routes(tmp):
    p = Team(tmp, keys="approvals: {change_class: {governance-critical: [kfm-governance]}}")
    p.migration(reviewers=f"[{PLATFORM}]", change_class="governance-critical")
    p.approved("ann@x.org")
    contains(p.why(), "1 of 2 signatures, missing: kfm-governance")
    p.migration(reviewers=f"[{PLATFORM}]", change_class="routine")
    p.approved("ann@x.org")
    equal(p.prod().status, 0)


# --- what is wrong with a signature -------------------------------------------------------------------------


def other_namespace(p):
    for f in p.files():
        f.with_suffix(".json.sig").unlink()
        keygen("-q", "-Y", "sign", "-f", p.key("ann@x.org"), "-n", "git", str(f))


def of_another(p):
    for f in p.files():  # what two persons sign in one second is the same
        f.with_suffix(".json.sig").unlink()
        f.unlink()
    p.approved("ann@x.org")
    p.approved("bob@x.org", args=("prod", ONE, "--expires=9d"))
    a, b = p.files()
    one, two = a.with_suffix(".json.sig"), b.with_suffix(".json.sig")
    x, y = one.read_bytes(), two.read_bytes()
    one.write_bytes(y)
    two.write_bytes(x)


def each_signature(change):
    def do(p):
        for f in p.files():
            sig = f.with_suffix(".json.sig")
            sig.write_bytes(change(sig.read_bytes()))
    return do


def each_statement(change):
    def do(p):
        for f in p.files():
            f.write_bytes(change(f.read_bytes()))
    return do


def without(name):
    return lambda p: p.path(name).unlink()


def options(text):
    return lambda p: p.signers({"ann@x.org": text, "bob@x.org": text})


def future(p):
    for f in p.files():
        f.with_suffix(".json.sig").unlink()
        f.unlink()
    later = {"KFMIG_NOW": str(int(time.time()) + 86400)}
    equal(p.approve("ann@x.org", env=later).status, 0)
    equal(p.approve("bob@x.org", env=later).status, 0)


@cases(
    another_namespace=(other_namespace, "another namespace than kfmig"),
    the_signature_of_another=(of_another, "is no signature of"),
    two_signatures=(each_signature(lambda s: s + s), "not one signature"),
    a_line_behind=(each_signature(lambda s: s + b"\n"), "not one signature"),
    line_ends=(each_signature(lambda s: s.replace(b"\n", b"\r\n")), "not one signature"),
    no_signature=(lambda p: [f.with_suffix(".json.sig").unlink() for f in p.files()], "its signature is not there"),
    a_blank_in_the_statement=(each_statement(lambda s: s.replace(b":", b": ", 1)), "no statement of the form kfmig.approval.v1"),
    another_waiver=(each_statement(lambda s: s.replace(b'"waives":[]', b'"waives":["limits"]')), "is no signature of"),
    a_statement_twice=(each_statement(lambda s: s + s), "no statement of the form kfmig.approval.v1"),
    no_list_of_revoked_keys=(without("registry/revoked_signers"), "the list of revoked keys is not there"),
    no_list_of_signers=(without("registry/allowed_signers"), "0 of 2 signatures"),
    revoked=(lambda p: p.write("registry/revoked_signers", p.public("ann@x.org") + "\n"), "of ann@x.org is revoked"),
    revoked_binary=(lambda p: p.write("registry/revoked_signers", b"SSHKRL\n\0\0"), "binary lists (KRL) are not taken"),
    expired_key=(options('valid-before="20260101Z"'), "expired at 2026-01-01T00:00:00.000000Z"),
    key_not_yet=(options('valid-after="21000101Z"'), "counts from 2100-01-01T00:00:00.000000Z on"),
    local_time=(options('valid-before="21000101"'), "local time"),
    no_such_day=(options('valid-before="20260231Z"'), "write it in UTC"),
    unknown_option=(options("verify-required"), "is no option"),
    an_authority=(options("cert-authority"), '"cert-authority" is not taken'),
    another_use=(options('namespaces="git,file"'), "may not sign in the namespace kfmig"),
    a_pattern=(lambda p: p.write("registry/allowed_signers", f"*,{PLATFORM} {p.public('ann@x.org')}\n"), "principals are names"),
    a_key_twice=(lambda p: p.write("registry/allowed_signers", f"ann@x.org {p.public('ann@x.org')}\nbob@x.org,{PLATFORM} {p.public('ann@x.org')}\n"),
                 "stands in line 1 already"),
    nobodys_key=(lambda p: p.write("registry/allowed_signers", "# nobody\n"), "is nobody's in registry/allowed_signers"),
    other_roles=(lambda p: p.signers(roles={"bob@x.org": "kfm-interns"}), "missing: kfm-governance"),
    of_tomorrow=(future, "yet to come"),
)
def what_does_not_count(case, tmp):
    spoil, words = case
    p = Team(tmp)
    p.approved("ann@x.org", "bob@x.org")
    spoil(p)
    ran = p.run("why", f"prod/{ONE}@apply")
    contains(ran.text, words)
    contains(ran.text, "approval_missing")
    fails(p.prod(), 1, "is blocked; nothing was run")


@test
def an_approval_ends(tmp):
    p = Team(tmp)
    p.approved("ann@x.org", "bob@x.org", args=("prod", ONE, "--expires=1d"))
    equal(p.json("plan", "prod")["plan"]["steps"][0]["decision"], "stale")
    ran = p.run("why", f"prod/{ONE}@apply", env=moved(90000))
    lacks(ran.text, "expired")  # the server's clock says when, not that of whoever runs it
    equal(p.prod(env=moved(90000)).status, 0)


@test
def nobody_turns_the_clock_back(tmp):
    p = Team(tmp)
    for person in ("ann@x.org", "bob@x.org"):
        equal(p.approve(person, "prod", ONE, "--expires=1d", env=moved(-90000)).status, 0)
    contains(p.why(), "it expired at")
    ran = p.run("why", f"prod/{ONE}@apply", env=moved(-90000))
    contains(ran.out, "it expired at")
    fails(p.prod(env=moved(-90000)), 1, "is blocked; nothing was run")


def moved(seconds):
    return {"KFMIG_NOW": str(int(time.time()) + seconds)}


@cases(
    expired=("judged_at", "2100-01-01T00:00:00.000000Z", ["ann@x.org does not count: it expired at"]),
    not_signed_yet=("judged_at", "2001-01-01T00:00:00.000000Z", ["ann@x.org does not count: it says that it was signed at"]),
    at_no_moment=("judged_at", "soon", ["its receipt does not say when those who signed were judged"]),
    after_the_end=("judged_at", None, ["after it had ended"]),
    the_run_outlasts_it=("finished_at", "2100-01-01T00:00:00.000000Z", []),
)
def the_moment_of_consent(case, tmp):
    member, moment, words = case
    p = Team(tmp)
    p.approved("ann@x.org", "bob@x.org", args=("prod", ONE, "--expires=1d"))
    equal(p.prod().status, 0)
    agreed(p)

    def change(entries, receipts):
        entry, receipt = entries[-1], receipts[-1]
        at = receipt["claim"]["approvals"]["judged_at"]
        new = moment or f"{datetime.date.today() + datetime.timedelta(days=1)}T{at.split('T')[1]}"
        for one in (entry, receipt) if member == "finished_at" else (receipt["claim"]["approvals"],):
            one[member] = new

    forge(p.db, change)
    if words:
        agreed(p, *words)
    for text in () if words else (p.run("receipt", "verify", "prod").out, script(p)[1]):
        contains(text, "the columns of entry 3")  # which a forger forgot
        lacks(text, "signature of")


@test
def one_signature_is_asked_about_once(tmp):
    p = Team(tmp, keys="approvals: {plan: [kfm-governance]}")
    for i in range(2, 7):
        p.migration(f"CREATE TABLE app.t{i} (id int);\n", short=f"M-{i:02}")
    equal(p.run("check", "--fix").status, 0)
    ids = [full_id(f"M-{i:02}") for i in range(1, 7)]
    for ident in ids:
        p.approved("ann@x.org", "bob@x.org", args=("prod", ident))
    equal(p.run("adopt", "prod", "--apply").status, 0)
    digest = p.json("plan", "prod")["plan_digest"]
    p.approved("bob@x.org", args=("prod", f"--plan={digest}"))
    counted = p.root / "bin"
    counted.mkdir()
    (counted / "ssh-keygen").write_text(f"#!/bin/sh\necho x >>{counted}/n\nexec {shutil.which('ssh-keygen')} \"$@\"\n")
    (counted / "ssh-keygen").chmod(0o755)
    env = {"PATH": f"{counted}:{os.environ['PATH']}"}
    for verb in (("build", "prod", "--apply", f"--plan={digest}"), ("receipt", "verify", "prod")):
        (counted / "n").write_text("")
        ran = p.run(*verb, env=env)
        equal(ran.status, 0, repr(ran))
        equal(len((counted / "n").read_text().split()), 13, "two of each migration, one of the plan")
    p.env.update(env)
    (counted / "n").write_text("")
    equal(script(p, env)[0], 0)
    equal(len((counted / "n").read_text().split()), 13)


@test
def an_approval_is_of_its_environment(tmp):
    p = Team(tmp)
    text = p.path("registry/environments.v1.yml").read_text()
    p.write("registry/environments.v1.yml", text + "  live:\n    protected: true\n    stores: {postgis: {dsn_ref: KFM_DSN}}\n")
    p.approved("ann@x.org", "bob@x.org", args=("live", ONE))
    contains(p.why(), "0 of 2 signatures")
    p.approved("ann@x.org", "bob@x.org", args=(ONE,))
    equal(p.prod().status, 0)


# --- bad input of approve ---------------------------------------------------------------------------------------


@cases(
    no_key=(lambda p: ("approve", ONE), "with which key?"),
    no_such_key=(lambda p: ("approve", ONE, "--key=/nowhere/key"), 'there is no key "/nowhere/key"'),
    nobodys=(lambda p: (keygen("-q", "-t", "ed25519", "-N", "", "-f", str(p.keys / "eve")), ("approve", ONE, f"--key={p.keys}/eve"))[1],
             "is nobody's in registry/allowed_signers"),
    others_may_write_it=(lambda p: (os.chmod(p.key("ann@x.org"), 0o660), ("approve", ONE, "--key=" + p.key("ann@x.org")))[1], "(mode 0660)"),
    no_agent_has_it=(lambda p: (os.unlink(p.key("ann@x.org")), ("approve", ONE, f"--key={p.key('ann@x.org')}.pub"))[1], "an agent has to hold the key"),
    no_target=(lambda p: ("approve", "--key=" + p.key("ann@x.org")), "wants one migration, projection or plan"),
    unknown_target=(lambda p: ("approve", "PG-NONE", "--key=" + p.key("ann@x.org")), "PG-NONE"),
    plan_of_no_environment=(lambda p: ("approve", "--plan=sha256:" + "0" * 64, "--key=" + p.key("ann@x.org")), "a plan is of one environment"),
    no_digest=(lambda p: ("approve", "prod", "--plan=abc", "--key=" + p.key("ann@x.org")), "is no digest"),
    unknown_waiver=(lambda p: ("approve", ONE, "--waive=all", "--key=" + p.key("ann@x.org")), "names nothing that can be waived"),
    no_time=(lambda p: ("approve", ONE, "--expires=soon", "--key=" + p.key("ann@x.org")), "is no time"),
)
def what_approve_refuses(case, tmp):
    args, words = case
    p = Team(tmp)
    ran = p.run(*args(p))
    equal(ran.status, 5, repr(ran))
    contains(ran.err, words)
    equal(p.files(), [], "nothing was written")
    equal(p.files("registry/approvals"), [])


@test
def a_key_that_an_agent_holds(tmp):
    p = Team(tmp)
    agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, check=True, text=True).stdout
    env = dict(part.split("=", 1) for part in (line.split(";")[0] for line in agent.splitlines()) if "=" in part)
    try:
        subprocess.run(["ssh-add", "-q", p.key("ann@x.org")], env={**os.environ, **env}, check=True, stdin=subprocess.DEVNULL)
        os.unlink(p.key("ann@x.org"))
        ran = p.run("approve", ONE, f"--key={p.key('ann@x.org')}.pub", env=env)
        equal(ran.status, 0, repr(ran))
        contains(p.why(), "signed by ann@x.org")
    finally:
        os.kill(int(env["SSH_AGENT_PID"]), 15)


# --- beside the plan ----------------------------------------------------------------------------------------------


@test
def what_voids_no_plan(tmp):
    p = Team(tmp, keys="checklist: [on-call assigned]\napprovals: {plan: [kfm-governance]}")
    p.approved("ann@x.org", "bob@x.org")
    equal(p.run("adopt", "prod", "--apply", env={"KFMIG_KEY": ""}).status, 0)
    digest = p.json("plan", "prod")["plan_digest"]
    fails(p.prod(), 1, "on-call assigned")
    equal(p.run("preflight", "prod", "--confirm=on-call assigned").status in (0, 1), True)
    equal(p.json("plan", "prod")["plan_digest"], digest, "a confirmation")
    fails(p.prod(f"--plan={digest}"), 1, "wants signatures over the plan: 0 of 1 signature, missing: kfm-governance", f"--plan={digest}")
    p.approved("bob@x.org", args=("prod", f"--plan={digest}"))
    equal(p.json("plan", "prod")["plan_digest"], digest, "an approval of it")
    ran = p.prod(f"--plan={digest}")
    equal(ran.status, 0, repr(ran))
    kinds = [r[0] for r in pg.psql(p.db, "SELECT s ->> 'kind' FROM kfmig.receipt r JOIN kfmig.entry e USING (seq), "
                                         "jsonb_array_elements(r.body::jsonb #> '{claim,approvals,signed}') s WHERE e.kind = 'apply' ORDER BY 1")]
    equal(kinds, ["bundle", "bundle", "plan"])


@test
def a_failed_run_voids_no_plan(tmp):
    p = Team(tmp)
    p.migration(TABLE + "SELECT 1 / 0;\n")
    p.approved("ann@x.org", "bob@x.org")
    equal(p.run("adopt", "prod", "--apply").status, 0)
    digest = p.json("plan", "prod")["plan_digest"]
    fails(p.prod(f"--plan={digest}"), 2)
    equal(p.json("plan", "prod")["plan_digest"], digest)


@test
def waivers_are_named(tmp):
    p = Team(tmp, keys='freeze: [{from: 2000-01-01, to: 2099-12-31, reason: always}]')
    p.approved("ann@x.org", "bob@x.org")
    fails(p.prod(), 1, "frozen")
    digest = p.json("plan", "prod")["plan_digest"]
    fails(p.prod("--force"), 1, "wants signatures over the plan that name --force: 0 of 1 signature", "--waive=force")
    p.approved("ann@x.org", args=("prod", f"--plan={digest}"))
    fails(p.prod("--force"), 1, "names no waiver of force")
    p.approved("ann@x.org", args=("prod", f"--plan={digest}", "--waive=force"))
    ran = p.prod("--force")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])


@test
def limits_are_waived_by_name(tmp):
    p = Team(tmp)
    p.migration(TABLE + "INSERT INTO app.t SELECT generate_series(1, 10);\n", limits={"max_row_backfill": 5})
    p.approved("ann@x.org", "bob@x.org")
    fails(p.prod(), 2, "declared 5, observed 10")
    p.approved("ann@x.org", args=("prod", ONE, "--waive=limits"))
    fails(p.prod(), 2, "declared 5, observed 10")
    p.approved("bob@x.org", args=("prod", ONE, "--waive=limits"))
    ran = p.prod()
    equal(ran.status, 0, repr(ran))
    gates = pg.psql(p.db, "SELECT g ->> 'result', g ->> 'waived_by' FROM kfmig.receipt r JOIN kfmig.entry e USING (seq), "
                          "jsonb_array_elements(r.body::jsonb #> '{claim,gates}') g WHERE e.kind = 'apply' AND e.result = 'success' AND g ->> 'gate' LIKE 'limit%'")
    equal(gates, [("waived", "approval of ann@x.org (kfm-platform), bob@x.org (kfm-governance)")])


@test
def a_protected_domain_wants_governance_by_name(tmp):
    p = Team(tmp)
    pg.psql(p.db, "CREATE SCHEMA governance; CREATE TABLE governance.g (id int);", user=p.db)
    p.migration("ALTER TABLE governance.g ADD COLUMN n int;\n", schemas=("governance",), reviewers=f"[{PLATFORM}]")
    equal(p.run("adopt", "prod", "--apply").status, 0)
    p.approved("ann@x.org", "bob@x.org")
    contains(p.why(), "protected_domain")
    p.approved("ann@x.org", "bob@x.org", args=("prod", ONE, "--waive=protected"))
    lacks(p.why(), "protected_domain")
    ran = p.prod()
    equal(ran.status, 0, repr(ran))


@test
def a_rollback_is_signed_for(tmp):
    p = Team(tmp)
    p.migration(TABLE, rollback="DROP TABLE app.t;\nDROP SCHEMA app;\n")
    p.approved("ann@x.org", "bob@x.org")
    equal(p.prod().status, 0)
    shown = p.run("rollback", "prod", "--dry-run", "--json")
    digest = json.loads(shown.out)["plan_digest"]
    fails(p.run("rollback", "prod", "--apply"), 1, "wants signatures over what is taken back: 0 of 1 signature")
    p.approved("ann@x.org", args=("prod", f"--plan={digest}"))
    ran = p.run("rollback", "prod", "--apply", f"--plan={digest}")
    equal(ran.status, 0, repr(ran))
    equal(pg.value(p.db, "SELECT to_regclass('app.t') IS NULL"), "t")


# --- what reduces what is enforced --------------------------------------------------------------------------------


@cases(signature=ENVIRONMENTS, review=ENVIRONMENTS.replace("approval: signature", "approval: review"))
def governance_signs_for_what_reduces_enforcement(environments, tmp):
    p = Team(tmp, environments=environments)
    p.migration(TABLE + "GRANT SELECT ON app.t TO PUBLIC;\n", reviewers=f"[{PLATFORM}]")
    p.approved("ann@x.org", args=("prod", ONE, "--waive=protected,limits"))
    contains(p.why(), "missing: kfm-governance; ")
    contains(p.why(), "it reduces what is enforced: grant-to-public")
    contains(p.run("plan", "prod").out, "reduces what is enforced: grant-to-public")
    fails(p.prod(), 1, "is blocked; nothing was run")
    fails(p.prod("--force"), 1, "is blocked; nothing was run")
    p.approved("bob@x.org")
    lacks(p.why(), "approval_missing")
    equal(p.prod().status, 0)
    receipt = json.loads(pg.value(p.db, f"SELECT r.body FROM kfmig.receipt r JOIN kfmig.entry e USING (seq) WHERE e.kind = 'apply' AND e.subject = '{ONE}'"))
    equal("bob@x.org" in [s["person"] for s in receipt["claim"]["approvals"]["signed"]], True)
    equal([g["result"] for g in receipt["claim"]["gates"] if g["gate"] == "posture"], ["pass"], "what a plain statement says is announced")
    agreed(p)


# --- who runs it ----------------------------------------------------------------------------------------------------


@test
def only_who_may_run_it_does(tmp):
    p = Team(tmp, keys="approvals: {runners: [kfm-operators]}")
    p.approved("ann@x.org", "bob@x.org")
    fails(p.prod(), 1, "no key shows who it is", "kfm-operators")
    fails(p.prod(f"--key={p.key('ann@x.org')}"), 1, "is blocked")  # who runs it does not count as a reviewer
    p.approved("cy@x.org")
    fails(p.prod(f"--key={p.key('ann@x.org')}"), 1, "ann@x.org may not run", "none of that person's roles may")
    ran = p.prod(env={"KFMIG_KEY": p.key("op@x.org")})
    equal(ran.status, 0, repr(ran))
    signed = pg.psql(p.db, "SELECT s ->> 'kind', s ->> 'person' FROM kfmig.receipt r JOIN kfmig.entry e USING (seq), "
                           "jsonb_array_elements(r.body::jsonb #> '{claim,approvals,signed}') s WHERE e.kind = 'apply' AND s ->> 'kind' = 'run'")
    equal(signed, [("run", "op@x.org")])


@test
def a_claimed_key_is_no_proof(tmp):
    p = Team(tmp, keys="approvals: {runners: [kfm-operators]}")
    p.approved("ann@x.org", "bob@x.org")
    mine = p.keys / "mine"
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(mine))
    (p.keys / "mine.pub").write_text(p.public("op@x.org") + "\n")
    ran = p.prod(f"--key={mine}")
    equal(ran.status in (1, 5), True, repr(ran))
    equal(pg.value(p.db, "SELECT to_regclass('kfmig.entry') IS NULL"), "t", "nothing was begun")


main()
