-- Generations of projections: the only memory of their progress. Rows may change; what was done stands in the entries.
CREATE TABLE kfmig.generation (
    projection text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    state text NOT NULL CHECK (state IN ('loading', 'ready', 'live', 'kept', 'dropped')),
    digest bytea CHECK (pg_catalog.octet_length(digest) = 32),
    content bytea CHECK (pg_catalog.octet_length(content) = 32),
    facts text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (projection, number)
)
