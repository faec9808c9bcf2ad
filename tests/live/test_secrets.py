"""Secrets and row values, put into every channel that kfmig reads, come out of none."""
# run: needs=postgres limit=600

import contextlib
import json
import os
import pathlib
import pty
import shutil
import subprocess

import pg
from project import ENVIRONMENTS, KFMIG, Project, full_id
from seen import until, finish
from tap import at_exit, cases, contains, equal, fails, fresh_folder, lacks, main, test

ONE, TWO = full_id("M-01"), full_id("M-02")
CANARY = "canary7f3a"
SAY = f"'{CANARY[:4]}' || '{CANARY[4:]}'"  # in SQL, so that the text of the file does not hold it
BUNDLED = ENVIRONMENTS.replace("evidence: none", "evidence: bundle") + "receipts: {sink: archive}\n"
SETUP = """
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, v text CHECK (length(v) < 100), n int);
CREATE TABLE app.u (t_id int REFERENCES app.t, d date);
CREATE TABLE app.p (id int) PARTITION BY LIST (id);
CREATE UNIQUE INDEX ON app.t (v);
"""
WIDE = dict(limits=dict(max_row_backfill=1000))

# Each fails in the server with a message that quotes the value.
FAILING = {
    "unique value": f"INSERT INTO app.t SELECT 1, {SAY}; INSERT INTO app.t SELECT 2, {SAY};",
    "check": f"INSERT INTO app.t SELECT 1, repeat({SAY}, 50);",
    "not null": f"INSERT INTO app.t SELECT NULL, {SAY};",
    "foreign key": "INSERT INTO app.u VALUES (7413987);",
    "invalid number": f"INSERT INTO app.t SELECT 1, 'x', ({SAY})::int;",
    "invalid date": f"INSERT INTO app.u SELECT NULL, ({SAY})::date;",
    "invalid json": f"SELECT ({SAY})::json;",
    "invalid uuid": f"SELECT ({SAY})::uuid;",
    "no partition": "INSERT INTO app.p VALUES (7413987);",
    "raise": f"DO $$BEGIN RAISE EXCEPTION 'row %', {SAY} USING DETAIL = {SAY}, HINT = {SAY}; END$$;",
    "raise as a name error": f"DO $$BEGIN RAISE EXCEPTION 'row %', {SAY} USING ERRCODE = '42P01', HINT = {SAY}; END$$;",
    "raise with names": f"DO $$BEGIN RAISE EXCEPTION 'x' USING TABLE = {SAY}, COLUMN = {SAY}, CONSTRAINT = {SAY}, SCHEMA = {SAY}, DATATYPE = {SAY}; END$$;",
    "dynamic SQL": f"DO $$BEGIN EXECUTE 'SELEC ' || {SAY}; END$$;",
    "enum label": f"CREATE TYPE app.e AS ENUM ('a'); SELECT ({SAY})::app.e;",
    "domain": f"CREATE DOMAIN app.d AS text CHECK (value <> '{CANARY[:4]}' || '{CANARY[4:]}'); SELECT ({SAY})::app.d;",
    "deferred": "CREATE TABLE app.w (t int REFERENCES app.t DEFERRABLE INITIALLY DEFERRED); INSERT INTO app.w VALUES (7413987);",
    "exclusion": f"CREATE TABLE app.x (v text, EXCLUDE (v WITH =)); INSERT INTO app.x SELECT {SAY}; INSERT INTO app.x SELECT {SAY};",
    "regular expression": f"SELECT 'a' ~ ('(' || {SAY});",
    "assertion": f"DO $$BEGIN ASSERT false, {SAY}; END$$;",
    "setting": f"DO $$BEGIN PERFORM set_config('statement_timeout', {SAY}, true); END$$;",
    "to_date": f"SELECT to_date({SAY}, 'YYYY');",
    "xml": f"SELECT xmlparse(document '<' || {SAY});",
    "cast in a function": f"CREATE FUNCTION app.f(v text) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN v::int; END$$; SELECT app.f({SAY});",
}
VALUES = (CANARY, "7413987")


def project(tmp):
    p = Project(tmp, environments=BUNDLED)
    p.bundle("M-01", SETUP)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


