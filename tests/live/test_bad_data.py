"""Data and catalogs that are not what they have to be: refused with status, code and place, without a value, before anything is written."""
# run: needs=postgres,postgis limit=300

import gzip
import json
import os
import re
import shutil

import pg
from datasets import collection, digest, point, retell, version
from project import Project
from tap import at_exit, cases, contains, equal, fresh_folder, lacks, main, test

GOOD, BAD = "2026-02.0000000a", "2026-03.0000000b"
SECRET = "Confidential7"  # stands in the rows, and nowhere else
FEATURES = [point(f"p{i}", -100 + i / 10, 38) for i in range(5)]
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text NOT NULL, geom geometry, i4 int, i8 bigint, f8 float8, n numeric(10, 2), d date, t varchar(20), ip inet,
                      PRIMARY KEY (version, id));
CREATE INDEX pts_geom ON app.pts USING gist (geom);
"""
JSON_COLUMNS = "".join(f", {c}: properties.{c}" for c in ("i4", "i8", "f8", "n", "d", "t"))
CSV_COLUMNS = "".join(f", {c}: {c}" for c in ("i4", "t"))


def declare(p, ident, columns, more=""):
    p.write("registry/projections/pts.yml", f"""\
projection: pts
store: postgis
schema: app
sources:
  - dataset: pts
    version: {ident}
    asset: features
    into: pts{more}
    columns: {{version: $dataset_version_id, {columns}}}
