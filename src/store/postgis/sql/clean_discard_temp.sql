-- Temporary tables of the last migration must not shadow real ones in the next.
DISCARD TEMP
