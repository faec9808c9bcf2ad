"""Rows that the server refuses when all of them are in, some only at COMMIT, and then names none: keys, uniqueness that may be deferred, triggers, and
whatever a transformation of coordinates lies before; kfmig names file, record and column, and never the value."""
# run: needs=postgres,postgis limit=300

import json

import pg
from datasets import point, version
from project import Project
from tap import cases, contains, equal, lacks, main, test

VERSION = "2026-02.0000000a"
SECRET = "Confidential7"
HEAD = """\
CREATE SCHEMA app;
CREATE TABLE app.kinds (kind text PRIMARY KEY, "Odd name" int UNIQUE, a int, b int, UNIQUE (a, b));
INSERT INTO app.kinds VALUES ('good', 1, 1, 1), ('fine', 2, 1, 2);
"""
TABLE = "CREATE TABLE app.pts (id text PRIMARY KEY, kind text, n int, m int, up text, geom geometry(Point, {srid}){more});\n"
COLUMNS = "id: properties.id, kind: properties.kind, n: properties.n, m: properties.m, up: properties.up, geom: geometry"


def rows(*members):
    """Ten points, of which some have other members than the good ones; (number, members)."""
    v = [point(f"p{i}", -100 + i / 10, 38) for i in range(1, 11)]
    for i, f in enumerate(v, start=1):
        f["properties"].update({"kind": "good", "n": 1, "m": 1, "up": None})
        for number, other in members:
            f["properties"].update(other if number == i else {})
    return v


def project(tmp, more, features, srid=4326, behind="", **version_of):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", HEAD + TABLE.format(srid=srid, more=more) + behind)
    version(p, "pts", VERSION, features, **version_of)
    p.write("registry/projections/pts.yml", f"""\
projection: pts
store: postgis
schema: app
sources:
  - {{dataset: pts, version: {VERSION}, asset: features, into: pts, columns: {{{COLUMNS}}}}}
validate: {{counts: catalog}}
""")
    return p


KIND = ", FOREIGN KEY (kind) REFERENCES app.kinds"
ODD = ', FOREIGN KEY (n) REFERENCES app.kinds ("Odd name")'
PAIR = ", FOREIGN KEY (n, m) REFERENCES app.kinds (a, b)"
SELF = ", FOREIGN KEY (up) REFERENCES app.pts"


@cases(
    text=(KIND, rows((4, {"kind": SECRET})), 4, "kind", 'no row of table "kinds" has it as kind'),
    the_first=(KIND, rows((1, {"kind": SECRET})), 1, "kind", "kinds"),
    the_last=(KIND, rows((10, {"kind": SECRET})), 10, "kind", "kinds"),
    the_first_of_two=(KIND, rows((8, {"kind": SECRET}), (3, {"kind": SECRET})), 3, "kind", "kinds"),
    a_number=(ODD, rows((5, {"n": 7413987})), 5, "n", 'has it as Odd name'),
    a_pair=(PAIR, rows((6, {"m": 7413987}), (2, {"m": 2})), 6, "n", "has it as a"),
    two_keys=(KIND + ODD, rows((9, {"kind": SECRET}), (7, {"n": 7413987})), 7, "n", "Odd name"),
    itself=(SELF, rows((2, {"up": "p9"}), (5, {"up": SECRET}), (6, {"up": "p6"})), 5, "up", 'no row of table "pts" has it as id'),
    null_is_no_key=(KIND, rows((2, {"kind": None}), (4, {"kind": SECRET})), 4, "kind", "kinds"),
    half_a_null=(PAIR, rows((2, {"n": 7413987, "m": None}), (3, {"n": 7413987})), 3, "n", "has it as a"),
    a_domain=(", k text GENERATED ALWAYS AS (kind) STORED" + KIND, rows((4, {"kind": SECRET})), 4, "kind", "kinds"),
    at_the_end_of_it=(KIND + " DEFERRABLE", rows((4, {"kind": SECRET})), 4, "kind", "kinds"))
def a_key_that_is_nowhere(case, tmp):
    more, features, number, column, hint = case
    p = project(tmp, more, features)
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.text, "points.geojson")
    contains(ran.text, f'record {number}, "{column}": the server refused this value: foreign_key_violation (23503)')
    contains(ran.text, hint)
    receipt = pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
    for text in (ran.text, receipt, p.run("why", "pts").text, json.dumps(p.json("status"))):
        lacks(text, SECRET)
        lacks(text, "7413987")
    contains(receipt, "23503")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_class WHERE relname LIKE 'kfmig_stage%'"), "0")


