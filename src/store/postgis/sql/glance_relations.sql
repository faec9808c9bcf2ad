-- What the relations are that glance_held.sql found: as catalog_relations.sql, whatever kind they are; none of them is a member of an
-- extension, a view or a partition where it counts. Behind that: how old the row is, those of its row type and of that type's array
-- (0: of this transaction), its TOAST table, and whether it is an index of a partition.
SELECT c.oid, c.relkind::text AS kind, c.relnamespace::regnamespace::text AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
       c.relfilenode, c.relacl::text AS acl, CASE WHEN c.relacl IS NOT NULL THEN acldefault('r', c.relowner)::text END AS acl_default,
       c.relpersistence::text AS persistence, c.reloptions::text AS options, NULL AS toast_options,
       c.relrowsecurity, c.relforcerowsecurity, c.relreplident::text AS replica_identity,
       NULL AS access_method, NULL AS tablespace, NULL AS of_type, NULL AS bound, NULL AS definition,
       age(c.xmin) AS age, age(r.xmin) AS type_age, age(y.xmin) AS array_age, c.reltoastrelid AS toast,
       c.relkind IN ('i', 'I') AND c.relispartition AS is_part,
       -- What is not asked for above.
       c.relkind NOT IN ('i', 'I') AND (c.relam NOT IN (0, 2) OR c.reltablespace <> 0 OR c.reloftype <> 0 OR c.relispartition) AS has_more
FROM pg_class AS c
-- A key of NULL saves a look into the index.
LEFT JOIN pg_type AS r ON r.oid = nullif(c.reltype, 0)
LEFT JOIN pg_type AS y ON y.oid = r.typarray
WHERE c.oid = ANY ((SELECT current_setting('kfmig.held')::oid[])::oid[])
