"""A partition or an inheritance child counts to its parent: what a parent in scope covers, what stays forbidden, what is one table and
one index; in `plan` before anything runs where text and catalogs show it, else by what was observed."""
# run: needs=postgres limit=900 majors

import re

import pg
from project import Project, adopted_copy, full_id
from tap import contains, equal, main, note, skip, spread_over_majors, test

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA archive; CREATE SCHEMA other; CREATE SCHEMA governance;
CREATE TABLE app.m (id int, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE app.m_2025 PARTITION OF app.m FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.m_2026 PARTITION OF app.m FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (id);
CREATE TABLE app.m_2026_one PARTITION OF app.m_2026 FOR VALUES IN (1);
CREATE TABLE app.m_2026_rest PARTITION OF app.m_2026 DEFAULT;
CREATE TABLE archive.m_2024 PARTITION OF app.m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE app.m_default PARTITION OF app.m DEFAULT;
CREATE INDEX m_d ON app.m (d);
INSERT INTO app.m VALUES (1, '2024-05-05'), (1, '2025-05-05'), (1, '2026-05-05'), (2, '2026-06-06');
CREATE TABLE app.loose (id int, d date NOT NULL);
CREATE TABLE other.x (id int PRIMARY KEY, gone bool);
CREATE TABLE other.lines (x int REFERENCES other.x ON DELETE CASCADE, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE other.lines_1 PARTITION OF other.lines DEFAULT;
INSERT INTO other.x VALUES (1), (2); INSERT INTO other.lines VALUES (1, '2026-01-01'), (1, '2026-01-02');
CREATE TABLE app.key (id int PRIMARY KEY, d date) PARTITION BY RANGE (id);
CREATE TABLE app.key_1 PARTITION OF app.key FOR VALUES FROM (0) TO (100);
CREATE TABLE app.inh (x int);
CREATE TABLE archive.inh_1 (y int) INHERITS (app.inh);
CREATE TABLE archive.inh_2 () INHERITS (archive.inh_1);
CREATE TABLE app.keep (x int);
CREATE TABLE app.keep_1 () INHERITS (app.keep);
INSERT INTO app.keep VALUES (1), (2); INSERT INTO app.keep_1 VALUES (1), (2), (3);
CREATE TABLE governance.g (d date) PARTITION BY RANGE (d);
CREATE TABLE app.g_1 PARTITION OF governance.g DEFAULT;
"""

M = dict(tables=["app.m"], schemas=None)
PASSES, PLAN, GATE = "passes", "blocked by plan", "refused by a gate"
NOT_TABLES = "not in scope.allowed_tables"


def scope(tables=("app.m",), schemas=None, limits=(1, 1, 10), **more):
    keys = ("max_table_count_touched", "max_index_count_delta", "max_row_backfill")
    return dict(tables=tables, schemas=schemas, limits=dict(zip(keys, limits)), **more)


FORBIDS = scope(tables=None, schemas=["app", "archive"], forbidden_tables=["app.m_2025"])
FORBIDS_SCHEMA = scope(forbidden_schemas=["archive"])
SCHEMA = scope(tables=None, schemas=["app"])
KEEPS = scope(tables=None, schemas=["app"], forbidden_tables=["app.keep_1"])
KEPT = "truncate of table app.keep_1, a part of app.keep: forbidden by scope.forbidden_tables"

VARIANTS = {
    # a parent in scope covers its partitions
    "rows by way of the parent": (scope(), "UPDATE app.m SET id = id;", PASSES, "4 1 0"),
    "rows of a partition": (scope(), "INSERT INTO app.m_2025 VALUES (3, '2025-01-01');", PASSES, "1 1 0"),
    "rows of a partition's partition": (scope(), "DELETE FROM app.m_2026_one;", PASSES, "1 1 0"),
    "rows of a partition in another schema": (scope(), "UPDATE archive.m_2024 SET id = 9;", PASSES, "1 1 0"),
    "rows that go to DEFAULT": (scope(), "INSERT INTO app.m VALUES (1, '1999-01-01');", PASSES, "1 1 0"),
    "a row that moves to another partition": (scope(), "UPDATE app.m SET d = '2026-01-01' WHERE d = '2025-05-05';", PASSES, "2 1 0"),
    "rows by COPY of a query": (scope(), "INSERT INTO app.m SELECT id, d FROM app.m;", PASSES, "4 1 0"),
    "rows by MERGE": (scope(), "MERGE INTO app.m USING (SELECT date '2025-05-05' AS d) s ON s.d = m.d WHEN MATCHED THEN DELETE;", PASSES, "1 1 0"),
    "rows in DO": (scope(), "DO $$BEGIN EXECUTE 'DELETE FROM app.m_' || '2025'; END$$;", PASSES, "1 1 0"),
    "TRUNCATE of the tree": (scope(), "TRUNCATE app.m;", PASSES, "4 1 0"),
    "TRUNCATE of a partition": (scope(), "TRUNCATE archive.m_2024;", PASSES, "1 1 0"),
    "a column of the tree": (scope(), "ALTER TABLE app.m ADD COLUMN note text;", PASSES, "0 1 0"),
    "a constraint of a partition": (scope(), "ALTER TABLE app.m_2026_rest ADD CHECK (id > 0);", PASSES, "0 1 0"),
    "a comment on a partition": (scope(), "COMMENT ON TABLE archive.m_2024 IS 'old';", PASSES, "0 1 0"),
    "a trigger on the tree": (scope(), "CREATE TRIGGER t BEFORE INSERT ON app.m FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();", PASSES, "0 1 0"),
    "privileges of a partition": (scope(), "GRANT SELECT ON app.m_2025 TO PUBLIC;", PASSES, "0 1 0"),
    "a partition more": (scope(), "CREATE TABLE app.m_2027 PARTITION OF app.m FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PASSES, "0 1 0"),
    "a partition more, in another schema": (scope(), "CREATE TABLE archive.m_2023 PARTITION OF app.m FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');", PASSES, "0 1 0"),
    "a partition's partition more": (scope(), "CREATE TABLE app.m_2026_two PARTITION OF app.m_2026 FOR VALUES IN (7);", PASSES, "0 1 0"),
    "a partition more in DO": (scope(), "DO $$BEGIN EXECUTE 'CREATE TABLE app.m_2027 PARTITION OF app.m FOR VALUES FROM (''2027-01-01'') TO (''2028-01-01'')'; END$$;", PASSES, "0 1 0"),
    "made alone, then attached": (scope(), "CREATE TABLE app.m_2027 (LIKE app.m); ALTER TABLE app.m ATTACH PARTITION app.m_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PASSES, "0 1 0"),
    "filled, then attached": (scope(), "CREATE TABLE app.m_2027 AS SELECT 1 AS id, date '2027-02-02' AS d; ALTER TABLE app.m_2027 ALTER d SET NOT NULL; ALTER TABLE app.m ATTACH PARTITION app.m_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PASSES, "1 1 0"),
    "detached": (scope(), "ALTER TABLE app.m DETACH PARTITION app.m_2025;", PASSES, "0 1 0"),
    "detached and dropped": (scope(), "ALTER TABLE app.m DETACH PARTITION app.m_2025; DROP TABLE app.m_2025;", PASSES, "1 1 0"),
    "detached and attached again": (scope(), "ALTER TABLE app.m DETACH PARTITION app.m_2025; ALTER TABLE app.m ATTACH PARTITION app.m_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');", PASSES, "0 0 0"),
    "split in two": (scope(), "ALTER TABLE app.m DETACH PARTITION app.m_2025; CREATE TABLE app.m_2025a PARTITION OF app.m FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');"
                              "INSERT INTO app.m SELECT * FROM app.m_2025; DROP TABLE app.m_2025;", PASSES, "2 1 0"),
    "a partition dropped": (scope(), "DROP TABLE archive.m_2024;", PASSES, "1 1 0"),
    "the tree dropped": (scope(), "DROP TABLE app.m;", PASSES, "4 1 1"),
    "a partition renamed": (scope(), "ALTER TABLE app.m_2025 RENAME TO m_old;", PASSES, "0 1 0"),
    "a partition in another schema": (scope(), "ALTER TABLE app.m_2025 SET SCHEMA archive;", PASSES, "0 1 0"),
    "names by search_path": (scope(), "SET LOCAL search_path = app, archive; UPDATE m_2024 SET id = 4; DELETE FROM m_2025;", PASSES, "2 1 0"),
    "a tree across schemas by its schema": (SCHEMA, "UPDATE archive.m_2024 SET id = 9;", PASSES, "1 1 0"),
    "a tree made": (scope(tables=["app.n"]), "CREATE TABLE app.n (d date PRIMARY KEY) PARTITION BY RANGE (d); CREATE TABLE app.n_1 PARTITION OF app.n DEFAULT PARTITION BY RANGE (d);"
                                             "CREATE TABLE archive.n_2 PARTITION OF app.n_1 DEFAULT;", PASSES, "0 1 1"),
    # and what is a partition no longer, or not yet, counts to itself
    "attached, but it was there before": (scope(), "ALTER TABLE app.m ATTACH PARTITION app.loose FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PLAN, f"alter of table app.loose: {NOT_TABLES}"),
    "attached, written, detached": (scope(), "DO $$BEGIN EXECUTE 'ALTER TABLE app.m ATTACH PARTITION app.loose FOR VALUES FROM (''2027-01-01'') TO (''2028-01-01'');"
                                             "INSERT INTO app.m VALUES (1, ''2027-02-02''); ALTER TABLE app.m DETACH PARTITION app.loose'; END$$;", GATE, f"table app.loose: {NOT_TABLES}"),
    "made as a partition, detached": (scope(), "CREATE TABLE app.m_2027 PARTITION OF app.m FOR VALUES FROM ('2027-01-01') TO ('2028-01-01'); ALTER TABLE app.m DETACH PARTITION app.m_2027;", GATE, f"create of table app.m_2027: {NOT_TABLES}"),
    "another under a partition's name": (scope(), "DROP TABLE app.m_2025; CREATE TABLE app.m_2025 (id int);", GATE, f"create of table app.m_2025: {NOT_TABLES}"),
    "the parent is out of scope": (scope(tables=["app.loose"]), "INSERT INTO app.m_2025 VALUES (3, '2025-01-01');", PLAN, f"write of table app.m_2025, a part of app.m: {NOT_TABLES}"),
    "the parent of the parent is out of scope": (scope(tables=["app.loose"]), "DO $$BEGIN EXECUTE 'DELETE FROM app.m_2026_' || 'one'; END$$;", GATE,
                                                 f"write of table app.m_2026_one, a part of app.m: {NOT_TABLES}\n  hint: narrow the migration, or widen its scope in migration.yml and have that reviewed\n  admitted by: scope.allowed_tables: [app.loose, app.m]"),
    "only a partition is in scope": (scope(tables=["app.m_2025"]), "UPDATE app.m SET id = 3 WHERE d < '2025-01-01';", PLAN, f"write of table app.m: {NOT_TABLES}"),
    "a middle one covers what is below it": (scope(tables=["app.m_2026"]), "DELETE FROM app.m_2026_one;", PASSES, "1 1 0"),
    # forbidden stays forbidden
    "a forbidden partition by name": (FORBIDS, "DELETE FROM app.m_2025;", PLAN, "write of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a forbidden partition by its parent": (FORBIDS, "DELETE FROM app.m;", GATE, "write of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a forbidden partition read by its parent": (FORBIDS, "CREATE TABLE app.sum AS SELECT count(*) AS n FROM app.m;", GATE, "read of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a forbidden partition is passed by": (FORBIDS, "DELETE FROM app.m WHERE d = '2026-05-05';", PASSES, "1 1 0"),
    "a forbidden partition truncated with its tree": (FORBIDS, "TRUNCATE app.m;", PLAN, "truncate of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a forbidden partition dropped with its tree": (FORBIDS, "DROP TABLE app.m;", PLAN, "drop of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a forbidden partition altered with its tree": (FORBIDS, "ALTER TABLE app.m ADD COLUMN note text;", GATE, "alter of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a partition of a forbidden tree": (scope(tables=None, schemas=["app"], forbidden_tables=["app.m"]), "DELETE FROM app.m_2026_one;", PLAN, "write of table app.m_2026_one, a part of app.m: forbidden by scope.forbidden_tables"),
    "a partition of a forbidden tree, read": (scope(tables=None, schemas=["app"], forbidden_tables=["m"]), "CREATE TABLE app.c AS SELECT * FROM app.m_2025;", PLAN, "read of table app.m_2025, a part of app.m: forbidden by scope.forbidden_tables"),
    "a partition in a forbidden schema": (FORBIDS_SCHEMA, "DELETE FROM app.m;", GATE, "write of table archive.m_2024, a part of app.m: forbidden by scope.forbidden_schemas"),
    "a partition made in a forbidden schema": (FORBIDS_SCHEMA, "CREATE TABLE archive.m_2023 PARTITION OF app.m FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');", PLAN, "create of table archive.m_2023, a part of app.m: forbidden by scope.forbidden_schemas"),
    "a partition of a protected tree": (SCHEMA, "INSERT INTO app.g_1 VALUES ('2026-01-01');", PLAN, "write of table app.g_1, a part of governance.g: protected by policy.protected.schemas"),
    "a partition of a protected tree in DO": (SCHEMA, "DO $$BEGIN EXECUTE 'INSERT INTO app.g_' || '1 VALUES (now())'; END$$;", GATE, "write of table app.g_1, a part of governance.g: protected by policy.protected.schemas"),
    # keys, cascades, privileges
    "a key to a tree": (scope(tables=["app.loose"], references=["app.key"]), "ALTER TABLE app.loose ADD FOREIGN KEY (id) REFERENCES app.key;", PASSES, "0 1 0"),
    "a key to a tree that may not be referred to": (scope(tables=["app.loose"]), "ALTER TABLE app.loose ADD FOREIGN KEY (id) REFERENCES app.key;", PLAN, "reference of table app.key: neither in scope nor in scope.references"),
    "a key to a partition": (scope(tables=["app.loose"], references=["app.key"]), "ALTER TABLE app.loose ADD FOREIGN KEY (id) REFERENCES app.key_1;", PASSES, "0 1 0"),
    "a key from a tree": (scope(references=["other.x"]), "ALTER TABLE app.m ADD FOREIGN KEY (id) REFERENCES other.x;", PASSES, "0 1 0"),
    "a cascade into a tree": (scope(tables=["other.x", "other.lines"], limits=(2, 0, 3)), "DELETE FROM other.x WHERE id = 1;", PASSES, "3 2 0"),
    "a cascade into a tree out of scope": (scope(tables=["other.x"]), "DELETE FROM other.x WHERE id = 1;", GATE, f"write of table other.lines_1, a part of other.lines: {NOT_TABLES}"),
    "privileges of a schema": (scope(tables=None, schemas=["app"], limits=(5, 0, 0)), "GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC;", GATE, "alter of table app.g_1, a part of governance.g: protected by policy.protected.schemas"),
    "privileges of another schema": (scope(tables=None, schemas=["archive"], limits=(2, 0, 0)), "GRANT SELECT ON ALL TABLES IN SCHEMA archive TO PUBLIC;", PASSES, "0 2 0"),
    # inheritance
    "a parent's column": (scope(tables=["app.inh"]), "ALTER TABLE app.inh ADD COLUMN z int;", PASSES, "0 1 0"),
    "rows of a child's child": (scope(tables=["app.inh"]), "INSERT INTO archive.inh_2 VALUES (1);", PASSES, "1 1 0"),
    "a child more": (scope(tables=["app.inh"]), "CREATE TABLE archive.inh_3 () INHERITS (app.inh);", PASSES, "0 1 0"),
    "a child of two, one out of scope": (scope(tables=["app.inh"], references=["other.x"]), "CREATE TABLE app.both () INHERITS (app.inh, other.x);", PLAN, f"create of table app.both, a part of app.inh: {NOT_TABLES}"),
    "a child of two": (scope(tables=["app.inh", "other.x"]), "CREATE TABLE app.both () INHERITS (app.inh, other.x);", PASSES, "0 1 0"),
    "what was there inherits": (scope(tables=["app.inh"]), "ALTER TABLE app.loose ADD COLUMN x int; ALTER TABLE app.loose INHERIT app.inh;", PLAN, f"alter of table app.loose: {NOT_TABLES}"),
    "inherits no longer": (scope(tables=["app.inh"]), "ALTER TABLE archive.inh_1 NO INHERIT app.inh; DELETE FROM archive.inh_2;", PASSES, "0 1 0"),
    # ONLY leaves the children alone
    "a forbidden child, TRUNCATE": (KEEPS, "TRUNCATE app.keep;", PLAN, KEPT),
    "a forbidden child, TRUNCATE ONLY": (KEEPS, "TRUNCATE ONLY app.keep;", PASSES, "2 1 0"),
    "a forbidden child, TRUNCATE ONLY with more": (KEEPS, "TRUNCATE TABLE ONLY app.keep RESTART IDENTITY CASCADE;", PASSES, "2 1 0"),
    "a forbidden child, TRUNCATE ONLY by search_path": (KEEPS, "SET LOCAL search_path = app; TRUNCATE ONLY keep;", PASSES, "2 1 0"),
    "a forbidden child, TRUNCATE ONLY and not only": (KEEPS, "TRUNCATE ONLY app.keep, app.keep;", PLAN, KEPT),
    "a forbidden child, TRUNCATE and then ONLY": (KEEPS, "TRUNCATE app.keep, ONLY app.keep;", PLAN, KEPT),
    "a forbidden child, ONLY of another": (KEEPS, "TRUNCATE ONLY app.loose, app.keep;", PLAN, KEPT),
    "a forbidden child, TRUNCATE ONLY in DO": (KEEPS, "DO $$BEGIN EXECUTE 'TRUNCATE ONLY app.' || 'keep'; END$$;", PASSES, "2 1 0"),
    "a forbidden child, TRUNCATE in DO": (KEEPS, "DO $$BEGIN EXECUTE 'TRUNCATE app.' || 'keep'; END$$;", GATE, "app.keep_1, a part of app.keep: forbidden by scope.forbidden_tables"),
    "a forbidden child, DELETE ONLY": (KEEPS, "DELETE FROM ONLY app.keep;", PASSES, "2 1 0"),
    "a forbidden child, UPDATE ONLY": (KEEPS, "UPDATE ONLY app.keep SET x = 5;", PASSES, "2 1 0"),
    "a forbidden child, ALTER ONLY": (KEEPS, "ALTER TABLE ONLY app.keep ALTER x SET DEFAULT 1;", PASSES, "0 1 0"),
    # one tree is one table, one partitioned index one index
    "two trees": (scope(tables=["app.m", "app.inh"]), "UPDATE app.m SET id = 1; UPDATE app.inh SET x = 1;", PLAN, "limits.max_table_count_touched is 1, the scripts need at least 2"),
    "partitions of two trees": (scope(tables=["app.m", "app.inh"]), "DELETE FROM app.m_2025; DELETE FROM archive.inh_1;", PLAN, "limits.max_table_count_touched is 1, the scripts need at least 2"),
    "partitions of one tree": (scope(), "DELETE FROM app.m_2025; DELETE FROM archive.m_2024; DELETE FROM app.m_2026_one;", PASSES, "3 1 0"),
    "an index of the tree": (scope(), "CREATE INDEX ON app.m (id);", PASSES, "0 1 1"),
    "an index of the tree dropped": (scope(), "DROP INDEX app.m_d;", PASSES, "0 1 1"),
    "an index of one partition": (scope(), "CREATE INDEX ON app.m_2025 (id);", PASSES, "0 1 1"),
    "indexes of two partitions": (scope(), "CREATE INDEX ON app.m_2025 (id); CREATE INDEX ON archive.m_2024 (id);", PLAN, "limits.max_index_count_delta is 1, the scripts need at least 2"),
    "an index put together": (scope(tables=["app.key"]), "CREATE INDEX k ON ONLY app.key (d); CREATE INDEX k_1 ON app.key_1 (d); ALTER INDEX app.k ATTACH PARTITION app.k_1;", PASSES, "0 1 1"),
    "attached with an index that fits": (scope(limits=(1, 1, 0)), "CREATE TABLE app.m_2027 (LIKE app.m); CREATE INDEX own ON app.m_2027 (d);"
                                         "ALTER TABLE app.m ATTACH PARTITION app.m_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PASSES, "0 1 0"),
    "attached with one that does not": (scope(limits=(1, 1, 0)), "CREATE TABLE app.m_2027 (LIKE app.m); CREATE INDEX own ON app.m_2027 (id);"
                                        "ALTER TABLE app.m ATTACH PARTITION app.m_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", PASSES, "0 1 1"),
    "a unique key of the tree": (scope(), "ALTER TABLE app.m ADD UNIQUE (id, d);", PASSES, "0 1 1"),
    "an index of the tree renamed": (scope(limits=(1, 0, 0)), "ALTER INDEX app.m_d RENAME TO m_day;", PASSES, "0 1 0"),
}


def project(tmp):
    return adopted_copy(tmp, SETUP)


def bundle(p, short, sql, schemas=None, tables=None, **more):
    """As Project.bundle(), also without allowed_schemas."""
    path = p.path(p.bundle(short, sql, schemas=schemas or (), tables=tables, **more)) / "migration.yml"
    if schemas is None:
        path.write_text(path.read_text().replace("  allowed_schemas: []\n", ""))


def observed(p):
    """Rows, tables and indexes, as the receipt counts them."""
    limits = {x["limit"]: x for x in p.json("receipt", "show", "dev", full_id("M-01"))["claim"]["limits"]}
    return " ".join(str(limits[k]["observed"]) for k in ("max_row_backfill", "max_table_count_touched", "max_index_count_delta"))


def check(declared, sql, outcome, words, tmp):
    if sql.startswith("MERGE") and pg.cluster().major < 15:
        skip("PostgreSQL has MERGE since 15")
    p = project(tmp)
    bundle(p, "M-01", sql, **declared)
    plan = p.run("plan", "dev")
    ran = p.build()
    if outcome == PASSES:
        equal(ran.status, 0, repr(ran))
        equal(observed(p), words)
        equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")
        return
    equal(ran.status, 1 if outcome == PLAN else 2, repr(ran))
    equal(p.applied(), [])
    if outcome == PLAN:
        contains(plan.out, words)
    else:
        contains(re.sub(r", in statement \d+ \(forward\.sql:1\)( through [^:]*)?(?=: )", "", ran.err), words)


for what, (declared, sql, outcome, words) in VARIANTS.items():
    def one(tmp, declared=declared, sql=sql, outcome=outcome, words=words):
        check(declared, sql, outcome, words, tmp)
    one.__name__ = f"{outcome}: {what}"
    test(spread_over_majors(one))


@test
def check_knows_partitions_that_other_bundles_made(tmp):
    """Without a database, from the texts of the project."""
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.m (d date) PARTITION BY RANGE (d); CREATE TABLE app.m_1 PARTITION OF app.m DEFAULT;")
    bundle(p, "M-02", "DELETE FROM app.m_1;", tables=["app.m"])
    bundle(p, "M-03", "CREATE TABLE app.m_2 PARTITION OF app.m FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); COMMENT ON TABLE app.m_2 IS 'x';", tables=["app.m"])
    bundle(p, "M-04", "DELETE FROM app.other;", tables=["app.m"])
    ran = p.run("check")
    equal([line for line in ran.text.splitlines() if "out of its scope" in line or "scope" in line and "PG-MIG" in line and "M-0" in line], [])
    contains(ran.text, "write of table app.other: not in scope.allowed_tables")
    equal("m_1" in ran.text or "m_2" in ran.text, False, repr(ran))


note(f"{len(VARIANTS)} variants of what a partition or a child counts to")
main()
