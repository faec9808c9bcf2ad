-- Foreign keys that do not hold what they say: not validated, or their triggers are off. $1: all others too, for whoever counts orphans.
-- Rows: name, words ('' for one that is sound), the query that counts its orphans.
SELECT pg_catalog.format('%I.%I', n.nspname, k.conname) AS name,
       CASE WHEN NOT k.convalidated THEN pg_catalog.format('it is not validated: table %I.%I may hold rows without %I.%I', n.nspname, c.relname, pn.nspname, p.relname)
            WHEN off.n > 0 THEN pg_catalog.format('%s of its triggers are off: table %I.%I is not held to it', off.n, n.nspname, c.relname)
            ELSE '' END AS text,
       pg_catalog.format('SELECT pg_catalog.count(*) FROM %s %I.%I AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s %I.%I AS p WHERE %s)',
                         CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, n.nspname, c.relname, x.present,
                         CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, pn.nspname, p.relname, x.joined) AS query
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
CROSS JOIN LATERAL (SELECT count(*) AS n FROM pg_catalog.pg_trigger AS t
                    WHERE t.tgconstraint = k.oid AND t.tgisinternal AND t.tgenabled IN ('D', 'R')) AS off
CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND ' ORDER BY g.place) AS present,
                           pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', b.attname, o.nspname, q.oprname, a.attname), ' AND ' ORDER BY g.place) AS joined
                    FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS g (c, p, op, place)
                    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = g.c
                    JOIN pg_catalog.pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = g.p
                    JOIN pg_catalog.pg_operator AS q ON q.oid = g.op
                    JOIN pg_catalog.pg_namespace AS o ON o.oid = q.oprnamespace) AS x
WHERE k.contype = 'f' AND k.conparentid = 0 AND ($1::pg_catalog.bool OR NOT k.convalidated OR off.n > 0)
ORDER BY 1
