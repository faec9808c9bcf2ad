-- Entries after $1 up to $2, in order.
SELECT e.text
FROM kfmig.entry e
WHERE e.seq > $1::pg_catalog.int8 AND e.seq <= $2::pg_catalog.int8
ORDER BY e.seq
