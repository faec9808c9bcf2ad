"""What reduces what is enforced, seen before COMMIT: what code does is refused in a protected environment and told elsewhere; what a plain statement
says is announced, and governance signs for it."""
# run: needs=postgres limit=600 majors

import json

import pg
from project import Project, full_id
from tap import contains, equal, fails, main, note, on_majors, test

PROTECTED = "environments:\n  dev:\n    protected: true\n    approval: review\n    stores: {postgis: {dsn_ref: KFM_DSN}}\ndefault_environment: dev\n"
OPEN = PROTECTED.replace("    protected: true\n    approval: review\n", "")

BASE = """\
CREATE SCHEMA app;
CREATE SCHEMA own;
CREATE TABLE app.t (id bigint PRIMARY KEY, n int);
CREATE TABLE app.u (id bigint PRIMARY KEY, n int);
CREATE TABLE app.serial (id bigserial PRIMARY KEY, "x acl y" int);
CREATE SEQUENCE app.s;
CREATE VIEW app.v AS SELECT id, n FROM app.u;
CREATE TYPE app.e AS ENUM ('a');
ALTER TABLE app.t ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.t FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON app.t USING (n = 1);
CREATE POLICY q ON app.t AS RESTRICTIVE FOR SELECT TO {role} USING (n < 9);
CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SET search_path = pg_catalog AS 'SELECT 1';
CREATE FUNCTION app.d() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1';
REVOKE ALL ON FUNCTION app.d() FROM PUBLIC;
CREATE FUNCTION app.do(what text) RETURNS int LANGUAGE plpgsql AS 'BEGIN EXECUTE what; RETURN 1; END';
"""
DEFINER = "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'"

# What code does, and the rule by which it is found.
REDUCES = [
    ("GRANT SELECT ON app.u TO PUBLIC", "grant-to-public"),
    ("GRANT INSERT, UPDATE ON app.u TO PUBLIC", "grant-to-public"),
    ("GRANT ALL ON app.u TO PUBLIC", "grant-to-public"),
    ("GRANT SELECT (n) ON app.u TO PUBLIC", "grant-to-public"),
    ("GRANT SELECT ON app.v TO PUBLIC", "grant-to-public"),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC", "grant-to-public"),
    ("GRANT USAGE ON SEQUENCE app.s TO PUBLIC", "grant-to-public"),
    ("GRANT USAGE ON SEQUENCE app.serial_id_seq TO PUBLIC", "grant-to-public"),
    ('GRANT UPDATE ("x acl y") ON app.serial TO PUBLIC', "grant-to-public"),
    ("GRANT USAGE ON SCHEMA app TO PUBLIC", "grant-to-public"),
    ("GRANT CREATE ON SCHEMA own TO PUBLIC", "grant-to-public"),
    ("GRANT EXECUTE ON FUNCTION app.d() TO PUBLIC", "grant-to-public"),
    ("GRANT EXECUTE ON FUNCTION app.d() TO PUBLIC", "security-definer-public"),
    ("CREATE TABLE app.w (id int); GRANT SELECT ON app.w TO PUBLIC", "grant-to-public"),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC", "grant-to-public"),
    ("GRANT SELECT ON app.u TO {role} WITH GRANT OPTION", "grant-option"),
    ("GRANT UPDATE (n) ON app.u TO {role} WITH GRANT OPTION", "grant-option"),
    ("GRANT USAGE ON SCHEMA app TO {role} WITH GRANT OPTION", "grant-option"),
    ("ALTER TABLE app.t DISABLE ROW LEVEL SECURITY", "row-security-off"),
    ("ALTER TABLE app.t NO FORCE ROW LEVEL SECURITY", "row-security-off"),
    ("DROP TABLE app.t CASCADE; CREATE TABLE app.t (id bigint PRIMARY KEY, n int)", "row-security-off"),
    ("DROP POLICY p ON app.t", "policy-dropped"),
    ("DROP POLICY q ON app.t", "policy-dropped"),
    ("ALTER POLICY p ON app.t RENAME TO p2", "policy-dropped"),
    ("ALTER POLICY p ON app.t USING (true)", "policy-open"),
    ("ALTER POLICY p ON app.t WITH CHECK (true)", "policy-open"),
    ("CREATE POLICY r ON app.t USING (true)", "policy-open"),
    ("CREATE POLICY r ON app.t FOR SELECT TO PUBLIC USING (true)", "policy-open"),
    ("DROP POLICY q ON app.t; CREATE POLICY q ON app.t FOR SELECT TO {role} USING (n < 9)", "policy-open"),
    ("ALTER POLICY p ON app.t USING (n < 100)", "policy-changed"),
    ("ALTER POLICY q ON app.t TO {role}, {owner}", "policy-changed"),
    ("ALTER POLICY q ON app.t USING (n < 10)", "policy-changed"),
    (DEFINER, "security-definer-public"),
    ("ALTER FUNCTION app.f() SECURITY DEFINER", "security-definer-public"),
    (DEFINER + "; REVOKE ALL ON FUNCTION app.x() FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.x() TO PUBLIC", "security-definer-public"),
]
# Since 15 views may be their invoker's.
REDUCES_15 = [
    ("ALTER VIEW app.i RESET (security_invoker)", "view-over-policies"),
    ("ALTER VIEW app.i SET (security_invoker = false)", "view-over-policies"),
    ("CREATE OR REPLACE VIEW app.i AS SELECT id, n FROM app.t", "view-over-policies"),
]
# What only a superuser may do, or whoever makes roles.
REDUCES_AS_SUPERUSER = [
    ("CREATE ROLE {new} LOGIN", "login-role"),
    ("CREATE USER {new}", "login-role"),
    ("ALTER ROLE {role} LOGIN", "login-role"),
    ("ALTER ROLE {role} BYPASSRLS", "privileged-role"),
    ("ALTER ROLE {role} SUPERUSER", "privileged-role"),
    ("ALTER ROLE {role} CREATEROLE", "privileged-role"),
    ("ALTER ROLE {role} REPLICATION", "privileged-role"),
    ("CREATE ROLE {new} BYPASSRLS", "privileged-role"),
    ("GRANT {role} TO {owner} WITH ADMIN OPTION", "grant-option"),
    ("CREATE FOREIGN DATA WRAPPER {new}", "foreign-server"),
    ("CREATE FOREIGN DATA WRAPPER {new}; CREATE SERVER {new} FOREIGN DATA WRAPPER {new}", "foreign-server"),
]
# What reduces nothing.
HARMLESS = [
    "GRANT SELECT ON app.u TO {role}",
    "REVOKE ALL ON FUNCTION app.f() FROM PUBLIC",
    "ALTER TABLE app.u ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE app.u ADD COLUMN more int",
    "CREATE POLICY r ON app.t FOR SELECT USING (n = 2)",
    "CREATE FUNCTION app.y() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    DEFINER + "; REVOKE ALL ON FUNCTION app.x() FROM PUBLIC",
    "GRANT SELECT ON app.u TO PUBLIC; REVOKE SELECT ON app.u FROM PUBLIC",
    "DROP TABLE app.t CASCADE",
]


