"""What a migration reached without naming it: the violation says which statement did it, where it stands, and by way of what."""
# run: needs=postgres limit=600 majors

import re

import pg
from project import adopted_copy, full_id
from tap import contains, equal, main, note, spread_over_majors, test

SETUP = """
CREATE SCHEMA app; CREATE SCHEMA audit; CREATE SCHEMA side;
CREATE TABLE audit.log (id int PRIMARY KEY, note text); CREATE TABLE audit.other (id int);
CREATE TABLE app.secret (id int PRIMARY KEY); INSERT INTO app.secret VALUES (1);
CREATE FUNCTION side.audits() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit.log VALUES (new.id, TG_TABLE_NAME); RETURN NULL; END$$;
CREATE FUNCTION side.passes_on() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO app.second VALUES (new.id); RETURN NULL; END$$;
CREATE TABLE app.customers (id int); CREATE TRIGGER customers_audit AFTER INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION side.audits();
CREATE TABLE app.first (id int); CREATE TABLE app.second (id int);
CREATE TRIGGER "On First" AFTER INSERT ON app.first FOR EACH ROW EXECUTE FUNCTION side.passes_on();
CREATE TRIGGER on_second AFTER INSERT ON app.second FOR EACH ROW EXECUTE FUNCTION side.audits();
CREATE TABLE app.late (id int);
CREATE CONSTRAINT TRIGGER at_the_end AFTER INSERT ON app.late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION side.audits();
CREATE TABLE app.tree (id int) PARTITION BY LIST (id); CREATE TABLE app.tree_1 PARTITION OF app.tree DEFAULT;
CREATE TRIGGER on_tree AFTER INSERT ON app.tree FOR EACH ROW EXECUTE FUNCTION side.audits();
CREATE FUNCTION side.writes() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit.log VALUES (7, 'f'); RETURN 1; END$$;
CREATE FUNCTION side.calls() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN side.writes(); END$$;
CREATE PROCEDURE side.does() LANGUAGE plpgsql AS $$BEGIN PERFORM side.calls(); END$$;
CREATE FUNCTION side.looks() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM app.secret; END;
CREATE FUNCTION side.may(int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN EXISTS (SELECT FROM app.secret WHERE id = $1); END$$;
CREATE TABLE app.ruled (id int); CREATE RULE also AS ON INSERT TO app.ruled DO ALSO INSERT INTO audit.log VALUES (new.id, 'rule');
CREATE VIEW app.over AS SELECT id, note FROM audit.log; CREATE VIEW app.shows AS SELECT id FROM app.secret; CREATE VIEW app.shows_it AS SELECT id FROM app.shows;
CREATE TABLE app.parents (id int PRIMARY KEY); INSERT INTO app.parents VALUES (1);
CREATE TABLE audit.children (id int CONSTRAINT of_parent REFERENCES app.parents ON DELETE CASCADE); INSERT INTO audit.children VALUES (1);
CREATE TABLE app.points (id int CONSTRAINT to_secret REFERENCES app.secret);
CREATE TABLE app.defaulted (id int, n int DEFAULT side.writes()); CREATE TABLE app.checked (id int CHECK (side.may(id)));
CREATE SEQUENCE audit.numbers; CREATE TABLE app.numbered (id int DEFAULT nextval('audit.numbers'), v int);
CREATE TABLE app.guarded (id int); ALTER TABLE app.guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE app.guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY by_secret ON app.guarded USING (side.may(id)); INSERT INTO app.points VALUES (1);
"""
SCOPE = dict(schemas=["app"], forbidden_tables=["app.secret"], globals_=["large_object"])
LOG = "not in scope.allowed_schemas"
SECRET = "forbidden by scope.forbidden_tables"

