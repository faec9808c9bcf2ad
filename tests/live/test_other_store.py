"""The store of programs (`type: other`): a static site and a key file, brought about by programs and seen by probes.

Projects of them go through every verb, every crash, and every probe and program that is not as it should be.
"""
# run: needs=postgres limit=900

import hashlib
import os
import shutil
import signal
import subprocess
import time

import pg
from project import FAULTY, Project
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

CODES = ["begun", "begun_otherwise", "in_doubt", "left_open", "store_unreachable", "drift", "rollback_begun"]  # reached here, and asked for below
ENVIRONMENTS = """\
environments:
  dev:
    evidence: folder
    stores: {postgis: {dsn_ref: KFM_DSN}, other: {probes: probes}}
  plain:
    stores: {postgis: {dsn_ref: KFM_DSN}}
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}, other: {probes: probes}}
default_environment: dev
"""
PROBE = """#!/bin/sh
set -eu
cd "$KFMIG_ROOT"
[ -d state/site ] || { echo absent; exit 0; }
find state/site -type f | LC_ALL=C sort | xargs -r cat | sha256sum | cut -d' ' -f1
"""
PUBLISH = """#!/bin/sh
set -eu
mkdir -p "$KFMIG_ROOT/state/site"
cp page.html "$KFMIG_ROOT/state/site/$1.html"
"""
WITHDRAW = '#!/bin/sh\nset -eu\nrm "$KFMIG_ROOT/state/site/$1.html"\nrmdir "$KFMIG_ROOT/state/site" 2>/dev/null || :\n'


def ident(number):
    return f"OTHER-MIG-{number:02}"


def page(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Site(Project):
    def __init__(self, tmp):
        super().__init__(tmp, environments=ENVIRONMENTS)
        self.program("probes/site", PROBE)

    def program(self, name, text):
        self.write(name, text)
        self.path(name).chmod(0o755)

    def publish(self, number, apply="./publish.sh index", text="hello\n", rollback="./withdraw.sh index", more="", scope="state:site", publish=PUBLISH,
                limits="{}", probe="site"):
        base = f"migrations/other/{ident(number)}"
        undo = "" if rollback is None else f"  rollback: {rollback}\n"
        self.write(f"{base}/migration.yml", f"""\
migration_id: {ident(number)}
type: other
intent: "A page"
scope: {{allowed_global: ["{scope}"]}}
limits: {limits}
requires_rollback: {"false" if rollback is None else "true"}
approvals: {{required_reviewers: [reviewers], change_class: test, reference: ADR-1}}
runner:
  tool: command
  probe: {probe}
  apply: {apply}
{undo}{more}artifacts:
  forward: [publish.sh, page.html]
  rollback: [withdraw.sh]
""")
        self.write(f"{base}/notes.md", "Nothing to say.\n")
        self.program(f"{base}/publish.sh", publish)
        self.program(f"{base}/withdraw.sh", WITHDRAW)
        self.write(f"{base}/page.html", text)
        return base

    def state(self, number, env="dev"):
        row = next(r for r in self.json("status", env)["targets"] if r["target"] == f"{env}/{ident(number)}@apply")
        return row["state"], [r["code"] for r in row["reasons"]], row

    def pages(self):
        return {p.name: p.read_text(encoding="utf-8") for p in sorted(self.path("state/site").glob("*"))}

    def kinds(self):
        return [(r[1], r[2], r[3]) for r in self.entries()]

    def verified(self):
        """Both verifiers say so."""
        ran = self.run("receipt", "verify", "dev")
        equal(ran.status, 0, repr(ran))
        done = subprocess.run(["sh", f"{os.environ['KFMIG_SRC']}/docs/verify.sh", "--export", pg.dsn(self.db, user=pg.SUPERUSER), "audit"], cwd=self.root,
                              capture_output=True, text=True, check=False)
        equal(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        shutil.rmtree(self.path("audit"))


def site(tmp, **more):
    p = Site(tmp)
    p.publish(1, **more)
    return p


def built(tmp, **more):
    p = site(tmp, **more)
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))
    return p


# --- what runs


