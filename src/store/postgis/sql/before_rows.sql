-- Number of rows of each table in $1, its children not included. query_to_xml() is the one function that runs a query whose table
-- is known only now.
SELECT c.oid,
       substring(query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', n.nspname, c.relname), false, true, '')::text
                 FROM '<n>([0-9]+)</n>') AS n
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[])
