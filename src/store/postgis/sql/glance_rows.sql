-- observe_rows.sql "as found" for the relations of glance_held.sql and the catalogs that making a table writes.
WITH raw (catalog, age, classid, objid) AS (
    SELECT 'pg_class'::regclass::oid, age(x.xmin), 'pg_class'::regclass::oid, x.oid FROM pg_class AS x
    WHERE x.oid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(x.xmin) <= 0
    UNION ALL
    SELECT 'pg_attribute'::regclass, age(x.xmin), 'pg_class'::regclass, x.attrelid FROM pg_attribute AS x
    WHERE x.attrelid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(x.xmin) <= 0
    UNION ALL
    SELECT 'pg_attrdef'::regclass, age(x.xmin), 'pg_class'::regclass, x.adrelid FROM pg_attrdef AS x
    WHERE x.adrelid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(x.xmin) <= 0
    UNION ALL
    -- Catalog 1: tables that were given a TOAST table.
    SELECT 1::oid, age(t.xmin), 'pg_class'::regclass, x.oid
    FROM pg_class AS x
    JOIN pg_class AS t ON t.oid = x.reltoastrelid
    WHERE x.oid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(t.xmin) <= 0
    UNION ALL
    -- The row type, and its array type.
    SELECT 'pg_type'::regclass, age(t.xmin), 'pg_class'::regclass, c.oid
    FROM pg_class AS c
    JOIN pg_type AS r ON r.oid = c.reltype
    JOIN pg_type AS t ON t.oid IN (r.oid, r.typarray)
    WHERE c.oid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(t.xmin) <= 0
    UNION ALL
    SELECT 'pg_description'::regclass, age(x.xmin), x.classoid, x.objoid FROM pg_description AS x
    WHERE x.objoid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[]) AND age(x.xmin) <= 0
    UNION ALL
    SELECT 'pg_constraint'::regclass, age(x.xmin), 'pg_type'::regclass, x.contypid FROM pg_constraint AS x
    WHERE x.contypid > 0 AND age(x.xmin) <= 0
)
SELECT r.catalog, count(*) AS n, r.classid, r.objid, NULL AS extname
FROM raw AS r
WHERE CASE
    WHEN r.age <= -current_setting('kfmig.ids')::int4 THEN false
    ELSE pg_xact_status((pg_current_xact_id()::text::int8 - r.age)::text::xid8) = 'in progress'
END
GROUP BY r.catalog, r.classid, r.objid
