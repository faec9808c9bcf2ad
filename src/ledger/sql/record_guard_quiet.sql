-- record_guard.sql for a transaction of which it is known that the run's locks are held, and that nothing is left: same parameters and
-- columns.
SELECT COALESCE(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text = $1::pg_catalog.text, false) AS same_xid,
       pg_catalog.quote_ident(current_user) || ' ' || pg_catalog.quote_ident(session_user) = $2::pg_catalog.text AS same_users,
       true AS has_lock, true AS has_work_lock,
       EXISTS (SELECT FROM kfmig.lease l WHERE l.epoch = $3::pg_catalog.int8) AS same_epoch,
       '' AS left
