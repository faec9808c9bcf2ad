"""Projections: generations are built from catalogs, proven, published at once, kept, switched to and dropped; failures publish nothing."""
# run: needs=postgres limit=900

import json
import pathlib
import random
import shutil
import threading

import pg
from datasets import point, version
from disk import fill, tablespace
from project import FAULTY, Project, full_id
from tap import at_exit, contains, equal, fails, fresh_folder, lacks, main, test

A, B = "2026-02.0000000a", "2026-03.0000000b"
random.seed(20260228)
ONE = [point(f"p{i}", round(-102 + random.random() * 7, 6), round(37 + random.random() * 3, 6)) for i in range(500)]
TWO = [point(f["properties"]["id"], round(f["geometry"]["coordinates"][0] + 0.001, 6), f["geometry"]["coordinates"][1]) for f in ONE]
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (
    version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326) NOT NULL, evidence text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (version, id));
CREATE INDEX pts_geom ON app.pts USING gist (geom);
CREATE INDEX pts_at ON app.pts (at);
CREATE INDEX pts_evidence ON app.pts (evidence);
CREATE VIEW app.west AS SELECT id FROM app.pts WHERE ST_X(geom) < -100;
"""
CODES = ["catalog_fault", "chain_has_dml", "generation_altered", "generation_kept", "generation_pending", "in_generation", "in_place",
         "input_changed", "no_space", "not_in_environment", "publish_pending", "rule_changed", "switched_back"]
POINTS = ["generation.schema", "generation.loaded", "generation.index", "generation.indexed", "generation.proven", "generation.swapped"]


def declare(p, *versions, validate="{counts: catalog, extents: {from: catalog}}", extra=""):
    sources = "".join(f"""\
  - dataset: wells
    version: {v}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry, evidence: $evidence_ref}}
""" for v in versions)
    p.write("registry/projections/wells.yml",
            f"projection: wells\nstore: postgis\nschema: app\n{extra}sources:\n{sources}validate: {validate}\n")


def project(tmp, built=True):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", CHAIN)
    version(p, "wells", A, ONE)
    version(p, "wells", B, TWO)
    declare(p, A)
    if built:
        ran = p.build()
        equal(ran.status, 0, repr(ran))
    return p


def generations(p):
    return [tuple(r) for r in pg.psql(p.db, "SELECT number, state FROM kfmig.generation WHERE state <> 'dropped' ORDER BY number")]


def rows(p):
    return pg.psql(p.db, "SELECT version, count(*), sum(ST_X(geom)) FROM app.pts GROUP BY 1 ORDER BY 1")


def content(p):
    return pg.value(p.db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'")


def schemas(p):
    return [r[0] for r in pg.psql(p.db, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'app%' ORDER BY 1")]


@test
def what_a_published_generation_is_made_of_waits_for_nothing(tmp):
    p = project(tmp, built=False)
    p.bundle("M-02", "SELECT 1 / 0;")
    failed = p.build()
    fails(failed, 2, "division_by_zero", "dev: 0 applied, 1 failed, 2 waiting, 0 current; ")
    p.bundle("M-02", "SELECT 1;")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    contains(ran.err, "dev: 0 applied, 1 published, 2 current; ")
    contains(p.build().err, "dev: nothing to do (3 current)")


reached = set()


def reason(p, target="wells"):
    codes = [link["code"] for link in p.json("why", target)["chain"]]
    reached.update(codes)
    return codes[0]


@test
def a_generation_is_built_from_its_catalog(tmp):
    p = project(tmp)
    equal(generations(p), [("1", "live")])
    equal([r[:2] for r in rows(p)], [(A, "500")])
    equal(pg.value(p.db, "SELECT DISTINCT evidence FROM app.pts"), f"dcat://wells@{A}")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'app'"), "4")
    equal(p.build().text.strip(), "dev: nothing to do (2 current)")
    receipt = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))
    equal(receipt["run_kind"], "projection_publish")
    equal([m["id"] for m in receipt["migrations"]], ["PG-MIG-2026-01-01-01"])
    source = receipt["claim"]["projection"]["sources"][0]
    equal((source["dataset_version_id"], source["rows"], source["copied"]), (A, 500, False))
    contains(" ".join(receipt["checksums"]), "points.geojson")
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal({t["state"] for t in p.json("status", "dev")["targets"]}, {"current"})
    lacks(json.dumps(receipt), str(tmp))


@test
def new_data_makes_a_generation_and_what_did_not_change_is_copied(tmp):
    p = project(tmp)
    declare(p, A, B)
    equal(reason(p), "input_changed")
    equal(p.build().status, 0)
    equal(generations(p), [("1", "kept"), ("2", "live")])
    equal([r[:2] for r in rows(p)], [(A, "500"), (B, "500")])
    loads = json.loads(pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE number = 2"))["loads"]
    equal([v["copied"] for _, v in sorted(loads.items())], [True, False])


TWO_TABLES = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text NOT NULL, origin text NOT NULL);
CREATE TABLE app.marks (version text NOT NULL, id text NOT NULL, origin text NOT NULL);
"""