@test
def a_state_is_planned_brought_about_and_told(tmp):
    p = site(tmp)
    equal(p.run("check").status, 0, repr(p.run("check")))
    plan = p.run("plan", "dev")
    equal(plan.status, 0, repr(plan))
    contains(plan.out, ident(1))
    contains(plan.out, "migration.yml#apply.command:1 apply")
    valid("plan.v1", p.json("plan", "dev"))
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "dev: first contact with store other; recorded 0 objects found there as its starting baseline")
    equal(p.pages(), {"index.html": "hello\n"})
    equal(p.kinds(), [("contact", "database", "success"), ("adopt", "database", "success"), ("adopt", "other", "success"),
                      ("intent", ident(1), "success"), ("done", ident(1), "success"), ("apply", ident(1), "success")])
    equal(pg.psql(p.db, "SELECT object, definition FROM kfmig.object WHERE object LIKE 'other:%'"), [("other:state site", f"digest\t{page('hello' + chr(10))}\n")])
    p.verified()


@test
def the_receipt_has_what_the_probe_said_before_and_behind(tmp):
    p = built(tmp)
    p.publish(2, text="again\n")
    equal(p.run("build", "dev").status, 0)
    n = len(p.entries())
    receipt = p.json("receipt", "show", "dev", str(n))
    valid("run_receipt.v1", receipt)
    equal((receipt["target"]["store"], receipt["result"], receipt["claim"]["limits"][0]["observed"]), ("other", "success", 1))
    equal([g["gate"] for g in receipt["claim"]["gates"]], ["scope", "protected", "drift", "ledger", "observation", "secrets"])
    done = p.json("receipt", "show", "dev", str(n - 1))
    step = done["claim"]["journal"]
    equal((step["before"], step["proof"], step["object"], step["verb"], step["store"]),
          (page("hello\n"), page("again\n"), "other:state site", "apply", "other"))
    names = [i["uri"] for i in receipt["claim"]["inputs"]]
    equal([any(n.endswith(e) for n in names) for e in ("publish.sh", "page.html", "migration.yml#apply.command", "migration.yml#rollback.command")],
          [True] * 4, repr(names))
    contains(p.path(f"migrations/other/{ident(2)}/diffs/dev/touched.csv").read_text(encoding="utf-8"), "other:state site")
    p.verified()


@test
def a_second_build_runs_no_program_and_writes_nothing(tmp):
    p = built(tmp)
    before = p.entries()
    equal(p.json("build", "dev")["ran"], [])
    equal(p.entries(), before)
    equal(p.state(1)[:2], ("current", ["current"]))
    contains(p.run("why", f"dev/{ident(1)}").out, "applied and unchanged")


@test
def an_environment_without_the_store_is_not_concerned(tmp):
    p = site(tmp)
    equal(p.state(1, "plain")[:2], ("not-applicable", ["store_not_configured"]))


@test
def a_protected_environment_refuses_what_nobody_observes(tmp):
    p = site(tmp)
    p.write("registry/migrations.v1.json", '{"version": 1, "migrations": []}\n')
    equal(p.run("check", "--fix").status, 0)
    codes = p.state(1, "prod")[1]
    contains(" ".join(codes), "left_open")
    contains(p.run("check").text, "runner")


@test
def a_changed_program_of_an_applied_migration_blocks(tmp):
    p = built(tmp)
    p.program(f"migrations/other/{ident(1)}/publish.sh", PUBLISH + "# more\n")
    equal(p.state(1)[0], "blocked")
    p.publish(1)
    equal(p.state(1)[0], "current")
    p.publish(1, apply="./publish.sh start")
    equal(p.state(1)[0], "blocked")


@test
def a_time_limit_is_no_part_of_what_was_applied(tmp):
    p = built(tmp)
    p.publish(1, more="  time_limit: 1h\n")
    equal(p.state(1)[:2], ("current", ["current"]))


# --- drift


@test
def what_the_probe_says_otherwise_is_drift(tmp):
    p = built(tmp)
    p.write("state/site/index.html", "by hand\n")
    p.publish(2, text="again\n")
    contains(p.run("plan", "dev").out, f"drift: other:state site changed outside kfmig; last written by {ident(1)}")
    equal((p.state(2)[0], p.state(2)[1][0]), ("blocked", "drift"))
    fails(p.run("diff", "dev"), 10, "other:state site")
    fails(p.run("build", "dev"), 1, "blocked")
    equal(p.pages(), {"index.html": "by hand\n"})
    equal(p.run("adopt", "dev").status, 0)
    equal(p.run("build", "dev").status, 0)
    equal(p.pages(), {"index.html": "again\n"})
    p.verified()


