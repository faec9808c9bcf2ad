-- Of the entries $1: who ran them, when they began, how long they took, and why they failed, as their receipts say.
SELECT r.seq,
       pg_catalog.jsonb_extract_path_text(b.body, 'actor', 'id') AS actor,
       pg_catalog.jsonb_extract_path_text(b.body, 'started_at') AS started_at,
       (EXTRACT(EPOCH FROM pg_catalog.jsonb_extract_path_text(b.body, 'finished_at')::pg_catalog.timestamptz
            - pg_catalog.jsonb_extract_path_text(b.body, 'started_at')::pg_catalog.timestamptz) * 1000)::pg_catalog.int8 AS ms,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'code') AS code,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'file') AS path,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'sqlstate') AS sqlstate,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'condition') AS condition,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'object') AS object,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'statement') AS statement,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'line') AS line,
       pg_catalog.jsonb_extract_path_text(b.body, 'failure', 'column') AS col,
       (SELECT pg_catalog.string_agg(pg_catalog.jsonb_extract_path_text(g.gate, 'gate') || ': '
                   || pg_catalog.jsonb_extract_path_text(g.gate, 'detail'), E'\n')
        FROM pg_catalog.jsonb_array_elements(pg_catalog.jsonb_extract_path(b.body, 'claim', 'gates')) AS g(gate)
        WHERE pg_catalog.jsonb_extract_path_text(g.gate, 'result') = 'fail') AS gates,
       pg_catalog.jsonb_extract_path_text(b.body, 'intent') AS intent,
       pg_catalog.jsonb_extract_path_text(b.body, 'repo', 'pr') AS pr
FROM kfmig.receipt r
CROSS JOIN LATERAL (SELECT r.body::pg_catalog.jsonb AS body OFFSET 0) AS b -- OFFSET: read once, not for each member
WHERE r.seq = ANY ($1::pg_catalog.int8[])
ORDER BY r.seq