validate: {{counts: catalog}}
""")


def state(p):
    """All that a build could have written."""
    return pg.psql(p.db, """
        SELECT number, state, encode(content, 'hex') FROM kfmig.generation ORDER BY 1;
        SELECT nspname, oid, '' FROM pg_namespace WHERE nspname LIKE 'app%' ORDER BY 1;
        SELECT relname, oid, relfilenode FROM pg_class WHERE relnamespace = 'app'::regnamespace ORDER BY 1;
        SELECT version, count(*), min(id) FROM app.pts GROUP BY 1;""")


folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
made = []


def project():
    """One project for all of them, with a generation that is live: it has to survive them all."""
    if not made:
        p = Project(folder, postgis=True)
        p.bundle("M-01", CHAIN)
        version(p, "pts", GOOD, FEATURES)
        declare(p, GOOD, "id: properties.id, geom: geometry")
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        made.append(p)
    shutil.rmtree(made[0].path(f"registry/data/processed/pts/{BAD}"), ignore_errors=True)
    shutil.rmtree(made[0].path(f"registry/data/catalog/pts/{BAD}"), ignore_errors=True)
    return made[0]


def refused(p, status, *parts, recorded=True):
    """Build: refused with that status and those words, nothing written but, if recorded, one entry that says so."""
    before, log = state(p), p.entries()
    ran = p.build()
    equal(ran.status, status, repr(ran))
    for part in parts:
        equal(re.search(part, ran.text) is not None, True, f"{part!r} in {ran!r}")
    lacks(ran.text, SECRET)
    equal(state(p), before, f"nothing was written: {ran!r}")
    new = p.entries()[len(log):]
    equal([row[1:] for row in new], [("publish", "pts", "failed")] if recorded else [])
    if recorded:
        body = pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
        lacks(body, SECRET)
        equal(json.loads(body)["failure"]["code"], {5: "config", 1: "preflight"}[status])
    return ran


PLACE = r"points\.geojson: byte \d+"


def features(*texts):
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(texts) + "\n]}\n").encode()


def feature(geometry="null", properties="", ident='"a"'):
    return f'{{"type":"Feature","properties":{{"id":{ident},"t":"{SECRET}"{properties}}},"geometry":{geometry}}}'


def geometry(kind, coordinates):
    return f'{{"type":"{kind}","coordinates":{coordinates}}}'


def ring(*positions):
    return "[" + ",".join(f"[{x},{y}]" for x, y in positions) + "]"


NINES = "9" * 400
GEOJSON = {
    "truncated": (features(feature())[:-9], "ends too early"),
    "empty_file": (b"", "."),
    "no_collection": (b"[]", "."),
    "bytes_behind_the_end": (features(feature()) + b"x", "."),
    "byte_order_mark": (b"\xef\xbb\xbf" + features(feature()), "."),
    "not_utf8": (features(feature()).replace(b"fidential7", b"\xff7"), "UTF-8"),
    "nul": (features(feature(properties=',"d":"\\u0000"')), "."),
    "lone_surrogate": (features(feature(properties=',"t2":"\\ud800"')), "."),
    "duplicate_key": (features(feature(properties=',"i4":1,"i4":2')), "twice"),
    "duplicate_key_by_escape": (features(feature(properties=',"i4":1,"\\u00694":2')), "twice"),
    "nan": (features(feature(properties=',"f8":NaN')), "."),
    "infinity": (features(feature(properties=',"f8":-Infinity')), "."),
    "huge_number": (features(feature(properties=',"f8":1e999')), "too large"),
    "huge_numeric": (features(feature(properties=f',"n":{NINES}')), "too large"),
    "huge_exponent": (features(feature(properties=',"n":1e999999999')), "too large"),
    "huge_integer": (features(feature(properties=f',"i8":{NINES}')), "too large"),
    "bigint_overflow": (features(feature(properties=',"i8":9223372036854775808')), '"i8"'),
    "int_overflow": (features(feature(properties=',"i4":2147483648')), '"i4".*range'),
    "no_integer": (features(feature(properties=',"i4":1.5')), '"i4".*integer'),
    "no_number": (features(feature(properties=f',"i4":"{SECRET}"')), '"i4".*number'),
    "scale": (features(feature(properties=',"n":1.005')), '"n"'),
    "no_date": (features(feature(properties=',"d":"2026-02-30"')), '"d"'),
    "too_long": (features(feature(properties="").replace(SECRET, SECRET * 3)), '"t"'),
    "nested_65_deep": (features(feature(properties=',"x":' + "[" * 65 + "]" * 65)), "."),
    "not_null": (features(feature(ident="null")), '"id".*NOT NULL'),
    "missing": (features(feature().replace('"id"', '"no"')), '"id"'),
    "wrong_ring_order": (features(feature(geometry("Polygon", "[" + ring((0, 0), (4, 4), (4, 0), (0, 0)) + "]"))), "ring"),
    "wrong_order_of_a_hole": (features(feature(geometry("Polygon", "[" + ring((0, 0), (9, 0), (9, 9), (0, 0)) + "," +
                                                        ring((5, 1), (6, 1), (6, 2), (5, 1)) + "]"))), "ring|hole"),
    "unclosed_ring": (features(feature(geometry("Polygon", "[" + ring((0, 0), (4, 0), (4, 4), (0, 1)) + "]"))), "ring"),
    "short_ring": (features(feature(geometry("Polygon", "[" + ring((0, 0), (4, 0), (0, 0)) + "]"))), "ring"),
    "empty_geometry": (features(feature(geometry("Polygon", "[]"))), r"the geometry is empty \(POLYGON EMPTY\)"),
    "empty_point": (features(feature(geometry("Point", "[]"))), r"the geometry is empty \(POINT EMPTY\)"),
    "empty_collection": (features(feature('{"type":"GeometryCollection","geometries":[]}')), r"the geometry is empty \(GEOMETRYCOLLECTION EMPTY\)"),
    "empty_ring": (features(feature(geometry("Polygon", "[[]]"))), "a part of the geometry is empty"),
    "mixed_dimensions": (features(feature(geometry("LineString", "[[1,2],[3,4,5]]"))), "dimension|numbers"),
    "longitude": (features(feature(geometry("Point", "[180.0000001,0]"))), "longitude"),
    "latitude": (features(feature(geometry("Point", "[0,-90.5]"))), "latitude"),
    "swapped": (features(feature(geometry("Point", "[38,-100]"))), "latitude"),
    "infinite_coordinate": (features(feature(geometry("Point", "[1e999,0]"))), "."),
    "no_geometry_type": (features(feature(geometry("Pond", "[1,2]"))), "names no geometry"),
    "other_crs": (b'{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:3857"}},"features":[]}', "crs"),
    "gzip_truncated": (gzip.compress(features(feature()), mtime=0)[:-12], "ends too early"),
    "gzip_damaged": ((lambda b: b[:-5] + bytes([b[-5] ^ 1]) + b[-4:])(gzip.compress(features(feature()), mtime=0)), "damaged"),
}


def zstd(data, last=True):
    """A frame of one raw block (RFC 8878, 3.1.1); last: the block says that it is the last one."""
    return b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little") + (len(data) << 3 | last).to_bytes(3, "little") + data


GEOJSON.update({
    "zstd_truncated": (zstd(features(feature()))[:-9], "ends too early"),
    "zstd_without_its_last_block": (zstd(features(feature()), last=False), "ends too early"),
    "zstd_damaged": (zstd(features(feature())).replace(b"\x00\x00\x00", b"\x00\x00\xff", 1), "damaged"),
    "zstd_with_a_window_of_3_gib": (b"\x28\xb5\x2f\xfd\x00\xac" + b"\x01\x00\x00", "damaged"),
})


@cases(**GEOJSON)
def geojson(case):
    data, what = case
    p = project()
    version(p, "pts", BAD, FEATURES[:1], count=1, artifact=data)
    declare(p, BAD, "id: properties.id, geom: geometry" + JSON_COLUMNS)
    place = r"points\.geojson" if b"\x1f\x8b" in data[:2] or data[:1] == b"\x28" else PLACE
    refused(p, 5, place, what)


CSV = {
    "too_few_fields": (b"id,i4,t\na,1\n", "fewer fields"),
    "too_many_fields": (b"id,i4,t\na,1,x,y\n", "more fields"),
    "unclosed_quote": (b'id,i4,t\na,1,"x\n', "quote"),
    "text_behind_a_quote": (b'id,i4,t\na,1,"x"y\n', "."),
    "header_twice": (b"id,i4,t,t\na,1,x,y\n", "twice"),
    "no_such_column": (b"id,i4\na,1\n", '"t"'),
    "empty_file": (b"", "."),
    "nul": (b"id,i4,t\na,1,\0\n", "."),
    "not_utf8": (b"id,i4,t\na,1,\xc3\n", "UTF-8"),
    "nan": (b"id,i4,t\na,NaN,x\n", '"i4"'),
    "int_overflow": (b"id,i4,t\na,2147483648,x\n", '"i4"'),
    "bare_carriage_return": (b"id,i4,t\ra,1,x\r", "."),
}


@cases(**CSV)
def csv(case):
    data, what = case
    p = project()
    version(p, "pts", BAD, FEATURES[:1], count=1, artifact=data, name="points.csv", media="text/csv")
    declare(p, BAD, "id: id" + CSV_COLUMNS)
    refused(p, 5, r"points\.csv: byte \d+", what)


@cases(broken_line=(b'{"properties":{"id":"a"}\n{"properties":{"id":"b"}}\n', "."), two_in_a_line=(b'{"properties":{"id":"a"}} {}\n', "."),
       truncated=(b'{"properties":{"id":"a"}}\n{"properties":', "ends too early"), no_object=(b"[1]\n", "."),
       byte_order_mark=(b'\xef\xbb\xbf{"properties":{"id":"a"}}\n', "."))
def newline_delimited(case):
    data, what = case
    p = project()
    version(p, "pts", BAD, FEATURES[:1], count=1, artifact=data, name="points.ndjson", media="application/x-ndjson")
    declare(p, BAD, "id: properties.id")
    refused(p, 5, r"points\.ndjson: byte \d+", what)


@test
def what_is_merely_unusual_is_taken():
    """CRLF, a quoted line break and an escaped name are data like any other"""
    p = project()
    version(p, "pts", BAD, FEATURES[:2], artifact=b'id,i4,t\r\na,1,"x\r\ny"\r\nb,,""\r\n', name="points.csv", media="text/csv")
    declare(p, BAD, "id: id" + CSV_COLUMNS)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT id, i4, t = E'x\\r\\ny', t = '' FROM app.pts ORDER BY id"), [("a", "1", "t", "f"), ("b", None, "f", "t")])
    version(p, "pts", BAD, FEATURES[:1], artifact=features(feature().replace('"id"', '"\\u0069d"')).replace(b"\n", b"\r\n"))
    declare(p, BAD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    equal(p.run("gc", "dev", "--all").status, 0)


def measured(p):
    """Build; returns (status, what it said, the most memory it had, in MiB)."""
    child = p.start("build", "dev")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.err_file.seek(0)
    return child.returncode, child.err_file.read().decode(), usage.ru_maxrss / 1024


@cases(a_value=(b'"x":"', b"A", b'"', "longer than 16 MiB"), one_name=(b'"', b"A", b'":1', "longer than 16 MiB"),
       brackets=(b'"x":', b"[", b"", "nested too deeply"), line=None)
def a_gzip_bomb(case):
    """A gzip bomb: 300 MiB out of 300 KiB"""
    p = project()
    if case is None:
        data, what = b"id,i4,t\na,1,", "16 MiB|characters|fields"
        filling, end = b"A", b"\n"
        more = {"name": "points.csv", "media": "text/csv"}
        columns = "id: id" + CSV_COLUMNS
    else:
        start, filling, end, what = case
        data = features(feature())[:-6].replace(b'"id"', start + b"%" + b',"id"')
        data, rest = data.split(b"%")
        end, more, columns = end + rest, {}, "id: properties.id"
    bomb = gzip.compress(data, mtime=0) + gzip.compress(filling * (1 << 20), mtime=0) * 300 + gzip.compress(end, mtime=0)
    version(p, "pts", BAD, FEATURES[:1], count=1, artifact=bomb, **more)
    declare(p, BAD, columns)
    before, log = state(p), p.entries()
    status, said, most = measured(p)
    equal((status, re.search(what, said) is not None), (5, True), said)
    equal(most < 200, True, f"{most:.0f} MiB of memory")
    equal(state(p), before)
    equal([row[1:] for row in p.entries()[len(log):]], [("publish", "pts", "failed")])


@test
def blanks_without_end_take_no_memory():
    """300 MiB of blanks between two features are read in constant memory"""
    p = project()
    text = features(feature(ident='"a"'), feature(ident='"b"')).split(b",\n")
    blanks = gzip.compress(b" " * (1 << 20), mtime=0) * 300
    version(p, "pts", BAD, FEATURES[:2], artifact=gzip.compress(text[0], mtime=0) + blanks + gzip.compress(b"," + text[1], mtime=0))
    declare(p, BAD, "id: properties.id, geom: geometry")
    status, said, most = measured(p)
    equal((status, most < 100), (0, True), f"{said} {most:.0f} MiB of memory")
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    equal(p.run("gc", "dev", "--all").status, 0)


def artifact(p):
    return p.path(f"registry/data/processed/pts/{BAD}/artifacts/points.geojson")


def a_byte_changed(p):
    path = artifact(p)
    path.write_bytes(path.read_bytes().replace(b"38", b"39", 1))


def one_byte_more(p):
    path = artifact(p)
    path.write_bytes(path.read_bytes() + b"\n")


def a_symlink(p):
    path = artifact(p)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_symlink_on_the_way(p):
    path = artifact(p).parent
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_folder(p):
    artifact(p).unlink()
    artifact(p).mkdir()


def a_pipe(p):
    artifact(p).unlink()
    os.mkfifo(artifact(p))


def a_catalog_changed(p):
    path = p.path(f"registry/data/catalog/pts/{BAD}/dcat.jsonld")
    path.write_bytes(path.read_bytes().replace(b"Points", b"points", 1))


def without(where):
    return lambda p: p.path(where.replace("BAD", BAD)).unlink()


def retold(where, *changes):
    """The catalog with other words, promoted like that."""

    def change(text):
        for before, after in changes:
            text = re.sub(before, after, text, count=1)
        return text

    return lambda p: retell(p, "pts", BAD, where, change)


STAC, DCAT, PROV = "stac/items/points.json", "dcat.jsonld", "prov/bundle.jsonld"
PATH = rb"processed/pts/[^\"]*"
CATALOGS = {
    "a_byte_changed": (a_byte_changed, 1, "CATALOG_ARTIFACT_ALTERED"),
    "one_byte_more": (one_byte_more, 1, "CATALOG_ARTIFACT_SIZE"),
    "artifact_missing": (lambda p: artifact(p).unlink(), 1, "CATALOG_FILE_MISSING"),
    "artifact_a_symlink": (a_symlink, 1, "CATALOG_SYMLINK"),
    "symlink_on_the_way": (a_symlink_on_the_way, 1, "CATALOG_SYMLINK"),
    "artifact_a_folder": (a_folder, 1, "CATALOG_NOT_REGULAR"),
    "artifact_a_pipe": (a_pipe, 1, "CATALOG_NOT_REGULAR"),
    "catalog_changed": (a_catalog_changed, 1, "CATALOG_FILE_ALTERED"),
    "dcat_missing": (without("registry/data/catalog/pts/BAD/dcat.jsonld"), 1, "CATALOG_FILE_MISSING"),
    "stac_missing": (without("registry/data/catalog/pts/BAD/stac/items/points.json"), 1, "CATALOG_FILE_MISSING"),
    "checksums_missing": (without("registry/data/processed/pts/BAD/checksums.v1.json"), 1, "CATALOG_CHECKSUMS_MISSING"),
    "stac_disagrees": (retold(STAC, (rb"sha256:[0-9a-f]{64}", b"sha256:" + b"1" * 64)), 1, "CATALOG_DIGEST_MISMATCH"),
    "dcat_disagrees": (retold(DCAT, (rb"sha256:[0-9a-f]{64}", b"sha256:" + b"2" * 64)), 1, "CATALOG_DIGEST_MISMATCH"),
    "prov_disagrees": (retold(PROV, (rb'"kfm:digest": "sha256:[0-9a-f]{64}', b'"kfm:digest": "sha256:' + b"3" * 64)), 1, "CATALOG_DIGEST_MISMATCH"),
    "zero_digest": (retold(DCAT, (rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64)), 1, "DIGEST_PLACEHOLDER_DENIED"),
    "short_digest": (retold(STAC, (rb"sha256:[0-9a-f]{64}", b"sha256:abc")), 1, "CATALOG_DIGEST_MALFORMED"),
    "size_disagrees": (retold(DCAT, (rb'"dcat:byteSize": \d+', b'"dcat:byteSize": 1')), 1, "CATALOG_SIZE_MISMATCH"),
    "huge_size": (retold(DCAT, (rb'"dcat:byteSize": \d+', b'"dcat:byteSize": ' + b"9" * 400)), 1, "CATALOG_SHAPE"),
    "stac_leads_out": (retold(STAC, (PATH, b"../" * 12 + b"etc/passwd")), 1, "CATALOG_PATH_UNSAFE"),
    "dcat_leads_out": (retold(DCAT, (PATH, b"processed/../../../secret")), 1, "CATALOG_PATH_UNSAFE"),
    "an_absolute_path": (retold(STAC, (PATH, b"/etc/passwd")), 1, "CATALOG_PATH_UNSAFE"),
    "a_url": (retold(STAC, (PATH, b"https://example.org/points.geojson")), 1, "CATALOG_PATH_SCHEME"),
    "duplicate_key": (retold(DCAT, (rb'"dct:title"', b'"dct:title": "x", "dct:title"')), 1, "CATALOG_MALFORMED"),
    "nan": (retold(STAC, (rb'"file:size": \d+', b'"file:size": NaN')), 1, "CATALOG_MALFORMED"),
    "truncated": (lambda p: retell(p, "pts", BAD, PROV, lambda text: text[:-20]), 1, "CATALOG_MALFORMED"),
    "bbox_disagrees": (retold(STAC, (rb"-100.0", b"-100.5")), 1, "CATALOG_BBOX_MISMATCH"),
    "bbox_out_of_range": (retold("stac/collection.json", (rb"-100.0", b"-1e300")), 1, "CATALOG_BBOX_INVALID"),
    "no_such_day": (retold(STAC, (rb'"datetime": "[^"]*"', b'"datetime": "2026-02-30T00:00:00Z"')), 1, "TEMPORAL_TIMEZONE_REQUIRED"),
    "a_time_without_zone": (retold(STAC, (rb'"datetime": "[^"]*"', b'"datetime": "2026-01-01T00:00:00"')), 1, "TEMPORAL_TIMEZONE_REQUIRED"),
    "no_time_at_all": (retold(STAC, (rb'"datetime": "[^"]*"', b'"datetime": null')), 1, "TEMPORAL_TIMEZONE_REQUIRED"),
    "an_interval_that_ends_before_it_begins": (
        retold("stac/collection.json", (rb'"2026-01-01T00:00:00Z",\s*null', b'"2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"')), 1, "TEMPORAL_ORDER_INVALID"),
    "spdx_disagrees": (retold(DCAT, (rb'"kfm:digest": "sha256:[0-9a-f]{64}"', b'"spdx:checksum": {"spdx:algorithm": "spdx:checksumAlgorithm_sha256", '
                                     b'"spdx:checksumValue": "' + b"4" * 64 + b'"}')), 1, "CATALOG_DIGEST_MISMATCH"),
    "another_version": (retold(DCAT, (rb'"kfm:dataset_version_id": "[^"]*"', b'"kfm:dataset_version_id": "2026-01.ffffffff"')), 1, "CATALOG_ID_MISMATCH"),
}


@cases(**CATALOGS)
def catalog(case):
    spoil, status, code = case
    p = project()
    version(p, "pts", BAD, FEATURES)
    declare(p, BAD, "id: properties.id, geom: geometry")
    spoil(p)
    # What the catalogs say is known when the plan is made; whether the artifacts are what they say, when they are to be loaded.
    ran = refused(p, status, rf"\[{code}\]", recorded="CATALOG_ARTIFACT" in code)
    equal(re.search(r"registry/[^ ]*/(artifacts(/points.geojson)?|[^ /]*\.(json|jsonld|geojson):\d+:\d+)[):]", ran.text) is not None, True, f"a place: {ran!r}")


def a_sum(prefix):
    """The digest of the distribution said as DCAT 3 has it, with the algorithm's name in one of its spellings."""

    def change(text):
        return re.sub(rb'"kfm:digest": "sha256:([0-9a-f]{64})"',
                      rb'"spdx:checksum": {"spdx:algorithm": "' + prefix + rb'", "spdx:checksumValue": "\1"}', text, count=1)

    return lambda p: retell(p, "pts", BAD, DCAT, change)


