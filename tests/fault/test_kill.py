"""kill -9 at sampled moments and at every fault point: the next build converges, each migration applied exactly once."""
# run: serial limit=600 needs=postgres

import concurrent.futures
import random
import re
import shutil
import statistics
import subprocess
import threading
import time

import pg
from project import FAULTY
from seeds import SEED
from story import Story, claimed
from tap import at_exit, contains, equal, fresh_folder, main, note, test

KILLS = 300
WORKERS = 2
POINTS = subprocess.run([FAULTY, "--fault-points"], capture_output=True, text=True, check=False).stdout.split()
ELSEWHERE = ["server.start"]  # passed by the embedded server only: t_embedded.c
ELSEWHERE += [p for p in POINTS if p.startswith("approve.")]  # test_approve.py
ELSEWHERE += [p for p in POINTS if p.startswith("attest.")]  # test_attestations.py
ELSEWHERE += [p for p in POINTS if p.startswith("generation.")]  # test_projection_faults.py
ELSEWHERE += [p for p in POINTS if p.startswith("tiles.")]  # test_tiles.py
ELSEWHERE += [p for p in POINTS if p.startswith("journal.")]  # t_journal.c, and the contract of stores that need it
ELSEWHERE += [p for p in POINTS if p.startswith("batch.")]  # test_backfill.py
ELSEWHERE += [p for p in POINTS if p.startswith("backup.")]  # test_backups.py
ELSEWHERE += [p for p in POINTS if p.startswith("drop.")]  # test_given_up.py
ELSEWHERE += [p for p in POINTS if p.startswith("resolve.")]  # test_resolve.py

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()  # from the main thread, as it must be
story = Story(folder, 6)


def each(function, jobs):
    """function(database, job) for every job, on WORKERS databases side by side; returns the results in order."""
    if story.want is None:
        story.learn()  # here, not by all of them at once
    free = [f"worker{i}" for i in range(WORKERS)]
    lock = threading.Lock()

    def one(job):
        with lock:
            db = free.pop()
        try:
            return function(db, job)
        finally:
            with lock:
                free.append(db)

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, jobs))


def timed(db, _):
    """How long a whole build takes, and how much of that after its first migration began, in seconds."""
    p = story.take(db)
    start = time.monotonic()
    ran = p.build()
    took = time.monotonic() - start
    story.drop(p)
    equal(ran.status, 0, repr(ran))
    return took, sum(int(ms) for ms in re.findall(r"^\[.* (\d+) ms$", ran.err, re.MULTILINE)) / 1000


def killed_after(db, seconds):
    """Kill a build after that time; returns how many migrations it had applied, or None and its duration if it was over before."""
    p = story.take(db)
    start = time.monotonic()
    child = p.start("build", "dev")
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
    status = child.wait()
    took = time.monotonic() - start
    equal(status in (0, -9), True, f"status {status} after {seconds:.4f} s (seed {SEED})")
    done = finished_first(p, f"killed after {seconds:.4f} s (seed {SEED})")
    story.drop(p)
    return (None, took) if status == 0 else (done, None)


def finished_first(p, what):
    """Run the clean build and check it; returns how many migrations were applied before it."""
    try:
        ran = story.converges(p)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from None
    return len(story.ids) - len(claimed(ran))


@test
def the_undisturbed_build():
    story.learn()


