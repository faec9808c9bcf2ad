"""Disks that are full, here and at the server: nothing is lost, nothing is half done, what is owed is delivered later."""
# run: serial limit=600 needs=postgres

import resource
import shutil
import subprocess

import pg
from disk import fill, mount, tablespace
from project import KFMIG, Ran
from story import Story, claimed
from tap import at_exit, cases, contains, equal, fails, fresh_folder, main, note, test

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)
pg.cluster()
story = Story(folder, 4)


@test
def the_undisturbed_build():
    story.learn()


def converges_after(p, ran, what):
    """A build without room: what it says is true; with room again what is owed is delivered."""
    equal(ran.status in (0, 1, 2, 3), True, f"{what}: {ran!r}")
    applied = story.applied(p)
    equal(claimed(ran), applied, f"{what}: {ran!r}")
    temporary = [name for name in p.root.rglob("*.tmp")]
    equal(temporary, [], f"{what}: nothing half done is left")
    return applied


@test
def a_project_on_a_full_disk():
    disk = mount(folder / "disk", "size=2m")
    statuses = []
    for pages in list(range(0, 12)) + list(range(12, 60, 4)):
        p = story.take("full")
        moved = disk / "project"
        shutil.copytree(p.root, moved)
        story.drop(p)
        p.root = moved
        filler = fill(disk, 4096 * pages)
        ran = p.build()
        converges_after(p, ran, f"{pages} pages free")
        statuses.append(ran.status)
        filler.unlink()
        story.converges(p)
        shutil.rmtree(moved)
    note(f"statuses by number of free pages: {statuses}")
    equal(set(statuses) <= {0, 1, 3} and len(set(statuses)) > 1, True, f"{statuses}")


def build_with_limit(p, size):
    """Build where no file may grow past size bytes: every write past it fails (Python ignores SIGXFSZ, and so does the child)."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = subprocess.run([KFMIG, "build", "dev"], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False, preexec_fn=limit, restore_signals=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@cases(nothing=0, one_byte=1, a_page=4096, three_pages=3 * 4096)
def files_that_may_not_grow(size):
    p = story.take("limited")
    converges_after(p, build_with_limit(p, size), f"files of at most {size} bytes")
    story.converges(p)
    story.drop(p)


def read_only(p, on):
    subprocess.run(["mount", "-o", "remount,ro" if on else "remount,rw", str(p.root.parent)], check=True)


@test
def a_project_folder_that_is_read_only():
    disk = mount(folder / "ro", "size=8m")
    p = story.take("readonly")
    moved = disk / "project"
    shutil.copytree(p.root, moved)
    story.drop(p)
    p.root = moved
    read_only(p, True)
    ran = p.build()
    try:
        converges_after(p, ran, "read-only")
        equal(ran.status, 3, repr(ran))
        contains(ran.err, "is owed")
        planned = p.run("plan", "dev", "--exit-code")
        fails(planned, 10, "an exported file is missing")
    finally:
        read_only(p, False)
    story.converges(p)


@test
def a_server_without_room():
    """The server's disk is full: the migration fails as a whole, and applies when there is room again"""
    disk = tablespace(folder / "server", "40m")
    pg.psql("postgres", "CREATE DATABASE room OWNER builder TABLESPACE small;")
    p = story.copy("room")
    path = f"migrations/postgis/{story.ids[1]}/forward.sql"
    p.write(path, "CREATE TABLE app.big AS SELECT i, repeat('x', 500) AS filler FROM generate_series(1, 20000) i;\n"
                  + p.path(path).read_text())
    filler = fill(disk, 4 << 20)
    ran = p.build()
    equal(story.applied(p), claimed(ran), repr(ran))
    equal(ran.status, 2, repr(ran))
    contains(ran.err, "disk_full")
    equal(story.applied(p), story.ids[:1])
    filler.unlink()
    ran = p.build()
    equal((ran.status, story.applied(p)), (0, story.ids), repr(ran))
    equal(p.run("receipt", "verify", "dev").status, 0)
    pg.psql("postgres", "DROP DATABASE room; DROP TABLESPACE small;")


main()
