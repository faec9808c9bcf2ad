#!/bin/sh
# sqlfluff 4.5.0 (PyPI), `fix --dialect postgres` with its rules as they come, on PostgreSQL 18.6: what a file does before and after.
# Guessed: a fix keeps the meaning. Quotes are taken only from names that are the same without them; columns are put into another order only
# where their order is not seen (INSERT ... SELECT, UNION and views with a list of columns are known to it and left alone).
# Seen: "user", "current_user" and "system_user" lose their quotes, and the column becomes whoever runs the file: in an INSERT, in a CHECK,
# which then looks at no column, in the condition of an UPDATE, which then takes all rows. In the subquery of a row, SET (a, b) = (SELECT ...)
# or (a, b) IN (SELECT ...), and in a CTE that an INSERT takes with *, columns change places: each value is stored in the other column.
# No message says so, and both files are valid. Format before the review, and switch RF06 and ST06 off for migrations.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check sqlfluff==4.5.0
mkdir "$dir/files"
write() { cat >"$dir/files/$1.sql"; }
write 1-insert <<'SQL'
INSERT INTO log (who)
SELECT "user" FROM login;
SELECT who FROM log;
SQL
write 2-check <<'SQL'
ALTER TABLE login ADD CHECK ("current_user" <> 'nobody');
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'login'::regclass;
SQL
write 3-update <<'SQL'
UPDATE login SET seen = TRUE
WHERE "system_user" IS NULL;
SELECT seen FROM login;
SQL
write 4-another-column <<'SQL'
SELECT "seen" FROM login;
SQL
write 5-set-row <<'SQL'
UPDATE t SET (a, b) = (
    SELECT
        u.a + 10,
        u.b
    FROM u
);
SELECT a, b FROM t;
SQL
write 6-row-in <<'SQL'
SELECT a FROM t
WHERE (a, b) IN (
    SELECT
        u.a + 0,
        u.b
    FROM u
);
SQL
write 7-cte <<'SQL'
WITH q AS (
    SELECT
        u.a + 10,
        u.b
    FROM u
)

INSERT INTO t (a, b)
SELECT * FROM q;
SELECT a, b FROM t;
SQL
write 8-insert-select <<'SQL'
INSERT INTO t (a, b)
SELECT
    u.a + 10,
    u.b
FROM u;
SELECT a, b FROM t;
SQL
cp -r "$dir/files" "$dir/fixed"
"$dir/v/bin/sqlfluff" fix -q --dialect postgres "$dir/fixed" >"$dir/log" 2>&1 || :
run() { # FILE: what it prints, on tables of its own
    {
        echo 'BEGIN; CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (a int, b int); INSERT INTO u VALUES (1, 2);'
        echo 'CREATE TABLE log (who text);'
        echo 'CREATE TABLE login ("user" text, "current_user" text, "system_user" text, seen boolean DEFAULT false);'
        echo "INSERT INTO login VALUES ('ada', 'ada', 'unix:ada');"
        cat "$1"
    } | psql -q -v ON_ERROR_STOP=1 | paste -sd ' ' -
}
for file in "$dir"/files/*; do
    name=$(basename "$file" .sql)
    echo "$name: $(run "$file") => $(run "$dir/fixed/$name.sql")"
done >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
1-insert: ada => postgres
2-check: CHECK (("current_user" <> 'nobody'::text)) => CHECK ((CURRENT_USER <> 'nobody'::name))
3-update: f => t
4-another-column: f => f
5-set-row: 11|2 => 2|11
6-row-in: 1 => 
7-cte: 1|2 11|2 => 1|2 2|11
8-insert-select: 1|2 11|2 => 1|2 11|2
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: six of eight files do something else behind the fix"
