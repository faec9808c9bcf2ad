"""A database made anew: by hand (first contact again, with one warning), by `kfmig reset`, and by `rebuild --new-database` without projections."""
# run: needs=postgres limit=600

import contextlib
import json
import shutil
import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

ONE, TWO = full_id("M-01"), full_id("M-02")
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY);\n"
PROTECTED = """\
environments:
  prod: {protected: true, approval: review, evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
"""


def built(tmp, **more):
    p = Project(tmp, **more)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "INSERT INTO app.t VALUES (1);\n")
    pg.psql("postgres", f"ALTER ROLE {p.db} CREATEDB")
    equal(p.run("check", "--fix").status, 0)
    ran = p.run("build", "--apply") if "environments" not in more else p.run("build", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    return p


def uuid(p):
    return pg.value(p.db, "SELECT uuid FROM kfmig.instance")


def anew(p):
    owner = pg.value("postgres", f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{p.db}'")
    pg.psql("postgres", f"DROP DATABASE {p.db} WITH (FORCE)")
    pg.psql("postgres", f"CREATE DATABASE {p.db} OWNER {owner}")


@contextlib.contextmanager
def session(p):
    """Somebody else's, as the same role; yields a function that runs a query and returns its value."""
    with subprocess.Popen(["psql", "-XAtq", pg.dsn(p.db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        def ask(sql):
            child.stdin.write(sql + ";\n")
            child.stdin.flush()
            return child.stdout.readline().strip()
        yield ask
        child.kill()


@test
def dropdb_and_createdb_is_first_contact_again(tmp):
    p = built(tmp)
    old = uuid(p)
    anew(p)
    for verb in ("plan", "status", "build"):
        ran = p.run(verb)
        equal(ran.status, 0, repr(ran))
        equal(ran.text.count(old), 1, "one line cites the old ledger")
        contains(ran.err, f"warning: dev: the database has no ledger; the last run here saw ledger {old}, entry 4")
    ran = p.build()
    equal((ran.status, ran.text.count(old)), (0, 0), "and it is over")
    equal(p.applied(), [ONE, TWO])
    equal(uuid(p) != old, True)


@test
def another_ledger_is_refused_as_always(tmp):
    p = built(tmp)
    old, db = uuid(p), pg.createdb()
    seen = p.path("state").rename(p.path("aside"))
    equal(p.run("build", env={"KFM_DSN": pg.dsn(db)}).status, 0)
    shutil.rmtree(p.path("state"), ignore_errors=True)
    seen.rename(p.path("state"))
    ran = p.run("build", env={"KFM_DSN": pg.dsn(db)})
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "carries another ledger than the last run saw")
    equal(uuid(p), old)


@test
def a_protected_environment_refuses_an_empty_database(tmp):
    p = built(tmp, environments=PROTECTED)
    anew(p)
    ran = p.run("build", "prod", "--apply")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "carries no ledger, less than the last run saw")


@test
def reset_makes_it_anew_and_builds(tmp):
    p = built(tmp)
    pg.psql(p.db, "CREATE TABLE app.by_hand (); INSERT INTO app.t VALUES (7)")
    old = uuid(p)
    ran = p.run("reset", "dev")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, f"reset drops the database {p.db}: nothing was dropped")
    contains(ran.text, "--yes")
    equal(uuid(p), old)
    ran = p.run("reset", "dev", "--yes")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"dev: the database {p.db} is empty now")
    contains(ran.text, "dev: 2 applied")
    equal("warning" in ran.text, False, "what was asked for is no surprise")
    equal(pg.psql(p.db, "SELECT id FROM app.t"), [("1",)])
    equal(pg.value(p.db, "SELECT to_regclass('app.by_hand') IS NULL"), "t")
    equal((uuid(p) != old, p.applied()), (True, [ONE, TWO]))
    contains(p.build().text, "nothing to do (2 current)")
    told = p.json("reset", "dev", "--yes")
    valid("result.v1", told)
    equal((told["verb"], [r["target"] for r in told["ran"]]), ("reset", [ONE, TWO]))


@test
def reset_of_what_is_missing_or_never_built(tmp):
    p = built(tmp)
    owner = pg.value("postgres", f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{p.db}'")
    pg.psql("postgres", f"DROP DATABASE {p.db} WITH (FORCE)")
    equal(p.run("reset", "dev").status, 0, "there is nothing to lose")
    equal(p.applied(), [ONE, TWO])
    anew(p)
    ran = p.run("reset", "dev", "--yes")
    equal((ran.status, owner != ""), (0, True), repr(ran))
    equal(p.applied(), [ONE, TWO])


@test
def reset_tells_who_is_connected_and_cuts_them_off(tmp):
    p = built(tmp)
    with session(p) as ask:
        pid = ask("SELECT pg_backend_pid()")
        ran = p.run("reset", "dev")
        contains(ran.text, f"(pid {pid})")
        equal(ran.status, 1)
        ran = p.run("reset", "dev", "--yes")
        equal(ran.status, 0, repr(ran))
        contains(ran.text, "who was connected is cut off")
        equal(pg.value("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"), "0")


@test
def reset_waits_for_the_lock(tmp):
    p = built(tmp)
    with session(p) as ask:
        ask("SELECT pg_advisory_lock(1801874791, 1)")
        ran = p.run("reset", "dev", "--yes", "--lock-wait=0")
        fails(ran, 7, "another run holds the environment: psql")
    equal(p.applied(), [ONE, TWO])


@test
def reset_refuses_a_protected_environment(tmp):
    p = built(tmp, environments=PROTECTED)
    ran = p.run("reset", "prod", "--yes")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'environment "prod" is protected: its database is never dropped')
    equal(p.applied(), [ONE, TWO])


@test
def reset_refuses_another_environments_database(tmp):
    p = built(tmp)
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace("dev", "test"))
    ran = p.run("reset", "test", "--yes")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'this database is environment "dev", not "test"')
    equal(p.applied(), [ONE, TWO])


@cases(missing=True, empty=False)
def rebuild_of_a_new_database_needs_no_projections(missing, tmp):
    p = built(tmp)
    old = uuid(p)
    if missing:
        pg.psql("postgres", f"DROP DATABASE {p.db} WITH (FORCE)")
    else:
        anew(p)
    ran = p.run("rebuild", "dev", "--all", "--new-database")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, old)
    equal(p.applied(), [ONE, TWO])
    equal(json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt WHERE seq = 1"))["claim"]["recovery"]["cites"]["instance"], old)


main()
