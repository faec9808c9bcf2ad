"""The same meaning is no drift, and what differs is: dump and restore, privileges, options, upgrades, things that came with the server.

On every major; upgrades from each to the next."""
# run: needs=postgres majors

import os
import pathlib
import re
import subprocess

import pg
import servers
from project import Project, full_id
from tap import cases, contains, equal, lacks, main, on_majors, test

# As people write them; x stands for a table's columns. Those marked were drift after every restore.
EXPRESSIONS = {
    "varchar_in": "k IN ('x','y')", "varchar_not_in": "k NOT IN ('x','y')", "varchar_between": "k BETWEEN 'a' AND 'm'",
    "between_and": "n BETWEEN 1 AND 5 AND n <> 3", "and3": "n > 1 AND n < 5 AND n <> 3", "or_and": "(n > 1 OR n < 0) AND (n <> 3 OR n = 4)",
    "nested_and": "(n > 1 AND n < 9) AND (n <> 3 AND n <> 4)", "not_between": "n NOT BETWEEN 1 AND 5", "symmetric": "n BETWEEN SYMMETRIC 5 AND 1",
    "text_in": "t IN ('x','y')", "int_in": "n IN (1,2,3)", "varchar_array": "k = ANY (ARRAY['p'::varchar,'q'::varchar])", "char_in": "c IN ('x','y')",
    "varchar_like": "k LIKE 'x%'", "cases": "CASE WHEN k = 'x' THEN true WHEN k IN ('y','z') THEN false END", "coalesce": "coalesce(k,'') <> ''",
    "concat": "(k || 'a') = 'xa'", "cast_chain": "n::bigint::text = '1'", "row": "(n, t) = (1, 'x')", "null_in": "k IN ('x', NULL)", "regex": "k ~ '^a'",
    "json": "j ->> 'a' = 'b'", "array_empty": "a <> ARRAY[]::int[]", "all": "n <> ALL (ARRAY[1,2])", "trim": "trim(both ' ' from k) = 'a'",
    "collate": "k COLLATE \"C\" = 'x'", "not_or": "NOT (n = 1 OR k = 'a' OR k = 'b')", "like_any": "k LIKE ANY (ARRAY['a%','b%'])",
    "domain_in": "dm IN ('a','b')", "cast_in": "k::varchar(3) IN ('a','b')", "upper_in": "upper(k) IN ('A','B')", "char_between": "c BETWEEN 'a' AND 'c' AND n > 0",
    "mixed": "k IN ('x','y') AND n BETWEEN 1 AND 2 OR t = 'q'", "nested_or": "(n = 1 OR n = 2) OR (n = 3 OR n = 4)", "date_in": "d IN ('2020-01-01','2020-01-02')",
    "between_date": "d BETWEEN '2020-01-01' AND '2020-12-31' AND n > 0", "between_expr": "n BETWEEN n - 1 AND n + 1 AND b BETWEEN 1 AND 2",
    "between_or": "n BETWEEN 1 AND 2 OR b BETWEEN 3 AND 4 AND n BETWEEN 5 AND 6", "cast_vc": "n::varchar(3) IN ('1','2')", "char_in_vc": "c::varchar IN ('a','b')",
    "collate_in": "k COLLATE \"C\" IN ('a','b') AND n > 0", "json_between": "(j->>'n')::int BETWEEN 1 AND 3 AND n > 0",
    "varchar_columns": "k = ANY (ARRAY[k2, 'x'])", "any_length": "k = ANY (ARRAY['p','q']::varchar(10)[])", "coalesce_in": "coalesce(k, 'x') IN ('x','y')",
    "least_in": "least(k, 'x') IN ('a','b')", "all_varchar": "k >= ALL (ARRAY['a','b']::varchar[])", "any_varchar": "k < ANY (ARRAY['a','b']::varchar[])",
    "in_functions": "k IN (lower(k2), upper(t))", "in_special": "k IN ('a b','c,d','e''f','{g}','h\"i','j\\k','','NULL','null','true','-1','1.5','ä','日本')",
    "nested_case": "CASE WHEN n = 1 THEN k IN ('a','b') WHEN n BETWEEN 2 AND 3 THEN CASE t WHEN 'q' THEN true ELSE k = ANY ('{c,d}') END ELSE NOT (k BETWEEN 'a' AND 'b') END",
    "long_list": "k IN (" + ",".join(f"'v{i}'" for i in range(60)) + ", '" + "x" * 70 + "')",
}
COLUMNS = "k varchar(10), k2 varchar, b bigint, n int, t text, c char(3), d date, j jsonb, a int[], dm public.dm"
NAMES = "k k2 b n t c d j a dm".split()


