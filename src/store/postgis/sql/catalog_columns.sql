-- Columns of relations: rows of pg_attribute, of which rows_relations.c makes facets. Names are quoted where SQL wants it. expression: its
-- default, or what it is generated from. more: what hardly any column has, at the end of its facet, with marks.
-- $1 oids of pg_class, or NULL: all.
SELECT a.attrelid, a.attnum, quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
       a.attgenerated::text AS generated,
       -- Only generated columns name others, for which the table has to be looked up.
       pg_get_expr(e.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE e.adrelid END) AS expression,
       a.attcollation,
       CASE
           -- Some servers stamp every column with a number of their own.
           WHEN a.attidentity = '' AND a.attcollation IN (0, t.typcollation) AND a.attstorage = t.typstorage
                AND v.attcompression = '' AND coalesce(a.attstattarget, -1) = -1 AND a.attinhcount = 0 AND a.attacl IS NULL
                AND (a.attoptions IS NULL OR (cardinality(a.attoptions) = 1 AND a.attoptions[1] LIKE 'pg\_%'))
                AND a.attfdwoptions IS NULL THEN NULL
           ELSE CASE a.attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity by default' ELSE '' END
                || CASE WHEN a.attcollation IN (0, t.typcollation) THEN '' ELSE (
                       SELECT ' collate ' || quote_ident(cn.nspname) || '.' || quote_ident(l.collname)
                       FROM pg_collation AS l JOIN pg_namespace AS cn ON cn.oid = l.collnamespace
                       WHERE l.oid = a.attcollation) END
                || CASE WHEN a.attstorage <> t.typstorage THEN ' storage ' || a.attstorage::text ELSE '' END
                || CASE v.attcompression WHEN '' THEN '' ELSE ' compression ' || v.attcompression::text END
                || CASE WHEN coalesce(a.attstattarget, -1) <> -1 THEN ' statistics ' || a.attstattarget ELSE '' END
                || CASE WHEN a.attinhcount > 0 THEN
                       CASE WHEN a.attislocal THEN ' inherited and local' ELSE ' inherited' END ELSE '' END
                || CASE WHEN a.attacl IS NOT NULL THEN
                       E'\x01A' || replace(ARRAY[' acl ', a.attacl::text, acldefault('c', c.relowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' ELSE '' END
                || coalesce((SELECT E'\x01o' || replace(ARRAY[' options ', array_agg(i)::text]::text, E'\x02', E'\x02\x02') || E'\x02'
                             FROM unnest(a.attoptions) AS i WHERE i NOT LIKE 'pg\_%' HAVING count(*) > 0), '')
                || CASE WHEN a.attfdwoptions IS NOT NULL THEN
                       E'\x01O' || replace(ARRAY[' options ', a.attfdwoptions::text]::text, E'\x02', E'\x02\x02') || E'\x02' ELSE '' END
       END AS more
FROM (SELECT ''::"char" AS attcompression) AS absent
CROSS JOIN pg_attribute AS a
-- attcompression came with version 14: an unknown name in the inner query means the column of "absent".
CROSS JOIN LATERAL (SELECT attcompression FROM (SELECT a.*) AS x) AS v
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
WHERE ($1::oid[] IS NULL OR a.attrelid = ANY ($1::oid[]))
  AND a.attrelid >= 16384
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relpersistence <> 't'
