-- As create_private_schema.sql, and create_triggers.sql, for the tables of backfills. What was a batch stays one.
DO $$
BEGIN
    REVOKE ALL ON kfmig.backfill, kfmig.batch FROM PUBLIC;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kfmig.batch
        FOR EACH STATEMENT EXECUTE FUNCTION kfmig.refuse();
    ALTER TABLE kfmig.batch ENABLE ALWAYS TRIGGER append_only;
END
$$
