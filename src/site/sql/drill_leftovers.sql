-- Databases that killed drills left: our pattern, our comment, ours to drop, held by no living drill, nobody connected.
SELECT d.datname
FROM pg_catalog.pg_database d
WHERE d.datname ~ '^kfmig_drill_[0-9a-f]{8}$'
  AND pg_catalog.shobj_description(d.oid, 'pg_database') = 'kfmig drill: a throwaway database, dropped by the next drill'
  AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                  WHERE a.datid = d.oid AND a.backend_type = 'client backend')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                  WHERE l.locktype = 'advisory' AND l.classid = 1801874788 AND l.objsubid = 2
                    AND l.objid = ('x' || pg_catalog.right(d.datname, 8))::bit(32)::int8::oid)
ORDER BY 1
