-- A commit that is waited for: WAL is flushed in order, so that everything before it is on disk then. It must write a row: a transaction
-- that only reads or only takes an id flushes nothing. commits: the level that the session came with; off becomes local.
UPDATE kfmig.lease SET epoch = epoch
RETURNING (SELECT h.size FROM kfmig.head h) AS size,
          (SELECT pg_catalog.encode(h.root, 'hex') FROM kfmig.head h) AS root,
          pg_catalog.current_setting('synchronous_commit') AS commits,
          pg_catalog.current_setting('fsync') = 'on' AS syncs,
          CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off'
               THEN pg_catalog.set_config('synchronous_commit', 'local', false)
          END
