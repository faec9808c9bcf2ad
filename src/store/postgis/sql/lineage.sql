-- Partitions and inheritance children, with each of their parents.
SELECT n.nspname AS schema, c.relname AS name, m.nspname AS parent_schema, p.relname AS parent
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace AS m ON m.oid = p.relnamespace
ORDER BY i.inhrelid, i.inhseqno
