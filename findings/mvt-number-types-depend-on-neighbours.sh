#!/bin/sh
# mapbox-vector-tile 2.2.0 (PyPI): properties of the features of one layer, encoded and decoded again.
# Guessed: the properties that a vector tile can hold come back with their types, and the others are an error.
# Seen: a number has the type of the first equal number of the layer, whichever property and feature it is of: 1 comes back as 1.0 behind
# a 1.0, and 1.0 as 1 behind a 1; so the bytes of a tile depend on the order of its features in more than their order. A list, an object
# or null is left out without a word, and so is a polygon thinner than a unit; one that crosses itself may stay as one without rings.
# PostGIS's ST_AsMVT gives a column one type. Who compares tiles of both should compare numbers by value, and count features.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check mapbox-vector-tile==2.2.0
cat >"$dir/run.py" <<'PY'
import mapbox_vector_tile as mvt


def back(features):
    layer = mvt.decode(mvt.encode({"name": "l", "features": features})).get("l", {"features": []})
    return layer["features"]


def properties(*values):
    features = back([{"geometry": "POINT(1 1)", "properties": v} for v in values])
    return [f["properties"] for f in features]


def coordinates(*wkt):
    return [f["geometry"]["coordinates"] for f in back([{"geometry": w, "properties": {}} for w in wkt])]


print("1, 1.0:", properties({"a": 1}, {"a": 1.0}))
print("1.0, 1:", properties({"a": 1.0}, {"a": 1}))
print("two properties:", properties({"a": 1.0, "b": 1}))
print("true, 1:", properties({"a": True}, {"a": 1}))
print("list, object, null:", properties({"a": [1], "b": {"c": 1}, "d": None, "e": "x"}))
print("a square:", coordinates("POLYGON((0 0,10 0,10 10,0 10,0 0))"))
print("a thin one and a point:", coordinates("POLYGON((0 0,0.2 0,0.2 0.2,0 0))", "POINT(1 1)"))
print("one that crosses itself:", coordinates("POLYGON((0 0,10 10,10 0,0 10,0 0))"))
PY
"$dir/v/bin/python" "$dir/run.py" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
1, 1.0: [{'a': 1}, {'a': 1}]
1.0, 1: [{'a': 1.0}, {'a': 1.0}]
two properties: [{'a': 1.0, 'b': 1.0}]
true, 1: [{'a': True}, {'a': 1}]
list, object, null: [{'e': 'x'}]
a square: [[[[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]]]
a thin one and a point: [[1, 1]]
one that crosses itself: [[]]
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: types of numbers follow the first equal one, and some of what was given is left out"
