"""What is left of a projection that was given up: `kfmig gc ENV --given-up` drops it as a whole or not at all, and the ledger agrees."""
# run: needs=postgres limit=900 majors

import json
import os
import pathlib
import shutil
import signal
import subprocess

import pg
from datasets import point, version
from project import FAULTY, Project, full_id
from schemas import valid
from seen import until
from tap import cases, contains, equal, fails, lacks, main, on_majors, test

ONE, TWO, THREE = (full_id(f"M-0{n}") for n in (1, 2, 3))
A, B = "2026-02.0000000a", "2026-03.0000000b"
YML = "registry/projections/wells.yml"
ENVIRONMENTS = """\
policy:
  protected:
    schemas: [governance]
environments:
  dev: {evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
  prod: {protected: true, approval: review, evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
default_environment: dev
"""
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text PRIMARY KEY, evidence text NOT NULL);
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TYPE app.colour AS ENUM ('red');
"""


def declare(p, ident=A, name="wells", schema="app", extra=""):
    p.write(f"registry/projections/{name}.yml", f"""\
projection: {name}
store: postgis
schema: {schema}
{extra}sources:
  - dataset: wells
    version: {ident}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, evidence: $evidence_ref}}
validate: {{counts: catalog}}
""")


def project(tmp):
    p = Project(tmp, ENVIRONMENTS)
    p.bundle("M-01", CHAIN)
    p.bundle("M-02", "CREATE TABLE app.more (id int);\nCREATE INDEX more_id ON app.more (id);\n")
    version(p, "wells", A, [point("a", -98, 38), point("b", -97, 39)])
    version(p, "wells", B, [point("a", -98, 38), point("c", -97, 39)])
    declare(p)
    equal(p.run("check", "--fix").status, 0)
    return p


def built(tmp, env="dev", versions=(A,)):
    p = project(tmp)
    if env == "prod":
        equal(p.run("adopt", env, "--apply").status, 0)
    for ident in versions:
        declare(p, ident)
        ran = p.run("build", env, "--apply")
        equal(ran.status, 0, repr(ran))
    return p


def gone(p, members=False):
    p.path(YML).unlink()
    for ident in (ONE, TWO, THREE) if members else ():
        shutil.rmtree(p.path(f"migrations/postgis/{ident}"), ignore_errors=True)
    if members:
        equal(p.run("check", "--fix").status, 0)


def stands(p):
    """What must not change where nothing is dropped."""
    return (pg.psql(p.db, "SELECT seq, kind FROM kfmig.entry WHERE result = 'success' ORDER BY seq"),
            pg.psql(p.db, "SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                          "WHERE n.nspname LIKE 'app%' OR n.nspname = 'other' ORDER BY 1, 2"),
            pg.psql(p.db, "SELECT projection, number, state FROM kfmig.generation ORDER BY 1, 2"))


def schemas(p):
    return [row[0] for row in pg.psql(p.db, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'app%' OR nspname LIKE 'second%' ORDER BY 1")]


def drop(p, *args, env="dev", option="--given-up", **more):
    return p.run("gc", env, option, "--apply", *args, **more)


def refused(p, status, *words, env="dev", **more):
    before = stands(p)
    ran = drop(p, env=env, **more)
    fails(ran, status, *words)
    equal(stands(p), before, repr(ran))
    return ran


def receipt(p):
    (row,) = pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
    doc = json.loads(row[0])
    valid("run_receipt.v1", doc)
    return doc


def settled(p, env="dev", projection="wells", subject="wells"):
    """It is dropped: the database, the ledger and what every verb says agree."""
    equal(pg.psql(p.db, "SELECT kind, subject, result FROM kfmig.entry ORDER BY seq DESC LIMIT 1"), [("drop", subject, "success")])
    equal(pg.value(p.db, f"SELECT count(*) FROM kfmig.generation WHERE projection = '{projection}' AND state <> 'dropped'"), "0")
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.object o WHERE object ~ '[ .]app(__g|[.\"]|$)' AND fingerprint IS NOT NULL AND NOT EXISTS "
                         "(SELECT FROM kfmig.object n WHERE n.object = o.object AND n.seq > o.seq)"), "0", "in the ledger's sum")
    equal(p.run("diff", env).status, 0)
    lacks(p.run("status", env).text, projection)
    lacks(p.run("plan", env).text, "no declaration here")
    ran = p.run("receipt", "verify", env)
    equal(ran.status, 0, repr(ran))
    ran = subprocess.run(["sh", os.environ["KFMIG_SRC"] + "/docs/verify.sh", "--export", pg.dsn(p.db, user=pg.SUPERUSER), "seen"], cwd=p.root,
                         capture_output=True, text=True, check=False)
    equal(ran.returncode, 0, ran.stdout + ran.stderr)


# --- as it should be --------------------------------------------------------------------------------------


@cases(alone=((A,), ["app"]), with_one_kept=((A, B), ["app", "app__g1"]))
@on_majors
def what_was_removed_is_dropped(case, tmp):
    versions, wanted = case
    p = built(tmp, versions=versions)
    gone(p, members=True)
    equal(schemas(p), wanted)
    before = stands(p)
    ran = p.run("gc", "dev", "--given-up", "--dry-run")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"wells: schema{'s' if len(wanted) > 1 else ''} {', '.join(wanted)} with all that is in")
    doc = p.json("gc", "dev", "--given-up", "--dry-run")
    valid("result.v1", doc)
    (one,) = doc["given_up"]
    equal((one["projection"], one["schemas"], one["generations"], one["pending"], one["in_the_way"]), ("wells", wanted, len(versions), [], []))
    fails(p.run("gc", "dev", "--given-up"), 1, "schemas would be dropped: nothing was", "add --apply")
    equal(stands(p), before)
    ran = drop(p, "--intent=no longer wanted")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "dev: 1 given up and dropped, 0 failed")
    equal(schemas(p), [])
    settled(p)
    told = receipt(p)
    equal((told["run_kind"], told["intent"], told["claim"]["dropped"]["schemas"]), ("projection_drop", "no longer wanted", wanted))
    equal([g["state"] for g in told["claim"]["dropped"]["generations"]], ["kept", "live"][-len(versions):])
    equal([g["gate"] for g in told["claim"]["gates"] if g["result"] == "pass"], ["scope", "protected", "drift", "ledger", "observation", "secrets"])
    equal(told["claim"]["inputs"][0]["uri"], "gc/wells.sql")
    contains(p.build().text, "nothing to do")
    fails(drop(p, option="--given-up=wells"), 5, 'dev has no projection "wells"')
    ran = drop(p)
    equal((ran.status, "no projection was given up" in ran.text), (0, True), repr(ran))


@test
def json_says_what_was_done(tmp):
    p = built(tmp)
    gone(p)
    doc = p.json("gc", "dev", "--given-up", "--apply")
    valid("result.v1", doc)
    (row,) = doc["ran"]
    equal((row["action"], row["target"], row["generations"]), ("drop", "wells", 1))
    (one,) = doc["given_up"]
    equal((one["pending"], one["objects"] > 4), ([ONE, TWO], True))


@test
def one_of_another_name_gets_the_schema(tmp):
    p = built(tmp)
    gone(p)
    declare(p, name="springs")
    fails(p.build(), 1, "wells has generations there")
    ran = drop(p, option="--given-up=wells")
    equal(ran.status, 0, repr(ran))
    lacks(ran.text, "ordinary migrations")
    equal(p.build().status, 0)
    equal(pg.psql(p.db, "SELECT projection, number, state FROM kfmig.generation ORDER BY 1"), [("springs", "1", "live"), ("wells", "1", "dropped")])
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def declared_again_it_is_made_again(tmp):
    p = built(tmp)
    gone(p)
    equal(drop(p).status, 0)
    declare(p)
    equal(p.build().status, 0)
    equal(pg.psql(p.db, "SELECT number, state FROM kfmig.generation ORDER BY number"), [("1", "dropped"), ("2", "live")], "no number twice")
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts"), "2")


@test
def members_that_are_still_here_become_ordinary_migrations(tmp):
    p = built(tmp)
    gone(p)
    contains(p.run("gc", "dev", "--given-up", "--dry-run").text, f"the next build applies them as ordinary migrations: {ONE}, {TWO}")
    equal(drop(p).status, 0)
    equal(p.build().status, 0)
    equal(p.applied(), [ONE, TWO])
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts"), "0")


@test
def one_that_is_for_other_environments(tmp):
    p = built(tmp)
    declare(p, extra="environments: [prod]\n")
    ran = drop(p)
    equal(ran.status, 0, repr(ran))
    equal(schemas(p), [])
    equal(p.run("diff", "dev").status, 0)
    contains(p.build().text, "nothing to do")


@test
def of_two_only_the_one_that_is_named(tmp):
    p = built(tmp)
    p.bundle("M-03", CHAIN.replace("app", "second"), schemas=("second",))
    declare(p, name="second", schema="second")
    equal(p.build().status, 0)
    gone(p)
    p.path("registry/projections/second.yml").unlink()
    equal(len(p.json("gc", "dev", "--given-up", "--dry-run")["given_up"]), 2)
    equal(drop(p, option="--given-up=second").status, 0)
    equal(schemas(p), ["app"])
    equal(drop(p).status, 0)
    equal(schemas(p), [])
    equal(pg.psql(p.db, "SELECT subject FROM kfmig.entry WHERE kind = 'drop' ORDER BY seq"), [("second",), ("wells",)])


@cases(protected="prod", unprotected="dev")
def a_protected_environment_is_free_again(env, tmp):
    p = built(tmp, env)
    gone(p, members=True)
    if env == "prod":
        fails(p.run("build", env, "--apply"), 1, "wells")
    equal(drop(p, env=env).status, 0)
    settled(p, env)
    equal(p.run("build", env, "--apply").status, 0)


# --- members with entries of their own ----------------------------------------------------------------------


def in_place(tmp):
    """A member that was applied to the live schema."""
    p = built(tmp)
    declare(p, extra="policy: in-place\n")
    p.bundle("M-03", "CREATE TABLE app.third (id int);\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p, [THREE]


def before_it(tmp):
    """A projection that was declared over what migrations had made."""
    p = project(tmp)
    yml = p.path(YML).read_text()
    p.path(YML).unlink()
    equal(p.build().status, 0)
    p.write(YML, yml)
    equal(p.build().status, 0)
    return p, [ONE, TWO]


@cases(in_place=in_place, before_it=before_it)
def members_that_were_applied_are_so_no_longer(make, tmp):
    p, own = make(tmp)
    equal(p.applied(), own)
    gone(p, members=True)
    contains(p.run("gc", "dev", "--given-up", "--dry-run").text, f"applied no longer afterwards: {', '.join(own)}")
    equal(drop(p).status, 0)
    settled(p, subject=" ".join(["wells", *own]))
    equal(receipt(p)["claim"]["dropped"]["migrations"], own)
    lacks(p.run("plan", "dev").text, "no bundle here")
    equal(p.run("plan", "dev", "--exit-code").status, 0)
    contains(p.build().text, "nothing to do")


@cases(in_place=in_place, before_it=before_it)
def and_are_applied_again_where_they_are_still_here(make, tmp):
    p, _ = make(tmp)
    gone(p)
    equal(drop(p).status, 0)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.run("diff", "dev").status, 0)
    equal(pg.value(p.db, "SELECT to_regclass('app.more') IS NOT NULL"), "t")


# --- what is in the way -------------------------------------------------------------------------------------

WAITING = "SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database WHERE NOT l.granted AND d.datname = "
OUTSIDE = "CREATE SCHEMA IF NOT EXISTS other;"


@cases(view=("CREATE VIEW other.v AS SELECT id FROM app.pts;", "view other.v depends on"),
       matview=("CREATE MATERIALIZED VIEW other.m AS SELECT id FROM app.pts;", "materialized view other.m depends on"),
       foreign_key=("CREATE TABLE other.t (id text REFERENCES app.pts);", "on other.t depends on"),
       default=("CREATE TABLE other.t (n int DEFAULT app.one());", "default value for other.t.n depends on function app.one()"),
       column_type=("CREATE TABLE other.t (c app.colour);", "table other.t depends on type app.colour"),
       function=("CREATE FUNCTION other.f(app.colour) RETURNS int LANGUAGE sql AS 'SELECT 1';", "function other.f(app.colour) depends on"),
       inherits=("CREATE TABLE other.t () INHERITS (app.more);", "table other.t depends on table app.more"),
       publication=("CREATE PUBLICATION p FOR TABLE app.pts;", "publication p publishes"),
       of_a_kept_one=("CREATE VIEW other.v AS SELECT id FROM app__g1.pts;", "view other.v depends on"))
def something_outside_depends_on_it(case, tmp):
    sql, words = case
    p = built(tmp, versions=(A, B))
    pg.psql(p.db, OUTSIDE + sql)
    equal(p.run("adopt", "dev").status, 0)
    gone(p)
    contains(p.run("gc", "dev", "--given-up", "--dry-run").text, f"in the way: {words}" if words.split()[0] in ("view", "publication") else words)
    refused(p, 1, "wells cannot be dropped", words, "drop what depends on it first")


def is_stopped(child):
    return pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def said(child):
    """Wait for kfmig; returns its status and what it said."""
    status = child.wait(timeout=60)
    child.err_file.seek(0)
    return status, child.err_file.read().decode()


@test
def what_comes_in_between_is_seen(tmp):
    p = built(tmp)
    pg.psql(p.db, OUTSIDE)
    equal(p.run("adopt", "dev").status, 0)
    gone(p)
    child = p.start("gc", "dev", "--given-up", "--apply", program=FAULTY, env={"KFMIG_FAULT": "tx.begun:stop"})
    until(lambda: is_stopped(child), "it has begun")
    pg.psql(p.db, "CREATE VIEW other.v AS SELECT id FROM app.pts;")
    child.send_signal(signal.SIGCONT)
    status, err = said(child)
    equal(status, 1, err)
    contains(err, "wells cannot be dropped: view other.v depends on table app.pts")
    equal(pg.value(p.db, "SELECT to_regclass('other.v') IS NOT NULL AND to_regclass('app.pts') IS NOT NULL"), "t")
    equal(receipt(p)["result"], "failed")


@test
def what_another_session_is_just_making_is_seen(tmp):
    """DROP ... CASCADE alone would wait for it, and then take it along."""
    p = built(tmp)
    pg.psql(p.db, OUTSIDE)
    equal(p.run("adopt", "dev").status, 0)
    gone(p)
    other = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db, user=pg.SUPERUSER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    other.stdin.write("BEGIN;\nCREATE VIEW other.v AS SELECT id FROM app.pts;\nSELECT 1;\n")
    other.stdin.flush()
    equal(other.stdout.readline().strip(), "1")
    child = p.start("gc", "dev", "--given-up", "--apply")
    until(lambda: pg.value("postgres", f"{WAITING}'{p.db}'") == "1", "it waits")
    other.communicate("COMMIT;\n")
    status, err = said(child)
    equal(status, 1, err)
    contains(err, "view other.v depends on table app.pts")
    equal(pg.value(p.db, "SELECT to_regclass('other.v') IS NOT NULL AND to_regclass('app.pts') IS NOT NULL"), "t")


@cases(added=("CREATE TABLE app.mine (id int); DO $$ BEGIN EXECUTE format('ALTER TABLE app.mine OWNER TO %I', (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'app')); END $$;", "table app.mine"), altered=("ALTER TABLE app.pts ADD COLUMN x int;", "table app.pts"),
       vanished=("DROP SCHEMA app CASCADE;", "app"))
def drift_is_settled_first(case, tmp):
    sql, words = case
    p = built(tmp)
    pg.psql(p.db, sql)
    gone(p, members=True)
    refused(p, 1, "wells cannot be dropped", words, "was changed outside kfmig", "kfmig adopt dev")
    equal(p.run("adopt", "dev").status, 0)
    ran = drop(p)
    equal(ran.status, 0, repr(ran))
    equal(schemas(p), [])
    settled(p)


@test
def what_is_protected_stays(tmp):
    p = built(tmp)
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace("governance", "app"))
    gone(p)
    ran = refused(p, 2, 'gate "protected" failed')
    equal(receipt(p)["result"], "failed", repr(ran))


@test
def the_server_may_refuse(tmp):
    p = built(tmp)
    pg.cluster().role("somebody_else", "NOLOGIN")
    pg.psql(p.db, "ALTER TABLE app.pts OWNER TO somebody_else; ALTER SCHEMA app OWNER TO somebody_else; GRANT USAGE ON SCHEMA app TO PUBLIC")
    equal(p.run("adopt", "dev").status, 0)
    gone(p)
    refused(p, 2, "wells was not dropped, nothing was changed: the server refused", "insufficient_privilege")
    told = receipt(p)
    equal((told["run_kind"], told["result"], told["failure"]["sqlstate"]), ("projection_drop", "failed", "42501"))
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def what_is_declared_is_not_given_up(tmp):
    p = built(tmp)
    refused(p, 5, 'projection "wells" was not given up: it is declared for dev', f"{YML}:1", option="--given-up=wells")
    fails(p.run("gc", "dev", "--given-up", "--all"), 5, "--all is about declared projections")
    fails(p.run("gc", "dev", "--dry-run"), 5, "--dry-run is for --given-up")


@test
def a_reader_is_waited_for(tmp):
    p = built(tmp)
    gone(p, members=True)
    reader = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db, user=pg.SUPERUSER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    reader.stdin.write("BEGIN;\nSELECT count(*) FROM app.pts;\n")
    reader.stdin.flush()
    equal(reader.stdout.readline().strip(), "2")
    child = p.start("gc", "dev", "--given-up", "--apply")
    until(lambda: pg.value("postgres", f"{WAITING}'{p.db}'") == "1", "it waits")
    reader.communicate("COMMIT;\n")
    status, err = said(child)
    equal(status, 0, err)
    settled(p)


@cases(begun="generation.loaded:kill", proven="generation.proven:kill")
def what_was_begun_and_not_published(fault, tmp):
    p = project(tmp)
    p.run("build", "dev", env={"KFMIG_FAULT": fault}, program=FAULTY)
    equal(schemas(p), ["app__g1"])
    gone(p, members=True)
    equal(drop(p).status, 0)
    equal(schemas(p), [])
    settled(p)
    equal(receipt(p)["claim"]["dropped"]["digest"], None)


@test
def an_older_kfmig_did_not_write_the_schema(tmp):
    p = built(tmp, versions=(A, B))
    pg.psql(p.db, "UPDATE kfmig.generation SET facts = regexp_replace(facts, '\"schema\":\"[^\"]*\",?', '')")
    gone(p, members=True)
    equal(drop(p).status, 0)
    equal(schemas(p), [])
    settled(p)


main()
