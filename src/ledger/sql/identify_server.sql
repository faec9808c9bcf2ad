-- The server where identify_full.sql failed, and why it failed: the same columns from the seventh on, then why, then who else writes.
-- Needs no privilege. One row.
WITH ledger AS (
    SELECT pg_catalog.has_schema_privilege(current_user, n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege(current_user, c.oid, 'SELECT') AS may_read
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'kfmig' AND c.relname IN ('instance', 'head', 'lease')
)
SELECT NULL AS uuid, NULL AS environment, NULL AS format, NULL AS size, NULL AS root, NULL AS epoch,
       '/' || (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS place,
       w.lsn, w.timeline,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolsuper AND r.rolname IN (current_user, session_user)) AS superuser,
       pg_catalog.pg_backend_pid() AS pid,
       current_user AS role,
       pg_catalog.current_database() AS database,
       EXISTS (SELECT FROM ledger) AS has_ledger,
       COALESCE((SELECT pg_catalog.bool_and(t.may_read) AND pg_catalog.count(*) = 3 FROM ledger t), false) AS may_read,
       pg_catalog.quote_ident(current_user) AS quoted_role,
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text AS next_id,
       pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
           = pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS is_quiet
FROM (SELECT p.lsn,
             ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(p.lsn), 8))::bit(32)::pg_catalog.int8 AS timeline
      FROM (SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_insert_lsn() END AS lsn
            OFFSET 0) AS p) AS w
