-- Append-only, also for session_replication_role = replica.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['entry', 'receipt', 'object', 'blob'] LOOP
        EXECUTE pg_catalog.format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kfmig.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION kfmig.refuse()', name);
        EXECUTE pg_catalog.format('ALTER TABLE kfmig.%I ENABLE ALWAYS TRIGGER append_only', name);
    END LOOP;
END
$$
