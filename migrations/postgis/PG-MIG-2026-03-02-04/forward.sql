-- Purpose: fill name_key.
-- Risk: medium  Rollback: scripted
-- Notes: bounded by max_row_backfill: 105, which kfmig enforces on the rows it observes before COMMIT.
UPDATE kfm_ref.county SET name_key = lower(replace(name, ' ', '')) WHERE name_key IS NULL;
