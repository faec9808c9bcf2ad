"""docs/verify.sh, with psql, jq, sha256sum and nothing of kfmig, says what `kfmig receipt verify` says: of good ledgers and of each kind of tampering."""
# run: needs=postgres,postgis,jq limit=1800

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import pg
from datasets import point, version
from forge import forge
from project import ENVIRONMENTS, FAULTY, Project, full_id
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
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text, kind varchar(9) DEFAULT 'a' CHECK (kind IN ('a', 'b')));\nINSERT INTO app.t VALUES (1, 'ä');\n", limits=dict(max_row_backfill=5),
             invariants={"a.sql": "SELECT 1 WHERE false;", "b.sql": "SELECT 2 WHERE false;"})
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
GUARD = "CREATE TRIGGER append_only BEFORE {1} ON kfmig.{0} FOR EACH STATEMENT {2} EXECUTE FUNCTION {3}; ALTER TABLE kfmig.{0} ENABLE ALWAYS TRIGGER append_only"
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
    "entry of no JSON": OFF.format("entry", "UPDATE kfmig.entry SET text = 'x' WHERE seq = 3"),
    "entry gone": "ALTER TABLE kfmig.receipt DROP CONSTRAINT receipt_seq_fkey; " + OFF.format("entry", "DELETE FROM kfmig.entry WHERE seq = 5"),
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
    "guard function replaced": "CREATE OR REPLACE FUNCTION kfmig.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "guard function that raises for nobody": "CREATE OR REPLACE FUNCTION kfmig.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF false THEN RAISE EXCEPTION ''x''; END IF; RETURN NULL; END'",
    "guard function that lets one through": "CREATE OR REPLACE FUNCTION kfmig.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF current_user = 'x' THEN RETURN NULL; END IF; RAISE EXCEPTION 'kfmig.% is append-only', TG_TABLE_NAME; END $$",
    "guard by another function": "DROP TRIGGER append_only ON kfmig.blob; CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; " + GUARD.format("blob", "UPDATE OR DELETE OR TRUNCATE", "", "public.refuse()"),
    "guard of fewer events": "DROP TRIGGER append_only ON kfmig.blob; " + GUARD.format("blob", "UPDATE OR TRUNCATE", "", "kfmig.refuse()"),
    "guard with a condition": "DROP TRIGGER append_only ON kfmig.blob; " + GUARD.format("blob", "UPDATE OR DELETE OR TRUNCATE", "WHEN (false)", "kfmig.refuse()"),
    "a rule": "CREATE RULE swallow AS ON INSERT TO kfmig.blob DO INSTEAD NOTHING",
    "another trigger": "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER other BEFORE INSERT ON kfmig.blob FOR EACH ROW EXECUTE FUNCTION public.f()",
    "instance": "UPDATE kfmig.instance SET uuid = gen_random_uuid()",
}


# What each of them is found by: words of receipt verify, and of the script.
BROKEN = "the entries do not hash to the root that the database reports"
UNWRITTEN = "entry 3: an entry of the ledger is not as kfmig writes it, from byte "
TREE = "tree: the entries do not hash to the root of the head"
COLUMNS = "the columns of entry 3 are not what its text says"
NOT_GUARDED = "is not append-only: trigger append_only is missing, off or another"
SAYS = {
    **{f"entry {key}": (UNWRITTEN, TREE) for key in ("bundle_digest", "checksum", "outputs", "receipt")},
    **{f"entry {key}": COLUMNS for key in ("finished_at", "run_id", "subject")},
    "entry result": (UNWRITTEN, f"columns: {COLUMNS}"),
    "entry kind": ('entry 3: the ledger holds an entry of kind "appxly", which this kfmig does not know', f"columns: {COLUMNS}"),
    **{f"entry {key}": "entry 3 belongs to another ledger" for key in ("environment", "instance")},
    "entry of no JSON": (UNWRITTEN, "tree: entry 3 is not canonical JSON"),
    "entry previous": (UNWRITTEN, "tree: entry 3 does not follow the entries before it"),
    "entry one digit": "entry 4 does not follow the entries before it",
    **{f"entry {what}": (UNWRITTEN, "tree: entry 3 is not canonical JSON") for what in ("blanks", "order of keys")},
    **{f"entry column {name}": COLUMNS for name in ("subject", "kind", "result", "run_id", "at")},
    "two entries swapped": ("entry 3 of the ledger calls itself 4", "tree: entry 3 calls itself 4"),
    "head root": (BROKEN, TREE),
    "head size": "the head counts 4 entries, there are 5",
    "entry gone": "the head counts 5 entries, there are 4",
    **{f"head frontier{what}": "the frontier of the head is not that of the entries" for what in ("", " short")},
    **{f"receipt {what}": "entry 3: its receipt was altered" for what in ("result", "actor", "blanks", "of another")},
    "receipt gate": "entry 4: its receipt was altered",
    "receipt column run_id": ("entry 3: its receipt is kept as that of another run", "receipt: entry 3: its receipt is that of another run"),
    "receipt missing": "entry 3 has no receipt",
    "receipt without entry": "receipt 99 belongs to no entry",
    "text altered": "was altered",
    "text missing": f"entry 5: the ledger lacks the text of input migrations/postgis/{TWO}/forward.sql",
    "text too many": "no receipt names the text ",
    **{f"object {what}": "entry 3: the definition of table app.t is not what its fingerprint was made of" for what in ("fingerprint", "definition")},
    "object of no entry": "entry 99, which wrote table app.z, is not there",
    "guard gone": f"kfmig.receipt {NOT_GUARDED}",
    "guard off": f"kfmig.entry {NOT_GUARDED}",
    "guard for origin only": f"kfmig.object {NOT_GUARDED}",
    **{f"guard function {what}": f"kfmig.entry {NOT_GUARDED}" for what in ("replaced", "that raises for nobody", "that lets one through")},
    **{f"guard {what}": f"kfmig.blob {NOT_GUARDED}" for what in ("by another function", "of fewer events", "with a condition")},
    "a rule": "kfmig.blob has a rule: swallow",
    "another trigger": "kfmig.blob has a trigger that is not kfmig's: other",
    "instance": "entry 1 belongs to another ledger",
}


