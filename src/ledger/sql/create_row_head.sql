-- The empty tree: its root is the SHA-256 of nothing.
INSERT INTO kfmig.head (size, root, frontier) VALUES (0, pg_catalog.sha256(''::pg_catalog.bytea), '{}')
