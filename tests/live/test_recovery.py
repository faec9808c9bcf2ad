"""Disaster recovery: a lost database is made again from the project alone, and a drill shows beforehand that it would be."""
# run: needs=postgres,postgis limit=900

import json
import shutil
import signal

import pg
import proxy
from datasets import point, version
from project import ENVIRONMENTS, FAULTY, Project, full_id
from schemas import valid
from seen import finish, one_error, until
from tap import contains, equal, lacks, main, test

A, B = "2026-02.0000000a", "2026-03.0000000b"
SINK = ENVIRONMENTS + "receipts: {sink: archive}\n"
POINTS = [point(f"p{i}", -102 + i / 100, 37 + i / 200) for i in range(200)]
CHAIN = """\
CREATE SCHEMA app;
CREATE TABLE app.pts (version text NOT NULL, id text NOT NULL, geom geometry(Point, 4326) NOT NULL, PRIMARY KEY (version, id));
CREATE INDEX pts_geom ON app.pts USING gist (geom);
"""
TABLES = """\
CREATE SCHEMA ref;
CREATE TABLE ref.kind (name text PRIMARY KEY);
INSERT INTO ref.kind VALUES ('a'), ('b');
CREATE TABLE ref.note (text text);
"""
SECRET = "Top Secret 4711"


def declare(p, ident=A):
    p.write("registry/projections/wells.yml", f"""\
projection: wells
store: postgis
schema: app
sources:
  - dataset: wells
    version: {ident}
    asset: features
    into: pts
    columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}
validate: {{counts: catalog, extents: {{from: catalog}}}}
""")


def project(tmp, environments=SINK, built=True):
    """A table outside, a projection, a sink; the role may create databases, from a template that has PostGIS."""
    p = Project(tmp, environments=environments, postgis=True)
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB; ALTER DATABASE with_postgis IS_TEMPLATE true;')
    p.bundle("M-01", TABLES, schemas=("ref",), limits={"max_row_backfill": 10})
    p.bundle("M-02", CHAIN, folder="postgis")
    version(p, "wells", A, POINTS)
    version(p, "wells", B, POINTS[:100])
    declare(p)
    if built:
        ran = p.build()
        equal(ran.status, 0, repr(ran))
    return p


def lose(p):
    pg.psql("postgres", f'DROP DATABASE "{p.db}";')


def recover(p, *args, **more):
    return p.run("rebuild", "dev", "--all", "--new-database", "--template=with_postgis", *args, **more)


def drill(p, *args, **more):
    return p.run("rebuild", "dev", "--all", "--drill", "--template=with_postgis", *args, **more)


