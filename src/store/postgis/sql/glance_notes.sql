-- Comments on the relations that glance_held.sql found, or on what has the same oid elsewhere, and how old their rows are.
SELECT d.classoid, d.objoid, d.objsubid, d.description, age(d.xmin) AS age
FROM pg_description AS d
WHERE d.objoid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[])
