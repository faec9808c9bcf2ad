-- Tables, views, materialized views, foreign tables and sequences that no column owns: themselves, without their parts.
-- $1 oids of pg_class, or NULL: all. Rows of a class query: classid, objid, kind, schema, name, facet, value; kind is NULL for
-- parts of an object that another query of the class names.
SELECT 'pg_class'::regclass::oid AS classid,
       c.oid AS objid,
       CASE c.relkind
           WHEN 'v' THEN 'view'
           WHEN 'm' THEN 'materialized_view'
           WHEN 'f' THEN 'foreign_table'
           WHEN 'S' THEN 'sequence'
           ELSE 'table'
       END AS kind,
       n.nspname AS schema,
       c.relname AS name,
       f.facet,
       f.value,
       c.relfilenode
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(c.relowner)::text),
        ('acl', CASE WHEN c.relacl IS NOT NULL THEN (
            SELECT coalesce(string_agg(i::text, ', ' ORDER BY i::text COLLATE "C"), 'none') FROM unnest(c.relacl) AS i) END),
        ('persistence', CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END),
        ('options', CASE WHEN c.reloptions IS NOT NULL THEN (
            SELECT string_agg(i, ', ' ORDER BY i COLLATE "C") FROM unnest(c.reloptions) AS i) END),
        ('toast_options', CASE WHEN c.reltoastrelid <> 0 AND c.relkind IN ('r', 'm') THEN (
            SELECT (SELECT string_agg(i, ', ' ORDER BY i COLLATE "C") FROM unnest(t.reloptions) AS i)
            FROM pg_class AS t WHERE t.oid = c.reltoastrelid) END),
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
            'sha256:' || encode(sha256(convert_to(pg_get_expr(c.relpartbound, c.oid), 'UTF8')), 'hex') END),
        ('definition', CASE WHEN c.relkind IN ('v', 'm') THEN
            'sha256:' || encode(sha256(convert_to(pg_get_viewdef(c.oid), 'UTF8')), 'hex') END)
) AS f (facet, value)
WHERE ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[]))
  AND c.oid >= 16384
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'kfmig')
  AND f.value IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM pg_depend AS d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
                                 AND d.refobjsubid > 0)))
