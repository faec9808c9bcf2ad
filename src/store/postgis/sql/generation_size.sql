-- Bytes of all relations of schema $1, with their indexes and TOAST tables.
SELECT coalesce(pg_catalog.sum(CASE c.relkind WHEN 'S' THEN pg_catalog.pg_relation_size(c.oid)
                                              ELSE pg_catalog.pg_total_relation_size(c.oid) END), 0)::pg_catalog.int8
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'm', 'S')
WHERE n.nspname = $1
