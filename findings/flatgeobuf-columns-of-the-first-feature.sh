#!/bin/sh
# flatgeobuf 4.5.0 (npm): a collection of features written by its geojson.serialize(), and read by pyogrio 0.13.0 (PyPI, with GDAL 3.12.4),
# which reads the same collection as GeoJSON beside it. Guessed: the columns are those that any feature has, each of a type that holds all of
# its values, as GDAL decides, or there is an error. Seen: names and types are those of the first feature alone. A property that it lacks is
# lost with all the others; behind a number a text is stored as NaN, behind a boolean every text, "yes" too, as false. Nothing is said.
# Who publishes a table as FlatGeobuf with it, where columns may be NULL, puts a complete feature first and compares what a reader finds.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check pyogrio==0.13.0 pyarrow==26.0.1
npm --prefix "$dir" install --silent --no-audit --no-fund flatgeobuf@4.5.0 >/dev/null
cat >"$dir/run.mjs" <<'JS'
import { geojson } from 'flatgeobuf';
import { writeFileSync } from 'node:fs';
const cases = [
  ['the same', [{ a: 1, b: 'x' }, { a: 2, b: 'y' }]],
  ['an integer, a fraction', [{ a: 1 }, { a: 1.5 }]],
  ['another property', [{ a: 1 }, { a: 2, b: 'y' }]],
  ['none, then some', [{}, { a: 2, b: 'y' }]],
  ['number, text', [{ a: 1 }, { a: 'one' }]],
  ['text, number', [{ a: 'one' }, { a: 1 }]],
  ['boolean, text', [{ a: true }, { a: 'yes' }]],
];
for (const [n, [what, all]] of cases.entries()) {
  const features = all.map((properties, i) => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [i, i] } }));
  const bytes = geojson.serialize({ type: 'FeatureCollection', features });
  writeFileSync(`${n}.fgb`, bytes);
  writeFileSync(`${n}.json`, JSON.stringify({ type: 'FeatureCollection', features }));
  writeFileSync(`${n}.what`, what);
}
JS
(cd "$dir" && node run.mjs)
cat >"$dir/look.py" <<'PY'
import pathlib
import sys

import pyogrio



def second(file):
    row = pyogrio.read_arrow(file)[1].to_pylist()[1]
    return {name: value for name, value in row.items() if "geom" not in name}


root = pathlib.Path(sys.argv[1])
for n in range(len([*root.glob("*.what")])):
    file = root / str(n)
    what, geojson, flatgeobuf = file.with_suffix(".what").read_text(), second(file.with_suffix(".json")), second(file.with_suffix(".fgb"))
    print(f"{what}: {geojson} as GeoJSON, {flatgeobuf} as FlatGeobuf")
PY
"$dir/v/bin/python" "$dir/look.py" "$dir" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
the same: {'a': 2, 'b': 'y'} as GeoJSON, {'a': 2.0, 'b': 'y'} as FlatGeobuf
an integer, a fraction: {'a': 1.5} as GeoJSON, {'a': 1.5} as FlatGeobuf
another property: {'a': 2, 'b': 'y'} as GeoJSON, {'a': 2.0} as FlatGeobuf
none, then some: {'a': 2, 'b': 'y'} as GeoJSON, {} as FlatGeobuf
number, text: {'a': 'one'} as GeoJSON, {'a': nan} as FlatGeobuf
text, number: {'a': '1'} as GeoJSON, {'a': '1'} as FlatGeobuf
boolean, text: {'a': 'yes'} as GeoJSON, {'a': False} as FlatGeobuf
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the first feature decides what the others may have"
