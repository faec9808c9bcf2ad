"""Readers through 200 publishes: none fails, none sees two generations, none sees nothing; who reads from before the load is waited for."""
# run: serial limit=600 needs=postgres,postgis

import functools
import os
import shutil
import subprocess
import tempfile
import threading

import pg
from projecting import SEEN, Projecting
from story import ended, until
from tap import at_exit, cases, contains, equal, fresh_folder, main, note, test

PUBLISHES, BUILT_EVERY = 200, 25

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
story = Projecting(folder)

# What a reader does again and again; one line for each time. Rests are outside of what must be of one generation, or between its parts.
REST = "SELECT pg_sleep(0.02) \\g /dev/null\n"
PTS = "SELECT count(DISTINCT version) || ' ' || count(*) || ' ' || min(version) AS pts FROM app.pts \\gset\n"
NUMBERS = "SELECT count(*) || ' ' || min(n) || ' ' || min(version) AS numbers FROM app.numbers \\gset\n"
BOTH = "\\echo :pts - :numbers\n"
KINDS = {
    "parsed_each_time": ("", SEEN + ";\n" + REST),
    "prepared": (f"PREPARE seen AS {SEEN};\n", "EXECUTE seen;\n" + REST),
    "prepared_with_one_plan_by_search_path": (
        f"SET search_path = app, public; SET plan_cache_mode = force_generic_plan;\nPREPARE seen AS {SEEN.replace('app.', '')};\n",
        "EXECUTE seen;\n" + REST),
    "prepared_with_a_plan_each_time": (f"SET plan_cache_mode = force_custom_plan;\nPREPARE seen AS {SEEN};\n", "EXECUTE seen;\n" + REST),
    "a_transaction": ("", "BEGIN;\n" + PTS + NUMBERS + "COMMIT;\n" + BOTH + REST),
    "a_transaction_that_rests": ("", "BEGIN;\n" + NUMBERS + REST + PTS + "COMMIT;\n" + BOTH + REST),
    "repeatable_read": ("", "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" + PTS + NUMBERS + "COMMIT;\n" + BOTH + REST),
    "repeatable_read_that_rests_first": (
        "", "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1 \\g /dev/null\n" + REST + PTS + NUMBERS + "COMMIT;\n" + BOTH + REST),
    "a_cursor": ("", f"BEGIN;\nDECLARE c CURSOR FOR {SEEN};\nFETCH ALL FROM c;\nCOMMIT;\n" + REST),
}


class Session:
    """A psql that can be told what to do; it ends at its first error."""

    def __init__(self, db):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.child = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", pg.dsn(db, user=pg.SUPERUSER)], stdin=subprocess.PIPE,
                                      stdout=self.out, stderr=self.err)

    def tell(self, text):
        self.child.stdin.write(text.encode())
        self.child.stdin.flush()

    def lines(self):
        size = os.fstat(self.out.fileno()).st_size  # pread(): the session writes where the file's offset is
        return os.pread(self.out.fileno(), size, 0).decode().split("\n")[:-1]

    def answer(self, text, n):
        """Its n-th line, when it has said that many."""
        self.tell(text)
        until(lambda: len(self.lines()) >= n or self.child.poll() is not None, f"an answer to {text}")
        return self.lines()[n - 1]

    def end(self):
        """Wait until it has done what it was told; returns its lines. Fails if it did not end well."""
        self.child.stdin.close()
        status = self.child.wait(timeout=60)
        self.err.seek(0)
        equal((status, self.err.read().decode()), (0, ""), "the session")
        return self.lines()


class Loop:
    """A session that does one thing again and again until it is ended."""

    def __init__(self, db, before, again):
        self.session, self.stop = Session(db), threading.Event()
        self.session.tell(before)
        self.again = again
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        """Rounds are told only a little ahead of their answers, so that it ends at once."""
        told = answered = at = 0
        try:
            while not self.stop.is_set() and self.session.child.poll() is None:
                new = os.pread(self.session.out.fileno(), 1 << 16, at)
                at, answered = at + len(new), answered + new.count(b"\n")
                if told - answered < 10:
                    self.session.tell(self.again * 10)
                    told += 10
                else:
                    self.stop.wait(0.02)
        except BrokenPipeError:
            pass  # it has failed, which end() tells

    def end(self):
        self.stop.set()
        self.thread.join()
        return self.session.end()