@cases(**{what.replace(" ", "_"): what for what in TAMPERED})
def tampering_in_the_database_is_found_by_both(what, tmp):
    p = built(tmp)
    pg.psql(p.db, TAMPERED[what])
    mine, yours = SAYS[what] if isinstance(SAYS[what], tuple) else (SAYS[what], SAYS[what])
    ours = agree(p, 8, yours)
    contains(ours.text, mine)


@test
def each_tampering_has_its_words(tmp):
    equal(sorted(SAYS), sorted(TAMPERED))


# --- another history: whoever owns the database writes it anew, and every digest over what was changed is right again. What a receipt claims
# must still be what it says that it is made of.

OTHER = "sha256:" + 64 * "5"


def in_claim(*path, to=OTHER):
    """Write to at a path of the claim."""
    def change(entry, claim):
        at = claim
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to
    return change


def in_entry(*path):
    return lambda entry, claim: in_claim(*path)(entry, entry)


def in_both(key):
    """The same other digest in the entry and in its receipt."""
    def change(entry, claim):
        entry[key] = claim[key] = OTHER
    return change


MADE = "checksum is not that of its declaration and inputs"
CLAIMS = {
    "untouched": (lambda entry, claim: None, ""),
    "checksum": (in_both("checksum"), MADE),
    "bundle digest": (in_both("bundle_digest"), "bundle digest is not that of its declaration and inputs"),
    "checksum of the entry": (in_entry("checksum"), "checksum is not that of its receipt"),
    "bundle digest of the entry": (in_entry("bundle_digest"), "bundle digest is not that of its receipt"),
    "pre of the entry": (in_entry("outputs", "pre"), "baseline before is not that of its receipt"),
    "post of the entry": (in_entry("outputs", "post"), "baseline after is not that of its receipt"),
    "diff of the entry": (in_entry("outputs", "diff"), "diff is not that of its receipt"),
    "invariants of the entry": (in_entry("outputs", "invariants"), "results of invariants is not that of its receipt"),
    "result of an invariant": (in_claim("validation", "invariants", to=[{"file": "invariants/a.sql", "result": "fail"}]), "results of invariants is not that of its receipt"),
    "pre of the claim": (in_claim("baselines", "pre"), "baseline before is not that of its receipt"),
    "post of the claim": (in_claim("baselines", "post"), "baseline after is not that of its receipt"),
    "diff of the claim": (in_claim("diff"), "diff is not that of its receipt"),
    **{f"output {i}": (in_claim("outputs", i, "digest"), f"{uri} is not that of its receipt") for i, uri in enumerate(("baselines/pre.json", "baselines/post.json", "diffs/summary.json"))},
    "limit": (in_claim("declaration", "limits", "max_row_backfill", to=500), MADE),
    "no limit": (in_claim("declaration", "limits", to={}), MADE),
    "scope": (in_claim("declaration", "scope", "allowed_schemas", to=["app", "b"]), MADE),
    "scope given, and empty": (in_claim("declaration", "scope", "allowed_tables", to=[]), MADE),
    "forbidden": (in_claim("declaration", "scope", "forbidden_tables", to=["x"]), MADE),
    "runner": (in_claim("declaration", "runner", "tool", to="psql"), MADE),
    "requires rollback": (in_claim("declaration", "requires_rollback", to=False), MADE),
    "rebuild": (in_claim("declaration", "rebuild", to="after-load"), MADE),
    "intent": (in_claim("declaration", "intent", to="Another"), "bundle digest is not that of its declaration and inputs"),
    "notes": (in_claim("notes_digest"), "bundle digest is not that of its declaration and inputs"),
    "no notes": (in_claim("notes_digest", to=None), "bundle digest is not that of its declaration and inputs"),
    "forward": (in_claim("inputs", 1, "digest"), MADE),
    "rollback": (in_claim("inputs", 2, "digest"), MADE),
    "invariant": (in_claim("inputs", 3, "digest"), MADE),
    "name of an input": (in_claim("inputs", 1, "uri", to=f"{HOME}/other.sql"), MADE),
    "order of invariants": (lambda entry, claim: claim["inputs"].insert(3, claim["inputs"].pop()), ""),
}


# A claim that is none: what cannot be read says nothing that could be computed anew, and must not pass for that.
SHAPELESS = [(("declaration",), 5), (("declaration",), []), (("declaration",), {}), (("declaration",), None), (("inputs",), "x"), (("inputs",), [5]), (("inputs",), None),
             (("inputs", 0, "uri"), 7), (("inputs", 1, "digest"), 7), (("declaration", "artifacts"), None),
             (("declaration", "artifacts", "forward"), "x"), (("declaration", "scope"), 5), (("declaration", "scope", "allowed_schemas"), "app"),
             (("declaration", "limits"), 5), (("declaration", "runner"), 5), (("journal",), 5), (("journal",), {"batches": 5}), (("projection",), 5), (("projection",), {}),
             (("projection",), {"parts": 5}), (("projection",), {"sources": 5}), (("outputs",), 5), (("outputs",), [5]), (("outputs", 0, "digest"), 5), (("baselines",), 5),
             (("baselines", "format"), 5), (("policy",), 5), (("policy",), {"protected": 5}), (("policy",), {"protected": {"schemas": 5}}),
             (("policy",), {"protected": {"schemas": [5]}}), (("validation",), 5), (("validation", "invariants"), 5), (("notes_digest",), 5), (("checksum",), 5),
             (("checksum",), None), (("bundle_digest",), None), (("diff",), 5), (("rename",), 5), (("confirm",), 5), (("backup",), 5), (("gates",), 5),
             (("dropped",), 5), (("resolve",), 5), (("precaution",), 5)]


