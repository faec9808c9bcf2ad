#!/bin/sh
# PostgreSQL 18.6 (15.18 too): ALTER TABLE ... ALTER COLUMN ... TYPE on a column with extended statistics and an expression index.
# Guessed: what depends on the column is made again as it was, as its index options, comments, CLUSTER mark and replica identity are, and
# as the column's own target and n_distinct are. Seen: the statistics object's target and the index column's target are forgotten.
# A migration that widens a column so undoes tuning that no text in it mentions; and its inverse does not bring it back.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q >"$dir/seen" <<'SQL'
CREATE TABLE t (a int, b int);
ALTER TABLE t ALTER a SET STATISTICS 300, ALTER a SET (n_distinct = 5);
CREATE STATISTICS st ON a, b FROM t;
ALTER STATISTICS st SET STATISTICS 500;
COMMENT ON STATISTICS st IS 'kept';
CREATE INDEX i ON t ((a + b)) WITH (fillfactor = 50);
ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 700;
CREATE FUNCTION look() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('column %s %s', attstattarget, attoptions) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'
  UNION ALL SELECT format('statistics %s %s', coalesce(stxstattarget::text, 'default'), obj_description(oid, 'pg_statistic_ext')) FROM pg_statistic_ext
  UNION ALL SELECT format('index column %s %s', coalesce(attstattarget::text, 'default'), reloptions)
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attrelid = 'i'::regclass $$;
SELECT look();
ALTER TABLE t ALTER a TYPE bigint;
SELECT look();
SQL
cat >"$dir/expected" <<'TEXT'
column 300 {n_distinct=5}
statistics 500 kept
index column 700 {fillfactor=50}
column 300 {n_distinct=5}
statistics default kept
index column default {fillfactor=50}
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: both targets are back at their default"
