"""The project whose loading is measured, and how much is loaded."""

import os

import pg
from project import Project
from shapes import declare, register, table, write_collection
from tap import at_exit, equal

POINTS = int(os.environ.get("KFMIG_BENCH_POINTS", "500000"))
POLYGONS = int(os.environ.get("KFMIG_BENCH_POLYGONS", "50000"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "5"))
VERSION = "2026-02.0000000a"
DATA = "things.geojson"


class Loading:
    """A projection of one source, n geometries of a kind, with an index; a server of its own with fsync on."""

    def __init__(self, home, kind, n):
        self.cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", max_wal_size="'4GB'", autovacuum="off",
                                  log_min_duration_statement="0")
        at_exit(self.cluster.remove)
        home.mkdir()
        self.p = Project(home, db=None)
        self.p.db = self.cluster.createdb(postgis=True)
        self.p.env["KFM_DSN"] = self.cluster.dsn(self.p.db)
        self.kind, self.n = kind, n
        self.data = self.p.path("registry/data") / DATA
        equal(write_collection(self.data, kind, n), n)
        register(self.p, "things", VERSION, DATA, n)
        declare(self.p, "things", VERSION, "things")
        self.p.bundle("M-01", f"CREATE SCHEMA app;\n{table('app.things', kind)}\nCREATE INDEX things_geom ON app.things USING gist (geom);\n")

    def sql(self, text):
        return self.cluster.psql(self.p.db, text)
