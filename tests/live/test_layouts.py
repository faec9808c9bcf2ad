"""Flat migrations on a real server: histories of 300 in each layout converge, and go through what bundles go through."""
# run: needs=postgres limit=600

import hashlib
import json

import pg
from project import FAULTY, Project
from tap import cases, contains, equal, fails, main, test

PROTECTED = """\
environments:
  dev: {evidence: bundle, stores: {postgis: {dsn_ref: KFM_DSN}}}
  prod: {protected: true, approval: review, stores: {postgis: {dsn_ref: KFM_DSN}}}
default_environment: dev
"""
HEADER = "-- [KFM_MIGRATION]\n-- id: {id}\n-- owner: ada\n-- ticket: T-1\n-- risk: low\n-- rollout: safe\n-- rollback: down\n-- [/KFM_MIGRATION]\n"
LINES = "-- {id}.sql\n-- Purpose: step {n}\n-- Risk: low  Rollback: scripted\n-- Notes: none\n\nBEGIN;\n"
N = 300
CODES = ["left_open"]  # reached below

# number of a step -> (id, file, what undoes it, header, behind the SQL)
LAYOUTS = {
    "timestamped": lambda n: (f"2026{1 + n // 28:02d}{1 + n % 28:02d}_1200__s{n}", ".up.sql", "{id}.down.sql", HEADER, ""),
    "versioned": lambda n: (f"V{n + 1:06d}__s{n}", ".sql", "U{rest}.sql", "", ""),
    "numbered": lambda n: (f"{n * 10:04d}__s{n}", ".sql", "down/{id}.down.sql", LINES, "COMMIT;\n"),
    "paired": lambda n: (f"{n + 1}_s{n}", ".up.sql", "{id}.down.sql", "-- Step\n", ""),
}


def sql(n):
    """A history: a table each tenth step, else a column or an index of the last table."""
    table = f"public.t{n // 10}"
    if n % 10 == 0:
        return f"CREATE TABLE {table} (id int PRIMARY KEY);\n", f"DROP TABLE {table};\n"
    if n % 10 == 9:
        return f"CREATE INDEX t{n // 10}_i ON {table} (c1);\n", f"DROP INDEX public.t{n // 10}_i;\n"
    return f"ALTER TABLE {table} ADD COLUMN c{n % 10} text;\n", f"ALTER TABLE {table} DROP COLUMN c{n % 10};\n"


def put(p, folder, layout, n, behind=0):
    """Step n; behind: how much its number is greater than by its layout."""
    ident, ending, down, header, tail = LAYOUTS[layout](n + behind)
    up_sql, down_sql = sql(n)
    up = p.write(f"{folder}/{ident}{ending}", header.format(id=ident, n=n) + up_sql + tail)
    p.write(f"{folder}/" + down.format(id=ident, rest=ident[1:]), down_sql)
    return ident, up


