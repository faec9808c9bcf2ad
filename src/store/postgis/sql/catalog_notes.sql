-- Comments, security labels and ALTER ... DEPENDS ON EXTENSION of objects that are read by their oids; those of a table's parts
-- other than columns stand with the part.
-- $1 oids of whatever catalog, or NULL: all. Section "labels": all but comments.
SELECT d.classoid AS classid,
       d.objoid AS objid,
       NULL AS kind,
       NULL AS schema,
       NULL AS name,
       CASE WHEN d.objsubid = 0 THEN 'comment' ELSE 'comment on column ' || a.attname END AS facet,
       E'\x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02' AS value
FROM pg_description AS d
LEFT JOIN pg_attribute AS a ON d.classoid = 'pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid
WHERE ($1::oid[] IS NULL OR d.objoid = ANY ($1::oid[])) AND (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass)
  AND (d.objsubid = 0 OR a.attname IS NOT NULL)
  AND d.classoid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass,
                     'pg_extension'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
                     'pg_collation'::regclass, 'pg_conversion'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass,
                     'pg_ts_parser'::regclass, 'pg_ts_template'::regclass)
--+ labels
UNION ALL
SELECT s.classoid, s.objoid, NULL, NULL, NULL,
       'security_label ' || s.provider || CASE WHEN s.objsubid = 0 THEN '' ELSE ' on column ' || a.attname END,
       E'\x01d' || replace(s.label, E'\x02', E'\x02\x02') || E'\x02'
FROM pg_seclabel AS s
LEFT JOIN pg_attribute AS a ON s.classoid = 'pg_class'::regclass AND a.attrelid = s.objoid AND a.attnum = s.objsubid
WHERE ($1::oid[] IS NULL OR s.objoid = ANY ($1::oid[])) AND (s.objoid >= 16384 OR s.classoid = 'pg_namespace'::regclass)
  AND (s.objsubid = 0 OR a.attname IS NOT NULL)
  AND s.classoid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass,
                     'pg_extension'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
                     'pg_collation'::regclass, 'pg_conversion'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass,
                     'pg_ts_parser'::regclass, 'pg_ts_template'::regclass)
UNION ALL
SELECT d.classid, d.objid, NULL, NULL, NULL, 'depends_on_extension ' || e.extname, 'yes'
FROM pg_depend AS d
JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE ($1::oid[] IS NULL OR d.objid = ANY ($1::oid[])) AND d.objid >= 16384
  AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass
UNION ALL
SELECT 'pg_class'::regclass, x.indrelid, NULL, NULL, NULL,
       'index ' || c.relname || ' depends_on_extension ' || e.extname, 'yes'
FROM pg_index AS x
JOIN pg_class AS c ON c.oid = x.indexrelid
JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.deptype = 'x'
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE ($1::oid[] IS NULL OR x.indrelid = ANY ($1::oid[]))
UNION ALL
SELECT 'pg_class'::regclass, t.tgrelid, NULL, NULL, NULL,
       'trigger ' || t.tgname || ' depends_on_extension ' || e.extname, 'yes'
FROM pg_trigger AS t
JOIN pg_depend AS d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'x'
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE ($1::oid[] IS NULL OR t.tgrelid = ANY ($1::oid[]))
--.
