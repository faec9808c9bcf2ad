"""What the linter says of statements, held to PostgreSQL itself: what writes a table anew, reads all of its rows, or locks it so."""
# run: needs=postgres limit=300 majors

import json

import pg
from project import Project
from tap import equal, main, on_majors, test

SETUP = """
CREATE SCHEMA s;
CREATE TABLE s.b (id int PRIMARY KEY);
INSERT INTO s.b SELECT generate_series(1, 10);
CREATE TABLE s.a (id bigint PRIMARY KEY, n int, t varchar(10), j text, at timestamp, v int);
INSERT INTO s.a SELECT i, i % 10 + 1, 'x', 'x', now(), 1 FROM generate_series(1, 1000) i;
ALTER TABLE s.a ADD CONSTRAINT v_there CHECK (v IS NOT NULL);
CREATE TABLE s.p (id int) PARTITION BY RANGE (id);
CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (1) TO (10);
CREATE MATERIALIZED VIEW s.m AS SELECT id FROM s.a;
CREATE UNIQUE INDEX m_id ON s.m (id);
CREATE DOMAIN s.d AS int;
CREATE FUNCTION s.next() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END'; -- one in SQL would be inlined, and be a constant
"""

# statement: (rule or None, rewrites s.a, reads all rows of s.a, strongest lock on the table named last, first major)
FACTS = {
    "ALTER TABLE s.a ADD COLUMN x uuid DEFAULT gen_random_uuid()": ("add-column-volatile-default", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x int DEFAULT s.next()": ("add-column-volatile-default", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x timestamptz DEFAULT now()": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x boolean NOT NULL DEFAULT false": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x bigserial": ("add-column-serial", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY": ("add-column-serial", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x int GENERATED ALWAYS AS (n * 2) STORED": ("add-column-stored-generated", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x int GENERATED ALWAYS AS (n * 2) VIRTUAL": (None, False, False, "AccessExclusiveLock", 18),
    "ALTER TABLE s.a ADD COLUMN x int REFERENCES s.b": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD COLUMN x int DEFAULT 1 REFERENCES s.b": ("foreign-key-scans", False, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER n TYPE bigint": ("change-column-type", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER t TYPE text": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER t TYPE varchar(20)": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER t TYPE varchar(5)": ("narrow-column-type", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER n SET NOT NULL": ("set-not-null-scans", False, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ALTER v SET NOT NULL": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD CONSTRAINT c CHECK (n > 0)": ("check-scans", False, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD CONSTRAINT c CHECK (n > 0) NOT VALID": (None, False, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a ADD CONSTRAINT c CHECK (n > 0) NOT ENFORCED": ("not-enforced", False, False, "AccessExclusiveLock", 18),
    "ALTER TABLE s.a ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES s.b": ("foreign-key-scans", False, True, "ShareRowExclusiveLock", 13),
    "ALTER TABLE s.a ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES s.b NOT VALID": (None, False, False, "ShareRowExclusiveLock", 13),
    "ALTER TABLE s.a ADD CONSTRAINT u UNIQUE (id, n)": ("unique-builds-index", False, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a SET UNLOGGED": ("set-logged-rewrites", True, True, "AccessExclusiveLock", 13),
    "CREATE INDEX i ON s.a (n)": ("index-blocks-writes", False, True, "ShareLock", 13),
    "REINDEX TABLE s.a": ("reindex-blocks", False, True, "ShareLock", 13),
    "CLUSTER s.a USING a_pkey": ("rewrites-table", True, True, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a DISABLE TRIGGER ALL": ("trigger-switched", False, False, "ShareRowExclusiveLock", 13),
    "ALTER TABLE s.a ALTER n SET STATISTICS 500": (None, False, False, "ShareUpdateExclusiveLock", 13),
    "ALTER TABLE s.a SET (fillfactor = 90)": (None, False, False, "ShareUpdateExclusiveLock", 13),
    "TRUNCATE s.a": ("truncate", True, False, "AccessExclusiveLock", 13),
    "ALTER TABLE s.a REPLICA IDENTITY FULL": (None, False, False, "AccessExclusiveLock", 13),
}

REGISTRY = json.dumps({"migrations": [{"id": "PG-MIG-2026-01-01-01", "owners": ["data"], "status": "executed_dev", "type": "postgis"}], "version": 1})

LOOK = """
BEGIN;
SELECT 'before', pg_relation_filenode('s.a');
{};
SELECT 'after', pg_relation_filenode('s.a');
SELECT 'read', coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relid = 's.a'::regclass;
SELECT 'lock', mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 's.a'::regclass;
ROLLBACK;
"""

STRENGTH = ["AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock",
            "ExclusiveLock", "AccessExclusiveLock"]


def seen(db, sql):
    """(rewritten?, all rows read?, strongest lock) of a statement, which is rolled back."""
    rows = [r for r in pg.psql(db, LOOK.format(sql)) if len(r) == 2]
    said = {}
    for what, value in rows:
        said.setdefault(what, []).append(value)
    locks = sorted(said.get("lock", []), key=STRENGTH.index)
    return said["before"] != said["after"], int(said["read"][0]) >= 1000, locks[-1] if locks else None


def rules(p, sql):
    """What kfmig lint finds in a migration of that text, behind one that made what stands there and is applied: what is no more than a note left out."""
    p.write("migrations/postgis/PG-MIG-2026-01-01-02/forward.sql", sql + ";\n")
    ran = p.run("lint", "01-02", "--json")
    return {f["rule"] for f in json.loads(ran.out)["findings"] if f["severity"] != "note"} - {"class-undeclared", "foreign-key-without-index"}


@test
@on_majors
def what_the_linter_says_of_locks_and_rows_is_what_the_server_does(tmp):
    p = Project(tmp)
    pg.psql(p.db, SETUP)
    p.bundle("M-01", SETUP)
    p.bundle("M-02", "SELECT 1;\n")
    p.write("registry/migrations.v1.json", REGISTRY)
    tried = 0
    for sql, (rule, rewrites, reads, lock, since) in FACTS.items():
        if since > pg.cluster().major:
            continue
        equal((sql, *seen(p.db, sql)), (sql, rewrites, reads, lock))
        found = rules(p, sql)
        equal((sql, rule in found if rule else found), (sql, True if rule else set()))
        tried += 1
    equal(tried >= 28, True, f"{tried} statements")


SRID = "srid-check-not-plain"
# A check of the table g.t (g geometry, "G h" geometry, k boolean), which has a row of SRID 3857 where the check lets one in: (is it found, how it is added)
CHECKS = {
    "ST_SRID(g) = 3857": (False, ""),
    "public.ST_SRID(g) = 3857": (False, ""),
    "GeometryType(g) = 'POINT'": (False, ""),
    "ST_NDims(g) = 2": (False, ""),
    "ST_IsValid(g)": (False, ""),
    "ST_IsValid(g) ": (False, "NOT VALID"),
    "ST_SRID(g) = 4326": (True, "NOT VALID"),
    "ST_SRID(g) = 4326 OR ST_SRID(g) = 3857": (True, ""),
    "ST_SRID(g) = 3857 AND k": (True, ""),
    "ST_SRID(g) IN (4326, 3857)": (True, ""),
    "NOT ST_SRID(g) = 4326": (True, ""),
    "k OR ST_SRID(g) = 4326": (True, ""),
    "GeometryType(g) = 'LINESTRING' OR GeometryType(g) = 'POINT'": (True, ""),
    "ST_NDims(g) = 3 ": (True, "NOT VALID"),
}


@test
def a_check_that_the_linter_finds_breaks_geometry_columns_or_makes_it_lie(tmp):
    p = Project(tmp, postgis=True)
    table = """CREATE SCHEMA g; CREATE TABLE g.t (g geometry, "G h" geometry, k boolean);
INSERT INTO g.t VALUES ('SRID=3857;POINT(1 1)', NULL, true);"""
    p.bundle("M-01", table)
    p.bundle("M-02", "SELECT 1;\n")
    p.write("registry/migrations.v1.json", REGISTRY)
    pg.psql(p.db, table)
    true = "SELECT srid IN (0, 3857) AND type IN ('GEOMETRY', 'POINT') AND coord_dimension = 2 FROM geometry_columns WHERE f_geometry_column = 'g'"
    for check, (is_found, how) in CHECKS.items():
        sql = f"ALTER TABLE g.t ADD CONSTRAINT c CHECK ({check}) {how}"
        equal((check, SRID in rules(p, sql)), (check, is_found))
        try:
            rows = pg.psql(p.db, f"BEGIN; {sql}; {true}; ROLLBACK;")
            says = "true" if ("t",) in rows else "a lie"
        except pg.PgError as e:
            says = "nothing" if "invalid input syntax for type integer" in str(e) else str(e)
        if not is_found:
            equal((check, says), (check, "true"))
        elif "IN (" not in check and "AND k" not in check:  # which 3.6 reads as one would wish, and 3.3 fails at
            equal((check, says in ("a lie", "nothing")), (check, True), says)


main()
