"""Repeatable definitions on a real server: built, stale when their text or what they stand on changes, in which order, within which scope."""
# run: needs=postgres limit=600 majors

import hashlib
import json

import pg
from project import ENVIRONMENTS, FAULTY, Project, full_id
from tap import cases, contains, equal, fails, main, spread_over_majors, test

HOME = "migrations/postgis/repeatable/"
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, name text, n int);\nINSERT INTO app.t SELECT i, 'n' || i, i FROM generate_series(1, 10) i;\n"
CODES = ["need_changed", "definition_gone", "pruned", "value_changed", "other_value"]  # reached below


def project(tmp, **files):
    """M-01 made app.t; each of files is a definition of that name. Built."""
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    for name, text in files.items():
        p.write(f"{HOME}{name}.sql", text)
    built(p)
    return p


def built(p):
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    return ran


def ran_since(p, sequence):
    return [subject for at, kind, subject, result in p.entries() if int(at) > sequence and kind in ("define", "apply") and result == "success"]


def last(p):
    return int(p.entries()[-1][0])


def receipt(p, subject):
    """The newest one of that subject."""
    text = pg.psql(p.db, f"SELECT r.body FROM kfmig.receipt r JOIN kfmig.entry e ON e.run_id = r.run_id WHERE e.subject = '{subject}' ORDER BY e.seq DESC LIMIT 1")
    return json.loads(text[0][0])


def reason(p, name):
    target = [t for t in p.json("status", "dev")["targets"] if t["target"] == f"dev/{name}@apply"][0]
    return target["kind"], target["state"], target["reasons"][0]["code"]


V = "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t;\n"
F = "CREATE OR REPLACE FUNCTION app.f(i int) RETURNS int LANGUAGE sql STABLE AS 'SELECT i * 2';\n"

# what each kind of definition makes: (text, another text, what is asked, what the other one answers)
KINDS = {
    "view": (V, V.replace("SELECT id ", "SELECT id, name "), "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum > 0", "2"),
    "function": (F, F.replace("* 2", "* 3"), "SELECT app.f(7)", "21"),
    "procedure": ("CREATE OR REPLACE PROCEDURE app.p() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;\n",
                  "CREATE OR REPLACE PROCEDURE app.p() LANGUAGE plpgsql AS $$ BEGIN PERFORM 2; END $$;\n",
                  "SELECT prosrc FROM pg_proc WHERE oid = 'app.p()'::regprocedure", " BEGIN PERFORM 2; END "),
    "policy": ("DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (n > 0);\n",
               "DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (n > 5);\n",
               "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polname = 'p'", "(n > 5)"),
    "trigger": ("CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
                "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.g();\n",
                "CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
                "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g AFTER INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.g();\n",
                "SELECT tgtype FROM pg_trigger WHERE tgname = 'g'", "5"),
    "rule": ("CREATE OR REPLACE RULE r AS ON DELETE TO app.t WHERE OLD.id < 0 DO INSTEAD NOTHING;\n",
             "CREATE OR REPLACE RULE r AS ON DELETE TO app.t WHERE OLD.id < 1 DO INSTEAD NOTHING;\n",
             "SELECT pg_get_ruledef(oid) LIKE '%id < 1%' FROM pg_rewrite WHERE rulename = 'r'", "t"),
    "materialized view": ("DROP MATERIALIZED VIEW IF EXISTS app.m;\nCREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t;\n",
                          "DROP MATERIALIZED VIEW IF EXISTS app.m;\nCREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t WHERE id > 5;\n"
                          "CREATE UNIQUE INDEX m_id ON app.m (id);\n", "SELECT count(*) FROM app.m", "5"),
    "comment": (V + "COMMENT ON VIEW app.v IS 'one';\n", V + "COMMENT ON VIEW app.v IS 'two';\n", "SELECT obj_description('app.v'::regclass)", "two"),
    "privilege": (V, V + "GRANT SELECT ON app.v TO PUBLIC;\n", "SELECT relacl::text LIKE '%{=r/%' OR relacl::text LIKE '%,=r/%' FROM pg_class WHERE oid = 'app.v'::regclass", "t"),
}


@cases(**{name.replace(" ", "_"): name for name in KINDS})
def a_changed_text_is_made_anew_and_only_that(name, tmp):
    """New, current, changed, current; entries of kind define, receipts that verify."""
    text, other, asked, answer = KINDS[name]
    p = project(tmp, d=text, other="CREATE OR REPLACE FUNCTION app.o() RETURNS int LANGUAGE sql AS 'SELECT 1';\n")
    equal([entry[1:3] for entry in p.entries()][-3:], [("apply", full_id("M-01")), ("define", "d"), ("define", "other")])
    equal(reason(p, "d"), ("repeatable", "current", "current"))
    contains(p.build().text, "nothing to do (3 current)")
    at = last(p)
    p.write(f"{HOME}d.sql", other)
    equal(reason(p, "d"), ("repeatable", "stale", "input_changed"))
    built(p)
    equal(ran_since(p, at), ["d"])
    equal(pg.psql(p.db, asked), [(answer,)])
    contains(p.build().text, "nothing to do (3 current)")
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def what_it_stands_on_makes_it_stale(tmp):
    """A migration that changes the table below: after it, in the same build; with a plan that says so; views upon it follow, others do not."""
    p = project(tmp, a_top="CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\n", v=V, lone=F)
    at = last(p)
    p.bundle("M-02", "ALTER TABLE app.t ADD COLUMN note text;\n")
    equal([reason(p, name)[1:] for name in ("v", "a_top", "lone")], [("stale", "upstream_pending"), ("stale", "upstream_pending"), ("current", "current")])
    contains(p.run("why", "dev/v").text, f"{full_id('M-02')}@apply")
    built(p)
    equal(ran_since(p, at), [full_id("M-02"), "v", "a_top"])
    contains(p.build().text, "nothing to do (5 current)")


@test
def what_changed_without_it_is_seen_later(tmp):
    """The migration alone is built by its name: the next plan says by which entry the view is stale; rows make nothing stale."""
    p = project(tmp, v=V)
    p.bundle("M-02", "INSERT INTO app.t VALUES (11, 'x', 1);\n")
    built(p)
    equal(reason(p, "v")[1:], ("current", "current"))
    p.bundle("M-03", "ALTER TABLE app.t ADD COLUMN note text;\n")
    equal(p.run("build", "dev", full_id("M-03"), "--apply").status, 0)
    equal(reason(p, "v")[1:], ("stale", "need_changed"))
    contains(p.run("why", "dev/v").text, f"relation app.t, by {full_id('M-03')}")
    built(p)
    equal(reason(p, "v")[1:], ("current", "current"))


