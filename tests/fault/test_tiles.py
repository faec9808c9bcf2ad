"""A file of tiles, made and switched, with the run killed, failed, cut and crashed at every step: readers find the old file or the new one,
never a part, what is said is so, and one clean run later it is published once."""
# run: serial limit=900 needs=postgres,postgis

import hashlib
import json

import pg
import pmtiles_plain
import proxy
from sweep import Sweep
from tap import cases, contains, equal, main, test
from tiled import ENVIRONMENTS, LAYER, LIVE, tiles, write

FILE = [f"tiles.{name}" for name in ("built", "made", "ready", "rename", "swapped", "recorded")]
PUBLISHING = ["tiles.rename", "tiles.swapped", "tiles.recorded"]
COMMITS = [f"tx.{name}" for name in ("commit_sent", "committed")]
PUBLISHED = "SELECT count(*) FROM kfmig.entry WHERE kind = 'publish' AND result = 'success' AND subject = 'well_tiles'"
STATES = "SELECT number, state FROM kfmig.generation WHERE projection = 'well_tiles' AND state <> 'dropped' ORDER BY number"


def digest(path):
    lines = [f"{z}/{x}/{y} {hashlib.sha256(data).hexdigest()}\n" for (z, x, y), data in pmtiles_plain.tiles(path)]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def files(p):
    return sorted(f.name for f in p.path("tiles").iterdir())


class Tiles:
    """What is prepared, and what is there before and after the verb. n: publications after it. then: what a build says then."""

    def __init__(self, verb, prepare, n, then):
        self.prepared, self.n, self.then, self.old, self.new, self.states = prepare, n, then, None, None, None
        self.sweep = Sweep(verb, self.prepare, self.truthful, self.converges, template="with_postgis")

    def prepare(self, p):
        p.write("registry/environments.v1.yml", ENVIRONMENTS)
        write(p)
        tiles(p, most=2)
        equal(p.build().status, 0)
        self.prepared(p)
        self.old = digest(p.path(LIVE))

    def count(self, p):
        return int(pg.value(p.db, PUBLISHED))

    def truthful(self, p, ran, what):
        """0 exactly if it is recorded; whoever opens the file finds all of one of both, and the new one if it is recorded."""
        equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
        is_done = self.count(p) == self.n
        if ran.status != 6:
            equal(ran.status == 0, is_done, f"{what}: {ran!r}")
        self.is_whole(p, what, is_done)

    def is_whole(self, p, what, is_done):
        seen = digest(p.path(LIVE))
        equal(seen in ((self.new,) if is_done else (self.old, self.new)), True, f"{what}: readers find neither file")
        for name in files(p):
            if not name.startswith("."):
                equal(digest(p.path(f"tiles/{name}")) in (self.old, self.new), True, f"{what}: {name} is a part")

    def converges(self, p, what):
        if self.new is not None:
            self.is_whole(p, what, self.count(p) == self.n)
        was_done = self.count(p) == self.n
        ran = p.run(*self.sweep.verb)
        equal(ran.status == 0 or (was_done and "is live already" in ran.err), True, f"{what}: {ran!r}")
        contains(p.build().text, self.then)
        states = [state for _, state in pg.psql(p.db, STATES)]
        self.new, self.states = self.new or digest(p.path(LIVE)), self.states or sorted(states)
        equal(self.new != self.old, True, "the two files differ")
        equal((digest(p.path(LIVE)), self.count(p), sorted(states)), (self.new, self.n, self.states), what)
        named = [f"well_tiles__g{number}.pmtiles" for number, _ in pg.psql(p.db, STATES)]
        equal(files(p), sorted(["well_tiles.pmtiles", *named]), what)
        live = next(number for number, state in pg.psql(p.db, STATES) if state == "live")
        equal(p.path(f"tiles/well_tiles__g{live}.pmtiles").read_bytes(), p.path(LIVE).read_bytes(), f"{what}: the row and the file")
        body = json.loads(pg.value(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1"))
        equal((body["result"], body["claim"]["projection"]["content"]), ("success", self.new), what)
        for verb in (("receipt", "verify", "dev"), ("diff", "dev")):
            again = p.run(*verb)
            equal(again.status, 0, f"{what}: {again!r}")


def other_query(p):
    tiles(p, most=2, sql=LAYER.replace("1.25", "2.5"))


def second_file(p):
    other_query(p)
    equal(p.build().status, 0)


pg.cluster()._postgis_template()  # from the main thread, as it must be
building = Tiles(("build", "dev"), other_query, 2, "dev: nothing to do")
switching = Tiles(("switch", "dev", "well_tiles", "1", "--apply"), second_file, 3, "`kfmig why dev/well_tiles` says what to do")
BOTH = {"building": (building, [*FILE, *COMMITS]), "switching": (switching, [*PUBLISHING, *COMMITS])}


@cases(building=building, switching=switching)
def undisturbed(it):
    it.sweep.undisturbed()


@cases(**{f"{name}_{mode}": (*what, mode) for name, what in BOTH.items() for mode in ("kill", "error")})
def at_every_point(case):
    it, points, mode = case
    it.sweep.faulted(points, range(1, 6), mode)


@cases(**BOTH)
def the_server_crashes_at_every_point_of(case):
    it, points = case
    n = it.sweep.crashed(points, (1,))
    equal(n >= len(points), True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    building.sweep.cut(sender, 4)


main()
