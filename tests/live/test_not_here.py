"""Applied, but not here: a migration whose bundle is gone, renamed, edited or copied is told by every verb and never runs a second time."""
# run: needs=postgres limit=600

import json
import shutil

import pg
from project import ENVIRONMENTS, Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

CODES = ["applied_not_here", "bundle_missing", "renamed", "applied_twin", "resembles_applied"]  # each is reached below
ONE, TWO, THREE, FOUR, FIVE = (full_id(f"M-0{n}") for n in range(1, 6))
FIRST = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int, note text);\n"
INSERT = "INSERT INTO app.t (id, note)\nVALUES (1, 'first row of the second migration'),\n       (2, 'second row of the second migration');\n"
THIRD = "CREATE TABLE app.u (id int PRIMARY KEY);\n"
PROTECTED = """\
environments:
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""


def built(tmp, env="dev", **more):
    """Three migrations, applied; the second only inserts: run twice, it would be there twice."""
    p = Project(tmp, **more)
    p.bundle("M-01", FIRST)
    p.bundle("M-02", INSERT)
    p.bundle("M-03", THIRD)
    equal(p.run("check", "--fix").status, 0)
    ran = p.run("build", env, "--apply")
    equal(ran.status, 0, repr(ran))
    return p


def folder(p, ident):
    return p.path(f"migrations/postgis/{ident}")


def move(p, old, new):
    """What a person does by hand: the folder and the id in it."""
    folder(p, old).rename(folder(p, new))
    yml = folder(p, new) / "migration.yml"
    yml.write_text(yml.read_text().replace(old, new))


def rows(p):
    return int(pg.value(p.db, "SELECT count(*) FROM app.t"))


def code(p, target, env="dev"):
    row = p.targets(env)[target]
    return row["state"], row["reasons"][0]["code"]


def told(p, ident, env="dev"):
    """Every verb says it; returns what status says."""
    for verb in (("plan", env), ("status", env), ("build", env), ("why", f"{env}/{ident}")):
        ran = p.run(*verb)
        contains(ran.text, ident, repr(verb))
    ran = p.run("why", env, ident)
    contains(ran.text, "applied, but not here")
    contains(ran.text, "by run ")
    return p.run("status", env).text


@cases(second=TWO, newest=THREE, first=ONE)
def a_folder_removed_is_told_by_every_verb(gone, tmp):
    p = built(tmp)
    shutil.rmtree(folder(p, gone))
    text = told(p, gone)
    contains(text, "2 current, 1 applied but not here")
    contains(text, "not here")
    equal(p.build().status, 0)
    contains(p.build().text, "no bundle here")
    equal(rows(p), 2)
    row = p.targets()[gone.replace("PG-MIG-2026-01-01-", "M-") + "@apply"]
    equal((row["state"], row["reasons"][0]["code"], row["last_result"]), ("not-applicable", "applied_not_here", "success"))


@test
def all_removed_is_told(tmp):
    p = built(tmp)
    for ident in (ONE, TWO, THREE):
        shutil.rmtree(folder(p, ident))
    contains(told(p, TWO), "3 applied but not here")
    fails(p.run("why", "dev", "M-99"), 5, 'no target "M-99"')


@test
def many_are_counted_and_the_first_ones_named(tmp):
    p = Project(tmp)
    p.bundle("M-01", FIRST)
    for n in range(2, 8):
        p.bundle(f"M-0{n}", f"CREATE TABLE app.t{n} ();\n")
    equal(p.build().status, 0)
    for n in range(2, 8):
        shutil.rmtree(folder(p, full_id(f"M-0{n}")))
    contains(p.build().text, "3 more are applied and not here")


@test
def a_registry_entry_that_is_gone_with_the_folder_changes_nothing(tmp):
    p = built(tmp)
    shutil.rmtree(folder(p, TWO))
    p.path("registry/migrations.v1.json").unlink()
    equal(p.run("check", "--fix").status, 0)
    contains(told(p, TWO), "1 applied but not here")


@test
def a_switched_branch_has_others(tmp):
    p = built(tmp)
    shutil.rmtree(folder(p, TWO))
    shutil.rmtree(folder(p, THREE))
    p.bundle("M-04", "CREATE TABLE app.of_this_branch (id int);\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.text, TWO)
    equal(p.applied()[-1], FOUR)
    contains(p.run("status").text, "2 current, 2 applied but not here")


@test
def a_protected_environment_blocks(tmp):
    p = built(tmp, env="prod", environments=PROTECTED)
    shutil.rmtree(folder(p, TWO))
    for verb in (("plan", "prod"), ("build", "prod", "--apply"), ("build", "prod", THREE, "--apply")):
        ran = p.run(*verb)
        equal(ran.status, 1, repr(ran))
        contains(ran.text, "applied, but not here, which a protected environment does not pass over")
    equal(code(p, "M-02@apply", "prod"), ("blocked", "bundle_missing"))
    contains(p.run("why", "prod", TWO).text, "--write`")
    p.bundle("M-04", "CREATE TABLE app.v ();\n")
    equal(p.run("check", "--fix").status, 0)
    fails(p.run("build", "prod", "--apply", "--steps=1"), 1, "no bundle here", "1 target is blocked; nothing was run")
    equal(len(p.applied()), 3, "nothing ran")


# --- renamed


@cases(later=FIVE, between=full_id("M-02b"), before=full_id("M-00"), other="ANOTHER-7")
def a_renamed_bundle_never_runs_twice(new, tmp):
    p = built(tmp)
    move(p, TWO, new)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, f"same content as {TWO}, applied at ")
    equal([t["reasons"][0]["code"] for t in p.targets().values() if t["state"] == "blocked"][:1], ["renamed"])
    contains(p.run("why", "dev", new).text, f"`kfmig rename {TWO} {new} dev`")
    fails(p.run("build", "dev", new), 1, "same content as PG-MIG-2026-01-01-02", "1 target is blocked; nothing was run")
    fails(p.run("build", "dev", "-k"), 1, f"same content as {new}: renamed?", "1 migration blocked")
    equal((rows(p), p.applied()), (2, [ONE, TWO, THREE]))
    contains(p.run("plan").text, f"no bundle here; same content as {new}: renamed?")
    contains(p.run("why", "dev", TWO).text, f"`kfmig rename {TWO} {new} dev`")


@test
def a_protected_environment_wants_the_old_name_back(tmp):
    p = built(tmp, env="prod", environments=PROTECTED)
    move(p, TWO, FIVE)
    ran = p.run("build", "prod", "--apply")
    fails(ran, 1, "same content as PG-MIG-2026-01-01-05: renamed?", "2 targets are blocked; nothing was run")
    contains(p.run("why", "prod", FIVE).text, f"give the bundle its old name back: `kfmig rename {FIVE} {TWO}`")
    equal(rows(p), 2)


@cases(notes=("notes.md", None, "renamed"), rollback=("rollback.sql", "-- undone by hand\n", "renamed"),
       forward=("forward.sql", INSERT.replace("second row", "2nd row"), "resembles_applied"))
def renamed_and_edited_does_not_run_by_itself(edit, tmp):
    name, text, why = edit
    p = built(tmp)
    move(p, TWO, FIVE)
    file = folder(p, FIVE) / name
    file.write_text(file.read_text() + "-- more\n" if text is None else text)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "renamed")
    equal(code(p, "M-05@apply"), ("blocked", why))
    equal(rows(p), 2)
    ran = p.run("build", "dev", FIVE)
    equal(ran.status, 0 if why == "resembles_applied" else 1, "what only looks like it runs where it is named")
    equal(rows(p), 4 if why == "resembles_applied" else 2)


@test
def another_text_under_another_id_runs(tmp):
    p = built(tmp)
    shutil.rmtree(folder(p, TWO))
    p.bundle("M-05", "CREATE INDEX ON app.t (note);\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied()[-1], FIVE)


# --- the same content


@test
def a_copy_of_what_is_applied_runs_only_by_its_name(tmp):
    p = built(tmp)
    p.bundle("M-04", INSERT)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "it runs again only where it is named")
    equal(code(p, "M-04@apply"), ("blocked", "applied_twin"))
    contains(p.run("why", "dev", FOUR).text, f"`kfmig build dev {FOUR}`")
    equal(rows(p), 2)
    ran = p.run("build", "dev", FOUR)
    equal((ran.status, rows(p)), (0, 4), repr(ran))
    equal(p.run("plan").status, 0)


@test
def two_of_the_same_content_that_are_new_both_run(tmp):
    p = Project(tmp)
    p.bundle("M-01", FIRST)
    p.bundle("M-02", INSERT)
    p.bundle("M-03", INSERT)
    ran = p.build()
    equal((ran.status, rows(p)), (0, 4), repr(ran))


@test
def of_two_with_the_same_content_that_are_gone_both_are_named(tmp):
    p = Project(tmp)
    p.bundle("M-01", FIRST)
    p.bundle("M-02", INSERT)
    p.bundle("M-03", INSERT)
    equal(p.build().status, 0)
    move(p, TWO, FOUR)
    move(p, THREE, FIVE)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, f"same content as {TWO} or {THREE}")
    equal(rows(p), 4)


# --- kfmig rename


def renamed(p, old, new, *more, status=0):
    ran = p.run("rename", old, new, *more)
    equal(ran.status, status, repr(ran))
    return ran


@cases(hand=True, kfmig=False)
def rename_moves_bundle_registry_and_the_name_in_the_ledger(by_hand, tmp):
    p = built(tmp)
    if by_hand:
        move(p, TWO, FIVE)
        fails(p.build(), 1, "same content as PG-MIG-2026-01-01-05: renamed?", "1 target is blocked; nothing was run")
    ran = renamed(p, TWO, FIVE)
    contains(ran.out, f"{TWO} is {'' if by_hand else 'now '}{FIVE}")
    contains(ran.out, "dev: ledger entry 6, run ")
    equal(folder(p, TWO).exists(), False)
    contains((folder(p, FIVE) / "migration.yml").read_text(), f"migration_id: {FIVE}\n")
    ids = [m["id"] for m in json.loads(p.path("registry/migrations.v1.json").read_text())["migrations"]]
    equal(ids, [ONE, THREE, FIVE])
    equal(p.entries()[-1], ("6", "rename", f"{TWO} {FIVE}", "success"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "nothing to do (3 current)")
    equal(rows(p), 2)
    ran = p.run("why", "dev", FIVE)
    contains(ran.text, "ledger entry 4")
    equal(warned(p), [])
    equal(p.run("receipt", "verify").status, 0)
    receipt = json.loads(p.run("receipt", "show", "dev", "6").out)
    valid("run_receipt.v1", receipt)
    equal((receipt["run_kind"], receipt["claim"]["rename"]["from"], receipt["claim"]["rename"]["to"], receipt["claim"]["rename"]["sequence"]),
          ("rename", TWO, FIVE, 4))
    equal(json.loads(p.run("receipt", "show", "dev", FIVE).out)["migration_id"], TWO)


@test
def renamed_twice_and_back(tmp):
    p = built(tmp)
    for old, new in ((TWO, FIVE), (FIVE, "ANOTHER-7"), ("ANOTHER-7", TWO)):
        renamed(p, old, new)
        contains(p.build().text, "nothing to do (3 current)")
    equal(rows(p), 2)
    move(p, TWO, FOUR)
    move(p, FOUR, FIVE)
    renamed(p, TWO, FIVE)
    contains(p.build().text, "nothing to do (3 current)")
    equal(rows(p), 2)


@test
def what_depends_on_it_follows(tmp):
    p = Project(tmp)
    p.bundle("M-01", FIRST)
    p.bundle("M-02", INSERT, extra=f"depends_on: ['{ONE}']\n")
    p.bundle("M-03", THIRD, extra=f"depends_on:\n  - {TWO}\n  - \"{ONE}\"\n")
    equal(p.build().status, 0)
    renamed(p, ONE, "PG-0")
    contains((folder(p, THREE) / "migration.yml").read_text(), f'depends_on:\n  - {TWO}\n  - "PG-0"\n')
    contains((folder(p, TWO) / "migration.yml").read_text(), "depends_on: ['PG-0']\n")
    contains(p.build().text, "nothing to do (3 current)")


def warned(p):
    """What check warns of, but for what the linter says of texts, statuses that receipts are ahead of, and what notes and declarations owe readers."""
    others = ("forward.sql:", "its receipts say", "its notes do not say")
    return [line for line in p.run("check").text.splitlines() if "warning:" in line and not any(word in line for word in others)]


@test
def exported_evidence_stays_good(tmp):
    p = built(tmp, environments=ENVIRONMENTS.replace("evidence: none", "evidence: bundle"))
    renamed(p, TWO, FIVE)
    equal(warned(p), [])
    contains(p.build().text, "nothing to do (3 current)")
    equal(p.run("receipt", "verify").status, 0)


@test
def rename_as_json(tmp):
    p = built(tmp)
    told_as = p.json("rename", TWO, FIVE)
    valid("rename.v1", told_as)
    equal((told_as["from"], told_as["to"], told_as["moved"]), (TWO, FIVE, True))
    equal([(e["environment"], e["result"], e["sequence"]) for e in told_as["environments"]], [("dev", "renamed", 6)])
    equal([e["result"] for e in p.json("rename", TWO, FIVE)["environments"]], ["nothing"])


TWO_OF_THEM = """\
environments:
  dev: {evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
  prod: {protected: true, approval: review, evidence: none, stores: {postgis: {dsn_ref: KFM_PROD}}}
  lost: {evidence: none, stores: {postgis: {dsn_ref: KFM_LOST}}}
default_environment: dev
"""


@test
def a_protected_environment_keeps_the_name(tmp):
    p = built(tmp, environments=TWO_OF_THEM)
    p.env["KFM_PROD"] = pg.dsn(pg.createdb())
    ran = renamed(p, TWO, FIVE)
    contains(ran.out, f"lost was not asked: environment \"lost\" takes its connection from KFM_LOST, which is not set; where it is applied, run `kfmig rename {TWO} {FIVE} lost`")
    equal(p.run("build", "prod", "--apply").status, 0)
    ran = renamed(p, THREE, FOUR, status=1)
    contains(ran.text, f"{THREE} is applied in \"prod\", which is protected: it keeps its name")
    equal((folder(p, THREE).exists(), folder(p, FOUR).exists()), (True, False), "nothing was moved")
    contains(p.build().text, "nothing to do (3 current)")


@cases(unknown=((full_id("M-08"), FIVE), 5, "there is no migration"), twice=((TWO, THREE), 1, "both"), badly=((TWO, "a b"), 5, "cannot be a migration's id"),
       few=((TWO,), 5, "needs the old id and the new one"), env=((TWO, FIVE, "nowhere"), 5, "no environment"))
def rename_refuses(how, tmp):
    args, status, words = how
    p = built(tmp)
    ran = p.run("rename", *args)
    equal(ran.status, status, repr(ran))
    contains(ran.text, words)
    contains(p.build().text, "nothing to do (3 current)")


@cases(later=(TWO, FIVE, THREE, TWO, FOUR), earlier=(FOUR, full_id("M-02b"), FOUR, THREE, full_id("M-09")))
def rename_moves_nothing_where_two_would_wait_for_each_other(case, tmp):
    """One without depends_on waits for the one before it: for one that depends on it, under the new id. An id that keeps the order will do."""
    old, new, waits, upstream, good = case
    p = built(tmp)
    p.bundle("M-04", "CREATE TABLE app.four (id int);\n")
    declaration = p.path(f"migrations/postgis/{waits}/migration.yml")
    declaration.write_text(declaration.read_text() + f"depends_on: [{upstream}]\n")
    equal(p.build().status, 0)
    ran = renamed(p, old, new, "dev", status=5)
    for words in (f'called "{new}" it would wait for itself: dependency cycle: ', "write depends_on into the declaration", "nothing was moved"):
        contains(ran.err, words)
    equal((folder(p, old).exists(), folder(p, new).exists()), (True, False))
    contains(p.build().text, "nothing to do (4 current)")


@test
def two_people_took_one_id(tmp):
    """Mine is applied here as 02; the merge brought another 02, and mine got a new folder."""
    p = built(tmp)
    move(p, TWO, FOUR)
    p.bundle("M-02", "CREATE INDEX ON app.t (note);\n")
    ran = p.build()
    fails(ran, 1, "same content as PG-MIG-2026-01-01-02", "2 targets are blocked; nothing was run")
    contains(p.run("why", "dev", TWO).text, f"that content is here as {FOUR}")
    contains(p.run("why", "dev", TWO).text, f"next: `kfmig rename {TWO} {FOUR} dev`")
    contains(p.run("why", "dev", FOUR).text, f"next: `kfmig rename {TWO} {FOUR} dev`")
    renamed(p, TWO, FOUR, "dev")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal((rows(p), p.applied()[-1]), (2, TWO))


@test
def an_older_kfmig_would_not_guess(tmp):
    """A ledger with a rename has a kind of entry that older ones refuse; ours reads it from the cache and without."""
    p = built(tmp)
    renamed(p, TWO, FIVE)
    shutil.rmtree(p.path("state"))
    contains(p.build().text, "nothing to do (3 current)")


main()
