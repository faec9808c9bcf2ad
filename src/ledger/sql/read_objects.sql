-- The sum of objects up to entry $1 (0: all), last first: the order of the primary key read backwards.
SELECT s.object, s.seq, pg_catalog.encode(s.fingerprint, 'hex') AS fingerprint, s.definition
FROM (SELECT DISTINCT ON (o.object) o.object, o.seq, o.fingerprint, o.definition
      FROM kfmig.object o
      WHERE $1::pg_catalog.int8 = 0 OR o.seq <= $1::pg_catalog.int8
      ORDER BY o.object DESC, o.seq DESC) AS s
WHERE s.fingerprint IS NOT NULL
ORDER BY s.object DESC
