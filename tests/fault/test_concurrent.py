"""Many builders at once, killed, stopped and interrupted ones among them: each migration exactly once."""
# run: serial limit=600 needs=postgres

import random
import re
import shutil
import signal
import subprocess
import time

import pg
from project import FAULTY
from seeds import SEED
from story import Story, claimed, ended, is_stopped, until
from tap import at_exit, cases, contains, equal, fresh_folder, main, note, test

BUILDERS, ROUNDS, VICTIMS = 16, 8, 4
# Before the first lease of a database is written, and of one whose holder has died, its session is all there is to name.
HOLDER = r"(environment|works in the environment): (kfmig build(?:@\S+:\d+| \S+) \(pid \d+|a session that has just ended)"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
story = Story(folder, 6)


def kill_some(children, dice, duration):
    """kill -9 some of them at random moments."""
    moments = sorted((dice.uniform(0, duration), child) for child in dice.sample(children, VICTIMS) if child)
    start = time.monotonic()
    for moment, child in moments:
        try:
            child.wait(timeout=max(0.0, moment - (time.monotonic() - start)))
        except subprocess.TimeoutExpired:
            child.kill()


def crowd(number, killing):
    """One round: half of the builders share a project folder, the others have their own; some do not wait."""
    dice = random.Random(SEED + number)
    shared = story.take("crowd")
    projects = [shared if i % 2 else story.copy("crowd") for i in range(BUILDERS)]
    waits = ["--lock-wait=0" if i % 5 == 4 else "--lock-wait=1m" for i in range(BUILDERS)]
    children = [p.start("build", "dev", wait) for p, wait in zip(projects, waits)]
    if killing:
        kill_some(children, dice, 0.6)
    runs = [ended(child) for child in children]
    for ran in runs:
        equal(ran.status in (0, 7, -9), True, f"round {number} (seed {SEED}): {ran!r}")
        if ran.status == 7:
            equal(bool(re.search(HOLDER, ran.err)), True, f"the holder is named: {ran!r}")
    story.converges(shared)
    for p in set(projects):
        story.drop(p)
    return runs


@test
def the_undisturbed_build():
    story.learn()


@test
def sixteen_builders():
    for number in range(ROUNDS):
        runs = crowd(number, killing=False)
        done = sorted(ident for ran in runs for ident in claimed(ran))
        equal(done, story.ids, f"round {number}: each reported as applied by one builder")


@test
def sixteen_builders_and_a_killer():
    statuses = {}
    for number in range(ROUNDS):
        for ran in crowd(ROUNDS + number, killing=True):
            statuses[ran.status] = statuses.get(ran.status, 0) + 1
    note(f"{ROUNDS} rounds of {BUILDERS} builders, seed {SEED}; statuses {statuses}")
    equal(statuses.get(-9, 0) > 0, True, f"some were killed: {statuses}")


def slow(name, seconds=300, timeouts=""):
    """A project whose second migration sleeps inside a statement."""
    p = story.take(name)
    path = f"migrations/postgis/{story.ids[1]}"
    text = p.path(f"{path}/forward.sql").read_text()
    p.write(f"{path}/forward.sql", f"{text}SELECT pg_sleep({seconds});\n")
    declaration = p.path(f"{path}/migration.yml")
    p.write(f"{path}/migration.yml", declaration.read_text() + timeouts)
    return p


def sleeps(db):
    return pg.value("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{db}' AND state = 'active' "
                                "AND query LIKE 'SELECT pg_sleep%'") != "0"


def mended(p):
    """Take the sleep out again."""
    path = f"migrations/postgis/{story.ids[1]}"
    shutil.copytree(story.pristine.root / path, p.root / path, dirs_exist_ok=True)


@cases(SIGINT=(signal.SIGINT, 130), SIGTERM=(signal.SIGTERM, 143))
def interrupted_mid_statement(case):
    sign, status = case
    p = slow("interrupted")
    child = p.start("build", "dev")
    until(lambda: sleeps(p.db), "the statement sleeps")
    other = p.build("--lock-wait=0")
    equal(other.status, 7, repr(other))
    contains(other.err, f"tester build, process {child.pid}")
    child.send_signal(sign)
    ran = ended(child)
    equal(ran.status, status, repr(ran))
    equal(story.applied(p), story.ids[:1], repr(ran))
    equal(pg.psql(p.db, "SELECT subject, result FROM kfmig.entry ORDER BY seq DESC LIMIT 1"), [(story.ids[1], "interrupted")])
    equal(sleeps(p.db), False, "the statement is cancelled")
    row = p.json("status", "dev")["targets"]
    codes = {reason["code"] for r in row if r["target"] == f"dev/{story.ids[1]}@apply" for reason in r["reasons"]}
    contains(codes, "interrupted")
    mended(p)
    story.converges(p)
    story.drop(p)


@test
def waiting_for_the_lock_can_be_interrupted():
    p = slow("waiting")
    holder = p.start("build", "dev")
    until(lambda: sleeps(p.db), "the statement sleeps")
    waiter = p.start("build", "dev")

    def waits():
        waiter.err_file.seek(0)
        return b"waiting for" in waiter.err_file.read()

    until(waits, "the second builder says that it waits")
    waiter.send_signal(signal.SIGINT)
    ran = ended(waiter)
    equal(ran.status, 130, repr(ran))
    contains(ran.err, f"tester build, process {holder.pid}")
    holder.send_signal(signal.SIGTERM)
    equal(ended(holder).status, 143)
    mended(p)
    story.converges(p)
    story.drop(p)


@test
def a_killed_client_leaves_no_orphan_at_work():
    """kill -9 while a statement runs: the orphan backend ends before anybody else works"""
    p = slow("orphan", seconds=2)
    child = p.start("build", "dev")
    until(lambda: sleeps(p.db), "the statement sleeps")
    child.kill()
    equal(ended(child).status, -9)
    mended(p)
    story.converges(p)
    story.drop(p)


@test
def a_stopped_holder_loses_its_lock():
    """SIGSTOP of the holder inside its transaction: the server ends it, another goes on, and it writes nothing when it wakes"""
    p = slow("stopped", timeouts="timeouts: {idle: 1s}\n")
    mended_text = (story.pristine.root / f"migrations/postgis/{story.ids[1]}/forward.sql").read_text()
    p.write(f"migrations/postgis/{story.ids[1]}/forward.sql", mended_text)
    # Four statements of the first migration, then two of the second.
    holder = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": "tx.statement:stop:6"})
    until(lambda: is_stopped(holder), "the holder is stopped")
    equal(story.applied(p), story.ids[:1])
    other = p.build("--lock-wait=1m")
    equal(other.status, 0, repr(other))
    equal(claimed(other), story.ids[1:])
    size = pg.value(p.db, "SELECT size FROM kfmig.head")
    holder.send_signal(signal.SIGCONT)
    ran = ended(holder)
    equal(ran.status in (2, 6, 7), True, repr(ran))
    equal(claimed(ran), story.ids[:1], repr(ran))
    applied = pg.psql(p.db, f"SELECT subject FROM kfmig.entry WHERE seq > {size} AND result = 'success'")
    equal(applied, [], "it applied nothing after it woke")
    again = p.build()
    equal(again.status, 0, repr(again))
    equal(story.applied(p), story.ids)
    story.drop(p)


main()
