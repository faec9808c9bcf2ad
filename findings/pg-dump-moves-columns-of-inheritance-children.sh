#!/bin/sh
# PostgreSQL 18.6: pg_dump and psql of a table that inherits, and whose parent got a column after the child was made.
# Guessed: a restored table has its columns in the order they had, as every table does that inherits nothing. Seen: a dump makes the child with
# INHERITS, which puts what is inherited first, so that the column moves before the child's own; COPY in the dump names its columns, and loads right.
# Whatever takes columns by their place means others afterwards, without an error where the types agree: INSERT without a list, also within
# functions, rows written as text, COPY of a file, and SELECT * of readers. A declared partition keeps its order, as it is dumped as a table of its own
# and attached. A rehearsal on a restored copy of such a database proves nothing about statements that name no columns.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q -c 'CREATE DATABASE one' -c 'CREATE DATABASE two'
db=one psql -q <<'SQL'
CREATE TABLE parent (id int);
CREATE TABLE child (height int) INHERITS (parent);
ALTER TABLE parent ADD weight int;
CREATE FUNCTION add_one() RETURNS void LANGUAGE sql AS $$ INSERT INTO child VALUES (1, 180, 70) $$;
INSERT INTO child (id, height, weight) VALUES (0, 150, 50);
CREATE TABLE root (id int, k int) PARTITION BY LIST (k);
CREATE TABLE part (k int, id int);
ALTER TABLE root ATTACH PARTITION part FOR VALUES IN (1);
SQL
"$bin/pg_dump" -h "$dir/sock" -U postgres one >"$dir/dump.sql"
db=two psql -q -v ON_ERROR_STOP=1 -f "$dir/dump.sql" >"$dir/restored"
{
    for db in one two; do
        export db
        psql -c "SELECT '$db: ' || attrelid::regclass || ': ' || string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid IN ('child'::regclass, 'part'::regclass) AND attnum > 0 GROUP BY attrelid ORDER BY 1"
        psql -q -c 'SELECT add_one()' >"$dir/out"
        echo "2|190|80" | psql -q -c "COPY child FROM STDIN (DELIMITER '|')"
        psql -c "SELECT '$db: height ' || height || ', weight ' || weight FROM child ORDER BY id"
    done
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
one: child: id, height, weight
one: part: k, id
one: height 150, weight 50
one: height 180, weight 70
one: height 190, weight 80
two: child: id, weight, height
two: part: k, id
two: height 150, weight 50
two: height 70, weight 180
two: height 80, weight 190
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the inherited column moved, and what names no columns writes others"
