"""Dataset versions with a full catalog, for tests.

    ident = version(p, "wells", "2026-02.00000001", features=[point("a", -98, 38)])
"""

import hashlib
import json


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def point(ident, x, y):
    return {"type": "Feature", "properties": {"id": ident}, "geometry": {"type": "Point", "coordinates": [x, y]}}


def collection(features):
    lines = ",\n".join(json.dumps(f) for f in features)
    return f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'.encode()


def version(p, slug, ident, features, count=None, bbox=None, label="public", artifact=None, claimed=None, name="points.geojson",
            media="application/geo+json"):
    """Write one version beneath registry/data of project p; what is given as count, bbox, artifact or claimed (digest) goes into the catalog as it is."""
    data = collection(features) if artifact is None else artifact
    xs = [f["geometry"]["coordinates"][0] for f in features]
    ys = [f["geometry"]["coordinates"][1] for f in features]
    bbox = [min(xs), min(ys), max(xs), max(ys)] if bbox is None else bbox
    sha, size = claimed or digest(data), len(data)
    path = f"processed/{slug}/{ident}/artifacts/{name}"
    p.write(f"registry/data/{path}", data)

    def put(where, doc):
        text = json.dumps(doc, indent=1).encode()
        p.write(f"registry/data/{where}", text)
        return digest(text)

    put(f"processed/{slug}/{ident}/checksums.v1.json", {"files": [{"path": f"artifacts/{name}", "sha256": sha, "byte_count": size}]})
    put(f"processed/{slug}/{ident}/runtime_metadata.v1.json",
        {"dataset_version_id": ident, "bbox": bbox, "counts": {"features": len(features) if count is None else count}, "policy_label": label})
    base = f"catalog/{slug}/{ident}"
    docs = {
        "stac/collection.json": {
            "type": "Collection", "stac_version": "1.0.0", "id": slug, "description": "points", "license": "ISC",
            "extent": {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [["2026-01-01T00:00:00Z", None]]}}, "links": [],
            "kfm:dataset_version_id": ident, "kfm:policy_label": label},
        "stac/items/points.json": {
            "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": f"{slug}-{ident}", "geometry": None, "bbox": bbox, "links": [],
            "properties": {"datetime": "2026-01-01T00:00:00Z", "kfm:dataset_version_id": ident, "kfm:policy_label": label, "proj:code": "OGC:CRS84"},
            "assets": {"features": {"href": path, "type": media, "roles": ["data"], "file:checksum": sha, "file:size": size}}},
        "dcat.jsonld": {
            "@type": "dcat:Dataset", "@id": f"dcat://{slug}@{ident}", "dct:title": "Points", "dct:publisher": "tests",
            "dct:license": "https://spdx.org/licenses/ISC.html", "dct:rights": "public", "kfm:policy_label": label, "kfm:dataset_id": slug,
            "kfm:dataset_version_id": ident, "prov:wasGeneratedBy": "kfm://run/1",
            "dcat:distribution": [{"@type": "dcat:Distribution", "dcat:downloadURL": path, "dcat:mediaType": media,
                                   "kfm:digest": sha, "dcat:byteSize": size}]},
        "prov/bundle.jsonld": {"@graph": [
            {"@id": "kfm://run/1", "@type": "prov:Activity", "prov:used": "survey"},
            {"@id": f"kfm://artifact/{sha}", "@type": "prov:Entity", "prov:atLocation": path, "kfm:digest": sha, "prov:wasGeneratedBy": "kfm://run/1"}]}}
    listed = [{"path": f"{base}/{where}", "digest": put(f"{base}/{where}", doc)} for where, doc in docs.items()]
    put(f"{base}/promotion_manifest.v1.json", {
        "kfm_promotion_manifest_version": "v1", "dataset_slug": slug, "dataset_version_id": ident, "spec_hash": digest(slug.encode()),
        "released_at": "2026-01-01T00:00:00Z", "artifacts": [{"path": path, "digest": sha, "media_type": media}],
        "catalogs": listed, "qa": {"status": "pass", "report_digest": None}, "policy": {"policy_label": label, "decision_id": "kfm://policy/1"},
        "approvals": [{"role": "steward", "principal": "tester", "approved_at": "2026-01-01T00:00:00Z"}]})
    return ident


def retell(p, slug, ident, where, change):
    """Change the text of one of the version's catalogs (change: bytes to bytes), and have the manifest say that it was promoted so."""
    base = f"catalog/{slug}/{ident}"
    path = p.path(f"registry/data/{base}/{where}")
    before = path.read_bytes()
    after = change(before)
    if after == before:
        raise AssertionError(f"nothing changed in {where}")
    path.write_bytes(after)
    manifest = p.path(f"registry/data/{base}/promotion_manifest.v1.json")
    manifest.write_bytes(manifest.read_bytes().replace(digest(before).encode(), digest(after).encode()))
