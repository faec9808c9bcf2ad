-- The batches of backfills: the last key of each, and how many rows its statement wrote.
CREATE TABLE kfmig.batch (
    intent bigint NOT NULL,
    at bigint NOT NULL CHECK (at > 0),
    last text[] NOT NULL,
    n_rows bigint NOT NULL,
    PRIMARY KEY (intent, at)
)