@test
def a_receipt_of_another_form_passes_for_nothing(tmp):
    """Each member that is read, of another type, in a history written anew: found by both, and nothing behind it is left unread"""
    p = built(tmp)
    cases_ = {}

    def change(entries, receipts):
        for path, to in SHAPELESS:
            entry, receipt = copy.deepcopy((entries[2], receipts[2]))
            in_claim(*path, to=to)(entry, receipt["claim"])
            entries.append(entry)
            receipts.append(receipt)
            cases_[len(entries)] = (path, to)
        for key in ("claim", "target"):
            entry, receipt = copy.deepcopy((entries[2], receipts[2]))
            receipt[key] = 5
            entries.append(entry)
            receipts.append(receipt)
            cases_[len(entries)] = (key, 5)

    forge(p.db, change)
    shutil.rmtree(p.path("state"))
    ours = [f["message"] for f in json.loads(p.run("receipt", "verify", "dev", "--json").out)["findings"]]
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    theirs = [line.partition(": ")[2] for line in script(p, "audit").stdout.splitlines()]
    for n, case in cases_.items():
        for said, who in ((ours, "kfmig"), (theirs, "verify.sh")):
            found = [words for words in said if words.startswith(f"entry {n}: ") and "is not what its receipt names" not in words]
            equal(bool(found), True, f"{who}: {case}")


def forged(p, at, cases_):
    """In the ledger of p a copy of entry at (from 0) for each case, with its change; findings about claims must be the same, words and all, by both,
    and be what the case says, for its entry and no other. Returns what verify.sh said."""
    first = [0]

    def change(entries, receipts):
        first[0] = len(entries) + 1
        for case, _ in cases_.values():
            entry, receipt = copy.deepcopy((entries[at], receipts[at]))
            case(entry, receipt["claim"])
            entries.append(entry)
            receipts.append(receipt)

    forge(p.db, change)
    shutil.rmtree(p.path("state"))  # it remembers another history
    ours = json.loads(p.run("receipt", "verify", "dev", "--json").out)["findings"]
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    theirs = script(p, "audit").stdout
    said = sorted(f["message"] for f in ours if f["rule"] == "claim")
    equal(sorted(line[7:] for line in theirs.splitlines() if line.startswith("claim: ")), said)
    for n, (case, (_, words)) in enumerate(cases_.items(), first[0]):
        found = [s.partition(": ")[2] for s in said if s.startswith(f"entry {n}: ")]
        equal(words in found if words else found == [], True, f"{case}: {found}")
    return theirs


@test
def what_a_receipt_claims_is_computed_anew_by_both(tmp):
    contains(forged(built(tmp), 2, CLAIMS), " 0 claims not computed")  # contact and adoption stand before M-01


@test
def every_text_is_missed_and_every_altered_one_is_found(tmp):
    p = built(tmp)
    n = int(pg.psql(p.db, "SELECT count(*) FROM kfmig.blob")[0][0])
    equal(n > 10, True, n)
    pg.psql(p.db, LOOSE.format("blob", "UPDATE kfmig.blob SET bytes = bytes || 'x'"))
    ours, theirs = both(p)
    equal((ours.status, theirs.stdout.count("was altered")), (8, n), theirs.stdout)
    pg.psql(p.db, OFF.format("blob", "DELETE FROM kfmig.blob"))
    ours, theirs = both(p)
    equal(ours.status, 8)
    # kfmig tells of each text once, the script of each entry that names it
    equal((ours.text.count("the ledger lacks"), theirs.stdout.count("the ledger lacks") >= n), (n, True), f"{n}: {ours!r}\n{theirs.stdout}")


# --- each kind of entry there is, and each digest that its receipt claims

KINDS = re.findall(r'^ENTRY\([A-Z]+, "([a-z]+)", .*, true\)', (SRC / "src/model/entry_kind.def").read_text(), re.M)
KINDS.remove("batch")  # a word of the journal that no entry has: batches stand in kfmig.batch
KINDS.remove("resolve")  # needs an intent that a crash left: below
FILL = {"table": "app.t", "key": ["id"], "rows": 7, "statement": "UPDATE app.t SET note = 'x' WHERE id > :from AND id <= :to"}
VIEW = "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"


def done(p, *args):
    """Run, confirmed before where it is a build."""
    if args[0] == "build":
        p.run("preflight", "dev", "--confirm=on-call assigned")
    ran = p.run(*args, timeout=120)
    equal(ran.status, 0, f"{args}: {ran!r}")


