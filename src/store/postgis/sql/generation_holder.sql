-- Who else holds a lock on one of relations $1, the first in that order. At most one row: who, the relation.
SELECT CASE
           WHEN k.pid IS NULL THEN coalesce('prepared transaction ' || quote_ident(x.gid), 'a prepared transaction')
           WHEN a.backend_type = 'autovacuum worker' THEN format('autovacuum (session %s)', k.pid)
           ELSE format('session %s (%s)', k.pid, coalesce(nullif(a.application_name, ''), 'role ' || quote_ident(a.usename), 'unnamed'))
       END AS who,
       format('%I.%I', n.nspname, c.relname) AS relation
FROM pg_locks AS k
JOIN pg_class AS c ON c.oid = k.relation
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity AS a ON a.pid = k.pid
-- A prepared transaction has no process, but holds the lock on its own id.
LEFT JOIN pg_locks AS i ON k.pid IS NULL AND i.pid IS NULL AND i.virtualtransaction = k.virtualtransaction
                       AND i.locktype = 'transactionid' AND i.granted
LEFT JOIN pg_prepared_xacts AS x ON x.transaction = i.transactionid
WHERE k.locktype = 'relation' AND k.granted AND k.relation = ANY ($1::oid[]) AND k.pid IS DISTINCT FROM pg_backend_pid()
  AND k.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY array_position($1::oid[], k.relation), k.pid
LIMIT 1
