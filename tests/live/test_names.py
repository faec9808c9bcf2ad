"""Names from a database may hold any character that PostgreSQL allows: every verb lives with them, and what is written stays canonical."""
# run: needs=postgres,jq limit=600

import csv
import json
import re
import subprocess

import pg
from project import ENVIRONMENTS, FAULTY, Project, full_id
from tap import cases, contains, equal, fails, main, test

ONE = full_id("M-01")
HOME = f"migrations/postgis/{ONE}"
BUNDLE = ENVIRONMENTS.replace("evidence: none", "evidence: bundle")

# What a name is made of -> its bytes.
UTF8 = {
    "newline": b"a\nb", "carriage return": b"a\r\nb", "tab": b"a\tb", "bell": b"a\x07b", "first control": b"\x01", "last control": b"a\x1fb",
    "escape sequence": b"a\x1b[31mb", "delete": b"a\x7fb", "delete alone": b"\x7f", "C1 control": "a\u0085b".encode(),
    "bidi override": "a\u202eb".encode(), "bidi isolate": "a\u2066b\u2069".encode(), "bidi mark": "\u200fa".encode(),
    "zero width": "a\u200bb\ufeff".encode(), "line separator": "a\u2028b\u2029".encode(), "combining": "e\u0301".encode(),
    "composed": "\u00e9".encode(), "private use": "\ue000\uf8ff".encode(), "no character": "\uffff".encode(), "replacement": "\ufffd".encode(),
    "behind the first plane": "\U0001f600\U0010ffff".encode(), "before surrogates": "\ud7ff\ue000".encode(), "double quote": b'a"b""c', "single quote": b"a'b",
    "back slash": b"a\\b\\u0041", "percent": b"100%", "what looks encoded": b"a%7Fb%0A", "dot": b"a.b", "parenthesis": b"f(int, text)", "brackets": b"a[0]{1}",
    "blanks": b"  a  b  ", "comma": b"a,b;c", "comment": b"a--b/*c", "path": b"../../etc/passwd", "json": b'{"a":[1]}', "dollar": b"$1 $$",
    "format": b"%s%n%d", "at": b"dev/x@apply", "63 bytes": b"n" * 63, "63 bytes of two": "ü".encode() * 31 + b"x", "upper": b"A b C", "keyword": b"select",
    "digit first": b"1a", "colon": b"a:b:1", "equals": b"a=b", "arrow": b"a -> b", "leading hyphen": b"-a", "hash": b"#a", "glob": b"a*?",
}
BYTES = {
    "lone byte": b"a\xffb", "cut sequence": b"a\xc3", "tail first": b"\x80a", "overlong": b"a\xc0\xafb", "surrogate": b"a\xed\xa0\x80b", "pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80", "latin-1": b"gr\xf6\xdfe", "utf-8": "größe".encode(), "cut at 63": b"x" + b"\xc3\xbc" * 31, "bytes and delete": b"\xfe\x7f\xff",
}


def sql_of(name):
    return f"convert_from(decode('{name.hex()}', 'hex'), getdatabaseencoding())"


def encoded(name):
    return "".join(chr(c) if 0x20 <= c <= 0x7E and c != 0x25 else f"%{c:02X}" for c in name)


def hostile(names, extra=""):
    """A migration that makes in schema app a table, column, constraint, index, view, function, type, sequence, comment of each name."""
    steps = "\n".join(f"""
  n := {sql_of(n)};
  EXECUTE format('CREATE TABLE app.%I (%I int CONSTRAINT %I CHECK (%I > 0), note text DEFAULT %L)', n, n, n, n, n);
  EXECUTE format('CREATE INDEX %I ON app.%I (%I)', 'i' || left(n, 20) || {i}, n, n);
  EXECUTE format('CREATE VIEW app.%I AS SELECT %I AS x FROM app.%I', 'v' || left(n, 20) || {i}, n, n);
  EXECUTE format('CREATE FUNCTION app.%I(%I int) RETURNS int LANGUAGE sql AS %L', n, n, 'SELECT 1');
  EXECUTE format('CREATE TYPE app.%I AS ENUM (%L)', 't' || left(n, 20) || {i}, n);
  EXECUTE format('CREATE SEQUENCE app.%I', 's' || left(n, 20) || {i});
  EXECUTE format('COMMENT ON TABLE app.%I IS %L', n, n);
  EXECUTE format('INSERT INTO app.%I VALUES (1)', n);""" for i, n in enumerate(names))
    return f"CREATE SCHEMA app;\nDO $do$ DECLARE n text; BEGIN{steps}\nEND $do$;\n{extra}"


