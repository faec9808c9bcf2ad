-- Types of their own: composite, enum, domain, range, base; not those that come with a table, an array or a range.
-- part_class, part_object: what else is this object's, for finding it when that part is gone.
-- $1 oids of pg_type, or NULL: all.
WITH wanted AS (
    SELECT t.*, n.nspname
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_class AS r ON r.oid = t.typrelid
    LEFT JOIN pg_type AS e ON e.oid = t.typelem
    WHERE ($1::oid[] IS NULL OR t.oid = ANY ($1::oid[]))
      AND t.oid >= 16384
      AND t.typtype <> 'm'
      AND n.nspname !~ '^pg_'
      AND n.nspname NOT IN ('information_schema', 'kfmig')
      AND (t.typrelid = 0 OR r.relkind = 'c')
      AND NOT (t.typcategory = 'A' AND e.oid IS NOT NULL AND e.typarray = t.oid)
      AND NOT EXISTS (SELECT FROM pg_depend AS d
                      WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
)
SELECT 'pg_type'::regclass::oid AS classid, t.oid AS objid, 'type' AS kind, t.nspname AS schema, t.typname AS name, f.facet, f.value,
       NULL::oid AS part_class, NULL::oid AS part_object
FROM wanted AS t
CROSS JOIN LATERAL (
    VALUES
        ('kind', CASE
            WHEN NOT t.typisdefined THEN 'shell'
            WHEN t.typtype = 'b' THEN 'base'
            WHEN t.typtype = 'c' THEN 'composite'
            WHEN t.typtype = 'd' THEN 'domain'
            WHEN t.typtype = 'e' THEN 'enum'
            WHEN t.typtype = 'r' THEN 'range'
            ELSE t.typtype::text END),
        ('owner', pg_get_userbyid(t.typowner)::text),
        ('acl', CASE WHEN t.typacl IS NOT NULL THEN
            E'\x01A' || replace(ARRAY['', t.typacl::text, acldefault('T', t.typowner)::text]::text, E'\x02', E'\x02\x02') || E'\x02' END),
        ('labels', CASE WHEN t.typtype = 'e' THEN (
            SELECT count(*) || E' \x01d' || replace(coalesce(
                       string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), ''), E'\x02', E'\x02\x02') || E'\x02'
            FROM pg_enum AS e WHERE e.enumtypid = t.oid) END),
        ('domain', CASE WHEN t.typtype = 'd' THEN
            format_type(t.typbasetype, t.typtypmod)
            || CASE WHEN t.typnotnull THEN ' not null' ELSE '' END
            || coalesce(E' default \x01e' || replace(t.typdefault, E'\x02', E'\x02\x02') || E'\x02', '')
            || CASE WHEN t.typcollation <> 0 THEN (
                   SELECT ' collate ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                   FROM pg_collation AS l JOIN pg_namespace AS n ON n.oid = l.collnamespace WHERE l.oid = t.typcollation)
               ELSE '' END END),
        ('range', CASE WHEN t.typtype = 'r' THEN (
            SELECT format_type(r.rngsubtype, NULL)
                   || ' operator class ' || (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.opcname)
                                             FROM pg_opclass AS o JOIN pg_namespace AS n ON n.oid = o.opcnamespace
                                             WHERE o.oid = r.rngsubopc)
                   || CASE WHEN r.rngcollation <> 0 THEN (
                          SELECT ' collate ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                          FROM pg_collation AS l JOIN pg_namespace AS n ON n.oid = l.collnamespace
                          WHERE l.oid = r.rngcollation) ELSE '' END
                   || CASE WHEN r.rngcanonical::oid <> 0 THEN ' canonical ' || r.rngcanonical::regprocedure::text ELSE '' END
                   || CASE WHEN r.rngsubdiff::oid <> 0 THEN ' difference ' || r.rngsubdiff::regprocedure::text ELSE '' END
                   || coalesce((SELECT ' multirange ' || format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, NULL)), '')
            FROM pg_range AS r WHERE r.rngtypid = t.oid) END),
        ('functions', CASE WHEN t.typtype = 'b' AND t.typisdefined THEN
            concat_ws(' ', 'input', t.typinput::regprocedure::text, 'output', t.typoutput::regprocedure::text,
                      'receive ' || nullif(t.typreceive::oid, 0)::regprocedure::text,
                      'send ' || nullif(t.typsend::oid, 0)::regprocedure::text,
                      'modifier input ' || nullif(t.typmodin::oid, 0)::regprocedure::text,
                      'modifier output ' || nullif(t.typmodout::oid, 0)::regprocedure::text,
                      'analyze ' || nullif(t.typanalyze::oid, 0)::regprocedure::text,
                      'subscript ' || nullif((to_jsonb(t) ->> 'typsubscript'), '-')) END),
        ('shape', CASE WHEN t.typtype = 'b' AND t.typisdefined THEN
            concat_ws(' ', 'length', t.typlen, CASE WHEN t.typbyval THEN 'by value' END, 'alignment', t.typalign,
                      'storage', t.typstorage, 'category', t.typcategory, CASE WHEN t.typispreferred THEN 'preferred' END,
                      'delimiter', t.typdelim, CASE WHEN t.typelem <> 0 THEN 'element ' || format_type(t.typelem, NULL) END,
                      CASE WHEN t.typcollation <> 0 THEN 'collatable' END,
                      E'default \x01e' || replace(t.typdefault, E'\x02', E'\x02\x02') || E'\x02') END)
) AS f (facet, value)
WHERE f.value IS NOT NULL
UNION ALL
SELECT 'pg_type'::regclass, t.oid, NULL, NULL, NULL,
       'attribute ' || a.attname,
       format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attcollation <> 0 AND a.attcollation <> e.typcollation THEN (
              SELECT ' collate ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname)
              FROM pg_collation AS l JOIN pg_namespace AS n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation)
          ELSE '' END
       || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                    FROM pg_description AS d
                    WHERE d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum), ''),
       NULL, NULL
FROM wanted AS t
JOIN pg_attribute AS a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS e ON e.oid = a.atttypid
WHERE t.typrelid <> 0
UNION ALL
SELECT 'pg_type'::regclass, t.oid, NULL, NULL, NULL,
       'attribute_order', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
       NULL, NULL
FROM wanted AS t
JOIN pg_attribute AS a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
WHERE t.typrelid <> 0
GROUP BY t.oid
UNION ALL
SELECT 'pg_type'::regclass, k.contypid, NULL, NULL, NULL,
       'constraint ' || k.conname,
       CASE k.contype WHEN 'n' THEN 'NOT NULL' ELSE
           E'CHECK \x01c' || replace(pg_get_constraintdef(k.oid), E'\x02', E'\x02\x02') || E'\x02' END
       || CASE WHEN k.convalidated THEN '' ELSE ' not valid' END
       || coalesce((SELECT E' comment \x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                    FROM pg_description AS d
                    WHERE d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass AND d.objsubid = 0), ''),
       'pg_constraint'::regclass, k.oid
FROM pg_constraint AS k
JOIN wanted AS t ON t.oid = k.contypid
WHERE k.contypid >= 16384
