-- Of the views, materialized views and functions at $1 (catalogs) and $2 (oids) those of $3 (is it to be dropped?) and what among them stands on
-- those: what drops each, in an order in which that can be done, and what gives it back its owner, privileges, comments, and what else is on it that
-- its text does not make (triggers, rules, indexes, columns' defaults); and what drops each for good, behind a text that was run: a function that was
-- written in the transaction that runs it stays, as the text has it still, with these arguments.
WITH RECURSIVE given AS (
    SELECT g.classid, g.objid, g.is_root
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[]), pg_catalog.unnest($3::pg_catalog.bool[]))
         AS g(classid, objid, is_root)
), edge AS (
    SELECT d.refclassid, d.refobjid,
           CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid END AS classid,
           COALESCE(w.ev_class, d.objid) AS objid
    FROM given g
    JOIN pg_catalog.pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
), walk AS (
    SELECT g.classid, g.objid, 0 AS depth FROM given g WHERE g.is_root
    UNION
    SELECT g.classid, g.objid, w.depth + 1
    FROM walk w
    JOIN edge e ON e.refclassid = w.classid AND e.refobjid = w.objid
    JOIN given g ON g.classid = e.classid AND g.objid = e.objid
    WHERE (g.classid, g.objid) <> (w.classid, w.objid) AND w.depth < 1000
), found AS (
    SELECT w.classid, w.objid, pg_catalog.max(w.depth) AS depth FROM walk w GROUP BY w.classid, w.objid
), thing AS (
    SELECT f.depth, f.classid, f.objid,
           CASE WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.oid IS NOT NULL THEN 'VIEW'
                WHEN p.prokind = 'p' THEN 'PROCEDURE' WHEN p.prokind = 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS kind,
           CASE WHEN c.oid IS NOT NULL THEN 'TABLE' WHEN p.prokind = 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS granted,
           CASE WHEN c.oid IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, c.relname)
                ELSE pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) END AS name,
           COALESCE(c.relowner, p.proowner) AS owner,
           COALESCE(c.relacl, p.proacl, pg_catalog.acldefault(CASE WHEN c.oid IS NULL THEN 'f'::"char" ELSE 'r'::"char" END, COALESCE(c.relowner, p.proowner))) AS acl,
           COALESCE(c.relkind, p.prokind) AS sort,
           c.oid AS relation
    FROM found f
    LEFT JOIN pg_catalog.pg_class c ON f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = f.objid
    LEFT JOIN pg_catalog.pg_proc p ON f.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = f.objid
    JOIN pg_catalog.pg_namespace n ON n.oid = COALESCE(c.relnamespace, p.pronamespace)
), code AS (
    SELECT t.depth, t.kind, t.name, t.objid, t.relation,
           CASE WHEN t.relation IS NULL
                THEN pg_catalog.format('IF EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = pg_catalog.to_regprocedure(%L) AND prokind = %L) THEN ',
                         t.objid::pg_catalog.regprocedure::pg_catalog.text, t.sort)
                ELSE pg_catalog.format('IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%L) AND relkind = %L) THEN ', t.name, t.sort) END AS head,
           CASE WHEN t.owner <> current_user::pg_catalog.regrole::pg_catalog.oid
                THEN pg_catalog.format('EXECUTE %L; ', pg_catalog.format('ALTER %s %s OWNER TO %I', t.kind, t.name, pg_catalog.pg_get_userbyid(t.owner)))
                ELSE '' END
           || pg_catalog.format('FOR g IN SELECT DISTINCT CASE x.grantee WHEN 0 THEN %L ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END '
                  'FROM (SELECT COALESCE(%s, pg_catalog.acldefault(%L, %s)) AS acl, %s AS owner FROM %s) o CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) x '
                  'WHERE x.grantee <> o.owner LOOP EXECUTE pg_catalog.format(%L, g); END LOOP; ', 'PUBLIC',
                  CASE WHEN t.relation IS NULL THEN 'proacl' ELSE 'relacl' END, CASE WHEN t.relation IS NULL THEN 'f' ELSE 'r' END,
                  CASE WHEN t.relation IS NULL THEN 'proowner' ELSE 'relowner' END, CASE WHEN t.relation IS NULL THEN 'proowner' ELSE 'relowner' END,
                  CASE WHEN t.relation IS NULL THEN pg_catalog.format('pg_catalog.pg_proc WHERE oid = %L::pg_catalog.regprocedure', t.objid::pg_catalog.regprocedure::pg_catalog.text)
                       ELSE pg_catalog.format('pg_catalog.pg_class WHERE oid = %L::pg_catalog.regclass', t.name) END,
                  pg_catalog.format('REVOKE ALL ON %s %s FROM ', t.granted, pg_catalog.replace(t.name, '%', '%%')) || '%s')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('EXECUTE %L; ', pg_catalog.format('GRANT %s ON %s %s TO %s%s', x.privilege_type, t.granted, t.name,
                            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
                            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), '' ORDER BY x.grantee, x.privilege_type)
                        FROM pg_catalog.aclexplode(t.acl) x WHERE x.grantee <> t.owner), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = %L::pg_catalog.regclass AND attname = %L) THEN EXECUTE %L; END IF; ',
                            t.name, a.attname, pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname, t.name,
                            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
                            CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), '' ORDER BY a.attnum, x.grantee, x.privilege_type)
                        FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
                        WHERE a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped), '')
           || COALESCE((SELECT pg_catalog.format('EXECUTE %L; ', pg_catalog.format('COMMENT ON %s %s IS %L', t.kind, t.name, d.description))
                        FROM pg_catalog.pg_description d WHERE d.classoid = t.classid AND d.objoid = t.objid AND d.objsubid = 0), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = %L::pg_catalog.regclass AND attname = %L) THEN EXECUTE %L; END IF; ',
                            t.name, a.attname, pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', t.name, a.attname, d.description)), '' ORDER BY a.attnum)
                        FROM pg_catalog.pg_attribute a
                        JOIN pg_catalog.pg_description d ON d.classoid = t.classid AND d.objoid = a.attrelid AND d.objsubid = a.attnum
                        WHERE a.attrelid = t.relation AND a.attnum > 0), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = %L::pg_catalog.regclass AND attname = %L) THEN EXECUTE %L; END IF; ',
                            t.name, a.attname, pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', t.name, a.attname, pg_catalog.pg_get_expr(e.adbin, e.adrelid))), '' ORDER BY a.attnum)
                        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
                        WHERE a.attrelid = t.relation), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = %L::pg_catalog.regclass AND tgname = %L) THEN EXECUTE %L; END IF; ',
                            t.name, g.tgname, pg_catalog.pg_get_triggerdef(g.oid)), '' ORDER BY g.tgname)
                        FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.relation AND NOT g.tgisinternal), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = %L::pg_catalog.regclass AND rulename = %L) THEN EXECUTE %L; END IF; ',
                            t.name, w.rulename, pg_catalog.pg_get_ruledef(w.oid)), '' ORDER BY w.rulename)
                        FROM pg_catalog.pg_rewrite w WHERE w.ev_class = t.relation AND w.rulename <> '_RETURN'), '')
           || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format('IF pg_catalog.to_regclass(%L) IS NULL THEN EXECUTE %L; END IF; ',
                            pg_catalog.format('%I.%I', m.nspname, i.relname), pg_catalog.pg_get_indexdef(i.oid)), '' ORDER BY i.relname)
                        FROM pg_catalog.pg_index x
                        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
                        JOIN pg_catalog.pg_namespace m ON m.oid = i.relnamespace
                        WHERE x.indrelid = t.relation), '') AS body
    FROM thing t
)
SELECT pg_catalog.format('DROP %s %s', c.kind, c.name) AS dropped,
       pg_catalog.format('DO %L', 'DECLARE g text; BEGIN ' || c.head || c.body || 'END IF; END') AS kept,
       CASE WHEN c.relation IS NOT NULL THEN pg_catalog.format('DROP %s %s', c.kind, c.name)
            ELSE pg_catalog.format('DO %L', pg_catalog.format('BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = %s AND xmin <> pg_catalog.pg_current_xact_id()::pg_catalog.xid) THEN DROP %s %s; END IF; END',
                     c.objid, c.kind, c.name)) END AS "left"
FROM code c
ORDER BY c.depth DESC, c.name
