-- The system catalogs there are, and what observe_counters.sql says of each: for a session's first transaction.
SELECT c.oid, c.relname, pg_stat_get_xact_tuples_inserted(c.oid) AS inserted, pg_stat_get_xact_tuples_updated(c.oid) AS updated,
       pg_stat_get_xact_tuples_deleted(c.oid) AS deleted
FROM pg_class AS c
WHERE c.oid < 16384 AND c.relkind = 'r' AND c.relnamespace = 'pg_catalog'::regnamespace
