-- As witness.sql, for the catalogs that version 15 brought.
SELECT string_agg(w.n || ':' || w.total, ' ' ORDER BY w.catalog)
FROM (
    SELECT 'parameter' AS catalog, count(*) AS n, coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0) AS total
    FROM pg_parameter_acl AS x
    UNION ALL
    SELECT 'publication_namespace', count(*), coalesce(sum(hashint8extended(x.oid::int8, x.xmin::text::int8)), 0)
    FROM pg_publication_namespace AS x
) AS w
