-- Transactions of others in this database that are older than $1 milliseconds. Rows as all inspect_*.sql have them: verdict ('fail', or
-- 'unknown' where this role may not know), subject, text. Nothing that a session runs is told: its text may hold values.
SELECT 'fail' AS verdict, pg_catalog.format('session %s', a.pid) AS subject,
       pg_catalog.format('a transaction of role %s (%s, %s) is open since %s, for %s s', pg_catalog.quote_ident(a.usename),
                         coalesce(nullif(a.application_name, ''), 'unnamed'), a.state,
                         pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                         pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start))) AS text
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type = 'client backend'
  AND a.xact_start < pg_catalog.clock_timestamp() - $1::pg_catalog.int8 * interval '1 millisecond'
UNION ALL
SELECT 'unknown', '', pg_catalog.format('role %s may not see what %s session(s) of other roles do', pg_catalog.quote_ident(current_user), count(*))
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database() AND a.backend_type IS NULL AND a.usesysid IS NOT NULL
HAVING count(*) > 0
ORDER BY 1, 2
