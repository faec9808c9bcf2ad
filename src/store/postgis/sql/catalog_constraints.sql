-- Constraints of tables: rows of pg_constraint, of which rows_keys.c makes facets. expression: of CHECK, or an EXCLUDE constraint as
-- the server writes it. other, other_key: what a foreign key refers to; set_columns: since version 15, which columns its ON DELETE sets.
-- $1 oids of pg_class, or NULL: all.
SELECT k.conrelid, k.conname AS name, k.contype::text AS type, k.conkey::text AS key,
       CASE k.contype
           WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid)
           WHEN 'x' THEN pg_get_constraintdef(k.oid)
       END AS expression,
       CASE WHEN k.contype = 'f' THEN k.confrelid::regclass::text END AS other,
       CASE WHEN k.contype = 'f' THEN (
           SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY i.at)
           FROM unnest(k.confkey) WITH ORDINALITY AS i (attnum, at)
           JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = i.attnum) END AS other_key,
       k.confmatchtype::text AS matches, k.confupdtype::text AS on_update, k.confdeltype::text AS on_delete,
       v.confdelsetcols::text AS set_columns,
       k.condeferrable, k.condeferred, v.conenforced, v.conperiod, k.convalidated, k.connoinherit, k.coninhcount > 0 AS is_inherited,
       k.conislocal, d.description
FROM (SELECT true AS conenforced, false AS conperiod, NULL::int2[] AS confdelsetcols) AS absent
CROSS JOIN pg_constraint AS k
-- Columns of versions 15 and 18: unknown names in the inner query mean those of "absent".
CROSS JOIN LATERAL (SELECT conenforced, conperiod, confdelsetcols FROM (SELECT k.*) AS x) AS v
LEFT JOIN pg_description AS d ON d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass AND d.objsubid = 0
WHERE ($1::oid[] IS NULL OR k.conrelid = ANY ($1::oid[])) AND k.conrelid >= 16384 AND k.contype <> 't'
