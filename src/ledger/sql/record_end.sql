-- What was written is read back, and the search_path is as the migration left it: deferred triggers of the migration fire at COMMIT
-- with it. $1 sequence, $2 text of the entry, $3 digest of the receipt, $4 digest over the objects (record.c), $5 how many, $6
-- digests of the texts, $7 the level to commit at, whatever the migration made it; NULL: as it is. A trigger or rule that made
-- something else of it fails here, as 22P02; so does one that could still do that in COMMIT, or to the head, whose new state
-- record_head.sql has told.
SELECT CASE
           WHEN EXISTS (
                    SELECT FROM kfmig.entry e
                    CROSS JOIN LATERAL (SELECT e.text::pg_catalog.jsonb AS t) AS x
                    WHERE e.seq = $1::pg_catalog.int8 AND e.text = $2::pg_catalog.text
                      AND (x.t ->> 'subject', x.t ->> 'kind', x.t ->> 'result', x.t ->> 'run_id')
                          IS NOT DISTINCT FROM (e.subject, e.kind, e.result, e.run_id)
                      AND e.at = (x.t ->> 'finished_at')::pg_catalog.timestamptz)
            AND EXISTS (
                    SELECT FROM kfmig.receipt r
                    WHERE r.seq = $1::pg_catalog.int8 AND r.digest = $3::pg_catalog.bytea
                      AND pg_catalog.sha256(pg_catalog.convert_to(r.body, 'UTF8')) = r.digest)
            AND COALESCE((
                    SELECT pg_catalog.sha256(pg_catalog.textsend(pg_catalog.string_agg(
                               pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend(o.object)), 'hex')
                               || COALESCE(pg_catalog.encode(o.fingerprint, 'hex'), '')
                               || pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend(o.definition)), 'hex'),
                               ',' ORDER BY o.object)))
                    FROM kfmig.object o
                    WHERE o.seq = $1::pg_catalog.int8 AND $5::pg_catalog.int8 > 0), ''::pg_catalog.bytea) = $4::pg_catalog.bytea
            AND NOT EXISTS (
                    SELECT FROM pg_catalog.unnest($6::pg_catalog.bytea[]) AS d (digest)
                    WHERE NOT EXISTS (SELECT FROM kfmig.blob b WHERE b.digest = d.digest AND pg_catalog.sha256(b.bytes) = d.digest))
            AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_trigger g
                    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'kfmig' AND NOT g.tgisinternal AND (g.tgdeferrable OR c.relname = 'head'))
            AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_rewrite w
                    JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'kfmig' AND c.relname = 'head')
           THEN pg_catalog.set_config('search_path', pg_catalog.current_setting('kfmig.search_path'), true)
           ELSE ('the ledger holds something else: ' || pg_catalog.current_setting('kfmig.search_path'))::pg_catalog.int4::pg_catalog.text
       END,
       pg_catalog.set_config('synchronous_commit', COALESCE($7::pg_catalog.text, pg_catalog.current_setting('synchronous_commit')), true)