def content(p):
    return pg.value(p.db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'")


def receipt(p, sequence):
    return json.loads(pg.value(p.db, f"SELECT body FROM kfmig.receipt WHERE seq = {sequence}"))


def ledger(p):
    uuid, size, root = pg.psql(p.db, "SELECT i.uuid, h.size, 'sha256:' || encode(h.root, 'hex') FROM kfmig.instance i, kfmig.head h")[0]
    return uuid, int(size), root


def clean(p, *texts):
    """No machine path, no row value."""
    for text in texts:
        lacks(text, str(p.root))
        lacks(text, SECRET)
        lacks(text, pg.cluster().host)


def drills_there():
    return [r[0] for r in pg.psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'kfmig_drill%'")]


# --- a lost database


@test
def a_lost_database_is_made_again_and_cites_the_lost_ledger(tmp):
    p = project(tmp)
    was, (uuid, size, root) = content(p), ledger(p)
    lost = p.path(f"archive/dev/{uuid}")
    kept = sorted(f.name for f in lost.iterdir())
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    equal(content(p), was)
    contains(ran.text, f"cites entry {size} of ledger {uuid} (sink, cache)")
    contains(ran.text, f"wells: same content as ledger entry {size} of the lost ledger")
    contains(ran.text, "rows of table ref.note: no migration makes any")
    lacks(ran.text, "rows of table ref.kind")
    first = receipt(p, 1)
    valid("run_receipt.v1", first)
    cites = first["claim"]["recovery"]["cites"]
    equal((cites["instance"], cites["sequence"], cites["root"], cites["found_in"]), (uuid, size, root, ["sink", "cache"]))
    equal(sorted(f.name for f in lost.iterdir()), kept, "the lost ledger's receipts stay as they are")
    new, entries, _ = ledger(p)
    equal(len(list(p.path(f"archive/dev/{new}").iterdir())), entries)
    last = receipt(p, entries)
    valid("run_receipt.v1", last)
    contains([g["gate"] for g in last["claim"]["gates"] if g["result"] == "pass"], f"recovered wells/{A}")
    contains(" ".join(i["uri"] for i in last["claim"]["inputs"]), "points.geojson")
    equal(p.run("receipt", "verify", "dev").status, 0)
    contains(p.build().text, "nothing to do")
    contains(recover(p).text, "recovered")
    clean(p, ran.text, json.dumps(first), json.dumps(last))


@test
def another_machine_that_remembers_the_lost_ledger_accepts_its_successor(tmp):
    p = project(tmp)
    shutil.copytree(p.path("state"), tmp / "colleague")
    lose(p)
    equal(recover(p).status, 0)
    shutil.rmtree(p.path("state"))
    shutil.copytree(tmp / "colleague", p.path("state"))
    contains(p.build().text, "nothing to do")


@test
def a_ledger_that_cites_less_than_was_seen_is_refused(tmp):
    p = project(tmp)
    uuid, size, _ = ledger(p)
    shutil.copytree(p.path("state"), tmp / "colleague")
    shutil.rmtree(p.path("state"))
    newest = sorted(p.path(f"archive/dev/{uuid}").iterdir())[-1]
    newest.unlink()
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"cites entry {size - 1} of ledger {uuid} (sink)")
    contains(ran.text, "nothing tells what the lost one held")
    shutil.rmtree(p.path("state"))
    shutil.copytree(tmp / "colleague", p.path("state"))
    one_error(p.run("build", "dev"), 1, f"knew up to entry {size - 1}", "delete state/kfmig.db")


@test
def what_the_sink_lacks_is_said(tmp):
    p = project(tmp)
    uuid, _, _ = ledger(p)
    for i in (1, 2):
        next(p.path(f"archive/dev/{uuid}").glob(f"0000000{i}-*")).unlink()
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "receipts that the sink lacks: entries 1-2 of the lost ledger")


@test
def without_any_checkpoint_it_says_so(tmp):
    p = project(tmp, ENVIRONMENTS)
    was = content(p)
    shutil.rmtree(p.path("state"))
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    equal(content(p), was)
    contains(ran.text, "no checkpoint of an earlier ledger was found")
    first = receipt(p, 1)
    valid("run_receipt.v1", first)
    equal(first["claim"]["recovery"], {"cites": None})


@test
def exported_receipts_tell_the_checkpoint_too(tmp):
    p = project(tmp, ENVIRONMENTS.replace("evidence: none", "evidence: bundle"))
    uuid, _, _ = ledger(p)
    shutil.rmtree(p.path("state"))
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"of ledger {uuid} (exported receipts)")
    contains(ran.text, "no receipt sink is declared")
    second, _, _ = ledger(p)
    contains(drill(p).text, f"of ledger {second} (cache)", "newer than what was exported from the first")
    lose(p)
    contains(recover(p).text, f"of ledger {second} (cache)")


@test
def a_database_that_is_not_lost_is_refused(tmp):
    p = project(tmp)
    before = ledger(p)
    one_error(recover(p), 1, "is not lost", "kfmig build dev")
    equal(ledger(p), before)
    pg.psql(p.db, "DROP SCHEMA kfmig CASCADE")
    one_error(recover(p), 1, "is not empty: schema app", "drop it")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kfmig'"), "0")


@test
def an_empty_database_is_taken_as_it_is(tmp):
    p = project(tmp)
    was = content(p)
    lose(p)
    pg.psql("postgres", f'CREATE DATABASE "{p.db}" OWNER "{p.db}" TEMPLATE with_postgis')
    contains(p.run("plan", "dev").err, "dev: the database has no ledger; the last run here saw ledger ")
    equal(p.run("rebuild", "dev", f"--dataset-version={A}", "--new-database").status, 0)
    equal(content(p), was)


