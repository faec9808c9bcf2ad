-- Privileges that only one of two generations gives, and owners that differ, of objects that both have. $1 live schema, $2 hidden schema,
-- $3 what the hidden one is to be given (text of aclitem[]). Rows: object, detail, whether only the live one gives it, the statement that
-- gives it to the hidden one (NULL: none), and for the schema itself the aclitem[] to add to $3.
WITH side AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspname = $1 AS is_live,
           CASE WHEN n.nspname = $1 THEN n.nspacl ELSE (
               SELECT array_agg(i.item::aclitem) FILTER (WHERE NOT EXISTS (
                          SELECT
                          FROM (VALUES (substring(i.item FROM '^("(?:[^"]|"")*"|[^"=]*)=')),
                                       (substring(i.item FROM '/("(?:[^"]|"")*"|[^"/]*)$'))) AS q (name)
                          WHERE q.name <> '' AND NOT EXISTS (
                              SELECT FROM pg_roles AS r
                              WHERE r.rolname = CASE WHEN left(q.name, 1) = '"'
                                                     THEN replace(substr(q.name, 2, length(q.name) - 2), '""', '"')
                                                     ELSE q.name END)))
               FROM unnest($3::text[]) AS i (item)) END AS acl
    FROM pg_namespace AS n
    WHERE n.nspname IN ($1, $2)
), thing AS (
    SELECT s.is_live, 'schema' AS kind, '' AS key, format('schema %I', $1::text) AS object, s.nspowner AS owner,
           coalesce(s.acl, acldefault('n', s.nspowner)) AS acl, NULL AS target, NULL AS part
    FROM side AS s
    UNION ALL
    SELECT s.is_live, 'relation', c.relname,
           format('%s %I.%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                                             WHEN 'S' THEN 'sequence' ELSE 'table' END, $1::text, c.relname),
           c.relowner, coalesce(c.relacl, acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char", c.relowner)),
           format('%s %I.%I', CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, s.nspname, c.relname), NULL
    FROM side AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT s.is_live, 'column', quote_ident(c.relname) || '.' || quote_ident(a.attname),
           format('column %I.%I.%I', $1::text, c.relname, a.attname), c.relowner, a.attacl,
           format('TABLE %I.%I', s.nspname, c.relname), quote_ident(a.attname)
    FROM side AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT s.is_live, 'function', quote_ident(p.proname) || '(' || coalesce(g.arguments, '') || ')',
           format('function %I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
           p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)),
           format('ROUTINE %I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), NULL
    FROM side AS s
    JOIN pg_proc AS p ON p.pronamespace = s.oid
    CROSS JOIN LATERAL (
        SELECT string_agg(CASE WHEN t.typnamespace = s.oid THEN '' ELSE t.typnamespace::text END || '.' || quote_ident(t.typname), ','
                          ORDER BY u.at) AS arguments
        FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (type, at)
        JOIN pg_type AS t ON t.oid = u.type
    ) AS g
    UNION ALL
    SELECT s.is_live, 'type', t.typname, format('type %I.%I', $1::text, t.typname), t.typowner,
           coalesce(t.typacl, acldefault('T', t.typowner)), format('TYPE %I.%I', s.nspname, t.typname), NULL
    FROM side AS s
    JOIN pg_type AS t ON t.typnamespace = s.oid AND (t.typrelid = 0 OR EXISTS (
                             SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
                     AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = t.oid)
    UNION ALL
    SELECT s.is_live, 'default', k.defaclrole::text || ' ' || k.defaclobjtype::text,
           format('default privileges of %I on %s in schema %I', pg_get_userbyid(k.defaclrole), lower(w.words), $1::text), NULL,
           d.defaclacl,
           format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I', pg_get_userbyid(k.defaclrole), s.nspname), w.words
    FROM side AS s
    CROSS JOIN (
        SELECT DISTINCT d.defaclrole, d.defaclobjtype FROM pg_default_acl AS d JOIN side AS s ON s.oid = d.defaclnamespace
    ) AS k
    CROSS JOIN LATERAL (
        SELECT CASE k.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' ELSE 'TYPES' END AS words
    ) AS w
    LEFT JOIN pg_default_acl AS d ON d.defaclnamespace = s.oid AND d.defaclrole = k.defaclrole
                                 AND d.defaclobjtype = k.defaclobjtype
), pair AS (
    SELECT x.*, y.owner AS other_owner, y.acl AS other_acl, y.target AS other_target
    FROM thing AS x
    JOIN thing AS y ON y.kind = x.kind AND y.key = x.key AND y.is_live <> x.is_live
), excess AS (
    -- The owner's own privileges are compared whoever the owner is.
    SELECT p.is_live, p.kind, p.object, p.other_target, p.part, p.other_owner,
           CASE WHEN x.grantee = p.owner THEN p.other_owner ELSE x.grantee END AS grantee, x.is_grantable,
           string_agg(x.privilege_type || CASE WHEN p.kind = 'column' THEN ' (' || p.part || ')' ELSE '' END, ', '
                      ORDER BY x.privilege_type COLLATE "C") AS privileges,
           array_agg(makeaclitem(CASE WHEN x.grantee = p.owner THEN p.other_owner ELSE x.grantee END,
                                 coalesce(p.other_owner, x.grantor), x.privilege_type, x.is_grantable)) AS items
    FROM pair AS p
    CROSS JOIN LATERAL aclexplode(p.acl) AS x
    WHERE NOT EXISTS (
        SELECT
        FROM aclexplode(p.other_acl) AS y
        WHERE CASE WHEN y.grantee = p.other_owner THEN NULL ELSE y.grantee END
              IS NOT DISTINCT FROM CASE WHEN x.grantee = p.owner THEN NULL ELSE x.grantee END
          AND y.privilege_type = x.privilege_type AND (y.is_grantable OR NOT x.is_grantable))
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT o.object,
       format('%s may %s%s on the %s generation only', w.who, o.privileges,
              CASE WHEN o.is_grantable THEN ' with grant option' ELSE '' END,
              CASE WHEN o.is_live THEN 'live' ELSE 'new' END) AS detail,
       o.is_live,
       CASE WHEN NOT o.is_live OR o.kind = 'schema' THEN NULL
            WHEN o.kind = 'default' THEN format('%s GRANT %s ON %s TO %s', o.other_target, o.privileges, o.part, w.who)
            ELSE format('GRANT %s ON %s TO %s', o.privileges, o.other_target, w.who)
       END || CASE WHEN o.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS statement,
       CASE WHEN o.is_live AND o.kind = 'schema' THEN o.items::text END AS items
FROM excess AS o
CROSS JOIN LATERAL (SELECT CASE WHEN o.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(o.grantee)) END AS who) AS w
UNION ALL
SELECT p.object, format('belongs to %I, and to %I in the new generation', pg_get_userbyid(p.owner), pg_get_userbyid(p.other_owner)),
       true, NULL, NULL
FROM pair AS p
WHERE p.is_live AND p.kind <> 'column' AND p.owner <> p.other_owner
ORDER BY 1, 2
