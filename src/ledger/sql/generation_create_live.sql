-- Readers see one generation of a projection.
CREATE UNIQUE INDEX generation_live ON kfmig.generation (projection) WHERE state = 'live'
