-- The text with digest $1. At most one row.
SELECT pg_catalog.encode(b.bytes, 'hex') AS bytes FROM kfmig.blob b WHERE b.digest = $1::pg_catalog.bytea
