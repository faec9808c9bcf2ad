"""Publications with lists of columns, conditions on rows, schemas and roots of partitions: built, drawn up, drifted from, restored, taken back."""
# run: needs=postgres majors

import json
import re

import pg
from project import adopted_copy
from tap import cases, contains, equal, fails, main, skip, spread_over_majors

SETUP = """CREATE SCHEMA app; CREATE SCHEMA other; CREATE TABLE app.t (id int PRIMARY KEY, k varchar(9), n int NOT NULL, g int GENERATED ALWAYS AS (id * 2) STORED);
    CREATE TABLE app.u (a int PRIMARY KEY, "b c" text); CREATE TABLE app.p (id int, d date, k varchar(3), PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
    CREATE TABLE app.p_20 PARTITION OF app.p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE other.o (id int PRIMARY KEY);
    CREATE PUBLICATION stands FOR TABLE app.t (id, k) WHERE (id BETWEEN 1 AND 5 AND id <> 3), app.u WITH (publish = 'insert');"""

# What a migration does, its scope apart from publications; the database belongs to who runs it, who is a superuser where it says so.
BUILT = {
    "columns": "CREATE PUBLICATION n FOR TABLE app.t (n, id);",
    "columns in another order": "CREATE PUBLICATION n FOR TABLE app.t (id, n, k), app.u (\"b c\", a);",
    "condition": "CREATE PUBLICATION n FOR TABLE app.t WHERE (id > 5) WITH (publish = 'insert, update');",
    "condition of varchar": "CREATE PUBLICATION n FOR TABLE app.t (k, id) WHERE (k::text IN ('x', 'y') AND id BETWEEN 1 AND 2) WITH (publish = 'insert');",
    "of a partitioned table": "CREATE PUBLICATION n FOR TABLE app.p (id, d) WHERE (d > '2020-01-01') WITH (publish_via_partition_root = true);",
    "of a partition": "CREATE PUBLICATION n FOR TABLE app.p_20 (d, id);",
    "twice": "CREATE PUBLICATION n FOR TABLE app.t (id); CREATE PUBLICATION m FOR TABLE app.t (id, k), app.p;",
    "add": "ALTER PUBLICATION stands ADD TABLE app.p_20 (id, d) WHERE (id = 1);",
    "set": "ALTER PUBLICATION stands SET TABLE app.t (id) WHERE (id = 7);",
    "drop": "ALTER PUBLICATION stands DROP TABLE app.t;",
    "set options": "ALTER PUBLICATION stands SET (publish = 'insert, truncate', publish_via_partition_root);",
    "rename": "ALTER PUBLICATION stands RENAME TO n;",
    "drop it": "DROP PUBLICATION stands;",
    "drop a column beside it": "ALTER TABLE app.t DROP COLUMN n;",
    "another type of a column in it": "ALTER TABLE app.u ALTER COLUMN \"b c\" TYPE varchar(5);",
    "a comment": "COMMENT ON PUBLICATION stands IS 'x';",
    "by DO": "DO $$ BEGIN EXECUTE 'CREATE PUBLICATION n FOR TABLE app.t (id) WHERE (id = 1)'; END $$;",
    "schema": "CREATE PUBLICATION n FOR TABLES IN SCHEMA app, other;",
    "schema and table": "CREATE PUBLICATION n FOR TABLES IN SCHEMA other, TABLE app.t WHERE (id > 1);",
    "add a schema": "ALTER PUBLICATION stands SET TABLE app.u; ALTER PUBLICATION stands ADD TABLES IN SCHEMA other;",
    "all": "CREATE PUBLICATION n FOR ALL TABLES;",
    "a table in a published schema": "CREATE PUBLICATION n FOR TABLES IN SCHEMA app; CREATE TABLE app.fresh (id int PRIMARY KEY);",
    "owner": "ALTER PUBLICATION stands OWNER TO CURRENT_USER;",
}
# What changes a publication that its text does not name.
FOLLOWED = {
    "rename a column of it": "ALTER TABLE app.t RENAME COLUMN k TO kk;",
    "rename a table of it": "ALTER TABLE app.t RENAME TO tt;",
    "drop a table of it": "DROP TABLE app.t;",
    "a column that is in it": "ALTER TABLE app.t DROP COLUMN k CASCADE;",
    "a schema of it": "ALTER SCHEMA app RENAME TO app2;",
}
# What somebody did outside: what plan says, how many statements of undo and of keep are left to be written by hand.
OUTSIDE = {
    "another column": ("ALTER PUBLICATION stands SET TABLE app.t (id, n) WHERE (id BETWEEN 1 AND 5 AND id <> 3), app.u", 0, 0),
    "all columns": ("ALTER PUBLICATION stands SET TABLE app.t WHERE (id BETWEEN 1 AND 5 AND id <> 3), app.u", 0, 0),
    "columns of one that had none": ("ALTER PUBLICATION stands SET TABLE app.t (id, k) WHERE (id BETWEEN 1 AND 5 AND id <> 3), app.u (a)", 0, 0),
    "another condition": ("ALTER PUBLICATION stands SET TABLE app.t (id, k) WHERE (id BETWEEN 1 AND 6 AND id <> 3), app.u", 1, 0),
    "no condition": ("ALTER PUBLICATION stands SET TABLE app.t (id, k), app.u", 1, 0),
    "a condition of one that had none": ("ALTER PUBLICATION stands SET TABLE app.t (id, k) WHERE (id BETWEEN 1 AND 5 AND id <> 3), app.u WHERE (a = 5)", 0, 0),
    "one more": ("ALTER PUBLICATION stands ADD TABLE other.o (id) WHERE (id > 1)", 0, 0),
    "one less": ("ALTER PUBLICATION stands DROP TABLE app.u", 0, 0),
    "a schema": ("ALTER PUBLICATION stands SET TABLE app.u; ALTER PUBLICATION stands ADD TABLES IN SCHEMA other", 1, 0),
    "what it publishes": ("ALTER PUBLICATION stands SET (publish = 'insert, delete')", 0, 0),
    "by the root": ("ALTER PUBLICATION stands SET (publish_via_partition_root = true)", 0, 0),
    "generated columns": ("-- from 18\nALTER PUBLICATION stands SET (publish_generated_columns = stored)", 0, 0),
    "a new one": ("CREATE PUBLICATION n FOR TABLE app.t (id), app.p WITH (publish = 'truncate')", 0, 0),
    "a new one with generated columns": ("-- from 18\nCREATE PUBLICATION n FOR TABLE app.u WITH (publish_generated_columns = stored)", 0, 0),
    "a new one of all": ("CREATE PUBLICATION n FOR ALL TABLES", 0, 0),
    "a comment": ("COMMENT ON PUBLICATION stands IS 'x'", 0, 0),
    "owner": ("ALTER PUBLICATION stands OWNER TO postgres", 0, 0),
    "gone": ("DROP PUBLICATION stands", 1, 0),
}