def declare_two(p, tables, extra=""):
    """One asset of one version fills several tables; tables: (table, what its column "origin" is filled with)."""
    sources = "".join(f"""\
  - {{dataset: wells, version: {A}, asset: features, into: {table},
     columns: {{version: $dataset_version_id, id: properties.id, origin: {{const: {origin}}}}}}}
""" for table, origin in tables)
    p.write("registry/projections/wells.yml",
            f"projection: wells\nstore: postgis\nschema: app\n{extra}sources:\n{sources}validate: {{counts: catalog}}\n")


def two_tables(tmp, extra=""):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", TWO_TABLES)
    version(p, "wells", A, ONE)
    declare_two(p, [("pts", "survey"), ("marks", "archive")], extra)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return p


def origins(p):
    return [tuple(r) for r in pg.psql(p.db, "SELECT 'pts', origin, count(*) FROM app.pts GROUP BY 2 UNION ALL "
                                            "SELECT 'marks', origin, count(*) FROM app.marks GROUP BY 2 ORDER BY 1, 2")]


def a_changed_mapping_reaches_its_table(p, extra=""):
    declare_two(p, [("marks", "archive"), ("pts", "resurvey")], extra)
    found = [t for t in p.json("status", "dev")["targets"] if t["target"] == "dev/wells@publish"]
    equal([(r["code"], r["cause"]) for r in found[0]["reasons"]], [("input_changed", f"mapping wells/{A}#features>pts")])
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(origins(p), [("marks", "archive", "500"), ("pts", "resurvey", "500")])
    loads = json.loads(pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE state = 'live'"))["loads"]
    equal({v["into"]: v["copied"] for v in loads.values()}, {"marks": True, "pts": False})
    contains(p.build().text, "nothing to do")
    equal(p.run("rebuild", "dev", "--all").status, 0)
    equal(origins(p), [("marks", "archive", "500"), ("pts", "resurvey", "500")])


@test
def one_version_fills_two_tables(tmp):
    p = two_tables(tmp)
    equal(origins(p), [("marks", "archive", "500"), ("pts", "survey", "500")])
    receipt = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))
    equal(sorted(receipt["claim"]["projection"]["components"]),
          [f"mapping wells/{A}#features>marks", f"mapping wells/{A}#features>pts", f"migration {full_id('M-01')}", "rule",
           f"source wells/{A}#features>marks", f"source wells/{A}#features>pts"])
    a_changed_mapping_reaches_its_table(p)


@test
def one_version_fills_two_tables_of_a_chain_that_grows_in_place(tmp):
    extra = "policy: in-place\n"
    p = two_tables(tmp, extra)
    p.bundle("M-02", "ALTER TABLE app.pts ADD COLUMN depth integer;\n", tables=["app.pts"])
    equal(p.build().status, 0)
    equal(generations(p), [("1", "live")])
    declare_two(p, [("marks", "archive"), ("pts", "survey")], extra)
    p.bundle("M-03", "ALTER TABLE app.pts ADD COLUMN width integer;\n", tables=["app.pts"])
    equal(p.build().status, 0)
    equal(generations(p), [("1", "live")])
    a_changed_mapping_reaches_its_table(p, extra)


OLD_RULE = "sha256:80eff8fd9b6b4ee6abbb4f71f4d4aa7e0d7d9f6cc8b19e4a29d0f4e6c8e6a5f1"


