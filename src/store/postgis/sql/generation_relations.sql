-- All relations of schemas $1 and $2 in one order, and one statement that locks them against everybody. Tables are locked by LOCK TABLE,
-- the rest by giving it to its owner again: LOCK TABLE refuses materialized views, sequences and foreign tables, and takes along
-- whatever a view reads. One row: oids, statement (NULL: there is nothing to lock).
-- The statement tries for $3 ms to get all of them without waiting for a table, and for anything else 1 ms at most; whatever it got it gives
-- back before it tries again. With $4 it waits, every other time, for the one that it did not get, before it takes the others: it never
-- waits while it holds one that a reader in front of it may want.
WITH relation AS (
    SELECT c.oid, k.rank,
           CASE WHEN k.rank = 0 THEN format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE', n.nspname, c.relname)
                ELSE format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, pg_get_userbyid(c.relowner)) END AS statement
    FROM pg_namespace AS n
    JOIN pg_class AS c ON c.relnamespace = n.oid
    JOIN (VALUES ('r', 0), ('p', 0), ('f', 1), ('v', 2), ('m', 3), ('S', 4)) AS k (kind, rank) ON k.kind = c.relkind::text
    WHERE n.nspname IN ($1, $2)
)
SELECT array_agg(r.oid ORDER BY r.rank, r.oid) AS oids,
       format('DO %L', format($body$
DECLARE
    waiting pg_catalog.text[] := %L;
    at_once pg_catalog.text[] := %L;
    until pg_catalog.timestamptz := pg_catalog.clock_timestamp() + %s * interval '1 millisecond';
    was pg_catalog.text := pg_catalog.current_setting('lock_timeout');
    missed pg_catalog.int4 := 0;
    head pg_catalog.int4 := 0;
BEGIN
    LOOP
        BEGIN
            IF head > 0 THEN
                PERFORM pg_catalog.set_config('lock_timeout', greatest(1, pg_catalog.ceil(
                    extract(epoch FROM until - pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8)::pg_catalog.text, true);
                EXECUTE waiting[head];
            END IF;
            PERFORM pg_catalog.set_config('lock_timeout', '1', true);
            FOR i IN 1 .. pg_catalog.cardinality(at_once) LOOP
                missed := i;
                EXECUTE at_once[i];
            END LOOP;
            PERFORM pg_catalog.set_config('lock_timeout', was, true);
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF pg_catalog.clock_timestamp() >= until THEN
                RAISE;
            END IF;
            head := CASE WHEN %L::pg_catalog.bool AND head = 0 THEN missed ELSE 0 END;
        END;
        PERFORM pg_catalog.pg_sleep(pg_catalog.random() / 1000);
    END LOOP;
END
$body$,
                  array_agg(r.statement ORDER BY r.rank, r.oid),
                  array_agg(r.statement || CASE WHEN r.rank = 0 THEN ' NOWAIT' ELSE '' END ORDER BY r.rank, r.oid),
                  $3::int8, $4::bool)) AS statement
FROM relation AS r
HAVING count(*) > 0
