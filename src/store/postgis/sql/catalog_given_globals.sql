-- As catalog_given.sql, of what is few and in no schema: languages, foreign data wrappers and servers; tablespaces that came with the
-- server; and large objects that others than their owners may use (all others are data). Format 2 only.
SELECT x.classid, x.objid, x.kind, '' AS schema, x.name, f.facet, f.value
FROM (
    SELECT g.*, i.initprivs, CASE WHEN g.objid < 16384 THEN 10 ELSE e.extowner END AS giver
    FROM (
        SELECT 'pg_language'::regclass::oid AS classid, l.oid AS objid, 'language' AS kind, l.lanname::text AS name, l.lanowner AS owner,
               l.lanacl AS acl, 'l'::"char" AS acl_kind, NULL::text[] AS options
        FROM pg_language AS l
        UNION ALL
        SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 'foreign_data_wrapper', w.fdwname, w.fdwowner, w.fdwacl, 'F', w.fdwoptions
        FROM pg_foreign_data_wrapper AS w
        UNION ALL
        SELECT 'pg_foreign_server'::regclass, s.oid, 'foreign_server', s.srvname, s.srvowner, s.srvacl, 'S', s.srvoptions
        FROM pg_foreign_server AS s
    ) AS g
    LEFT JOIN pg_depend AS d ON d.classid = g.classid AND d.objid = g.objid AND d.deptype = 'e'
    LEFT JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
    LEFT JOIN pg_init_privs AS i ON i.classoid = g.classid AND i.objoid = g.objid AND i.objsubid = 0
    WHERE g.objid < 16384 OR e.oid IS NOT NULL
    UNION ALL
    SELECT 'pg_tablespace'::regclass, s.oid, 'tablespace', s.spcname, s.spcowner, s.spcacl, 't', s.spcoptions, NULL, 10
    FROM pg_tablespace AS s
    WHERE s.oid < 16384
) AS x
CROSS JOIN LATERAL (
    VALUES
        ('acl', CASE WHEN x.acl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', x.acl::text, coalesce(x.initprivs, acldefault(x.acl_kind, x.owner))::text]::text,
                                E'\x02', E'\x02\x02') || E'\x02' END),
        ('owner', CASE WHEN x.owner NOT IN (10, x.giver) THEN pg_get_userbyid(x.owner)::text END),
        ('options', CASE WHEN x.options IS NOT NULL THEN
            E'\x01' || CASE x.kind WHEN 'tablespace' THEN 'o' ELSE 'O' END
            || replace(ARRAY['', x.options::text]::text, E'\x02', E'\x02\x02') || E'\x02' END)
) AS f (facet, value)
WHERE f.value IS NOT NULL
UNION ALL
SELECT 'pg_largeobject'::regclass, m.oid, 'large_object', '', m.oid::text, f.facet, f.value
FROM pg_largeobject_metadata AS m
CROSS JOIN LATERAL (
    VALUES
        ('acl', E'\x01A' || replace(ARRAY['', m.lomacl::text, acldefault('L', m.lomowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02'),
        ('owner', pg_get_userbyid(m.lomowner)::text)
) AS f (facet, value)
WHERE m.lomacl IS NOT NULL
  AND m.lomacl <> acldefault('L', m.lomowner)
