-- One long text: $1 its digest, $2 its bytes, as they are (binary).
INSERT INTO kfmig.blob (digest, bytes)
VALUES ($1::pg_catalog.bytea, $2::pg_catalog.bytea)
ON CONFLICT DO NOTHING
