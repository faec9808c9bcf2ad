"""A projection's build killed, cut off, crashed, failing and without room in every phase: readers see one generation, whole; what is
said is so; the next build comes to what an undisturbed one comes to, with one success receipt."""
# run: serial limit=1200 needs=postgres,postgis

import concurrent.futures
import functools
import itertools
import random
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time

import pg
import proxy
from disk import fill, tablespace
from project import FAULTY
from projecting import Projecting, Readers
from seeds import SEED
from story import ended, is_stopped, until
from tap import at_exit, cases, contains, equal, fresh_folder, main, note, test

KILLS, CUTS = 60, 25  # cuts: a direction
POINTS = subprocess.run([FAULTY, "--fault-points"], capture_output=True, text=True, check=False).stdout.split()
OWN = [p for p in POINTS if p.startswith("generation.")]
COMMITS = "tx.commit_sent"

JOBS = itertools.cycle((3, 2))


def hands():
    """By how many sessions the next build is made, besides its own."""
    return f"--jobs={next(JOBS)}"


folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()  # from the main thread, as it must be
story = Projecting(folder)


class Worker:
    """A database with the projection, in which one disturbance follows the other, and a session that reads all the time."""

    def __init__(self, name, **more):
        self.p, self.now = story.take(name, **more), 0
        self.reader = Readers(name)
        self.statuses = {}

    def trial(self, what, build):
        """Disturb the build of the other data state by build(p), which returns a Ran; returns it and whether it was published."""
        p, wanted = self.p, 1 - self.now
        story.again(p)
        before = story.published(p)
        story.wants(p, wanted)
        ran = build(p)
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{p.db}' AND usename = 'builder'"
        until(lambda: pg.value("postgres", sessions) == "0", f"{what}: its sessions have ended")
        is_done = story.tells_the_truth(p, ran, self.now, wanted, before, what)
        story.settles(p, wanted, before, what)
        self.now = wanted
        self.statuses[ran.status] = self.statuses.get(ran.status, 0) + 1
        return ran, is_done

    def end(self, may_fail=False):
        """What its reader saw was always one of the two generations, in the end the right one, and the receipts hold."""
        until(lambda: story.seen(self.now) in self.reader.lines(), "the reader sees what is live")
        seen = self.reader.end(may_fail)
        equal(seen <= {story.seen(0), story.seen(1)}, True, f"generations that were seen: {seen}")
        story.receipts_hold(self.p)
        story.drop(self.p)


def each(function, jobs):
    """function(worker, job) for every job, on two workers side by side; returns the results in order, and how often which status was."""
    undisturbed()
    both = [Worker(f"worker{next(numbers)}") for _ in range(2)]
    free, lock = list(both), threading.Lock()

    def one(job):
        with lock:
            worker = free.pop()
        try:
            return function(worker, job)
        finally:
            with lock:
                free.append(worker)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, jobs))
    statuses = {}
    for worker in both:
        worker.end()
        for status, n in worker.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    return results, statuses


numbers = iter(range(1000))


class Count(proxy.Pass):
    """How many bytes each side sends, where its messages begin, and where the client's COMMITs stand."""

    def __init__(self):
        self.total = {proxy.CLIENT: 0, proxy.SERVER: 0}
        self.messages = {proxy.CLIENT: [], proxy.SERVER: []}
        self.commits = []

    def before(self, sender, message):
        if message.is_commit:
            self.commits.append(self.total[sender])
        self.messages[sender].append(self.total[sender])
        self.total[sender] += len(message.data)
        return False


def through(p, mode):
    """Build through a proxy in that mode; returns what ran and whether the fault happened."""
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = mode
        ran = p.build(hands(), env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)})
        return ran, between.fired.is_set()


@functools.cache
def undisturbed():
    """Builds without any fault: what every run must come to, and (Count, seconds, seconds of them before the work begins)."""
    story.drop(story.learn())
    worker = Worker("counted")
    count, took, worked = Count(), [], []
    worker.trial("counted", lambda p: through(p, count)[0])
    for _ in range(3):
        def build(p):
            start = time.monotonic()
            ran = p.build(hands())
            took.append(time.monotonic() - start)
            worked.append(int(re.search(r"published, (\d+) ms", ran.err).group(1)) / 1000)
            return ran
        worker.trial("timed", build)
    worker.end()
    equal(len(count.commits) >= 6, True, "schema, two loads, index, validate, publish")
    whole = statistics.median(took)
    return count, whole, max(0, whole - statistics.median(worked))


