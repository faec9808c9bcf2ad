"""What a role can do so that no sensor tells: refused where it is named, refused in protected environments, said in the receipt elsewhere."""
# run: needs=postgres limit=600

import json

import pg
from project import ENVIRONMENTS, Project, full_id
from tap import contains, equal, main, note, test

SET = "track_counts feeds the counters that show what changed"

# Text that names what counts rows: refused by check and before anything runs, whoever runs it.
NAMED = {
    "SET": "SET track_counts = off;",
    "SET LOCAL": "SET LOCAL track_counts TO off;",
    "SET with escapes": "SET U&\"track\\005fcounts\" = off;",
    "RESET": "RESET track_counts;",
    "in capitals": "SET TRACK_COUNTS = OFF;",
    "set_config": "SELECT set_config('track_counts', 'off', true);",
    "set_config in DO": "DO $$BEGIN PERFORM set_config('track_counts', 'off', true); END$$;",
    "DO": "DO $$BEGIN SET LOCAL track_counts = off; END$$;",
    "a function's body": "CREATE FUNCTION app.f() RETURNS void LANGUAGE plpgsql AS $$BEGIN SET track_counts = off; END$$;",
    "a function's settings": "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SET track_counts = off AS 'SELECT 1';",
    "a function's settings altered": "ALTER FUNCTION app.f() SET track_counts = off;",
    "a procedure's settings": "CREATE PROCEDURE app.p() LANGUAGE sql SET track_counts = off AS 'SELECT 1';",
    "a role's settings": "ALTER ROLE CURRENT_USER SET track_counts = off;",
    "a database's settings": "ALTER DATABASE postgres SET track_counts = off;",
    "the server's settings": "ALTER SYSTEM SET track_counts = off;",
    "a grant of it": "GRANT SET ON PARAMETER track_counts TO PUBLIC;",
    "a view's text": "CREATE VIEW app.v AS SELECT set_config('track_counts', 'off', false);",
    "a default": "CREATE TABLE app.t (a text DEFAULT set_config('track_counts', 'off', false));",
    "a syntax not known": "SET LOCAL track_counts = off WITH UNKNOWN WORDS;",
    "an invariant": None,
}


def project(tmp, role="", protected=False):
    """role: what a superuser does to the role of the run, {} standing for it."""
    environments = ENVIRONMENTS.replace("    evidence: none\n", "    evidence: none\n    protected: true\n    approval: review\n" if protected else "    evidence: none\n")
    p = Project(tmp, environments)
    pg.psql(p.db, f'CREATE SCHEMA app AUTHORIZATION "{p.db}"; CREATE TABLE app.seen (id int); ALTER TABLE app.seen OWNER TO "{p.db}"; INSERT INTO app.seen VALUES (1);')
    if role:
        pg.psql(p.db, role.format('"' + p.db + '"'))
    return p


def residue(p, short="M-01"):
    return p.json("receipt", "show", "dev", full_id(short))["claim"].get("residue")


