-- Advisory locks that the last migration took for the session are let go, as often as it took them; kfmig's own ("kfmg" in ASCII) stay.
WITH RECURSIVE quiet AS MATERIALIZED (
    SELECT pg_catalog.set_config('client_min_messages', 'error', true)
), held AS MATERIALIZED (
    SELECT DISTINCT k.classid::pg_catalog.int8 AS high, k.objid::pg_catalog.int8 AS low, k.objsubid AS keys,
                    k.mode = 'ShareLock' AS is_shared
    FROM pg_catalog.pg_locks k
    CROSS JOIN quiet
    WHERE k.locktype = 'advisory' AND k.granted AND k.pid = pg_catalog.pg_backend_pid()
      AND NOT (k.classid = 1801874791 AND k.objsubid = 2)
), let_go AS (
    SELECT h.high, h.low, h.keys, h.is_shared, true AS was_held
    FROM held h
    UNION ALL
    SELECT g.high, g.low, g.keys, g.is_shared,
           CASE
               WHEN g.keys = 1 AND g.is_shared THEN pg_catalog.pg_advisory_unlock_shared(g.high << 32 | g.low)
               WHEN g.keys = 1 THEN pg_catalog.pg_advisory_unlock(g.high << 32 | g.low)
               WHEN g.is_shared THEN pg_catalog.pg_advisory_unlock_shared(
                   g.high::pg_catalog.bit(32)::pg_catalog.int4, g.low::pg_catalog.bit(32)::pg_catalog.int4)
               ELSE pg_catalog.pg_advisory_unlock(
                   g.high::pg_catalog.bit(32)::pg_catalog.int4, g.low::pg_catalog.bit(32)::pg_catalog.int4)
           END
    FROM let_go g
    WHERE g.was_held
)
SELECT pg_catalog.count(*) FILTER (WHERE g.was_held) AS steps
FROM let_go g