@test
def two_on_one_table_do_not_wake_each_other(tmp):
    """Triggers and policies of two files on one table, an INSTEAD OF trigger on another's view: built once, whatever the order of names."""
    fn = "CREATE OR REPLACE FUNCTION app.g{0}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
    trigger = fn + "DROP TRIGGER IF EXISTS g{0} ON {1};\nCREATE TRIGGER g{0} {2} INSERT ON {1} FOR EACH ROW EXECUTE FUNCTION app.g{0}();\n"
    p = project(tmp, a=trigger.format(1, "app.t", "BEFORE"), b=trigger.format(2, "app.t", "AFTER"), c=trigger.format(3, "app.v", "INSTEAD OF"), v=V)
    contains(p.build().text, "nothing to do (5 current)")
    at = last(p)
    p.write(f"{HOME}v.sql", V.replace("SELECT id ", "SELECT id, n "))
    built(p)
    equal(ran_since(p, at), ["v", "c"])
    contains(p.build().text, "nothing to do (5 current)")


@test
def order_is_read_off_the_texts_and_said_where_it_cannot_be(tmp):
    """Unqualified names, functions in views, kfmig:after for what a body names when it runs; a migration that needs a definition says depends_on."""
    p = Project(tmp)
    p.bundle("M-01", TABLE)
    p.write(f"{HOME}a.sql", "CREATE OR REPLACE VIEW app.a AS SELECT app.z(id) AS z FROM app.t;\n")
    p.write(f"{HOME}z.sql", "CREATE OR REPLACE FUNCTION app.z(i int) RETURNS int LANGUAGE sql AS 'SELECT i';\n")
    p.write(f"{HOME}b.sql", "-- kfmig:after c\nCREATE OR REPLACE VIEW app.b AS SELECT 1 AS one;\n")
    p.write(f"{HOME}c.sql", "CREATE OR REPLACE VIEW app.c AS SELECT 2 AS two;\n")
    p.bundle("M-02", "CREATE TABLE app.u (id int DEFAULT app.z(1));\n", extra="depends_on: [PG-MIG-2026-01-01-01, z]\n", references=["app.t"])
    built(p)
    equal(ran_since(p, 0), [full_id("M-01"), "c", "b", "z", full_id("M-02"), "a"])
    at = last(p)
    p.write(f"{HOME}c.sql", "CREATE OR REPLACE VIEW app.c AS SELECT 2 AS two, 3 AS three;\n")
    built(p)
    equal(ran_since(p, at), ["c", "b"])


@test
def files_called_r_are_read_beside_flat_migrations(tmp):
    p = Project(tmp)
    p.write("migrations/db/001_t.up.sql", "CREATE TABLE public.t (id int);\n")
    p.write("migrations/db/001_t.down.sql", "DROP TABLE public.t;\n")
    p.write("migrations/db/R__v.sql", "CREATE OR REPLACE VIEW public.v AS SELECT id FROM t;\n")
    built(p)
    p.write("migrations/db/002_u.up.sql", "ALTER TABLE public.t ADD COLUMN c int;\n")
    p.write("migrations/db/002_u.down.sql", "ALTER TABLE public.t DROP COLUMN c;\n")
    built(p)
    equal(ran_since(p, 0), ["001_t", "v", "002_u", "v"])
    contains(p.run("rollback", "dev", "--apply").text, "002_u")
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped"), [("1",)])
    fails(p.run("rollback", "dev", "v", "--apply"), 1, "v is a repeatable definition", "its file")


@test
def a_file_that_is_gone_is_told_and_nothing_dropped(tmp):
    p = project(tmp, v=V)
    p.path(f"{HOME}v.sql").unlink()
    equal(reason(p, "v")[1:], ("not-applicable", "definition_gone"))
    ran = p.build()
    equal(ran.err, "kfmig: warning: dev: 1 definition, no file here (v): --prune drops what it made\ndev: nothing to do (1 current, 1 applied but not here)\n")
    contains(p.run("why", "dev/v").text, "next: put its file back (`kfmig receipt text dev v --write`), or drop what it made: `kfmig build dev v` --prune\n")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.v"), [("10",)])
    p.write(f"{HOME}v.sql", V)
    equal(reason(p, "v")[1:], ("current", "current"))


# what a definition made: (its text, what is asked, the answer while it stands, the answer once it is dropped)
PRUNED = {
    "view": (V, "SELECT count(*) FROM pg_class WHERE relname = 'v'", "1", "0"),
    "view with a trigger": (V + "CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
                            "DROP TRIGGER IF EXISTS g ON app.v;\nCREATE TRIGGER g INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.g();\n",
                            "SELECT count(*) FROM pg_proc WHERE proname = 'g'", "1", "0"),
    "functions of one name": (F + F.replace("i int", "i text").replace("i * 2", "1"), "SELECT count(*) FROM pg_proc WHERE proname = 'f'", "2", "0"),
    "materialized view": ("CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t;\nCREATE INDEX m_id ON app.m (id);\n", "SELECT count(*) FROM pg_class WHERE relname LIKE 'm%'", "2", "0"),
    "policy": ("DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (n > 0);\n", "SELECT count(*) FROM pg_policy", "1", "0"),
    "rule": ("CREATE OR REPLACE RULE r AS ON DELETE TO app.t WHERE OLD.id < 0 DO INSTEAD NOTHING;\n", "SELECT count(*) FROM pg_rewrite WHERE rulename = 'r'", "1", "0"),
    "trigger on a table": ("CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
                           "DROP TRIGGER IF EXISTS g ON app.t;\nCREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.g();\n",
                           "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'g') + (SELECT count(*) FROM pg_proc WHERE proname = 'g')", "2", "0"),
    "already dropped": (V, "SELECT 0", "0", "0"),
}


@cases(**{name.replace(" ", "_"): name for name in PRUNED})
@spread_over_majors
def what_a_file_that_is_gone_made_is_dropped_where_it_is_said(name, tmp):
    """--prune: shown, dropped, recorded, and known no more; the same file once more is new."""
    text, asked, there, gone = PRUNED[name]
    p = project(tmp, d=text, other="CREATE OR REPLACE FUNCTION app.o() RETURNS int LANGUAGE sql AS 'SELECT 1';\n")
    if name == "already dropped":
        p.bundle("M-02", "DROP VIEW app.v;\n")
    p.path(f"{HOME}d.sql").unlink()
    built(p)
    equal(pg.psql(p.db, asked), [(there,)])
    contains(p.run("plan", "dev", "--prune").text, "prune")
    at = last(p)
    ran = p.build("--prune")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "1 dropped")
    equal(pg.psql(p.db, asked), [(gone,)])
    equal([entry[1:] for entry in p.entries() if int(entry[0]) > at], [("prune", "d", "success")])
    equal(receipt(p, "d")["run_kind"], "db_prune")
    contains(p.build("--prune").text, "nothing to do")
    equal(p.run("diff", "dev", "--exit-code").status, 0)
    contains(p.run("receipt", "verify").text, "all as they should be")
    p.write(f"{HOME}d.sql", text)
    equal(reason(p, "d")[1:], ("stale", "never_built"))
    built(p)
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def what_stands_upon_it_keeps_it(tmp):
    """Never with CASCADE, and it is said what; both gone they go, the upper one first; drift holds it."""
    p = project(tmp, v=V, a_top="CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\n")
    p.path(f"{HOME}v.sql").unlink()
    fails(p.build("--prune"), 2, "what v made is not dropped: view app.top stands upon it")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.top"), [("10",)])
    p.path(f"{HOME}a_top.sql").unlink()
    contains(p.build().err, "2 definitions, no file here (v, a_top)")
    pg.psql(p.db, "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v WHERE id > 3")
    fails(p.build("--prune"), 2, 'gate "drift" failed')
    equal(p.run("adopt", "dev", "--apply").status, 0)
    at = last(p)
    equal(p.build("--prune").status, 0)
    equal([entry[1:] for entry in p.entries() if int(entry[0]) > at], [("prune", "a_top", "success"), ("prune", "v", "success")])
    contains(p.run("receipt", "verify").text, "all as they should be")


