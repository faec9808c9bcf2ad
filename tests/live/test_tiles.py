"""Tiles: a PMTiles file is made from a projection's tables, published at once, rebuilt when what it is made from changes, and only then."""
# run: needs=postgres limit=900

import hashlib
import json
import os

import pg
import pmtiles_plain
from project import FAULTY, Project
from tap import contains, equal, fails, lacks, main, test
from tiled import B, ENVIRONMENTS, LAYER, LIVE, ONE, TILES, declare, tiles, write

CODES = ["file_altered", "tiles_fault"]  # reached below
POINTS = ["tiles.built", "tiles.made", "tiles.ready", "tiles.rename", "tiles.swapped", "tiles.recorded"]


def project(tmp, built=True):
    p = Project(tmp, environments=ENVIRONMENTS, postgis=True)
    write(p)
    if built:
        ran = p.build()
        equal(ran.status, 0, repr(ran))
    return p


def generations(p, name="well_tiles"):
    return [tuple(r) for r in pg.psql(p.db, f"SELECT number, state FROM kfmig.generation WHERE projection = '{name}' AND state <> 'dropped' ORDER BY number")]


def receipt(p):
    return json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))


def reason(p):
    return p.json("why", "well_tiles")["chain"][0]["code"]


def digest(p):
    """As docs/tiles.md says it, by another reader than kfmig's."""
    lines = [f"{z}/{x}/{y} {hashlib.sha256(data).hexdigest()}\n" for (z, x, y), data in pmtiles_plain.tiles(p.path(LIVE))]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


@test
def a_file_of_tiles_is_made_and_another_reader_finds_the_rows_in_it(tmp):
    p = project(tmp)
    equal(generations(p), [("1", "live")])
    header, found = pmtiles_plain.header(p.path(LIVE)), list(pmtiles_plain.tiles(p.path(LIVE)))
    equal((found[0][0], {t[0][0] for t in found}), ((0, 0, 0), {0, 1, 2, 3, 4, 5}))
    layers = pmtiles_plain.layers(found[0][1])
    equal([(name, len(features)) for name, features in layers], [("wells", len(ONE))])
    equal(layers[0][1][0], {"id": "p000", "size": 4, "weight": 1.25})
    ids = [f["id"] for f in layers[0][1]]
    equal(ids, sorted(ids))
    r = receipt(p)
    equal((r["run_kind"], r["result"]), ("projection_publish", "success"))
    said = r["claim"]["projection"]["tiles"]
    equal((said["tiles"], said["contents"], said["min_zoom"], said["max_zoom"]), (header["addressed"], header["contents"], 0, 5))
    equal(r["claim"]["projection"]["content"], digest(p))
    equal(said["sha256"], "sha256:" + hashlib.sha256(p.path(LIVE).read_bytes()).hexdigest())
    equal(said["bounds"], ["-102.0000000", "37.0000000", "-95.3500000", "39.8500000"])
    equal(pmtiles_plain.metadata(p.path(LIVE))["attribution"], "Nobody's wells")
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))
    lacks(json.dumps(r), str(tmp))
    contains(p.build().text, "dev: nothing to do (3 current)")


@test
def new_data_rebuilds_the_tiles_behind_it_and_the_same_content_stops_there(tmp):
    p = project(tmp)
    before = p.path(LIVE).read_bytes()
    declare(p, B)
    equal(reason(p), "upstream_pending")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(generations(p), [("1", "kept"), ("2", "live")])
    equal(p.path("tiles/well_tiles__g1.pmtiles").read_bytes(), before)
    equal(p.path(LIVE).read_bytes() != before, True)
    ran = p.run("rebuild", "dev", "--all", "--apply")
    equal(ran.status, 0, repr(ran))
    after = digest(p)
    equal(pg.value(p.db, "SELECT count(DISTINCT content) FROM kfmig.generation WHERE projection = 'well_tiles' AND number > 1"), "1")
    equal(receipt(p)["claim"]["projection"]["content"], after)


@test
def the_file_that_readers_find_is_looked_at(tmp):
    p = project(tmp)
    whole = p.path(LIVE).read_bytes()
    p.path(LIVE).unlink()
    equal(reason(p), "file_altered")
    contains(p.run("why", "well_tiles").text, "it is not there")
    equal(p.build().status, 0)
    equal(p.path(LIVE).read_bytes(), whole)
    p.path(LIVE).unlink()
    p.path(LIVE).write_bytes(whole[:-20])
    contains(p.run("why", "well_tiles").text, "it is no file of these tiles")
    equal(p.build().status, 0)
    equal(p.path(LIVE).read_bytes(), whole)
    contains(p.build().text, "dev: nothing to do (3 current)")


