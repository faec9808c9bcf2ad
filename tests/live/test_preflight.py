"""Preflight and postflight: each check fires once for real and once not; the checklist, windows, probes, programs that misbehave."""
# run: majors needs=postgres limit=600

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import time

import pg
from datasets import point, version
from project import Project, full_id
from schemas import valid
from seen import until as until_it
from tap import at_exit, cases, contains, equal, fails, lacks, main, on_majors, spread_over_majors, test

pg._cluster = CLUSTER = pg.Cluster(max_prepared_transactions="4", wal_level="logical", max_wal_senders="4", max_replication_slots="4",
                                   max_locks_per_transaction="10")
ENVIRONMENT = """\
environments:
  dev:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nINSERT INTO app.t SELECT g, 'x' FROM generate_series(1, 1000) g;\n"
MORE = "ALTER TABLE app.t ADD COLUMN more int;\n"
REWRITE = "ALTER TABLE app.t ALTER COLUMN id TYPE bigint;\n"
DAY = "1798156800"  # Friday 2026-12-25, 00:00 UTC


def until(condition, what="it is so"):
    return until_it(condition, what)


def project(tmp, keys="", forward=MORE, applied=TABLE, monitor=True):
    """One migration applied, one to be run; its role may see all sessions."""
    p = Project(tmp, environments=ENVIRONMENT + "".join(f"    {line}\n" for line in keys.splitlines()))
    p.env["TZDIR"] = "/usr/share/zoneinfo"
    if monitor:
        pg.psql("postgres", f"GRANT pg_monitor TO {p.db};")
    p.bundle("M-01", applied)
    ran = p.run("build", "dev", env={"KFMIG_NOW": DAY} if "windows" in keys or "freeze" in keys else None)
    equal(ran.status, 0, repr(ran))
    if forward:
        p.bundle("M-02", forward)
    return p


@contextlib.contextmanager
def session(db, sql, user=None, name="elsewhere"):
    """A psql that has run sql, and waits with whatever is open then."""
    psql = subprocess.Popen(["psql", "-XqAt", pg.dsn(db, user or pg.SUPERUSER) + f" application_name={name}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    try:
        psql.stdin.write(sql + ";\n\\echo ready\n" if not sql.startswith("+") else sql[1:] + ";\n")
        psql.stdin.flush()
        if not sql.startswith("+"):
            for line in psql.stdout:
                if line == "ready\n":
                    break
        yield psql
    finally:
        pg.psql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}' AND datname = '{db}'")
        psql.kill()
        psql.wait()
        until(lambda: pg.value("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND datname = '{db}'") == "0")


def report(p, verb="preflight", *more, status=None, env=None):
    """Its document, which is also what was kept."""
    ran = p.run(verb, "dev", "--json", *more, env=env)
    d = json.loads(ran.out)
    valid("inspection.v1", d)
    kept = sorted(p.path("state/logs").glob(f"{verb}-dev-*.json"))[-1]
    equal(json.loads(kept.read_text()), d)
    equal(kept.stat().st_mode & 0o777, 0o600)
    bad = any(f["severity"] == "error" for c in d["checks"] for f in c["findings"])
    equal(d["validation_passed"], not bad, repr(ran))
    equal(ran.status, (1 if verb == "preflight" else 3) if bad else 0, repr(ran))
    if status is not None:
        equal(ran.status, status, repr(ran))
    return d


def check(d, name):
    (found,) = [c for c in d["checks"] if c["check"] == name]
    return found


def fires(d, name, result, *words):
    found = check(d, name)
    equal(found["result"], result, json.dumps(d, indent=1))
    text = json.dumps(found["findings"])
    for word in words:
        contains(text, word)


# --- nothing to find

EVERYTHING = """\
windows: [{days: fri, from: "00:00", to: "06:00", zone: UTC}]
freeze: [{from: 2026-12-20, to: 2026-12-24}]
thresholds: {clock_skew: 99999d, drill_age: 99999d, watch: 99999d}
policy_probes: [{role: kfm_reader, sql: probes/t.sql, expect: denied}, {role: kfm_owner, sql: probes/t.sql, expect: 1000 rows}]
queries: [{sql: probes/t.sql, expect: 1000 rows}]
probes: [{command: scripts/rate.sh, at_most: 0.01, at_least: 0}]
smoke: [scripts/smoke.sh]
"""
FILES = {"probes/t.sql": "SELECT * FROM app.t\n", "scripts/rate.sh": "#!/bin/sh\necho 0.005\n",
         "scripts/smoke.sh": '#!/bin/sh\n[ "$KFMIG_ENVIRONMENT" = dev ] && [ "$KFMIG_DSN_REF" = KFM_DSN ] && [ -d registry ]\n'}


def program(p, name, text):
    p.write(name, text).chmod(0o755)


def with_everything(tmp):
    for role in ("kfm_reader", "kfm_owner"):
        pg.psql("postgres", f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;")
    p = Project(tmp, environments=ENVIRONMENT)
    pg.psql("postgres", f"GRANT pg_monitor, kfm_reader, kfm_owner TO {p.db};")
    p.env["KFMIG_NOW"] = DAY
    for name, text in FILES.items():
        program(p, name, text)
    p.bundle("M-01", TABLE + "GRANT USAGE ON SCHEMA app TO kfm_owner, kfm_reader; GRANT SELECT ON app.t TO kfm_owner;\n",
             invariants={"none.sql": "SELECT 1 FROM app.t WHERE note IS NULL;\n"}, extra="  invariants: [invariants/none.sql]\n")
    equal(p.run("build", "dev").status, 0)
    p.write("registry/environments.v1.yml", ENVIRONMENT + "".join(f"    {line}\n" for line in EVERYTHING.splitlines()))
    return p


@on_majors
@test
def nothing_to_find(tmp):
    """Where all is well every check passes, or does not concern the environment, before and after."""
    p = with_everything(tmp)
    p.bundle("M-02", REWRITE + "CREATE INDEX CONCURRENTLY t_note ON app.t (note);\n")
    d = report(p)
    wanted = {"backup": "warning", "drill": "fail", "checklist": "not-applicable", "extensions": "not-applicable"}
    for c in d["checks"]:
        equal(c["result"], wanted.get(c["check"], "pass"), json.dumps(d, indent=1))
    equal((d["pending_migrations"], d["migrations_applied"], d["last_applied"], d["dirty_migrations"]), (1, 1, full_id("M-01"), 0))
    equal(d["figures"][0]["figure"], "0.005")
    d = report(p, "postflight", status=0)
    for c in d["checks"]:
        wanted = {"foreign_keys": "pass", "orphans": "not-applicable", "content": "not-applicable"}
        equal(c["result"], wanted.get(c["check"], "pass"), json.dumps(d, indent=1))
    contains(d["schema_checksum"], "sha256:")


# --- each check once for real. keys of the environment, SQL beforehand, SQL of a session that stays, the pending migration, result, words

FIRES = {
    "long_transactions": ("thresholds: {long_transaction: 0s}", "", "BEGIN; SELECT 1", MORE, "fail", ["elsewhere", "idle in transaction", "is open since 20"]),
    "old_snapshots": ("thresholds: {old_snapshot: 0s, long_transaction: 1h}", "", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1",
                      "CREATE INDEX CONCURRENTLY t_note ON app.t (note);\n", "fail", ["elsewhere", "held since 20"]),
    "prepared_transactions": ("thresholds: {long_transaction: 0s}", "BEGIN; LOCK TABLE app.t IN SHARE MODE; PREPARE TRANSACTION 'left'", "SELECT 1", MORE, "fail", ["left"]),
    "invalid_indexes": ("", "CREATE INDEX half ON app.t (note); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.half'::regclass", "SELECT 1", MORE,
                        "warning", ["index app.half", "it is invalid"]),
    "dead_rows": ("", "UPDATE app.t SET note = 'y'; SELECT pg_stat_force_next_flush()", "SELECT 1", REWRITE, "warning", ["table app.t", "rows are dead"]),
    "lock_table": ("thresholds: {lock_table: 0%}", "", "SELECT 1", MORE, "fail", [full_id("M-02"), "it needs about"]),
    "privileges": ("", "ALTER TABLE app.t OWNER TO postgres; REVOKE CREATE ON SCHEMA app FROM {db}; ALTER SCHEMA app OWNER TO postgres", "SELECT 1",
                   MORE + "CREATE TABLE app.u (id int);\nINSERT INTO app.t VALUES (0);\n", "fail",
                   ["neither owns it nor is a member of postgres", "may not write its rows", "schema app", "may create nothing in it"]),
    "extensions": ("", "", "SELECT 1", "CREATE EXTENSION nowhere;\n", "fail", ["extension nowhere", "the server does not have it"]),
    "replication_slots": ("thresholds: {retained_wal: 0B}", "SELECT pg_create_physical_replication_slot('idle', true); SELECT txid_current()", "SELECT 1", MORE, "fail",
                          ["replication slot idle", "nobody reads it"]),
    "drift": ("", "ALTER TABLE app.t ADD COLUMN stray int", "SELECT 1", MORE, "fail", ["table app.t", "was changed outside kfmig", full_id("M-01")]),
    "drill": ("thresholds: {drill_age: 1d}", "", "SELECT 1", MORE, "fail", ["tells of no drill"]),
    "backup": ("thresholds: {backup_age: 1h}", "", "SELECT 1", MORE, "unknown", ["knows of no backup"]),
    "pending": ("", "", "SELECT 1", "VACUUM FULL;\n", "fail", [full_id("M-02")]),
}


@spread_over_majors
@cases(**{name: name for name in FIRES})
def fires_for_real(name, tmp):
    """Before and after what it is about has gone."""
    keys, before, beside, forward, result, words = FIRES[name]
    p = project(tmp, keys, forward)
    try:
        if name not in ("drill", "backup", "pending", "extensions", "lock_table"):
            equal(check(report(p), name)["result"], "not-applicable" if name == "dead_rows" and forward != REWRITE else "pass")
        if name == "dead_rows" and CLUSTER.major < 15:
            before = before.replace("pg_stat_force_next_flush()", "pg_sleep(0)")
        pg.psql(p.db, before.replace("{db}", p.db) + ";")
        if name == "dead_rows":
            until(lambda: int(pg.value(p.db, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'")) > 500)
        with session(p.db, beside):
            d = report(p)
        fires(d, name, result, *words)
    finally:
        pg.psql(p.db, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots;")
        for (gid,) in pg.psql(p.db, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            pg.psql(p.db, f"ROLLBACK PREPARED '{gid}';")


@test
def a_lock_that_somebody_waits_for(tmp):
    """blocking_locks: both sessions are named; nothing of what they run is told."""
    p = project(tmp, "thresholds: {lock_wait: 0s, long_transaction: 1h}")
    with session(p.db, "BEGIN; LOCK TABLE app.t"), session(p.db, "+SELECT 'secretive' FROM app.t", name="waiter"):
        until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "1")
        ran = p.run("preflight", "dev")
        fires(report(p), "blocking_locks", "fail", "it waits for session", "elsewhere")
    for text in [ran.out + ran.err] + [f.read_text() for f in p.path("state/logs").iterdir()]:
        lacks(text, "secretive")
        lacks(text, "SELECT 'se")
    fires(report(p), "blocking_locks", "pass")


@test
def what_a_role_may_not_see_is_said(tmp):
    """Without pg_monitor others' sessions are not known, and that stands in the way."""
    p = project(tmp, monitor=False)
    with session(p.db, "BEGIN; SELECT 1"):
        fires(report(p, status=1), "long_transactions", "unknown", "may not see what 1 session(s) of other roles do")
        pg.psql("postgres", f"GRANT pg_monitor TO {p.db};")
        fires(report(p, status=0), "long_transactions", "pass")


