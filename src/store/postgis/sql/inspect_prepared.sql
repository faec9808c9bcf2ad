-- Prepared transactions of this database that are older than $1 milliseconds: they keep their locks until somebody ends them.
SELECT 'fail' AS verdict, 'prepared transaction ' || pg_catalog.quote_ident(p.gid) AS subject,
       pg_catalog.format('role %s prepared it at %s', pg_catalog.quote_ident(p.owner),
                         pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS text
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
  AND p.prepared < pg_catalog.clock_timestamp() - $1::pg_catalog.int8 * interval '1 millisecond'
ORDER BY p.gid