def canonical(text):
    done = subprocess.run(["jq", "-cSj", "."], input=text, capture_output=True, check=True)
    equal(done.stdout, text)


VERBS = (["plan", "dev"], ["status", "dev"], ["why", "dev", ONE], ["graph", "dev"], ["receipt", "list", "dev"], ["receipt", "show", "dev", ONE],
         ["receipt", "verify", "dev"], ["receipt", "export", "dev", "--to=out"])


def speaks(p, status=0, verbs=VERBS):
    """Every verb, as text and as JSON, which is canonical; nothing is printed that a terminal would obey."""
    for args in verbs:
        ran = p.run(*args)
        equal(ran.status, status, repr(ran))
        equal([c for c in ran.text if ord(c) < 0x20 and c != "\n" or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2069\u200f"], [], repr(ran))
        ran = p.run(*args, "--json")
        equal(ran.status, status, repr(ran))
        if "export" not in args:
            canonical(ran.out.encode().removesuffix(b"\n"))


def names_of(p, names):
    """Every receipt of p's ledger is canonical, in ASCII; the diff and the list of what was touched name every table of names as it is."""
    for (body,) in pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq"):
        canonical(body.encode())
        equal(json.loads(body)["names"], "%XX")
        equal(body.isascii(), True, body)
    diff = p.path(f"{HOME}/diffs/summary.json").read_bytes()
    canonical(diff)
    objects = {d["object"] for d in json.loads(diff)["objects"]}
    touched = {row[0] for row in csv.reader(p.path(f"{HOME}/diffs/touched.csv").read_text().splitlines())}
    for name in names:
        plain = re.fullmatch(rb"[a-z_][a-z_0-9$]*", name)
        table = "table app." + encoded(name if plain else b'"' + name.replace(b'"', b'""') + b'"')
        equal((table in objects, table in touched), (True, True), table)


def started(tmp, names, encoding="UTF8"):
    p = Project(tmp, environments=BUNDLE, db=pg.createdb(encoding=encoding))
    p.bundle("M-01", hostile(names))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


@test
def every_verb_lives_with_every_name(tmp):
    names = list(UTF8.values())
    p = started(tmp, names)
    speaks(p)
    names_of(p, names)
    ran = p.build()
    equal((ran.status, ran.err), (0, "dev: nothing to do (1 current)\n"), repr(ran))


@test
def a_database_without_an_encoding_holds_any_bytes(tmp):
    names = [*BYTES.values(), *UTF8.values()]
    p = started(tmp, names, "SQL_ASCII")
    speaks(p)
    names_of(p, names)


@test
def names_that_drifted_are_told(tmp):
    p = started(tmp, list(UTF8.values()))
    pg.psql(p.db, "".join(f"DO $$ BEGIN EXECUTE format('ALTER TABLE app.%I ADD COLUMN drifted int', {sql_of(n)}); END $$;\n" for n in UTF8.values()))
    p.bundle("M-02", hostile([b"x"]).replace("CREATE SCHEMA app;", ""))
    speaks(p, verbs=(["plan", "dev"], ["status", "dev"]))
    equal(p.build().status in (0, 1), True)
    ran = p.run("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    speaks(p)


@cases(**{name.replace(" ", "_"): text for name, text in UTF8.items() if name in (
    "newline", "delete", "escape sequence", "bidi override", "percent", "what looks encoded", "double quote", "63 bytes of two", "no character", "json", "at")})
def a_failure_names_them(name, tmp):
    """Out of scope, and a constraint's name in what the server says: receipts of failed runs are as good."""
    p = Project(tmp, environments=BUNDLE, db=pg.createdb(encoding="UTF8"))
    p.bundle("M-01", f"""CREATE SCHEMA app;
DO $$ BEGIN CREATE SCHEMA aside; EXECUTE format('CREATE TABLE aside.%I (x int)', {sql_of(name)}); END $$;""")
    fails(p.build(), 2, 'gate "scope" failed, everything was rolled back: create of schema aside')
    p.bundle("M-01", f"""CREATE SCHEMA app; DO $$ DECLARE n text := {sql_of(name)}; BEGIN
EXECUTE format('CREATE TABLE app.%I (x int CONSTRAINT %I CHECK (x > 0))', n, n); EXECUTE format('INSERT INTO app.%I VALUES (0)', n); END $$;""")
    fails(p.build(), 2, "failed, everything was rolled back: check_violation (23514)")
    bodies = [json.loads(b) for (b,) in pg.psql(p.db, "SELECT body FROM kfmig.receipt WHERE body::jsonb ->> 'result' = 'failed' ORDER BY seq")]
    contains(" ".join(g["detail"] for g in bodies[0]["claim"]["gates"]), encoded(name.replace(b'"', b'""')))
    equal((bodies[1]["failure"]["sqlstate"], encoded(name.replace(b'"', b'""')) in bodies[1]["failure"]["object"]), ("23514", True), bodies[1]["failure"])
    speaks(p, verbs=(["plan", "dev"], ["status", "dev"], ["receipt", "show", "dev", ONE], ["receipt", "verify", "dev"]))


@test
def a_database_may_have_any_name(tmp):
    p = Project(tmp, environments=BUNDLE, db=pg.createdb("per%cent\x7f\u00e9"))
    p.env["KFM_DSN"] = pg.dsn("'per%cent\x7f\u00e9'", user="'per%cent\x7f\u00e9'")
    p.bundle("M-01", hostile([b"t"]))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    speaks(p)
    equal(p.json("receipt", "show", "dev", "1")["target"]["db"], "per%25cent%7F%C3%A9")


# --- what is broken inside kfmig


@cases(text=[], json=["--json"])
def an_internal_error_is_reported_and_never_an_abort(more, tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;")
    ran = p.run("build", "dev", *more, program=FAULTY, env={"KFMIG_FAULT": "no.such.point:error"})
    equal(ran.status, 70, repr(ran))
    contains(ran.err, "internal error at src/base/fault.c")
    if more:
        equal(json.loads(ran.out)["error"]["code"], "internal")
    equal(p.build().status, 0)


# How a ledger comes not to take a receipt -> what a superuser did, and how it is undone. {role}: the role that kfmig connects as.
NO = "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} END'; CREATE TRIGGER no BEFORE INSERT ON kfmig.{} FOR EACH ROW EXECUTE FUNCTION public.no();"
OFF = "DROP FUNCTION public.no() CASCADE;"
REFUSALS = {
    "the receipt is refused": (NO.format("RAISE EXCEPTION ''no'';", "receipt"), OFF),
    "the entry is refused": (NO.format("RAISE EXCEPTION ''no'';", "entry"), OFF),
    "the texts are refused": (NO.format("RAISE EXCEPTION ''no'' USING ERRCODE = ''53100'';", "blob"), OFF),
    "rows are swallowed": (NO.format("RETURN NULL;", "receipt"), OFF),
    "receipts are rewritten": (NO.format("new.body := replace(new.body, ''failed'', ''success''); RETURN new;", "receipt"), OFF),
    "a privilege is missing": ("ALTER TABLE kfmig.receipt OWNER TO postgres; GRANT SELECT ON kfmig.receipt TO \"{role}\";", "ALTER TABLE kfmig.receipt OWNER TO \"{role}\";"),
    "the database is read-only": ("ALTER ROLE \"{role}\" SET default_transaction_read_only = on;", "ALTER ROLE \"{role}\" RESET default_transaction_read_only;"),
}


@cases(**{name.replace(" ", "_"): case for name, case in REFUSALS.items()})
def a_receipt_that_no_ledger_took_is_kept_and_said(case, tmp):
    broken, mended = case
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    p.bundle("M-02", "SELECT '\x7f', 1 / 0;")
    before = p.entries()
    pg.psql(p.db, broken.replace("{role}", p.db))
    ran = p.build()
    kept = list(p.path("state/owed").glob("*.json"))
    if ran.status in (1, 8):  # it was seen before anything was run: nothing happened that a receipt could tell of
        equal((kept, p.entries()), ([], before), repr(ran))
    else:
        equal((ran.status in (2, 6), len(kept)), (True, 1), repr(ran))
        contains(ran.err, "the ledger did not take the receipt; it is kept in state/owed, and the next build records it")
        canonical(kept[0].read_bytes())
    pg.psql(p.db, mended.replace("{role}", p.db))
    p.bundle("M-02", "CREATE TABLE app.t ();")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    if kept:
        contains(ran.err, "recorded 1 receipt that an earlier run could not deliver")
        equal(p.entries()[-2][2:], (full_id("M-02"), "failed"))
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def a_receipt_that_can_be_kept_nowhere_is_said_to_be_lost(tmp):
    """Neither the ledger nor state/owed takes it: the run says so, and that nothing was changed."""
    p = Project(tmp, environments=BUNDLE)
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    p.bundle("M-02", "SELECT 1 / 0;")
    before = p.entries()
    pg.psql(p.db, REFUSALS["the receipt is refused"][0])
    p.write("state/owed", "a file in the way")
    ran = p.build()
    equal(ran.status in (1, 2, 5), True, repr(ran))
    contains(ran.err, "state/owed")
    equal(p.entries(), before)


main()
