"""Nothing of a migration is left to run at COMMIT, and nothing of it reaches the next one: each thing that the server does at COMMIT, or
that outlives a transaction in its session, is seen, settled, refused or harmless."""
# run: needs=postgres limit=600 majors

import pg
from project import adopted_copy, full_id
from tap import contains, equal, main, note, spread_over_majors, test

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA other; CREATE SCHEMA governance;
CREATE TABLE app.t (id int PRIMARY KEY, note text);
CREATE TABLE governance.decision (id int PRIMARY KEY, label text);
CREATE FUNCTION other.decides() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO governance.decision VALUES (1, 'x'); RETURN 1; END$$;
CREATE FUNCTION other.decides_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM other.decides(); RETURN new; END$$;
-- A trigger that puts itself off again, id times in all, and then either stops or writes a protected row.
CREATE TABLE app.chain (id int);
CREATE FUNCTION other.again() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF new.id > 1 THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO app.chain VALUES (new.id - 1); END IF; RETURN new; END$$;
CREATE CONSTRAINT TRIGGER c AFTER INSERT ON app.chain DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.again();
CREATE TABLE app.trap (id int);
CREATE FUNCTION other.springs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF new.id > 1 THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO app.trap VALUES (new.id - 1);
    ELSE PERFORM other.decides(); END IF; RETURN new; END$$;
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON app.trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.springs();
-- Three tables that queue each other's triggers; by UPDATE; in a subtransaction.
CREATE TABLE app.ring_a (id int); CREATE TABLE app.ring_b (id int);
CREATE FUNCTION other.ring() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN SET CONSTRAINTS ALL DEFERRED;
    IF new.id < 1 THEN PERFORM other.decides();
    ELSIF tg_relid = 'app.ring_a'::regclass THEN INSERT INTO app.ring_b VALUES (new.id - 1);
    ELSE INSERT INTO app.ring_a VALUES (new.id - 1); END IF; RETURN new; END$$;
CREATE CONSTRAINT TRIGGER a AFTER INSERT ON app.ring_a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.ring();
CREATE CONSTRAINT TRIGGER b AFTER INSERT ON app.ring_b DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.ring();
CREATE TABLE app.counted (id int, left_over int); INSERT INTO app.counted VALUES (1, 0);
CREATE FUNCTION other.counts_down() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN SET CONSTRAINTS ALL DEFERRED;
    IF new.left_over > 0 THEN UPDATE app.counted SET left_over = new.left_over - 1 WHERE id = new.id;
    ELSE PERFORM other.decides(); END IF; RETURN new; END$$;
