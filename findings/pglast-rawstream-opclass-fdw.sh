#!/bin/sh
# pglast 8.8 (PyPI): RawStream writes valid SQL that means something else, and text that no server takes.
# Guessed: the printer is complete for what its own parser reads, or raises NotImplementedError (as for ALTER DATABASE ... REFRESH
# COLLATION VERSION). Seen: the operator family of CREATE OPERATOR CLASS is dropped (the server then makes one of the class's name), NO
# VALIDATOR names a function called none, and the number of COPY's REJECT_LIMIT grows into the word. prettify() compares trees and raises;
# RawStream and IndentedStream do not.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install pglast==8.8
"$dir/v/bin/python" - >"$dir/seen" <<'PY'
from pglast import parse_sql
from pglast.parser import ParseError
from pglast.stream import RawStream

for sql in (
    "CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY shared AS STORAGE int",
    "CREATE FOREIGN DATA WRAPPER w HANDLER h NO VALIDATOR",
    "COPY t FROM '/f' WITH (ON_ERROR ignore, REJECT_LIMIT 5)",
):
    text = RawStream()(sql)
    try:
        parse_sql(text)
        # The last one parses too: as an option of another name.
        print(text)
    except ParseError as e:
        print(text, "=>", e.args[0])
PY
cat >"$dir/expected" <<'TEXT'
CREATE OPERATOR CLASS oc FOR TYPE integer USING btree AS STORAGE integer
CREATE FOREIGN DATA WRAPPER w HANDLER h VALIDATOR None
COPY t FROM '/f' WITH (ON_ERROR ignore, REJECT_LIMIT5)
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: three statements come back as others"
