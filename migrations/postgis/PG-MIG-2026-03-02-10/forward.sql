-- Purpose: the API's role may read the feature index, nothing else.
-- Risk: medium  Rollback: scripted
-- Notes: part of the projection's chain: every generation gets the same rights.
GRANT USAGE ON SCHEMA kfm_index TO kfm_reader;
GRANT SELECT ON kfm_index.feature_geom TO kfm_reader;
GRANT EXECUTE ON FUNCTION kfm_index.kfm_features_in(double precision, double precision, double precision, double precision) TO kfm_reader;
