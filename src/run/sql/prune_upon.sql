-- What stands on the objects at $1 (catalogs) and $2 (oids), or on the type of their rows, and is none of them, as people call it: five at most. $3: triggers, too.
WITH given AS (
    SELECT g.classid, g.objid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS g(classid, objid)
), base AS (
    SELECT g.classid, g.objid FROM given g
    UNION
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, c.reltype
    FROM given g
    JOIN pg_catalog.pg_class c ON g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = g.objid
), upon AS (
    SELECT DISTINCT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid END AS classid, COALESCE(w.ev_class, d.objid) AS objid
    FROM base b
    JOIN pg_catalog.pg_depend d ON d.refclassid = b.classid AND d.refobjid = b.objid AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
)
SELECT pg_catalog.pg_describe_object(u.classid, u.objid, 0) AS upon
FROM upon u
WHERE NOT EXISTS (SELECT FROM given g WHERE g.classid = u.classid AND g.objid = u.objid)
  AND ($3::pg_catalog.bool OR u.classid <> 'pg_catalog.pg_trigger'::pg_catalog.regclass)
ORDER BY 1
LIMIT 5
