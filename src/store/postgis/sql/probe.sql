-- What a place says about itself: version, whether it may be written, which database this is. One row.
SELECT pg_catalog.current_setting('server_version') AS version,
       NOT pg_catalog.pg_is_in_recovery() AND NOT pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool AS is_writable,
       (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS database
