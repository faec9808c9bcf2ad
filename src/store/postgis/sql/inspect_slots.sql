-- Replication slots that nobody reads and that keep more than $1 bytes of WAL, or that have lost what they were to keep.
SELECT 'fail' AS verdict, 'replication slot ' || pg_catalog.quote_ident(s.slot_name) AS subject,
       CASE WHEN s.wal_status IN ('unreserved', 'lost') THEN pg_catalog.format('its WAL is %s', s.wal_status)
            ELSE pg_catalog.format('nobody reads it, and it keeps %s bytes of WAL',
                                   pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)) END AS text
FROM pg_catalog.pg_replication_slots AS s
WHERE s.wal_status IN ('unreserved', 'lost')
   OR (NOT s.active AND pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn) > $1::pg_catalog.int8)
ORDER BY 2
