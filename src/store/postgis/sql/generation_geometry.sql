-- Column $3 of table $2 of schema $1, if it is a geometry or geography: the expression for t.NAME as a geometry, the schema where PostGIS
-- stands with a dot, the typmod.
WITH RECURSIVE base AS (
    SELECT a.attname, a.atttypid AS type, a.atttypmod AS typmod
    FROM pg_namespace AS n
    JOIN pg_class AS c ON c.relnamespace = n.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
    UNION ALL
    SELECT b.attname, t.typbasetype, t.typtypmod
    FROM base AS b
    JOIN pg_type AS t ON t.oid = b.type AND t.typtype = 'd'
)
SELECT format('t.%I::%I.geometry', b.attname, n.nspname), quote_ident(n.nspname) || '.', b.typmod
FROM base AS b
JOIN pg_type AS t ON t.oid = b.type AND t.typname IN ('geometry', 'geography')
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE EXISTS (
    SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND e.extname = 'postgis')
