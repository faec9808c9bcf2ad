"""What somebody else changed is found, whenever it was done: also while a build ran, and where a crash or another server gave numbers out again."""
# run: serial limit=900 needs=postgres

import os
import shutil
import signal
import subprocess

import pg
import proxy
from project import FAULTY, Project
from story import ended, is_stopped, until
from tap import at_exit, cases, contains, equal, main, test


# The server writes nothing by itself what nobody waits for: a crash loses all of it.
SETTINGS = {"wal_writer_delay": "'10s'", "wal_writer_flush_after": "'1GB'", "wal_buffers": "'16MB'", "bgwriter_delay": "'10s'", "checkpoint_timeout": "'1h'",
            "autovacuum": "off"}
# What autovacuum writes takes numbers, too.
pg._cluster = pg.Cluster(autovacuum="off", max_prepared_transactions="2")
BASE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\nCREATE VIEW app.v AS SELECT id FROM app.t;\nCREATE TABLE app.gone ();\n"


def fresh(tmp, cluster=None):
    """A project with one migration applied, in a database that no later look has seen."""
    cluster = cluster or pg.cluster()
    p = Project(tmp, db=cluster.createdb())
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    p.bundle("M-01", BASE)
    equal(p.build().status, 0)
    return p


class Asked(proxy.Pass):
    """Notes which of kfmig's queries are prepared."""

    def __init__(self):
        self.text = b""

    def before(self, sender, message):
        self.text += message.data if sender == proxy.CLIENT and message.kind == b"P" else b""
        return False


def asked(p, *command):
    """What a plan asks the server for: definitions; sums; or nothing of what stands there."""
    with proxy.Proxy(pg.cluster().host) as way:
        way.mode = Asked()
        ran = p.run(*(command or ("plan", "dev")), env={"KFM_DSN": pg.cluster().dsn(p.db, host=way.host)})
        equal(ran.status, 0, repr(ran))
        text = way.mode.text
    equal(b"_ledger_generation_" in text, False, "where no projection ever was, nobody asks for generations")
    return "definitions" if b"_postgis_catalog_relations" in text else "sums" if b"_postgis_witness" in text else "nothing"


def drifted(p):
    return sorted(d["object"] for d in p.json("plan", "dev")["drift"])


BY_HAND = {
    "a column": ("ALTER TABLE app.t ADD COLUMN c int", ["table app.t"]),
    "a comment": ("COMMENT ON VIEW app.v IS 'x'", ["view app.v"]),
    "a privilege": ("GRANT SELECT ON app.t TO PUBLIC", ["table app.t"]),
    "a new table": ("CREATE TABLE app.more ()", ["table app.more"]),
    "a dropped table": ("DROP TABLE app.gone", ["table app.gone"]),
    "a function": ("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", ["function app.f()"]),
    "in a subtransaction": ("DO $$ BEGIN BEGIN ALTER TABLE app.t ADD COLUMN c int; EXCEPTION WHEN others THEN NULL; END; END $$", ["table app.t"]),
    "what this run made": ("ALTER TABLE app.made ADD COLUMN c int", ["table app.made"]),
    "a row of the ledger": ("INSERT INTO kfmig.object SELECT 'table app.invented', seq, fingerprint, definition FROM kfmig.object WHERE object = 'view app.v'",
                            ["table app.invented"]),
}


def build_and(p, fault, meanwhile):
    """A build of one more migration that stands still at a fault point while somebody does something."""
    p.bundle("M-02", "CREATE TABLE app.made (id int);\n")
    p.bundle("M-03", "CREATE TABLE app.last ();\n")
    child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": fault})
    until(lambda: child.poll() is not None or is_stopped(child), f"{fault} is passed")
    meanwhile()
    child.send_signal(signal.SIGCONT)
    ran = ended(child)
    equal(ran.status, 0, repr(ran))


