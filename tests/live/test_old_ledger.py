"""A ledger of ledger format 1, made by 0.1.0 before the house had its second edition, stays good: see fixtures/old_ledger/make.py for its story;
and so does one of format 2 (fixtures/ledger_2/make.py)."""
# run: needs=postgres,postgis

import json
import os
import pathlib
import shutil

import pg
from datasets import point, version
from project import Project, full_id
from schemas import valid
from tap import contains, equal, lacks, main, test

FIXTURE = pathlib.Path(os.environ["KFMIG_SRC"]) / "tests/live/fixtures/old_ledger"
NAME = "old_ledger"  # role and database, as the dump names them
C = "2026-04.0000000c"
ENTRIES = [("contact", "database", "success"), ("adopt", "database", "success"), ("apply", "M-01", "success"), ("apply", "M-02", "failed"),
           ("apply", "M-02", "success"), ("publish", "tanks", "success"), ("publish", "wells", "success"), ("adopt", "database", "success"),
           ("apply", "M-05", "success"), ("publish", "wells", "success"), ("publish", "wells", "success"), ("publish", "wells", "success")]
ROWS = [("2026-02.0000000a", "6"), ("2026-03.0000000b", "4")]


def short(subject):
    return subject.split("/")[-1].split("@")[0].replace("PG-MIG-2026-01-01-", "M-")


def restored(tmp, database=FIXTURE, overlay=None):
    """The fixture's project with its database in the test's own server; another test's copy goes."""
    if not pg.psql("postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{NAME}'"):
        pg.createdb(NAME, postgis=True)
    pg.psql("postgres", f"DROP DATABASE {NAME} WITH (FORCE)")
    pg.psql("postgres", f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE with_postgis")
    pg.psql(NAME, (database / "database.sql").read_text(encoding="utf-8"))
    p = Project(tmp, db=NAME, older=len(ENTRIES))
    for folder in (FIXTURE, overlay):
        if folder:
            shutil.copytree(folder / "project", p.root, dirs_exist_ok=True)
    return p


def entries(p):
    return [(kind, short(subject), result) for _, kind, subject, result in p.entries()]


def generations(p):
    return [tuple(r) for r in pg.psql(p.db, "SELECT projection, number, state FROM kfmig.generation WHERE state <> 'dropped' ORDER BY 1, 2")]


def contents(p):
    return dict(pg.psql(p.db, "SELECT projection, encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'"))


def wells(p):
    return [tuple(r) for r in pg.psql(p.db, "SELECT version, count(*) FROM wells.pts GROUP BY 1 ORDER BY 1")]


def well(ran, text="", status=0):
    equal(ran.status, status, repr(ran))
    contains(ran.text, text)


@test
def the_fixture_holds_what_its_story_says(tmp):
    p = restored(tmp)
    equal(entries(p), ENTRIES)
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "1")
    equal(generations(p), [("tanks", "1", "live"), ("wells", "1", "kept"), ("wells", "2", "live")])
    equal(wells(p), ROWS)


@test
def migrations_that_are_done_are_not_run_again(tmp):
    p = restored(tmp)
    states = {name: row["state"] for name, row in p.targets().items() if name.endswith("@apply")}
    equal(states, {f"M-0{i}@apply": "current" for i in (1, 2, 3, 4, 5)})
    well(p.build())
    equal([e for e in entries(p)[len(ENTRIES):] if e[0] == "apply"], [])
    equal(wells(p), ROWS)
    after = entries(p)
    contains(p.build().text, "nothing to do (7 current)")
    equal(entries(p), after)


@test
def a_build_goes_on_where_the_old_one_ended(tmp):
    p = restored(tmp)
    p.bundle("M-06", "INSERT INTO hub.note VALUES (2, 'new');\n", schemas=["hub"], limits=dict(max_row_backfill=5))
    p.bundle("M-07", "ALTER TABLE tanks.pts ADD COLUMN owner text;\n", schemas=["tanks"])
    well(p.build())
    equal(pg.psql(p.db, "SELECT note FROM hub.note ORDER BY id"), [("ä",), ("new",)])
    equal(pg.value(p.db, "SELECT count(*) FROM tanks.pts WHERE owner IS NULL"), "6")
    well(p.run("receipt", "verify", "dev"))
    equal(sorted(entries(p)[len(ENTRIES):]), [("adopt", "database", "success"), ("apply", "M-06", "success"), ("publish", "tanks", "success"), ("publish", "wells", "success")],
          "the loader's rules are others: what would grow in place is made again once")
    contains(p.build().text, "nothing to do (9 current)")
    p.bundle("M-08", "ALTER TABLE tanks.pts ADD COLUMN tenant text;\n", schemas=["tanks"])
    well(p.build())
    equal(entries(p)[-1], ("apply", "M-08", "success"))


