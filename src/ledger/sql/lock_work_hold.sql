-- The work lock for the session, beside others who work; false: a starter looks whether anybody works.
SELECT pg_catalog.pg_try_advisory_lock_shared(1801874791, 2) AS held
