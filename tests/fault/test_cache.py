"""Bits flipped, bytes lost and files mistaken in state/kfmig.db: the plan stays the same, and nothing crashes."""
# run: limit=600 needs=postgres

import os
import random
import shutil
import signal

import pg
from project import FAULTY
from seeds import SEED
from story import ROLE, Story
from tap import at_exit, cases, equal, fails, fresh_folder, main, note, test

FLIPS = 500  # a file

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
story = Story(folder, 5)
_cached = None


def cached():
    """A project with one pending migration, and its cache as a killed run left it: {file name: bytes}, with the log not yet merged."""
    global _cached
    if _cached is None:
        p = story.take("cached")
        equal(p.build("--steps=3").status, 0)
        equal(p.run("plan", "dev").status, 0)
        shutil.rmtree(p.path("state"))
        stopped = p.run("build", "dev", "--steps=1", program=FAULTY, env={"KFMIG_FAULT": "cache.commit:kill:2"})
        equal(stopped.status, -signal.SIGKILL, repr(stopped))
        equal(p.path("state/kfmig.db-wal").stat().st_size > 4096, True, "something stands in the log")
        killed = {f.name: f.read_bytes() for f in sorted(p.path("state").glob("kfmig.db*"))}
        shutil.rmtree(p.path("state"))
        want = plan(p)
        _cached = (p, killed, want)
    return _cached


def plan(p):
    """What the plan comes to: its digest and every target's state and reasons."""
    ran = p.run("plan", "dev", "--json")
    equal(ran.status, 0, repr(ran))
    return ran.out


def put(p, files):
    """These files, and no others, are the cache."""
    shutil.rmtree(p.path("state"), ignore_errors=True)
    for name, data in files.items():
        p.write(f"state/{name}", data)


def same_plan(p, want, files, what):
    put(p, files)
    equal(plan(p), want, what)


@test
def the_sound_cache_leads_to_the_same_plan():
    p, killed, want = cached()
    note({name: len(data) for name, data in killed.items()})
    same_plan(p, want, killed, "as a killed run left it")
    same_plan(p, want, {}, "no cache")
    equal(plan(p), want, "the cache made by that run")


def flipped(data, bit):
    """data with one bit changed."""
    out = bytearray(data)
    out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)


def flip_all(name, files, p, want):
    """FLIPS bits of one file, one at a time, evenly spread from a random start."""
    size = 8 * len(files[name])
    step = max(1, size // FLIPS)
    start = random.Random(SEED).randrange(step)
    for bit in range(start, size, step):
        # An odd bit stands at a changing place within its byte.
        at = min(size - 1, bit // 8 * 8 + (bit * 2654435761 >> 7) % 8)
        same_plan(p, want, {**files, name: flipped(files[name], at)}, f"bit {at} of {name} (seed {SEED})")
    note(f"{len(range(start, size, step))} flips in {size // 8} bytes of {name}, seed {SEED}")


@test
def bits_of_the_database_file():
    p, _, want = cached()
    put(p, {})
    plan(p)
    merged = {f.name: f.read_bytes() for f in p.path("state").glob("kfmig.db")}
    flip_all("kfmig.db", merged, p, want)


@cases(wal="kfmig.db-wal", shm="kfmig.db-shm")
def bits_of_its_log(name):
    p, killed, want = cached()
    if name not in killed:
        raise AssertionError(f"a killed run left no {name}: {sorted(killed)}")
    flip_all(name, killed, p, want)


@test
def files_cut_short_mixed_up_or_of_another_kind():
    p, killed, want = cached()
    for name, data in killed.items():
        for size in (0, 1, 16, 100, 4095, 4096, 4097, len(data) // 2, len(data) - 1):
            if size < len(data):
                same_plan(p, want, {**killed, name: data[:size]}, f"{name} cut to {size} bytes")
        same_plan(p, want, {**killed, name: data + b"\0" * 4096}, f"{name} longer")
        same_plan(p, want, {**killed, name: b"not a database\n" * 1000}, f"{name} of another kind")
        same_plan(p, want, {key: value for key, value in killed.items() if key != name}, f"no {name}")
        for page in range(0, len(data), 4096):
            same_plan(p, want, {**killed, name: data[:page] + b"\0" * 4096 + data[page + 4096:]}, f"{name}: no page at {page}")


@test
def something_else_in_its_place():
    p, _, want = cached()
    put(p, {})
    p.path("state").mkdir()
    p.path("state/kfmig.db").mkdir()
    equal(plan(p), want, "a folder")
    p.path("state/kfmig.db").rmdir()
    p.write("state/other", "x")
    p.path("state/kfmig.db").symlink_to("other")
    equal(plan(p), want, "a symbolic link")
    equal(p.path("state/other").read_text(), "x", "what it points to is as it was")
    p.path("state/kfmig.db").unlink()
    os.mkfifo(p.path("state/kfmig.db"))
    equal(plan(p), want, "a pipe")


@test
def the_cache_of_another_database():
    p, _, want = cached()
    other = story.take("other")
    equal(other.build().status, 0)
    foreign = {f.name: f.read_bytes() for f in other.path("state").glob("kfmig.db*")}
    put(p, foreign)
    ran = p.run("plan", "dev", "--json")
    fails(ran, 1, "carries another ledger than the last run saw")
    p.env["KFM_DSN"], dsn = pg.dsn(other.db, user=ROLE), p.env["KFM_DSN"]
    put(p, {})
    equal(p.run("plan", "dev", "--json").status, 0)
    p.env["KFM_DSN"] = dsn
    shutil.rmtree(p.path("state"))
    equal(plan(p), want, "without it the plan is as before")


main()