@test
def a_replica_that_a_role_may_not_see(tmp):
    p = project(tmp, monitor=False)
    folder = tmp / "wal"
    folder.mkdir()
    receiver = subprocess.Popen([pg.client("pg_receivewal"), "-D", str(folder), "--no-sync", "-h", CLUSTER.host, "-U", pg.SUPERUSER], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    try:
        until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1")
        fires(report(p), "replication_lag", "unknown", "may not see how far it is")
        pg.psql("postgres", f"GRANT pg_monitor TO {p.db};")
        fires(report(p), "replication_lag", "pass")
    finally:
        receiver.kill()
        receiver.wait()


@test
def room_that_nobody_knows_of(tmp):
    """disk: a role that may not know where the files are; one that may; a warning unless it is known."""
    p = project(tmp, forward=REWRITE, monitor=False)
    fires(report(p), "disk", "warning", "are written anew; how much is free")
    pg.psql("postgres", f"GRANT pg_monitor TO {p.db};")
    fires(report(p), "disk", "pass")


@test
def the_clock(tmp):
    p = project(tmp)
    fires(report(p), "clock", "pass")
    fires(report(p, env={"KFMIG_NOW": DAY}), "clock", "warning", "ms from this machine's")


@test
def versions_and_what_is_expected(tmp):
    p = project(tmp)
    fires(report(p, "preflight", "--expect=" + full_id("M-01")), "version", "pass")
    fires(report(p, "preflight", "--expect=" + full_id("M-02"), status=1), "version", "fail", f"the last one applied is {full_id('M-01')}")
    equal(p.build().status, 0)
    for file in sorted(p.path(f"migrations/postgis/{full_id('M-02')}").iterdir()):
        file.unlink()
    p.path(f"migrations/postgis/{full_id('M-02')}").rmdir()
    fires(report(p), "version", "fail", full_id("M-02"), "applied there and not here")


@test
def a_database_that_is_another(tmp):
    """identity: what cannot be planned is a report, too, with the error's own status."""
    p = project(tmp)
    ran = p.run("preflight", "dev", "--json", env={"KFM_DSN": pg.dsn(p.db, host="/nowhere")})
    d = json.loads(ran.out)
    valid("inspection.v1", d)
    equal((ran.status, d["validation_passed"], d["server_version"]), (1, False, 0), repr(ran))
    fires(d, "identity", "unknown", "no server at the local socket")
    equal([c["result"] for c in d["checks"] if c["check"] != "identity"], ["not-applicable"] * (len(d["checks"]) - 1))


# --- windows, freezes, the checklist


@test
def outside_of_the_window(tmp):
    p = Project(tmp, environments=ENVIRONMENT + '    windows: [{days: thu, from: "18:00", to: "19:00", zone: America/Chicago}]\n')
    p.bundle("M-01", TABLE)
    outside = {"KFMIG_NOW": str(int(DAY) + 3600)}
    plan = p.run("plan", "dev", env=outside)
    equal(plan.status, 0)
    contains(plan.out, "held back: it is thu 19:00 America/Chicago, outside of the maintenance window; wait for the window: thu 18:00 to 19:00 America/Chicago")
    d = p.json("plan", "dev", env=outside)
    valid("plan.v1", d)
    equal([(f["rule"], f["result"]) for f in d["held"]], [("window", "fail")])
    lacks(p.json("plan", "dev", env={"KFMIG_NOW": DAY}), "held")
    equal(p.json("plan", "dev", env={"KFMIG_NOW": DAY})["plan_digest"], d["plan_digest"], "the clock is no part of a plan")
    ran = p.build(env=outside)
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "outside of the maintenance window; nothing was run")
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig') IS NULL"), "t", "not even a ledger was made")
    fires(report(p, env=outside), "window", "fail", "it is thu 19:00 America/Chicago")
    equal(p.build(env={"KFMIG_NOW": DAY}).status, 0)
    equal(p.build(env=outside).status, 0, "with nothing to do nothing is held")


