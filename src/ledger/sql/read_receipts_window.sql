-- The next receipts after sequence $1, in order: as many as hold $2 bytes together, at most 256, and always one.
SELECT w.seq, w.run_id, w.body
FROM (SELECT r.seq, r.run_id, r.body,
             pg_catalog.row_number() OVER (ORDER BY r.seq) AS place,
             pg_catalog.sum(pg_catalog.octet_length(r.body)) OVER (ORDER BY r.seq) AS upto
      FROM kfmig.receipt r
      WHERE r.seq > $1::pg_catalog.int8
      ORDER BY r.seq
      LIMIT 256) w
WHERE w.place OPERATOR(pg_catalog.=) 1 OR w.upto OPERATOR(pg_catalog.<=) $2::pg_catalog.int8
ORDER BY w.seq
