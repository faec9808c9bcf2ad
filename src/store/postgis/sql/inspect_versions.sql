-- Extensions that are of another version than the server's files: PostGIS among them.
SELECT 'fail' AS verdict, 'extension ' || pg_catalog.quote_ident(a.name) AS subject,
       pg_catalog.format('it is %s here, the server''s files are %s', a.installed_version, a.default_version) AS text
FROM pg_catalog.pg_available_extensions AS a
WHERE a.installed_version <> a.default_version
ORDER BY a.name
