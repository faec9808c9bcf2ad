-- $1 digests, $2 bytes.
INSERT INTO kfmig.blob (digest, bytes)
SELECT b.digest, b.bytes
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.bytea[]), pg_catalog.unnest($2::pg_catalog.bytea[])) AS b (digest, bytes)
ON CONFLICT DO NOTHING