def of_every_kind(tmp):
    """A ledger that holds an entry of each kind: migrations in a bundle, flat, in segments, by batches, taken back and renamed; a definition; a projection."""
    p = Project(tmp, environments=BUNDLE)
    pg.psql(p.db, f'ALTER ROLE "{p.db}" CREATEDB')
    p.env["KFMIG_PG_BINDIR"] = str(pathlib.Path(pg.client("pg_dump")).parent)
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nINSERT INTO app.t SELECT g, 'n' FROM generate_series(1, 30) g;\n",
             limits={"max_row_backfill": 50}, invariants={"a.sql": "SELECT 1 WHERE false;"})
    p.write("migrations/postgis/repeatable/v.sql", VIEW)
    p.write("migrations/db/027_flat.up.sql", "CREATE SCHEMA flat;\nCREATE TABLE flat.f (n int);\n")
    p.write("migrations/db/027_flat.down.sql", "DROP TABLE flat.f;\nDROP SCHEMA flat;\n")
    p.write("migrations/db/028_alone.up.sql", "CREATE TABLE flat.g (n int);\n")
    done(p, "build", "dev")
    p.write("registry/environments.v1.yml", BUNDLE.replace("evidence: bundle\n", "evidence: bundle\n    backup: pg_dump\n    checklist: [on-call assigned]\n"))
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (note);\n", rollback="DROP INDEX app.i;\n", extra=f"depends_on: [{ONE}]\n")
    p.bundle("M-03", None, rollback="UPDATE app.t SET note = 'n';\n", extra=f"depends_on: [{TWO}]\nbackfill: {json.dumps(FILL)}\n", limits={"max_row_backfill": 100})
    p.bundle("M-04", "ALTER TABLE app.t ADD more int;\n", rollback="ALTER TABLE app.t DROP more;\n", extra=f"depends_on: [{ONE}]\n")
    p.write("migrations/postgis/repeatable/v.sql", VIEW.replace("id FROM", "id, note FROM"))
    done(p, "build", "dev")
    p.bundle("M-05", "CREATE SCHEMA made; CREATE TABLE made.pts (version text, id text);", schemas=("made",), extra="depends_on: []\n")
    version(p, "wells", A, [point(f"p{i}", -100 + i, 38) for i in range(3)])
    p.write("registry/projections/wells.yml", "projection: wells\nstore: postgis\nschema: made\nsources:\n"
            f"  - {{dataset: wells, version: {A}, asset: features, into: pts, columns: {{version: $dataset_version_id, id: properties.id}}}}\n")
    done(p, "build", "dev")
    done(p, "rebuild", "dev", "--all", "--drill")
    done(p, "rename", TWO, full_id("M-12"), "dev")
    done(p, "backup", "dev")
    done(p, "rollback", "dev", full_id("M-04"))
    done(p, "deployed", "dev", "v1")
    p.write("registry/environments.v1.yml", BUNDLE)  # nothing to be confirmed from here on
    p.path("migrations/postgis/repeatable/v.sql").unlink()
    p.path("registry/projections/wells.yml").unlink()
    shutil.rmtree(p.path(f"migrations/postgis/{full_id('M-05')}"))
    shutil.rmtree(p.path(f"migrations/postgis/{full_id('M-04')}"))  # what was taken back blocks a build
    done(p, "gc", "dev", "--given-up", "--apply")
    done(p, "build", "dev", "--prune")
    equal(sorted({kind for _, kind, _, _ in p.entries()}), sorted(KINDS))
    return p


def digests(value, path=()):
    """Where a document has digests."""
    if isinstance(value, str):
        return [path] if re.fullmatch("sha256:[0-9a-f]{64}", value) else []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in parts for found in digests(part, (*path, key))]


# What no ledger can tell: files that are not kept, and what only a live database says.
FREE = [("inputs",), ("projection", "components"), ("drill",)]
# kfmig.batch is no part of the tree: what a backfill's done says of it holds it.
BATCHES = {
    "rows": "UPDATE kfmig.batch SET n_rows = n_rows + 1 WHERE at = 1",
    "a key": "UPDATE kfmig.batch SET last = ARRAY['2'] WHERE at = 1",
    "one gone": "DELETE FROM kfmig.batch WHERE at = (SELECT max(at) FROM kfmig.batch)",
    "one in the middle gone": "DELETE FROM kfmig.batch WHERE at = 2",
    "all gone": "DELETE FROM kfmig.batch",
    "one more": "INSERT INTO kfmig.batch SELECT intent, at + 1, last, 0 FROM kfmig.batch ORDER BY at DESC LIMIT 1",
    "of another intent": "UPDATE kfmig.batch SET intent = 1",
}


def batches_are_held_to_receipts(p):
    done_at, = [n for n, kind, subject, result in p.entries() if kind == "done" and subject == full_id("M-03") and result == "success"]
    dsn = p.env["KFM_DSN"]
    for name, sql in BATCHES.items():
        db = pg.copydb(p.db)
        pg.psql(db, OFF.format("batch", sql))
        p.env["KFM_DSN"] = pg.dsn(db, user=p.db)
        ours = p.run("receipt", "verify", "dev", "--json")
        script(p, "--export", pg.dsn(db, user=pg.SUPERUSER), "audit")
        theirs = script(p, "audit")
        words = {f"entry {done_at}: what it says of its batches is not that of kfmig.batch"} | ({"entry 1, which has batches, began none"} if "intent" in name else set())
        equal({f["message"] for f in json.loads(ours.out)["findings"] if f["rule"] == "claim"}, words, name)
        equal({line[7:] for line in theirs.stdout.splitlines() if line.startswith("claim: ")}, words, name)
        equal((ours.status, theirs.returncode), (8, 8), name)
    p.env["KFM_DSN"] = dsn


def settled(tmp):
    """An index that was begun, and in whose place somebody else's stands, counts as done."""
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE INDEX CONCURRENTLY i ON app.t (note);\n", rollback="DROP INDEX app.i;\n")
    equal(p.run("build", "dev", "--apply", program=FAULTY, env={"KFMIG_FAULT": "journal.intended:kill:1"}).status, -9)
    pg.psql(p.db, "CREATE INDEX i ON app.t (id)")
    for args in (("resolve", "dev", TWO, "--as=applied"), ("build", "dev")):
        done(p, *args)
    return p


def as_absent(entry, claim):
    """As if it had not happened: all that says so, but for the proof."""
    claim["resolve"]["as"] = claim["journal"]["how"] = "absent"


def of_nobody(entry, claim):
    entry["checksum"] = claim["journal"]["key"] = OTHER


def unproven(entry, claim):
    del entry["outputs"]["post"]
    claim["journal"]["proof"] = None