# Statements, and what the violation says. Each script begins with a line that does something harmless.
VARIANTS = {
    "a trigger": ("INSERT INTO app.customers VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through trigger customers_audit of app.customers: {LOG}"),
    "a trigger's trigger": ("INSERT INTO app.first VALUES (1);", f'write of table audit.log, in statement 2 (forward.sql:2) through trigger "On First" of app.first, trigger on_second of app.second: {LOG}'),
    "the nearer of two triggers": ("INSERT INTO app.second VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through trigger on_second of app.second: {LOG}"),
    "a deferred trigger": ("INSERT INTO app.late VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through trigger at_the_end of app.late: {LOG}"),
    "a trigger of a tree": ("INSERT INTO app.tree VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through trigger on_tree of app.tree: {LOG}"),
    "a trigger made here": ("CREATE TRIGGER mine AFTER INSERT ON app.ruled FOR EACH ROW EXECUTE FUNCTION side.audits();\nINSERT INTO app.tree_1 VALUES (2);",
                            f"write of table audit.log, in statement 3 (forward.sql:3) through trigger on_tree of app.tree_1: {LOG}"),
    "a function": ("SELECT side.writes();", f"write of table audit.log, in statement 2 (forward.sql:2) through function side.writes: {LOG}"),
    "a function's function": ("SELECT side.calls();", f"write of table audit.log, in statement 2 (forward.sql:2) through function side.calls, function side.writes: {LOG}"),
    "a procedure": ("CALL side.does();", f"write of table audit.log, in statement 2 (forward.sql:2) through function side.does, function side.calls, function side.writes: {LOG}"),
    "a function in DO": ("DO $$BEGIN\n  PERFORM side.writes(); END$$;", f"write of table audit.log, in statement 2 (forward.sql:2) through function side.writes: {LOG}"),
    "a function as the server parsed it": ("SELECT side.looks();", f"read of table app.secret, in statement 2 (forward.sql:2) through function side.looks: {SECRET}"),
    "DO": ("DO $$BEGIN DELETE FROM audit.log; END$$;", f"write of table audit.log, in statement 2 (forward.sql:2): {LOG}"),
    "the second DO": ("DO $$BEGIN DELETE FROM app.first; END$$;\nDO $$BEGIN DELETE FROM audit.log; END$$;", f"write of table audit.log, in statement 3 (forward.sql:3): {LOG}"),
    "DO that puts names together": ("DO $$BEGIN EXECUTE 'DELETE FROM audit.' || 'lo' || 'g'; END$$;", f"write of table audit.log, in statement 2 (forward.sql:2): {LOG}"),
    "one of two that put names together": ("DO $$BEGIN EXECUTE 'DELETE FROM audit.' || 'lo' || 'g'; END$$;\nDO $$BEGIN EXECUTE 'DELETE FROM audit.' || 'lo' || 'g'; END$$;", f"write of table audit.log: {LOG}"),
    "a table made in DO": ("DO $$BEGIN CREATE TABLE audit.fresh (id int); END$$;", f"create of table audit.fresh, in statement 2 (forward.sql:2): {LOG}"),
    "a function dropped in DO": ("DO $$BEGIN DROP FUNCTION side.looks(); END$$;", f"drop of function side.looks(), in statement 2 (forward.sql:2): {LOG}"),
    "a key made in DO": ("DO $$BEGIN ALTER TABLE app.first ADD FOREIGN KEY (id) REFERENCES audit.log; END$$;", "reference of table audit.log, in statement 2 (forward.sql:2): neither in scope nor in scope.references"),
    "a rule": ("INSERT INTO app.ruled VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through rule also of app.ruled: {LOG}"),
    "a view that is written": ("INSERT INTO app.over VALUES (3, 'x');", f"write of table audit.log, in statement 2 (forward.sql:2) through view app.over: {LOG}"),
    "a view that is read": ("CREATE TABLE app.copied AS SELECT * FROM app.shows;", f"read of table app.secret, in statement 2 (forward.sql:2) through view app.shows: {SECRET}"),
    "a view of a view": ("CREATE TABLE app.copied AS SELECT * FROM app.shows_it;", f"read of table app.secret, in statement 2 (forward.sql:2) through view app.shows_it, view app.shows: {SECRET}"),
    "a cascade": ("DELETE FROM app.parents;", f"write of table audit.children, in statement 2 (forward.sql:2) through foreign key of_parent of audit.children: {LOG}"),
    "a key that is checked": ("INSERT INTO app.points VALUES (1);", f"read of table app.secret, in statement 2 (forward.sql:2) through foreign key to_secret of app.points: {SECRET}"),
    "a default": ("INSERT INTO app.defaulted VALUES (1);", f"write of table audit.log, in statement 2 (forward.sql:2) through default of app.defaulted: {LOG}"),
    "a default that advances a sequence": ("INSERT INTO app.numbered (v) VALUES (1);", f"write of sequence audit.numbers, in statement 2 (forward.sql:2) through default of app.numbered: {LOG}"),
    "a check": ("INSERT INTO app.checked VALUES (1);", f"read of table app.secret, in statement 2 (forward.sql:2) through check checked_id_check of app.checked: {SECRET}"),
    "a policy": ("INSERT INTO app.guarded VALUES (1);", f"read of table app.secret, in statement 2 (forward.sql:2) through policy by_secret of app.guarded: {SECRET}"),
    "the statement among many": ("INSERT INTO app.parents VALUES (5);\nINSERT INTO app.parents VALUES (6);\n\n\nINSERT INTO app.customers\n  VALUES (1);\nINSERT INTO app.parents VALUES (7);",
                                 f"write of table audit.log, in statement 4 (forward.sql:6) through trigger customers_audit of app.customers: {LOG}"),
}


def project(tmp, more=""):
    """more: what a superuser does there beforehand. 13 keeps bodies as texts only."""
    as_text = re.sub(r"BEGIN ATOMIC (SELECT [^;]*); END;", r"AS '\1';", SETUP)
    p = adopted_copy(tmp, as_text if pg.cluster().major < 14 else SETUP)
    if more:
        pg.psql(p.db, more)
        equal(p.run("adopt", "dev").status, 0)
    return p


def check(p, sql, words):
    p.bundle("M-01", "CREATE TABLE app.harmless (id int);\n" + sql + "\n", **SCOPE)
    ran = p.build()
    equal((ran.status, p.applied()), (2, []), repr(ran))
    contains(ran.err, words)
    gates = p.json("receipt", "show", "dev", full_id("M-01"))["claim"]["gates"]
    contains([g["detail"] for g in gates if g["result"] == "fail"], words)


for what, (sql, words) in VARIANTS.items():
    def one(tmp, sql=sql, words=words):
        check(project(tmp), sql, words)
    one.__name__ = f"by way of {what}"
    test(spread_over_majors(one))


@test
def by_way_of_an_event_trigger(tmp):
    p = project(tmp, """CREATE FUNCTION side.on_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN INSERT INTO audit.other VALUES (1); END$$;
        CREATE EVENT TRIGGER watches ON ddl_command_end EXECUTE FUNCTION side.on_ddl();""")
    check(p, "SELECT 1;", f"write of table audit.other, in statement 1 (forward.sql:1) through event trigger watches: {LOG}")


note(f"{len(VARIANTS) + 1} ways to what no text names")
main()