def of_new(expression):
    """The expression over NEW's columns."""
    parts = re.split(r"('[^']*')", expression)
    parts[::2] = [re.sub(r"\b(" + "|".join(NAMES) + r")\b(?!\()", r"NEW.\1", p) for p in parts[::2]]
    return "".join(parts)


def everywhere(name, x, major):
    """Every place that keeps an expression."""
    new = of_new(x)
    sql = f"""CREATE TABLE app.{name} ({COLUMNS}, CONSTRAINT c CHECK ({x}), g bool GENERATED ALWAYS AS ({x}) STORED);
        CREATE VIEW app.v_{name} AS SELECT n FROM app.{name} WHERE {x}; CREATE MATERIALIZED VIEW app.m_{name} AS SELECT ({x}) AS q FROM app.{name} WITH NO DATA;
        CREATE INDEX i_{name} ON app.{name} (n) WHERE {x}; CREATE INDEX j_{name} ON app.{name} (({x}));
        CREATE POLICY p ON app.{name} USING ({x}) WITH CHECK ({x});
        CREATE TRIGGER g BEFORE UPDATE ON app.{name} FOR EACH ROW WHEN ({new}) EXECUTE FUNCTION public.tf();
        CREATE RULE r AS ON UPDATE TO app.{name} WHERE {new} DO ALSO INSERT INTO public.log VALUES (1);"""
    if major >= 14:
        sql += f"""CREATE FUNCTION app.f_{name}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.{name} WHERE {x}; END;
            CREATE STATISTICS app.s_{name} ON n, ({x}) FROM app.{name};"""
    return sql


def project(folder, cluster, db):
    p = Project(folder, db=None)
    p.db = db
    p.env["KFM_DSN"] = cluster.dsn(db, user="postgres")
    return p


NEWER = re.compile(r", (run_as_owner|password_required|origin|failover|two_phase|streaming) = '?\w+'?")  # options that pg_dump 18 writes for any server


def every_kind(major):
    """SQL that makes every kind of object that the version has."""
    folder = pathlib.Path(os.environ["KFMIG_SRC"]) / "tests/live/fixtures/every_kind"
    return "".join((folder / f"{m}.sql").read_text(encoding="utf-8") for m in range(13, major + 1))


def copied(source, source_db, target, target_db):
    """A dump of source_db restored as target_db."""
    args = [pg.client("pg_dump"), "-d", source.dsn(source_db, user="postgres")]
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    lines = [NEWER.sub("", x) for x in done.stdout.splitlines(True) if not x.startswith(("\\restrict", "\\unrestrict")) and "pg_attver" not in x and "transaction_timeout" not in x]
    target.psql("postgres", f"CREATE DATABASE {pg.quoted(target_db)}")
    target.psql(target_db, "".join(lines))


def drift(p):
    return [x.removeprefix("drift: ") for x in p.run("plan", "dev").out.splitlines() if x.startswith("drift")]


