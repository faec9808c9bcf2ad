-- Indexes of schema $1 on the tables named $2 that can be made again from what pg_get_indexdef() says: none that a constraint or
-- anything else is made of, none of a partitioned table or attached to one's, none with a comment, a tablespace or settings of its own.
-- Rows: table, name, definition, the statement that drops it; by name.
SELECT t.relname, c.relname, pg_get_indexdef(c.oid), format('DROP INDEX %I.%I', n.nspname, c.relname)
FROM pg_namespace AS n
JOIN pg_class AS t ON t.relnamespace = n.oid AND t.relkind IN ('r', 'm')
JOIN pg_index AS x ON x.indrelid = t.oid
JOIN pg_class AS c ON c.oid = x.indexrelid
WHERE n.nspname = $1 AND t.relname = ANY ($2::text[])
  AND x.indisvalid AND NOT x.indisprimary AND NOT x.indisexclusion AND NOT x.indisclustered AND NOT x.indisreplident
  AND NOT c.relispartition AND c.reltablespace = 0
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('x', 'e'))
  AND NOT EXISTS (SELECT FROM pg_description AS d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND coalesce(a.attstattarget, -1) <> -1)
ORDER BY c.relname COLLATE "C"
