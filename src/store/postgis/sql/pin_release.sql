-- See pin_savepoint.sql.
RELEASE SAVEPOINT kfmig_observe
