-- Of the extensions in $1, those whose control file names their schema: CREATE EXTENSION makes that schema.
SELECT DISTINCT v.name, v.schema
FROM pg_available_extension_versions AS v
JOIN pg_extension AS e ON e.extname = v.name AND e.extversion = v.version
WHERE v.name = ANY ($1::text[]) AND v.schema IS NOT NULL
