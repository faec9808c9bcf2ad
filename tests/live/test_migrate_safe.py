"""migrate-safe: reference 004's script interface, with nothing but DATABASE_URL: its modes, options, exit statuses and exactly its files."""
# run: majors needs=postgres limit=900

import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pg
from project import KFMIG, Project
from schemas import valid
from seen import files
from tap import after_test, cases, contains, equal, fails, fresh_folder, lacks, main, on_majors, test

STAMP = r"\d{8}T\d{12}Z"
UP = "CREATE TABLE user_preferences (user_id bigint PRIMARY KEY, preferences jsonb NOT NULL DEFAULT '{}');\nINSERT INTO user_preferences VALUES (1, '{\"seen\": true}');\n"
DOWN = "DROP TABLE IF EXISTS user_preferences;\n"
FIELDS = {"timestamp", "schema_checksum", "migrations_applied", "dirty_migrations", "validation_passed"}


class Safe(Project):
    """A project without declarations: migrations in backend/db/migrations, the database in DATABASE_URL."""

    def __init__(self, tmp):
        super().__init__(tmp)
        shutil.rmtree(self.path("registry"))
        self.env["DATABASE_URL"] = self.env.pop("KFM_DSN")
        self.env["KFMIG_PG_BINDIR"] = str(pathlib.Path(pg.client("pg_dump")).parent)
        self.pair("026_first", "CREATE TABLE users (id int PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'secret row');\n", "DROP TABLE users;\n")

    def pair(self, name, up, down):
        self.write(f"backend/db/migrations/{name}.up.sql", up)
        if down is not None:
            self.write(f"backend/db/migrations/{name}.down.sql", down)

    def safe(self, *args, **more):
        return self.run("migrate-safe", *args, **more)

    def made(self):
        """The files that are no migration, with stamps as TIME."""
        return sorted({re.sub(STAMP, "TIME", f) for f in files(self.root) if not f.startswith("backend/")})

    def one(self, pattern):
        (found,) = sorted(self.root.glob(pattern))[-1:]
        return found


def applied(p):
    return [v for (v,) in pg.psql(p.db, "SELECT version FROM kfmig.schema_migrations ORDER BY version")]


