"""Baselines, computed again from the ledger's rows and from exported files with sort and sha256sum, as docs/audit.md says."""
# run: needs=postgres limit=600

import hashlib
import json
import os
import pathlib
import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from tap import cases, contains, equal, fails, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
BUNDLE = ENVIRONMENTS.replace("evidence: none", "evidence: bundle")
# Names that need care: some of them were one and the same as keys of the format before.
NAMES = ["plain", "two words", "Ä", "a%7F", "a\x7f", "a\tb", "a\nb", 'a"b', "a.b", "100%", "%25", "日本", "'", "\\", " ", "%"]


def encoded(name):
    return "".join(chr(c) if 0x20 <= c <= 0x7E and c != 0x25 else f"%{c:02X}" for c in name.encode())


def quoted(name):
    """As an identifier of SQL, in a file that may hold no control characters."""
    return 'U&"' + "".join('""' if c == '"' else f"\\{ord(c):04X}" if c < " " or c in "\\\x7f" else c for c in name) + '"'


def sorted_lines(lines):
    return subprocess.run(["sort"], input="".join(lines).encode(), capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def set_digest(lines):
    buckets = {}
    for line in lines:
        buckets.setdefault(hashlib.sha256(line.split("\t")[0].encode()).digest()[0], []).append(line)
    digests = [hashlib.sha256(sorted_lines(buckets[n])).digest() if n in buckets else bytes(32) for n in range(256)]
    return "sha256:" + hashlib.sha256(b"".join(digests)).hexdigest()


def lines_of(p, upto):
    """{object: its line}, of the ledger's sum up to an entry."""
    rows = json.loads(pg.value(p.db, "SELECT coalesce(json_agg(json_build_array(object, encode(fingerprint, 'hex'))), '[]') FROM (SELECT DISTINCT ON (object)"
                                    f" object, fingerprint FROM kfmig.object WHERE seq <= {upto} ORDER BY object, seq DESC) AS o WHERE fingerprint IS NOT NULL"))
    return {name: f"{encoded(name)}\tsha256:{fingerprint}\n" for name, fingerprint in rows}


def of_schema(lines, text):
    """Those of the schema whose name stands in object texts as text."""
    return [line for name, line in lines.items() if name == f"schema {text}" or name.partition(" ")[2].startswith(f"{text}.")]


def check(p, ident, protected=()):
    """A migration's two baselines and their lists against the rows. Returns the two."""
    home = p.path(f"migrations/postgis/{full_id(ident)}")
    receipt = json.loads((home / "receipts/run_receipt.json").read_bytes())
    out = []
    for name, upto in (("pre", receipt["ledger"]["sequence"] - 1), ("post", receipt["ledger"]["sequence"])):
        text = (home / f"baselines/{name}.json").read_bytes()
        equal(receipt["claim"]["baselines"][name], "sha256:" + hashlib.sha256(text).hexdigest())
        baseline, lines = json.loads(text), lines_of(p, upto)
        equal((home / f"baselines/{name}.objects.tsv").read_bytes(), sorted_lines(lines.values()), "the list beside it")
        equal(baseline["objects"], set_digest(lines.values()), "of all objects")
        equal(baseline["protected"], set_digest(line for s in protected for line in of_schema(lines, s)), "of the protected ones")
        texts = {"odd.%": '"odd.%"', "Ä": '"Ä"'}
        equal({s["schema"]: s["objects"] for s in baseline["schemas"]},
              {encoded(s): set_digest(of_schema(lines, texts.get(s, s))) for s in ("app", "public", *texts) if of_schema(lines, texts.get(s, s))}, "of each schema")
        counts = {}
        for line in lines:
            kind = line.split(" ")[0]
            counts[kind] = counts.get(kind, 0) + 1
        equal(baseline["counts"], counts)
        out.append(baseline)
    return out


@test
def every_name_is_a_name_of_its_own(tmp):
    p = Project(tmp, environments=BUNDLE)
    tables = "".join(f"CREATE TABLE {s}.{quoted(name)} ();\n" for s in ("app", '"odd.%"') for name in NAMES)
    p.bundle("M-01", f'CREATE SCHEMA app;\nCREATE SCHEMA "odd.%";\nCREATE SCHEMA "Ä";\n{tables}', schemas=("app", "odd.%", "Ä"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    pre, post = check(p, "M-01")
    equal(post["counts"]["table"] - pre["counts"].get("table", 0), 2 * len(NAMES))
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))


CHANGES = {
    "added": "CREATE TABLE app.v ();",
    "changed": "ALTER TABLE app.t ADD COLUMN more int;",
    "removed": "DROP TABLE app.t;",
    "all three": "DROP TABLE app.t; CREATE TABLE app.w (); ALTER TABLE app.u ADD COLUMN c int;",
    "nothing": "SELECT 1;",
    "a schema goes": "DROP SCHEMA app CASCADE;",
    "renamed": "ALTER TABLE app.t RENAME TO t2;",
}


@cases(**{what.replace(" ", "_"): sql for what, sql in CHANGES.items()})
def a_baseline_carried_forward_is_the_one_computed_anew(sql, tmp):
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE TABLE app.u (id int);")
    p.bundle("M-02", sql)
    p.bundle("M-03", "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.last ();")
    equal(p.build().status, 0)
    post = {ident: check(p, ident) for ident in ("M-01", "M-02", "M-03")}
    equal(post["M-01"][1], post["M-02"][0])
    equal(post["M-02"][1], post["M-03"][0])
    equal(post["M-02"][0] == post["M-02"][1], sql == CHANGES["nothing"])


@test
def what_was_rolled_back_is_not_in_the_next_one(tmp):
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t ();")
    p.bundle("M-02", "CREATE TABLE app.many AS SELECT generate_series(1, 9) AS n;", limits=dict(max_row_backfill=3))
    fails(p.build(), 2, "gate \"limit max_row_backfill\" failed, everything was rolled back: declared 3, observed 9")
    p.bundle("M-02", "CREATE TABLE app.few AS SELECT generate_series(1, 2) AS n;", limits=dict(max_row_backfill=3))
    equal(p.build().status, 0)
    check(p, "M-02")
    equal(p.run("receipt", "verify", "dev").status, 0)


def shell_of_the_manual():
    """The script of docs/audit.md that begins with names and buckets."""
    blocks = (SRC / "docs/audit.md").read_text().split("```\n")
    (script,) = [block for block in blocks[1::2] if "buckets" in block]
    return script


@test
def the_script_in_the_manual_makes_the_same_digest(tmp):
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app;\n" + "".join(f"CREATE TABLE app.{quoted(name)} ();\n" for name in NAMES))
    equal(p.build().status, 0)
    home = p.path(f"migrations/postgis/{full_id('M-01')}/baselines")
    for name in ("pre", "post"):
        folder = tmp / f"audit-{name}"
        folder.mkdir()
        (folder / "pre.objects.tsv").write_bytes((home / f"{name}.objects.tsv").read_bytes())
        ran = subprocess.run(["sh", "-euc", shell_of_the_manual()], cwd=folder, capture_output=True, text=True, check=True)
        equal(f"sha256:{ran.stdout.split()[0]}", json.loads((home / f"{name}.json").read_bytes())["objects"], ran.stderr)


@test
def protected_schemas_have_a_set_of_their_own(tmp):
    p = Project(tmp, environments=BUNDLE.replace("[governance]", "[gov]"))
    pg.psql(p.db, "CREATE SCHEMA gov; CREATE TABLE gov.law ()", user=p.db)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t ();")
    equal(p.build().status, 0)
    home = p.path(f"migrations/postgis/{full_id('M-01')}/baselines")
    pre, post = (json.loads((home / f"{name}.json").read_bytes()) for name in ("pre", "post"))
    equal(pre["protected"], post["protected"])
    equal(pre["protected"], set_digest(of_schema(lines_of(p, 2), "gov")))
    contains(json.dumps(post["schemas"]), '"gov"')


main()