@test
@on_majors
def every_expression_outlives_a_restore(tmp):
    cluster = pg.cluster()
    cluster.psql("postgres", "CREATE DATABASE kinds")
    cluster.psql("kinds", """CREATE SCHEMA app; CREATE TABLE public.log (n int); CREATE DOMAIN public.dm AS varchar(5) CHECK (VALUE IN ('a','b'));
        CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';""")
    cluster.psql("kinds", "".join(everywhere(name, x, cluster.major) for name, x in EXPRESSIONS.items()))
    p = project(tmp, cluster, "kinds")
    equal(p.run("adopt", "dev").status, 0)
    copied(cluster, "kinds", cluster, "kinds2")
    p.env["KFM_DSN"] = cluster.dsn("kinds2", user="postgres")
    texts = [dict(cluster.psql(db, "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'c'")) for db in ("kinds", "kinds2")]
    changed = sorted(k for k in texts[0] if texts[0][k] != texts[1][k])
    contains(changed, "app.varchar_in", f"{cluster.major}: the server does write it in other words")
    equal(drift(p), [], f"{cluster.major}: {len(changed)} of {len(texts[0])} kinds read differently")
    p.bundle("M-01", "ALTER TABLE app.varchar_in ADD COLUMN y int;\n")
    equal(p.build().status, 0)
    cluster.psql("kinds2", "ALTER TABLE app.varchar_in DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (k IN ('x','z'))")
    equal(drift(p), [f"table app.varchar_in changed outside kfmig; last written by {full_id('M-01')}"])


@test
@on_majors
def every_kind_outlives_a_restore(tmp):
    cluster = pg.cluster()
    cluster.psql("postgres", "CREATE DATABASE every")
    cluster.psql("every", every_kind(cluster.major))
    p = project(tmp, cluster, "every")
    ran = p.run("adopt", "dev")
    equal(ran.status, 0, repr(ran))
    equal(int(re.search(r"(\d+) objects adopted", ran.text)[1]) > 80, True, ran.text)
    copied(cluster, "every", cluster, "every2")
    p.env["KFM_DSN"] = cluster.dsn("every2", user="postgres")
    equal(drift(p), [], f"PostgreSQL {cluster.major}")


CLUSTERS = {}


def cluster_of(major):
    """The cluster of that major, started once."""
    if major not in CLUSTERS:
        CLUSTERS[major] = pg.cluster() if major == servers.own_major() else pg.Cluster(pg.programs(major))
    return CLUSTERS[major]


CHAIN = sorted([servers.own_major(), *servers.others()])


@cases(**{f"{was} to {now}": (was, now) for was, now in zip(CHAIN, CHAIN[1:])})
def an_upgrade_is_told_as_one(majors, tmp):
    was, now = majors
    old, new = cluster_of(was), cluster_of(now)
    db = f"up{was}"
    for cluster in (old, new):
        cluster.psql("postgres", f"CREATE ROLE r{was}; CREATE ROLE m{was} IN ROLE r{was}")
    old.psql("postgres", f"CREATE DATABASE {db}")
    old.psql(db, f"""CREATE SCHEMA app; CREATE TABLE app.t (id int NOT NULL PRIMARY KEY, k varchar(3) CHECK (k IN ('x','y'))); CREATE TABLE app.u (id int);
        CREATE VIEW app.v AS SELECT t.id FROM app.t JOIN app.u ON t.id = u.id WHERE t.k IN ('x','y') ORDER BY t.id;
        CREATE VIEW app.w AS SELECT id FROM app.t; CREATE PROCEDURE app.p(a int) LANGUAGE sql AS 'SELECT 1'; GRANT ALL ON app.t TO r{was}; REVOKE DELETE ON app.u FROM postgres;
        CREATE FUNCTION app.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'""")
    p = project(tmp, old, db)
    equal(p.run("adopt", "dev").status, 0)
    copied(old, db, new, "after")
    p.env["KFM_DSN"] = new.dsn("after", user="postgres")
    new.psql("after", "CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'")
    equal(drift(p), ["function app.f() changed outside kfmig"], f"{was} to {now}: only what somebody changed")
    told = [x for x in p.run("plan", "dev").out.splitlines() if "upgraded" in x]
    if told:
        contains(told[0], f"the server was upgraded from {was} to {now}: ")
        contains(p.run("status", "dev").out, f"the server was upgraded from {was} to {now}: ")
        upgrade = p.json("status", "dev")["upgrade"]
        equal((upgrade["from"], upgrade["to"]), (was, now))
        contains(told[0], f": {upgrade['objects']} object")
        equal(p.json("plan", "dev")["upgrade"], upgrade)
        ran = p.run("adopt", "dev", "--upgrade")
        equal(ran.status, 0, repr(ran))
        contains(ran.text, "stays drift: function app.f()")
        equal(new.value("after", "SELECT body::json -> 'claim' ->> 'reason' FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"), "upgrade")
        lacks(p.run("plan", "dev").out, "upgraded")
    equal(drift(p), ["function app.f() changed outside kfmig"], f"{was} to {now}")
    equal(p.run("receipt", "verify", "dev").status, 0)
    new.psql("postgres", "DROP DATABASE after")


