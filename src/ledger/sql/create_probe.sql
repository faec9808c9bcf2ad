-- May the ledger be made here, and by whom? Runs as the first statement of the transaction that makes it. "locked" is the
-- lock on making it (1801874791 is "kfmg" in ASCII): whoever holds it waits for nobody. One row.
SELECT pg_catalog.pg_try_advisory_xact_lock(1801874791, 3) AS locked,
       pg_catalog.quote_ident(current_user) AS role,
       pg_catalog.quote_ident(pg_catalog.current_database()) AS quoted_database,
       pg_catalog.current_database() AS database,
       pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now
