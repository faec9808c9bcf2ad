-- The first of a glance: what a transaction holds whose statements ran no code, and who and when it is. One row. What the other queries of
-- the same flight look for is kept for them in settings: kfmig.held the relations, kfmig.ids how many transaction ids were given
-- out since its own, the last being that of the subtransaction just marked.
-- relations and modes belong together; of the system catalogs only those locked for writing. others: objects that are no
-- relations, locked against changes by others, or extensions. run_locks: which of the run's two locks are held, a bit each;
-- advisory: how many others. code: event triggers, which run for DDL. domains: a constraint of a domain was written, by whomever.
SELECT set_config('kfmig.held', coalesce(array_agg(DISTINCT l.relation) FILTER (WHERE l.relation >= 16384), '{}')::text, true) AS held,
       set_config('kfmig.ids', coalesce(max((l.transactionid::text::int8 - (pg_current_xact_id()::text::int8 & 4294967295) + 4294967296)
                                            & 4294967295) FILTER (WHERE l.locktype = 'transactionid'), 0)::text, true)::int8 AS ids,
       array_agg(l.relation) FILTER (WHERE l.locktype = 'relation')::text AS relations,
       array_agg(l.mode) FILTER (WHERE l.locktype = 'relation')::text AS modes,
       count(*) FILTER (WHERE l.locktype = 'object' AND (l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
                                                         OR l.classid = 'pg_extension'::regclass)) AS others,
       coalesce(bit_or(l.objid::int8) FILTER (WHERE l.locktype = 'advisory' AND l.classid = 1801874791 AND l.objsubid = 2), 0) AS run_locks,
       count(*) FILTER (WHERE l.locktype = 'advisory' AND NOT (l.classid = 1801874791 AND l.objsubid = 2)) AS advisory,
       pg_current_xact_id()::text AS xid,
       current_user || '|' || session_user AS users,
       current_setting('track_counts') = 'on' AS counts,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now,
       EXISTS (SELECT FROM pg_event_trigger) AS code,
       EXISTS (SELECT FROM pg_constraint AS x WHERE x.contypid > 0 AND age(x.xmin) <= 0) AS domains
FROM pg_locks AS l
WHERE l.pid = pg_backend_pid() AND l.granted
  AND (l.relation >= 16384 OR l.locktype IN ('object', 'advisory') OR l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
       OR l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
