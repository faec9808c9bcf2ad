"""Migrations taken back with proof: what commits, what does not, what is shown beforehand, what stays back."""
# run: needs=postgres,postgis limit=600

import json
import os
import shutil
import subprocess

import pg
from datasets import point, version
from project import ENVIRONMENTS, Project, full_id
from schemas import valid
from tap import at_exit, cases, contains, equal, fails, fresh_folder, main, test

BASE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, name text, n int);\nINSERT INTO app.t SELECT i, 'n' || i, i FROM generate_series(1, 10) i;\n"
BASE_BACK = "DROP TABLE app.t;\nDROP SCHEMA app;\n"
CODES = ["rolled_back", "rollback_begun"]  # reached below


def project(tmp, **more):
    """M-01 made app.t with 10 rows."""
    p = Project(tmp, **more)
    p.bundle("M-01", BASE, BASE_BACK)
    return p


def built(p):
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def objects(p):
    """The ledger's sum of objects."""
    return pg.psql(p.db, "SELECT object, encode(fingerprint, 'hex') FROM (SELECT DISTINCT ON (object) object, fingerprint FROM kfmig.object"
                         " ORDER BY object, seq DESC) s WHERE fingerprint IS NOT NULL ORDER BY 1")


def rollback(p, *args, **more):
    return p.run("rollback", "dev", *args, "--apply", **more)


