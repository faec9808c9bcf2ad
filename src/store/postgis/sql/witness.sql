-- A text that stays the same as long as no row of the catalogs that definitions come from was written or removed; temporary tables
-- aside. Each row's identity is hashed, key and the transaction that wrote it, and hashes are added: rows that come, go or are written anew
-- move the sum whatever their numbers are, but for one case in 2^64. What the server writes in place (VACUUM: pages, rows, frozen ids) leaves
-- the transaction as it is, and is in no definition. lsn: what is summed up has been written up to there; next_id: the id above those of all
-- transactions that had ended.
SELECT string_agg(w.n || ':' || w.total, ' ' ORDER BY w.catalog) AS sums,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END AS lsn,
       pg_snapshot_xmax(pg_current_snapshot())::text AS next_id
FROM (
    SELECT 'class' AS catalog, count(*) AS n, coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) AS total
    FROM pg_class AS x WHERE x.relpersistence <> 't' AND x.relnamespace <> 99
    UNION ALL
    SELECT 'attribute', count(*), coalesce(sum(hashint8extended((x.attrelid::int8 << 16) + x.attnum, x.xmin::text::int8)), 0)
    FROM pg_attribute AS x WHERE x.attnum > 0
    UNION ALL
    SELECT 'type', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_type AS x
    UNION ALL
    SELECT 'proc', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_proc AS x
    UNION ALL
    SELECT 'aggregate', count(*), coalesce(sum(hashint8extended(x.aggfnoid::oid::int8, x.xmin::text::int8)), 0) FROM pg_aggregate AS x
    UNION ALL
    SELECT 'attrdef', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_attrdef AS x
    UNION ALL
    SELECT 'constraint', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_constraint AS x
    UNION ALL
    SELECT 'index', count(*), coalesce(sum(hashint8extended(x.indexrelid::int8, x.xmin::text::int8)), 0) FROM pg_index AS x
    UNION ALL
    SELECT 'trigger', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_trigger AS x
    UNION ALL
    SELECT 'rewrite', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_rewrite AS x
    UNION ALL
    SELECT 'policy', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_policy AS x
    UNION ALL
    SELECT 'inherits', count(*), coalesce(sum(hashint8extended(x.inhrelid::int8, hashint8extended(x.inhparent::int8, x.xmin::text::int8))), 0)
    FROM pg_inherits AS x
    UNION ALL
    SELECT 'partitioned', count(*), coalesce(sum(hashint8extended(x.partrelid::int8, x.xmin::text::int8)), 0) FROM pg_partitioned_table AS x
    UNION ALL
    SELECT 'statistic_ext', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_statistic_ext AS x
    UNION ALL
    SELECT 'sequence', count(*), coalesce(sum(hashint8extended(x.seqrelid::int8, x.xmin::text::int8)), 0) FROM pg_sequence AS x
    UNION ALL
    SELECT 'enum', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_enum AS x
    UNION ALL
    SELECT 'range', count(*), coalesce(sum(hashint8extended(x.rngtypid::int8, x.xmin::text::int8)), 0) FROM pg_range AS x
    UNION ALL
    SELECT 'namespace', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0)
    FROM pg_namespace AS x WHERE x.nspname !~ '^pg_(toast_)?temp_'
    UNION ALL
    SELECT 'description', count(*),
           coalesce(sum(hashint8extended(x.objoid::int8, hashint8extended((x.classoid::int8 << 16) + x.objsubid, x.xmin::text::int8))), 0)
    FROM pg_description AS x
    UNION ALL
    SELECT 'shdescription', count(*), coalesce(sum(hashint8extended(x.objoid::int8, hashint8extended(x.classoid::int8, x.xmin::text::int8))), 0)
    FROM pg_shdescription AS x
    UNION ALL
    SELECT 'seclabel', count(*),
           coalesce(sum(hashint8extended(x.objoid::int8, hashint8extended((x.classoid::int8 << 16) + x.objsubid, x.xmin::text::int8))), 0)
    FROM pg_seclabel AS x
    UNION ALL
    SELECT 'init_privs', count(*),
           coalesce(sum(hashint8extended(x.objoid::int8, hashint8extended((x.classoid::int8 << 16) + x.objsubid, x.xmin::text::int8))), 0)
    FROM pg_init_privs AS x
    UNION ALL
    SELECT 'large_object', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_largeobject_metadata AS x
    UNION ALL
    SELECT 'shseclabel', count(*), coalesce(sum(hashint8extended(x.objoid::int8, hashint8extended(x.classoid::int8, x.xmin::text::int8))), 0)
    FROM pg_shseclabel AS x
    UNION ALL
    SELECT 'extension', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_extension AS x
    UNION ALL
    SELECT 'members', count(*),
           coalesce(sum(hashint8extended(x.objid::int8, hashint8extended(x.classid::int8, hashint8extended(x.refobjid::int8, x.xmin::text::int8)))), 0)
    FROM pg_depend AS x WHERE x.refclassid = 'pg_extension'::regclass AND x.deptype IN ('e', 'x')
    UNION ALL
    SELECT 'owned', count(*),
           coalesce(sum(hashint8extended(x.objid::int8, hashint8extended((x.refobjid::int8 << 16) + x.refobjsubid, x.xmin::text::int8))), 0)
    FROM pg_sequence AS s
    JOIN pg_depend AS x ON x.classid = 'pg_class'::regclass AND x.objid = s.seqrelid AND x.deptype IN ('a', 'i')
    UNION ALL
    SELECT 'operator', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_operator AS x
    UNION ALL
    SELECT 'opclass', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_opclass AS x
    UNION ALL
    SELECT 'opfamily', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_opfamily AS x
    UNION ALL
    SELECT 'amop', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_amop AS x
    UNION ALL
    SELECT 'amproc', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_amproc AS x
    UNION ALL
    SELECT 'collation', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_collation AS x
    UNION ALL
    SELECT 'conversion', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_conversion AS x
    UNION ALL
    SELECT 'ts_config', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_ts_config AS x
    UNION ALL
    SELECT 'ts_config_map', count(*),
           coalesce(sum(hashint8extended(x.mapcfg::int8, hashint8extended((x.maptokentype::int8 << 16) + x.mapseqno, x.xmin::text::int8))), 0)
    FROM pg_ts_config_map AS x
    UNION ALL
    SELECT 'ts_dict', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_ts_dict AS x
    UNION ALL
    SELECT 'ts_parser', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_ts_parser AS x
    UNION ALL
    SELECT 'ts_template', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_ts_template AS x
    UNION ALL
    SELECT 'cast', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_cast AS x
    UNION ALL
    SELECT 'transform', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_transform AS x
    UNION ALL
    SELECT 'language', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_language AS x
    UNION ALL
    SELECT 'am', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_am AS x
    UNION ALL
    SELECT 'wrapper', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_foreign_data_wrapper AS x
    UNION ALL
    SELECT 'server', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_foreign_server AS x
    UNION ALL
    SELECT 'foreign_table', count(*), coalesce(sum(hashint8extended(x.ftrelid::int8, x.xmin::text::int8)), 0) FROM pg_foreign_table AS x
    UNION ALL
    SELECT 'event_trigger', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_event_trigger AS x
    UNION ALL
    SELECT 'publication', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_publication AS x
    UNION ALL
    SELECT 'publication_rel', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_publication_rel AS x
    UNION ALL
    SELECT 'default_acl', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_default_acl AS x
    UNION ALL
    SELECT 'members_of_roles', count(*), coalesce(sum(hashint8extended(x.roleid::int8, hashint8extended(x.member::int8, x.xmin::text::int8))), 0)
    FROM pg_auth_members AS x
    UNION ALL
    SELECT 'setting', count(*), coalesce(sum(hashint8extended(x.setdatabase::int8, hashint8extended(x.setrole::int8, x.xmin::text::int8))), 0)
    FROM pg_db_role_setting AS x
    UNION ALL
    SELECT 'database', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0)
    FROM pg_database AS x WHERE x.datname = current_database()
    UNION ALL
    SELECT 'tablespace', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) FROM pg_tablespace AS x
    UNION ALL
    -- Their rows show no xmin to ordinary roles.
    SELECT 'role', count(*), coalesce(sum(hashtextextended((to_jsonb(x) - 'rolpassword')::text, 0)), 0) FROM pg_roles AS x
    UNION ALL
    SELECT 'mapping', count(*), coalesce(sum(hashtextextended(to_jsonb(x)::text, 0)), 0) FROM pg_user_mappings AS x
    UNION ALL
    -- By name: 13 shows ordinary roles no oids of them.
    SELECT 'subscription', count(*), coalesce(sum(hashtextextended(concat_ws(' ', s.subname, s.subowner, s.subenabled,
                                                                                array_to_string(s.subpublications, ',')), 0)), 0)
    FROM pg_subscription AS s WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
) AS w
