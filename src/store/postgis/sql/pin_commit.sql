-- See pin_begin.sql.
COMMIT
