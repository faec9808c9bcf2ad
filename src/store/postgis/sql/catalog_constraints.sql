-- Constraints of tables. Keys are shown; conditions, which may hold values, are digests.
-- $1 oids of pg_class, or NULL: all.
WITH wanted AS (
    SELECT k.*
    FROM pg_constraint AS k
    WHERE ($1::oid[] IS NULL OR k.conrelid = ANY ($1::oid[])) AND k.conrelid >= 16384 AND k.contype <> 't'
), own_key AS (
    SELECT k.oid, string_agg(quote_ident(a.attname), ', ' ORDER BY i.at) AS columns
    FROM wanted AS k
    CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS i (attnum, at)
    -- OFFSET keeps this a look-up for each, which is faster than to join with all columns there are.
    CROSS JOIN LATERAL (SELECT x.attname FROM pg_attribute AS x
                        WHERE x.attrelid = k.conrelid AND x.attnum = i.attnum OFFSET 0) AS a
    WHERE k.contype IN ('p', 'u', 'f', 'n')
    GROUP BY k.oid
), other_key AS (
    SELECT k.oid, string_agg(quote_ident(a.attname), ', ' ORDER BY i.at) AS columns
    FROM wanted AS k
    CROSS JOIN LATERAL unnest(k.confkey) WITH ORDINALITY AS i (attnum, at)
    CROSS JOIN LATERAL (SELECT x.attname FROM pg_attribute AS x
                        WHERE x.attrelid = k.confrelid AND x.attnum = i.attnum OFFSET 0) AS a
    WHERE k.contype = 'f'
    GROUP BY k.oid
)
SELECT 'pg_class'::regclass::oid AS classid,
       k.conrelid AS objid,
       NULL AS kind,
       NULL AS schema,
       NULL AS name,
       'constraint ' || k.conname AS facet,
       -- Version 18 made constraints of what the column says; its default name tells nothing more.
       CASE WHEN k.contype = 'n' AND k.convalidated AND NOT k.connoinherit AND d.description IS NULL
                 AND k.conname = c.relname || '_' || o.columns || '_not_null' THEN E'\x011' ELSE '' END
       || CASE k.contype
           WHEN 'p' THEN 'PRIMARY KEY (' || o.columns || ')'
           WHEN 'u' THEN 'UNIQUE (' || o.columns || ')'
           WHEN 'n' THEN 'NOT NULL (' || o.columns || ')'
           WHEN 'f' THEN 'FOREIGN KEY (' || o.columns || ') REFERENCES ' || quote_ident(n.nspname) || '.' || quote_ident(t.relname)
                         || ' (' || r.columns || ')'
                         || CASE k.confmatchtype WHEN 'f' THEN ' match full' WHEN 'p' THEN ' match partial' ELSE '' END
                         || CASE k.confupdtype WHEN 'r' THEN ' on update restrict' WHEN 'c' THEN ' on update cascade'
                                               WHEN 'n' THEN ' on update set null' WHEN 'd' THEN ' on update set default'
                                               ELSE '' END
                         || CASE k.confdeltype WHEN 'r' THEN ' on delete restrict' WHEN 'c' THEN ' on delete cascade'
                                               WHEN 'n' THEN ' on delete set null' WHEN 'd' THEN ' on delete set default'
                                               ELSE '' END
                         -- Since version 15: which columns ON DELETE SET.
                         || coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
                                      FROM jsonb_array_elements_text(nullif(to_jsonb(k) -> 'confdelsetcols', 'null')) AS j
                                      JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = j::int2), '')
           WHEN 'c' THEN E'CHECK \x01c' || replace(pg_get_constraintdef(k.oid), E'\x02', E'\x02\x02') || E'\x02'
           ELSE E'EXCLUDE \x01c' || replace(pg_get_constraintdef(k.oid), E'\x02', E'\x02\x02') || E'\x02'
       END
       || CASE WHEN k.condeferrable THEN ' deferrable' ELSE '' END
       || CASE WHEN k.condeferred THEN ' deferred' ELSE '' END
       || CASE WHEN v.conenforced THEN '' ELSE ' not enforced' END
       || CASE WHEN v.conperiod THEN ' period' ELSE '' END
       || CASE WHEN k.convalidated THEN '' ELSE ' not valid' END
       || CASE WHEN k.connoinherit AND k.contype IN ('c', 'n') THEN ' no inherit' ELSE '' END
       || CASE WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN ' inherited and local' ELSE ' inherited' END ELSE '' END
       || coalesce(E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02', '') AS value
FROM (SELECT true AS conenforced, false AS conperiod) AS absent
CROSS JOIN wanted AS k
-- Columns of version 18: unknown names in the inner query mean those of "absent".
CROSS JOIN LATERAL (SELECT conenforced, conperiod FROM (SELECT k.*) AS x) AS v
JOIN pg_class AS c ON c.oid = k.conrelid
LEFT JOIN own_key AS o ON o.oid = k.oid
LEFT JOIN other_key AS r ON r.oid = k.oid
LEFT JOIN pg_class AS t ON t.oid = k.confrelid
LEFT JOIN pg_namespace AS n ON n.oid = t.relnamespace
LEFT JOIN pg_description AS d ON d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass AND d.objsubid = 0