TABLES = ("blob", "entry", "generation", "head", "instance", "lease", "object", "receipt")


def written(p):
    """{(where, content)} of everything that kfmig has written: files that are no input, rows of the ledger, the cache."""
    found = set()
    for path in p.root.rglob("*"):
        name = str(path.relative_to(p.root))
        if path.is_file() and not path.is_symlink() and not name.startswith("registry/") and (
                not name.startswith("migrations/") or path.parent.name in ("receipts", "diffs", "baselines")):
            found.add((name, path.read_bytes()))
    rows = [f"SELECT 'kfmig.{t}', x::text FROM kfmig.{t} x" for t in TABLES if t != "blob"]
    rows.append("SELECT 'kfmig.blob', encode(bytes, 'escape') FROM kfmig.blob")
    return found | {(where, row.encode()) for where, row in pg.psql(p.db, " UNION ALL ".join(rows))}


def says_nothing(p, words, *runs, skip=(), before=frozenset()):
    """Neither what the runs printed nor anything written (since before) holds one of the words."""
    for ran in runs:
        for word in words:
            lacks(ran.text, word)
    for where, data in written(p) - before:
        for word in words:
            equal(word.encode() in data and where not in skip, False, f"{word} in {where}")


def look(p, *more):
    """Everything that prints."""
    verbs = (["plan", "dev"], ["plan", "dev", "--format=markdown"], ["status", "dev", "--verbose"], ["graph", "dev"], ["receipt", "list", "dev"],
             ["receipt", "verify", "dev"], ["check"], ["env", "list"], *more)
    runs = [p.run(*verb) for verb in verbs]
    return runs + [p.run(*verb, "--json") for verb in verbs if "--format=markdown" not in verb]


_folder = fresh_folder()
at_exit(shutil.rmtree, _folder, True)
_shared = None


def shared():
    """One project for all migrations that fail: they leave nothing but receipts."""
    global _shared
    if _shared is None:
        _shared = project(_folder)
    return _shared


@test
def no_table_of_the_ledger_is_forgotten_here():
    equal([r[0] for r in pg.psql(shared().db, "SELECT relname FROM pg_class WHERE relnamespace = 'kfmig'::regnamespace AND relkind = 'r' ORDER BY 1")],
          list(TABLES))


@cases(**{name: sql for name, sql in FAILING.items()})
def a_row_value_in_a_server_message_stays_there(sql):
    p = shared()
    before = written(p)
    p.bundle("M-02", sql.replace("7413987", "7413900 + 87"), **WIDE)
    runs = [p.build("--verbose", "--show-server-text"), p.build("--json")]
    equal({r.status for r in runs}, {2}, repr(runs[0]))
    says_nothing(p, VALUES, *runs, p.run("why", "dev", TWO), p.run("receipt", "show", "dev", TWO), before=before)


