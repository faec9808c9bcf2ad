-- Has this ledger the tables of backfills?
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'kfmig' AND c.relname = 'backfill')
