-- Relations that this transaction has locked; PostgreSQL holds such locks to its end, whatever was done. modes: a bit per mode, from
-- 1 AccessShare to 128 AccessExclusive. Relations that are gone have no name. Of the system catalogs only those locked for writing.
WITH held AS MATERIALIZED (
    SELECT l.relation,
           bit_or(CASE l.mode
               WHEN 'AccessShareLock' THEN 1 WHEN 'RowShareLock' THEN 2 WHEN 'RowExclusiveLock' THEN 4
               WHEN 'ShareUpdateExclusiveLock' THEN 8 WHEN 'ShareLock' THEN 16 WHEN 'ShareRowExclusiveLock' THEN 32
               WHEN 'ExclusiveLock' THEN 64 ELSE 128 END) AS modes
    FROM pg_locks AS l
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
      AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
    GROUP BY l.relation
)
SELECT h.relation, h.modes, c.relkind, n.nspname, c.relname, c.relpersistence = 't' AS is_temporary, c.relfilenode,
       o.oid AS owner, o.relkind AS owner_kind, m.nspname AS owner_schema, o.relname AS owner_name,
       x.extname, s.srvname,
       pg_stat_get_xact_tuples_inserted(h.relation) AS inserted, pg_stat_get_xact_tuples_updated(h.relation) AS updated,
       pg_stat_get_xact_tuples_deleted(h.relation) AS deleted,
       c.relkind IN ('r', 'm') AND CASE WHEN h.modes >= 128 THEN pg_relation_size(h.relation) > 0 END AS has_pages
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
