-- Purpose: the API's role may read reference data and the feature index, nothing else.
-- Risk: medium  Rollback: scripted
-- Notes: the role itself is provisioned by the administrator.
GRANT USAGE ON SCHEMA kfm_ref, kfm_index TO kfm_reader;
GRANT SELECT ON kfm_ref.county, kfm_index.feature_geom TO kfm_reader;
GRANT EXECUTE ON FUNCTION kfm_index.kfm_features_in(double precision, double precision, double precision, double precision) TO kfm_reader;
