-- As create_private_schema.sql, for the tables.
REVOKE ALL ON ALL TABLES IN SCHEMA kfmig FROM PUBLIC
