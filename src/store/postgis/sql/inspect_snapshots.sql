-- Who has held a snapshot of this database for more than $1 milliseconds: a statement that runs CONCURRENTLY waits for each.
SELECT 'fail' AS verdict, pg_catalog.format('session %s', a.pid) AS subject,
       pg_catalog.format('its snapshot (%s) is %s', coalesce(nullif(a.application_name, ''), 'role ' || pg_catalog.quote_ident(a.usename)),
                         coalesce('held since ' || pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                                  'of an age that this role may not know')) AS text
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.usesysid IS NOT NULL
  AND a.backend_xmin IS NOT NULL
  AND (a.xact_start IS NULL OR a.xact_start < pg_catalog.clock_timestamp() - $1::pg_catalog.int8 * interval '1 millisecond')
ORDER BY a.pid
