-- How many sessions wait for a lock that this one has.
SELECT pg_catalog.count(*)
FROM pg_catalog.pg_stat_activity a
WHERE a.wait_event_type OPERATOR(pg_catalog.=) 'Lock' AND pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids(a.pid))
