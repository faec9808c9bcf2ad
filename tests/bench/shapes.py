"""What the benches about data share: points and polygons made from a seed, the same bytes every time, and a dataset version of a file.

Polygons are the example's Kansas counties with their borders broken up (each edge halved a few times, every new corner moved a little), so that sizes
vary as those of real boundaries do: 17 to 800 corners, 110 on average.
"""

import functools
import hashlib
import json
import os
import pathlib
import random

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
SIDES = 8.0  # degrees: how far a copy of Kansas may be moved


def digest_of(path):
    """sha256:... of a file of any size."""
    with open(path, "rb") as f:
        return "sha256:" + hashlib.file_digest(f, "sha256").hexdigest()


@functools.cache
def counties():
    """Exterior rings of the example's counties, closed."""
    artifact = max((SRC / "registry/data/processed/kansas_counties").glob("*/artifacts/counties.geojson"))
    found = [f["geometry"]["coordinates"][0][0] for f in json.loads(artifact.read_bytes())["features"]]
    if not found:
        raise AssertionError("the example has no counties")
    return found


def broken(rng, ring, times):
    """The ring with every edge halved so many times; a new corner stands a fortieth of its edge aside at most, so that edges do not meet."""
    for _ in range(times):
        out = []
        for (ax, ay), (bx, by) in zip(ring, ring[1:]):
            aside = rng.uniform(-1 / 40, 1 / 40)
            out += [[ax, ay], [(ax + bx) / 2 - aside * (by - ay), (ay + by) / 2 + aside * (bx - ax)]]
        ring = out + ring[:1]
    return ring


def point(rng, digits):
    return f'{{"type":"Point","coordinates":[{rng.uniform(-102, -95):.{digits}f},{rng.uniform(37, 40):.{digits}f}]}}'


def polygon(rng, digits):
    ring = broken(rng, rng.choice(counties()), rng.choice((2, 3, 3, 4, 4, 5)))
    dx, dy = rng.uniform(-SIDES, SIDES), rng.uniform(-SIDES, SIDES)
    positions = [f"[{x + dx:.{digits}f},{y + dy:.{digits}f}]" for x, y in ring]
    return f'{{"type":"Polygon","coordinates":[[{",".join(positions[:-1] + positions[:1])}]]}}'


MAKERS = {"Point": point, "Polygon": polygon}


def features(kind, n, digits, seed=1):
    """n features as bytes, without what stands between them."""
    rng, make = random.Random(f"{kind} {seed}"), MAKERS[kind]
    for i in range(n):
        yield (f'{{"type":"Feature","properties":{{"id":"{i}","name":"thing number {i}","rank":{rng.randrange(1000)}}},'
               f'"geometry":{make(rng, digits)}}}').encode()


def write_collection(path, kind, n, digits=6, seed=1, at_least=0):
    """A FeatureCollection of n features, again and again until the file has at_least bytes. Returns how many there are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    once = b",\n".join(features(kind, n, digits, seed))
    times = 0
    with open(path, "wb") as f:
        f.write(b'{"type":"FeatureCollection","features":[\n')
        while times == 0 or f.tell() < at_least:
            f.write((b",\n" if times > 0 else b"") + once)
            times += 1
        f.write(b"\n]}\n")
    return n * times


def register(p, slug, version, path, n):
    """A released registry record for the file at path (beneath registry/data): one asset, named as the file."""
    file = p.path("registry/data") / path
    p.write(f"registry/data/registry/datasets/{slug}-{version}.json", json.dumps({
        "record_type": "dataset", "schema_version": "1.0.0", "dataset_id": f"kfm:dataset:bench:{slug}", "dataset_version_id": version,
        "record_status": "current", "release_status": "released", "rights_status": "public", "sensitivity_status": "public",
        "correction_status": "current", "supersedes_ref": None,
        "payload": {"path": path, "media_type": "application/geo+json", "coordinate_reference_system": "OGC:CRS84",
                    "sha256": digest_of(file), "byte_count": file.stat().st_size, "feature_count": n}}))


def declare(p, slug, version, table, extra="", more=()):
    """A projection of the schema app with one source into app.TABLE (version, id, geom). more: (slug, table) of further ones, of that version."""
    sources = "".join(f"""\
  - {{dataset: {dataset}, version: "{version}", asset: {dataset}, into: {into},
     columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}}}
""" for dataset, into in ((slug, table), *more))
    p.write(f"registry/projections/{slug}.yml", f"projection: {slug}\nstore: postgis\nschema: app\n{extra}sources:\n{sources}")


def table(name, kind):
    """DDL of what declare() fills."""
    return f"CREATE TABLE {name} (version text NOT NULL, id text NOT NULL, geom geometry({kind}, 4326) NOT NULL);"
