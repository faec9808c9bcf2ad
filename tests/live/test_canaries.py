"""The canary matrix: a value of its own in each channel that kfmig reads, looked for in each that it writes, as it is and encoded: at least 2,000 cells."""
# run: needs=postgres limit=1500

import base64
import json
import os
import pty
import shutil
import subprocess
import urllib.parse

import pg
from datasets import collection, point, version
from project import ENVIRONMENTS, FAULTY, KFMIG, Project, full_id
from tap import at_exit, cases, contains, equal, fails, fresh_folder, main, note, test

TWO = full_id("M-02")
TABLES = ("blob", "entry", "generation", "head", "instance", "lease", "object", "receipt")
BUNDLED = ENVIRONMENTS.replace("evidence: none", "evidence: bundle") + "receipts: {sink: archive}\n"


def canary(n):
    """One word, unlike any other here; short enough for a name."""
    return f"zq{n:03d}kw{(n * 7919 + 104729) % 99991:05d}"


def say(value):
    """In SQL, so that the text of the file does not hold it."""
    return f"'{value[:5]}' || '{value[5:]}'"


SETUP = """
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, v text CHECK (length(v) < 100), n int, d date);
CREATE UNIQUE INDEX ON app.t (v);
CREATE TABLE app.parts (v text) PARTITION BY LIST (v);
CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""

# What a migration computes: its text does not hold it, and nothing that kfmig writes may. {c}: as an expression.
COMPUTED = {
    "row": "INSERT INTO app.t (id, v) SELECT 1, {c};",
    "updated row": "INSERT INTO app.t (id, v) SELECT 2, 'x'; UPDATE app.t SET v = {c} WHERE id = 2;",
    "deleted row": "INSERT INTO app.t (id, v) SELECT 3, {c}; DELETE FROM app.t WHERE id = 3;",
    "table made of rows": "CREATE TABLE app.made AS SELECT {c} AS v;",
    "result of a query": "SELECT {c};",
    "notice": "DO $$BEGIN RAISE NOTICE 'row %', {c}; END$$;",
    "warning": "DO $$BEGIN RAISE WARNING 'row %', {c}; END$$;",
    "info": "DO $$BEGIN RAISE INFO 'row %', {c}; END$$;",
    "detail of a notice": "DO $$BEGIN RAISE NOTICE 'x' USING DETAIL = {c}, HINT = {c}; END$$;",
    "notification": "SELECT pg_notify('app', {c});",
    "setting": "SELECT set_config('app.value', {c}, true);",
    "name of the application": "SELECT set_config('application_name', {c}, true);",
    "dynamic SQL": "DO $$BEGIN EXECUTE 'INSERT INTO app.t (id, v) SELECT 4, ' || quote_literal({c}); END$$;",
    "dynamic comment": "DO $$BEGIN EXECUTE format('COMMENT ON TABLE app.t IS %L', {c}); END$$;",
    "dynamic default": "DO $$BEGIN EXECUTE format('ALTER TABLE app.t ALTER v SET DEFAULT %L', {c}); END$$;",
    "dynamic body": "DO $$BEGIN EXECUTE format('CREATE FUNCTION app.dyn() RETURNS text LANGUAGE sql AS %L', 'SELECT ''' || {c} || ''''); END$$;",
    "exception that was caught": "DO $$BEGIN BEGIN RAISE EXCEPTION 'row %', {c}; EXCEPTION WHEN OTHERS THEN NULL; END; END$$;",
    "temporary table": "CREATE TEMP TABLE tmp AS SELECT {c} AS v; DROP TABLE tmp;",
    "prepared statement": "DO $$BEGIN EXECUTE format('PREPARE p AS SELECT %L', {c}); EXECUTE 'DEALLOCATE p'; END$$;",
    "materialized view": "CREATE MATERIALIZED VIEW app.mv AS SELECT v FROM app.t WHERE v = {c};",
}

# What stands in the text of a migration: an input, which the ledger keeps as it is; nothing else may repeat it, but where a line of the file is quoted.
WRITTEN = {
    "literal": "INSERT INTO app.t (id, v) VALUES (11, '{c}');",
    "comment": "-- {c}\n",
    "long comment": "/* {c} */",
    "default": "CREATE TABLE app.w1 (v text DEFAULT '{c}');",
    "check": "CREATE TABLE app.w2 (v text CHECK (v <> '{c}'));",
    "comment on a table": "COMMENT ON TABLE app.parts IS '{c}';",
    "comment on a column": "COMMENT ON COLUMN app.t.n IS '{c}';",
    "comment on a schema": "COMMENT ON SCHEMA app IS '{c}';",
    "body of a function": "CREATE FUNCTION app.f1() RETURNS text LANGUAGE sql AS 'SELECT ''{c}''';",
    "default of an argument": "CREATE FUNCTION app.f2(v text DEFAULT '{c}') RETURNS text LANGUAGE sql AS 'SELECT v';",
    "setting of a function": "CREATE FUNCTION app.f3() RETURNS int LANGUAGE sql SET application_name = '{c}' AS 'SELECT 1';",
    "view": "CREATE VIEW app.v1 AS SELECT '{c}' AS v;",
    "generated column": "CREATE TABLE app.w3 (v text GENERATED ALWAYS AS ('{c}' || 'x') STORED);",
    "expression of an index": "CREATE INDEX ON app.t ((v || '{c}'));",
    "predicate of an index": "CREATE INDEX ON app.t (id) WHERE v = '{c}';",
    "policy": "CREATE POLICY p ON app.t USING (v <> '{c}');",
    "condition of a trigger": "CREATE TRIGGER t1 BEFORE DELETE ON app.t FOR EACH ROW WHEN (old.v = '{c}') EXECUTE FUNCTION app.trg();",
    "argument of a trigger": "CREATE TRIGGER t2 BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.trg('{c}');",
    "bound of a partition": "CREATE TABLE app.part1 PARTITION OF app.parts FOR VALUES IN ('{c}');",
    "check of a domain": "CREATE DOMAIN app.d1 AS text CHECK (value <> '{c}');",
    "label of an enum": "CREATE TYPE app.e1 AS ENUM ('{c}');",
    "row of COPY": "COPY app.t (id, v) FROM stdin;\n12\t{c}\n\\.\n",
    "statistics": "CREATE STATISTICS app.s1 ON (v || '{c}'), n FROM app.t;",
    "rule": "CREATE RULE r1 AS ON INSERT TO app.made_by_hand WHERE new.v = '{c}' DO INSTEAD NOTHING;",
}

# The server refuses it, with a message that quotes the value.
REFUSED = {
    "unique value": "INSERT INTO app.t (id, v) SELECT 21, {c}; INSERT INTO app.t (id, v) SELECT 22, {c};",
    "failing row": "INSERT INTO app.t (id, v) SELECT 21, repeat({c}, 50);",
    "not null": "INSERT INTO app.t (id, v) SELECT NULL, {c};",
    "no partition": "INSERT INTO app.parts SELECT {c};",
    "exception": "DO $$BEGIN RAISE EXCEPTION 'row %', {c}; END$$;",
    "detail and hint": "DO $$BEGIN RAISE EXCEPTION 'x' USING DETAIL = {c}, HINT = {c}; END$$;",
    "names of an exception": "DO $$BEGIN RAISE EXCEPTION 'x' USING TABLE = {c}, COLUMN = {c}, CONSTRAINT = {c}; END$$;",
    "number": "SELECT ({c})::int;",
    "date": "SELECT ({c})::date;",
    "json": "SELECT ({c})::json;",
    "uuid": "SELECT ({c})::uuid;",
    "regular expression": "SELECT 'a' ~ ('(' || {c});",
    "assertion": "DO $$BEGIN ASSERT false, {c}; END$$;",
    "exclusion": "CREATE TABLE app.x (v text, EXCLUDE (v WITH =)); INSERT INTO app.x SELECT {c}; INSERT INTO app.x SELECT {c};",
}

# By hand, outside of kfmig: drift, of which the definition is told and not the literals.
BY_HAND = {
    "default by hand": "ALTER TABLE app.t ALTER n SET DEFAULT length('{c}');",
    "comment by hand": "COMMENT ON INDEX app.t_v_idx IS '{c}';",
    "view by hand": "CREATE VIEW app.hand AS SELECT '{c}' AS v;",
    "body by hand": "CREATE FUNCTION app.hand() RETURNS text LANGUAGE sql AS 'SELECT ''{c}''';",
    "row by hand": "INSERT INTO app.t (id, v) VALUES (31, '{c}');",
}

# Variables of the environment; what kfmig reads of them is how to connect.
VARIABLES = ("MY_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "PGAPPNAME", "GITHUB_TOKEN", "PGSSLKEY", "DATABASE_URL_OTHER", "SECRET")

numbers = {}


def number(kind, name):
    return canary(numbers.setdefault((kind, name), len(numbers) + 1))


def forms(value):
    """As it is, in hexadecimal, in base64 at each of three places, and as a URL has it."""
    raw = value.encode()
    coded = [base64.b64encode(b"x" * i + raw).decode()[(0, 2, 3)[i]:-4] for i in range(3)]
    return [raw, raw.hex().encode(), raw.hex().upper().encode(), *(c.encode() for c in coded), urllib.parse.quote(value).encode(), raw[::-1]]


class Seen:
    """{channel: all that came out of it}"""

    def __init__(self):
        self.out = {}

    def add(self, channel, data):
        self.out[channel] = self.out.get(channel, b"") + (data if isinstance(data, bytes) else data.encode())

    def run(self, p, name, *args, **more):
        ran = p.run(*args, **more)
        self.add(f"{name}, stdout", ran.out)
        self.add(f"{name}, stderr", ran.err)
        return ran


VERBS = [("plan", "dev"), ("plan", "dev", "--verbose"), ("plan", "dev", "--format=markdown"), ("status", "dev"), ("status", "dev", "--verbose"), ("why", "dev", TWO), ("graph", "dev"),
         ("graph", "dev", "--format=dot"), ("receipt", "list", "dev"), ("receipt", "show", "dev", TWO), ("receipt", "show", "dev", TWO, "--canonical"), ("receipt", "verify", "dev"), ("check",),
         ("lint",), ("lint", "--format=sarif"), ("lint", "--format=github"), ("lint", "--format=junit"), ("env", "list"), ("diff", "dev"), ("dump", "dev"), ("preflight", "dev"),
         ("postflight", "dev"), ("dataset", "list"), ("rollback", "dev", "--dry-run"), ("wait", "dev"), ("gc", "dev")]
JSON = [v for v in VERBS if not any(w.startswith("--format") or w == "--canonical" for w in v)]


def look(p, seen):
    """Everything that prints, in every form."""
    for verb in VERBS + [(*verb, "--json") for verb in JSON]:
        ran = seen.run(p, " ".join(verb), *verb)
        equal(ran.status in (0, 1, 3, 10), True, f"{verb}: {ran!r}")


def files(p, seen):
    """What is on disk and no input, and the ledger, table by table."""
    for path in sorted(p.root.rglob("*")):
        name = str(path.relative_to(p.root))
        if not path.is_file() or path.is_symlink() or (name.startswith(("registry/", "migrations/")) and path.parent.name not in ("receipts", "diffs", "baselines")):
            continue
        group = f"files {path.parent.name}/*{path.suffix}" if name.startswith(("migrations/", "archive")) else f"file {name.split('.json')[0][:24]}"
        seen.add(group, path.read_bytes())
    for table in TABLES:
        if table == "blob":
            rows = pg.psql(p.db, "SELECT encode(bytes, 'escape') FROM kfmig.blob b WHERE NOT EXISTS (SELECT FROM kfmig.receipt r, jsonb_array_elements(r.body::jsonb #> '{claim,inputs}') i "
                                 "WHERE i ->> 'digest' = 'sha256:' || encode(b.digest, 'hex') OR i ->> 'sha256' = encode(b.digest, 'hex'))")
        else:
            rows = pg.psql(p.db, f"SELECT x::text FROM kfmig.{table} x")
        seen.add(f"ledger {table}", "\n".join(str(r[0]) for r in rows))
    seen.add("pg_stat_activity", str(pg.psql(p.db, "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'kfmig%'")))


def on_a_terminal(p, *args):
    ours, theirs = pty.openpty()
    child = subprocess.Popen([KFMIG, *args], cwd=p.root, env={**p.env, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:  # the end of a terminal whose programs have ended
        pass
    os.close(ours)
    child.wait(timeout=60)
    return text


def spoken(kind, table, text=say):
    """The table's statements, each with the canary of its own."""
    return "\n".join(sql.replace("{c}", text(number(kind, name))) for name, sql in table.items()) + "\n"


