-- Is the WAL on disk up to $1?
SELECT pg_catalog.pg_current_wal_flush_lsn() >= $1::pg_catalog.pg_lsn AS flushed
