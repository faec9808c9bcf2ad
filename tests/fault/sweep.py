"""One verb swept over all that may disturb it: fault points, crashes of the server, cut connections.

    sweep = Sweep(("build", "dev"), prepare, truthful, converges)

prepare(p): write and apply what stands before the verb; done once, every copy is as that left it.
template: the database that theirs begin as. truthful(p, ran, what): what a disturbed run said is so. converges(p, what): one clean run later all is as it must be.
"""

import random
import shutil
import signal

import pg
import proxy
from project import FAULTY, Project
from seeds import SEED
from story import ROLE, ended, is_stopped, template_role, until
from tap import at_exit, equal, fresh_folder, note

CUTS = 12  # a direction
MADE = []  # the databases that copies are of, one for each sweep


class Sizes(proxy.Pass):
    """How many bytes each side sends."""

    def __init__(self):
        self.size = {proxy.CLIENT: 0, proxy.SERVER: 0}

    def before(self, sender, message):
        self.size[sender] += len(message.data)
        return False


class Sweep:
    """See above."""

    def __init__(self, verb, prepare, truthful, converges, ref="KFM_DSN", template="template1"):
        self.ref = ref  # the variable that leads to the database
        self.template = template
        self.verb, self.prepare, self.truthful, self.converges = verb, prepare, truthful, converges
        self.folder = fresh_folder()
        at_exit(shutil.rmtree, self.folder, True)
        pg.cluster()  # from the main thread, as it must be
        self.pristine = None
        self.copies = 0

    def make(self):
        """The project and the database that all copies are of."""
        if not MADE:
            template_role()
        MADE.append(f"template_of_all{len(MADE)}")
        pg.psql("postgres", f'CREATE DATABASE {MADE[-1]} TEMPLATE {self.template} OWNER "{ROLE}"')
        p = Project(self.folder, db=None)
        p.db = MADE[-1]
        p.env[self.ref] = pg.dsn(p.db, user=ROLE)
        self.prepare(p)
        shutil.rmtree(p.root / "state", ignore_errors=True)
        return p

    def fresh(self):
        """A project as prepared, on a database of its own."""
        if self.pristine is None:
            self.pristine = self.make()
        p = Project.__new__(Project)
        p.db = f"w{self.copies}_of_{self.pristine.db}"
        self.copies += 1
        pg.psql("postgres", f'CREATE DATABASE "{p.db}" TEMPLATE {self.pristine.db} OWNER "{ROLE}"')
        p.root = self.folder / p.db
        shutil.copytree(self.pristine.root, p.root)
        p.env = {**self.pristine.env, self.ref: pg.dsn(p.db, user=ROLE)}
        return p

    def drop(self, p):
        shutil.rmtree(p.root, ignore_errors=True)
        pg.psql("postgres", f'DROP DATABASE "{p.db}" WITH (FORCE)')

    def settles(self, p, what):
        """converges(), and the copy has served."""
        self.converges(p, what)
        self.drop(p)

    def undisturbed(self):
        self.settles(self.fresh(), "undisturbed")

    def stopped(self, p, what):
        """The verb, standing still at that fault point; or ended, where it never came there."""
        child = p.start(*self.verb, program=FAULTY, env={"KFMIG_FAULT": what})
        until(lambda: child.poll() is not None or is_stopped(child), what)
        return child

    def through(self, p, mode):
        """The verb, through a proxy in that mode; returns what ran and whether the fault happened."""
        with proxy.Proxy(pg.cluster().host) as between:
            between.mode = mode
            ran = p.run(*self.verb, env={self.ref: pg.dsn(p.db, user=ROLE, host=between.host)})
            return ran, between.fired.is_set()

    def faulted(self, points, passages, mode):
        """Killed or failed ("error") at every point, at these passages; all points must be passed, but that no error is left behind a COMMIT."""
        passed = set()
        for point in points:
            for passage in passages:
                p = self.fresh()
                what = f"{point}:{mode}:{passage}"
                ran = p.run(*self.verb, program=FAULTY, env={"KFMIG_FAULT": what})
                if ran.status == 0:
                    self.drop(p)
                    break
                passed.add(what)
                if mode == "kill":
                    equal(ran.status, -9, f"{what}: {ran!r}")
                else:
                    self.truthful(p, ran, what)
                self.settles(p, f"{what}\n{ran!r}")
        names = {what.split(":")[0] for what in passed}
        note(f"{len(passed)} times at {len(names)} points")
        equal(sorted(set(points) - names), [] if mode == "kill" else [x for x in points if x == "tx.committed"], "points that were not passed")

    def crashed(self, points, passages):
        """The server crashes while the verb stands at each point; returns how often."""
        n = 0
        for what in (f"{point}:stop:{passage}" for point in points for passage in passages):
            p = self.fresh()
            child = self.stopped(p, what)
            if child.poll() is None:
                n += 1
                pg.cluster().stop(signal.SIGQUIT)
                pg.cluster().start()
                child.send_signal(signal.SIGCONT)
            ran = ended(child)
            self.truthful(p, ran, what)
            self.settles(p, f"{what}\n{ran!r}")
        note(f"{n} crashes of the server")
        return n

    def cut(self, sender, start):
        """The connection is cut behind bytes of that side, anywhere but in the first 1/start of them; most cuts must come before its end."""
        dice = random.Random(f"{SEED} {sender}")
        p, count = self.fresh(), Sizes()
        equal(self.through(p, count)[0].status, 0)
        self.drop(p)
        n = 0
        for at in sorted(dice.sample(range(count.size[sender] // start, count.size[sender]), CUTS)):
            p = self.fresh()
            ran, is_cut = self.through(p, proxy.Cut(at, sender))
            n += is_cut
            what = f"cut behind byte {at} of the {sender} (seed {SEED})"
            self.truthful(p, ran, what)
            self.settles(p, f"{what}\n{ran!r}")
        equal(n > CUTS // 2, True, f"{n} of {CUTS} connections were cut")
        note(f"{n} connections cut")