@test
def where_coordinates_are_transformed(tmp):
    p = project(tmp, KIND, rows((4, {"kind": SECRET})), srid=3857)
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.text, 'record 4, "kind": the server refused this value: foreign_key_violation (23503)')
    lacks(ran.text, SECRET)


@test
def a_corrected_version_goes_on(tmp):
    p = project(tmp, KIND + SELF, rows((2, {"up": "p9"})))
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts"), "10")


# Each of its own kind; one of record 7 is that of record 2, or n is too large.
UNEQUAL = [(i, {"kind": f"k{i}", "n": i, "m": 1}) for i in range(1, 11)]
TWICE = rows(*UNEQUAL, (7, {"kind": "k2"}))
PAIR_TWICE = rows(*UNEQUAL, (7, {"n": 2}))
LARGE = rows(*UNEQUAL, (7, {"n": 7413987}))


@cases(
    unique=(", UNIQUE (kind)", TWICE, "unique_violation (23505)", "kind", 'constraint "pts_kind_key"'),
    unique_later=(", UNIQUE (kind) DEFERRABLE", TWICE, "unique_violation (23505)", "kind", 'constraint "pts_kind_key"'),
    unique_at_commit=(", UNIQUE (kind) DEFERRABLE INITIALLY DEFERRED", TWICE, "unique_violation (23505)", "kind", 'constraint "pts_kind_key"'),
    a_pair=(", UNIQUE (n, m)", PAIR_TWICE, "unique_violation (23505)", "", 'constraint "pts_n_m_key" of n, m'),
    a_pair_at_commit=(", UNIQUE (n, m) DEFERRABLE INITIALLY DEFERRED", PAIR_TWICE, "unique_violation (23505)", "", 'constraint "pts_n_m_key" of n, m'),
    check=(", CHECK (n < 1000)", LARGE, "check_violation (23514)", "n", 'constraint "pts_n_check"'),
    check_of_two=(", CONSTRAINT product CHECK (n * m < 1000)", LARGE, "check_violation (23514)", "", 'constraint "product" of n, m'),
    exclude=(", EXCLUDE USING btree (kind WITH =)", TWICE, "exclusion_violation (23P01)", "kind", 'constraint "pts_kind_excl"'),
    exclude_at_commit=(", EXCLUDE USING btree (kind WITH =) DEFERRABLE INITIALLY DEFERRED", TWICE, "exclusion_violation (23P01)", "kind", "pts_kind_excl"),
    key_at_commit=(KIND + " DEFERRABLE INITIALLY DEFERRED", rows((7, {"kind": SECRET})), "foreign_key_violation (23503)", "kind", 'no row of table "kinds"'))
def what_is_refused_names_record_and_column(case, tmp):
    """As the rows come, and where their coordinates are transformed first"""
    more, features, words, column, hint = case
    for srid in 4326, 3857:
        (tmp / str(srid)).mkdir()
        p = project(tmp / str(srid), more, features, srid=srid)
        ran = p.build()
        equal(ran.status, 2, repr(ran))
        contains(ran.text, f'record 7, "{column}": the server refused this value: {words}' if column else f"record 7: the server refused this row: {words}")
        contains(ran.text, hint)
        body = pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
        for text in (ran.text, body):
            lacks(text, SECRET)
            lacks(text, "7413987")
        equal(pg.value(p.db, "SELECT count(*) FROM pg_class WHERE relname LIKE 'kfmig_stage%'"), "0")


# What stands behind the table: indexes that are built when the rows are in, and row security that holds for the owner, too.
FORCED = """ALTER TABLE app.pts ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.pts FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON app.pts USING (true);
CREATE POLICY few ON app.pts AS RESTRICTIVE FOR INSERT WITH CHECK (n < 1000);
"""
ODD_TWICE = rows(*UNEQUAL, (7, {"kind": "K2"}))


