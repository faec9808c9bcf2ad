-- ALTER DEFAULT PRIVILEGES: one object per schema, and one for those without a schema.
SELECT 0::oid AS classid,
       0::oid AS objid,
       'default_privileges' AS kind,
       coalesce(n.nspname, '') AS schema,
       '' AS name,
       'for ' || quote_ident(pg_get_userbyid(d.defaclrole)) || ' on '
       || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                               WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE d.defaclobjtype::text END AS facet,
       -- Those of a schema are added to what is given to all.
       E'\x01A' || replace(ARRAY['', d.defaclacl::text,
                                  CASE WHEN d.defaclnamespace = 0 THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END,
                                                                                  d.defaclrole)::text ELSE '{}' END]::text,
                            E'\x02', E'\x02\x02') || E'\x02' AS value
FROM pg_default_acl AS d
LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
WHERE n.nspname IS DISTINCT FROM 'kfmig'
