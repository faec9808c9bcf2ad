-- One batch, in its transaction: $1 the intent's sequence, $2 the batch's number, $3 bound, $4 last key, $5 rows of the batch, $6 digest over
-- all batches, $7 what they did so far, $8 the level to commit at (NULL: as it is). What was written is told; no row: the batch before is not the last one. The search_path is as the
-- migration left it again (record_begin.sql).
WITH batch AS (
    INSERT INTO kfmig.batch (intent, at, last, n_rows)
    VALUES ($1::pg_catalog.int8, $2::pg_catalog.int8, $4::pg_catalog.text[], $5::pg_catalog.int8)
    RETURNING last, n_rows
), moved AS (
    INSERT INTO kfmig.backfill AS b (intent, bound, last, batches, n_rows, digest, kept, changed_at)
    SELECT $1::pg_catalog.int8, $3::pg_catalog.text[], n.last, $2::pg_catalog.int8, n.n_rows, $6::pg_catalog.bytea, $7::pg_catalog.text,
           pg_catalog.clock_timestamp()
    FROM batch n
    ON CONFLICT (intent) DO UPDATE
    SET last = excluded.last, batches = excluded.batches, n_rows = b.n_rows + excluded.n_rows, digest = excluded.digest,
        kept = excluded.kept, changed_at = excluded.changed_at
    WHERE b.batches = excluded.batches - 1
    RETURNING b.batches, b.last, b.digest
)
SELECT m.batches = $2::pg_catalog.int8 AND m.last = $4::pg_catalog.text[] AND m.digest = $6::pg_catalog.bytea AS is_kept,
       pg_catalog.set_config('search_path', pg_catalog.current_setting('kfmig.search_path'), true),
       pg_catalog.set_config('synchronous_commit', COALESCE($8::pg_catalog.text, pg_catalog.current_setting('synchronous_commit')), true)
FROM moved m
