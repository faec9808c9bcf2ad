#!/bin/sh
# PyPI pmtiles 3.5.0: what its pmtiles-convert leaves of an MBTiles file on its way to PMTiles and back.
# Guessed: the converter of the format's own project writes what its specification asks of vector tiles, vector_layers in the metadata, and knows
# the four formats that MBTiles 1.3 names. Seen: the row "json" stays a text within the JSON, so that vector_layers is not where readers look for it;
# on the way back that text stands in the row again, so that the round trip shows nothing. "jpg", the word of MBTiles 1.3, becomes an unknown tile type
# ("jpeg", which is not in it, is known), and the file that comes back says "jpg" as it said. Bounds are cut toward
# zero, not rounded: 0.57 becomes 0.5699999. A file without "center", which MBTiles only recommends, is not converted at all.
# Who publishes PMTiles made this way looks at the header and at vector_layers, not at a round trip.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check pmtiles==3.5.0 mapbox-vector-tile==2.2.0
cat >"$dir/make.py" <<'PY'
"""make.py FILE FORMAT [without NAME]: an MBTiles file of one tile, its metadata as MBTiles 1.3 has it."""
import gzip
import json
import sqlite3
import sys
import mapbox_vector_tile

file, kind, *without = sys.argv[1:]
tile = gzip.compress(mapbox_vector_tile.encode([{"name": "counties", "features": [{"geometry": "POINT (10 10)", "properties": {"fips": 20045}}]}]), mtime=0)
layers = {"vector_layers": [{"id": "counties", "fields": {"fips": "Number"}, "minzoom": 0, "maxzoom": 0}]}
meta = {"name": "counties", "format": kind, "minzoom": "0", "maxzoom": "0", "bounds": "-94.62,0.57,-94.58,0.58", "center": "-94.6,0.575,0"}
if kind == "pbf":
    meta["json"] = json.dumps(layers)
with sqlite3.connect(file) as db:
    db.execute("CREATE TABLE metadata (name text, value text)")
    db.execute("CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
    db.executemany("INSERT INTO metadata VALUES (?, ?)", [m for m in meta.items() if m[0] not in without])
    db.execute("INSERT INTO tiles VALUES (0, 0, 0, ?)", (tile if kind == "pbf" else b"\xff\xd8\xff\xd9",))
PY
cat >"$dir/look.py" <<'PY'
"""look.py TITLE FILE: what a reader of PMTiles is told."""
import sys
from pmtiles.reader import MmapSource, Reader

with open(sys.argv[2], "r+b") as file:
    reader = Reader(MmapSource(file))
    header, meta = reader.header(), reader.metadata()
print(f"{sys.argv[1]}: tile type {header['tile_type'].name}; vector_layers {'there' if 'vector_layers' in meta else 'not there'};",
      f"json {type(meta['json']).__name__ if 'json' in meta else 'none'}; longitudes {header['min_lon_e7']} to {header['max_lon_e7']}, latitudes",
      f"{header['min_lat_e7']} to {header['max_lat_e7']}")
PY
cd "$dir"
python=$dir/v/bin/python convert=$dir/v/bin/pmtiles-convert
{
    for kind in pbf jpg jpeg; do
        "$python" make.py $kind.mbtiles $kind
        "$convert" $kind.mbtiles $kind.pmtiles >/dev/null
        "$python" look.py $kind $kind.pmtiles
        "$convert" $kind.pmtiles $kind.back.mbtiles >/dev/null
        for file in $kind.mbtiles $kind.back.mbtiles; do
            "$python" -c "import sqlite3, sys
print(sorted((n, v) for n, v in sqlite3.connect(sys.argv[1]).execute('SELECT * FROM metadata')))" $file >"$file.meta"
        done
        cmp -s $kind.mbtiles.meta $kind.back.mbtiles.meta && echo "$kind: metadata of the round trip is the same" || echo "$kind: metadata of the round trip is another"
    done
    "$python" make.py bare.mbtiles pbf center
    "$convert" bare.mbtiles bare.pmtiles 2>&1 | tail -1 | sed 's/^/without center: /'
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
pbf: tile type MVT; vector_layers not there; json str; longitudes -946200000 to -945800000, latitudes 5699999 to 5800000
pbf: metadata of the round trip is the same
jpg: tile type UNKNOWN; vector_layers not there; json none; longitudes -946200000 to -945800000, latitudes 5699999 to 5800000
jpg: metadata of the round trip is the same
jpeg: tile type JPEG; vector_layers not there; json none; longitudes -946200000 to -945800000, latitudes 5699999 to 5800000
jpeg: metadata of the round trip is the same
without center: KeyError: 'center'
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: vector_layers is out of sight, jpg is unknown"