RESOLVED = {
    "untouched": (lambda entry, claim: None, ""),
    "what was seen, in words": (in_claim("resolve", "seen", to="nothing"), ""),  # a statement
    "what was seen": (in_claim("resolve", "stands"), "proof is not that of what was seen"),
    "nothing was seen": (in_claim("resolve", "stands", to=None), "proof is not that of what was seen"),
    "proof": (in_claim("journal", "proof"), "proof is not that of its receipt"),
    "proof of the entry": (in_entry("outputs", "post"), "proof is not that of what was seen"),
    "no proof": (unproven, "proof is not that of what was seen"),
    "what was said": (in_claim("resolve", "as", to="absent"), "how it was settled is not that of what was said"),
    "how": (in_claim("journal", "how", to="absent"), "how it was settled is not that of what was said"),
    "both, and the proof stays": (as_absent, "proof is not that of what was seen"),
    "another step": (of_nobody, "step is not that of an entry before it"),
    "key": (in_claim("journal", "key"), "key is not that of its receipt"),
    "before": (in_claim("journal", "before"), "digest before is not that of its receipt"),
    "changes": (in_claim("inputs", 0, "digest"), "payload is not that of its receipt"),
    "nothing is said": (lambda entry, claim: claim.pop("resolve"), "how it was settled is not that of what was said"),
}


@test
def what_a_person_settled_is_held_to_what_it_says_by_both(tmp):
    p = settled(tmp)
    agree(p, 0, "0 findings")
    at, = [int(n) - 1 for n, kind, _, _ in p.entries() if kind == "resolve"]
    forged(p, at, RESOLVED)


def gone_with(entry, claim):
    """The subject says of one more that it is not applied any more."""
    entry["subject"] += " " + ONE


DROPPED = {
    "untouched": (lambda entry, claim: None, ""),
    "subject": (gone_with, "subject is not that of its receipt"),
    "projection": (in_claim("dropped", "projection", to="springs"), "subject is not that of its receipt"),
    "a migration more": (lambda entry, claim: claim["dropped"]["migrations"].append(ONE), "subject is not that of its receipt"),
    "digest": (in_claim("dropped", "digest"), "checksum is not that of its receipt"),
    "live generation": (in_claim("dropped", "generations", 0, "digest"), "digest of its live generation is not that of what was dropped"),
    "schemas": (in_claim("dropped", "schemas", to=["other"]), ""),  # a statement: the statement that ran is an input
}
PRECAUTIONS = {
    "untouched": (lambda entry, claim: None, ""),
    "digest": (in_claim("precaution", "digest"), "the backup before it is not that of its entry"),
    "another entry": (in_claim("precaution", "entry", to=1), "the backup before it is not that of its entry"),
    "an entry of the future": (in_claim("precaution", "entry", to=10 ** 6), "the backup before it is not that of its entry"),
    "no entry": (in_claim("precaution", "entry", to=None), ""),  # then it is a statement
    "path": (in_claim("precaution", "path", to="elsewhere"), ""),  # a statement
}


@test
def each_digest_of_each_kind_of_entry_is_held_to_something_by_both(tmp):
    """A ledger of every kind is good, by both, with every claim computed; another digest anywhere in a receipt's claim, in a history written anew, is found by both"""
    p = of_every_kind(tmp)
    agree(p, 0, " 1 claims not computed", "0 findings")  # of what was pruned, whose file is gone
    batches_are_held_to_receipts(p)
    cases_ = {}

    def change(entries, receipts):
        first = {}
        for i, (entry, receipt) in enumerate(zip(entries, receipts)):
            first.setdefault((entry["kind"], receipt["run_kind"], entry["subject"]), i)
        for i in first.values():
            for path in digests(receipts[i]["claim"]):
                entry, receipt = copy.deepcopy((entries[i], receipts[i]))
                in_claim(*path, to=f"sha256:{len(entries):064x}")(entry, receipt["claim"])
                entries.append(entry)
                receipts.append(receipt)
                cases_[len(entries)] = (entry["kind"], entry["subject"], path, receipts[i]["claim"])

    forge(p.db, change)
    shutil.rmtree(p.path("state"))  # it remembers another history
    ours = [f["message"] for f in json.loads(p.run("receipt", "verify", "dev", "--json", timeout=300).out)["findings"] if f["rule"] in ("claim", "input", "output") and "is not what its receipt names" not in f["message"]]
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    theirs = [line.partition(": ") for line in script(p, "audit").stdout.splitlines()]
    theirs = [words for rule, _, words in theirs if rule in ("claim", "input", "output") and "is not what its receipt names" not in words]
    equal(len(cases_) > 60, True, len(cases_))
    for n, (kind, subject, path, claim) in cases_.items():
        kept = path[0] == "inputs" and claim["inputs"][path[1]].get("kept", True)
        is_free = any(path[:len(f)] == f for f in FREE) and not kept
        for said, who in ((ours, "kfmig"), (theirs, "verify.sh")):
            found = [words for words in said if re.search(rf"entry {n}\b", words)]
            equal(bool(found), not is_free, f"{who} of {kind} {subject} {path}: {found}")


