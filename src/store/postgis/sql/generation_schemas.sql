-- $1 names of schemas: those that exist, in the order of the names given. Rows: name, privileges as text (NULL: none were ever given).
SELECT n.nspname, n.nspacl::text
FROM unnest($1::text[]) WITH ORDINALITY AS g (name, at)
JOIN pg_namespace AS n ON n.nspname = g.name
ORDER BY g.at
