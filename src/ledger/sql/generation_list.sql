-- All that are not dropped.
SELECT g.projection, g.number, g.state, pg_catalog.encode(g.digest, 'hex'), pg_catalog.encode(g.content, 'hex'), g.facts,
       pg_catalog.to_char(g.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM kfmig.generation g
WHERE g.state <> 'dropped'
ORDER BY g.projection COLLATE "C", g.number
