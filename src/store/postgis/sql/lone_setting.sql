-- What the server's file of settings (ALTER SYSTEM) says of $1, without double quotes; no row: nothing. pg_file_settings, which holds it, is
-- for those alone who may call this.
SELECT pg_catalog.replace(COALESCE(f.setting, ''), '"', '') AS value
FROM pg_catalog.pg_show_all_file_settings() f
WHERE f.sourcefile OPERATOR(pg_catalog.~) 'postgresql[.]auto[.]conf$'
  AND pg_catalog.lower(f.name) OPERATOR(pg_catalog.=) pg_catalog.lower($1::pg_catalog.text)
ORDER BY f.seqno DESC
LIMIT 1
