-- What each backfill's batches come to, computed anew: the intent that began it, how many follow each other from 1, the rows that they wrote, and
-- the digest over them (kfmig.batch.v1, docs/audit.md). The keys themselves stay here.
WITH RECURSIVE chain AS (
    SELECT i.intent, 0::pg_catalog.int8 AS at, 0::pg_catalog.numeric AS n_rows, pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex') AS digest
    FROM (SELECT DISTINCT b.intent FROM kfmig.batch AS b) AS i
    UNION ALL
    SELECT c.intent, b.at, c.n_rows + b.n_rows,
           pg_catalog.sha256(pg_catalog.int8send(14) || 'kfmig.batch.v1'::pg_catalog.bytea || pg_catalog.int8send(6) || 'before'::pg_catalog.bytea
               || pg_catalog.int8send(32) || c.digest || b.said)
    FROM chain AS c
    CROSS JOIN LATERAL ( -- one row by its key: joined, all batches would be read for each
        SELECT b.at, b.n_rows,
               (SELECT pg_catalog.string_agg(pg_catalog.int8send(4) || 'last'::pg_catalog.bytea || pg_catalog.int8send(pg_catalog.octet_length(pg_catalog.textsend(k.key)))
                       || pg_catalog.textsend(k.key), ''::pg_catalog.bytea ORDER BY k.n)
                FROM pg_catalog.unnest(b.last) WITH ORDINALITY AS k (key, n))
               || pg_catalog.int8send(4) || 'rows'::pg_catalog.bytea || pg_catalog.int8send(pg_catalog.octet_length(b.n_rows::pg_catalog.text))
               || pg_catalog.textsend(b.n_rows::pg_catalog.text) AS said
        FROM kfmig.batch AS b
        WHERE b.intent = c.intent AND b.at = c.at + 1
        LIMIT 1) AS b
)
SELECT DISTINCT ON (c.intent) c.intent, c.at AS batches, c.n_rows, pg_catalog.encode(c.digest, 'hex') AS digest
FROM chain AS c
ORDER BY c.intent, c.at DESC
