-- Indexes: rows of pg_index, of which rows_keys.c makes facets. tail: of those with expressions or conditions what follows "CREATE
-- [UNIQUE] INDEX name ON [ONLY] table USING ". statistics: targets of their expressions.
-- $1 oids of tables in pg_class, or NULL: all.
SELECT x.indrelid, c.relname AS name, m.amname AS method, x.indisunique, x.indisprimary, x.indnkeyatts, x.indkey::text AS key,
       x.indclass::text AS classes, x.indcollation::text AS collations, x.indoption::text AS options, v.indnullsnotdistinct,
       CASE WHEN x.indexprs IS NOT NULL OR x.indpred IS NOT NULL THEN
           substr(pg_get_indexdef(x.indexrelid), length(
               'CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(c.relname) || ' ON '
               || CASE WHEN c.relkind = 'I' THEN 'ONLY ' ELSE '' END || x.indrelid::regclass::text || ' USING ') + 1) END AS tail,
       c.reloptions::text AS storage, x.indimmediate, x.indisvalid, x.indisclustered, x.indisreplident,
       CASE WHEN c.reltablespace <> 0 THEN (
           SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) END AS tablespace,
       CASE WHEN x.indexprs IS NOT NULL THEN (
           SELECT string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER BY a.attnum)
           FROM pg_attribute AS a
           WHERE a.attrelid = x.indexrelid AND a.attnum > 0 AND coalesce(a.attstattarget, -1) <> -1) END AS statistics,
       d.description
FROM (SELECT false AS indnullsnotdistinct) AS absent
CROSS JOIN pg_index AS x
-- A column of version 15: an unknown name in the inner query means that of "absent".
CROSS JOIN LATERAL (SELECT indnullsnotdistinct FROM (SELECT x.*) AS y) AS v
JOIN pg_class AS c ON c.oid = x.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
LEFT JOIN pg_description AS d ON d.objoid = x.indexrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
WHERE ($1::oid[] IS NULL OR x.indrelid = ANY ($1::oid[])) AND x.indrelid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace
