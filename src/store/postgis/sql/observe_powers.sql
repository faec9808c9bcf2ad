-- What this role, or one that it may become, can do so that no sensor tells. One row; read once per session.
-- settings: the names of functions that it may call and that switch the counters for the time they run.
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolsuper AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
           AS is_super,
       EXISTS (SELECT FROM pg_catalog.pg_roles AS r
               WHERE r.rolreplication AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')) AS replicates,
       (SELECT pg_catalog.string_agg(r.rolname, ', ' ORDER BY r.rolname)
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname IN ('pg_execute_server_program', 'pg_write_server_files')
          AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')) AS member_of,
       (SELECT pg_catalog.string_agg(DISTINCT l.lanname, ', ')
        FROM pg_catalog.pg_language AS l
        JOIN pg_catalog.pg_proc AS p ON p.prolang = l.oid
        WHERE NOT l.lanpltrusted AND l.lanispl AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
          AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')) AS untrusted,
       (SELECT pg_catalog.string_agg(n.nspname || '.' || p.proname, ', ' ORDER BY n.nspname, p.proname)
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.proconfig IS NOT NULL AND p.proconfig::text ILIKE '%track_counts%'
          AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')) AS settings
