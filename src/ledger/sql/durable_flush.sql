-- A commit that is waited for, of whoever may only read: the message makes it one that flushes.
SELECT pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
                                 WHEN 'off' THEN 'local' ELSE pg_catalog.current_setting('synchronous_commit') END, true),
       pg_catalog.pg_logical_emit_message(true, 'kfmig', '') IS NOT NULL AS written
