-- What of the ledger is there already, asked with the lock on making it held. An administrator may have made the empty schema
-- for the role. One row.
SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'head') AS has_ledger,
       n.oid IS NOT NULL AS has_schema,
       CASE
           WHEN n.oid IS NULL THEN
               pg_catalog.has_database_privilege(current_user, pg_catalog.current_database(), 'CREATE')
           ELSE
               pg_catalog.pg_has_role(current_user, n.nspowner, 'USAGE')
               AND pg_catalog.has_schema_privilege(current_user, n.oid, 'CREATE')
       END AS may_create
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'kfmig'
