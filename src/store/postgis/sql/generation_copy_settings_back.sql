-- $1: what generation_copy_settings.sql gave.
SELECT pg_catalog.set_config(s.key, s.value, true) FROM pg_catalog.jsonb_each_text($1) AS s
