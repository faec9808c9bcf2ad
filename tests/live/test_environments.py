"""Where a run connects to, what it refuses there, and what a protected environment asks for."""
# run: needs=postgres limit=600

import contextlib
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import time

import pg
from project import ENVIRONMENTS, Project, full_id
from seen import one_error, until
from tap import at_exit, cases, contains, equal, fresh_folder, lacks, main, missing, test

TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
ONE, TWO = full_id("M-01"), full_id("M-02")

TWO_STEPS = """\
environments:
  staging:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_STAGING_DSN}}
  prod:
    protected: true
    requires: [staging]
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
default_environment: staging
"""

PROTECTED = """\
environments:
  prod:
    protected: true
    approval: review
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""


def one_table(tmp, environments=ENVIRONMENTS, **more):
    p = Project(tmp, environments=environments, **more)
    p.bundle("M-01", TABLE)
    return p


def built(tmp):
    p = one_table(tmp)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def protected(tmp, environments=PROTECTED):
    p = one_table(tmp, environments)
    equal(p.run("check", "--fix").status, 0)
    return p


def has_ledger(db):
    return pg.value(db, "SELECT to_regnamespace('kfmig') IS NOT NULL") == "t"


# --- where the connection comes from


@cases(build=("build", "dev"), plan=("plan", "dev"), status=("status", "dev"), why=("why", ONE), receipts=("receipt", "list", "dev"),
       adopt=("adopt", "dev"))
def an_unset_dsn_ref_is_an_error_and_no_other_database_is_taken(args, tmp):
    p = one_table(tmp)
    other = p.env.pop("KFM_DSN")
    ran = p.run(*args, env={"DATABASE_URL": other, "PGHOST": pg.cluster().host, "PGDATABASE": p.db, "PGUSER": p.db})
    one_error(ran, 5, "KFM_DSN", "not set")
    one_error(p.run(*args, env={"KFM_DSN": ""}), 5, "KFM_DSN", "not set")
    equal(has_ledger(p.db), False)


@test
def a_dsn_ref_may_name_a_file(tmp):
    p = one_table(tmp, ENVIRONMENTS.replace("KFM_DSN", "secrets/dev.dsn"))
    dsn = p.env.pop("KFM_DSN")
    one_error(p.build(), 5, "secrets/dev.dsn")
    p.write("secrets/dev.dsn", dsn + "\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])
    outside = p.root.parent / "dsn"
    outside.write_text(dsn)
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace("KFM_DSN", str(outside)))
    contains(p.build().err, "nothing to do")


@test
def a_literal_dsn_is_refused_and_not_repeated(tmp):
    p = one_table(tmp, ENVIRONMENTS.replace("KFM_DSN", '"host=/tmp dbname=x user=canary"'))
    ran = p.build()
    one_error(ran, 5, "registry/environments.v1.yml:9:", "never write the value itself")
    lacks(ran.text, "canary")


@cases(keywords=("host=/tmp dbname=x password=hunter2-canary", "a password stands in the file"),
       url=("postgresql://u:hunter2-canary@localhost/x", "a connection string stands in the file"))
def a_literal_password_is_named_as_one_and_not_repeated(case, tmp):
    text, words = case
    p = one_table(tmp, ENVIRONMENTS.replace("KFM_DSN", json.dumps(text)))
    for args in (("build", "dev"), ("plan", "dev", "--json"), ("check",), ("check", "--json"), ("env", "list")):
        ran = p.run(*args)
        equal(ran.status, 5, repr(ran))
        contains(ran.text, words)
        lacks(ran.text, "canary")


@test
def a_dsn_that_cannot_be_parsed_is_not_repeated(tmp):
    p = one_table(tmp)
    ran = p.run("build", "dev", env={"KFM_DSN": "postgresql://u:hunter2-canary@[bad"})
    one_error(ran, 5, "connection string")
    lacks(ran.text, "canary")


@test
def without_an_environments_file_there_is_one_implicit_environment(tmp):
    p = one_table(tmp)
    p.path("registry/environments.v1.yml").unlink()
    host = pg.cluster().host.replace("/", "%2F")
    ran = p.run("build", env={"DATABASE_URL": f"postgresql://{p.db}@{host}:5432/{p.db}"})
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])
    ran = p.run("build", env={"PGHOST": pg.cluster().host, "PGDATABASE": p.db, "PGUSER": p.db})
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "nothing to do")


@test
def the_default_environment_is_taken_where_none_is_named(tmp):
    p = one_table(tmp)
    equal(p.run("build").status, 0)
    equal(p.applied(), [ONE])


@test
def listing_environments_shows_names_of_references_only(tmp):
    p = one_table(tmp)
    ran = p.run("env", "list")
    equal(ran.status, 0)
    contains(ran.out, "KFM_DSN (set)")
    lacks(ran.text, pg.cluster().host)
    lacks(p.run("env", "list", "--json").text, pg.cluster().host)


# --- the wrong database


@test
def a_database_of_another_environment_is_refused(tmp):
    p = built(tmp)
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace("dev", "other"))
    for verb in ("build", "plan", "status", "adopt"):
        one_error(p.run(verb, "other"), 1, 'environment "dev", not "other"')
    equal(p.applied(), [ONE])


@test
def another_ledger_than_the_last_one_seen_is_refused(tmp):
    p = built(tmp)
    (tmp / "q").mkdir()
    q = built(tmp / "q")
    for verb in ("plan", "build"):
        one_error(p.run(verb, "dev", env={"KFM_DSN": pg.dsn(q.db)}), 1, "another ledger")
    equal(p.applied(), q.applied())


@test
def a_restored_backup_is_an_integrity_error(tmp):
    p = built(tmp)
    copy = pg.copydb(p.db)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    equal(p.build().status, 0)
    there = {"KFM_DSN": pg.dsn(copy, user=p.db)}
    for verb in ("plan", "build", "status"):
        one_error(p.run(verb, "dev", env=there), 8, "entries, the last run saw", "backup")
    p.path("state/kfmig.db").unlink()
    equal(p.run("build", "dev", env=there).status, 0, "accepted once the cache is gone")


@test
def the_receipt_sink_remembers_too(tmp):
    p = one_table(tmp, ENVIRONMENTS + "receipts: {sink: archive}\n")
    equal(p.build().status, 0)
    copy = pg.copydb(p.db)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    equal(p.build().status, 0)
    for path in p.path("state").glob("kfmig.db*"):
        path.unlink()
    one_error(p.run("plan", "dev", env={"KFM_DSN": pg.dsn(copy, user=p.db)}), 8, "archive")
    equal(p.run("plan", "dev").status, 0)


@test
def a_forked_ledger_is_an_integrity_error(tmp):
    p = built(tmp)
    copy = pg.copydb(p.db)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    (tmp / "q").mkdir()
    q = Project(tmp / "q", db=copy)
    q.env["KFM_DSN"] = pg.dsn(copy, user=p.db)
    shutil.copytree(p.path("migrations"), q.path("migrations"))
    equal((p.build().status, q.build().status), (0, 0))
    q.bundle("M-03", "CREATE TABLE app.v ();")
    equal(q.build().status, 0)
    one_error(p.run("plan", "dev", env={"KFM_DSN": q.env["KFM_DSN"]}), 8, "not a continuation")


class Standby(pg.Cluster):
    """Started again with standby.signal, a cluster is a replica without a primary."""

    def _ready(self):
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() in ("ready", "standby")


@test
def a_replica_is_refused(tmp):
    cluster = Standby()
    at_exit(cluster.remove)
    db = cluster.createdb()
    p = one_table(tmp, db=db)
    p.env["KFM_DSN"] = cluster.dsn(db)
    equal(p.build().status, 0)
    cluster.stop(2)
    (cluster.data / "standby.signal").touch()
    cluster.start()
    for verb in ("build", "plan", "adopt"):
        one_error(p.run(verb, "dev"), 1, "replica", "primary")
    cluster.remove()


@contextlib.contextmanager
def pgbouncer(db, mode):
    """A pooler in front of db; yields a DSN."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:" + os.environ["PATH"])
    if program is None:
        missing("pgbouncer")
    folder = fresh_folder()
    cluster = pg.cluster()
    ini = folder / "pgbouncer.ini"
    ini.write_text(f"[databases]\n{db} = host={cluster.host} port={cluster.port} dbname={db} user={db}\n"
                   f"[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nunix_socket_mode = 0777\n"
                   f"auth_type = any\npool_mode = {mode}\n")
    if cluster.identity:
        os.chown(folder, cluster.identity["user"], cluster.identity["group"])
    pooler = subprocess.Popen([program, "-q", str(ini)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, cwd=folder, **cluster.identity)
    try:
        until((folder / ".s.PGSQL.6432").exists, "pgbouncer listens")
        yield f"host={folder} port=6432 dbname={db} user={db}"
    finally:
        pooler.terminate()
        pooler.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


@cases(transaction="transaction", statement="statement", session="session")
def a_pooler_is_refused(mode, tmp):
    """In each of its modes, before anything is written: the process that answers is not the one that was connected to."""
    p = one_table(tmp)
    with pgbouncer(p.db, mode) as dsn:
        for _ in range(2):  # the pooler hands the same session to both
            one_error(p.run("build", "dev", env={"KFM_DSN": dsn}), 1, "pooler", "server itself")
            for verb in ("plan", "preflight"):
                ran = p.run(verb, "dev", env={"KFM_DSN": dsn})
                equal(ran.status, 1, repr(ran))
                contains(ran.text, "pooler")
    equal(has_ledger(p.db), False)


@cases(no_socket="host=/nonexistent dbname=x user=x", nobody_listens="host=127.0.0.1 port=1 dbname=x user=x",
       no_such_host="host=no-such-host.invalid dbname=x user=x")
def without_a_server_plan_says_so_and_build_fails(dsn, tmp):
    p = one_table(tmp)
    there = {"KFM_DSN": dsn}
    one_error(p.run("build", "dev", env=there), 1)
    ran = p.run("plan", "dev", "--json", env=there)
    equal(ran.status, 1, repr(ran))
    rows = {t["target"]: t for t in json.loads(ran.out)["targets"]}
    equal(rows[f"dev/{ONE}@apply"]["reasons"][0]["code"], "store_unreachable")
    contains(p.run("status", "dev", env=there).out, "could not be asked")
    contains(p.run("why", ONE, env=there).out, "store_unreachable")


@test
def no_such_database_is_named(tmp):
    p = one_table(tmp)
    one_error(p.run("build", "dev", env={"KFM_DSN": pg.dsn("postgres", user=p.db).replace("dbname=postgres", "dbname=nowhere")}),
              1, '"nowhere" does not exist')


@test
def a_server_that_does_not_answer_is_given_up(tmp):
    """A server that accepts the connection and says nothing is given up after a bounded time."""
    p = one_table(tmp)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        one_error(p.run("build", "dev", env={"KFM_DSN": f"host=127.0.0.1 port={port} dbname=x user=x connect_timeout=2"}), 1)


@test
def a_newer_ledger_format_is_refused(tmp):
    p = built(tmp)
    pg.psql(p.db, "UPDATE kfmig.instance SET format = 3;")
    for verb in ("build", "plan", "status", "adopt"):
        one_error(p.run(verb, "dev"), 1, "format 3", "newer")


# --- rights


@test
def a_role_without_rights_is_told_what_to_grant(tmp):
    p = one_table(tmp)
    role = pg.cluster().role(f"{p.db}_weak")
    weak = {"KFM_DSN": pg.dsn(p.db, user=role)}
    ran = p.run("build", "dev", env=weak)
    one_error(ran, 1, f"GRANT CREATE ON DATABASE {p.db} TO {role};")
    pg.psql(p.db, f"GRANT CREATE ON DATABASE {p.db} TO {role};")
    equal(p.run("build", "dev", env=weak).status, 0)


@test
def a_reading_role_can_look_but_not_build(tmp):
    p = built(tmp)
    role = pg.cluster().role(f"{p.db}_reader")
    reader = {"KFM_DSN": pg.dsn(p.db, user=role)}
    one_error(p.run("status", "dev", env=reader), 1, f"GRANT USAGE ON SCHEMA kfmig TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO {role};")
    pg.psql(p.db, f"GRANT USAGE ON SCHEMA kfmig TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO {role};", user=p.db)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    want = p.json("plan", "dev")["plan_digest"]
    equal(p.json("plan", "dev", env=reader)["plan_digest"], want, "the reader sees the same plan")
    for args in (("plan", "dev"), ("status", "dev"), ("why", ONE), ("why", TWO), ("receipt", "list", "dev"), ("receipt", "verify", "dev")):
        ran = p.run(*args, env=reader)
        equal(ran.status, 0, repr(ran))
    one_error(p.run("build", "dev", env=reader), 1, role)
    equal(p.applied(), [ONE])


@test
def a_superuser_may_work_in_an_unprotected_environment_only(tmp):
    p = protected(tmp)
    superuser = {"KFM_DSN": pg.dsn(p.db, user="postgres")}
    one_error(p.run("build", "prod", "--apply", env=superuser), 1, "superuser")
    equal(has_ledger(p.db), False)
    p.write("registry/environments.v1.yml", ENVIRONMENTS)
    equal(p.run("build", "dev", env=superuser).status, 0)


# --- protected environments


@test
def a_protected_environment_shows_the_plan_and_wants_apply(tmp):
    p = protected(tmp)
    ran = p.run("build", "prod")
    one_error(ran, 1, "protected", "--apply")
    contains(ran.out, ONE)
    contains(ran.out, "plan sha256:")
    equal(has_ledger(p.db), False)
    ran = p.run("build", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])
    equal(p.run("build", "prod").status, 0, "nothing to do needs no yes")


