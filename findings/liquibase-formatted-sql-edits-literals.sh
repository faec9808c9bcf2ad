#!/bin/sh
# Liquibase 5.0.4 (Maven, with picocli 4.7.7 and the JDBC driver 42.7.8) on PostgreSQL 18.6: text within literals of a changelog in
# formatted SQL, with no attribute of the changeset but its name, and what is stored of it.
# Guessed: comments are stripped from statements, not from what is quoted; a directive is one where a statement could begin.
# Seen: single quotes keep comments; dollar quotes do not, so functions arrive without them (with splitStatements:false too), and a literal
# between $$ is another text. A line of any literal that looks like a directive is taken out of it: --comment: alone, --ignoreLines:1 with
# the line behind it, --rollback; the last is then what a rollback runs. A ${name} that is a property of Java's becomes its value, the name of
# whoever runs it for one; others stay. Nothing is said. stripComments:false keeps comments, not the lines.
set -eu
. "$(dirname "$0")/lib/liquibase"
psql -q -c 'CREATE TABLE t (n int, a text)'
cat >"$dir/changes.sql" <<'SQL'
--liquibase formatted sql
--changeset who:1
INSERT INTO t VALUES (1, 'a -- b /* c */ d');
--changeset who:2
INSERT INTO t VALUES (2, $$a /* b */ c$$);
--changeset who:3
INSERT INTO t VALUES (3, 'a
--comment: b
c');
--changeset who:4
INSERT INTO t VALUES (4, 'a
--ignoreLines:1
b
c');
--changeset who:5
INSERT INTO t VALUES (5, '${user.name} ${no.such.name}');
--changeset who:6 splitStatements:false
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN /* why */ RETURN 1; END $$;
--changeset who:7 stripComments:false
INSERT INTO t VALUES (7, $$a /* b */ c
--comment: d
e$$);
--changeset who:8
INSERT INTO t VALUES (8, 'a
--rollback TRUNCATE t
b');
SQL
liquibase update >"$dir/out"
psql -c "SELECT n || ': ' || replace(replace(a, E'\n', '|'), '$(id -un)', '(who runs it)') FROM t ORDER BY n" \
    -c "SELECT 'f:' || prosrc FROM pg_proc WHERE proname = 'f'" >"$dir/seen"
liquibase rollback-count-sql --count=1 | grep '^TRUNCATE' >>"$dir/seen"
cat >"$dir/expected" <<'SEEN'
1: a -- b /* c */ d
2: a  c
3: a|c
4: a|c
5: (who runs it) ${no.such.name}
7: a /* b */ c|e
8: a|b
f: BEGIN  RETURN 1; END 
TRUNCATE t;
SEEN
diff "$dir/expected" "$dir/seen" && echo "as described"