@cases(**{f"{was} to {now}": (was, now) for was, now in [*zip(CHAIN, CHAIN[1:]), (CHAIN[0], CHAIN[-1])]})
def an_upgrade_explains_every_kind(majors, tmp):
    was, now = majors
    old, new = cluster_of(was), cluster_of(now)
    db, after = f"every{was}_{now}", f"every{was}_{now}_after"
    old.psql("postgres", f"CREATE DATABASE {db}")
    old.psql(db, every_kind(was))
    p = project(tmp, old, db)
    equal(p.run("adopt", "dev").status, 0)
    copied(old, db, new, after)
    p.env["KFM_DSN"] = new.dsn(after, user="postgres")
    equal(drift(p), [], f"{was} to {now}: nobody changed anything")
    contains(p.run("plan", "dev").out, f"the server was upgraded from {was} to {now}: ")
    new.psql(after, "ALTER TABLE app.fkp DROP CONSTRAINT fkp_id_d_fkey")
    ran = p.run("adopt", "dev", "--upgrade")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "stays drift: table app.fkp\n")
    contains(drift(p), "table app.fkp changed outside kfmig", f"{was} to {now}: a key that is gone is none of the version's names")
    new.psql(after, "DROP SUBSCRIPTION sub")
    new.psql("postgres", f"DROP DATABASE {after}")