def as_an_older_kfmig_left_it(p):
    """The live generation's facts with parts as texts, without tables, under loader rules 1."""
    facts = json.loads(pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE state = 'live'"))
    names = {"migration": "migration {id}", "source": "source {dataset}/{version}#{asset}", "mapping": "mapping {dataset}/{version}#{asset}",
             "rule": "rule"}
    facts["components"] = {names[part["part"]].format(**part): part["digest"] for part in facts.pop("parts")}
    facts["components"]["rule"] = OLD_RULE
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    pg.psql(p.db, f"UPDATE kfmig.generation SET facts = $facts${text}$facts$, digest = decode(repeat('0a', 32), 'hex') WHERE state = 'live'")


@test
def what_an_older_kfmig_built_is_built_again_for_its_rules(tmp):
    p = two_tables(tmp)
    as_an_older_kfmig_left_it(p)
    found = [t for t in p.json("status", "dev")["targets"] if t["target"] == "dev/wells@publish"]
    equal([(r["code"], r["cause"], r["was"]) for r in found[0]["reasons"]], [("rule_changed", "rule", OLD_RULE)])
    equal(reason(p), "rule_changed")
    contains(p.run("plan", "dev").text, "this kfmig makes rows by other rules than the one that built it (rule)")
    equal(p.build().status, 0)
    loads = json.loads(pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE state = 'live'"))["loads"]
    equal([v["copied"] for v in loads.values()], [False, False])
    contains(p.build().text, "nothing to do")
    equal(p.run("switch", "dev", "wells", "1").status, 0)
    equal(generations(p), [("1", "live"), ("2", "kept")])
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def the_order_of_sources_is_form_and_the_order_of_the_chain_is_not(tmp):
    p = two_tables(tmp)
    declare_two(p, [("marks", "archive"), ("pts", "survey")])
    contains(p.build().text, "nothing to do")
    p.bundle("M-02", "CREATE INDEX pts_id ON app.pts (id);\n")
    p.bundle("M-03", "CREATE INDEX pts_origin ON app.pts (origin);\n")
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE INDEX pts_id ON app.pts (id);\n", extra=f"depends_on: [{full_id('M-03')}]\n")
    p.bundle("M-03", "CREATE INDEX pts_origin ON app.pts (origin);\n", extra=f"depends_on: [{full_id('M-01')}]\n")
    found = [t for t in p.json("status", "dev")["targets"] if t["target"] == "dev/wells@publish"]
    equal([(r["code"], r["detail"]) for r in found[0]["reasons"]], [("input_changed", "its migrations run in another order")])
    equal(p.build().status, 0)
    contains(p.build().text, "nothing to do (4 current)")


@test
def a_changed_file_of_the_chain_is_a_rebuild_and_never_a_block(tmp):
    p = project(tmp)
    p.bundle("M-01", CHAIN + "COMMENT ON TABLE app.pts IS 'points';\n")
    equal(reason(p), "input_changed")
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT obj_description('app.pts'::regclass)"), "points")
    p.bundle("M-02", "CREATE TABLE app.extra (a int);\n")
    equal(p.build().status, 0)
    equal(generations(p), [("1", "kept"), ("2", "kept"), ("3", "live")])
    equal(pg.value(p.db, "SELECT count(*) FROM app.extra"), "0")


@test
def a_definition_in_the_schema_belongs_to_the_chain(tmp):
    """Another text of it is another generation, in which it stands as it reads now; the kept one has the old one."""
    p = project(tmp, built=False)
    home = "migrations/postgis/repeatable/"
    p.write(home + "east.sql", "CREATE OR REPLACE VIEW app.east AS SELECT id FROM app.pts WHERE ST_X(geom) > -100;\n")
    equal(p.build().status, 0)
    p.write(home + "east.sql", "CREATE OR REPLACE VIEW app.east AS SELECT version, id FROM app.pts WHERE ST_X(geom) > -100;\n")
    equal(reason(p), "input_changed")
    contains(p.run("why", "dev/east").out, "in_generation: runs inside the next generation of its projection")
    equal(p.build().status, 0)
    equal(generations(p), [("1", "kept"), ("2", "live")])
    columns = "SELECT table_schema, string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'east' GROUP BY 1 ORDER BY 1"
    equal(pg.psql(p.db, columns), [("app", "version id"), ("app__g1", "id")])
    equal([kind for _, kind, _, _ in p.entries() if kind == "define"], [])
    contains(p.build().text, "nothing to do")


@test
def form_rebuilds_nothing(tmp):
    p = project(tmp)
    declare(p, A, extra="# a comment\npolicy: prefer-rebuild\nretain: {generations: 1, for: 1h}\n")
    path = p.path(f"registry/data/processed/wells/{A}/artifacts/points.geojson")
    path.write_bytes(path.read_bytes())
    contains(p.build().text, "nothing to do")


@test
def a_switch_is_instant_and_stays(tmp):
    p = project(tmp)
    before = rows(p)
    declare(p, B)
    equal(p.build().status, 0)
    equal(p.run("switch", "dev", "wells", "1").status, 0)
    equal(rows(p), before)
    equal(reason(p), "switched_back")
    fails(p.build(), 1, "an operator switched to an earlier generation (generation 1)")
    declare(p, A)
    contains(p.build().text, "nothing to do")
    declare(p, B)
    fails(p.build(), 1, "an operator switched to an earlier generation (generation 1)")
    equal(p.build("wells").status, 0, "unless it is named")
    equal(generations(p), [("1", "kept"), ("2", "live")])
    contains(p.run("switch", "dev", "wells").out, "2    live")
    fails(p.run("switch", "dev", "wells", "9"), 5, 'wells has no generation "9"')


@test
def what_is_switched_to_is_what_was_live(tmp):
    p = project(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    pg.psql(p.db, "UPDATE app__g1.pts SET evidence = 'forged' WHERE id = 'p7'")
    ran = p.run("switch", "dev", "wells", "1", "--verify")
    equal(ran.status, 3, repr(ran))
    contains(ran.text, f"content wells/{A}#features>pts failed: the rows are not those that were proven")
    pg.psql(p.db, f"UPDATE app__g1.pts SET evidence = 'dcat://wells@{A}' WHERE id = 'p7'")
    equal(p.run("switch", "dev", "wells", "1", "--verify").status, 0)
    pg.psql(p.db, "DELETE FROM app__g2.pts WHERE id = 'p7'")
    ran = p.run("switch", "dev", "wells", "2")
    equal(ran.status, 3, repr(ran))
    contains(ran.text, "count pts failed: 500 rows were proven, 499 are there")
    pg.psql(p.db, f"INSERT INTO app__g2.pts SELECT '{B}', 'p7', geom, evidence FROM app__g2.pts LIMIT 1; DROP INDEX app__g2.pts_at")
    ran = p.run("switch", "dev", "wells", "2")
    equal(ran.status, 3, repr(ran))
    contains(ran.text, "structure failed: its objects are not as they were when it was live")
    equal([r[0] for r in rows(p)], [A])


@test
def gc_drops_what_nothing_needs(tmp):
    p = project(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    equal(schemas(p), ["app", "app__g1"])
    equal(p.run("gc", "dev").status, 0)
    equal(schemas(p), ["app", "app__g1"], "retained")
    equal(p.run("gc", "dev", "--all").status, 0)
    equal(schemas(p), ["app"])
    contains(p.build().text, "nothing to do")


@test
def a_rebuild_gives_the_same_content_here_and_on_another_server(tmp):
    p = project(tmp)
    was = content(p)
    equal(p.run("rebuild", "dev", f"--dataset-version={A}").status, 0)
    equal(content(p), was)
    fails(p.run("rebuild", "dev", "--dataset-version=nothing"), 5, 'no projection of dev uses dataset version "nothing"')
    other = pg.Cluster()
    at_exit(other.remove)
    db = other.createdb(postgis=True)
    p.env["KFM_DSN"] = other.dsn(db)
    shutil.rmtree(p.path("state"))  # where the ledger of the first is remembered
    equal(p.build().status, 0)
    equal(other.value(db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'"), was)


@test
def a_failed_validation_publishes_nothing(tmp):
    p = project(tmp)
    before = rows(p)
    for bad, name in ((dict(count=501), "count"), (dict(bbox=[-103, 37, -95, 40]), "extent")):
        version(p, "wells", B, TWO, **bad)
        declare(p, B)
        ran = p.build()
        equal(ran.status, 3, repr(ran))
        contains(ran.text, f"{name} wells/{B} failed")
        equal(rows(p), before)
        equal(pg.value(p.db, "SELECT kind || result FROM kfmig.entry ORDER BY seq DESC LIMIT 1"), "publishfailed")
    p.write("registry/projections/wells/invariants/west.sql", "SELECT id FROM app.west;\n")
    version(p, "wells", B, TWO)
    declare(p, B, validate="{invariants: [invariants/*.sql]}")
    ran = p.build()
    equal(ran.status, 3, repr(ran))
    contains(ran.text, "invariant")
    equal(rows(p), before)
    declare(p, B)
    p.bundle("M-02", "COMMENT ON TABLE app.pts IS 'points';\n", invariants={"none.sql": "SELECT id FROM app.pts;\n"})
    ran = p.build()
    equal(ran.status, 3, repr(ran))
    contains(ran.text, "invariant invariants/none.sql failed")


@test
def what_is_wrong_with_the_data_is_found_before_anything_is_written(tmp):
    p = project(tmp, built=False)
    path = p.path(f"registry/data/processed/wells/{A}/artifacts/points.geojson")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"p7", b"p8", 1))
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "points.geojson")
    equal(schemas(p), [])
    for broken, what in ((good[:-9], "ends too early"), (good.replace(b'"Point"', b'"Pond"', 1), "names no geometry"),
                         (good.replace(b'"id": "p3"', b'"id": "p3", "id": "p3"', 1), "stands twice"),
                         (good.replace(b'"id": "p3"', b'"no": "p3"', 1), "id")):
        version(p, "wells", A, ONE, artifact=broken)
        ran = p.build()
        equal(ran.status, 5, repr(ran))
        contains(ran.text, what)
        equal(schemas(p), [])
    version(p, "wells", A, ONE, claimed="sha256:" + "1" * 64)
    fails(p.build(), 1, "[CATALOG_ARTIFACT_ALTERED]")
    pathlib.Path(path).unlink()
    version_dir = p.path(f"registry/data/catalog/wells/{A}")
    (version_dir / "dcat.jsonld").unlink()
    equal(reason(p), "catalog_fault")
    fails(p.build(), 1, 's no DCAT dataset: "2026-02.0000000a"', "1 target is blocked; nothing was run")
    equal(schemas(p), [])


@test
def promotion_wants_the_same_generation_published_upstream(tmp):
    p = project(tmp, built=False)
    staging = pg.createdb(postgis=True)
    p.env["KFM_STAGING_DSN"] = pg.dsn(staging)
    text = p.path("registry/environments.v1.yml").read_text()
    p.write("registry/environments.v1.yml", text.replace("  dev:\n", "  dev:\n    requires: [staging]\n", 1).replace(
        "default_environment", "  staging:\n    evidence: none\n    stores: {postgis: {dsn_ref: KFM_STAGING_DSN}}\ndefault_environment"))

    def blocked():
        found = [t for t in json.loads(p.run("status", "dev", "--json").out)["targets"] if t["target"] == "dev/wells@publish"]
        return [(r["code"], r["cause"], r["detail"]) for r in found[0]["reasons"] if r["code"] == "not_promoted"]

    equal(blocked(), [("not_promoted", "staging/wells@receipt", "not published in staging")])
    fails(p.build(), 1, "not published in staging (staging/wells@receipt)")
    equal(p.run("build", "staging").status, 0)
    declare(p, B)
    equal(blocked(), [("not_promoted", "staging/wells@receipt", "staging has another generation")])
    declare(p, A)
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(content(p), pg.value(staging, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'"))
    found = [t for t in json.loads(p.run("status", "dev", "--json").out)["targets"] if t["target"] == "dev/wells@receipt"]
    equal(found[0]["output"].startswith("sha256:"), True, "the receipt's digest is told")


@test
def wrong_words_get_one_error(tmp):
    p = project(tmp)
    for words, status, what in ((["rebuild", "dev"], 5, "needs --dataset-version=ID, or --all"),
                                (["rebuild", "nowhere", "--all"], 5, "nowhere"),
                                (["rebuild", "dev", "--all", "--projection=well"], 5, "no projection"),
                                (["switch", "dev"], 5, "needs a projection"),
                                (["switch", "dev", "well", "1"], 5, 'no projection "well"'),
                                (["switch", "dev", "wells", "one"], 5, "generation"),
                                (["switch", "dev", "wells", "1", "2"], 5, "at most a generation"),
                                (["gc", "nowhere"], 5, "nowhere"),
                                (["why", "dev/wells@lod"], 5, 'no stage "lod"'),
                                (["dataset", "show", "wells/x"], 1, "no dataset version")):
        ran = p.run(*words)
        equal((ran.status, ran.err.count("kfmig: ")), (status, 1), f"{words}: {ran!r}")
        contains(ran.text, what)


@test
def rows_that_should_differ_are_counted(tmp):
    p = project(tmp, built=False)
    declare(p, A)
    text = p.path("registry/projections/wells.yml").read_text()
    p.write("registry/projections/wells.yml", text.replace("    columns:", "    unique: [id]\n    columns:"))
    equal(p.build().status, 0)
    receipt = json.loads(p.run("receipt", "show", "dev", "wells", "--json").out)
    contains(receipt["claim"]["gates"], dict(gate=f"unique wells/{A}", result="pass", detail=""))
    p.write("registry/projections/wells.yml", text.replace("    columns:", "    unique: [evidence]\n    columns:"))
    equal(p.build().status, 0, "another validation rebuilds nothing")
    ran = p.run("rebuild", "dev", "--all")
    equal(ran.status, 3, repr(ran))
    contains(ran.text, f"unique wells/{A} failed: 1 are there more than once")
    p.write("registry/projections/wells.yml", text.replace("    columns:", "    unique: [id, none]\n    columns:"))
    ran = p.run("check")
    equal(ran.status, 5, repr(ran))
    contains(ran.text, 'registry/projections/wells.yml:9:18: error: column "none" is not mapped')


@test
def a_server_whose_disk_has_no_room_is_not_begun_with(tmp):
    p = project(tmp, built=False)
    disk = tablespace(fresh_folder(), "60m")
    pg.psql("postgres", f'ALTER DATABASE "{p.db}" SET TABLESPACE small; GRANT pg_read_all_settings TO "{p.db}"')
    p.run("plan", "dev")  # the first session of a database writes a file there
    filler = fill(disk, 100_000)  # the artifact has 80 KB, and its WAL as much
    equal(reason(p), "no_space")
    ran = p.build()
    fails(ran, 1, "the server's disk has no room for a new generation")
    contains(p.run("why", "wells").out, "MB are free")
    equal(schemas(p), [])
    filler.unlink()
    equal(p.build().status, 0)
    pg.psql("postgres", f'DROP DATABASE "{p.db}"; DROP TABLESPACE small')


@test
def a_chain_that_grows_in_place(tmp):
    p = project(tmp, built=False)
    declare(p, A, extra="policy: in-place\n")
    equal(p.build().status, 0)
    before = content(p)
    p.bundle("M-02", "ALTER TABLE app.pts ADD COLUMN depth integer;\n", tables=["app.pts"])
    p.bundle("M-03", "UPDATE app.pts SET depth = 7;\n", tables=["app.pts"], limits=dict(max_row_backfill=1000))
    steps = p.json("plan", "dev")["plan"]["steps"]
    equal([(t["target"], t["action"]) for t in steps if t["action"] != "none"],
          [(f"dev/{full_id(m)}@apply", "apply") for m in ("M-02", "M-03")])
    equal(reason(p), "upstream_pending")
    ran = p.build(env={"KFMIG_FAULT": "tx.commit_sent:kill:2"}, program=FAULTY)
    equal(ran.status, -9, repr(ran))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(generations(p), [("1", "live")])
    equal(pg.value(p.db, "SELECT count(*) FROM app.pts WHERE depth = 7"), "500")
    equal(content(p), before)
    contains(p.build().text, "nothing to do (4 current)")
    equal(p.run("receipt", "verify", "dev").status, 0)
    declare(p, B, extra="policy: in-place\n")
    equal(reason(p), "chain_has_dml")
    p.bundle("M-03", "UPDATE app.pts SET depth = 7;\n", tables=["app.pts"], limits=dict(max_row_backfill=1000), extra="rebuild: after-load\n")
    equal(reason(p), "in_place")
    p.bundle("M-03", "UPDATE app.pts SET depth = 7;\n", tables=["app.pts"], limits=dict(max_row_backfill=1000))
    declare(p, A, extra="policy: in-place\n")
    contains(p.build().text, "nothing to do (4 current)")


@test
def an_index_that_the_rows_do_not_allow(tmp):
    p = project(tmp)
    before = rows(p)
    added = p.bundle("M-02", "CREATE INDEX pts_bad ON app.pts ((1 / (length(id) - 2)));\n")
    fails(p.build("--jobs=3"), 5, "points.geojson: byte 41, record 1: the server refused this row: division_by_zero (22012)")
    equal(rows(p), before)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'kfmig build%' "
                         "AND datname = current_database()"), "0", "its sessions are closed")
    shutil.rmtree(p.path(added))
    contains(p.build().text, "nothing to do")


@test
def an_existing_schema_is_adopted_and_kept(tmp):
    p = Project(tmp, postgis=True)
    p.bundle("M-01", CHAIN)
    equal(p.build().status, 0)
    pg.psql(p.db, "INSERT INTO app.pts VALUES ('by hand', 'x', 'SRID=4326;POINT(1 2)', 'none')")
    version(p, "wells", A, ONE)
    declare(p, A)
    equal(reason(p), "never_built")
    equal(p.build().status, 0)
    equal(generations(p), [("1", "kept"), ("2", "live")])
    equal([r[:2] for r in rows(p)], [(A, "500")])
    equal(pg.value(p.db, "SELECT count(*) FROM app__g1.pts"), "1")
    contains(p.build().text, "nothing to do")


@test
def what_stands_in_the_way_is_named(tmp):
    p = project(tmp)
    before = rows(p)
    pg.psql(p.db, "CREATE SCHEMA other; CREATE VIEW other.seen AS SELECT id FROM app.pts")
    p.run("adopt", "dev")
    declare(p, B)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "dependant: view other.seen")
    equal(rows(p), before)
    pg.psql(p.db, "DROP VIEW other.seen")
    p.run("adopt", "dev")
    equal(p.build().status, 0)


def gates(p):
    return [g["gate"] for g in json.loads(p.run("receipt", "show", "dev", "wells", "--json").out)["claim"]["gates"]]


@test
def rows_are_replaced_where_nothing_can_be_switched(tmp):
    p = project(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    want = content(p)
    declare(p, A)
    equal(p.build().status, 0)
    pg.psql(p.db, "CREATE SCHEMA other; CREATE VIEW other.seen AS SELECT id FROM app.pts")
    p.run("adopt", "dev")
    p.run("gc", "dev", "--all")
    declare(p, B, extra="fallback: atomic\n")
    reader = Reader(p)
    ran = p.build(env={"KFMIG_FAULT": "generation.swapped:kill"}, program=FAULTY)
    equal(ran.status, -9, repr(ran))
    equal([r[0] for r in rows(p)], [A])
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal([r[0] for r in rows(p)], [B])
    equal(content(p), want)
    equal([g[1] for g in generations(p)], ["live"])
    equal(schemas(p), ["app"])
    equal(pg.value(p.db, "SELECT count(*) FROM other.seen"), pg.value(p.db, "SELECT count(*) FROM app.pts"))
    reader.sees("500")
    reader.end()
    contains(gates(p), "fallback atomic")
    contains(p.build().text, "nothing to do")
    equal(p.run("receipt", "verify", "dev").status, 0)
    declare(p, A, B, extra="fallback: atomic\n")
    ran = p.run("rebuild", "dev", "--all")
    equal(ran.status, 0, repr(ran))
    equal([r[0] for r in rows(p)], [A, B])


@test
def rows_are_not_replaced_where_that_would_not_be_a_rebuild(tmp):
    p = project(tmp)
    before = rows(p)
    pg.psql(p.db, "CREATE SCHEMA other; CREATE VIEW other.seen AS SELECT id FROM app.pts")
    p.run("adopt", "dev")
    declare(p, B, extra="fallback: atomic\n")
    added = p.bundle("M-02", "COMMENT ON TABLE app.pts IS 'points';\n")
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "dependant: view other.seen")
    contains(ran.text, "the chain changed, too: migration PG-MIG-2026-01-01-02")
    shutil.rmtree(p.path(added))
    pg.psql(p.db, "INSERT INTO app.pts VALUES ('by hand', 'x', 'SRID=4326;POINT(1 2)', 'none')")
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "table app.pts held 501 rows, its dataset versions explain 500")
    pg.psql(p.db, "DELETE FROM app.pts WHERE version = 'by hand'")
    equal(rows(p), before)
    version(p, "wells", B, TWO, count=501)
    ran = p.build()
    equal(ran.status, 3, repr(ran))
    contains(ran.text, f"count wells/{B} failed")
    equal(rows(p), before)


@test
def a_first_generation_that_could_not_be_switched_is_made_under_its_own_name(tmp):
    p = project(tmp, built=False)
    p.bundle("M-02", "CREATE FUNCTION app.mark() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''mark''::text';\n"
                     "ALTER TABLE app.pts ADD COLUMN mark text DEFAULT app.mark();\n")
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "text_function: function app.mark()")
    equal(schemas(p), [])
    declare(p, A, extra="fallback: atomic\n")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(generations(p)[-1][1], "live")
    equal(schemas(p), ["app"])
    declare(p, B, extra="fallback: atomic\n")
    equal(p.build().status, 0)
    equal([r[0] for r in rows(p)], [B])