@test
def a_state_of_another_probe_is_seen_and_judged(tmp):
    p = site(tmp)
    p.program("probes/keys", PROBE.replace("state/site", "state/keys"))
    p.publish(1, publish=PUBLISH + 'mkdir -p "$KFMIG_ROOT/state/keys"; echo k >"$KFMIG_ROOT/state/keys/k"\n')
    ran = p.run("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'stands: 1 of 1 steps; gate "scope" failed: create of other:state keys: not in scope.allowed_global')
    equal(p.kinds()[-1], ("apply", ident(1), "failed"))
    p.verified()


@test
def the_text_is_judged_before_it_runs(tmp):
    p = site(tmp, scope="state:keys")
    state, codes, row = p.state(1)
    equal((state, codes[0]), ("blocked", "scope_exceeded"))
    contains(row["reasons"][0]["detail"], "other:state site: not in scope.allowed_global")
    equal(p.pages(), {})


# --- probes and programs that are not as they should be

BAD_PROBES = {
    "prints_nothing": ("exit 0", 'the probe of state "site" prints nothing'),
    "prints_two_lines": ("echo absent; echo absent", 'the probe of state "site" prints more than one line'),
    "prints_no_digest": ("echo secret-words", 'the probe of state "site" prints neither the SHA-256 of what stands there nor "absent"'),
    "prints_much": ("head -c 20000000 /dev/zero", 'the probe of state "site" prints neither the SHA-256'),
    "prints_other_things": ("date +%s.%N | sha256sum | cut -d' ' -f1", 'the probe of state "site" does not print the same twice'),
    "fails": ("echo absent; exit 3", 'the probe of state "site": "./site" ended with status 3'),
    "dies": ("kill -9 $$", 'the probe of state "site": "./site" was ended by signal 9'),
}


@cases(**{name: name for name in BAD_PROBES})
def a_bad_probe_blocks_with_one_sentence(name, tmp):
    does, words = BAD_PROBES[name]
    p = site(tmp)
    p.program("probes/site", f"#!/bin/sh\n{does}\n")
    state, codes, row = p.state(1)
    equal((state, codes), ("blocked", ["store_unreachable"]))
    contains(row["reasons"][0]["detail"], words)
    lacks(row["reasons"][0]["detail"], "secret-words")
    fails(p.run("build", "dev"), 1, words)
    equal(p.pages(), {})


@test
def a_probe_that_is_not_there_is_named(tmp):
    p = site(tmp, probe="nowhere", scope="state:nowhere")
    ran = p.run("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'nothing was changed; step 1 (apply other:state nowhere): the probe of state "nowhere": cannot start "./nowhere"')
    equal(p.pages(), {})


BAD_PROGRAMS = {
    "changes_nothing": ("exit 0", "", 'the program ended well, but changed nothing: the probe of state "site" prints what it printed before'),
    "is_not_expected": (PUBLISH[10:], f"  expect: {page('other')}\n",
                        f"the program ended well, but state \"site\" is {page('hello' + chr(10))}, and not {page('other')}, which runner.expect says"),
    "ends_badly": ("exit 7", "", '"./publish.sh" ended with status 7; what it said stands in state/runners/OTHER-MIG-01.log'),
    "ignores_sigterm": ("trap '' TERM; while :; do :; done", "  time_limit: 1s\n", '"./publish.sh" did not end within 1 s'),
    "prints_much": ("head -c 300000000 /dev/zero; exit 1", "", "ended with status 1"),
    "wants_a_variable": ("exit 0", "  environment: [KFM_NOT_SET]\n", "the variable KFM_NOT_SET is not set, and the program wants it"),
    "writes_data": (PUBLISH[10:] + 'echo x >"$KFMIG_ROOT/data/new"\n', "", "it stands in a data root, which no migration changes"),
}


@cases(**{name: name for name in BAD_PROGRAMS})
def a_bad_program_fails_with_one_sentence(name, tmp):
    does, more, words = BAD_PROGRAMS[name]
    p = site(tmp, publish=f"#!/bin/sh\n{does}\n", more=more)
    p.path("data").mkdir()
    ran = p.run("build", "dev")
    contains(ran.text, words)
    changes = name in ("is_not_expected", "writes_data")
    equal(ran.status, 2, repr(ran))
    (contains if changes else lacks)(ran.text, f"kfmig resolve dev/{ident(1)}")
    equal(p.state(1)[:2], ("blocked", ["in_doubt"]) if changes else ("stale", ["never_built"]))
    log = p.path(f"state/runners/{ident(1)}.log")
    equal(log.exists() and log.stat().st_size <= 1024 * 1024, name in ("ends_badly", "ignores_sigterm", "prints_much"))
    p.verified()


@test
def a_program_that_is_not_there_is_named(tmp):
    p = site(tmp, apply="./missing.sh")
    ran = p.run("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'nothing was changed; step 1 (apply other:state site): cannot start "./missing.sh"')
    equal(p.kinds()[-2:], [("done", ident(1), "failed"), ("apply", ident(1), "failed")])
    p.publish(1)
    equal(p.run("build", "dev").status, 0)
    p.verified()


DECLARED = {
    "no_probe": ("  probe: site\n", "", '"runner.probe" names no probe of what it changes'),
    "no_apply": ("  apply: ./publish.sh index\n", "", '"runner.apply" names no program'),
    "no_rollback": ("  rollback: ./withdraw.sh index\n", "", '"requires_rollback" is true, but runner.rollback names no program'),
    "a_command": ("  probe: site\n", "  probe: site\n  command: x\n", 'here "runner.apply" names the program'),
    "another_tool": ("tool: command", "tool: native", 'programs make the migrations of its store: "runner.tool" has to be command'),
    "rows": ("limits: {}", "limits: {max_row_backfill: 1}", '"max_row_backfill" cannot be held'),
    "an_invariant": ("  rollback: [withdraw.sh]\n", "  rollback: [withdraw.sh]\n  invariants: [publish.sh]\n", "a store of programs has no invariants"),
    "a_name": ("page.html", "page.command", "ends in .command, as what runner says does"),
}


@cases(**{name: name for name in DECLARED})
def a_bad_declaration_is_a_fault(name, tmp):
    was, now, words = DECLARED[name]
    p = site(tmp)
    path = p.path(f"migrations/other/{ident(1)}/migration.yml")
    text = path.read_text(encoding="utf-8")
    contains(text, was)
    path.write_text(text.replace(was, now), encoding="utf-8")
    fails(p.run("check"), 5, words)


@test
def a_file_among_the_invariants_runs_nothing(tmp):
    p = site(tmp)
    p.write(f"migrations/other/{ident(1)}/invariants/a.command", '{"run":"true","state":"site","store":"other"}\n')
    equal((p.state(1)[0], p.state(1)[1][0]), ("blocked", "script_fault"))
    fails(p.run("check"), 5, "a store of programs has no invariants")


@test
def no_other_store_knows_its_members(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;\n")
    path = p.path("migrations/postgis/PG-MIG-2026-01-01-01/migration.yml")
    path.write_text(path.read_text(encoding="utf-8").replace("tool: native", "tool: native\n  probe: site"), encoding="utf-8")
    fails(p.run("check"), 5, '"runner.probe" is of stores whose migrations are programs, and of no other')


# --- killed everywhere

POINTS = [f"journal.{point}:kill:1" for point in ("intended", "ran", "proven", "done")] + [f"tx.recorded:kill:{n}" for n in range(1, 5)] + \
         ["tx.committed:kill:2"]


def begun_once(p):
    return pg.psql(p.db, "SELECT count(*) FILTER (WHERE kind = 'intent'), count(*) FILTER (WHERE kind = 'done' AND result = 'success')"
                         f" FROM kfmig.entry WHERE subject = '{ident(1)}'")


@cases(**{point: point for point in POINTS})
def killed_there_with_an_expectation_the_next_build_goes_on(fault, tmp):
    p = site(tmp, more=f"  expect: {page('hello' + chr(10))}\n", publish=PUBLISH + 'echo x >>"$KFMIG_ROOT/state/ran"\n')
    ran = p.run("build", "dev", env={"KFMIG_FAULT": fault}, program=FAULTY)
    equal(ran.status, -signal.SIGKILL, repr(ran))
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.pages(), {"index.html": "hello\n"})
    equal(p.path("state/ran").read_text(encoding="utf-8"), "x\n", "it ran once")
    equal(begun_once(p), [("1", "1")])
    equal(p.state(1)[:2], ("current", ["current"]))
    lacks(p.run("plan", "dev").out, "drift")
    p.verified()


@cases(applied="applied", absent="absent")
def without_one_a_person_resolves(said, tmp):
    p = site(tmp)
    equal(p.run("build", "dev", env={"KFMIG_FAULT": "journal.ran:kill:1"}, program=FAULTY).status, -signal.SIGKILL)
    equal(p.state(1)[:2], ("blocked", ["in_doubt"]))
    contains(p.run("why", f"dev/{ident(1)}").out, "kfmig resolve")
    fails(p.run("build", "dev"), 1, "blocked")
    if said == "absent":
        p.write("state/site/index.html", "somebody else's\n")
    equal(p.run("resolve", f"dev/{ident(1)}", f"--as={said}", "--apply").status, 0)
    if said == "absent":
        fails(p.run("build", "dev"), 1, "drift: other:state site appeared outside kfmig")
        equal(p.run("adopt", "dev").status, 0)
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))
    equal((p.state(1)[:2], p.pages()), (("current", ["current"]), {"index.html": "hello\n"}))
    p.verified()


@test
def an_interrupted_program_is_ended_and_the_probe_decides(tmp):
    p = site(tmp, publish='#!/bin/sh\ntouch "$KFMIG_ROOT/state/begun"\nexec sleep 60\n')
    child = p.start("build", "dev")
    until = time.monotonic() + 50
    while not p.path("state/begun").exists() and time.monotonic() < until:
        os.sched_yield()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=50)
    equal(child.returncode, 130)
    state, codes, _ = p.state(1)
    equal((state, codes in (["begun"], ["interrupted"])), ("stale", True), f"{codes}")
    p.publish(1)
    equal(p.run("build", "dev").status, 0)
    p.verified()


