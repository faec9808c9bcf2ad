"""Receipts: what they say, that they hold together without kfmig, that tampering shows, and where they are exported."""
# run: needs=postgres,jq limit=600

import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess

import pg
import proxy
from project import ENVIRONMENTS, Project, full_id
from schemas import schema_faults, valid
from seen import digest, files, finish, one_error, until
from tap import at_exit, cases, contains, equal, fails, lacks, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nINSERT INTO app.t VALUES (1, 'ä');\n"
ONE, TWO = full_id("M-01"), full_id("M-02")
HOME = f"migrations/postgis/{ONE}"
MODES = {mode: ENVIRONMENTS.replace("evidence: none", f"evidence: {mode}") for mode in ("bundle", "folder", "pointer", "none")}
OUTPUTS = ("baselines/pre.json", "baselines/post.json", "diffs/summary.json", "diffs/touched.csv")
LISTS = ("baselines/pre.objects.tsv", "baselines/post.objects.tsv")
EVIDENCE = {
    "bundle": (*OUTPUTS, *LISTS, "receipts/run_receipt.json"),
    "folder": tuple(name.replace("/", "/dev/") for name in (*OUTPUTS, *LISTS, "receipts/run_receipt.json")),
    "pointer": ("receipts/receipt_ref.json",),
}


def built(tmp, mode="bundle"):
    p = Project(tmp, environments=MODES[mode])
    p.bundle("M-01", TABLE, limits=dict(max_row_backfill=5, max_table_count_touched=1))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def receipts(db):
    """[(entry text, receipt body)] straight from the database."""
    return pg.psql(db, "SELECT e.text, r.body FROM kfmig.entry e JOIN kfmig.receipt r USING (seq) ORDER BY seq")


# --- the receipts' schema


@test
def the_schema_reader_of_this_test_can_fail():
    schema = json.loads((SRC / "registry/schemas/run_receipt.v1.schema.json").read_text())
    equal(len(list(schema_faults(schema, {"format": "no"}))) > 5, True)


@test
def every_receipt_fits_its_schema(tmp):
    p = built(tmp)
    p.bundle("M-02", "SELECT 1 / 0;")
    fails(p.build(), 2, "statement 1 (SELECT) failed, everything was rolled back: division_by_zero (22012)")
    pg.psql(p.db, "CREATE TABLE app.by_hand ();", user=p.db)
    equal(p.run("adopt", "dev").status, 0)
    rows = receipts(p.db)
    equal([json.loads(text)["kind"] for text, _ in rows], ["contact", "adopt", "apply", "apply", "adopt"])
    for n, (text, body) in enumerate(rows, 1):
        valid("run_receipt.v1", json.loads(body))
        valid("entry.v1", json.loads(text))
        ran = p.run("receipt", "show", "dev", str(n), "--canonical")
        equal(ran.out, body, "the bytes that were hashed")
    for name, schema in (("baselines/pre.json", "baseline.v2"), ("baselines/post.json", "baseline.v2"), ("diffs/summary.json", "diff_summary.v1")):
        valid(schema, json.loads(p.path(f"{HOME}/{name}").read_bytes()))


@cases(plan=("plan.v1", ["plan", "dev"]), status=("status.v1", ["status", "dev"]), why=("why.v1", ["why", "dev", ONE]), why_not=("why.v1", ["why", "dev", TWO]),
       graph=("graph.v1", ["graph", "dev"]), receipts=("receipt_list.v1", ["receipt", "list", "dev"]), check=("check.v1", ["check"]))
