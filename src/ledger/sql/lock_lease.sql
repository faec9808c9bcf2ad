-- $1 run id, $2 holder: the next epoch is ours. Below zero: it is that, and the ledger has no view kfmig.schema_migrations yet.
UPDATE kfmig.lease
SET epoch = epoch + 1, run_id = $1::pg_catalog.text, holder = $2::pg_catalog.text,
    taken_at = pg_catalog.clock_timestamp()
RETURNING CASE WHEN pg_catalog.to_regclass('kfmig.schema_migrations') IS NULL THEN -epoch ELSE epoch END AS epoch
