-- The ledger's schema, owned by the role that runs migrations.
CREATE SCHEMA kfmig
