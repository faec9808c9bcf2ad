-- $1 uuid, $2 environment, $3 format.
INSERT INTO kfmig.instance (uuid, environment, format)
VALUES ($1::pg_catalog.uuid, $2::pg_catalog.text, $3::pg_catalog.int8)
