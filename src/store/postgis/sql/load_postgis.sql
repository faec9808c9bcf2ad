-- The schema that PostGIS lives in; no row without PostGIS.
SELECT n.nspname AS name
FROM pg_catalog.pg_extension AS x
JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace
WHERE x.extname = 'postgis'
