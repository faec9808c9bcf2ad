-- Columns named $4 of table $3 in schemas $1 (from) and $2 (to). Rows: name, quoted name, the value to insert for column t.NAME (NULL: one of
-- the tables has no such column), whether it is an identity that refuses values. A type of the schema itself is another one in each
-- generation: such values go over as text.
SELECT g.name, quote_ident(g.name),
       CASE WHEN a.atttypid = b.atttypid THEN format('t.%I', g.name)
            WHEN a.atttypid <> b.atttypid THEN format('t.%I::text::%s', g.name, format_type(b.atttypid, b.atttypmod))
       END,
       coalesce(b.attidentity = 'a', false)
FROM unnest($4::text[]) WITH ORDINALITY AS g (name, at)
LEFT JOIN pg_attribute AS a ON a.attname = g.name AND a.attnum > 0 AND a.attrelid = (
    SELECT c.oid FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid WHERE n.nspname = $1 AND c.relname = $3)
LEFT JOIN pg_attribute AS b ON b.attname = g.name AND b.attnum > 0 AND b.attrelid = (
    SELECT c.oid FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid WHERE n.nspname = $2 AND c.relname = $3)
ORDER BY g.at
