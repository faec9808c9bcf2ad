"""Connections cut anywhere, COMMIT lost on its way or its reply on the way back: what is reported is what is true."""
# run: serial limit=600 needs=postgres

import concurrent.futures
import json
import random
import shutil
import signal
import threading

import pg
import proxy
from project import FAULTY
from seeds import SEED
from story import Story, claimed, ended, is_stopped, until
from tap import at_exit, cases, contains, equal, fresh_folder, main, note, test

CUTS = 80  # a direction

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
story = Story(folder, 3, evidence="none")


class Count(proxy.Pass):
    """Notes (offset, size) of every message, by sender; of the client's COMMITs also where the server then was."""

    def __init__(self):
        self.messages = {proxy.CLIENT: [], proxy.SERVER: []}
        self.commits = []

    def total(self, sender):
        """Bytes sent."""
        return sum(self.messages[sender][-1]) if self.messages[sender] else 0

    def before(self, sender, message):
        place = (self.total(sender), len(message.data))
        self.messages[sender].append(place)
        if message.is_commit:
            self.commits.append((*place, {end: self.total(end) for end in self.messages}))
        return False

    def work(self, sender):
        """Where the first migration begins: behind the COMMIT before its own."""
        return self.commits[-len(story.ids) - 1][2][sender]


def through(p, mode, *args, **more):
    """Build through a proxy in that mode; returns what ran and whether the fault happened."""
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = mode
        ran = p.build(*args, env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)}, **more)
        return ran, between.fired.is_set()


def tells_the_truth(p, ran, what):
    """The status and words of a build against what is applied."""
    applied = story.applied(p)
    equal(ran.status in (0, 1, 2, 6), True, f"{what}: {ran!r}")
    equal(ran.status == 0, applied == story.ids, f"{what}: 0 exactly if all is applied ({applied}): {ran!r}")
    if ran.status != 6:
        equal(claimed(ran), applied, f"{what}: {ran!r}")
    return applied


def entries(p):
    return pg.psql(p.db, "SELECT subject, result FROM kfmig.entry WHERE kind = 'apply' ORDER BY seq")


@test
def the_undisturbed_build():
    story.learn()


def own(ident):
    """What a migration's own statements hold: the COMMIT behind it is its. How many come before depends on what else the cluster does."""
    return b"VALUES ('%s')" % ident.encode()


@cases(first=0, second=1, third=2)
def commit_lost_before_the_server_saw_it(which):
    """COMMIT lost before the server saw it: failed, and so it is"""
    p = story.take("lost")
    ran, fired = through(p, proxy.LoseCommit(since=own(story.ids[which])))
    equal((fired, ran.status), (True, 2), repr(ran))
    equal(tells_the_truth(p, ran, "lost"), story.ids[:which])
    contains(ran.err, "nothing was applied")
    equal(entries(p)[-1], (story.ids[which], "failed"))
    story.converges(p)
    story.drop(p)


@cases(first=0, second=1, third=2)
def commit_reply_lost(which):
    """COMMIT carried out and its reply lost: applied, and so it is reported"""
    p = story.take("reply")
    ran, fired = through(p, proxy.LoseCommitReply(since=own(story.ids[which])))
    equal((fired, ran.status), (True, 0), repr(ran))
    contains(ran.err, "asking the ledger")
    equal(tells_the_truth(p, ran, "reply lost"), story.ids)
    equal(entries(p), [(ident, "success") for ident in story.ids])
    story.converges(p)
    story.drop(p)


def heard_late(p, *args):
    """Run a verb whose only entry is committed unheard: it must find that out. Returns what ran."""
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = proxy.LoseEntryReply()
        ran = p.run(*args, env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)})
        equal((between.fired.is_set(), ran.status), (True, 0), repr(ran))
    contains(ran.err, "asking the ledger")
    return ran


def kinds(p):
    return [row[0] for row in pg.psql(p.db, "SELECT kind FROM kfmig.entry ORDER BY seq")]


