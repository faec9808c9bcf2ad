"""A migration that is applied gets another text of the same effect: both are tried, the entry names both, and what does not the same is refused."""
# run: needs=postgres limit=900

import os
import subprocess

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

ONE, TWO, THREE = (full_id(f"M-0{n}") for n in range(1, 4))
FIRST = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
SECOND = "CREATE TABLE app.u (id int PRIMARY KEY, t int REFERENCES app.t);\nINSERT INTO app.t VALUES (1, 'one');\n"
BACK = "DROP TABLE app.u;\nDELETE FROM app.t;\n"
PROTECTED = """\
environments:
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""


def built(tmp, env="dev", **more):
    p = Project(tmp, **more)
    pg.psql(p.db, f'ALTER ROLE "{p.db}" CREATEDB')
    p.bundle("M-01", FIRST)
    p.bundle("M-02", SECOND, rollback=BACK)
    p.run("check", "--fix")
    ran = p.run("build", env, "--apply")
    equal(ran.status, 0, repr(ran))
    return p


def entries(p):
    return int(pg.value(p.db, "SELECT size FROM kfmig.head"))


def left_over():
    return pg.value("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'kfmig_drill%'")


def sum_of(p, at):
    return pg.value(p.db, f"SELECT text::jsonb ->> 'checksum' FROM kfmig.entry WHERE seq = {at}")


@test
def the_present_text_is_taken(tmp):
    p = built(tmp)
    old = sum_of(p, 4)
    p.bundle("M-02", "-- said otherwise\nCREATE TABLE app.u (id int, t int, PRIMARY KEY (id), FOREIGN KEY (t) REFERENCES app.t (id));\n"
             "INSERT INTO app.t VALUES (1, 'one');\n", rollback=BACK)
    fails(p.build(), 1, "its content changed after it was applied")
    contains(p.run("why", "dev", TWO).text, f"`kfmig adopt dev --migration={TWO}` takes them")
    ran = p.run("adopt", "dev", f"--migration={TWO}")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"dev: {TWO} has its present text from here on, which leaves what was applied; ledger entry 5, run ")
    equal((entries(p), left_over()), (5, "0"))
    receipt = p.json("receipt", "show", "dev", "5")
    valid("run_receipt.v1", receipt)
    equal(receipt["claim"]["replaces"], {"sequence": 4, "checksum": old})
    equal((receipt["claim"]["checksum"], receipt["run_kind"]), (sum_of(p, 5), "db_migration"))
    equal(sum_of(p, 5) != old, True)
    equal(pg.value(p.db, "SELECT count(*) FROM app.t"), "1", "nothing ran")
    contains(p.build().text, "nothing to do (2 current)")
    equal(p.run("receipt", "verify", "dev").status, 0)
    fails(p.run("adopt", "dev", f"--migration={TWO}"), 1, f'{TWO} is applied in "dev" already')


@test
def it_is_taken_back_as_before(tmp):
    """What was before it stands with the entry that ran it, not with the one that gave it its text; so do those that depend on it."""
    p = built(tmp)
    p.bundle("M-03", "ALTER TABLE app.u ADD more int;\n", rollback="ALTER TABLE app.u DROP more;\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "-- another comment\n" + SECOND, rollback=BACK)
    equal(p.run("adopt", "dev", f"--migration={TWO}").status, 0)
    fails(p.run("rollback", "dev", TWO), 1, f"{THREE} ")
    ran = p.run("rollback", "dev", "--steps=2", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.run("receipt", "verify", "dev").status, 0)
    script = os.environ["KFMIG_SRC"] + "/docs/verify.sh"
    done = subprocess.run(["sh", script, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "seen"], cwd=p.root, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)
    states = {name: row["state"] for name, row in p.targets().items() if name.endswith("@apply")}
    equal(states, {"M-01@apply": "current", "M-02@apply": "blocked", "M-03@apply": "blocked"})
    equal(pg.value(p.db, "SELECT to_regclass('app.u') IS NULL"), "t")


# another text of the second, what is said of it; nothing is recorded then
@cases(
    column=(SECOND.replace("t int REFERENCES", "t bigint REFERENCES"), "does not do what was applied as it in \"dev\": table app.u is another (column t)"),
    more=(SECOND + "CREATE VIEW app.v AS SELECT 1 AS one;\n", "view app.v is made or changed, and was not"),
    less=("INSERT INTO app.t VALUES (1, 'one');\n", "table app.u was made or changed, and is not"),
    rows=(SECOND.replace("'one'", "'two'"), "the statements that write rows or run code are not those that were applied"),
    update=(SECOND + "UPDATE app.t SET note = 'x';\n", "what they do to rows no empty database shows"),
    code=(SECOND + "DO $$ BEGIN PERFORM 1; END $$;\n", "the statements that write rows or run code"),
    truncate=(SECOND + "TRUNCATE app.u;\n", "the statements that write rows or run code"),
    fails=("CREATE TABLE nowhere.u ();\n", "does not run in a throwaway database"),
)
def what_does_something_else_is_refused(how, tmp):
    text, words = how
    p = built(tmp)
    p.bundle("M-02", text, rollback=BACK, schemas=("app", "nowhere"))
    ran = p.run("adopt", "dev", f"--migration={TWO}")
    fails(ran, 1, words)
    equal((entries(p), left_over()), (4, "0"))
    fails(p.build(), 1, "its content changed after it was applied")


@test
def a_protected_environment_keeps_its_text(tmp):
    p = built(tmp, env="prod", environments=PROTECTED)
    p.bundle("M-02", "-- a comment\n" + SECOND, rollback=BACK)
    fails(p.run("adopt", "prod", f"--migration={TWO}", "--apply"), 1, f'{TWO} is applied in "prod", which is protected: it keeps the text that was applied',
          f"kfmig receipt text prod {TWO} --write")
    equal((entries(p), left_over()), (4, "0"))
    equal("kfmig adopt" in p.run("why", "prod", TWO).text, False)


@test
def a_flat_one_too(tmp):
    p = Project(tmp)
    pg.psql(p.db, f'ALTER ROLE "{p.db}" CREATEDB')
    p.write("migrations/db/V1__first.sql", "CREATE SCHEMA app;\n")
    p.write("migrations/db/V2__second.sql", "CREATE TABLE app.t (id int);\n")
    equal(p.build().status, 0)
    p.write("migrations/db/V2__second.sql", "-- the second\nCREATE TABLE app.t (id integer);\n")
    ran = p.run("adopt", "dev", "--migration=V2__second")
    equal(ran.status, 0, repr(ran))
    contains(p.build().text, "nothing to do (2 current)")
    p.write("migrations/db/V2__second.sql", "CREATE TABLE app.t (id bigint);\n")
    fails(p.run("adopt", "dev", "--migration=V2__second"), 1, "table app.t is another (column id)")
    equal(p.run("receipt", "verify", "dev").status, 0)


main()