def made(tmp, environments, user=None):
    """The base stands there, in an environment that is open yet."""
    p = Project(tmp, environments=OPEN)
    p.words = {"role": f"r_{p.db}", "owner": p.db, "new": f"n_{p.db}"}
    pg.psql("postgres", f'CREATE ROLE r_{p.db} NOLOGIN')
    p.env["KFM_DSN"] = pg.dsn(p.db, user=user or p.db)
    p.bundle("M-01", BASE.format(**p.words), schemas=("app", "own"))
    if pg.cluster().major >= 15:
        p.bundle("M-02", "CREATE VIEW app.i WITH (security_invoker = true) AS SELECT id, n FROM app.t;\n")
    equal(p.run("check", "--fix").status in (0, 1), True)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    p.write("registry/environments.v1.yml", environments)
    return p


def do(p, sql, by="do", short="M-09"):
    """Code does it, which no text of a migration shows."""
    sql = sql.format(**p.words)
    text = "DO $x$BEGIN EXECUTE $y$%s$y$; END$x$;\n" % sql if by == "do" else f"SELECT app.do($y${sql}$y$);\n"
    p.bundle(short, text, schemas=("app", "own"), extra="class: C\nticket: KFM-1\n",
             globals_=[f"role:{r}" for r in p.words.values()] + [f"foreign_server:{p.words['new']}", f"foreign_data_wrapper:{p.words['new']}"])
    equal(p.run("check", "--fix").status in (0, 1), True)
    return p.build("--apply")


def posture(p, short):
    receipt = p.json("receipt", "show", f"dev/{full_id(short)}")
    return [g for g in receipt["claim"]["gates"] if g["gate"] == "posture"]


@on_majors
@test
def what_code_reduces_is_refused(tmp):
    p = made(tmp, PROTECTED)
    rows = REDUCES + (REDUCES_15 if pg.cluster().major >= 15 else [])
    for n, (sql, rule) in enumerate(rows):
        ran = do(p, sql, "do" if n % 2 else "function")
        fails(ran, 2, 'gate "posture" failed, everything was rolled back', "which no statement says")
        contains(json.dumps(posture(p, "M-09")), f"({rule}), which no statement says", sql)
    note(f"{len(rows)} ways")


@on_majors
@test
def what_code_reduces_is_told_elsewhere(tmp):
    p = made(tmp, OPEN, user=pg.SUPERUSER)
    for n, (sql, rule) in enumerate(REDUCES_AS_SUPERUSER, 10):
        p.words["new"] = f"n{n}_{p.db}"
        ran = do(p, sql, short=f"M-{n}")
        equal(ran.status, 0, repr(ran))
        contains(json.dumps(posture(p, f"M-{n}")), f"({rule}), which no statement says", sql)
    note(f"{len(REDUCES_AS_SUPERUSER)} ways")


@on_majors
@test
def what_reduces_nothing_is_let_be(tmp):
    p = made(tmp, PROTECTED)
    for n, sql in enumerate(HARMLESS, 10):
        ran = do(p, sql, short=f"M-{n}")
        equal(ran.status, 0, f"{sql}: {ran!r}")
        equal(posture(p, f"M-{n}"), [], sql)


main()
