-- Which of the extensions $1 the server does not have, or has and this role may not create.
SELECT 'fail' AS verdict, 'extension ' || pg_catalog.quote_ident(w.name) AS subject,
       CASE WHEN a.name IS NULL THEN 'the server does not have it'
            ELSE pg_catalog.format('role %s may not create it', pg_catalog.quote_ident(current_user)) END AS text
FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w(name)
LEFT JOIN pg_catalog.pg_available_extensions AS a ON a.name = w.name
WHERE a.name IS NULL
   OR (a.installed_version IS NULL AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
       AND NOT (pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                AND EXISTS (SELECT 1 FROM pg_catalog.pg_available_extension_versions AS v
                            WHERE v.name = a.name AND v.version = a.default_version AND v.trusted)))
ORDER BY w.name
