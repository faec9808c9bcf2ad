-- Hold the name of a drill's database for this session. Parameter: its eight hexadecimal digits. 1801874788 is "kfmd".
SELECT pg_catalog.pg_try_advisory_lock(1801874788, ('x' || $1::text)::bit(32)::int4)
