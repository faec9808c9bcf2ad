-- What lives in no schema and is few: this database (without its name: a copy is equal to what it is a copy of), tablespaces, event
-- triggers, casts, transforms, languages, access methods, foreign-data wrappers, servers, user mappings. was: the definition in format 1,
-- where it is another in format 2 (now).
SELECT o.classid, o.objid, o.kind, '' AS schema, o.name, f.facet, f.value
FROM (
    SELECT 'pg_database'::regclass::oid AS classid, d.oid AS objid, 'database' AS kind, '' AS name, d.datdba AS owner,
           d.datacl AS acl, 'd'::"char" AS acl_kind,
           concat_ws(' ', CASE WHEN d.datallowconn THEN 'connections' ELSE 'no connections' END, d.datconnlimit,
                     CASE WHEN d.datistemplate THEN 'template' END) AS definition,
           NULL AS was, NULL AS now, NULL::text[] AS options
    FROM pg_database AS d
    WHERE d.datname = current_database()
    UNION ALL
    SELECT 'pg_tablespace'::regclass, s.oid, 'tablespace', s.spcname, s.spcowner, s.spcacl, 't', NULL,
           array_to_string(s.spcoptions, ', '), NULL, s.spcoptions
    FROM pg_tablespace AS s
    WHERE s.oid >= 16384
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, t.oid, 'event_trigger', t.evtname, t.evtowner, NULL, NULL,
           concat_ws(' ', t.evtevent, 'execute', t.evtfoid::regprocedure::text, 'state', t.evtenabled,
                     'when ' || array_to_string(t.evttags, ', ')),
           NULL, NULL, NULL
    FROM pg_event_trigger AS t
    UNION ALL
    -- Types as the parser knows them: internal names, without pg_catalog.
    SELECT 'pg_cast'::regclass, c.oid, 'cast', x.name || ' AS ' || y.name, NULL, NULL, NULL,
           concat_ws(' ', CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END,
                     CASE c.castmethod WHEN 'f' THEN 'function ' || c.castfunc::regprocedure::text WHEN 'i' THEN 'inout'
                                       ELSE 'binary' END),
           NULL, NULL, NULL
    FROM pg_cast AS c
    CROSS JOIN LATERAL (
        SELECT CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE n.nspname || '.' END || t.typname AS name
        FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = c.castsource) AS x
    CROSS JOIN LATERAL (
        SELECT CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE n.nspname || '.' END || t.typname AS name
        FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = c.casttarget) AS y
    WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_transform'::regclass, t.oid, 'transform',
           CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE n.nspname || '.' END || y.typname || ' LANGUAGE ' || l.lanname,
           NULL, NULL, NULL,
           concat_ws(' ', 'from ' || nullif(t.trffromsql::oid, 0)::regprocedure::text,
                     'to ' || nullif(t.trftosql::oid, 0)::regprocedure::text),
           NULL, NULL, NULL
    FROM pg_transform AS t
    JOIN pg_type AS y ON y.oid = t.trftype
    JOIN pg_namespace AS n ON n.oid = y.typnamespace
    JOIN pg_language AS l ON l.oid = t.trflang
    UNION ALL
    SELECT 'pg_language'::regclass, l.oid, 'language', l.lanname, l.lanowner, l.lanacl, 'l',
           concat_ws(' ', CASE WHEN l.lanpltrusted THEN 'trusted' END, nullif(l.lanplcallfoid, 0)::regprocedure::text,
                     nullif(l.laninline, 0)::regprocedure::text, nullif(l.lanvalidator, 0)::regprocedure::text),
           NULL, NULL, NULL
    FROM pg_language AS l
    WHERE l.oid >= 16384
    UNION ALL
    SELECT 'pg_am'::regclass, m.oid, 'access_method', m.amname, NULL, NULL, NULL,
           m.amtype::text || ' ' || m.amhandler::oid::regprocedure::text, NULL, NULL, NULL
    FROM pg_am AS m
    WHERE m.oid >= 16384
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 'foreign_data_wrapper', w.fdwname, w.fdwowner, w.fdwacl, 'F', NULL,
           concat_ws('  ' || nullif(w.fdwhandler, 0)::regprocedure::text, nullif(w.fdwvalidator, 0)::regprocedure::text,
                     E'options \x01d' || replace(array_to_string(w.fdwoptions, ', '), E'\x02', E'\x02\x02') || E'\x02'),
           concat_ws(' ', 'handler ' || nullif(w.fdwhandler, 0)::regprocedure::text,
                     'validator ' || nullif(w.fdwvalidator, 0)::regprocedure::text),
           w.fdwoptions
    FROM pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, 'foreign_server', s.srvname, s.srvowner, s.srvacl, 'S', NULL,
           concat_ws(' ', 'wrapper', quote_ident(w.fdwname), 'type ' || s.srvtype, 'version ' || s.srvversion,
                     E'options \x01d' || replace(array_to_string(s.srvoptions, ', '), E'\x02', E'\x02\x02') || E'\x02'),
           concat_ws(' ', 'wrapper', quote_ident(w.fdwname), 'type ' || quote_literal(s.srvtype),
                     'version ' || quote_literal(s.srvversion)),
           s.srvoptions
    FROM pg_foreign_server AS s
    JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    UNION ALL
    SELECT 'pg_user_mapping'::regclass, u.umid, 'user_mapping', u.usename || '@' || u.srvname, NULL, NULL, NULL,
           'exists',
           NULL, NULL,
           -- As the view decides who may see them.
           CASE WHEN (u.umuser <> 0 AND u.usename = current_user
                      AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
                     OR (u.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE'))
                     OR (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN u.umoptions
                ELSE '{not readable}' END
    FROM pg_user_mappings AS u
    JOIN pg_foreign_server AS s ON s.oid = u.srvid
) AS o
CROSS JOIN LATERAL (
    VALUES
        ('owner', coalesce(pg_get_userbyid(o.owner)::text, 'none')),
        ('acl', CASE WHEN o.acl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', o.acl::text, acldefault(o.acl_kind, o.owner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('definition', o.definition),
        ('definition', E'\x011' || o.was),
        ('definition', E'\x012' || nullif(o.now, '')),
        ('options', CASE
            WHEN o.options = '{not readable}' THEN E'\x012not readable'
            WHEN o.options IS NOT NULL THEN
                E'\x012\x01' || CASE o.kind WHEN 'tablespace' THEN 'o' ELSE 'O' END
                || replace(ARRAY['', o.options::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('comment', (SELECT E'\x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                     FROM (SELECT x.objoid, x.classoid, x.description FROM pg_shdescription AS x
                           UNION ALL SELECT x.objoid, x.classoid, x.description FROM pg_description AS x) AS d
                     WHERE d.objoid = o.objid AND d.classoid = o.classid)),
        ('security_label', (SELECT string_agg(s.provider || E' \x01d' || replace(s.label, E'\x02', E'\x02\x02') || E'\x02', ', '
                                              ORDER BY s.provider COLLATE "C")
                            FROM (SELECT x.objoid, x.classoid, x.provider, x.label FROM pg_shseclabel AS x
                                  UNION ALL SELECT x.objoid, x.classoid, x.provider, x.label FROM pg_seclabel AS x) AS s
                            WHERE s.objoid = o.objid AND s.classoid = o.classid))
) AS f (facet, value)
WHERE f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.classid AND d.objid = o.objid
                    AND (d.deptype = 'e' OR (d.deptype = 'i' AND o.kind = 'cast')))
