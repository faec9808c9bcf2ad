"""docs/verify.sh, with psql, jq, sha256sum and nothing of kfmig, says what `kfmig receipt verify` says: of good ledgers and of each kind of tampering."""
# run: needs=postgres,postgis,jq limit=1800

import os
import pathlib
import shutil
import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from tap import cases, contains, equal, fails, fresh_folder, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
ONE, TWO = full_id("M-01"), full_id("M-02")
HOME = f"migrations/postgis/{ONE}"
BUNDLE = ENVIRONMENTS.replace("evidence: none", "evidence: bundle")


def script(p, *args):
    done = subprocess.run(["sh", SRC / "docs/verify.sh", *args], cwd=p.root, capture_output=True, text=True, check=False, env={**os.environ, "PATH": os.environ["PATH"]})
    equal(done.stderr, "")
    return done


def both(p):
    """(status and words of kfmig, those of the script)"""
    ours = p.run("receipt", "verify", "dev")
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    theirs = script(p, "audit", ".")
    return ours, theirs


def agree(p, status, *words):
    ours, theirs = both(p)
    equal((ours.status, theirs.returncode), (status, status), f"{ours!r}\n{theirs.stdout}")
    for word in words:
        contains(theirs.stdout, word)
    return ours


_first = []


def built(tmp):
    """A project with its database; the first is made, the others are copies."""
    if not _first:
        _first.append(made(fresh_folder()))
    first = _first[0]
    db = pg.copydb(first.db)
    p = Project(tmp, db=db, environments=BUNDLE)
    shutil.copytree(first.root, p.root, dirs_exist_ok=True)
    p.env["KFM_DSN"] = pg.dsn(db, user=first.db)
    return p


def made(tmp):
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text, kind varchar(9) DEFAULT 'a' CHECK (kind IN ('a', 'b')));\nINSERT INTO app.t VALUES (1, 'ä');\n", limits=dict(max_row_backfill=5))
    p.bundle("M-02", "SELECT 1 / 0;")
    fails(p.build(), 2, "statement 1 (SELECT) failed, everything was rolled back: division_by_zero (22012)")
    p.bundle("M-02", "ALTER TABLE app.t ADD \"grün\\x\" int;")
    equal(p.build().status, 0)
    return p


@test
def a_good_ledger_is_good(tmp):
    p = built(tmp)
    agree(p, 0, "dev: 5 entries, 5 receipts", "2 exported receipts verified, 0 of another ledger, 0 findings")


@test
def so_is_one_that_an_older_kfmig_wrote(tmp):
    fixture = SRC / "tests/live/fixtures/old_ledger"
    pg.createdb("old_ledger", postgis=True)
    pg.psql("old_ledger", (fixture / "database.sql").read_text(encoding="utf-8"))
    p = Project(tmp, db="old_ledger", older=12)
    shutil.copytree(fixture / "project", p.root, dirs_exist_ok=True)
    agree(p, 0, "12 entries, 12 receipts", "0 findings")


@test
def the_files_alone_are_enough(tmp):
    p = built(tmp)
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    pg.psql("postgres", f'DROP DATABASE "{p.db}" WITH (FORCE)')
    equal(script(p, "audit").returncode, 0)
    p.path("audit/entries").write_text(p.path("audit/entries").read_text().replace("success", "failed", 1))
    equal(script(p, "audit").returncode, 8)


@test
def usage_and_what_cannot_be_read_are_told_apart(tmp):
    p = Project(tmp, db=None)
    for args, status in (((), 5), (("--help",), 5), (("--export", "dbname=x"), 5), (("nowhere",), 1)):
        done = subprocess.run(["sh", SRC / "docs/verify.sh", *args], cwd=p.root, capture_output=True, text=True, check=False)
        equal(done.returncode, status, done.stderr)


# --- tampering: each bit is one that an auditor would want to know of

