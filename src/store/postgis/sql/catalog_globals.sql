-- What lives in no schema and is few: this database (without its name: a copy is equal to what it is a copy of), tablespaces, event
-- triggers, casts, transforms, languages, access methods, foreign-data wrappers, servers, user mappings (never their options).
SELECT o.classid, o.objid, o.kind, '' AS schema, o.name, f.facet, f.value
FROM (
    SELECT 'pg_database'::regclass::oid AS classid, d.oid AS objid, 'database' AS kind, '' AS name, d.datdba AS owner,
           d.datacl AS acl,
           concat_ws(' ', CASE WHEN d.datallowconn THEN 'connections' ELSE 'no connections' END, d.datconnlimit,
                     CASE WHEN d.datistemplate THEN 'template' END) AS definition
    FROM pg_database AS d
    WHERE d.datname = current_database()
    UNION ALL
    SELECT 'pg_tablespace'::regclass, s.oid, 'tablespace', s.spcname, s.spcowner, s.spcacl, array_to_string(s.spcoptions, ', ')
    FROM pg_tablespace AS s
    WHERE s.oid >= 16384
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, t.oid, 'event_trigger', t.evtname, t.evtowner, NULL,
           concat_ws(' ', t.evtevent, 'execute', t.evtfoid::regprocedure::text, 'state', t.evtenabled,
                     'when ' || array_to_string(t.evttags, ', '))
    FROM pg_event_trigger AS t
    UNION ALL
    -- Types as the parser knows them: internal names, without pg_catalog.
    SELECT 'pg_cast'::regclass, c.oid, 'cast', x.name || ' AS ' || y.name, NULL, NULL,
           concat_ws(' ', CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END,
                     CASE c.castmethod WHEN 'f' THEN 'function ' || c.castfunc::regprocedure::text WHEN 'i' THEN 'inout'
                                       ELSE 'binary' END)
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
           NULL, NULL,
           concat_ws(' ', 'from ' || nullif(t.trffromsql::oid, 0)::regprocedure::text,
                     'to ' || nullif(t.trftosql::oid, 0)::regprocedure::text)
    FROM pg_transform AS t
    JOIN pg_type AS y ON y.oid = t.trftype
    JOIN pg_namespace AS n ON n.oid = y.typnamespace
    JOIN pg_language AS l ON l.oid = t.trflang
    UNION ALL
    SELECT 'pg_language'::regclass, l.oid, 'language', l.lanname, l.lanowner, l.lanacl,
           concat_ws(' ', CASE WHEN l.lanpltrusted THEN 'trusted' END, nullif(l.lanplcallfoid, 0)::regprocedure::text,
                     nullif(l.laninline, 0)::regprocedure::text, nullif(l.lanvalidator, 0)::regprocedure::text)
    FROM pg_language AS l
    WHERE l.oid >= 16384
    UNION ALL
    SELECT 'pg_am'::regclass, m.oid, 'access_method', m.amname, NULL, NULL,
           m.amtype::text || ' ' || m.amhandler::oid::regprocedure::text
    FROM pg_am AS m
    WHERE m.oid >= 16384
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 'foreign_data_wrapper', w.fdwname, w.fdwowner, w.fdwacl,
           concat_ws('  ' || nullif(w.fdwhandler, 0)::regprocedure::text, nullif(w.fdwvalidator, 0)::regprocedure::text,
                     'options sha256:' || encode(sha256(convert_to(array_to_string(w.fdwoptions, ', '), 'UTF8')), 'hex'))
    FROM pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, 'foreign_server', s.srvname, s.srvowner, s.srvacl,
           concat_ws(' ', 'wrapper', quote_ident(w.fdwname), 'type ' || s.srvtype, 'version ' || s.srvversion,
                     'options sha256:' || encode(sha256(convert_to(array_to_string(s.srvoptions, ', '), 'UTF8')), 'hex'))
    FROM pg_foreign_server AS s
    JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    UNION ALL
    SELECT 'pg_user_mapping'::regclass, u.umid, 'user_mapping', u.usename || '@' || u.srvname, NULL, NULL, 'exists'
    FROM pg_user_mappings AS u
) AS o
CROSS JOIN LATERAL (
    VALUES
        ('owner', coalesce(pg_get_userbyid(o.owner)::text, 'none')),
        ('acl', CASE WHEN o.acl IS NOT NULL THEN (
            SELECT coalesce(string_agg(i::text, ', ' ORDER BY i::text COLLATE "C"), 'none') FROM unnest(o.acl) AS i) END),
        ('definition', o.definition),
        ('comment', (SELECT 'sha256:' || encode(sha256(convert_to(d.description, 'UTF8')), 'hex')
                     FROM (SELECT x.objoid, x.classoid, x.description FROM pg_shdescription AS x
                           UNION ALL SELECT x.objoid, x.classoid, x.description FROM pg_description AS x) AS d
                     WHERE d.objoid = o.objid AND d.classoid = o.classid)),
        ('security_label', (SELECT string_agg(s.provider || ' sha256:' || encode(sha256(convert_to(s.label, 'UTF8')), 'hex'), ', '
                                              ORDER BY s.provider COLLATE "C")
                            FROM (SELECT x.objoid, x.classoid, x.provider, x.label FROM pg_shseclabel AS x
                                  UNION ALL SELECT x.objoid, x.classoid, x.provider, x.label FROM pg_seclabel AS x) AS s
                            WHERE s.objoid = o.objid AND s.classoid = o.classid))
) AS f (facet, value)
WHERE f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.classid AND d.objid = o.objid
                    AND (d.deptype = 'e' OR (d.deptype = 'i' AND o.kind = 'cast')))