class Publication(proxy.Pass):
    """Lose the COMMIT that publishes, or the reply to it. closes: and from then on the server cannot be reached. How many COMMITs there are
    before it depends on how often a lock is asked for; the receipt stands right in front of it."""

    MARK = b'"run_kind":"projection_publish"'

    def __init__(self, mode, between=None):
        self.mode, self.between, self.has_begun = mode(), between, False

    def before(self, sender, message):
        self.has_begun = self.has_begun or (sender == proxy.CLIENT and self.MARK in message.data)
        lost = self.has_begun and self.mode.before(sender, message)
        if lost and self.between:
            self.between.listener.close()
            for name in self.between.folder.iterdir():
                name.unlink()
        return lost


def not_known(mode):
    """Lose the COMMIT that publishes, and the server: kfmig tries to reach it for half a minute. Returns what ran and whether it published."""
    worker = Worker(mode.__name__.lower())

    def build(p):
        with proxy.Proxy(pg.cluster().host) as between:
            between.mode = Publication(mode, between)
            return p.build(env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)}, timeout=250)

    result = worker.trial(mode.__name__, build)
    worker.end()
    return result


@functools.cache
def waiting():
    """Both of these take long, and no processor: beside the other tests."""
    undisturbed()
    pool = concurrent.futures.ThreadPoolExecutor()
    return {mode: pool.submit(not_known, mode) for mode in (proxy.LoseCommit, proxy.LoseCommitReply)}


@test
def undisturbed_builds():
    undisturbed()
    waiting()


def at_point(worker, job):
    """Returns the job if its fault happened."""
    point, mode, passage = job
    what = f"{point}:{mode}:{passage}"
    ran, is_done = worker.trial(what, lambda p: p.run("build", "dev", hands(), program=FAULTY, env={"KFMIG_FAULT": what}))
    if mode == "kill" and ran.status == 0:
        return None
    equal(ran.status == -9 if mode == "kill" else ran.status < 7 or point == "lock.taken", True, f"{what}: {ran!r}")
    if point in OWN and ran.status != 0:
        equal(is_done, False, f"{what}: before COMMIT")
    return job if ran.status != 0 else None


@cases(kill="kill", error="error")
def a_fault_at_every_point(mode):
    jobs = [(point, mode, passage) for point in OWN for passage in ((1, 2, 3) if point in ("generation.loaded", "generation.index") else (1,))]
    jobs += [(point, mode, passage) for point in ("lock.taken", "tx.recorded", "tx.committed") for passage in (1,)]
    jobs += [(COMMITS, mode, passage + 1) for passage in range(len(undisturbed()[0].commits))]
    done, statuses = each(at_point, jobs)
    note(f"{len([job for job in done if job])} of {len(jobs)}; statuses {statuses}")
    equal([job for job in jobs if job not in done and job[0] in OWN], [], "every point of a generation is passed")


def killed_after(worker, seconds):
    """Returns the number of transactions of the build that were committed when it was killed, or None if it was over before."""

    def build(p):
        child = p.start("build", "dev", hands())
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        return ended(child)

    facts = []

    def look(p):
        ran = build(p)
        facts.extend(pg.psql(p.db, "SELECT facts::jsonb ->> 'indexed', (SELECT count(*) FROM jsonb_object_keys(facts::jsonb -> 'loads')), state "
                                   "FROM kfmig.generation WHERE state IN ('loading', 'ready')"))
        return ran

    ran, is_done = worker.trial(f"killed after {seconds:.4f} s (seed {SEED})", look)
    return None if ran.status == 0 else "published" if is_done else (facts or ["nothing"])[0]


@test
def killed_at_sampled_moments():
    """kill -9 at 60 moments of a build, most of them while it works"""
    _, whole, idle = undisturbed()  # two side by side take longer
    dice, hits, moments = random.Random(SEED), [], 0
    while len(hits) < KILLS and moments < 4 * KILLS:
        sample = [dice.uniform(idle if i % 4 else 0, 1.1 * whole) for i in range(KILLS - len(hits))]
        moments += len(sample)
        hits += [hit for hit in each(killed_after, sample)[0] if hit]
    spread = {str(state): hits.count(state) for state in set(hits)}
    note(f"{len(hits)} of {moments} builds killed within {whole * 1000:.0f} ms, seed {SEED}; found then: {spread}")
    equal(len(hits) >= KILLS, True, f"{len(hits)} of {moments} builds were killed")
    equal(len(spread) >= 3, True, f"the moments are spread over the phases: {spread}")


