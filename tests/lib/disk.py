"""Small file systems, for tests of what a full disk does.

    disk = mount(folder / "disk", "size=8m")   # a tmpfs, until the tests are over
    filler = fill(disk, 4096)                  # all but 4096 bytes are used up
    filler.unlink()
"""

import os
import shutil
import subprocess

import pg
from tap import at_exit, missing


def mount(where, options):
    """Mount a tmpfs there until the tests are over."""
    if os.geteuid() != 0:
        missing("root, to mount a small tmpfs")
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kfmig-test", str(where)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        missing(f"the right to mount a tmpfs: {done.stderr.strip()}")
    at_exit(subprocess.run, ["umount", "-l", str(where)])
    return where


def fill(where, leave):
    """Use up the file system at where but for that many bytes; returns the file to remove again."""
    free = shutil.disk_usage(where).free - leave
    if free > 0:
        os.posix_fallocate(fd := os.open(where / "filler", os.O_RDWR | os.O_CREAT, 0o600), 0, free)
        os.close(fd)
    return where / "filler"


def tablespace(where, size):
    """A tablespace "small" of the shared cluster on a file system of its own, mounted at where."""
    disk = mount(where, f"size={size},mode=777")
    place = disk / "space"
    place.mkdir()
    shutil.chown(place, **{key: pg.cluster().identity[key] for key in ("user", "group")})
    pg.psql("postgres", f"CREATE TABLESPACE small LOCATION '{place}';")
    return disk
