-- Backfills under way, one row each, by the sequence of their intent: how far they are. bound and last: of the key, as texts; digest:
-- over the batches so far (ledger/backfill.h); kept: what they did so far (kfmig.step.v1).
CREATE TABLE kfmig.backfill (
    intent bigint PRIMARY KEY,
    bound text[],
    last text[],
    batches bigint NOT NULL CHECK (batches >= 0),
    n_rows bigint NOT NULL,
    digest bytea NOT NULL CHECK (pg_catalog.octet_length(digest) = 32),
    kept text NOT NULL,
    changed_at timestamptz NOT NULL
)
