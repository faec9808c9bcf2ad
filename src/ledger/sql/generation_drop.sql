-- $1 projection, $2 number: the row stays, so that the number does.
UPDATE kfmig.generation g
SET state = 'dropped', facts = '{}', changed_at = pg_catalog.clock_timestamp()
WHERE g.projection = $1::pg_catalog.text AND g.number = $2::pg_catalog.int8
