-- Has run $2 succeeded with subject $1?
SELECT EXISTS (SELECT FROM kfmig.entry e
               WHERE e.run_id = $2::pg_catalog.text AND e.subject = $1::pg_catalog.text
                 AND e.result = 'success') AS found
