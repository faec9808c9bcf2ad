-- Whose transaction this is, and whether the server counts what it does.
SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid,
       pg_catalog.concat(current_user, '|', session_user) AS users,
       pg_catalog.current_setting('track_counts')::pg_catalog.bool AS counts
