-- What the definitions $1 made or changed, by the ledger.
SELECT DISTINCT o.object
FROM kfmig.object o
JOIN kfmig.entry e ON e.seq = o.seq
WHERE e.kind = 'define' AND e.result = 'success' AND e.subject = ANY ($1::pg_catalog.text[])
ORDER BY o.object
