"""kfmig on a terminal of its own.

    ran = on_terminal(p, "plan", "dev", columns=60)
    equal(ran.status, 0)
    equal([line for line in ran.out.split("\n") if width(line) > 60], [])

    with Terminal(p, "build", "dev") as t:
        t.until("1/2")                   # what was shown so far holds this
        t.resize(40)
        t.child.send_signal(signal.SIGINT)
        status = t.end()
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata

from project import KFMIG, Ran

LIMIT = 60


class Terminal:
    """A child whose standard input, output and error are one terminal; all that it showed is in .shown, as bytes of text without
    carriage returns."""

    def __init__(self, project, *args, columns=80, env=None):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.shown = ""
        self.child = subprocess.Popen([KFMIG, *args], cwd=project.root, env={**project.env, "TERM": "xterm", "NO_COLOR": "1", **(env or {})},
                                      stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.master)

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def _read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return data != b""

    def look(self):
        """All that is shown so far."""
        self._read(0.1)
        return self.shown

    def until(self, part):
        deadline = time.monotonic() + LIMIT
        while part not in self.shown:
            if time.monotonic() > deadline or not self._read(0.2):
                raise AssertionError(f"never shown: {part!r}; shown:\n{self.shown}")

    def send(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Wait for its end; returns its status."""
        deadline = time.monotonic() + LIMIT
        while self._read(0.2):
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; shown:\n{self.shown}")
        return self.child.wait(timeout=LIMIT)


def on_terminal(project, *args, columns=80, env=None):
    with Terminal(project, *args, columns=columns, env=env) as t:
        status = t.end()
        return Ran(status, settled(t.shown), "")


def settled(text):
    """What stays: without the lines that were drawn over."""
    lines = [line.split("\r")[-1] for line in text.split("\n")]
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", "\n".join(lines))


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