def as_it_is(value):
    return value


def variables():
    return {name: number("variable", name) for name in VARIABLES}


def project(tmp):
    p = Project(tmp, environments=BUNDLED)
    p.env.update(variables())
    p.bundle("M-01", SETUP + "CREATE TABLE app.made_by_hand (v text);\n")
    return p


_seen = None


def everything():
    """All that came out, once for all tests."""
    global _seen
    if _seen is not None:
        return _seen
    folder = fresh_folder()
    at_exit(shutil.rmtree, folder, True)
    p, _seen = project(folder), Seen()
    _seen.project = p
    equal(_seen.run(p, "build", "build", "dev", "--verbose").status, 0)
    limits = dict(max_row_backfill=1000)
    rollback = f"SELECT 1; -- {number('file', 'rollback')}\n"
    p.bundle("M-02", spoken("computed", COMPUTED) + spoken("written", WRITTEN, as_it_is), rollback=rollback, limits=limits,
             invariants={"ids.sql": f"SELECT v FROM app.t WHERE v = '{number('file', 'invariant')}';\n"}, notes=f"Notes {number('file', 'notes')}.\n")
    ran = _seen.run(p, "build --progress=json", "build", "dev", "--progress=json")
    equal(ran.status, 0, repr(ran))
    look(p, _seen)
    for name, sql in REFUSED.items():
        p.bundle("M-03", sql.replace("{c}", say(number("refused", name))), limits=limits)
        for form in [], ["--json"], ["--progress=json"], ["--show-server-text"]:
            ran = _seen.run(p, " ".join(["build, failing", *form]), "build", "dev", *form)
            fails(ran, 2, full_id("M-03"))
        _seen.run(p, "why, failing", "why", "dev", full_id("M-03"))
        _seen.run(p, "receipt show, failing", "receipt", "show", "dev", full_id("M-03"))
    _seen.add("build on a terminal, failing", on_a_terminal(p, "build", "dev", "--json"))
    p.bundle("M-03", f"INSERT INTO app.t (id, v) SELECT 41, {say(number('refused', 'row of an invariant'))};", limits=limits, invariants={"none.sql": "SELECT v FROM app.t WHERE id = 41;\n"})
    fails(_seen.run(p, "build, failing", "build", "dev"), 2, full_id("M-03"))
    shutil.rmtree(p.path(f"migrations/postgis/{full_id('M-03')}"))
    pg.psql(p.db, spoken("hand", BY_HAND, as_it_is), user=p.db)
    look(p, _seen)
    _seen.run(p, "adopt", "adopt", "dev", "--json")
    _seen.run(p, "receipt export", "receipt", "export", "dev")
    look(p, _seen)
    files(p, _seen)
    return _seen


