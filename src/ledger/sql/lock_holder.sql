-- Who has the lock $1 (1: the run's, 2: the work's). At most one row. What the role may not see is NULL. state: as pg_stat_activity has it;
-- blocker: whom it waits for, if anybody.
SELECT a.application_name, k.pid,
       pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
       l.holder, a.state, (pg_catalog.pg_blocking_pids(k.pid))[1] AS blocker
FROM pg_catalog.pg_locks k
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = k.pid
LEFT JOIN (SELECT * FROM kfmig.lease LIMIT 1) AS l ON true
WHERE k.locktype = 'advisory' AND k.granted AND k.pid <> pg_catalog.pg_backend_pid()
  AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND k.classid = 1801874791 AND k.objid = $1::pg_catalog.oid AND k.objsubid = 2
ORDER BY k.pid
LIMIT 1