@test
def without_the_right_to_create_it_says_what_an_administrator_has_to_do(tmp):
    p = project(tmp)
    lose(p)
    pg.psql("postgres", f'ALTER ROLE "{p.db}" NOCREATEDB')
    one_error(p.run("rebuild", "dev", "--all", "--new-database"), 1, "may not create the database", "CREATEDB")
    one_error(p.run("rebuild", "dev", "--all", "--new-database", "--template=none"), 1, "may not create the database")
    pg.psql("postgres", f'ALTER ROLE "{p.db}" CREATEDB')
    one_error(p.run("rebuild", "dev", "--all", "--new-database", "--template=none"), 1, 'no template database "none"')


@test
def a_changed_artifact_is_refused_before_anything_is_written(tmp):
    p = project(tmp)
    lose(p)
    path = p.path(f"registry/data/processed/wells/{A}/artifacts/points.geojson")
    path.write_bytes(path.read_bytes().replace(b"p7", b"p8", 1))
    ran = recover(p)
    equal(ran.status, 1, repr(ran))
    contains(ran.text, "points.geojson")
    contains(ran.text, "nothing was written")
    equal(pg.value("postgres", f"SELECT count(*) FROM pg_database WHERE datname = '{p.db}'"), "0")


@test
def other_rows_than_the_lost_ones_are_not_published(tmp):
    p = project(tmp)
    uuid, size, _ = ledger(p)
    path = next(p.path(f"archive/dev/{uuid}").glob(f"{size:08}-*"))
    body = json.loads(path.read_text())
    body["claim"]["projection"]["sources"][0]["fingerprint"] = "sha256:" + "1" * 64
    path.write_text(json.dumps(body, separators=(",", ":"), sort_keys=True))
    lose(p)
    ran = recover(p)
    equal(ran.status, 3, repr(ran))
    contains(ran.text, f"recovered wells/{A} failed: the rows are not those of ledger entry {size} of the lost ledger")
    equal(pg.psql(p.db, "SELECT 1 FROM pg_namespace WHERE nspname = 'app'"), [])


@test
def a_dry_run_says_what_would_be_done(tmp):
    p = project(tmp)
    lose(p)
    ran = recover(p, "--dry-run")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"would create the database {p.db}")
    contains(ran.text, "cites entry")
    contains(ran.text, "would rebuild wells")
    equal(pg.value("postgres", f"SELECT count(*) FROM pg_database WHERE datname = '{p.db}'"), "0")


@test
def a_protected_environment_wants_to_be_told(tmp):
    p = project(tmp, SINK.replace("evidence: none", "protected: true\n    approval: review\n    evidence: none"), built=False)
    p.write("registry/migrations.v1.json", registry("M-01", "M-02"))
    ran = p.run("adopt", "dev", "--apply")
    equal(ran.status, 0, repr(ran))
    ran = p.build("--apply")
    equal(ran.status, 0, repr(ran))
    was = content(p)
    one_error(drill(p), 1, "protected", "--apply")
    equal(drill(p, "--apply").status, 0)
    lose(p)
    one_error(recover(p), 1, "protected", "--apply")
    ran = recover(p, "--apply")
    equal(ran.status, 0, repr(ran))
    equal(content(p), was)


def registry(*ids):
    return json.dumps({"version": 1, "migrations": [
        {"id": full_id(i), "type": "postgis", "owners": ["tests"], "status": "approved"} for i in ids]})


@test
def the_report_as_json(tmp):
    p = project(tmp)
    was = content(p)
    lose(p)
    ran = recover(p, "--json")
    equal(ran.status, 0, repr(ran))
    report = json.loads(ran.out)
    valid("recovery.v1", report)
    equal(report["projections"][0]["content"], "sha256:" + was)
    equal(report["empty_tables"], ["table ref.note"])


