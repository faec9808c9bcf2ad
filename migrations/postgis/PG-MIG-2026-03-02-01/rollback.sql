-- The extension stays: other schemas may use it, and dropping it is the administrator's decision.
DROP SCHEMA kfm_ref;
