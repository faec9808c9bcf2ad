"""Scope is a limit: what a migration may not do leaves no trace, what it may do passes."""
# run: needs=postgres limit=600

import pg
from project import Project, adopted_copy, full_id
from tap import contains, equal, fails, lacks, main, note, test

import shutil

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA other; CREATE SCHEMA audit; CREATE SCHEMA governance;
CREATE TABLE app.t (id int PRIMARY KEY, note text);
CREATE TABLE app.u (id int PRIMARY KEY, t_id int);
CREATE TABLE app.secret (id int);
CREATE TABLE other.o (id int PRIMARY KEY, v text);
CREATE TABLE audit.log (id int);
CREATE TABLE governance.decision (id int PRIMARY KEY, label text);
CREATE TYPE other.mood AS ENUM ('glad', 'sad');
CREATE DOMAIN other.short AS text CHECK (length(value) < 9);
CREATE SEQUENCE other.seq;
CREATE SEQUENCE app.seq;
CREATE VIEW other.v AS SELECT id FROM other.o;
CREATE MATERIALIZED VIEW other.mv AS SELECT id FROM other.o;
CREATE INDEX o_v_idx ON other.o (v);
CREATE FUNCTION other.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION other.writes() RETURNS void LANGUAGE plpgsql AS $$BEGIN INSERT INTO other.o VALUES (77, 'x'); END$$;
CREATE FUNCTION other.peeks() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT count(*) FROM app.secret); END$$;
CREATE FUNCTION other.trig() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO other.o VALUES (new.id, 'by trigger'); RETURN new; END$$;
CREATE TABLE app.watched (id int);
CREATE TRIGGER w AFTER INSERT ON app.watched FOR EACH ROW EXECUTE FUNCTION other.trig();
CREATE TABLE app.deferred (id int);
CREATE CONSTRAINT TRIGGER d AFTER INSERT ON app.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.trig();
INSERT INTO app.t SELECT i, 'n' FROM generate_series(1, 20) i;
INSERT INTO other.o SELECT i, 'v' FROM generate_series(1, 20) i;
INSERT INTO app.secret VALUES (1);
"""

SCOPE = dict(schemas=["app"], forbidden_schemas=["audit"], forbidden_tables=["secret"],
             limits=dict(max_table_count_touched=2, max_index_count_delta=1, max_row_backfill=10))

# What a migration may not do, and who refuses it, in which words: the plan where the text shows it (status 1), else the gate before COMMIT.
VIOLATIONS = {
    "create table elsewhere": ("CREATE TABLE other.n (id int);",
        1, "create of table other.n: not in scope.allowed_schemas"),
    "create table in public": ("CREATE TABLE public.n (id int);",
        1, "create of table public.n: not in scope.allowed_schemas"),
    "create schema": ("CREATE SCHEMA elsewhere;",
        1, "create of schema elsewhere: not in scope.allowed_schemas"),
    "drop schema": ("DROP SCHEMA other CASCADE;",
        1, "drop of schema other: not in scope.allowed_schemas"),
    "rename schema": ("ALTER SCHEMA other RENAME TO other2;",
        1, "alter of schema other: not in scope.allowed_schemas"),
    "add column elsewhere": ("ALTER TABLE other.o ADD COLUMN x int;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "drop table elsewhere": ("DROP TABLE other.o CASCADE;",
        1, "drop of table other.o: not in scope.allowed_schemas"),
    "truncate elsewhere": ("TRUNCATE other.o;",
        1, "truncate of table other.o: not in scope.allowed_schemas"),
    "insert elsewhere": ("INSERT INTO other.o VALUES (99, 'x');",
        1, "write of table other.o: not in scope.allowed_schemas"),
    "update elsewhere": ("UPDATE other.o SET v = 'z' WHERE id = 1;",
        1, "write of table other.o: not in scope.allowed_schemas"),
    "delete elsewhere": ("DELETE FROM other.o WHERE id = 1;",
        1, "write of table other.o: not in scope.allowed_schemas"),
    "merge elsewhere": ("MERGE INTO other.o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET v = 'm';",
        1, "write of table other.o: not in scope.allowed_schemas"),
    "copy by query": ("CREATE TABLE other.c AS SELECT 1 AS one;",
        1, "create of table other.c: not in scope.allowed_schemas"),
    "index elsewhere": ("CREATE INDEX ON other.o (id);",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "drop index elsewhere": ("DROP INDEX other.o_v_idx;",
        1, "alter of table other: not in scope.allowed_schemas"),
    "reindex elsewhere": ("REINDEX INDEX other.o_v_idx;",
        1, "alter of table other: not in scope.allowed_schemas"),
    "comment elsewhere": ("COMMENT ON TABLE other.o IS 'hello';",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "comment on schema": ("COMMENT ON SCHEMA other IS 'hello';",
        1, "alter of schema other: not in scope.allowed_schemas"),
    "grant elsewhere": ("GRANT SELECT ON other.o TO PUBLIC;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "grant on schema": ("GRANT USAGE ON SCHEMA other TO PUBLIC;",
        1, "alter of schema other: not in scope.allowed_schemas"),
    "revoke elsewhere": ("REVOKE ALL ON FUNCTION other.f() FROM PUBLIC;",
        1, "alter of function other.f: not in scope.allowed_schemas"),
    "default privileges": ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;",
        1, "alter of default_privileges: not in scope.allowed_global"),
    "default privileges in schema": ("ALTER DEFAULT PRIVILEGES IN SCHEMA other GRANT SELECT ON TABLES TO PUBLIC;",
        1, "alter of default_privileges other: not in scope.allowed_schemas"),
    "enum value elsewhere": ("ALTER TYPE other.mood ADD VALUE 'calm';",
        1, "alter of type other.mood: not in scope.allowed_schemas"),
    "type elsewhere": ("CREATE TYPE other.pair AS (a int, b int);",
        1, "create of type other.pair: not in scope.allowed_schemas"),
    "drop type": ("DROP TYPE other.mood;",
        1, "drop of type other.mood: not in scope.allowed_schemas"),
    "domain constraint": ("ALTER DOMAIN other.short ADD CONSTRAINT c CHECK (value <> '');",
        1, "alter of type other.short: not in scope.allowed_schemas"),
    "function elsewhere": ("CREATE FUNCTION other.g() RETURNS int LANGUAGE sql AS 'SELECT 2';",
        1, "create of function other.g: not in scope.allowed_schemas"),
    "replace function": ("CREATE OR REPLACE FUNCTION other.f() RETURNS int LANGUAGE sql AS 'SELECT 3';",
        1, "create of function other.f: not in scope.allowed_schemas"),
    "drop function": ("DROP FUNCTION other.f();",
        1, "drop of function other.f: not in scope.allowed_schemas"),
    "alter function": ("ALTER FUNCTION other.f() IMMUTABLE;",
        1, "alter of function other.f: not in scope.allowed_schemas"),
    "view elsewhere": ("CREATE VIEW other.w AS SELECT 1 AS one;",
        1, "create of view other.w: not in scope.allowed_schemas"),
    "replace view": ("CREATE OR REPLACE VIEW other.v AS SELECT id FROM other.o WHERE id > 0;",
        1, "create of view other.v: not in scope.allowed_schemas"),
    "refresh": ("REFRESH MATERIALIZED VIEW other.mv;",
        1, "write of materialized_view other.mv: not in scope.allowed_schemas"),
    "sequence advanced": ("SELECT nextval('other.seq');",
        1, "write of sequence other.seq: not in scope.allowed_schemas"),
    "sequence set": ("SELECT setval('other.seq', 100);",
        1, "write of sequence other.seq: not in scope.allowed_schemas"),
    "sequence altered": ("ALTER SEQUENCE other.seq INCREMENT 5;",
        1, "alter of sequence other.seq: not in scope.allowed_schemas"),
    "sequence owned": ("ALTER SEQUENCE other.seq OWNED BY other.o.id;",
        1, "alter of sequence other.seq: not in scope.allowed_schemas"),
    "trigger elsewhere": ("CREATE TRIGGER x BEFORE INSERT ON other.o FOR EACH ROW EXECUTE FUNCTION other.trig();",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "disable trigger": ("ALTER TABLE other.o DISABLE TRIGGER ALL;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "rule elsewhere": ("CREATE RULE r AS ON INSERT TO other.o DO INSTEAD NOTHING;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "policy elsewhere": ("CREATE POLICY p ON other.o USING (true);",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "row security": ("ALTER TABLE other.o ENABLE ROW LEVEL SECURITY;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "statistics elsewhere": ("CREATE STATISTICS other.s ON id, v FROM other.o;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "set schema moves out": ("ALTER TABLE app.u SET SCHEMA other;",
        1, "create of table other.u: not in scope.allowed_schemas"),
    "set schema moves in": ("ALTER TABLE other.o SET SCHEMA app;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "reloptions elsewhere": ("ALTER TABLE other.o SET (fillfactor = 50);",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "lock in share mode of a forbidden table": ("LOCK TABLE app.secret IN SHARE MODE;",
        1, "read of table app.secret: forbidden by scope.forbidden_tables"),
    "collation in another schema": ("CREATE COLLATION other.c (provider = icu, locale = 'en');",
        1, "create of collation other.c: not in scope.allowed_schemas"),
    "lock elsewhere": ("LOCK TABLE other.o IN ACCESS EXCLUSIVE MODE;",
        1, "alter of table other.o: not in scope.allowed_schemas"),
    "foreign key out of scope": ("ALTER TABLE app.u ADD FOREIGN KEY (t_id) REFERENCES other.o;",
        1, "reference of table other.o: neither in scope nor in scope.references"),
    "inherit out of scope": ("CREATE TABLE app.child () INHERITS (other.o);",
        1, "reference of table other.o: neither in scope nor in scope.references"),
    "hidden in DO": ("DO $$BEGIN EXECUTE 'INSERT INTO other.' || 'o VALUES (98, ''d'')'; END$$;",
        2, 'gate "scope" failed, everything was rolled back: write of table other.o, in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "DDL hidden in DO": ("DO $$BEGIN EXECUTE 'ALTER TABLE other.' || 'o ADD COLUMN hidden int'; END$$;",
        2, 'gate "scope" failed, everything was rolled back: alter of table other.o, in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "drop hidden in DO": ("DO $$BEGIN EXECUTE 'DROP FUNCTION other.' || 'f()'; END$$;",
        2, 'gate "scope" failed, everything was rolled back: drop of function other.f(), in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "comment hidden in DO": ("DO $$BEGIN EXECUTE 'COMMENT ON FUNCTION other.' || 'f() IS ''x'''; END$$;",
        2, 'gate "scope" failed, everything was rolled back: alter of function other.f(), in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "truncate hidden in DO": ("DO $$BEGIN EXECUTE 'TRUNCATE other.' || 'o'; END$$;",
        2, 'gate "scope" failed, everything was rolled back: truncate of table other.o, in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "hidden in function": ("SELECT other.writes();",
        2, 'gate "scope" failed, everything was rolled back: write of table other.o, in statement 1 (forward.sql:1) through function other.writes: not in scope.allowed_schemas'),
    "hidden in trigger": ("INSERT INTO app.watched VALUES (55);",
        2, 'gate "scope" failed, everything was rolled back: write of table other.o, in statement 1 (forward.sql:1) through trigger w of app.watched: not in scope.allowed_schemas'),
    "hidden in deferred trigger": ("INSERT INTO app.deferred VALUES (56);",
        2, 'gate "scope" failed, everything was rolled back: write of table other.o, in statement 1 (forward.sql:1) through trigger d of app.deferred: not in scope.allowed_schemas'),
    "hidden in subtransaction": ("DO $$BEGIN BEGIN INSERT INTO other.o VALUES (97, 's'); EXCEPTION WHEN division_by_zero THEN NULL; END; END$$;",
        2, 'gate "scope" failed, everything was rolled back: write of table other.o, in statement 1 (forward.sql:1): not in scope.allowed_schemas'),
    "analyze all, a forbidden table too": ("ANALYZE;",
        2, 'gate "scope" failed, everything was rolled back: read of table app.secret, in statement 1 (forward.sql:1): forbidden by scope.forbidden_tables'),
    "analyze all and write elsewhere": ("DO $$BEGIN EXECUTE 'ANALYZE'; EXECUTE 'COMMENT ON TABLE other.o IS $q$x$q$'; END$$;",
        2, "alter of table other.o, in statement 1 (forward.sql:1): not in scope.allowed_schemas"),
    "read forbidden table": ("CREATE TABLE app.copy AS SELECT * FROM app.secret;",
        1, "read of table app.secret: forbidden by scope.forbidden_tables"),
    "read forbidden schema": ("INSERT INTO app.t SELECT id + 900, 'x' FROM audit.log;",
        1, "read of table audit.log: forbidden by scope.forbidden_schemas"),
    "read forbidden in function": ("SELECT other.peeks();",
        2, 'gate "scope" failed, everything was rolled back: read of table app.secret, in statement 1 (forward.sql:1) through function other.peeks: forbidden by scope.forbidden_tables'),
    "write forbidden schema": ("INSERT INTO audit.log VALUES (1);",
        1, "write of table audit.log: forbidden by scope.forbidden_schemas"),
    "write forbidden table": ("DELETE FROM app.secret;",
        1, "write of table app.secret: forbidden by scope.forbidden_tables"),
    "protected schema": ("ALTER TABLE governance.decision ADD COLUMN x int;",
        1, "would change an existing object of a protected domain: alter of table governance.decision: protected by policy.protected.schemas"),
    "protected rows": ("DO $$BEGIN EXECUTE 'INSERT INTO governance.' || 'decision VALUES (1, ''x'')'; END$$;",
        2, 'gate "protected" failed, everything was rolled back: write of table governance.decision, in statement 1 (forward.sql:1): protected by policy.protected.schemas'),
    "ledger read": ("DO $$BEGIN PERFORM count(*) FROM kfmig.entry; END$$;",
        2, 'gate "scope" failed, everything was rolled back: read of table kfmig.entry, in statement 1 (forward.sql:1): schema "kfmig" belongs to kfmig itself'),
    "ledger write": ("DO $$BEGIN UPDATE kfmig.lease SET holder = 'me'; END$$;",
        2, 'gate "scope" failed, everything was rolled back: write of table kfmig.lease, in statement 1 (forward.sql:1): schema "kfmig" belongs to kfmig itself'),
    "ledger lock released": ("SELECT pg_advisory_unlock_all();",
        2, "the migration changed the advisory locks: the run's lock is gone"),
    "too many rows": ("UPDATE app.t SET note = 'y' WHERE id <= 11;",
        2, 'gate "limit max_row_backfill" failed, everything was rolled back: declared 10, observed 11'),
    "too many rows removed": ("TRUNCATE app.t;",
        2, 'gate "limit max_row_backfill" failed, everything was rolled back: declared 10, observed 20'),
    "too many rows dropped": ("DROP TABLE app.t;",
        2, 'gate "limit max_row_backfill" failed, everything was rolled back: declared 10, observed 20'),
    "uncounted rows": ("DO $$BEGIN EXECUTE 'TRUNCATE app.t'; END$$;",
        2, 'gate "limit max_row_backfill" failed, everything was rolled back: declared 10, observed 20'),
    "too many tables": ("CREATE TABLE app.x1 (); CREATE TABLE app.x2 (); CREATE TABLE app.x3 ();",
        1, "exceeds a declared limit: limits.max_table_count_touched is 2, the scripts need at least 3"),
    "too many indexes": ("CREATE INDEX ON app.t (note); CREATE INDEX ON app.u (t_id);",
        1, "exceeds a declared limit: limits.max_index_count_delta is 1, the scripts need at least 2"),
    "too many indexes in DO": ("DO $$BEGIN CREATE INDEX ON app.t (note); CREATE INDEX ON app.u (t_id); END$$;",
        2, 'gate "limit max_index_count_delta" failed, everything was rolled back: declared 1, observed 2'),
    "large object": ("SELECT lo_create(0);",
        1, "write of large_object: not in scope.allowed_global"),
    "extension": ("CREATE EXTENSION hstore SCHEMA app;",
        1, "create of extension hstore: not in scope.allowed_extensions"),
    "cast": ("CREATE CAST (other.mood AS int) WITH INOUT;",
        1, "create of cast other.mood AS int4: not in scope.allowed_global"),
    "publication": ("CREATE PUBLICATION p FOR TABLE app.t;",
        1, "create of publication p: not in scope.allowed_global"),
    "database setting": ("DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END$$;",
        2, 'gate "scope" failed, everything was rolled back: create of setting database, in statement 1 (forward.sql:1): not in scope.allowed_global'),
    "text search": ("CREATE TEXT SEARCH CONFIGURATION other.ts (COPY = simple);",
        1, "create of text_search other.ts: not in scope.allowed_schemas"),
    "collation": ("CREATE COLLATION other.c FROM \"C\";",
        1, "create of collation other.c: not in scope.allowed_schemas"),
    "operator": ("CREATE OPERATOR other.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);",
        1, "create of operator other.===: not in scope.allowed_schemas"),
    "reset of the role": ("DO $$BEGIN PERFORM set_config('role', 'none', false); PERFORM set_config('session_replication_role', 'replica', false); END$$;",
        2, "statement 1 (DO) failed, everything was rolled back: insufficient_privilege (42501)"),
}

LEGITIMATE = {
    "create table": "CREATE TABLE app.n (id int PRIMARY KEY);",
    "create table if not exists": "CREATE TABLE IF NOT EXISTS app.t (id int);",
    "add column": "ALTER TABLE app.t ADD COLUMN extra text DEFAULT 'd';",
    "drop column": "ALTER TABLE app.u DROP COLUMN t_id;",
    "index": "CREATE INDEX ON app.t (note);",
    "insert": "INSERT INTO app.t SELECT i, 'new' FROM generate_series(100, 109) i;",
    "update": "UPDATE app.t SET note = 'u' WHERE id <= 5;",
    "delete": "DELETE FROM app.t WHERE id <= 5;",
    "truncate": "TRUNCATE app.u;",
    "drop table": "DROP TABLE app.u;",
    "create and drop": "CREATE TABLE app.x (id int); DROP TABLE app.x;",
    "view over another schema": "CREATE VIEW app.v AS SELECT id FROM other.o;",
    "materialized view": "CREATE MATERIALIZED VIEW app.mv AS SELECT id FROM other.o;",
    "function": "CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';",
    "atomic function": "CREATE FUNCTION app.g() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.t; END;",
    "comment": "COMMENT ON TABLE app.t IS 'words';",
    "comment removed": "COMMENT ON COLUMN app.t.note IS 'x'; COMMENT ON COLUMN app.t.note IS NULL;",
    "grant": "GRANT SELECT ON app.t TO PUBLIC;",
    "grant on schema": "GRANT USAGE ON SCHEMA app TO PUBLIC;",
    "enum": "CREATE TYPE app.mood AS ENUM ('a', 'b'); ALTER TYPE app.mood ADD VALUE 'c';",
    "domain": "CREATE DOMAIN app.code AS text CHECK (length(value) = 3);",
    "composite": "CREATE TYPE app.pair AS (a int, b int);",
    "sequence": "SELECT nextval('app.seq');",
    "serial": "CREATE TABLE app.s (id bigserial PRIMARY KEY, v int); INSERT INTO app.s (v) VALUES (1), (2);",
    "identity": "CREATE TABLE app.i (id int GENERATED ALWAYS AS IDENTITY, v int); INSERT INTO app.i (v) VALUES (1);",
    "trigger": "CREATE FUNCTION app.tr() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$; CREATE TRIGGER t1 BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.tr();",
    "policy": "ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.t USING (true);",
    "foreign key": "ALTER TABLE app.u ADD FOREIGN KEY (t_id) REFERENCES app.t;",
    "partition": "CREATE TABLE app.p (d date) PARTITION BY RANGE (d); CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
    "read elsewhere": "INSERT INTO app.t SELECT id + 500, v FROM other.o WHERE id < 5;",
    "DO block": "DO $$BEGIN EXECUTE 'ALTER TABLE app.' || 't ADD COLUMN dyn int'; END$$;",
    "rolled-back subtransaction": "DO $$BEGIN BEGIN INSERT INTO app.t VALUES (1, 'dup'); EXCEPTION WHEN unique_violation THEN NULL; END; END$$;",
    "temporary table": "CREATE TEMP TABLE tmp AS SELECT id FROM app.t; DROP TABLE tmp;",
    "own block": "BEGIN; CREATE TABLE app.b (id int); COMMIT;",
    "set local": "SET LOCAL search_path = app; CREATE TABLE bare (id int);",
    "constraints immediate": "CREATE TABLE app.c (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED); SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO app.c VALUES (1);",
    "nothing": "-- only a comment\n",
    "notify": "NOTIFY app_changed;",
    "analyze": "ANALYZE app.t;",
    "analyze and write": "INSERT INTO app.t VALUES (900, 'x'); ANALYZE app.t; COMMENT ON TABLE app.t IS 'words';",
    "rename": "ALTER TABLE app.u RENAME TO u2;",
    "rename column": "ALTER TABLE app.u RENAME COLUMN t_id TO tee;",
    "statistics": "CREATE STATISTICS app.st ON id, note FROM app.t;",
    "alter type": "ALTER TABLE app.u ALTER COLUMN t_id TYPE bigint;",
    "collation of ICU": "CREATE COLLATION app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE app.em (e text COLLATE app.ci UNIQUE);",
    "collation with a number's order": "CREATE COLLATION app.num (provider = icu, locale = 'en-u-kn-true'); CREATE TABLE app.cc (t text COLLATE app.num);",
    "collation copied": "CREATE COLLATION app.c FROM \"C\";",
    "collation of the system": "CREATE COLLATION app.c (lc_collate = 'C', lc_ctype = 'C');",
    "collation made anew": "CREATE COLLATION app.num (provider = icu, locale = 'en'); DROP COLLATION app.num; CREATE COLLATION app.num (provider = icu, locale = 'de');",
    "collation if it is not there": "CREATE COLLATION IF NOT EXISTS app.num (provider = icu, locale = 'en');",
    "collation renamed": "CREATE COLLATION app.num (provider = icu, locale = 'en'); ALTER COLLATION app.num RENAME TO num2;",
    "lock in share mode elsewhere": "LOCK TABLE other.o IN SHARE MODE; INSERT INTO app.t SELECT id + 500, v FROM other.o WHERE id < 5;",
    "reference in scope.references": "ALTER TABLE app.u ADD FOREIGN KEY (t_id) REFERENCES other.o;",
}


def project(tmp):
    return adopted_copy(tmp, SETUP)


def state(db):
    """Everything a violation must leave as it was: catalogs by definition and all rows, from outside kfmig."""
    tables = pg.psql(db, "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                         "WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'kfmig') "
                         "AND n.nspname NOT LIKE 'pg_%' ORDER BY 1")
    rows = [(t[0], pg.psql(db, f"SELECT count(*), coalesce(sum(hashtext(x::text)), 0) FROM {t[0]} x")) for t in tables]
    counts = pg.psql(db, "SELECT 'proc', count(*) FROM pg_proc UNION ALL SELECT 'type', count(*) FROM pg_type UNION ALL "
                         "SELECT 'class', count(*) FROM pg_class UNION ALL SELECT 'attribute', count(*) FROM pg_attribute UNION ALL "
                         "SELECT 'constraint', count(*) FROM pg_constraint UNION ALL SELECT 'trigger', count(*) FROM pg_trigger UNION ALL "
                         "SELECT 'description', count(*) FROM pg_description UNION ALL SELECT 'ns', count(*) FROM pg_namespace UNION ALL "
                         "SELECT 'cast', count(*) FROM pg_cast UNION ALL SELECT 'pub', count(*) FROM pg_publication UNION ALL "
                         "SELECT 'lo', count(*) FROM pg_largeobject_metadata UNION ALL SELECT 'acl', count(*) FROM pg_default_acl UNION ALL "
                         "SELECT 'enum', count(*) FROM pg_enum UNION ALL SELECT 'aclitems', sum(coalesce(cardinality(relacl), 0)) FROM pg_class "
                         "WHERE relnamespace <> (SELECT oid FROM pg_namespace WHERE nspname = 'kfmig') ORDER BY 1")
    return rows, counts


def violate(sql, status, words, tmp):
    p = project(tmp)
    p.bundle("M-01", sql, **SCOPE)
    before = state(p.db)
    ran = p.build()
    fails(ran, status, words)
    equal(p.applied(), [], repr(ran))
    equal(state(p.db), before, repr(ran))
    if ran.status == 2:
        equal(p.entries()[-1][1:], ("apply", full_id("M-01"), "failed"), repr(ran))
    equal(p.run("build", "dev").status, ran.status, "the same again")


def pass_through(name, sql, tmp):
    p = project(tmp)
    scope = dict(SCOPE)
    scope["limits"] = dict(max_table_count_touched=3, max_index_count_delta=2, max_row_backfill=20)
    if name == "reference in scope.references":
        scope["references"] = ["other.o"]
    p.bundle("M-01", sql, **scope)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [full_id("M-01")])
    again = p.build()
    equal(again.status, 0, repr(again))
    contains(again.err, "nothing to do")
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


def collect(prefix, table, check):
    for name, sql in table.items():
        def one(tmp, sql=sql, name=name):
            check(name, sql, tmp)
        one.__name__ = f"{prefix}: {name}"
        test(one)


collect("refused", VIOLATIONS, lambda name, case, tmp: violate(*case, tmp))
collect("passes", LEGITIMATE, pass_through)


PUBLICATIONS = {
    "one column": "FOR TABLE app.t (id)",
    "some columns": "FOR TABLE app.t (id, name)",
    "a quoted column": 'FOR TABLE app.t (id, "Odd, one")',
    "with a filter": "FOR TABLE app.t (id, name) WHERE (id > 1)",
    "beside another": "FOR TABLE app.t (id), app.u",
    "no list": "FOR TABLE app.t",
}


def publishes(form, tmp):
    """A publication that a migration makes, and one that stood there before: every verb goes on working, and neither is drift."""
    p = Project(tmp)
    pg.psql(p.db, f"""CREATE SCHEMA app AUTHORIZATION "{p.db}"; GRANT CREATE ON DATABASE "{p.db}" TO "{p.db}";
        SET ROLE "{p.db}"; CREATE TABLE app.t (id int PRIMARY KEY, name text, "Odd, one" text, secret text);
        CREATE TABLE app.u (id int PRIMARY KEY); CREATE PUBLICATION stood {form};""")
    equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-01", f"CREATE PUBLICATION made {form};", globals_=["publication"])
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN later int;")
    ran = p.build()
    equal((ran.status, p.applied()), (0, [full_id("M-01"), full_id("M-02")]), repr(ran))
    for verb in ["plan", "dev", "--exit-code"], ["status", "dev"], ["why", f"dev/{full_id('M-01')}@apply"], ["receipt", "verify", "dev"], ["adopt", "dev"]:
        ran = p.run(*verb)
        equal(ran.status, 0, f"{verb}: {ran!r}")
    pg.psql(p.db, "ALTER PUBLICATION stood SET TABLE app.t (id, later)")
    contains(p.run("plan", "dev").out, "stood")


for what, form in PUBLICATIONS.items():
    def one(tmp, form=form):
        publishes(form, tmp)
    one.__name__ = f"publication, {what}"
    test(one)


@test
def all_that_fails_is_told_at_once_with_what_would_admit_it(tmp):
    p = Project(tmp)
    pg.psql(p.db, "CREATE SCHEMA app; CREATE SCHEMA other; CREATE SCHEMA governance; CREATE TABLE app.t (id int); CREATE TABLE other.o (id int);"
                  "CREATE TABLE governance.decision (id int); INSERT INTO app.t VALUES (1)")
    pg.psql(p.db, f"""DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['app','other','governance'] LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO {p.db}', s); END LOOP; END $$;
        ALTER TABLE app.t OWNER TO {p.db}; ALTER TABLE other.o OWNER TO {p.db}; ALTER TABLE governance.decision OWNER TO {p.db};""")
    p.bundle("M-01", "INSERT INTO app.t VALUES (2), (3); DO $$BEGIN EXECUTE 'CREATE TABLE other.n (id int); ALTER TABLE other.o ADD COLUMN y int;"
                     "ALTER TABLE governance.decision ADD COLUMN x int;'; END$$;", schemas=["app", "governance"],
             limits=dict(max_row_backfill=0, max_table_count_touched=9), invariants={"none.sql": "SELECT id FROM app.t;"})
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    told = [line for line in ran.err.splitlines() if line.startswith("  ") and not line.startswith("  hint")]
    equal(told, [
        "  invariant invariants/none.sql: 3 rows returned, none allowed",
        "  scope: create of table other.n, in statement 2 (forward.sql:1): not in scope.allowed_schemas; admitted by scope.allowed_schemas: [app, governance, other]",
        "  scope: alter of table other.o, in statement 2 (forward.sql:1): not in scope.allowed_schemas; admitted by scope.allowed_schemas: [app, governance, other]",
        "  protected: alter of table governance.decision, in statement 2 (forward.sql:1): protected by policy.protected.schemas",
        "  limit max_row_backfill: declared 0, observed 2; admitted by limits.max_row_backfill: 2",
    ], repr(ran))
    contains(ran.err, 'gate "invariant invariants/none.sql" failed, everything was rolled back: 3 rows returned, none allowed (and 4 more)')
    receipt = p.json("receipt", "show", "dev", full_id("M-01"))
    failed = [(g["gate"], g["detail"]) for g in receipt["claim"]["gates"] if g["result"] == "fail"]
    equal(len(failed), 5)
    equal(sorted({g["gate"] for g in receipt["claim"]["gates"] if g["result"] == "pass"}),
          ["drift", "ledger", "limit max_table_count_touched", "observation", "secrets"])
    shutil.rmtree(p.path(f"migrations/postgis/{full_id('M-01')}"))
    one = p.bundle("M-01", "DO $$BEGIN EXECUTE 'CREATE TABLE other.n (id int)'; END$$;")
    ran = p.build()
    contains(ran.err, 'gate "scope" failed, everything was rolled back: create of table other.n, in statement 1 (forward.sql:1): not in scope.allowed_schemas\n')
    contains(ran.err, "\n  admitted by: scope.allowed_schemas: [app, other]\n")
    text = p.path(f"{one}/migration.yml").read_text()
    p.write(f"{one}/migration.yml", text.replace('allowed_schemas: ["app"]', "allowed_schemas: [app, other]"))
    equal(p.build().status, 0)


@test
def analyze_without_names_takes_in_what_the_role_may(tmp):
    """Statistics are no change; of what the role may not, the server warns for each table, and kfmig once."""
    p = project(tmp)
    sql = "ANALYZE; ANALYZE (VERBOSE); DO $$BEGIN EXECUTE 'ANALYZE'; END$$; INSERT INTO app.t VALUES (900, 'x');"
    p.bundle("M-01", sql, schemas=["app"], limits=dict(max_table_count_touched=1, max_row_backfill=1))
    before = pg.value(p.db, "SELECT count(*) FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid WHERE c.relnamespace = 'other'::regnamespace")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(ran.err.count("WARNING 01000"), 1, repr(ran))
    after = pg.value(p.db, "SELECT count(*) FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid WHERE c.relnamespace = 'other'::regnamespace")
    equal((before, int(after) > 0), ("0", True))
    equal(p.run("plan", "dev", "--exit-code").status, 0)
    pg.psql("postgres", f"ALTER ROLE {pg.quoted(p.owner)} SUPERUSER")
    p.bundle("M-02", "ANALYZE;", schemas=["app"], limits=dict(max_table_count_touched=0))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    lacks(ran.err, "WARNING")
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def the_corpus_is_as_large_as_promised():
    equal(len(VIOLATIONS) >= 60 and len(LEGITIMATE) >= 30, True)
    note(f"{len(VIOLATIONS)} violations, {len(LEGITIMATE)} legitimate changes")


main()
