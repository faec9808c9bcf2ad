-- Columns of table $2 of schema $1 and how their values become bytes, but for those named $3 and generated ones that are computed from
-- one of these. Rows: name, type, the expression for column t.NAME.
-- What the binary form of arrays, rows and ranges says of their parts are numbers that differ from server to server, and names of
-- objects are numbers too: these are taken as text.
WITH RECURSIVE base AS (
    SELECT a.attnum, a.attname, a.attrelid, a.attgenerated, a.atttypid AS type
    FROM pg_namespace AS n
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = $1 AND c.relname = $2
    UNION ALL
    SELECT b.attnum, b.attname, b.attrelid, b.attgenerated, t.typbasetype
    FROM base AS b
    JOIN pg_type AS t ON t.oid = b.type AND t.typtype = 'd'
)
SELECT b.attname, t.typname,
       CASE WHEN f.oid IS NULL OR f.proname ~ '^(array|record|range|multirange)_send$|^reg.*send$|vectorsend$'
            THEN format('textsend(t.%I::text)', b.attname)
            ELSE format('%I.%I(t.%I)', fn.nspname, f.proname, b.attname)
       END
FROM base AS b
JOIN pg_type AS t ON t.oid = b.type AND t.typtype <> 'd'
LEFT JOIN pg_proc AS f ON f.oid = t.typsend
LEFT JOIN pg_namespace AS fn ON fn.oid = f.pronamespace
LEFT JOIN pg_attrdef AS d ON d.adrelid = b.attrelid AND d.adnum = b.attnum AND b.attgenerated <> ''
WHERE b.attname <> ALL ($3::text[])
  AND NOT EXISTS (
      SELECT
      FROM regexp_matches(d.adbin::text, ':varattno ([0-9]+)', 'g') AS m (id)
      JOIN pg_attribute AS s ON s.attrelid = b.attrelid AND s.attnum = m.id[1]::int2
      WHERE s.attname = ANY ($3::text[]))
