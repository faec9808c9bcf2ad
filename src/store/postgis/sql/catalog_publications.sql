-- Publications and the tables they name.
SELECT 'pg_publication'::regclass::oid AS classid, p.oid AS objid, 'publication' AS kind, '' AS schema, p.pubname AS name,
       f.facet, f.value
FROM pg_publication AS p
CROSS JOIN LATERAL (SELECT to_jsonb(p) AS facts) AS j
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(p.pubowner)::text),
        ('options', E'\x011' || (j.facts - '{oid,pubname,pubowner}'::text[])::text),
        ('options', E'\x012' || concat_ws(' ',
            CASE WHEN p.puballtables THEN 'all tables' END,
            CASE WHEN j.facts ->> 'puballsequences' = 'true' THEN 'all sequences' END,
            'of', concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                            CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
            CASE WHEN p.pubviaroot THEN 'by the root' END,
            'generated columns ' || nullif(j.facts ->> 'pubgencols', 'n'))),
        ('comment', (SELECT E'\x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                     FROM pg_description AS d WHERE d.objoid = p.oid AND d.classoid = 'pg_publication'::regclass)),
        ('security_label', (SELECT string_agg(s.provider || E' \x01d' || replace(s.label, E'\x02', E'\x02\x02') || E'\x02', ', '
                                              ORDER BY s.provider COLLATE "C")
                            FROM pg_seclabel AS s WHERE s.objoid = p.oid AND s.classoid = 'pg_publication'::regclass))
) AS f (facet, value)
WHERE f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_publication'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_publication'::regclass, r.prpubid, NULL, NULL, NULL,
       'table ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       'published'
       || coalesce((SELECT ' columns ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                    FROM pg_attribute AS a
                    WHERE a.attrelid = r.prrelid
                      AND a.attnum = ANY (v.prattrs::int2[])), '')
       || coalesce(E' where \x01e' || replace(pg_get_expr(v.prqual, r.prrelid), E'\x02', E'\x02\x02') || E'\x02', '')
FROM (SELECT NULL::pg_node_tree AS prqual, NULL::int2vector AS prattrs) AS absent
CROSS JOIN pg_publication_rel AS r
-- Filters and lists of columns came with version 15: an unknown name in the inner query means the column of "absent".
CROSS JOIN LATERAL (SELECT prqual, prattrs FROM (SELECT r.*) AS x) AS v
JOIN pg_class AS c ON c.oid = r.prrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
