"""Ids that two people do not both take, registries that merge, line ends, and texts put back from the ledger."""
# run: needs=postgres,git limit=600

import datetime
import json
import shutil
import subprocess

from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

TODAY = datetime.datetime.now(datetime.timezone.utc).strftime("PG-MIG-%Y-%m-%d-")
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (\n  id int PRIMARY KEY\n);\n"


def git(p, *args, cwd=None):
    done = subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", *args], cwd=cwd or p.root,
                          env={**p.env, "GIT_CONFIG_NOSYSTEM": "1"}, capture_output=True, text=True, check=False)
    equal(done.returncode in (0, 1), True, repr(done))
    return done.stdout


def repository(tmp, folder=""):
    p = Project(tmp, db=None)
    if folder:
        shutil.move(p.root, p.root.parent / "repo" / folder)
        p.root = p.root.parent / "repo" / folder
    top = p.root.parent if folder else p.root
    git(p, "init", "-q", "-b", "main", cwd=top)
    git(p, "add", "-A", cwd=top)
    git(p, "commit", "-qm", "begin", cwd=top)
    return p


def new(p, **more):
    ran = p.run("new", "a", "thing", **more)
    equal(ran.status, 0, repr(ran))
    return ran.out.split()[1].removeprefix("migrations/postgis/").rstrip(":")


def commit(p, name):
    git(p, "add", "-A")
    git(p, "commit", "-qm", name)


@cases(top="", below="sub")
def an_id_on_another_branch_is_taken(folder, tmp):
    p = repository(tmp, folder)
    git(p, "checkout", "-qb", "theirs")
    equal([new(p), new(p)], [TODAY + "01", TODAY + "02"])
    commit(p, "two")
    git(p, "checkout", "-q", "main")
    equal(new(p), TODAY + "03")


@test
def an_id_on_a_remote_tracking_branch_is_taken(tmp):
    p = repository(tmp)
    git(p, "clone", "-q", ".", "../other")
    other = p.root.parent / "other"
    (other / f"migrations/postgis/{TODAY}07").mkdir(parents=True)
    (other / f"migrations/postgis/{TODAY}07/forward.sql").write_text("SELECT 1;\n")
    git(p, "add", "-A", cwd=other)
    git(p, "commit", "-qm", "seven", cwd=other)
    git(p, "remote", "add", "origin", "../other")
    git(p, "fetch", "-q", "origin")
    equal(new(p), TODAY + "08")


@test
def one_that_a_branch_took_and_left_stays_taken(tmp):
    p = repository(tmp)
    git(p, "checkout", "-qb", "theirs")
    shown = new(p)
    commit(p, "one")
    shutil.rmtree(p.path(f"migrations/postgis/{shown}"))
    commit(p, "none")
    git(p, "checkout", "-q", "main")
    equal(new(p), TODAY + "02")


@cases(no_repository=(False, {}), no_git=(True, {"PATH": "/nowhere"}))
def without_git_it_works_too(how, tmp):
    has_repository, env = how
    p = repository(tmp) if has_repository else Project(tmp, db=None)
    equal([new(p, env=env), new(p, env=env)], [TODAY + "01", TODAY + "02"])


@cases(a98=("98", "99"), a99=("99", "99-001"), a100=("99-001", "99-002"), a999=("99-998", "99-999"))
def more_than_99_a_day_sort_as_they_came(numbers, tmp):
    last, want = numbers
    p = Project(tmp, db=None)
    p.path(f"migrations/postgis/{TODAY}{last}").mkdir(parents=True)
    equal(new(p), TODAY + want)
    equal(TODAY + last < TODAY + want, True)


@test
def no_number_is_left_at_last(tmp):
    p = Project(tmp, db=None)
    p.path(f"migrations/postgis/{TODAY}99-999").mkdir(parents=True)
    ran = p.run("new", "a", "thing")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, f"{TODAY}99-999 is taken")


# --- merges


