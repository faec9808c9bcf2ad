-- What the relations are that glance_held.sql found; owner: the table of an index.
SELECT c.oid, c.relkind::text AS kind, c.relnamespace::regnamespace::text AS quoted_schema, c.relname AS name,
       c.relpersistence = 't' AS is_temporary, c.relfilenode, coalesce(i.indrelid, 0) AS owner,
       c.relkind IN ('i', 'I') AND c.relispartition AS is_part
FROM pg_class AS c
LEFT JOIN pg_index AS i ON c.relkind IN ('i', 'I') AND i.indexrelid = c.oid
WHERE c.oid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[])
