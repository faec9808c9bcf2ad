-- Foreign keys of table $2 in schema $1, a row per column and in order: the key's number from 1, how many columns it has, the column,
-- the referenced table's schema and name, is it the table itself, the referenced column, the operator's schema and name.
SELECT pg_catalog.dense_rank() OVER (ORDER BY k.oid), pg_catalog.cardinality(k.conkey), a.attname, n.nspname, f.relname,
       k.confrelid = k.conrelid, b.attname, o.nspname, p.oprname
FROM pg_catalog.pg_constraint AS k
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
    WITH ORDINALITY AS c (here, there, operator, place)
JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.here
JOIN pg_catalog.pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = c.there
JOIN pg_catalog.pg_operator AS p ON p.oid = c.operator
JOIN pg_catalog.pg_namespace AS o ON o.oid = p.oprnamespace
WHERE k.contype = 'f'
  AND k.conrelid = (SELECT t.oid
                    FROM pg_catalog.pg_class AS t
                    JOIN pg_catalog.pg_namespace AS s ON s.oid = t.relnamespace
                    WHERE s.nspname = $1::pg_catalog.text AND t.relname = $2::pg_catalog.text)
ORDER BY 1, c.place
