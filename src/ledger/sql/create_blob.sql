-- Input texts by digest.
CREATE TABLE kfmig.blob (
    digest bytea PRIMARY KEY,
    bytes bytea NOT NULL,
    CHECK (digest = pg_catalog.sha256(bytes))
)
