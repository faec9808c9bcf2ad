"""What no machine can know, settled by hand: what is shown, what either answer leads to, and what is refused."""
# run: needs=postgres limit=600

import json

import pg
from project import FAULTY, Project, full_id
from schemas import valid
from tap import cases, contains, equal, fails, lacks, main, test

TWO = full_id("M-02")
FIRST = """\
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, name text);
CREATE TABLE app.u (id int);
CREATE INDEX old ON app.t (name, id);
INSERT INTO app.t SELECT i, 'n' || i FROM generate_series(1, 50) i;
"""
INDEX = "CREATE INDEX CONCURRENTLY i ON app.t (name);\n"
PROTECTED = """\
environments:
  dev: {protected: true, approval: review, stores: {postgis: {dsn_ref: KFM_DSN}}}
default_environment: dev
"""
KINDS = f"SELECT kind, result FROM kfmig.entry WHERE subject = '{TWO}' ORDER BY seq"


def killed(tmp, sql, at="journal.intended", passage=1, **more):
    """M-01 is applied; the build of M-02 was killed at a point of the journal."""
    p = Project(tmp, **more)
    p.bundle("M-01", FIRST)
    p.run("check", "--fix")
    equal(p.run("build", "dev", "--apply").status, 0)
    p.bundle("M-02", sql, tables=None)
    p.run("check", "--fix")
    ran = p.run("build", "dev", "--apply", program=FAULTY, env={"KFMIG_FAULT": f"{at}:kill:{passage}"})
    equal(ran.status, -9, repr(ran))
    return p


def state(p):
    row = next(t for t in p.json("status", "dev")["targets"] if t["target"] == f"dev/{TWO}@apply")
    return row["state"], row["reasons"][0]["code"]


def in_doubt(tmp, sql=INDEX, theirs="CREATE INDEX i ON app.t (id)", **more):
    """Somebody else made what takes the name of what was begun."""
    p = killed(tmp, sql, **more)
    pg.psql(p.db, theirs)
    equal(state(p), ("blocked", "in_doubt"))
    return p


def resolve(p, *args, **more):
    return p.run("resolve", "dev", TWO, *args, **more)


def whole(p):
    """Applied, as the ledger says, and the ledger holds."""
    equal(state(p), ("current", "current"))
    for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
        ran = p.run(*verb)
        equal(ran.status, 0, repr(ran))


def index(p, name="app.i"):
    return pg.value(p.db, f"SELECT pg_get_indexdef(to_regclass('{name}'))")


@test
def what_was_seen_is_shown_first(tmp):
    """--dry-run and a call without an answer show what was begun and what stands there, and write nothing; plan, why and preflight name the verb."""
    p = in_doubt(tmp)
    size = pg.value(p.db, "SELECT size FROM kfmig.head")
    shown = resolve(p, "--dry-run")
    equal(shown.status, 0, repr(shown))
    for words in (f"{TWO} in dev: it was begun by run ", "step 1 of 1 (CREATE INDEX index app.i) was begun",
                  "seen: index app.i stands there, valid, of another shape than it is to be", "--as=applied: ", "--as=absent: ", "nothing was resolved"):
        contains(shown.err, words)
    fails(resolve(p), 5, "say what came of it: --as=applied or --as=absent; nothing was resolved")
    fails(resolve(p, "--as=perhaps"), 5, "--as=perhaps says neither")
    equal(pg.value(p.db, "SELECT size FROM kfmig.head"), size, "nothing was written")
    contains(p.run("why", f"dev/{TWO}").out, "`kfmig resolve dev TARGET` shows what was seen")
    contains(p.run("plan", "dev").out, "is neither what stood there before nor what it makes: index app.i stands there, valid, of another shape")
    checks = {c["check"]: c for c in json.loads(p.run("preflight", "dev", "--json").out)["checks"]}
    contains(checks["in_doubt"]["findings"][0]["text"], f"`kfmig resolve dev {TWO}` shows it")


