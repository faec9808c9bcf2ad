-- Steps (names $2) whose statements need more locks than the server's lock table has left, of which $1 percent may be in use: tables of
-- schema $3 and name $4 with their indexes, parts and TOAST tables, as they stand there now.
WITH RECURSIVE taken AS (
    SELECT g.step,
           CASE WHEN g.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(g.name))::pg_catalog.oid
                ELSE (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = g.schema AND c.relname = g.name)
           END AS oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[])) AS g (step, schema, name)
    UNION
    SELECT t.step, i.inhrelid FROM taken AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
), needed AS (
    SELECT t.step, count(*) * 2 + pg_catalog.sum((SELECT count(*) FROM pg_catalog.pg_index AS i WHERE i.indrelid = t.oid)) AS n
    FROM taken AS t WHERE t.oid IS NOT NULL GROUP BY t.step
), room AS MATERIALIZED (
    SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
           * (pg_catalog.current_setting('max_connections')::pg_catalog.int8 + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8) AS size,
           (SELECT count(*) FROM pg_catalog.pg_locks AS l WHERE NOT l.fastpath) AS used
)
SELECT 'fail' AS verdict, d.step AS subject,
       pg_catalog.format('it needs about %s locks, and %s of %s are in use', d.n, r.used, r.size) AS text
FROM needed AS d CROSS JOIN room AS r
WHERE (d.n + r.used) * 100 > r.size * $1::pg_catalog.int8
ORDER BY d.step
