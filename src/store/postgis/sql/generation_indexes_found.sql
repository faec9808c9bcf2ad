-- What stands under the names $2 in schema $1. Rows: name, definition of a valid index, else NULL.
SELECT c.relname, CASE WHEN x.indisvalid THEN pg_get_indexdef(c.oid) END
FROM pg_namespace AS n
JOIN pg_class AS c ON c.relnamespace = n.oid
LEFT JOIN pg_index AS x ON x.indexrelid = c.oid
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])
