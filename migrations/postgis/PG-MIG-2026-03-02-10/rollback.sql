REVOKE EXECUTE ON FUNCTION kfm_index.kfm_features_in(double precision, double precision, double precision, double precision) FROM kfm_reader;
REVOKE SELECT ON kfm_index.feature_geom FROM kfm_reader;
REVOKE USAGE ON SCHEMA kfm_index FROM kfm_reader;
