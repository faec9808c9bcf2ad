-- What stands of an index: $1 its schema ('': as the session's search_path resolves it), $2 its name, $3 and $4 the table that it is to be made
-- on, or '': the one that it has. One row: the table's oid, schema and name (none: NULL), the index's oid (NULL: nothing of that name),
-- whether it is an index of that table, whether it is valid, its shape (model/lone.h), whether somebody makes an index of the table now who is
-- no session of a run (those hold the work lock, 1801874791 and 2), and the names of invalid indexes that REINDEX CONCURRENTLY left beside it.
WITH given AS (
    SELECT CASE WHEN $4::pg_catalog.text OPERATOR(pg_catalog.<>) '' THEN pg_catalog.to_regclass(
               CASE WHEN $3::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN pg_catalog.quote_ident($4)
                    ELSE pg_catalog.quote_ident($3) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($4) END)
           END AS on_table,
           pg_catalog.to_regclass(
               CASE WHEN $1::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN pg_catalog.quote_ident($2)
                    ELSE pg_catalog.quote_ident($1) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($2) END) AS named
), thing AS (
    SELECT g.on_table,
           CASE WHEN $4::pg_catalog.text OPERATOR(pg_catalog.=) '' THEN g.named::pg_catalog.oid
                ELSE (SELECT c.oid FROM pg_catalog.pg_class c
                      JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) g.on_table
                      WHERE c.relnamespace OPERATOR(pg_catalog.=) t.relnamespace
                        AND c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.text) END AS oid
    FROM given g
), found AS (
    SELECT COALESCE(h.on_table::pg_catalog.oid, x.indrelid) AS table_oid, h.oid, x.indexrelid, x.indrelid, x.indkey, x.indnatts, x.indnkeyatts,
           x.indisunique, x.indpred IS NOT NULL AS has_predicate,
           x.indisvalid AND x.indisready AND x.indislive AS is_whole, m.amname
    FROM thing h
    LEFT JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) h.oid
    LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.oid
    LEFT JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) c.relam
)
SELECT f.table_oid, n.nspname, t.relname, f.oid,
       f.indrelid IS NOT NULL AND f.indrelid OPERATOR(pg_catalog.=) f.table_oid AS fits,
       COALESCE(f.is_whole, false) AS is_whole,
       (SELECT pg_catalog.concat(CASE WHEN f.indisunique THEN 'unique ' END, f.amname, ' (',
                   pg_catalog.string_agg(COALESCE(a.attname, ''), ',' ORDER BY k.place) FILTER (WHERE k.place OPERATOR(pg_catalog.<=) f.indnkeyatts), ')',
                   ' include (' OPERATOR(pg_catalog.||)
                   pg_catalog.string_agg(COALESCE(a.attname, ''), ',' ORDER BY k.place) FILTER (WHERE k.place OPERATOR(pg_catalog.>) f.indnkeyatts)
                   OPERATOR(pg_catalog.||) ')',
                   CASE WHEN f.has_predicate THEN ' where' END)
        FROM pg_catalog.unnest(f.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(number, place)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) f.indrelid AND a.attnum OPERATOR(pg_catalog.=) k.number
                                           AND k.number OPERATOR(pg_catalog.<>) 0) AS shape,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
               WHERE p.relid OPERATOR(pg_catalog.=) f.table_oid
                 AND p.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                                     WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks k
                                 WHERE k.pid OPERATOR(pg_catalog.=) p.pid AND k.locktype OPERATOR(pg_catalog.=) 'advisory' AND k.granted
                                   AND k.classid OPERATOR(pg_catalog.=) 1801874791 AND k.objid OPERATOR(pg_catalog.=) 2
                                   AND k.objsubid OPERATOR(pg_catalog.=) 2)) AS is_building,
       (SELECT pg_catalog.string_agg(c.relname, E'\n' ORDER BY c.relname)
        FROM pg_catalog.pg_index x
        JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) x.indexrelid
        WHERE x.indrelid OPERATOR(pg_catalog.=) f.table_oid AND NOT x.indisvalid
          AND pg_catalog.starts_with(c.relname, pg_catalog.left($2::pg_catalog.text, 56))
          AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$') AS scraps,
       NULL AS part_oid, NULL AS part_schema, NULL AS part_name
FROM found f
LEFT JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) f.table_oid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace
