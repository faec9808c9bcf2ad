-- About what the tables of schema $1 ('': as the session's search_path resolves the name) and name $2 hold, with those that
-- count to them: pg_class as the last ANALYZE or VACUUM left it. Rows: place in $1 from 1, rows, bytes (with what is stored out of
-- line); none where nothing is known.
WITH RECURSIVE taken AS (
    SELECT g.place,
           CASE WHEN g.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(g.name))::pg_catalog.oid
                ELSE (SELECT c.oid
                      FROM pg_catalog.pg_class AS c
                      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = g.schema AND c.relname = g.name)
           END AS oid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) WITH ORDINALITY AS g (schema, name, place)
    UNION
    SELECT t.place, i.inhrelid
    FROM taken AS t
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
)
SELECT t.place, pg_catalog.sum(c.reltuples)::pg_catalog.int8 AS n,
       (pg_catalog.sum(c.relpages::pg_catalog.int8 + coalesce(o.relpages, 0))
        * pg_catalog.current_setting('block_size')::pg_catalog.int8)::pg_catalog.int8 AS bytes
FROM taken AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
LEFT JOIN pg_catalog.pg_class AS o ON o.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'm', 'f') AND c.reltuples > 0
GROUP BY t.place
ORDER BY t.place