def prepared(tmp):
    if pg.cluster().major < 15:
        skip("lists of columns and conditions came with 15")
    return adopted_copy(tmp, SETUP)


def drift(p):
    return [x for x in p.run("plan", "dev").out.splitlines() if x.startswith("drift")]


def seen(db):
    """What the server says of all publications."""
    return pg.psql(db, """SELECT pubname, schemaname, tablename, attnames, rowfilter FROM pg_publication_tables ORDER BY 1, 2, 3""") + \
        pg.psql(db, "SELECT pubname, pubowner::regrole::text, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_publication ORDER BY 1")


def hand(found, way):
    return len([x for x in found["sql"][way] if x["sql"] is None])


def do(p, found, way):
    pg.psql(p.db, "".join(x["sql"] + ";\n" for x in found["sql"][way]))


@cases(**BUILT)
@spread_over_majors
def is_built_as_it_was_drawn_up(sql, tmp):
    """`new --from` writes a scope that passes, nothing has drifted after it, and psql's database is the same."""
    p = prepared(tmp)
    by_psql = f"{p.db}_psql"
    pg.psql("postgres", f"CREATE DATABASE {by_psql} OWNER {p.owner} TEMPLATE {p.db}")
    pg.psql(p.db, f"ALTER ROLE {pg.quoted(p.owner)} SUPERUSER")
    p.write("f.sql", sql + "\n")
    ran = p.run("new", "--from=f.sql")
    equal(ran.status, 0, repr(ran))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    pg.psql(by_psql, sql, user=p.owner)
    pg.psql(p.db, f"ALTER ROLE {pg.quoted(p.owner)} NOSUPERUSER")
    equal(seen(p.db), seen(by_psql))
    equal(drift(p), [])
    equal(p.run("receipt", "verify", "dev").status, 0)


@cases(**FOLLOWED)
@spread_over_majors
def is_named_where_it_follows(sql, tmp):
    p = prepared(tmp)
    pg.psql("postgres", f"ALTER ROLE {pg.quoted(p.owner)} SUPERUSER")
    p.bundle("M-01", sql, schemas=("app", "app2"))
    fails(p.build(), 2, 'gate "scope"', "publication stands", '  admitted by: scope.allowed_global: ["publication:stands"]\n')
    p.bundle("M-01", sql, schemas=("app", "app2"), globals_=("publication:stands",))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(drift(p), [])


def without_conditions(found):
    """The differences, without digests of conditions: one that went through text reads otherwise on 15 and 16, as after a restore."""
    return re.sub(r"where sha256:[0-9a-f]+", "where", json.dumps(found["differences"]))


@cases(**OUTSIDE)
@spread_over_majors
def is_told_and_undone(how, tmp):
    sql, n_undo, n_keep = how
    p = prepared(tmp)
    if sql.startswith("-- from 18") and pg.cluster().major < 18:
        skip("18 has it")
    pg.psql(p.db, sql)
    name = "n" if " n " in sql else "stands"
    equal(len(drift(p)), 1, "one object")
    contains(drift(p)[0], f"publication {name} ")
    first = p.json("diff", "dev")
    equal((hand(first, "undo"), hand(first, "keep")), (n_undo, n_keep), repr(first["sql"]))
    if n_undo == 0:
        do(p, first, "undo")
        equal(drift(p), [], repr(first["sql"]["undo"]))
        do(p, first, "keep")
        equal(without_conditions(p.json("diff", "dev")), without_conditions(first))


main()
