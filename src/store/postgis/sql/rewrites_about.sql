-- Whether a change of a column's type, or a new column, writes the rows of a table anew: schemas $1 ('': as the session's search_path
-- resolves the name) and names $2 of tables, columns $3 ('': one that is added), types $4 as SQL ('': asks only whether the table has
-- rows of its own), modifiers $5 ('10,2'; '': none; '?': not numbers). Rows: place in $1 from 1; 0 never, 1 maybe, 2 surely; none
-- where the table is not there. Source: tablecmds.c, ATColumnChangeRequiresRewrite(), and the support functions of varchar, varbit, numeric.
WITH asked AS (
    SELECT g.place, g.column_name, g.type, g.modifiers,
           CASE WHEN g.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(g.name))::pg_catalog.oid
                ELSE (SELECT c.oid
                      FROM pg_catalog.pg_class AS c
                      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = g.schema AND c.relname = g.name)
           END AS oid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[]),
                    pg_catalog.unnest($4::pg_catalog.text[]), pg_catalog.unnest($5::pg_catalog.text[]))
        WITH ORDINALITY AS g (schema, name, column_name, type, modifiers, place)
), typed AS (
    SELECT a.place, a.column_name, a.type, c.relkind, t.oid AS new_oid, t.typname, t.typtype, t.typcategory, t.typbasetype,
           t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid) AS ruled,
           o.oid AS old_oid, o.typtype AS old_typtype, o.typcategory AS old_category, f.atttypmod AS old_mod, a.modifiers,
           CASE WHEN a.modifiers NOT SIMILAR TO '[0-9]+(,[0-9]+)?' THEN NULL
                WHEN t.typname = 'numeric'
                THEN 65536 * pg_catalog.split_part(a.modifiers, ',', 1)::pg_catalog.int4 + 4
                     + CASE WHEN a.modifiers LIKE '%,%' THEN pg_catalog.split_part(a.modifiers, ',', 2)::pg_catalog.int4 ELSE 0 END
                WHEN t.typname IN ('varchar', 'bpchar') THEN a.modifiers::pg_catalog.int4 + 4
                WHEN t.typname IN ('bit', 'varbit') THEN a.modifiers::pg_catalog.int4
           END AS new_mod
    FROM asked AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.oid
    LEFT JOIN pg_catalog.pg_type AS t ON t.oid = pg_catalog.to_regtype(NULLIF(a.type, ''))
    LEFT JOIN pg_catalog.pg_attribute AS f ON f.attrelid = c.oid AND f.attname = a.column_name AND f.attnum > 0 AND NOT f.attisdropped
    LEFT JOIN pg_catalog.pg_type AS o ON o.oid = f.atttypid
)
SELECT t.place,
       CASE WHEN t.relkind NOT IN ('r', 'p', 'm') THEN 0
            WHEN t.type = '' THEN 2
            WHEN t.new_oid IS NULL THEN CASE WHEN t.column_name = '' THEN 0 ELSE 1 END
            WHEN t.column_name = ''
            THEN CASE WHEN t.typtype <> 'd' THEN 0
                      WHEN t.ruled THEN 2
                      WHEN (SELECT b.typtype FROM pg_catalog.pg_type AS b WHERE b.oid = t.typbasetype) = 'd' THEN 1
                      ELSE 0
                 END
            WHEN t.old_oid IS NULL OR t.typtype = 'd' OR t.old_typtype = 'd' THEN 1
            WHEN t.old_oid = t.new_oid
            THEN CASE WHEN t.modifiers = '' OR t.new_mod = t.old_mod THEN 0
                      WHEN t.new_mod IS NULL THEN 1
                      WHEN t.typname IN ('varchar', 'varbit') AND t.old_mod >= 0 AND t.new_mod >= t.old_mod THEN 0
                      WHEN t.typname = 'numeric' AND t.old_mod >= 0 AND t.new_mod >= t.old_mod
                           AND (t.new_mod - 4) % 65536 = (t.old_mod - 4) % 65536 THEN 0
                      ELSE 2
                 END
            WHEN k.castmethod = 'b' THEN CASE WHEN t.modifiers = '' THEN 0 WHEN t.old_mod < 0 AND t.new_mod IS NOT NULL THEN 2 ELSE 1 END
            WHEN k.castmethod = 'i' THEN 2
            WHEN k.castmethod = 'f'
            THEN CASE WHEN k.castfunc >= 16384 OR (t.new_oid IN (1114, 1184) AND t.old_oid IN (1114, 1184)) THEN 1 ELSE 2 END -- timestamps in UTC
            WHEN 'A' IN (t.typcategory, t.old_category) THEN 1
            WHEN 'S' IN (t.typcategory, t.old_category) THEN 2
            ELSE 1
       END AS verdict
FROM typed AS t
LEFT JOIN pg_catalog.pg_cast AS k ON k.castsource = t.old_oid AND k.casttarget = t.new_oid
ORDER BY t.place
