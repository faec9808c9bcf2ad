#!/bin/sh
# psql 18.6, pipelines of scripts (\startpipeline, \syncpipeline, \endpipeline, new in 18), run with ON_ERROR_STOP on.
# Guessed: an error within a pipeline ends the script with status 3 when its results are read, as every other error of a script does.
# Seen: it is printed, the rest of the script is run and the status is 0. What stands behind the next \syncpipeline or behind \endpipeline
# is done; within BEGIN and COMMIT everything is rolled back, the COMMIT included, with status 0 as well. A pipeline that the file does not
# end loses its statements in silence, good ones too. Only -1 (a transaction around the file) turns the first of these into a failure.
# Whoever speeds a migration up by a pipeline has to ask afterwards whether it happened: the exit status does not say.
set -eu
. "$(dirname "$0")/lib/postgres"
try() { # WHAT OPTION...: the script from standard input on an empty table; its status, and what the table holds then
    what=$1
    shift
    cat >"$dir/script.sql"
    psql -q -c 'DROP TABLE IF EXISTS t' -c 'CREATE TABLE t (a int)'
    status=0
    psql -q -v ON_ERROR_STOP=1 "$@" -f "$dir/script.sql" >"$dir/log" 2>&1 || status=$?
    error=$(grep -c 'division by zero' "$dir/log" || :)
    echo "$what: status $status, errors printed $error, rows $(psql -c "SELECT coalesce(string_agg(a::text, ' ' ORDER BY a), 'none') FROM t")"
}
cat >"$dir/pipeline.sql" <<'SQL'
\startpipeline
INSERT INTO t VALUES (1);
\syncpipeline
INSERT INTO t VALUES (1 / 0);
\syncpipeline
INSERT INTO t VALUES (3);
\endpipeline
INSERT INTO t VALUES (4);
SQL
{
    try 'no pipeline' <<'SQL'
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (1 / 0);
INSERT INTO t VALUES (3);
SQL
    try 'pipeline' <"$dir/pipeline.sql"
    try 'pipeline, -1' -1 <"$dir/pipeline.sql"
    try 'pipeline in a transaction' <<'SQL'
BEGIN;
INSERT INTO t VALUES (0);
\startpipeline
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (1 / 0);
\endpipeline
COMMIT;
SQL
    try 'pipeline without an end' <<'SQL'
INSERT INTO t VALUES (0);
\startpipeline
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
SQL
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
no pipeline: status 3, errors printed 1, rows 1
pipeline: status 0, errors printed 1, rows 1 3 4
pipeline, -1: status 3, errors printed 1, rows none
pipeline in a transaction: status 0, errors printed 1, rows none
pipeline without an end: status 0, errors printed 0, rows 0
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: an error within a pipeline neither stops a script nor shows in its status"
