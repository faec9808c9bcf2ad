"""Two environments beside each other, and what was done in one made into a migration for the other."""
# run: needs=postgres limit=600

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, lacks, main, test

ENVIRONMENTS = """\
environments:
  dev:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
  other:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_OTHER}}
default_environment: dev
"""
ONE, TWO, THREE = (full_id(f"M-0{n}") for n in range(1, 4))
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"


def project(tmp, same_owner=True):
    p = Project(tmp, ENVIRONMENTS)
    p.other = pg.createdb()
    owner = p.db if same_owner else p.other
    if same_owner:
        pg.psql("postgres", f'ALTER DATABASE "{p.other}" OWNER TO "{p.db}"')
    p.env["KFM_OTHER"] = pg.dsn(p.other, user=owner)
    p.bundle("M-01", TABLE)
    return p


def build(p, *envs):
    for env in envs:
        ran = p.run("build", env)
        equal(ran.status, 0, repr(ran))


def compared(p, status=10, here="dev", there="other"):
    ran = p.run("diff", here, there)
    equal(ran.status, status, repr(ran))
    told = p.json("diff", here, there)
    valid("comparison.v1", told)
    equal((told["here"], told["there"]), (here, there))
    equal(p.run("diff", here, there, "--exit-code").status, status)
    return ran.out, told


def subjects(told):
    return {m["subject"]: (m["here"] is not None, m["there"] is not None) for m in told["migrations"]}


@test
def the_same(tmp):
    p = project(tmp)
    build(p, "dev", "other")
    out, told = compared(p, 0)
    contains(out, "dev and other are the same: 1 migration, ")
    equal((told["migrations"], told["objects"], told["order"], told["same"]["migrations"]), ([], [], None, 1))
    equal(told["same"]["objects"] > 0, True)


@cases(here=("dev", (True, False), "only_here"), there=("other", (False, True), "only_there"))
def one_is_ahead(how, tmp):
    env, where, difference = how
    p = project(tmp)
    build(p, "dev", "other")
    p.bundle("M-02", "ALTER TABLE app.t ADD more int;\nCREATE TABLE app.u (id int);\n")
    build(p, env)
    out, told = compared(p)
    equal(subjects(told), {TWO: where})
    contains(out, f"only in {env} (entry ")
    contains(out, "dev and other: 1 migration and 2 objects not the same, 1 and ")
    found = {o["object"]: (o["difference"], [f["facet"] for f in o["facets"]]) for o in told["objects"]}
    equal(found["table app.u"][0], difference)
    equal(found["table app.t"], ("changed", ["column more", "column_order"]))
    contains(out, f"table app.u only in {env}; in {env} last written by {TWO}")
    contains(out, "+ column more" if env == "other" else "- column more")


@test
def another_content_and_another_order(tmp):
    p = project(tmp)
    p.bundle("M-02", "CREATE TABLE app.u (id int);\n")
    p.bundle("M-03", "CREATE TABLE app.w (id int);\n", extra=f"depends_on: [{ONE}]\n")
    build(p, "dev")
    build_one = p.run("build", "other", THREE)
    equal(build_one.status, 0, repr(build_one))
    p.bundle("M-02", "CREATE TABLE app.u (id bigint);\n")
    build(p, "other")
    out, told = compared(p)
    equal(subjects(told), {TWO: (True, True)})
    equal([o["object"] for o in told["objects"]], ["table app.u"])
    equal(told["objects"][0]["facets"], [{"facet": "column id", "here": "integer", "there": "bigint"}])
    contains(out, f"{TWO}  not the same content: dev (entry ")
    equal(told["order"], {"before": TWO, "after": THREE})
    contains(out, f"applied in another order: {TWO} came before {THREE} in dev, and behind it in other")


@test
def owners_are_counted_apart(tmp):
    p = project(tmp, same_owner=False)
    build(p, "dev", "other")
    out, told = compared(p)
    equal({o["explained_by"] for o in told["objects"]}, {"owner"})
    equal("table app.t" in [o["object"] for o in told["objects"]], True)
    contains(out, "in nothing but the owner; --verbose lists")
    lacks(out, "table app.t")
    contains(p.run("diff", "dev", "other", "--verbose").out, "table app.t differs")


