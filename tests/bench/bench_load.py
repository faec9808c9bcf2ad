"""The load phase of a projection, from GeoJSON, against psql's \\copy of the same rows (binary, CSV) and ogr2ogr of the same file; and the
phases of one with two sources, by one session and by two."""
# run: serial limit=1800 needs=postgres,postgis,psql,ogr2ogr

import json
import os
import re
import shutil
import subprocess
import time

import pg
from many import milliseconds, spread, take_turns
from project import KFMIG, Project
from shapes import declare, register, table, write_collection
from results import keep
from tap import at_exit, cases, equal, fresh_folder, main, note

POINTS = int(os.environ.get("KFMIG_BENCH_POINTS", "500000"))
POLYGONS = int(os.environ.get("KFMIG_BENCH_POLYGONS", "50000"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "5"))
GOAL, GOAL_OGR, GOAL_TWO = 1.5, 0.12, 1.6
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"
VERSION = "2026-02.0000000a"
DATA = "things.geojson"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


class Bench:
    """One kind of data, a server of its own with fsync on."""

    def __init__(self, kind, n):
        self.cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", max_wal_size="'4GB'", autovacuum="off",
                                  log_min_duration_statement="0")
        at_exit(self.cluster.remove)
        home = folder / type(self).__name__ / kind
        home.mkdir(parents=True)
        self.p = Project(home, db=None)
        self.p.db = self.cluster.createdb(postgis=True)
        self.p.env["KFM_DSN"] = self.cluster.dsn(self.p.db)
        self.kind, self.n = kind, n
        self.data = self.p.path("registry/data") / DATA
        equal(write_collection(self.data, kind, n), n)
        register(self.p, "things", VERSION, DATA, n)
        declare(self.p, "things", VERSION, "things")
        self.p.bundle("M-01", f"CREATE SCHEMA app;\n{table('app.things', kind)}\nCREATE INDEX things_geom ON app.things USING gist (geom);\n")
        self.rows = {form: home / f"rows.{form}" for form in ("binary", "csv")}

    def sql(self, text):
        return self.cluster.psql(self.p.db, text)

    def prepare(self):
        """Builds once; what was loaded is what psql copies."""
        ran = self.p.build("--quiet", timeout=900)
        equal(ran.status, 0, repr(ran))
        for form, path in self.rows.items():
            self.sql(f"\\copy app.things TO '{path}' (FORMAT {form})")

    def emptied(self, command):
        """Only the command is timed; nothing of the round before it is left to be written. As kfmig's, the table has no index yet."""
        self.sql("DROP TABLE IF EXISTS public.peer;")
        if command[0] == "psql":
            self.sql(f'{table("public.peer", self.kind)} ALTER TABLE public.peer OWNER TO "{self.p.db}";')
        self.sql("CHECKPOINT;")
        took = milliseconds(command, self.p.root, self.p.env)
        equal(self.cluster.value(self.p.db, "SELECT count(*) FROM public.peer"), str(self.n))
        return took

    def psql(self, form):
        return self.emptied(["psql", "-Xq", "-c", f"\\copy public.peer FROM '{self.rows[form]}' (FORMAT {form})", self.p.env["KFM_DSN"]])

    def ogr2ogr(self):
        return self.emptied(["ogr2ogr", "-f", "PostgreSQL", f"PG:{self.p.env['KFM_DSN']}", str(self.data), "-nln", "public.peer", "-lco",
                             "SPATIAL_INDEX=NONE", "--config", "PG_USE_COPY", "YES"])

    def kfmig(self):
        """A rebuild of everything; what its load phase took, with the COMMIT."""
        self.sql("DROP TABLE IF EXISTS public.peer; CHECKPOINT;")
        seen = len(self.cluster.server_log())
        ran = self.p.run("rebuild", "dev", "--all", timeout=900)
        equal(ran.status, 0, repr(ran))
        log = self.cluster.server_log()[seen:]
        copied = log.index("COPY ")
        commit = re.search(r"duration: ([0-9.]+) ms [^\n]*COMMIT", log[copied:])
        facts = json.loads(self.cluster.value(self.p.db, "SELECT facts FROM kfmig.generation WHERE state = 'live'"))
        return next(iter(facts["loads"].values()))["ms"] + float(commit.group(1))


