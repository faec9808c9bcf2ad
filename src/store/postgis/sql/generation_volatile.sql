-- Columns of table $2 of schema $1, but for those named $3, that are filled anew whenever a row is made: identity, and defaults (their own
-- or a domain's) that hold a function not declared immutable. A default is looked at as it is stored: functions of the system
-- stand in no other catalog.
SELECT a.attname
FROM pg_namespace AS n
JOIN pg_class AS c ON c.relnamespace = n.oid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
CROSS JOIN LATERAL (SELECT coalesce(d.adbin::text, t.typdefaultbin::text, '') AS tree) AS e
WHERE n.nspname = $1 AND c.relname = $2 AND a.attname <> ALL ($3::text[]) AND a.attgenerated = ''
  AND (a.attidentity <> '' OR e.tree ~ '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR) ' OR EXISTS (
      SELECT
      FROM regexp_matches(e.tree, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS m (id)
      JOIN pg_proc AS p ON p.oid = m.id[1]::oid
      WHERE p.provolatile <> 'i'))
