-- Transaction ids that this backend holds: its own, and that of the subtransaction just marked.
SELECT l.transactionid::text
FROM pg_locks AS l
WHERE l.pid = pg_backend_pid() AND l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