@test
def a_checklist_for_one_plan(tmp):
    """Confirmed items count for the plan that they were confirmed for; its digest stays; a changed plan wants them again."""
    p = Project(tmp, environments=ENVIRONMENT)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    checklist: [on-call assigned, comms posted]\n")
    p.bundle("M-02", MORE)
    digest = p.json("plan", "dev")["plan_digest"]
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.err, 'nobody has confirmed "on-call assigned" for this plan; nothing was run')
    ran = p.run("preflight", "dev", "--confirm=on call")
    equal(ran.status, 5, repr(ran))
    contains(ran.err, 'its items: "on-call assigned", "comms posted"')
    fires(report(p, "preflight", "--confirm=on-call assigned"), "checklist", "fail", "comms posted")
    fails(p.build(), 1, 'nobody has confirmed "comms posted"')
    for more in ((), ("--confirm=comms posted",)):
        fails(p.run("preflight", "dev", "--plan=sha256:" + "0" * 64, *more), 1, f"the plan is {digest} now, not sha256:000")
    report(p, "preflight", "--confirm=on-call assigned,comms posted", f"--plan={digest}")
    equal(p.json("plan", "dev")["plan_digest"], digest, "a confirmation is no part of it")
    entries = pg.psql(p.db, "SELECT kind, subject, text::jsonb ->> 'checksum' FROM kfmig.entry WHERE kind = 'confirm' ORDER BY seq")
    equal(entries, [("confirm", "on-call assigned", digest), ("confirm", "comms posted", digest)])
    equal(p.run("receipt", "verify", "dev").status, 0)
    p.bundle("M-03", "ALTER TABLE app.t ADD COLUMN other int;\n")
    fails(p.build(), 1, "nobody has confirmed")  # another plan
    report(p, "preflight", "--confirm=on-call assigned,comms posted")
    equal(p.build().status, 0)
    equal(p.run("receipt", "verify", "dev").status, 0)