@test
def killed_anywhere_the_same_command_or_build_goes_on(tmp):
    p = project(tmp)
    was, (uuid, _, _) = content(p), ledger(p)
    for i, where in enumerate(("ledger.create", "tx.recorded", "tx.committed", "generation.loaded", "generation.swapped")):
        lose(p)
        ran = recover(p, env={"KFMIG_FAULT": f"{where}:kill"}, program=FAULTY)
        equal(ran.status != 0, True, f"{where} {ran!r}")
        ran = p.build() if i % 2 and where != "ledger.create" else recover(p)
        equal(ran.status, 0, f"{where} {ran!r}")
        equal(content(p), was, where)
        cites = receipt(p, 1)["claim"]["recovery"]["cites"]
        equal(cites["instance"], uuid, where)
        uuid = ledger(p)[0]
        equal(p.run("receipt", "verify", "dev").status, 0, where)


@test
def interrupted_it_goes_on(tmp):
    p = project(tmp)
    was = content(p)
    lose(p)
    one_error(p.build(), 1, "does not exist", "--new-database")
    p.bundle("M-03", "SELECT pg_sleep(120);\n", schemas=("ref",))
    child = p.start("rebuild", "dev", "--all", "--new-database", "--template=with_postgis")
    until(lambda: pg.value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1", "it sleeps")
    child.send_signal(signal.SIGINT)
    status, out, err = finish(child, seconds=60)
    equal(status, 130, out + err)
    shutil.rmtree(p.path("migrations/postgis/" + full_id("M-03")))
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "gone on with")
    equal(content(p), was)


@test
def two_recoveries_at_once_make_one_database(tmp):
    p = project(tmp)
    was = content(p)
    lose(p)
    children = [p.start("rebuild", "dev", "--all", "--new-database", "--template=with_postgis") for _ in range(2)]
    for child in children:
        status, out, err = finish(child, seconds=120)
        equal(status, 0, out + err)
    equal(content(p), was)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry WHERE kind IN ('apply', 'publish')"), "2")


@test
def files_that_claim_nonsense_are_left_aside(tmp):
    p = project(tmp)
    uuid, size, _ = ledger(p)
    p.write(f"archive/dev/{uuid}/99999999-x.json", "{")
    p.write(f"archive/dev/{uuid}/99999999999999999999-x.json", "{}")
    p.write("archive/dev/00000000-0000-4000-8000-000000000000/00000001-x.json", json.dumps(
        {"ledger": {"instance": "other", "sequence": 1}, "finished_at": "9999"}))
    p.write("migrations/postgis/" + full_id("M-01") + "/receipts/receipt_ref.json", json.dumps(
        {"environment": "dev", "uri": f"kfmig:ledger:{uuid}:9007199254740991", "sha256": "sha256:" + "0" * 64}))
    lose(p)
    ran = recover(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, f"cites entry {size} of ledger {uuid} (sink, cache)")
    contains(ran.err, "99999999-x.json is no receipt of that ledger: left aside")
    clean(p, ran.text)


# --- drills


@test
def a_drill_whose_record_is_not_heard_of_is_reported(tmp):
    p = project(tmp)
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = proxy.LoseEntryReply("drill")
        ran = drill(p, env={"KFM_DSN": pg.dsn(p.db, host=between.host)})
        equal((between.fired.is_set(), ran.status), (True, 0), repr(ran))
    contains(ran.err, "asking the ledger")
    equal(receipt(p, ledger(p)[1])["run_kind"], "drill")
    equal(p.run("receipt", "verify", "dev").status, 0)


@test
def a_drill_whose_rebuild_fails_is_recorded_as_failed(tmp):
    p = project(tmp)
    pg.psql(p.db, f'CREATE TABLE ref.by_hand (id int PRIMARY KEY); ALTER TABLE ref.by_hand OWNER TO "{p.db}"')
    equal(p.run("adopt", "dev").status, 0)
    p.bundle("M-03", "ALTER TABLE ref.by_hand ADD note text;\n", schemas=("ref",))
    equal(p.build().status, 0)
    ran = drill(p)
    equal(ran.status, 2, repr(ran))
    contains(ran.text, "forward.sql:1:")
    body = receipt(p, ledger(p)[1])
    valid("run_receipt.v1", body)
    equal((body["run_kind"], body["result"], body["claim"]["drill"]["structure"]), ("drill", "failed", None))
    equal(drills_there(), [])
    equal(list(p.path("state").glob("owed/*")), [], "the throwaway ledger's receipts are owed to nobody")
    clean(p, json.dumps(body))


