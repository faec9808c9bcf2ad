-- Deferred triggers of the migration fire at COMMIT with the search_path that it left.
SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('kfmig.search_path'), true)
