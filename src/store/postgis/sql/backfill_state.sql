-- Between two batches: does the key still hold that $1 (an index) and $3 (columns of table $2) say, and how many milliseconds the replica
-- that is farthest behind lags (as far as this role may see it; 0: none does)?
SELECT EXISTS (SELECT FROM pg_catalog.pg_index i
               WHERE i.indexrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND i.indisunique AND i.indisvalid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid OPERATOR(pg_catalog.=) $2::pg_catalog.oid AND a.attname OPERATOR(pg_catalog.=) ANY ($3::pg_catalog.text[]) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attnotnull)
           AS key_holds,
       COALESCE((SELECT pg_catalog.max(EXTRACT(epoch FROM r.replay_lag) OPERATOR(pg_catalog.*) 1000) FROM pg_catalog.pg_stat_replication r), 0)::pg_catalog.int8 AS lag_ms
