-- The columns of table $2 in schema $1, in their order; none if there is no such table. type: the name of a base type of PostgreSQL or PostGIS,
-- else empty. What domains say counts as the column's own. base: for geometry, geography and domains over them, the type at the bottom.
-- element: of an array, what type is. is_secured: row security holds for us there.
WITH RECURSIVE postgis AS (
    SELECT t.oid, t.typname
    FROM pg_catalog.pg_extension AS x
    JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = x.oid AND d.deptype = 'e'
    JOIN pg_catalog.pg_type AS t ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid
    WHERE x.extname = 'postgis' AND t.typname IN ('geometry', 'geography')
), layer AS (
    SELECT a.attnum, a.atttypid AS oid, a.atttypmod AS typmod, a.attnotnull AS not_null, a.atthasdef OR a.attidentity <> '' AS has_default, 0 AS depth
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = $1::pg_catalog.name AND c.relname = $2::pg_catalog.name AND c.relkind IN ('r', 'p')
  UNION ALL
    SELECT l.attnum, t.typbasetype, t.typtypmod, l.not_null OR t.typnotnull, l.has_default OR t.typdefault IS NOT NULL, l.depth + 1
    FROM layer AS l
    JOIN pg_catalog.pg_type AS t ON t.oid = l.oid AND t.typtype = 'd'
), bottom AS (
    SELECT DISTINCT ON (attnum) * FROM layer ORDER BY attnum, depth DESC
)
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS shown,
       CASE WHEN g.typname = 'geometry' AND b.depth = 0 THEN 'geometry'
            WHEN t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND t.typtype = 'b' THEN t.typname::pg_catalog.text
            ELSE '' END AS type,
       a.atttypmod AS typmod, b.not_null, b.has_default, a.attgenerated <> '' AS is_generated,
       g.typname AS geometry, CASE WHEN b.typmod >= 0 THEN pg_catalog.format_type(b.oid, b.typmod) END AS base,
       CASE WHEN e.oid IS NULL THEN NULL
            WHEN e.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND e.typtype = 'b' THEN e.typname::pg_catalog.text
            ELSE '' END AS element,
       b.typmod AS element_typmod, pg_catalog.row_security_active(c.oid) AS is_secured
FROM bottom AS b
JOIN pg_catalog.pg_attribute AS a ON a.attnum = b.attnum
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relname = $2::pg_catalog.name
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = $1::pg_catalog.name
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN postgis AS g ON g.oid = b.oid
LEFT JOIN pg_catalog.pg_type AS l ON l.oid = b.oid AND l.typcategory = 'A' AND l.typlen = -1
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = l.typelem
ORDER BY a.attnum
