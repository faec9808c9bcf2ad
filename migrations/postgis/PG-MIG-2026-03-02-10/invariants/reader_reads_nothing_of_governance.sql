SELECT c.oid::regclass AS readable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'governance' AND c.relkind = 'r' AND has_table_privilege('kfm_reader', c.oid, 'SELECT');