def fingerprints(p):
    """Of the sum of objects, and who wrote each last: (object, fingerprint, writer)."""
    return {row[0]: row[1:] for row in pg.psql(p.db, """
        SELECT DISTINCT ON (object) object, encode(fingerprint, 'hex'),
               coalesce(substring(definition FROM '~written\\t(\\d+)'), seq::text) FROM kfmig.object ORDER BY object, seq DESC""") if row[1]}


def hashed(p):
    """Objects whose fingerprint is not the SHA-256 of their definition without the lines that begin with ~."""
    return pg.psql(p.db, """SELECT object, seq FROM kfmig.object WHERE fingerprint IS NOT NULL AND fingerprint <>
        sha256(convert_to(regexp_replace(definition, '(^|\\n)~.*$', '\\1'), 'UTF8'))""")


@test
def the_first_build_records_fingerprints_anew_and_finds_no_drift(tmp):
    p = restored(tmp)
    before = fingerprints(p)
    for verb in ("plan", "status"):
        contains(p.run(verb, "dev").out, "the ledger's fingerprints are of format 1: the next build that runs records those of all objects anew, in format 2")
        equal(p.json(verb, "dev")["fingerprints"], {"format": 1, "next": 2})
    first = p.json("status", "dev")["targets"][0]["target"]
    contains(p.run("why", first).out, "the ledger's fingerprints are of format 1")
    equal(p.json("why", first)["fingerprints"], {"format": 1, "next": 2})
    equal(entries(p), ENTRIES, "looking writes nothing")
    ran = p.build()
    well(ran, "recorded anew in format 2; ledger entry 13")
    position = pg.value(p.db, "SELECT min(seq) FROM kfmig.entry WHERE seq > 12")
    equal(entries(p)[len(ENTRIES)], ("adopt", "database", "success"), "before any work")
    body = json.loads(pg.value(p.db, f"SELECT body FROM kfmig.receipt WHERE seq = {position}"))
    equal((body["claim"]["reason"], body["run_kind"]), ("format", "adopt"))
    valid("run_receipt.v1", body)
    after = fingerprints(p)
    equal([o for o in before if o not in after], [], "no object is lost")
    rows = dict(pg.psql(p.db, f"SELECT object, count(*) FROM kfmig.object WHERE seq = {position} AND fingerprint IS NOT NULL GROUP BY 1"))
    equal([o for o in before if o not in rows], [], "every object has its new fingerprint in that entry")
    writers = {o: w for o, (_, w) in before.items()}
    equal({o: w for o, (_, w) in after.items() if o in writers and int(w) < int(position)}, {o: w for o, w in writers.items() if int(after[o][1]) < int(position)},
          "who wrote an object last stays known")
    equal(hashed(p), [], "fingerprints are of the definitions")
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "2")
    lacks(p.run("plan", "dev").out, "format 1")
    equal(p.json("plan", "dev")["fingerprints"], None)
    lacks(p.run("plan", "dev").out, "drift")
    well(p.run("receipt", "verify", "dev"))
    pg.psql(p.db, "ALTER TABLE hub.note ADD COLUMN stray int", user=NAME)
    contains(p.run("plan", "dev").out, "drift: table hub.note changed outside kfmig; last written by " + full_id("M-01"))


@test
def drift_in_format_1_is_shown_and_nothing_is_recorded_anew(tmp):
    p = restored(tmp)
    pg.psql(p.db, "ALTER TABLE hub.note ADD COLUMN stray int", user=NAME)
    ran = p.run("plan", "dev")
    contains(ran.out, "drift: table hub.note changed outside kfmig; last written by " + full_id("M-01"))
    contains(ran.out, "the next build that finds no drift records those of all objects anew")
    p.build()
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "1")
    equal([e for e in entries(p)[len(ENTRIES):] if e[0] == "adopt"], [])
    well(p.run("adopt", "dev"))
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "1", "what is adopted is of the ledger's format")
    well(p.build())
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "2")
    well(p.run("receipt", "verify", "dev"))


@test
def a_ledger_of_format_2_stays_good(tmp):
    made = FIXTURE.parent / "ledger_2"
    p = restored(tmp, made, made)
    before = entries(p)
    equal(before[:len(ENTRIES) + 1], ENTRIES + [("adopt", "database", "success")])
    equal(before[-1], ("apply", "M-06", "success"))
    equal(pg.value(p.db, "SELECT format FROM kfmig.instance"), "2")
    ran = p.run("plan", "dev")
    lacks(ran.out, "outside kfmig", "a dump restored is no drift")
    lacks(ran.out, "format 1")
    equal(hashed(p), [], "fingerprints are of the definitions")
    well(p.run("receipt", "verify", "dev"), f"{len(before)} entries, {len(before)} receipts")
    view = "SELECT to_regclass('kfmig.schema_migrations') IS NOT NULL"
    equal(pg.value(p.db, view), "f", "who only reads needs no view")
    p.bundle("M-07", "ALTER TABLE hub.note ADD COLUMN later int;\n", schemas=["hub"])
    well(p.build())
    equal(entries(p)[-1], ("apply", "M-07", "success"))
    equal(pg.value(p.db, view), "t", "the first run that writes makes it")
    applied = {s for kind, s, result in entries(p) if (kind, result) == ("apply", "success")}
    equal({short(v) for (v,) in pg.psql(p.db, "SELECT version FROM kfmig.schema_migrations WHERE NOT dirty")}, applied)
    contains(p.build().text, "nothing to do")
    pg.psql(p.db, "ALTER TABLE hub.note ADD COLUMN stray int", user=NAME)
    contains(p.run("plan", "dev").out, "drift: table hub.note changed outside kfmig; last written by " + full_id("M-07"))


