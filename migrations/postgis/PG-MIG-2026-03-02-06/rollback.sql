DROP TABLE kfm_index.feature_geom;
DROP SCHEMA kfm_index;
