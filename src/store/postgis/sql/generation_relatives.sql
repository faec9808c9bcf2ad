-- Inheritance across the border of schemas $1 (live) or $2 (hidden), foreign keys out of the hidden one, and publications that take in every
-- table there is. Rows: code, object, detail.
WITH home AS (
    SELECT n.oid, n.nspname = $2 AS is_hidden FROM pg_namespace AS n WHERE n.nspname IN ($1, $2)
)
SELECT 'inherits', x.type || ' ' || x.identity, 'inherits from ' || y.identity
FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
JOIN pg_class AS p ON p.oid = i.inhparent
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS x
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, p.oid, 0) AS y
WHERE c.relnamespace <> p.relnamespace AND EXISTS (SELECT FROM home AS h WHERE h.oid IN (c.relnamespace, p.relnamespace))
UNION ALL
SELECT 'foreign_key', x.type || ' ' || x.identity, 'references ' || y.identity
FROM home AS h
JOIN pg_constraint AS k ON k.connamespace = h.oid AND k.contype = 'f'
JOIN pg_class AS c ON c.oid = k.confrelid AND c.relnamespace <> h.oid
CROSS JOIN LATERAL pg_identify_object('pg_constraint'::regclass, k.oid, 0) AS x
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) AS y
WHERE h.is_hidden
UNION ALL
SELECT 'publication', format('publication %I', p.pubname), 'publishes all tables, hidden ones included'
FROM pg_publication AS p
WHERE p.puballtables AND EXISTS (
    SELECT FROM home AS h JOIN pg_class AS c ON c.relnamespace = h.oid AND c.relkind IN ('r', 'p') WHERE h.is_hidden)
