-- What SQL alone can see of a ledger that does not hold together, as a rule and words; $1 size and $2 frontier as the entries give them,
-- $3 those that cannot be read.
SELECT f.rule, f.words
FROM (
    -- Entries whose columns say something else than their text, which is what the tree hashes.
    SELECT 1 AS kind, e.seq, 'columns' AS rule, 'the columns of entry ' || e.seq || ' are not what its text says' AS words
    FROM kfmig.entry e
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.seq <> ALL ($3::pg_catalog.int8[]) THEN e.text::pg_catalog.jsonb END AS t OFFSET 0 -- read once, not for each member
    ) AS x
    WHERE x.t IS NOT NULL AND ((x.t ->> 'subject', x.t ->> 'kind', x.t ->> 'result', x.t ->> 'run_id', x.t ->> 'sequence')
          IS DISTINCT FROM (e.subject, e.kind, e.result, e.run_id, e.seq::pg_catalog.text)
       OR (x.t ->> 'finished_at') IS DISTINCT FROM pg_catalog.to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    UNION ALL
    SELECT 2, r.seq, 'receipt', 'entry ' || r.seq || ': its receipt is kept as that of another run'
    FROM kfmig.receipt r
    JOIN kfmig.entry e ON e.seq = r.seq
    WHERE r.run_id <> e.run_id OR r.digest <> pg_catalog.sha256(pg_catalog.convert_to(r.body, 'UTF8'))
    UNION ALL
    SELECT 3, o.seq, 'object', 'entry ' || o.seq || ': the definition of ' || o.object || ' is not what its fingerprint was made of'
    FROM kfmig.object o
    WHERE o.fingerprint <> pg_catalog.sha256(pg_catalog.textsend(
              pg_catalog.regexp_replace(o.definition, '^~[^\n]*\n', '', 'gn'))) -- normal forms are no part of it
    UNION ALL
    SELECT 4, o.seq, 'object', 'entry ' || o.seq || ', which wrote ' || o.object || ', is not there'
    FROM kfmig.object o
    WHERE NOT EXISTS (SELECT FROM kfmig.entry e WHERE e.seq = o.seq)
    UNION ALL
    SELECT 5, 0, 'tree', 'the frontier of the head is not that of the entries'
    FROM kfmig.head h
    WHERE h.size = $1::pg_catalog.int8 AND h.frontier IS DISTINCT FROM $2::pg_catalog.bytea[]
    UNION ALL
    SELECT 6, 0, 'guard', 'kfmig.' || t.name || ' is not append-only: trigger append_only is missing, off or another'
    FROM (VALUES ('batch'), ('blob'), ('entry'), ('object'), ('receipt')) AS t (name)
    WHERE pg_catalog.to_regclass('kfmig.' || t.name) IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger g
        JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
        WHERE n.nspname = 'kfmig' AND c.relname = t.name AND g.tgname = 'append_only' AND g.tgenabled = 'A'
          AND g.tgtype = 58 AND g.tgqual IS NULL AND p.proname = 'refuse' AND p.pronamespace = n.oid
          AND pg_catalog.regexp_replace(p.prosrc, '\s+', ' ', 'g') =
              ' BEGIN RAISE EXCEPTION ''kfmig.% is append-only'', TG_TABLE_NAME USING ERRCODE = ''object_not_in_prerequisite_state''; END ')
    UNION ALL
    SELECT 7, 0, 'guard', 'kfmig.' || c.relname || ' has a trigger that is not kfmig''s: ' || g.tgname
    FROM pg_catalog.pg_trigger g
    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'kfmig' AND NOT g.tgisinternal
      AND NOT (g.tgname = 'append_only' AND c.relname IN ('batch', 'blob', 'entry', 'object', 'receipt'))
    UNION ALL
    SELECT 8, 0, 'guard', 'kfmig.' || c.relname || ' has a rule: ' || w.rulename
    FROM pg_catalog.pg_rewrite w
    JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'kfmig' AND NOT (c.relname = 'schema_migrations' AND c.relkind = 'v' AND w.rulename = '_RETURN') -- that is the view
) AS f
ORDER BY f.kind, f.seq, f.words