@test
def as_applied_it_counts_as_done(tmp):
    """The build goes on behind it; what stands there is recorded as the migration's; the receipt says what was seen, by whom, and that a person said so."""
    p = in_doubt(tmp, INDEX + "INSERT INTO app.u VALUES (7);\n")
    ran = resolve(p, "--as=applied", "--notes=looked at by ada")
    equal(ran.status, 0, repr(ran))
    contains(ran.err, f"{TWO} is resolved as applied; ledger entry ")
    sequence = pg.value(p.db, "SELECT seq FROM kfmig.entry WHERE kind = 'resolve'")
    receipt = json.loads(p.run("receipt", "show", "dev", sequence, "--canonical").out)
    valid("run_receipt.v1", receipt)
    equal((receipt["run_kind"], receipt["notes"], receipt["claim"]["resolve"]["as"], receipt["claim"]["journal"]["how"]),
          ("resolve", "looked at by ada", "applied", "applied"))
    contains(receipt["claim"]["resolve"]["seen"], "index app.i stands there, valid, of another shape")
    equal(receipt["claim"]["resolve"]["stands"], receipt["claim"]["journal"]["proof"])
    equal(state(p), ("stale", "begun"))
    equal(p.run("diff", "dev").status, 0, "what it left is no drift")
    built = p.build()
    equal(built.status, 0, repr(built))
    equal((index(p), pg.value(p.db, "SELECT count(*) FROM app.u")), ("CREATE INDEX i ON app.t USING btree (id)", "1"))
    equal([k for k, _ in pg.psql(p.db, KINDS)], ["intent", "resolve", "done", "apply"])
    whole(p)


@test
def as_absent_it_begins_anew(tmp):
    """What stands there stays somebody else's: it is drift, and in the way, until it is taken away; then the migration runs as if nothing had been begun."""
    p = in_doubt(tmp)
    equal(resolve(p, "--as=absent").status, 0)
    fails(p.run("diff", "dev"), 10, "app.i")
    equal(state(p)[0], "blocked")
    pg.psql(p.db, "DROP INDEX app.i")
    equal(state(p), ("stale", "never_built"))
    built = p.build()
    equal(built.status, 0, repr(built))
    equal(index(p), "CREATE INDEX i ON app.t USING btree (name)")
    equal([k for k, _ in pg.psql(p.db, KINDS)], ["intent", "resolve", "intent", "done", "apply"])
    whole(p)


# The migration, what somebody else did meanwhile, what is seen, and what the answer that fits leads to.
SIBLINGS = {
    "index of another table": (INDEX, "CREATE INDEX i ON app.u (id)", "is no index of table", "absent", "DROP INDEX app.i"),
    "no index at all": (INDEX, "CREATE TABLE app.i ()", "is no index of table", "absent", "DROP TABLE app.i"),
    "another one dropped and made": ("DROP INDEX CONCURRENTLY app.old;\n", "DROP INDEX app.old; CREATE INDEX old ON app.t (id)", "index app.old stands there, valid",
                                     "absent", "SELECT 1"),
    "the drop was not wanted": ("DROP INDEX CONCURRENTLY app.old;\n", "DROP INDEX app.old; CREATE INDEX old ON app.t (id)", "index app.old stands there, valid", "applied",
                                "SELECT 1"),
    "one renewed by hand": (INDEX, "CREATE INDEX i ON app.t (name, id)", "of another shape", "applied", "SELECT 1"),
}


@cases(**{k.replace(" ", "_"): v for k, v in SIBLINGS.items()})
def siblings(how, tmp):
    sql, theirs, seen, answer, undo = how
    p = in_doubt(tmp, sql, theirs)
    contains(resolve(p, "--dry-run").err, seen)
    ran = resolve(p, f"--as={answer}")
    equal(ran.status, 0, repr(ran))
    pg.psql(p.db, undo)
    if answer == "absent" and p.run("diff", "dev").status == 10:
        equal(p.run("adopt", "dev").status, 0)
    built = p.build()
    equal(built.status, 0, repr(built))
    whole(p)


@test
def what_was_begun_otherwise(tmp):
    """Its scripts were changed behind a transaction and an intent: applied is refused; absent takes all of it for not happened, newest first, a receipt each."""
    p = killed(tmp, "INSERT INTO app.u VALUES (1);\n" + INDEX)
    p.bundle("M-02", "INSERT INTO app.u VALUES (2);\n" + INDEX)
    p.run("check", "--fix")
    equal(state(p), ("blocked", "begun_otherwise"))
    contains(resolve(p, "--dry-run").err, "its scripts were changed since")
    fails(resolve(p, "--as=applied"), 5, "cannot count as done")
    contains(p.run("why", f"dev/{TWO}").out, "--as=absent")
    pg.psql(p.db, "DELETE FROM app.u")
    equal(resolve(p, "--as=absent").status, 0)
    rows = pg.psql(p.db, f"SELECT kind FROM kfmig.entry WHERE subject = '{TWO}' ORDER BY seq")
    equal([k for k, in rows], ["done", "intent", "resolve", "resolve"])
    equal(state(p), ("stale", "never_built"))
    built = p.build()
    equal(built.status, 0, repr(built))
    equal(pg.psql(p.db, "SELECT id FROM app.u"), [("2",)])
    whole(p)


