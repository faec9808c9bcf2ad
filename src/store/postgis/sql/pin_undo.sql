-- See pin_savepoint.sql.
ROLLBACK TO SAVEPOINT kfmig_observe
