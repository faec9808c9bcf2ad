"""Applied, but not here, for projections: whatever becomes of a projection's file, the migrations of its chain do not run into the schema
that readers see, every verb says what is missing, and with the file back all goes on."""
# run: needs=postgres limit=900

import shutil

import pg
from datasets import point, version
from project import FAULTY, Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

ONE, TWO, THREE = (full_id(f"M-0{n}") for n in (1, 2, 3))
A, B = "2026-02.0000000a", "2026-03.0000000b"
YML = "registry/projections/wells.yml"
CODES = ["begun_not_here", "not_declared", "schema_taken", "schema_changed", "applied_not_here", "bundle_missing"]
ENVIRONMENTS = """\
environments:
  dev: {evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
  prod: {protected: true, approval: review, evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}}}
default_environment: dev
"""
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326) NOT NULL, evidence text NOT NULL);
"""
MORE = "CREATE TABLE app.more (id int);\nCREATE INDEX more_id ON app.more (id);\n"
reached = set()


def declare(p, ident=A, name="wells", schema="app", file=None, extra=""):
    p.write(file or f"registry/projections/{name}.yml", f"""\
projection: {name}
store: postgis
schema: {schema}
{extra}sources:
  - dataset: wells
    version: {ident}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry, evidence: $evidence_ref}}
