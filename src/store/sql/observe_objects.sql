-- Objects other than relations that this transaction has locked against changes by others, as whoever changes or drops one does;
-- extensions by whatever lock.
SELECT l.classid, l.objid
FROM pg_locks AS l
WHERE l.pid = pg_backend_pid() AND l.locktype = 'object' AND l.granted
  AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
  AND (l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') OR l.classid = 'pg_extension'::regclass)
GROUP BY l.classid, l.objid