@test
def what_a_receipt_says_of_other_entries_is_held_to_them_by_both(tmp):
    """A projection that was given up, and the backup that was made before a run."""
    p = of_every_kind(tmp)
    receipts = [json.loads(body)["claim"] for body, in pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq")]
    dropped, = [n for n, claim in enumerate(receipts) if "dropped" in claim]
    backed = [n for n, claim in enumerate(receipts) if (claim.get("precaution") or {}).get("entry")][0]
    first = pg.copydb(p.db)
    forged(p, dropped, DROPPED)
    other = Project(fresh_folder(), db=first, environments=BUNDLE)
    shutil.copytree(p.path("migrations"), other.path("migrations"), dirs_exist_ok=True)
    other.path("state").mkdir(exist_ok=True)
    other.env["KFM_DSN"] = pg.dsn(first, user=p.db)
    forged(other, backed, PRECAUTIONS)


# --- the same of a projection

A, B = "2026-02.0000000a", "2026-03.0000000b"


def projected(tmp):
    """A database with two dataset versions in a generation."""
    p = Project(tmp, postgis=True)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.pts (version text, id text, geom geometry(Point, 4326));")
    for v, n in ((A, 3), (B, 2)):
        version(p, "wells", v, [point(f"p{i}", -100 + i, 38) for i in range(n)])
    sources = "".join(f"  - {{dataset: wells, version: {v}, asset: features, into: pts, columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}}}\n" for v in (B, A))
    p.write("registry/projections/wells.yml", f"projection: wells\nstore: postgis\nschema: app\nsources:\n{sources}")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def in_generation(change):
    return lambda entry, claim: change(entry, claim["projection"], claim)


def other_digest(entry, generation, claim):
    entry["checksum"] = claim["checksum"] = generation["digest"] = OTHER


# Columns whose bytes are made in every way: binary, as text, of a domain; what each row gets anew is left out, and what is computed from it.
TYPES = """
CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN app.code AS text CHECK (value <> ''); CREATE DOMAIN app.stamp AS timestamptz DEFAULT clock_timestamp();
CREATE TABLE app.pts (version text, id app.code, geom geometry(Point, 4326), i int, b bigint, s smallint, r real, f double precision, n numeric(12, 3), t text[], j jsonb,
    k json, bo boolean, d date, ts timestamptz, iv interval, ivs interval[], tss timestamptz[], u uuid, m app.mood, x bytea, rg int4range, "Odd ""name" text, o regclass,
    serial int GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT now(), made app.stamp, constant text DEFAULT 'x', twice int GENERATED ALWAYS AS (i * 2) STORED,
    of_serial int GENERATED ALWAYS AS (serial * 2) STORED);
CREATE TABLE app.whole (id text, v numeric);
"""
VALUES = {"i": 7, "b": 8000000000, "s": 3, "r": 1.5, "f": 0.1, "n": "12.345", "t": ["a", None, "c d"], "j": {"a": [1, 2]}, "k": {"b": 1}, "bo": True, "d": "2026-02-03",
          "ts": "2026-02-03T04:05:06.7Z", "iv": "1 day 02:03:04", "ivs": ["1 day 02:03:04", "-3 months"], "tss": ["2026-02-03T04:05:06+01:00"], "u": "7f0c8b1e-0000-4000-8000-000000000001", "m": "ok", "x": "\\x00ff", "rg": "[1,5)", "odd": "\u00e9", "o": "pg_class"}


def of_types(tmp):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", TYPES)
    for v, n in ((A, 3), (B, 4)):
        features = [point(f"p{i}", -100 + i, 38) for i in range(n)]
        for i, feature in enumerate(features):
            feature["properties"].update(VALUES, i=i, n=None if i == 2 else f"{i}.5")
        version(p, "wells", v, features)
    columns = ", ".join(f"{name}: properties.{name}" for name in VALUES if name != "odd")
    p.write("registry/projections/wells.yml", "projection: wells\nstore: postgis\nschema: app\nsources:\n" + "".join(
        f"  - {{dataset: wells, version: {v}, asset: features, into: pts, columns: {{version: $dataset_version_id, id: properties.id, geom: geometry, {columns}, 'Odd \"name': properties.odd}}}}\n"
        for v in (B, A)) + f"  - {{dataset: wells, version: {A}, asset: features, into: whole, columns: {{id: properties.id, v: properties.n}}}}\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def rows_of(p):
    return script(p, "--rows", "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")


ROWS = {
    "a value": ("UPDATE app.pts SET n = n + 1 WHERE id = 'p1' AND version = '%s'" % A, ["wells/%s#features>pts" % A]),
    "a value of each": ("UPDATE app.pts SET bo = false", ["wells/%s#features>pts" % v for v in (A, B)]),
    "NULL for nothing": ("UPDATE app.pts SET \"Odd \"\"name\" = NULL WHERE version = '%s'" % B, ["wells/%s#features>pts" % B]),
    "a constant default": ("UPDATE app.pts SET constant = 'y' WHERE version = '%s'" % B, ["wells/%s#features>pts" % B]),
    "a row less": ("DELETE FROM app.whole WHERE id = 'p0'", ["wells/%s#features>whole" % A]),
    "a row twice": ("INSERT INTO app.whole SELECT * FROM app.whole WHERE id = 'p0'", ["wells/%s#features>whole" % A]),
    "another type": ("ALTER TABLE app.whole ALTER id TYPE varchar", ["wells/%s#features>whole" % A]),
    "a column more": ("ALTER TABLE app.whole ADD z int", ["wells/%s#features>whole" % A]),
    "a table less": ("DROP TABLE app.whole", ["wells/%s#features>whole" % A]),
    "what is left out": ("ALTER TABLE app.pts ALTER serial SET GENERATED BY DEFAULT; UPDATE app.pts SET serial = 9, at = '2001-01-01', made = '2001-01-01'", []),
    "another order": ("UPDATE app.pts SET id = id", []),
}


@test
def rows_of_live_generations_are_computed_anew(tmp):
    p = of_types(tmp)
    good = rows_of(p)
    equal((good.returncode, "0 findings" in good.stdout), (0, True), good.stdout)
    lines = p.path("audit/rows").read_text(encoding="utf-8").splitlines()
    equal([line.split("\t")[:3] for line in lines], [["wells", f"wells/{A}#features>pts", "3"], ["wells", f"wells/{A}#features>whole", "3"], ["wells", f"wells/{B}#features>pts", "4"]])
    for case, (sql, found) in ROWS.items():
        db = pg.copydb(p.db)
        pg.psql(db, sql)
        done = script(p, "--rows", "--export", pg.dsn(db, user=pg.SUPERUSER), "audit")
        told = [line for line in done.stdout.splitlines() if line.startswith("rows: ")]
        equal((done.returncode, len(told), all(any(source in line for line in told) for source in found)), (8 if found else 0, len(found), True), f"{case}: {done.stdout}")
    equal(script(p, "audit").returncode, 0)  # the files that were read last: another order
    again = script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    equal((again.returncode, p.path("audit/rows").exists()), (0, False))
    equal(subprocess.run(["sh", SRC / "docs/verify.sh", "--rows", "audit"], cwd=p.root, capture_output=True, check=False).returncode, 5)


PARTS = "digest of its generation is not that of its parts"
SOURCES = "content of its generation is not that of its sources"
GENERATION = {
    "untouched": (lambda e, g, c: None, ""),
    "digest": (other_digest, PARTS),
    "digest of the receipt": (lambda e, g, c: g.update(digest=OTHER), "checksum is not that of its generation"),
    "file": (lambda e, g, c: c["inputs"][0].update(digest=OTHER), "bundle digest is not that of its declaration"),
    "content": (lambda e, g, c: g.update(content=OTHER), SOURCES),
    "part": (lambda e, g, c: g["parts"][0].update(digest=OTHER), PARTS),
    "version of a part": (lambda e, g, c: [x for x in g["parts"] if "version" in x][0].update(version="x"), PARTS),
    "table of a part": (lambda e, g, c: [x for x in g["parts"] if "table" in x][0].update(table="x"), PARTS),
    "order of parts": (lambda e, g, c: g["parts"].reverse(), PARTS),
    "rows of a source": (lambda e, g, c: g["sources"][0].update(rows=7), SOURCES),
    "fingerprint of a source": (lambda e, g, c: g["sources"][1].update(fingerprint=OTHER), SOURCES),
    "table of a source": (lambda e, g, c: g["sources"][1].update(into="x"), SOURCES),
    "order of sources": (lambda e, g, c: g["sources"].reverse(), ""),
}


@test
def what_a_receipt_claims_of_a_generation_is_computed_anew_by_both(tmp):
    p = projected(tmp)
    at = int(pg.psql(p.db, "SELECT max(seq) - 1 FROM kfmig.entry WHERE kind = 'publish'")[0][0])
    contains(forged(p, at, {case: (in_generation(change), words) for case, (change, words) in GENERATION.items()}), " 0 claims not computed")


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


WANTED = {"bundle": "receipts/run_receipt.json", "folder": "receipts/dev/run_receipt.json", "pointer": "receipts/receipt_ref.json"}


@cases(**{kind: (kind, file) for kind, file in WANTED.items()})
def what_is_exported_is_held_to_the_ledger_by_both_and_missed(case, tmp):
    kind, file = case
    p = Project(tmp, environments=ENVIRONMENTS.replace("evidence: none", f"evidence: {kind}"))
    for short in ("M-01", "M-02"):
        p.bundle(short, f"CREATE SCHEMA s{short[-1]};", schemas=(f"s{short[-1]}",))
    equal(p.build().status, 0)
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    path = p.path(f"{HOME}/{file}")
    whole = path.read_text()
    spoiled = {
        None: (lambda: None, ""),
        "altered": (lambda: path.write_text(whole.replace(f'"sequence":{" " if kind == "pointer" else ""}3', '"sequence":4').replace(":3\"", ":4\"")), f"export: ./{HOME}/{file} is not the receipt of entry 4"),
        "missing": (path.unlink, f"export: ./{HOME}/{file} is missing"),
    }
    for name, (spoil, words) in spoiled.items():
        path.write_text(whole)
        spoil()
        ours, theirs = p.run("receipt", "verify", "dev", "--json"), script(p, "--evidence", kind, "audit", ".")
        equal((ours.status, theirs.returncode), (8, 8) if name else (0, 0), f"{name}: {ours!r} {theirs.stdout}")
        equal({f["path"] for f in json.loads(ours.out)["findings"]}, {f"{HOME}/{file}"} if name else set(), name)
        contains(theirs.stdout, words, name)
    equal(script(p, "audit", ".").returncode, 0, "nobody said that anything is wanted")


# --- exported documents that no schema allows: made by another database, so that no digest tells

def of_another(path, change):
    """What another database exported of the same content: consistent with itself."""
    d = json.loads(path.read_bytes())
    d["ledger"]["instance"] = "7f0c8b1e-0000-4000-8000-000000000002"
    change(d)
    path.write_text(json.dumps(d, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


MISSHAPEN = {
    "untouched": (lambda d: None, None),
    "a member too many": (lambda d: d.update(extra=1), '"extra"'),
    "a member of the claim too many": (lambda d: d["claim"].update(extra=1), 'unknown key "extra" in "claim"'),
    "a member that is missing": (lambda d: d.pop("run_id"), '"run_id"'),
    "a text for a number": (lambda d: d["ledger"].update(sequence="three"), '"ledger.sequence"'),
    "a result that is none": (lambda d: d.update(result="fine"), '"result"'),
    "a gate that is none": (lambda d: d["claim"]["gates"][0].update(result="perhaps"), '"claim.gates[0].result"'),
    "a digest that is none": (lambda d: d["claim"].update(checksum="sha256:x"), '"claim.checksum"'),
}


@cases(**{name.replace(" ", "_"): case for name, case in MISSHAPEN.items()})
def an_exported_receipt_is_held_to_its_schema(case, tmp):
    change, member = case
    p = built(tmp)
    of_another(p.path(f"{HOME}/receipts/run_receipt.json"), change)
    ours = p.run("receipt", "verify", "dev", "--json")
    equal(ours.status, 8 if member else 0, repr(ours))
    found = json.loads(ours.out)["findings"]
    equal([(f["rule"], f["path"], "not as run_receipt.v1 says: " in f["message"]) for f in found], [("export", f"{HOME}/receipts/run_receipt.json", True)] if member else [], found)
    for f in found:
        contains(f["message"], member)


@test
def so_is_an_exported_pointer(tmp):
    p = Project(tmp, environments=ENVIRONMENTS.replace("evidence: none", "evidence: pointer"))
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    equal(p.run("receipt", "verify", "dev").status, 0)
    path = p.path(f"{HOME}/receipts/receipt_ref.json")
    path.write_text(path.read_text().replace('"run_id"', '"runner"'))
    found = json.loads(p.run("receipt", "verify", "dev", "--json").out)["findings"]
    equal({(f["rule"], f["path"]) for f in found}, {("export", f"{HOME}/receipts/receipt_ref.json")}, found)
    contains(" ".join(f["message"] for f in found), '"runner"', "not as receipt_ref.v1 says")


# --- a database that was restored from a backup


def restored(tmp, environments=BUNDLE):
    """Two migrations, the second exported, and the database as it was before that one."""
    p = Project(tmp, environments=environments)
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    older = pg.copydb(p.db)
    state = p.path("state").rename(tmp / "state")
    p.bundle("M-02", "CREATE TABLE app.t (id int);")
    equal(p.build().status, 0)
    p.env["KFM_DSN"] = pg.dsn(older, user=p.db)
    return p, state


RESTORED = {
    "bundle": (BUNDLE, "receipts/run_receipt.json"),
    "folder": (ENVIRONMENTS.replace("evidence: none", "evidence: folder"), "receipts/dev/run_receipt.json"),
    "pointer": (ENVIRONMENTS.replace("evidence: none", "evidence: pointer"), "receipts/receipt_ref.json"),
}


@cases(**RESTORED)
def a_restored_older_database_is_noticed_by_what_was_exported(case, tmp):
    environments, name = case
    p, state = restored(tmp, environments)
    file = f"migrations/postgis/{TWO}/{name}"
    words = f"has 3 entries, an exported receipt is of entry 4: {file}"
    # on a machine that never saw it; on one whose last run saw it as it is now; on one that saw it whole
    shutil.rmtree(p.path("state"))
    for verb in (["build"], ["plan", "dev"], ["status", "dev"]):
        fails(p.run(*verb), 8, words)
    shutil.copytree(state, p.path("state"), dirs_exist_ok=True)
    for verb in (["build"], ["plan", "dev"], ["status", "dev"]):
        fails(p.run(*verb), 8, words)
    ours = p.run("receipt", "verify", "dev", "--json")
    equal((ours.status, [(f["path"], f["message"]) for f in json.loads(ours.out)["findings"]]), (8, [(file, "of entry 4, the ledger has 3 entries")]))
    p.path(file).unlink()  # accepted as it is
    equal(p.build().status, 0)
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def a_machine_that_saw_it_whole_says_so_and_verifies_all_the_same(tmp):
    p, _ = restored(tmp, ENVIRONMENTS)
    fails(p.build(), 8, "has 3 entries, the last run saw 4")
    ours = p.run("receipt", "verify", "dev", "--json")
    equal((ours.status, [(f["rule"], f["message"]) for f in json.loads(ours.out)["findings"]]), (8, [("trust", 'the ledger of "dev" has 3 entries, the last run saw 4')]))


@test
def trust_on_first_use_is_said_once(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;")
    said = "is trusted on first use: nothing here remembers it; it has 3 entries, root sha256:"
    equal([said in p.build().err for _ in range(2)], [False, False], "who made it knows it")
    shutil.rmtree(p.path("state"))
    equal([said in p.run(*verb).err for verb in (["receipt", "list", "dev"], ["plan", "dev"], ["build"], ["plan", "dev"])], [False, True, False, False])
    shutil.rmtree(p.path("state"))
    equal(p.run("receipt", "export", "dev").status, 0)
    equal(said in p.run("plan", "dev").err, False, "an exported receipt remembers it")


# --- what stands outside the database

SUNK = {
    "untouched": (lambda f: None, ""),
    "altered": (lambda f: f[1].write_bytes(f[1].read_bytes() + b" "), "not the receipt of ledger entry 2"),
    "missing": (lambda f: f[2].unlink(), "lacks the receipt of ledger entry 3"),
    "of another": (lambda f: f[0].write_bytes(f[1].read_bytes()), "not the receipt of ledger entry 1"),
    "of no entry": (lambda f: f[-1].rename(f[-1].with_name("00000009-x.json")), "has a receipt of entry 9, the ledger has 3 entries"),
}


@test
def the_sink_is_held_to_the_ledger_by_both(tmp):
    p = Project(tmp, environments=ENVIRONMENTS + "receipts: {sink: sink}\n")
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    folder = next(p.path("sink/dev").iterdir())
    kept = {f: f.read_bytes() for f in sorted(folder.iterdir())}
    equal(len(kept), 3)
    script(p, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "audit")
    for name, (spoil, words) in SUNK.items():
        spoil(sorted(folder.iterdir()))
        ours, theirs = p.run("receipt", "verify", "dev", "--json"), script(p, "--sink", "sink", "audit")
        equal((ours.status, theirs.returncode), (8, 8) if words else (0, 0), f"{name}: {ours!r} {theirs.stdout}")
        if "no entry" in name:  # nor does it lie at its own place
            fails(p.build(), 8, "has 3 entries, the sink has receipts up to 9")
            contains(json.dumps(json.loads(ours.out)["findings"]), words, "lacks the receipt of ledger entry 3")
        else:
            equal([words in f["message"] for f in json.loads(ours.out)["findings"]], [True] if words else [], name)
        contains(theirs.stdout, words, name)
        for file in folder.iterdir():
            file.unlink()
        for file, body in kept.items():
            file.write_bytes(body)


main()
