-- What a program left on the server: its sessions, known by the name $1, but for this one; transactions that were prepared since $2, in this database.
SELECT 'session ' || a.pid || ' of it is still open (' || COALESCE(a.state, 'unknown') || ')' AS left_open
FROM pg_catalog.pg_stat_activity a
WHERE a.application_name = $1 AND a.pid <> pg_catalog.pg_backend_pid()
UNION ALL
SELECT 'it left a prepared transaction'
FROM pg_catalog.pg_prepared_xacts p
WHERE p.database = pg_catalog.current_database() AND p.prepared >= $2::pg_catalog.timestamptz
ORDER BY 1 DESC
