-- Whether SET on track_counts was granted to this role, or to one that it may become. Since version 15.
SELECT pg_catalog.has_parameter_privilege('track_counts', 'SET')
    OR EXISTS (SELECT FROM pg_catalog.pg_parameter_acl AS a
               CROSS JOIN LATERAL pg_catalog.aclexplode(a.paracl) AS g
               WHERE a.parname = 'track_counts' AND g.privilege_type = 'SET'
                 AND (g.grantee = 0 OR pg_catalog.pg_has_role(session_user, g.grantee, 'MEMBER'))) AS sets