OFF = "ALTER TABLE kfmig.{0} DISABLE TRIGGER append_only; {1}; ALTER TABLE kfmig.{0} ENABLE ALWAYS TRIGGER append_only;"
LOOSE = "ALTER TABLE kfmig.{0} DROP CONSTRAINT {0}_check; ALTER TABLE kfmig.{0} DISABLE TRIGGER append_only; {1}; ALTER TABLE kfmig.{0} ENABLE ALWAYS TRIGGER append_only;"
BODY = "body = replace(body, '{0}', '{1}'), digest = sha256(convert_to(replace(body, '{0}', '{1}'), 'UTF8'))"
ENTRY = ("bundle_digest", "checksum", "environment", "finished_at", "instance", "kind", "outputs", "previous", "receipt", "result", "run_id", "subject")
TAMPERED = {
    **{f"entry {key}": OFF.format("entry", f"UPDATE kfmig.entry SET text = regexp_replace(text, '\"{key}\":(\"?[^,]{{3}})', '\"{key}\":\\1x') WHERE seq = 3") for key in ENTRY},
    "entry one digit": OFF.format("entry", "UPDATE kfmig.entry SET text = regexp_replace(text, '(\"receipt\":\"sha256:)(.)', '\\1' || CASE WHEN text ~ '\"receipt\":\"sha256:0' THEN '1' ELSE '0' END) WHERE seq = 3"),
    "entry blanks": OFF.format("entry", "UPDATE kfmig.entry SET text = replace(text, ',', ', ') WHERE seq = 3"),
    "entry order of keys": OFF.format("entry", "UPDATE kfmig.entry SET text = regexp_replace(text, '^.(\"bundle_digest\":[^,]*),(\"checksum\":[^,]*),', '{\\2,\\1,') WHERE seq = 3"),
    "entry column subject": OFF.format("entry", "UPDATE kfmig.entry SET subject = 'other' WHERE seq = 3"),
    "entry column kind": OFF.format("entry", "UPDATE kfmig.entry SET kind = 'adopt' WHERE seq = 3"),
    "entry column result": OFF.format("entry", "UPDATE kfmig.entry SET result = 'failed' WHERE seq = 3"),
    "entry column run_id": OFF.format("entry", "UPDATE kfmig.entry SET run_id = 'x' WHERE seq = 3"),
    "entry column at": OFF.format("entry", "UPDATE kfmig.entry SET at = at - interval '1 day' WHERE seq = 3"),
    "two entries swapped": OFF.format("entry", "UPDATE kfmig.entry a SET text = b.text FROM kfmig.entry b WHERE (a.seq, b.seq) IN ((3, 4), (4, 3))"),
    "head root": "UPDATE kfmig.head SET root = sha256('x')",
    "head size": "UPDATE kfmig.head SET size = size - 1",
    "head frontier": "UPDATE kfmig.head SET frontier[1] = sha256('x')",
    "head frontier short": "UPDATE kfmig.head SET frontier = frontier[1:1]",
    "receipt result": OFF.format("receipt", f"UPDATE kfmig.receipt SET {BODY.format('success', 'failed')} WHERE seq = 3"),
    "receipt actor": OFF.format("receipt", f"UPDATE kfmig.receipt SET {BODY.format('tester', 'nobody')} WHERE seq = 3"),
    "receipt gate": OFF.format("receipt", f"UPDATE kfmig.receipt SET {BODY.format('fail', 'pass')} WHERE seq = 4"),
    "receipt blanks": OFF.format("receipt", "UPDATE kfmig.receipt SET body = body || ' ', digest = sha256(convert_to(body || ' ', 'UTF8')) WHERE seq = 3"),
    "receipt of another": OFF.format("receipt", "UPDATE kfmig.receipt a SET body = b.body, digest = b.digest FROM kfmig.receipt b WHERE a.seq = 3 AND b.seq = 5"),
    "receipt column run_id": OFF.format("receipt", "UPDATE kfmig.receipt SET run_id = 'x' WHERE seq = 3"),
    "receipt missing": OFF.format("receipt", "DELETE FROM kfmig.receipt WHERE seq = 3"),
    "receipt without entry": "ALTER TABLE kfmig.receipt DROP CONSTRAINT receipt_seq_fkey; INSERT INTO kfmig.receipt SELECT 99, run_id, digest, body FROM kfmig.receipt WHERE seq = 3",
    "text altered": LOOSE.format("blob", "UPDATE kfmig.blob SET bytes = bytes || 'x' WHERE digest = (SELECT digest FROM kfmig.blob ORDER BY digest LIMIT 1)"),
    "text missing": OFF.format("blob", "DELETE FROM kfmig.blob WHERE digest = (SELECT digest FROM kfmig.blob ORDER BY digest LIMIT 1)"),
    "text too many": "INSERT INTO kfmig.blob VALUES (sha256('planted'), 'planted')",
    "object fingerprint": OFF.format("object", "UPDATE kfmig.object SET fingerprint = sha256('x') WHERE object = 'table app.t' AND seq = 3"),
    "object definition": OFF.format("object", "UPDATE kfmig.object SET definition = definition || 'x' WHERE object = 'table app.t' AND seq = 3"),
    "object of no entry": "INSERT INTO kfmig.object VALUES ('table app.z', 99, sha256(''), '')",
    "guard gone": "DROP TRIGGER append_only ON kfmig.receipt",
    "guard off": "ALTER TABLE kfmig.entry DISABLE TRIGGER append_only",
    "guard for origin only": "ALTER TABLE kfmig.object ENABLE TRIGGER append_only",
    "another trigger": "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER other BEFORE INSERT ON kfmig.blob FOR EACH ROW EXECUTE FUNCTION public.f()",
    "instance": "UPDATE kfmig.instance SET uuid = gen_random_uuid()",
}


@cases(**{what.replace(" ", "_"): sql for what, sql in TAMPERED.items()})
def tampering_in_the_database_is_found_by_both(sql, tmp):
    p = built(tmp)
    pg.psql(p.db, sql)
    agree(p, 8)


FILES = {
    "receipt": ("receipts/run_receipt.json", lambda data: data.replace(b"tester", b"nobody")),
    "baseline": ("baselines/post.json", lambda data: data + b" "),
    "diff": ("diffs/summary.json", lambda data: data.replace(b"added", b"removed", 1)),
    "touched": ("diffs/touched.csv", lambda data: data + b"table app.x,create,,,\n"),
}


@cases(**FILES)
def tampering_in_an_exported_file_is_found_by_both(case, tmp):
    name, change = case
    p = built(tmp)
    path = p.path(f"{HOME}/{name}")
    path.write_bytes(change(path.read_bytes()))
    agree(p, 8, "export: ")


@test
def a_file_that_a_receipt_names_and_is_missing_is_found_by_both(tmp):
    p = built(tmp)
    p.path(f"{HOME}/diffs/summary.json").unlink()
    agree(p, 8, "is missing, though its receipt names it")


main()
