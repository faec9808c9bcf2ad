#!/bin/sh
# PostgreSQL 18.6: ALTER COLUMN ... SET STATISTICS and SET STORAGE on a partitioned table, and a partition that is added afterwards.
# Guessed: both are column properties that reach the partitions there are, and those to come (as the parent's defaults and storage do).
# Seen: the target reaches the partitions there are only; one made by PARTITION OF the next day has the default. Storage reaches both.
# So two partitions of one table differ without anybody having touched one of them: no drift, but it looks like it.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q >"$dir/seen" <<'SQL'
CREATE TABLE p (k int, a text) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
ALTER TABLE p ALTER a SET STATISTICS 250, ALTER a SET STORAGE EXTERNAL;
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
SELECT attrelid::regclass, coalesce(attstattarget::text, 'default'), attstorage FROM pg_attribute
 WHERE attname = 'a' AND attrelid IN ('p'::regclass, 'p1'::regclass, 'p2'::regclass) ORDER BY attrelid;
SQL
cat >"$dir/expected" <<'TEXT'
p|250|e
p1|250|e
p2|default|e
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the later partition has the default target"
