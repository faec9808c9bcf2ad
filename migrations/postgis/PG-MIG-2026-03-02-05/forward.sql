-- Purpose: what the backfill made true becomes a rule.
-- Risk: low  Rollback: scripted
-- Notes: scans 105 rows.
ALTER TABLE kfm_ref.county ALTER COLUMN name_key SET NOT NULL;
CREATE UNIQUE INDEX county_name_key_idx ON kfm_ref.county (name_key);
