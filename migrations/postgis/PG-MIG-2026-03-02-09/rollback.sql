REVOKE SELECT ON kfm_ref.county FROM kfm_reader;
REVOKE USAGE ON SCHEMA kfm_ref FROM kfm_reader;
