#!/bin/sh
# rustac 0.9.18 (PyPI): an Item of STAC with heights and microseconds, written to GeoParquet and read again; stac-geoparquet 0.8.3 with
# pyarrow 26.0.1 writes and reads the same files beside it. Guessed: what goes in comes out, as both formats hold it, or an error says that
# three dimensions are not supported. Seen: the third coordinate is lost when rustac writes and again when it reads, in silence, while the
# bbox keeps its six numbers; times are cut to milliseconds when it writes, so two Items a few microseconds apart become simultaneous.
# As JSON all is kept. Who moves a catalog of point clouds or heights by it compares geometries, not counts.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check rustac==0.9.18 stac-geoparquet==0.8.3 pyarrow==26.0.1
cat >"$dir/run.py" <<'PY'
import os
import sys

import pyarrow.parquet
import rustac
import stac_geoparquet.arrow as sga

os.chdir(sys.argv[1])
TIME = "2020-01-01T00:00:00.123456Z"
GEOMETRIES = {"point": ([1, 2, 3], [1, 2, 3, 1, 2, 3]), "line": ([[0, 0, 5], [1, 1, 6]], [0, 0, 5, 1, 1, 6])}
TYPES = {"point": "Point", "line": "LineString"}


def item(kind):
    coordinates, bbox = GEOMETRIES[kind]
    return {"type": "Feature", "stac_version": "1.1.0", "id": kind, "geometry": {"type": TYPES[kind], "coordinates": coordinates},
            "bbox": bbox, "properties": {"datetime": TIME}, "links": [], "assets": {}}


def write(file, i):
    rustac.write_sync(file, [i])


def write_other(file, i):
    sga.to_parquet(sga.parse_stac_items_to_arrow([i]), file)


def read_other(file):
    return list(sga.stac_table_to_items(pyarrow.parquet.read_table(file)))[0]


def read(file):
    return rustac.read_sync(file)["features"][0]


for kind in TYPES:
    for what, file, writer, reader in (("rustac, JSON", "a.json", write, read),
                                       ("stac-geoparquet both ways", "b.parquet", write_other, read_other),
                                       ("rustac writes", "c.parquet", write, read_other),
                                       ("rustac reads", "b.parquet", write_other, read),
                                       ("rustac both ways", "c.parquet", write, read)):
        writer(file, item(kind))
        i = reader(file)
        print(f"{kind}, {what}: {i['geometry']['coordinates']} {len(i['bbox'])} {i['properties']['datetime'][20:]}")
PY
"$dir/v/bin/python" "$dir/run.py" "$dir" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
point, rustac, JSON: [1.0, 2.0, 3.0] 6 123456Z
point, stac-geoparquet both ways: [1.0, 2.0, 3.0] 6 123456Z
point, rustac writes: [1.0, 2.0] 6 123Z
point, rustac reads: [1.0, 2.0] 6 123456Z
point, rustac both ways: [1.0, 2.0] 6 123Z
line, rustac, JSON: [[0.0, 0.0, 5.0], [1.0, 1.0, 6.0]] 6 123456Z
line, stac-geoparquet both ways: [[0.0, 0.0, 5.0], [1.0, 1.0, 6.0]] 6 123456Z
line, rustac writes: [[0.0, 0.0], [1.0, 1.0]] 6 123Z
line, rustac reads: [[0.0, 0.0], [1.0, 1.0]] 6 123456Z
line, rustac both ways: [[0.0, 0.0], [1.0, 1.0]] 6 123Z
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: heights and microseconds are gone"
