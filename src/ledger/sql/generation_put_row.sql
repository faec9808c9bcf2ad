-- $1 projection, $2 number, $3 state, $4 digest or NULL, $5 content or NULL, $6 facts.
INSERT INTO kfmig.generation AS g (projection, number, state, digest, content, facts, changed_at)
VALUES ($1::pg_catalog.text, $2::pg_catalog.int8, $3::pg_catalog.text, $4::pg_catalog.bytea, $5::pg_catalog.bytea,
        $6::pg_catalog.text, pg_catalog.clock_timestamp())
ON CONFLICT (projection, number) DO UPDATE
SET state = EXCLUDED.state, digest = EXCLUDED.digest, content = EXCLUDED.content, facts = EXCLUDED.facts,
    changed_at = EXCLUDED.changed_at
