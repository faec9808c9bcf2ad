-- Entries whose columns say something else than their text, which is what the tree hashes.
SELECT e.seq
FROM kfmig.entry e
CROSS JOIN LATERAL (SELECT e.text::pg_catalog.jsonb AS t) AS x
WHERE (x.t ->> 'subject', x.t ->> 'kind', x.t ->> 'result', x.t ->> 'run_id', x.t ->> 'sequence')
      IS DISTINCT FROM (e.subject, e.kind, e.result, e.run_id, e.seq::pg_catalog.text)
ORDER BY e.seq
