-- $1 sequence, $2 run id, $3 digest, $4 body.
INSERT INTO kfmig.receipt (seq, run_id, digest, body)
VALUES ($1::pg_catalog.int8, $2::pg_catalog.text, $3::pg_catalog.bytea, $4::pg_catalog.text)
