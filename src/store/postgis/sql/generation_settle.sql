-- The statements that settle schema $1 after a load, in order: sequences that its columns own or take their defaults from are set past
-- the values present (all of them: policies count as an error; by RESTART first, which gives them new storage, so that a rollback undoes setval() too), materialized views are
-- refreshed, those that others read first, and what holds rows is analyzed.
WITH RECURSIVE home AS (
    SELECT n.oid, n.nspname FROM pg_namespace AS n WHERE n.nspname = $1
), used AS (
    SELECT q.seqrelid, c.oid AS table_oid, a.attname, a.attnum
    FROM home AS h
    JOIN pg_class AS c ON c.relnamespace = h.oid AND c.relkind IN ('r', 'p')
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                          AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
    JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                       AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
    JOIN pg_sequence AS q ON q.seqrelid = d.objid
    UNION
    SELECT q.seqrelid, c.oid, a.attname, a.attnum
    FROM home AS h
    JOIN pg_class AS c ON c.relnamespace = h.oid AND c.relkind IN ('r', 'p')
    JOIN pg_attrdef AS f ON f.adrelid = c.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = f.adnum
                          AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
    JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_sequence AS q ON q.seqrelid = d.refobjid
), sequence AS (
    SELECT u.seqrelid, format('%I.%I', h.nspname, s.relname) AS name, q.seqincrement > 0 AS goes_up, q.seqincrement, u.present
    FROM home AS h
    JOIN pg_class AS s ON s.relnamespace = h.oid
    JOIN pg_sequence AS q ON q.seqrelid = s.oid
    JOIN (
        SELECT u.seqrelid, string_agg(
                   format('SELECT %s(pg_catalog.%s(t.%I)::numeric) AS v FROM %I.%I AS t WHERE t.%I BETWEEN %s AND %s',
                          CASE WHEN q.seqincrement > 0 THEN 'pg_catalog.floor' ELSE 'pg_catalog.ceil' END,
                          CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, u.attname, h.nspname, c.relname, u.attname,
                          q.seqmin, q.seqmax), ' UNION ALL ' ORDER BY u.table_oid, u.attnum) AS present
        FROM used AS u
        JOIN pg_class AS c ON c.oid = u.table_oid
        JOIN pg_sequence AS q ON q.seqrelid = u.seqrelid
        CROSS JOIN home AS h
        GROUP BY u.seqrelid
    ) AS u ON u.seqrelid = s.oid
), edge AS (
    -- From what reads to what is read; a view's query is a rule of its own, a function's body counts if it is bound.
    SELECT w.ev_class AS reader, 'pg_class'::regclass::oid AS reader_class, d.refobjid AS source, d.refclassid AS source_class
    FROM pg_rewrite AS w
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refobjid <> w.ev_class
                       AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
    WHERE w.rulename = '_RETURN'
    UNION
    SELECT d.objid, d.classid, d.refobjid, d.refclassid
    FROM pg_depend AS d
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
), reads AS (
    SELECT c.oid AS view, c.oid AS source, 'pg_class'::regclass::oid AS source_class
    FROM home AS h
    JOIN pg_class AS c ON c.relnamespace = h.oid AND c.relkind = 'm'
    UNION
    SELECT r.view, e.source, e.source_class
    FROM reads AS r
    JOIN edge AS e ON e.reader = r.source AND e.reader_class = r.source_class
), step AS (
    SELECT 1 AS phase, 0 AS depth, s.name,
           format('DO %L', format(
               'DECLARE v numeric; was text := pg_catalog.current_setting(''row_security''); BEGIN '
               'PERFORM pg_catalog.set_config(''row_security'', ''off'', true); SELECT p.v INTO v FROM (SELECT pg_catalog.%s(u.v) AS v FROM (%s) AS u) AS p CROSS JOIN %s AS s '
               'WHERE p.v %s CASE WHEN s.is_called THEN s.last_value::numeric + (%s) ELSE s.last_value::numeric END; '
               'IF v IS NOT NULL THEN ALTER SEQUENCE %s RESTART; PERFORM pg_catalog.setval(%s::pg_catalog.oid::pg_catalog.regclass, '
               'v::pg_catalog.int8, true); END IF; PERFORM pg_catalog.set_config(''row_security'', was, true); END',
               CASE WHEN s.goes_up THEN 'max' ELSE 'min' END, s.present, s.name, CASE WHEN s.goes_up THEN '>=' ELSE '<=' END,
               s.seqincrement, s.name, s.seqrelid)) AS statement
    FROM sequence AS s
    UNION ALL
    -- A view that reads another reads more views than that one does.
    SELECT 2, count(m.oid), c.relname::text, format('REFRESH MATERIALIZED VIEW %I.%I', h.nspname, c.relname)
    FROM home AS h
    JOIN reads AS r ON true
    JOIN pg_class AS c ON c.oid = r.view
    LEFT JOIN pg_class AS m ON r.source_class = 'pg_class'::regclass AND m.oid = r.source AND m.relkind = 'm'
    GROUP BY h.nspname, c.oid, c.relname
    UNION ALL
    -- A partitioned table's statistics bring those of its partitions along.
    SELECT 3, 0, c.relname, format('ANALYZE %I.%I', h.nspname, c.relname)
    FROM home AS h
    JOIN pg_class AS c ON c.relnamespace = h.oid AND c.relkind IN ('r', 'p', 'm')
    WHERE NOT c.relispartition OR NOT EXISTS (
        SELECT FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid AND p.relnamespace = h.oid)
)
SELECT s.statement FROM step AS s ORDER BY s.phase, s.depth, s.name COLLATE "C"