def merged(tmp):
    """Both sides made M-02, and both added to the registry."""
    p = repository(tmp)
    p.bundle("M-01", TABLE)
    equal(p.run("check", "--fix").status, 0)
    commit(p, "one")
    git(p, "checkout", "-qb", "theirs")
    p.bundle("M-02", "CREATE TABLE app.theirs ();\n")
    p.bundle("M-03", "CREATE TABLE app.also_theirs ();\n")
    equal(p.run("check", "--fix").status, 0)
    commit(p, "theirs")
    git(p, "checkout", "-q", "main")
    p.bundle("M-02", "CREATE TABLE app.ours ();\n")
    p.bundle("M-04", "CREATE TABLE app.also_ours ();\n")
    equal(p.run("check", "--fix").status, 0)
    registry = json.loads(p.path("registry/migrations.v1.json").read_text())
    registry["migrations"][0]["status"] = "executed_dev"
    p.write("registry/migrations.v1.json", json.dumps(registry, indent=2))
    commit(p, "ours")
    git(p, "merge", "theirs")
    return p


@test
def two_that_took_one_id_are_told_with_the_mend(tmp):
    p = merged(tmp)
    two = full_id("M-02")
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, "the marks of a merge: two branches have a migration " + two)
    dirname = f"migrations/postgis/{two}"
    contains(ran.text, f"git checkout --theirs -- {dirname} && kfmig rename {two} NEW && git checkout --ours -- {dirname}")
    contains(ran.text, "registry/migrations.v1.json")
    fails(p.run("check", "--fix"), 5, "the marks of a merge: two branches have a migration")
    git(p, "checkout", "--theirs", "--", dirname)
    equal(p.run("rename", two, full_id("M-05")).status, 0)
    git(p, "checkout", "--ours", "--", dirname)
    ran = p.run("check", "--fix")
    equal(ran.status, 0, repr(ran))
    contains(p.path(f"migrations/postgis/{full_id('M-05')}/forward.sql").read_text(), "theirs")
    contains(p.path(f"{dirname}/forward.sql").read_text(), "ours")


@test
def a_registry_with_both_sides_is_made_one(tmp):
    p = merged(tmp)
    git(p, "checkout", "--ours", "--", f"migrations/postgis/{full_id('M-02')}")
    ran = p.run("check", "--fix")
    equal(ran.status, 0, repr(ran))
    registry = json.loads(p.path("registry/migrations.v1.json").read_text())
    equal([(m["id"], m["status"]) for m in registry["migrations"]],
          [(full_id("M-01"), "executed_dev")] + [(full_id(f"M-0{n}"), "draft") for n in (2, 3, 4)])
    equal("<<<<" in p.path("registry/migrations.v1.json").read_text(), False)


ENTRY = '{"id": "%s", "owners": ["%s"], "status": "%s", "type": "postgis"}'


@cases(inside='{"version": 1, "migrations": [\n{"id": "A",\n<<<<<<< HEAD\n"owners": ["x"], "status": "approved",\n=======\n"owners": ["y"], "status": "merged",\n>>>>>>> b\n'
              '"type": "postgis"}]}\n',
       base='{"version": 1, "migrations": [\n<<<<<<< HEAD\n' + ENTRY % ("A", "x", "approved") + "\n||||||| base\n" + ENTRY % ("OLD", "z", "draft") + "\n=======\n"
            + ENTRY % ("A", "y", "merged") + "\n>>>>>>> b\n]}\n",
       twice='{"version": 1, "migrations": [\n' + ENTRY % ("A", "x", "approved") + ",\n" + ENTRY % ("A", "y", "merged") + "]}\n",
       comma='{"version": 1, "migrations": [\n' + ENTRY % ("A", "y", "merged") + "\n<<<<<<< HEAD\n,\n" + ENTRY % ("A", "x", "draft") + "\n=======\n>>>>>>> b\n}\n")
def every_kind_of_conflict_in_a_registry(text, tmp):
    p = Project(tmp, db=None)
    p.write("registry/migrations.v1.json", text)
    fails(p.run("check"), 5, "registry/migrations.v1.json:", "`kfmig check --fix`")
    ran = p.run("check", "--fix")
    equal(ran.status, 0, repr(ran))
    registry = json.loads(p.path("registry/migrations.v1.json").read_text())
    equal([(m["id"], m["owners"], m["status"]) for m in registry["migrations"]], [("A", ["y"], "merged")])


