-- Subscriptions of this database; never their connection.
SELECT 'pg_subscription'::regclass::oid AS classid, s.oid AS objid, 'subscription' AS kind, '' AS schema, s.subname AS name,
       f.facet, f.value
FROM pg_subscription AS s
CROSS JOIN LATERAL (
    VALUES
        ('owner', pg_get_userbyid(s.subowner)::text),
        ('definition', concat_ws(' ', CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END, 'publications',
                                 array_to_string(s.subpublications, ', '))),
        ('comment', (SELECT E'\x01d' || replace(d.description, E'\x02', E'\x02\x02') || E'\x02'
                     FROM pg_shdescription AS d WHERE d.objoid = s.oid AND d.classoid = 'pg_subscription'::regclass))
) AS f (facet, value)
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND f.value IS NOT NULL
