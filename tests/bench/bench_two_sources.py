"""A projection of two sources, loaded, indexed and validated by one session and by two: the same rows, in how much less time."""
# run: serial limit=1800 needs=postgres,postgis

import json
import os
import shutil
import subprocess
import time

from costs import client_ms, server_ms, sessions
from loading import Loading, POINTS, POLYGONS, ROUNDS, VERSION
from many import spread
from project import KFMIG
from results import keep
from shapes import declare, register, table
from tap import at_exit, cases, equal, fresh_folder, main, note

GOAL = 1.6
WHOLE = "all three"
PHASES = ("load", "index", "validate", "publish")
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


class Two(Loading):
    """The same data twice, into two tables with an index each."""

    def __init__(self, kind, n):
        super().__init__(folder / kind, kind, n)
        other = self.data.with_name("others.geojson")
        shutil.copyfile(self.data, other)
        register(self.p, "others", VERSION, other.name, n)
        declare(self.p, "things", VERSION, "things", more=[("others", "others")])
        self.p.bundle("M-02", f"{table('app.others', kind)}\nCREATE INDEX others_geom ON app.others USING gist (geom);\n")

    def began(self, jobs):
        """Rebuild by so many sessions; when each phase began."""
        child = subprocess.Popen([KFMIG, "rebuild", "dev", "--all", f"--jobs={jobs}", "--progress=json"], cwd=self.p.root, env=self.p.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        began = {}
        for line in child.stderr:
            said = json.loads(line)
            name = str(said.get("what") or said.get("phase") or "").split(" ")[0]
            began.setdefault(name, time.perf_counter())
        equal(child.wait(), 0)
        return began

    def rebuilt(self, jobs):
        """Milliseconds of load, index and validation, and of all three; of processor, the whole run; and the digest of what is there then."""
        self.sql("CHECKPOINT;")
        standing, server, client = sessions(self.cluster), server_ms(self.cluster, sessions(self.cluster)), client_ms()
        moments = [self.began(jobs)[name] for name in PHASES]
        used = {"processor of the server": server_ms(self.cluster, standing) - server, "processor of the client": client_ms() - client}
        took = {name: (b - a) * 1000 for name, a, b in zip(PHASES, moments, moments[1:])}
        content = self.cluster.value(self.p.db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'")
        return {**took, WHOLE: (moments[-1] - moments[0]) * 1000, **used}, content


@cases(points=("Point", POINTS), polygons=("Polygon", POLYGONS))
def two_sources(case):
    """Two sources by one session and by two"""
    kind, n = case
    b = Two(kind, n)
    equal(b.p.build("--quiet", timeout=900).status, 0)
    took, contents = {1: [], 2: []}, set()
    for _ in range(ROUNDS):
        for jobs, rounds in took.items():
            figures, content = b.rebuilt(jobs)
            rounds.append(figures)
            contents.add(content)
    equal(len(contents), 1, "the same rows")
    note(f"2 x {n} rows of {kind}, fsync on; medians of {ROUNDS} (least to most), taking turns; how many times as fast two are")
    for name in took[1][0]:
        one, two = (spread([r[name] for r in took[jobs]]) for jobs in (1, 2))
        times, is_whole = one.median / two.median, name == WHOLE
        note(f"{name}: one session {one} ms, two {two} ms: {times:.2f}, least to least {one.least / two.least:.2f}" + f" (goal {GOAL})" * is_whole)
        keep(f"two sources {kind} {name}", rows=2 * n, rounds=ROUNDS, one_ms=one.median, two_ms=two.median, times=times, **{"goal": GOAL} if is_whole else {})
        if STRICT and is_whole:
            equal(times >= 1 + (GOAL - 1) / 2, True, f"{times:.2f} times as fast")


main()