# --- taken back


@test
def what_was_applied_is_taken_back_and_proven(tmp):
    p = built(tmp)
    shown = p.run("rollback", "dev", "--dry-run")
    equal((shown.status, p.pages()), (0, {"index.html": "hello\n"}), repr(shown))
    contains(shown.text, ident(1))
    ran = p.run("rollback", "dev", "--apply")
    equal((ran.status, p.pages()), (0, {}), repr(ran))
    equal(p.kinds()[-3:], [("intent", ident(1), "success"), ("done", ident(1), "success"), ("rollback", ident(1), "success")])
    receipt = p.json("receipt", "show", "dev", str(len(p.entries())))
    valid("run_receipt.v1", receipt)
    equal((receipt["target"]["store"], [g["gate"] for g in receipt["claim"]["gates"] if g["result"] != "pass"]), ("other", []))
    contains(" ".join(g["gate"] for g in receipt["claim"]["gates"]), "restored")
    equal(p.state(1)[:2], ("blocked", ["rolled_back"]))
    equal(p.run("diff", "dev").status, 0)
    p.verified()
    equal(p.run("build", "dev", ident(1)).status, 0)
    equal(p.pages(), {"index.html": "hello\n"})
    p.verified()


@test
def the_newest_goes_first_and_each_to_what_was_before_it(tmp):
    p = built(tmp)
    p.publish(2, apply="./publish.sh more", rollback="./withdraw.sh more", text="more\n")
    equal(p.run("build", "dev").status, 0)
    fails(p.run("rollback", "dev", ident(1), "--apply"), 1, f"{ident(2)} changed other:state site after {ident(1)}")
    equal((p.run("rollback", "dev", "--apply").status, p.pages()), (0, {"index.html": "hello\n"}))
    equal((p.run("rollback", "dev", "--apply").status, p.pages()), (0, {}))
    p.verified()