@cases(**{point.replace(".", "_"): point for point in ("tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed")})
def killed_while_it_is_dropped_it_goes_once(point, tmp):
    """--prune, killed at each point: it stands or it is gone, and the next one ends it."""
    p = project(tmp, v=V)
    p.path(f"{HOME}v.sql").unlink()
    p.run("build", "dev", "--apply", "--prune", env={"KFMIG_FAULT": f"{point}:kill"}, program=FAULTY)
    equal(p.build("--prune").status, 0)
    equal([entry[1:] for entry in p.entries() if entry[1] == "prune"], [("prune", "v", "success")])
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_class WHERE relname = 'v'"), [("0",)])
    contains(p.run("receipt", "verify").text, "all as they should be")


PLACES = {"own_folder": f"{HOME}v.sql", "beside_flat_ones": "migrations/db/R__v.sql", "called_as_a_folder": f"{HOME}repeatable.sql"}


@cases(**PLACES)
def its_text_is_put_back_as_it_was_built(path, tmp):
    """Where the file stood, or where it stands now; another text is another build."""
    p = project(tmp)
    name = path.rsplit("/", 1)[1].removeprefix("R__").removesuffix(".sql")
    p.write(path, V)
    built(p)
    contains(p.run("receipt", "text", "dev", name).out, f"==> {path} (is as it was) <==", V)
    p.path(path).unlink()
    contains(p.run("receipt", "text", "dev", name, "--write").out, f"{path}: written")
    equal(p.path(path).read_text(), V)
    p.write(path, V + "COMMENT ON VIEW app.v IS 'x';\n")
    contains(p.run("receipt", "text", "dev", name, "--write").out, f"{path}: written")
    contains(p.build().text, "nothing to do (2 current)")


@test
def its_file_is_renamed_and_then_the_ledgers_are_told(tmp):
    """`rename` says so; built again it is not, and its text is put back under its new name, with its file or without."""
    p = project(tmp, v=V)
    fails(p.run("rename", "v", "w"), 5, "v is a repeatable definition", "rename its file, then `kfmig rename v w` tells the ledgers")
    p.path(f"{HOME}v.sql").rename(p.path(f"{HOME}w.sql"))
    equal(p.run("rename", "v", "w").status, 0)
    contains(p.build().text, "nothing to do (2 current)")
    contains(p.run("receipt", "text", "dev", "w").out, f"==> {HOME}w.sql (is as it was) <==")
    p.path(f"{HOME}w.sql").rename(p.path("migrations/postgis/R__w.sql"))
    contains(p.run("receipt", "text", "dev", "w").out, "==> migrations/postgis/R__w.sql (is as it was) <==")
    p.path("migrations/postgis/R__w.sql").unlink()
    contains(p.run("receipt", "text", "dev", "w", "--write").out, f"{HOME}w.sql: written")
    contains(p.build().text, "nothing to do (2 current)")


