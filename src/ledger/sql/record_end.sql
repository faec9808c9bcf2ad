-- What was written is read back, and the search_path is as the migration left it: deferred triggers of the migration fire at COMMIT
-- with it. $1 sequence, $2 text of the entry, $3 digest of the receipt, $4 digest over the objects (record.c), $5 how many, $6
-- digests of the texts, $7 the level to commit at, whatever the migration made it; NULL: as it is; $8 to $12 the entry's other columns;
-- $13 the objects' names. A trigger or rule that made something else of it fails here, as 22P02; so does one that could still do that
-- in COMMIT, or to the head, whose new state record_head.sql has told. Rows of the ledger are looked up by their keys; only where
-- somebody else's code ran for what was inserted, it is counted whether there are others. others_act: whether it did.
WITH others AS MATERIALIZED (
    SELECT COALESCE(pg_catalog.bool_or(x.acts_later), false) AS act_later,
           COALESCE(pg_catalog.bool_or(x.acts), false) AS act
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_class c ON c.oid = d.objid
    CROSS JOIN LATERAL (
        SELECT g.tgdeferrable OR c.relname = 'head' AS acts_later, g.tgtype & 4 <> 0 AS acts
        FROM pg_catalog.pg_trigger g
        WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
        UNION ALL
        SELECT c.relname = 'head', true
        FROM pg_catalog.pg_rewrite w
        WHERE c.relhasrules AND w.ev_class = c.oid AND w.ev_type <> '1' -- of a SELECT: a view's
    ) AS x
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.refobjid = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'kfmig')
)
SELECT CASE
           WHEN EXISTS (
                    SELECT FROM kfmig.entry e
                    WHERE e.seq = $1::pg_catalog.int8 AND e.text = $2::pg_catalog.text
                      AND e.subject = $8::pg_catalog.text AND e.kind = $9::pg_catalog.text AND e.result = $10::pg_catalog.text
                      AND e.run_id = $11::pg_catalog.text AND e.at = $12::pg_catalog.timestamptz)
            AND EXISTS (
                    SELECT FROM kfmig.receipt r
                    WHERE r.seq = $1::pg_catalog.int8 AND r.digest = $3::pg_catalog.bytea AND r.run_id = $11::pg_catalog.text
                      AND pg_catalog.sha256(pg_catalog.convert_to(r.body, 'UTF8')) = r.digest)
            AND COALESCE((
                    SELECT pg_catalog.sha256(pg_catalog.string_agg(
                               pg_catalog.record_send(ROW(o.object, o.fingerprint, o.definition)), ''::pg_catalog.bytea ORDER BY o.object))
                    FROM kfmig.object o
                    WHERE o.object = ANY ($13::pg_catalog.text[]) AND o.seq = $1::pg_catalog.int8), ''::pg_catalog.bytea) = $4::pg_catalog.bytea
            AND NOT EXISTS (
                    SELECT FROM pg_catalog.unnest($6::pg_catalog.bytea[]) AS d (digest)
                    WHERE NOT EXISTS (SELECT FROM kfmig.blob b WHERE b.digest = d.digest AND pg_catalog.sha256(b.bytes) = d.digest))
            AND NOT (SELECT o.act_later FROM others o)
            AND CASE
                    WHEN (SELECT o.act FROM others o) THEN
                        (SELECT pg_catalog.count(*) FROM kfmig.object o WHERE o.seq = $1::pg_catalog.int8) = $5::pg_catalog.int8
                    ELSE true
                END
           THEN pg_catalog.set_config('search_path', pg_catalog.current_setting('kfmig.search_path'), true)
           ELSE ('the ledger holds something else: ' || pg_catalog.current_setting('kfmig.search_path'))::pg_catalog.int4::pg_catalog.text
       END,
       pg_catalog.set_config('synchronous_commit', COALESCE($7::pg_catalog.text, pg_catalog.current_setting('synchronous_commit')), true),
       (SELECT o.act FROM others o) AS others_act
