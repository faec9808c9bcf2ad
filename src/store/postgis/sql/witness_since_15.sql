-- As witness.sql, for the catalogs that version 15 brought.
SELECT string_agg(w.n || ':' || w.total, ' ' ORDER BY w.catalog)
FROM (
    SELECT 'parameter' AS catalog, count(*) AS n, coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0) AS total
    FROM pg_parameter_acl AS x
    UNION ALL
    SELECT 'publication_namespace', count(*), coalesce(sum(x.oid::int8 * 31 + x.xmin::text::int8 * 7), 0)
    FROM pg_publication_namespace AS x
) AS w
