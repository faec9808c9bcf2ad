-- Give back the lock of a run; false if it was not ours.
SELECT pg_catalog.pg_advisory_unlock(1801874791, 1) AS released