@test
def every_old_receipt_verifies_and_shows(tmp):
    p = restored(tmp)
    ran = p.run("receipt", "verify", "dev")
    well(ran, f"{len(ENTRIES)} entries, {len(ENTRIES)} receipts")
    listed = p.json("receipt", "list", "dev")
    valid("receipt_list.v1", listed)
    for position in range(1, len(ENTRIES) + 1):
        body = pg.value(p.db, f"SELECT body FROM kfmig.receipt WHERE seq = {position}")
        valid("run_receipt.v1", json.loads(body))
        equal(json.loads(p.run("receipt", "show", "dev", str(position), "--json").out), json.loads(body), f"receipt {position}")


@test
def a_byte_changed_in_an_old_receipt_is_found(tmp):
    p = restored(tmp)
    pg.psql(p.db, "ALTER TABLE kfmig.receipt DISABLE TRIGGER append_only; ALTER TABLE kfmig.receipt DROP CONSTRAINT receipt_check;"
                  "UPDATE kfmig.receipt SET body = replace(body, 'tester', 'tesler') WHERE seq = 5; ALTER TABLE kfmig.receipt ENABLE ALWAYS TRIGGER append_only")
    well(p.run("receipt", "verify", "dev"), "entry 5: its receipt was altered", status=8)


@test
def why_and_plan_explain_old_targets(tmp):
    p = restored(tmp)
    for target in ("M-02", "M-05"):
        doc = p.json("why", "dev", full_id(target))
        valid("why.v1", doc)
        contains(json.dumps(doc), full_id(target))
    for projection in ("wells", "tanks"):
        valid("why.v1", p.json("why", projection))
    doc = p.json("plan", "dev")
    valid("plan.v1", doc)
    equal({s["action"] for s in doc["plan"]["steps"] if "@apply" in s["target"]}, {"none"})


@test
def drift_against_the_old_sum_of_objects_is_found(tmp):
    p = restored(tmp)
    pg.psql(p.db, "ALTER TABLE hub.note ADD COLUMN stray int", user=NAME)
    contains(p.run("plan", "dev").out, "drift: table hub.note changed outside kfmig; last written by " + full_id("M-01"))
    well(p.run("adopt", "dev"))
    equal(entries(p)[-1], ("adopt", "database", "success"))
    well(p.run("receipt", "verify", "dev"))


@test
def projections_are_stale_for_the_rules_and_nothing_else(tmp):
    p = restored(tmp)
    reasons = {name: row["reasons"] for name, row in p.targets().items() if name.endswith("@publish")}
    equal({name: [(r["code"], r["cause"]) for r in found] for name, found in reasons.items()},
          {"tanks@publish": [("rule_changed", "rule")], "wells@publish": [("rule_changed", "rule")]})


@test
def projections_are_made_again_switched_and_collected(tmp):
    p = restored(tmp)
    before = contents(p)["wells"]
    well(p.run("switch", "dev", "wells", "1", "--verify"))
    equal(wells(p), ROWS[:1])
    well(p.run("switch", "dev", "wells", "2", "--verify"))
    well(p.build(), "an operator switched to an earlier generation", status=1)
    well(p.build("wells"))
    equal(contents(p)["wells"], before, "the rows that the old program proved")
    well(p.run("rebuild", "dev", f"--dataset-version={ROWS[0][0]}"))
    equal(contents(p)["wells"], before, "the rows that the old program proved")
    equal(wells(p), ROWS)
    well(p.run("gc", "dev", "--all"))
    equal([g for g in generations(p) if g[0] == "wells" and g[2] != "live"], [])
    well(p.run("receipt", "verify", "dev"))


@test
def a_new_version_copies_what_the_old_generation_holds(tmp):
    p = restored(tmp)
    well(p.build())
    version(p, "wells", C, [point("w9", -99, 38)])
    path = p.path("registry/projections/wells.yml")
    source = path.read_text()
    entry = source[source.index("  - dataset"):source.index("validate:")].split("  - ")[-1]
    path.write_text(source.replace("validate:", "  - " + entry.replace("2026-03.0000000b", C) + "validate:"))
    well(p.build())
    equal(wells(p), ROWS + [(C, "1")])
    facts = json.loads(pg.value(p.db, "SELECT facts FROM kfmig.generation WHERE projection = 'wells' AND state = 'live'"))
    equal(sorted(v["copied"] for v in facts["loads"].values()), [False, True, True])


main()
