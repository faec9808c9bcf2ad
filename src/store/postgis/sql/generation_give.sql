-- The statements that give schema $1 the privileges $2 (text of aclitem[]): what the owner gave first, then what those gave to whom he
-- gave the right to. Whoever gave and cannot be spoken for is replaced by the owner. Roles that are gone are left out.
WITH RECURSIVE item AS (
    SELECT x.grantor, x.grantee, x.privilege_type, x.is_grantable
    FROM (
        SELECT array_agg(i.item::aclitem) FILTER (WHERE NOT EXISTS (
                   SELECT
                   FROM (VALUES (substring(i.item FROM '^("(?:[^"]|"")*"|[^"=]*)=')),
                                (substring(i.item FROM '/("(?:[^"]|"")*"|[^"/]*)$'))) AS q (name)
                   WHERE q.name <> '' AND NOT EXISTS (
                       SELECT FROM pg_roles AS r
                       WHERE r.rolname = CASE WHEN left(q.name, 1) = '"'
                                              THEN replace(substr(q.name, 2, length(q.name) - 2), '""', '"') ELSE q.name END))) AS acl
        FROM unnest($2::text[]) AS i (item)
    ) AS k
    CROSS JOIN LATERAL aclexplode(k.acl) AS x
), home AS (
    SELECT n.nspname, n.nspowner FROM pg_namespace AS n WHERE n.nspname = $1
), giver AS (
    SELECT h.nspowner AS role, 0 AS depth FROM home AS h
    UNION
    SELECT i.grantee, g.depth + 1
    FROM giver AS g
    JOIN item AS i ON i.grantor = g.role AND i.is_grantable AND i.grantee <> i.grantor
    WHERE g.depth < 16
), line AS (
    SELECT coalesce(g.depth, 0) AS depth, CASE WHEN g.depth > 0 THEN i.grantor END AS giver, i.grantee, i.is_grantable,
           string_agg(DISTINCT i.privilege_type, ', ') AS privileges
    FROM item AS i
    CROSS JOIN home AS h
    LEFT JOIN (
        SELECT role, max(depth) AS depth FROM giver WHERE pg_has_role(role, 'MEMBER') GROUP BY role
    ) AS g ON g.role = i.grantor
    WHERE i.grantee <> h.nspowner
    GROUP BY 1, 2, 3, 4
)
SELECT t.statement
FROM line AS l
CROSS JOIN home AS h
CROSS JOIN LATERAL (
    VALUES
        (1, 'SET LOCAL ROLE ' || quote_ident(pg_get_userbyid(l.giver))),
        (2, format('GRANT %s ON SCHEMA %I TO %s%s', l.privileges, h.nspname,
                   CASE WHEN l.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(l.grantee)) END,
                   CASE WHEN l.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)),
        (3, CASE WHEN l.giver IS NOT NULL THEN 'SET LOCAL ROLE ' || quote_ident(current_setting('role')) END)
) AS t (n, statement)
WHERE t.statement IS NOT NULL
ORDER BY l.depth, l.giver NULLS FIRST, l.grantee, l.is_grantable, t.n
