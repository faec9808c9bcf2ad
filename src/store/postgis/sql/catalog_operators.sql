-- Operators, operator classes and families, collations, conversions, text search objects.
-- part_class, part_object: what else is this object's, for finding it when that part is gone.
-- $1 oids of those catalogs, or NULL: all.
SELECT o.classid, o.objid, o.kind, n.nspname AS schema, o.name, f.facet, f.value,
       NULL::oid AS part_class, NULL::oid AS part_object
FROM (
    SELECT 'pg_operator'::regclass::oid AS classid, p.oid AS objid, 'operator' AS kind, p.oprnamespace AS namespace,
           p.oprname || '(' || coalesce(format_type(nullif(p.oprleft, 0), NULL), 'none') || ', '
           || coalesce(format_type(nullif(p.oprright, 0), NULL), 'none') || ')' AS name,
           p.oprowner AS owner, NULL AS now,
           concat_ws(' ', 'function', p.oprcode::oid::regprocedure::text, 'result ' || format_type(nullif(p.oprresult, 0), NULL),
                     'commutator ' || nullif(p.oprcom, 0)::regoperator::text, 'negator ' || nullif(p.oprnegate, 0)::regoperator::text,
                     'restrict ' || nullif(p.oprrest::oid, 0)::regprocedure::text,
                     'join ' || nullif(p.oprjoin::oid, 0)::regprocedure::text,
                     CASE WHEN p.oprcanmerge THEN 'merges' END, CASE WHEN p.oprcanhash THEN 'hashes' END) AS definition
    FROM pg_operator AS p
    WHERE ($1::oid[] IS NULL OR p.oid = ANY ($1::oid[])) AND p.oid >= 16384
    UNION ALL
    SELECT 'pg_opclass'::regclass, c.oid, 'operator_class', c.opcnamespace,
           c.opcname || ' using ' || m.amname, c.opcowner, NULL,
           concat_ws(' ', 'family', quote_ident(fn.nspname) || '.' || quote_ident(fa.opfname),
                     'type', format_type(c.opcintype, NULL), 'key ' || format_type(nullif(c.opckeytype, 0), NULL),
                     CASE WHEN c.opcdefault THEN 'default' END)
    FROM pg_opclass AS c
    JOIN pg_am AS m ON m.oid = c.opcmethod
    JOIN pg_opfamily AS fa ON fa.oid = c.opcfamily
    JOIN pg_namespace AS fn ON fn.oid = fa.opfnamespace
    WHERE ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[])) AND c.oid >= 16384
    UNION ALL
    SELECT 'pg_opfamily'::regclass, y.oid, 'operator_family', y.opfnamespace,
           y.opfname || ' using ' || m.amname, y.opfowner, NULL, NULL
    FROM pg_opfamily AS y
    JOIN pg_am AS m ON m.oid = y.opfmethod
    WHERE ($1::oid[] IS NULL OR y.oid = ANY ($1::oid[])) AND y.oid >= 16384
    UNION ALL
    SELECT 'pg_collation'::regclass, l.oid, 'collation', l.collnamespace, l.collname, l.collowner,
           -- The names of the columns changed with versions 15 and 17; the version of the library is the machine's.
           concat_ws(' ', 'provider', l.collprovider, CASE WHEN NOT l.collisdeterministic THEN 'nondeterministic' END,
                     'encoding ' || nullif(l.collencoding, -1),
                     'locale ' || quote_literal(coalesce(j.facts ->> 'colllocale', j.facts ->> 'colliculocale', l.collcollate)),
                     'ctype ' || quote_literal(nullif(l.collctype, l.collcollate)),
                     E'rules \x01d' || replace(j.facts ->> 'collicurules', E'\x02', E'\x02\x02') || E'\x02'),
           E'\x011\x01d' || replace((j.facts - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text, E'\x02', E'\x02\x02') || E'\x02'
    FROM pg_collation AS l
    CROSS JOIN LATERAL (SELECT to_jsonb(l) AS facts) AS j
    WHERE ($1::oid[] IS NULL OR l.oid = ANY ($1::oid[])) AND l.oid >= 16384
    UNION ALL
    SELECT 'pg_conversion'::regclass, v.oid, 'conversion', v.connamespace, v.conname, v.conowner, NULL,
           concat_ws(' ', pg_encoding_to_char(v.conforencoding), 'to', pg_encoding_to_char(v.contoencoding),
                     v.conproc::oid::regprocedure::text, CASE WHEN v.condefault THEN 'default' END)
    FROM pg_conversion AS v
    WHERE ($1::oid[] IS NULL OR v.oid = ANY ($1::oid[])) AND v.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_config'::regclass, g.oid, 'text_search', g.cfgnamespace, g.cfgname || ' (configuration)', g.cfgowner, NULL,
           'parser ' || (SELECT quote_ident(n.nspname) || '.' || quote_ident(s.prsname)
                         FROM pg_ts_parser AS s JOIN pg_namespace AS n ON n.oid = s.prsnamespace WHERE s.oid = g.cfgparser)
    FROM pg_ts_config AS g
    WHERE ($1::oid[] IS NULL OR g.oid = ANY ($1::oid[])) AND g.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, d.oid, 'text_search', d.dictnamespace, d.dictname || ' (dictionary)', d.dictowner, NULL,
           'template ' || (SELECT quote_ident(n.nspname) || '.' || quote_ident(s.tmplname)
                           FROM pg_ts_template AS s JOIN pg_namespace AS n ON n.oid = s.tmplnamespace WHERE s.oid = d.dicttemplate)
           || coalesce(E' options \x01d' || replace(d.dictinitoption, E'\x02', E'\x02\x02') || E'\x02', '')
    FROM pg_ts_dict AS d
    WHERE ($1::oid[] IS NULL OR d.oid = ANY ($1::oid[])) AND d.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_parser'::regclass, s.oid, 'text_search', s.prsnamespace, s.prsname || ' (parser)', NULL, NULL,
           concat_ws(' ', s.prsstart::oid::regprocedure::text, s.prstoken::oid::regprocedure::text,
                     s.prsend::oid::regprocedure::text, nullif(s.prsheadline::oid, 0)::regprocedure::text,
                     s.prslextype::oid::regprocedure::text)
    FROM pg_ts_parser AS s
    WHERE ($1::oid[] IS NULL OR s.oid = ANY ($1::oid[])) AND s.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_template'::regclass, s.oid, 'text_search', s.tmplnamespace, s.tmplname || ' (template)', NULL, NULL,
           concat_ws('  ' || nullif(s.tmplinit::oid, 0)::regprocedure::text, s.tmpllexize::oid::regprocedure::text)
    FROM pg_ts_template AS s
    WHERE ($1::oid[] IS NULL OR s.oid = ANY ($1::oid[])) AND s.oid >= 16384
) AS o
JOIN pg_namespace AS n ON n.oid = o.namespace
CROSS JOIN LATERAL (
    VALUES ('owner', coalesce(pg_get_userbyid(o.owner)::text, 'none')), ('definition', o.definition),
           ('definition', E'\x012' || o.now)
) AS f (facet, value)
WHERE n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'kfmig')
  AND f.value IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e')
