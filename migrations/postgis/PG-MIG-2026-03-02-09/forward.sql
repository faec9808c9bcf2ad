-- Purpose: the API's role may read reference data, nothing else.
-- Risk: medium  Rollback: scripted
-- Notes: the role itself is provisioned by the administrator.
GRANT USAGE ON SCHEMA kfm_ref TO kfm_reader;
GRANT SELECT ON kfm_ref.county TO kfm_reader;
