-- Columns of the relations that glance_held.sql found, those of the system included: as catalog_columns.sql, and how old a column's row and
-- that of its default are. more: '?' where there is something that CREATE TABLE alone does not make.
SELECT a.attrelid, a.attnum, quote_ident(a.attname) AS name, CASE WHEN a.attnum > 0 THEN format_type(a.atttypid, a.atttypmod) END AS type,
       a.attnotnull, a.attgenerated::text AS generated,
       pg_get_expr(e.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE e.adrelid END) AS expression,
       a.attcollation,
       CASE WHEN a.attidentity <> '' OR coalesce(a.attstattarget, -1) <> -1 AND a.attnum > 0 OR a.attinhcount <> 0 OR a.attacl IS NOT NULL
                 OR a.attoptions IS NOT NULL OR a.attfdwoptions IS NOT NULL OR a.attisdropped THEN '?'
            WHEN a.attnum < 0 THEN NULL
            ELSE CASE WHEN a.attcollation IN (0, t.typcollation) THEN ''
                      ELSE ' collate ' || CASE WHEN pg_collation_is_visible(a.attcollation) THEN 'pg_catalog.' ELSE '' END
                           || a.attcollation::regcollation::text END
                 || CASE WHEN a.attstorage = t.typstorage THEN '' ELSE ' storage ' || a.attstorage::text END
                 || CASE v.attcompression WHEN '' THEN '' ELSE ' compression ' || v.attcompression::text END
       END AS more,
       age(a.xmin) AS age, age(e.xmin) AS default_age
FROM (SELECT ''::"char" AS attcompression) AS absent
CROSS JOIN pg_attribute AS a
-- attcompression came with version 14: an unknown name in the inner query means the column of "absent".
CROSS JOIN LATERAL (SELECT attcompression FROM (SELECT a.*) AS x) AS v
-- A key of NULL saves a look into the index.
LEFT JOIN pg_type AS t ON t.oid = CASE WHEN a.attnum > 0 THEN a.atttypid END
LEFT JOIN pg_attrdef AS e ON e.adrelid = CASE WHEN a.atthasdef THEN a.attrelid END AND e.adnum = a.attnum
WHERE a.attrelid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[])