def on_a_terminal(p, *args):
    """(status, what stands on the terminal that is its stdout and stderr)."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([KFMIG, *args], cwd=p.root, env={**p.env, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # the end of a terminal whose programs have ended
        while part := os.read(ours, 65536):
            text += part
    os.close(ours)
    return child.wait(timeout=60), text.decode()


# What --show-server-text shows of them on a terminal; with --json, or without it, nothing, but of what a function's author wrote.
SHOWN = {
    "unique value": f"server: duplicate key value violates unique constraint \"t_v_idx\"; Key (v)=({CANARY}) already exists.",
    "foreign key": "Key (t_id)=(7413987) is not present in table \"t\".",
    "invalid number": f"server: invalid input syntax for type integer: \"{CANARY}\"",
    "raise": f"server: row {CANARY}; {CANARY}; {CANARY}",
    "raise as a name error": f"server: row {CANARY}; {CANARY}",
    "no partition": "server: no partition of relation \"p\" found for row; Partition key of the failing row contains (id) = (7413987).",
}


@cases(**{what: (FAILING[what], words) for what, words in SHOWN.items()})
def the_servers_words_are_shown_on_a_terminal_to_whoever_asks(case):
    sql, words = case
    p = shared()
    before = written(p)
    p.bundle("M-02", sql.replace("7413987", "7413900 + 87"), **WIDE)
    status, text = on_a_terminal(p, "build", "dev", "--show-server-text")
    equal((status, words in text), (2, True), text)
    for options in [], ["--show-server-text", "--json"], ["--show-server-text", "--progress=json"]:
        status, text = on_a_terminal(p, "build", "dev", *options)
        equal(status, 2, text)
        if "RAISE" in sql and not options:
            contains(text, words)
            continue
        for word in VALUES:
            lacks(text, word)
    says_nothing(p, VALUES, p.run("why", "dev", TWO), p.run("receipt", "show", "dev", TWO), before=before)


@test
def nor_does_anything_else_that_prints_repeat_it():
    p = shared()
    p.bundle("M-02", FAILING["unique value"], **WIDE)
    fails(p.build(), 2, "everything was rolled back")
    for ran in look(p, ["why", "dev", TWO], ["receipt", "show", "dev", TWO]):
        for word in VALUES:
            lacks(ran.text, word)


@test
def a_value_used_as_a_name_is_in_no_record_and_not_in_json(tmp):
    """A value that dynamic SQL uses as a name is in no record and not in --json (a terminal may show messages of class 42)."""
    p = project(tmp)
    p.bundle("M-02", f"DO $$BEGIN EXECUTE 'SELECT * FROM ' || {SAY}; END$$;")
    ran = p.build("--json")
    contains(ran.err, "undefined_table")
    says_nothing(p, VALUES, ran, *look(p, ["why", "dev", TWO], ["receipt", "show", "dev", TWO]))


@test
def sqlstate_and_condition_are_all_that_json_holds_of_the_servers_words(tmp):
    p = project(tmp)
    p.bundle("M-02", "SELECT no_such_column_anywhere;")
    text = p.build()
    contains(text.err, 'column "no_such_column_anywhere" does not exist')
    found = json.loads([line for line in p.build("--json").err.splitlines() if line.startswith("{")][0])["error"]
    equal(found["sqlstate"], "42703")
    contains(found["message"], "undefined_column")
    lacks(json.dumps(found), "does not exist")
    lacks(p.run("receipt", "show", "dev", TWO).text, "does not exist")


# What succeeds: values in rows, notices, defaults, comments, labels, bodies. The file's own text is an input and may stand in
# kfmig.blob; what is computed may stand nowhere.
SUCCEEDING = {
    "rows": f"INSERT INTO app.t SELECT 1, {SAY};",
    "notice": f"DO $$BEGIN RAISE NOTICE 'row %', {SAY}; RAISE WARNING 'row %', {SAY}; END$$;",
    "table made of rows": f"CREATE TABLE app.made AS SELECT {SAY} AS v;",
    "notify": f"SELECT pg_notify('app', {SAY});",
    "temporary setting": f"SELECT set_config('app.secret', {SAY}, true);",
    "result": f"SELECT {SAY};",
    "copy of rows": f"INSERT INTO app.t SELECT 1, {SAY}; CREATE TABLE app.w AS TABLE app.t;",
    "invariant": f"INSERT INTO app.t SELECT 1, {SAY};",
}


@cases(**SUCCEEDING)
def a_row_value_that_was_written_is_in_no_record(sql, tmp):
    p = project(tmp)
    p.bundle("M-02", sql, **WIDE, invariants={"ids.sql": "SELECT v FROM app.t WHERE id < 0;\n"})
    runs = [p.build("--verbose")]
    equal(runs[0].status, 0, repr(runs[0]))
    says_nothing(p, VALUES, *runs, p.run("why", "dev", TWO), p.run("receipt", "show", "dev", TWO), p.run("plan", "dev", "--verbose"))


@test
def the_rows_of_a_failing_invariant_are_counted_and_not_shown(tmp):
    p = project(tmp)
    p.bundle("M-02", f"INSERT INTO app.t SELECT 1, {SAY};", **WIDE, invariants={"none.sql": "SELECT v FROM app.t;\n"})
    runs = [p.build(), p.build("--json")]
    contains(runs[0].err, "1 rows returned")
    says_nothing(p, VALUES, *runs, *look(p, ["receipt", "show", "dev", TWO]))


# Literals in definitions: they stand in the file, so in kfmig.blob, but nothing derived from the catalogs repeats them.
DEFINITIONS = {
    "default": f"CREATE TABLE app.w (v text DEFAULT '{CANARY}');",
    "check": f"CREATE TABLE app.w (v text CHECK (v <> '{CANARY}'));",
    "comment": f"COMMENT ON TABLE app.t IS '{CANARY}';",
    "column comment": f"COMMENT ON COLUMN app.t.v IS '{CANARY}';",
    "function body": f"CREATE FUNCTION app.f() RETURNS text LANGUAGE sql AS 'SELECT ''{CANARY}''';",
    "function default": f"CREATE FUNCTION app.f(v text DEFAULT '{CANARY}') RETURNS text LANGUAGE sql AS 'SELECT v';",
    "function setting": f"CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SET application_name = '{CANARY}' AS 'SELECT 1';",
    "view": f"CREATE VIEW app.w AS SELECT '{CANARY}' AS v;",
    "materialized view": f"CREATE MATERIALIZED VIEW app.w AS SELECT '{CANARY}' AS v;",
    "generated column": f"CREATE TABLE app.w (v text GENERATED ALWAYS AS ('{CANARY}' || 'x') STORED);",
    "index expression": f"CREATE INDEX ON app.t ((v || '{CANARY}'));",
    "index predicate": f"CREATE INDEX ON app.t (id) WHERE v = '{CANARY}';",
    "policy": f"CREATE POLICY p ON app.t USING (v = '{CANARY}');",
    "trigger condition": f"CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER t BEFORE INSERT ON app.t FOR EACH ROW WHEN (new.v = '{CANARY}') EXECUTE FUNCTION app.f();",
    "trigger argument": f"CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER t BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.f('{CANARY}');",
    "rule": f"CREATE RULE r AS ON INSERT TO app.t WHERE new.v = '{CANARY}' DO INSTEAD NOTHING;",
    "partition bound": f"CREATE TABLE app.w (v text) PARTITION BY LIST (v); CREATE TABLE app.w1 PARTITION OF app.w FOR VALUES IN ('{CANARY}');",
    "domain check": f"CREATE DOMAIN app.d AS text CHECK (value <> '{CANARY}');",
    "enum label": f"CREATE TYPE app.e AS ENUM ('{CANARY}');",
    "literal in a row": f"INSERT INTO app.t VALUES (1, '{CANARY}');",
    "SQL comment": f"-- {CANARY}\nCREATE TABLE app.w ();",
}


@cases(**DEFINITIONS)
def a_literal_in_a_definition_is_in_no_record_but_the_input_text(sql, tmp):
    p = project(tmp)
    p.bundle("M-02", sql, **WIDE)
    runs = [p.build("--verbose")]
    equal(runs[0].status, 0, repr(runs[0]))
    says_nothing(p, (CANARY,), *runs, p.run("why", "dev", TWO), p.run("receipt", "show", "dev", TWO), p.run("plan", "dev", "--verbose"),
                 skip=("kfmig.blob",))
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


@test
def drift_in_a_definition_is_named_without_its_literals(tmp):
    p = project(tmp)
    pg.psql(p.db, f"ALTER TABLE app.t ALTER v SET DEFAULT '{CANARY}'; COMMENT ON TABLE app.t IS '{CANARY}'; CREATE VIEW app.w AS SELECT '{CANARY}' AS v;", user=p.db)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN extra int;")
    says_nothing(p, (CANARY,), *look(p, ["why", "dev", TWO]), p.build())
    ran = p.run("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    says_nothing(p, (CANARY,), ran, *look(p))


# --- credentials


@test
def a_password_in_the_dsn_comes_out_nowhere(tmp):
    cluster = pg.Cluster()
    at_exit(cluster.remove)
    db = cluster.createdb()
    cluster.psql("postgres", f"SET log_statement = 'none'; ALTER ROLE {db} PASSWORD '{CANARY}';")
    hba = cluster.data / "pg_hba.conf"
    hba.write_text(f"local all postgres trust\nlocal all {db} scram-sha-256\n")
    cluster.psql("postgres", "SELECT pg_reload_conf();")
    p = Project(tmp, environments=BUNDLED, db=db)
    p.bundle("M-01", SETUP)
    runs = []
    host = cluster.host.replace("/", "%2F")
    for dsn in (cluster.dsn(db) + f" password={CANARY}", f"postgresql://{db}:{CANARY}@{host}:5432/{db}"):
        p.env["KFM_DSN"] = dsn
        runs += [p.build("--verbose"), *look(p)]
        equal(runs[0].status, 0, repr(runs[0]))
    p.bundle("M-02", "SELECT pg_sleep(0.05);\nSELECT pg_terminate_backend(pg_backend_pid());")
    runs += [p.build(), p.build("--json")]
    p.env["KFM_DSN"] = cluster.dsn(db) + f" password=not-{CANARY}"
    runs += [p.build(), p.build("--json"), *look(p)]
    equal(runs[-1].status in (0, 1), True)
    p.env["KFM_DSN"] = f"postgresql://{db}:{CANARY}@nowhere.invalid/{db}"
    runs += [p.build(), *look(p)]
    p.env["KFM_DSN"] = f"host={cluster.host} dbname={CANARY}x{CANARY} password={CANARY} nonsense={CANARY}"
    runs += [p.build(), p.build("--json")]
    for ran in runs:
        lacks(ran.text, CANARY)
    for path in p.root.rglob("*"):
        if path.is_file():
            equal(CANARY.encode() in path.read_bytes(), False, str(path))
    dump = "\n".join(str(r) for t in ("entry", "receipt", "lease", "instance", "object") for r in cluster.psql(db, f"SELECT x::text FROM kfmig.{t} x"))
    lacks(dump, CANARY)
    lacks(str(cluster.psql("postgres", "SELECT application_name, query FROM pg_stat_activity")), CANARY)
    lacks(cluster.server_log(), CANARY)
    cluster.remove()


@test
def a_password_is_in_no_process_list(tmp):
    p = project(tmp)
    p.env["KFM_DSN"] += f" password={CANARY}"
    p.bundle("M-02", "SELECT pg_sleep(60);")
    child = p.start("build", "dev")
    until(lambda: pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    lacks(pathlib.Path(f"/proc/{child.pid}/cmdline").read_text(), CANARY)
    lacks(str(pg.psql(p.db, "SELECT application_name, query FROM pg_stat_activity")), CANARY)
    child.send_signal(15)
    lacks("".join(str(x) for x in finish(child)), CANARY)


@test
def the_environment_is_in_no_receipt(tmp):
    p = project(tmp)
    p.env.update({"MY_TOKEN": CANARY, "PGPASSWORD": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY, "PGAPPNAME": CANARY})
    p.bundle("M-02", "CREATE TABLE app.w ();")
    ran = p.build("--verbose")
    equal(ran.status, 0, repr(ran))
    says_nothing(p, (CANARY,), ran, *look(p))


@test
def names_with_control_characters_are_printed_escaped(tmp):
    p = project(tmp)
    p.bundle("M-02", 'CREATE TABLE app."a\x1b[31m\u202eb" ();\nSELECT nope;')
    runs = [p.build(), *look(p, ["why", "dev", TWO])]
    for ran in runs:
        lacks(ran.text, "\x1b")
        lacks(ran.text, "\u202e")


@test
def words_of_a_file_with_a_secret_are_not_quoted(tmp):
    p = project(tmp)
    p.bundle("M-02", f"SELECT 'password={CANARY}', nope;")
    runs = [p.build(), p.build("--json")]
    contains(runs[0].err, "undefined_column")
    says_nothing(p, (CANARY,), *runs, *look(p, ["why", "dev", TWO]), skip=("kfmig.blob",))


@test
def what_changed_is_not_quoted_where_it_holds_a_secret(tmp):
    p = project(tmp)
    p.bundle("M-02", f"SELECT 'password={CANARY}';\n")
    equal(p.build().status, 0)
    p.bundle("M-02", f"SELECT 'password={CANARY}2';\n")
    ran = p.run("why", "dev", TWO)
    contains(ran.out, "differs in line 1")
    says_nothing(p, (CANARY,), ran, *look(p), skip=("kfmig.blob",))



# --- tokens and keys: put together here, so that no scanner finds one in this file

TOKENS = {"github-token": "gh" + "p_" + "a8Xk2mQ9" * 4 + "Zr7t", "aws-access-key": "AK" + "IA" + "Q3ZX7LMN5PRT2WVY", "private-key": "-----BEG" + "IN RSA PRIVATE KEY-----",
          "jwt": "ey" + "JhbGciOiJIUzI1NiJ9" + ".ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0" + ".dBjftJeZ4CVP", "named-secret": "api_" + "key = 'k8Xq2mZ9Lw4Rt7Yv'", "slack-token": "xo" + "xb-" + "2147483647-a8Xk2mQ9Zr7t"}
PLACES = {"forward.sql": "\n-- {}\n", "rollback.sql": "\n/* {} */\n", "notes.md": "\n{}\n", "migration.yml": "\n# {}\n", "invariants/a.sql": "\n-- {}\n"}


@cases(**{f"{rule} in {place}".replace(" ", "_"): (rule, place) for i, rule in enumerate(TOKENS) for j, place in enumerate(PLACES) if (i + j) % 2 == 0})
def a_token_in_a_file_stops_before_anything_is_written(case, tmp):
    rule, place = case
    p = Project(tmp, environments=BUNDLED)
    p.bundle("M-01", "CREATE SCHEMA app;", invariants={"a.sql": "SELECT 1 WHERE false;\n"}, extra="  invariants: [invariants/a.sql]\n")
    path = p.path(f"migrations/postgis/{ONE}/{place}")
    good = path.read_text()
    path.write_text(good + PLACES[place].format(TOKENS[rule]))
    for verb in (["check"], ["plan", "dev"], ["build", "dev"], ["build", "dev", "--json"]):
        ran = p.run(*verb)
        equal(ran.status, 1 if "plan" in verb else 5, repr(ran))
        contains(ran.text, f"kfmig:allow {rule} REASON")
        lacks(ran.text, TOKENS[rule])
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)
    if place != "notes.md":
        mark = PLACES[place].replace("{}", f"kfmig:allow {rule} it is the sample of a test")
        path.write_text(good.rstrip("\n") + "\n" + mark.strip("\n") + PLACES[place].format(TOKENS[rule]))
        ran = p.build()
        equal(ran.status, 0, repr(ran))


@cases(**{rule: token for rule, token in TOKENS.items() if rule in ("github-token", "aws-access-key", "jwt", "slack-token")})
def a_token_made_into_a_name_is_rolled_back_and_in_no_record(token, tmp):
    p = Project(tmp, environments=BUNDLED)
    half = len(token) // 2
    name = f"'{token[:half]}' || '{token[half:]}'"
    p.bundle("M-01", "CREATE SCHEMA app;")
    equal(p.build().status, 0)
    for n, sql in enumerate(("CREATE TABLE app.%I ()", "CREATE TABLE app.t (%I int)", "CREATE VIEW app.v AS SELECT 1 AS %I", "CREATE SCHEMA %I", "CREATE SEQUENCE app.%I",
                             "CREATE TABLE app.t (x int CONSTRAINT %I CHECK (x > 0)); INSERT INTO app.t VALUES (0)")):
        p.bundle("M-02", f"DO $$BEGIN EXECUTE format('{sql}', {name}); END$$;")
        ran = p.build()
        equal(ran.status, 2 if "INSERT" in sql else 9, f"{sql}: {ran!r}")
        equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"), str(4 + n))
        if "INSERT" not in sql:
            contains(ran.err, 'gate "secrets" failed, everything was rolled back and nothing of it written')
            lacks(ran.text, token)
    says_nothing(p, [token])
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def a_token_that_is_a_name_already_is_not_recorded(tmp):
    p = Project(tmp, environments=BUNDLED)
    token = TOKENS["github-token"]
    p.bundle("M-01", "CREATE SCHEMA app;")
    pg.psql(p.db, f'CREATE TABLE public."{token}" ();')
    ran = p.build()
    equal(ran.status, 9, repr(ran))
    contains(ran.err, "nothing is written")
    lacks(ran.text, token)
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None)
    pg.psql(p.db, f'DROP TABLE public."{token}";')
    equal(p.build().status, 0)


main()