@test
def a_rollback_that_brings_back_something_else_is_told(tmp):
    p = built(tmp, rollback="./publish.sh other")
    ran = p.run("rollback", "dev", "--apply")
    equal(ran.status, 4, repr(ran))
    contains(ran.text, f'{ident(1)} was not taken back: stands: 1 of 1 steps; gate "restored" failed: other:state site')
    equal(p.kinds()[-1], ("rollback", ident(1), "failed"))
    p.verified()


@test
def a_rollback_that_changes_nothing_is_told(tmp):
    p = built(tmp, rollback="true")
    ran = p.run("rollback", "dev", "--apply")
    equal(ran.status, 4, repr(ran))
    contains(ran.text, f"{ident(1)} was not taken back: nothing was changed; step 1 (rollback other:state site): the program ended well, but changed nothing")
    equal(p.state(1)[:2], ("current", ["current"]))
    p.verified()


@test
def what_cannot_be_looked_at_is_not_taken_back(tmp):
    p = built(tmp)
    p.program("probes/site", "#!/bin/sh\nexit 3\n")
    fails(p.run("rollback", "dev", "--apply"), 1, f'{ident(1)} cannot be taken back: the probe of state "site"')
    equal(p.pages(), {"index.html": "hello\n"})


def killed_in_its_rollback(p, fault, left):
    """Rolled back and killed there; left: the pages that stand then."""
    ran = p.run("rollback", "dev", ident(p.last), "--apply", env={"KFMIG_FAULT": f"{fault}:kill:1"}, program=FAULTY)
    equal((ran.status, p.pages()), (-signal.SIGKILL, left))
    equal(p.state(p.last)[:2], ("blocked", ["rollback_begun"]))


