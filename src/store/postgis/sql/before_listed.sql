-- As before_tables.sql, of those tables in $1 that this role may lock as DROP and TRUNCATE do.
SELECT c.oid, true AS holds_rows,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind = 'r'
  AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY c.oid
