-- The digests of all texts.
SELECT pg_catalog.encode(b.digest, 'hex') FROM kfmig.blob b ORDER BY b.digest
