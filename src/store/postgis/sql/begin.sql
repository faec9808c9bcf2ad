-- The transaction of a migration.
BEGIN
