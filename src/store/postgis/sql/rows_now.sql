-- How many rows the tables of schema $1 and name $2 hold, with those that count to them: counted where a table occupies no more than $3
-- bytes and this role may see all of it, else as the server's statistics have it. Rows: place in $1 from 1, rows (NULL: not known), about.
WITH RECURSIVE taken AS (
    SELECT g.place, c.oid
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) WITH ORDINALITY AS g (schema, name, place)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = g.schema
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = g.name
    UNION
    SELECT t.place, i.inhrelid
    FROM taken AS t
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
), told AS (
    SELECT t.place, c.oid, c.reltuples, n.nspname, c.relname,
           pg_catalog.pg_relation_size(c.oid) AS size,
           c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) <= $3::pg_catalog.int8
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid) AS counted
    FROM taken AS t
    JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'f')
    UNION ALL
    SELECT t.place, c.oid, 0, '', '', 0, true
    FROM taken AS t
    JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'p'
)
SELECT x.place, CASE WHEN pg_catalog.bool_and(x.n IS NOT NULL) THEN pg_catalog.sum(x.n)::pg_catalog.int8 END AS n,
       pg_catalog.bool_or(NOT x.counted) AS about
FROM (SELECT t.place, t.counted,
             CASE WHEN t.counted AND t.size = 0 THEN 0
                  WHEN t.counted THEN pg_catalog.substring(
                      pg_catalog.query_to_xml(pg_catalog.format('SELECT count(*) AS n FROM ONLY %I.%I', t.nspname, t.relname), false, true, '')::pg_catalog.text,
                      '<n>([0-9]+)</n>')::pg_catalog.int8
                  WHEN t.reltuples >= 0 AND t.size > 0 THEN t.reltuples::pg_catalog.int8 END AS n
      FROM told AS t) AS x
GROUP BY x.place
ORDER BY x.place
