#!/bin/sh
# PostgreSQL 18.6: the row counters that a session keeps of its transaction (pg_stat_get_xact_tuples_inserted, _deleted), read within it.
# Guessed: what this transaction inserted and deleted so far; TRUNCATE and DROP count nothing and take nothing away; ROLLBACK TO a savepoint
# does. Seen: TRUNCATE and DROP set both back to 0, a DELETE of committed rows included, yet not TRUNCATE behind a savepoint; ROLLBACK TO takes
# nothing away; and what the transaction before counted in the same session, committed or rolled back, is still in it until statistics
# are flushed. Who judges a change by these counters before COMMIT must take differences, and count rows before they are dropped.
set -eu
. "$(dirname "$0")/lib/postgres"
look='SELECT pg_stat_get_xact_tuples_inserted(:o) || $$ $$ || pg_stat_get_xact_tuples_deleted(:o)'
try() { # WHAT STATEMENTS: counters at the end, in a session of its own
    psql -q -c 'DROP TABLE IF EXISTS t' -c 'CREATE TABLE t (a int)' -c 'INSERT INTO t SELECT generate_series(1, 5)'
    printf '%s: ' "$1"
    printf '%s\n' "SELECT 't'::regclass::oid AS o \\gset" "BEGIN; $2;" "$look; ROLLBACK;" | psql -q
}
{
    try 'INSERT of 7, DELETE of 3' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4'
    try 'and TRUNCATE' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; TRUNCATE t'
    try 'and TRUNCATE behind a savepoint' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; SAVEPOINT s; TRUNCATE t'
    try 'and TRUNCATE, INSERT of 1' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; TRUNCATE t; INSERT INTO t VALUES (1)'
    try 'and DROP' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; DROP TABLE t'
    try 'rolled back to a savepoint before both' 'SAVEPOINT s; INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; ROLLBACK TO s'
    try 'in the transaction before' 'INSERT INTO t SELECT generate_series(6, 12); DELETE FROM t WHERE a < 4; ROLLBACK; BEGIN'
    try 'in the transaction before, committed' 'INSERT INTO t SELECT generate_series(6, 12); COMMIT; BEGIN'
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
INSERT of 7, DELETE of 3: 7 3
and TRUNCATE: 0 0
and TRUNCATE behind a savepoint: 7 3
and TRUNCATE, INSERT of 1: 1 0
and DROP: 0 0
rolled back to a savepoint before both: 7 3
in the transaction before: 7 3
in the transaction before, committed: 7 0
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the counters forget rows, and remember others' rows"
