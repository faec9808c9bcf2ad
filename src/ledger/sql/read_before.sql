-- Of each object that the entries $1 changed: the entry, what it left (NULL: removed), and what the ledger said of the object before it.
SELECT c.seq, c.object, pg_catalog.encode(c.fingerprint, 'hex') AS left_as,
       b.seq AS before_seq, pg_catalog.encode(b.fingerprint, 'hex') AS fingerprint, b.definition
FROM kfmig.object c
LEFT JOIN LATERAL (SELECT o.seq, o.fingerprint, o.definition
                   FROM kfmig.object o
                   WHERE o.object = c.object AND o.seq < c.seq
                   ORDER BY o.seq DESC
                   LIMIT 1) AS b ON true
WHERE c.seq = ANY ($1::pg_catalog.int8[])
ORDER BY c.seq, c.object
