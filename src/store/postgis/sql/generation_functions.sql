-- Functions with a body kept as text that may run while schema $1 is filled: reached from its tables' partition keys, defaults, constraints,
-- indexes, statistics, triggers, policies and rules, from its materialized views, and from there through types, operators, operator
-- classes, views, aggregates and bound bodies. Rows: function, from where. Neither the system's own nor those of extensions count.
WITH RECURSIVE relation AS (
    SELECT c.oid, c.relkind
    FROM pg_namespace AS n
    JOIN pg_class AS c ON c.relnamespace = n.oid
    WHERE n.nspname = $1
), start (classid, objid) AS (
    SELECT 'pg_class'::regclass::oid, r.oid FROM relation AS r WHERE r.relkind IN ('r', 'p', 'f', 'i', 'I')
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef AS d JOIN relation AS r ON r.oid = d.adrelid
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint AS k JOIN relation AS r ON r.oid = k.conrelid
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext AS s JOIN relation AS r ON r.oid = s.stxrelid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy AS p JOIN relation AS r ON r.oid = p.polrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, w.oid FROM pg_rewrite AS w JOIN relation AS r ON r.oid = w.ev_class
              WHERE w.rulename <> '_RETURN' OR r.relkind = 'm'
), edge AS (
    SELECT d.classid, d.objid, d.refclassid, d.refobjid
    FROM pg_depend AS d
    LEFT JOIN pg_class AS c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
    WHERE d.deptype IN ('n', 'a', 'i')
      AND (c.relkind IN ('v', 'c') OR d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass,
                                                       'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_cast'::regclass))
    UNION ALL
    SELECT 'pg_class'::regclass, w.ev_class, 'pg_rewrite'::regclass, w.oid
    FROM pg_rewrite AS w
    JOIN pg_class AS c ON c.oid = w.ev_class AND c.relkind = 'v'
    WHERE w.rulename = '_RETURN'
    UNION ALL
    SELECT 'pg_type'::regclass, k.contypid, 'pg_constraint'::regclass, k.oid FROM pg_constraint AS k WHERE k.contypid <> 0
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 'pg_class'::regclass, t.typrelid FROM pg_type AS t WHERE t.typtype = 'c'
    UNION ALL
    SELECT 'pg_opclass'::regclass, o.oid, 'pg_opfamily'::regclass, o.opcfamily FROM pg_opclass AS o
    UNION ALL
    SELECT 'pg_opfamily'::regclass, a.amprocfamily, 'pg_proc'::regclass, a.amproc::oid FROM pg_amproc AS a
    UNION ALL
    SELECT 'pg_opfamily'::regclass, a.amopfamily, 'pg_operator'::regclass, a.amopopr FROM pg_amop AS a
), reached AS (
    SELECT s.classid, s.objid, s.classid AS from_class, s.objid AS from_object FROM start AS s
    UNION
    SELECT e.refclassid, e.refobjid, r.from_class, r.from_object
    FROM reached AS r
    JOIN edge AS e ON e.classid = r.classid AND e.objid = r.objid
)
SELECT x.type || ' ' || x.identity, min('reached from ' || y.type || ' ' || y.identity)
FROM reached AS r
JOIN pg_proc AS p ON r.classid = 'pg_proc'::regclass AND p.oid = r.objid
JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
CROSS JOIN LATERAL pg_identify_object('pg_proc'::regclass, p.oid, 0) AS x
LEFT JOIN pg_rewrite AS w ON r.from_class = 'pg_rewrite'::regclass AND w.oid = r.from_object AND w.rulename = '_RETURN'
CROSS JOIN LATERAL pg_identify_object(CASE WHEN w.oid IS NULL THEN r.from_class ELSE 'pg_class'::regclass END,
                                      coalesce(w.ev_class, r.from_object), 0) AS y
-- Bodies that are bound to what they name came with version 14.
WHERE to_jsonb(p) ->> 'prosqlbody' IS NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
GROUP BY 1
