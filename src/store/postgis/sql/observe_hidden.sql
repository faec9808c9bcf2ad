-- Rows written in catalogs that ordinary roles may not read; secrets in them are not looked at. $1 and $2 as in observe_rows.sql.
SELECT o.classid, o.objid, o.kind, o.name
FROM (
    SELECT 'pg_authid'::regclass::oid AS classid, r.oid AS objid, age(r.xmin) AS age, 'role' AS kind, r.rolname::text AS name
    FROM pg_authid AS r
    UNION ALL
    SELECT 'pg_user_mapping'::regclass, m.oid, age(m.xmin), 'user_mapping',
           CASE WHEN m.umuser = 0 THEN 'public' ELSE pg_get_userbyid(m.umuser) END || '@' || s.srvname
    FROM pg_user_mapping AS m
    JOIN pg_foreign_server AS s ON s.oid = m.umserver
    UNION ALL
    SELECT 'pg_subscription'::regclass, s.oid, age(s.xmin), 'subscription', s.subname
    FROM pg_subscription AS s
) AS o
WHERE o.age <= 0 AND o.age > -$2::int4
  AND CASE WHEN o.age <= 0 THEN pg_xact_status(($1::int8 - o.age)::text::xid8) = 'in progress' END
