-- Neighbours share a border, not ground: an overlap of more than one square kilometre is an error in the data.
SELECT a.feature_id, b.feature_id
FROM kfm_index.feature_geom AS a
JOIN kfm_index.feature_geom AS b
  ON b.dataset_version_id = a.dataset_version_id AND b.feature_id > a.feature_id AND ST_Intersects(a.geom, b.geom)
WHERE ST_Area(ST_Intersection(a.geom, b.geom)::geography) > 1e6;
