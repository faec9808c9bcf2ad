-- How one thing leads to another in this database, around the names in $1 (schemas) and $2 (bare names): what changed or was read.
-- Asked only where a migration failed for what it reached. Rows: from and to (kind, schema, name), what leads there as text (NULL: the
-- code of the function names it; words of code are all that is known of it), whether only who writes comes along.
WITH named AS MATERIALIZED (
    SELECT DISTINCT g.name
    FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS g (schema, name)
), rel AS MATERIALIZED (
    SELECT DISTINCT c.oid, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, n.nspname, c.relname,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS text
    FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS g (schema, name)
    JOIN pg_namespace AS n ON n.nspname = g.schema
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = g.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
), fn AS MATERIALIZED (
    SELECT p.oid, n.nspname, p.proname, p.prosrc
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
), code AS MATERIALIZED (
    -- Words of functions' code.
    SELECT DISTINCT f.oid, lower(w.m[1]) AS word
    FROM fn AS f
    CROSS JOIN LATERAL regexp_matches(f.prosrc, '[[:alnum:]_$]+', 'g') AS w (m)
), key AS (
    SELECT quote_ident(k.conname) AS name, o.kind, o.nspname, o.relname, o.text, t.kind AS to_kind, t.nspname AS to_nspname,
           t.relname AS to_relname, k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') AS cascades
    FROM pg_constraint AS k
    JOIN rel AS o ON o.oid = k.conrelid
    JOIN rel AS t ON t.oid = k.confrelid
    WHERE k.contype = 'f'
)
SELECT r.kind, r.nspname AS schema, r.relname AS name, 'function' AS to_kind, n.nspname AS to_schema, p.proname AS to_name,
       'trigger ' || quote_ident(t.tgname) || ' of ' || r.text AS by, true AS is_written
FROM pg_trigger AS t
JOIN rel AS r ON r.oid = t.tgrelid
JOIN pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal
   OR (t.tgparentid <> 0 AND t.tgconstraint = 0) -- before 15 that of a partition, made of its parent's, is internal
UNION ALL
SELECT 'event_trigger', '', e.evtname, 'function', n.nspname, p.proname, 'event trigger ' || quote_ident(e.evtname), true
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE e.evtenabled <> 'D'
UNION ALL
SELECT k.to_kind, k.to_nspname, k.to_relname, k.kind, k.nspname, k.relname, 'foreign key ' || k.name || ' of ' || k.text, true
FROM key AS k
WHERE k.cascades
UNION ALL
SELECT k.kind, k.nspname, k.relname, k.to_kind, k.to_nspname, k.to_relname, 'foreign key ' || k.name || ' of ' || k.text, true
FROM key AS k
UNION ALL
SELECT r.kind, r.nspname, r.relname, coalesce(o.kind, 'function'), coalesce(o.nspname, n.nspname), coalesce(o.relname, p.proname),
       CASE WHEN w.rulename = '_RETURN' THEN 'view ' || r.text ELSE 'rule ' || quote_ident(w.rulename) || ' of ' || r.text END,
       w.rulename <> '_RETURN'
FROM pg_rewrite AS w
JOIN rel AS r ON r.oid = w.ev_class
JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.deptype = 'n'
LEFT JOIN rel AS o ON d.refclassid = 'pg_class'::regclass AND o.oid = d.refobjid AND o.oid <> r.oid
LEFT JOIN fn AS p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
LEFT JOIN pg_namespace AS n ON n.nspname = p.nspname
WHERE o.oid IS NOT NULL OR p.oid IS NOT NULL
UNION ALL
-- Defaults, checks, policies and indexes that call a function, defaults that advance a sequence.
SELECT r.kind, r.nspname, r.relname, coalesce(o.kind, 'function'), coalesce(o.nspname, p.nspname), coalesce(o.relname, p.proname),
       x.what || ' of ' || r.text, true
FROM (
    SELECT 'pg_attrdef'::regclass AS classid, a.oid, a.adrelid AS relid, 'default' AS what FROM pg_attrdef AS a
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, k.conrelid, 'check ' || quote_ident(k.conname) FROM pg_constraint AS k WHERE k.contype = 'c'
    UNION ALL
    SELECT 'pg_policy'::regclass, y.oid, y.polrelid, 'policy ' || quote_ident(y.polname) FROM pg_policy AS y
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid, 'index ' || i.indexrelid::regclass FROM pg_index AS i
) AS x
JOIN rel AS r ON r.oid = x.relid
JOIN pg_depend AS d ON d.classid = x.classid AND d.objid = x.oid
LEFT JOIN fn AS p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
LEFT JOIN rel AS o ON d.refclassid = 'pg_class'::regclass AND o.oid = d.refobjid AND o.kind = 'sequence'
WHERE p.oid IS NOT NULL OR o.oid IS NOT NULL
UNION ALL
-- Bodies that the server keeps as parsed.
SELECT 'function', f.nspname, f.proname, r.kind, r.nspname, r.relname, NULL, false
FROM fn AS f
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
JOIN rel AS r ON r.oid = d.refobjid
UNION ALL
SELECT 'function', f.nspname, f.proname, 'function', g.nspname, g.proname, NULL, false
FROM fn AS f
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass
JOIN fn AS g ON g.oid = d.refobjid
UNION ALL
SELECT 'function', f.nspname, f.proname, 'table', '', m.name, NULL, false
FROM fn AS f
JOIN code AS w ON w.oid = f.oid
JOIN named AS m ON lower(m.name) = w.word
UNION ALL
SELECT 'function', f.nspname, f.proname, 'function', g.nspname, g.proname, NULL, false
FROM fn AS f
JOIN code AS w ON w.oid = f.oid
JOIN fn AS g ON lower(g.proname) = w.word AND g.oid <> f.oid
