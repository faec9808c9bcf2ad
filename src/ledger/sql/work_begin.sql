-- At the start of a transaction that works: the work lock until its end, and what record_guard.sql will compare.
SELECT pg_catalog.pg_try_advisory_xact_lock_shared(1801874791, 2) AS locked,
       pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid,
       pg_catalog.quote_ident(current_user) || ' ' || pg_catalog.quote_ident(session_user) AS users
