"""What every verb says of a database that has no ledger: one sentence, or that there is nothing to do; and none of them makes one."""
# run: needs=postgres limit=300

import re
import os
import pathlib

import pg
from datasets import point, version
from project import Project, full_id
from tap import cases, contains, equal, fails, lacks, main, test

ONE = full_id("M-01")
NONE = 'environment "dev" has no ledger yet: '
A = "2026-02.0000000a"

# The status and the words of each: what refuses says that there is no ledger, and what of it nobody knows.
SAYS = {
    "rollback dev": (1, NONE + "nothing was applied there"),
    "rollback dev --steps=3": (1, NONE + "nothing was applied there"),
    f"rollback dev --to={ONE}": (1, NONE + "nothing was applied there"),
    f"rollback dev {ONE} --dry-run": (1, NONE + "nothing was applied there"),
    "switch dev wells": (1, NONE + "no generation was built there"),
    "switch dev wells 1": (1, NONE + "no generation was built there"),
    "gc dev": (0, "nothing to collect"),
    "gc dev --all": (0, "nothing to collect"),
    "gc dev --given-up --apply": (0, "no projection was given up"),
    f"resolve {ONE} --as=applied --apply": (1, NONE + "nothing was begun there"),
    f"resolve {ONE} --dry-run": (1, NONE + "nothing was begun there"),
    "receipt list dev": (1, NONE + "there are no receipts"),
    "receipt show dev": (1, NONE + "there are no receipts"),
    "receipt verify dev": (1, NONE + "there are no receipts"),
    "receipt export dev": (1, NONE + "there are no receipts"),
    f"receipt text dev {ONE}": (1, NONE + "there are no receipts"),
    "diff dev": (1, NONE + "nothing is expected there"),
    "diff dev other": (1, NONE + "nothing is known of it"),
    "deployed dev v1": (1, NONE + "nothing was recorded"),
    "backup dev": (1, NONE + "no backup was made"),
    "backup dev --drill": (1, NONE + "no backup was made"),
    "rebuild dev --all --drill": (1, NONE + "there is nothing to compare with"),
    f"adopt dev --migration={ONE}": (1, NONE + "nothing was recorded"),
    "adopt dev t": (1, NONE + "nothing was adopted"),
    f"scope {ONE} --observed": (1, f'no run of {ONE} was seen in environment "dev"'),
    "preflight dev --confirm=on-call": (1, NONE + "nothing was confirmed"),
    f"rename {ONE} {full_id('M-09')} dev": (0, "is now " + full_id("M-09")),
    "preflight dev": (1, 'nobody has confirmed "on-call"'),
    "postflight dev": (0, "to run"),
    "status dev": (0, "never built"),
    f"why {ONE}": (0, "never built"),
    "plan dev": (0, "first contact"),
    "graph dev": (0, "stale"),
    "promote dev": (5, 'environment "dev" requires no other'),
    "dump dev": (0, "# definitions"),
    "wait dev": (0, "without a ledger"),
    "adopt dev --dry-run": (0, "nothing was adopted"),
    "build dev --steps=0": (0, "nothing was run"),
    "build dev --dry-run": (0, "first contact"),
}
ENVIRONMENTS = """\
environments:
  dev: {evidence: none, checklist: [on-call], stores: {postgis: {dsn_ref: KFM_DSN}}}
  other: {evidence: none, stores: {postgis: {dsn_ref: KFM_OTHER}}}
default_environment: dev
"""


def project(tmp):
    p = Project(tmp, environments=ENVIRONMENTS)
    p.env["KFM_OTHER"] = pg.dsn(pg.createdb())
    p.bundle("M-01", "CREATE SCHEMA app;\n", extra="depends_on: []\n")
    p.bundle("M-02", "CREATE SCHEMA made;\nCREATE TABLE made.pts (version text, id text);\n", schemas=("made",), extra="depends_on: []\n")
    version(p, "wells", A, [point("p", -100, 38)])
    p.write("registry/projections/wells.yml", "projection: wells\nstore: postgis\nschema: made\nsources:\n"
            f"  - {{dataset: wells, version: {A}, asset: features, into: pts, columns: {{version: $dataset_version_id, id: properties.id}}}}\n")
    return p


@cases(**{words: (words, *SAYS[words]) for words in SAYS})
def says(case, tmp):
    words, status, said = case
    p = project(tmp)
    ran = p.run(*words.split())
    if status:
        fails(ran, status, said)
    equal(ran.status, status, repr(ran))
    contains(ran.text, said)
    lacks(ran.text, "refused kfmig's query")
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig') IS NULL"), "t", "a ledger was made")


@test
def every_verb_that_takes_an_environment_is_in_the_table(tmp):
    """A verb that is new has to say what it does there."""
    text = (pathlib.Path(os.environ["KFMIG_SRC"]) / "src/cli/commands.c").read_text()
    verbs = {v.replace("_", "-") for v in re.findall(r"&command_(\w+)", text)}
    without = {"approve", "help", "init", "new", "check", "lint", "dataset", "env", "migrate-safe", "reset", "test"}  # no ledger is asked, or one is made
    equal(verbs - without - {words.split()[0] for words in SAYS}, set())


main()
