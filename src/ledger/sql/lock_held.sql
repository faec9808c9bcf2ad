-- $1 epoch: is the lock still this session's, and the epoch the last?
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks k
               WHERE k.locktype = 'advisory' AND k.granted AND k.pid = pg_catalog.pg_backend_pid()
                 AND k.classid = 1801874791 AND k.objid = 1 AND k.objsubid = 2)
       AND EXISTS (SELECT FROM kfmig.lease l WHERE l.epoch = $1::pg_catalog.int8) AS held
