-- At the start of a transaction that works: the work lock until its end, and what record_guard.sql will compare, commits: the level that the
-- session commits at. $1: what is worked on,
-- which stands in the session's name until then ("kfmig build M-1").
SELECT pg_catalog.pg_try_advisory_xact_lock_shared(1801874791, 2) AS locked,
       pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid,
       pg_catalog.quote_ident(current_user) || ' ' || pg_catalog.quote_ident(session_user) AS users,
       pg_catalog.set_config('application_name', pg_catalog.left(
           pg_catalog.split_part(pg_catalog.current_setting('application_name'), '@', 1) || ' ' || $1::pg_catalog.text, 63), true) AS name,
       pg_catalog.current_setting('synchronous_commit') AS commits