@test
def a_rollback_in_doubt(tmp):
    """The rollback dropped an index that somebody made again otherwise: an answer, and the rollback goes on."""
    p = Project(tmp)
    p.bundle("M-01", FIRST)
    equal(p.build().status, 0)
    p.bundle("M-02", "CREATE INDEX i ON app.t (name);\n", "DROP INDEX CONCURRENTLY app.i;\n")
    equal(p.build().status, 0)
    ran = p.run("rollback", "dev", "--apply", program=FAULTY, env={"KFMIG_FAULT": "journal.intended:kill"})
    equal(ran.status, -9, repr(ran))
    fails(resolve(p, "--as=applied"), 1, "is not in doubt")
    pg.psql(p.db, "DROP INDEX app.i; CREATE INDEX i ON app.t (id)")
    shown = resolve(p, "--dry-run")
    equal(shown.status, 0, repr(shown))
    contains(shown.err, "a rollback of it was begun")
    equal(resolve(p, "--as=absent").status, 0)
    pg.psql(p.db, "DROP INDEX app.i; CREATE INDEX i ON app.t (name)")
    ran = p.run("rollback", "dev", "--apply")
    equal(ran.status, 0, repr(ran))
    equal(index(p), None)
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("diff", "dev").status, 0)


# What stands when it is asked, and the words of the refusal.
KNOWN = {
    "nothing was begun": (None, None, f"nothing of {TWO} was begun"),
    "nothing of it stands": (INDEX, "SELECT 1", "stands not yet, which can be told"),
    "all of it stands": (INDEX, "CREATE INDEX i ON app.t (name)", "stands, which can be told"),
}


@cases(**{k.replace(" ", "_"): v for k, v in KNOWN.items()})
def refused_where_the_machine_knows(how, tmp):
    sql, theirs, words = how
    if sql is None:
        p = Project(tmp)
        p.bundle("M-01", FIRST)
        equal(p.build().status, 0)
        p.bundle("M-02", INDEX)
    else:
        p = killed(tmp, sql)
        pg.psql(p.db, theirs, user=p.db)
    size = pg.value(p.db, "SELECT size FROM kfmig.head")
    for answer in ("applied", "absent"):
        fails(resolve(p, f"--as={answer}"), 1, words)
    equal(pg.value(p.db, "SELECT size FROM kfmig.head"), size)
    equal(p.build().status, 0)


@test
def in_a_protected_environment_a_person_confirms(tmp):
    """As for adopt: without a terminal and without --apply nothing is written."""
    p = in_doubt(tmp, environments=PROTECTED)
    fails(resolve(p, "--as=absent"), 1, "nothing was resolved")
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'resolve'"), "0")
    equal(resolve(p, "--as=absent", "--apply").status, 0)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind = 'resolve'"), "1")


@test
def no_definition_or_value_gets_out(tmp):
    """What was seen is told by names: no part of an index's definition, which may hold values of rows."""
    p = in_doubt(tmp, INDEX, "CREATE INDEX i ON app.t (name) WHERE name = 'hush-4711'")
    shown = resolve(p, "--dry-run")
    lacks(shown.text, "hush-4711")
    ran = resolve(p, "--as=absent")
    lacks(ran.text, "hush-4711")
    sequence = pg.value(p.db, "SELECT seq FROM kfmig.entry WHERE kind = 'resolve'")
    lacks(p.run("receipt", "show", "dev", sequence, "--canonical").out, "hush-4711")


@cases(no_target=(["dev"], "needs one migration"), two=(["dev", full_id("M-01"), TWO], "needs one migration"), unknown=(["dev", "nothing-like-it"], "nothing-like-it"))
def arguments(how, tmp):
    args, words = how
    p = in_doubt(tmp)
    fails(p.run("resolve", *args, "--as=absent"), 5, words)


main()
