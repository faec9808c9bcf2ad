-- How catalog_indexes.sql's operator classes and collations are called, as facets call them.
-- $1 oids of tables in pg_class, or NULL: all.
SELECT 'pg_opclass'::regclass::oid AS class, p.oid, CASE WHEN p.opcnamespace = 11 THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(p.opcname) AS name
FROM pg_opclass AS p
JOIN pg_namespace AS n ON n.oid = p.opcnamespace
WHERE p.oid IN (SELECT unnest(x.indclass::oid[]) FROM pg_index AS x
                WHERE ($1::oid[] IS NULL OR x.indrelid = ANY ($1::oid[])) AND x.indrelid >= 16384)
UNION ALL
SELECT 'pg_collation'::regclass::oid, l.oid, quote_ident(n.nspname) || '.' || quote_ident(l.collname)
FROM pg_collation AS l
JOIN pg_namespace AS n ON n.oid = l.collnamespace
WHERE l.oid IN (SELECT unnest(x.indcollation::oid[]) FROM pg_index AS x
                WHERE ($1::oid[] IS NULL OR x.indrelid = ANY ($1::oid[])) AND x.indrelid >= 16384)
