-- $1 run id, $2 holder: the next epoch is ours.
UPDATE kfmig.lease
SET epoch = epoch + 1, run_id = $1::pg_catalog.text, holder = $2::pg_catalog.text,
    taken_at = pg_catalog.clock_timestamp()
RETURNING epoch
