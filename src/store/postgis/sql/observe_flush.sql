-- Counters of rows that this backend still keeps from earlier transactions go to the shared ones when this transaction ends, so
-- that the next one begins with none. Since version 15.
SELECT pg_stat_force_next_flush()
