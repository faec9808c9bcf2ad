-- Is the server's clock more than $1 milliseconds from $2, microseconds since 1970 by ours?
SELECT 'fail' AS verdict, '' AS subject,
       pg_catalog.format('the server''s clock is %s ms from this machine''s', pg_catalog.round(d.ms)) AS text
FROM (SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000 - $2::pg_catalog.int8 / 1000 AS ms) AS d
WHERE pg_catalog.abs(d.ms) > $1::pg_catalog.int8
