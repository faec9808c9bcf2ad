#!/bin/sh
# PostgreSQL 18.6: what heals an index that CREATE UNIQUE INDEX CONCURRENTLY left invalid, once the duplicate is gone.
# Guessed: each form of REINDEX that covers the index rebuilds it and makes it valid, or fails.
# Seen: REINDEX INDEX CONCURRENTLY does, and so does plain REINDEX TABLE. REINDEX TABLE CONCURRENTLY and REINDEX SCHEMA CONCURRENTLY succeed
# as well, rebuild its valid neighbours, say in a warning that they passed over it, and leave it as it was: duplicates go in afterwards.
# A nightly reindex of whole tables, done with the care that production wants, never heals what a failed build left.
set -eu
. "$(dirname "$0")/lib/postgres"
index()
{
    psql -q -c 'DROP TABLE IF EXISTS t' -c 'CREATE TABLE t (a int, b int)' -c 'INSERT INTO t VALUES (1, 1), (2, 2), (2, 3)' \
        -c 'CREATE INDEX t_b ON t (b)'
    psql -q -c 'CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)' 2>/dev/null && return 1
    psql -q -c 'DELETE FROM t WHERE b = 3'
    psql -q -c 'SELECT pg_relation_filenode('"'t_b'"') AS was' | tr -d ' ' >"$dir/was"
}
try()
{
    index
    if "$@" >/dev/null 2>"$dir/words"; then done=succeeds; else done=fails; fi
    psql -q -c "SELECT CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index WHERE indexrelid = 't_a'::regclass" | tr -d ' ' >"$dir/is"
    psql -q -c "SELECT pg_relation_filenode('t_b')" | tr -d ' ' >"$dir/now"
    moved=kept; cmp -s "$dir/was" "$dir/now" || moved=rebuilt
    twice=refused; psql -q -c 'INSERT INTO t VALUES (1, 9)' 2>/dev/null && twice=taken
    echo "$name: $done, $(cat "$dir/is"), neighbour $moved, a duplicate is $twice, warnings $(grep -c WARNING "$dir/words" || true)"
}
{
    name='REINDEX INDEX CONCURRENTLY'; try psql -q -c 'REINDEX INDEX CONCURRENTLY t_a'
    name='REINDEX TABLE'; try psql -q -c 'REINDEX TABLE t'
    name='REINDEX TABLE CONCURRENTLY'; try psql -q -c 'REINDEX TABLE CONCURRENTLY t'
    name='REINDEX SCHEMA CONCURRENTLY'; try psql -q -c 'REINDEX SCHEMA CONCURRENTLY public'
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
REINDEX INDEX CONCURRENTLY: succeeds, valid, neighbour kept, a duplicate is refused, warnings 0
REINDEX TABLE: succeeds, valid, neighbour rebuilt, a duplicate is refused, warnings 0
REINDEX TABLE CONCURRENTLY: succeeds, invalid, neighbour rebuilt, a duplicate is taken, warnings 1
REINDEX SCHEMA CONCURRENTLY: succeeds, invalid, neighbour rebuilt, a duplicate is taken, warnings 1
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: of whole tables, REINDEX CONCURRENTLY leaves invalid indexes invalid"
