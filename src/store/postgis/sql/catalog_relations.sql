-- Tables, views, materialized views, foreign tables and sequences that no column owns: themselves, without their parts.
-- $1 oids of pg_class, or NULL: all. Rows of a class query: classid, objid, kind, schema, name, facet, value; kind is NULL for
-- parts of an object that another row has named.
WITH wanted AS (
    SELECT c.*, n.nspname,
           CASE c.relkind
               WHEN 'v' THEN 'view'
               WHEN 'm' THEN 'materialized_view'
               WHEN 'f' THEN 'foreign_table'
               WHEN 'S' THEN 'sequence'
               ELSE 'table'
           END AS kind
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[]))
      AND c.oid >= 16384
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_'
      AND n.nspname NOT IN ('information_schema', 'kfmig')
      AND NOT EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      AND NOT (c.relkind = 'S' AND EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0))
)
SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid, c.kind, c.nspname AS schema, c.relname AS name,
       'owner' AS facet, pg_get_userbyid(c.relowner)::text AS value, c.relfilenode
FROM wanted AS c
UNION ALL
SELECT 'pg_class'::regclass, c.oid, NULL, NULL, NULL, f.facet, f.value, c.relfilenode
FROM wanted AS c
CROSS JOIN LATERAL (
    VALUES
        ('acl', CASE WHEN c.relacl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', c.relacl::text, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('persistence', CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END),
        ('options', CASE WHEN c.reloptions IS NOT NULL THEN
            E'\x01o' || replace(ARRAY['', c.reloptions::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('row_security', CASE
            WHEN c.relforcerowsecurity THEN CASE WHEN c.relrowsecurity THEN 'forced' ELSE 'forced but off' END
            WHEN c.relrowsecurity THEN 'on' END),
        ('replica_identity', CASE
            WHEN c.relreplident = 'f' THEN 'full'
            WHEN c.relreplident = 'i' THEN 'index'
            WHEN c.relreplident = 'n' AND c.relkind IN ('r', 'p', 'm') THEN 'nothing' END),
        ('access_method', CASE WHEN c.relam NOT IN (0, 2) AND c.relkind IN ('r', 'm', 'p') THEN (
            SELECT a.amname::text FROM pg_am AS a WHERE a.oid = c.relam) END),
        ('tablespace', CASE WHEN c.reltablespace <> 0 THEN (
            SELECT s.spcname::text FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) END),
        ('of_type', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END),
        ('partition_bound', CASE WHEN c.relispartition THEN
            E'\x01b' || replace(pg_get_expr(c.relpartbound, c.oid), E'\x02', E'\x02\x02') || E'\x02' END),
        ('definition', CASE WHEN c.relkind IN ('v', 'm') THEN
            E'\x01s' || replace(pg_get_viewdef(c.oid), E'\x02', E'\x02\x02') || E'\x02' END)
) AS f (facet, value)
-- Most tables are plain ones.
WHERE (c.relkind NOT IN ('r', 'S') OR c.relacl IS NOT NULL OR c.reloptions IS NOT NULL OR c.relpersistence <> 'p'
       OR c.relrowsecurity OR c.relforcerowsecurity OR c.relreplident NOT IN ('d', 'n') OR c.relreplident = 'n' AND c.relkind = 'r'
       OR c.relam NOT IN (0, 2) OR c.reltablespace <> 0 OR c.reloftype <> 0 OR c.relispartition)
  AND f.value IS NOT NULL
UNION ALL
SELECT 'pg_class'::regclass, c.oid, NULL, NULL, NULL, 'toast_options',
       E'\x01o' || replace(ARRAY['', t.reloptions::text]::text, E'\x02', E'\x02\x02') || E'\x02', c.relfilenode
FROM wanted AS c
JOIN pg_class AS t ON t.oid = c.reltoastrelid
WHERE t.reloptions IS NOT NULL
