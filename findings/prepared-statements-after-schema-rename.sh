#!/bin/sh
# PostgreSQL 18.6 (15.18 answers the same): readers with prepared statements, when a schema is replaced by renaming another in its place.
# Guessed: a statement is planned again and goes on, since tables and columns have the same names; an enum or a composite in the result may
# be refused, a domain not, since results are described by its base type. Seen: a domain is refused just so ("cached plan must not change
# result type"), and a statement whose *parameter* has a type of the old schema fails as well ("operator does not exist: live.kind =
# old.kind"). Literals, casts to text and columns of types from elsewhere go on.
# Who publishes by renaming schemas keeps types outside of them, or tells the readers (docs/projections.md).
set -eu
. "$(dirname "$0")/lib/postgres"
cat >"$dir/run.sql" <<'SQL'
CREATE SCHEMA live; CREATE TYPE live.kind AS ENUM ('a'); CREATE DOMAIN live.code AS int; CREATE TABLE live.t (k live.kind, c live.code, n int);
CREATE SCHEMA next; CREATE TYPE next.kind AS ENUM ('a'); CREATE DOMAIN next.code AS int; CREATE TABLE next.t (k next.kind, c next.code, n int);
PREPARE enum AS SELECT k FROM live.t;
PREPARE domain AS SELECT c FROM live.t;
PREPARE parameter (live.kind) AS SELECT count(*) FROM live.t WHERE k = $1;
PREPARE literal AS SELECT count(*) FROM live.t WHERE k = 'a';
PREPARE text AS SELECT k::text, c::int FROM live.t;
BEGIN; ALTER SCHEMA live RENAME TO old; ALTER SCHEMA next RENAME TO live; COMMIT;
\set VERBOSITY terse
\echo enum
EXECUTE enum;
\echo domain
EXECUTE domain;
\echo parameter
EXECUTE parameter ('a');
\echo literal
EXECUTE literal;
\echo text
EXECUTE text;
SQL
psql -q -f - <"$dir/run.sql" 2>&1 | sed 's/^psql:[^ ]* //; s/ at character .*//' >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
enum
ERROR:  cached plan must not change result type
domain
ERROR:  cached plan must not change result type
parameter
ERROR:  operator does not exist: live.kind = old.kind
literal
0
text
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: enum, domain and parameter are refused after the rename"
