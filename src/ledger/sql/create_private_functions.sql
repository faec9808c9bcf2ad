-- As create_private_schema.sql, for the function, which PUBLIC may call by default.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA kfmig FROM PUBLIC
