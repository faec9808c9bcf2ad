-- Objects outside of the schemas $1 that depend on one in them. Rows: code, object, what it depends on. What belongs to a table, a type or an
-- operator family stands where that stands; a cast belongs to its types.
WITH home AS (
    SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = ANY ($1)
), relation AS (
    SELECT c.oid FROM pg_class AS c JOIN home AS h ON h.oid = c.relnamespace
), type AS (
    SELECT t.oid FROM pg_type AS t JOIN home AS h ON h.oid = t.typnamespace
), family AS (
    SELECT f.oid FROM pg_opfamily AS f JOIN home AS h ON h.oid = f.opfnamespace
), inside (classid, objid) AS (
    SELECT 'pg_namespace'::regclass::oid, h.oid FROM home AS h
    UNION ALL SELECT 'pg_class'::regclass, r.oid FROM relation AS r
    UNION ALL SELECT 'pg_type'::regclass, t.oid FROM type AS t
    UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM pg_proc AS p JOIN home AS h ON h.oid = p.pronamespace
    UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM pg_operator AS o JOIN home AS h ON h.oid = o.oprnamespace
    UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass AS o JOIN home AS h ON h.oid = o.opcnamespace
    UNION ALL SELECT 'pg_opfamily'::regclass, f.oid FROM family AS f
    UNION ALL SELECT 'pg_amop'::regclass, a.oid FROM pg_amop AS a JOIN family AS f ON f.oid = a.amopfamily
    UNION ALL SELECT 'pg_amproc'::regclass, a.oid FROM pg_amproc AS a JOIN family AS f ON f.oid = a.amprocfamily
    UNION ALL SELECT 'pg_collation'::regclass, c.oid FROM pg_collation AS c JOIN home AS h ON h.oid = c.collnamespace
    UNION ALL SELECT 'pg_conversion'::regclass, c.oid FROM pg_conversion AS c JOIN home AS h ON h.oid = c.connamespace
    UNION ALL SELECT 'pg_ts_config'::regclass, c.oid FROM pg_ts_config AS c JOIN home AS h ON h.oid = c.cfgnamespace
    UNION ALL SELECT 'pg_ts_dict'::regclass, d.oid FROM pg_ts_dict AS d JOIN home AS h ON h.oid = d.dictnamespace
    UNION ALL SELECT 'pg_ts_parser'::regclass, p.oid FROM pg_ts_parser AS p JOIN home AS h ON h.oid = p.prsnamespace
    UNION ALL SELECT 'pg_ts_template'::regclass, t.oid FROM pg_ts_template AS t JOIN home AS h ON h.oid = t.tmplnamespace
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext AS s JOIN home AS h ON h.oid = s.stxnamespace
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint AS k JOIN home AS h ON h.oid = k.connamespace
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef AS d JOIN relation AS r ON r.oid = d.adrelid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
    -- A foreign key's triggers stand on both of its tables.
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t JOIN pg_constraint AS k ON k.oid = t.tgconstraint
              JOIN home AS h ON h.oid = k.connamespace
    UNION ALL SELECT 'pg_rewrite'::regclass, w.oid FROM pg_rewrite AS w JOIN relation AS r ON r.oid = w.ev_class
    UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy AS p JOIN relation AS r ON r.oid = p.polrelid
    UNION ALL SELECT 'pg_cast'::regclass, c.oid FROM pg_cast AS c JOIN type AS t ON t.oid IN (c.castsource, c.casttarget)
    UNION ALL SELECT 'pg_transform'::regclass, f.oid FROM pg_transform AS f JOIN type AS t ON t.oid = f.trftype
    UNION ALL SELECT 'pg_default_acl'::regclass, d.oid FROM pg_default_acl AS d JOIN home AS h ON h.oid = d.defaclnamespace
), outside AS (
    SELECT d.classid, d.objid, d.refclassid, d.refobjid,
           d.classid::regclass::text IN ('pg_publication_rel', 'pg_publication_namespace') AS publishes
    FROM pg_depend AS d
    JOIN (SELECT DISTINCT classid, objid FROM inside) AS i ON i.classid = d.refclassid AND i.objid = d.refobjid
    WHERE NOT EXISTS (SELECT FROM inside AS j WHERE j.classid = d.classid AND j.objid = d.objid)
      AND NOT EXISTS (SELECT FROM pg_class AS t
                      WHERE d.classid = 'pg_class'::regclass AND t.oid = d.objid AND t.relnamespace = 'pg_toast'::regnamespace)
)
SELECT CASE WHEN o.publishes THEN 'publication'
            WHEN o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND EXISTS (
                SELECT FROM pg_inherits AS p WHERE p.inhrelid = o.objid AND p.inhparent = o.refobjid) THEN 'inherits'
            ELSE 'dependant' END AS code,
       x.type || ' ' || x.identity AS object,
       min(y.type || ' ' || y.identity) AS detail
FROM outside AS o
-- A view is what its query's rule belongs to, a publication what says which tables it takes in.
LEFT JOIN pg_rewrite AS w ON o.classid = 'pg_rewrite'::regclass AND w.oid = o.objid AND w.rulename = '_RETURN'
LEFT JOIN pg_depend AS p ON o.publishes AND p.classid = o.classid AND p.objid = o.objid AND p.refclassid = 'pg_publication'::regclass
CROSS JOIN LATERAL pg_identify_object(CASE WHEN w.oid IS NOT NULL THEN 'pg_class'::regclass
                                           WHEN p.refobjid IS NOT NULL THEN 'pg_publication'::regclass ELSE o.classid END,
                                      coalesce(w.ev_class, p.refobjid, o.objid), 0) AS x
CROSS JOIN LATERAL pg_identify_object(o.refclassid, o.refobjid, 0) AS y
WHERE x.identity IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2
