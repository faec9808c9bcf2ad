-- Who may still see the database as it was before $1 (generation_horizon.sql). A snapshot's oldest transaction may be an old one because
-- somebody has been writing for long: a session that began after that time counts only if its snapshot reaches back further than one
-- taken now. Times of other roles' sessions are hidden from ordinary roles: then such a session counts.
WITH horizon AS MATERIALIZED (
    SELECT pg_catalog.age(pg_catalog.split_part($1, ' ', 1)::pg_catalog.xid8::pg_catalog.xid) AS age,
           pg_catalog.age(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.xid) AS age_now,
           nullif(pg_catalog.split_part($1, ' ', 2), '')::pg_catalog.timestamptz AS at
)
SELECT pg_catalog.format('session %s (%s)', a.pid,
                         coalesce(nullif(a.application_name, ''), 'role ' || pg_catalog.quote_ident(a.usename), 'unnamed')) AS who
FROM horizon AS h
JOIN pg_catalog.pg_stat_activity AS a ON pg_catalog.age(a.backend_xmin) > h.age
WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.usesysid IS NOT NULL AND a.leader_pid IS NULL
  AND (a.datname = pg_catalog.current_database() OR a.pid IN (SELECT r.pid FROM pg_catalog.pg_stat_replication AS r))
  AND (h.at IS NULL OR a.xact_start IS NULL OR a.xact_start <= h.at OR pg_catalog.age(a.backend_xmin) > h.age_now)
UNION ALL
SELECT 'prepared transaction ' || pg_catalog.quote_ident(p.gid)
FROM horizon AS h
JOIN pg_catalog.pg_prepared_xacts AS p ON pg_catalog.age(p.transaction) > h.age
WHERE p.database = pg_catalog.current_database()
UNION ALL
SELECT 'replication slot ' || s.slot_name
FROM horizon AS h
JOIN pg_catalog.pg_replication_slots AS s ON pg_catalog.age(s.xmin) > h.age
WHERE s.database IS NULL OR s.database = pg_catalog.current_database()
ORDER BY 1
