"""The example's dataset: the 105 counties of Kansas out of the npm package us-atlas 3.0.1 (ISC; boundaries of the U.S. Census Bureau).

    npm pack us-atlas@3.0.1 && tar xzf us-atlas-3.0.1.tgz && python3 registry/data/kansas_counties.py package/counties-10m.json

writes two dataset versions beneath registry/data, artifact and catalog, the same bytes every time. The first was rounded to three decimals
(about 100 m); the second is its correction, with six.
"""

import hashlib
import json
import pathlib
import sys

SLUG = "kansas_counties"
ROOT = pathlib.Path(__file__).parent
VERSIONS = [("2026-02", 3, "2026-02-20T12:00:00Z"), ("2026-03", 6, "2026-03-10T12:00:00Z")]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def arcs_of(topology):
    sx, sy = topology["transform"]["scale"]
    tx, ty = topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        yield points


def ring_of(arcs, indexes, decimals):
    ring = []
    for i in indexes:
        points = arcs[i] if i >= 0 else arcs[~i][::-1]
        ring += points[1 if ring else 0:]
    rounded = []
    for x, y in ring:
        point = [round(x, decimals), round(y, decimals)]
        if not rounded or rounded[-1] != point:
            rounded.append(point)
    return rounded


def area(ring):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))


def polygon_of(arcs, rings, decimals):
    made = [ring_of(arcs, ring, decimals) for ring in rings]
    return [ring if (area(ring) > 0) == (i == 0) else ring[::-1] for i, ring in enumerate(made)]


def features_of(topology, decimals):
    arcs = list(arcs_of(topology))
    for county in sorted(topology["objects"]["counties"]["geometries"], key=lambda g: g["id"]):
        if not county["id"].startswith("20"):
            continue
        parts = [county["arcs"]] if county["type"] == "Polygon" else county["arcs"]
        yield {"type": "Feature", "properties": {"geoid": county["id"], "name": county["properties"]["name"]},
               "geometry": {"type": "MultiPolygon", "coordinates": [polygon_of(arcs, part, decimals) for part in parts]}}


def extent(features):
    points = [p for f in features for part in f["geometry"]["coordinates"] for ring in part for p in ring]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return [min(xs), min(ys), max(xs), max(ys)]


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return digest(data)


def pretty(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def version(topology, label, decimals, released):
    spec = {"dataset": SLUG, "version_ref": label, "source": "npm:us-atlas@3.0.1/counties-10m.json", "state": "20", "decimals": decimals}
    spec_hash = digest(canonical(spec))
    ident = f"{label}.{spec_hash[7:15]}"
    features = list(features_of(topology, decimals))
    bbox = extent(features)
    lines = ",\n".join(json.dumps(f, separators=(",", ":")) for f in features)
    artifact = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'.encode()
    folder, catalog = ROOT / "processed" / SLUG / ident, ROOT / "catalog" / SLUG / ident
    path = f"processed/{SLUG}/{ident}/artifacts/counties.geojson"
    size, sha = len(artifact), write(ROOT / path, artifact)
    write(ROOT / "specs" / f"{SLUG}.{label}.json", canonical(spec) + b"\n")
    write(folder / "checksums.v1.json", pretty({"files": [{"path": "artifacts/counties.geojson", "sha256": sha, "byte_count": size}]}))
    write(folder / "runtime_metadata.v1.json", pretty({
        "dataset_version_id": ident, "bbox": bbox, "counts": {"features": len(features)}, "policy_label": "public",
        "temporal_range": {"start": "2017-01-01T00:00:00Z", "end": released}}))
    title = "Counties of Kansas"
    run = f"kfm://run/{SLUG}-{label}"
    docs = {
        "stac/collection.json": {
            "type": "Collection", "stac_version": "1.0.0", "id": f"{SLUG}-{ident}", "title": title,
            "description": "Boundaries of the 105 counties of Kansas, U.S. Census Bureau, as in the npm package us-atlas", "license": "ISC",
            "extent": {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [["2017-01-01T00:00:00Z", None]]}},
            "links": [], "kfm:dataset_version_id": ident, "kfm:policy_label": "public"},
        "stac/items/counties.json": {
            "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": f"{SLUG}-{ident}-counties", "geometry": None, "bbox": bbox,
            "properties": {"datetime": released, "kfm:dataset_version_id": ident, "kfm:policy_label": "public", "proj:code": "OGC:CRS84"},
            "links": [], "assets": {"features": {
                "href": path, "type": "application/geo+json", "roles": ["data"], "file:checksum": sha, "file:size": size}}},
        "dcat.jsonld": {
            "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "prov": "http://www.w3.org/ns/prov#"},
            "@type": "dcat:Dataset", "@id": f"dcat://{SLUG}@{ident}", "dct:title": title, "dct:publisher": "Kansas Frontier Matrix",
            "dct:license": "https://spdx.org/licenses/ISC.html", "dct:rights": "public", "kfm:policy_label": "public",
            "kfm:dataset_id": SLUG, "kfm:dataset_version_id": ident, "prov:wasGeneratedBy": run,
            "dcat:distribution": [{"@type": "dcat:Distribution", "dcat:downloadURL": path, "dcat:mediaType": "application/geo+json",
                                   "kfm:digest": sha, "dcat:byteSize": size}]},
        "prov/bundle.jsonld": {
            "@context": {"prov": "http://www.w3.org/ns/prov#"},
            "@graph": [
                {"@id": run, "@type": "prov:Activity", "prov:startedAtTime": released, "prov:endedAtTime": released,
                 "prov:used": "npm:us-atlas@3.0.1"},
                {"@id": f"kfm://artifact/{sha}", "@type": "prov:Entity", "prov:atLocation": path, "kfm:digest": sha,
                 "prov:wasGeneratedBy": run}]}}
    listed = [{"path": f"catalog/{SLUG}/{ident}/{name}", "digest": write(catalog / name, pretty(doc))} for name, doc in sorted(docs.items())]
    write(catalog / "promotion_manifest.v1.json", pretty({
        "kfm_promotion_manifest_version": "v1", "dataset_slug": SLUG, "dataset_version_id": ident, "spec_hash": spec_hash, "released_at": released,
        "artifacts": [{"path": path, "digest": sha, "media_type": "application/geo+json"}], "catalogs": listed,
        "qa": {"status": "pass", "report_digest": None}, "policy": {"policy_label": "public", "decision_id": f"kfm://policy/{SLUG}-{label}"},
        "approvals": [{"role": "steward", "principal": "kfm-platform", "approved_at": released}]}))
    print(ident, size, len(features), bbox)


topology = json.load(open(sys.argv[1], encoding="utf-8"))
for label, decimals, released in VERSIONS:
    version(topology, label, decimals, released)