@test
def a_drill_shows_that_it_would_come_back(tmp):
    p = project(tmp)
    pg.psql(p.db, f"INSERT INTO ref.note VALUES ('{SECRET}')")
    before = ledger(p)
    state = pg.psql(p.db, "SELECT count(*) FROM app.pts UNION ALL SELECT count(*) FROM ref.kind UNION ALL SELECT count(*) FROM kfmig.generation")
    ran = drill(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.out, f"wells/{A}#features>pts: the same rows")
    contains(ran.out, "structure: the same")
    contains(ran.out, "table ref.note: 1 live, 0 rebuilt")
    equal(drills_there(), [])
    after = ledger(p)
    equal((after[0], after[1]), (before[0], before[1] + 1))
    equal(pg.psql(p.db, "SELECT count(*) FROM app.pts UNION ALL SELECT count(*) FROM ref.kind UNION ALL SELECT count(*) FROM kfmig.generation"), state)
    body = receipt(p, after[1])
    valid("run_receipt.v1", body)
    equal((body["run_kind"], body["result"], body["claim"]["drill"]["same"]), ("drill", "success", True))
    contains(" ".join(body["checksums"]), "points.geojson")
    equal('_ms"' in json.dumps(body["claim"]), False, "no times in the claim")
    equal(body["timings"]["total_ms"] >= body["timings"]["prerequisites_ms"], True)
    equal(len(list(p.path("archive/dev").iterdir())), 1, "the throwaway ledger leaves nothing in the sink")
    contains(p.build().text, "nothing to do")
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal([r["target"] for r in p.json("receipt", "list", "dev")["receipts"]][-1], "dev/database@drill")
    clean(p, ran.text, json.dumps(body))
    again = drill(p, "--json")
    valid("drill.v1", json.loads(again.out))
    second = receipt(p, after[1] + 1)
    for claim in (body["claim"], second["claim"]):
        claim["drill"].pop("lost")
    equal(second["claim"], body["claim"], "the claim is deterministic")


@test
def a_drill_that_differs_names_the_source(tmp):
    p = project(tmp)
    pg.psql(p.db, f"UPDATE app.pts SET id = '{SECRET}' WHERE id = 'p7'")
    ran = drill(p)
    equal(ran.status, 3, repr(ran))
    contains(ran.text, f"the rows of wells from wells/{A}")
    contains(ran.out, "DIFFERENT ROWS")
    body = receipt(p, ledger(p)[1])
    valid("run_receipt.v1", body)
    equal((body["result"], body["claim"]["drill"]["same"]), ("failed", False))
    clean(p, ran.text, json.dumps(body))
    equal(drills_there(), [])


@test
def a_structure_that_differs_is_listed(tmp):
    p = project(tmp)
    pg.psql(p.db, "CREATE TABLE ref.by_hand (); ALTER TABLE ref.note ADD more int;")
    equal(p.run("adopt", "dev").status, 0)
    ran = drill(p)
    equal(ran.status, 3, repr(ran))
    contains(ran.out, "table ref.by_hand: only live")
    contains(ran.out, "table ref.note: differs")


@test
def two_drills_at_once(tmp):
    p = project(tmp)
    before = ledger(p)[1]
    children = [p.start("rebuild", "dev", "--all", "--drill", "--template=with_postgis") for _ in range(2)]
    for child in children:
        status, out, err = finish(child, seconds=120)
        equal(status, 0, out + err)
    equal(ledger(p)[1], before + 2)
    equal(drills_there(), [])


@test
def a_killed_drill_is_cleaned_up_by_the_next(tmp):
    p = project(tmp)
    before = ledger(p)
    ran = drill(p, env={"KFMIG_FAULT": "generation.loaded:kill"}, program=FAULTY)
    equal(ran.status != 0, True)
    left = drills_there()
    equal(len(left), 1)
    equal(ledger(p), before)
    pg.psql("postgres", 'CREATE DATABASE kfmig_drill_00000000')
    until(lambda: pg.value("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{left[0]}'") == "0", "its session is gone")
    ran = drill(p)
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "dropped 1 database that killed drills left")
    equal(drills_there(), ["kfmig_drill_00000000"], "one of that name without kfmig's comment is somebody else's")
    pg.psql("postgres", 'DROP DATABASE kfmig_drill_00000000')


