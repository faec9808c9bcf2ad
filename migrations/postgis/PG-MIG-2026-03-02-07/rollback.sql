DROP FUNCTION kfm_index.kfm_features_in(double precision, double precision, double precision, double precision);
DROP INDEX kfm_index.feature_geom_geom_idx;
