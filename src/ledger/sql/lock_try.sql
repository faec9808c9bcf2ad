-- The lock of a run (1801874791 is "kfmg" in ASCII), for the session; never waits.
SELECT pg_catalog.pg_try_advisory_lock(1801874791, 1) AS locked
