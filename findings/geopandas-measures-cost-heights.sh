#!/bin/sh
# geopandas 1.2.0 with shapely 2.2.0 and pyproj 3.7.2 (PyPI): geometries with a measure, as they come out of PostGIS as WKB, put into another
# reference system, moved, and written as GeoJSON. Guessed of GeoJSON: a measure is left out, as shapely's own to_geojson() does, since a
# third number is a height there. Seen: to_json() writes the measure of POINT M in the height's place, and of POINT ZM four numbers. What was
# not thought of before it was seen: to_crs() and translate() of a ZM geometry make both its measure and its *height* NaN, where they keep
# the height of one without a measure. Nothing is said; WKB and WKT carry all of it, so it is there until somebody moves it.
# Who takes geometries with measures through geopandas calls force_2d or force_3d on purpose, or counts NaN behind it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check geopandas==1.2.0 shapely==2.2.0 pyproj==3.7.2
cat >"$dir/run.py" <<'PY'
import json
import warnings

import geopandas
import shapely

warnings.simplefilter("error")

for wkt in ("POINT (1 2)", "POINT Z (1 2 3)", "POINT M (1 2 4)", "POINT ZM (1 2 3 4)"):
    s = geopandas.GeoSeries.from_wkb([shapely.from_wkt(wkt).wkb], crs=4326)
    z_m = [" ".join(f"{name}={getattr(g, name):g}" for name in ("z", "m") if getattr(g, "has_" + name)) or "neither"
           for g in (s.iloc[0], s.to_crs(32631).iloc[0], s.translate(1).iloc[0])]
    shapelys = json.loads(shapely.to_geojson(s.iloc[0]))["coordinates"]
    geopandass = json.loads(s.to_json())["features"][0]["geometry"]["coordinates"]
    print(f"{wkt}: read {z_m[0]}, to_crs {z_m[1]}, translate {z_m[2]}; to_geojson {shapelys}, to_json {geopandass}")
PY
"$dir/v/bin/python" "$dir/run.py" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
POINT (1 2): read neither, to_crs neither, translate neither; to_geojson [1.0, 2.0], to_json [1.0, 2.0]
POINT Z (1 2 3): read z=3, to_crs z=3, translate z=3; to_geojson [1.0, 2.0, 3.0], to_json [1.0, 2.0, 3.0]
POINT M (1 2 4): read m=4, to_crs neither, translate neither; to_geojson [1.0, 2.0], to_json [1.0, 2.0, 4.0]
POINT ZM (1 2 3 4): read z=3 m=4, to_crs z=nan m=nan, translate z=nan m=nan; to_geojson [1.0, 2.0, 3.0], to_json [1.0, 2.0, 3.0, 4.0]
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: a measure is taken for a height, and costs the height of what is moved"
