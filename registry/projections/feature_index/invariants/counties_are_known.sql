-- Every feature is one of the counties that migrations seeded.
SELECT f.feature_id
FROM kfm_index.feature_geom AS f
LEFT JOIN kfm_ref.county AS c ON c.geoid = f.feature_id
WHERE c.geoid IS NULL;
