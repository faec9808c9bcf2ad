"""The runbook's commands and those of the CI recipes do what they say, in one project, in their order."""
# run: needs=postgres limit=300

import os
import pathlib
import re
import subprocess

import pg
from project import KFMIG, Project
from tap import contains, equal, main, test

DOCS = pathlib.Path(os.environ["KFMIG_SRC"]) / "docs"
ENVIRONMENTS = """environments:
  dev:
    stores:
      postgis: {dsn_ref: KFM_DSN}
  staging:
    stores:
      postgis: {dsn_ref: KFM_STAGING_DSN}
default_environment: dev
"""


def project(tmp):
    p = Project(tmp, environments=ENVIRONMENTS)
    p.env.update(KFM_DSN=pg.dsn(p.db, user=p.db), KFM_ENV="staging")
    p.staging = pg.createdb()
    p.env["KFM_STAGING_DSN"] = pg.dsn(p.staging, user=p.staging)
    p.env["PATH"] = f"{pathlib.Path(KFMIG).parent}:{p.env['PATH']}"
    p.write("registry/migrations.v1.json", '{"version": 1, "migrations": []}\n')
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.well (id bigint PRIMARY KEY);\n", rollback="DROP TABLE app.well;\nDROP SCHEMA app;\n")
    for command in (["init", "-q", "-b", "main", "."], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "first"],
                    ["update-ref", "refs/remotes/origin/main", "HEAD"]):
        subprocess.run(["git", *command], cwd=p.root, env=p.env, check=True)
    return p


def shell(p, line):
    done = subprocess.run(["sh", "-euc", line], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def steps_of(name):
    """What a recipe runs: its lines with kfmig in them."""
    text = (DOCS / "ci" / name).read_text()
    return re.findall(r"^\s*(?:run: |- )(kfmig .*)$", text, re.M)


def recipe(p, name, count):
    steps = steps_of(name)
    equal(len(steps), count, name)
    for line in steps:
        status, text = shell(p, line)
        equal(status, 0, f"{name}: {line}: {text}")
    return steps


@test
def the_recipes_check_lint_test_plan_and_verify(tmp):
    p = project(tmp)
    equal(shell(p, "kfmig check --fix && kfmig build staging")[0], 0)
    p.bundle("M-02", "ALTER TABLE app.well ADD COLUMN depth int;\n", rollback="ALTER TABLE app.well DROP COLUMN depth;\n")
    equal(shell(p, "kfmig check --fix")[0], 0)
    recipe(p, "github.yml", 7)
    contains((p.root / "plan.md").read_text(), "PG-MIG-2026-01-01-02")
    contains((p.root / "lint.sarif").read_text(), '"version":"2.1.0"')
    recipe(p, "gitlab.yml", 6)
    contains((p.root / "lint.xml").read_text(), "<testsuite")


@test
def the_recipes_fail_where_something_is_wrong(tmp):
    p = project(tmp)
    equal(shell(p, "kfmig check --fix && kfmig build staging")[0], 0)
    p.bundle("M-02", "TRUNCATE app.well CASCADE;\n", schemas=("other",))
    pg.psql(p.staging, "ALTER TABLE app.well ADD COLUMN stray int")
    said = {line: shell(p, line)[0] for line in steps_of("github.yml")}
    wrong = {line.split()[1]: status for line, status in said.items() if status != 0}
    equal({verb: wrong.get(verb) for verb in ("check", "plan", "diff")}, {"check": 1, "plan": 1, "diff": 10})


@test
def the_runbook_leads_from_a_new_migration_to_its_rollback(tmp):
    p = project(tmp)
    p.env["KFMIG_ACTOR"] = "tester"
    text = (DOCS / "runbooks" / "db-migrations.md").read_text()
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
    equal(len(lines), 13)
    for line in lines:
        status, text = shell(p, line)
        equal(status, 0, f"{line}: {text}")
        if line.startswith("kfmig new"):
            (made,) = [d for d in (p.root / "migrations/postgis").iterdir() if d.name != "PG-MIG-2026-01-01-01"]
            (made / "forward.sql").write_text("ALTER TABLE app.well ADD COLUMN depth int;\n")
            (made / "rollback.sql").write_text("ALTER TABLE app.well DROP COLUMN depth;\n")
            declared = (made / "migration.yml").read_text()
            (made / "migration.yml").write_text(re.sub(r"^scope:.*?(?=^limits:)", "scope:\n  allowed_schemas: [app]\n\n", declared, flags=re.M | re.S))
    equal(pg.psql(p.staging, "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'app'"), [("1",)])


main()
