-- Schemas and extensions.
-- $1 oids of pg_namespace or pg_extension, or NULL: all.
SELECT 'pg_namespace'::regclass::oid AS classid, n.oid AS objid, 'schema' AS kind, '' AS schema, n.nspname AS name, f.facet, f.value
FROM pg_namespace AS n
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(n.nspowner)::text),
        ('acl', CASE WHEN n.nspacl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', n.nspacl::text, acldefault('n', n.nspowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' END)
) AS f (facet, value)
WHERE ($1::oid[] IS NULL OR n.oid = ANY ($1::oid[]))
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'kfmig')
  AND f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_extension'::regclass, e.oid, 'extension', '', e.extname, f.facet, f.value
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
CROSS JOIN LATERAL (
    VALUES
        ('version', e.extversion),
        ('schema', quote_ident(n.nspname))
) AS f (facet, value)
WHERE ($1::oid[] IS NULL OR e.oid = ANY ($1::oid[]))
