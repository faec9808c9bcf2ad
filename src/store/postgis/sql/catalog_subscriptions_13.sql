-- As catalog_subscriptions.sql, for version 13, where ordinary roles may not read subscriptions' oids.
SELECT 0::oid AS classid, 0::oid AS objid, 'subscription' AS kind, '' AS schema, s.subname AS name, f.facet, f.value
FROM pg_subscription AS s
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(s.subowner)::text),
        ('definition', concat_ws(' ', CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END, 'publications',
                                 array_to_string(s.subpublications, ', ')))
) AS f (facet, value)
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