CHECKED = {  # what is left to do, the verb that does it
    "all": (None, ("build", "dev")),
    "one of two": (None, ("build", "dev", full_id("M-02"))),
    "pruned": (lambda p: p.path("migrations/postgis/repeatable/v.sql").unlink(), ("build", "dev", "--prune")),
    "pruned, by id": (lambda p: p.path("migrations/postgis/repeatable/v.sql").unlink(), ("build", "dev", "v", "--prune")),
    "switched": (None, ("switch", "dev", "wells", "1")),
    "collected": (None, ("gc", "dev", "--all")),
    "given up": (lambda p: p.path("registry/projections/wells.yml").unlink(), ("gc", "dev", "--given-up", "--apply")),
    "rebuilt": (lambda p: [shutil.rmtree(p.path(f"migrations/postgis/{full_id(m)}")) for m in ("M-02", "M-03")], ("rebuild", "dev", "--all")),
}


@cases(**CHECKED)
def what_confirms_an_item_is_what_the_verb_says(case, tmp):
    """Whichever verb wants an item confirmed, the command that its hint names confirms it, word by word, and the verb runs"""
    change, verb = case
    p = Project(tmp, environments=ENVIRONMENT)
    p.bundle("M-01", TABLE)
    p.bundle("M-04", "CREATE SCHEMA made;\nCREATE TABLE made.pts (version text, id text);\n", schemas=("made",), extra="depends_on: []\n")
    p.write("migrations/postgis/repeatable/v.sql", "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n")
    for at, ident in enumerate(("2026-02.0000000a", "2026-03.0000000b")):
        version(p, "wells", ident, [point(f"p{i}", -100 + i, 38) for i in range(2 + at)])
        p.write("registry/projections/wells.yml", "projection: wells\nstore: postgis\nschema: made\nsources:\n"
                f"  - {{dataset: wells, version: {ident}, asset: features, into: pts, columns: {{version: $dataset_version_id, id: properties.id}}}}\n")
        equal(p.build().status, 0)
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    checklist: [on-call assigned]\n")
    p.bundle("M-02", MORE, extra=f"depends_on: [{full_id('M-01')}]\n")
    p.bundle("M-03", "ALTER TABLE app.t ADD COLUMN other int;\n", extra=f"depends_on: [{full_id('M-01')}]\n")
    if change:
        change(p)
    ran = p.run(*verb)
    fails(ran, 1, 'nobody has confirmed "on-call assigned" for this plan; nothing was ')
    said = re.search(r"whoever knows: `kfmig (preflight [^`]*)`", ran.err)[1]
    contains(p.run(*shlex.split(said)).err, 'confirmed "on-call assigned"')
    ran = p.run(*verb)
    equal(ran.status, 0, repr(ran))
    lacks(ran.text, "nobody has confirmed")


