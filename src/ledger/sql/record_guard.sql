-- $1 transaction id and $2 users from work_begin.sql, or NULL: not to be compared (the work lock is then taken now); $3 epoch.
WITH held AS (
    SELECT k.objid
    FROM pg_catalog.pg_locks k
    WHERE k.locktype = 'advisory' AND k.granted AND k.pid = pg_catalog.pg_backend_pid()
      AND k.classid = 1801874791 AND k.objsubid = 2
)
SELECT $1::pg_catalog.text IS NULL
           OR COALESCE(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text = $1::pg_catalog.text, false) AS same_xid,
       $2::pg_catalog.text IS NULL
           OR pg_catalog.quote_ident(current_user) || ' ' || pg_catalog.quote_ident(session_user)
              = $2::pg_catalog.text AS same_users,
       EXISTS (SELECT FROM held h WHERE h.objid = 1) AS has_lock,
       CASE
           WHEN $1::pg_catalog.text IS NULL THEN pg_catalog.pg_try_advisory_xact_lock_shared(1801874791, 2)
           ELSE EXISTS (SELECT FROM held h WHERE h.objid = 2)
       END AS has_work_lock,
       EXISTS (SELECT FROM kfmig.lease l WHERE l.epoch = $3::pg_catalog.int8) AS same_epoch
