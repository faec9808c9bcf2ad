"""Backfills: a statement over a table's rows, range by range, each batch a transaction with its gates and its cursor."""
# run: needs=postgres limit=600

import json

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

TABLE = """\
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, name text, slug text);
INSERT INTO app.t SELECT i * 3, 'N' || i FROM generate_series(1, 100) i;
"""
UPDATE = "UPDATE app.t SET slug = lower(name) WHERE id > :from AND id <= :to"


def settings(statement=UPDATE, **more):
    """`backfill:` of a migration.yml."""
    keys = {"table": "app.t", "key": ["id"], "rows": 7, "statement": statement, **more}
    return "backfill: " + json.dumps(keys) + "\n"


def begun(tmp, first=TABLE, **more):
    """A project whose first migration is applied."""
    p = Project(tmp, **more)
    p.bundle("M-01", first)
    equal(p.build().status, 0)
    return p


def kinds(p):
    return pg.psql(p.db, f"SELECT kind, result FROM kfmig.entry WHERE subject = '{full_id('M-02')}' ORDER BY seq")


def batches(p):
    return pg.psql(p.db, "SELECT at, last, n_rows FROM kfmig.batch ORDER BY intent, at")


@test
def batch_by_batch(tmp):
    p = begun(tmp)
    p.bundle("M-02", None, extra=settings(verify="SELECT id FROM app.t WHERE slug IS NULL"), limits={"max_row_backfill": 100})
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE slug = lower(name)"), "100")
    rows = batches(p)
    equal((len(rows), rows[0], rows[1], rows[-1]), (15, ("1", "{21}", "7"), ("2", "{42}", "7"), ("15", "{300}", "2")))
    equal(kinds(p), [("intent", "success"), ("done", "success"), ("apply", "success")])
    done = json.loads(pg.value(p.db, "SELECT r.body FROM kfmig.receipt r JOIN kfmig.entry e USING (seq) WHERE e.kind = 'done'"))
    said = done["claim"]["journal"]["batches"]
    equal((said["count"], said["rows"], said["digest"]), (15, 100, done["claim"]["journal"]["proof"]))
    valid("run_receipt.v1", done)
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{verb}: {again!r}")
    equal(len(batches(p)), 15, "nothing ran again")


