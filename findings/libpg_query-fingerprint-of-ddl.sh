#!/bin/sh
# The fingerprint of libpg_query 18 (PyPI pglast 8.8): which edits of a statement it does not see. Guessed: constants and the length of a
# list of constants, as it is made for counting like queries. Seen besides: who is granted to and who becomes the owner; every option of
# CREATE FUNCTION, its body, volatility and SECURITY DEFINER included; the order of an INSERT's columns; WHERE with nothing but a constant;
# LIMIT ALL; the field of extract(). Whether a table is dropped with CASCADE, a role is SUPERUSER or a constraint NOT VALID, it does see.
# So equal fingerprints of two DDL statements say nothing about equal effects: compare trees or bytes.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check pglast==8.8
cat >"$dir/run.py" <<'PY'
from pglast.parser import fingerprint

FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE sql "
PAIRS = [
    ("constant", "ALTER TABLE t ADD CHECK (a > 1)", "ALTER TABLE t ADD CHECK (a > 2)"),
    ("operator", "ALTER TABLE t ADD CHECK (a > 1)", "ALTER TABLE t ADD CHECK (a < 1)"),
    ("partition bound", "CREATE TABLE p PARTITION OF t FOR VALUES IN (1)", "CREATE TABLE p PARTITION OF t FOR VALUES IN (2, 3)"),
    ("type modifier", "CREATE TABLE t (a numeric(5,2))", "CREATE TABLE t (a numeric(9,4))"),
    ("type", "CREATE TABLE t (a int)", "CREATE TABLE t (a bigint)"),
    ("grantee", "GRANT SELECT ON t TO one", "GRANT SELECT ON t TO two"),
    ("privilege", "GRANT SELECT ON t TO one", "GRANT INSERT ON t TO one"),
    ("owner", "ALTER TABLE t OWNER TO one", "ALTER TABLE t OWNER TO two"),
    ("role attribute", "ALTER ROLE one SUPERUSER", "ALTER ROLE one NOSUPERUSER"),
    ("function body", FUNCTION + "AS 'SELECT 1'", FUNCTION + "AS 'SELECT count(*) FROM t'"),
    ("volatility", FUNCTION + "STABLE AS 'SELECT 1'", FUNCTION + "IMMUTABLE AS 'SELECT 1'"),
    ("security definer", FUNCTION + "SECURITY INVOKER AS 'SELECT 1'", FUNCTION + "SECURITY DEFINER AS 'SELECT 1'"),
    ("insert columns", "INSERT INTO t (a, b) VALUES (1, 2)", "INSERT INTO t (b, a) VALUES (1, 2)"),
    ("where true", "DELETE FROM t", "DELETE FROM t WHERE true"),
    ("limit all", "SELECT a FROM t LIMIT 1", "SELECT a FROM t LIMIT ALL"),
    ("extract", "SELECT extract(year FROM a) FROM t", "SELECT extract(month FROM a) FROM t"),
    ("cascade", "DROP TABLE t", "DROP TABLE t CASCADE"),
    ("not valid", "ALTER TABLE t ADD CHECK (a > 1)", "ALTER TABLE t ADD CHECK (a > 1) NOT VALID"),
    ("enum labels", "CREATE TYPE e AS ENUM ('a', 'b')", "CREATE TYPE e AS ENUM ('b', 'a')"),
    ("policy", "CREATE POLICY p ON t USING (true)", "CREATE POLICY p ON t USING (false)"),
]
for name, one, other in PAIRS:
    print(name + ":", "the same" if fingerprint(one) == fingerprint(other) else "another")
PY
"$dir/v/bin/python" "$dir/run.py" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
constant: the same
operator: another
partition bound: the same
type modifier: the same
type: another
grantee: the same
privilege: another
owner: the same
role attribute: another
function body: the same
volatility: the same
security definer: the same
insert columns: the same
where true: the same
limit all: the same
extract: the same
cascade: another
not valid: another
enum labels: another
policy: the same
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: 13 of 20 edits keep the fingerprint"