def refused_as_named(what, sql, tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    if sql is None:
        p.bundle("M-01", "SELECT 1;", invariants={"off.sql": "SELECT 1 WHERE set_config('track_counts', 'off', true) = 'x';"})
    else:
        p.bundle("M-01", sql + " INSERT INTO app.seen VALUES (2);", globals_=["role", "setting", "database"], extra="")
    ran = p.run("check")
    contains(ran.text, SET)
    ran = p.build()
    equal(ran.status in (1, 5), True, repr(ran))
    contains(ran.text, SET)
    equal(pg.psql(p.db, "SELECT count(*) FROM app.seen"), [("1",)])


for what, sql in NAMED.items():
    def one(tmp, what=what, sql=sql):
        refused_as_named(what, sql, tmp)
    one.__name__ = f"track_counts named in {what}"
    test(one)


@test
def switched_by_code_and_left_off(tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    p.bundle("M-01", "DO $$BEGIN EXECUTE 'SET LOCAL track_' || 'counts = off'; DELETE FROM app.seen; END$$;")
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, 'gate "observation" failed, everything was rolled back: track_counts was off, so that rows were not counted')
    equal(pg.psql(p.db, "SELECT count(*) FROM app.seen"), [("1",)])


@test
def a_function_made_by_code_with_that_setting(tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    p.bundle("M-01", "DO $$BEGIN EXECUTE 'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SET track_' || 'counts = off AS ''SELECT 1'''; END$$;")
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "function app.f switches track_counts")


@test
def a_function_altered_by_code_to_that_setting(tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    p.bundle("M-01", "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';")
    p.bundle("M-02", "DO $$BEGIN EXECUTE 'ALTER FUNCTION app.f() SET track_' || 'counts = off'; END$$;")
    ran = p.build()
    equal((ran.status, p.applied()), (2, [full_id("M-01")]), repr(ran))
    contains(ran.err, "function app.f switches track_counts")


@test
def settings_of_a_database_made_by_code(tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    p.bundle("M-01", "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET track_' || 'counts = off', current_database()); END$$;", globals_=["setting", "database"])
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "switches track_counts")


@test
def a_function_of_somebody_else_within_reach(tmp):
    """It runs as its owner, who may; and the counters are on again when it ends."""
    p = project(tmp, """CREATE FUNCTION app.quiet() RETURNS void LANGUAGE sql SECURITY DEFINER SET track_counts = off AS 'DELETE FROM app.seen'""")
    p.bundle("M-01", "SELECT app.quiet();", limits=dict(max_row_backfill=0))
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "this role may call what switches track_counts: app.quiet")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.seen"), [("1",)])
    pg.psql(p.db, "REVOKE EXECUTE ON FUNCTION app.quiet() FROM PUBLIC")
    p.bundle("M-01", "SELECT 1;")
    equal(p.build().status, 0)
    equal(residue(p), None)


# Role: what a superuser makes of it; what its receipts say; why a protected environment refuses it (None: it does not).
ROLES = {
    "an ordinary role": ("", None, None),
    "a superuser": ("ALTER ROLE {} SUPERUSER", ["rows not countable as this role", "not observable as superuser"], "is a superuser"),
    "a member of a superuser": ("GRANT postgres TO {}", ["rows not countable as this role", "not observable as superuser"], "may become a superuser"),
    "one that may set it": ("GRANT SET ON PARAMETER track_counts TO {}", ["rows not countable as this role"], "may switch track_counts off"),
    "a member of one that may": ("DO $$BEGIN CREATE ROLE may_set NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$; GRANT SET ON PARAMETER track_counts TO may_set; GRANT may_set TO {};",
                                 ["rows not countable as this role"], "may switch track_counts off"),
    "one that runs programs": ("GRANT pg_execute_server_program TO {}", ["not observable as member of pg_execute_server_program"], None),
    "one that writes files and runs programs": ("GRANT pg_write_server_files, pg_execute_server_program TO {}",
                                                ["not observable as member of pg_execute_server_program, pg_write_server_files"], None),
    "one that reads files": ("GRANT pg_read_server_files TO {}", None, None),
    "one that replicates": ("ALTER ROLE {} REPLICATION", None, None),
    "one that makes databases and roles": ("ALTER ROLE {} CREATEDB CREATEROLE", None, None),
}


def says(role, words, why, tmp):
    p = project(tmp, role)
    p.bundle("M-01", "CREATE TABLE app.t (id int);")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(residue(p), words)
    equal(p.run("receipt", "verify", "dev").status, 0)
    (tmp / "protected").mkdir()
    p = project(tmp / "protected", role, protected=True)
    ran = p.run("adopt", "dev", "--apply")
    if why is None:
        equal(ran.status, 0, repr(ran))
    else:
        equal(ran.status, 1, repr(ran))
        contains(ran.err, why)
        contains(ran.err, 'protected environment "dev" refuses one')


for what, (role, words, why) in ROLES.items():
    def one(tmp, role=role, words=words, why=why):
        says(role, words, why, tmp)
    one.__name__ = f"{what} says {words}"
    test(one)


@test
def a_lock_for_writing_without_a_row_is_no_finding(tmp):
    p = project(tmp)
    p.bundle("M-01", "UPDATE app.seen SET id = 3 WHERE false; DELETE FROM app.seen WHERE id < 0;", limits=dict(max_row_backfill=0))
    equal(p.build().status, 0)


# Replication slots stand outside of every transaction: {} stands for the slot.
MAKE = "pg_create_physical_replication_slot('{}', true)"
SLOTS = {
    "made": ("", f"SELECT {MAKE};", 1, "create of replication_slot {}: not in scope.allowed_global"),
    "made by code": ("", f"DO $$BEGIN PERFORM {MAKE}; END$$;", 2, "create of replication_slot {}, in statement 1 (forward.sql:1): not in scope.allowed_global"),
    "dropped": (f"SELECT {MAKE}", "SELECT pg_drop_replication_slot('{}');", 1, "drop of replication_slot {}: not in scope.allowed_global"),
    "dropped by code": (f"SELECT {MAKE}", "DO $$BEGIN PERFORM pg_drop_replication_slot('{}'); END$$;", 2, "drop of replication_slot {}, in statement 1 (forward.sql:1): not in scope.allowed_global"),
    "made and dropped": ("", f"DO $$BEGIN PERFORM {MAKE}; PERFORM pg_drop_replication_slot('{{}}'); END$$;", 0, None),
    "advanced by code": (f"SELECT {MAKE}", "DO $$BEGIN PERFORM pg_switch_wal(); PERFORM pg_replication_slot_advance('{}', pg_current_wal_lsn()); END$$;", 2,
                         "alter of replication_slot {}, in statement 1 (forward.sql:1): not in scope.allowed_global"),
    "read by code": ("", "DO $$BEGIN PERFORM count(*) FROM pg_replication_slots; END$$;", 0, None),
}


def slots(before, sql, status, words, tmp):
    p = project(tmp, "ALTER ROLE {} SUPERUSER")
    name = f"slot_{p.db}"
    try:
        if before:
            pg.psql(p.db, before.replace("{}", name))
        p.bundle("M-01", sql.replace("{}", name))
        ran = p.build()
        equal(ran.status, status, repr(ran))
        if words is not None:
            contains(ran.err, words.replace("{}", name))
    finally:
        pg.psql(p.db, f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{name}'")


for what, (before, sql, status, words) in SLOTS.items():
    def one(tmp, before=before, sql=sql, status=status, words=words):
        slots(before, sql, status, words, tmp)
    one.__name__ = f"a replication slot, {what}"
    test(one)


@test
def a_slot_in_scope_is_residue(tmp):
    p = project(tmp, "ALTER ROLE {} REPLICATION")
    name = f"slot_{p.db}"
    try:
        p.bundle("M-01", f"SELECT pg_create_physical_replication_slot('{name}');", globals_=[f"replication_slot:{name}"])
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        diff = pg.psql(p.db, "SELECT convert_from(b.bytes, 'UTF8') FROM kfmig.blob b WHERE convert_from(b.bytes, 'UTF8') LIKE '{\"declared%' OR convert_from(b.bytes, 'UTF8') LIKE '%kfmig.diff.v1%'")
        found = [json.loads(d[0])["residue"] for d in diff if "kfmig.diff.v1" in d[0] and full_id("M-01") in d[0]]
        equal(found, [[{"effect": "create", "object": f"replication_slot {name}"}]])
    finally:
        pg.psql(p.db, f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{name}'")


note(f"{len(NAMED)} texts, {len(ROLES)} roles, {len(SLOTS)} slots")
main()
