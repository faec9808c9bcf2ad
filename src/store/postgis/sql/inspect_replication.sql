-- Replicas that are more than $1 milliseconds behind, or more than $2 bytes of WAL: one whose replay stands still has no lag in time.
SELECT CASE WHEN r.state IS NULL THEN 'unknown' ELSE 'fail' END AS verdict,
       pg_catalog.format('replica %s', coalesce(nullif(r.application_name, ''), r.pid::pg_catalog.text)) AS subject,
       CASE WHEN r.state IS NULL
            THEN pg_catalog.format('role %s may not see how far it is', pg_catalog.quote_ident(current_user))
            WHEN r.state IN ('startup', 'catchup') THEN pg_catalog.format('it is in state %s', r.state)
            WHEN r.replay_lag IS NULL OR r.replay_lag <= $1::pg_catalog.int8 * interval '1 millisecond'
            THEN pg_catalog.format('it is %s bytes of WAL behind', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn))
            ELSE pg_catalog.format('it is %s ms behind', pg_catalog.floor(EXTRACT(epoch FROM r.replay_lag) * 1000)) END AS text
FROM pg_catalog.pg_stat_replication AS r
WHERE r.state IS NULL OR r.state IN ('startup', 'catchup')
   OR r.replay_lag > $1::pg_catalog.int8 * interval '1 millisecond'
   OR pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn) > $2::pg_catalog.int8
ORDER BY 2
