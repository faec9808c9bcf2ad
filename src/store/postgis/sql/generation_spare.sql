-- How many more sessions this role may have in this database. Whose process a session is, others may not see: all with a database count.
SELECT least(
    current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8
        - coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int8
        - (SELECT count(*) FROM pg_stat_activity AS a WHERE a.datid IS NOT NULL),
    (SELECT d.datconnlimit - (SELECT count(*) FROM pg_stat_activity AS a WHERE a.datid = d.oid)
     FROM pg_database AS d WHERE d.datname = current_database() AND d.datconnlimit >= 0),
    (SELECT r.rolconnlimit - (SELECT count(*) FROM pg_stat_activity AS a WHERE a.usesysid = r.oid)
     FROM pg_roles AS r WHERE r.rolname = session_user AND r.rolconnlimit >= 0))
