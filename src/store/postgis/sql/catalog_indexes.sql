-- Indexes: method, columns with their operator classes, flags; expressions and conditions are digests.
-- $1 oids of tables in pg_class, or NULL: all.
WITH wanted AS (
    SELECT x.*, c.relname, c.relam, c.relkind, c.relnamespace, c.reltablespace, c.reloptions,
           t.relname AS table_name, t.relnamespace AS table_namespace
    FROM pg_index AS x
    JOIN pg_class AS c ON c.oid = x.indexrelid
    JOIN pg_class AS t ON t.oid = x.indrelid
    WHERE ($1::oid[] IS NULL OR x.indrelid = ANY ($1::oid[]))
      AND x.indrelid >= 16384
      AND t.relkind IN ('r', 'p', 'm')
      AND t.relpersistence <> 't'
), parts AS (
    SELECT x.indexrelid,
           string_agg(CASE WHEN i.at > x.indnkeyatts THEN 'include ' ELSE '' END
                      || coalesce(quote_ident(a.attname), 'expression')
                      || CASE WHEN p.oid IS NULL THEN '' ELSE
                             ' ' || CASE WHEN p.opcnamespace = 11 THEN '' ELSE quote_ident(pn.nspname) || '.' END
                             || quote_ident(p.opcname) END
                      || CASE WHEN l.oid IS NULL THEN '' ELSE
                             ' collate ' || quote_ident(ln.nspname) || '.' || quote_ident(l.collname) END
                      || CASE WHEN i.at <= x.indnkeyatts AND x.indoption[i.at - 1] & 1 = 1 THEN ' desc' ELSE '' END
                      || CASE WHEN i.at <= x.indnkeyatts AND x.indoption[i.at - 1] & 2 = 2 THEN ' nulls first' ELSE '' END,
                      ', ' ORDER BY i.at) AS columns
    FROM wanted AS x
    CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS i (attnum, at)
    -- OFFSET keeps this a look-up for each, which is faster than to join with all columns there are.
    LEFT JOIN LATERAL (SELECT y.attname, y.attcollation FROM pg_attribute AS y
                       WHERE y.attrelid = x.indrelid AND y.attnum = i.attnum AND i.attnum <> 0 OFFSET 0) AS a ON true
    LEFT JOIN pg_opclass AS p ON p.oid = x.indclass[i.at - 1] AND i.at <= x.indnkeyatts
    LEFT JOIN pg_namespace AS pn ON pn.oid = p.opcnamespace
    LEFT JOIN pg_collation AS l ON l.oid = x.indcollation[i.at - 1] AND i.at <= x.indnkeyatts
                               AND l.oid IS DISTINCT FROM a.attcollation
    LEFT JOIN pg_namespace AS ln ON ln.oid = l.collnamespace
    GROUP BY x.indexrelid
)
SELECT 'pg_class'::regclass::oid AS classid,
       x.indrelid AS objid,
       NULL AS kind,
       NULL AS schema,
       NULL AS name,
       'index ' || x.relname AS facet,
       CASE WHEN x.indisprimary THEN 'primary ' WHEN x.indisunique THEN 'unique ' ELSE '' END
       || m.amname || ' (' || p.columns || ')'
       || CASE WHEN v.indnullsnotdistinct THEN ' nulls not distinct' ELSE '' END
       || CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL THEN '' ELSE
              -- What follows "CREATE [UNIQUE] INDEX name ON [ONLY] table USING ".
              E' \x01i' || replace(substr(pg_get_indexdef(x.indexrelid), length(
                  'CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(x.relname) || ' ON '
                  || CASE WHEN x.relkind = 'I' THEN 'ONLY ' ELSE '' END
                  || quote_ident(n.nspname) || '.' || quote_ident(x.table_name) || ' USING ') + 1), E'\x02', E'\x02\x02') || E'\x02' END
       || CASE WHEN x.reloptions IS NULL THEN '' ELSE
              E'\x01o' || replace(ARRAY[' with ', x.reloptions::text]::text, E'\x02', E'\x02\x02') || E'\x02' END
       || CASE WHEN x.indimmediate THEN '' ELSE ' deferrable' END
       || CASE WHEN x.indisvalid THEN '' ELSE ' invalid' END
       || CASE WHEN x.indisclustered THEN ' clustered' ELSE '' END
       || CASE WHEN x.indisreplident THEN ' replica identity' ELSE '' END
       || CASE WHEN x.reltablespace <> 0 THEN ' tablespace ' || (
              SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = x.reltablespace) ELSE '' END
       || CASE WHEN x.indexprs IS NOT NULL THEN coalesce((
              SELECT ' statistics ' || string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER BY a.attnum)
              FROM pg_attribute AS a
              WHERE a.attrelid = x.indexrelid AND a.attnum > 0 AND coalesce(a.attstattarget, -1) <> -1), '') ELSE '' END
       || coalesce(E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02', '') AS value
FROM (SELECT false AS indnullsnotdistinct) AS absent
CROSS JOIN wanted AS x
-- A column of version 15: an unknown name in the inner query means that of "absent".
CROSS JOIN LATERAL (SELECT indnullsnotdistinct FROM (SELECT x.*) AS y) AS v
JOIN parts AS p ON p.indexrelid = x.indexrelid
JOIN pg_am AS m ON m.oid = x.relam
JOIN pg_namespace AS n ON n.oid = x.table_namespace
LEFT JOIN pg_description AS d ON d.objoid = x.indexrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
