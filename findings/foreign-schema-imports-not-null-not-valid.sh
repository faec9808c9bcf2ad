#!/bin/sh
# PostgreSQL 18.6, postgres_fdw: IMPORT FOREIGN SCHEMA of a table whose NOT NULL was added NOT VALID, as 18 allows, and that holds a NULL.
# Guessed: such a column comes over without NOT NULL, or as NOT VALID, and a query for its NULLs finds them, as it does on the table itself.
# Seen: the foreign column has a NOT NULL that counts as validated, so the planner answers IS NULL without asking: no row is found, none
# is deleted or updated, in silence, though count(*) and count(b) differ. information_schema says NO of both columns.
# A backfill that goes through such a table ("update where b is null until none is left") ends at once and reports success.
# OPTIONS (import_not_null 'false') is right; so is importing again after VALIDATE CONSTRAINT.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q >"$dir/seen" <<SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$dir/sock', dbname 'postgres');
CREATE USER MAPPING FOR postgres SERVER itself OPTIONS (user 'postgres', password_required 'false');
CREATE SCHEMA far;
CREATE TABLE far.t (a int, b int);
INSERT INTO far.t VALUES (1, NULL), (2, 2);
ALTER TABLE far.t ADD CONSTRAINT b_is_there NOT NULL b NOT VALID;
CREATE SCHEMA near;
IMPORT FOREIGN SCHEMA far FROM SERVER itself INTO near;
CREATE SCHEMA careful;
IMPORT FOREIGN SCHEMA far FROM SERVER itself INTO careful OPTIONS (import_not_null 'false');
SELECT 'validated: ' || conrelid::regclass || ' ' || convalidated FROM pg_constraint
 WHERE contype = 'n' AND conrelid IN ('far.t'::regclass, 'near.t'::regclass) ORDER BY conrelid;
SELECT 'nullable: ' || table_schema || ' ' || is_nullable FROM information_schema.columns
 WHERE table_name = 't' AND column_name = 'b' ORDER BY table_schema;
SELECT 'far: ' || count(*) FROM far.t WHERE b IS NULL;
SELECT 'near: ' || count(*) FROM near.t WHERE b IS NULL;
SELECT 'near, counted: ' || count(*) - count(b) FROM near.t;
SELECT 'careful: ' || count(*) FROM careful.t WHERE b IS NULL;
WITH gone AS (UPDATE near.t SET b = 0 WHERE b IS NULL RETURNING 1) SELECT 'near, updated: ' || count(*) FROM gone;
WITH gone AS (UPDATE careful.t SET b = 0 WHERE b IS NULL RETURNING 1) SELECT 'careful, updated: ' || count(*) FROM gone;
SQL
cat >"$dir/expected" <<'TEXT'
validated: far.t false
validated: near.t true
nullable: careful YES
nullable: far NO
nullable: near NO
far: 1
near: 0
near, counted: 1
careful: 1
near, updated: 0
careful, updated: 1
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the foreign table hides the NULLs that its table holds"