@test
def a_reader_with_an_old_snapshot_is_waited_for(tmp):
    p = project(tmp)
    declare(p, B, extra="snapshot_wait: 1s\n")
    reader = Reader(p)
    ran = p.build()
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "is ready, but not published")
    reader.end()
    equal(reason(p), "publish_pending")
    equal(p.build().status, 0)
    equal(generations(p), [("1", "kept"), ("2", "live")])


class Reader:
    """A repeatable-read session that has its snapshot."""

    def __init__(self, p):
        import subprocess
        self.child = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.child.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM app.pts;\n")
        self.child.stdin.flush()
        equal(self.child.stdout.readline().strip(), "500")

    def sees(self, count):
        self.child.stdin.write("SELECT count(*) FROM app.pts;\n")
        self.child.stdin.flush()
        equal(self.child.stdout.readline().strip(), count)

    def end(self):
        self.child.communicate("COMMIT;\n")


@test
def killed_in_any_phase_the_next_build_goes_on(tmp):
    p = project(tmp, built=False)
    equal(p.build().status, 0)
    was = {A: content(p)}
    declare(p, B)
    equal(p.build().status, 0)
    was[B] = content(p)
    for i, where in enumerate(POINTS):
        wanted = (A, B)[i % 2]
        declare(p, wanted)
        p.run("gc", "dev", "--all")
        for mode in ("kill", "error"):
            ran = p.build("--jobs=2", env={"KFMIG_FAULT": f"{where}:{mode}"}, program=FAULTY)
            equal(ran.status != 0, True, f"{where}:{mode} {ran!r}")
            equal([s for s in schemas(p) if "aside" in s], [])
        ran = p.build()
        equal(ran.status, 0, f"{where} {ran!r}")
        equal(content(p), was[wanted], where)
        equal(len([g for g in generations(p) if g[1] == "live"]), 1)
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def a_load_that_was_completed_is_not_repeated(tmp):
    p = project(tmp)
    declare(p, A, B)
    p.build(env={"KFMIG_FAULT": "generation.indexed:kill"}, program=FAULTY)
    done = pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE number = 2")
    equal(len(json.loads(done)["loads"]), 2)
    equal(reason(p), "input_changed")
    ran = p.build("-v")
    equal(ran.status, 0)
    lacks(ran.text, "load wells")