# What says nothing else than before, each in a database of its own; {db} is it.
SILENT = {
    "table": "GRANT SELECT ON app.t TO pg_monitor; REVOKE SELECT ON app.t FROM pg_monitor",
    "view": "GRANT SELECT ON app.v TO pg_monitor; REVOKE SELECT ON app.v FROM pg_monitor",
    "function": "GRANT EXECUTE ON FUNCTION app.f() TO PUBLIC",
    "enum": "GRANT USAGE ON TYPE app.e TO PUBLIC",
    "domain": "GRANT ALL ON DOMAIN app.d TO pg_monitor; REVOKE ALL ON DOMAIN app.d FROM pg_monitor",
    "sequence": "GRANT USAGE ON SEQUENCE app.s TO pg_monitor; REVOKE ALL ON SEQUENCE app.s FROM pg_monitor",
    "schema": "GRANT USAGE ON SCHEMA app TO pg_monitor; REVOKE ALL ON SCHEMA app FROM pg_monitor",
    "column": "GRANT UPDATE (id) ON app.t TO pg_monitor; REVOKE UPDATE (id) ON app.t FROM pg_monitor",
    "server": "GRANT USAGE ON FOREIGN SERVER sv TO pg_monitor; REVOKE ALL ON FOREIGN SERVER sv FROM pg_monitor",
    "database": 'GRANT CONNECT ON DATABASE "{db}" TO pg_monitor; REVOKE CONNECT ON DATABASE "{db}" FROM pg_monitor',
    "built-in function": "REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC; GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC",
    "large object": "GRANT SELECT ON LARGE OBJECT 4242 TO pg_monitor; REVOKE ALL ON LARGE OBJECT 4242 FROM pg_monitor",
    "server options": "ALTER SERVER sv OPTIONS (DROP host); ALTER SERVER sv OPTIONS (ADD host 'h')",
    "a role nobody knows": "CREATE ROLE stranger; ALTER ROLE stranger CREATEDB; COMMENT ON ROLE stranger IS 'x'",
    "settings of a role everywhere": "ALTER ROLE stranger SET work_mem = '3MB'",
    "settings of a role elsewhere": "ALTER ROLE stranger IN DATABASE postgres SET work_mem = '3MB'",
    "order of wrapper options": "ALTER FOREIGN DATA WRAPPER fw OPTIONS (DROP a); ALTER FOREIGN DATA WRAPPER fw OPTIONS (ADD a '1')",
    "order of foreign table options": "ALTER FOREIGN TABLE app.ft OPTIONS (DROP schema_name); ALTER FOREIGN TABLE app.ft OPTIONS (ADD schema_name 's')",
    "order of a foreign column's options": "ALTER FOREIGN TABLE app.ft ALTER c OPTIONS (DROP a); ALTER FOREIGN TABLE app.ft ALTER c OPTIONS (ADD a '1')",
    "order of user mapping options": "ALTER USER MAPPING FOR postgres SERVER sw OPTIONS (DROP a); ALTER USER MAPPING FOR postgres SERVER sw OPTIONS (ADD a '1')",
    "order of storage options": "ALTER TABLE app.t RESET (fillfactor); ALTER TABLE app.t SET (fillfactor = 70)",
    "order of an index's options": "ALTER INDEX app.t_gin RESET (fastupdate); ALTER INDEX app.t_gin SET (fastupdate = off)",
    "order of a view's options": "ALTER VIEW app.v RESET (security_barrier); ALTER VIEW app.v SET (security_barrier = true)",
    "order of a column's options": "ALTER TABLE app.t ALTER id RESET (n_distinct); ALTER TABLE app.t ALTER id SET (n_distinct = 5)",
    "order of a function's settings": "ALTER FUNCTION app.g() RESET work_mem; ALTER FUNCTION app.g() SET work_mem = '4MB'",
    "order of the database's settings": 'ALTER DATABASE "{db}" RESET work_mem; ALTER DATABASE "{db}" SET work_mem = \'4MB\'',
    "order of privileges": "REVOKE SELECT ON app.t FROM pg_signal_backend; GRANT SELECT ON app.t TO pg_signal_backend",
    "order of default privileges": "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM pg_monitor; "
                                   "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_monitor",
    "default privileges given and taken": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO pg_monitor; ALTER DEFAULT PRIVILEGES REVOKE SELECT ON SEQUENCES FROM pg_monitor",
    "order of a publication's tables": "ALTER PUBLICATION pb DROP TABLE app.t; ALTER PUBLICATION pb ADD TABLE app.t",
    "language": "GRANT USAGE ON LANGUAGE plpgsql TO pg_monitor; REVOKE USAGE ON LANGUAGE plpgsql FROM pg_monitor",
    "wrapper": "GRANT USAGE ON FOREIGN DATA WRAPPER fw TO pg_monitor; REVOKE ALL ON FOREIGN DATA WRAPPER fw FROM pg_monitor",
    "statistics": "ANALYZE app.t",
    "a tablespace nobody uses": "ALTER TABLESPACE pg_default SET (random_page_cost = 3); ALTER TABLESPACE pg_default RESET (random_page_cost)",
}
# What somebody changed, and what plan says of it.
TOLD = {
    "user mapping": ("ALTER USER MAPPING FOR postgres SERVER sv OPTIONS (ADD \"user\" 'v')", "user_mapping \"postgres@sv\" changed"),
    "server options": ("ALTER SERVER sv OPTIONS (SET host 'other')", "foreign_server sv changed"),
    "privileges of a built-in function": ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO pg_monitor", "function pg_catalog.pg_read_file(text) appeared"),
    "privileges of a catalog": ("GRANT SELECT ON pg_authid TO pg_monitor", "table pg_catalog.pg_authid appeared"),
    "privileges of a catalog's column": ("GRANT SELECT (rolpassword) ON pg_authid TO pg_monitor", "table pg_catalog.pg_authid changed"),
    "information schema": ("REVOKE SELECT ON information_schema.tables FROM PUBLIC", "view information_schema.tables appeared"),
    "built-in schema": ("GRANT CREATE ON SCHEMA pg_catalog TO pg_monitor", "schema pg_catalog appeared"),
    "an extension's function": ("REVOKE EXECUTE ON FUNCTION postgres_fdw_handler() FROM PUBLIC", "function public.postgres_fdw_handler() appeared"),
    "an extension's owner": ("ALTER FUNCTION postgres_fdw_handler() OWNER TO pg_monitor", "function public.postgres_fdw_handler() changed"),
    "language": ("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC", "language plpgsql appeared"),
    "an extension's wrapper": ("GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pg_monitor", "foreign_data_wrapper postgres_fdw appeared"),
    "large object": ("GRANT SELECT ON LARGE OBJECT 4242 TO pg_monitor", "large_object 4242 appeared"),
    "settings of a role here": ('ALTER ROLE postgres IN DATABASE "{db}" SET work_mem = \'3MB\'', "setting postgres appeared"),
    "wrapper options": ("ALTER FOREIGN DATA WRAPPER fw OPTIONS (SET a '2')", "foreign_data_wrapper fw changed"),
    "foreign column options": ("ALTER FOREIGN TABLE app.ft ALTER c OPTIONS (SET a '2')", "foreign_table app.ft changed"),
    "settings of the database": ('ALTER DATABASE "{db}" SET work_mem = \'5MB\'', "setting database changed"),
    "default privileges": ("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO pg_monitor", "default_privileges app changed"),
    "publication": ("ALTER PUBLICATION pb DROP TABLE app.t", "publication pb changed"),
    "a trigger that is off": ("ALTER TABLE app.t DISABLE TRIGGER USER", "table app.t changed"),
    "row security": ("ALTER TABLE app.t FORCE ROW LEVEL SECURITY", "table app.t changed"),
    "storage of a column": ("ALTER TABLE app.t ALTER k SET STORAGE EXTERNAL", "table app.t changed"),
    "statistics target": ("ALTER TABLE app.t ALTER id SET STATISTICS 7", "table app.t changed"),
    "replica identity": ("ALTER TABLE app.t REPLICA IDENTITY FULL", "table app.t changed"),
    "a comment": ("COMMENT ON COLUMN app.t.id IS 'x'", "table app.t changed"),
    "a language's owner": ("ALTER LANGUAGE plpgsql OWNER TO pg_monitor", "language plpgsql changed"),
    "event trigger": ("ALTER EVENT TRIGGER et DISABLE", "event_trigger et changed"),
    "tablespace that is used": ("ALTER TABLESPACE used SET (random_page_cost = 3)", "tablespace used changed"),
    "privileges": ("GRANT SELECT ON app.t TO pg_monitor", "table app.t changed"),
    "privileges taken from PUBLIC": ("REVOKE EXECUTE ON FUNCTION app.f() FROM PUBLIC", "function app.f() changed"),
}
FIXTURE = """CREATE EXTENSION postgres_fdw; CREATE SCHEMA app; CREATE TABLE app.t (id int); CREATE VIEW app.v AS SELECT id FROM app.t; CREATE SEQUENCE app.s;
    CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE app.e AS ENUM ('a'); CREATE DOMAIN app.d AS int; SELECT lo_create(4242);
    CREATE SERVER sv FOREIGN DATA WRAPPER postgres_fdw OPTIONS (port '5432', host 'h', dbname 'x'); CREATE USER MAPPING FOR postgres SERVER sv OPTIONS (password 'hunter2');
    CREATE FOREIGN DATA WRAPPER fw OPTIONS (a '1', b '2'); CREATE SERVER sw FOREIGN DATA WRAPPER fw; CREATE USER MAPPING FOR postgres SERVER sw OPTIONS (a '1', b '2');
    CREATE FOREIGN TABLE app.ft (c int OPTIONS (a '1', b '2')) SERVER sw OPTIONS (schema_name 's', table_name 't');
    ALTER TABLE app.t SET (fillfactor = 70, autovacuum_enabled = off), ADD k text, ADD l int[], ALTER id SET (n_distinct = 5, n_distinct_inherited = 6);
    CREATE INDEX t_gin ON app.t USING gin (l) WITH (fastupdate = off, gin_pending_list_limit = 100);
    ALTER VIEW app.v SET (security_barrier = true, check_option = local);
    CREATE FUNCTION app.g() RETURNS int LANGUAGE sql SET work_mem = '4MB' SET lock_timeout = '1s' AS 'SELECT 1';
    GRANT SELECT ON app.t TO pg_signal_backend, pg_read_all_stats; CREATE TABLE app.u (id int) TABLESPACE used; CREATE PUBLICATION pb FOR TABLE app.t, app.u;
    ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_monitor; ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_signal_backend;
    CREATE FUNCTION app.tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.tg();
    CREATE FUNCTION app.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE RULE') EXECUTE FUNCTION app.ev();"""


