#!/bin/sh
# squawk-cli 2.66.0 (npm), its rules as they come, and PostgreSQL 18.6: of statements that write a whole table anew, those it says nothing of.
# Each row runs on a table of its own; the server says whether its file is another one afterwards. Rules about names, timeouts, types that
# somebody prefers and IF EXISTS are left out: they say nothing of the table's size.
# Guessed: all forms of ALTER TABLE that rewrite are told, as a volatile default, a generated column and a changed type are; CLUSTER and
# VACUUM FULL too, since they are nothing else. Seen: a column of type bigserial (an identity column is told), one of a domain with a
# CHECK, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, a new expression of a generated column, CLUSTER and VACUUM FULL pass in silence;
# so does whatever stands within DO. Text that becomes a longer varchar is told as if it were rewritten. A clean report is no proof that a
# migration on a large table is short: ask the server, on a copy, for pg_relation_filenode.
set -eu
. "$(dirname "$0")/lib/postgres"
mkdir "$dir/n"
npm --prefix "$dir/n" install --silent --no-audit --no-fund squawk-cli@2.66.0 >/dev/null
mkdir "$dir/space"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$dir/space"
psql -q -c "CREATE TABLESPACE other LOCATION '$dir/space'" -c 'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler' \
    -c 'CREATE DOMAIN positive AS bigint CHECK (VALUE > 0)'
while IFS= read -r statement; do
    psql -q -c 'DROP TABLE IF EXISTS t' -c "CREATE TABLE t (a bigint, b bigint, v varchar(10), g bigint GENERATED ALWAYS AS (a * 2) STORED)" \
        -c 'INSERT INTO t SELECT 1 FROM generate_series(1, 100)' -c 'CREATE INDEX t_a ON t (a)'
    before=$(psql -c "SELECT pg_relation_filenode('t')")
    psql -q -c "$statement"
    after=$(psql -c "SELECT pg_relation_filenode('t')")
    [ "$before" = "$after" ] && what='kept' || what='rewritten'
    echo "$statement" >"$dir/one.sql"
    "$dir/n/node_modules/.bin/squawk" --reporter json "$dir/one.sql" >"$dir/said" 2>/dev/null || :
    told=$(python3 - "$dir/said" <<'PY'
import json, sys
aside = ("require-statement-timeout", "require-lock-timeout", "require-timeout-settings", "prefer-", "identifier-")
rules = {found["rule_name"] for found in json.load(open(sys.argv[1]))}
print(" ".join(sorted(r for r in rules if not r.startswith(aside))))
PY
    )
    echo "$what, ${told:-nothing}: $statement"
done >"$dir/seen" <<'SQL'
ALTER TABLE t ADD COLUMN n uuid DEFAULT gen_random_uuid();
ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS (a * 3) STORED;
ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE t ALTER COLUMN b TYPE numeric;
ALTER TABLE t ADD COLUMN n bigserial;
ALTER TABLE t ADD COLUMN n positive DEFAULT 1;
ALTER TABLE t SET UNLOGGED;
ALTER TABLE t SET TABLESPACE other;
ALTER TABLE t SET ACCESS METHOD heap2;
ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (a * 4);
DO $$ BEGIN ALTER TABLE t ALTER COLUMN b TYPE numeric; END $$;
CLUSTER t USING t_a;
VACUUM FULL t;
ALTER TABLE t ALTER COLUMN v TYPE varchar(20);
ALTER TABLE t ADD COLUMN n bigint DEFAULT 1;
SQL
cat >"$dir/expected" <<'SEEN'
rewritten, adding-field-with-default: ALTER TABLE t ADD COLUMN n uuid DEFAULT gen_random_uuid();
rewritten, adding-field-with-default: ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS (a * 3) STORED;
rewritten, adding-field-with-default: ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;
rewritten, changing-column-type: ALTER TABLE t ALTER COLUMN b TYPE numeric;
rewritten, nothing: ALTER TABLE t ADD COLUMN n bigserial;
rewritten, nothing: ALTER TABLE t ADD COLUMN n positive DEFAULT 1;
rewritten, nothing: ALTER TABLE t SET UNLOGGED;
rewritten, nothing: ALTER TABLE t SET TABLESPACE other;
rewritten, nothing: ALTER TABLE t SET ACCESS METHOD heap2;
rewritten, nothing: ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (a * 4);
rewritten, nothing: DO $$ BEGIN ALTER TABLE t ALTER COLUMN b TYPE numeric; END $$;
rewritten, nothing: CLUSTER t USING t_a;
rewritten, nothing: VACUUM FULL t;
kept, changing-column-type: ALTER TABLE t ALTER COLUMN v TYPE varchar(20);
kept, nothing: ALTER TABLE t ADD COLUMN n bigint DEFAULT 1;
SEEN
diff "$dir/expected" "$dir/seen" && echo "as described: $(grep -c '^rewritten, nothing' "$dir/seen") of $(grep -c '^rewritten' "$dir/seen") rewrites are not told"
