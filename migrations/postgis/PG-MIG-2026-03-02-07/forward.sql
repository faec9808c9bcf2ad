-- Purpose: bounding-box filters by index, and one function for map extents.
-- Risk: low  Rollback: scripted
-- Notes: the table is empty here; on a filled one this locks writers out while the index is built.
CREATE INDEX feature_geom_geom_idx ON kfm_index.feature_geom USING gist (geom);

CREATE FUNCTION kfm_index.kfm_features_in(west double precision, south double precision, east double precision, north double precision)
RETURNS SETOF kfm_index.feature_geom
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.*
  FROM kfm_index.feature_geom AS f
  WHERE f.geom && ST_MakeEnvelope(west, south, east, north, 4326);
END;

COMMENT ON FUNCTION kfm_index.kfm_features_in(double precision, double precision, double precision, double precision)
IS 'Features whose bounding box meets the given one; longitude and latitude in degrees (EPSG:4326)';
