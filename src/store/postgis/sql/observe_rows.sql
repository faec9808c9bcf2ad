-- Which objects the transaction may have changed: catalog rows that it wrote, relations and objects that it locked, and what
-- depends on given objects. Sections are chosen (store/sections.h): NAME searches that catalog in full, "NAME locked" for the
-- relations in $3 only; "seed" looks for dependants. Either "as found", or "resolved" with "whole" or "part":
-- whether what is a part of an object is traced to it.
-- $1 the transaction's id as a number; $2 how many ids were given out since, so that a row's xmin within that range is ours if it
-- is in progress; $3 relations locked; $4, $5 addresses of objects locked; $6, $7 addresses whose dependants are wanted.
-- Rows: catalog (0: from a lock, 1: see below, pg_depend: a dependant), n rows in it, address of the object they belong to as the class queries
-- know it (0 0: a part that always changes with its table), extension it is a member of, address whose dependant it is.
WITH given AS (
    SELECT $1::int8 AS xid, $2::int4 AS ids, $3::oid[] AS relations, $4::oid[] AS classes, $5::oid[] AS objects,
           $6::oid[] AS seed_classes, $7::oid[] AS seed_objects
),
--+ seed
seed AS (
    SELECT s.classid, s.objid, s.classid AS via_class, s.objid AS via_object
    FROM unnest($6::oid[], $7::oid[]) AS s (classid, objid)
), reference AS (
    SELECT * FROM seed
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, s.via_class, s.via_object
    FROM seed AS s
    JOIN pg_class AS c ON s.classid = 'pg_class'::regclass AND c.oid = s.objid
    JOIN pg_type AS r ON r.oid = c.reltype
    JOIN pg_type AS t ON t.oid IN (r.oid, r.typarray)
    UNION ALL
    SELECT 'pg_class'::regclass, d.objid, s.via_class, s.via_object
    FROM seed AS s
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.objid AND d.refobjsubid > 0
                       AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    WHERE s.classid = 'pg_class'::regclass
    UNION ALL
    SELECT 'pg_type'::regclass, t.typarray, s.via_class, s.via_object
    FROM seed AS s
    JOIN pg_type AS t ON s.classid = 'pg_type'::regclass AND t.oid = s.objid
    WHERE t.typarray <> 0
),
--.
raw (catalog, age, classid, objid, via_class, via_object) AS (
    SELECT 0::oid, NULL::int4, 'pg_class'::regclass::oid, r, 0::oid, 0::oid FROM unnest($3::oid[]) AS r
    UNION ALL
    SELECT 0, NULL, o.classid, o.objid, 0, 0 FROM unnest($4::oid[], $5::oid[]) AS o (classid, objid)
--+ seed
    UNION ALL
    SELECT 'pg_depend'::regclass, NULL, d.classid, d.objid, r.via_class, r.via_object
    FROM reference AS r
    JOIN pg_depend AS d ON d.refclassid = r.classid AND d.refobjid = r.objid AND d.deptype <> 'e'
--.
--+ pg_class locked
    UNION ALL
    SELECT 'pg_class'::regclass, age(x.xmin), 'pg_class'::regclass, x.oid, 0, 0 FROM pg_class AS x
    WHERE x.oid = ANY ($3::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_attribute locked
    UNION ALL
    SELECT 'pg_attribute'::regclass, age(x.xmin), 'pg_class'::regclass, x.attrelid, 0, 0 FROM pg_attribute AS x
    WHERE x.attrelid = ANY ($3::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_attribute locked
    UNION ALL
    SELECT 'pg_attrdef'::regclass, age(x.xmin), 'pg_class'::regclass, x.adrelid, 0, 0 FROM pg_attrdef AS x
    WHERE x.adrelid = ANY ($3::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_class locked
    -- Catalog 1: tables that were given a TOAST table.
    UNION ALL
    SELECT 1::oid, age(t.xmin), 'pg_class'::regclass, x.oid, 0, 0
    FROM pg_class AS x
    JOIN pg_class AS t ON t.oid = x.reltoastrelid
    WHERE x.oid = ANY ($3::oid[]) AND age(t.xmin) <= 0
--.
--+ pg_type locked
    UNION ALL
    SELECT 'pg_type'::regclass, age(x.xmin), 'pg_class'::regclass, c.oid, 0, 0
    FROM pg_class AS c
    JOIN pg_type AS x ON x.oid = c.reltype
    WHERE c.oid = ANY ($3::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_type locked
    UNION ALL
    SELECT 'pg_type'::regclass, age(x.xmin), 'pg_class'::regclass, c.oid, 0, 0
    FROM pg_class AS c
    JOIN pg_type AS r ON r.oid = c.reltype
    JOIN pg_type AS x ON x.oid = r.typarray
    WHERE c.oid = ANY ($3::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_description locked
    UNION ALL
    SELECT 'pg_description'::regclass, age(x.xmin), x.classoid, x.objoid, 0, 0 FROM pg_description AS x
    WHERE x.objoid = ANY ($3::oid[] || $5::oid[]) AND age(x.xmin) <= 0
--.
--+ pg_class
    UNION ALL
    SELECT 'pg_class'::regclass, age(x.xmin), 'pg_class'::regclass, x.oid, 0, 0 FROM pg_class AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_attribute
    UNION ALL
    SELECT 'pg_attribute'::regclass, age(x.xmin), 'pg_class'::regclass, x.attrelid, 0, 0 FROM pg_attribute AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_type
    UNION ALL
    SELECT 'pg_type'::regclass, age(x.xmin), 'pg_type'::regclass, x.oid, 0, 0 FROM pg_type AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_description
    UNION ALL
    SELECT 'pg_description'::regclass, age(x.xmin), x.classoid, x.objoid, 0, 0 FROM pg_description AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_constraint
    UNION ALL
    SELECT 'pg_constraint'::regclass, age(x.xmin), 'pg_type'::regclass, x.contypid, 0, 0 FROM pg_constraint AS x
    WHERE x.contypid > 0 AND age(x.xmin) <= 0
--.
--+ pg_statistic_ext
    UNION ALL
    SELECT 'pg_statistic_ext'::regclass, age(x.xmin), 'pg_class'::regclass, x.stxrelid, 0, 0 FROM pg_statistic_ext AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_proc
    UNION ALL
    SELECT 'pg_proc'::regclass, age(x.xmin), 'pg_proc'::regclass, x.oid, 0, 0 FROM pg_proc AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_aggregate
    UNION ALL
    SELECT 'pg_aggregate'::regclass, age(x.xmin), 'pg_proc'::regclass, x.aggfnoid::oid, 0, 0 FROM pg_aggregate AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_enum
    UNION ALL
    SELECT 'pg_enum'::regclass, age(x.xmin), 'pg_type'::regclass, x.enumtypid, 0, 0 FROM pg_enum AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_range
    UNION ALL
    SELECT 'pg_range'::regclass, age(x.xmin), 'pg_type'::regclass, x.rngtypid, 0, 0 FROM pg_range AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_namespace
    UNION ALL
    SELECT 'pg_namespace'::regclass, age(x.xmin), 'pg_namespace'::regclass, x.oid, 0, 0 FROM pg_namespace AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_extension
    UNION ALL
    SELECT 'pg_extension'::regclass, age(x.xmin), 'pg_extension'::regclass, x.oid, 0, 0 FROM pg_extension AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_operator
    UNION ALL
    SELECT 'pg_operator'::regclass, age(x.xmin), 'pg_operator'::regclass, x.oid, 0, 0 FROM pg_operator AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_opclass
    UNION ALL
    SELECT 'pg_opclass'::regclass, age(x.xmin), 'pg_opclass'::regclass, x.oid, 0, 0 FROM pg_opclass AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_opfamily
    UNION ALL
    SELECT 'pg_opfamily'::regclass, age(x.xmin), 'pg_opfamily'::regclass, x.oid, 0, 0 FROM pg_opfamily AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_amop
    UNION ALL
    SELECT 'pg_amop'::regclass, age(x.xmin), 'pg_opfamily'::regclass, x.amopfamily, 0, 0 FROM pg_amop AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_amproc
    UNION ALL
    SELECT 'pg_amproc'::regclass, age(x.xmin), 'pg_opfamily'::regclass, x.amprocfamily, 0, 0 FROM pg_amproc AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_collation
    UNION ALL
    SELECT 'pg_collation'::regclass, age(x.xmin), 'pg_collation'::regclass, x.oid, 0, 0 FROM pg_collation AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_conversion
    UNION ALL
    SELECT 'pg_conversion'::regclass, age(x.xmin), 'pg_conversion'::regclass, x.oid, 0, 0 FROM pg_conversion AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_ts_config
    UNION ALL
    SELECT 'pg_ts_config'::regclass, age(x.xmin), 'pg_ts_config'::regclass, x.oid, 0, 0 FROM pg_ts_config AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_ts_config_map
    UNION ALL
    SELECT 'pg_ts_config_map'::regclass, age(x.xmin), 'pg_ts_config'::regclass, x.mapcfg, 0, 0 FROM pg_ts_config_map AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_ts_dict
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, age(x.xmin), 'pg_ts_dict'::regclass, x.oid, 0, 0 FROM pg_ts_dict AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_ts_parser
    UNION ALL
    SELECT 'pg_ts_parser'::regclass, age(x.xmin), 'pg_ts_parser'::regclass, x.oid, 0, 0 FROM pg_ts_parser AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_ts_template
    UNION ALL
    SELECT 'pg_ts_template'::regclass, age(x.xmin), 'pg_ts_template'::regclass, x.oid, 0, 0 FROM pg_ts_template AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_cast
    UNION ALL
    SELECT 'pg_cast'::regclass, age(x.xmin), 'pg_cast'::regclass, x.oid, 0, 0 FROM pg_cast AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_transform
    UNION ALL
    SELECT 'pg_transform'::regclass, age(x.xmin), 'pg_transform'::regclass, x.oid, 0, 0 FROM pg_transform AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_language
    UNION ALL
    SELECT 'pg_language'::regclass, age(x.xmin), 'pg_language'::regclass, x.oid, 0, 0 FROM pg_language AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_am
    UNION ALL
    SELECT 'pg_am'::regclass, age(x.xmin), 'pg_am'::regclass, x.oid, 0, 0 FROM pg_am AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_foreign_data_wrapper
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, age(x.xmin), 'pg_foreign_data_wrapper'::regclass, x.oid, 0, 0
    FROM pg_foreign_data_wrapper AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_foreign_server
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, age(x.xmin), 'pg_foreign_server'::regclass, x.oid, 0, 0 FROM pg_foreign_server AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_event_trigger
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, age(x.xmin), 'pg_event_trigger'::regclass, x.oid, 0, 0 FROM pg_event_trigger AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_publication
    UNION ALL
    SELECT 'pg_publication'::regclass, age(x.xmin), 'pg_publication'::regclass, x.oid, 0, 0 FROM pg_publication AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_publication_rel
    UNION ALL
    SELECT 'pg_publication_rel'::regclass, age(x.xmin), 'pg_publication'::regclass, x.prpubid, 0, 0 FROM pg_publication_rel AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_default_acl
    UNION ALL
    SELECT 'pg_default_acl'::regclass, age(x.xmin), 'pg_default_acl'::regclass, x.oid, 0, 0 FROM pg_default_acl AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_seclabel
    UNION ALL
    SELECT 'pg_seclabel'::regclass, age(x.xmin), x.classoid, x.objoid, 0, 0 FROM pg_seclabel AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_shdescription
    UNION ALL
    SELECT 'pg_shdescription'::regclass, age(x.xmin), x.classoid, x.objoid, 0, 0 FROM pg_shdescription AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_shseclabel
    UNION ALL
    SELECT 'pg_shseclabel'::regclass, age(x.xmin), x.classoid, x.objoid, 0, 0 FROM pg_shseclabel AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_database
    UNION ALL
    SELECT 'pg_database'::regclass, age(x.xmin), 'pg_database'::regclass, x.oid, 0, 0 FROM pg_database AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_tablespace
    UNION ALL
    SELECT 'pg_tablespace'::regclass, age(x.xmin), 'pg_tablespace'::regclass, x.oid, 0, 0 FROM pg_tablespace AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_auth_members
    UNION ALL
    SELECT 'pg_auth_members'::regclass, age(x.xmin), 'pg_authid'::regclass, x.member, 0, 0 FROM pg_auth_members AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_db_role_setting
    UNION ALL
    SELECT 'pg_db_role_setting'::regclass, age(x.xmin), 'pg_db_role_setting'::regclass,
           CASE WHEN x.setrole <> 0 THEN x.setrole ELSE x.setdatabase END, 0, 0
    FROM pg_db_role_setting AS x
    WHERE age(x.xmin) <= 0
--.
--+ pg_largeobject_metadata
    UNION ALL
    SELECT 'pg_largeobject_metadata'::regclass, age(x.xmin), 'pg_largeobject'::regclass, x.oid, 0, 0
    FROM pg_largeobject_metadata AS x
    WHERE age(x.xmin) <= 0
--.
), own AS (
    SELECT r.catalog, r.classid, r.objid, r.via_class, r.via_object, count(*) AS n
    FROM raw AS r
    WHERE CASE
        WHEN r.age IS NULL THEN true
        WHEN r.age <= -$2::int4 THEN false
        ELSE pg_xact_status(($1::int8 - r.age)::text::xid8) = 'in progress'
    END
    GROUP BY r.catalog, r.classid, r.objid, r.via_class, r.via_object
--+ as found
)
SELECT o.catalog, o.n, o.classid, o.objid, NULL AS extname, o.via_class, o.via_object
FROM own AS o
--.
--+ whole
), part AS (
    SELECT o.catalog, o.n, o.via_class, o.via_object, o.classid, o.objid FROM own AS o
--.
--+ part
), part AS (
    -- Parts of a relation or a domain that have an oid of their own.
    SELECT o.catalog, o.n, o.via_class, o.via_object, p.classid, p.objid
    FROM own AS o
    CROSS JOIN LATERAL (
        SELECT o.classid, o.objid
        WHERE o.classid NOT IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass,
                                'pg_policy'::regclass, 'pg_statistic_ext'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass,
                                'pg_publication_rel'::regclass)
          AND NOT (o.classid IN ('pg_proc'::regclass, 'pg_cast'::regclass)
                   AND EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = o.classid AND x.objid = o.objid AND x.deptype = 'i'))
        UNION ALL
        -- Functions and casts that come with a range type.
        SELECT x.refclassid, x.refobjid FROM pg_depend AS x
        WHERE o.classid IN ('pg_proc'::regclass, 'pg_cast'::regclass) AND x.classid = o.classid AND x.objid = o.objid
          AND x.deptype = 'i' AND x.refclassid = 'pg_type'::regclass
        UNION ALL
        SELECT CASE WHEN x.conrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
               CASE WHEN x.conrelid <> 0 THEN x.conrelid ELSE x.contypid END
        FROM pg_constraint AS x WHERE o.classid = 'pg_constraint'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_class'::regclass, x.adrelid FROM pg_attrdef AS x WHERE o.classid = 'pg_attrdef'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_class'::regclass, x.tgrelid FROM pg_trigger AS x WHERE o.classid = 'pg_trigger'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_class'::regclass, x.ev_class FROM pg_rewrite AS x WHERE o.classid = 'pg_rewrite'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_class'::regclass, x.polrelid FROM pg_policy AS x WHERE o.classid = 'pg_policy'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_class'::regclass, x.stxrelid FROM pg_statistic_ext AS x
        WHERE o.classid = 'pg_statistic_ext'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_opfamily'::regclass, x.amopfamily FROM pg_amop AS x WHERE o.classid = 'pg_amop'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_opfamily'::regclass, x.amprocfamily FROM pg_amproc AS x
        WHERE o.classid = 'pg_amproc'::regclass AND x.oid = o.objid
        UNION ALL
        SELECT 'pg_publication'::regclass, x.prpubid FROM pg_publication_rel AS x
        WHERE o.classid = 'pg_publication_rel'::regclass AND x.oid = o.objid
    ) AS p
--.
--+ resolved
), typed AS (
    -- Array, multirange and row types.
    SELECT p.catalog, p.n, p.via_class, p.via_object,
           CASE WHEN c.relkind IS NULL OR c.relkind = 'c' THEN p.classid ELSE 'pg_class'::regclass::oid END AS classid,
           CASE WHEN c.relkind IS NULL THEN coalesce(g.rngtypid, e.oid, p.objid) WHEN c.relkind = 'c' THEN coalesce(e.oid, p.objid)
                ELSE c.oid END AS objid
    FROM part AS p
    LEFT JOIN pg_type AS t ON p.classid = 'pg_type'::regclass AND t.oid = p.objid
    LEFT JOIN pg_type AS e ON t.typcategory = 'A' AND e.oid = t.typelem AND e.typarray = t.oid
    LEFT JOIN pg_class AS c ON c.oid = coalesce(e.typrelid, t.typrelid) AND c.oid <> 0
    LEFT JOIN pg_range AS g ON coalesce(e.typtype, t.typtype) = 'm' AND (to_jsonb(g) ->> 'rngmultitypid')::oid = coalesce(e.oid, t.oid)
), owned AS (
    -- Indexes, sequences that a column owns, what stands behind a composite type; TOAST goes with its table.
    SELECT t.catalog, t.n, t.via_class, t.via_object,
           CASE WHEN c.relkind = 'c' THEN 'pg_type'::regclass::oid WHEN c.relnamespace = 99 THEN 0 ELSE t.classid END AS classid,
           CASE WHEN c.relkind = 'c' THEN c.reltype WHEN c.relnamespace = 99 THEN 0
                ELSE coalesce(i.indrelid, d.refobjid, t.objid) END AS objid
    FROM typed AS t
    LEFT JOIN pg_class AS c ON t.classid = 'pg_class'::regclass AND c.oid = t.objid
    LEFT JOIN pg_index AS i ON c.relkind IN ('i', 'I') AND i.indexrelid = c.oid
    LEFT JOIN pg_depend AS d ON c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
                            AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
)
SELECT o.catalog, sum(o.n) AS n, o.classid, o.objid,
       (SELECT x.extname
        FROM pg_depend AS m
        JOIN pg_extension AS x ON x.oid = m.refobjid
        WHERE m.classid = o.classid AND m.objid = o.objid AND m.deptype = 'e') AS extname,
       o.via_class, o.via_object
FROM owned AS o
GROUP BY o.catalog, o.classid, o.objid, o.via_class, o.via_object
--.
