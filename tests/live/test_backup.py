"""Backups before a change and by hand, restored in a drill: what is made, what the receipts say, and all that may go wrong with it."""
# run: majors needs=postgres limit=900

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pg
from project import KFMIG, Project, full_id
from schemas import valid
from seen import one_error
from seen import until as until_it
from tap import cases, contains, equal, fails, lacks, main, on_majors, test

ENVIRONMENTS = """\
environments:
  dev:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nINSERT INTO app.t SELECT g, 'secret row ' || g FROM generate_series(1, 1000) g;\n"
MORE = "ALTER TABLE app.t ADD COLUMN more int;\n"
PROTECTED = "protected: true\napproval: review\nbackup: pg_dump\n"


def clients():
    """A folder with pg_dump and pg_restore that speak to every major."""
    return str(pathlib.Path(pg.client("pg_dump")).parent)


def declare(p, keys):
    p.write("registry/environments.v1.yml", ENVIRONMENTS + "".join(f"    {line}\n" for line in keys.splitlines()))


def project(tmp, keys="backup: pg_dump\n", forward=MORE):
    """One migration applied, without a backup, and one to be run."""
    p = Project(tmp, environments=ENVIRONMENTS)
    p.env["KFMIG_PG_BINDIR"] = clients()
    p.bundle("M-01", TABLE)
    equal(p.run("build", "dev").status, 0)
    declare(p, keys)
    if forward:
        p.bundle("M-02", forward, rollback="ALTER TABLE app.t DROP COLUMN more;\n")
    return p


def kinds(p):
    return [k for (k,) in pg.psql(p.db, "SELECT body::jsonb ->> 'run_kind' FROM kfmig.receipt ORDER BY seq")]


def receipts(p, kind):
    """Those of a kind, oldest first, as (position in the ledger, document)."""
    found = pg.psql(p.db, f"SELECT seq, body FROM kfmig.receipt WHERE body::jsonb ->> 'run_kind' = '{kind}' ORDER BY seq")
    return [{**json.loads(body), "at": int(seq)} for seq, body in found]


def backups(p):
    return sorted(f.name for f in p.path("state/backups").glob("[!.]*")) if p.path("state/backups").exists() else []


def whole(p, claim):
    """Everything that a claim says of its files is so; returns the text of pg_restore's list."""
    folder = p.root / claim["path"]
    about = json.loads((folder / "backup.json").read_text())
    valid("backup.v1", about)
    equal(p.path("state/backups/.gitignore").read_text(), "*\n")
    for path in [p.path("state/backups"), folder, *folder.rglob("*")]:
        equal(path.stat().st_mode & 0o777, 0o700 if path.is_dir() else 0o600, str(path))
    files = {f.name: f for f in (folder / "data").iterdir()}
    equal([x["name"] for x in about["files"]], sorted(files))
    for x in about["files"]:
        data = files[x["name"]].read_bytes()
        equal((x["size"], x["sha256"]), (len(data), "sha256:" + hashlib.sha256(data).hexdigest()))
    text = json.dumps(about["files"], sort_keys=True, separators=(",", ":"))
    equal((claim["digest"], claim["size"]), ("sha256:" + hashlib.sha256(text.encode()).hexdigest(), sum(x["size"] for x in about["files"])))
    equal((about["digest"], about["size"]), (claim["digest"], claim["size"]))
    return subprocess.run([pg.client("pg_restore"), "--list", str(folder / "data")], capture_output=True, text=True, check=True).stdout


def sound(p):
    """The ledger and its receipts hold, by kfmig and by the auditor's script."""
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))
    for body in receipts(p, "backup") + receipts(p, "db_migration") + receipts(p, "db_rollback"):
        valid("run_receipt.v1", {k: v for k, v in body.items() if k != "at"})
        lacks(json.dumps(body), "secret row", "rows in a receipt")
    done = subprocess.run(["sh", os.environ["KFMIG_SRC"] + "/docs/verify.sh", "--export", pg.dsn(p.db, user=pg.SUPERUSER), "seen"], cwd=p.root, capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)
    shutil.rmtree(p.path("seen"))