# (kind, channel begins with) -> why it stands there.
MAY = {
    ("written", "lint"): "a line of the project's own file is quoted",
    ("file", "lint"): "a line of the project's own file is quoted",
    ("hand", "diff"): "what was done by hand is told as SQL, read from the database itself",
}


def may_stand(kind, channel):
    return any(kind == k and channel.startswith(c) for k, c in MAY)


@test
def no_value_comes_out_of_any_channel():
    seen = everything()
    cells, leaks = 0, []
    for (kind, name), n in numbers.items():
        for channel, data in seen.out.items():
            cells += 1
            leaks += [f"{kind} {name} in {channel}" for form in forms(canary(n)) if form in data and not may_stand(kind, channel)]
    note(f"{len(numbers)} inputs, {len(seen.out)} outputs, {cells} cells, each in {len(forms('x'))} forms")
    equal(sorted(set(leaks)), [])
    equal(cells >= 2000, True, f"{cells} cells")


@test
def every_channel_spoke():
    """A channel that is empty proves nothing."""
    silent = [c for c, data in everything().out.items() if not data and "stderr" not in c and not c.startswith(("build", "lint", "check", "diff", "graph", "gc", "wait", "dataset", "ledger generation", "ledger lease"))]
    equal(silent, [])


@test
def what_stands_where_is_found_where_it_may():
    """The matrix can fail: the input text is in the ledger, and in what `receipt text` gives back."""
    seen = everything()
    text = "\n".join(r[0] for r in pg.psql(seen.project.db, "SELECT encode(bytes, 'escape') FROM kfmig.blob"))
    contains(text, number("written", "literal"))
    contains(text, number("file", "rollback"))
    contains(pg.value(seen.project.db, "SELECT v FROM app.t WHERE id = 1"), number("computed", "row"))