@test
def readers_never_fail_and_never_see_a_mixture(tmp):
    p = project(tmp)
    declare(p, B)
    equal(p.build().status, 0)
    sums = set()
    failures = []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            try:
                sums.add(pg.psql(p.db, "SELECT count(DISTINCT a.version), count(*), count(DISTINCT a.version || b.version) FROM app.pts a "
                                       "JOIN app.pts b USING (id)")[0])
            except pg.PgError as error:
                failures.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for r in readers:
        r.start()
    try:
        for i in range(20):
            declare(p, (A, B)[i % 2])
            ran = p.build()
            equal(ran.status, 0, repr(ran))
    finally:
        stop.set()
        for r in readers:
            r.join()
    equal(failures, [])
    equal(sums, {("1", "500", "1")})


@test
def a_projection_of_other_environments_is_not_applicable(tmp):
    p = project(tmp, built=False)
    p.write("registry/environments.v1.yml", p.path("registry/environments.v1.yml").read_text().replace(
        "default_environment", "  other:\n    stores: {}\ndefault_environment"))
    declare(p, A, extra="environments: [other]\n")
    equal(reason(p), "not_in_environment")
    contains(p.build().text, "nothing to do")
    equal(schemas(p), [])


@test
def the_chain_may_not_change_rows_of_tables_that_are_empty(tmp):
    p = project(tmp, built=False)
    p.bundle("M-02", "UPDATE app.pts SET evidence = 'x';\n")
    equal(reason(p), "chain_has_dml")
    fails(p.build(), 1, "on the empty tables of a new generation it would silently do nothing")
    p.bundle("M-02", "UPDATE app.pts SET evidence = 'x';\n", extra="rebuild: after-load\n")
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT DISTINCT evidence FROM app.pts"), "x")


