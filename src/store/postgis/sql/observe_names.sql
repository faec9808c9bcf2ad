-- How the operator classes are called that came with the server or an extension, as facets call them: for a session's first transaction.
SELECT 'pg_opclass'::regclass::oid AS class, p.oid,
       CASE WHEN p.opcnamespace = 11 THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(p.opcname) AS name
FROM pg_opclass AS p
JOIN pg_namespace AS n ON n.oid = p.opcnamespace
WHERE p.oid < 16384
   OR EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_opclass'::regclass AND d.objid = p.oid AND d.deptype = 'e')
