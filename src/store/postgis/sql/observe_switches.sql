-- Functions that this transaction made or changed and whose settings name track_counts. $1 and $2 as in observe_rows.sql.
SELECT n.nspname || '.' || p.proname AS name
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proconfig IS NOT NULL AND p.proconfig::text ILIKE '%track_counts%'
  AND age(p.xmin) <= 0 AND age(p.xmin) > -$2::int4
  AND CASE WHEN age(p.xmin) <= 0 THEN pg_xact_status(($1::int8 - age(p.xmin))::text::xid8) = 'in progress' END
ORDER BY 1