# --- policies, queries, programs

PROBES = {
    "denied as expected": ("denied", "SELECT * FROM app.t", "pass", ""),
    "not denied": ("denied", "SELECT 1", "fail", "it is 1 row, expected is refused"),
    "denied, and it should not be": ("1000 rows", "SELECT * FROM app.t", "fail", "it is refused, expected is 1000 rows"),
    "as many rows as expected": ("3 rows", "SELECT generate_series(1, 3)", "pass", ""),
    "other rows": ("3 rows", "SELECT generate_series(1, 4)", "fail", "it is 4 rows, expected is 3 rows"),
    "a write": ("1 row", "CREATE TABLE public.left_behind ()", "unknown", "read_only_sql_transaction (25006)"),
    "a query that is none": ("1 row", "SELEC 1", "unknown", "syntax_error (42601)"),
    "two queries": ("1 row", "SELECT 1; SELECT 2", "unknown", "syntax_error (42601)"),
    "one that fails with a value": ("1 row", "SELECT 'geheim'::int", "unknown", "invalid_text_representation (22P02)"),
    "one that takes too long": ("1 row", "SELECT pg_sleep(30)", "unknown", "query_canceled (57014)"),
    "an end of the transaction": ("0 rows", "COMMIT", "pass", ""),
}


@test
def policy_probes(tmp):
    """Each in the table, before and after; nothing that a query says is told, and nothing is left behind."""
    p = with_everything(tmp)
    rows = []
    for i, (expect, sql, _, _) in enumerate(PROBES.values()):
        p.write(f"probes/{i}.sql", sql + "\n")
        rows.append(f"      - {{role: kfm_reader, sql: probes/{i}.sql, expect: {expect}}}\n")
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    thresholds: {command_time: 500ms}\n    policy_probes:\n" + "".join(rows))
    for verb in ("preflight", "postflight"):
        d = report(p, verb)
        lacks(json.dumps(d), "geheim")
        for i, (name, (_, _, result, words)) in enumerate(PROBES.items()):
            found = [f for f in check(d, "policy_probes")["findings"] if f["subject"] == f"probes/{i}.sql"]
            equal([f["result"] for f in found], [] if result == "pass" else [result], name)
            contains("".join(f["text"] for f in found), words, name)
    equal(pg.value(p.db, "SELECT to_regclass('public.left_behind') IS NULL"), "t")


