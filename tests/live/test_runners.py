"""Migrations that a program makes: once, unobserved, with catalogs, gates and receipts around it; and what programs do that they should not."""
# run: needs=postgres limit=900

import json
import os
import shutil
import signal
import subprocess

import peers
import pg
import proxy
from project import FAULTY, Project, full_id
from tap import after_test, cases, contains, equal, fails, fresh_folder, main, missing, test

PSQL = f"{pg.client('psql')} -X -q -v ON_ERROR_STOP=1 -f forward.sql"
BEGIN = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, v text);\nINSERT INTO app.t VALUES (1, 'a');\n"
DO = "SELECT count(*) AS n FROM app.t \\gset\nCREATE TABLE app.u AS SELECT :n AS n;\nCREATE INDEX u_n ON app.u (n);\n"
UNDO = "DROP TABLE app.u;\n"


def project(tmp, command=PSQL, forward=DO, more="", files=None, **scope):
    """M-01 made app.t; M-02 is run by the command, a name of files being made a program of it."""
    p = Project(tmp)
    p.bundle("M-01", BEGIN)
    equal(p.build().status, 0)
    folder = p.bundle("M-02", forward, UNDO, **scope)
    for name, text in (files or {}).items():
        p.write(f"{folder}/{name}", text)
        os.chmod(p.path(f"{folder}/{name}"), 0o755)
    text = p.path(f"{folder}/migration.yml").read_text()
    listed = ", ".join(["forward.sql", *(files or {})])
    p.write(f"{folder}/migration.yml", text.replace("tool: native", f'tool: command\n  command: "{command}"{more}').replace("[forward.sql]", f"[{listed}]"))
    return p


def script(tmp, body, more="", **scope):
    return project(tmp, "./run.sh", more=more, files={"run.sh": f"#!/bin/sh\n{body}\n"}, **scope)


def state(p):
    return p.targets()["M-02@apply"]["state"], p.targets()["M-02@apply"]["reasons"][0]["code"]


def last(p, kind="db_migration"):
    rows = pg.psql(p.db, f"SELECT body FROM kfmig.receipt WHERE body::jsonb ->> 'run_kind' = '{kind}' ORDER BY seq DESC LIMIT 1")
    return json.loads(rows[0][0])