@cases(points=("Point", POINTS), polygons=("Polygon", POLYGONS))
def load_phase(case):
    """The load phase against psql and ogr2ogr"""
    kind, n = case
    b = Bench(kind, n)
    b.prepare()
    took = take_turns(ROUNDS, {"kfmig": b.kfmig, "binary": lambda: b.psql("binary"), "csv": lambda: b.psql("csv"), "ogr2ogr": b.ogr2ogr})
    mid = {name: spread(values) for name, values in took.items()}
    ms = {name: m.median for name, m in mid.items()}
    size = b.data.stat().st_size / 1e6
    against = {form: ms["kfmig"] / ms[form] for form in ("binary", "csv", "ogr2ogr")}
    note(f"{n} rows of {kind}, {size:.0f} MB of GeoJSON, one projection (7 targets), 1 table; fsync on; medians of {ROUNDS} (least to most)")
    note(f"load phase {mid['kfmig']} ms, {size / ms['kfmig'] * 1000:.0f} MB/s")
    least = mid["kfmig"].least / mid["binary"].least
    note(f"psql binary {mid['binary']} ms: ratio {against['binary']:.2f} (goal {GOAL}), least to least {least:.2f}")
    note(f"psql csv {mid['csv']} ms: ratio {against['csv']:.2f}")
    note(f"ogr2ogr {mid['ogr2ogr']} ms: ratio {against['ogr2ogr']:.3f} (goal {GOAL_OGR})")
    keep(f"load {kind}", rows=n, mb=size, rounds=ROUNDS, **{name + "_ms": value for name, value in ms.items()}, goal=GOAL,
         **{"against_" + name: value for name, value in against.items()})
    if STRICT:
        equal(against["binary"] <= 2 * GOAL, True, f"ratio {against['binary']:.2f}")
        equal(against["ogr2ogr"] <= 2 * GOAL_OGR, True, f"ratio {against['ogr2ogr']:.3f}")


class Two(Bench):
    """The same data twice, into two tables with an index each."""

    def __init__(self, kind, n):
        super().__init__(kind, n)
        other = self.data.with_name("others.geojson")
        shutil.copyfile(self.data, other)
        register(self.p, "others", VERSION, other.name, n)
        declare(self.p, "things", VERSION, "things", more=[("others", "others")])
        self.p.bundle("M-02", f"{table('app.others', kind)}\nCREATE INDEX others_geom ON app.others USING gist (geom);\n")

    def phases(self, jobs):
        """A rebuild by so many sessions: milliseconds from the beginning of each phase to that of the next one, and the content digest."""
        self.sql("CHECKPOINT;")
        child = subprocess.Popen([KFMIG, "rebuild", "dev", "--all", f"--jobs={jobs}", "--progress=json"], cwd=self.p.root, env=self.p.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        began = {}
        for line in child.stderr:
            said = json.loads(line)
            name = str(said.get("what") or said.get("phase") or "").split(" ")[0]
            began.setdefault(name, time.perf_counter())
        equal(child.wait(), 0)
        self.content = self.cluster.value(self.p.db, "SELECT encode(content, 'hex') FROM kfmig.generation WHERE state = 'live'")
        moments = [began[name] for name in ("load", "index", "validate")]
        return [(b - a) * 1000 for a, b in zip(moments, moments[1:])] + [(began["publish"] - moments[-1]) * 1000]


@cases(points=("Point", POINTS), polygons=("Polygon", POLYGONS))
def two_sources(case):
    """Two sources by one session and by two"""
    kind, n = case
    b = Two(kind, n)
    equal(b.p.build("--quiet", timeout=900).status, 0)
    took, contents = {1: [], 2: []}, set()
    for _ in range(ROUNDS):
        for jobs, rounds in took.items():
            rounds.append(b.phases(jobs))
            contents.add(b.content)
    equal(len(contents), 1, "the same rows")
    for at, phase in enumerate(("load", "index", "validate")):
        one, two = (spread([r[at] for r in took[jobs]]) for jobs in (1, 2))
        times = one.median / two.median
        note(f"2 x {n} rows of {kind}, {phase}: one session {one} ms, two {two} ms: {times:.2f} times as fast (goal {GOAL_TWO} for load), "
             f"least to least {one.least / two.least:.2f}")
        keep(f"two sources {kind} {phase}", rows=2 * n, rounds=ROUNDS, one_ms=one.median, two_ms=two.median, times=times, goal=GOAL_TWO)


main()
