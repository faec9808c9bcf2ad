-- Tables whose rows a TRUNCATE or DROP of the named relations and schemas takes along, as the session's search_path resolves the
-- names. $1 'relation', 'only' (what counts to it stays as it is) or 'schema', $2 schema ('' unknown) and $3 name of each; $4 whether
-- all are dropped (else truncated); $5 whether CASCADE. Rows: oid, whether it holds rows, quoted name.
WITH RECURSIVE given AS (
    SELECT pg_catalog.to_regclass(CASE WHEN g.schema = '' THEN '' ELSE pg_catalog.quote_ident(g.schema) || '.' END
                                  || pg_catalog.quote_ident(g.name))::pg_catalog.oid AS oid,
           g.kind = 'only' AS is_only
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
                    pg_catalog.unnest($3::pg_catalog.text[])) AS g (kind, schema, name)
    WHERE g.kind IN ('relation', 'only')
    UNION
    SELECT c.oid, false
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
                    pg_catalog.unnest($3::pg_catalog.text[])) AS g (kind, schema, name)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = g.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
    WHERE g.kind = 'schema'
), taken AS (
    SELECT g.oid, g.is_only FROM given AS g WHERE g.oid IS NOT NULL
    UNION
    SELECT x.oid, false
    FROM taken AS t
    CROSS JOIN LATERAL (
        SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid AND NOT t.is_only
        UNION ALL
        SELECT k.conrelid
        FROM pg_catalog.pg_constraint AS k
        WHERE k.confrelid = t.oid AND k.contype = 'f' AND $5::pg_catalog.bool AND NOT $4::pg_catalog.bool
    ) AS x
)
SELECT DISTINCT c.oid, c.relkind = 'r' AS holds_rows,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
FROM taken AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'kfmig'
ORDER BY c.oid