CREATE CONSTRAINT TRIGGER u AFTER UPDATE ON app.counted DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.counts_down();
-- An ordinary deferred constraint.
CREATE TABLE app.later (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, t_id int REFERENCES app.t DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION other.holds() RETURNS void LANGUAGE plpgsql AS $$BEGIN
    EXECUTE 'DECLARE h CURSOR WITH HOLD FOR SELECT other.decides()'; END$$;
CREATE FUNCTION other.prepares() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'PREPARE p AS SELECT 1'; END$$;
CREATE FUNCTION other.listens() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'LISTEN heard'; END$$;
CREATE FUNCTION other.locks() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(42); END$$;
CREATE FUNCTION other.sets() RETURNS void LANGUAGE plpgsql AS $$BEGIN
    PERFORM set_config('work_mem', '77MB', false); SET search_path = other; END$$;
"""

REFUSED = {
    # holdable cursors
    "cursor that was fetched from": ("DECLARE c CURSOR WITH HOLD FOR SELECT other.decides(); FETCH ALL FROM c;", "governance.decision"),
    "cursor of a trigger that was put off": (
        "CREATE TABLE app.n (id int); CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM other.holds(); "
        "EXECUTE 'FETCH ALL FROM h'; RETURN new; END$$; CREATE CONSTRAINT TRIGGER n AFTER INSERT ON app.n DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION app.f(); INSERT INTO app.n VALUES (1);", "governance.decision"),
    # triggers that put themselves off
    "trigger put off once": ("INSERT INTO app.trap VALUES (1);", "governance.decision"),
    "trigger put off in 2 rounds": ("INSERT INTO app.trap VALUES (2);", "governance.decision"),
    "trigger put off in 15 rounds": ("INSERT INTO app.trap VALUES (15);", "governance.decision"),
    "trigger put off in 17 rounds": ("INSERT INTO app.trap VALUES (17);", "deferred triggers defer themselves again"),
    "harmless trigger put off in 17 rounds": ("INSERT INTO app.chain VALUES (17);", 'gate "observation" failed'),
    "trigger put off for ever": ("INSERT INTO app.chain VALUES (1000000);", "after 16 rounds"),
    "two tables that put each other off": ("INSERT INTO app.ring_a VALUES (5);", "governance.decision"),
    "trigger of an update put off": ("UPDATE app.counted SET left_over = 4;", "governance.decision"),
    "trigger of an update put off for ever": ("UPDATE app.counted SET left_over = 99;", "after 16 rounds"),
    "trigger put off by a statement of the file": (
        "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; INSERT INTO app.trap VALUES (3);", "governance.decision"),
    "trigger of a table made in the migration": (
        "CREATE TABLE app.n (id int); CREATE CONSTRAINT TRIGGER n AFTER INSERT ON app.n DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION other.decides_by_trigger(); INSERT INTO app.n VALUES (1);", "governance.decision"),
    "trigger of a temporary table": (
        "CREATE TEMP TABLE n (id int) ON COMMIT DROP; CREATE CONSTRAINT TRIGGER n AFTER INSERT ON n DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION other.decides_by_trigger(); INSERT INTO n VALUES (1);", "governance.decision"),
    "trigger of a partition": (
        "CREATE TABLE app.p (id int) PARTITION BY LIST (id); CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES IN (1); "
        "CREATE CONSTRAINT TRIGGER n AFTER INSERT ON app.p1 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION other.springs(); INSERT INTO app.p VALUES (1);", "governance.decision"),
    "deferred constraint that does not hold": ("INSERT INTO app.later VALUES (1, 999);", "a deferred constraint failed"),
    "deferred key that does not hold": ("INSERT INTO app.later VALUES (1), (1);", "a deferred constraint failed"),
    # large objects
    "large object": ("DO $$BEGIN PERFORM lo_from_bytea(0, 'x'); END$$;", "large_object"),
    "large object open at the end": ("DO $$BEGIN PERFORM lo_open(lo_create(0), 131072); END$$;", "large_object"),
    # what outlives a transaction in its session
    "prepared statement": ("PREPARE p AS SELECT 1;", "leaves a prepared statement in the session"),
    "prepared statements of kfmig dropped": ("DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$;", "dropped the prepared statements of kfmig's session"),
    "prepared statement of a function": ("SELECT other.prepares();", "leaves a prepared statement in the session"),
    "prepared statement of a DO block": ("DO $$BEGIN EXECUTE 'PREPARE \"od\"\"d\" AS SELECT 1'; END$$;", "leaves a prepared statement"),
    "advisory lock": ("SELECT pg_advisory_lock(7);", "leaves an advisory lock of the session"),
    "advisory lock of a function": ("SELECT other.locks();", "leaves an advisory lock of the session"),
    "advisory lock taken three times": ("SELECT other.locks(); SELECT other.locks(); SELECT other.locks();", "leaves an advisory lock"),
    "advisory lock, shared": ("SELECT pg_advisory_lock_shared(7);", "leaves an advisory lock of the session"),
    "advisory lock, tried": ("SELECT pg_try_advisory_lock(7);", "leaves an advisory lock of the session"),
    "advisory lock, negative": ("SELECT pg_advisory_lock(-7);", "leaves an advisory lock of the session"),
    "advisory lock, two negative keys": ("SELECT pg_advisory_lock(-7, -9);", "leaves an advisory lock of the session"),
    "advisory lock, two keys, shared": ("SELECT pg_try_advisory_lock_shared(7, -9);", "leaves an advisory lock of the session"),
    "advisory lock beside the transaction's": ("SELECT pg_advisory_xact_lock(7); SELECT pg_advisory_lock(7);", "leaves an advisory lock"),
    "advisory lock and a fault": ("SELECT other.locks(); SELECT other.locks(); SELECT 1/0;", "division_by_zero"),
    "prepared statement and a fault": ("SELECT other.prepares(); SELECT 1/0;", "division_by_zero"),
    "everything and a fault": ("SELECT other.prepares(); SELECT other.locks(); SELECT other.listens(); SELECT other.holds(); "
                               "SELECT other.sets(); CREATE TEMP TABLE scratch (id int); SELECT 1/0;", "division_by_zero"),
    # two phases
    "two-phase commit": ("PREPARE TRANSACTION 'later';", "PREPARE TRANSACTION"),
    "two-phase commit in a DO block": ("DO $$BEGIN EXECUTE 'PREPARE TRANSACTION ''later'''; END$$;", "statement 1 (DO) failed"),
}

# What is applied, and how many rows of a table there are afterwards.
HARMLESS = {
    "holdable cursor": ("DECLARE c CURSOR WITH HOLD FOR SELECT other.decides(); INSERT INTO app.t VALUES (1);", "app.t", 1),
    "holdable cursor of a function": ("SELECT other.holds();", "app.t", 0),
    "holdable cursor, scrollable and binary": ("DECLARE c BINARY SCROLL CURSOR WITH HOLD FOR SELECT other.decides();", "app.t", 0),
    "holdable cursor of a deferred trigger": (
        "CREATE TABLE app.n (id int); CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM other.holds(); "
        "RETURN new; END$$; CREATE CONSTRAINT TRIGGER n AFTER INSERT ON app.n DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION app.f(); INSERT INTO app.n VALUES (1);", "app.n", 1),
    "cursor": ("DECLARE c CURSOR FOR SELECT other.decides();", "app.t", 0),
    "cursor that was closed": ("DECLARE c CURSOR WITH HOLD FOR SELECT other.decides(); CLOSE c;", "app.t", 0),
    "harmless trigger put off once": ("INSERT INTO app.chain VALUES (1);", "app.chain", 1),
    "harmless trigger put off in 2 rounds": ("INSERT INTO app.chain VALUES (2);", "app.chain", 2),
    "harmless trigger put off in 15 rounds": ("INSERT INTO app.chain VALUES (15);", "app.chain", 15),
    "deferred constraints that hold": ("INSERT INTO app.later VALUES (1, 5); INSERT INTO app.t VALUES (5);", "app.later", 1),
    "temporary table, emptied at COMMIT": (
        "CREATE TEMP TABLE scratch (id int) ON COMMIT DELETE ROWS; INSERT INTO scratch VALUES (3); INSERT INTO app.t SELECT id FROM scratch;", "app.t", 1),
    "temporary table, dropped at COMMIT": (
        "CREATE TEMP TABLE scratch (id int) ON COMMIT DROP; INSERT INTO scratch VALUES (3); INSERT INTO app.t SELECT id FROM scratch;", "app.t", 1),
    "temporary table with a trigger of DELETE, emptied at COMMIT": (
        "CREATE TEMP TABLE scratch (id int) ON COMMIT DELETE ROWS; CREATE TRIGGER d AFTER DELETE ON scratch FOR EACH ROW "
        "EXECUTE FUNCTION other.decides_by_trigger(); INSERT INTO scratch VALUES (3);", "app.t", 0),
    "temporary table that stays": ("CREATE TEMP TABLE scratch AS SELECT 1 AS id;", "app.t", 0),
    "temporary view on one that goes": (
        "CREATE TEMP TABLE scratch (id int) ON COMMIT DROP; CREATE TEMP VIEW v AS SELECT id FROM scratch;", "app.t", 0),
    "NOTIFY with a payload": ("NOTIFY app_changed, 'a payload';", "app.t", 0),
    "pg_notify": ("SELECT pg_notify('app_changed', repeat('p', 7000));", "app.t", 0),
    "LISTEN": ("LISTEN heard;", "app.t", 0),
    "LISTEN of a function": ("SELECT other.listens();", "app.t", 0),
    "LISTEN and NOTIFY": ("LISTEN heard; NOTIFY heard, 'me';", "app.t", 0),
    "prepared statement that was dropped": ("PREPARE p AS SELECT 1; DEALLOCATE p;", "app.t", 0),
    "advisory lock of the transaction": ("SELECT pg_advisory_xact_lock(7); SELECT pg_advisory_xact_lock_shared(-7, 9);", "app.t", 0),
    "advisory lock given back": ("SELECT pg_advisory_lock(7); SELECT pg_advisory_unlock(7);", "app.t", 0),
    "settings of a function": ("SELECT other.sets();", "app.t", 0),
    "settings": ("SET work_mem = '77MB'; SET search_path = other;", "app.t", 0),
}

# The next migration, in the same session where the first one was applied or not.
NEXT = """DO $$DECLARE found text; BEGIN
SELECT string_agg(what, ', ') INTO found FROM (
    SELECT 'prepared ' || name FROM pg_prepared_statements WHERE from_sql
    UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
    UNION ALL SELECT 'listens' FROM pg_listening_channels()
    UNION ALL SELECT 'lock' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid <> 1801874791
    UNION ALL SELECT 'setting' WHERE current_setting('work_mem') = '77MB' OR current_setting('search_path') LIKE '%other%'
    UNION ALL SELECT 'temporary table' WHERE to_regclass('pg_temp.scratch') IS NOT NULL) AS s (what);
IF found IS NOT NULL THEN EXECUTE format('CREATE TABLE app.%I ()', found); END IF; END$$;
CREATE TABLE app.second ();"""


def project(tmp):
    return adopted_copy(tmp, SETUP)


def tables(p):
    return {row[0] for row in pg.psql(p.db, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'app'::regnamespace")}


def build_two(tmp, sql):
    p = project(tmp)
    p.bundle("M-01", sql)
    p.bundle("M-02", NEXT, extra="depends_on: []\n")
    before = tables(p)
    ran = p.build("-k")
    equal(pg.value(p.db, "SELECT count(*) FROM governance.decision"), "0", f"no protected row: {ran!r}")
    return p, ran, tables(p) - before


def refuse(sql, words, tmp):
    p, ran, new = build_two(tmp, sql)
    equal(ran.status, 5 if words == "PREPARE TRANSACTION" else 2, repr(ran))
    equal(p.applied(), [full_id("M-02")], repr(ran))
    contains(ran.text, words)
    equal(new, {"second"}, f"nothing reaches the next: {ran!r}")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_prepared_xacts"), "0")
    if words == "governance.decision":
        contains(ran.err, "protected by policy.protected.schemas")


def pass_through(sql, table, rows, tmp):
    p, ran, new = build_two(tmp, sql)
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [full_id("M-01"), full_id("M-02")])
    equal(new - {"n"}, {"second"}, f"nothing reaches the next: {ran!r}")
    equal(pg.value(p.db, f"SELECT count(*) FROM {table}"), str(rows))
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


def collect(prefix, table, check):
    for name, case in table.items():
        def one(tmp, case=case):
            check(*case, tmp)
        one.__name__ = f"{prefix}: {name}"
        test(spread_over_majors(one))


collect("refused", REFUSED, refuse)
collect("harmless", HARMLESS, pass_through)


@test
def invariants_see_what_triggers_that_put_themselves_off_leave(tmp):
    p = project(tmp)
    p.bundle("M-01", "INSERT INTO app.chain VALUES (4);", invariants={"all.sql": "SELECT count(*) FROM app.chain HAVING count(*) <> 4;"})
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    p.bundle("M-02", "INSERT INTO app.chain VALUES (40);")
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, 'gate "observation" failed, everything was rolled back: deferred triggers defer themselves again: after 16 rounds some '
                      "are still to run in COMMIT")
    receipt = p.json("receipt", "show", "dev", full_id("M-02"))
    equal([g["gate"] for g in receipt["claim"]["gates"] if g["result"] == "fail"], ["observation"])
    equal(pg.value(p.db, "SELECT count(*) FROM app.chain"), "4")


@test
def the_table_is_as_large_as_promised():
    equal(len(REFUSED) >= 35 and len(HARMLESS) >= 24, True)
    note(f"{len(REFUSED)} refused, {len(HARMLESS)} harmless")


main()