@test
def the_workflow(tmp):
    """The five modes one after the other, as the runbook prints them: statuses, files with their contents, and nothing else."""
    p = Safe(tmp)
    ran = p.safe("--dry-run")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "026_first")
    equal(p.made(), [], "a preview leaves nothing behind")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kfmig'"), "0")

    ran = p.safe("--preflight")
    equal(ran.status, 0, repr(ran))
    equal(p.made(), ["logs/migrate-safe-TIME.log", "logs/migrations.jsonl", "logs/preflight-report-TIME.json"])
    report = json.loads(p.one("logs/preflight-report-*.json").read_text())
    valid("inspection.v1", report)
    equal((FIELDS - set(report), report["migrations_applied"], report["dirty_migrations"], report["validation_passed"]), (set(), 0, 0, True))

    ran = p.safe("--apply")
    equal((ran.status, applied(p)), (0, ["026_first"]), repr(ran))
    p.pair("027_add_user_preferences", UP, DOWN)
    ran = p.safe("--apply")
    equal((ran.status, applied(p)), (0, ["026_first", "027_add_user_preferences"]), repr(ran))
    script = p.path(p.path("backups/migrations/latest-backup.txt").read_text().strip())
    text = gzip.decompress(script.read_bytes()).decode()
    contains(text, "COPY public.users")
    contains(text, "secret row")
    lacks(text, "CREATE TABLE", "rows only")
    lacks(text, "kfmig.", "rows of public only")
    for path in [script, script.parent]:
        equal(path.stat().st_mode & 0o077, 0, str(path))
    (body,) = [json.loads(b) for (b,) in pg.psql(p.db, "SELECT body FROM kfmig.receipt WHERE body::jsonb ->> 'run_kind' = 'backup' ORDER BY seq DESC LIMIT 1")]
    valid("run_receipt.v1", body)
    claim = body["claim"]["backup"]
    equal((claim["path"], claim["digest"], claim["size"], claim["covers"]),
          (str(script.relative_to(p.root)), "sha256:" + hashlib.sha256(script.read_bytes()).hexdigest(), script.stat().st_size, {"schemas": ["public"]}))
    said = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt WHERE body::jsonb ->> 'run_kind' = 'db_migration' ORDER BY seq DESC LIMIT 1"))["claim"]["precaution"]
    equal((said["backup"], said["path"], said["waivers"]), ("pg_dump", claim["path"], []))

    ran = p.safe("--postflight")
    equal(ran.status, 0, repr(ran))
    report = json.loads(p.one("logs/postflight-report-*.json").read_text())
    equal((report["migrations_applied"], report["dirty_migrations"], report["validation_passed"]), (2, 0, True))
    equal(bool(re.fullmatch("sha256:[0-9a-f]{64}", report["schema_checksum"])), True, report["schema_checksum"])

    ran = p.safe("--rollback")
    equal((ran.status, applied(p)), (0, ["026_first"]), repr(ran))
    equal(p.made(), ["backups/migrations/backup-TIME.sql.gz", "backups/migrations/latest-backup.txt", "logs/migrate-safe-TIME.log", "logs/migrations.jsonl",
                     "logs/postflight-report-TIME.json", "logs/preflight-report-TIME.json"])
    ran = p.safe("--preflight")
    equal(ran.status, 0, "what was taken back is pending again: " + repr(ran))
    ran = p.safe("--apply")
    equal((ran.status, applied(p)), (0, ["026_first", "027_add_user_preferences"]), repr(ran))
    ran = p.safe("--rollback", "--steps=2")
    equal((ran.status, applied(p)), (0, []), repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0")
    equal(p.run("receipt", "verify", "default").status, 0)

    log = "".join(f.read_text() for f in sorted(p.root.glob("logs/migrate-safe-*.log")))
    contains(log, "[1/1] 027_add_user_preferences begins")
    lacks(log, "secret row", "rows in a log")
    for line in log.splitlines():
        equal(bool(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z  ", line)), True, line)
    events = [json.loads(line) for line in p.path("logs/migrations.jsonl").read_text().splitlines()]
    equal([(e["mode"], e["status"]) for e in events if e["event"] == "end"],
          [("preflight", 0), ("apply", 0), ("apply", 0), ("postflight", 0), ("rollback", 0), ("preflight", 0), ("apply", 0), ("rollback", 0)])
    contains(json.dumps([e for e in events if e["event"] == "done"]), "027_add_user_preferences")
    for f in p.path("logs").iterdir():
        equal(f.stat().st_mode & 0o777, 0o600, f.name)


@on_majors
@test
def the_backup_brings_rows_back():
    """What the runbook does in a catastrophe: the schema made anew by migrations, rows by zcat and psql."""
    p = Safe(_tmp())
    equal(p.safe("--apply").status, 0)
    p.pair("027_add_user_preferences", UP, DOWN)
    equal(p.safe("--apply").status, 0)
    script = p.path(p.path("backups/migrations/latest-backup.txt").read_text().strip())
    other = pg.createdb()
    pg.psql(other, p.path("backend/db/migrations/026_first.up.sql").read_text().split("INSERT")[0])
    with gzip.open(script) as text:
        done = subprocess.run([pg.client("psql"), "-X", "-q", pg.dsn(other, user=pg.SUPERUSER)], input=text.read(), capture_output=True, check=False)
    said = [line for line in done.stderr.decode().splitlines() if "transaction_timeout" not in line]  # pg_dump of 17 and later sets it, older servers have none
    equal((done.returncode, said), (0, []))
    equal(pg.psql(other, "SELECT id, name FROM public.users"), [("1", "secret row")])


def _tmp():
    folder = fresh_folder()
    after_test(shutil.rmtree, folder, True)
    return folder


@cases(name=("migrate-safe", "."), script=("migrate-safe.sh", "scripts"))
def another_name(which):
    """The same under the name that the runbook calls it by, through a symlink."""
    name, folder = which
    p = Safe(_tmp())
    p.path(folder).mkdir(exist_ok=True)
    p.path(f"{folder}/{name}").symlink_to(KFMIG)
    ran = p.run("--apply", program=str(p.path(f"{folder}/{name}")))
    equal((ran.status, applied(p)), (0, ["026_first"]), repr(ran))
    ran = p.run("--help", program=str(p.path(f"{folder}/{name}")))
    contains(ran.out, "kfmig migrate-safe")
    fails(p.run("build", program=str(p.path(f"{folder}/{name}"))), 5, "migrate-safe takes one mode and no names")


@test
def steps_and_waivers(tmp):
    """--steps=N, --skip-backup and --force, and what receipts say of them."""
    p = Safe(tmp)
    p.pair("027_more", "CREATE TABLE more (id int);", "DROP TABLE more;")
    p.pair("028_most", "CREATE TABLE most (id int);", "DROP TABLE most;")
    equal((p.safe("--apply", "--steps=1").status, applied(p)), (0, ["026_first"]))
    ran = p.safe("--apply", "--steps=1", "--skip-backup")
    equal((ran.status, applied(p)), (0, ["026_first", "027_more"]), repr(ran))
    contains(ran.err, "no backup is made (--skip-backup)")
    ran = p.safe("--apply", "--force")
    equal((ran.status, applied(p)[-1]), (0, "028_most"), repr(ran))
    said = [json.loads(b)["claim"].get("precaution") for (b,) in
            pg.psql(p.db, "SELECT body FROM kfmig.receipt WHERE body::jsonb ->> 'run_kind' = 'db_migration' ORDER BY seq")]
    equal([[w["waiver"] for w in x["waivers"]] for x in said], [[], ["skip-backup"], ["force"]])
    equal([x["backup"] for x in said], ["pg_dump", "none", "pg_dump"])
    equal(len(list(p.root.glob("logs/preflight-report-*.json"))), 2, "--force looks at nothing")
    equal((p.safe("--apply", "--steps=0").status, p.safe("--rollback", "--steps=0").status, len(applied(p))), (0, 0, 3))
    equal((p.safe("--rollback", "--steps=2", "--skip-backup").status, applied(p)), (0, ["026_first"]))


@test
def a_blocked_database_stops_it(tmp):
    """A transaction that is open for long: preflight says 1 and nothing is run; --force runs it."""
    p = Safe(tmp)
    equal(p.safe("--apply").status, 0)
    p.write("registry/environments.v1.yml", "environments:\n  dev:\n    thresholds: {long_transaction: 1ms}\n    stores: {postgis: {dsn_ref: DATABASE_URL}}\n")
    p.pair("027_more", "CREATE TABLE more (id int);", "DROP TABLE more;")
    fails(p.safe("--apply"), 1, 'this database is environment "default", not "dev"')
    shutil.rmtree(p.path("registry"))
    pg.psql(p.db, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0)")
    ran = p.safe("--preflight")
    fails(ran, 1, "stands in the way")
    contains(ran.out, "drift")
    report = json.loads(p.one("logs/preflight-report-*.json").read_text())
    equal(report["validation_passed"], False)
    fails(p.safe("--postflight"), 3, "stands in the way")
    equal(json.loads(p.one("logs/postflight-report-*.json").read_text())["validation_passed"], False)
    fails(p.safe("--apply"), 1, "drift")
    equal(applied(p), ["026_first"])
    equal(p.safe("--apply", "--force").status, 0, "drift of what it does not touch")
    equal(applied(p), ["026_first", "027_more"])


@test
def a_migration_fails(tmp):
    """2, nothing changed, the log says why; once it is mended, --apply goes on."""
    p = Safe(tmp)
    equal(p.safe("--apply").status, 0)
    p.pair("027_more", "CREATE TABLE more (id int);\nSELECT 1 / 0 FROM users;\n", "DROP TABLE more;")
    ran = p.safe("--apply")
    fails(ran, 2, "027_more.up.sql:2")
    equal(applied(p), ["026_first"])
    events = [json.loads(line) for line in p.path("logs/migrations.jsonl").read_text().splitlines()]
    failed = [e for e in events if e["event"] == "failed"]
    equal([(e["target"], e["error"]["sqlstate"]) for e in failed], [("027_more", "22012")])
    equal(events[-1]["status"], 2)
    contains(p.one("logs/migrate-safe-*.log").read_text(), "22012")
    p.pair("027_more", "CREATE TABLE more (id int);", "DROP TABLE more;")
    equal((p.safe("--apply").status, applied(p)), (0, ["026_first", "027_more"]))


@test
def a_rollback_fails(tmp):
    """4: a file that does not take back what was done, and none at all."""
    p = Safe(tmp)
    p.pair("027_more", "CREATE TABLE more (id int);", "SELECT 1;")
    equal(p.safe("--apply").status, 0)
    fails(p.safe("--rollback"), 4, "more")
    equal(applied(p), ["026_first", "027_more"])
    p.pair("028_most", "CREATE TABLE most (id int);", None)
    equal(p.safe("--apply").status, 0)
    fails(p.safe("--rollback"), 4, "028_most")
    equal(applied(p), ["026_first", "027_more", "028_most"])


def drop_url(p):
    del p.env["DATABASE_URL"]


def other_ref(p):
    p.write("registry/environments.v1.yml", "environments:\n  dev:\n    stores: {postgis: {dsn_ref: KFM_DSN}}\n")


def two_refs(p):
    p.write("registry/environments.v1.yml", "environments:\n  a:\n    stores: {postgis: {dsn_ref: DATABASE_URL}}\n  b:\n    stores: {postgis: {dsn_ref: DATABASE_URL}}\n")


@cases(no_mode=((), None, "takes one mode"), two_modes=(("--apply", "--rollback"), None, "takes one mode"),
       steps=(("--preflight", "--steps=1"), None, "--steps does not go with --preflight"),
       skips=(("--postflight", "--skip-backup"), None, "--skip-backup does not go with --postflight"),
       forces=(("--rollback", "--force"), None, "--force does not go with --rollback"),
       unknown=(("--aply",), None, "did you mean --apply?"),
       no_url=(("--apply",), drop_url, "DATABASE_URL is not set"),
       another=(("--apply",), other_ref, "no environment of registry/environments.v1.yml has `dsn_ref: DATABASE_URL`"),
       several=(("--apply",), two_refs, "more than one environment of registry/environments.v1.yml has `dsn_ref: DATABASE_URL`"))
def configuration(case):
    """5, and nothing was done."""
    args, spoil, words = case
    p = Safe(_tmp())
    if spoil:
        spoil(p)
    fails(p.safe(*args), 5, words)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kfmig'"), "0")


@test
def the_current_folder(tmp):
    """Its files lie beneath the current folder, so that it refuses to work from below the project; -C leads there."""
    p = Safe(tmp)
    below = p.path("scripts")
    below.mkdir()
    fails(p.safe("--apply", cwd=below), 5, "above the current folder")
    equal(p.safe("--apply", "-C", "..", cwd=below).status, 0)
    equal(p.path("backups/migrations/latest-backup.txt").exists(), True)


@test
def nobody_answers(tmp):
    """An unreachable database: 1 by preflight and apply, 3 by postflight, 4 by rollback, each with its report or log."""
    p = Safe(tmp)
    p.env["DATABASE_URL"] = f"postgresql://nobody@/nothing?host={tmp}"
    for mode, status in (("--preflight", 1), ("--apply", 1), ("--postflight", 3), ("--rollback", 4), ("--dry-run", 1)):
        equal(p.safe(mode).status, status, mode)
    equal(json.loads(p.one("logs/preflight-report-*.json").read_text())["validation_passed"], False)
    lacks(p.path("logs/migrations.jsonl").read_text(), str(tmp), "paths of the machine")


@test
def a_secret_in_a_log(tmp):
    """What looks like a key gets into no file, though a name of an object has it."""
    p = Safe(tmp)
    key = "AKIA" + "IOSFODNN7REALKEY"
    p.write("backend/db/migrations/027_more.up.sql", "SELECT 1;\n")
    p.write("backend/db/migrations/027_more.down.sql", "SELECT 1;\n")
    equal(p.safe("--apply").status, 0)
    pg.psql(p.db, f'CREATE TABLE "{key}" (id int)')
    ran = p.safe("--preflight")
    for f in p.path("logs").iterdir():
        lacks(f.read_text(), key, f.name)
    fails(ran, 9, "the report would hold an AWS access key")


@test
def an_installed_one(tmp):
    """ninja install's step makes the name."""
    build = pathlib.Path(KFMIG).parent
    done = subprocess.run(["sh", os.environ["KFMIG_SRC"] + "/src/tool/install.sh", str(build.relative_to(os.environ["KFMIG_SRC"])) if build.is_relative_to(os.environ["KFMIG_SRC"]) else str(build), "/usr"],
                          env={**os.environ, "DESTDIR": str(tmp / "dest")}, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    name = tmp / "dest/usr/bin/migrate-safe"
    equal(os.readlink(name), "kfmig")
    p = Safe(_tmp())
    equal(p.run("--preflight", program=str(name)).status, 0)


main()
