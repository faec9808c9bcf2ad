-- Settings that the text of definitions depends on, until the end of the (sub)transaction. With nothing but pg_catalog in the path
-- every other name is shown with its schema. $1 plan_cache_mode: force_generic_plan for reading a few objects, force_custom_plan
-- for all.
SELECT pg_catalog.set_config(s.name, s.value, true)
FROM (VALUES
    ('search_path', 'pg_catalog, pg_temp'),
    ('quote_all_identifiers', 'off'),
    ('DateStyle', 'ISO, YMD'),
    ('IntervalStyle', 'iso_8601'),
    ('TimeZone', 'UTC'),
    ('extra_float_digits', '1'),
    ('bytea_output', 'hex'),
    ('xmlbinary', 'base64'),
    ('standard_conforming_strings', 'on'),
    ('jit', 'off'),
    ('plan_cache_mode', $1::pg_catalog.text)
) AS s (name, value)