validate: {{counts: catalog, extents: {{from: catalog}}}}
""")


def project(tmp):
    p = Project(tmp, ENVIRONMENTS, postgis=True)
    p.bundle("M-01", CHAIN)
    p.bundle("M-02", MORE)
    version(p, "wells", A, [point("a", -98, 38), point("b", -97, 39)])
    version(p, "wells", B, [point("a", -98, 38), point("c", -97, 39)])
    declare(p)
    equal(p.run("check", "--fix").status, 0)
    return p


def built(tmp, env="dev"):
    p = project(tmp)
    if env == "prod":
        equal(p.run("adopt", env, "--apply").status, 0)
    ran = p.run("build", env, "--apply")
    equal(ran.status, 0, repr(ran))
    return p


def gone(p):
    p.path(YML).unlink()


def folder(p, ident):
    return p.path(f"migrations/postgis/{ident}")


def older(p):
    """As a kfmig before this one wrote it: a generation does not say which schema it stands in."""
    pg.psql(p.db, "UPDATE kfmig.generation SET facts = regexp_replace(facts, '\"schema\":\"[^\"]*\",?', '')")


def state(p):
    """What must not change: how many entries, what stands in the schema, what was made by which relation."""
    return (int(pg.value(p.db, "SELECT size FROM kfmig.head")),
            pg.psql(p.db, "SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                          "WHERE n.nspname LIKE 'app%' ORDER BY 1, 2"))


def code(p, target, env="dev"):
    doc = p.json("status", env)
    valid("status.v1", doc)
    valid("plan.v1", p.json("plan", env))
    row = next(t for t in doc["targets"] if t["target"].startswith(f"{env}/{target}@") and not t["target"].endswith("@declaration"))
    reached.add(row["reasons"][0]["code"])
    return row["state"], row["reasons"][0]["code"]


def told(p, words, name="wells", env="dev"):
    for verb in (("plan", env), ("status", env)):
        contains(p.run(*verb).text, name, repr(verb))
    why = p.run("why", f"{env}/{name}")
    valid("why.v1", p.json("why", f"{env}/{name}"))
    contains(why.text, words, repr(why))
    return why.text


def stays(p, status, *words, env="dev", args=()):
    """A build ends so, says that, and leaves everything as it is."""
    before = state(p)
    ran = p.run("build", env, "--apply", *args)
    equal(ran.status, status, repr(ran))
    for w in words:
        contains(ran.text, w)
    equal(state(p), before)
    return ran


# --- the file is gone, renamed, of another name ------------------------------------------------------------


@cases(now=False, by_an_older_kfmig=True)
def a_declaration_that_is_gone(is_older, tmp):
    p = built(tmp)
    if is_older:
        older(p)
    gone(p)
    text = told(p, "no declaration here")
    contains(text, f"git log --all -- {YML}")
    contains(text, "by run ")
    equal(code(p, "wells"), ("not-applicable", "applied_not_here"))
    equal((code(p, ONE), code(p, TWO)), (("current", "current"), ("current", "current")))
    contains(p.run("status", "dev").text, "not here")
    lacks(p.run("status", "dev").text, "never built")
    stays(p, 0, "wells: published at", "nothing to do (2 current, 1 applied but not here)")
    fails(p.run("plan", "dev", "--exit-code"), 10, "published at", "no declaration here")
    equal(p.run("diff", "dev").status, 0)
    fails(p.run("build", "dev", "M-99"), 5, "no target")
    stays(p, 0, args=(TWO,))


def moved_aside(p):
    p.path(YML).rename(p.path("registry/projections/wells.yml.orig"))


def other_ending(p):
    p.path(YML).rename(p.path("registry/projections/wells.yaml"))


def in_a_folder(p):
    p.path("registry/projections/later").mkdir()
    p.path(YML).rename(p.path("registry/projections/later/wells.yml"))


@cases(aside=moved_aside, in_a_folder=in_a_folder)
def a_file_that_is_not_read(move, tmp):
    p = built(tmp)
    move(p)
    equal(code(p, "wells"), ("not-applicable", "applied_not_here"))
    stays(p, 0, "no declaration here")


def emptied(p):
    p.write(YML, "")


def no_yaml(p):
    p.write(YML, "projection: [\n")


def no_declaration(p):
    p.write(YML, "projection: wells\n")


def other_name_inside(p):
    declare(p, name="springs", file=YML)


@cases(emptied=(emptied, "wells.yml"), no_yaml=(no_yaml, "wells.yml"), incomplete=(no_declaration, "wells.yml:1:1"),
       name=(other_name_inside, 'its file is named "wells.yml"'), ending=(other_ending, "wells.yaml"))
def a_file_with_a_fault_stops_all(case, tmp):
    spoil, words = case
    p = built(tmp)
    spoil(p)
    fails(p.run("check"), 5, words)
    stays(p, 5, words)
    stays(p, 5, words, args=(TWO,))


@cases(protected="prod", unprotected="dev")
def another_name_for_the_same_schema(env, tmp):
    p = built(tmp, env)
    gone(p)
    declare(p, name="springs")
    equal(code(p, "springs", env), ("blocked", "schema_taken"))
    contains(told(p, "its schema is that of springs: renamed?", env=env), "give it its old name back")
    contains(told(p, "wells has generations there: renamed?", "springs", env), "give it its old name back, wells")
    stays(p, 1, "wells", env=env)
    stays(p, 1, env=env, args=("springs",))


def chain_too(p):
    for ident in (ONE, TWO):
        yml = folder(p, ident) / "migration.yml"
        yml.write_text(yml.read_text().replace("allowed_schemas: [app]", "allowed_schemas: [elsewhere]"))


@cases(only_the_declaration=lambda p: None, with_its_chain=chain_too)
def another_schema_for_the_same_name(also, tmp):
    p = built(tmp)
    declare(p, schema="elsewhere")
    also(p)
    equal(code(p, "wells"), ("blocked", "schema_changed"))
    contains(told(p, "they stand in app"), "declare `schema: app` again")
    stays(p, 1, "they stand in app")


# --- and then its migrations -------------------------------------------------------------------------------


def edited(p):
    (folder(p, TWO) / "forward.sql").write_text("CREATE TABLE app.other (id int);\n")


def renamed(p):
    new = full_id("M-05")
    folder(p, TWO).rename(folder(p, new))
    yml = folder(p, new) / "migration.yml"
    yml.write_text(yml.read_text().replace(TWO, new))


def one_more(p):
    p.bundle("M-03", "CREATE TABLE app.third (id int);\n")


def drops_it(p):
    p.bundle("M-03", "DROP SCHEMA app CASCADE;\n")


def reaches_further(p):
    p.bundle("M-03", "CREATE SCHEMA other;\nCREATE TABLE app.third (id int);\n", schemas=("app", "other"))


@cases(edited=(edited, TWO, False), renamed=(renamed, full_id("M-05"), False), one_more=(one_more, THREE, False),
       drops_it=(drops_it, THREE, False), reaches_further=(reaches_further, THREE, False), edited_by_an_older=(edited, TWO, True),
       one_more_by_an_older=(one_more, THREE, True))
def what_would_run_into_the_live_schema_waits(case, tmp):
    change, ident, is_older = case
    p = built(tmp)
    gone(p)
    change(p)
    if is_older:
        older(p)
    equal(p.run("check", "--fix").status, 0)
    equal(code(p, ident), ("blocked", "not_declared"))
    contains(told(p, "belongs to a projection that is not declared here", ident), f"put {YML} back")
    stays(p, 1, "schema app holds generations of wells, and there is no registry/projections/wells.yml")
    stays(p, 1, args=(ident,))
    stays(p, 1, args=("-k",))


@test
def what_is_elsewhere_runs(tmp):
    p = built(tmp)
    gone(p)
    p.bundle("M-03", "CREATE SCHEMA other;\nCREATE TABLE other.t (id int);\n", schemas=("other",))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "no declaration here")
    equal(p.applied(), [THREE])
    one_more(p)
    p.bundle("M-04", "CREATE TABLE other.u (id int);\n", schemas=("other",))
    fails(p.build("-k"), 1, "belongs to a projection that is not declared here")
    equal(p.applied(), [THREE, full_id("M-04")], "what a chain waits for holds nothing outside, as with its declaration")


@cases(now=False, by_an_older_kfmig=True)
def declaration_and_members_gone(is_older, tmp):
    p = built(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    if is_older:
        older(p)
    gone(p)
    shutil.rmtree(folder(p, ONE))
    shutil.rmtree(folder(p, TWO))
    told(p, "no declaration here")
    contains(told(p, "no bundle here", TWO), "in generation 2 of wells, published at")
    told(p, "no bundle here", ONE)
    after = p.run("postflight", "dev")
    equal(after.status, 3, repr(after))
    for name in ("wells", ONE, TWO):
        contains(after.text, f"{name}: it is applied there and not here")
    stays(p, 0, "3 applied but not here")
    equal(p.run("diff", "dev").status, 0, "the kept generation is no drift")
    one_more(p)
    stays(p, 1, "schema app holds generations of wells")


@test
def one_member_gone_besides(tmp):
    p = built(tmp)
    gone(p)
    shutil.rmtree(folder(p, TWO))
    stays(p, 0, f"{TWO}: in generation 1 of wells", "1 current, 2 applied but not here")


@test
def a_member_gone_where_the_declaration_is_here_is_another_chain(tmp):
    p = built(tmp)
    shutil.rmtree(folder(p, TWO))
    contains(p.run("plan", "dev").text, f"migration {TWO}")
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT to_regclass('app.more') IS NULL AND to_regclass('app__g1.more') IS NOT NULL"), "t")


# --- in the middle of things -------------------------------------------------------------------------------


@cases(schema=("generation.schema", 0), loaded=("generation.loaded", 1), proven=("generation.proven", 1), swapped=("generation.swapped", 1))
def begun_and_not_published(case, tmp):
    point_, n = case
    p = project(tmp)
    p.run("build", "dev", env={"KFMIG_FAULT": f"{point_}:kill"}, program=FAULTY)
    equal(len(pg.psql(p.db, "SELECT 1 FROM kfmig.generation")), n)
    gone(p)
    if n == 0:
        return  # nothing was begun: nobody knows that it was to be a projection
    equal(code(p, "wells"), ("not-applicable", "begun_not_here"))
    equal(code(p, ONE), ("blocked", "not_declared"))
    told(p, "not published, no declaration here")
    contains(p.run("postflight", "dev").text, "wells: it was begun there and is not here")
    stays(p, 1, "schema app holds generations of wells")
    equal(p.run("diff", "dev").status, 0, "what was begun is no drift")
    declare(p)
    equal(p.build().status, 0)
    equal(pg.psql(p.db, "SELECT number, state FROM kfmig.generation"), [("1", "live")])


@test
def never_built_it_is_nobodys(tmp):
    p = project(tmp)
    gone(p)
    equal(code(p, ONE)[1], "never_built")
    equal(p.build().status, 0)
    equal(p.applied(), [ONE, TWO])


@cases(now=False, by_an_older_kfmig=True)
def its_kept_generations_are_no_drift(is_older, tmp):
    p = built(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'app__g1'"), "1")
    if is_older:
        older(p)
    gone(p)
    equal(p.run("diff", "dev").status, 0)
    stays(p, 0)
    ran = p.run("gc", "dev", "--all")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "wells is not declared here: its generations stay")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'app__g1'"), "1")
    fails(p.run("switch", "dev", "wells", "1"), 1, 'projection "wells" is not declared here')
    contains(p.run("switch", "dev", "wells").text, "live")
    ran = p.run("rebuild", "dev", "--all")
    fails(ran, 5, "no projection is declared")


@test
def put_back_it_goes_on(tmp):
    p = built(tmp)
    gone(p)
    equal(p.build().status, 0)
    declare(p)
    equal(p.build().text.strip(), "dev: nothing to do (3 current)")
    declare(p, B)
    equal(p.build().status, 0)
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def of_two_projections_one_is_gone(tmp):
    p = built(tmp)
    p.bundle("M-03", CHAIN.replace("app", "second"), schemas=("second",))
    declare(p, name="second", schema="second")
    equal(p.build().status, 0)
    gone(p)
    declare(p, B, name="second", schema="second")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "wells: published at")
    equal(pg.psql(p.db, "SELECT projection, number FROM kfmig.generation WHERE state = 'live' ORDER BY 1"), [("second", "2"), ("wells", "1")])
    equal(code(p, TWO), ("current", "current"))


@test
def one_that_is_for_other_environments_is_no_longer_missed(tmp):
    p = built(tmp)
    declare(p, extra="environments: [prod]\n")
    equal(code(p, "wells"), ("not-applicable", "not_in_environment"))
    equal(code(p, ONE), ("not-applicable", "not_in_environment"))
    stays(p, 0)


@cases(alone=(lambda p: None, ()), with_others=(lambda p: p.bundle("M-03", "CREATE SCHEMA o;\n", schemas=("o",)), ()),
       by_steps=(lambda p: p.bundle("M-03", "CREATE SCHEMA o;\n", schemas=("o",)), ("--steps=1",)),
       named=(lambda p: p.bundle("M-03", "CREATE SCHEMA o;\n", schemas=("o",)), (THREE,)))
def a_protected_environment_blocks(case, tmp):
    more, args = case
    p = built(tmp, "prod")
    gone(p)
    more(p)
    equal(p.run("check", "--fix").status, 0)
    equal(code(p, "wells", "prod"), ("blocked", "bundle_missing"))
    contains(told(p, "no declaration here", env="prod"), "where it is no longer wanted in prod, keep it and list other environments")
    stays(p, 1, "wells", "which a protected environment does not pass over", env="prod", args=args)


@test
def every_code_was_reached(tmp):
    equal(sorted(set(CODES) - reached), [])


main()
