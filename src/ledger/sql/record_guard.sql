-- Whether the transaction that ends now is the one that began, and what the migration leaves in the session; one row.
-- $1 transaction id and $2 users from work_begin.sql, or NULL: not to be compared (the work lock is then taken now); $3 epoch.
-- left: the first kind of what it leaves; "" if nothing, or where nothing is compared. A lock that can be given back before the
-- transaction ends is the session's: the transaction's own are not.
WITH advisory AS MATERIALIZED (
    SELECT k.objid, k.classid::pg_catalog.int8 AS high, k.objid::pg_catalog.int8 AS low, k.objsubid AS keys,
           k.mode = 'ShareLock' AS is_shared, k.classid = 1801874791 AND k.objsubid = 2 AS is_ours
    FROM pg_catalog.pg_locks k
    WHERE k.locktype = 'advisory' AND k.granted AND k.pid = pg_catalog.pg_backend_pid()
), held AS (
    SELECT a.objid FROM advisory a WHERE a.is_ours
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
       EXISTS (SELECT FROM kfmig.lease l WHERE l.epoch = $3::pg_catalog.int8) AS same_epoch,
       CASE
           WHEN $1::pg_catalog.text IS NULL THEN ''
           WHEN EXISTS (SELECT FROM pg_catalog.pg_cursors c WHERE c.is_holdable) THEN 'cursor'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql) THEN 'prepared statement'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_listening_channels()) THEN 'listener'
           WHEN EXISTS (
               SELECT FROM advisory a
               WHERE CASE
                   WHEN a.is_ours THEN false
                   WHEN a.keys = 1 AND a.is_shared THEN pg_catalog.pg_advisory_unlock_shared(a.high << 32 | a.low)
                   WHEN a.keys = 1 THEN pg_catalog.pg_advisory_unlock(a.high << 32 | a.low)
                   WHEN a.is_shared THEN pg_catalog.pg_advisory_unlock_shared(
                       a.high::pg_catalog.bit(32)::pg_catalog.int4, a.low::pg_catalog.bit(32)::pg_catalog.int4)
                   ELSE pg_catalog.pg_advisory_unlock(
                       a.high::pg_catalog.bit(32)::pg_catalog.int4, a.low::pg_catalog.bit(32)::pg_catalog.int4)
               END) THEN 'advisory lock'
           ELSE ''
       END AS left
