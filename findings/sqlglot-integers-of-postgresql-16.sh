#!/bin/sh
# sqlglot 30.30.0 (PyPI), PostgreSQL to PostgreSQL, on PostgreSQL 18.6: numbers as PostgreSQL 16 and later read them.
# Guessed: they come out as they went in, or an error says that they are not known.
# Seen: an underscore, and the o of an octal number, begin the name of a column: 1_000 is written as 1 AS _000, and INSERT ... SELECT
# stores 1. Hexadecimal and binary numbers become bit strings, which are other values and another type. Some are errors, here or there.
# Whoever lets sqlglot rewrite a migration (translate, format, optimise) should run the bytes that were reviewed, not what came out.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check sqlglot==30.30.0
cat >"$dir/run.py" <<'PY'
import subprocess
import sys

import sqlglot

psql, sock = sys.argv[1:]
CASES = ["SELECT 1000", "SELECT 1_000", "INSERT INTO t SELECT 1_000 RETURNING a", "INSERT INTO t VALUES (1_000) RETURNING a",
         "SELECT 1e1_0", "SELECT 1.5_0", "SELECT 1_0.5", "SELECT 0x1F", "SELECT 0x1F + 1", "SELECT 0b101::text", "SELECT 0o17",
         "INSERT INTO t SELECT 0o17 RETURNING a"]


def run(sql):
    r = subprocess.run([psql, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", sock, "-U", "postgres", "-d", "postgres"],
                       input="CREATE TEMP TABLE t (a int);\n" + sql + ";\n", capture_output=True, text=True)
    return r.stdout.strip() if r.returncode == 0 else "refused"


for sql in CASES:
    try:
        after = run(sqlglot.transpile(sql, read="postgres", write="postgres")[0])
    except sqlglot.errors.SqlglotError:
        after = "not read"
    print(f"{sql}: {run(sql)}, {after}")
PY
"$dir/v/bin/python" "$dir/run.py" "$bin/psql" "$dir/sock" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
SELECT 1000: 1000, 1000
SELECT 1_000: 1000, 1
INSERT INTO t SELECT 1_000 RETURNING a: 1000, 1
INSERT INTO t VALUES (1_000) RETURNING a: 1000, refused
SELECT 1e1_0: 10000000000, 10
SELECT 1.5_0: 1.50, 1.5
SELECT 1_0.5: 10.5, not read
SELECT 0x1F: 31, 00011111
SELECT 0x1F + 1: 32, refused
SELECT 0b101::text: 5, 101
SELECT 0o17: 15, 0
INSERT INTO t SELECT 0o17 RETURNING a: 15, 0
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: what PostgreSQL reads, and what it reads once sqlglot wrote it"
