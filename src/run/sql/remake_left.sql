-- Of the views, materialized views and functions at $1 (catalogs) and $2 (oids), all of which may go: what drops each, in an order in which that can be done. A function
-- that was written in the transaction that runs it stays: the text has it still, with these arguments.
WITH RECURSIVE given AS (
    SELECT g.classid, g.objid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS g(classid, objid)
), edge AS (
    SELECT d.refclassid, d.refobjid,
           CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid END AS classid,
           COALESCE(w.ev_class, d.objid) AS objid
    FROM given g
    JOIN pg_catalog.pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
), walk AS (
    SELECT g.classid, g.objid, 0 AS depth FROM given g
    UNION
    SELECT g.classid, g.objid, w.depth + 1
    FROM walk w
    JOIN edge e ON e.refclassid = w.classid AND e.refobjid = w.objid
    JOIN given g ON g.classid = e.classid AND g.objid = e.objid
    WHERE (g.classid, g.objid) <> (w.classid, w.objid) AND w.depth < 1000
), found AS (
    SELECT w.classid, w.objid, pg_catalog.max(w.depth) AS depth FROM walk w GROUP BY w.classid, w.objid
)
SELECT CASE WHEN c.oid IS NOT NULL
            THEN pg_catalog.format('DROP %s %I.%I', CASE WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, n.nspname, c.relname)
            ELSE pg_catalog.format('DO %L', pg_catalog.format('BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = %s AND xmin <> pg_catalog.pg_current_xact_id()::pg_catalog.xid) THEN DROP %s %I.%I(%s); END IF; END',
                     p.oid, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)))
       END AS dropped
FROM found f
LEFT JOIN pg_catalog.pg_class c ON f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = f.objid
LEFT JOIN pg_catalog.pg_proc p ON f.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = f.objid
JOIN pg_catalog.pg_namespace n ON n.oid = COALESCE(c.relnamespace, p.pronamespace)
ORDER BY f.depth DESC, 1
