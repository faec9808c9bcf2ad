-- Indexes among the relations that glance_held.sql found: as catalog_indexes.sql, but for comments, and the index itself.
SELECT x.indrelid, c.relname AS name, m.amname AS method, x.indisunique, x.indisprimary, x.indnkeyatts, x.indkey::text AS key,
       x.indclass::text AS classes, x.indcollation::text AS collations, x.indoption::text AS options, v.indnullsnotdistinct,
       CASE WHEN x.indexprs IS NOT NULL OR x.indpred IS NOT NULL THEN '?' END AS tail,
       c.reloptions::text AS storage, x.indimmediate, x.indisvalid, x.indisclustered, x.indisreplident,
       CASE WHEN c.reltablespace <> 0 THEN '?' END AS tablespace, NULL AS statistics, NULL AS description,
       x.indexrelid
FROM (SELECT false AS indnullsnotdistinct) AS absent
CROSS JOIN pg_index AS x
-- A column of version 15: an unknown name in the inner query means that of "absent".
CROSS JOIN LATERAL (SELECT indnullsnotdistinct FROM (SELECT x.*) AS y) AS v
JOIN pg_class AS c ON c.oid = x.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
WHERE x.indexrelid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[])
