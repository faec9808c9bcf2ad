-- A text that stays the same as long as no row of the sum of objects was written or removed: hashes of their keys and of the transactions
-- that wrote them, added. One row.
SELECT pg_catalog.count(*) || ':' || COALESCE(pg_catalog.sum(
           pg_catalog.hashint8extended(o.seq, pg_catalog.hashtextextended(o.object, o.xmin::pg_catalog.text::pg_catalog.int8))), 0) AS sums
FROM kfmig.object o