# --- keys: what each channel is given looks like a key that gives access

def key(n):
    """Put together here, so that no scanner finds one in this file."""
    rest = "".join("aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAcDfGiJlO"[(i * 7 + n * 3 + i * i) % 40] for i in range(36))
    return "gh" + "p_" + rest


def in_file(name, before="", after="\n"):
    def put(p, k):
        path = p.path(name)
        p.write(name, (path.read_text() if path.exists() else "") + before + k + after)
    return put


def named(name):
    return lambda p, k: p.write(name.replace("{k}", k), "SELECT 1;\n")


def by_hand(sql):
    return lambda p, k: pg.psql(p.db, sql.replace("{k}", k))


def in_migration(sql):
    """Computed, so that the text does not hold it."""
    return lambda p, k: p.bundle("M-02", f"DO $$BEGIN EXECUTE format('{sql}', {say(k)}); END$$;")


def raised(words):
    return lambda p, k: p.bundle("M-02", f"DO $$BEGIN RAISE {words.replace('{k}', say(k))}; END$$;")


def in_env(name, text="{k}"):
    return lambda p, k: p.env.__setitem__(name, text.replace("{k}", k).replace("{dsn}", p.env["KFM_DSN"]))


def in_dsn(text):
    return in_env("KFM_DSN", text)


