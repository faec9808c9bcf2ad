-- Give it back.
SELECT pg_catalog.pg_advisory_unlock_shared(1801874791, 2) AS released