@test
def an_interrupted_drill_leaves_no_database(tmp):
    p = project(tmp)
    before = ledger(p)[1]
    pg.psql(p.db, "BEGIN; LOCK TABLE app.pts; SELECT 1; COMMIT;")
    blocker = Blocker(p)
    child = p.start("rebuild", "dev", "--all", "--drill", "--template=with_postgis")
    until(lambda: pg.value("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{p.db}' AND wait_event_type = 'Lock'") != "0",
          "it waits for the live table")
    child.send_signal(signal.SIGINT)
    status, out, err = finish(child, seconds=60)
    blocker.end()
    equal(status, 130, out + err)
    equal(drills_there(), [])
    equal(ledger(p)[1], before + 1)
    equal(receipt(p, before + 1)["result"], "interrupted")


class Blocker:
    """A session that holds the projection's table."""

    def __init__(self, p):
        import subprocess
        self.child = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.child.stdin.write("BEGIN;\nLOCK TABLE app.pts;\nSELECT 'held';\n")
        self.child.stdin.flush()
        equal(self.child.stdout.readline().strip(), "held")

    def end(self):
        self.child.communicate("COMMIT;\n")


@test
def what_reaches_beyond_the_database_is_not_tried_beside_it(tmp):
    p = project(tmp)
    p.bundle("M-03", "ALTER ROLE CURRENT_USER SET work_mem = '8MB';\n", globals_=("setting", "role"), schemas=())
    one_error(drill(p), 1, "not applied yet")
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    before = ledger(p)
    one_error(drill(p), 1, full_id("M-03"), "shares with its server (setting)", "on a server of its own")
    equal((drills_there(), ledger(p)), ([], before))


@test
def a_drill_needs_the_extensions_that_no_migration_makes(tmp):
    p = project(tmp)
    ran = p.run("rebuild", "dev", "--all", "--drill")
    equal(ran.status, 1, repr(ran))
    contains(ran.text, 'lacks the extension "postgis"')
    contains(ran.text, "--template=DATABASE")
    equal(drills_there(), [])


@test
def the_embedded_server_can_do_both(tmp):
    p = project(tmp, "environments: {dev: {evidence: none, stores: {postgis: {server: embedded, provision: {extensions: [postgis]}}}}}\n"
                "default_environment: dev\nreceipts: {sink: archive}\n", built=False)
    try:
        equal(p.build().status, 0)
        ran = p.run("rebuild", "dev", "--all", "--drill")
        equal(ran.status, 0, repr(ran))
        contains(ran.out, "structure: the same")
        equal(p.run("env", "psql", "dev", "--", "-qc", "DROP SCHEMA app CASCADE").status, 0)
        equal(p.run("env", "stop", "dev").status, 0)
        shutil.rmtree(p.path("state/embedded"))
        ran = p.run("rebuild", "dev", "--all", "--new-database")
        equal(ran.status, 0, repr(ran))
        contains(ran.text, "same content as ledger entry 4 of the lost ledger")
        contains(p.build().text, "nothing to do")
    finally:
        p.run("env", "stop", "dev")


@test
def options_that_do_not_go_together(tmp):
    p = project(tmp, built=False)
    one_error(p.run("rebuild", "dev", "--all", "--drill", "--new-database"), 5, "exclude each other")
    one_error(p.run("rebuild", "dev", "--all", "--template=x"), 5, "--template goes with")
    one_error(p.run("rebuild"), 5, "--dataset-version=ID, or --all")
    one_error(p.run("rebuild", "dev", "--drill"), 5, "--dataset-version=ID, or --all")
    one_error(drill(p), 1, "there is nothing to compare with")
    p.write("registry/environments.v1.yml", "environments: {dev: {stores: {postgis: {server: embedded}}}}\ndefault_environment: dev\n")
    one_error(drill(p), 5, "takes no --template")
    one_error(p.run("rebuild", "dev", "--dataset-version=none", "--new-database"), 5, "no projection of dev is meant")


main()
