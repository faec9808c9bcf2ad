-- Purpose: the extension every geometry needs, and a home for small reference tables.
-- Risk: low  Rollback: scripted
-- Notes: PostGIS is provided by the server's administrator; where it is there already this is a no-op.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA kfm_ref;
COMMENT ON SCHEMA kfm_ref IS 'Reference data of the Kansas Frontier Matrix: small, public, seeded by migrations';
