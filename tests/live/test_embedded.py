"""The embedded server: started when needed, provisioned, shared, ended by itself, and none the worse for a kill."""
# run: needs=postgres,postgis limit=600

import os
import pathlib
import shutil
import signal

from project import Project, full_id
from seen import errors, finish, until
from tap import at_exit, cases, contains, equal, fresh_folder, lacks, main, test

ONE, TWO = full_id("M-01"), full_id("M-02")
EMBEDDED = """\
environments:
  dev:
    evidence: none
    stores:
      postgis:
        server: embedded
        provision: {extensions: [postgis], roles: [app_reader]}
default_environment: dev
"""
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, geom geometry(Point, 4326));\nGRANT SELECT ON app.t TO app_reader;\n"

_folder = fresh_folder()
_project = None


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def postmaster(p):
    """Process id of the running server, or None."""
    for path in p.path("state/embedded").rglob("postmaster.pid"):
        lines = path.read_text().splitlines()  # none yet where the server has only just made the file
        if lines and alive(int(lines[0])):
            return int(lines[0])
    return None


def project():
    """The one project of these tests: making its server takes seconds. Its first build is the first test."""
    global _project
    if _project is None:
        _project = Project(_folder, environments=EMBEDDED, db=None)
        _project.bundle("M-01", TABLE)
        at_exit(shutil.rmtree, _folder, True)
        at_exit(_project.run, "env", "stop")
    return _project


