-- Who and when; slots as in observe_begin.sql. One row.
SELECT pg_current_xact_id()::text AS xid,
       current_user || '|' || session_user AS users,
       current_setting('track_counts') = 'on' AS counts,
       has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS reads_all,
       EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname IN (current_user, session_user) AND r.rolsuper) AS is_super,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now,
       (SELECT pg_catalog.string_agg(pg_catalog.concat(s.slot_name, ' ', CASE WHEN NOT s.active THEN
                                                       coalesce(s.confirmed_flush_lsn, s.restart_lsn, '0/0') END),
                                     E'\n' ORDER BY s.slot_name)
        FROM pg_catalog.pg_replication_slots AS s
        WHERE NOT s.temporary OR s.active_pid = pg_catalog.pg_backend_pid()) AS slots
