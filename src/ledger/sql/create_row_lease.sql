-- Nobody has held the lock yet.
INSERT INTO kfmig.lease (epoch, run_id, holder, taken_at) VALUES (0, '', '', pg_catalog.clock_timestamp())
