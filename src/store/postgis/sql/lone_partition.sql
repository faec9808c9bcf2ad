-- What stands of a partition: $1 and $2 its schema ('': as the session's search_path resolves it) and name, $3 and $4 those of the table that it
-- is a part of. One row, with the columns of lone_index.sql: oid is NULL once it is detached; it is whole as long as no detachment is pending.
WITH given AS (
    SELECT pg_catalog.to_regclass(
               CASE WHEN $3::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN pg_catalog.quote_ident($4)
                    ELSE pg_catalog.quote_ident($3) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($4) END) AS parent,
           pg_catalog.to_regclass(
               CASE WHEN $1::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN pg_catalog.quote_ident($2)
                    ELSE pg_catalog.quote_ident($1) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($2) END) AS part
)
SELECT g.parent::pg_catalog.oid, n.nspname, t.relname, h.inhrelid AS oid, h.inhrelid IS NOT NULL AS fits,
       h.inhrelid IS NOT NULL AND NOT COALESCE((pg_catalog.to_jsonb(h) OPERATOR(pg_catalog.->>) 'inhdetachpending')::pg_catalog.bool, false) AS is_whole,
       'partition' AS shape, false AS is_building, NULL AS scraps,
       g.part::pg_catalog.oid AS part_oid, pn.nspname AS part_schema, p.relname AS part_name
FROM given g
LEFT JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) g.parent
LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace
LEFT JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) g.part
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid OPERATOR(pg_catalog.=) g.part AND h.inhparent OPERATOR(pg_catalog.=) g.parent
