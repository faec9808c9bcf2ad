-- As create_private_schema.sql, for the table that an older ledger gets.
REVOKE ALL ON kfmig.generation FROM PUBLIC