@test
def what_cannot_become_tiles_is_refused_with_its_place(tmp):
    p = project(tmp, built=False)
    for sql, words in (
            ("SELECT id, geom, random() AS size, 1 AS weight FROM app.pts", "random(), which gives another answer each time"),
            ("SELECT id, geom, current_date AS size, 1 AS weight FROM app.pts", "gives another answer each time"),
            ("SELECT id, geom, 1 AS size, 1 AS weight FROM other.pts", 'its query reads "other"."pts"'),
            ("DELETE FROM app.pts", "its query is something else"),
            ("SELECT id, geom FROM app.pts; SELECT 1", "several statements"),
            ("SELECT id, geom INTO app.x FROM app.pts", "a layer is one SELECT without INTO"),
            ("-- nothing", "its file has no query")):
        tiles(p, sql=sql + "\n")
        fails(p.build(), 1, words, "registry/projections/well_tiles/wells.sql:")
        equal(reason(p), "tiles_fault")
    equal(p.path("tiles").exists(), False)


@test
def rows_that_cannot_become_tiles_are_refused_and_nothing_is_published(tmp):
    p = project(tmp, built=False)
    for attributes, key, sql, words in (
            ("[size]", "size", "SELECT 1 AS size, geom FROM app.pts", 'its key "size" is not unique'),
            ("[]", "k", "SELECT NULL::int AS k, geom FROM app.pts", 'its key "k" is null in some rows'),
            ("[]", "id", "SELECT id, ST_SetSRID(geom, 0) AS geom FROM app.pts", "have no SRID"),
            ("[]", "id", "SELECT id, geom::geography AS geom FROM app.pts", 'column "geom" is of type geography'),
            ("[id, more]", "id", "SELECT id, geom, '{\"id\": 1}'::jsonb AS more FROM app.pts", 'a member of "more" has the name of another attribute'),
            ("[a, b]", "id", "SELECT id, geom, '{\"x\": 1}'::jsonb AS a, '{\"x\": 1}'::jsonb AS b FROM app.pts", "has the name of another attribute"),
            ("[none]", "id", "SELECT id, geom FROM app.pts", 'layer "wells"'),
            ("[]", "id", "SELECT id, geom FROM app.pts WHERE false", "there is nothing to be seen in any tile")):
        tiles(p, attributes=attributes, key=key, sql=sql)
        ran = p.build()
        fails(ran, 2 if "none" in attributes else ran.status, words)
        equal(receipt(p)["result"], "failed")
        equal([f.name for f in p.path("tiles").glob("*")], [])
    tiles(p)
    equal(p.build().status, 0)
    equal(len(generations(p)), 1)


@test
def bad_declarations_are_refused(tmp):
    p = project(tmp, built=False)
    tiles(p, most=23)
    fails(p.run("check"), 5, "the highest zoom: 0 to 22")
    tiles(p)
    p.write("registry/projections/well_tiles.yml", TILES.format(most=5, key="id", attributes="[id]").replace("from: wells", "from: none"))
    fails(p.run("check"), 5, 'there is no projection "none" to make tiles from')
    p.write("registry/projections/well_tiles.yml", TILES.format(most=5, key="id", attributes="[geom]"))
    fails(p.run("check"), 5, 'has its geometry "geom" among its attributes')
    p.write("registry/projections/well_tiles.yml", TILES.format(most=5, key="id", attributes="[id]").replace("wells.sql", "gone.sql"))
    fails(p.run("check"), 5, 'there is no file "registry/projections/well_tiles/gone.sql"')


@test
def an_environment_without_the_store_has_no_tiles(tmp):
    p = project(tmp, built=False)
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace("      tiles: {dir: tiles}\n", ""))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(reason(p), "store_not_configured")
    equal(p.path("tiles").exists(), False)


@test
def a_kept_file_is_switched_to_and_stays(tmp):
    p = project(tmp)
    one = p.path(LIVE).read_bytes()
    declare(p, B)
    equal(p.build().status, 0)
    ran = p.run("switch", "dev", "well_tiles", "1", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(p.path(LIVE).read_bytes(), one)
    equal(generations(p), [("1", "live"), ("2", "kept")])
    equal(reason(p), "switched_back")


@test
def whatever_stops_it_readers_find_one_of_both_and_the_next_run_converges(tmp):
    p = project(tmp)
    for n, at in enumerate(POINTS):
        for mode in ("kill", "error"):
            old = p.path(LIVE).read_bytes()
            tiles(p, sql=LAYER.replace("1.25", f"{n}.{len(mode)}"))
            ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": f"{at}:{mode}"})
            equal(ran.status != 0, True, f"{at} {mode}: {ran!r}")
            seen = p.path(LIVE).read_bytes()
            kept = {f.name: f.read_bytes() for f in p.path("tiles").glob("well_tiles__g*.pmtiles")}
            equal(seen == old or seen in kept.values(), True, f"{at} {mode}: readers find neither")
            ran = p.run("build", "dev", program=FAULTY)
            equal(ran.status, 0, f"{at} {mode}: {ran!r}")
            equal(len([g for g in generations(p) if g[1] == "live"]), 1)
            equal(receipt(p)["claim"]["projection"]["content"], digest(p), f"{at} {mode}")
            equal([f for f in os.listdir(p.path("tiles")) if f.startswith(".")], [], f"{at} {mode} {n}")
    contains(p.build().text, "dev: nothing to do (3 current)")


main()