@cases(
    # A file's own links go out from where it lies: catalog/pts/BAD/stac/items.
    href_from_the_file=(retold(STAC, (rb'"processed/pts/', b'"../../../../../processed/pts/')),),
    href_with_a_dot=(retold(STAC, (rb'"processed/pts/', b'"./processed/pts/')),),
    spdx=(a_sum(b"spdx:checksumAlgorithm_sha256"),),
    an_interval=(retold(STAC, (rb'"datetime": "[^"]*"',
                               b'"datetime": null, "start_datetime": "2026-01-01T00:00:00Z", "end_datetime": "2026-01-01T02:00:00.5+02:00"')),))
def catalogs_in_other_words_that_say_the_same(case):
    p = project()
    version(p, "pts", BAD, FEATURES)
    declare(p, BAD, "id: properties.id, geom: geometry")
    case[0](p)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, "SELECT version, count(*) FROM app.pts GROUP BY 1"), [(BAD, "5")])
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    equal(p.run("gc", "dev", "--all").status, 0)


EMPTIES = {
    "point": ('{"type":"Point","coordinates":[]}', "POINT EMPTY"),
    "line": ('{"type":"LineString","coordinates":[]}', "LINESTRING EMPTY"),
    "polygon": ('{"type":"Polygon","coordinates":[]}', "POLYGON EMPTY"),
    "multi": ('{"type":"MultiPolygon","coordinates":[]}', "MULTIPOLYGON EMPTY"),
    "collection": ('{"type":"GeometryCollection","geometries":[]}', "GEOMETRYCOLLECTION EMPTY"),
}


