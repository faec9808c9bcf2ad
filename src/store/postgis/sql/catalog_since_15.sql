-- What version 15 brought: schemas of publications, privileges on parameters.
SELECT 'pg_publication'::regclass::oid AS classid, s.pnpubid AS objid, NULL AS kind, NULL AS schema, NULL AS name,
       'schema ' || quote_ident(n.nspname) AS facet, 'published' AS value
FROM pg_publication_namespace AS s
JOIN pg_namespace AS n ON n.oid = s.pnnspid
UNION ALL
SELECT 'pg_parameter_acl'::regclass, p.oid, 'setting', '', p.parname, 'privileges',
       E'\x01A' || replace(ARRAY['', p.paracl::text, acldefault('p', 10)::text]::text, E'\x02', E'\x02\x02') || E'\x02'
FROM pg_parameter_acl AS p