@test
def a_role_that_is_not_ours(tmp):
    """SET ROLE refused is no proof that the policy holds."""
    p = with_everything(tmp)
    pg.psql("postgres", f"REVOKE kfm_reader FROM {p.db};")
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    policy_probes: [{role: kfm_reader, sql: probes/t.sql, expect: denied}]\n")
    fires(report(p), "policy_probes", "unknown", "insufficient_privilege (42501)")


PROGRAMS = {
    "within": ("echo 0.01", "pass", ""),
    "with blanks": ("printf ' 5e-3 \\n\\n'", "pass", ""),
    "too much": ("echo 0.02", "fail", "it says 0.02, at most 0.01 is good"),
    "too little": ("echo -1", "fail", "it says -1, at least 0 is good"),
    "no number": ("echo geheim", "unknown", "what it prints is no number"),
    "nothing": ("true", "unknown", "what it prints is no number"),
    "not a number": ("echo nan", "unknown", "what it prints is no number"),
    "a status": ("echo 0; exit 3", "unknown", "it ended with status 3"),
    "a signal": ("kill -9 $$", "unknown", "it was ended by signal 9"),
    "more than anybody reads": ("head -c 50000000 /dev/zero", "unknown", "what it prints is no number"),
    "prints for ever": ("exec cat /dev/zero", "unknown", "did not end within"),
    "ignores SIGTERM": ("trap '' TERM INT HUP; while :; do sleep 1; done", "unknown", "did not end within"),
    "leaves somebody behind": ("sleep 300 & echo 0", "pass", ""),
}


@test
def probes(tmp):
    """A program's figure is judged; whatever it does it ends, with all that it began, and nothing that it prints is told."""
    p = project(tmp, forward=None)
    rows = []
    for i, (text, _, _) in enumerate(PROGRAMS.values()):
        program(p, f"scripts/{i}.sh", f"#!/bin/sh\necho $$ >pid{i}\n{text}\n")
        rows.append(f"      - {{command: scripts/{i}.sh, at_most: 0.01, at_least: 0}}\n")
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    thresholds: {command_time: 3s}\n    probes:\n" + "".join(rows))
    for verb in ("preflight", "postflight"):
        began = time.monotonic()
        d = report(p, verb)
        equal(time.monotonic() - began < 50, True, "two that never end cost what they may, and no more")
        lacks(json.dumps(d), "geheim")
        for i, (name, (_, result, words)) in enumerate(PROGRAMS.items()):
            found = [f for f in check(d, "probes")["findings"] if f["subject"] == f"scripts/{i}.sh"]
            equal([f["result"] for f in found], [] if result == "pass" else [result], name)
            contains("".join(f["text"] for f in found), words, name)
            group = p.path(f"pid{i}").read_text().strip()
            until(lambda group=group: not group_members(group), f"nobody is left of {name}")


def group_members(group):
    """Processes of that group that still run."""
    alive = subprocess.run(["ps", "-o", "pid=,stat=", "--no-headers", "-g", group], capture_output=True, text=True, check=False).stdout
    return [line for line in alive.splitlines() if not line.split()[1].startswith("Z")]


