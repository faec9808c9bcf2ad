-- The receipt of each entry, canonical JSON.
CREATE TABLE kfmig.receipt (
    seq bigint PRIMARY KEY REFERENCES kfmig.entry,
    run_id text NOT NULL,
    digest bytea NOT NULL,
    body text NOT NULL,
    CHECK (digest = pg_catalog.sha256(pg_catalog.convert_to(body, 'UTF8')))
)
