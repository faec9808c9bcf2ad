-- What reference 004's queries ask for: SELECT version, applied_at, dirty FROM kfmig.schema_migrations. One row for each migration that is applied, by the
-- name that it has now, and did not go with a projection that was given up, or that was begun and not finished: an intent without its done. Only entries are read: whoever may read them may read it.
CREATE OR REPLACE VIEW kfmig.schema_migrations (version, applied_at, dirty) AS
WITH RECURSIVE renamed AS (
    SELECT e.seq, pg_catalog.split_part(e.subject, ' ', 1) AS old, pg_catalog.split_part(e.subject, ' ', 2) AS new
    FROM kfmig.entry e
    WHERE e.kind = 'rename' AND e.result = 'success'
), called (seq, name, at, kind, since) AS (
    SELECT e.seq, e.subject, e.at, e.kind, e.seq
    FROM kfmig.entry e
    WHERE e.kind IN ('apply', 'rollback') AND e.result = 'success'
    UNION ALL
    SELECT c.seq, r.new, c.at, c.kind, r.seq
    FROM called c
    CROSS JOIN LATERAL (SELECT n.seq, n.new FROM renamed n WHERE n.old = c.name AND n.seq > c.since ORDER BY n.seq LIMIT 1) AS r
), fact AS (
    SELECT DISTINCT ON (n.name) n.name, n.seq, n.at, n.kind
    FROM (SELECT DISTINCT ON (c.seq) c.seq, c.name, c.at, c.kind FROM called c ORDER BY c.seq, c.since DESC) AS n
    ORDER BY n.name, n.seq DESC
), step AS (
    SELECT e.seq, e.subject, e.at, e.kind, e.text::pg_catalog.jsonb ->> 'checksum' AS key
    FROM kfmig.entry e
    WHERE e.kind IN ('intent', 'done')
), begun AS (
    SELECT DISTINCT ON (i.subject) i.subject, i.at
    FROM step i
    WHERE i.kind = 'intent'
      AND NOT EXISTS (SELECT FROM step d WHERE d.kind = 'done' AND d.key = i.key AND d.seq > i.seq)
      AND NOT EXISTS (SELECT FROM fact f WHERE f.name = i.subject AND f.seq > i.seq)
    ORDER BY i.subject, i.seq DESC
)
SELECT f.name, f.at, false FROM fact f
WHERE f.kind = 'apply' AND NOT EXISTS (SELECT FROM begun b WHERE b.subject = f.name)
  AND NOT EXISTS (SELECT FROM kfmig.entry d WHERE d.kind = 'drop' AND d.result = 'success' AND d.seq > f.seq
                                              AND f.name = ANY (pg_catalog.string_to_array(d.subject, ' ')))
UNION ALL
SELECT b.subject, b.at, true FROM begun b