def json_output_fits_its_schema(case, tmp):
    schema, args = case
    p = built(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();")
    valid(schema, p.json(*args))


@test
def errors_fit_their_schema(tmp):
    p = built(tmp)
    p.bundle("M-02", "SELECT nope;")
    ran = p.run("build", "dev", "--json")
    lines = [line for line in ran.err.splitlines() if line.startswith("{")]
    equal(len(lines), 1, repr(ran))
    valid("error.v1", json.loads(lines[0]))
    equal(json.loads(lines[0])["error"]["sqlstate"], "42703")


# --- what a receipt says


@test
def a_receipt_names_what_went_in_and_what_came_out(tmp):
    p = built(tmp)
    body = p.path(f"{HOME}/receipts/run_receipt.json").read_bytes()
    receipt = json.loads(body)
    claim = receipt["claim"]
    equal((receipt["result"], receipt["migration_id"], receipt["environment"]), ("success", ONE, "dev"))
    equal(receipt["actor"]["id"], "tester")
    equal((receipt["target"]["db"], receipt["target"]["kind"]), (p.db, "dev"))
    inputs = {i["uri"]: i["digest"] for i in claim["inputs"]}
    equal(inputs, {f"{HOME}/{name}": digest(p.path(f"{HOME}/{name}")) for name in ("migration.yml", "forward.sql", "rollback.sql")})
    outputs = {o["uri"]: o["digest"] for o in claim["outputs"]}
    equal(outputs, {name: digest(p.path(f"{HOME}/{name}")) for name in OUTPUTS})
    equal(claim["baselines"], dict(pre=outputs["baselines/pre.json"], post=outputs["baselines/post.json"], format="kfmig.baseline.v2"))
    limits = claim["limits"]
    contains(json.dumps(limits), '"max_row_backfill"')
    equal(digest(receipts(p.db)[-1][1].encode()), digest(body), "the export is the ledger's receipt, byte for byte")


@test
def the_diff_lists_what_changed(tmp):
    p = built(tmp)
    rows = list(csv.DictReader(io.StringIO(p.path(f"{HOME}/diffs/touched.csv").read_text())))
    contains(str(rows), "app.t")
    summary = p.path(f"{HOME}/diffs/summary.json").read_text()
    for part in ("table app.t", "schema app"):
        contains(summary, part)
    pre, post = (dict(line.split("\t") for line in p.path(f"{HOME}/baselines/{name}.objects.tsv").read_text().splitlines()) for name in ("pre", "post"))
    equal({k: v for k, v in post.items() if k in pre}, pre)
    contains(post, "table app.t")
    lacks(pre, "table app.t")


@test
def canonical_json_is_what_jq_makes(tmp):
    p = built(tmp)
    p.bundle("M-02", "SELECT 1 / 0;")
    p.build()
    texts = [t for row in receipts(p.db) for t in row]
    texts += [p.path(f"{HOME}/{name}").read_text() for name in ("baselines/pre.json", "baselines/post.json", "receipts/run_receipt.json")]
    for text in texts:
        made = subprocess.run(["jq", "-cS", "."], input=text.encode(), capture_output=True, check=True).stdout
        equal(made.rstrip(b"\n"), text.encode().rstrip(b"\n"))


def node(kind, *parts):
    return hashlib.sha256(kind + b"".join(parts)).digest()


def merkle_root(leaves):
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return node(b"\0", leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(b"\1", merkle_root(leaves[:k]), merkle_root(leaves[k:]))


@test
def the_merkle_root_is_that_of_the_entries(tmp):
    p = built(tmp)
    for n in range(2, 6):
        p.bundle(f"M-0{n}", f"CREATE TABLE app.t{n} ();")
    equal(p.build().status, 0)
    texts = [text.encode() for text, _ in receipts(p.db)]
    equal(len(texts), 7)
    equal(pg.psql(p.db, "SELECT size, encode(root, 'hex') FROM kfmig.head"), [("7", merkle_root(texts).hex())])
    for n, (text, body) in enumerate(receipts(p.db)):
        entry = json.loads(text)
        equal(entry["previous"], "sha256:" + merkle_root(texts[:n]).hex())
        equal(entry["receipt"], digest(body.encode()))
        equal(entry["sequence"], n + 1)
        equal(json.loads(body)["ledger"], dict(instance=entry["instance"], sequence=n + 1, previous=entry["previous"]))
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "all as they should be")


# --- tampering


def tamper(db, table, sql):
    """As the owner can, who leaves the guards as they were."""
    guard = f"ALTER TABLE kfmig.{table} ENABLE ALWAYS TRIGGER append_only;" if table != "head" else ""
    pg.psql(db, f"ALTER TABLE kfmig.{table} DISABLE TRIGGER ALL; {sql}; SET session_replication_role = origin; "
            f"ALTER TABLE kfmig.{table} ENABLE TRIGGER ALL; {guard}")


ROOT = "finding: the entries do not hash to the root that the database reports"


@cases(
    entry=("entry", "UPDATE kfmig.entry SET text = replace(text, 'success', 'failed') WHERE seq = 3",
           [ROOT, "finding: the columns of entry 3 are not what its text says", "finding: the frontier of the head is not that of the entries",
            "finding: entry 3: its receipt is that of another run"]),
    entry_removed=("entry", "SET session_replication_role = replica; DELETE FROM kfmig.entry WHERE seq = 3",
                   ["finding: the head counts 3 entries, there are 2", ROOT]
                   + [f"finding: entry 3, which wrote {what}, is not there" for what in ("schema app", "table app.t")]),
    entry_result_column=("entry", "UPDATE kfmig.entry SET result = 'failed' WHERE seq = 3",
                         ["finding: the columns of entry 3 are not what its text says"]),
    receipt=("receipt", "UPDATE kfmig.receipt SET body = replace(body, 'tester', 'nobody'), "
             "digest = sha256(convert_to(replace(body, 'tester', 'nobody'), 'UTF8')) WHERE seq = 3",
             ["finding: entry 3: its receipt was altered"]),
    receipt_removed=("receipt", "DELETE FROM kfmig.receipt WHERE seq = 3", ["finding: entry 3 has no receipt"]),
    receipt_of_another=("receipt", "UPDATE kfmig.receipt SET (run_id, digest, body) = (SELECT run_id, digest, body FROM kfmig.receipt WHERE seq = 2) "
                        "WHERE seq = 3", ["finding: entry 3: its receipt is kept as that of another run",
                                         "finding: entry 3: its receipt was altered"]),
    receipt_without_entry=("receipt", "INSERT INTO kfmig.receipt SELECT 9, run_id, digest, body FROM kfmig.receipt WHERE seq = 3",
                           ["finding: receipt 9 belongs to no entry"]),
    input_text=("blob", "ALTER TABLE kfmig.blob DROP CONSTRAINT blob_check; UPDATE kfmig.blob SET bytes = bytes || 'x'::bytea",
                [f"finding: entry 3: the text of input {HOME}/{name} was altered" for name in ("migration.yml", "forward.sql", "rollback.sql")]
                + ["finding: the input text sha256:"] * 2 + ["finding: entry 3: the text of the results of invariants was altered"]),
    input_text_removed=("blob", "DELETE FROM kfmig.blob",
                        [f"finding: entry 3: the ledger lacks the text of input {HOME}/{name}" for name in ("migration.yml", "forward.sql", "rollback.sql")]
                        + [f"finding: the ledger lacks diffs/{name} of entry 3" for name in ("summary.json", "touched.csv")]
                        + ["finding: entry 3: the ledger lacks the text of the results of invariants"]),
    head_root=("head", "UPDATE kfmig.head SET root = sha256('x')", [ROOT]),
    head_size=("head", "UPDATE kfmig.head SET size = size - 1", ["finding: the head counts 2 entries, there are 3"]),
    object_sum=("object", "UPDATE kfmig.object SET fingerprint = sha256('x') WHERE object = 'table app.t'",
                ["finding: entry 3: the definition of table app.t is not what its fingerprint was made of",
                 "finding: baselines/post.json of ledger entry 3 is not what its receipt names"]),
)
def tampering_is_an_integrity_error(case, tmp):
    table, sql, words = case
    p = built(tmp)
    tamper(p.db, table, sql)
    told(p.run("receipt", "verify", "dev"), words)
    (tmp / "clone").mkdir()
    clone = shutil.copytree(p.root, tmp / "clone" / "project", ignore=shutil.ignore_patterns("state"))
    told(p.run("receipt", "verify", "dev", cwd=clone), words, "without the cache")


def told(ran, words, what=""):
    """Fail unless a verification found exactly what begins with these words, in their order."""
    equal(ran.status, 8, f"{what}: {ran!r}")
    lines = [line for line in ran.text.splitlines() if line.startswith(("finding: ", "kfmig: ")) or ": finding: " in line]
    equal([line[:len(word)] for line, word in zip(lines, words)], words, f"{what}: {ran!r}")
    equal(len(lines), len(words), f"{what}: {ran!r}")
    lacks(ran.text, "all as they should be")


@test
def findings_have_a_rule_in_json(tmp):
    p = built(tmp)
    tamper(p.db, "blob", "DELETE FROM kfmig.blob")
    p.write(f"{HOME}/diffs/touched.csv", "x")
    found = p.json("receipt", "verify", "dev")["findings"]
    equal([(f["rule"], f["path"]) for f in found], [("input", None)] * 3 + [("output", None)] * 2 + [("input", None), ("export", f"{HOME}/diffs/touched.csv")])


@test
def an_altered_pointer_is_found_by_verify(tmp):
    p = built(tmp, mode="pointer")
    ref = f"{HOME}/receipts/receipt_ref.json"
    equal(p.run("receipt", "verify", "dev").status, 0)
    good = p.path(ref).read_text()
    p.write(ref, good.replace(json.loads(good)["sha256"], "sha256:" + "0" * 64))
    told(p.run("receipt", "verify", "dev"), [f"{ref}: finding: does not name the receipt of ledger entry 3"])
    p.write(ref, good.replace("kfmig:ledger:", "kfmig:ledger:another-"))
    equal(p.run("receipt", "verify", "dev").status, 0, "another database's pointer")
    p.path(ref).unlink()
    told(p.run("receipt", "verify", "dev"), [f"{ref}: finding: "], "a missing one")


@cases(update="UPDATE kfmig.entry SET result = 'x'", delete="DELETE FROM kfmig.receipt", truncate="TRUNCATE kfmig.object",
       replica="SET session_replication_role = replica; UPDATE kfmig.blob SET bytes = ''")
def the_ledger_is_append_only(sql, tmp):
    p = built(tmp)
    contains(str(_refused(p.db, sql)), "append-only")


def _refused(db, sql):
    try:
        pg.psql(db, sql)
    except pg.PgError as error:
        return error
    raise AssertionError(f"{sql} was accepted")


@test
def a_build_on_an_altered_ledger_runs_nothing(tmp):
    p = built(tmp)
    tamper(p.db, "entry", "UPDATE kfmig.entry SET text = replace(text, 'success', 'failed') WHERE seq = 3")
    for path in p.path("state").glob("kfmig.db*"):
        path.unlink()
    p.bundle("M-02", "CREATE TABLE app.u ();")
    one_error(p.build(), 8)
    equal(pg.value(p.db, "SELECT to_regclass('app.u')"), None)


# --- exports


@cases(
    unprotected=("", "dev", "none"),
    protected=("protected: true, approval: review, ", "prod", "pointer"),
    unprotected_stage=("kind: stage, ", "stage", "none"),
    protected_stage=("kind: stage, protected: true, approval: review, ", "stage", "pointer"),
    said=("kind: prod, evidence: bundle, ", "prod", "bundle"),
)
def kind_and_evidence_have_defaults(case, tmp):
    more, kind, mode = case
    p = Project(tmp, environments=f"environments: {{here: {{{more}stores: {{postgis: {{dsn_ref: KFM_DSN}}}}}}}}\ndefault_environment: here\n")
    p.bundle("M-01", TABLE)
    p.write("registry/migrations.v1.json", json.dumps(
        {"version": 1, "migrations": [{"id": ONE, "type": "postgis", "owners": [], "status": f"executed_{kind}"}]}))
    equal(p.run("build", "here", "--apply").status, 0)
    equal([name for name in EVIDENCE.get(mode, []) if not p.path(f"{HOME}/{name}").exists()], [])
    equal(p.path(f"{HOME}/receipts").exists(), mode != "none")
    bodies = [json.loads(row[0]) for row in pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq")]
    equal({b["target"].get("kind") for b in bodies}, {kind}, "the contact's receipt and the baseline's, too")
    told = p.run("check", env={"CI": "true"})
    equal((told.status, f'"{ONE}" is executed_{kind}, but its receipts/ has neither' in told.out), (1, True) if mode == "none" else (0, False))


@cases(**{mode: mode for mode in EVIDENCE})
def evidence_is_exported(mode, tmp):
    p = built(tmp, mode)
    for name in EVIDENCE[mode]:
        equal(p.path(f"{HOME}/{name}").is_file(), True, name)
    found = {str(f.relative_to(p.path(HOME))) for f in p.path(HOME).rglob("*") if f.is_file()}
    equal(found, set(EVIDENCE[mode]) | {"migration.yml", "forward.sql", "rollback.sql", "notes.md"})
    contains(p.build().err, "nothing to do")
    if mode == "pointer":
        ref = json.loads(p.path(f"{HOME}/receipts/receipt_ref.json").read_bytes())
        valid("receipt_ref.v1", ref)
        equal(ref["sha256"], digest(receipts(p.db)[-1][1].encode()))
    else:
        equal(p.run("receipt", "verify", "dev").status, 0)


@cases(**{mode: mode for mode in EVIDENCE})
def missing_evidence_is_exported_again_and_nothing_runs(mode, tmp):
    p = built(tmp, mode)
    entries, want = p.entries(), files(p.path(HOME))
    for name in EVIDENCE[mode]:
        p.path(f"{HOME}/{name}").unlink()
        row = p.targets()["M-01@receipt"]
        equal((row["state"], row["decision"], row["reasons"][0]["code"] in ("output_missing", "output_altered")), ("stale", "export", True), name)
        equal(p.targets()["M-01@apply"]["state"], "current")
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        contains(ran.err, "1 exported again")
        equal(files(p.path(HOME)), want, name)
    equal(p.entries(), entries)


@cases(**{f"{mode} {name}": (mode, name) for mode in ("bundle", "folder") for name in EVIDENCE[mode][:-1]})
def altered_evidence_is_seen_and_mended(case, tmp):
    mode, name = case
    p = built(tmp, mode)
    want = files(p.path(HOME))
    path = p.path(f"{HOME}/{name}")
    path.write_bytes(path.read_bytes() + b" ")
    fails(p.run("receipt", "verify", "dev"), 8, f"{name}: finding: ", "1 finding")
    row = p.targets()["M-01@receipt"]
    equal((row["state"], row["reasons"][0]["code"]), ("stale", "output_altered"), json.dumps(row))
    equal(p.build().status, 0)
    equal(files(p.path(HOME)), want)


@test
def an_altered_receipt_is_found_by_verify_and_mended_by_export(tmp):
    p = built(tmp)
    path = p.path(f"{HOME}/receipts/run_receipt.json")
    want = path.read_bytes()
    path.write_bytes(want.replace(b"tester", b"nobody"))
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 8, repr(ran))
    contains(ran.out, "run_receipt.json")
    equal(p.run("receipt", "export", "dev", ONE).status, 0)
    equal(path.read_bytes(), want)


@test
def committed_evidence_of_the_same_content_stays_in_a_fresh_clone(tmp):
    p = built(tmp)
    (tmp / "clone").mkdir()
    clone = shutil.copytree(p.root, tmp / "clone" / "project", ignore=shutil.ignore_patterns("state"))
    before = files(clone, times=True)
    other = pg.createdb()
    ran = p.run("build", "dev", cwd=clone, env={"KFM_DSN": pg.dsn(other)})
    equal(ran.status, 0, repr(ran))
    after = files(clone, times=True, skip=("state",))
    equal(after, before)
    equal(pg.value(other, "SELECT count(*) FROM kfmig.entry WHERE kind = 'apply' AND result = 'success'"), "1")
    contains(p.run("build", "dev", cwd=clone, env={"KFM_DSN": pg.dsn(other)}).err, "nothing to do")


@test
def an_export_that_cannot_be_written_is_owed_and_written_by_the_next_build(tmp):
    p = Project(tmp, environments=MODES["bundle"])
    p.bundle("M-01", TABLE)
    p.write(f"{HOME}/receipts", "a file where a folder should be")
    ran = p.build()
    one_error(ran, 3, "receipts")
    contains(ran.err, "is applied; its evidence is owed")
    equal(p.applied(), [ONE])
    p.path(f"{HOME}/receipts").unlink()
    equal(p.build().status, 0)
    equal(p.path(f"{HOME}/receipts/run_receipt.json").is_file(), True)
    equal(p.applied(), [ONE])


@test
def the_sink_gets_every_receipt_and_what_it_lacks(tmp):
    p = Project(tmp, environments=MODES["bundle"] + "receipts: {sink: archive}\n")
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    uuid = pg.value(p.db, "SELECT uuid FROM kfmig.instance")
    folder = p.path(f"archive/dev/{uuid}")
    found = sorted(folder.iterdir())
    equal([f.read_text() for f in found], [body for _, body in receipts(p.db)])
    want = files(folder)
    found[1].unlink()
    p.bundle("M-02", "CREATE TABLE app.u ();")
    equal(p.build().status, 0)
    got = files(folder)
    equal({k: v for k, v in got.items() if k in want}, want)
    equal(len(got), 4)


# --- the verbs


@test
def receipts_are_listed_shown_and_exported(tmp):
    p = built(tmp)
    rows = p.json("receipt", "list", "dev")["receipts"]
    equal([(r["sequence"], r["target"], r["result"]) for r in rows],
          [(1, "dev/database@contact", "success"), (2, "dev/database@adopt", "success"), (3, f"dev/{ONE}@receipt", "success")])
    body = receipts(p.db)[2][1]
    for ref in ("3", ONE, rows[2]["run_id"], rows[2]["run_id"][:8]):
        equal(p.run("receipt", "show", "dev", ref, "--json").out, body + "\n", ref)
    one_error(p.run("receipt", "show", "dev", "nothing"), 5, "nothing")
    equal(len(p.json("receipt", "list", "dev", ONE)["receipts"]), 1)
    out = tmp / "out"
    ran = p.run("receipt", "export", "dev", ONE, f"--to={out}")
    equal(ran.status, 0, repr(ran))
    equal(files(out), {f"{ONE}/{name}": digest(p.path(f"{HOME}/{name}")) for name in EVIDENCE["bundle"]})
    one_error(p.run("receipt", "frame"), 5, "list, show, verify, export, text or key")


TOKEN = "ghp_" + "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
CI = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "kfm/data", "GITHUB_RUN_ID": "345",
      "GITHUB_WORKFLOW": "Deploy", "GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "ada", "GITHUB_REF": "refs/pull/12/merge"}
CI_LINKS = {"run": "https://git.example/kfm/data/actions/runs/345", "pr": "https://git.example/kfm/data/pull/12"}


def said(receipt):
    return {"intent": receipt.get("intent"), "pr": receipt["repo"]["pr"], "notes": receipt["notes"], "links": receipt["links"]}


@cases(nothing=((), {}, dict(intent=None, pr=None, notes="", links={})),
       options=(("--intent=one place for all", "--pr=7", "--links=t=https://x/1", "--notes=ä"), {},
                dict(intent="one place for all", pr="7", notes="ä", links={"t": "https://x/1"})),
       ci=((), CI, dict(intent="Deploy", pr="12", notes="push by ada", links=CI_LINKS)),
       both=(("--intent=mine", "--links=run=https://x/1"), CI,
             dict(intent="mine", pr="12", notes="push by ada", links={**CI_LINKS, "run": "https://x/1"})))
def a_receipt_says_what_is_said_of_its_run(case, tmp):
    given, env, wanted = case
    p = Project(tmp, environments=MODES["bundle"])
    p.bundle("M-01", TABLE, limits=dict(max_row_backfill=5, max_table_count_touched=1))
    equal(p.build(*given, env=env).status, 0)
    equal(said(json.loads(p.path(f"{HOME}/receipts/run_receipt.json").read_text())), wanted)
    bodies = [json.loads(body) for _, body in receipts(p.db)]
    for receipt in bodies:
        valid("run_receipt.v1", receipt)
    equal([said(receipt) for receipt in bodies if receipt["run_kind"] == "db_migration"], [wanted])
    why = p.run("why", "dev", ONE).out
    for label, value in (("intent", wanted["intent"]), ("pr", wanted["pr"])):
        (contains if value else lacks)(why, f"  {label:<9} {value or ''}")


@test
def a_failed_run_and_an_adoption_say_it_too(tmp):
    p = built(tmp)
    p.bundle("M-02", "SELECT 1 / 0;")
    fails(p.build("--intent=try it"), 2, "statement 1 (SELECT) failed, everything was rolled back: division_by_zero (22012)")
    contains(p.run("why", "dev", TWO).out, "  intent    try it\n")
    equal(p.json("receipt", "show", "dev", TWO)["intent"], "try it")
    pg.psql(p.db, "CREATE TABLE app.more ()")
    equal(p.run("adopt", "dev", "--notes=by hand, in the night").status, 0)
    equal(json.loads(receipts(p.db)[-1][1])["notes"], "accepted as it stood, by kfmig adopt; by hand, in the night")
    equal(p.run("receipt", "verify", "dev").status, 0)


@cases(token=(("--notes", TOKEN), {}, 9, "--notes holds a GitHub token (rule github-token): nothing is written"),
       variable=((), {"KFMIG_LINKS": "a=https://u:hunter2@x/"}, 9, "KFMIG_LINKS holds a URL with a password"),
       ci=((), {**CI, "GITHUB_WORKFLOW": TOKEN}, 9, "GITHUB_WORKFLOW holds a GitHub token"),
       long=(("--pr", "7" * 257), {}, 5, "--pr has 257 bytes, more than 256"),
       control=(("--intent", "a\x1b[31mb"), {}, 5, "--intent: "),
       empty=(("--intent=",), {}, 5, "--intent wants text that is not empty"))
def what_may_not_stand_in_a_receipt_stops_before_anything_is_written(case, tmp):
    given, env, status, words = case
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    before = files(p.root)
    ran = p.build(*given, env=env)
    one_error(ran, status, words)
    lacks(ran.out + ran.err, TOKEN[4:], "hunter2")
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('kfmig', 'app')"), [("0",)])
    equal({k: v for k, v in files(p.root).items() if "state/" not in k}, {k: v for k, v in before.items() if "state/" not in k})


@test
def receipts_of_a_database_without_ledger(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    for verb in ("list", "verify", "export"):
        one_error(p.run("receipt", verb, "dev"), 1, "no ledger yet")


# --- owed receipts


@test
def a_receipt_owed_because_the_server_died_is_paid_by_the_next_run(tmp):
    cluster = pg.Cluster()
    at_exit(cluster.remove)
    db = cluster.createdb()
    p = Project(tmp, db=db)
    p.env["KFM_DSN"] = cluster.dsn(db)
    p.bundle("M-01", "CREATE SCHEMA app;\nSELECT pg_sleep(120);\n")
    child = p.start("build", "dev")
    until(lambda: cluster.value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    cluster.stop()
    status, out, err = finish(child, seconds=120)
    equal(status, 2, err)
    contains(err, f"{HOME}/forward.sql:2:1")
    owed = list(p.path("state/owed").iterdir())
    equal(len(owed), 1, err)
    run_id = json.loads(owed[0].read_bytes())["receipt"]["run_id"]
    cluster.start()
    p.bundle("M-01", "CREATE SCHEMA app;\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "recorded 1 receipt that an earlier run could not deliver")
    equal(list(p.path("state/owed").iterdir()), [])
    rows = cluster.psql(db, "SELECT e.result, e.run_id, r.body FROM kfmig.entry e JOIN kfmig.receipt r USING (seq) WHERE kind = 'apply' ORDER BY seq")
    equal([r[0] for r in rows], ["failed", "success"])
    equal(rows[0][1], run_id)
    valid("run_receipt.v1", json.loads(rows[0][2]))
    contains(p.build().err, "nothing to do")
    equal(p.run("receipt", "verify", "dev").status, 0)
    cluster.remove()


def owing(tmp):
    """M-01 is applied, a receipt of M-02 is owed, and the server answers again."""
    cluster = pg.Cluster()
    at_exit(cluster.remove)
    db = cluster.createdb()
    p = Project(tmp, db=db)
    p.env["KFM_DSN"] = cluster.dsn(db)
    p.bundle("M-01", TABLE, rollback="DROP TABLE app.t;\nDROP SCHEMA app;\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "SELECT pg_sleep(120);\n")
    child = p.start("build", "dev")
    until(lambda: cluster.value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    cluster.stop()
    equal(finish(child, seconds=120)[0], 2)
    equal(len(list(p.path("state/owed").iterdir())), 1)
    cluster.start()
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN more int;\n", rollback="ALTER TABLE app.t DROP COLUMN more;\n")
    return p, cluster


PAID = "recorded 1 receipt that an earlier run could not deliver"


@cases(rollback=(("rollback", "dev", "--dry-run", "--json"), ("rollback", "dev", "--apply"), ["apply", "apply", "rollback"]),
       build=(("plan", "dev", "--json"), ("build", "dev"), ["apply", "apply", "apply"]))
def what_was_reviewed_before_an_owed_receipt_is_recorded_runs(case, tmp):
    """The run that pays writes an entry before its work: that entry is no move of what was shown, and one of anybody else is."""
    look, work, kinds = case
    p, cluster = owing(tmp)
    digest = p.json(*look[:-1])["plan_digest"]
    ran = p.run(*work, f"--plan={digest}")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, PAID)
    rows = cluster.psql(p.db, "SELECT kind FROM kfmig.entry WHERE kind IN ('apply', 'rollback') ORDER BY seq")
    equal([r[0] for r in rows], kinds)
    equal(p.run("receipt", "verify", "dev").status, 0)
    fails(p.run(*work, f"--plan={digest}"), 1, f"now, not {digest}")
    cluster.remove()


LARGE = b'{"blobs":["' + b"x" * (65 << 20) + b'"],"receipt":{"environment":"dev"}}'


@cases(large_and_no_subject=(LARGE, "damaged or belongs to another environment"),
       cut_off=(b'{"blobs":[],"receipt":{"environment":"dev","run_id":"1', "a text is not closed"), no_subject=(
           b'{"blobs":[],"receipt":{"environment":"dev","run_id":"1"}}', "damaged or belongs to another environment"))
def an_owed_receipt_that_cannot_be_recorded_is_told_and_set_aside(case, tmp):
    text, why = case
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.write("state/owed/1.json", text)
    p.write("state/owed/2.json", text.replace(b'"environment":"dev"', b'"environment":"far"'))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "an owed receipt cannot be recorded and was set aside as state/owed/aside/1.json: ")
    contains(ran.err, why)
    equal(p.applied(), [ONE])
    equal(p.path("state/owed/aside/1.json").read_bytes() == text, True, "nothing of it is lost")
    equal(sorted(path.name for path in p.path("state/owed").iterdir()), ["2.json", "aside"], "another environment's stays")
    contains(p.build().err, "nothing to do")


@cases(lost=(proxy.LoseCommit, [], 2), reply_lost=(proxy.LoseCommitReply, [ONE], 0))
def a_connection_lost_around_commit_is_reported_as_it_was(case, tmp):
    mode, applied, status = case
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", "SELECT nope;", extra="depends_on: []\n")
    fails(p.run("build", "dev", TWO), 2, "statement 1 (SELECT) failed, everything was rolled back: undefined_column (42703)")
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = mode(since=b"CREATE SCHEMA app")  # the COMMIT after the migration's own statements
        ran = p.run("build", "dev", ONE, env={"KFM_DSN": pg.dsn(p.db, host=between.host, port=between.port)})
        equal(between.fired.is_set(), True)
    equal(ran.status, status, repr(ran))
    contains(ran.err, "the connection was lost around COMMIT; asking the ledger what happened")
    equal(p.applied(), applied)
    equal(p.run("build", "dev", ONE).status, 0)
    equal(p.applied(), [ONE])


# --- what a build writes is read back before COMMIT

REWRITE = "CREATE FUNCTION public.rewrite() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {} END $f$;\n"
ROW = "CREATE TRIGGER t {} ON kfmig.{} FOR EACH ROW EXECUTE FUNCTION public.rewrite();"
REWRITERS = {
    "receipt": REWRITE.format("NEW.body = replace(NEW.body, 'success', 'failed'); NEW.digest = sha256(convert_to(NEW.body, 'UTF8')); RETURN NEW;") + ROW.format("BEFORE INSERT", "receipt"),
    "receipt left out": REWRITE.format("RETURN NULL;") + ROW.format("BEFORE INSERT", "receipt"),
    "entry's text": REWRITE.format("NEW.text = replace(NEW.text, 'success', 'failed'); RETURN NEW;") + ROW.format("BEFORE INSERT", "entry"),
    "entry's column": REWRITE.format("NEW.result = 'failed'; RETURN NEW;") + ROW.format("BEFORE INSERT", "entry"),
    "entry's time": REWRITE.format("NEW.at = NEW.at - interval '1 day'; RETURN NEW;") + ROW.format("BEFORE INSERT", "entry"),
    "object's fingerprint": REWRITE.format("NEW.fingerprint = sha256('x'); RETURN NEW;") + ROW.format("BEFORE INSERT", "object"),
    "object's definition": REWRITE.format("NEW.definition = ''; RETURN NEW;") + ROW.format("BEFORE INSERT", "object"),
    "object left out": REWRITE.format("RETURN NULL;") + ROW.format("BEFORE INSERT", "object"),
    "object's name": REWRITE.format("NEW.object = NEW.object || 'x'; RETURN NEW;") + ROW.format("BEFORE INSERT", "object"),
    "object more": REWRITE.format("INSERT INTO kfmig.object VALUES ('table app.more', NEW.seq, NULL, ''); RETURN NEW;") + ROW.format("AFTER INSERT", "entry"),
    "object more by a rule": "CREATE RULE r AS ON INSERT TO kfmig.receipt DO ALSO INSERT INTO kfmig.object VALUES ('table app.more', NEW.seq, NULL, '');",
    "text": REWRITE.format("NEW.bytes = 'x'; NEW.digest = sha256('x'); RETURN NEW;") + ROW.format("BEFORE INSERT", "blob"),
    "text left out": REWRITE.format("RETURN NULL;") + ROW.format("BEFORE INSERT", "blob"),
    "head": REWRITE.format("NEW.root = sha256('x'); RETURN NEW;") + ROW.format("BEFORE UPDATE", "head"),
    "rule instead": "CREATE RULE r AS ON INSERT TO kfmig.receipt DO INSTEAD NOTHING;",
    "rule on the head": "CREATE RULE r AS ON UPDATE TO kfmig.head DO ALSO NOTIFY moved;",
    "later": REWRITE.format("RETURN NEW;") + "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON kfmig.receipt DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rewrite();",
}


@cases(**{what.replace(" ", "_").replace("'", ""): sql for what, sql in REWRITERS.items()})
def what_is_not_written_as_it_was_meant_fails_the_build(sql, tmp):
    p = built(tmp, "none")
    p.bundle("M-02", "CREATE TABLE app.u ();")
    pg.psql(p.db, sql)
    ran = p.build()
    equal(ran.status, 8, repr(ran))
    contains(ran.err, "the ledger does not hold what was written to it: nothing was committed")
    equal(pg.value(p.db, "SELECT to_regclass('app.u')"), None)
    equal(p.applied(), [ONE])
    pg.psql(p.db, "DROP TRIGGER IF EXISTS t ON kfmig.receipt; DROP TRIGGER IF EXISTS t ON kfmig.entry; DROP TRIGGER IF EXISTS t ON kfmig.object; DROP TRIGGER IF EXISTS t ON kfmig.blob;"
                  "DROP TRIGGER IF EXISTS t ON kfmig.head; DROP RULE IF EXISTS r ON kfmig.receipt; DROP RULE IF EXISTS r ON kfmig.head; DROP FUNCTION IF EXISTS public.rewrite();")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.run("receipt", "verify", "dev").status, 0)


main()
