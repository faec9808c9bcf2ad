-- How long ($1, with unit) what is read in this transaction may wait for a lock that another session holds.
SELECT pg_catalog.set_config('lock_timeout', $1, true)
