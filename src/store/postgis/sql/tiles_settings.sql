-- What tiles are read under, until the transaction ends: values have the same text in every session. $1 the path of schemas.
SELECT pg_catalog.set_config(s.name, s.value, true)
FROM (VALUES
    ('search_path', $1::pg_catalog.text),
    ('DateStyle', 'ISO, YMD'),
    ('IntervalStyle', 'iso_8601'),
    ('TimeZone', 'UTC'),
    ('extra_float_digits', '1'),
    ('bytea_output', 'hex'),
    ('xmlbinary', 'base64'),
    ('lc_monetary', 'C'),
    ('statement_timeout', '0'),
    ('jit', 'off')
) AS s (name, value)
