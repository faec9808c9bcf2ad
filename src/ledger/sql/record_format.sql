-- $1 format: of what this entry and those behind it record.
UPDATE kfmig.instance SET format = $1::pg_catalog.int8 WHERE format < $1::pg_catalog.int8