@cases(timestamped="timestamped", versioned="versioned", numbered="numbered", paired="paired", mixed="mixed")
def three_hundred_files_converge(layout, tmp):
    p = Project(tmp)
    kinds = [layout if layout != "mixed" else ("numbered", "paired", "versioned", "timestamped")[n * 4 // N] for n in range(N)]
    ids = [put(p, "migrations/db", kind, n, 1000 if layout == "mixed" and kind in ("paired", "versioned") else 0)[0] for n, kind in enumerate(kinds)]
    ran = p.build(timeout=300)
    equal(ran.status, 0, repr(ran)[-2000:])
    equal(p.applied(), ids)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t29'::regclass AND attnum > 0"), [("9",)])
    entries = len(p.entries())
    contains(p.build().text, f"nothing to do ({N} current)")
    equal(len(p.entries()), entries)
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def the_references_files_run_as_they_are_printed(tmp):
    """One of each in one folder, in the order of their numbers, behind them a bundle; evidence, and a second build does nothing."""
    p = Project(tmp, environments=PROTECTED)
    p.write("migrations/postgis/0000__bootstrap.sql",
            "-- 0000__bootstrap.sql\n-- Purpose: the index\n-- Risk: low  Rollback: none\n-- Notes: runs at once\n\nBEGIN;\n\n"
            "CREATE SCHEMA IF NOT EXISTS kfm_index;\nCREATE TABLE IF NOT EXISTS kfm_index.feature_geom (\n  dataset_version_id text NOT NULL,\n"
            "  feature_id text NOT NULL,\n  updated_at timestamptz NOT NULL DEFAULT now(),\n  PRIMARY KEY (dataset_version_id, feature_id)\n);\n\nCOMMIT;\n")
    p.write("migrations/postgis/027_add_user_preferences.up.sql",
            "-- Add user preferences table\nCREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE user_preferences (\n  id BIGSERIAL PRIMARY KEY,\n"
            "  user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n  preferences JSONB NOT NULL DEFAULT '{}'\n);\n\n"
            "CREATE INDEX idx_user_preferences_user_id ON user_preferences(user_id);\n")
    p.write("migrations/postgis/027_add_user_preferences.down.sql", "DROP TABLE IF EXISTS user_preferences;\nDROP TABLE users;\n")
    p.write("migrations/postgis/20260225_1200__add_widgets_table.up.sql",
            HEADER.format(id="20260225_1200__add_widgets_table").replace("owner: ada", "owner: TBD") + "CREATE TABLE widget (id int);\n")
    p.write("migrations/postgis/20260225_1200__add_widgets_table.down.sql", "DROP TABLE widget;\n")
    p.bundle("M-01", "CREATE SCHEMA app;\n")
    equal(p.build().status, 0)
    equal(p.applied(), ["0000__bootstrap", "027_add_user_preferences", "20260225_1200__add_widgets_table", "PG-MIG-2026-01-01-01"])
    receipt = json.loads(p.path("migrations/postgis/meta/027_add_user_preferences/receipts/run_receipt.json").read_text())
    equal([i["uri"].rsplit("/", 1)[1] for i in receipt["claim"]["inputs"]],
          ["027_add_user_preferences.up.sql", "027_add_user_preferences.down.sql"])
    contains(p.build().text, "nothing to do (4 current)")
    verified = p.run("receipt", "verify", "--all")
    verified = verified if verified.status == 0 else p.run("receipt", "verify")
    contains(verified.text, "all as they should be")


@test
def a_protected_environment_refuses_what_is_left_open(tmp):
    p = Project(tmp, environments=PROTECTED)
    p.write("migrations/db/1_a.up.sql", "DO $$ BEGIN EXECUTE 'CREATE TABLE public.a ()'; END $$;\n")
    equal(p.run("adopt", "prod", "--apply").status, 0, "adopted")
    equal(p.json("plan", "prod")["plan"]["steps"][0]["reasons"].count("left_open"), 3)
    text = p.run("plan", "prod").text
    for words in ("its scope is not declared", "not all limits are declared", "nothing undoes it"):
        contains(text, words)
    p.write("migrations/db/1_a.down.sql", "DROP TABLE public.a;\n")
    p.write("migrations/db/defaults.yml", "scope: {allowed_schemas: [public]}\nlimits: {max_row_backfill: 0}\n")
    equal(p.run("check", "--fix").status, 0)
    equal(p.json("plan", "prod")["plan"]["steps"][0]["reasons"], ["never_built"])
    ran = p.run("build", "prod", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), ["1_a"])


@test
def an_edit_of_defaults_blocks_no_history_and_an_edit_of_a_file_does(tmp):
    p = Project(tmp)
    put(p, "migrations/db", "paired", 0)
    equal(p.build().status, 0)
    p.write("migrations/db/defaults.yml", "owner: ops\nscope: {allowed_schemas: [public, app]}\n")
    contains(p.build().text, "nothing to do (1 current)")
    p.path("migrations/db/1_s0.down.sql").write_text("SELECT 1;\n")
    fails(p.build(), 1, "its content changed after it was applied")
    restored = p.run("receipt", "text", "dev", "1_s0", "--write")
    equal(restored.status, 0, repr(restored))
    contains(p.build().text, "nothing to do (1 current)")


@test
def an_applied_flat_migration_is_renamed_with_all_that_is_its(tmp):
    p = Project(tmp)
    put(p, "migrations/db", "versioned", 0)
    equal(p.build().status, 0)
    equal(p.run("receipt", "export").status, 0)
    ran = p.run("rename", "V000001__s0", "V000007__first")
    equal(ran.status, 0, repr(ran))
    names = sorted(f.name for f in p.path("migrations/db").iterdir())
    equal(names, ["U000007__first.sql", "V000007__first.sql", "meta"])
    equal([f.name for f in p.path("migrations/db/meta").iterdir()], ["V000007__first"])
    contains(p.build().text, "nothing to do (1 current)")
    fails(p.run("rename", "V000007__first", "7_first"), 5, "is no id of layout versioned")
    put(p, "migrations/db", "timestamped", 1)
    p.write("migrations/db/20260102_1200__s1.up.sql", HEADER.format(id="20260102_1200__s1") + "ALTER TABLE public.t0 ADD COLUMN c1 text;\n")
    equal(p.build().status, 0)
    fails(p.run("rename", "20260102_1200__s1", "20260102_1201__s1"), 1, "a file that is applied does not change")


@test
def check_keeps_manifest_and_checksums_true(tmp):
    p = Project(tmp)
    _, up = put(p, "migrations/db", "timestamped", 0)
    contains(p.run("check").text, "migrations/db/meta/checksums.txt: warning: it is missing")
    equal(p.run("check", "--fix").status, 0)
    sums = p.path("migrations/db/meta/checksums.txt").read_text()
    contains(sums, f"{hashlib.sha256(up.read_bytes()).hexdigest()}  {up.name}\n")
    manifest = json.loads(p.path("migrations/db/meta/manifest.json").read_text())
    equal([(m["id"], m["order"], len(m["files"])) for m in manifest["migrations"]], [("20260101_1200__s0", 1, 2)])
    up.write_text(up.read_text() + "-- more\n")
    for verb in (["build", "dev"], ["check"]):
        fails(p.run(*verb), 5, "meta/checksums.txt:1:1", "has another SHA-256 than this line says")
    plan = p.run("plan", "dev")
    equal(plan.status, 1, repr(plan))
    contains(plan.out, "has another SHA-256 than this line says")
    equal(p.run("check", "--fix").status, 0)
    equal(p.build().status, 0)


@test
def the_view_answers_reference_004s_queries(tmp):
    """As printed, but for the schema: what is applied by its present name, and what was begun and not finished."""
    p = Project(tmp)
    ask = "SET search_path = kfmig; SELECT version, dirty FROM schema_migrations ORDER BY version DESC"
    put(p, "migrations/db", "versioned", 0)
    equal(p.build().status, 0)
    equal(pg.psql(p.db, ask), [("V000001__s0", "f")])
    equal(p.run("rename", "V000001__s0", "V000002__s1").status, 0)
    equal(p.run("rename", "V000002__s1", "V000003__s2").status, 0)
    p.write("migrations/db/V000009__i.sql", "CREATE INDEX CONCURRENTLY t0_i ON public.t0 (id);\n")
    p.write("migrations/db/U000009__i.sql", "DROP INDEX CONCURRENTLY public.t0_i;\n")
    p.write("migrations/db/V000008__fails.sql", "SELECT 1/0;\n")
    fails(p.build(), 2, "division_by_zero")
    equal(pg.psql(p.db, ask), [("V000003__s2", "f")], "what failed left nothing, and is not dirty")
    p.path("migrations/db/V000008__fails.sql").unlink()
    equal(p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": "journal.ran:kill:1"}).status, -9)
    equal(pg.psql(p.db, ask), [("V000009__i", "t"), ("V000003__s2", "f")])
    equal(p.build().status, 0)
    equal(pg.psql(p.db, ask), [("V000009__i", "f"), ("V000003__s2", "f")])
    equal(pg.value(p.db, "SELECT applied_at = at FROM kfmig.schema_migrations v JOIN kfmig.entry e ON e.subject = v.version AND e.kind = 'apply' "
                         "WHERE v.version = 'V000009__i'"), "t")


@cases(timestamped="timestamped", versioned="versioned", numbered="numbered", paired="paired")
def one_command_makes_and_one_applies(layout, tmp):
    p = Project(tmp)
    p.write("registry/environments.v1.yml", p.path("registry/environments.v1.yml").read_text() + f"layout: {layout}\n")
    p.write("in.sql", "CREATE TABLE public.made (id int PRIMARY KEY);\n")
    ran = p.run("new", "--from=in.sql", "Make: the table!")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "make_the_table")
    equal(p.build().status, 0)
    equal(p.run("new", "another").status, 0)
    files = sorted(str(f.relative_to(p.root)) for f in p.path("migrations").rglob("*.sql"))
    equal(len(files), 4, files)
    equal(pg.psql(p.db, "SELECT to_regclass('public.made') IS NOT NULL"), [("t",)])
    equal(p.run("check").status, 0)


main()
