-- Of the tables (schema $3, '': as the session's search_path resolves the name, and name $4) that are written anew: those of which more
-- than $1 percent of the rows are dead (verdict 'dead'); and all of them together, if they need more room than the $2 bytes that are
-- free (-1: nobody knows). A table that does not stand there yet needs nothing.
WITH RECURSIVE taken AS (
    SELECT CASE WHEN g.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(g.name))::pg_catalog.oid
                ELSE (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = g.schema AND c.relname = g.name)
           END AS oid
    FROM ROWS FROM (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[])) AS g (schema, name)
    UNION
    SELECT i.inhrelid FROM taken AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
), sized AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_total_relation_size(c.oid) AS bytes
    FROM taken AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm')
), needed AS MATERIALIZED (SELECT pg_catalog.sum(s.bytes)::pg_catalog.int8 AS bytes FROM sized AS s)
SELECT 'dead' AS verdict, pg_catalog.format('table %I.%I', s.nspname, s.relname) AS subject,
       pg_catalog.format('%s of about %s rows are dead, and it is written anew', u.n_dead_tup, u.n_live_tup + u.n_dead_tup) AS text
FROM sized AS s JOIN pg_catalog.pg_stat_user_tables AS u ON u.relid = s.oid
WHERE u.n_dead_tup * 100 > $1::pg_catalog.int8 * (u.n_live_tup + u.n_dead_tup)
UNION ALL
SELECT CASE WHEN $2::pg_catalog.int8 < 0 THEN 'unknown' ELSE 'fail' END, 'disk',
       CASE WHEN $2::pg_catalog.int8 < 0
            THEN pg_catalog.format('%s bytes are written anew; how much is free, the server does not tell this role, or not over a network', d.bytes)
            ELSE pg_catalog.format('%s bytes are written anew, %s are free', d.bytes, $2) END
FROM needed AS d
WHERE d.bytes > 0 AND d.bytes > $2::pg_catalog.int8
ORDER BY 1, 2
