"""A project whose points in PostGIS become a file of tiles.

    p = Project(tmp, environments=ENVIRONMENTS, postgis=True)
    write(p)          # its bundle, two versions of its dataset, both declarations
    declare(p, B)     # the tables are of that version from now on
    tiles(p, most=3)  # and the tiles are declared otherwise
"""

from datasets import point, version

A, B = "2026-02.0000000a", "2026-03.0000000b"
ONE = [point(f"p{i:03}", round(-102 + i % 20 * 0.35, 6), round(37 + i // 20 * 0.15, 6)) for i in range(400)]
TWO = ONE[:-1] + [point("p399", -94.5, 39.99)]
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (
    version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326), evidence text NOT NULL, PRIMARY KEY (version, id));
CREATE INDEX pts_geom ON app.pts USING gist (geom);
"""
LAYER = "SELECT id, geom, length(id) AS size, 1.25::numeric AS weight FROM app.pts -- all of them\n"
TILES = """\
projection: well_tiles
store: tiles
from: wells
zooms: {{min: 0, max: {most}}}
attribution: "Nobody's wells"
layers:
  - name: wells
    sql: wells.sql
    key: {key}
    attributes: {attributes}
"""
ENVIRONMENTS = """\
environments:
  dev:
    evidence: none
    stores:
      postgis: {dsn_ref: KFM_DSN}
      tiles: {dir: tiles}
default_environment: dev
"""
LIVE = "tiles/well_tiles.pmtiles"


def declare(p, *versions, validate="{counts: catalog}"):
    sources = "".join(f"""\
  - dataset: wells
    version: {v}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry, evidence: $evidence_ref}}
""" for v in versions)
    p.write("registry/projections/wells.yml", f"projection: wells\nstore: postgis\nschema: app\nsources:\n{sources}validate: {validate}\n")


def tiles(p, most=5, key="id", attributes="[id, size, weight]", sql=LAYER):
    p.write("registry/projections/well_tiles.yml", TILES.format(most=most, key=key, attributes=attributes))
    p.write("registry/projections/well_tiles/wells.sql", sql)


def write(p):
    p.bundle("M-01", CHAIN)
    version(p, "wells", A, ONE)
    version(p, "wells", B, TWO)
    declare(p, A)
    tiles(p)
