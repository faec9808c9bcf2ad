-- Schemas that are there of those named, and those that partitions or children of their tables lie in. Parameter: text[].
WITH RECURSIVE within AS (
    SELECT c.oid
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1::text[]) AND c.relhassubclass
    UNION
    SELECT i.inhrelid
      FROM pg_catalog.pg_inherits i JOIN within w ON w.oid = i.inhparent
)
SELECT n.nspname::text
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname = ANY ($1::text[])
    OR n.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class c JOIN within w ON w.oid = c.oid)
 ORDER BY n.nspname::text COLLATE "C"