@test
def empty_geometries_are_kept_or_null_where_the_source_says_so():
    """Of every type, as GeoJSON, WKT and WKB: `empty: keep` loads what PostGIS itself calls by that name, `empty: null` NULL; another word is a fault"""
    p = project()
    rows = [feature(given, ident=f'"{name}"') for name, (given, _) in EMPTIES.items()]
    hexed = dict(pg.psql(p.db, "".join(f"SELECT '{name}', ST_AsHEXEWKB(ST_GeomFromText('{wkt}', 4326));" for name, (_, wkt) in EMPTIES.items())))
    forms = [("points.geojson", "application/geo+json", features(*rows), "id: properties.id, geom: geometry")]
    for texts in ({name: wkt for name, (_, wkt) in EMPTIES.items()}, hexed):
        lines = "id,geom\n" + "".join(f"{name},{text}\n" for name, text in texts.items())
        forms.append(("points.csv", "text/csv", lines.encode(), "id: id, geom: geom"))
    for name, media, data, columns in forms:
        for rule in ("keep", "null"):
            project()
            version(p, "pts", BAD, FEATURES[:1], count=len(EMPTIES), artifact=data, name=name, media=media)
            declare(p, BAD, columns, f"\n    empty: {rule}")
            ran = p.build()
            equal(ran.status, 0, repr(ran))
            want = [(name, wkt, "4326") if rule == "keep" else (name, None, None) for name, (_, wkt) in EMPTIES.items()]
            equal(pg.psql(p.db, "SELECT id, ST_AsText(geom), ST_SRID(geom) FROM app.pts ORDER BY id"), sorted(want), f"{name} {rule}")
    declare(p, BAD, columns, "\n    empty: drop")
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, 'allowed: null, "keep", "refuse"')
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    equal(p.run("gc", "dev", "--all").status, 0)


