-- Sessions of this database that have waited for a lock for more than $1 milliseconds, and who holds it. Locks and who blocks whom are
-- told to every role; since when is not: what this role may not know counts as too long.
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT l.pid FROM pg_catalog.pg_locks AS l
    WHERE NOT l.granted
      AND (l.database IS NULL OR l.database IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())))
)
SELECT 'fail' AS verdict, pg_catalog.format('session %s', w.pid) AS subject,
       pg_catalog.format('it waits for %s',
                         (SELECT pg_catalog.string_agg(pg_catalog.format('session %s (%s)', b.pid,
                                                                         coalesce(nullif(h.application_name, ''), 'role ' || pg_catalog.quote_ident(h.usename), 'a prepared transaction')),
                                                       ', ' ORDER BY b.pid)
                          FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b(pid)
                          LEFT JOIN pg_catalog.pg_stat_activity AS h ON h.pid = b.pid)) AS text
FROM waiting AS w
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
WHERE (a.datname IS NULL OR a.datname = pg_catalog.current_database())
  AND pg_catalog.cardinality(pg_catalog.pg_blocking_pids(w.pid)) > 0
  AND (a.query_start IS NULL OR a.query_start <= pg_catalog.clock_timestamp() - $1::pg_catalog.int8 * interval '1 millisecond')
ORDER BY w.pid