def in_words(*args):
    def put(p, k):
        p.bundle("M-02", "CREATE TABLE app.other ();")
        p.words = [a.replace("{k}", k) for a in args]
    return put


def in_intent(p, k):
    path = p.path(f"{HOME}/migration.yml")
    path.write_text(path.read_text().replace("A test", k))


def in_dataset(p, k):
    version(p, "wells", "2026-02.0000000a", [point(k, -98, 38)])
    p.write("registry/data/catalog/wells/2026-02.0000000a/stac/collection.json", '{"description": "' + k + '"}')


ONE = full_id("M-01")
HOME = f"migrations/postgis/{ONE}"
KEYS = {
    # files
    "declaration": in_file(f"{HOME}/migration.yml", "# "), "intent": in_intent, "script": in_file(f"{HOME}/forward.sql", "-- "), "literal": in_file(f"{HOME}/forward.sql", "SELECT '", "';\n"),
    "rollback": in_file(f"{HOME}/rollback.sql", "-- "), "notes": in_file(f"{HOME}/notes.md"), "invariant": in_file(f"{HOME}/invariants/a.sql", "SELECT '", "' WHERE false;\n"),
    "environments": in_file("registry/environments.v1.yml", "# "), "key of environments": in_file("registry/environments.v1.yml", "", ": 1\n"), "projection": in_file("registry/projections/a.yml", "projection: "),
    "registry": in_file("registry/migrations.v1.json", '{"migrations": ["', '"]}\n'), "baseline of the linter": in_file("registry/lint.v1.json", '{"a": "', '"}\n'), "no YAML": in_file(f"{HOME}/migration.yml", "{"),
    "no SQL": in_file(f"{HOME}/forward.sql", "SELEC "), "name of a bundle": named("migrations/postgis/{k}/migration.yml"), "name of a file": named(HOME + "/invariants/{k}.sql"), "name of a flat file": named("migrations/db/{k}.sql"),
    "name of a folder": named("migrations/{k}/a.sql"), "dataset": in_dataset,
    # a database, by hand
    "table": by_hand('CREATE TABLE public."{k}" ();'), "column": by_hand('CREATE TABLE public.t ("{k}" int);'), "schema": by_hand('CREATE SCHEMA "{k}";'),
    "function": by_hand('CREATE FUNCTION public."{k}"() RETURNS int LANGUAGE sql AS $$SELECT 1$$;'), "constraint": by_hand('CREATE TABLE public.t (x int CONSTRAINT "{k}" CHECK (x > 0));'),
    "index": by_hand('CREATE TABLE public.t (x int); CREATE INDEX "{k}" ON public.t (x);'), "type": by_hand('CREATE TYPE public."{k}" AS ENUM ();'), "comment": by_hand("COMMENT ON SCHEMA public IS '{k}';"),
    "label": by_hand("CREATE TYPE public.e AS ENUM ('{k}');"), "body": by_hand("CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$SELECT '{k}'$$;"),
    "setting of a database": by_hand("DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET app.k = %L', current_database(), '{k}'); END$$;"),
    # a migration that computes it
    "made table": in_migration("CREATE TABLE app.%I ()"), "made column": in_migration("ALTER TABLE app.t ADD COLUMN %I int"), "made schema": in_migration("CREATE SCHEMA %I"),
    "made view": in_migration("CREATE VIEW app.v AS SELECT 1 AS %I"), "name that is not there": in_migration("SELECT * FROM app.%I"), "made comment": in_migration("COMMENT ON TABLE app.t IS %L"),
    "exception": raised("EXCEPTION '%', {k}"), "notice": raised("NOTICE '%', {k}"), "exception of class 42": raised("EXCEPTION '%', {k} USING ERRCODE = '42P01'"),
    # variables
    "actor": in_env("KFMIG_ACTOR"), "intent of a variable": in_env("KFMIG_INTENT"), "notes of a variable": in_env("KFMIG_NOTES"), "links of a variable": in_env("KFMIG_LINKS", "a=https://x.example/{k}"), "PR of a variable": in_env("KFMIG_PR"),
    "any variable": in_env("MY_TOKEN"), "PGPASSWORD": in_env("PGPASSWORD"), "PGOPTIONS": in_env("PGOPTIONS", "-c app.k={k}"), "PGAPPNAME": in_env("PGAPPNAME"),
    # connection strings
    "password": in_dsn("{dsn} password={k}"), "no connection string": in_dsn("{k}"), "host": in_dsn("host={k}.invalid"), "database": in_dsn("{dsn} dbname={k}"), "user": in_dsn("{dsn} user={k}"), "parameter": in_dsn("{dsn} {k}=1"),
    "port": in_dsn("{dsn} port={k}"), "certificate": in_dsn("{dsn} sslmode=require sslcert=/{k}"), "URL": in_dsn("postgresql://a:{k}@nowhere.invalid/b"), "service": in_dsn("service={k}"),
    # the command line
    "--intent": in_words("build", "dev", "--intent={k}"), "--notes": in_words("build", "dev", "--notes=see {k}"), "--pr": in_words("build", "dev", "--pr={k}"), "--links": in_words("build", "dev", "--links=a=https://x.example/?k={k}"),
    "verb": in_words("{k}"), "environment": in_words("build", "{k}"), "target": in_words("build", "dev", "{k}"), "target of why": in_words("why", "dev", "{k}"), "option": in_words("build", "--{k}"),
    "value of an option": in_words("build", "dev", "--lock-wait={k}"), "digest of a plan": in_words("build", "dev", "--plan={k}"), "project": in_words("check", "-C", "{k}"), "topic of help": in_words("help", "{k}"),
    "rule": in_words("lint", "--explain={k}"), "id": in_words("new", "{k}"), "rename": in_words("rename", ONE, "{k}"), "receipt": in_words("receipt", "show", "dev", "{k}"), "format": in_words("plan", "dev", "--format={k}"),
}
ASKED = [("check",), ("check", "--json"), ("lint",), ("lint", "--format=sarif"), ("plan", "dev"), ("plan", "dev", "--json"), ("build", "dev", "--progress=json"), ("build", "dev", "--json"), ("build", "dev"), ("status", "dev", "--json"),
         ("diff", "dev"), ("diff", "dev", "--json"), ("dump", "dev"), ("receipt", "list", "dev", "--json")]
