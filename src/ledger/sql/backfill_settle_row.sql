-- Has the backfill whose intent is $1 a batch $2?
SELECT EXISTS (SELECT FROM kfmig.batch b WHERE b.intent = $1::pg_catalog.int8 AND b.at = $2::pg_catalog.int8) AS found
