-- What keeps tables of schema $1, named $2, from being filled by several sessions at once; $3: for each the column that tells rows of one
-- source from those of others, or NULL. Rows: which of them, from 1; "alone" (filling it runs what may look at anything, or it is not a
-- plain table), "shares" (rows of two sources may be refused for each other) or "with" and the table that a key leads to, or comes from.
WITH filled AS (
    SELECT w.at, w.col, c.oid, c.relname, c.relkind, c.relrowsecurity
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (name, col, at)
    JOIN pg_namespace AS n ON n.nspname = $1
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
), runs (oid, classid, objid) AS (
    SELECT f.oid, 'pg_constraint'::regclass, k.oid FROM filled AS f JOIN pg_constraint AS k ON k.conrelid = f.oid
    UNION ALL
    SELECT f.oid, 'pg_attrdef'::regclass, d.oid FROM filled AS f JOIN pg_attrdef AS d ON d.adrelid = f.oid
    UNION ALL
    SELECT f.oid, 'pg_class'::regclass, x.indexrelid FROM filled AS f JOIN pg_index AS x ON x.indrelid = f.oid
    UNION ALL
    SELECT f.oid, 'pg_constraint'::regclass, k.oid
    FROM filled AS f
    JOIN pg_attribute AS a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_constraint AS k ON k.contypid = a.atttypid
)
SELECT f.at, 'alone', NULL
FROM filled AS f
WHERE f.relkind <> 'r' OR f.relrowsecurity
   OR EXISTS (SELECT FROM pg_inherits AS i WHERE f.oid IN (i.inhrelid, i.inhparent))
   OR EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = f.oid AND NOT t.tgisinternal)
   OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = f.oid)
   -- A domain of a domain, which nobody here follows.
   OR EXISTS (SELECT FROM pg_attribute AS a
              JOIN pg_type AS t ON t.oid = a.atttypid AND t.typtype = 'd'
              JOIN pg_type AS b ON b.oid = t.typbasetype AND b.typtype = 'd'
              WHERE a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped)
   -- What comes with the server is in no dependency, what comes with an extension reads no table.
   OR EXISTS (SELECT FROM runs AS r
              JOIN pg_depend AS d ON d.classid = r.classid AND d.objid = r.objid
                                     AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
              WHERE r.oid = f.oid
                AND NOT EXISTS (SELECT FROM pg_depend AS e
                                WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'))
UNION ALL
SELECT f.at, 'shares', NULL
FROM filled AS f
WHERE f.col IS NULL
   OR EXISTS (SELECT FROM pg_index AS x
              WHERE x.indrelid = f.oid AND (x.indisunique OR x.indisexclusion)
                AND (x.indisexclusion
                     OR NOT EXISTS (SELECT FROM pg_attribute AS a
                                    WHERE a.attrelid = f.oid AND a.attname = f.col
                                      AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))))
UNION ALL
SELECT f.at, 'with', o.relname
FROM filled AS f
JOIN pg_constraint AS k ON k.contype = 'f' AND f.oid IN (k.conrelid, k.confrelid)
JOIN (SELECT DISTINCT oid, relname FROM filled) AS o ON o.oid = CASE f.oid WHEN k.conrelid THEN k.confrelid ELSE k.conrelid END