@test
def drift_is_not_looked_for_and_adopted_it_is_told(tmp):
    p = project(tmp)
    build(p, "dev", "other")
    pg.psql(p.db, "CREATE INDEX t_note ON app.t (note)", p.db)
    compared(p, 0)
    equal(p.run("adopt", "dev").status, 0)
    out, told = compared(p)
    equal([(o["object"], [f["facet"] for f in o["facets"]]) for o in told["objects"]], [("table app.t", ["index t_note"])])
    equal((told["objects"][0]["writer_here"], told["objects"][0]["writer_there"]), (None, ONE))
    contains(out, "- index t_note")


@cases(unknown=(("dev", "nowhere"), 5, 'no environment "nowhere"'), three=(("dev", "other", "dev"), 5, "takes an environment, or two"),
       new=(("dev", "other", "--new"), 5, "--new goes with one"), empty=(("dev", "other"), 1, 'environment "other" has no ledger yet'),
       empty_here=(("other", "dev"), 1, 'environment "other" has no ledger yet'))
def refusals(how, tmp):
    args, status, words = how
    p = project(tmp)
    build(p, "dev")
    ran = p.run("diff", *args)
    equal(ran.status, status, repr(ran))
    contains(ran.text, words)


@test
def one_that_does_not_answer_is_named(tmp):
    p = project(tmp)
    build(p, "dev")
    p.env["KFM_OTHER"] = "postgresql:///nothing?host=/nonexistent"
    ran = p.run("diff", "dev", "other")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'environment "other" could not be asked')


# what is done in dev by hand; elsewhere the migration made of it does the same
@cases(index="CREATE INDEX t_note ON app.t (note)",
       column="ALTER TABLE app.t ADD more int NOT NULL DEFAULT 3",
       type_="ALTER TABLE app.t ALTER note TYPE varchar(20)",
       table="CREATE TABLE app.fresh (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t_id int REFERENCES app.t)",
       view="CREATE VIEW app.v AS SELECT id FROM app.t",
       function="CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a'",
       check="ALTER TABLE app.t ADD CONSTRAINT positive CHECK (id > 0)",
       gone="ALTER TABLE app.t DROP note",
       grant="GRANT SELECT ON app.t TO PUBLIC",
       several="CREATE TYPE app.mood AS ENUM ('a', 'b'); ALTER TABLE app.t ADD mood app.mood; COMMENT ON TABLE app.t IS 'moody'; "
               "CREATE SCHEMA more; CREATE TABLE more.x (id int)")
def new_makes_a_migration_of_it(sql, tmp):
    p = project(tmp)
    build(p, "dev", "other")
    pg.psql(p.db, sql, p.db)
    told = p.json("diff", "dev", "--new")
    ident = told["migration_id"]
    folder = p.path(told["dir"])
    checked = p.run("check")
    equal(checked.status, 0, repr(checked) + (folder / "migration.yml").read_text())
    lacks((folder / "forward.sql").read_text(), "BY HAND")
    # where it was done, it is blocked by what it is made of, and taken for applied
    why = p.run("why", f"dev/{ident}@apply")
    contains(why.out, "take it for applied with --migration=ID")
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    adopted = p.run("adopt", "dev", f"--migration={ident}")
    equal(adopted.status, 0, repr(adopted))
    equal(p.run("diff", "dev").status, 0)
    # elsewhere it is built, and both are the same
    build(p, "other")
    equal(p.run("diff", "other").status, 0)
    compared(p, 0)


@test
def new_says_what_is_left_to_a_person(tmp):
    p = project(tmp)
    build(p, "dev")
    pg.psql(p.db, "CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int); ALTER TABLE app.t ADD more int", p.db)
    ran = p.run("diff", "dev", "--new")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "forward.sql: 1 thing must be done by hand, look for BY HAND")
    contains(ran.out, "next: finish forward.sql and rollback.sql")


@test
def new_where_nothing_differs(tmp):
    p = project(tmp)
    build(p, "dev")
    ran = p.run("diff", "dev", "--new")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'nothing differs in "dev": there is nothing to write')


@test
def a_secret_is_withheld(tmp):
    p = project(tmp)
    build(p, "dev")
    key = "AKIA" + "Q3EGRSTUVWXYZ2AB"
    pg.psql(p.db, f"ALTER TABLE app.t ALTER note SET DEFAULT '{key}'", p.db)
    ran = p.run("diff", "dev")
    contains(ran.out, "-- by hand: column note; withheld: it holds what looks like")
    lacks(ran.text, key)
    made = p.run("diff", "dev", "--new")
    lacks(made.text, key)
    for path in p.root.rglob("*.sql"):
        lacks(path.read_text(), key)


main()