KEPT = {("name of a file", "file state/kfmig.db"): "the cache remembers files by their paths, beside those files"}
BEFORE = ("made", "name that", "exception", "notice", "--")


def fresh(tmp):
    p = Project(tmp, environments=BUNDLED)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int);")
    p.words = None
    p.env.update(HOME=str(tmp / "home"))
    return p


@cases(**{name.replace(" ", "_"): (n, name) for n, name in enumerate(KEYS)})
def a_key_comes_out_of_no_channel(case, tmp):
    n, name = case
    p, k = fresh(tmp), key(n)
    if name.startswith(BEFORE) or n % 3 == 0:
        equal(p.build().status, 0)
    KEYS[name](p, k)
    seen = Seen()
    for verb in ([*p.words], [*p.words, "--json"]) if p.words else ASKED:
        ran = seen.run(p, " ".join(verb).replace(k, "KEY"), *verb)
        equal(ran.status in (0, 1, 2, 3, 5, 6, 9, 10), True, repr(ran))
    if pg.value(p.db, "SELECT to_regnamespace('kfmig')") is not None:
        files(p, seen)
    leaks = [channel for channel, data in seen.out.items() for form in forms(k)[:-1] if form in data and (name, channel) not in KEPT]
    equal(sorted(set(leaks)), [], name)


