-- Settings that the text of definitions depends on, until the end of the (sub)transaction. With nothing but pg_catalog in the path
-- every other name is shown with its schema. $1 whether all objects are to be read: then each query is planned for its
-- parameters; for a few, plans are made once, without parameters, and must not read whole catalogs. The migration's own limit of time
-- is not for these.
SELECT pg_catalog.set_config(s.name, s.value, true)
FROM (VALUES
    ('search_path', 'pg_catalog, pg_temp'),
    ('client_encoding', CASE WHEN pg_catalog.getdatabaseencoding() = 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END),
    ('quote_all_identifiers', 'off'),
    ('DateStyle', 'ISO, YMD'),
    ('IntervalStyle', 'iso_8601'),
    ('TimeZone', 'UTC'),
    ('extra_float_digits', '1'),
    ('bytea_output', 'hex'),
    ('xmlbinary', 'base64'),
    ('standard_conforming_strings', 'on'),
    ('jit', 'off'),
    ('plan_cache_mode', CASE WHEN $1::pg_catalog.bool THEN 'force_custom_plan' ELSE 'force_generic_plan' END),
    ('enable_hashjoin', CASE WHEN $1::pg_catalog.bool THEN 'on' ELSE 'off' END),
    ('enable_mergejoin', CASE WHEN $1::pg_catalog.bool THEN 'on' ELSE 'off' END),
    ('enable_seqscan', CASE WHEN $1::pg_catalog.bool THEN 'on' ELSE 'off' END),
    ('enable_nestloop', 'on'),
    ('enable_indexscan', 'on'),
    ('statement_timeout', '0'),
    ('max_parallel_workers_per_gather', '0'),
    ('work_mem', CASE WHEN $1::pg_catalog.bool THEN '32MB' ELSE '4MB' END),
    ('join_collapse_limit', CASE WHEN $1::pg_catalog.bool THEN '8' ELSE '1' END)
) AS s (name, value)
