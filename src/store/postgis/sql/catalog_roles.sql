-- Roles: attributes, memberships; never passwords. Predefined roles (pg_...) only as what others are members of.
SELECT 'pg_authid'::regclass::oid AS classid, r.oid AS objid, 'role' AS kind, '' AS schema, r.rolname AS name, f.facet, f.value
FROM pg_roles AS r
CROSS JOIN LATERAL (
    VALUES
        ('attributes', concat_ws(' ',
            CASE WHEN r.rolsuper THEN 'superuser' ELSE 'nosuperuser' END,
            CASE WHEN r.rolinherit THEN 'inherit' ELSE 'noinherit' END,
            CASE WHEN r.rolcreaterole THEN 'createrole' ELSE 'nocreaterole' END,
            CASE WHEN r.rolcreatedb THEN 'createdb' ELSE 'nocreatedb' END,
            CASE WHEN r.rolcanlogin THEN 'login' ELSE 'nologin' END,
            CASE WHEN r.rolreplication THEN 'replication' ELSE 'noreplication' END,
            CASE WHEN r.rolbypassrls THEN 'bypassrls' ELSE 'nobypassrls' END)),
        ('connection_limit', nullif(r.rolconnlimit, -1)::text),
        ('valid_until', r.rolvaliduntil::text),
        ('comment', (SELECT E'\x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                     FROM pg_shdescription AS d WHERE d.objoid = r.oid AND d.classoid = 'pg_authid'::regclass)),
        ('security_label', (SELECT string_agg(s.provider || E' \x01d' || replace(s.label, E'\x02', E'\x02\x02') || E'\x02', ', '
                                              ORDER BY s.provider COLLATE "C")
                            FROM pg_shseclabel AS s WHERE s.objoid = r.oid AND s.classoid = 'pg_authid'::regclass))
) AS f (facet, value)
WHERE r.rolname !~ '^pg_' AND f.value IS NOT NULL
UNION ALL
SELECT 'pg_authid'::regclass, m.member, NULL, NULL, NULL,
       'member of ' || g.rolname,
       string_agg(concat_ws(' ', CASE WHEN m.admin_option THEN 'admin' ELSE 'plain' END,
                            -- Since version 16.
                            'inherit ' || (to_jsonb(m) ->> 'inherit_option'), 'set ' || (to_jsonb(m) ->> 'set_option'),
                            'by ' || coalesce(quote_ident(b.rolname), 'none')),
                  ', ' ORDER BY b.rolname COLLATE "C")
FROM pg_auth_members AS m
JOIN pg_roles AS g ON g.oid = m.roleid
LEFT JOIN pg_roles AS b ON b.oid = m.grantor
GROUP BY m.member, g.rolname
