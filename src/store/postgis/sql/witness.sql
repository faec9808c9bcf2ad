-- A text that stays the same as long as no row of the catalogs that definitions come from was written or removed; temporary tables
-- of other sessions aside. Sums are as good as any digest here: this is about accidents, and the definitions decide.
SELECT string_agg(w.n || ':' || w.total, ' ' ORDER BY w.catalog)
FROM (
    SELECT 'class' AS catalog, count(*) AS n, coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) AS total
    FROM pg_class AS x WHERE x.relpersistence <> 't' AND x.relnamespace <> 99
    UNION ALL
    SELECT 'attribute', count(*), coalesce(sum((x.attrelid::int8 * 31 + x.attnum) * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_attribute AS x WHERE x.attnum > 0 AND x.attrelid >= 16384
    UNION ALL
    SELECT 'type', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_type AS x
    UNION ALL
    SELECT 'proc', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_proc AS x
    UNION ALL
    SELECT 'aggregate', count(*), coalesce(sum(x.aggfnoid::oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_aggregate AS x
    UNION ALL
    SELECT 'attrdef', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_attrdef AS x
    UNION ALL
    SELECT 'constraint', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_constraint AS x
    UNION ALL
    SELECT 'index', count(*), coalesce(sum(x.indexrelid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_index AS x
    UNION ALL
    SELECT 'trigger', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_trigger AS x
    UNION ALL
    SELECT 'rewrite', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_rewrite AS x
    UNION ALL
    SELECT 'policy', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_policy AS x
    UNION ALL
    SELECT 'inherits', count(*), coalesce(sum((x.inhrelid::int8 * 31 + x.inhparent::int8) * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_inherits AS x
    UNION ALL
    SELECT 'partitioned', count(*), coalesce(sum(x.partrelid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_partitioned_table AS x
    UNION ALL
    SELECT 'statistic_ext', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_statistic_ext AS x
    UNION ALL
    SELECT 'sequence', count(*), coalesce(sum(x.seqrelid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_sequence AS x
    UNION ALL
    SELECT 'enum', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_enum AS x
    UNION ALL
    SELECT 'range', count(*), coalesce(sum(x.rngtypid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_range AS x
    UNION ALL
    SELECT 'namespace', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_namespace AS x WHERE x.nspname !~ '^pg_(toast_)?temp_'
    UNION ALL
    SELECT 'description', count(*), coalesce(sum(((x.objoid::int8 * 31 + x.classoid::int8) * 31 + x.objsubid) * 31
                                                 + x.xmin::text::int8 * 7), 0)
    FROM pg_description AS x WHERE x.objoid >= 16384 OR x.classoid = 'pg_namespace'::regclass
    UNION ALL
    SELECT 'shdescription', count(*), coalesce(sum(x.objoid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_shdescription AS x
    UNION ALL
    SELECT 'seclabel', count(*), coalesce(sum(x.objoid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_seclabel AS x
    UNION ALL
    SELECT 'shseclabel', count(*), coalesce(sum(x.objoid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_shseclabel AS x
    UNION ALL
    SELECT 'extension', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_extension AS x
    UNION ALL
    SELECT 'members', count(*), coalesce(sum(((x.classid::int8 * 31 + x.objid::int8) * 31 + x.refobjid::int8) * 7), 0)
    FROM pg_depend AS x WHERE x.refclassid = 'pg_extension'::regclass AND x.deptype IN ('e', 'x')
    UNION ALL
    SELECT 'owned', count(*), coalesce(sum((x.objid::int8 * 31 + x.refobjid::int8) * 31 + x.refobjsubid), 0)
    FROM pg_sequence AS s
    JOIN pg_depend AS x ON x.classid = 'pg_class'::regclass AND x.objid = s.seqrelid AND x.deptype IN ('a', 'i')
    UNION ALL
    SELECT 'operator', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_operator AS x
    UNION ALL
    SELECT 'opclass', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_opclass AS x
    UNION ALL
    SELECT 'opfamily', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_opfamily AS x
    UNION ALL
    SELECT 'amop', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_amop AS x
    UNION ALL
    SELECT 'amproc', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_amproc AS x
    UNION ALL
    SELECT 'collation', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_collation AS x
    UNION ALL
    SELECT 'conversion', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_conversion AS x
    UNION ALL
    SELECT 'ts_config', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_ts_config AS x
    UNION ALL
    SELECT 'ts_config_map', count(*), coalesce(sum(x.mapcfg::int8 * 31 + x.xmin::text::int8 * 7 + x.mapdict::int8), 0)
    FROM pg_ts_config_map AS x
    UNION ALL
    SELECT 'ts_dict', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_ts_dict AS x
    UNION ALL
    SELECT 'ts_parser', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_ts_parser AS x
    UNION ALL
    SELECT 'ts_template', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_ts_template AS x
    UNION ALL
    SELECT 'cast', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_cast AS x
    UNION ALL
    SELECT 'transform', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_transform AS x
    UNION ALL
    SELECT 'language', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_language AS x
    UNION ALL
    SELECT 'am', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_am AS x
    UNION ALL
    SELECT 'wrapper', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_foreign_data_wrapper AS x
    UNION ALL
    SELECT 'server', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_foreign_server AS x
    UNION ALL
    SELECT 'foreign_table', count(*), coalesce(sum(x.ftrelid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_foreign_table AS x
    UNION ALL
    SELECT 'event_trigger', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_event_trigger AS x
    UNION ALL
    SELECT 'publication', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_publication AS x
    UNION ALL
    SELECT 'publication_rel', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_publication_rel AS x
    UNION ALL
    SELECT 'default_acl', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_default_acl AS x
    UNION ALL
    SELECT 'members_of_roles', count(*), coalesce(sum((x.roleid::int8 * 31 + x.member::int8) * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_auth_members AS x
    UNION ALL
    SELECT 'setting', count(*), coalesce(sum((x.setdatabase::int8 * 31 + x.setrole::int8) * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_db_role_setting AS x
    UNION ALL
    SELECT 'database', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_database AS x WHERE x.datname = current_database()
    UNION ALL
    SELECT 'tablespace', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) FROM pg_tablespace AS x
    UNION ALL
    -- Their rows show no xmin to ordinary roles.
    SELECT 'role', count(*), coalesce(sum(hashtext((to_jsonb(x) - 'rolpassword')::text)), 0) FROM pg_roles AS x
    UNION ALL
    SELECT 'mapping', count(*), coalesce(sum(hashtext(concat_ws(' ', x.umid, x.srvid, x.umuser))), 0) FROM pg_user_mappings AS x
    UNION ALL
    SELECT 'subscription', count(*), coalesce(sum(hashtext(concat_ws(' ', s.subname, s.subowner, s.subenabled,
                                                                     array_to_string(s.subpublications, ',')))), 0)
    FROM pg_subscription AS s WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
) AS w
