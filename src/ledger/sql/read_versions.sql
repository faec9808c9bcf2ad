-- Versions of the server that entries were recorded on. $1 their sequences, in any order, several times too.
SELECT r.seq, (r.body::pg_catalog.json -> 'target' ->> 'server_version')::pg_catalog.int8 AS version
FROM kfmig.receipt AS r
WHERE r.seq = ANY ($1::pg_catalog.int8[]) AND r.body::pg_catalog.json -> 'target' ->> 'server_version' IS NOT NULL