# up, down, result: exact; order: success that says an order; else words of the refusal
VARIANTS = {
    "column": ("ALTER TABLE app.t ADD COLUMN note text;", "ALTER TABLE app.t DROP COLUMN note;", "exact"),
    "column default": ("ALTER TABLE app.t ALTER n SET DEFAULT 7;", "ALTER TABLE app.t ALTER n DROP DEFAULT;", "exact"),
    "not null": ("ALTER TABLE app.t ALTER n SET NOT NULL;", "ALTER TABLE app.t ALTER n DROP NOT NULL;", "exact"),
    "index": ("CREATE INDEX t_name ON app.t (name);", "DROP INDEX app.t_name;", "exact"),
    "constraint": ("ALTER TABLE app.t ADD CONSTRAINT t_n CHECK (n > 0);", "ALTER TABLE app.t DROP CONSTRAINT t_n;", "exact"),
    "renamed": ("ALTER TABLE app.t RENAME TO u;", "ALTER TABLE app.u RENAME TO t;", "exact"),
    "renamed column": ("ALTER TABLE app.t RENAME name TO title;", "ALTER TABLE app.t RENAME title TO name;", "exact"),
    "type": ("ALTER TABLE app.t ALTER n TYPE bigint;", "ALTER TABLE app.t ALTER n TYPE int;", "exact"),
    "view": ("CREATE VIEW app.v AS SELECT id FROM app.t;", "DROP VIEW app.v;", "exact"),
    "function": ("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "DROP FUNCTION app.f();", "exact"),
    "trigger": ("CREATE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW"
                " EXECUTE FUNCTION app.g();", "DROP TRIGGER g ON app.t; DROP FUNCTION app.g();", "exact"),
    "policy": ("ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.t USING (n > 0);",
               "DROP POLICY p ON app.t; ALTER TABLE app.t DISABLE ROW LEVEL SECURITY;", "exact"),
    "comment": ("COMMENT ON TABLE app.t IS 'a table';", "COMMENT ON TABLE app.t IS NULL;", "exact"),
    "privilege": ("GRANT SELECT ON app.t TO PUBLIC;", "REVOKE SELECT ON app.t FROM PUBLIC;", "exact"),
    "enum made": ("CREATE TYPE app.e AS ENUM ('a', 'b');", "DROP TYPE app.e;", "exact"),
    "sequence": ("CREATE SEQUENCE app.s;", "DROP SEQUENCE app.s;", "exact"),
    "partitions": ("CREATE TABLE app.p (k int) PARTITION BY LIST (k); CREATE TABLE app.p_1 PARTITION OF app.p FOR VALUES IN (1);"
                   " INSERT INTO app.p VALUES (1), (1);", "DROP TABLE app.p;", "exact"),
    "rows": ("INSERT INTO app.t SELECT i FROM generate_series(11, 15) i;", "DELETE FROM app.t WHERE id > 10;", "exact"),
    "rows by a short name": ("INSERT INTO app.t VALUES (11);", "SET LOCAL search_path = app; DELETE FROM t WHERE id > 10;", "exact"),
    "rows in code": ("INSERT INTO app.t VALUES (11);", "DO $$ BEGIN DELETE FROM app.t WHERE id > 10; END $$;", "exact"),
    "emptied": ("INSERT INTO app.t VALUES (11);", "TRUNCATE app.t;", "exact"),
    "several": ("ALTER TABLE app.t ADD a int; CREATE TABLE app.x (id int); CREATE VIEW app.v AS SELECT a FROM app.t;",
                "DROP VIEW app.v; DROP TABLE app.x; ALTER TABLE app.t DROP a;", "exact"),
    "column order": ("ALTER TABLE app.t DROP COLUMN name;", "ALTER TABLE app.t ADD COLUMN name text;", "order"),
    "nothing undone": ("ALTER TABLE app.t ADD COLUMN note text;", "SELECT 1;", "column note was not there"),
    "half undone": ("ALTER TABLE app.t ADD a int; CREATE TABLE app.x (id int);", "ALTER TABLE app.t DROP a;",
                    "table app.x is not as it was before ledger entry 4: it was not there"),
    "too much": ("ALTER TABLE app.t ADD a int;", "ALTER TABLE app.t DROP a, DROP name;", "column name is gone"),
    "another type": ("ALTER TABLE app.t DROP COLUMN n;", "ALTER TABLE app.t ADD COLUMN n bigint;", "column n is another"),
    "another object": ("ALTER TABLE app.t ADD a int;", "ALTER TABLE app.t DROP a; CREATE TABLE app.mine (id int);",
                       "it was made, and PG-MIG-2026-01-01-02 never changed it"),
    "gone": ("ALTER TABLE app.t ADD a int;", "DROP TABLE app.t;", "table app.t is not as it was before ledger entry 4: it is gone"),
    "fails": ("ALTER TABLE app.t ADD a int;", "ALTER TABLE app.t DROP a; DROP TABLE app.none;", "undefined_table"),
    "out of scope": ("ALTER TABLE app.t ADD a int;", "ALTER TABLE app.t DROP a; CREATE SCHEMA other;", "scope"),
    "the ledger": ("ALTER TABLE app.t ADD a int;", "ALTER TABLE app.t DROP a; DELETE FROM kfmig.head;", "kfmig"),
}


_first = {}


def copy_of_first(tmp):
    """A project on a copy of a database in which M-01 is applied, and what its ledger says stands there."""
    if not _first:
        folder = fresh_folder()
        at_exit(shutil.rmtree, folder, True)
        p = built(project(folder))
        _first.update(db=p.db, objects=objects(p))
    p = project(tmp, db=pg.copydb(_first["db"]))
    p.env["KFM_DSN"] = pg.dsn(p.db, user=_first["db"])
    return p, _first["objects"]


@cases(**VARIANTS)
def each(variant, tmp):
    """One of a table of down files, of which some are exact, some differ in an order only, some differ and some fail."""
    up, down, end = variant
    p, was = copy_of_first(tmp)
    p.bundle("M-02", up, down)
    built(p)
    stood = objects(p)
    ran = rollback(p)
    last = pg.psql(p.db, "SELECT kind, subject, result FROM kfmig.entry ORDER BY seq DESC LIMIT 1")[0]
    is_good = end in ("exact", "order")
    equal(ran.status, 0 if is_good else 4, repr(ran))
    equal(last, ("rollback", full_id("M-02"), "success" if is_good else "failed"))
    equal(p.run("diff", "dev").status, 0)
    if is_good:
        equal(objects(p) == was, end == "exact")
        equal("only an order is not as before: table app.t" in ran.err, end == "order", ran.err)
    else:
        contains(ran.err, end)
        contains(ran.err, "nothing was changed")
        equal(objects(p), stood)
        equal(p.applied(), [full_id("M-01"), full_id("M-02")])


THREE = {"M-02": ("CREATE TABLE app.u (id int PRIMARY KEY);", "DROP TABLE app.u;"),
         "M-03": ("ALTER TABLE app.t ADD COLUMN note text;", "ALTER TABLE app.t DROP COLUMN note;"),
         "M-04": ("INSERT INTO app.u SELECT generate_series(1, 4);", "DELETE FROM app.u;")}


def four(tmp, extra=None, **more):
    """M-01 to M-04 applied; extra: YAML of some of them."""
    p = project(tmp, **more)
    for short, (up, down) in THREE.items():
        p.bundle(short, up, down, extra=(extra or {}).get(short, ""))
    return built(p)


def state_of(p, short):
    row = p.targets()[f"{short}@apply"]
    return row["state"], row["reasons"][0]["code"]


@test
def what_was_taken_back_stays_back(tmp):
    p = four(tmp)
    equal(rollback(p).status, 0)
    equal(state_of(p, "M-04"), ("blocked", "rolled_back"))
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.err, "an operator took it back; it runs again once its content changes, or where it is named")
    why = p.run("why", "dev/PG-MIG-2026-01-01-04")
    contains(why.out, "rolled_back")
    contains(why.out, "taken back at ")
    contains(why.out, "`kfmig build dev PG-MIG-2026-01-01-04` applies it again; a build without its name does once it is edited")
    contains(p.run("plan", "dev").out, "an operator took it back")
    contains(p.run("status", "dev").out, "taken back")
    again = p.run("rollback", "dev", "PG-MIG-2026-01-01-04", "--apply")
    equal(again.status, 1)
    contains(again.err, "PG-MIG-2026-01-01-04 was taken back already, at ")
    named = p.build("PG-MIG-2026-01-01-04")
    equal(named.status, 0, repr(named))
    equal(state_of(p, "M-04"), ("current", "current"))
    equal(rollback(p).status, 0)
    p.bundle("M-04", "INSERT INTO app.u SELECT generate_series(1, 3);", "DELETE FROM app.u;")
    equal(state_of(p, "M-04"), ("stale", "never_built"))
    equal(p.build().status, 0)
    equal(pg.psql(p.db, "SELECT count(*) FROM app.u"), [("3",)])
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def newest_first_one_receipt_each(tmp):
    p = four(tmp)
    ran = rollback(p, "--to=PG-MIG-2026-01-01-01")
    equal(ran.status, 0, repr(ran))
    rows = pg.psql(p.db, "SELECT kind, subject FROM kfmig.entry WHERE kind = 'rollback' ORDER BY seq")
    equal([s for _, s in rows], [full_id(s) for s in ("M-04", "M-03", "M-02")])
    contains(ran.err, "dev: 3 taken back, 0 failed")
    bodies = [json.loads(b) for b, in pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq") if "db_rollback" in b]
    equal([b["migration_id"] for b in bodies], [full_id(s) for s in ("M-04", "M-03", "M-02")])
    for body in bodies:
        valid("run_receipt.v1", body)
        equal([g["gate"] for g in body["claim"]["gates"] if g["gate"] in ("restored", "rows")], ["restored", "rows"])
        equal([g for g in body["claim"]["gates"] if g["gate"].startswith("limit")], [])


@test
def steps_of_one_is_the_default(tmp):
    p = four(tmp)
    equal(rollback(p, "--steps=2").status, 0)
    equal(rollback(p).status, 0)
    equal([s for s, in pg.psql(p.db, "SELECT subject FROM kfmig.entry WHERE kind = 'rollback' ORDER BY seq")],
          [full_id(s) for s in ("M-04", "M-03", "M-02")])
    none = p.run("rollback", "dev", "--steps=0", "--apply")
    equal((none.status, "nothing to take back" in none.err), (0, True))


@test
def the_first_that_fails_ends_it(tmp):
    p = project(tmp)
    p.bundle("M-02", "CREATE TABLE app.u (id int);", "DROP TABLE app.u;")
    p.bundle("M-03", "ALTER TABLE app.t ADD a int;", "SELECT 1;")
    p.bundle("M-04", "ALTER TABLE app.t ADD b int;", "ALTER TABLE app.t DROP b;")
    built(p)
    ran = rollback(p, "--to=M-01".replace("M-01", full_id("M-01")))
    equal(ran.status, 4, repr(ran))
    contains(ran.err, "PG-MIG-2026-01-01-03 was not taken back, nothing was changed")
    contains(ran.err, "table app.t is not as it was before ledger entry 5: column a was not there")
    equal([state_of(p, s)[1] for s in ("M-02", "M-03", "M-04")], ["current", "current", "rolled_back"])
    doc = p.json("rollback", "dev", full_id("M-03"), "--apply")
    valid("result.v1", doc)
    equal(doc["failed"][0]["error"]["code"], "rollback")
    equal([g["rule"] for g in doc["failed"][0]["gates"]], ["restored"])


DEPENDS = {
    "by order": ({}, "PG-MIG-2026-01-01-02", ["M-04", "M-03", "M-02"], "comes after PG-MIG-2026-01-01-02, as it names no depends_on"),
    "by depends_on": ({"M-03": f"depends_on: [{full_id('M-01')}]\n", "M-04": f"depends_on: [{full_id('M-02')}]\n"}, "PG-MIG-2026-01-01-02", ["M-04", "M-02"],
                      "PG-MIG-2026-01-01-04 depends on PG-MIG-2026-01-01-02"),
    "by object": ({"M-02": "depends_on: []\n", "M-03": "depends_on: []\n", "M-04": f"depends_on: [{full_id('M-02')}]\n"}, "PG-MIG-2026-01-01-01",
                  ["M-03", "M-01"], "PG-MIG-2026-01-01-03 changed table app.t after PG-MIG-2026-01-01-01"),
    "none": ({"M-03": f"depends_on: [{full_id('M-01')}]\n", "M-04": f"depends_on: [{full_id('M-02')}]\n"}, "PG-MIG-2026-01-01-03", ["M-03"], None),
}


@cases(**DEPENDS)
def dependants(variant, tmp):
    extra, ident, taken, words = variant
    p = project(tmp)
    if words and "changed table" in words:  # nothing of M-02 in M-01's schema, so that only the table ties them
        p.bundle("M-01", "CREATE TABLE app.t (id int);", "DROP TABLE app.t;", extra="depends_on: []\n")
        pg.psql(p.db, f"CREATE SCHEMA app AUTHORIZATION CURRENT_USER; GRANT ALL ON SCHEMA app TO PUBLIC")
    for short, (up, down) in THREE.items():
        p.bundle(short, up, down, extra=extra.get(short, ""))
    built(p)
    ran = rollback(p, ident)
    if words:
        equal(ran.status, 1, repr(ran))
        contains(ran.err, words)
        contains(ran.err, "--with-dependants")
        ran = rollback(p, ident, "--with-dependants")
    equal(ran.status, 0, repr(ran))
    equal([s for s, in pg.psql(p.db, "SELECT subject FROM kfmig.entry WHERE kind = 'rollback' AND result = 'success' ORDER BY seq")], [full_id(s) for s in taken])
    equal(p.run("diff", "dev").status, 0)


IRREVERSIBLE = {
    "comment only": ("-- by hand, if at all\n", True, 1, "its rollback file holds no statement"),
    "by hand": ("-- BY HAND: put the rows back\nDROP TABLE app.u;\n", True, 5, "is still to be written by hand"),
    "no file": (None, False, 1, "it has no rollback file, as its declaration says (requires_rollback: false; approval CAB-7)"),
    "cannot run": ("CREATE DATABASE other;\n", True, 5, "the rollback of PG-MIG-2026-01-01-02 cannot be run"),
}


@cases(**IRREVERSIBLE)
def irreversible(variant, tmp):
    down, requires, status, words = variant
    p = project(tmp)
    base = p.bundle("M-02", "CREATE TABLE app.u (id int);", down or "", requires_rollback=requires)
    if not requires:
        text = p.path(f"{base}/migration.yml").read_text().replace('reference: "plan 7"', "reference: CAB-7")
        p.write(f"{base}/migration.yml", text)
    ran = p.build("-k")
    equal(p.applied(), [full_id("M-01"), full_id("M-02")], repr(ran))
    was = p.entries()
    ran = rollback(p)
    equal(ran.status, status, repr(ran))
    contains(ran.err, words)
    equal(p.entries(), was)


@test
def other_content_is_refused(tmp):
    p = four(tmp)
    p.bundle("M-04", THREE["M-04"][0], "TRUNCATE app.u;")
    ran = rollback(p)
    equal(ran.status, 1)
    contains(ran.err, "PG-MIG-2026-01-01-04 is not what was applied: how it is taken back is not known here")
    equal(p.run("receipt", "text", "dev", full_id("M-04"), "--write").status, 0)
    equal(rollback(p).status, 0)


@test
def shown_beforehand(tmp):
    p = four(tmp)
    pg.psql(p.db, "INSERT INTO app.u SELECT generate_series(100, 104)")
    doc = p.json("rollback", "dev", "--steps=3", "--dry-run")
    valid("rollback.v1", doc)
    equal([m["migration"] for m in doc["migrations"]], [full_id(s) for s in ("M-04", "M-03", "M-02")])
    first, second, last = (m["tables"] for m in doc["migrations"])
    equal(first, [{"table": "table app.u", "rows": 9, "about": False, "wrote": {"inserted": 4, "updated": 0, "deleted": 0}, "removes": "not said", "at_most": 9}])
    equal(second, [{"table": "table app.t", "rows": 10, "about": False, "wrote": {"inserted": 0, "updated": 0, "deleted": 0}, "removes": "none", "at_most": 0}])
    equal(last, [{"table": "table app.u", "rows": 9, "about": False, "wrote": {"inserted": 0, "updated": 0, "deleted": 0}, "removes": "all", "at_most": 9}])
    text = p.run("rollback", "dev", "--steps=3", "--dry-run").out
    for part in ("3 migrations to take back, newest first", "its run wrote", "the rollback removes", "4 inserted", "not said in its text, 9 at most", "all, 9 at most",
                 doc["plan_digest"]):
        contains(text, part)
    asked = p.run("rollback", "dev", "--steps=3")
    equal((asked.status, "rows would go: nothing was taken back" in asked.err), (1, True), repr(asked))
    equal(len(p.applied()), 4)
    pg.psql(p.db, "INSERT INTO app.u VALUES (105)")  # figures are in no digest
    done = rollback(p, "--steps=3", f"--plan={doc['plan_digest']}")
    equal(done.status, 0, repr(done))
    fails(rollback(p, f"--plan={doc['plan_digest']}"), 1, "what is to be taken back is sha256:")


@test
def without_rows_to_lose_nobody_is_asked(tmp):
    p = project(tmp)
    p.bundle("M-02", "CREATE TABLE app.u (id int);", "DROP TABLE app.u;")
    built(p)
    equal(p.run("rollback", "dev").status, 0)


@test
def a_reviewed_digest_notices_rows_that_came(tmp):
    p = project(tmp)
    p.bundle("M-02", "CREATE TABLE app.u (id int);", "DROP TABLE app.u;")
    built(p)
    digest = p.json("rollback", "dev", "--dry-run")["plan_digest"]
    pg.psql(p.db, "INSERT INTO app.u VALUES (1)")
    ran = rollback(p, f"--plan={digest}")
    equal(ran.status, 1)
    contains(ran.err, f", not {digest}")


@test
def rows_that_code_takes_are_bound_too(tmp):
    """A function empties a table that nothing in the text names."""
    p = project(tmp)
    p.bundle("M-02", "CREATE TABLE app.log (id int); INSERT INTO app.log VALUES (1), (2);"
             " CREATE FUNCTION app.sweep() RETURNS void LANGUAGE sql AS 'DELETE FROM app.t';", "SELECT 1;")
    p.bundle("M-03", "CREATE VIEW app.v AS SELECT 1 AS one;", "SELECT app.sweep(); DROP VIEW app.v;")
    built(p)
    ran = rollback(p)
    equal(ran.status, 4, repr(ran))
    contains(ran.err, "10 rows that were not shown of table app.t would go")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.t"), [("10",)])


PROTECTED = ENVIRONMENTS.replace("  dev:\n", "  dev:\n    protected: true\n    approval: review\n")


@test
def protected_wants_a_yes(tmp):
    p = project(tmp, environments=PROTECTED)
    p.bundle("M-02", "CREATE TABLE app.u (id int);", "DROP TABLE app.u;")
    p.run("check", "--fix")
    equal(p.build("--apply").status, 0)
    ran = p.run("rollback", "dev")
    equal(ran.status, 1, repr(ran))
    contains(ran.err, 'environment "dev" is protected: nothing was taken back')
    p.write("registry/environments.v1.yml", PROTECTED.replace("approval: review", "approval: signature"))
    signed = rollback(p)
    equal(signed.status, 1, repr(signed))
    contains(signed.err, 'environment "dev" wants signatures over what is taken back: 0 of 1 signature; nothing was taken back')
    p.write("registry/environments.v1.yml", PROTECTED)
    equal(rollback(p).status, 0)


@test
def order_of_an_enum(tmp):
    """The type is made anew with its values in another order; --exact refuses it."""
    up = "CREATE TYPE app.mood2 AS ENUM ('a', 'b', 'c', 'd'); DROP TYPE app.mood; ALTER TYPE app.mood2 RENAME TO mood;"
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a', 'b', 'c');", "DROP TYPE app.mood; DROP SCHEMA app;")
    p.bundle("M-02", up, "DROP TYPE app.mood; CREATE TYPE app.mood AS ENUM ('c', 'a', 'b');")
    built(p)
    exact = rollback(p, "--exact")
    equal(exact.status, 4, repr(exact))
    contains(exact.err, "type app.mood is not as it was before ledger entry 4: labels is another")
    ran = rollback(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "taken back; only an order is not as before: type app.mood")
    body = json.loads(pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")[0][0])
    equal([(g["gate"], g["result"], g["waived_by"]) for g in body["claim"]["gates"] if g["result"] == "waived"], [("restored", "waived", "order")])
    equal(rollback(p).status, 0)


@test
def other_values_are_no_order(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a', 'b', 'c');", "DROP TYPE app.mood; DROP SCHEMA app;")
    p.bundle("M-02", "DROP TYPE app.mood;", "CREATE TYPE app.mood AS ENUM ('a', 'b', 'x');")
    built(p)
    fails(rollback(p), 4, "app.mood")


@test
def writers_stay_known(tmp):
    """What is as it was before is still M-01's."""
    p = four(tmp)
    equal(rollback(p, "--steps=2").status, 0)
    pg.psql(p.db, "ALTER TABLE app.t ADD COLUMN sneaky int")
    contains(p.run("diff", "dev").out, "PG-MIG-2026-01-01-01")


@test
def drift_stops_it(tmp):
    p = four(tmp)
    pg.psql(p.db, "ALTER TABLE app.u ADD COLUMN sneaky int")
    fails(rollback(p), 4, "table app.u was changed outside kfmig")


@test
def unknown_and_double_names(tmp):
    p = four(tmp)
    for args, status, words in ((["NOPE"], 5, "NOPE"), (["M-02", "--steps=1"], 5, "takes one migration"), (["--to=" + full_id("M-02"), "--steps=1"], 5, "takes one migration"),
                                (["PG-MIG-2026-01-01-0"], 5, "ambiguous")):
        ran = p.run("rollback", "dev", *args)
        equal(ran.status, status, repr(ran))
        contains(ran.err, words)


ALONE = {
    "index": ("CREATE INDEX CONCURRENTLY t_n ON app.t (n);", "DROP INDEX CONCURRENTLY app.t_n;", ["intent", "done", "rollback"]),
    "mixed": ("ALTER TABLE app.t ADD note text; CREATE INDEX t_n ON app.t (n);", "DROP INDEX CONCURRENTLY app.t_n; ALTER TABLE app.t DROP note;",
              ["intent", "done", "done", "rollback"]),
    "made again": ("DROP INDEX app.t_name;", "CREATE INDEX CONCURRENTLY t_name ON app.t (name);", ["intent", "done", "rollback"]),
}


@cases(**ALONE)
def what_runs_alone(variant, tmp):
    """Segments, journaled; applied and taken back once more from the start."""
    up, down, kinds = variant
    p = Project(tmp)
    p.bundle("M-01", BASE + "CREATE INDEX t_name ON app.t (name);", BASE_BACK)
    built(p)
    was = objects(p)
    p.bundle("M-02", up, down)
    built(p)
    for _ in range(2):
        since = pg.psql(p.db, "SELECT max(seq) FROM kfmig.entry")[0][0]
        ran = rollback(p)
        equal(ran.status, 0, repr(ran))
        equal([k for k, in pg.psql(p.db, f"SELECT kind FROM kfmig.entry WHERE seq > {since} ORDER BY seq")], kinds)
        equal(objects(p), was)
        equal(p.build(full_id("M-02")).status, 0)
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("diff", "dev").status, 0)


@test
def what_runs_alone_and_does_not_restore(tmp):
    """The last segment runs alone, so that it is seen only once it stands: exit 4, what stands is said, and it goes on from there."""
    p = project(tmp)
    p.bundle("M-02", "CREATE INDEX t_n ON app.t (n); ALTER TABLE app.t ADD note text;", "DROP INDEX CONCURRENTLY app.t_n;")
    built(p)
    ran = rollback(p)
    equal(ran.status, 4, repr(ran))
    contains(ran.err, "stands: 1 of 1 segments")
    contains(ran.err, "column note was not there")
    equal(state_of(p, "M-02"), ("blocked", "rollback_begun"))
    contains(p.run("why", "dev/PG-MIG-2026-01-01-02").out, "`kfmig rollback dev PG-MIG-2026-01-01-02` goes on with it")
    fails(p.build(), 1, "rollback")
    pg.psql(p.db, "ALTER TABLE app.t DROP note")
    contains(rollback(p).err, "table app.t was changed outside kfmig")
    adopted = p.run("adopt", "dev")
    equal(adopted.status, 0, repr(adopted))
    ran = rollback(p)
    equal(ran.status, 0, repr(ran))
    equal(state_of(p, "M-02"), ("blocked", "rolled_back"))


WELLS = """\
projection: wells
store: postgis
schema: wells
sources:
  - dataset: wells
    version: 2026-02.0000000a
    asset: features
    into: pts
    columns: {id: properties.id, geom: geometry}
validate: {counts: catalog}
"""


@test
def projections_are_not_rolled_back(tmp):
    """Projections: a migration of a chain, one that a live projection is built on, and the projection itself."""
    p = Project(tmp, postgis=True)
    p.bundle("M-01", BASE, BASE_BACK, extra="depends_on: []\n")
    p.bundle("M-02", "CREATE TABLE wells.pts (id text, geom geometry(Point, 4326));", "DROP TABLE wells.pts;", schemas=("wells",),
             extra=f"depends_on: [{full_id('M-01')}]\n")
    version(p, "wells", "2026-02.0000000a", [point("a", -98, 38)])
    p.write("registry/projections/wells.yml", WELLS)
    built(p)
    was = p.entries()
    for ident, words in ((full_id("M-02"), "PG-MIG-2026-01-01-02 runs inside the generations of projection \"wells\""),
                         (full_id("M-01"), "projection \"wells\" is live and built on PG-MIG-2026-01-01-01 (PG-MIG-2026-01-01-02 depends on it)"),
                         ("wells", "\"wells\" is a projection: it has generations, and no rollback")):
        ran = rollback(p, ident)
        equal(ran.status in (1, 5), True, repr(ran))
        contains(ran.err, words)
    contains(rollback(p, full_id("M-02")).err, "`kfmig switch wells` goes back to a kept generation")
    equal(p.entries(), was)


@test
def evidence_holds(tmp):
    """With evidence in the bundles both verifications agree that all is well, before and after, and applied once more it is exported again."""
    p = four(tmp, environments=ENVIRONMENTS.replace("evidence: none", "evidence: bundle"))
    for step in (lambda: rollback(p), lambda: p.build(full_id("M-04")), lambda: rollback(p, "--steps=2")):
        ran = step()
        equal(ran.status, 0, repr(ran))
        verified = p.run("receipt", "verify", "dev")
        equal(verified.status, 0, repr(verified))
    script = os.environ["KFMIG_SRC"] + "/docs/verify.sh"
    done = subprocess.run(["sh", script, "--export", pg.dsn(p.db, user=pg.SUPERUSER), "seen"], cwd=p.root, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)
    done = subprocess.run(["sh", script, "--evidence", "bundle", "seen", "."], cwd=p.root, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main()