@test
def an_adoption_whose_reply_is_lost_is_reported():
    p = story.take("adoption")
    equal(p.build().status, 0)
    pg.psql(p.db, "CREATE TABLE app.by_hand (a int)")
    ran = heard_late(p, "adopt", "dev")
    contains(ran.err, "1 object adopted; ledger entry 6")
    equal(kinds(p)[-2:], ["apply", "adopt"])
    contains(p.run("adopt", "dev").err, "nothing to adopt")
    equal(p.run("receipt", "verify", "dev").status, 0)
    story.drop(p)


@test
def a_first_contact_whose_reply_is_lost_is_reported():
    p = story.take("contacted")
    ran = heard_late(p, "build", "dev")
    contains(ran.err, "first contact; ")
    equal(claimed(ran), story.ids)
    equal(kinds(p), ["contact", "adopt", "apply", "apply", "apply"])
    story.converges(p)
    story.drop(p)


@test
def an_adoption_that_may_have_been_lost_is_in_doubt():
    p = story.take("adoption")
    equal(p.build().status, 0)
    pg.psql(p.db, "CREATE TABLE app.by_hand (a int)")
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = LoseAndClose(between, proxy.LoseEntryReply())
        ran = p.run("adopt", "dev", env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)}, timeout=120)
        equal((between.fired.is_set(), ran.status), (True, 6), repr(ran))
    contains(ran.err, "not known yet")
    contains(p.run("adopt", "dev").err, "nothing to adopt")
    story.drop(p)


@test
def an_owed_receipt_whose_recording_is_not_heard_of_is_paid_once():
    p = story.take("owing")
    equal(p.build().status, 0)
    receipt = {"environment": "dev", "finished_at": "2026-01-01T00:00:00Z", "format": "kfmig.run_receipt.v1", "migration_id": story.ids[0],
               "result": "failed", "run_id": "00000000-0000-4000-8000-000000000000", "run_kind": "db_migration"}
    p.write("state/owed/00000000-0000-4000-8000-000000000000.json", json.dumps({"blobs": [], "receipt": receipt}, separators=(",", ":")))
    ran = heard_late(p, "build", "dev")
    contains(ran.err, "recorded 1 receipt that an earlier run could not deliver")
    equal(list(p.path("state/owed").iterdir()), [])
    equal(pg.psql(p.db, "SELECT count(*) FROM kfmig.entry WHERE run_id LIKE '00000000%'"), [("1",)])
    story.drop(p)