@test
def the_first_of_a_ledger_behind_others(tmp):
    """The ledger's tables of backfills are made in a session that has seen schema kfmig without them."""
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.bundle("M-02", None, extra=settings())
    p.bundle("M-03", "CREATE TABLE app.u (id int PRIMARY KEY);\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(len(batches(p)), 15)


SINGLE = {"int": ("int", "i * 3"), "bigint": ("bigint", "i * 1000000000::bigint"), "text": ("text", "'k''' || lpad(i::text, 4, '0')"),
          "text_of_any_form": ("text", r"chr(200 + i) || E'\\ \"x\" {,} ' || i"), "uuid": ("uuid", "md5(i::text)::uuid"),
          "timestamptz": ("timestamptz", "'2026-01-01'::timestamptz + i * interval '1 microsecond'"),
          "timestamptz_without_end": ("timestamptz", "CASE WHEN i = 1 THEN '-infinity' WHEN i = 100 THEN 'infinity' ELSE '2026-01-01'::timestamptz + i * interval '1 day' END"),
          "numeric": ("numeric", "i / 7.0"), "float8": ("float8", "i / 7.0::float8"), "date": ("date", "'2026-01-01'::date + i"), "bytea": ("bytea", "decode(lpad(to_hex(i), 4, '0'), 'hex')"),
          "bpchar": ("char(6)", "'c' || i"), "varchar": ("varchar(5)", "'v' || i"), "inet": ("inet", "'10.0.0.0'::inet + i"), "bool": ("bool", None),
          "domain": ("app.positive", "i"), "enum": ("app.mood", None), "interval": ("interval", "i * interval '90 minutes'"), "collation_c": ('text COLLATE "C"', "chr(200 + i)"),
          "oid": ("oid", "i"), "name": ("name", "'n' || i"), "with_typmod": ("numeric(9,2)", "i / 4.0")}
VALUES = {"bool": "VALUES (false), (true)", "enum": "VALUES ('sad'::app.mood), ('glad')"}


@test
def keys_of_many_types(tmp):
    """One migration each, all in one build: each row exactly once."""
    p = begun(tmp, "CREATE SCHEMA app; CREATE DOMAIN app.positive AS int CHECK (VALUE > 0); CREATE TYPE app.mood AS ENUM ('sad', 'glad');\n" + "".join(
        f"CREATE TABLE app.{kind} (id {type_} PRIMARY KEY, n int NOT NULL DEFAULT 0);\n"
        f"INSERT INTO app.{kind} (id) {VALUES.get(kind) or f'SELECT {value} FROM generate_series(1, 100) i'};\n" for kind, (type_, value) in SINGLE.items()))
    for i, kind in enumerate(SINGLE):
        p.bundle(f"M-{i + 2:02}", None, extra=settings(f"UPDATE app.{kind} SET n = n + 1 WHERE id > :from AND :to >= id", table=f"app.{kind}"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    for kind in SINGLE:
        equal(pg.psql(p.db, f"SELECT DISTINCT n FROM app.{kind}"), [("1",)], f"{kind}: each row exactly once")
    equal(len(batches(p)), sum(1 if kind in VALUES else 15 for kind in SINGLE))


COMPOSITE = {"int_text": ("a int, b text", "i / 10, 'x' || i % 10"), "text_uuid_timestamptz": (
    "a text, b uuid, c timestamptz", "'t' || i / 20, md5((i / 4)::text)::uuid, '2026-01-01'::timestamptz + i * interval '1 hour'"),
             "uuid_int_and_gaps": ("a uuid, b int", "md5((i / 50)::text)::uuid, i * i")}


@test
def keys_of_several_columns(tmp):
    first = "CREATE SCHEMA app;\n"
    for kind, (columns, values) in COMPOSITE.items():
        row = ", ".join(c.split()[0] for c in columns.split(", "))
        first += (f"CREATE TABLE app.{kind} ({columns}, n int NOT NULL DEFAULT 0, PRIMARY KEY ({row}));\n"
                  f"INSERT INTO app.{kind} SELECT {values} FROM generate_series(1, 100) i;\n")
    p = begun(tmp, first)
    for i, (kind, (columns, _)) in enumerate(COMPOSITE.items()):
        names = [c.split()[0] for c in columns.split(", ")]
        row = ", ".join(names)
        p.bundle(f"M-{i + 2:02}", None, extra=settings(
            f"UPDATE app.{kind} SET n = n + 1 WHERE ({row}) > :from AND ({row}) <= :to", key=names, table=f"app.{kind}"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    for kind in COMPOSITE:
        equal(pg.psql(p.db, f"SELECT n, count(*) FROM app.{kind} GROUP BY n"), [("1", "100")], kind)
    equal(len(batches(p)), 15 * len(COMPOSITE))


UNFIT = {
    "no table": ("", "there is no such table"),
    "a view": ("CREATE VIEW app.{t} AS SELECT 1 AS id, 'x'::text AS name, 'x'::text AS slug", "it is no table"),
    "no column": ("CREATE TABLE app.{t} (a int PRIMARY KEY, slug text)", "it has no column id"),
    "nullable": ("CREATE TABLE app.{t} (id int UNIQUE, slug text)", "its column id can be null"),
    "no index": ("CREATE TABLE app.{t} (id int NOT NULL, slug text)", "no index has exactly these columns"),
    "not unique": ("CREATE TABLE app.{t} (id int NOT NULL, slug text); CREATE INDEX {t}_i ON app.{t} (id)", "its index is not unique"),
    "longer": ("CREATE TABLE app.{t} (id int NOT NULL, b int NOT NULL, slug text, UNIQUE (id, b))", "no index has exactly these columns"),
    "partial": ("CREATE TABLE app.{t} (id int NOT NULL, slug text); CREATE UNIQUE INDEX {t}_i ON app.{t} (id) WHERE id > 5", "has a condition"),
    "deferrable": ("CREATE TABLE app.{t} (id int NOT NULL UNIQUE DEFERRABLE, slug text)", "deferrable"),
    "expression": ("CREATE TABLE app.{t} (id int NOT NULL, slug text); CREATE UNIQUE INDEX {t}_i ON app.{t} ((id + 1))", "no index has exactly these columns"),
    "hash": ("CREATE TABLE app.{t} (id int NOT NULL, slug text); CREATE INDEX {t}_i ON app.{t} USING hash (id)", "its index is no btree"),
    "operator class": ("CREATE TABLE app.{t} (id text NOT NULL, slug text); CREATE UNIQUE INDEX {t}_i ON app.{t} (id text_pattern_ops)", "another collation or operator class"),
    "collation": ('CREATE TABLE app.{t} (id text COLLATE "C" NOT NULL, slug text); CREATE UNIQUE INDEX {t}_i ON app.{t} (id COLLATE "POSIX")', "another collation or operator class"),
    "inheritance": ("CREATE TABLE app.{t} (id int PRIMARY KEY, slug text); CREATE TABLE app.{t}_c () INHERITS (app.{t})", "other tables inherit from it"),
}


@test
def keys_that_will_not_do(tmp):
    names = {kind: kind.replace(" ", "_") for kind in UNFIT}
    p = begun(tmp, "CREATE SCHEMA app;\n" + "".join(sql.replace("{t}", names[kind]) + ";\n" for kind, (sql, _) in UNFIT.items()))
    for i, kind in enumerate(UNFIT):
        p.bundle(f"M-{i + 2:02}", None, extra="depends_on: []\n" + settings(
            f"UPDATE app.{names[kind]} SET slug = 'x' WHERE id > :from AND id <= :to", table=f"app.{names[kind]}"))
    ran = p.run("build", "dev", "-k", "--verbose")
    equal(ran.status, 2, repr(ran))
    for i, (kind, (_, why)) in enumerate(UNFIT.items()):
        said = [line for line in ran.err.splitlines() if f"{full_id(f'M-{i + 2:02}')}: nothing was changed" in line]
        equal(len(said), 1, f"{kind}: {ran!r}")
        contains(said[0], why, kind)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'intent'"), "0")


FIT = {"descending": "CREATE TABLE app.{t} (id int NOT NULL, n int NOT NULL DEFAULT 0); CREATE UNIQUE INDEX {t}_i ON app.{t} (id DESC)",
       "included columns": "CREATE TABLE app.{t} (id int NOT NULL, n int NOT NULL DEFAULT 0); CREATE UNIQUE INDEX {t}_i ON app.{t} (id) INCLUDE (n)",
       "beside others": "CREATE TABLE app.{t} (id int NOT NULL, n int NOT NULL DEFAULT 0); CREATE INDEX {t}_i ON app.{t} (id); CREATE UNIQUE INDEX {t}_j ON app.{t} (id)",
       "partitioned": "CREATE TABLE app.{t} (id int PRIMARY KEY, n int NOT NULL DEFAULT 0) PARTITION BY RANGE (id); CREATE TABLE app.{t}_1 PARTITION OF app.{t} "
                      "FOR VALUES FROM (0) TO (50); CREATE TABLE app.{t}_2 PARTITION OF app.{t} DEFAULT"}


@test
def keys_that_will_do(tmp):
    names = {kind: kind.replace(" ", "_") for kind in FIT}
    p = begun(tmp, "CREATE SCHEMA app;\n" + "".join(
        f"{sql.replace('{t}', names[kind])};\nINSERT INTO app.{names[kind]} (id) SELECT i FROM generate_series(1, 100) i;\n" for kind, sql in FIT.items()))
    for i, kind in enumerate(FIT):
        p.bundle(f"M-{i + 2:02}", None, limits={"max_table_count_touched": 1}, extra=settings(
            f"UPDATE app.{names[kind]} SET n = n + 1 WHERE id > :from AND id <= :to", table=f"app.{names[kind]}"))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    for kind, name in names.items():
        equal(pg.psql(p.db, f"SELECT n, count(*) FROM app.{name} GROUP BY n"), [("1", "100")], kind)


REFUSED = {
    "no from": ("UPDATE app.t SET slug = 'x' WHERE id <= :to", "exactly once each"),
    "twice": ("UPDATE app.t SET slug = 'x' WHERE id > :from AND id > :from AND id <= :to", "exactly once each"),
    "inclusive": ("UPDATE app.t SET slug = 'x' WHERE id >= :from AND id <= :to", "from :from (exclusive) to :to (inclusive)"),
    "exclusive": ("UPDATE app.t SET slug = 'x' WHERE id > :from AND id < :to", "from :from (exclusive) to :to (inclusive)"),
    "between": ("UPDATE app.t SET slug = 'x' WHERE id BETWEEN :from AND :to", "from :from (exclusive) to :to (inclusive)"),
    "by or": ("UPDATE app.t SET slug = 'x' WHERE id > :from OR id <= :to", "from :from (exclusive) to :to (inclusive)"),
    "an expression": ("UPDATE app.t SET slug = 'x' WHERE id + 1 > :from AND id + 1 <= :to", "not compared with the same columns"),
    "other columns": ("UPDATE app.t SET slug = 'x' WHERE id > :from AND length(name) <= :to", "not compared with the same columns"),
    "another key": ("UPDATE app.t SET slug = 'x' WHERE name > :from AND name <= :to", "other columns than those of its key"),
    "its own key": ("UPDATE app.t SET id = id + 1 WHERE id > :from AND id <= :to", "changes the key"),
    "parameters": ("UPDATE app.t SET slug = $1 WHERE id > :from AND id <= :to", "parameters of its own"),
    "a query": ("SELECT 1 FROM app.t WHERE id > :from AND id <= :to", "UPDATE, INSERT, DELETE or MERGE"),
    "unparsed": ("UPDATE app.t SETT slug = 'x' WHERE id > :from AND id <= :to", "known to the parser"),
}


@test
def statements_that_are_refused(tmp):
    p = Project(tmp)
    for i, (statement, _) in enumerate(REFUSED.values()):
        p.bundle(f"M-{i + 1:02}", None, extra=settings(statement))
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    for i, (kind, (_, why)) in enumerate(REFUSED.items()):
        said = [line for line in (ran.out + ran.err).splitlines() if f"{full_id(f'M-{i + 1:02}')}/migration.yml#backfill.sql" in line]
        contains("\n".join(said), why, kind)


TAKEN = {"insert": "INSERT INTO app.log SELECT id, name FROM app.t WHERE id > :from AND id <= :to",
         "a subselect": "UPDATE app.t SET slug = s.name FROM (SELECT id, name FROM app.t x WHERE x.id > :from AND x.id <= :to FOR UPDATE) s WHERE t.id = s.id",
         "with": "WITH r AS (SELECT id FROM app.t WHERE id > :from AND id <= :to) INSERT INTO app.log SELECT id, 'x' FROM r",
         "turned round": "UPDATE app.t SET slug = 'a' WHERE :from < id AND (name <> 'x' AND :to >= id)",
         "delete": "DELETE FROM app.t WHERE id > :from AND id <= :to"}


@test
def statements_that_are_taken(tmp):
    p = begun(tmp, TABLE + "CREATE TABLE app.log (id int, name text);\n")
    for i, statement in enumerate(TAKEN.values()):
        p.bundle(f"M-{i + 2:02}", None, extra=settings(statement), limits={"max_row_backfill": 100})
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT sum(n_rows) FROM kfmig.batch GROUP BY intent"), [("100",)] * len(TAKEN))


@test
def an_empty_table(tmp):
    p = begun(tmp, "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, name text, slug text)")
    p.bundle("M-02", None, extra=settings(verify="SELECT 1 FROM app.t"))
    ran = p.build()
    equal((ran.status, kinds(p)), (0, [("intent", "success"), ("done", "success"), ("apply", "success")]), repr(ran))
    equal(p.run("receipt", "verify", "dev").status, 0)


@cases(start=("start", 100), end=("end", 103), given=(["150"], 50))
def how_far_it_goes(case, tmp):
    """Each batch adds a row behind those that are there, of which three may be."""
    bound, want = case
    p = begun(tmp, TABLE + "CREATE FUNCTION app.more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
              "INSERT INTO app.t SELECT max(id) + 1, 'more' FROM app.t HAVING max(id) < 303; RETURN NULL; END $$;\n"
              "CREATE TRIGGER more AFTER UPDATE ON app.t FOR EACH STATEMENT EXECUTE FUNCTION app.more();\n")
    p.bundle("M-02", None, extra=settings("UPDATE app.t SET slug = 'done' WHERE id > :from AND id <= :to", bound=bound))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE slug = 'done'"), str(want))


@test
def the_limit_holds_across_batches(tmp):
    p = begun(tmp)
    p.bundle("M-02", None, extra=settings(), limits={"max_row_backfill": 20})
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, 'gate "limit max_row_backfill" failed')
    contains(ran.err, "behind 2 batches (14 rows)")
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE slug IS NOT NULL"), "14", "what stands is within the limit")
    why = p.run("why", f"dev/{full_id('M-02')}@apply")
    contains(why.out, "stands in part: 2 batches, 14 rows", repr(why))
    p.write(f"migrations/postgis/{full_id('M-02')}/migration.yml",
            (p.root / f"migrations/postgis/{full_id('M-02')}/migration.yml").read_text().replace("max_row_backfill: 20", "max_row_backfill: 100"))
    ran = p.build()
    equal((ran.status, len(batches(p))), (0, 15), repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE slug = lower(name)"), "100")


@cases(scope=("INSERT INTO other.log SELECT id FROM app.t WHERE id > :from AND id <= :to", "outside its declared scope", 1),
       by_trigger=("UPDATE app.t SET slug = 'x' WHERE id > :from AND id <= :to", 'gate "scope" failed', 2),
       objects=("UPDATE app.t SET slug = app.make(id) WHERE id > :from AND id <= :to", "a backfill writes rows, and nothing else", 2),
       outside=("UPDATE app.t SET slug = 'x' FROM (SELECT 1 FROM app.t y WHERE y.id > :from AND y.id <= :to) z", "it goes outside of it", 2))
def what_a_batch_may_not_do(case, tmp):
    statement, why, status = case
    trigger = "CREATE TRIGGER t AFTER UPDATE ON app.t FOR EACH ROW WHEN (NEW.id > 40 AND NEW.slug = 'x') EXECUTE FUNCTION app.log();\n"
    p = Project(tmp)
    p.bundle("M-01", TABLE + "CREATE SCHEMA other; CREATE TABLE other.log (id int);\nCREATE FUNCTION app.make(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN\n"
             "IF n > 40 THEN EXECUTE 'CREATE TABLE IF NOT EXISTS app.x' || n || ' ()'; END IF; RETURN n; END $$;\n"
             "CREATE FUNCTION app.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO other.log VALUES (NEW.id); RETURN NULL; END $$;\n"
             + ("" if "make" in statement or "FROM (" in statement else trigger), schemas=("app", "other"))
    equal(p.build().status, 0)
    p.bundle("M-02", None, extra=settings(statement))
    ran = p.build()
    equal(ran.status, status, repr(ran))
    contains(ran.out + ran.err, why)
    equal(pg.value(p.db, "SELECT count(*) FROM app.t WHERE slug IS NOT NULL"), {"scope": "0", "it goes": "0"}.get(why[:7], "7" if status == 2 else "0"))


@test
def evidence_in_the_bundle(tmp):
    """What migration.yml says of a backfill is a forward file without being one."""
    p = begun(tmp)
    p.write("registry/environments.v1.yml", (p.root / "registry/environments.v1.yml").read_text().replace("evidence: none", "evidence: bundle"))
    base = p.bundle("M-02", None, extra=settings())
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    receipt = json.loads((p.root / base / "receipts/run_receipt.json").read_text())
    contains(json.dumps(receipt["claim"]["inputs"]), f"{base}/migration.yml#backfill.sql")
    for verb in (("receipt", "verify", "dev"), ("build", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{verb}: {again!r}")
    equal(p.run("check").status, 0, "check")


def changed(p, old, new):
    path = f"migrations/postgis/{full_id('M-02')}/migration.yml"
    text = (p.root / path).read_text()
    contains(text, old)
    p.write(path, text.replace(old, new))


@test
def what_may_change_half_way(tmp):
    p = begun(tmp)
    p.bundle("M-02", None, extra=settings(), limits={"max_row_backfill": 20})
    fails(p.build(), 2, "max_row_backfill")
    changed(p, "max_row_backfill: 20", "max_row_backfill: 100")
    changed(p, "lower(name)", "upper(name)")
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "it was begun with other content, and not finished")
    changed(p, "upper(name)", "lower(name)")
    changed(p, '"rows": 7', '"rows": 43')
    ran = p.build()
    equal((ran.status, [n for _, _, n in batches(p)]), (0, ["7", "7", "43", "43"]), repr(ran))


@test
def verify_is_asked_again(tmp):
    p = begun(tmp)
    p.bundle("M-02", None, extra=settings(verify="SELECT id FROM app.t WHERE name = 'N5'"))
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "all batches are done, but its verify returns 1 row")
    pg.psql(p.db, "UPDATE app.t SET name = 'five' WHERE name = 'N5'")
    ran = p.build()
    equal((ran.status, len(batches(p)), kinds(p)[-1]), (0, 15, ("apply", "success")), repr(ran))


@test
def the_key_is_dropped_half_way(tmp):
    p = begun(tmp)
    p.bundle("M-02", None, extra=settings(), limits={"max_row_backfill": 20})
    fails(p.build(), 2, "max_row_backfill")
    changed(p, "max_row_backfill: 20", "max_row_backfill: 100")
    pg.psql(p.db, "ALTER TABLE app.t DROP CONSTRAINT t_pkey")
    ran = p.build()
    equal(ran.status in (1, 2), True, repr(ran))
    equal(len(batches(p)), 2, "no batch without a key")
    pg.psql(p.db, "ALTER TABLE app.t ADD PRIMARY KEY (id)")
    ran = p.build()
    equal((ran.status, len(batches(p))), (0, 15), repr(ran))


@test
def the_plan_says_batches(tmp):
    p = begun(tmp)
    pg.psql(p.db, "ANALYZE app.t")
    p.bundle("M-02", None, extra=settings(verify="SELECT 1 WHERE false"))
    plan = p.run("plan", "dev")
    equal(plan.status, 0, repr(plan))
    contains(plan.out, "batches of 7 rows by (id), about 15 of them, up to the greatest key that there is when it begins")
    statements = [s for t in p.json("plan", "dev")["targets"] for s in t.get("statements", []) if "backfill" in s]
    equal(statements[0]["backfill"], {"object": "table app.t by (id)", "rows": 7, "pause_ms": 0, "bound": "start", "verified": True, "about_batches": 15})


@test
def progress_says_how_far_it_is(tmp):
    p = begun(tmp)
    pg.psql(p.db, "ANALYZE app.t")
    p.bundle("M-02", None, extra=settings(pause="100ms"))
    ran = p.run("build", "dev", "--progress=json")
    equal(ran.status, 0, repr(ran))
    said = [json.loads(line) for line in ran.err.splitlines() if '"event":"batch"' in line]
    equal(len(said) >= 1, True, repr(ran))
    equal((said[-1]["backfill"], said[-1]["about"], said[-1]["rows"] <= 100), ("table app.t by (id)", 100, True), said[-1])


main()