V2 = "CREATE OR REPLACE VIEW app.v AS SELECT id, name FROM app.t;\n"
# what cannot be replaced: (files before, files after, what is asked, the answer)
REMADE = {
    "column dropped": ({"v": V2}, {"v": V}, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum > 0", "1"),
    "column of another type": ({"v": V2}, {"v": V2.replace("name", "n AS name")},
                               "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attname = 'name'", "integer"),
    "columns in another order": ({"v": V2}, {"v": V2.replace("id, name", "name, id")},
                                 "SELECT attname FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum = 1", "name"),
    "view without OR REPLACE": ({"v": V.replace(" OR REPLACE", "")}, {"v": V2.replace(" OR REPLACE", "")},
                                "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum > 0", "2"),
    "function of another result": ({"f": F}, {"f": F.replace("RETURNS int", "RETURNS bigint")}, "SELECT pg_typeof(app.f(1))", "bigint"),
    "function with another name for its argument": ({"f": F}, {"f": F.replace("f(i int)", "f(k int)").replace("i * 2", "k * 2")},
                                                    "SELECT proargnames[1] FROM pg_proc WHERE proname = 'f'", "k"),
    "function without OR REPLACE": ({"f": F.replace(" OR REPLACE", "")}, {"f": F.replace(" OR REPLACE", "").replace("* 2", "* 5")}, "SELECT app.f(1)", "5"),
    "function becomes procedure": ({"f": F}, {"f": "CREATE OR REPLACE PROCEDURE app.f(i int) LANGUAGE sql AS 'SELECT 1';\n"},
                                   "SELECT prokind FROM pg_proc WHERE proname = 'f'", "p"),
    "materialized view": ({"m": "CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t;\nCREATE INDEX m_id ON app.m (id);\n"},
                          {"m": "CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.t WHERE id > 4;\nCREATE INDEX m_id ON app.m (id);\n"},
                          "SELECT count(*) FROM app.m", "6"),
    "view becomes materialized": ({"v": V}, {"v": "CREATE MATERIALIZED VIEW app.v AS SELECT id FROM app.t;\n"},
                                  "SELECT relkind FROM pg_class WHERE oid = 'app.v'::regclass", "m"),
    "views upon it": ({"v": V2, "a_top": "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\n", "b_top": "CREATE OR REPLACE VIEW app.ttop AS SELECT id FROM app.top;\n"},
                      {"v": V}, "SELECT count(*) FROM app.ttop", "10"),
    "views upon it with new texts": ({"v": V2, "a_top": "CREATE OR REPLACE VIEW app.top AS SELECT name FROM app.v;\n"},
                                     {"v": V, "a_top": "CREATE OR REPLACE VIEW app.top AS SELECT id AS name FROM app.v;\n"}, "SELECT sum(name) FROM app.top", "55"),
    "view on a function": ({"f": F, "v": "CREATE OR REPLACE VIEW app.v AS SELECT app.f(id) AS x FROM app.t;\n"},
                           {"f": F.replace("RETURNS int", "RETURNS bigint")}, "SELECT sum(x) FROM app.v", "110"),
    "names that want quotes": ({"v": 'CREATE OR REPLACE VIEW app."V w%s" AS SELECT id, name FROM app.t;\n'},
                               {"v": 'CREATE OR REPLACE VIEW app."V w%s" AS SELECT id FROM app.t;\n'}, 'SELECT count(*) FROM app."V w%s"', "10"),
}


@cases(**{name.replace(" ", "_"): name for name in REMADE})
@spread_over_majors
def what_cannot_be_replaced_is_dropped_and_made_again(name, tmp):
    """With what stands on it, in one transaction; privileges, comments and what others put on it stay."""
    before, after, asked, answer = REMADE[name]
    p = project(tmp, **before)
    view = pg.psql(p.db, "SELECT EXISTS (SELECT FROM pg_views WHERE schemaname = 'app' AND viewname = 'v')") == [("t",)]
    kept = "SELECT obj_description('app.v'::regclass), relacl::text FROM pg_class WHERE oid = 'app.v'::regclass"
    if view:
        pg.psql(p.db, "GRANT SELECT, INSERT ON app.v TO PUBLIC; COMMENT ON VIEW app.v IS 'it''s 100 %s';"
                + ("GRANT UPDATE (id) ON app.v TO PUBLIC" if name != "view on a function" else ""))
        equal(p.run("adopt", "dev", "--apply").status, 0)
        was = pg.psql(p.db, kept)
    for file, text in after.items():
        p.write(f"{HOME}{file}.sql", text)
    ran = built(p)
    equal(pg.psql(p.db, asked), [(answer,)])
    if view and name != "view becomes materialized":
        equal(pg.psql(p.db, kept), was)
    contains(p.build().text, "nothing to do")
    contains(p.run("receipt", "verify").text, "all as they should be")
    equal(p.run("diff", "dev", "--exit-code").status, 0)
    contains(ran.text, "dropped and made again")


# text of v behind the refusal, what somebody else put upon it, words
HELD = {
    "view of a migration": ("CREATE VIEW app.mine AS SELECT * FROM app.v;\n", "2BP01", "docs/repeatables.md"),
    "function body": ("CREATE FUNCTION app.mine(app.v) RETURNS int LANGUAGE sql AS 'SELECT 1';\n", "2BP01", "docs/repeatables.md"),
}


@cases(**{name.replace(" ", "_"): name for name in HELD})
def what_somebody_else_built_upon_it_holds_it(name, tmp):
    sql, *words = HELD[name]
    p = project(tmp, v=V2)
    p.bundle("M-02", sql)
    built(p)
    p.write(f"{HOME}v.sql", V)
    fails(p.build(), 2, *words)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum > 0"), [("2",)])
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def one_upon_it_that_is_blocked_holds_it(tmp):
    """What is upon it was changed by hand: it is not dropped with that, and the refusal is the server's."""
    p = project(tmp, v=V2, a_top="CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\n")
    pg.psql(p.db, "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v WHERE id > 9")
    p.write(f"{HOME}v.sql", V)
    p.write(f"{HOME}a_top.sql", "CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v WHERE id > 2;\n")
    fails(p.build("-k"), 2, "cannot drop columns from view")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.top"), [("1",)])


@test
def a_migration_that_changes_what_is_below_drops_it_first(tmp):
    """The server refuses the one that does not, with advice; the same build makes it again behind the one that does."""
    p = project(tmp, v=V2.replace("name", "n"))
    p.bundle("M-02", "ALTER TABLE app.t ALTER n TYPE bigint;\n")
    fails(p.build(), 2, "cannot alter type of a column used by a view")
    p.bundle("M-02", "ALTER TABLE app.t DROP COLUMN n;\n")
    fails(p.build(), 2, "dependent_objects_still_exist", "docs/repeatables.md")
    p.bundle("M-02", "DROP VIEW app.v;\nALTER TABLE app.t ALTER n TYPE bigint;\n")
    at = last(p)
    built(p)
    equal(ran_since(p, at), [full_id("M-02"), "v"])
    equal(pg.psql(p.db, "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1"), [("bigint", "10")])
    contains(p.build().text, "nothing to do (3 current)")


# name -> (definitions, the migration, what is asked, the answer, its rollback file)
REBUILT = {
    "a column of another type": ({"v": V2.replace("name", "n")}, "ALTER TABLE app.t ALTER n TYPE bigint;\n", "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1", ("bigint", "10"),
                                 "ALTER TABLE app.t ALTER n TYPE int;\n"),
    "views upon it": ({"v": V2.replace("name", "n"), "a_top": "CREATE OR REPLACE VIEW app.top AS SELECT n FROM app.v;\n"}, "ALTER TABLE app.t ALTER n TYPE bigint;\n",
                      "SELECT pg_typeof(n), sum(n) FROM app.top GROUP BY 1", ("bigint", "55"), "ALTER TABLE app.t ALTER n TYPE int;\n"),
    "a materialized view": ({"v": "CREATE MATERIALIZED VIEW app.v AS SELECT n FROM app.t;\nCREATE UNIQUE INDEX v_n ON app.v (n);\n"}, "ALTER TABLE app.t ALTER n TYPE bigint;\n",
                            "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1", ("bigint", "10"), "ALTER TABLE app.t ALTER n TYPE int;\n"),
    "a function that takes a row": ({"v": "CREATE OR REPLACE FUNCTION app.v(t app.t) RETURNS int LANGUAGE sql AS 'SELECT t.n';\n"},
                                    "DROP TABLE app.t;\nCREATE TABLE app.t (id int PRIMARY KEY, name text, n int, more int);\n",
                                    "SELECT count(*) FROM pg_proc WHERE proname = 'v'", ("1",), None),
    "a policy": ({"v": "DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (n > 0);\n"}, "ALTER TABLE app.t ALTER n TYPE bigint;\n",
                 "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy", ("(n > 0)",), "ALTER TABLE app.t ALTER n TYPE int;\n"),
    "a trigger": ({"v": "CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\nDROP TRIGGER IF EXISTS g ON app.t;\n"
                        "CREATE TRIGGER g BEFORE UPDATE OF n ON app.t FOR EACH ROW EXECUTE FUNCTION app.g();\n"}, "ALTER TABLE app.t ALTER n TYPE bigint;\n",
                  "SELECT count(*) FROM pg_trigger WHERE tgname = 'g'", ("1",), "ALTER TABLE app.t ALTER n TYPE int;\n"),
    "a rule": ({"v": "CREATE OR REPLACE RULE r AS ON DELETE TO app.t WHERE OLD.n < 0 DO INSTEAD NOTHING;\n"}, "ALTER TABLE app.t ALTER n TYPE bigint;\n",
               "SELECT count(*) FROM pg_rewrite WHERE rulename = 'r'", ("1",), "ALTER TABLE app.t ALTER n TYPE int;\n"),
}
KEPT = "GRANT SELECT ON app.v TO PUBLIC; COMMENT ON VIEW app.v IS 'kept'"


@cases(**{name.replace(" ", "_"): name for name in REBUILT})
@spread_over_majors
def what_a_migration_rebuilds_goes_and_comes_back_with_it(name, tmp):
    """In one transaction, forward and back; without `rebuilds` the server's refusal says to write it; the receipt names them."""
    files, sql, asked, answer, back = REBUILT[name]
    p = project(tmp, **files)
    is_view = files["v"].startswith("CREATE OR REPLACE VIEW")
    if is_view:
        pg.psql(p.db, KEPT)
        equal(p.run("adopt", "dev", "--apply").status, 0)
        built(p)
    p.bundle("M-02", sql, back or "SELECT 1;\n")
    fails(p.build(), 2, "docs/repeatables.md", "rebuilds: [v" if back is not None else "2BP01")
    p.bundle("M-02", sql, back or "SELECT 1;\n", extra="rebuilds: [v]\n")
    at = last(p)
    ran = built(p)
    equal(ran_since(p, at)[0], full_id("M-02"))
    contains(ran.text, "with it dropped and made again: " + ", ".join(sorted(files, reverse=True)))
    equal(pg.psql(p.db, asked), [answer])
    if is_view:
        equal(pg.psql(p.db, "SELECT obj_description('app.v'::regclass), relacl::text LIKE '%=r/%' FROM pg_class WHERE oid = 'app.v'::regclass"), [("kept", "t")])
    contains(p.build().text, "nothing to do")
    equal(p.run("diff", "dev", "--exit-code").status, 0)
    contains(p.run("receipt", "verify").text, "all as they should be")
    equal([one["definition"] for one in receipt(p, full_id("M-02"))["claim"]["rebuilt"]], sorted(files, reverse=True))
    if back is not None:
        equal(p.run("rollback", "dev", "--apply").status, 0)
        equal(pg.psql(p.db, "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'app.t'::regclass AND attname = 'n'"), [("integer",)])
        contains(p.run("receipt", "verify").text, "all as they should be")
        equal(p.run("diff", "dev", "--exit-code").status, 0)


@test
def in_flat_files_a_line_says_what_is_rebuilt(tmp):
    """With the advice for it; its down file goes the same way; a definition has no such line, and only definitions are named."""
    p = Project(tmp)
    p.write("migrations/db/001_t.up.sql", "CREATE TABLE public.t (id int, n int);\n")
    p.write("migrations/db/001_t.down.sql", "DROP TABLE public.t;\n")
    p.write("migrations/db/R__v.sql", "CREATE OR REPLACE VIEW public.v AS SELECT n FROM t;\n")
    built(p)
    up = "ALTER TABLE public.t ALTER n TYPE bigint;\n"
    p.write("migrations/db/002_n.up.sql", up)
    p.write("migrations/db/002_n.down.sql", up.replace("bigint", "int"))
    fails(p.build(), 2, "-- kfmig:rebuilds v")
    p.write("migrations/db/002_n.up.sql", "-- kfmig:rebuilds 001_t\n" + up)
    fails(p.build(), 5, '"002_n" rebuilds "001_t", which is a migration', "002_n.up.sql:1:19")
    p.write("migrations/db/002_n.up.sql", "-- kfmig:rebuilds v, gone_by_now\n" + up)
    built(p)
    equal(pg.psql(p.db, "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'public.v'::regclass AND attname = 'n'"), [("bigint",)])
    equal(p.run("rollback", "dev", "--apply").status, 0)
    equal(pg.psql(p.db, "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'public.v'::regclass AND attname = 'n'"), [("integer",)])
    p.write("migrations/db/R__v.sql", "-- [KFM_MIGRATION]\n-- id: v\n-- rebuilds: [x]\n-- [/KFM_MIGRATION]\nCREATE OR REPLACE VIEW public.v AS SELECT n FROM t;\n")
    fails(p.build(), 5, "only a migration rebuilds definitions")


@test
def a_new_text_comes_with_the_migration_and_goes_with_it(tmp):
    """The migration drops a column that the old text names; taken back, the old text stands again, and the file waits for the migration."""
    p = project(tmp, v=V2.replace("name", "n"))
    p.bundle("M-02", "ALTER TABLE app.t DROP COLUMN n;\n", "ALTER TABLE app.t ADD COLUMN n int;\n", extra="rebuilds: [v]\n")
    p.write(f"{HOME}v.sql", V2)
    built(p)
    equal(pg.psql(p.db, "SELECT attname FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum = 2"), [("name",)])
    equal(p.run("rollback", "dev", "--apply").status, 0)
    equal(pg.psql(p.db, "SELECT attname FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum = 2"), [("n",)])
    equal(reason(p, "v")[1:], ("blocked", "upstream_blocked"))
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def what_was_rebuilt_does_not_run_again(tmp):
    """A view that a migration made again has an entry of its own, and no second run; unless something below it ran behind that, or its text is new."""
    p = project(tmp, v=V2.replace("name", "n"), a_top="CREATE OR REPLACE VIEW app.top AS SELECT n FROM app.v;\n")
    p.bundle("M-02", "ALTER TABLE app.t ALTER n TYPE bigint;\n", extra="rebuilds: [v]\n")
    at = last(p)
    ran = built(p)
    equal(ran_since(p, at), [full_id("M-02"), "v", "a_top"])
    for name in ("v", "a_top"):
        contains(ran.text, f"made again with {full_id('M-02')}")
        equal(receipt(p, name)["notes"], f"made again with {full_id('M-02')}")
    equal(pg.value(p.db, f"SELECT count(*) FROM kfmig.object WHERE seq > {at + 1}"), "0", "neither did anything")
    contains(p.build().text, "nothing to do (4 current)")
    contains(p.run("receipt", "verify").text, "all as they should be")
    p.bundle("M-03", "ALTER TABLE app.t ALTER n TYPE numeric;\n", extra="rebuilds: [v]\n")
    p.bundle("M-04", "ALTER TABLE app.t ADD COLUMN behind int;\n")
    built(p)
    equal((receipt(p, "v")["notes"], receipt(p, "a_top")["notes"]), ("", ""), "the table below them was changed once more")
    p.bundle("M-05", "ALTER TABLE app.t ALTER n TYPE bigint USING n::bigint;\n", extra="rebuilds: [v]\n")
    p.write(f"{HOME}v.sql", V2.replace("name", "n") + "COMMENT ON VIEW app.v IS 'new';\n")
    built(p)
    equal(receipt(p, "v")["notes"], "", "its text is another")
    equal(pg.value(p.db, "SELECT obj_description('app.v'::regclass)"), "new")
    contains(p.build().text, "nothing to do (7 current)")
    contains(p.run("receipt", "verify").text, "all as they should be")


SEGMENTS = "ALTER TABLE app.t ALTER n TYPE bigint;\nCREATE INDEX CONCURRENTLY t_n ON app.t (n);\nALTER TABLE app.t ADD COLUMN more int;\n"


@test
def of_segments_those_that_reach_it_rebuild_it(tmp):
    """A migration that does not run in one transaction: each transaction of it that may reach the view drops it and makes it again; back as well."""
    p = project(tmp, v=V2.replace("name", "n"))
    p.bundle("M-02", SEGMENTS, "ALTER TABLE app.t DROP COLUMN more;\nDROP INDEX CONCURRENTLY app.t_n;\nALTER TABLE app.t ALTER n TYPE int;\n", extra="rebuilds: [v]\n")
    ran = built(p)
    contains(ran.text, "with it dropped and made again: v")
    equal(pg.psql(p.db, "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1"), [("bigint", "10")])
    equal([one["definition"] for one in receipt(p, full_id("M-02"))["claim"]["rebuilt"]], ["v"])
    equal(p.run("rollback", "dev", "--apply").status, 0)
    equal(pg.psql(p.db, "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1"), [("integer", "10")])
    contains(p.run("receipt", "verify").text, "all as they should be")
    equal(p.run("diff", "dev", "--exit-code").status, 0)


@cases(**{point.replace(".", "_"): point for point in ("tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed")})
def killed_while_a_migration_rebuilds_it_happens_once(point, tmp):
    """In one transaction and in segments: readers have the view before it or behind it, and the next build goes on."""
    p = project(tmp, v=V2.replace("name", "n"))
    p.bundle("M-02", "ALTER TABLE app.t ALTER n TYPE bigint;\n", extra="rebuilds: [v]\n")
    p.bundle("M-03", SEGMENTS.replace("bigint", "numeric"), extra="rebuilds: [v]\n")
    for passage in (1, 2, 3):
        p.run("build", "dev", "--apply", env={"KFMIG_FAULT": f"{point}:kill:{passage}"}, program=FAULTY)
        equal(pg.psql(p.db, "SELECT count(n) FROM app.v"), [("10",)])
    built(p)
    equal(pg.psql(p.db, "SELECT pg_typeof(n), count(*) FROM app.v GROUP BY 1"), [("numeric", "10")])
    equal([subject for subject in p.applied() if subject != full_id("M-01")], [full_id("M-02"), full_id("M-03")])
    contains(p.run("receipt", "verify").text, "all as they should be")
    equal(p.run("diff", "dev", "--exit-code").status, 0)


@test
def one_that_cannot_be_made_again_holds_the_migration(tmp):
    """Changed by hand; its text does not fit what the migration leaves: nothing is changed, and it is said which one."""
    p = project(tmp, v=V2.replace("name", "n"))
    p.bundle("M-02", "ALTER TABLE app.t DROP COLUMN n;\n", "ALTER TABLE app.t ADD COLUMN n int;\n", extra="rebuilds: [v]\n")
    fails(p.build(), 2, f"{HOME}v.sql:1:44", "statement 2 (CREATE VIEW) failed")
    equal(pg.psql(p.db, "SELECT count(n) FROM app.v"), [("10",)])
    pg.psql(p.db, "CREATE OR REPLACE VIEW app.v AS SELECT id, n FROM app.t WHERE id > 3")
    p.bundle("M-02", "ALTER TABLE app.t ALTER n TYPE bigint;\n", extra="rebuilds: [v]\n")
    fails(p.build("-k"), 1, "app.v")
    equal(pg.psql(p.db, "SELECT count(n) FROM app.v"), [("7",)])


@test
def limits_hold_where_definitions_are_made_again(tmp):
    """What one may do it may do going and coming; and a migration's own are those of what it does, besides."""
    header = "-- [KFM_MIGRATION]\n-- id: m\n-- limits: {max_index_count_delta: %d}\n-- [/KFM_MIGRATION]\n"
    text = "CREATE MATERIALIZED VIEW app.m AS SELECT id, n FROM app.t;\n"
    p = project(tmp, m=header % 1 + text + "CREATE INDEX m_n ON app.m (n);\n")
    p.write(f"{HOME}m.sql", header % 1 + text + "CREATE INDEX m_n ON app.m (n);\nCREATE INDEX m_id ON app.m (id);\n")
    fails(p.build(), 1, "max_index_count_delta is 1, the scripts need at least 2")
    p.write(f"{HOME}m.sql", header % 2 + text + "CREATE INDEX m_n ON app.m (n);\nCREATE INDEX m_id ON app.m (id);\n")
    built(p)
    p.bundle("M-02", "ALTER TABLE app.t ALTER n TYPE bigint;\n", limits={"max_index_count_delta": 0}, extra="rebuilds: [m]\n")
    built(p)
    p.bundle("M-03", "ALTER TABLE app.t ALTER n TYPE numeric;\nCREATE INDEX t_n ON app.t (n);\n", limits={"max_index_count_delta": 0}, extra="rebuilds: [m]\n")
    fails(p.build(), 1, "max_index_count_delta")


@test
def what_others_put_on_a_view_stays(tmp):
    """A migration's INSTEAD OF trigger, rule and default on a definition's view; the owner's choice of who may call a function; a text's own REVOKE wins."""
    p = project(tmp, v=V2, f=F)
    p.bundle("M-02", "CREATE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
             "CREATE TRIGGER g INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.g();\n"
             "CREATE RULE r AS ON DELETE TO app.v DO INSTEAD NOTHING;\nALTER VIEW app.v ALTER COLUMN id SET DEFAULT 7;\n"
             "REVOKE EXECUTE ON FUNCTION app.f(int) FROM PUBLIC;\nGRANT SELECT ON app.v TO PUBLIC;\n")
    built(p)
    p.write(f"{HOME}v.sql", V + "REVOKE SELECT ON app.v FROM PUBLIC;\n")
    p.write(f"{HOME}f.sql", F.replace("RETURNS int", "RETURNS bigint"))
    built(p)
    equal(pg.psql(p.db, "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'g'), (SELECT count(*) FROM pg_rewrite WHERE rulename = 'r'),"
                        " (SELECT count(*) FROM pg_attrdef WHERE adrelid = 'app.v'::regclass), (SELECT proacl::text LIKE '{=X/%' FROM pg_proc WHERE proname = 'f'),"
                        " (SELECT relacl::text LIKE '%{=r%' OR relacl::text LIKE '%,=r%' FROM pg_class WHERE oid = 'app.v'::regclass)"), [("1", "1", "1", "f", "f")])


@cases(**{point.replace(".", "_"): point for point in ("tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed")})
def killed_while_it_is_dropped_it_is_whole_again(point, tmp):
    """At the second passage, which is that of the transaction that drops: readers have the old views or the new ones."""
    p = project(tmp, v=V2, a_top="CREATE OR REPLACE VIEW app.top AS SELECT id FROM app.v;\n")
    p.write(f"{HOME}v.sql", V)
    passage = 2 if point in ("tx.begun", "tx.statement") else 1
    p.run("build", "dev", "--apply", env={"KFMIG_FAULT": f"{point}:kill:{passage}"}, program=FAULTY)
    equal(pg.psql(p.db, "SELECT count(*) FROM app.top"), [("10",)])
    built(p)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v'::regclass AND attnum > 0"), [("1",)])
    contains(p.build().text, "nothing to do")


def with_values(p, **values):
    """The project's environment dev, with these variables."""
    lines = "".join(f'      {name}: "{value}"\n' for name, value in values.items())
    stores = "    stores:\n      postgis:\n        dsn_ref: KFM_DSN\n"
    p.write("registry/environments.v1.yml", ENVIRONMENTS.replace(stores, stores + (f"    variables:\n{lines}" if values else "")))


@test
def values_of_the_environment_stand_in_texts_that_declare_them(tmp):
    """In names, literals and the scope; receipts have digests and never values; the same text is the same migration with other values."""
    p = project(tmp)
    with_values(p, TENANT="kansas", MOST="5")
    p.bundle("M-02", "CREATE TABLE app.${TENANT}_t (who text DEFAULT '${TENANT}', CHECK (length(who) < ${MOST} + 10));\nINSERT INTO app.${TENANT}_t DEFAULT VALUES;\n",
             "DROP TABLE app.${TENANT}_t;\n", tables=["app.${TENANT}_t"], extra="variables: [TENANT, MOST]\n")
    p.write(f"{HOME}v.sql", "-- kfmig:variables TENANT\nCREATE OR REPLACE VIEW app.v AS SELECT who, '${TENANT}' AS tenant FROM app.${TENANT}_t;\n")
    p.write(f"{HOME}a_top.sql", "CREATE OR REPLACE VIEW app.top AS SELECT who FROM app.v;\n")
    built(p)
    equal(pg.psql(p.db, "SELECT who, tenant FROM app.v"), [("kansas", "kansas")])
    said = receipt(p, full_id("M-02"))["claim"]["variables"]
    equal(sorted(said), ["MOST", "TENANT"])
    equal(said["TENANT"], "sha256:" + hashlib.sha256(b"kansas").hexdigest())
    equal(pg.psql(p.db, "SELECT count(*) FROM kfmig.receipt WHERE body LIKE '%\"kansas\"%'"), [("0",)])
    contains(p.build().text, "nothing to do")
    contains(p.run("receipt", "verify").text, "all as they should be")
    ran = p.run("check")
    equal(ran.status, 0, repr(ran))


@test
def another_value_makes_a_definition_anew_and_leaves_a_migration(tmp):
    """`plan` and `why` name the variable; a plan that was reviewed with the old value is another plan."""
    p = project(tmp)
    with_values(p, WHO="ada")
    p.bundle("M-02", "CREATE TABLE app.u (who text DEFAULT '${WHO}');\n", "DROP TABLE app.u;\n", extra="variables: [WHO]\n")
    p.write(f"{HOME}v.sql", "-- kfmig:variables WHO\nCREATE OR REPLACE VIEW app.v AS SELECT '${WHO}'::text AS who;\n")
    built(p)
    with_values(p, WHO="bob")
    equal(reason(p, "v")[1:], ("stale", "value_changed"))
    equal(reason(p, full_id("M-02"))[1:], ("current", "current"))
    contains(p.run("why", "dev/v").text, "variables.WHO of dev in registry/environments.v1.yml")
    contains(p.run("why", f"dev/{full_id('M-02')}").text, "other_value: applied with another value of a variable")
    digest = p.json("plan", "dev")["plan_digest"]
    with_values(p, WHO="eve")
    fails(p.run("build", "dev", "--apply", f"--plan={digest}"), 1, "plan")
    built(p)
    equal(pg.psql(p.db, "SELECT who FROM app.v"), [("eve",)])
    contains(p.build().text, "nothing to do")
    p.path(f"{HOME}v.sql").unlink()
    equal(p.build("--prune").status, 0)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_class WHERE relname = 'v'"), [("0",)])
    equal(p.run("rollback", "dev", full_id("M-02"), "--apply").status, 0)


# name -> (the definition's text, the variables, status, words)
NO_VALUE = {
    "not declared": ("-- kfmig:variables A\nCREATE OR REPLACE VIEW app.v AS SELECT '${A}' AS a, '${B}' AS b;\n", {"A": "x"}, 5, ["${B} is not declared", f"{HOME}v.sql:2:54"]),
    "nothing declared": ("CREATE OR REPLACE VIEW app.v AS SELECT ${A} AS a;\n", {"A": "1"}, 5, ["a variable that is not declared", f"{HOME}v.sql:1:40", "kfmig:variables"]),
    "no value here": ("-- kfmig:variables A\nCREATE OR REPLACE VIEW app.v AS SELECT '${A}' AS a;\n", {}, 5,
                      ['${A} has no value in environment "dev"', f"{HOME}v.sql:2:41", "registry/environments.v1.yml"]),
    "a quote": (V, {"A": "x'y"}, 5, ["the value of A cannot be used"]),
    "a semicolon": (V, {"A": "x; DROP TABLE app.t"}, 5, ["the value of A cannot be used"]),
    "a comment": (V, {"A": "x -- y"}, 5, ["it begins a comment"]),
    "called like a secret": (V, {"API_TOKEN": "x"}, 5, ["variable API_TOKEN is called like a secret"]),
    "a password": (V, {"DB_PASSWORD": "x"}, 5, ["a password stands in the file"]),
    "a token": (V, {"A": "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"}, 5, ["a GitHub token stands in the file"]),
    "no name": (V, {"A-B": "x"}, 5, ['"A-B" is no name of a variable']),
}


@cases(**{name.replace(" ", "_"): name for name in NO_VALUE})
def a_variable_without_a_value_or_with_a_bad_one_is_one_clear_error(name, tmp):
    text, values, status, words = NO_VALUE[name]
    p = project(tmp)
    p.write(f"{HOME}v.sql", text)
    with_values(p, **values)
    fails(p.build(), status, *words)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_class WHERE relname = 'v'"), [("0",)])


@test
def in_flat_files_variables_stand_in_a_line(tmp):
    """Scope and limits are read off the filled text; text that declares nothing keeps its ${NAME} in quotes."""
    p = Project(tmp)
    with_values(p, TABLE="wells")
    p.write("migrations/db/001_t.up.sql", "-- kfmig:variables TABLE\nCREATE TABLE public.${TABLE} (id int);\n")
    p.write("migrations/db/001_t.down.sql", "DROP TABLE public.${TABLE};\n")
    p.write("migrations/db/002_u.up.sql", "CREATE TABLE public.u (t text DEFAULT '${TABLE}');\n")
    p.write("migrations/db/002_u.down.sql", "DROP TABLE public.u;\n")
    built(p)
    equal(receipt(p, "001_t")["claim"]["scope"]["allowed_tables"], ["public.wells"])
    equal(pg.psql(p.db, "INSERT INTO u DEFAULT VALUES; SELECT t FROM u"), [("${TABLE}",)])
    equal(p.run("rollback", "dev", "--steps=2", "--apply").status, 0)
    equal(pg.psql(p.db, "SELECT count(*) FROM pg_class WHERE relname = 'wells'"), [("0",)])


# what a text makes no more: (before, after, what is asked, the answer)
LEFT = {
    "a view": (V + "CREATE OR REPLACE VIEW app.w AS SELECT id FROM app.v;\n", V, "SELECT count(*) FROM pg_class WHERE relname = 'w'", "0"),
    "views upon each other": (V + "CREATE OR REPLACE VIEW app.w AS SELECT id FROM app.v;\n", V.replace("app.v", "app.x"), "SELECT count(*) FROM pg_class WHERE relname IN ('v', 'w', 'x')", "1"),
    "a view under another that stays": ("CREATE OR REPLACE VIEW app.w AS SELECT id FROM app.t;\nCREATE OR REPLACE VIEW app.v AS SELECT id FROM app.w;\n", V,
                                        "SELECT count(*) FROM pg_class WHERE relname IN ('v', 'w')", "1"),
    "a function with other arguments": (F, F.replace("i int", "i int, k int DEFAULT 1"), "SELECT count(*) FROM pg_proc WHERE proname = 'f'", "1"),
    "one of two functions": (F + F.replace("i int", "i text").replace("i * 2", "1"), F, "SELECT count(*) FROM pg_proc WHERE proname = 'f'", "1"),
    "a function that is written otherwise": (F, F.replace("i int", "i pg_catalog.int4").replace("* 2", "* 3"), "SELECT app.f(1)", "3"),
    "a trigger": (KINDS["trigger"][0], KINDS["trigger"][0].split("DROP TRIGGER")[0], "SELECT count(*) FROM pg_trigger WHERE tgname = 'g'", "0"),
    "a policy": ("DROP POLICY IF EXISTS p ON app.t;\nCREATE POLICY p ON app.t USING (n > 0);\n", "DROP POLICY IF EXISTS q ON app.t;\nCREATE POLICY q ON app.t USING (n > 0);\n",
                 "SELECT polname FROM pg_policy", "q"),
    "a rule": ("CREATE OR REPLACE RULE r AS ON DELETE TO app.t WHERE OLD.id < 0 DO INSTEAD NOTHING;\n" + V, V, "SELECT count(*) FROM pg_rewrite WHERE rulename = 'r'", "0"),
    "with one that cannot be replaced": (V2 + "CREATE OR REPLACE VIEW app.w AS SELECT id FROM app.t;\n", V, "SELECT count(*) FROM pg_class WHERE relname IN ('v', 'w')", "1"),
}


@cases(**{name.replace(" ", "_"): name for name in LEFT})
@spread_over_majors
def what_a_text_makes_no_more_goes_with_it(name, tmp):
    """In the same transaction; the receipt's notes name it; what stands upon it stops it."""
    before, after, asked, answer = LEFT[name]
    p = project(tmp, d=before)
    p.write(f"{HOME}d.sql", after)
    ran = built(p)
    equal(pg.psql(p.db, asked), [(answer,)])
    if name not in ("a function that is written otherwise", "a trigger", "a policy", "a rule"):
        contains(ran.text, "as its text makes it no more: ")
        contains(receipt(p, "d")["notes"], "as its text makes it no more: ")
    contains(p.build().text, "nothing to do")
    equal(p.run("diff", "dev", "--exit-code").status, 0)
    contains(p.run("receipt", "verify").text, "all as they should be")


@test
def what_stands_upon_what_a_text_makes_no_more_holds_it(tmp):
    """A migration's view upon it: nothing is changed, and the text that makes it still may stay."""
    p = project(tmp, d=V + "CREATE OR REPLACE VIEW app.w AS SELECT id FROM app.v;\n")
    p.bundle("M-02", "CREATE VIEW app.mine AS SELECT id FROM app.w;\n")
    built(p)
    p.write(f"{HOME}d.sql", V)
    fails(p.build(), 2, "DROP VIEW", "2BP01")
    equal(pg.psql(p.db, "SELECT count(*) FROM app.mine"), [("10",)])


# name -> (text, status, words)
REFUSED = {
    "rows": ("INSERT INTO app.t VALUES (99);\n", 5, "a repeatable definition holds views"),
    "table": ("CREATE TABLE app.x (id int);\n", 5, "CREATE TABLE: a repeatable definition"),
    "code": ("DO $$ BEGIN NULL; END $$;\n", 5, "DO: a repeatable definition"),
    "nothing": ("-- nothing yet\n", 5, "the file defines nothing"),
    "after nobody": ("-- kfmig:after nobody\n" + V, 5, "nobody"),
    "itself": ("-- kfmig:after d\n" + V, 5, "depends_on"),
    "rollback": ("-- [KFM_MIGRATION]\n-- id: d\n-- rollback: down\n-- [/KFM_MIGRATION]\n" + V, 5, "nothing takes a repeatable definition back"),
    "no table": ("CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.none;\n", 2, "app.none"),
    "ledger": ("CREATE OR REPLACE VIEW kfmig.v AS SELECT 1 AS one;\n", 1, "kfmig"),
    "protected": ("CREATE OR REPLACE VIEW governance.v AS SELECT 1 AS one;\n", 1, "protected by policy.protected.schemas"),
}


@cases(**{name.replace(" ", "_"): name for name in REFUSED})
def what_is_no_definition_or_may_not_be_is_refused(name, tmp):
    text, status, words = REFUSED[name]
    p = project(tmp)
    at = last(p)
    p.write(f"{HOME}d.sql", text)
    fails(p.build(), status, words)
    equal(ran_since(p, at) if status != 2 else [], [])
    equal(pg.psql(p.db, "SELECT count(*) FROM app.t"), [("10",)])


@test
def a_definition_changed_by_hand_is_drift(tmp):
    """It blocks what would write over it, until it is adopted: then the file is made anew."""
    p = project(tmp, v=V)
    pg.psql(p.db, "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t WHERE id > 3")
    contains(p.run("plan", "dev").text, "app.v")
    p.write(f"{HOME}v.sql", V.replace("app.t;", "app.t WHERE id > 1;"))
    equal(reason(p, "v")[1:], ("blocked", "drift"))
    equal(p.run("adopt", "dev", "--apply").status, 0)
    built(p)
    equal(pg.psql(p.db, "SELECT count(*) FROM app.v"), [("9",)])
    pg.psql(p.db, "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.t WHERE id > 3")
    equal(p.run("adopt", "dev", "--apply").status, 0)
    equal(reason(p, "v")[1:], ("stale", "need_changed"))
    built(p)
    equal(pg.psql(p.db, "SELECT count(*) FROM app.v"), [("9",)])


@cases(**{point.replace(".", "_"): point for point in ("tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed")})
def killed_it_is_made_once(point, tmp):
    p = project(tmp, v=V)
    p.write(f"{HOME}v.sql", V.replace("app.t;", "app.t WHERE id > 1;"))
    at = last(p)
    p.run("build", "dev", "--apply", env={"KFMIG_FAULT": f"{point}:kill"}, program=FAULTY)
    built(p)
    equal(ran_since(p, at), ["v"])
    equal(pg.psql(p.db, "SELECT count(*) FROM app.v"), [("9",)])


main()
