"""What a command costs, in what a busy machine does not change: processor time of server and client, messages over the connection."""

import os
import resource

import proxy
from seen import until

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
