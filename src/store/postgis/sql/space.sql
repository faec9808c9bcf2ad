-- Where the database's files stand; nothing, if the role may not know.
SELECT CASE pg_catalog.pg_tablespace_location(d.dattablespace)
         WHEN '' THEN s.setting
         ELSE pg_catalog.pg_tablespace_location(d.dattablespace)
       END
FROM pg_catalog.pg_database d, pg_catalog.pg_settings s
WHERE d.datname = pg_catalog.current_database() AND s.name = 'data_directory'
