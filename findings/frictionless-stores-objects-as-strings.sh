#!/bin/sh
# frictionless 5.21.0 (PyPI, with SQLAlchemy 2.1.9 and psycopg 3.3.9) on PostgreSQL 18.6: rows that are valid to their Table Schema, written
# by Resource.write() into a table of their own, and read again. Guessed: each type is stored as what the server has for it, as a number is
# (numeric, with all digits), and comes back. Seen: an object and a geojson become a JSON string that holds JSON text, in a column of type
# jsonb, in which no operator finds anything; an array is stored right and read as nothing; a datetime with a zone is put into a timestamp
# without one, as the time of UTC, which each session takes for its own. Nothing is said, and a round trip hides the objects' fate.
# Who loads a data package by it asks jsonb_typeof() and compares moments before anything is built on the table.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check frictionless==5.21.0 sqlalchemy==2.1.9 'psycopg[binary]==3.3.9'
cat >"$dir/run.py" <<'PY'
import sys
import warnings

from frictionless import Resource, Schema, formats

warnings.simplefilter("ignore")
ADDRESS = "postgresql+psycopg://postgres@/postgres?host=" + sys.argv[1]
CASES = [("number", "0.12345678901234567890"), ("object", '{"a": 1}'), ("geojson", '{"type": "Point", "coordinates": [1, 2]}'),
         ("array", "[1]"), ("datetime", "2020-01-01T00:00:00+02:00")]
for type_, value in CASES:
    rows = Resource(data=[["v"], [value]], schema=Schema.from_descriptor({"fields": [{"name": "v", "type": type_}]}))
    table = formats.SqlControl(table="t_" + type_)
    valid = rows.validate().valid
    rows.write(ADDRESS, control=table)
    print(f"{type_}: {valid and 'valid'}, read as", Resource(ADDRESS, control=table).read_rows()[0]["v"])
PY
{
    "$dir/v/bin/python" "$dir/run.py" "$dir/sock"
    for table in number object geojson array datetime; do
        psql -c "SELECT '$table: ' || pg_typeof(v) || ' ' || v::text FROM t_$table"
    done
    psql -c "SELECT 'a of the object: ' || coalesce(v ->> 'a', 'NULL') FROM t_object"
    PGTZ=Europe/Helsinki psql -c "SELECT 'the same moment: ' || (v = timestamptz '2020-01-01T00:00:00+02:00') FROM t_datetime"
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
number: valid, read as 0.12345678901234567890
object: valid, read as {'a': 1}
geojson: valid, read as {'type': 'Point', 'coordinates': [1, 2]}
array: valid, read as None
datetime: valid, read as 2019-12-31 22:00:00
number: numeric 0.12345678901234567890
object: jsonb "{\"a\": 1}"
geojson: jsonb "{\"type\": \"Point\", \"coordinates\": [1, 2]}"
array: jsonb [1]
datetime: timestamp without time zone 2019-12-31 22:00:00
a of the object: NULL
the same moment: false
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: objects are texts, arrays are not read, zones are lost"
