-- Before version 15: rows that this backend has counted for user tables in earlier transactions and not yet reported.
SELECT c.oid, pg_stat_get_xact_tuples_inserted(c.oid) AS inserted, pg_stat_get_xact_tuples_updated(c.oid) AS updated,
       pg_stat_get_xact_tuples_deleted(c.oid) AS deleted
FROM pg_class AS c
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm')
  AND (pg_stat_get_xact_tuples_inserted(c.oid) <> 0 OR pg_stat_get_xact_tuples_updated(c.oid) <> 0
       OR pg_stat_get_xact_tuples_deleted(c.oid) <> 0)
