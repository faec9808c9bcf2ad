ALTER TABLE kfm_ref.county DROP COLUMN name_key;
