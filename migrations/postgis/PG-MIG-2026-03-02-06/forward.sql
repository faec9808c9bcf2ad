-- Purpose: the derived table that spatial filters read.
-- Risk: low  Rollback: scripted
-- Notes: structure only. Its rows come from dataset versions, never from migrations.

BEGIN;

CREATE SCHEMA IF NOT EXISTS kfm_index;

CREATE TABLE IF NOT EXISTS kfm_index.feature_geom (
  dataset_version_id text NOT NULL,
  feature_id         text NOT NULL,
  geom               geometry NOT NULL,
  evidence_ref       text NOT NULL,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset_version_id, feature_id)
);

COMMIT;