UNION ALL
SELECT 'pg_opfamily'::regclass, a.amopfamily, NULL, NULL, NULL,
       'operator ' || a.amopstrategy || ' (' || format_type(a.amoplefttype, NULL) || ', ' || format_type(a.amoprighttype, NULL)
       || ')' || CASE a.amoppurpose WHEN 's' THEN '' ELSE ' for order by' END,
       a.amopopr::regoperator::text || CASE WHEN a.amopsortfamily = 0 THEN '' ELSE (
           SELECT ' family ' || quote_ident(n.nspname) || '.' || quote_ident(y.opfname)
           FROM pg_opfamily AS y JOIN pg_namespace AS n ON n.oid = y.opfnamespace WHERE y.oid = a.amopsortfamily) END,
       'pg_amop'::regclass, a.oid
FROM pg_amop AS a
WHERE ($1::oid[] IS NULL OR a.amopfamily = ANY ($1::oid[])) AND a.amopfamily >= 16384
UNION ALL
SELECT 'pg_opfamily'::regclass, a.amprocfamily, NULL, NULL, NULL,
       'function ' || a.amprocnum || ' (' || format_type(a.amproclefttype, NULL) || ', ' || format_type(a.amprocrighttype, NULL)
       || ')',
       a.amproc::oid::regprocedure::text,
       'pg_amproc'::regclass, a.oid
FROM pg_amproc AS a
WHERE ($1::oid[] IS NULL OR a.amprocfamily = ANY ($1::oid[])) AND a.amprocfamily >= 16384
UNION ALL
SELECT 'pg_ts_config'::regclass, m.mapcfg, NULL, NULL, NULL,
       'mapping ' || (SELECT t.alias FROM ts_token_type((SELECT g.cfgparser FROM pg_ts_config AS g WHERE g.oid = m.mapcfg)) AS t
                      WHERE t.tokid = m.maptokentype),
       string_agg(quote_ident(n.nspname) || '.' || quote_ident(d.dictname), ', ' ORDER BY m.mapseqno),
       NULL, NULL
FROM pg_ts_config_map AS m
JOIN pg_ts_dict AS d ON d.oid = m.mapdict
JOIN pg_namespace AS n ON n.oid = d.dictnamespace
WHERE ($1::oid[] IS NULL OR m.mapcfg = ANY ($1::oid[])) AND m.mapcfg >= 16384
GROUP BY m.mapcfg, m.maptokentype
