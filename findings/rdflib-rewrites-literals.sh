#!/bin/sh
# rdflib 7.6.0 (PyPI): a literal of a description (DCAT, PROV) is read and written again, nothing else done; xmlschema 4.3.1 says whether
# what was written is a value of its type, pyoxigraph 0.5.13 whether it is equal to what was read.
# Guessed: what is read comes out, or another form of the same value.
# Seen: INF and NaN come out as inf and nan, which are no values of xsd:double; a date
# loses its time zone, a time all digits behind the sixth, and both are other values then. Nothing is said, and a digest of the graph,
# canonical or not, is that of the rewritten one. Who hashes or signs a description should hash the bytes of its file, or
# set rdflib.NORMALIZE_LITERALS to False before reading, which keeps all of them.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check rdflib==7.6.0 pyoxigraph==0.5.13 xmlschema==4.3.1
cat >"$dir/run.py" <<'PY'
import pyoxigraph
import rdflib
import xmlschema

XSD = "http://www.w3.org/2001/XMLSchema#"
CASES = [("gYear", "2020"), ("decimal", "00.10"), ("dateTime", "2020-01-01T00:00:00Z"), ("duration", "P1M1D"), ("double", "1E2"),
         ("double", "INF"), ("float", "-INF"), ("double", "NaN"), ("date", "2020-01-01Z"),
         ("date", "2020-06-01-05:00"), ("time", "00:00:00.1234567"), ("dateTime", "2020-01-01T00:00:00.1234567Z")]


def written(type_, lexical):
    g = rdflib.Graph()
    g.parse(data=f'<http://a/s> <http://a/p> "{lexical}"^^<{XSD}{type_}> .', format="nt")
    return g.serialize(format="nt").split('"')[1]


def is_valid(type_, lexical):
    return xmlschema.XMLSchema11.builtin_types()[type_].is_valid(lexical)


def is_equal(type_, one, other):
    return bool(pyoxigraph.Store().query(f'ASK {{ FILTER("{one}"^^<{XSD}{type_}> = "{other}"^^<{XSD}{type_}>) }}'))


for type_, lexical in CASES:
    out = written(type_, lexical)
    assert is_valid(type_, lexical)
    how = "as read" if out == lexical else "not valid" if not is_valid(type_, out) else \
        "another form" if is_equal(type_, lexical, out) else "another value"
    rdflib.NORMALIZE_LITERALS = False
    assert written(type_, lexical) == lexical
    rdflib.NORMALIZE_LITERALS = True
    print(f"{type_} {lexical}: {out}, {how}")
PY
"$dir/v/bin/python" "$dir/run.py" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
gYear 2020: 2020, as read
decimal 00.10: 0.10, another form
dateTime 2020-01-01T00:00:00Z: 2020-01-01T00:00:00+00:00, another form
duration P1M1D: P1M1D, as read
double 1E2: 100.0, another form
double INF: inf, not valid
float -INF: -inf, not valid
double NaN: nan, not valid
date 2020-01-01Z: 2020-01-01, another value
date 2020-06-01-05:00: 2020-06-01, another value
time 00:00:00.1234567: 00:00:00.123456, another value
dateTime 2020-01-01T00:00:00.1234567Z: 2020-01-01T00:00:00.123456+00:00, another value
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: of 12 literals, three come out invalid and four as another value"