def cut_points(count, sender, dice):
    """Places of one direction: evenly over the stream, over its messages (the texts of kfmig's queries are most of the stream, and
    no more dangerous than the rest), over what follows the beginning of the first migration, and around every COMMIT."""
    total, work, messages = count.total(sender), count.work(sender), count.messages[sender]
    points = {int((i + dice.random()) * total / (CUTS // 2)) for i in range(CUTS // 2)}
    points |= {int(work + (i + dice.random()) * (total - work) / CUTS) for i in range(CUTS)}
    for i in range(CUTS // 2):
        at, size = messages[int((i + dice.random()) * len(messages) / (CUTS // 2))]
        points.add(at + dice.randrange(size))
    for at, size, _ in count.commits if sender == proxy.CLIENT else []:
        points |= {at, at + 1, at + size - 1, at + size}
    return sorted(point for point in points if point < total)


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def cut_after_any_byte_of_the(sender):
    p = story.take(sender)
    count = Count()
    ran, _ = through(p, count)
    equal(ran.status, 0, repr(ran))
    story.drop(p)
    points = cut_points(count, sender, random.Random(SEED))
    statuses, hits = {}, 0
    for point in points:
        p = story.take(sender)
        ran, fired = through(p, proxy.Cut(point, sender))
        tells_the_truth(p, ran, f"cut after {point} bytes of the {sender} (seed {SEED})")
        story.converges(p)
        story.drop(p)
        statuses[ran.status] = statuses.get(ran.status, 0) + 1
        hits += fired
    note(f"{hits} of {len(points)} cuts in {count.total(sender)} bytes of the {sender}, seed {SEED}; statuses {statuses}")
    equal(hits >= 75, True, f"{hits} cuts happened")
    equal(statuses.get(6, 0), 0, "the server could always be asked")
    equal({1, 2} <= set(statuses), True, "cuts before and inside transactions")


class SilentFrom(proxy.Blackhole):
    """From the first message with that mark on nothing passes any more."""

    def __init__(self, mark):
        super().__init__()
        self.mark, self.on = mark, False

    def bytes_allowed(self, sender, n):
        return 0 if self.on else n

    def before(self, sender, message):
        self.on = self.on or self.mark in message.data
        return self.on


class LoseAndClose(proxy.Pass):
    """A reply is lost as that mode says, and the server cannot be reached any more."""

    def __init__(self, between, losing):
        self.between, self.losing = between, losing

    def before(self, sender, message):
        lost = self.losing.before(sender, message)
        if lost:
            self.between.listener.close()
            for name in self.between.folder.iterdir():
                name.unlink()
        return lost


def waits(name, make_mode):
    """Build in a mode that kfmig can only wait out, given as a function of the proxy; the network is well again for new connections. Returns
    the project and what ran."""
    p = story.take(name)
    for ident in story.ids:
        declaration = p.path(f"migrations/postgis/{ident}/migration.yml")
        declaration.write_text(declaration.read_text() + "timeouts: {statement: 2s, idle: 3s}\n")
    with proxy.Proxy(pg.cluster().host) as between:
        between.mode = make_mode(between)

        def heal():
            between.fired.wait()
            between.mode = proxy.Pass()

        threading.Thread(target=heal, daemon=True).start()
        ran = p.build(env={"KFM_DSN": pg.dsn(p.db, user="builder", host=between.host)}, timeout=250)
        equal(between.fired.is_set(), True, repr(ran))
        return p, ran


# Each of them lasts as long as a deadline, up to a minute, and needs no processor: all at once.
second = own(story.ids[1])
pool = concurrent.futures.ThreadPoolExecutor()
waiting = {name: pool.submit(waits, name, make_mode) for name, make_mode in {
    "silent_statement": lambda between: SilentFrom(b"COMMENT ON COLUMN"),
    "silent_commit": lambda between: proxy.LoseCommit(hold=True, since=second),
    "silent_reply": lambda between: proxy.LoseCommitReply(hold=True, since=second),
    "unreachable": lambda between: LoseAndClose(between, proxy.LoseCommitReply(since=second)),
}.items()}


@cases(statement=("silent_statement", 2, 1), commit=("silent_commit", 2, 1), reply=("silent_reply", 0, 3))
def silence_ends_at_a_deadline(case):
    name, status, n_applied = case
    p, ran = waiting[name].result()
    equal(ran.status, status, repr(ran))
    equal(tells_the_truth(p, ran, name), story.ids[:n_applied])
    again = p.build()
    equal((again.status, story.applied(p)), (0, story.ids), repr(again))
    story.drop(p)


@test
def unknown_is_said_only_when_it_is_unknown():
    p, ran = waiting["unreachable"].result()
    equal(ran.status, 6, repr(ran))
    contains(ran.err, "not known yet")
    contains(ran.err, "run the same command again")
    equal(story.applied(p), story.ids[:2])
    again = p.build()
    equal((again.status, story.applied(p)), (0, story.ids), repr(again))
    equal(entries(p), [(ident, "success") for ident in story.ids], "and no failure is recorded, now that it is known")
    equal([path.name for path in p.path("state/owed").iterdir()], [])
    story.drop(p)


@cases(tx_begun="tx.begun", tx_statement="tx.statement", tx_observed="tx.observed", tx_recorded="tx.recorded",
       tx_commit_sent="tx.commit_sent", tx_committed="tx.committed")
def the_server_crashes_at(point):
    p = story.take("crash")
    child = p.start("build", "dev", program=FAULTY, env={"KFMIG_FAULT": f"{point}:stop:2"})
    until(lambda: is_stopped(child), f"{point} is passed twice")
    pg.cluster().stop()
    pg.cluster().start()
    child.send_signal(signal.SIGCONT)
    ran = ended(child)
    tells_the_truth(p, ran, point)
    equal(ran.status == 6, False, repr(ran))
    story.converges(p)
    story.drop(p)


main()
