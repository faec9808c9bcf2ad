-- ALTER ROLE ... SET and ALTER DATABASE ... SET, as far as they hold in this database. Values are digests. One object per role or
-- database ("database" is this one); "all" for ALTER ROLE ALL.
SELECT 0::oid AS classid,
       0::oid AS objid,
       'setting' AS kind,
       '' AS schema,
       coalesce(r.rolname, CASE WHEN s.setdatabase <> 0 THEN 'database' ELSE 'all' END) AS name,
       CASE
           WHEN s.setrole = 0 AND s.setdatabase <> 0 THEN 'of database: '
           WHEN s.setdatabase <> 0 THEN 'of role in this database: '
           WHEN s.setrole = 0 THEN 'of all roles: '
           ELSE 'of role: '
       END || split_part(i, '=', 1) AS facet,
       E'\x01d' || replace(substr(i, strpos(i, '=') + 1), E'\x02', E'\x02\x02') || E'\x02' AS value
FROM pg_db_role_setting AS s
LEFT JOIN pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) AS i
WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