@cases(to_nothing=(1, "journal.intended", "journal.ran"), to_another=(2, "journal.intended", "journal.ran"))
def a_rollback_that_was_killed_goes_on_where_the_probe_says_what_it_said_before(case, tmp):
    """Absent or as the migration before left it: done; as it was before the rollback: not begun. Nobody is asked."""
    last, *faults = case
    for fault in faults:
        (tmp / fault).mkdir()
        p = built(tmp / fault)
        p.last = last
        if last == 2:
            p.publish(2, apply="./publish.sh more", rollback="./withdraw.sh more", text="more\n")
            equal(p.run("build", "dev").status, 0)
        before = {"index.html": "hello\n"} if last == 2 else {}
        killed_in_its_rollback(p, fault, p.pages() if fault == "journal.intended" else before)
        fails(p.run("resolve", f"dev/{ident(last)}"), 1, "is not in doubt")
        ran = p.run("rollback", "dev", ident(last), "--apply")
        equal((ran.status, p.pages(), p.kinds()[-1]), (0, before, ("rollback", ident(last), "success")), repr(ran))
        equal(p.state(last)[:2], ("blocked", ["rolled_back"]))
        p.verified()


@test
def a_rollback_killed_behind_its_program_is_in_doubt_where_something_else_stands(tmp):
    p = built(tmp, rollback="./publish.sh other")
    p.last = 1
    killed_in_its_rollback(p, "journal.ran", {"index.html": "hello\n", "other.html": "hello\n"})
    fails(p.run("rollback", "dev", "--apply"), 6, "what stands there is neither what stood there before nor what it makes")
    shown = p.run("resolve", f"dev/{ident(1)}")
    contains(shown.text, "other:state site stands there, and is not what it is to be")
    for name in p.pages():
        p.path(f"state/site/{name}").unlink()
    p.path("state/site").rmdir()
    fails(p.run("resolve", f"dev/{ident(1)}", "--as=applied", "--apply"), 1, "is not in doubt")
    ran = p.run("rollback", "dev", ident(1), "--apply")
    equal((ran.status, p.kinds()[-1]), (0, ("rollback", ident(1), "success")), repr(ran))
    p.verified()


@test
def what_a_person_says_of_a_rollback_counts(tmp):
    p = built(tmp, rollback="./publish.sh other")
    p.last = 1
    killed_in_its_rollback(p, "journal.ran", {"index.html": "hello\n", "other.html": "hello\n"})
    equal(p.run("resolve", f"dev/{ident(1)}", "--as=applied", "--apply").status, 0)
    fails(p.run("rollback", "dev", ident(1), "--apply"), 4, 'gate "restored" failed: other:state site')
    p.verified()


# --- who looks


@test
def another_probe_is_another_plan(tmp):
    """What was agreed on was seen with the probes' bytes of then, and with whatever they read beside them; an applied migration stands."""
    p = site(tmp)
    p.publish(2, text="again\n")
    seen = {}
    for name, text in (("probes/site", PROBE), ("probes/site", PROBE + "# another\n"), ("probes/lib.sh", "x=1\n")):
        p.write(name, text)
        d = p.json("plan", "dev")
        valid("plan.v1", d)
        seen[d["plan_digest"]] = d["plan"]["probes"]["other"]
    equal((len(seen), len(set(seen.values()))), (3, 3))
    equal(p.json("plan", "dev")["plan_digest"], d["plan_digest"])
    for old in list(seen)[:2]:
        fails(p.run("build", "dev", f"--plan={old}"), 1, "plan")
    equal(p.run("build", "dev", f"--plan={d['plan_digest']}").status, 0)
    p.write("probes/site", PROBE + "# a third\n")
    lacks(p.json("plan", "dev")["plan"], "probes")
    equal(p.state(1)[:2], ("current", ["current"]))


main()
