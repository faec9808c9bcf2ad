-- $1 projection.
SELECT COALESCE(pg_catalog.max(g.number), 0) + 1 FROM kfmig.generation g WHERE g.projection = $1::pg_catalog.text
