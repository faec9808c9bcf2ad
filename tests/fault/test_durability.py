"""A crash of the server that takes away what was committed and not yet on disk: nothing that was told is lost, and the next build does the rest."""
# run: serial limit=1200 needs=postgres

import json
import os
import shutil
import signal
import subprocess

import pg
from project import FAULTY
from story import Story, claimed, ended, is_stopped, until
from tap import at_exit, cases, contains, equal, fresh_folder, lacks, main, note, test

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)

# The server writes nothing by itself what nobody waits for: a crash loses all of it.
pg._cluster = pg.Cluster(wal_writer_delay="'10s'", wal_writer_flush_after="'1GB'", wal_buffers="'16MB'", bgwriter_delay="'10s'",
                         checkpoint_timeout="'1h'")
story = Story(folder, 5, evidence="bundle")
ENVIRONMENTS = "registry/environments.v1.yml"
POINTS = ["tx.begun", "tx.statement", "tx.observed", "tx.recorded", "tx.commit_sent", "tx.committed"]
VISIBLE = "SELECT subject FROM kfmig.entry WHERE kind = 'apply' AND result = 'success' ORDER BY seq"
lost = {}


def crash():
    pg.cluster().stop()
    pg.cluster().start()


def visible(p):
    return [row[0] for row in pg.psql(p.db, VISIBLE)]


def each(p):
    path = p.path(ENVIRONMENTS)
    path.write_text(path.read_text().replace("evidence: bundle", "evidence: bundle\n    durability: each"))
    return p


def exported(p):
    """Migrations whose evidence says that they were applied."""
    found = [json.loads(path.read_text()) for path in p.root.glob("migrations/postgis/*/receipts/run_receipt.json")]
    return sorted(r["migration_id"] for r in found if r["result"] == "success")


def stopped_at(p, fault, env=None):
    """A build that stands still at a fault point."""
    child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": fault, **(env or {})})
    until(lambda: child.poll() is not None or is_stopped(child), f"{fault} is passed")
    return child


def crashed_at(p, fault, env=None):
    """A build that goes on after the server crashed there. Returns what ran, and what was committed before; None: it never came there."""
    child = stopped_at(p, fault, env)
    if child.poll() is not None:
        return ended(child), None
    before = visible(p) if pg.value(p.db, "SELECT to_regclass('kfmig.entry') IS NOT NULL") == "t" else []
    crash()
    child.send_signal(signal.SIGCONT)
    return ended(child), before


def is_true(p, ran, before, what):
    """What a build said and wrote is what is there."""
    applied = story.applied(p)
    equal(ran.status in (0, 1, 2, 3), True, f"{what}: {ran!r}")
    equal(applied if ran.status == 0 else story.ids, story.ids, f"{what}: {ran!r}")
    equal(claimed(ran), applied, f"{what}: what was told is there, and nothing else: {ran!r}")
    equal(set(exported(p)) <= set(applied), True, f"{what}: evidence of {exported(p)}, applied {applied}")
    for ident in set(before) - set(applied):
        contains(ran.err, f"{ident}: it was committed, and a crash of the server took it", what)
    lost[what] = len(set(before) - set(applied))
    return applied


@test
def the_undisturbed_build():
    story.learn()


@cases(**{point.replace(".", "_"): point for point in POINTS})
def the_server_crashes_in_every_migration_at(point):
    """... and what was committed since the last barrier goes with it"""
    passages = 0
    for n in range(1, 30):
        p = story.take("crash")
        ran, before = crashed_at(p, f"{point}:stop:{n}")
        if before is None:
            equal(ran.status, 0, repr(ran))
            story.drop(p)
            break
        passages += 1
        is_true(p, ran, before, f"{point}:{n}")
        story.converges(p)
        story.drop(p)
    equal(passages >= len(story.ids), True, f"{passages} passages")


@cases(before="barrier", behind="barrier.passed")
def the_server_crashes_around_the_barrier(point):
    p = story.take("barrier")
    ran, before = crashed_at(p, f"{point}:stop")
    equal(len(before) > 0, True, f"{point}: {before}")
    applied = is_true(p, ran, before, point)
    if point == "barrier.passed":
        equal(applied[:len(before)], before, "the barrier kept them")
    story.converges(p)
    story.drop(p)


@test
def a_suffix_was_really_lost():
    note(f"transactions lost: {lost}")
    equal(lost["barrier"] > 0, True, str(lost))
    equal(sum(n > 0 for n in lost.values()) >= 8, True, str(lost))


@cases(**{point.replace(".", "_"): point for point in [*POINTS, "barrier", "barrier.passed"]})
def builder_and_server_are_killed_at(point):
    """The builder is killed, and then the server crashes: what it told is there, and its ledger is no shorter than what it remembers"""
    for n in (3, 4) if point.startswith("tx") else (1,):
        p = story.take("killed")
        ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": f"{point}:kill:{n}"})
        equal(ran.status, -9, repr(ran))
        crash()
        applied = story.applied(p)
        equal(set(claimed(ran)) <= set(applied), True, f"{point}:{n}: {ran!r}, applied {applied}")
        equal(set(exported(p)) <= set(applied), True, f"{point}:{n}: evidence of {exported(p)}, applied {applied}")
        story.converges(p)
        story.drop(p)


