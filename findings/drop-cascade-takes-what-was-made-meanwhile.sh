#!/bin/sh
# PostgreSQL 18.6: what DROP ... CASCADE drops, and RESTRICT refuses for, when another session is just making something upon it.
# Guessed: what depended on it when the statement was sent; of what comes while it waits for a lock, the one or the other gets an error.
# Seen: it waits for the other's transaction and then takes what that one committed, in another schema, with a NOTICE as only word; the session
# that made it was told COMMIT. RESTRICT that waited fails by an object which nobody could have listed before. A list of what CASCADE will take,
# however it was asked for, is good only under a lock that keeps others from building on the object: LOCK TABLE first, then ask pg_depend.
set -eu
. "$(dirname "$0")/lib/postgres"
waits_for() { # APPLICATION: until it waits for a lock
    until [ "$(psql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1' AND wait_event_type = 'Lock'")" = 1 ]; do :; done
}
try() { # TITLE FIRST DROP: DROP is sent while another session has CREATE VIEW theirs.v open, behind FIRST
    psql -q -c 'DROP SCHEMA IF EXISTS ours, theirs CASCADE' -c 'CREATE SCHEMA ours' -c 'CREATE SCHEMA theirs' -c 'CREATE TABLE ours.t (a int)'
    mkfifo "$dir/say"
    PGAPPNAME=maker psql -q -v ON_ERROR_STOP=1 <"$dir/say" >"$dir/made" 2>&1 &
    maker=$!
    exec 3>"$dir/say"
    echo 'BEGIN; CREATE VIEW theirs.v AS SELECT a FROM ours.t;' >&3
    until [ "$(psql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'maker' AND state = 'idle in transaction'")" = 1 ]; do :; done
    before=$(psql -c "SELECT count(*) FROM pg_depend WHERE refobjid = 'ours.t'::regclass AND classid = 'pg_rewrite'::regclass")
    PGAPPNAME=dropper psql -v ON_ERROR_STOP=1 -c "$2" >"$dir/dropped" 2>&1 &
    dropper=$!
    waits_for dropper
    echo 'COMMIT;' >&3
    exec 3>&-
    if wait "$maker"; then made=committed; else made=refused; fi
    if wait "$dropper"; then dropped=done; else dropped='fails'; fi
    rm "$dir/say"
    echo "$1: views listed before $before, the maker $made, the drop $dropped, $(psql -c "SELECT CASE WHEN to_regclass('theirs.v') IS NULL THEN 'the view is gone' ELSE 'the view is there' END")"
}
{
    try 'DROP TABLE CASCADE' 'DROP TABLE ours.t CASCADE'
    try 'DROP SCHEMA CASCADE' 'DROP SCHEMA ours CASCADE'
    try 'DROP TABLE RESTRICT' 'DROP TABLE ours.t RESTRICT'
    try 'ALTER TABLE DROP COLUMN CASCADE' 'ALTER TABLE ours.t DROP COLUMN a CASCADE'
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
DROP TABLE CASCADE: views listed before 0, the maker committed, the drop done, the view is gone
DROP SCHEMA CASCADE: views listed before 0, the maker committed, the drop done, the view is gone
DROP TABLE RESTRICT: views listed before 0, the maker committed, the drop fails, the view is there
ALTER TABLE DROP COLUMN CASCADE: views listed before 0, the maker committed, the drop done, the view is gone
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: CASCADE takes what another session committed while it waited"
