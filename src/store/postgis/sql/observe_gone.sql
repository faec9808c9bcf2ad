-- Of the objects at addresses $1, $2 those that stand, as this session sees it. Left out is what goes with another: parts that a server
-- makes itself, members of extensions, indexes and the like of a relation of $3 (those that are gone), default privileges, what is
-- temporary, NOT NULL (a column says it), members of publications and operator families, and what a partition has because its parent has it,
-- where the parent's goes too.
-- A partition is more than a part.
-- owner_class, owner: what a part belongs to, NULL: it is none; facet: the one of its owner that has it.
SELECT DISTINCT d.classid, d.objid, i.type || ' ' || i.identity AS text, w.refclassid AS owner_class, w.refobjid AS owner,
       CASE d.classid
           WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN 'constraint '
           WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN 'trigger '
           WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN 'policy '
           WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN 'rule '
           WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN 'column '
           WHEN 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass THEN 'statistics '
           WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN
               CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_index AS x WHERE x.indexrelid = d.objid) THEN 'index ' END
       END || n.object_names[pg_catalog.cardinality(n.object_names)] AS facet
FROM pg_catalog.pg_depend AS d
JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS o (classid, objid)
    ON o.classid = d.classid AND o.objid = d.objid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) AS i
CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(d.classid, d.objid, 0) AS n
LEFT JOIN LATERAL (
    SELECT p.refclassid, p.refobjid
    FROM pg_catalog.pg_depend AS p
    WHERE p.classid = d.classid AND p.objid = d.objid AND p.deptype = 'a'
      AND p.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)
    LIMIT 1
) AS w ON true
WHERE pg_catalog.strpos(i.identity, 'pg_temp_') = 0
  AND d.classid NOT IN ('pg_catalog.pg_default_acl'::pg_catalog.regclass, 'pg_catalog.pg_amop'::pg_catalog.regclass,
                        'pg_catalog.pg_amproc'::pg_catalog.regclass, 'pg_catalog.pg_publication_rel'::pg_catalog.regclass,
                        coalesce(pg_catalog.to_regclass('pg_catalog.pg_publication_namespace'), 0))
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_constraint AS x
      WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND x.oid = d.objid AND x.contype = 'n')
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend AS p
      JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.oid[])) AS g (classid, objid)
          ON g.classid = p.refclassid AND g.objid = p.refobjid
      WHERE p.classid = d.classid AND p.objid = d.objid AND p.deptype = 'P' AND p.refclassid = d.classid)
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend AS p
      WHERE p.classid = d.classid AND p.objid = d.objid AND p.objsubid = 0
        AND (p.deptype IN ('i', 'e')
             OR (p.deptype IN ('a', 'P', 'S') AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND p.refobjid = ANY ($3::pg_catalog.oid[])
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c
                                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
                                   AND c.relkind IN ('r', 'p', 'f')))))
ORDER BY text
