-- What this role would be refused, of what the pending statements do: deed $1 ('own': what only an owner may, 'make': something in a
-- schema, 'schema': a schema itself, 'write' and 'read': rows) to schema $2 ('': as the session's search_path resolves the name) and name
-- $3. What does not stand there yet is not asked about. The server's own rules answer, and nothing is tried.
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT g.deed, g.schema, g.name,
           CASE WHEN g.deed IN ('make', 'schema') THEN NULL
                WHEN g.schema = '' THEN pg_catalog.to_regclass(pg_catalog.quote_ident(g.name))::pg_catalog.oid
                ELSE (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = g.schema AND c.relname = g.name)
           END AS oid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])) AS g (deed, schema, name)
)
SELECT 'fail' AS verdict, s.subject, pg_catalog.format('role %s %s', pg_catalog.quote_ident(current_user), s.text) AS text
FROM (SELECT pg_catalog.format('table %I.%I', n.nspname, c.relname) AS subject,
             CASE WHEN w.deed = 'own' THEN pg_catalog.format('neither owns it nor is a member of %I, which does', pg_catalog.pg_get_userbyid(c.relowner))
                  ELSE pg_catalog.format('may not %s its rows', w.deed) END AS text
      FROM wanted AS w JOIN pg_catalog.pg_class AS c ON c.oid = w.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE CASE w.deed WHEN 'own' THEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
                        WHEN 'write' THEN NOT pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')
                        WHEN 'read' THEN NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
                        ELSE false END
      UNION ALL
      SELECT pg_catalog.format('schema %I', n.nspname), 'may create nothing in it'
      FROM wanted AS w JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
      WHERE w.deed = 'make' AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
      UNION ALL
      SELECT pg_catalog.format('database %I', pg_catalog.current_database()), 'may create no schema in it'
      WHERE EXISTS (SELECT 1 FROM wanted AS w
                    WHERE w.deed = 'schema' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace AS n WHERE n.nspname = w.schema))
        AND NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')) AS s
ORDER BY 2, 3
