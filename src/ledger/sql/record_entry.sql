-- $1 sequence, $2 subject, $3 kind, $4 result, $5 run id, $6 canonical text, $7 finished at.
INSERT INTO kfmig.entry (seq, subject, kind, result, run_id, text, at)
VALUES ($1::pg_catalog.int8, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.text, $5::pg_catalog.text,
        $6::pg_catalog.text, $7::pg_catalog.timestamptz)
