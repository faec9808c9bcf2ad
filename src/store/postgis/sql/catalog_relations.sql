-- Tables, views, materialized views, foreign tables and sequences that no column owns: rows of pg_class, of which rows_relations.c
-- makes facets. The schema is quoted where SQL wants it. Whatever most relations do not have is NULL. acl_default: what privileges would be by default, where there are any.
-- $1 oids of pg_class, or NULL: all.
SELECT c.oid, c.relkind::text AS kind, quote_ident(n.nspname) AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relfilenode,
       c.relacl::text AS acl,
       CASE WHEN c.relacl IS NOT NULL THEN
           acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)::text END AS acl_default,
       c.relpersistence::text AS persistence, c.reloptions::text AS options, t.reloptions::text AS toast_options,
       c.relrowsecurity, c.relforcerowsecurity, c.relreplident::text AS replica_identity,
       CASE WHEN c.relam NOT IN (0, 2) AND c.relkind IN ('r', 'm', 'p') THEN (
           SELECT a.amname FROM pg_am AS a WHERE a.oid = c.relam) END AS access_method,
       CASE WHEN c.reltablespace <> 0 THEN (
           SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) END AS tablespace,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL
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
