-- Roles by the names in $1: place in $1 from 1, is it there, may whoever asks act as it?
SELECT n.place, r.oid IS NOT NULL,
       COALESCE(pg_catalog.pg_has_role(r.oid, CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000
                                                   THEN 'SET' ELSE 'MEMBER' END), false)
FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS n (name, place)
LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = n.name