@cases(**BY_HAND)
def by_hand_while_a_build_runs(case, tmp):
    """The state that the build leaves is not taken for what stands there"""
    sql, objects = case
    p = fresh(tmp)
    build_and(p, "tx.begun:stop:2", lambda: pg.psql(p.db, sql))
    equal(drifted(p), objects)


@cases(**{point: point for point in ("tx.begun:stop:1", "tx.committed:stop:1", "tx.committed:stop:2", "barrier:stop:1", "barrier.passed:stop:1")})
def by_hand_at_any_moment(point, tmp):
    p = fresh(tmp)
    build_and(p, point, lambda: pg.psql(p.db, "COMMENT ON VIEW app.v IS 'x'"))
    equal(drifted(p), ["view app.v"])


@cases(
    open_before=("BEGIN; COMMENT ON VIEW app.v IS 'x'", "COMMIT"),
    prepared_before=("BEGIN; COMMENT ON VIEW app.v IS 'x'; PREPARE TRANSACTION 'p'", "COMMIT PREPARED 'p'"),
)
def begun_before_the_build_and_ended_after_it(case, tmp):
    begin, end = case
    p = fresh(tmp)
    session = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    session.stdin.write(f"{begin};\n\\echo ready\n")
    session.stdin.flush()
    equal(session.stdout.readline().strip(), "ready")
    p.bundle("M-02", "CREATE TABLE app.made (id int);\n")
    equal(p.build().status, 0)
    equal(drifted(p), [])
    session.stdin.write(f"{end};\n")
    session.stdin.close()
    session.wait(timeout=20)
    session.stdout.close()
    equal(drifted(p), ["view app.v"])


@cases(**BY_HAND)
def by_hand_right_before_a_run(case, tmp):
    sql, objects = case
    if objects == ["table app.made"]:
        sql, objects = "ALTER TABLE app.t RENAME TO u", ["table app.t", "table app.u", "view app.v"]
    p = fresh(tmp)
    equal(drifted(p), [])
    equal(asked(p), "nothing", "nothing was written")
    pg.psql(p.db, sql)
    equal(drifted(p), objects)


@test
def a_build_is_known_not_to_be_looked_at_again(tmp):
    """Where nobody else wrote, what a build leaves needs no look, not by the next build under its lock either"""
    p = fresh(tmp)
    equal(asked(p), "nothing", "what the first build left")
    p.bundle("M-02", "CREATE TABLE app.made (id int);\nALTER TABLE app.t ADD COLUMN d int;\nCREATE INDEX ON app.t (d);\n")
    p.bundle("M-03", "DROP TABLE app.gone;\n")
    equal(p.build().status, 0)
    equal(asked(p), "nothing", "two migrations later")
    equal(drifted(p), [])


@test
def rows_of_another_database_cost_no_look(tmp):
    p = fresh(tmp)
    pg.psql("postgres", "CREATE TABLE busy (n int)")
    equal(asked(p), "definitions", "the build moved the catalogs, and since then something was written")
    pg.psql("postgres", "INSERT INTO busy VALUES (1)")
    equal(asked(p), "sums", "which are known now")
    equal(asked(p), "nothing", "nobody wrote since")
    pg.psql("postgres", "DROP TABLE busy")


def lossy(tmp):
    cluster = pg.Cluster(**SETTINGS)
    at_exit(cluster.remove)
    return cluster, fresh(tmp, cluster)


def next_id(cluster):
    return int(cluster.value("postgres", "SELECT pg_snapshot_xmax(pg_current_snapshot())"))


@test
def numbers_that_a_crash_gives_out_again(tmp):
    """What was seen and never reached the disk is no witness: after the crash its numbers are somebody else's"""
    cluster, p = lossy(tmp)
    equal(drifted(p), [])
    was = next_id(cluster)
    cluster.psql(p.db, "SET synchronous_commit = off; COMMENT ON TABLE app.t IS 'x'; COMMENT ON TABLE app.t IS NULL")
    equal(next_id(cluster), was + 2)
    equal(drifted(p), [])
    cluster.stop()
    cluster.start()
    equal(next_id(cluster), was, "the crash took both")
    cluster.psql(p.db, "SELECT txid_current(); ALTER TABLE app.t ADD COLUMN c int")
    equal(next_id(cluster), was + 2)
    equal(drifted(p), ["table app.t"])
    cluster.remove()


