-- Has table $2 in schema $1 a trigger that looks at a statement as a whole? Half of its rows may be refused by one that takes all of them.
SELECT EXISTS (
    SELECT
    FROM pg_catalog.pg_trigger AS t
    JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::pg_catalog.text AND c.relname = $2::pg_catalog.text AND NOT t.tgisinternal
      AND (t.tgtype & 1 = 0 OR t.tgnewtable IS NOT NULL))
