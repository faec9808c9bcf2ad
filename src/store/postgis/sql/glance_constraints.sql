-- Constraints of the relations that glance_held.sql found: as catalog_constraints.sql, but for what foreign keys refer to and comments.
SELECT k.conrelid, k.conname AS name, k.contype::text AS type, k.conkey::text AS key,
       CASE k.contype
           WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid)
           WHEN 'x' THEN pg_get_constraintdef(k.oid)
       END AS expression,
       NULL AS other, NULL AS other_key, NULL AS matches, NULL AS on_update, NULL AS on_delete, NULL AS set_columns,
       k.condeferrable, k.condeferred, v.conenforced, v.conperiod, k.convalidated, k.connoinherit, k.coninhcount > 0 AS is_inherited,
       k.conislocal, NULL AS description
FROM (SELECT true AS conenforced, false AS conperiod) AS absent
CROSS JOIN pg_constraint AS k
-- Columns of version 18: unknown names in the inner query mean those of "absent".
CROSS JOIN LATERAL (SELECT conenforced, conperiod FROM (SELECT k.*) AS x) AS v
WHERE k.conrelid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND k.contype <> 't'