@test
def rows_that_a_crash_gives_the_same_numbers(tmp):
    """The sums of what never reached the disk are none: the same row may be written by the same number again, otherwise"""
    cluster, p = lossy(tmp)
    p.bundle("M-02", "COMMENT ON TABLE app.t IS 'x';\n")
    equal(p.build().status, 0)
    equal(drifted(p), [])
    was = next_id(cluster)
    cluster.psql(p.db, "SET synchronous_commit = off; COMMENT ON TABLE app.t IS 'y'; COMMENT ON TABLE app.t IS 'x'")
    equal(drifted(p), [])
    cluster.stop()
    cluster.start()
    equal(next_id(cluster), was, "the crash took both")
    cluster.psql(p.db, "SELECT txid_current(); COMMENT ON TABLE app.t IS 'z'; SELECT txid_current()")
    equal(drifted(p), ["table app.t"])
    cluster.remove()


def set_back(p, cluster, saved, is_promoted):
    """The server's files as they were saved; promoted as those of a replica."""
    cluster.stop(signal.SIGINT)
    shutil.rmtree(cluster.data)
    shutil.copytree(saved, cluster.data)
    if cluster.identity:
        subprocess.run(["chown", "-R", f"{cluster.identity['user']}:{cluster.identity['group']}", str(cluster.data)], check=True)
    if is_promoted:
        (cluster.data / "standby.signal").touch()
    cluster.start()
    if is_promoted:
        equal(cluster.value("postgres", "SELECT pg_promote()"), "t")


class Either(pg.Cluster):
    """Ready also as a replica."""

    def _ready(self):
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() in ("ready", "standby")


@cases(**{"a replica that was behind, and was promoted": True, "files set back by their disk": False})
def another_server_of_the_same_name(is_promoted, tmp):
    """Two looks between which another history began: the same numbers were given out in it"""
    cluster = Either()
    at_exit(cluster.remove)
    p = fresh(tmp, cluster)
    equal(drifted(p), [])
    cluster.stop(signal.SIGINT)
    shutil.copytree(cluster.data, tmp / "saved")
    cluster.start()
    cluster.psql(p.db, "SELECT pg_logical_emit_message(false, 'x', repeat('x', 200000)); SELECT txid_current(); SELECT txid_current()")
    equal(drifted(p), [])
    was = next_id(cluster)
    set_back(p, cluster, tmp / "saved", is_promoted)
    cluster.psql(p.db, "ALTER TABLE app.t ADD COLUMN c int; " + ("SELECT pg_logical_emit_message(false, 'x', repeat('x', 400000))" if is_promoted else ""))
    while next_id(cluster) < was:
        cluster.psql(p.db, "SELECT txid_current()")
    equal(next_id(cluster), was)
    equal(drifted(p), ["table app.t"])
    cluster.remove()


@cases(ahead="+400d", behind="-400d")
def a_clock_that_jumps(by, tmp):
    """Nothing that is known of what stands there hangs on a clock"""
    p = fresh(tmp)
    equal(drifted(p), [])
    for path in p.root.glob("migrations/postgis/*/*"):
        shift = {"+": 1, "-": -1}[by[0]] * 400 * 86400
        os.utime(path, (path.stat().st_atime + shift, path.stat().st_mtime + shift))
    equal(asked(p), "nothing")
    contains(p.run("plan", "dev").out, "nothing to do")
    pg.psql(p.db, "COMMENT ON VIEW app.v IS 'x'")
    equal(drifted(p), ["view app.v"])


main()
