-- $1 sequence, $2 objects, $3 fingerprints (empty: removed), $4 definitions.
INSERT INTO kfmig.object (object, seq, fingerprint, definition)
SELECT o.object, $1::pg_catalog.int8, NULLIF(o.fingerprint, ''::pg_catalog.bytea), o.definition
FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.bytea[]),
                pg_catalog.unnest($4::pg_catalog.text[])) AS o (object, fingerprint, definition)
