-- What objects are that no class query knows: parts of the system, other databases, temporary objects, parts of extensions. $1, $2
-- their addresses; those that are gone are left out.
SELECT o.classid, o.objid, i.type, coalesce(i.schema, ''), i.name
FROM unnest($1::oid[], $2::oid[]) AS o (classid, objid)
CROSS JOIN LATERAL (
    SELECT f.type, f.schema,
           coalesce(f.name, CASE
               WHEN starts_with(f.identity, quote_ident(f.schema) || '.') THEN substr(f.identity, length(quote_ident(f.schema)) + 2)
               ELSE f.identity END) AS name
    FROM pg_identify_object(o.classid, o.objid, 0) AS f
    WHERE CASE o.classid
        WHEN 'pg_class'::regclass THEN EXISTS (SELECT FROM pg_class AS x WHERE x.oid = o.objid)
        WHEN 'pg_type'::regclass THEN EXISTS (SELECT FROM pg_type AS x WHERE x.oid = o.objid)
        WHEN 'pg_proc'::regclass THEN EXISTS (SELECT FROM pg_proc AS x WHERE x.oid = o.objid)
        WHEN 'pg_namespace'::regclass THEN EXISTS (SELECT FROM pg_namespace AS x WHERE x.oid = o.objid)
        WHEN 'pg_operator'::regclass THEN EXISTS (SELECT FROM pg_operator AS x WHERE x.oid = o.objid)
        WHEN 'pg_opclass'::regclass THEN EXISTS (SELECT FROM pg_opclass AS x WHERE x.oid = o.objid)
        WHEN 'pg_opfamily'::regclass THEN EXISTS (SELECT FROM pg_opfamily AS x WHERE x.oid = o.objid)
        WHEN 'pg_collation'::regclass THEN EXISTS (SELECT FROM pg_collation AS x WHERE x.oid = o.objid)
        WHEN 'pg_conversion'::regclass THEN EXISTS (SELECT FROM pg_conversion AS x WHERE x.oid = o.objid)
        WHEN 'pg_ts_config'::regclass THEN EXISTS (SELECT FROM pg_ts_config AS x WHERE x.oid = o.objid)
        WHEN 'pg_ts_dict'::regclass THEN EXISTS (SELECT FROM pg_ts_dict AS x WHERE x.oid = o.objid)
        WHEN 'pg_ts_parser'::regclass THEN EXISTS (SELECT FROM pg_ts_parser AS x WHERE x.oid = o.objid)
        WHEN 'pg_ts_template'::regclass THEN EXISTS (SELECT FROM pg_ts_template AS x WHERE x.oid = o.objid)
        WHEN 'pg_cast'::regclass THEN EXISTS (SELECT FROM pg_cast AS x WHERE x.oid = o.objid)
        WHEN 'pg_transform'::regclass THEN EXISTS (SELECT FROM pg_transform AS x WHERE x.oid = o.objid)
        WHEN 'pg_language'::regclass THEN EXISTS (SELECT FROM pg_language AS x WHERE x.oid = o.objid)
        WHEN 'pg_am'::regclass THEN EXISTS (SELECT FROM pg_am AS x WHERE x.oid = o.objid)
        WHEN 'pg_foreign_data_wrapper'::regclass THEN EXISTS (SELECT FROM pg_foreign_data_wrapper AS x WHERE x.oid = o.objid)
        WHEN 'pg_foreign_server'::regclass THEN EXISTS (SELECT FROM pg_foreign_server AS x WHERE x.oid = o.objid)
        WHEN 'pg_event_trigger'::regclass THEN EXISTS (SELECT FROM pg_event_trigger AS x WHERE x.oid = o.objid)
        WHEN 'pg_publication'::regclass THEN EXISTS (SELECT FROM pg_publication AS x WHERE x.oid = o.objid)
        WHEN 'pg_extension'::regclass THEN EXISTS (SELECT FROM pg_extension AS x WHERE x.oid = o.objid)
        WHEN 'pg_largeobject'::regclass THEN EXISTS (SELECT FROM pg_largeobject_metadata AS x WHERE x.oid = o.objid)
        WHEN 'pg_database'::regclass THEN EXISTS (SELECT FROM pg_database AS x WHERE x.oid = o.objid)
        WHEN 'pg_tablespace'::regclass THEN EXISTS (SELECT FROM pg_tablespace AS x WHERE x.oid = o.objid)
        WHEN 'pg_authid'::regclass THEN EXISTS (SELECT FROM pg_roles AS x WHERE x.oid = o.objid)
    END
    UNION ALL
    SELECT 'setting', '', coalesce((SELECT r.rolname FROM pg_roles AS r WHERE r.oid = o.objid),
                                   (SELECT CASE WHEN d.datname = current_database() THEN 'database' ELSE d.datname END
                                    FROM pg_database AS d WHERE d.oid = o.objid), 'all')
    WHERE o.classid = 'pg_db_role_setting'::regclass
    UNION ALL
    SELECT 'default acl', coalesce(n.nspname, ''), ''
    FROM pg_default_acl AS d
    LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
    WHERE o.classid = 'pg_default_acl'::regclass AND d.oid = o.objid
) AS i