@test
def killed_at_sampled_moments():
    """kill -9 at 300 moments: half of them anywhere in a build, half of them while it applies"""
    durations = each(timed, range(6))
    whole, work = (statistics.median(values) for values in zip(*durations))
    idle = 1 - work / whole
    dice = random.Random(SEED)
    hits, moments = [], 0
    while len(hits) < KILLS and moments < 4 * KILLS:
        sample = [whole * dice.uniform(idle if i % 2 else 0, 1) for i in range(2 * WORKERS)]
        moments += len(sample)
        for done, took in each(killed_after, sample):
            if done is None:
                whole = min(whole, took)  # the machine has become faster: others were at work before
            else:
                hits.append(done)
    spread = {n: hits.count(n) for n in sorted(set(hits))}
    note(f"{len(hits)} builds killed within {whole * 1000:.0f} ms, seed {SEED}; applied when killed: {spread}")
    equal(len(hits) >= KILLS, True, f"{len(hits)} of {moments} builds were killed")
    equal(len(spread) > len(story.ids) // 2, True, f"the moments are spread over the build: {spread}")


def faulted(mode, accept):
    """Every point, passages 1 to 3, in that mode; returns the (point, passage) that were passed."""
    jobs = [(point, passage) for point in POINTS if point not in ELSEWHERE for passage in (1, 2, 3)]

    def one(db, job):
        point, passage = job
        p = story.take(db)
        ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": f"{point}:{mode}:{passage}"})
        what = f"{point}:{mode}:{passage}"
        applied = story.applied(p)
        accept(what, ran, applied)
        finished_first(p, f"{what}\n{ran!r}")
        story.drop(p)
        return job if mode != "kill" or ran.status == -9 else None

    return [job for job in each(one, jobs) if job]


@test
def killed_at_every_fault_point():
    def accept(what, ran, applied):
        equal(ran.status in (0, -9), True, f"{what}: {ran!r}")
        if ran.status == 0:
            equal(applied, story.ids, f"{what}: {ran!r}")

    passed = faulted("kill", accept)
    note(f"{len(passed)} kills at {len({point for point, _ in passed})} fault points")
    equal(sorted({point for point, _ in passed}), sorted(set(POINTS) - set(ELSEWHERE)), "points that a build passes")


def standing(db):
    """A copy of the story on a database in which something stands already."""
    p = story.take(db)
    pg.psql(db, "CREATE SCHEMA IF NOT EXISTS old AUTHORIZATION builder; CREATE TABLE IF NOT EXISTS old.thing (a int)")
    return p


def kinds(p):
    if pg.psql(p.db, "SELECT to_regclass('kfmig.entry') IS NULL") == [("t",)]:
        return []
    return [row[0] for row in pg.psql(p.db, "SELECT kind FROM kfmig.entry ORDER BY seq")]


@test
def a_first_contact_killed_anywhere_leaves_all_of_it_or_nothing():
    seen = set()
    history = ["contact", "adopt", *["apply"] * len(story.ids)]
    for fault in ["ledger.create:kill", "lock.taken:kill", *(f"tx.commit_sent:kill:{i}" for i in range(1, 5))]:
        p = standing("contact")
        ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": fault})
        left = kinds(p)
        equal((ran.status, left == history[:len(left)] and len(left) != 1), (-9, True), f"{fault}: {left} {ran!r}")
        seen.add(len(left))
        story.converges(p)
        equal(kinds(p)[:3], ["contact", "adopt", "apply"], fault)
        story.drop(p)
    equal({0, 2} <= seen, True, f"killed before and behind it: {seen}")


# What an older kfmig left that died between first contact and its baseline, which were two transactions.
ONLY_CONTACT = """
ALTER TABLE kfmig.entry DISABLE TRIGGER ALL; ALTER TABLE kfmig.receipt DISABLE TRIGGER ALL; ALTER TABLE kfmig.object DISABLE TRIGGER ALL;
DELETE FROM kfmig.object; DELETE FROM kfmig.receipt WHERE seq > 1; DELETE FROM kfmig.entry WHERE seq > 1;
UPDATE kfmig.head SET size = 1, root = leaf, frontier = ARRAY[leaf]
FROM (SELECT sha256('\\x00' || convert_to(text, 'UTF8')) AS leaf FROM kfmig.entry) AS e;
ALTER TABLE kfmig.entry ENABLE ALWAYS TRIGGER append_only; ALTER TABLE kfmig.receipt ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE kfmig.object ENABLE ALWAYS TRIGGER append_only;
"""


@test
def a_ledger_with_nothing_but_its_contact_is_healed_by_the_next_build():
    p = standing("contact")
    equal(p.run("adopt", "dev").status, 0)
    pg.psql(p.db, ONLY_CONTACT)
    shutil.rmtree(p.path("state"))
    equal(kinds(p), ["contact"])
    ran = p.run("plan", "dev")
    equal(ran.status in (0, 10), True, repr(ran))
    contains(ran.text, "first contact")
    ran = story.converges(p)
    contains(ran.err, "first contact; ")
    equal(kinds(p)[:3], ["contact", "adopt", "apply"])
    story.drop(p)


@test
def failing_at_every_fault_point():
    """An error at every fault point is reported as it is, and the next build converges"""

    def accept(what, ran, applied):
        equal(0 <= ran.status < 10, True, f"{what}: {ran!r}")
        equal(claimed(ran), applied, f"{what}: what it said and what is true: {ran!r}")
        if ran.status == 0:
            equal(applied, story.ids, f"{what}: {ran!r}")

    faulted("error", accept)


main()
