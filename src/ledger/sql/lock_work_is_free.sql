-- Taken and given back at once: nobody works, also no orphan backend of a run that died.
SELECT CASE
           WHEN pg_catalog.pg_try_advisory_lock(1801874791, 2) THEN pg_catalog.pg_advisory_unlock(1801874791, 2)
           ELSE false
       END AS free