@test
def a_program_that_cannot_run(tmp):
    p = project(tmp, forward=None)
    p.write("scripts/p.sh", "#!/bin/sh\necho 0\n")
    p.write("registry/environments.v1.yml", ENVIRONMENT + "    probes: [{command: scripts/p.sh, at_most: 1}]\n    smoke: [scripts/p.sh]\n")
    d = report(p, "postflight", status=3)
    fires(d, "probes", "unknown", "cannot start")
    fires(d, "smoke", "fail", "cannot start")
    p.path("scripts/p.sh").unlink()
    ran = p.run("check")
    equal(ran.status, 5)
    contains(ran.err + ran.out, "registry/environments.v1.yml:5:14: error: there is no file scripts/p.sh")


# --- afterwards

KEYS = TABLE + """\
CREATE TABLE app.child (id int, t int, u int);
INSERT INTO app.child VALUES (1, 1, 1), (2, 7777, NULL), (3, NULL, 8888);
ALTER TABLE app.child ADD CONSTRAINT child_t FOREIGN KEY (t) REFERENCES app.t NOT VALID;
"""
AFTER = {
    "foreign_keys": ("SELECT 1", "fail", ["app.child_t", "it is not validated"]),
    "orphans": ("SELECT 1", "fail", ["app.child_t", "1 row refers to what is not there"]),
    "invariants": ("UPDATE app.t SET note = NULL WHERE id < 3", "fail", ["none.sql", "it is 2 rows, expected is 0 rows"]),
    "queries": ("DELETE FROM app.t WHERE id > 900", "fail", ["probes/t.sql", "it is 900 rows, expected is 1000 rows"]),
    "drift": ("ALTER TABLE app.t ADD COLUMN stray int", "fail", ["table app.t"]),
    "smoke": ("SELECT 1", "fail", ["scripts/smoke.sh", "it ended with status 1"]),
}


@spread_over_majors
@cases(**{name: name for name in AFTER})
def fires_afterwards(name, tmp):
    sql, result, words = AFTER[name]
    p = with_everything(tmp)
    equal(report(p, "postflight", status=0)["validation_passed"], True)
    if name in ("foreign_keys", "orphans"):
        p.bundle("M-02", KEYS[len(TABLE):])
        equal(p.build().status, 0)
    if name == "smoke":
        program(p, "scripts/smoke.sh", "#!/bin/sh\nexit 1\n")
    pg.psql(p.db, sql + ";")
    d = report(p, "postflight", status=3)
    fires(d, name, result, *words)
    lacks(json.dumps(d), "7777")
    equal(d["schema_checksum"] is None, name == "drift")


@on_majors
@test
def triggers_that_are_off(tmp):
    """A validated key whose triggers are off lets rows through; --verify counts behind all others, too."""
    p = project(tmp, applied=TABLE + "CREATE TABLE app.child (t int REFERENCES app.t);\nINSERT INTO app.child VALUES (1), (2);\n", forward=None)
    fires(report(p, "postflight", status=0), "orphans", "not-applicable")
    fires(report(p, "postflight", "--verify", status=0), "orphans", "pass")
    pg.psql(p.db, "SET session_replication_role = replica; DELETE FROM app.t WHERE id = 2;")
    fires(report(p, "postflight", status=0), "orphans", "not-applicable")
    fires(report(p, "postflight", "--verify", status=3), "orphans", "fail", "app.child_t_fkey", "1 row refers")
    pg.psql(p.db, "ALTER TABLE app.child DISABLE TRIGGER ALL;")
    d = report(p, "postflight", status=3)
    fires(d, "foreign_keys", "fail", "of its triggers are off")
    fires(d, "orphans", "fail", "1 row refers")


@test
def what_was_begun_and_not_finished(tmp):
    """in_doubt: a build killed inside CREATE INDEX CONCURRENTLY."""
    p = project(tmp, forward="CREATE INDEX CONCURRENTLY t_note ON app.t (note);\n")
    fires(report(p), "in_doubt", "pass")
    with session(p.db, "BEGIN; INSERT INTO app.t VALUES (-1)"):
        build = p.start("build", "dev")
        until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_progress_create_index") == "1")
        build.kill()
        build.wait()
    fires(report(p, "postflight", status=3), "in_doubt", "fail", full_id("M-02"), "was begun by run")
    equal(p.build().status, 0)
    fires(report(p, "postflight", status=0), "in_doubt", "pass")


at_exit(CLUSTER.remove)
main()
