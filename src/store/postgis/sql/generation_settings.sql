-- Settings that bytes and text of values depend on, until the end of the (sub)transaction. A policy that hides rows is an error then,
-- not fewer rows.
SELECT set_config(s.name, s.value, true)
FROM (VALUES
    ('client_encoding', 'UTF8'),
    ('row_security', 'off'),
    ('xmloption', 'content'),
    ('lc_monetary', 'C'),
    ('client_min_messages', 'error'),
    ('max_parallel_workers_per_gather', (SELECT p.reset_val FROM pg_settings AS p WHERE p.name = 'max_parallel_workers_per_gather'))
) AS s (name, value)
