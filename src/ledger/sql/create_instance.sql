-- Which ledger this is. One row, written at first contact.
CREATE TABLE kfmig.instance (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    uuid uuid NOT NULL,
    environment text NOT NULL CHECK (pg_catalog.octet_length(environment) BETWEEN 1 AND 63),
    format bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)