def adopted(tmp):
    db = pg.createdb()
    if pg.value("postgres", "SELECT count(*) FROM pg_tablespace WHERE spcname = 'used'") == "0":
        pg.psql("postgres", "SET allow_in_place_tablespaces = on; CREATE TABLESPACE used LOCATION ''")
    pg.psql(db, FIXTURE)
    pg.psql(db, f"ALTER DATABASE {pg.quoted(db)} SET lock_timeout = '1s'; ALTER DATABASE {pg.quoted(db)} SET work_mem = '4MB'")
    p = project(tmp, pg.cluster(), db)
    equal(p.run("adopt", "dev").status, 0)
    equal(drift(p), [])
    return p


@test
@on_majors
def what_says_nothing_else_is_no_drift(tmp):
    p = adopted(tmp)
    for name, sql in SILENT.items():
        pg.psql(p.db, sql.format(db=p.db))
        equal(drift(p), [], name)


@test
@on_majors
def all_of_it_outlives_a_restore(tmp):
    p = adopted(tmp)
    was = p.db
    p.db = f"{was}_again"
    copied(pg.cluster(), was, pg.cluster(), p.db)
    pg.psql(p.db, f"ALTER DATABASE {pg.quoted(p.db)} OWNER TO {pg.quoted(was)}; ALTER DATABASE {pg.quoted(p.db)} SET work_mem = '4MB'; ALTER DATABASE {pg.quoted(p.db)} SET lock_timeout = '1s'")
    p.env["KFM_DSN"] = pg.dsn(p.db, user="postgres")
    equal(drift(p), [])


