-- The fencing epoch: one more for each run that takes the lock. One row.
CREATE TABLE kfmig.lease (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL,
    run_id text NOT NULL,
    holder text NOT NULL,
    taken_at timestamptz NOT NULL
)
