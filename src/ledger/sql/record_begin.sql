-- A migration may have left any search_path and client_encoding: ours until record_end.sql and the end of the transaction.
SELECT pg_catalog.set_config('kfmig.search_path', pg_catalog.current_setting('search_path'), true),
       pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
       pg_catalog.set_config('client_encoding',
                             CASE WHEN pg_catalog.getdatabaseencoding() = 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, true)
