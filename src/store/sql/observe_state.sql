-- Who and when, and all that this backend did to schema kfmig in this transaction, as a text to compare. One row.
SELECT pg_current_xact_id()::text AS xid,
       current_user || '|' || session_user AS users,
       current_setting('track_counts') = 'on' AS counts,
       has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS reads_all,
       EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname IN (current_user, session_user) AND r.rolsuper) AS is_super,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now,
       coalesce((
           SELECT count(*) || ' ' || sum(d.objid::int8) || ': ' || string_agg(
                      CASE WHEN d.classid = 'pg_class'::regclass THEN concat_ws(' ', d.objid,
                          (SELECT string_agg(DISTINCT l.mode, '+' ORDER BY l.mode)
                           FROM pg_locks AS l
                           WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = d.objid),
                          pg_stat_get_xact_numscans(d.objid), pg_stat_get_xact_tuples_returned(d.objid),
                          pg_stat_get_xact_tuples_fetched(d.objid), pg_stat_get_xact_tuples_inserted(d.objid),
                          pg_stat_get_xact_tuples_updated(d.objid), pg_stat_get_xact_tuples_deleted(d.objid)) END,
                      ', ' ORDER BY d.classid, d.objid)
           FROM pg_depend AS d
           WHERE d.refclassid = 'pg_namespace'::regclass
             AND d.refobjid = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = 'kfmig')), '') AS ledger
