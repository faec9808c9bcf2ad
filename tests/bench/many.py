"""What the benches share: names for many migrations, and taking turns."""

import shutil
import statistics
import subprocess
import time

from project import Project
from tap import equal


def ident(i):
    """PG-MIG-2026-01-01-01 and on, 99 a day, 28 days a month."""
    day = i // 99
    return f"PG-MIG-2026-{1 + day // 28:02}-{1 + day % 28:02}-{1 + i % 99:02}"


def small(i):
    """The SQL of a small migration: a table with a key and a default, an index, a comment; the first makes their schema."""
    return ("CREATE SCHEMA app;\n" if i == 0 else "") + f"""\
CREATE TABLE app.t{i} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX t{i}_name ON app.t{i} (name);
COMMENT ON TABLE app.t{i} IS 'table number {i}';
"""


def declared(root, cluster, n, durability, host=None):
    """A project of n small bundles in the folder root, which it makes, for a new database of that cluster. host: as in Cluster.dsn."""
    root.mkdir()
    p = Project(root, f"environments:\n  dev:\n    durability: {durability}\n    stores: {{postgis: {{dsn_ref: KFM_DSN}}}}\n"
                "default_environment: dev\n", db=None)
    p.db = cluster.createdb()
    p.env["KFM_DSN"] = cluster.dsn(p.db, host=host)
    for i in range(n):
        p.bundle(ident(i), small(i), f"DROP TABLE app.t{i};\n")
    return p


def emptied(cluster, db, root):
    """Make the database anew, and forget what the project in root knows of it."""
    cluster.psql("postgres", f'DROP DATABASE "{db}"; CREATE DATABASE "{db}" OWNER "{db}"; CHECKPOINT;')
    cluster.psql(db, f'GRANT ALL ON SCHEMA public TO "{db}";')
    shutil.rmtree(root / "state", ignore_errors=True)


def peer_script(p, n):
    """What psql runs: the same n files, each in a transaction with one row for a ledger."""
    lines = ["\\set ON_ERROR_STOP on", "CREATE TABLE public.ledger (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());"]
    for i in range(n):
        lines += ["BEGIN;", f"\\i migrations/postgis/{ident(i)}/forward.sql",
                  f"INSERT INTO public.ledger (id) VALUES ('{ident(i)}');", "COMMIT;"]
    return p.write("peer.sql", "\n".join(lines) + "\n")


def milliseconds(command, cwd, env=None):
    """How long a command takes that must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took = (time.perf_counter() - start) * 1000
    equal(done.returncode, 0, (done.stdout + done.stderr).decode()[-2000:])
    return took


def take_turns(rounds, commands):
    """All times of rounds, the commands taking turns: {name: function that returns a time}."""
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, run in commands.items():
            times[name].append(run())
    return times


def side_by_side(rounds, commands):
    """Medians of rounds in milliseconds, the commands taking turns: {name: function that returns milliseconds}."""
    return {name: statistics.median(values) for name, values in take_turns(rounds, commands).items()}


class spread:  # pylint: disable=invalid-name
    """Times and how far they lie apart, to be read."""

    def __init__(self, values):
        self.median, self.least, self.most = statistics.median(values), min(values), max(values)

    def __str__(self):
        return f"{self.median:.0f} ({self.least:.0f}-{self.most:.0f})"
