-- Is there an entry of run $1, however it ended?
SELECT EXISTS (SELECT FROM kfmig.entry e WHERE e.run_id = $1::pg_catalog.text) AS found
