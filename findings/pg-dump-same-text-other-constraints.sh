#!/bin/sh
# PostgreSQL 18.6: pg_dump and pg_restore of a partitioned table whose new constraints are validated one partition after the other.
# Guessed: the restored database has them as they were; at least, two databases whose `pg_dump --schema-only` are the same text have the
# same constraints. Seen: neither. A partition's foreign key that was validated is NOT VALID again, since its state is no part of a dump; a
# partition's NOT NULL that was validated becomes its own besides being inherited, so that dropping it at the root, by the same migration,
# ends it in one database and leaves it in the other; and foreign keys switched off by DISABLE TRIGGER ALL are on. A CHECK is as it was.
# Who rehearses a migration on a restored copy, or compares databases by their dumps, compares pg_constraint as well.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q -c 'CREATE DATABASE one' -c 'CREATE DATABASE two'
db=one psql -q <<'SQL'
CREATE TABLE r (id int PRIMARY KEY);
CREATE TABLE root (a int, b int, c int, k int) PARTITION BY LIST (k);
CREATE TABLE part PARTITION OF root FOR VALUES IN (1);
ALTER TABLE root ADD CONSTRAINT a_is_there NOT NULL a NOT VALID, ADD CONSTRAINT b_positive CHECK (b > 0) NOT VALID,
    ADD CONSTRAINT c_refers FOREIGN KEY (c) REFERENCES r NOT VALID;
ALTER TABLE part VALIDATE CONSTRAINT a_is_there, VALIDATE CONSTRAINT b_positive, VALIDATE CONSTRAINT c_refers;
CREATE TABLE off (id int REFERENCES r);
ALTER TABLE off DISABLE TRIGGER ALL;
SQL
dump() { "$bin/pg_dump" -h "$dir/sock" -U postgres "$@"; }
dump -Fc -f "$dir/one.dump" one
"$bin/pg_restore" -h "$dir/sock" -U postgres -d two "$dir/one.dump"
{
    for db in one two; do
        dump --schema-only "$db" | grep -v '^.\(un\)\{0,1\}restrict ' >"$dir/$db.sql"
        export db
        psql -c "SELECT '$db: ' || conname || CASE WHEN convalidated THEN ' valid' ELSE ' NOT VALID' END
                || CASE WHEN conislocal THEN ' own' ELSE '' END
            FROM pg_constraint WHERE conrelid = 'part'::regclass ORDER BY conname"
        psql -q -c 'INSERT INTO off VALUES (7)' 2>/dev/null && what=off || what=on
        echo "$db: the foreign key of the other table is $what"
        psql -q -c 'ALTER TABLE root DROP CONSTRAINT a_is_there'
        psql -q -c 'INSERT INTO root VALUES (NULL, 1, NULL, 1)' 2>/dev/null && what=taken || what=refused
        echo "$db: NULL is $what, once NOT NULL is dropped at the root"
    done
    cmp "$dir/one.sql" "$dir/two.sql" && echo 'dumps: the same text'
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
one: a_is_there valid
one: b_positive valid
one: c_refers valid
one: the foreign key of the other table is off
one: NULL is taken, once NOT NULL is dropped at the root
two: a_is_there valid own
two: b_positive valid
two: c_refers NOT VALID
two: the foreign key of the other table is on
two: NULL is refused, once NOT NULL is dropped at the root
dumps: the same text
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the same dump, other constraints"