def cut(worker, job):
    """Returns whether the cut happened."""
    mode, what = job
    fired = []

    def build(p):
        ran, hit = through(p, mode)
        fired.append(hit)
        return ran

    ran, is_done = worker.trial(what, build)
    equal(ran.status == 6, False, f"{what}: the ledger could be asked: {ran!r}")
    return fired[0], ran.status, is_done


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def cut_after_any_byte_of_the(sender):
    dice = random.Random(SEED)
    total, messages = undisturbed()[0].total[sender], undisturbed()[0].messages[sender]
    # Half of them evenly over the bytes, most of which are texts of queries; half over the messages.
    half = CUTS // 2
    points = [int((i + dice.random()) * total / half) for i in range(half)]
    points += [messages[int((i + dice.random()) * len(messages) / (CUTS - half))] + dice.randrange(4) for i in range(CUTS - half)]
    done, statuses = each(cut, [(proxy.Cut(point, sender), f"cut after {point} bytes of the {sender} (seed {SEED})") for point in points])
    hits = sum(fired for fired, _, _ in done)
    note(f"{hits} of {CUTS} cuts in {total} bytes of the {sender}, seed {SEED}; statuses {statuses}")
    equal(hits >= CUTS - 2, True, f"{hits} cuts happened")


@cases(lost=proxy.LoseCommit, carried_out_and_its_reply_lost=proxy.LoseCommitReply)
def every_commit(mode):
    n = len(undisturbed()[0].commits)
    jobs = [(mode(i + 1), f"{mode.__name__}({i + 1})") for i in range(n)]
    done, statuses = each(cut, jobs + [(Publication(mode), f"Publication({mode.__name__})")])
    note(f"{n} COMMITs; statuses {statuses}")
    fired = [fired for fired, _, _ in done]
    equal((fired[:n - 1], fired[-1]), ([True] * (n - 1), True), "all but the one that there may be less")
    equal(done[-1][1:], (0, True) if mode is proxy.LoseCommitReply else (2, False), "what is said of the publication")


@cases(lost=(proxy.LoseCommit, False), carried_out=(proxy.LoseCommitReply, True))
def unknown_is_said_only_when_it_is_unknown(case):
    mode, published = case
    ran, is_done = waiting()[mode].result()
    equal((ran.status, is_done), (6, published), repr(ran))
    contains(ran.err, "not known yet")
    contains(ran.err, "run the same command again")


@test
def the_server_crashes_in_every_phase():
    """The server crashes in every phase, and while COMMIT is under way"""
    n = len(undisturbed()[0].commits)
    # After a restart there is one COMMIT more, of the lease. The server answers before it goes: what is lost is the next statement.
    jobs = [f"{point}:stop" for point in OWN] + [f"{COMMITS}:stop:{i}" for i in (n - 4, n, n + 1)]
    worker = Worker("crash")
    for what in jobs:
        def build(p, what=what):
            child = p.start("build", "dev", hands(), program=FAULTY, env={"KFMIG_FAULT": what})
            until(lambda: child.poll() is not None or is_stopped(child), f"{what} is passed")
            pg.cluster().stop()
            pg.cluster().start()
            child.send_signal(signal.SIGCONT)
            return ended(child)

        ran, _ = worker.trial(what, build)
        equal(ran.status == 6, False, f"{what}: {ran!r}")
        seen = worker.reader.end(may_fail=True)
        equal(seen <= {story.seen(0), story.seen(1)}, True, f"{what}: {seen}")
        worker.reader = Readers(worker.p.db)
    note(f"statuses {worker.statuses}")
    worker.end(may_fail=True)


@test
def a_server_without_room():
    """The server's disk is full, from the first page of the build on, or later"""
    disk = tablespace(folder / "disk", "60m")
    worker = Worker("room", tablespace="small")
    found = []
    for pages in (0, 6, 12, 24, 36, 48, 60, 72, 84, 96, 120):
        def build(p, pages=pages):
            filler = fill(disk, 8192 * pages)
            ran = p.build()
            found.extend(pg.psql(p.db, "SELECT state, facts::jsonb -> 'loads' <> '{}'::jsonb FROM kfmig.generation WHERE state IN ('loading', 'ready')")
                         or ["nothing"])
            filler.unlink()
            return ran

        ran, is_done = worker.trial(f"{pages} pages free", build)
        equal(is_done or "disk_full" in ran.err or "No space" in ran.err, True, repr(ran))
    note(f"statuses {worker.statuses}; generations found: {found}")
    equal(len(set(found)) >= 2, True, f"in several phases: {found}")
    worker.end()
    pg.psql("postgres", "DROP DATABASE room; DROP TABLESPACE small;")


main()
