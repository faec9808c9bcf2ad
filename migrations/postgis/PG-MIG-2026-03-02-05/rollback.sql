DROP INDEX kfm_ref.county_name_key_idx;
ALTER TABLE kfm_ref.county ALTER COLUMN name_key DROP NOT NULL;