@test
def a_reviewed_digest_runs_exactly_that(tmp):
    p = protected(tmp)
    reviewed = p.json("plan", "prod")["plan_digest"]
    one_error(p.run("build", "prod", "--apply", "--plan=sha256:" + "0" * 64), 1, reviewed)
    equal(p.run("build", "prod", "--apply", f"--plan={reviewed}").status, 0)
    equal(p.applied(), [ONE])


def on_terminal(p, *args, answer):
    """Run kfmig on a pseudo-terminal, type answer at the question; returns (status, what was shown)."""
    primary, secondary = pty.openpty()
    child = subprocess.Popen([os.environ["KFMIG"], *args], cwd=p.root, env={**p.env, "TERM": "xterm"}, stdin=secondary,
                             stdout=secondary, stderr=secondary, start_new_session=True)
    os.close(secondary)
    shown, asked, deadline = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([primary], [], [], 1)[0]:
            continue
        try:
            data = os.read(primary, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
        if not asked and b"to go on: " in shown:
            os.write(primary, answer.encode() + b"\n")
            asked = True
    status = child.wait(timeout=30)
    os.close(primary)
    return status, shown.decode()


@test
def on_a_terminal_a_protected_environment_asks(tmp):
    p = protected(tmp)
    status, shown = on_terminal(p, "build", "prod", answer="no")
    equal(status, 1, shown)
    contains(shown, "not confirmed: nothing was run")
    equal(has_ledger(p.db), False)
    status, shown = on_terminal(p, "build", "prod", answer="prod")
    equal(status, 0, shown)
    contains(shown, "Apply 1 migration to prod?")
    equal(p.applied(), [ONE])


@test
def a_terminal_gets_a_live_line_and_no_color_is_respected(tmp):
    p = one_table(tmp)
    p.bundle("M-02", "SELECT pg_sleep(0.3);")
    _, shown = on_terminal(p, "build", "dev", answer="")
    contains(shown, "\r\x1b[K[")
    p.env["NO_COLOR"] = "1"
    _, shown = on_terminal(p, "status", "dev", answer="")
    lacks(shown, "\x1b[3")
    del p.env["NO_COLOR"]
    _, shown = on_terminal(p, "status", "dev", answer="")
    contains(shown, "\x1b[3")


def two_steps(tmp):
    p = protected(tmp, TWO_STEPS)
    p.env["KFM_STAGING_DSN"] = pg.dsn(pg.createdb())
    return p


def blocked_code(p, env="prod"):
    return p.targets(env)["M-01@apply"]["reasons"][0]


@test
def promotion_wants_the_same_content_in_the_required_environment(tmp):
    p = two_steps(tmp)
    reason = blocked_code(p)
    equal((reason["code"], reason["cause"], reason["detail"]), ("not_promoted", f"staging/{ONE}@receipt", "not applied in staging"))
    one_error(p.run("build", "prod", "--apply"), 1, "blocked")
    contains(p.run("why", f"prod/{ONE}").out, f"staging/{ONE}@receipt")
    equal(p.run("build", "staging").status, 0)
    p.bundle("M-01", TABLE + "SELECT 1;")
    equal(blocked_code(p)["detail"], "staging has it with other content")
    p.bundle("M-01", TABLE)
    ran = p.run("build", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])


