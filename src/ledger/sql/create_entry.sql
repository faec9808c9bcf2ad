-- What has been done, in order. text is the canonical JSON that the tree hashes; the other columns repeat parts of it.
CREATE TABLE kfmig.entry (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    subject text NOT NULL,
    kind text NOT NULL,
    result text NOT NULL,
    run_id text NOT NULL,
    text text NOT NULL,
    at timestamptz NOT NULL
)
