-- How far the backfill is whose intent is $1; no row: it has no batch yet.
SELECT pg_catalog.array_to_json(b.bound)::text AS bound, pg_catalog.array_to_json(b.last)::text AS last, b.batches, b.n_rows, pg_catalog.encode(b.digest, 'hex') AS digest, b.kept
FROM kfmig.backfill b
WHERE b.intent = $1::pg_catalog.int8