@test
def before_a_build(tmp):
    """What the plan may touch is backed up before the first write: the schemas of its scope, of which all rows are there; the receipts say so."""
    p = project(tmp)
    pg.psql(p.db, "CREATE SCHEMA other; CREATE TABLE other.u (id int); ", user=p.db)
    equal(p.run("adopt", "dev").status, 0)
    ran = p.run("build", "dev", "--json")
    equal(ran.status, 0, repr(ran))
    result = json.loads(ran.out)
    valid("result.v1", result)
    equal([r["action"] for r in result["ran"]], ["backup", "apply"])
    equal(kinds(p)[-2:], ["backup", "db_migration"])
    (made,) = receipts(p, "backup")
    claim = made["claim"]["backup"]
    equal((claim["how"], claim["covers"], claim["command"]), ("pg_dump", {"schemas": ["app"]}, None))
    listed = whole(p, claim)
    contains(listed, "TABLE DATA app t")
    lacks(listed, "other u")
    said = receipts(p, "db_migration")[-1]["claim"]["precaution"]
    equal(said, {"backup": "pg_dump", "entry": made["at"], "path": claim["path"], "size": claim["size"], "digest": claim["digest"], "why": None, "waivers": []})
    lacks(json.dumps(receipts(p, "db_migration")[0]), "precaution", "before a backup was declared")
    sound(p)
    equal(p.run("build", "dev").status, 0)
    equal(len(backups(p)), 1, "a build that does nothing makes none")
    ran = p.run("rollback", "dev", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(receipts(p, "db_rollback")[-1]["claim"]["precaution"]["entry"], receipts(p, "backup")[-1]["at"])
    contains(whole(p, receipts(p, "backup")[-1]["claim"]["backup"]), "TABLE DATA app t")
    sound(p)


@on_majors
@test
def a_drill(tmp):
    """The whole database is restored in a throwaway database and compared, definitions and numbers of rows; it is dropped; preflight knows."""
    p = project(tmp, forward=None)
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    pg.psql(p.db, """CREATE VIEW app.v AS SELECT id FROM app.t; CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
                     GRANT SELECT ON app.t TO PUBLIC; COMMENT ON TABLE app.t IS 'it'; CREATE SEQUENCE app.s; CREATE TYPE app.m AS ENUM ('a', 'b');
                     CREATE TABLE app.parts (id int) PARTITION BY RANGE (id); CREATE TABLE app.part PARTITION OF app.parts FOR VALUES FROM (0) TO (9);
                     INSERT INTO app.parts VALUES (1), (2)""", user=p.db)
    equal(p.run("adopt", "dev").status, 0)
    before = pg.psql("postgres", "SELECT datname FROM pg_database ORDER BY 1")
    ran = p.run("backup", "dev", "--drill", "--json")
    equal(ran.status, 0, repr(ran))
    valid("result.v1", json.loads(ran.out))
    found = json.loads(ran.out)["backup"]["drill"]
    equal((found["same"], found["n_different"], found["different"]), (True, 0, []))
    equal(found["objects"] >= 7 and found["tables"] >= 2 and found["rows"] >= 1002, True, json.dumps(found))
    equal(pg.psql("postgres", "SELECT datname FROM pg_database ORDER BY 1"), before)
    equal(receipts(p, "backup")[-1]["claim"]["backup"]["drill"], found)
    if pg.cluster().major >= 17:  # an older server does not know the transaction_timeout of a newer pg_restore, which says so and goes on
        equal([n for n in backups(p) if n.endswith(".log")], [])
    whole(p, json.loads(ran.out)["backup"])
    sound(p)
    declare(p, "thresholds: {drill_age: 1h, backup_age: 1h}\n")
    report = json.loads(p.run("preflight", "dev", "--json").out)
    equal([c["result"] for c in report["checks"] if c["check"] in ("backup", "drill")], ["pass", "pass"], json.dumps(report))
    report = json.loads(p.run("preflight", "dev", "--json", env={"KFMIG_NOW": "4000000000"}).out)
    equal([c["result"] for c in report["checks"] if c["check"] in ("backup", "drill")], ["fail", "fail"], json.dumps(report))


# A pg_restore that leaves something out, or does something else: what differs is named.
LOSES = {
    "rows": ('"$real" "$@"; case "$*" in *--dbname*) psql -q -c "DELETE FROM app.t WHERE id < 3" >&2;; esac', ["the rows of table app.t"]),
    "an object": ('"$real" "$@"; case "$*" in *--dbname*) psql -q -c "DROP VIEW app.v" >&2;; esac', ["view app.v"]),
    "a definition": ('"$real" "$@"; case "$*" in *--dbname*) psql -q -c "ALTER TABLE app.t ALTER note SET NOT NULL" >&2;; esac', ["table app.t"]),
}


@cases(**LOSES)
def a_drill_that_finds(case, tmp):
    body, wanted = case
    p = project(tmp, forward=None)
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    pg.psql(p.db, "CREATE VIEW app.v AS SELECT id FROM app.t", user=p.db)
    equal(p.run("adopt", "dev").status, 0)
    fake(p, tmp, restore=body)
    ran = p.run("backup", "dev", "--drill")
    one_error(ran, 3, "what was restored is not what was backed up: " + wanted[0])
    equal(receipts(p, "backup")[-1]["claim"]["backup"]["drill"]["different"], wanted)
    equal(pg.value("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'kfmig_drill%'"), "0")
    sound(p)


def fake(p, tmp, dump='exec "$real" "$@"', restore='exec "$real" "$@"'):
    """Programs of those names in a folder of their own; "$real" is the one that would have run."""
    folder = pathlib.Path(tmp) / "fake"
    folder.mkdir(exist_ok=True)
    for name, body in (("pg_dump", dump), ("pg_restore", restore)):
        (folder / name).write_text(f'#!/bin/sh\nreal={clients()}/{name}\ncase "$1" in --version) exec "$real" --version;; esac\n{body}\n')
        (folder / name).chmod(0o755)
    p.env["KFMIG_PG_BINDIR"] = str(folder)


# What goes wrong: the backup, words, what of the log there is.
FAILS = {
    "it ends badly": ({"dump": "echo it is broken >&2; exit 1"}, ["no backup of dev: pg_dump ended with status 1", "what it said stands in state/backups/dev-"], "it is broken"),
    "half of it": ({"dump": '"$real" "$@"; exit 3'}, ["pg_dump ended with status 3"], ""),
    "it is killed": ({"dump": "kill -9 $$"}, ["pg_dump was ended by signal 9"], ""),
    "it makes nothing": ({"dump": "exit 0"}, ["pg_restore --list ended with status 1"], "data"),
    "no table of contents": ({"dump": '"$real" "$@"; for a; do case "$a" in --file=*) rm "${a#--file=}/toc.dat";; esac; done'}, ["pg_restore --list ended with status 1"], "toc.dat"),
    "a damaged table of contents": ({"dump": '"$real" "$@"; for a; do case "$a" in --file=*) echo x >"${a#--file=}/toc.dat";; esac; done'}, ["pg_restore --list ended with status 1"], ""),
    "it quotes rows": ({"dump": "echo 'DETAIL: secret row 1' >&2; exit 1"}, ["pg_dump ended with status 1"], "secret row 1"),
    "it does not end": ({"dump": "trap '' TERM; sleep 600 & while :; do wait; sleep 1; done"}, ["did not end within 2 s"], ""),
}


@cases(**FAILS)
def it_fails(case, tmp):
    """Without a backup nothing is run: exit 1, the ledger as it was, nothing left but what the program said."""
    programs, words, logged = case
    p = project(tmp, "backup: pg_dump\nthresholds: {backup_time: 2s}\n" if "did not end" in words[0] else "backup: pg_dump\n")
    fake(p, tmp, **programs)
    before = kinds(p)
    ran = p.run("build", "dev")
    one_error(ran, 1, *words)
    lacks(ran.text, "secret row")
    equal((kinds(p), p.applied()), (before, [full_id("M-01")]))
    left = backups(p)
    equal([n for n in left if not n.endswith(".log")], [], "what was begun")
    contains(p.path(f"state/backups/{left[0]}").read_text(), logged)
    equal(p.path(f"state/backups/{left[0]}").stat().st_mode & 0o777, 0o600)
    p.env["KFMIG_PG_BINDIR"] = clients()
    equal(p.run("build", "dev").status, 0)
    equal([n for n in backups(p) if n.endswith(".log")], [], "the log of what failed")


@test
def too_old(tmp):
    """A pg_dump that is older than the server: a finding of preflight, and no build; nor where there is none at all."""
    p = project(tmp)
    fake(p, tmp)
    folder = pathlib.Path(p.env["KFMIG_PG_BINDIR"])
    (folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    report = json.loads(p.run("preflight", "dev", "--json").out)
    (found,) = [c for c in report["checks"] if c["check"] == "backup"]
    equal((found["result"], found["findings"][0]["severity"]), ("fail", "error"))
    contains(found["findings"][0]["text"], f"pg_dump is of version 9, older than the server's {pg.cluster().major}")
    fails(p.run("preflight", "dev"), 1, "pg_dump is of version 9")
    one_error(p.run("build", "dev"), 1, "pg_dump is of version 9, older than the server's")
    (folder / "pg_dump").unlink()
    one_error(p.run("build", "dev"), 1, "there is no pg_dump, or no pg_restore beside it")
    equal((p.applied(), backups(p)), ([full_id("M-01")], []))


@test
def no_password_in_arguments(tmp):
    """What is run gets the connection by its environment, and no password by its arguments, which all may read."""
    p = project(tmp)
    fake(p, tmp, dump=f'tr "\\0" " " </proc/$$/cmdline >{tmp}/args; env >{tmp}/env; exec "$real" "$@"')
    p.env["KFM_DSN"] += " password=verysecret"
    equal(p.run("build", "dev").status, 0)
    lacks(pathlib.Path(tmp, "args").read_text(), "verysecret")
    contains(pathlib.Path(tmp, "env").read_text(), "PGPASSWORD=verysecret")
    text = "".join(f.read_text(errors="replace") for f in p.root.rglob("*") if f.is_file())
    lacks(text, "verysecret")


@test
def by_a_command(tmp):
    """A command makes it, and counts until it is too old; it may fail, and then nothing is run."""
    p = project(tmp, "backup: {command: scripts/snapshot.sh, max_age: 24h}\n", forward=None)
    p.write("scripts/snapshot.sh", '#!/bin/sh\necho "$KFMIG_ENVIRONMENT $KFMIG_DSN_REF" >>made\n').chmod(0o755)
    p.bundle("M-02", MORE)
    equal(p.run("build", "dev").status, 0)
    equal(p.path("made").read_text(), "dev KFM_DSN\n")
    (made,) = receipts(p, "backup")
    equal((made["claim"]["backup"]["how"], made["claim"]["backup"]["command"], made["claim"]["backup"]["path"]), ("command", "scripts/snapshot.sh", None))
    equal(receipts(p, "db_migration")[-1]["claim"]["precaution"]["backup"], "command")
    p.bundle("M-03", "ALTER TABLE app.t ADD COLUMN third int;\n")
    equal(p.run("build", "dev").status, 0)
    equal((p.path("made").read_text(), receipts(p, "db_migration")[-1]["claim"]["precaution"]["entry"]), ("dev KFM_DSN\n", made["at"]), "the first still counts")
    declare(p, "backup: {command: scripts/snapshot.sh, max_age: 0s}\n")
    p.bundle("M-04", "ALTER TABLE app.t ADD COLUMN fourth int;\n")
    p.write("scripts/snapshot.sh", "#!/bin/sh\necho 'secret row' >&2; exit 4\n").chmod(0o755)
    ran = p.run("build", "dev")
    one_error(ran, 1, "no backup of dev: scripts/snapshot.sh: it ended with status 4")
    lacks(ran.text, "secret row")
    equal(len(p.applied()), 3)
    sound(p)


@test
def waived(tmp):
    """--skip-backup and --force are named in each receipt, and are not taken in protected environments."""
    p = project(tmp, "backup: pg_dump\nfreeze: [{from: 2026-12-20, to: 2026-12-31}]\nchecklist: [on-call assigned]\n")
    now = {"KFMIG_NOW": "1798156800"}  # 2026-12-25
    one_error(p.run("build", "dev", env=now), 1, "frozen")
    ran = p.run("build", "dev", "--skip-backup", "--force", env=now)
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "no backup is made (--skip-backup)")
    said = receipts(p, "db_migration")[-1]["claim"]["precaution"]
    equal((said["backup"], said["why"], [w["waiver"] for w in said["waivers"]]), ("none", "skipped", ["skip-backup", "force"]))
    equal(sorted(x.split(":")[0] for x in said["waivers"][1]["of"]), ["checklist", "freeze"])
    equal(backups(p), [])
    sound(p)
    equal(p.run("rollback", "dev", "--apply", "--skip-backup", env=now).status, 0)
    equal(receipts(p, "db_rollback")[-1]["claim"]["precaution"]["why"], "skipped")
    declare(p, PROTECTED)
    equal(p.run("check", "--fix").status, 0)
    build = ["build", "dev", full_id("M-02"), "--apply"]
    for words in ([*build, "--skip-backup"], [*build, "--force"], ["rollback", "dev", full_id("M-01"), "--apply", "--skip-backup"]):
        one_error(p.run(*words), 1, 'environment "dev" wants signatures over the plan that name ' + words[-1])
    equal(kinds(p)[-1], "db_rollback")
    sound(p)


@test
def what_is_covered(tmp):
    """Partitions in other schemas belong to it; a scope that names no schema wants all; what does not stand there yet nothing."""
    p = project(tmp, forward=None)
    pg.psql(p.db, "CREATE SCHEMA far; CREATE TABLE app.p (id int) PARTITION BY RANGE (id); CREATE TABLE far.q PARTITION OF app.p FOR VALUES FROM (0) TO (9)", user=p.db)
    equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-02", MORE)
    equal(p.run("build", "dev").status, 0)
    equal(receipts(p, "backup")[-1]["claim"]["backup"]["covers"], {"schemas": ["app", "far"]})
    p.bundle("M-03", "CREATE SCHEMA fresh; CREATE TABLE fresh.t (id int);\n", schemas=["fresh"])
    equal(p.run("build", "dev").status, 0)
    said = receipts(p, "db_migration")[-1]["claim"]["precaution"]
    equal((said["backup"], said["why"]), ("none", "nothing of what may be touched stands there yet"))
    p.bundle("M-04", "CREATE TABLE app.four (id int);\n")
    ran = p.run("backup", "dev", full_id("M-04"))
    equal(ran.status, 0, repr(ran))
    equal(receipts(p, "backup")[-1]["claim"]["backup"]["covers"], {"schemas": ["app", "far"]})
    equal(p.run("backup", "dev").status, 0)
    equal(receipts(p, "backup")[-1]["claim"]["backup"]["covers"], {"database": True})
    sound(p)


@test
def so_many_are_kept(tmp):
    """The newest `keep` of the environment stay, and what killed runs left goes; another environment's stay."""
    p = project(tmp, "backup: {keep: 2, jobs: 1}\n", forward=None)
    equal(p.run("backup", "dev").status, 0)
    first = backups(p)
    others = ["dev-2-20200101T000000000000Z", "dev-20200101T000000000000Y", "notes.txt"]
    for name in others:
        p.path(f"state/backups/{name}").mkdir()
    p.path("state/backups/dev-20200101T000000000000Z/data").mkdir(parents=True)
    for _ in range(2):
        equal(p.run("backup", "dev").status, 0)
    left = [n for n in backups(p) if n not in others]
    equal(len(left), 2, repr(left))
    lacks(" ".join(left), first[0])
    equal([n for n in others if n not in backups(p)], [])


@test
def stopped(tmp):
    """SIGINT while pg_dump runs: it is told to end, nothing is run, exit 130, and nothing is left of it."""
    p = project(tmp)
    fake(p, tmp, dump=f'trap "touch {tmp}/asked; exit 1" TERM; touch {tmp}/begun; while :; do sleep 0.05; done')
    child = subprocess.Popen([KFMIG, "build", "dev"], cwd=p.root, env=p.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until_it(pathlib.Path(tmp, "begun").exists, "pg_dump runs")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate()
    equal(child.returncode, 130, err)
    equal(pathlib.Path(tmp, "asked").exists(), True, "SIGTERM came first")
    equal(([n for n in backups(p) if not n.endswith(".log")], p.applied()), ([], [full_id("M-01")]))


FAULTS = {
    "no such command": ("backup: {command: scripts/none.sh}", "there is no file scripts/none.sh"),
    "outside of the project": ("backup: {command: ../x.sh}", "../x.sh"),
    "no time": ("backup: {command: scripts/s.sh, max_age: soon}", "max_age"),
    "an age for pg_dump": ("backup: {max_age: 1h}", "max_age is for a command's backups"),
    "jobs for a command": ("backup: {command: scripts/s.sh, jobs: 2}", "jobs and keep are for pg_dump"),
    "another word": ("backup: tar", "pg_dump"),
    "no job at all": ("backup: {jobs: 0}", "jobs"),
    "nothing": ("backup: {}", "backup"),
}


@cases(**FAULTS)
def declared_wrongly(case, tmp):
    keys, words = case
    p = Project(tmp, db=None)
    p.write("scripts/s.sh", "#!/bin/sh\n").chmod(0o755)
    declare(p, keys + "\n")
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, words)


@test
def no_ledger_yet(tmp):
    p = Project(tmp, environments=ENVIRONMENTS)
    p.env["KFMIG_PG_BINDIR"] = clients()
    one_error(p.run("backup", "dev"), 1, 'environment "dev" has no ledger yet: no backup was made')


main()
