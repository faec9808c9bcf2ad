-- Per entry, the objects it changed: fingerprint (NULL: removed) and policy-safe definition afterwards. Sorted by bytes.
CREATE TABLE kfmig.object (
    object text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    fingerprint bytea CHECK (pg_catalog.octet_length(fingerprint) = 32),
    definition text NOT NULL,
    PRIMARY KEY (object, seq)
)
