-- Nothing of the ledger is for PUBLIC, whatever ALTER DEFAULT PRIVILEGES says. A reading role needs
-- GRANT USAGE ON SCHEMA kfmig TO role; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO role.
REVOKE ALL ON SCHEMA kfmig FROM PUBLIC
