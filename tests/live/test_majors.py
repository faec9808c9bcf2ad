"""One whole journey, on every major: build, why, drift, adopt, diff, verify; and whose roles new roles are."""
# run: needs=postgres majors

import pg
from project import Project, full_id
from tap import contains, equal, lacks, main, on_majors, test

FIRST = """
CREATE TYPE app.mood AS ENUM ('new', 'done');
CREATE TABLE app.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL CHECK (name IN ('a', 'b')), mood app.mood DEFAULT 'new');
CREATE TABLE app.sale (id int, day date, customer bigint REFERENCES app.customer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE app.sale_25 PARTITION OF app.sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX sale_customer ON app.sale (customer) WHERE customer BETWEEN 1 AND 9;
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := lower(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON app.customer FOR EACH ROW EXECUTE FUNCTION app.stamp();
CREATE VIEW app.totals AS SELECT c.name, count(*) AS n FROM app.customer c JOIN app.sale s ON s.customer = c.id WHERE c.name IN ('a', 'b') GROUP BY c.name;
INSERT INTO app.customer (name) VALUES ('A'), ('B');
INSERT INTO app.sale SELECT i, date '2025-06-01' + i, 1 FROM generate_series(1, 5) i;
"""
SECOND = """
ALTER TABLE app.sale ADD COLUMN price numeric(8,2) DEFAULT 1 NOT NULL;
CREATE TABLE app.sale_26 PARTITION OF app.sale FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
UPDATE app.sale SET price = 2 WHERE id < 3;
"""


@test
@on_majors
def one_journey(tmp):
    p = Project(tmp)
    pg.psql(p.db, "CREATE SCHEMA app;", user=p.db)
    p.bundle("M-01", FIRST, limits=dict(max_row_backfill=7, max_table_count_touched=2, max_index_count_delta=3))
    p.bundle("M-02", SECOND, limits=dict(max_row_backfill=2))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(p.applied(), [full_id("M-01"), full_id("M-02")])
    contains(ran.text, "dev: 2 applied, 0 current")
    contains(p.run("plan", "dev").out, "nothing to do")

    p.bundle("M-03", "DELETE FROM app.sale WHERE id < 5;", limits=dict(max_row_backfill=3))
    ran = p.build()
    equal(ran.status, 2, repr(ran))
    contains(ran.err, 'gate "limit max_row_backfill" failed, everything was rolled back: declared 3, observed 4')
    contains(p.run("why", "dev", full_id("M-03")).out, "limit max_row_backfill")
    equal(pg.value(p.db, "SELECT count(*) FROM app.sale"), "5")
    p.bundle("M-03", "DELETE FROM app.sale WHERE id < 5;", limits=dict(max_row_backfill=4))
    equal(p.build().status, 0)

    pg.psql(p.db, "ALTER TABLE app.customer ADD COLUMN extra int; CREATE TABLE app.sale_27 PARTITION OF app.sale FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');")
    drift = [x for x in p.run("plan", "dev").out.splitlines() if x.startswith("drift: ")]
    contains("\n".join(drift), "table app.customer changed outside kfmig")
    contains("\n".join(drift), "table app.sale_27 appeared outside kfmig")
    contains(p.run("diff", "dev").out, "extra")
    equal(p.run("adopt", "dev").status, 0)
    lacks(p.run("plan", "dev").out, "drift")
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))


@test
@on_majors
def a_role_is_whose_that_made_it(tmp):
    p = Project(tmp)
    major = pg.cluster().major
    new = f"helper_{p.db}"
    pg.psql(p.db, f'ALTER ROLE "{p.db}" CREATEROLE')
    p.write("f.sql", f"CREATE ROLE {new};\n")
    ran = p.run("new", "--from=f.sql")
    equal(ran.status, 0, repr(ran))
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    granted = pg.psql(p.db, f"SELECT admin_option FROM pg_auth_members WHERE roleid = '{new}'::regrole AND member = '{p.db}'::regrole")
    equal(granted, [("t",)] if major >= 16 else [], "from 16 on the new role is granted to who made it")
    equal(p.run("plan", "dev", "--exit-code").status, 0, "no drift after it")


main()
