"""The load phase of a projection, from GeoJSON, against psql's \\copy of the same rows (binary, CSV) and ogr2ogr of the same file."""
# run: serial limit=1800 needs=postgres,postgis,psql,ogr2ogr

import json
import os
import re
import shutil

from loading import Loading, POINTS, POLYGONS, ROUNDS
from many import milliseconds, spread, take_turns
from shapes import table
from results import keep
from tap import at_exit, cases, equal, fresh_folder, main, note

GOAL, GOAL_OGR = 1.5, 0.12
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


class Bench(Loading):
    """That, and what psql copies of it."""

    def __init__(self, kind, n):
        home = folder / kind
        super().__init__(home, kind, n)
        self.rows = {form: home / f"rows.{form}" for form in ("binary", "csv")}

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


main()
