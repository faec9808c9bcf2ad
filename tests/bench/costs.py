"""What a command costs, in what a busy machine changes little or not at all: processor time of server and client, instructions, messages over the connection."""

import os
import re
import resource
import shlex
import signal
import subprocess

import pg
import proxy
from seen import until
from tap import equal

TICK = os.sysconf("SC_CLK_TCK")


class Count(proxy.Pass):
    """Messages of both sides: flights end with the client's Sync, statements begin with its Execute."""

    def __init__(self):
        self.flights = self.statements = self.up = self.down = 0

    def before(self, sender, message):
        if sender == proxy.CLIENT:
            self.up += len(message.data)
            self.flights += message.kind in (b"S", b"Q")
            self.statements += message.kind in (b"E", b"Q")
        else:
            self.down += len(message.data)
        return False


def sessions(cluster):
    """The processes of a server that stand now, by their ids."""
    with open(f"/proc/{cluster.process.pid}/task/{cluster.process.pid}/children", encoding="ascii") as pids:
        return set(pids.read().split())


def server_ms(cluster, standing):
    """Processor time of sessions that have ended, once the postmaster has waited for all that are not among standing."""
    until(lambda: not sessions(cluster) - standing, "its sessions have ended")
    with open(f"/proc/{cluster.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) * 1000 / TICK


def client_ms():
    """Processor time of the programs that this one has run and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


class Callgrind:
    """Programs under valgrind's callgrind, which counts the instructions of each process: they do not depend on what else the machine does."""

    def __init__(self, root):
        root.mkdir()
        os.chmod(root, 0o777)  # the server writes there, as another user
        os.chmod(root.parent, 0o755)
        self.root = root

    def cluster(self, **settings):
        """A server whose sessions are counted."""
        made = pg.Cluster(**settings)
        made.stop(signal.SIGINT)
        own, made.bin = made.bin, self.root
        program = self.root / "postgres"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(self._command("server", own / "postgres"))} "$@"\n')
        os.chmod(program, 0o755)
        made.start()
        return made

    def _command(self, name, program):
        return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={self.root}/{name}.%p", str(program)]

    def _taken(self, name):
        """Instructions of each process of that name that has ended; its file is gone then."""
        totals = []
        for path in self.root.glob(f"{name}.*"):
            found = re.search(r"^totals: (\d+)", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            if found:
                totals.append(int(found.group(1)))
                path.unlink()
        return totals

    def counted(self, cluster, command, cwd, env):
        """Instructions of the client that the command is, and of the longest of its sessions, while no others begin."""
        standing = sessions(cluster)
        self._taken("server")
        done = subprocess.run(self._command("client", command[0]) + command[1:], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        equal(done.returncode, 0, done.stderr.decode()[-2000:])
        server_ms(cluster, standing)
        return max(self._taken("client")), max(self._taken("server"))
