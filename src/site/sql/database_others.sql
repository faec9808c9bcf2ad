-- Who else is connected to the session's own database: application, process id, user; one row per session.
SELECT a.application_name, a.pid, a.usename
FROM pg_catalog.pg_stat_activity a
WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND a.backend_type OPERATOR(pg_catalog.=) 'client backend'
ORDER BY a.pid