def watchers(p):
    """Processes that watch over the server."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--embedded-watch" in words and str(p.path("state/embedded")).encode() in words:
            found.append(path.parent.name)
    return found


def stop(p):
    """End the server and return when its watcher has noticed: the next start brings one with its own idle time."""
    ran = p.run("env", "stop")
    equal(ran.status, 0, repr(ran))
    until(lambda: not watchers(p), "the watcher ends", seconds=30)


IDLE = {"KFMIG_EMBEDDED_IDLE_MS": "300"}


def query(p, sql):
    ran = p.run("env", "psql", "dev", "--", "-XAtc", sql)
    equal(ran.status, 0, repr(ran))
    return ran.out.strip()


def applied(p):
    return query(p, "SELECT string_agg(subject, ' ' ORDER BY seq) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'")


@test
def the_first_build_makes_starts_and_provisions_the_server():
    p = project()
    contains(p.run("env", "list").out, "embedded server, stopped")
    ran = p.run("build", "dev", timeout=120)
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "embedded server")
    equal(applied(p), ONE)
    contains(p.run("env", "list").out, "embedded server, running")
    contains(p.run("build", "dev").err, "nothing to do")


@test
def migrations_run_as_an_ordinary_role():
    p = project()
    equal(query(p, "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"), "kfmig|f")
    equal(query(p, "SELECT count(*) FROM pg_roles WHERE rolname = 'app_reader' AND NOT rolcanlogin"), "1")
    contains(query(p, "SELECT postgis_version()"), "3.")


@test
def the_server_is_reachable_by_its_owner_only():
    p = project()
    equal(query(p, "SHOW listen_addresses"), "")
    (pid_file,) = p.path("state/embedded").rglob("postmaster.pid")
    folder = pathlib.Path(pid_file.read_text().splitlines()[4])
    equal(folder.stat().st_mode & 0o077, 0, str(folder))


@test
def stop_and_start_keep_the_data():
    p = project()
    pid = postmaster(p)
    ran = p.run("env", "stop")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "was stopped")
    equal(alive(pid), False)
    contains(p.run("env", "stop").err, "was not running")
    ran = p.run("env", "start")
    equal(ran.status, 0, repr(ran))
    equal(applied(p), ONE)
    contains(p.run("build", "dev").err, "nothing to do")


@test
def left_alone_it_ends_by_itself():
    p = project()
    stop(p)
    equal(p.run("plan", "dev", env=IDLE).status, 0)
    pid = postmaster(p)
    equal(pid is not None, True, "the server runs")
    until(lambda: not alive(pid), "the idle server ends", seconds=30)
    contains(p.run("env", "list").out, "embedded server, stopped")
    ran = p.run("plan", "dev")
    equal(ran.status, 0, repr(ran))


@test
def it_does_not_end_while_a_build_runs():
    p = project()
    stop(p)
    p.bundle("M-02", "SELECT pg_sleep(3);")
    ran = p.run("build", "dev", env=IDLE)
    equal(ran.status, 0, repr(ran))
    until(lambda: postmaster(p) is None, "the idle server ends", seconds=30)


@test
def after_a_kill_of_kfmig_the_server_still_ends():
    p = project()
    stop(p)
    p.bundle("M-03", "SELECT pg_sleep(60);")
    child = p.start("build", "dev", env=IDLE)
    pid = until(lambda: postmaster(p), "the server runs")
    until(lambda: "1" in p.run("env", "psql", "dev", "--", "-XAtc", "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'",
                               env=IDLE).out, "it sleeps")
    child.kill()
    finish(child)
    until(lambda: not alive(pid), "the idle server ends", seconds=30)
    p.bundle("M-03", "SELECT 1;")
    ran = p.run("build", "dev")
    equal(ran.status, 0, repr(ran))


@test
def two_builds_at_once_start_one_server_and_apply_each_migration_once():
    p = project()
    stop(p)
    p.bundle("M-04", "CREATE TABLE app.once ();\nSELECT pg_sleep(0.3);")
    p.bundle("M-05", "CREATE TABLE app.twice ();")
    children = [p.start("build", "dev") for _ in range(2)]
    results = [finish(child) for child in children]
    equal([r[0] for r in results], [0, 0], str(results))
    equal(applied(p), " ".join(full_id(f"M-0{n}") for n in range(1, 6)))


@test
def after_the_server_was_killed_the_next_build_recovers_it():
    p = project()
    pid = until(lambda: postmaster(p), "the server runs")
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), "it is dead")
    p.bundle("M-06", "CREATE TABLE app.after ();")
    ran = p.run("build", "dev", timeout=120)
    equal(ran.status, 0, repr(ran))
    contains(applied(p), full_id("M-06"))
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def what_is_provisioned_later_is_added():
    p = project()
    p.write("registry/environments.v1.yml", EMBEDDED.replace("[app_reader]", "[app_reader, app_writer]").replace("[postgis]", "[postgis, hstore]"))
    ran = p.run("plan", "dev")
    equal(ran.status, 0, repr(ran))
    equal(query(p, "SELECT count(*) FROM pg_roles WHERE rolname = 'app_writer'"), "1")
    equal(query(p, "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'"), "1")


@cases(running=(False,), stopped=(True,))
def reset_makes_its_database_anew_and_builds(case, tmp):
    """On the same server, provisioned again, whether it runs or not; without --yes nothing is dropped"""
    p = project()
    query(p, "CREATE TABLE IF NOT EXISTS public.left_over ()")
    old, pid, all_of_them = query(p, "SELECT uuid FROM kfmig.instance"), postmaster(p), applied(p)
    ran = p.run("reset", "dev")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "reset drops the database kfmig: nothing was dropped")
    equal(query(p, "SELECT uuid FROM kfmig.instance"), old)
    if case[0]:
        stop(p)
    ran = p.run("reset", "dev", "--yes")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "dev: the database kfmig is empty now")
    contains(ran.err, f"dev: {len(all_of_them.split())} applied, 0 current; ")
    equal((applied(p), query(p, "SELECT uuid FROM kfmig.instance") != old, query(p, "SELECT to_regclass('public.left_over') IS NULL")), (all_of_them, True, "t"))
    equal(query(p, "SELECT count(*) FROM pg_extension WHERE extname IN ('postgis', 'hstore')"), "2", "as it is declared")
    equal(query(p, "SELECT has_table_privilege('app_reader', 'app.t', 'SELECT')"), "t")
    equal(postmaster(p) == pid, not case[0], "the same server")
    contains(p.run("build", "dev").err, f"nothing to do ({len(all_of_them.split())} current)")


@test
def an_extension_that_is_not_there_is_named():
    p = project()
    p.write("registry/environments.v1.yml", EMBEDDED.replace("[postgis]", "[no_such_extension]"))
    ran = p.run("build", "dev")
    equal(ran.status, 1, repr(ran))
    equal(len(errors(ran)), 1, repr(ran))
    contains(ran.err, "no_such_extension")
    p.write("registry/environments.v1.yml", EMBEDDED)
    equal(p.run("plan", "dev").status, 0)


@test
def only_an_embedded_server_is_started_and_stopped():
    p = project()
    p.write("registry/environments.v1.yml", EMBEDDED.replace("default_environment", "  other:\n    stores: {postgis: {dsn_ref: KFM_DSN}}\ndefault_environment"))
    for verb in ("start", "stop"):
        ran = p.run("env", verb, "other")
        equal(ran.status, 5, repr(ran))
        contains(ran.err, "no embedded server")
    lacks(p.run("env", "list").out, "host=")


main()