@test
def promotion_is_blocked_where_the_required_environment_cannot_be_asked(tmp):
    p = two_steps(tmp)
    equal(p.run("build", "staging").status, 0)
    p.env["KFM_STAGING_DSN"] = "host=/nonexistent dbname=x"
    reason = blocked_code(p)
    equal(reason["code"], "not_promoted")
    contains(reason["detail"], "staging could not be asked")
    one_error(p.run("build", "prod", "--apply"), 1, "blocked")


@test
def review_is_recorded_in_the_receipt(tmp):
    p = protected(tmp)
    equal(p.run("build", "prod", "--apply").status, 0)
    receipt = json.loads(p.run("receipt", "show", "prod", ONE, "--json").out)
    equal(receipt["claim"]["policy"]["approval"], "review")
    equal(receipt["claim"]["policy"]["required_reviewers"], ["reviewers"])


@test
def without_a_signature_signed_environments_are_blocked(tmp):
    p = protected(tmp, PROTECTED.replace("approval: review", "approval: signature"))
    equal(blocked_code(p)["code"], "approval_missing")
    one_error(p.run("build", "prod", "--apply"), 1, "blocked")
    p.write("registry/environments.v1.yml", PROTECTED.replace("    approval: review\n", ""))
    equal(blocked_code(p)["code"], "approval_missing", "the default of a protected environment")
    equal(has_ledger(p.db), False)