@test
def one_id_in_two_folders_is_told_with_the_mend(tmp):
    p = Project(tmp, db=None)
    p.bundle("M-01", TABLE)
    shutil.copytree(p.path(f"migrations/postgis/{full_id('M-01')}"), p.path(f"migrations/postgis/{full_id('M-02')}"))
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, f"rename the folder, or correct the id: `kfmig rename {full_id('M-01')} {full_id('M-02')}`")
    contains(ran.text, "`kfmig rename` gives the first of the two another one")
    ran = p.run("rename", full_id("M-01"), full_id("M-02"))
    equal(ran.status, 5, repr(ran))
    contains(ran.text, "it is there already: nothing was moved to it")


# --- line ends


def built(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE, invariants={"one.sql": "SELECT 1\n WHERE false;\n"})
    equal(p.build().status, 0)
    return p


@cases(forward=("forward.sql",), rollback=("rollback.sql",), all=("forward.sql", "rollback.sql", "invariants/one.sql"))
def a_mismatch_by_line_ends_only_is_told(names, tmp):
    p = built(tmp)
    one = p.path(f"migrations/postgis/{full_id('M-01')}")
    for name in names:
        (one / name).write_bytes((one / name).read_bytes().replace(b"\n", b"\r\n"))
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "only line ends differ; applied at ")
    ran = p.run("why", "dev", "01-01-01")
    contains(ran.text, "/migrations/** -text")
    contains(ran.text, f"`kfmig receipt text dev {full_id('M-01')} --write`")
    ran = p.run("receipt", "text", "dev", full_id("M-01"), "--write")
    equal(ran.status, 0, repr(ran))
    equal(ran.out.count(": written"), len(names))
    contains(p.build().text, "nothing to do (1 current)")


@test
def more_than_line_ends_is_not(tmp):
    p = built(tmp)
    p.path(f"migrations/postgis/{full_id('M-01')}/forward.sql").write_bytes(TABLE.replace("\n", "\r\n").replace("int", "bigint").encode())
    equal("line ends" in p.build().text, False)


# --- texts


@test
def a_bundle_that_is_gone_comes_back(tmp):
    p = built(tmp)
    one = p.path(f"migrations/postgis/{full_id('M-01')}")
    want = {f: (one / f).read_bytes() for f in ("migration.yml", "forward.sql", "rollback.sql", "invariants/one.sql")}
    shutil.rmtree(one)
    ran = p.run("receipt", "text", "dev", full_id("M-01"))
    equal(ran.status, 0, repr(ran))
    contains(ran.out, f"==> migrations/postgis/{full_id('M-01')}/forward.sql (differs) <==\n{TABLE}")
    equal(one.exists(), False, "without --write nothing is written")
    told = p.json("receipt", "text", "dev", full_id("M-01"), "--write")
    valid("receipt_text.v1", told)
    equal(sorted(f["path"].split("/", 3)[-1] for f in told["files"]), sorted(want))
    equal({f["state"] for f in told["files"]}, {"written"})
    equal({f: (one / f).read_bytes() for f in want}, want)
    contains(p.build().text, "nothing to do (1 current)")
    contains(p.run("receipt", "text", "dev", full_id("M-01"), "--write").out, "forward.sql: is as it was")


@test
def one_that_was_renamed_comes_back_with_its_new_id(tmp):
    p = built(tmp)
    equal(p.run("rename", full_id("M-01"), "NEW-1").status, 0)
    shutil.rmtree(p.path("migrations/postgis/NEW-1"))
    ran = p.run("receipt", "text", "dev", "NEW-1", "--write")
    equal(ran.status, 0, repr(ran))
    contains(p.path("migrations/postgis/NEW-1/migration.yml").read_text(), "migration_id: NEW-1\n")
    contains(p.build().text, "nothing to do (1 current)")


@test
def what_was_never_applied_has_no_text(tmp):
    p = built(tmp)
    ran = p.run("receipt", "text", "dev", "M-77")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'no migration M-77 is applied in "dev"')
    fails(p.run("receipt", "text", "dev"), 5, "`kfmig receipt text` needs one migration")


main()