@test
def a_kept_generation_that_is_wanted_again_is_only_published(tmp):
    p = project(tmp)
    equal(reason(p, full_id("M-01")), "current")
    declare(p, B)
    equal(p.build().status, 0)
    declare(p, A)
    equal(reason(p), "generation_kept")
    equal(p.json("plan", "dev")["plan"]["projections"][0]["action"], "publish")
    ran = p.build("-v")
    equal(ran.status, 0)
    lacks(ran.text, "load wells")
    equal(generations(p), [("1", "live"), ("2", "kept")])


@test
def a_schema_changed_outside_is_built_again(tmp):
    p = project(tmp)
    pg.psql(p.db, "ALTER TABLE app.pts ADD COLUMN smuggled int")
    equal(reason(p), "generation_altered")
    equal(p.build().status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.pts'::regclass AND attname = 'smuggled'"), "0")
    contains(p.build().text, "nothing to do")


@test
def in_place_a_changed_chain_blocks_and_new_data_does_not(tmp):
    p = project(tmp)
    declare(p, B, extra="policy: in-place\n")
    equal(p.build().status, 0)
    p.bundle("M-01", CHAIN + "COMMENT ON TABLE app.pts IS 'points';\n")
    equal(reason(p), "in_place")
    fails(p.build(), 1, "its chain changed, and its policy is in-place: migration PG-MIG-2026-01-01-01")
    declare(p, B)
    equal(reason(p), "input_changed")
    equal(p.json("why", full_id("M-01"))["chain"][0]["code"], "in_generation")
    reached.add("in_generation")


@test
def members_may_not_reach_elsewhere(tmp):
    p = project(tmp, built=False)
    p.bundle("M-02", "SELECT 1;\n", schemas=("app", "other"))
    ran = p.run("check")
    equal(ran.status, 5)
    contains(ran.text, "reaches beyond schema \"app\"")


@test
def targets_go_by_parts_of_their_names(tmp):
    p = project(tmp)
    declare(p, A, B)
    stages = [t["target"] for t in p.json("status", "dev")["targets"] if t["kind"] == "projection"]
    equal(stages, [f"dev/wells@{s}" for s in ("schema", f"load:wells/{A}", f"load:wells/{B}", "index", "validate", "publish", "receipt")])
    for stage in stages:
        equal(p.json("why", stage)["target"], stage)
    equal(p.json("why", f"wel@load:wells/{B[:7]}")["target"], f"dev/wells@load:wells/{B}")
    equal(p.json("why", "wel@val")["target"], "dev/wells@validate")
    contains(p.run("why", "wels").text, "did you mean wells?")
    chain = p.json("why", full_id("M-01"))["chain"]
    equal([link["code"] for link in chain], ["current"])
    graph = p.json("graph", "dev", "wells")
    equal({e["kind"] for e in graph["edges"]}, {"member", "source"})
    contains([n["target"] for n in graph["nodes"]], f"dataset:wells/{B}")
    fails(p.run("plan", "dev", "--exit-code"), 10, "what it is built from changed (source wells/2026-03.0000000b#features>pts)")
    equal(p.build(full_id("M-01")).status, 0, "a member stands for its projection")
    equal(generations(p), [("1", "kept"), ("2", "live")])


@test
def every_reason_of_projections_was_reached():
    equal(sorted(set(CODES) - reached), [])


main()
