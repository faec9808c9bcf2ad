-- What this transaction holds, PostgreSQL keeping most locks to its end, whatever was done; pg_locks is dear and read once.
-- what: "relation": one that is locked; modes: a bit per mode, from 1 AccessShare to 128 AccessExclusive; one that is gone has no
--       name; of the system catalogs only those locked for writing. defers: rows may have been written in it, and what a trigger of
--       it does can be put off to COMMIT.
--       "object" (oid: its class, owner: itself): no relation, and locked against changes by others, as whoever changes or drops one
--       does; an extension by whatever lock.
--       "id" (name): a transaction id, its own or that of the subtransaction just marked.
--       "ledger" (name): how much this backend did to schema kfmig in this transaction, as a text to compare; counters only grow,
--       but for TRUNCATE, which shows in the modes; that of ANALYZE is left out: it writes statistics, and what scans is counted.
WITH mine AS MATERIALIZED (
    SELECT l.locktype, l.relation, l.classid, l.objid, l.transactionid, l.mode
    FROM pg_locks AS l
    WHERE l.pid = pg_backend_pid() AND l.granted
      AND (l.locktype = 'transactionid'
           OR l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())))
), held AS MATERIALIZED (
    SELECT l.relation,
           bit_or(CASE l.mode
               WHEN 'AccessShareLock' THEN 1 WHEN 'RowShareLock' THEN 2 WHEN 'RowExclusiveLock' THEN 4
               WHEN 'ShareUpdateExclusiveLock' THEN 8 WHEN 'ShareLock' THEN 16 WHEN 'ShareRowExclusiveLock' THEN 32
               WHEN 'ExclusiveLock' THEN 64 ELSE 128 END) AS modes
    FROM mine AS l
    -- Most are catalogs that planning and kfmig's own queries look at.
    WHERE l.locktype = 'relation' AND (l.relation >= 16384 OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
    GROUP BY l.relation
)
SELECT 'relation' AS what, h.relation AS oid, h.modes, c.relkind::text, n.nspname::text, c.relname::text AS name,
       c.relpersistence = 't' AS is_temporary, c.relfilenode,
       o.oid AS owner, o.relkind::text AS owner_kind, m.nspname::text AS owner_schema, o.relname::text AS owner_name,
       x.extname::text, s.srvname::text,
       pg_stat_get_xact_tuples_inserted(h.relation) AS inserted, pg_stat_get_xact_tuples_updated(h.relation) AS updated,
       pg_stat_get_xact_tuples_deleted(h.relation) AS deleted,
       c.relkind IN ('r', 'm') AND CASE WHEN h.modes >= 128 THEN pg_relation_size(h.relation) > 0 END AS has_pages,
       c.relhastriggers AND h.modes & 4 <> 0
           AND EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = h.relation AND t.tgdeferrable) AS defers,
       c.relkind IN ('i', 'I') AND c.relispartition AS is_part
FROM held AS h
LEFT JOIN pg_class AS c ON c.oid = h.relation
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON c.relkind IN ('i', 'I') AND i.indexrelid = c.oid
LEFT JOIN pg_depend AS d ON c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
LEFT JOIN pg_class AS o ON o.oid = coalesce(i.indrelid, d.refobjid)
LEFT JOIN pg_namespace AS m ON m.oid = o.relnamespace
LEFT JOIN pg_depend AS e ON e.classid = 'pg_class'::regclass AND e.objid = coalesce(o.oid, c.oid) AND e.deptype = 'e'
LEFT JOIN pg_extension AS x ON x.oid = e.refobjid
LEFT JOIN pg_foreign_table AS f ON c.relkind = 'f' AND f.ftrelid = c.oid
LEFT JOIN pg_foreign_server AS s ON s.oid = f.ftserver
WHERE c.oid IS NULL OR h.modes > 3 OR n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
UNION ALL
SELECT DISTINCT 'object', l.classid, NULL::int4, NULL, NULL, NULL, NULL::bool, NULL::oid, l.objid, NULL, NULL, NULL, NULL, NULL,
       NULL::int8, NULL::int8, NULL::int8, NULL::bool, NULL::bool, NULL::bool
FROM mine AS l
WHERE l.locktype = 'object'
  AND (l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') OR l.classid = 'pg_extension'::regclass)
UNION ALL
SELECT 'id', NULL, NULL, NULL, NULL, l.transactionid::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL
FROM mine AS l
WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
UNION ALL
SELECT 'ledger', NULL, bit_or(h.modes), NULL, NULL, concat_ws(' ', count(*), sum(d.objid::int8),
       sum(pg_stat_get_xact_numscans(d.objid) + pg_stat_get_xact_tuples_returned(d.objid)
           + pg_stat_get_xact_tuples_fetched(d.objid) + pg_stat_get_xact_tuples_inserted(d.objid)
           + pg_stat_get_xact_tuples_updated(d.objid) + pg_stat_get_xact_tuples_deleted(d.objid))
           FILTER (WHERE d.classid = 'pg_class'::regclass), nullif(bit_or(h.modes & ~8), 0)),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM pg_depend AS d
LEFT JOIN held AS h ON d.classid = 'pg_class'::regclass AND h.relation = d.objid
WHERE d.refclassid = 'pg_namespace'::regclass
  AND d.refobjid = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = 'kfmig')
