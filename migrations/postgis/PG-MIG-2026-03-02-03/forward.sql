-- Purpose: a nullable column, so that readers and writers of the old shape go on working.
-- Risk: low  Rollback: scripted
-- Notes: catalog change only, no rewrite; ACCESS EXCLUSIVE on kfm_ref.county for an instant.
ALTER TABLE kfm_ref.county ADD COLUMN name_key text;
COMMENT ON COLUMN kfm_ref.county.name_key IS 'name in lower case without blanks, for lookups';