@test
def a_name_that_no_record_has_is_a_fault():
    """A typo in a mapping: the place in the declaration, and the names that are there"""
    p = project()
    version(p, "pts", BAD, FEATURES)
    declare(p, BAD, "id: properties.id, t: properties.naem")
    ran = refused(p, 5, r"registry/projections/pts\.yml:\d+:\d+: .*column \"t\": none of the 5 records of \".*points\.geojson\" has \"properties\.naem\"")
    contains(ran.text, "the first record has: ")
    contains(ran.text, "properties.id")
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)


PARTIAL = {  # columns; which records have their member, NULL counting as had; what is told
    "all": (["i4"], ("1", "2", "null"), None),
    "two_of_three": (["i4"], ("1", "null", None), "i4 2 of 3"),
    "the_last_only": (["i4"], (None, None, "3"), "i4 1 of 3"),
    "five_columns": (["i4", "i8", "f8", "n", "d"], (None, None, "null"), "i4 1 of 3, i8 1 of 3, f8 1 of 3, n 1 of 3, and 1 more"),
}


@cases(**PARTIAL)
def a_name_that_some_records_lack_is_told(case):
    """NULL in the others, with the count of both, once, before the rows are loaded"""
    columns, values, what = case
    p = project()
    rows = [feature(ident=f'"{i}"', properties="".join(f',"{c}":{v}' for c in columns) if v is not None else "") for i, v in enumerate(values)]
    version(p, "pts", BAD, FEATURES[:1], count=3, artifact=features(*rows))
    declare(p, BAD, "id: properties.id, t: properties.t" + "".join(f", {c}: properties.{c}" for c in columns))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    told = f"pts: not all records of pts/{BAD} have what is mapped, NULL in the others: "
    equal(re.findall(re.escape(told) + "(.*)", ran.text), [what] if what else [], repr(ran))
    claim = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))["claim"]
    n = sum(v is not None for v in values)
    equal(claim["projection"]["sources"][0].get("partial"), [{"column": c, "records": n} for c in columns] if what else None)
    equal(pg.psql(p.db, "SELECT i4 FROM app.pts ORDER BY id"), [(None if v in (None, "null") else v,) for v in values])
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)
    equal(p.run("gc", "dev", "--all").status, 0)


@test
def what_only_the_server_can_refuse_is_told_with_its_place():
    """A value of a type that only the server knows: the record is named, the value is not, and what is live stays"""
    p = project()
    version(p, "pts", BAD, FEATURES[:2],
            artifact=features(feature(properties=',"ip":"10.0.0.1"'), feature(ident='"b"', properties=f',"ip":"{SECRET}"')))
    declare(p, BAD, "id: properties.id, ip: properties.ip")
    ran = p.build()
    equal(ran.status, 5, repr(ran))
    contains(ran.text, 'record 2, "ip": the server refused this value: invalid_text_representation (22P02)')
    equal(re.search(PLACE, ran.text) is not None, True, repr(ran))
    lacks(ran.text, SECRET)
    body = pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")
    lacks(body, SECRET)
    equal(json.loads(body)["failure"]["code"], "config")
    equal(pg.psql(p.db, "SELECT version, count(*) FROM app.pts GROUP BY 1"), [(GOOD, "5")])
    declare(p, GOOD, "id: properties.id, geom: geometry")
    equal(p.build().status, 0)


main()
