-- The next texts behind digest $1, in order of digests: as many as hold $2 bytes together, at most 1,024, and always one.
SELECT pg_catalog.encode(w.digest, 'hex') AS digest, pg_catalog.encode(w.bytes, 'hex') AS bytes
FROM (SELECT b.digest, b.bytes,
             pg_catalog.row_number() OVER (ORDER BY b.digest) AS place,
             pg_catalog.sum(pg_catalog.octet_length(b.bytes)) OVER (ORDER BY b.digest) AS upto
      FROM kfmig.blob b
      WHERE b.digest OPERATOR(pg_catalog.>) $1::pg_catalog.bytea
      ORDER BY b.digest
      LIMIT 1024) w
WHERE w.place OPERATOR(pg_catalog.=) 1 OR w.upto OPERATOR(pg_catalog.<=) $2::pg_catalog.int8
ORDER BY w.digest
