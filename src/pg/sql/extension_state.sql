-- $1: an extension's name. One row if the server's machine has it; true: it is created in this database.
SELECT installed_version IS NOT NULL
  FROM pg_catalog.pg_available_extensions
 WHERE name OPERATOR(pg_catalog.=) $1::pg_catalog.name;
