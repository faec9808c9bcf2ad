-- Receipts after sequence $1, of run $2 (NULL: of all), in order.
SELECT r.seq, r.run_id, r.body
FROM kfmig.receipt r
WHERE r.seq > $1::pg_catalog.int8 AND ($2::pg_catalog.text IS NULL OR r.run_id = $2::pg_catalog.text)
ORDER BY r.seq
