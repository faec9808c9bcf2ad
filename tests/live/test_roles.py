"""Roles that a migration names and the server has not, or of which the role that runs it is no member: told by `new --from` and before a build."""
# run: needs=postgres limit=300

import pg
from project import Project, full_id
from schemas import valid
from tap import cases, contains, equal, lacks, main, test

CODES = ["role_missing"]  # reached below

TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n"
ONE = full_id("M-01")


def name(p, what):
    """Roles are the cluster's: each test has its own."""
    return f"r_{p.db}_{what}".lower()


# statement, does it need to act as the role
NEEDS = {
    "owner of a table": ("ALTER TABLE app.t OWNER TO {r};", True),
    "owner of a schema": ("ALTER SCHEMA app OWNER TO {r};", True),
    "owner of a type": ("CREATE TYPE app.e AS ENUM ('a');\nALTER TYPE app.e OWNER TO {r};", True),
    "owner of a view": ("CREATE VIEW app.v AS SELECT 1 AS one;\nALTER VIEW app.v OWNER TO {r};", True),
    "schema of": ("CREATE SCHEMA app2 AUTHORIZATION {r};", True),
    "grant on a table": ("GRANT SELECT ON app.t TO {r};", False),
    "grant on a schema": ("GRANT USAGE ON SCHEMA app TO {r};", False),
    "grant on all": ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO {r};", False),
    "revoke": ("REVOKE ALL ON app.t FROM {r};", False),
    "default privileges of": ("ALTER DEFAULT PRIVILEGES FOR ROLE {r} IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;", True),
    "default privileges to": ("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO {r};", False),
    "policy": ("CREATE POLICY p ON app.t TO {r} USING (true);", False),
    "altered policy": ("CREATE POLICY p ON app.t USING (true);\nALTER POLICY p ON app.t TO {r};", False),
    "granted role": ("GRANT pg_read_all_data TO {r};", False),
    "role granted": ("GRANT {r} TO CURRENT_USER;", False),
    "altered role": ("ALTER ROLE {r} NOLOGIN;", False),
    "dropped role": ("DROP ROLE {r};", False),
}
ABSENT = {
    "if exists": "DROP ROLE IF EXISTS {r};",
    "public": "GRANT SELECT ON app.t TO PUBLIC;",
    "current_user": "ALTER TABLE app.t OWNER TO CURRENT_USER;",
    "made before": "CREATE ROLE {r};\nGRANT SELECT ON app.t TO {r};\nDROP OWNED BY {r};\nDROP ROLE {r};",
    "made by code, nobody can tell": "DO $$ BEGIN CREATE ROLE {r}; END $$;\nGRANT SELECT ON app.t TO {r};\nREVOKE ALL ON app.t FROM {r};\nDROP ROLE {r};",
    "in a body that is not run": "CREATE FUNCTION app.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN GRANT SELECT ON app.t TO {r}; END $$;",
}


def project(tmp, statement):
    p = Project(tmp)
    text = statement.format(r=name(p, "x"))
    p.write("draft.sql", TABLE + text + "\n")
    made = p.run("new", "--from=draft.sql")
    equal(made.status, 0, repr(made))
    return p, made, next(iter(p.path("migrations/postgis").iterdir())).name


def reasons(p, ident):
    doc = p.json("plan", "dev")
    valid("plan.v1", doc)
    row = next(t for t in doc["targets"] if t["target"] == f"dev/{ident}@apply")
    return [r for r in row["reasons"] if r["code"] == "role_missing"]


@cases(**{k.replace(" ", "_"): v for k, v in NEEDS.items()})
def a_role_that_is_not_there(case, tmp):
    statement, _ = case
    p, made, ident = project(tmp, statement)
    contains(made.err, f"must be there before: {name(p, 'x')}")
    found = reasons(p, ident)
    equal([r["was"] for r in found], [name(p, "x")])
    contains(found[0]["detail"], "and there is no such role")
    contains(found[0]["where"], f"/forward.sql:{3 + statement[:statement.index('{r}')].count(chr(10))}:")
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "names a role that it cannot use here")
    equal(pg.value(p.db, "SELECT to_regclass('app.t') IS NULL AND to_regclass('kfmig.entry') IS NULL"), "t", "nothing was begun")
    contains(p.run("why", f"dev/{ident}").text, "--no-owner --no-privileges")


@cases(**{k.replace(" ", "_").replace(",", ""): v for k, v in ABSENT.items()})
def one_that_need_not_be_there(statement, tmp):
    p, made, ident = project(tmp, statement)
    equal(reasons(p, ident), [])
    if "{r}" not in statement or "IF EXISTS" in statement or "FUNCTION" in statement:
        lacks(made.err, "must be there before")


@cases(**{k.replace(" ", "_"): v for k, v in NEEDS.items() if v[1]})
def a_role_that_is_there_and_not_ours(case, tmp):
    statement, _ = case
    p = Project(tmp)
    other, ours = name(p, "x"), name(p, "us")
    pg.psql("postgres", f"CREATE ROLE {other}; CREATE ROLE {ours} LOGIN; GRANT CREATE ON DATABASE \"{p.db}\" TO {ours}")
    try:
        dsn = pg.dsn(p.db, user=ours)
        p.write("draft.sql", TABLE + statement.format(r=other) + "\n")
        equal(p.run("new", "--from=draft.sql").status, 0)
        ident = next(iter(p.path("migrations/postgis").iterdir())).name
        doc = p.json("plan", "dev", env={"KFM_DSN": dsn})
        row = next(t for t in doc["targets"] if t["target"] == f"dev/{ident}@apply")
        found = [r for r in row["reasons"] if r["code"] == "role_missing"]
        equal([r["was"] for r in found], [other])
        contains(found[0]["detail"], "is no member of it")
        pg.psql("postgres", f"GRANT {other} TO {ours}")
        doc = p.json("plan", "dev", env={"KFM_DSN": dsn})
        row = next(t for t in doc["targets"] if t["target"] == f"dev/{ident}@apply")
        equal([r for r in row["reasons"] if r["code"] == "role_missing"], [])
    finally:
        pg.psql("postgres", f"REVOKE CREATE ON DATABASE \"{p.db}\" FROM {ours}; DROP ROLE {ours}; DROP ROLE {other}")


@test
def made_by_a_migration_before_it(tmp):
    p = Project(tmp)
    role = name(p, "x")
    p.bundle("M-01", TABLE)
    p.bundle("M-02", f"CREATE ROLE {role};\n", schemas=("app",), extra="")
    p.bundle("M-03", f"GRANT SELECT ON app.t TO {role};\n")
    equal(reasons(p, full_id("M-03")), [])


@test
def a_dump_with_owners_is_told_as_a_whole(tmp):
    p = Project(tmp)
    a, b = name(p, "a"), name(p, "b")
    p.write("draft.sql", TABLE + f"ALTER TABLE app.t OWNER TO {a};\nGRANT SELECT ON app.t TO {b};\nGRANT INSERT ON app.t TO {b};\n")
    made = p.run("new", "--from=draft.sql")
    contains(made.err, f"forward.sql:3: roles that must be there before: {a}, {b}")
    ident = next(iter(p.path("migrations/postgis").iterdir())).name
    equal([r["was"] for r in reasons(p, ident)], [a, b], "each once")


main()
