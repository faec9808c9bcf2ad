-- What a constraint or a unique index called $3 is over, of table $2 in schema $1 or of one of its partitions, in its order. Rows: the column or
-- the expression, is it an expression, is it an index without a constraint.
WITH home AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::pg_catalog.text AND c.relname = $2::pg_catalog.text
), part AS (
    SELECT h.oid FROM home AS h
    UNION
    SELECT p.relid FROM home AS h CROSS JOIN LATERAL pg_catalog.pg_partition_tree(h.oid) AS p
), named AS (
    SELECT k.conrelid AS relid, CASE WHEN k.contype = 'x' THEN k.conindid END AS index, false AS is_index, k.conkey AS columns,
           pg_catalog.cardinality(k.conkey) AS n
    FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid IN (SELECT p.oid FROM part AS p) AND k.conname = $3::pg_catalog.text
    UNION ALL
    SELECT i.indrelid, i.indexrelid, true, i.indkey::pg_catalog.int2[], i.indnkeyatts
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    WHERE i.indrelid IN (SELECT p.oid FROM part AS p) AND x.relname = $3::pg_catalog.text
    LIMIT 1
)
SELECT coalesce(a.attname::pg_catalog.text, pg_catalog.pg_get_indexdef(k.index, u.place::pg_catalog.int4, true)), a.attname IS NULL, k.is_index
FROM named AS k
CROSS JOIN LATERAL pg_catalog.unnest(k.columns) WITH ORDINALITY AS u (number, place)
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.relid AND a.attnum = u.number
WHERE u.place <= k.n AND (a.attname IS NOT NULL OR k.index IS NOT NULL)
ORDER BY u.place
