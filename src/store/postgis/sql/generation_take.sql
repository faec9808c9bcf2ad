-- The statement that takes schema $1 from everybody but its owner; no row if nobody else has it.
SELECT format('REVOKE ALL ON SCHEMA %I FROM %s CASCADE', n.nspname,
              string_agg(DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, ', '))
FROM pg_namespace AS n
CROSS JOIN LATERAL aclexplode(n.nspacl) AS x
WHERE n.nspname = $1 AND x.grantee <> n.nspowner
GROUP BY n.nspname
