-- Whose transaction this is, whether the server counts what it does, and what stands outside of transactions: replication slots, with
-- where those that nobody follows just now have come to, one a line.
SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid,
       pg_catalog.concat(current_user, '|', session_user) AS users,
       pg_catalog.current_setting('track_counts')::pg_catalog.bool AS counts,
       (SELECT pg_catalog.string_agg(pg_catalog.concat(s.slot_name, ' ', CASE WHEN NOT s.active THEN
                                                       coalesce(s.confirmed_flush_lsn, s.restart_lsn, '0/0') END),
                                     E'\n' ORDER BY s.slot_name)
        FROM pg_catalog.pg_replication_slots AS s
        WHERE NOT s.temporary OR s.active_pid = pg_catalog.pg_backend_pid()) AS slots
