-- What else belongs to a relation: parents, partition key, triggers, rules, policies, statistics, sequences that its columns own,
-- foreign server. part_class, part_object: what else is this object's, for finding it when that part is gone.
-- $1 oids of pg_class, or NULL: all.
WITH wanted AS (
    SELECT c.oid, c.relnamespace
    FROM pg_class AS c
    WHERE ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[])) AND c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT 'pg_class'::regclass::oid AS classid, p.objid, NULL AS kind, NULL AS schema, NULL AS name, p.facet, p.value,
       p.part_class, p.part_object
FROM (
    SELECT i.inhrelid AS objid, 'inherits' AS facet,
           string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ' ORDER BY i.inhseqno) AS value,
           NULL::oid AS part_class, NULL::oid AS part_object
    FROM pg_inherits AS i
    JOIN wanted AS w ON w.oid = i.inhrelid
    JOIN pg_class AS c ON c.oid = i.inhparent
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    GROUP BY i.inhrelid
    UNION ALL
    SELECT k.partrelid, 'partition_key',
           CASE
               WHEN k.partexprs IS NULL THEN pg_get_partkeydef(k.partrelid)
               ELSE E'\x01k' || replace(pg_get_partkeydef(k.partrelid), E'\x02', E'\x02\x02') || E'\x02'
           END,
           NULL, NULL
    FROM pg_partitioned_table AS k
    JOIN wanted AS w ON w.oid = k.partrelid
    UNION ALL
    SELECT t.tgrelid, 'trigger ' || t.tgname,
           CASE
               WHEN t.tgqual IS NULL AND t.tgnargs = 0 THEN pg_get_triggerdef(t.oid)
               ELSE E'\x01s' || replace(pg_get_triggerdef(t.oid), E'\x02', E'\x02\x02') || E'\x02'
           END
           || CASE t.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' disabled' WHEN 'R' THEN ' replica' ELSE ' always' END
           || CASE WHEN (to_jsonb(t) ->> 'tgparentid') IS DISTINCT FROM '0' THEN ' inherited' ELSE '' END
           || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                        FROM pg_description AS d
                        WHERE d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass AND d.objsubid = 0), ''),
           NULL, NULL
    FROM pg_trigger AS t
    JOIN wanted AS w ON w.oid = t.tgrelid
    WHERE NOT t.tgisinternal
    UNION ALL
    SELECT r.ev_class, 'rule ' || r.rulename,
           E'\x01s' || replace(pg_get_ruledef(r.oid), E'\x02', E'\x02\x02') || E'\x02'
           || CASE r.ev_enabled WHEN 'O' THEN '' WHEN 'D' THEN ' disabled' WHEN 'R' THEN ' replica' ELSE ' always' END
           || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                        FROM pg_description AS d
                        WHERE d.objoid = r.oid AND d.classoid = 'pg_rewrite'::regclass AND d.objsubid = 0), ''),
           NULL, NULL
    FROM pg_rewrite AS r
    JOIN wanted AS w ON w.oid = r.ev_class
    WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT y.polrelid, 'policy ' || y.polname,
           CASE WHEN y.polpermissive THEN 'permissive' ELSE 'restrictive' END
           || CASE y.polcmd WHEN 'r' THEN ' select' WHEN 'a' THEN ' insert' WHEN 'w' THEN ' update' WHEN 'd' THEN ' delete'
                            ELSE ' all' END
           || ' to ' || (SELECT string_agg(CASE WHEN i = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(i)) END, ', '
                                           ORDER BY CASE WHEN i = 0 THEN '' ELSE pg_get_userbyid(i)::text END COLLATE "C")
                         FROM unnest(y.polroles) AS i)
           || coalesce(E' using \x01e' || replace(pg_get_expr(y.polqual, y.polrelid), E'\x02', E'\x02\x02') || E'\x02', '')
           || coalesce(E' check \x01e' || replace(pg_get_expr(y.polwithcheck, y.polrelid), E'\x02', E'\x02\x02') || E'\x02', '')
           || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                        FROM pg_description AS d
                        WHERE d.objoid = y.oid AND d.classoid = 'pg_policy'::regclass AND d.objsubid = 0), ''),
           NULL, NULL
    FROM pg_policy AS y
    JOIN wanted AS w ON w.oid = y.polrelid
    UNION ALL
    SELECT s.stxrelid, 'statistics ' || quote_ident(n.nspname) || '.' || quote_ident(s.stxname),
           'kinds ' || array_to_string(s.stxkind, ' ')
           || E' definition \x01s' || replace(pg_get_statisticsobjdef(s.oid), E'\x02', E'\x02\x02') || E'\x02'
           || ' owner ' || quote_ident(pg_get_userbyid(s.stxowner))
           || CASE WHEN coalesce(s.stxstattarget, -1) <> -1 THEN ' target ' || s.stxstattarget ELSE '' END
           || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                        FROM pg_description AS d
                        WHERE d.objoid = s.oid AND d.classoid = 'pg_statistic_ext'::regclass AND d.objsubid = 0), ''),
           'pg_statistic_ext'::regclass, s.oid
    FROM pg_statistic_ext AS s
    JOIN wanted AS w ON w.oid = s.stxrelid
    JOIN pg_namespace AS n ON n.oid = s.stxnamespace
    UNION ALL
    SELECT w.oid, 'sequence ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname),
           'owned by ' || quote_ident(a.attname) || ' ' || format_type(q.seqtypid, NULL)
           || ' start ' || q.seqstart || ' increment ' || q.seqincrement || ' min ' || q.seqmin || ' max ' || q.seqmax
           || ' cache ' || q.seqcache || CASE WHEN q.seqcycle THEN ' cycle' ELSE '' END
           || CASE WHEN c.relpersistence = 'u' THEN ' unlogged' ELSE '' END
           || ' owner ' || quote_ident(pg_get_userbyid(c.relowner))
           || CASE WHEN c.relacl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY[' acl ', c.relacl::text, acldefault('s', c.relowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' ELSE '' END
           || coalesce((SELECT E' comment \x01d' || replace(e.description, E'\x02', E'\x02\x02') || E'\x02'
                        FROM pg_description AS e
                        WHERE e.objoid = c.oid AND e.classoid = 'pg_class'::regclass AND e.objsubid = 0), ''),
           'pg_class'::regclass, c.oid
    FROM wanted AS w
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = w.oid AND d.refobjsubid > 0
                       AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_sequence AS q ON q.seqrelid = c.oid
    JOIN pg_attribute AS a ON a.attrelid = w.oid AND a.attnum = d.refobjsubid
    UNION ALL
    SELECT f.ftrelid, 'server', v.srvname, NULL, NULL
    FROM pg_foreign_table AS f
    JOIN wanted AS w ON w.oid = f.ftrelid
    JOIN pg_foreign_server AS v ON v.oid = f.ftserver
    UNION ALL
    SELECT f.ftrelid, 'server_options', E'\x01O' || replace(ARRAY['', f.ftoptions::text]::text, E'\x02', E'\x02\x02') || E'\x02', NULL, NULL
    FROM pg_foreign_table AS f
    JOIN wanted AS w ON w.oid = f.ftrelid
    WHERE f.ftoptions IS NOT NULL
) AS p
UNION ALL
SELECT 'pg_class'::regclass::oid, q.seqrelid, NULL, NULL, NULL, 'parameters',
       format_type(q.seqtypid, NULL)
       || ' start ' || q.seqstart || ' increment ' || q.seqincrement || ' min ' || q.seqmin || ' max ' || q.seqmax
       || ' cache ' || q.seqcache || CASE WHEN q.seqcycle THEN ' cycle' ELSE '' END,
       NULL, NULL
FROM pg_sequence AS q
WHERE ($1::oid[] IS NULL OR q.seqrelid = ANY ($1::oid[])) AND q.seqrelid >= 16384
