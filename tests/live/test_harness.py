"""The test harness itself: what tests/run calls a failure, and what the server and the proxy of tests/lib do."""
# run: needs=postgres,postgis

import ast
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess

import pg
import proxy
import servers
from tap import at_exit, cases, contains, equal, main, raises, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
_loader = importlib.machinery.SourceFileLoader("run", str(SRC / "tests/run"))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", _loader))
_loader.exec_module(run)


def counts(output, status=0, strict=False):
    seen = run.judge(output, status, strict)
    return seen.passed, seen.failed, seen.skipped


@cases(
    all_good=("1..2\nok 1 - a\nok 2 - b\n", 0, (2, 0, 0)),
    one_fails=("1..2\nok 1 - a\nnot ok 2 - b\n# why\n", 1, (1, 1, 0)),
    fewer_than_planned=("1..2\nok 1 - a\n", 0, (1, 1, 0)),
    more_than_planned=("1..1\nok 1 - a\nok 2 - b\n", 0, (2, 1, 0)),
    the_same_number_twice=("1..2\nok 1 - a\nok 1 - a\n", 0, (2, 1, 0)),
    no_plan=("ok 1 - a\n", 0, (1, 1, 0)),
    no_output=("", 0, (0, 1, 0)),
    plan_of_nothing=("1..0\n", 0, (0, 1, 0)),
    crash_after_the_last_test=("1..1\nok 1 - a\n", -11, (1, 1, 0)),
    crash_before_it=("1..2\nok 1 - a\n", -11, (1, 1, 0)),
    skipped=("1..2\nok 1 - a\nok 2 - b # SKIP missing: server\n", 0, (1, 0, 1)),
)
def verdict(case):
    output, status, want = case
    equal(counts(output, status), want)


@test
def under_ci_a_missing_server_is_a_failure():
    output = "1..2\nok 1 - a # SKIP missing: server\nok 2 - b # SKIP not on this architecture\n"
    equal(counts(output, strict=True), (0, 1, 1))
    equal(counts(output, strict=False), (0, 0, 2))


@test
def what_a_file_leaves_running_is_ended(tmp):
    mark = "KFMIG_TEST_ID=left-behind"
    env = {"KFMIG_TEST_ID": "left-behind", "PATH": os.environ["PATH"]}
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=tmp)
    # Popen returns before the kernel has laid out the new program's environment; an answer proves that it runs
    child.stdin.write(b"up\n")
    child.stdin.flush()
    equal(child.stdout.readline(), b"up\n")
    equal(run.processes_with(mark.encode()), [child.pid])
    run.end([child.pid])
    equal(child.wait(timeout=0), -9)


@test
def a_cluster_left_running_is_found_and_shut_down():
    cluster = pg.Cluster()
    equal(run.servers_under(cluster.root), [cluster.process.pid])
    run.end(run.servers_under(cluster.root))
    equal(cluster.process.wait(timeout=0), 0)
    contains(cluster.server_log(), "received immediate shutdown request")
    cluster.remove()


@test
def rows_come_as_strings_and_none():
    db = pg.createdb()
    equal(pg.psql(db, "SELECT 1, NULL, '', E'a\\n,\"b'; SELECT 2;"), [("1", None, "", 'a\n,"b'), ("2",)])
    equal(pg.value(db, "SELECT current_user", user=db), db)
    contains(str(raises(pg.PgError, pg.psql, db, "SELECT no_such")), "no_such")


@test
def a_database_can_have_postgis():
    equal(pg.value(pg.createdb(postgis=True), "SELECT ST_AsText(ST_Point(1, 2))"), "POINT(1 2)")


@test
def a_crashed_server_starts_again():
    db = pg.createdb()
    pg.psql(db, "CREATE TABLE t (a int)")
    pg.cluster().stop()
    pg.cluster().start()
    equal(pg.psql(db, "SELECT * FROM t"), [])