@cases(**{point.replace(".", "_"): point for point in POINTS})
def with_each_nothing_is_lost_at(point):
    """durability: each; what was committed before the crash is there behind it"""
    p = each(story.take("each"))
    ran, before = crashed_at(p, f"{point}:stop:4")
    applied = is_true(p, ran, before, f"each {point}")
    equal(applied[:len(before)], before, repr(ran))
    story.converges(p)
    story.drop(p)


LEVELS = ["SET synchronous_commit = off;", "SET LOCAL synchronous_commit = off;", "SELECT set_config('synchronous_commit', 'off', false);"]


@cases(session=LEVELS[0], local=LEVELS[1], by_function=LEVELS[2])
def a_migration_cannot_take_the_waiting_away(sql):
    p = each(story.take("level"))
    path = p.path(f"migrations/postgis/{story.ids[1]}/forward.sql")
    path.write_text(path.read_text() + sql + "\n")
    ran, before = crashed_at(p, "tx.begun:stop:3")
    equal(before, story.ids[:2])
    equal(is_true(p, ran, before, sql)[:2], before)
    equal(p.build().status, 0)
    story.drop(p)


@cases(batch="batch", each="each")
def a_session_that_comes_without_waiting_waits(mode):
    p = story.take("off")
    p = each(p) if mode == "each" else p
    ran = p.build(env={"PGOPTIONS": "-c synchronous_commit=off"})
    equal((ran.status, claimed(ran)), (0, story.ids), repr(ran))
    contains(ran.text, "its server has synchronous_commit = off")
    crash()
    equal(story.applied(p), story.ids)
    story.converges(p)
    story.drop(p)


@test
def the_result_says_how_durable_it_is():
    p = story.take("said")
    got = p.json("build", "dev")
    equal(got["durability"], {"declared": "batch", "fsync": False, "synchronous_commit": "on"})
    story.drop(p)
    p = each(story.take("said"))
    got = p.json("build", "dev", env={"PGOPTIONS": "-c synchronous_commit=remote_write"})
    equal(got["durability"], {"declared": "each", "fsync": False, "synchronous_commit": "remote_write"})
    equal("durability" in p.json("build", "dev"), False, "nothing was done")
    story.drop(p)


@test
def a_reader_counts_what_is_on_disk():
    """Another checkout looks while two migrations are committed and not on disk; after the crash it finds no shorter ledger"""
    p = story.take("reader")
    other = story.copy("reader")
    child = stopped_at(p, "tx.begun:stop:3")
    before = visible(p)
    looked = other.run("status", "dev")
    equal(looked.status, 0, repr(looked))
    crash()
    equal(visible(p), before, "what was told of stays")
    again = other.run("status", "dev")
    equal(again.status, 0, repr(again))
    lacks(again.err, "the last run saw")
    child.kill()
    ended(child)
    story.drop(p)
    story.drop(other)


@test
def a_promotion_counts_what_is_on_disk():
    p = story.take("upstream")
    stage = story.database("downstream")
    path = p.path(ENVIRONMENTS)
    path.write_text(path.read_text().replace("default_environment", "  stage:\n    requires: [dev]\n    stores: {postgis: {dsn_ref: KFM_STAGE}}\n"
                                             "default_environment"))
    env = {"KFM_STAGE": pg.dsn(stage, user="builder")}
    other = p.__class__.__new__(p.__class__)
    other.root, other.db, other.env = p.root.with_name("elsewhere"), stage, {**p.env, **env}
    shutil.copytree(p.root, other.root)
    child = stopped_at(p, "tx.begun:stop:3", env)
    before = visible(p)
    promoted = other.run("build", "stage", *before)
    equal(promoted.status, 0, repr(promoted))
    crash()
    equal(visible(p), before, "what was promoted is still there where it came from")
    child.kill()
    ended(child)
    story.drop(p)
    story.drop(other)


@test
def a_long_statement_does_not_hold_back_what_is_said():
    p = story.take("long")
    path = p.path(f"migrations/postgis/{story.ids[1]}/forward.sql")
    path.write_text(path.read_text() + "SELECT pg_advisory_xact_lock(4711);\n")
    holder = subprocess.Popen(["psql", "-XqAt", pg.dsn(p.db, user="postgres")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write("SELECT pg_advisory_lock(4711);\n\\echo ready\n")
    holder.stdin.flush()
    until(lambda: holder.stdout.readline().strip() == "ready", "the lock is taken")
    child = p.start("build", "dev", env={"KFMIG_HEARTBEAT_MS": "200"})

    def told():
        return os.pread(child.err_file.fileno(), 1 << 20, 0).decode()

    until(lambda: f"{story.ids[0]}  " in told() and " ms" in told(), "the first is told while the second waits")
    lacks(told(), f"[2/5] {story.ids[1]}  ")
    until(lambda: f"{story.ids[1]}: at work for" in told().split(f"{story.ids[0]}  ")[1], "and that one's heart still beats")
    equal(visible(p), story.ids[:1])
    crash()
    holder.stdin.close()
    holder.wait()
    ran = ended(child)
    equal(is_true(p, ran, story.ids[:1], "long"), story.ids[:1])
    story.drop(p)


@test
def who_interrupts_is_told_what_is_applied():
    p = story.take("interrupted")
    child = stopped_at(p, "tx.begun:stop:3")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGCONT)
    ran = ended(child)
    equal(ran.status, 130, repr(ran))
    equal(claimed(ran), story.applied(p), repr(ran))
    equal(len(claimed(ran)) >= 2, True, repr(ran))
    story.converges(p)
    story.drop(p)


main()
