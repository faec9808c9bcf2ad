-- The Merkle tree (RFC 6962) over kfmig.entry: frontier holds the roots of its complete subtrees, largest first. One row.
CREATE TABLE kfmig.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (pg_catalog.octet_length(root) = 32),
    frontier bytea[] NOT NULL
)