def through(p, db, sql):
    """Run SQL through the proxy; returns psql's status and words."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-", pg.dsn(db, host=p.host, port=p.port)],
                          input=sql, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


INSERT = "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\n"


def table(db):
    pg.psql(db, "CREATE TABLE t (a int)", user=db)
    return db


@cases(unix=False, tcp=True)
def the_proxy_passes(tcp):
    db = table(pg.createdb())
    with proxy.Proxy(pg.cluster().host, tcp=tcp) as p:
        equal(through(p, db, INSERT + "SELECT * FROM t;"), (0, "1\n"))
        equal(p.statements, ["BEGIN;", "INSERT INTO t VALUES (1);", "COMMIT;", "SELECT * FROM t;"])
        equal(p.fired.is_set(), False)


@cases(lost_before=(proxy.LoseCommit, "0"), reply_lost=(proxy.LoseCommitReply, "1"))
def a_commit_can_be(case):
    mode, rows = case
    db = table(pg.createdb())
    with proxy.Proxy(pg.cluster().host) as p:
        p.mode = mode()
        status, words = through(p, db, INSERT)
        equal(status, 2, words)
        contains(words, "connection")
        equal(p.fired.is_set(), True)
        equal(pg.value(db, "SELECT count(*) FROM t"), rows)
        equal(through(p, db, "SELECT count(*) FROM t;"), (0, f"{rows}\n"), "afterwards everything passes")


@test
def the_second_commit_is_the_one():
    db = table(pg.createdb())
    with proxy.Proxy(pg.cluster().host) as p:
        p.mode = proxy.LoseCommit(nth=2)
        equal(through(p, db, INSERT + INSERT)[0], 2)
        equal(pg.value(db, "SELECT count(*) FROM t"), "1")


@test
def a_prepared_commit_is_seen():
    reader = proxy.Reader(started=True)
    connection = proxy.Connection(proxy.Proxy(pg.cluster().host), None, None)
    kinds = []
    for message in reader.feed(b"P\0\0\0\x0fs\0COMMIT\0\0\0" + b"B\0\0\0\x07\0s\0" + b"S\0\0\0\x04"):
        connection.understand(proxy.CLIENT, message)
        kinds.append((message.kind, message.is_commit))
    equal(kinds, [(b"P", False), (b"B", True), (b"S", False)])
    connection.proxy.close()


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def bytes_can_be_cut_of(sender):
    db = pg.createdb()
    with proxy.Proxy(pg.cluster().host) as p:
        p.mode = proxy.Cut(200, sender)
        equal(through(p, db, "SELECT repeat('x', 1000), '" + "y" * 1000 + "';")[0], 2)
        equal(p.fired.is_set(), True)


@test
def a_blackhole_says_nothing():
    db = pg.createdb()
    with proxy.Proxy(pg.cluster().host) as p:
        p.mode = proxy.Blackhole()
        client = subprocess.Popen(["psql", "-Xqc", "SELECT 1", pg.dsn(db, host=p.host)], stderr=subprocess.DEVNULL)
        equal(p.fired.wait(60), True)
        equal(client.poll(), None)
        p.close()
        equal(client.wait(60), 2)


MARKED = """from tap import cases, main, on_majors, spread_over_majors, test

@test
def here():
    pass

@test
@on_majors
def everywhere():
    pass

@cases(**{str(n): n for n in range(6)})
@spread_over_majors
def one_of(n):
    pass

main()
"""


@test
def what_holds_on_every_major_is_run_there(tmp):
    (tmp / "test_m.py").write_text(MARKED)

    def ran(**env):
        return [line.split(" - ")[1] for line in subprocess.run(
            ["python3", "-B", str(tmp / "test_m.py")], env={**os.environ, "KFMIG_TEST_ONLY": "", **env}, capture_output=True, text=True, check=True).stdout.splitlines()[1:]]

    majors = [str(m) for m in servers.tried()]
    spread = [ran(KFMIG_TEST_MAJOR=m, KFMIG_TEST_MARKED="1") for m in majors]
    equal(len(majors) >= 4, True, majors)
    equal(all("here" not in names and "everywhere" in names for names in spread), True, spread)
    equal(sorted(n for names in spread for n in names if n.startswith("one_of")), [f"one_of: {n}" for n in range(6)], "each variant on one of them")
    equal(ran()[:2], ["here", "everywhere"])
    equal(len(ran()), 8, "without it all, here")


@test
def files_run_once_more_for_each_major():
    file = run.File("live", "tests/live/test_same.py", []).read_words()
    equal([f.name for f in run.on_majors(file)], [f"same@{m}" for m in servers.tried()])
    equal(run.on_majors(run.File("live", "tests/live/test_diff.py", []).read_words()), [])


@test
def servers_of_other_majors_are_those_they_are_called():
    for major in servers.others():
        cluster = pg.Cluster(pg.programs(major))
        equal(cluster.major, major)
        equal(cluster.value("postgres", "SHOW server_version").split(".")[0], str(major))
        cluster.remove()



at_exit(lambda: pg.cluster().remove())


def refusals_without_words(path):
    """Lines that say a run's status is another than 0, and nothing in the test looks at what it said. Ends by signals (128 and more) say nothing."""
    found = []
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        nodes = list(ast.walk(function)) if isinstance(function, ast.FunctionDef) else []
        looked_at = {n.value.id for n in nodes if isinstance(n, ast.Attribute) and n.attr != "status" and isinstance(n.value, ast.Name)}
        for n in nodes:
            if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "equal" and isinstance(n.args[0], ast.Attribute) and n.args[0].attr == "status":
                ran, status = n.args[0].value, getattr(n.args[1], "value", 0)
                if isinstance(status, int) and 0 < status < 128 and not (isinstance(ran, ast.Name) and ran.id in looked_at):
                    found.append(f"{path.name}:{n.lineno}: {ast.unparse(n)}")
    return found


@test
def no_failure_is_tested_by_its_status_alone():
    tests = pathlib.Path(__file__).resolve().parent.parent
    files = sorted(tests.glob("live/test_*.py")) + sorted(tests.glob("fault/test_*.py"))
    equal([line for path in files for line in refusals_without_words(path)], [], "say fails(ran, status, words), tests/lib/tap.py")


main()
