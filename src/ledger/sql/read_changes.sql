-- What each entry behind $1 and up to $2 changed, in their order: an object and its fingerprint, NULL: removed.
SELECT o.object, o.seq, pg_catalog.encode(o.fingerprint, 'hex') AS fingerprint
FROM kfmig.object o
WHERE o.seq > $1::pg_catalog.int8 AND o.seq <= $2::pg_catalog.int8
ORDER BY o.seq
