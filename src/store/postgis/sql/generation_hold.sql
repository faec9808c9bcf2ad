-- What locks each relation of the schemas $1 against everybody, in one order, as generation_relations.sql has it.
SELECT CASE WHEN k.rank = 0 THEN format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE', n.nspname, c.relname)
            ELSE format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, pg_get_userbyid(c.relowner)) END
FROM pg_namespace AS n
JOIN pg_class AS c ON c.relnamespace = n.oid
JOIN (VALUES ('r', 0), ('p', 0), ('f', 1), ('v', 2), ('m', 3), ('S', 4)) AS k (kind, rank) ON k.kind = c.relkind::text
WHERE n.nspname = ANY ($1)
ORDER BY k.rank, c.oid
