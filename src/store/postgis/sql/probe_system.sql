-- The identity of the cluster; managed servers may deny it. One row.
SELECT c.system_identifier FROM pg_catalog.pg_control_system() c
