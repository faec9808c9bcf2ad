-- identify_full.sql without pg_control_system(), which a managed server may deny. One row.
SELECT i.uuid, i.environment, i.format, h.size, pg_catalog.encode(h.root, 'hex') AS root, l.epoch,
       '/' || (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS place,
       w.lsn, w.timeline,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolsuper AND r.rolname IN (current_user, session_user)) AS superuser,
       pg_catalog.pg_backend_pid() AS pid,
       current_user AS role,
       pg_catalog.current_database() AS database,
       COALESCE(pg_catalog.pg_relation_size(pg_catalog.to_regclass('kfmig.generation')), 0) > 0 AS has_generations,
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text AS next_id,
       pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
           = pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS is_quiet,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_flush_lsn() >= w.lsn END AS is_flushed
FROM (SELECT p.lsn,
             ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(p.lsn), 8))::bit(32)::pg_catalog.int8 AS timeline
      FROM (SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_insert_lsn() END AS lsn
            OFFSET 0) AS p) AS w
LEFT JOIN (SELECT * FROM kfmig.instance LIMIT 1) AS i ON true
LEFT JOIN (SELECT * FROM kfmig.head LIMIT 1) AS h ON true
LEFT JOIN (SELECT * FROM kfmig.lease LIMIT 1) AS l ON true