@test
def what_cannot_be_rendered_runs_in_psql(tmp):
    """Once, through the journal; its objects are in the ledger, its rows are nobody's; taken back by SQL with proof."""
    p = project(tmp)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT n FROM app.u"), [("1",)])
    equal([entry[1:3] for entry in p.entries()][-3:], [("intent", full_id("M-02")), ("done", full_id("M-02")), ("apply", full_id("M-02"))])
    said = last(p)
    equal((said["result"], said["claim"]["residue"]), ("success", ["rows: not attributed"]))
    equal(said["claim"]["declaration"]["runner"]["tool"], "command")
    contains(p.build().text, "nothing to do (2 current)")
    contains(p.run("receipt", "verify").text, "all as they should be")
    done = subprocess.run(["sh", f"{os.environ['KFMIG_SRC']}/docs/verify.sh", "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit"], cwd=p.root, capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    equal(p.run("diff", "dev").status, 0)
    ran = p.run("rollback", "dev", "--apply")
    equal((ran.status, pg.psql(p.db, "SELECT to_regclass('app.u')")), (0, [(None,)]), repr(ran))


@test
def what_it_gets(tmp):
    """The bundle's folder, the connection by libpq's variables, names; no password among arguments, no descriptor of ours, nothing on stdin."""
    p = script(tmp, f'{pg.client("psql")} -X -q -c "CREATE TABLE app.u (a int)"\n'
                    '{ pwd; echo $# $KFMIG_ENVIRONMENT $KFMIG_MIGRATION $PGAPPNAME; wc -c </dev/stdin; ls /proc/self/fd | tr "\\n" " "; } >"$KFMIG_ROOT/seen"')
    equal(p.build().status, 0)
    seen = p.path("seen").read_text().splitlines()
    contains(seen[0], full_id("M-02"))
    contains(seen[1], f"0 dev {full_id('M-02')} kfmig-runner")
    equal((seen[2].strip(), seen[3].split()), ("0", ["0", "1", "2", "3"]))  # 3: ls itself


@test
def a_gate_is_judged_behind_it(tmp):
    """What stands is said, exit 2, and it is applied once the declaration admits it; it never runs twice."""
    p = project(tmp, forward=DO + "CREATE SCHEMA other;\nCREATE TABLE other.x (a int);\n")
    ran = p.build()
    fails(ran, 2, "schema other")
    contains(ran.text, "stands: 1 of 1 segments")
    before = pg.psql(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'intent'")
    fails(p.build(), 2, "schema other")
    equal(pg.psql(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'intent'"), before)


# name -> (what the program does, more of runner, words); what it did is not known, and it is in doubt afterwards
DOUBT = {
    "another status": ("exit 3", "", ['"./run.sh" ended with status 3', "state/runners/"]),
    "a signal": ("kill -SEGV $$", "", ["was ended by signal 11"]),
    "too long": ("sleep 60", "\n  time_limit: 1s", ["did not end within 1 s"]),
    "ignores SIGTERM": ("trap '' TERM\nwhile :; do sleep 1; done", "\n  time_limit: 1s", ["did not end within 1 s"]),
    "writes into a data root": ('echo x >"$KFMIG_ROOT/registry/data/new.json"', "", ["registry/data/new.json", "was added", "a data root"]),
    "changes a data root": ('touch -d 2020-01-01 "$KFMIG_ROOT/registry/data/old.json"', "", ["registry/data/old.json", "was changed"]),
    "leaves a transaction open": (f"setsid {pg.client('psql')} -X -q -c 'BEGIN' -c 'CREATE TABLE app.u (a int)' -c 'SELECT pg_sleep(30)' >/dev/null 2>&1 </dev/null &\nsleep 1", "",
                                  ["the program has ended, but session"]),
}


@cases(**{name.replace(" ", "_"): name for name in DOUBT})
def what_did_not_end_well_is_in_doubt(name, tmp):
    """The reason first, then what to do; it is not begun again, by nobody; resolved as absent it is."""
    body, more, words = DOUBT[name]
    p = script(tmp, body, more)
    p.write("registry/data/old.json", "{}\n")
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    for word in [*words, "kfmig resolve dev/"]:
        contains(ran.text, word)
    equal(state(p), ("blocked", "in_doubt"))
    equal(p.build().status in (1, 2, 6), True)
    equal(pg.psql(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'intent'"), [("1",)])
    pg.psql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'kfmig-runner%' AND datname = '{p.db}'")
    equal(p.run("resolve", f"dev/{full_id('M-02')}", "--as=absent", "--apply").status, 0)
    equal(state(p)[0], "stale")


@test
def what_counts_as_done_is_recorded(tmp):
    """It failed at its end; a person says that all of it stands: its objects are in the ledger then."""
    p = script(tmp, f"{PSQL}\nexit 1")
    fails(p.build(), 2, "ended with status 1")
    ran = p.run("resolve", f"dev/{full_id('M-02')}", "--as=applied", "--apply")
    equal(ran.status, 0, repr(ran))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(p.build().text, "nothing to do (2 current)")
    equal(p.run("diff", "dev").status, 0)


@test
def ten_gigabytes_fill_nothing(tmp):
    """What a program prints is read and dropped past the first MiB; it ends at its time."""
    p = script(tmp, "head -c 10000000000 /dev/zero; exit 1", "\n  time_limit: 20s")
    fails(p.build(timeout=120), 2, "stands: 0 of 1 segments")
    log = p.path(f"state/runners/{full_id('M-02')}.log")
    equal((log.stat().st_size, oct(log.stat().st_mode & 0o777)), (1 << 20, "0o600"))


@test
def nothing_is_left_of_its_group(tmp):
    p = script(tmp, 'sleep 300 & echo $! >"$KFMIG_ROOT/pid"')
    equal(p.build().status, 0)
    pid = int(p.path("pid").read_text())
    equal(os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat").read().split()[2] not in "ZX", False)


@test
def what_cannot_be_started_was_not_begun(tmp):
    """A program that is not there, or a variable that is not set: told, and tried again as soon as it is there."""
    p = project(tmp, "./missing.sh --all")
    fails(p.build(), 2, 'cannot start "./missing.sh"')
    equal(state(p)[0], "stale")
    p = project(fresh_folder(), more="\n  environment: [KFM_NOT_SET]")
    fails(p.build(), 2, "KFM_NOT_SET is not set")
    equal(p.build(env={"KFM_NOT_SET": "x"}).status, 0)


@test
def what_is_declared_of_it(tmp):
    """Rows cannot be limited; nothing of it runs in a protected environment."""
    p = project(tmp, limits={"max_row_backfill": 5})
    fails(p.run("check"), 5, "nobody sees which rows a program writes")
    p = project(fresh_folder())
    text = p.path("registry/environments.v1.yml").read_text()
    p.write("registry/environments.v1.yml", text.replace("  dev:\n", "  dev:\n    protected: true\n    approval: review\n"))
    contains(p.run("plan", "dev", "-v").text, "a program runs it")
    contains(p.run("check").text, "a program runs it")


@test
def killed_anywhere_it_is_in_doubt(tmp):
    """kill -9 behind its intent, and while it runs: nobody begins it again; behind its done the next build records it."""
    for point, wants in (("journal.intended", "in_doubt"), ("journal.ran", "in_doubt"), ("journal.proven", "in_doubt"), ("journal.done", "applied")):
        p = project(fresh_folder())
        ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": f"{point}:kill"})
        equal(ran.status, -signal.SIGKILL, repr(ran))
        if wants == "applied":
            equal(p.build().status, 0)
            contains(p.build().text, "nothing to do (2 current)")
        else:
            equal(state(p), ("blocked", "in_doubt"))
            equal(pg.psql(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'intent'"), [("1",)])


@test
def a_flyway_project_runs_as_it_is(tmp):
    """The real Flyway over its own folder, which stays as it is: what it made is in the ledger, and what comes later is another migration; its own history agrees."""
    flyway = peers.Flyway()
    if flyway.folder() is None or shutil.which("java") is None:
        missing("Flyway (./configure --install-deps=test)")
    relay = proxy.Proxy(pg.cluster().host, tcp=True)
    after_test(relay.close)
    java = " ".join(str(word) for word in flyway.java("Run"))
    body = f'exec {java} "$FLYWAY_URL/$PGDATABASE?ApplicationName=$PGAPPNAME" "$PGUSER" "$KFMIG_ROOT/sql"'
    p = script(tmp, body, more="\n  environment: [FLYWAY_URL]", schemas=("app", "public"))
    p.env["FLYWAY_URL"] = f"jdbc:postgresql://{relay.host}:{relay.port}"
    p.write("sql/V1__one.sql", "CREATE TABLE app.u (a int);\n")
    p.write("sql/V2__two.sql", "CREATE INDEX u_a ON app.u (a);\nINSERT INTO app.u VALUES (1);\n")
    ran = p.build(timeout=300)
    equal(ran.status, 0, repr(ran))
    history = "SELECT version, success FROM flyway_schema_history ORDER BY installed_rank"
    equal(pg.psql(p.db, history), [("1", "t"), ("2", "t")])
    contains(p.build().text, "nothing to do (2 current)")
    equal(p.run("diff", "dev").status, 0)
    p.write("sql/V3__three.sql", "CREATE TABLE forbidden.x (a int);\n")
    folder = p.bundle("M-03", "-- V3\n", "SELECT 1;\n", schemas=("app", "public"))
    p.write(f"{folder}/run.sh", f"#!/bin/sh\n{body}\n")
    os.chmod(p.path(f"{folder}/run.sh"), 0o755)
    text = p.path(f"{folder}/migration.yml").read_text()
    p.write(f"{folder}/migration.yml", text.replace("tool: native", "tool: command\n  command: ./run.sh").replace("[forward.sql]", "[run.sh]"))
    fails(p.build(timeout=300), 2, "ended with status 1")
    contains(p.path(f"state/runners/{full_id('M-03')}.log").read_text(), "forbidden")
    p.write("sql/V3__three.sql", "CREATE TABLE app.v (a int);\n")
    equal(p.run("resolve", f"dev/{full_id('M-03')}", "--as=absent", "--apply").status, 0)
    ran = p.build(timeout=300)
    equal((ran.status, pg.psql(p.db, history)[-1]), (0, ("3", "t")), repr(ran))


if __name__ == "__main__":
    main()
