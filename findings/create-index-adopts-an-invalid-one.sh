#!/bin/sh
# PostgreSQL 18.6: CREATE INDEX on a partitioned table whose partition is partitioned itself and has an index made ON ONLY it.
# Guessed: the index of the partition is completed, or is no match because it is invalid, and a second one is made; the command that
# says CREATE INDEX leaves a valid index. Seen: the invalid index is adopted as it is, the leaf gets none, and the new index of the root
# is invalid, without a notice. IF NOT EXISTS then keeps it so. "The command succeeded" is no proof of an index: ask indisvalid.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q >"$dir/seen" 2>&1 <<'SQL'
CREATE TABLE root (a int, b int) PARTITION BY LIST (a);
CREATE TABLE branch PARTITION OF root FOR VALUES IN (1) PARTITION BY LIST (b);
CREATE TABLE leaf PARTITION OF branch FOR VALUES IN (1);
CREATE INDEX branch_b ON ONLY branch (b);
SET client_min_messages = notice;
CREATE INDEX root_b ON root (b);
CREATE INDEX IF NOT EXISTS root_b ON root (b);
SELECT indrelid::regclass, indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid IN ('root'::regclass, 'branch'::regclass, 'leaf'::regclass)
 ORDER BY indexrelid;
SQL
cat >"$dir/expected" <<'TEXT'
NOTICE:  relation "root_b" already exists, skipping
branch|branch_b|f
root|root_b|f
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: no index is valid, and the leaf has none"