@test
def an_unregistered_migration_is_blocked_in_a_protected_environment(tmp):
    p = one_table(tmp, PROTECTED)
    equal(blocked_code(p)["code"], "unregistered")
    equal(p.run("check", "--fix").status, 0)
    equal(p.run("build", "prod", "--apply").status, 0)


@test
def a_protected_database_with_objects_wants_to_be_adopted(tmp):
    p = protected(tmp)
    pg.psql(p.db, "CREATE TABLE public.was_here (id int);", user=p.db)
    equal(blocked_code(p)["code"], "not_adopted")
    one_error(p.run("build", "prod", "--apply"), 1, "blocked")
    one_error(p.run("adopt", "prod"), 1, "protected", "--apply")
    equal(has_ledger(p.db), False)
    ran = p.run("adopt", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    contains([r[0] for r in pg.psql(p.db, "SELECT object FROM kfmig.object")], "table public.was_here")
    ran = p.run("build", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [ONE])


@test
def an_unprotected_database_with_objects_is_recorded_as_it_is_and_that_is_said(tmp):
    p = one_table(tmp)
    pg.psql(p.db, "CREATE TABLE public.was_here (id int); CREATE VIEW public.v AS SELECT id FROM public.was_here;", user=p.db)
    contains(p.run("plan", "dev").out, "it holds 2 objects already")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "first contact; ")
    equal([e[1] for e in p.entries()], ["contact", "adopt", "apply"])
    equal(pg.psql(p.db, "SELECT object, seq FROM kfmig.object WHERE object ~ 'public\\.' ORDER BY 1"),
          [("table public.was_here", "2"), ("view public.v", "2")])
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift")


main()