# --- rows of datasets

CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text NOT NULL, n int, geom geometry(Point, 4326) NOT NULL, evidence text, PRIMARY KEY (version, id));
"""
LOADS = {"geojson": ("points.geojson", "application/geo+json"), "ndjson": ("points.ndjson", "application/x-ndjson"), "csv": ("points.csv", "text/csv")}
PLACE = ("-98.579512", "39.828341")


def artifact(form, value, n):
    """One record whose id is value and whose number is n."""
    x, y = PLACE
    feature = {"type": "Feature", "properties": {"id": value, "n": n}, "geometry": {"type": "Point", "coordinates": [float(x), float(y)]}}
    if form == "csv":
        return f"id,n,geometry\n{value},{n},POINT({x} {y})\n".encode()
    return (json.dumps(feature) + "\n").encode() if form == "ndjson" else collection([feature])


def declare(p, ident, form):
    columns = {"csv": "id: id, n: n", "geojson": "id: properties.id, n: properties.n", "ndjson": "id: properties.id, n: properties.n"}[form]
    p.write("registry/projections/wells.yml", f"""projection: wells
store: postgis
schema: app
sources:
  - dataset: wells
    version: {ident}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, {columns}, geom: geometry, evidence: $evidence_ref}}
validate: {{counts: catalog}}
""")


@cases(**{form: form for form in LOADS})
def a_row_of_a_dataset_comes_out_of_no_channel(form, tmp):
    """Neither one that is loaded nor one that the server, or the reader, refuses: its values, and where it is."""
    p, seen = Project(tmp, environments=BUNDLED, postgis=True), Seen()
    name, media = LOADS[form]
    p.bundle("M-01", CHAIN)
    values = []
    for i, (n, good) in enumerate([("7", True), ("zz" + canary(900), False)]):
        value, ident = canary(901 + i), f"2026-0{i + 1}.0000000{i}"
        values += [value, n] if not good else [value]
        version(p, "wells", ident, [point(value, -98, 39)], artifact=artifact(form, value, n), name=name, media=media, label="restricted" if good else "public")
        declare(p, ident, form)
        for more in [], ["--json"], ["--progress=json", "--verbose"]:
            ran = seen.run(p, " ".join(["build", *more]), "build", "dev", *more)
            equal(ran.status == 0, good, repr(ran))
            equal("this is no number" in ran.text, not good, repr(ran))
        for verb in (("plan", "dev"), ("why", "dev", "wells"), ("status", "dev"), ("dataset", "list"), ("dataset", "show", f"wells/{ident}"), ("receipt", "list", "dev")):
            seen.run(p, " ".join(verb), *verb)
            seen.run(p, " ".join(verb) + " --json", *verb, "--json")
    files(p, seen)
    equal([(channel, value) for channel, data in seen.out.items() for value in [*values, *PLACE] if value.encode() in data], [])



@test
def a_key_is_in_no_report_of_an_internal_error(tmp):
    p = Project(tmp)
    for more in [], ["--json"], ["--progress=json"]:
        ran = p.run("build", "dev", *more, program=FAULTY, env={"KFMIG_FAULT": f"{key(900)}:error"})
        equal((ran.status, "internal error" in ran.text or "left out" in ran.text, key(900) in ran.text), (70, True, False), repr(ran))


main()
