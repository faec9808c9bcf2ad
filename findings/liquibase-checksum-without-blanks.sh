#!/bin/sh
# Liquibase 5.0.4 (Maven, with picocli 4.7.7 and the JDBC driver 42.7.8) on PostgreSQL 18.6: which edits of an applied changeset in a
# formatted SQL file are noticed. Guessed: indentation is forgiven, as its manual says of white space, what stands between quotes counts.
# Seen: no blank counts anywhere, nor does a line's end. A literal may lose or gain blanks ('a b', 'ab'), a line comment may swallow the
# line behind it, and both `validate` and `update` are content, so two databases that ran "the same" changeset hold different rows.
# A letter or a digit that changes is noticed. Who takes over such a history should compare what stands there, not only the checksums.
set -eu
. "$(dirname "$0")/lib/liquibase"
changeset() {
    printf -- '--liquibase formatted sql\n--changeset who:1 splitStatements:false\n%b\n' "$1" >"$dir/changes.sql"
}
quietly() {
    db=one liquibase "$@" >"$dir/out"
}
while IFS='|' read -r what applied edited _; do
    psql -q -c 'DROP DATABASE IF EXISTS one' -c 'CREATE DATABASE one'
    changeset "CREATE TABLE t (a text);\n$applied"
    quietly update
    changeset "CREATE TABLE t (a text);\n$edited"
    if quietly validate && quietly update; then echo "$what: not noticed"; else
        cat "$dir/out" "$dir/log" | grep -q 'check sum' && echo "$what: refused"
    fi
done >"$dir/seen" <<'ROWS'
indentation|INSERT INTO t\n    VALUES (1);|INSERT INTO t VALUES (1);
two blanks in a literal|INSERT INTO t VALUES ('a  b');|INSERT INTO t VALUES ('a b');
no blank in a literal|INSERT INTO t VALUES ('a b');|INSERT INTO t VALUES ('ab');
a blank at a literal's end|INSERT INTO t VALUES ('a ');|INSERT INTO t VALUES ('a');
a line's end in a literal|INSERT INTO t VALUES ('a\nb');|INSERT INTO t VALUES ('a b');
a comment that swallows a row|INSERT INTO t VALUES ('a') -- one\n, ('b');|INSERT INTO t VALUES ('a') -- one, ('b');
another letter|INSERT INTO t VALUES ('a');|INSERT INTO t VALUES ('b');
ROWS
cat >"$dir/expected" <<'TEXT'
indentation: not noticed
two blanks in a literal: not noticed
no blank in a literal: not noticed
a blank at a literal's end: not noticed
a line's end in a literal: not noticed
a comment that swallows a row: not noticed
another letter: refused
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: no blank of an applied changeset counts"
