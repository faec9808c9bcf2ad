-- Indexes that answer no query: invalid, and nobody is making them right now.
SELECT 'fail' AS verdict, pg_catalog.format('index %I.%I', n.nspname, c.relname) AS subject,
       pg_catalog.format('it is invalid: %I.%I is not searched by it', tn.nspname, t.relname) AS text
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid)
ORDER BY 2
