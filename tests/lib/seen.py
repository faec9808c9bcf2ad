"""What a run said and left behind, for tests of the program from outside.

    equal(len(errors(ran)), 1)           # one clear error
    before = files(p.root)
    ...
    equal(files(p.root), before)         # nothing left behind
"""

import hashlib
import json
import os
import pathlib
import re
import time


def errors(ran):
    """The errors a run states, one each: those about files (`place: error: …`), or else the `kfmig: …` lines that are no warning."""
    faults = [line for line in ran.text.splitlines() if re.search(r"(^|: )error: ", line)]
    own = [line for line in ran.err.splitlines() if line.startswith("kfmig: ") and "warning: " not in line]
    return faults or own


def error_json(ran):
    """The members "error" of what a run with --json says on stderr."""
    return [json.loads(line)["error"] for line in ran.err.splitlines() if line.startswith('{"error"')]


def one_error(ran, status, *parts):
    """Fail unless the run ended with status and one error whose text (hint included) has all parts."""
    found = errors(ran)
    if ran.status != status or len(found) != 1:
        raise AssertionError(f"not one error and status {status}: {len(found)} errors, {ran!r}")
    for part in parts:
        if part not in ran.text:
            raise AssertionError(f"no {part!r} in what was said: {ran!r}")


def digest(data):
    """sha256:<hex> of bytes or of a file."""
    data = data.read_bytes() if isinstance(data, pathlib.Path) else data
    return "sha256:" + hashlib.sha256(data).hexdigest()


def files(folder, skip=(), times=False):
    """{relative path: content, with times also the time of the last change}, symlinks not followed, without what is below skip."""
    found = {}
    for base, folders, names in os.walk(folder):
        here = pathlib.Path(base).relative_to(folder)
        folders[:] = sorted(f for f in folders if str(here / f) not in skip)
        for name in sorted(names):
            path = pathlib.Path(base, name)
            if str(here / name) in skip:
                continue
            info = path.lstat()
            content = os.readlink(path) if path.is_symlink() else digest(path) if path.is_file() else "special"
            found[str(here / name)] = (content, info.st_mtime_ns) if times else content
    return found


def until(condition, what, seconds=20):
    """Poll until condition() is true; returns its value. Fails after seconds: a bound, not a guess of how long it takes."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return value


def finish(child, seconds=60):
    """Wait for what Project.start() started; returns (status, stdout, stderr)."""
    status = child.wait(timeout=seconds)
    texts = []
    for stream in (child.out_file, child.err_file):
        stream.seek(0)
        texts.append(stream.read().decode())
        stream.close()
    return status, *texts


def said(child):
    """What a started run has written to stderr so far."""
    position = os.pread(child.err_file.fileno(), 1 << 20, 0)
    return position.decode(errors="replace")
