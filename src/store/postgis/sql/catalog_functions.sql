-- Functions, procedures, aggregates and window functions, but those that come with a range type. Bodies, defaults and settings are
-- digests.
-- $1 oids of pg_proc, or NULL: all. Sections: what one format of fingerprints has and the other has not.
SELECT 'pg_proc'::regclass::oid AS classid,
       p.oid AS objid,
       'function' AS kind,
       n.nspname AS schema,
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
       f.facet,
       f.value
FROM (SELECT NULL::pg_node_tree AS prosqlbody) AS absent
CROSS JOIN pg_proc AS p
-- A column of version 14: an unknown name in the inner query means that of "absent".
CROSS JOIN LATERAL (SELECT prosqlbody FROM (SELECT p.*) AS x) AS v
JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(p.proowner)::text),
        ('acl', CASE WHEN p.proacl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', p.proacl::text, acldefault('f', p.proowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('returns', pg_get_function_result(p.oid)),
        ('attributes', concat_ws(' ',
            CASE p.prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'window' END,
            'language', (SELECT l.lanname FROM pg_language AS l WHERE l.oid = p.prolang),
            CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
            CASE p.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted' ELSE 'parallel unsafe' END,
            CASE WHEN p.proisstrict THEN 'strict' END,
            CASE WHEN p.prosecdef THEN 'security definer' END,
            CASE WHEN p.proleakproof THEN 'leakproof' END,
            'cost', p.procost,
            CASE WHEN p.proretset THEN 'rows ' || p.prorows END,
            CASE WHEN p.prosupport::oid <> 0 THEN 'support ' || p.prosupport::regprocedure::text END)),
--+ format1
        ('definition', CASE WHEN p.prokind <> 'a' THEN
            E'\x01s' || replace(pg_get_functiondef(p.oid), E'\x02', E'\x02\x02') || E'\x02' END),
--.
--+ format2
        ('arguments', CASE WHEN p.prokind <> 'a' AND p.proargdefaults IS NOT NULL THEN
            E'\x01a' || replace(pg_get_function_arguments(p.oid), E'\x02', E'\x02\x02') || E'\x02' END),
        -- What it does: SQL that is bound by oid, or a text that is kept as it was given.
        ('definition', CASE WHEN p.prokind <> 'a' AND v.prosqlbody IS NOT NULL THEN
            E'\x01s' || replace(pg_get_functiondef(p.oid), E'\x02', E'\x02\x02') || E'\x02' END),
        ('body', CASE WHEN p.prokind <> 'a' AND v.prosqlbody IS NULL THEN
            E'\x01d' || replace(p.prosrc, E'\x02', E'\x02\x02') || E'\x02'
            || coalesce(E' of \x01d' || replace(p.probin, E'\x02', E'\x02\x02') || E'\x02', '') END),
        ('settings', CASE WHEN p.proconfig IS NOT NULL THEN
            E'\x01C' || replace(ARRAY['', p.proconfig::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('transforms', CASE WHEN p.protrftypes IS NOT NULL THEN (
            SELECT string_agg(format_type(i, NULL), ', ' ORDER BY format_type(i, NULL) COLLATE "C") FROM unnest(p.protrftypes) AS i) END),
--.
        ('aggregate', CASE WHEN p.prokind = 'a' THEN (
            SELECT concat_ws(' ', 'kind', g.aggkind, 'direct', g.aggnumdirectargs,
                             E'arguments \x01a' || replace(pg_get_function_arguments(p.oid), E'\x02', E'\x02\x02') || E'\x02',
                             'transition', g.aggtransfn::oid::regprocedure::text,
                             'final ' || nullif(g.aggfinalfn::oid, 0)::regprocedure::text,
                             'combine ' || nullif(g.aggcombinefn::oid, 0)::regprocedure::text,
                             'serial ' || nullif(g.aggserialfn::oid, 0)::regprocedure::text,
                             'deserial ' || nullif(g.aggdeserialfn::oid, 0)::regprocedure::text,
                             'moving ' || nullif(g.aggmtransfn::oid, 0)::regprocedure::text,
                             'inverse ' || nullif(g.aggminvtransfn::oid, 0)::regprocedure::text,
                             'moving final ' || nullif(g.aggmfinalfn::oid, 0)::regprocedure::text,
                             'extra', g.aggfinalextra, g.aggmfinalextra, 'modify', g.aggfinalmodify, g.aggmfinalmodify,
                             'sort ' || nullif(g.aggsortop, 0)::regoperator::text,
                             'state', format_type(g.aggtranstype, NULL), g.aggtransspace,
                             'moving state ' || format_type(nullif(g.aggmtranstype, 0), NULL), g.aggmtransspace,
                             E'initial \x01d' || replace(quote_nullable(g.agginitval) || ' ' || quote_nullable(g.aggminitval), E'\x02', E'\x02\x02') || E'\x02')
            FROM pg_aggregate AS g WHERE g.aggfnoid = p.oid) END)
) AS f (facet, value)
WHERE ($1::oid[] IS NULL OR p.oid = ANY ($1::oid[]))
  AND p.oid >= 16384
  AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'kfmig')
  AND f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
