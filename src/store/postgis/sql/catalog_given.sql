-- What came with the server or with an extension, where its owner or its privileges are not those that it came with. Such things are
-- no objects of their own otherwise.
-- $1 oids of pg_class, pg_proc, pg_type or pg_namespace, or NULL: all. Format 2 only.
WITH given AS (
    SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid, c.relnamespace AS namespace, c.relowner AS owner, c.relacl AS acl,
           CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS acl_kind,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table' WHEN 'S' THEN 'sequence'
                          ELSE 'table' END AS kind,
           c.relname::text AS name
    FROM pg_class AS c
    WHERE ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[])) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND (c.relacl IS NOT NULL OR c.relowner <> 10)
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.proowner, p.proacl, 'f', 'function',
           p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
    FROM pg_proc AS p
    WHERE ($1::oid[] IS NULL OR p.oid = ANY ($1::oid[])) AND (p.proacl IS NOT NULL OR p.proowner <> 10)
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.typowner, t.typacl, 'T', 'type', t.typname
    FROM pg_type AS t
    WHERE ($1::oid[] IS NULL OR t.oid = ANY ($1::oid[])) AND (t.typacl IS NOT NULL OR t.typowner <> 10)
      AND t.typrelid = 0 AND t.typcategory <> 'A'
    UNION ALL
    SELECT 'pg_namespace'::regclass, n.oid, NULL, n.nspowner, n.nspacl, 'n', 'schema', n.nspname
    FROM pg_namespace AS n
    WHERE ($1::oid[] IS NULL OR n.oid = ANY ($1::oid[])) AND (n.nspacl IS NOT NULL OR n.nspowner <> 10) AND n.nspname <> 'public'
), found AS (
    -- The server notes what it gives with what it makes, but not of the information schema.
    SELECT g.*, n.nspname,
           coalesce(i.initprivs, acldefault(g.acl_kind, g.owner)
                                 || CASE WHEN n.nspname = 'information_schema' AND g.acl_kind = 'r' THEN
                                        ARRAY[makeaclitem(0, g.owner, 'SELECT', false)]
                                    WHEN g.kind = 'schema' AND g.name = 'information_schema' THEN
                                        ARRAY[makeaclitem(0, g.owner, 'USAGE', false)] END) AS initial,
           CASE WHEN g.objid < 16384 THEN 10 ELSE e.extowner END AS giver
    FROM given AS g
    LEFT JOIN pg_depend AS d ON d.classid = g.classid AND d.objid = g.objid AND d.objsubid = 0 AND d.deptype = 'e'
    LEFT JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
    LEFT JOIN pg_namespace AS n ON n.oid = g.namespace
    LEFT JOIN pg_init_privs AS i ON i.classoid = g.classid AND i.objoid = g.objid AND i.objsubid = 0
    WHERE (g.objid < 16384 OR e.oid IS NOT NULL) AND n.nspname IS DISTINCT FROM 'kfmig'
      AND (g.acl IS NOT NULL AND g.acl IS DISTINCT FROM i.initprivs
           OR g.owner NOT IN (10, CASE WHEN g.objid < 16384 THEN 10 ELSE e.extowner END))
)
SELECT x.classid, x.objid, x.kind, coalesce(x.nspname, '') AS schema, x.name, f.facet, f.value
FROM found AS x
CROSS JOIN LATERAL (
    VALUES
        ('acl', CASE WHEN x.acl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', x.acl::text, x.initial::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('owner', CASE WHEN x.owner NOT IN (10, x.giver) THEN pg_get_userbyid(x.owner)::text END)
) AS f (facet, value)
WHERE f.value IS NOT NULL AND (f.facet = 'owner' OR x.acl IS DISTINCT FROM x.initial)
UNION ALL
SELECT 'pg_class'::regclass, c.oid, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table'
                                                   ELSE 'table' END,
       n.nspname, c.relname, 'acl of column ' || a.attname,
       E'\x01A' || replace(ARRAY['', a.attacl::text, coalesce(i.initprivs, '{}')::text]::text, E'\x02', E'\x02\x02') || E'\x02'
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_init_privs AS i ON i.classoid = 'pg_class'::regclass AND i.objoid = a.attrelid AND i.objsubid = a.attnum
WHERE ($1::oid[] IS NULL OR a.attrelid = ANY ($1::oid[])) AND a.attacl IS NOT NULL AND a.attacl IS DISTINCT FROM i.initprivs
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'kfmig'
  AND (a.attrelid < 16384 OR EXISTS (SELECT FROM pg_depend AS d
                                     WHERE d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = 0
                                       AND d.deptype = 'e'))
