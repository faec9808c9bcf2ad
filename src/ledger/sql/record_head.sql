-- Move the head from $1 size and $2 root to $3 size, $4 root, $5 frontier; no row: somebody else moved it.
UPDATE kfmig.head
SET size = $3::pg_catalog.int8, root = $4::pg_catalog.bytea, frontier = $5::pg_catalog.bytea[]
WHERE size = $1::pg_catalog.int8 AND root = $2::pg_catalog.bytea
