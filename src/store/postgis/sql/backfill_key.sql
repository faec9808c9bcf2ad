-- What a backfill goes by: $1 schema ('': as the session's search_path resolves it), $2 table, $3 columns of the key in order. One row: the table
-- (no row of it: NULL), its kind, whether other tables inherit from it, roughly how many rows it has; per column, one a line, whether it is
-- there and not null ("" "null" "missing") and its type; and of the index over exactly these columns that comes nearest: its oid and what of it
-- holds (NULL: there is none).
WITH t AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind,
           c.relkind OPERATOR(pg_catalog.=) 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent OPERATOR(pg_catalog.=) c.oid) AS has_children,
           CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN (
                    SELECT COALESCE(pg_catalog.sum(GREATEST(p.reltuples, 0)), 0)
                    FROM pg_catalog.pg_partition_tree(c.oid) x JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) x.relid WHERE x.isleaf)
                ELSE GREATEST(c.reltuples, 0) END::pg_catalog.int8 AS about_rows
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(
        CASE WHEN $1::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN pg_catalog.quote_ident($2)
             ELSE pg_catalog.quote_ident($1) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($2) END)::pg_catalog.oid
), col AS (
    SELECT k.place, k.name, a.attnum, a.attnotnull, a.attcollation, pg_catalog.format_type(a.atttypid, -1) AS type, a.attrelid
    FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY AS k (name, place)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) (SELECT t.oid FROM t) AND a.attname OPERATOR(pg_catalog.=) k.name AND a.attnum OPERATOR(pg_catalog.>) 0
), idx AS (
    SELECT i.indexrelid, m.amname OPERATOR(pg_catalog.=) 'btree' AS is_btree, i.indisunique AS is_unique, i.indimmediate AS is_immediate,
           i.indisvalid AND i.indisready AS is_valid, i.indpred IS NULL AS is_whole,
           NOT EXISTS (
               SELECT FROM col c
               JOIN pg_catalog.pg_opclass o ON o.oid OPERATOR(pg_catalog.=) (i.indclass::pg_catalog.oid[])[c.place OPERATOR(pg_catalog.-) 1]
               WHERE NOT o.opcdefault OR (i.indcollation::pg_catalog.oid[])[c.place OPERATOR(pg_catalog.-) 1] OPERATOR(pg_catalog.<>) c.attcollation) AS is_plain,
           (SELECT pg_catalog.count(DISTINCT (i.indoption::pg_catalog.int2[])[c.place OPERATOR(pg_catalog.-) 1] OPERATOR(pg_catalog.&) 1) FROM col c) OPERATOR(pg_catalog.=) 1 AS is_straight
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) x.relam
    WHERE i.indrelid OPERATOR(pg_catalog.=) (SELECT t.oid FROM t) AND i.indnkeyatts OPERATOR(pg_catalog.=) pg_catalog.cardinality($3::pg_catalog.text[])
      AND NOT EXISTS (SELECT FROM col c WHERE (c.attnum OPERATOR(pg_catalog.=) (i.indkey::pg_catalog.int2[])[c.place OPERATOR(pg_catalog.-) 1]) IS NOT TRUE)
    ORDER BY m.amname OPERATOR(pg_catalog.=) 'btree' AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indisready AND i.indpred IS NULL DESC,
             i.indisunique DESC, i.indexrelid
    LIMIT 1
)
SELECT t.oid, t.nspname, t.relname, t.relkind, t.has_children, t.about_rows,
       (SELECT pg_catalog.string_agg(CASE WHEN c.attnum IS NULL THEN 'missing' WHEN c.attnotnull THEN '' ELSE 'null' END, E'\n' ORDER BY c.place) FROM col c),
       (SELECT pg_catalog.string_agg(COALESCE(c.type, ''), E'\n' ORDER BY c.place) FROM col c),
       i.indexrelid, i.is_btree, i.is_unique, i.is_immediate, i.is_valid, i.is_whole, i.is_plain, i.is_straight
FROM (SELECT 1) AS one
LEFT JOIN t ON true
LEFT JOIN idx i ON true
