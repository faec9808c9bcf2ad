-- The columns that a constraint or a unique index called $3 is over, of table $2 in schema $1 or of one of its partitions, in its order; an
-- expression is none of them.
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
    SELECT k.conrelid AS relid, k.conkey AS columns, pg_catalog.cardinality(k.conkey) AS n
    FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid IN (SELECT p.oid FROM part AS p) AND k.conname = $3::pg_catalog.text
    UNION ALL
    SELECT i.indrelid, i.indkey::pg_catalog.int2[], i.indnkeyatts
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    WHERE i.indrelid IN (SELECT p.oid FROM part AS p) AND x.relname = $3::pg_catalog.text
    LIMIT 1
)
SELECT a.attname
FROM named AS k
CROSS JOIN LATERAL pg_catalog.unnest(k.columns) WITH ORDINALITY AS u (number, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.relid AND a.attnum = u.number
WHERE u.place <= k.n
ORDER BY u.place