@cases(
    an_expression=("CREATE UNIQUE INDEX odd ON app.pts (lower(kind));", ODD_TWICE, "unique_violation (23505)", "", 'index "odd" of lower(kind)'),
    an_expression_beside_others=("CREATE UNIQUE INDEX odd ON app.pts (lower(kind)); CREATE INDEX x1 ON app.pts (n); CREATE INDEX x2 ON app.pts (m);",
                                 ODD_TWICE, "unique_violation (23505)", "", 'index "odd" of lower(kind)'),
    a_column=("CREATE UNIQUE INDEX plain ON app.pts (kind);", TWICE, "unique_violation (23505)", "kind", 'index "plain"'),
    some_rows=("CREATE UNIQUE INDEX part ON app.pts (kind) WHERE n > 0;", TWICE, "unique_violation (23505)", "kind", 'index "part"'),
    a_column_and_an_expression=("CREATE UNIQUE INDEX two ON app.pts (m, (n % 1000));", PAIR_TWICE, "unique_violation (23505)", "", 'index "two" of m, (n % 1000)'),
    with_others_beside=("CREATE UNIQUE INDEX wide ON app.pts (kind) INCLUDE (n);", TWICE, "unique_violation (23505)", "kind", 'index "wide"'),
    a_key_that_refers_to_it=("CREATE UNIQUE INDEX odd ON app.pts (lower(kind)); CREATE TABLE app.child (up text REFERENCES app.pts);",
                             ODD_TWICE, "unique_violation (23505)", "", 'index "odd" of lower(kind)'),
    an_expression_that_fails=("CREATE INDEX ratio ON app.pts ((1 / (7413987 - n)));", LARGE, "division_by_zero (22012)", "", ""))
def what_is_refused_when_the_rows_are_in(case, tmp):
    """Indexes that are built after the load name the record, too"""
    behind, features, words, column, hint = case
    for srid in 4326, 3857:
        (tmp / str(srid)).mkdir()
        p = project(tmp / str(srid), "", features, srid=srid, behind=behind)
        ran = p.build()
        equal(ran.status, 5 if "22012" in words else 2, repr(ran))
        contains(ran.text, "points.geojson")
        contains(ran.text, f'record 7, "{column}": the server refused this value: {words}' if column else f"record 7: the server refused this row: {words}")
        contains(ran.text, hint)
        body = pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
        for text in (ran.text, body):
            lacks(text, "7413987")
            lacks(text, "k2")
        equal(pg.value(p.db, "SELECT count(*) FROM pg_class WHERE relname LIKE 'kfmig_stage%'"), "0")


@cases(as_they_are=4326, transformed=3857)
def row_security_that_holds_for_the_owner(srid, tmp):
    """Said before a row is read: they could not be proven, whether the policies admit them or not"""
    p = project(tmp, "", LARGE, srid=srid, behind=FORCED)
    ran = p.build()
    equal(ran.status, 5, repr(ran))
    contains(ran.text, 'registry/projections/pts.yml:5:29: row security of table "pts" holds for the role that loads, too')
    contains(ran.text, "load as a role with BYPASSRLS")
    version(p, "pts", VERSION, rows(*UNEQUAL))
    p.bundle("M-01", HEAD + TABLE.format(srid=srid, more="") + FORCED.replace(" FORCE ROW", " NO FORCE ROW"))
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts"), "10")


RAISES = """CREATE FUNCTION app.no() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF {found} THEN RAISE EXCEPTION 'not %', {found_what}; END IF; RETURN NULL; END $$;
CREATE {kind} TRIGGER late AFTER INSERT ON app.pts {how} EXECUTE FUNCTION app.no();
"""
BY_ROW = {"found": "NEW.n > 1000", "found_what": "NEW.n"}
WHOLE = {"found": "(SELECT count(*) FROM app.pts WHERE n > 1000) > 0 OR (SELECT count(*) FROM app.pts) < 10", "found_what": "any"}


@cases(
    a_row=({"kind": "", "how": "FOR EACH ROW", **BY_ROW}, "record 7: the server refused this row: raise_exception (P0001)"),
    at_commit=({"kind": "CONSTRAINT", "how": "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW", **BY_ROW},
               "record 7: the server refused this row: raise_exception (P0001)"),
    a_statement=({"kind": "", "how": "FOR EACH STATEMENT", **WHOLE, "found_what": "1"}, "the server refused the rows: raise_exception (P0001)"))
def a_trigger_in_rows_replaced_in_place(case, tmp):
    """What one of rows raises is told of its row, also of one that waits for COMMIT; one that judges them as a whole says none"""
    trigger, words = case
    p = project(tmp, "", LARGE, behind=RAISES.format(**trigger))
    version(p, "pts", "2026-01.0000000b", rows())
    declared = (p.root / "registry/projections/pts.yml").read_text() + "fallback: atomic\n"
    p.write("registry/projections/pts.yml", declared.replace(VERSION, "2026-01.0000000b"))
    equal(p.build().status, 0)
    p.write("registry/projections/pts.yml", declared)
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.text, words)
    lacks(ran.text, "7413987")
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts WHERE n = 1"), "10")


main()
