"""What was changed outside kfmig: told object by object by `kfmig diff`, and known by exit statuses."""
# run: needs=postgres limit=600

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, main, test

ONE = full_id("M-01")
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\nCREATE TABLE app.u (id int);\n"


def built(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    equal(p.build().status, 0)
    return p


def differences(p):
    told = p.json("diff", "dev")
    valid("diff.v1", told)
    return {d["object"]: d for d in told["differences"]}


@test
def nothing_differs(tmp):
    p = built(tmp)
    ran = p.run("diff")
    equal((ran.status, ran.out), (0, "dev: the database is as its ledger says\n"), repr(ran))
    equal(differences(p), {})
    equal([p.run(*v, "--exit-code").status for v in (("plan",), ("status",))], [0, 0])


# what is done outside kfmig: the object it shows at, how, and a facet that is told
@cases(column_type=("ALTER TABLE app.t ALTER note TYPE varchar(9)", "table app.t", "changed", "column"),
       column_added=("ALTER TABLE app.t ADD more int", "table app.t", "changed", "column"),
       column_dropped=("ALTER TABLE app.t DROP note", "table app.t", "changed", "column"),
       not_null=("ALTER TABLE app.t ALTER note SET NOT NULL", "table app.t", "changed", "column"),
       default=("ALTER TABLE app.t ALTER note SET DEFAULT 'x'", "table app.t", "changed", "column"),
       index=("CREATE INDEX t_note ON app.t (note)", "table app.t", "changed", "index"),
       check=("ALTER TABLE app.t ADD CONSTRAINT positive CHECK (id > 0)", "table app.t", "changed", "constraint"),
       comment=("COMMENT ON TABLE app.t IS 'x'", "table app.t", "changed", "comment"),
       privileges=("GRANT SELECT ON app.t TO PUBLIC", "table app.t", "changed", "acl"),
       owner=("ALTER TABLE app.t OWNER TO postgres", "table app.t", "changed", "owner"),
       appeared=("CREATE TABLE app.fresh (id int)", "table app.fresh", "appeared", "column"),
       vanished=("DROP TABLE app.u", "table app.u", "vanished", "column"),
       view=("CREATE VIEW app.v AS SELECT 1 AS one", "view app.v", "appeared", ""))
def each_kind_of_change(how, tmp):
    sql, name, change, facet = how
    p = built(tmp)
    pg.psql(p.db, sql)
    ran = p.run("diff", "dev")
    equal(ran.status, 10, repr(ran))
    contains(ran.out, f"{name} {change} outside kfmig")
    found = differences(p)
    equal((list(found), found[name]["change"]), ([name], change))
    facets = found[name]["facets"]
    equal(any(facet in f["facet"] for f in facets), True, repr(facets))
    equal([f for f in facets if f["was"] == f["now"]], [])
    equal({(f["was"] is None, f["now"] is None) for f in facets} & {(True, True)}, set())
    if change == "changed":
        contains(ran.out, f"last written by {ONE} (ledger entry 3)")
    equal([p.run(*v, "--exit-code").status for v in (("plan",), ("status",))], [10, 10])
    equal([p.run(*v).status for v in (("plan",), ("status",))], [0, 0], "without it they only tell")


@test
def was_and_now_stand_side_by_side(tmp):
    p = built(tmp)
    pg.psql(p.db, "ALTER TABLE app.t ALTER note TYPE varchar(9)")
    ran = p.run("diff", "dev")
    lines = [line.split(maxsplit=1) for line in ran.out.splitlines() if line.startswith("  ")]
    statement = "ALTER TABLE app.t ALTER COLUMN note TYPE {0} USING note::{0};"
    equal([(a, b.split("  ")[-1]) for a, b in lines],
          [("-", "text"), ("+", "character varying(9)"), ("undo", statement.format("text")), ("keep", statement.format("character varying(9)"))], ran.out)


@test
def diff_needs_a_ledger(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    ran = p.run("diff")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'environment "dev" has no ledger yet: nothing is expected there')
    fails(p.run("diff", "dev", ONE), 5, f'no environment "{ONE}"')


main()
