-- Who holds what backend $1 waits for: application, process id, user, state; one row per blocking session.
SELECT a.application_name, a.pid, a.usename, a.state
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::pg_catalog.int4)) AS b(pid)
JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) b.pid
ORDER BY a.pid
