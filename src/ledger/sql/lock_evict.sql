-- End session $2 if it holds the run's lock for run $1.
SELECT pg_catalog.pg_terminate_backend(k.pid) AS ended
FROM pg_catalog.pg_locks k
WHERE k.locktype = 'advisory' AND k.granted AND k.pid = $2::pg_catalog.int4 AND k.pid <> pg_catalog.pg_backend_pid()
  AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND k.classid = 1801874791 AND k.objid = 1 AND k.objsubid = 2
  AND EXISTS (SELECT FROM kfmig.lease l WHERE l.run_id = $1::pg_catalog.text)
