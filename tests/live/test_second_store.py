"""A second store, added by the recipe of docs/EXTENDING.md: the toy store of tests/contract as one row and one folder, with its language.

A project with bundles of both stores goes through every verb, and through every crash, with the kfmig that comes of it.
"""
# run: needs=postgres limit=1200

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pg
from project import Project
from schemas import valid
from tap import at_exit, cases, contains, equal, fails, lacks, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
TOY = SRC / "tests/contract/toy"

CODES = ["begun", "begun_otherwise", "in_doubt", "store_replaced"]  # reached here, and asked for below
ENVIRONMENTS = """\
policy: {protected: {schemas: [sealed]}}
environments:
  dev:
    evidence: folder
    stores: {postgis: {dsn_ref: KFM_DSN}, toy: {folder: state/toy}}
  plain:
    stores: {postgis: {dsn_ref: KFM_DSN}}
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}, toy: {folder: state/toy}}
default_environment: dev
"""
HELLO = "# the first notes\nput notes/hello\none\ntwo\nthree\n.\nput notes/world\nfour\n.\n"
APP = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY);\n"


# --- the recipe, to the letter


def steps_of(head):
    body = re.split(r"^## ", (SRC / "docs/EXTENDING.md").read_text(encoding="utf-8").split(f"## {head}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\d+\. `([^`]+)`", body, re.MULTILINE)


def add_behind(path, begins, line):
    """line behind the first one that begins so."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, old in enumerate(lines) if old.startswith(begins))
    lines.insert(at + 1, line + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def copied(tree):
    for name in ("configure", "build.ninja.in"):
        shutil.copy(SRC / name, tree / name)
    for name in ("src", "registry", "tests"):
        shutil.copytree(SRC / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))


def follow_recipes(tree):
    equal(steps_of("A store")[:4], ["src/store/NAME/NAME.c", "src/model/stores.def", "src/tool/layers.txt", "tests/contract/t_store.c"])
    (tree / "src/store/toy").mkdir()
    shutil.copy(TOY / "toy.c", tree / "src/store/toy/toy.c")
    add_behind(tree / "src/model/stores.def", "STORE(POSTGIS,", 'STORE(TOY, toy, STORE_SWITCHES, ".notes", "folder")')
    add_behind(tree / "src/tool/layers.txt", "store/postgis:", "store/toy: base doc model data store pg")
    equal(steps_of("A language of migrations")[:3], ["src/NAME/NAME.c", "src/script/language.c", "src/tool/layers.txt"])
    shutil.copytree(TOY / "language", tree / "src/notes")
    add_behind(tree / "src/script/language.c", '    {"SQL",', '    {"notes", ".notes", "notes 1", notes_parse, NULL, false},')
    add_behind(tree / "src/script/language.c", "#include <string.h>", '#include "notes/notes.h"')
    add_behind(tree / "src/tool/layers.txt", "sql: ", "notes:  base model")
    layers = tree / "src/tool/layers.txt"
    layers.write_text(layers.read_text(encoding="utf-8").replace("script: base doc model sql\n", "script: base doc model sql notes\n"), encoding="utf-8")


_built = []


def kfmig():
    """The program with the toy store in its table; built once, also where it cannot be."""
    if not _built:
        _built.append(None)
        tree = pathlib.Path(tempfile.mkdtemp(prefix="kfmig-second-store-"))
        copied(tree)
        follow_recipes(tree)
        for command in (["./configure", "--faults", "--debug"], ["ninja", "build/kfmig"]):
            ran = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
            equal(ran.returncode, 0, ran.stdout[-3000:] + ran.stderr[-3000:])
        program = tree.with_suffix(".bin")
        shutil.copy(tree / "build/kfmig", program)
        shutil.rmtree(tree)
        at_exit(program.unlink)
        _built[0] = program
    equal(_built[0] is not None, True, "it could not be built: see the first test")
    return str(_built[0])


# --- a project with bundles of both stores


def ident(number):
    return f"NOTE-{number:02}"


class Both(Project):
    def __init__(self, tmp, place=True):
        super().__init__(tmp, environments=ENVIRONMENTS)
        self.place = self.path("state/toy")
        if place:
            self.place.mkdir(parents=True)

    def note(self, number, forward, schemas=("notes",), limits="{}", invariants=None, depends=None):
        base = f"migrations/toy/{ident(number)}"
        extra = "" if depends is None else f"depends_on: [{depends}]\n"
        self.write(f"{base}/migration.yml", f"""\
migration_id: {ident(number)}
type: toy
intent: "A note"
{extra}scope:
  allowed_schemas: [{", ".join(schemas)}]
limits: {limits}
requires_rollback: true
approvals:
  required_reviewers: [reviewers]
  change_class: test
runner:
  tool: native
artifacts:
  forward: [forward.notes]
  rollback: [rollback.notes]
""")
        self.write(f"{base}/forward.notes", forward)
        self.write(f"{base}/rollback.notes", "drop notes/hello\n")
        for name, text in (invariants or {}).items():
            self.write(f"{base}/invariants/{name}", text)
        return base

    def go(self, *args, **more):
        return self.run(*args, program=kfmig(), **more)

    def told(self, *args, **more):
        return self.json(*args, program=kfmig(), **more)

    def state(self, number, env="dev"):
        return self.subject(ident(number), env)

    def subject(self, name, env="dev"):
        rows = self.told("status", env)["targets"]
        row = next(r for r in rows if r["target"] == f"{env}/{name}@apply")
        return row["state"], [r["code"] for r in row["reasons"]], row

    def notes(self):
        return {str(p.relative_to(self.place)): p.read_text(encoding="utf-8") for p in sorted(self.place.glob("*/*"))}

    def kinds(self):
        return [(r[1], r[2], r[3]) for r in self.entries()]

    def objects(self):
        return [r[0] for r in pg.psql(self.db, "SELECT DISTINCT object FROM kfmig.object ORDER BY 1")]

    def verified(self):
        ran = self.go("receipt", "verify", "dev")
        equal(ran.status, 0, repr(ran))
        return ran


def both(tmp, **more):
    p = Both(tmp)
    p.bundle("M-01", APP)
    p.note(1, HELLO, **more)
    return p


def built(tmp, **more):
    p = both(tmp, **more)
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    return p


# --- what runs


@test
def both_stores_are_planned_built_and_told(tmp):
    p = both(tmp)
    plan = p.go("plan", "dev")
    equal(plan.status, 0, repr(plan))
    contains(plan.out, ident(1))
    contains(plan.out, "put")
    contains(plan.out, "forward.notes:2")
    valid("plan.v1", p.told("plan", "dev"))
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "dev: first contact with store toy; recorded 0 objects found there as its starting baseline")
    equal(p.notes(), {"notes/hello": "one\ntwo\nthree\n", "notes/world": "four\n"})
    equal(p.kinds(), [("contact", "database", "success"), ("adopt", "database", "success"), ("apply", "PG-MIG-2026-01-01-01", "success"),
                      ("adopt", "toy", "success")]
          + [("intent", ident(1), "success")] + [("batch", ident(1), "success")] * 3 + [("done", ident(1), "success")]
          + [("intent", ident(1), "success"), ("batch", ident(1), "success"), ("done", ident(1), "success"), ("apply", ident(1), "success")])
    equal([o for o in p.objects() if "notes" in o], ["toy:table notes.hello", "toy:table notes.world"])
    equal([o for o in p.objects() if "app" in o], ["schema app", "table app.t"])
    p.verified()


@test
def a_second_build_writes_nothing(tmp):
    p = built(tmp)
    before = p.entries()
    equal(p.told("build", "dev")["ran"], [])
    equal(p.entries(), before)
    for name in (ident(1), "PG-MIG-2026-01-01-01"):
        equal(p.subject(name)[:2], ("current", ["current"]), name)


@test
def why_and_the_receipt_say_where_it_was_done(tmp):
    p = built(tmp)
    why = p.go("why", f"dev/{ident(1)}")
    equal(why.status, 0, repr(why))
    contains(why.out, "applied and unchanged")
    receipt = p.told("receipt", "show", "dev", str(len(p.entries())))
    valid("run_receipt.v1", receipt)
    equal(receipt["target"]["store"], "toy")
    equal(receipt["claim"]["limits"][0]["observed"], 2)
    equal([g["gate"] for g in receipt["claim"]["gates"]], ["scope", "protected", "drift", "ledger", "observation", "secrets"])
    intent = next(n for n, k in enumerate(p.kinds(), 1) if k[0] == "intent")
    first = p.told("receipt", "show", "dev", str(intent))
    equal((first["claim"]["journal"]["store"], first["claim"]["journal"]["verb"], first["claim"]["journal"]["object"], first["actor"]["id"]),
          ("toy", "put", "toy:table notes.hello", "tester"))
    exported = p.path(f"migrations/toy/{ident(1)}/diffs/dev/touched.csv").read_text(encoding="utf-8")
    contains(exported, "toy:table notes.hello")
    exported = p.path("migrations/postgis/PG-MIG-2026-01-01-01/diffs/dev/touched.csv").read_text(encoding="utf-8")
    lacks(exported, "toy:")


@test
def an_environment_without_the_store_is_not_concerned(tmp):
    p = both(tmp)
    equal(p.state(1, "plain")[:2], ("not-applicable", ["store_not_configured"]))


@test
def a_later_migration_of_the_store_changes_and_drops(tmp):
    p = built(tmp)
    p.note(2, "put notes/hello\nagain\n.\ndrop notes/world\n")
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.notes(), {"notes/hello": "again\n"})
    equal(pg.psql(p.db, "SELECT object, fingerprint IS NULL FROM kfmig.object WHERE seq = (SELECT max(seq) FROM kfmig.object) ORDER BY 1"),
          [("toy:table notes.hello", "f"), ("toy:table notes.world", "t")])
    p.verified()


# --- what stands in the way


@test
def a_missing_place_blocks_what_is_meant_for_it_and_nothing_else(tmp):
    p = both(tmp)
    shutil.rmtree(p.place)
    state, codes, row = p.state(1)
    equal((state, codes), ("blocked", ["store_unreachable"]))
    contains(row["reasons"][0]["detail"], "the folder of the toy store cannot be opened")
    contains(row["reasons"][0]["cause"], "store toy of dev")
    equal(p.subject("PG-MIG-2026-01-01-01")[0], "stale")
    ran = p.go("build", "dev", "-k")
    fails(ran, 1, "the folder of the toy store cannot be opened: No such file or directory (store toy of dev)", "1 migration blocked")
    equal(p.applied(), ["PG-MIG-2026-01-01-01"])
    p.place.mkdir()
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.state(1)[0], "current")
    shutil.rmtree(p.place)
    equal(p.state(1)[:2], ("blocked", ["store_unreachable"]))
    equal(p.subject("PG-MIG-2026-01-01-01")[0], "current", "and has no drift")


@test
def another_place_is_not_taken_for_the_one_that_is_known(tmp):
    p = built(tmp)
    p.place.rename(p.path("state/old"))
    p.place.mkdir()
    equal(p.state(1)[:2], ("blocked", ["store_replaced"]))
    why = p.go("why", f"dev/{ident(1)}")
    contains(why.out, "`kfmig adopt dev`")
    ran = p.go("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.state(1)[:2], ("current", ["current"]))
    equal(p.kinds()[-1], ("adopt", "toy", "success"))
    p.verified()


@test
def what_is_found_there_is_the_starting_baseline(tmp):
    p = both(tmp)
    (p.place / "notes").mkdir()
    (p.place / "notes/old").write_text("found\n", encoding="utf-8")
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "recorded 1 object found there as its starting baseline")
    equal(p.told("plan", "dev")["targets"] != [] and p.state(1)[0], "current")
    contains("\n".join(p.objects()), "toy:table notes.old")


@test
def a_protected_environment_adopts_first(tmp):
    p = both(tmp)
    p.write("registry/migrations.v1.json", '{"version": 1, "migrations": []}\n')
    equal(p.go("check", "--fix").status, 0)
    (p.place / "notes").mkdir()
    (p.place / "notes/old").write_text("found\n", encoding="utf-8")
    equal((p.state(1, "prod")[0], p.state(1, "prod")[1][0]), ("blocked", "not_adopted"))


@test
def drift_of_the_store_is_its_own(tmp):
    p = built(tmp)
    (p.place / "notes/hello").write_text("changed\n", encoding="utf-8")
    p.note(2, "put notes/hello\nmine\n.\n", depends=ident(1))
    p.note(3, "put notes/new\nfree\n.\n", depends=ident(1))
    p.bundle("M-02", "CREATE TABLE app.u ();\n")
    plan = p.go("plan", "dev")
    contains(plan.out, "drift: toy:table notes.hello changed outside kfmig; last written by NOTE-01")
    equal((p.state(2)[0], p.state(2)[1][0]), ("blocked", "drift"))
    equal(p.state(3)[0], "stale")
    equal(p.subject("PG-MIG-2026-01-01-02")[0], "stale")
    ran = p.go("build", "dev", "-k")
    equal((ran.status, p.applied()[2:]), (1, ["PG-MIG-2026-01-01-02", ident(3)]), repr(ran))
    ran = p.go("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.kinds()[-1], ("adopt", "toy", "success"), "the database did not move")
    ran = p.go("build", "dev")
    equal((ran.status, p.notes()["notes/hello"]), (0, "mine\n"), repr(ran))
    p.verified()


@test
def what_the_text_shows_out_of_scope_never_runs(tmp):
    p = both(tmp, schemas=("other",))
    state, codes, row = p.state(1)
    equal((state, codes[0]), ("blocked", "scope_exceeded"))
    contains(row["reasons"][0]["detail"], "toy:table notes.hello: not in scope.allowed_schemas")
    fails(p.go("build", "dev"), 1, "touches something outside its declared scope")
    equal(p.notes(), {})


@test
def what_only_the_look_shows_out_of_scope_stands_and_is_said(tmp):
    p = both(tmp)
    (p.place / "notes").mkdir()
    (p.place / "notes/.mirror").write_text("audit", encoding="utf-8")
    ran = p.go("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'NOTE-01: stands: 2 of 2 steps; gate "scope" failed: create of toy:table audit.hello: not in scope.allowed_schemas (and 1 more)')
    contains(ran.text, f"what undoes it: migrations/toy/{ident(1)}/rollback.notes")
    equal(p.kinds()[-1], ("apply", ident(1), "failed"))
    state, codes, row = p.state(1)
    equal((state, codes), ("stale", ["begun"]))
    equal(row["reasons"][0]["detail"], "all 2 steps stand, and it is not recorded as applied")
    before = len(p.entries())
    fails(p.go("build", "dev"), 2, 'gate "scope" failed')
    equal(len(p.entries()), before + 1, "and no step is begun again")
    contains(p.go("plan", "dev").out, "drift: toy:table audit.hello appeared outside kfmig")
    p.note(1, HELLO, schemas=("notes", "audit"))
    contains(p.go("build", "dev").text, 'gate "drift" failed: toy:table audit.hello was changed outside kfmig')
    equal(p.go("adopt", "dev").status, 0)
    ran = p.go("build", "dev")
    equal((ran.status, p.state(1)[0]), (0, "current"), repr(ran))
    equal([o for o in p.objects() if "audit" in o], ["toy:table audit.hello", "toy:table audit.world"])
    p.verified()


@test
def a_limit_and_an_invariant_hold_what_was_seen(tmp):
    p = both(tmp, invariants={"none.notes": "find notes three\n"})
    ran = p.go("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'gate "invariant invariants/none.notes" failed: 1 rows returned, none allowed')
    p.write(f"migrations/toy/{ident(1)}/invariants/none.notes", "find notes nowhere\n")
    equal(p.go("build", "dev").status, 0)
    p.note(2, "put notes/a\n1\n.\nput notes/b\n2\n.\n", limits="{max_table_count_touched: 1}")
    equal(p.state(2)[1][0], "limit_exceeded")


@test
def protected_domains_are_protected_there_too(tmp):
    p = both(tmp, schemas=("notes", "sealed"))
    p.note(1, "put sealed/a\n1\n.\n", schemas=("sealed",))
    equal((p.state(1)[0], p.state(1)[1][0]), ("blocked", "protected_domain"))


@test
def a_text_that_does_not_say_what_it_changes_is_a_fault(tmp):
    p = both(tmp)
    p.note(1, "find notes x\n")
    state, codes, row = p.state(1)
    equal((state, codes[0]), ("blocked", "script_fault"))
    contains(p.go("check").text, "find: the text does not say what it changes, so it cannot be journaled")


def leads_nowhere(p):
    """An object that cannot be written until the folder that it leads to is made."""
    (p.place / "notes").mkdir()
    (p.place / "notes/none").symlink_to(p.root / "elsewhere/none")


@test
def a_failed_step_says_what_stands_and_is_gone_on_with(tmp):
    p = both(tmp)
    leads_nowhere(p)
    p.note(1, HELLO + "put notes/none\nx\n.\n")
    ran = p.go("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'NOTE-01: stands: 2 of 3 steps; step 3 (put toy:table notes.none): "notes/none" cannot be written')
    contains(ran.text, f"migrations/toy/{ident(1)}/forward.notes:10:1")
    contains(ran.text, "mend it and build again: no step that stands is begun again")
    equal((p.kinds()[-2:]), [("done", ident(1), "failed"), ("apply", ident(1), "failed")])
    failed = p.told("receipt", "show", "dev", str(len(p.entries())))
    equal((failed["failure"]["statement"], failed["failure"]["line"], failed["claim"]["limits"][0]["observed"]), (3, 10, 2))
    equal(p.state(1)[2]["reasons"][0]["detail"], "step 3 of 3 (put toy:table notes.none) stands not yet")
    p.path("elsewhere").mkdir()
    ran = p.go("build", "dev")
    equal((ran.status, sorted(p.notes())), (0, ["notes/hello", "notes/none", "notes/world"]), repr(ran))
    equal(len([k for k in p.kinds() if k[0] == "intent"]), 4, "the failed one was begun twice, the others once")
    p.verified()


@test
def nothing_was_changed_where_the_first_step_fails(tmp):
    p = both(tmp)
    leads_nowhere(p)
    p.note(1, "put notes/none\nx\n.\n")
    ran = p.go("build", "dev")
    equal(ran.status, 2, repr(ran))
    contains(ran.text, "NOTE-01: nothing was changed; step 1 (put toy:table notes.none)")
    equal(p.state(1)[1], ["never_built"])


# --- killed everywhere

POINTS = [f"journal.{point}:kill:{n}" for point, most in (("intended", 2), ("batch", 4), ("ran", 2), ("proven", 2), ("done", 2))
          for n in range(1, most + 1)] + [f"tx.recorded:kill:{n}" for n in range(1, 11)] + ["tx.committed:kill:2"]


def journaled(p):
    """Steps with more than one intent, or without a done."""
    return pg.psql(p.db, "SELECT subject, count(*) FILTER (WHERE kind = 'intent'), count(*) FILTER (WHERE kind = 'done' AND result = 'success')"
                         " FROM kfmig.entry WHERE kind IN ('intent', 'done') GROUP BY subject")


@cases(**{point: point for point in POINTS})
def killed_there_the_next_build_goes_on(fault, tmp):
    p = both(tmp)
    equal(p.go("build", "dev", "PG-MIG-2026-01-01-01").status, 0)
    ran = p.go("build", "dev", env={"KFMIG_FAULT": fault})
    equal(ran.status, -signal.SIGKILL, repr(ran))
    state, codes, row = p.state(1)
    equal(state in ("stale", "current"), True, f"{state} {codes}")
    equal(set(codes) <= {"begun", "never_built", "current", "output_missing"}, True, f"{codes}")
    ran = p.go("build", "dev")
    equal(ran.status, 0, repr(ran))
    equal(p.notes(), {"notes/hello": "one\ntwo\nthree\n", "notes/world": "four\n"})
    equal(journaled(p), [(ident(1), "2", "2")], "each step was begun once, and closed once")
    equal(p.applied(), ["PG-MIG-2026-01-01-01", ident(1)])
    equal([o for o in p.objects() if o.startswith("toy:")], ["toy:table notes.hello", "toy:table notes.world"])
    lacks(p.go("plan", "dev").out, "drift")
    equal(p.state(1)[0], "current")
    p.verified()


def killed(tmp, fault="journal.batch:kill:2"):
    p = both(tmp)
    equal(p.go("build", "dev", env={"KFMIG_FAULT": fault}).status, -signal.SIGKILL)
    return p


@test
def what_was_begun_is_told_and_is_no_drift(tmp):
    p = killed(tmp)
    state, codes, row = p.state(1)
    equal((state, codes), ("stale", ["begun"]))
    equal(row["reasons"][0]["detail"], "step 1 of 2 (put toy:table notes.hello) stands in part")
    contains(row["reasons"][0]["cause"], "ledger entry ")
    lacks(p.go("plan", "dev").out, "drift")
    contains(p.go("why", f"dev/{ident(1)}").out, "an earlier run began it; it is gone on with")
    valid("why.v1", p.told("why", f"dev/{ident(1)}"))
    valid("status.v1", p.told("status", "dev"))


@test
def what_somebody_else_did_meanwhile_is_in_doubt(tmp):
    p = killed(tmp)
    (p.place / "notes/hello").write_text("theirs\n", encoding="utf-8")
    state, codes, row = p.state(1)
    equal((state, codes), ("blocked", ["in_doubt"]))
    contains(row["reasons"][0]["detail"], "is neither what stood there before nor what it makes")
    why = p.go("why", f"dev/{ident(1)}")
    contains(why.out, "put back what stood there before")
    ran = p.go("build", "dev")
    equal((ran.status, p.notes()), (1, {"notes/hello": "theirs\n"}), repr(ran))
    (p.place / "notes/hello").unlink()
    equal(p.state(1)[1], ["begun"])
    equal(p.go("build", "dev").status, 0)
    p.verified()


@test
def other_content_does_not_go_on_with_what_was_begun(tmp):
    p = killed(tmp)
    p.note(1, HELLO.replace("two", "too"))
    state, codes, row = p.state(1)
    equal((state, codes[0]), ("blocked", "begun_otherwise"))
    contains(p.go("why", f"dev/{ident(1)}").out, "put back the scripts that it was begun with")
    fails(p.go("build", "dev"), 1, "1 target is blocked; nothing was run")
    p.note(1, HELLO)
    ran = p.go("build", "dev")
    equal((ran.status, p.state(1)[0]), (0, "current"), repr(ran))


@test
def the_other_store_goes_on_while_one_is_in_doubt(tmp):
    p = killed(tmp)
    (p.place / "notes/hello").write_text("theirs\n", encoding="utf-8")
    p.bundle("M-02", "CREATE TABLE app.u ();\n")
    ran = p.go("build", "dev", "-k")
    equal((ran.status, p.applied()), (1, ["PG-MIG-2026-01-01-01", "PG-MIG-2026-01-01-02"]), repr(ran))


main()
