-- What every session is pinned to, in one round trip. client_connection_check_interval came with PostgreSQL 14;
-- set_config() is volatile, so the CASE keeps older servers from looking at the name. DateStyle keeps the role's
-- order of day and month, as psql would have it. What kfmig says was done is on disk: a session that came with
-- synchronous_commit = off waits for the local one.
SELECT pg_catalog.set_config('TimeZone', 'UTC', false),
       pg_catalog.set_config('DateStyle', 'ISO', false),
       pg_catalog.set_config('IntervalStyle', 'iso_8601', false),
       pg_catalog.set_config('extra_float_digits', '1', false),
       pg_catalog.set_config('bytea_output', 'hex', false),
       pg_catalog.set_config('standard_conforming_strings', 'on', false),
       CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off'
            THEN pg_catalog.set_config('synchronous_commit', 'local', false)
       END,
       pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', false),
       CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 140000
            THEN pg_catalog.set_config('client_connection_check_interval', '10s', false)
       END;