@test
@on_majors
def what_somebody_changed_is_told(tmp):
    p = adopted(tmp)
    for name, (sql, told) in TOLD.items():
        pg.psql(p.db, sql.format(db=p.db))
        equal(drift(p), [told + " outside kfmig"], name)
        equal(p.run("adopt", "dev").status, 0, name)
        equal(drift(p), [], name)
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(pg.psql(p.db, "SELECT object FROM kfmig.object WHERE definition LIKE '%hunter2%'"), [])


@test
@on_majors
def what_a_migration_does_to_them_is_none(tmp):
    p = adopted(tmp)
    everything = ["user_mapping", "foreign_server", "large_object", "language", "foreign_data_wrapper", "setting", "publication", "event_trigger", "tablespace"]
    for n, (name, (sql, _)) in enumerate(TOLD.items(), 1):
        p.bundle(f"M-{n:02}", sql.format(db=p.db) + ";\n", schemas=["app", "pg_catalog", "information_schema", "public"], globals_=everything, extensions=["postgres_fdw", "plpgsql"])
        ran = p.build()
        equal(ran.status, 0, f"{name}\n{ran!r}")
        equal(drift(p), [], name)


@test
@on_majors
def a_role_that_may_only_read_looks(tmp):
    p = adopted(tmp)
    p.bundle("M-01", "ALTER TABLE app.t ADD COLUMN y int;\n")
    equal(p.build().status, 0)
    pg.psql(p.db, """CREATE ROLE looker LOGIN; ALTER ROLE looker SET default_transaction_read_only = on;
        GRANT USAGE ON SCHEMA kfmig TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO looker;""")
    p.env["KFM_DSN"] = pg.dsn(p.db, user="looker")
    entries = pg.value(p.db, "SELECT count(*) FROM kfmig.entry")
    for args in (("plan", "dev"), ("status", "dev"), ("why", "dev", full_id("M-01"))):
        ran = p.run(*args)
        equal(ran.status, 0, repr(ran))
        lacks(ran.out, "outside kfmig", "what it may not read is not another")
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"), entries)


main()