def expected(which):
    """What loops say of a data state."""
    _, n, _, ident = story.seen(which).split()[:4]
    return {story.seen(which), f"1 {n} {ident} - 1 {n} {ident}"}


@functools.cache
def learned():
    """A project, after what it is to come to was learned."""
    return story.learn()


@test
def two_hundred_publishes():
    p = learned()
    known = expected(0) | expected(1)
    loops = {name: Loop(p.db, *what) for name, what in KINDS.items()}
    counts, problems = {}, []
    try:
        for i in range(PUBLISHES):
            which = i % 2
            if i % BUILT_EVERY == 0:
                story.again(p)
            story.wants(p, which)
            ran = p.build()
            equal(ran.status, 0, f"{i}: {ran!r}")
            contains(ran.err, "published, ")
    finally:
        for name, loop in loops.items():
            try:
                lines = loop.end()
            except AssertionError as error:
                problems.append(f"{name}: {error}")
                continue
            counts[name] = len(lines)
            problems += [f"{name}: {line!r}" for line in sorted(set(lines) - known)]
            problems += [] if len(set(lines)) == 2 else [f"{name} did not see both: {set(lines)}"]
    equal(problems, [])
    note(f"reads: {counts}")
    equal(story.published(p)[0], PUBLISHES + 2)
    equal(min(counts.values()) > PUBLISHES, True, f"reads: {counts}")
    story.receipts_hold(p)
    story.drop(p)


@cases(that_has_read_nothing_yet="SELECT 1;\n", that_reads_something_else="SELECT count(*) > 0 FROM public.spatial_ref_sys;\n")
def a_reader_from_before_the_load(what):
    """A repeatable-read session opened before the load: publishing waits, it sees the old generation, whole, and then the new one"""
    learned()
    p = story.take("old" + str(len(what)))
    old = Session(p.db)
    old.answer("BEGIN ISOLATION LEVEL REPEATABLE READ;\n" + what, 1)
    story.wants(p, 1)
    child = p.start("build", "dev")
    until(lambda: pg.psql(p.db, "SELECT 1 FROM kfmig.generation WHERE state = 'ready'") or child.poll() is not None, "it is ready")
    equal(child.poll(), None, "the build waits")
    equal(old.answer(SEEN + ";\n", 2), story.seen(0))
    equal(pg.value(p.db, SEEN), story.seen(0), "and so does everybody else")
    equal(old.answer("COMMIT;\n" + "SELECT 'over';\n", 3), "over")
    ran = ended(child)
    equal(ran.status, 0, repr(ran))
    equal(old.answer(SEEN + ";\n", 4), story.seen(1))
    old.end()
    story.drop(p)


@test
def a_reader_who_does_not_end():
    """A repeatable-read session that does not end: ready, not published (1), by hand neither; later only published"""
    learned()
    p = story.take("patient")
    old = Session(p.db)
    old.answer("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n", 1)
    story.wants(p, 1)
    declaration = p.path("registry/projections/field.yml")
    declaration.write_text(declaration.read_text().replace("snapshot_wait: 10s", "snapshot_wait: 1s"))
    for command in (("build", "dev"), ("switch", "dev", "field", "2"), ("build", "dev")):
        ran = p.run(*command)
        equal(ran.status, 1, repr(ran))
        contains(ran.err, "is ready, but not published")
        equal(pg.value(p.db, SEEN), story.seen(0))
    old.tell("COMMIT;\n")
    old.end()
    ran = p.build("-v")
    equal(ran.status, 0, repr(ran))
    equal("load wells" in ran.err, False, "nothing is loaded again")
    equal(pg.value(p.db, SEEN), story.seen(1))
    story.drop(p)


main()
