-- What a statement goes through that renews what stands: $1 'tables' (of the names $2), 'schema' (named $3), 'database', or 'clustered' (those
-- that the role may cluster); $4 what is another one afterwards: 'indexes', those that can be made 'concurrently', 'files' of rows, 'vacuums' that
-- the server counts. Rows: "table" with its oid; "item" with its mark; "scrap", an invalid index that REINDEX CONCURRENTLY left
-- and that the role can name (pg_toast is closed to most);
-- "not ours", a table that the role may not vacuum; "building": somebody who is no session of a run (those hold the work lock, 1801874791 and 2)
-- makes an index of one of them now. Partitions come with their parents, what is too large for its row with its table.
WITH RECURSIVE root AS (
    SELECT c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE CASE WHEN $1::pg_catalog.text OPERATOR(pg_catalog.=) 'tables'
               THEN c.oid OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.to_regclass(t.name)::pg_catalog.oid
                                                      FROM pg_catalog.unnest($2::pg_catalog.text[]) AS t(name))
               WHEN c.relpersistence OPERATOR(pg_catalog.=) 't' OR c.relkind OPERATOR(pg_catalog.<>) ALL ('{r,m}'::pg_catalog."char"[])
                    OR n.nspname OPERATOR(pg_catalog.=) ANY ('{pg_catalog,pg_toast,information_schema}'::pg_catalog.name[]) THEN false
               WHEN $1 OPERATOR(pg_catalog.=) 'schema' THEN n.nspname OPERATOR(pg_catalog.=) $3::pg_catalog.text
               WHEN $1 OPERATOR(pg_catalog.=) 'clustered'
               THEN EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid OPERATOR(pg_catalog.=) c.oid AND x.indisclustered)
                    AND (pg_catalog.pg_has_role(c.relowner, 'USAGE')
                         OR CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000
                                 THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END)
               ELSE true END
), tree AS (
    SELECT r.oid FROM root r
    UNION
    SELECT i.inhrelid
    FROM tree t
    JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) t.oid AND p.relkind OPERATOR(pg_catalog.=) 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.oid
), target AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.reltoastrelid
    FROM tree t
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.oid AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m,p}'::pg_catalog."char"[])
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
), indexed AS (
    SELECT t.oid FROM target t UNION SELECT t.reltoastrelid FROM target t
), made AS (
    SELECT n.nspname, c.relname, x.indexrelid, x.indisvalid, x.indisexclusion,
           NOT x.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' AS is_scrap
    FROM indexed i
    JOIN pg_catalog.pg_index x ON x.indrelid OPERATOR(pg_catalog.=) i.oid
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) x.indexrelid AND c.relkind OPERATOR(pg_catalog.=) 'i'
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
), answer(what, number, schema, name, mark) AS (
    SELECT 'table', t.oid, t.nspname, t.relname, NULL FROM target t
    UNION ALL
    SELECT 'item', 0, m.nspname, m.relname,
           pg_catalog.concat(m.indexrelid, ' ', pg_catalog.pg_relation_filenode(m.indexrelid))
    FROM made m
    WHERE NOT m.is_scrap AND ($4::pg_catalog.text OPERATOR(pg_catalog.=) 'indexes'
                              OR ($4 OPERATOR(pg_catalog.=) 'concurrently' AND m.indisvalid AND NOT m.indisexclusion))
    UNION ALL
    SELECT 'item', 0, t.nspname, t.relname,
           CASE WHEN $4 OPERATOR(pg_catalog.=) 'files' THEN pg_catalog.pg_relation_filenode(t.oid)::pg_catalog.text
                ELSE pg_catalog.concat(pg_catalog.pg_stat_get_vacuum_count(t.oid), ' ', pg_catalog.pg_stat_get_last_vacuum_time(t.oid)) END
    FROM target t
    WHERE t.relkind OPERATOR(pg_catalog.<>) 'p' AND ($4 OPERATOR(pg_catalog.=) 'files' OR $4 OPERATOR(pg_catalog.=) 'vacuums')
    UNION ALL
    SELECT 'scrap', 0, m.nspname, m.relname, NULL FROM made m
    WHERE m.is_scrap AND $4 OPERATOR(pg_catalog.=) 'concurrently' AND pg_catalog.has_schema_privilege(m.nspname, 'USAGE')
    UNION ALL
    SELECT 'not ours', 0, t.nspname, t.relname, NULL
    FROM target t
    WHERE NOT pg_catalog.pg_has_role(t.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_database d
                      WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
      AND NOT CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000
                   THEN pg_catalog.has_table_privilege(t.oid, 'MAINTAIN') ELSE false END
    UNION ALL
    SELECT 'building', 0, NULL, NULL, NULL
    WHERE EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
                  JOIN indexed i ON i.oid OPERATOR(pg_catalog.=) p.relid
                  WHERE p.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                                        WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks k
                                    WHERE k.pid OPERATOR(pg_catalog.=) p.pid AND k.locktype OPERATOR(pg_catalog.=) 'advisory' AND k.granted
                                      AND k.classid OPERATOR(pg_catalog.=) 1801874791 AND k.objid OPERATOR(pg_catalog.=) 2
                                      AND k.objsubid OPERATOR(pg_catalog.=) 2))
)
SELECT a.what, a.number, a.schema, a.name, a.mark
FROM answer a
ORDER BY a.what COLLATE "C", a.number, a.schema, a.name
