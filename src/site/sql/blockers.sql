-- Who holds what backend $1 waits for: application, process id, user, state and since when, the lock wanted and the relation (or kind
-- of thing) that it is on, NULL and "an old snapshot" where the end of an older transaction is waited for; one row per blocking session. NULL:
-- the role may not see it. Last, how far an index is that it makes, "building index: scanning table, 40 %"; where nobody is waited for such a row
-- has nothing else.
WITH blocker AS (
    SELECT a.application_name, b.pid, a.usename, a.state,
           pg_catalog.to_char(a.state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
           CASE WHEN w.locktype OPERATOR(pg_catalog.<>) 'virtualxid' THEN w.mode END AS mode,
           CASE
               WHEN c.oid IS NOT NULL THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
               WHEN w.locktype OPERATOR(pg_catalog.=) 'virtualxid' THEN 'an old snapshot'
               WHEN w.locktype OPERATOR(pg_catalog.=) 'transactionid' THEN 'a row that its transaction changed'
               ELSE w.locktype
           END AS what
    FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::pg_catalog.int4)) AS b(pid)
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) b.pid
    LEFT JOIN (SELECT k.mode, k.locktype, k.relation FROM pg_catalog.pg_locks k
               WHERE k.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND NOT k.granted LIMIT 1) AS w ON true
    LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.relation
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
), made AS (
    SELECT p.phase || CASE WHEN p.blocks_total OPERATOR(pg_catalog.>) 0
                           THEN pg_catalog.format(', %s %%', p.blocks_done OPERATOR(pg_catalog.*) 10 OPERATOR(pg_catalog./) p.blocks_total OPERATOR(pg_catalog.*) 10)
                           WHEN p.tuples_total OPERATOR(pg_catalog.>) 0
                           THEN pg_catalog.format(', %s %%', p.tuples_done OPERATOR(pg_catalog.*) 10 OPERATOR(pg_catalog./) p.tuples_total OPERATOR(pg_catalog.*) 10)
                           ELSE '' END AS progress
    FROM pg_catalog.pg_stat_progress_create_index p
    WHERE p.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4
)
SELECT b.application_name, b.pid, b.usename, b.state, b.since, b.mode, b.what, m.progress
FROM blocker b
FULL JOIN made m ON true
ORDER BY b.pid
