"""A throwaway PostgreSQL for live tests, made without kfmig: one cluster per test process, gone when the process is.

    import pg
    db = pg.createdb(postgis=True)          # a fresh database, owned by an ordinary role of the same name
    pg.psql(db, "SELECT 1, NULL")           # [("1", None)], as superuser
    env["KFM_DSN"] = pg.dsn(db)             # as that ordinary role

Without server programs every call ends the test as missing. What is committed outlives a crash of the
server, but not of the machine (fsync is off).
"""

import atexit
import csv
import ctypes
import io
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import servers
import tap

SUPERUSER = "postgres"
NULL = "\x01"
PR_SET_PDEATHSIG = 1

SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0777",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "'32MB'",
    "max_connections": "100",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %a '",
}


class PgError(Exception):
    """psql or a server program failed; the text is what it said."""


def programs(major=None):
    """The folder of initdb and postgres: of that major, else of KFMIG_TEST_MAJOR, else of this machine's newest. Ends the test where there is none."""
    major = int(major or os.environ.get("KFMIG_TEST_MAJOR") or servers.own_major())
    found = servers.own() if major == servers.own_major() else servers.folder(major)
    if found is None:
        tap.missing(f"PostgreSQL {major} (./configure --install-deps=run,test)" if major else "PostgreSQL server programs (Debian: postgresql-15)")
    return found


def client(name):
    """pg_dump or psql, one that speaks to every major."""
    folder = servers.clients()
    if folder is None:
        tap.missing("psql and pg_dump 18 (./configure --install-deps=test)")
    return str(folder / name)


def library_path(folder):
    """Environment for programs that bring their libraries along."""
    return {"LD_LIBRARY_PATH": str(folder.parent / "lib")} if (folder.parent / "lib" / "libpq.so.5").exists() else {}


def quoted(name):
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _identity():
    """Arguments that make subprocess run something as an unprivileged user when we are root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        except KeyError:
            pass
    raise PgError("no unprivileged user to run a server as")


def _die_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Cluster:
    """A PostgreSQL cluster in a temporary folder, reachable by a Unix socket only. Start it from the main thread."""

    def __init__(self, folder=None, **settings):
        """folder: of its programs, default programs(); settings: lines for postgresql.conf beyond SETTINGS, e.g. max_prepared_transactions="4"."""
        self.bin = folder or programs()
        self.identity = _identity()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # short: a socket's path has 107 bytes
        os.chmod(self.root, 0o755)
        self.host, self.port = str(self.root), 5432
        self.data, self.log = self.root / "data", self.root / "log"
        self.process = None
        self._numbers = itertools.count(1)
        self._has_template = False
        if self.identity:
            os.chown(self.root, self.identity["user"], self.identity["group"])
        atexit.register(self.remove)
        self._tool("initdb", "--no-sync", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", "-E", "UTF8",
                   "--locale=C.UTF-8")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            for key, value in {**SETTINGS, "unix_socket_directories": f"'{self.root}'", **settings}.items():
                conf.write(f"{key} = {value}\n")
        self.start()

    def _tool(self, name, *args):
        done = subprocess.run([str(self.bin / name), *args], cwd="/",
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **library_path(self.bin)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **self.identity)
        if done.returncode != 0:
            raise PgError(f"{name}: {done.stdout}{done.stderr}")

    def start(self):
        """Start the server and return when it accepts connections."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.data)], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "KFMIG_TEST_ID": os.environ.get("KFMIG_TEST_ID", ""), **library_path(self.bin)},
                preexec_fn=_die_with_us, **self.identity)
        deadline = time.monotonic() + 60
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PgError(f"the server does not start:\n{self.server_log()}")
            time.sleep(0.01)  # a poll of its readiness, not a guess of how long it takes

    def _ready(self):
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def stop(self, how=signal.SIGQUIT):
        """End the server: SIGQUIT immediate (as a crash: recovery follows), SIGINT fast, SIGKILL as the OOM killer would."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, how)
        if self.process:
            self.process.wait()
        self.process = None

    def remove(self):
        """End the server and delete its files."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def server_log(self):
        """What the server has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def major(self):
        """15"""
        return int((self.data / "PG_VERSION").read_text(encoding="ascii"))

    def dsn(self, db, user=None, host=None, port=None):
        """A libpq connection string; user: default the database's owner, a role of its name. host, port: of a proxy."""
        return f"host={host or self.host} port={port or self.port} dbname={db} user={user or db}"

    def psql(self, db, sql, user=SUPERUSER):
        """Run SQL in one psql; returns the rows of all its results, as tuples of strings and None. Raises PgError."""
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
        done = subprocess.run(["psql", "-XqAt", "--csv", "-v", "ON_ERROR_STOP=1", "-P", f"null={NULL}", "-f", "-",
                               self.dsn(db, user)], input=sql, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PgError(done.stderr)
        rows = csv.reader(io.StringIO(done.stdout, newline=""))
        return [tuple(None if value == NULL else value for value in row) for row in rows]

    def value(self, db, sql, user=SUPERUSER):
        """The only value of the only row."""
        ((value,),) = self.psql(db, sql, user)
        return value

    def role(self, name, attributes="LOGIN"):
        """Make a role."""
        self.psql("postgres", f"CREATE ROLE {quoted(name)} {attributes};")
        return name

    def createdb(self, name=None, postgis=False, encoding=None):
        """Make a database owned by a new ordinary role of the same name; returns the name. encoding: another than the cluster's."""
        name = name or f"db{next(self._numbers)}"
        template = "template1"
        if postgis:
            template = self._postgis_template()
        self.role(name)
        form = f"TEMPLATE template0 LOCALE 'C' ENCODING {encoding}" if encoding else f"TEMPLATE {template}"
        self.psql("postgres", f"CREATE DATABASE {quoted(name)} OWNER {quoted(name)} {form};")
        return name

    def copydb(self, db):
        """Make a copy of a database that createdb() made, as a restored backup would be: owned by the same role; returns its name."""
        name = f"db{next(self._numbers)}"
        self.psql("postgres", f"CREATE DATABASE {quoted(name)} OWNER {quoted(db)} TEMPLATE {quoted(db)};")
        return name

    def _postgis_template(self):
        if not self._has_template:
            self.psql("postgres", "CREATE DATABASE with_postgis;")
            try:
                self.psql("with_postgis", "CREATE EXTENSION postgis;")
            except PgError as error:
                self.psql("postgres", "DROP DATABASE with_postgis;")
                if "is not available" in str(error):
                    tap.missing("PostGIS (Debian: postgresql-15-postgis-3)")
                raise
            self._has_template = True
        return "with_postgis"


_cluster = None


def cluster():
    """The process's own cluster, started at the first call."""
    global _cluster
    if _cluster is None:
        _cluster = Cluster()
    return _cluster


def createdb(name=None, postgis=False, encoding=None):
    """See Cluster.createdb."""
    return cluster().createdb(name, postgis, encoding)


def copydb(db):
    """See Cluster.copydb."""
    return cluster().copydb(db)


def dsn(db, user=None, host=None, port=None):
    """See Cluster.dsn."""
    return cluster().dsn(db, user, host, port)


def psql(db, sql, user=SUPERUSER):
    """See Cluster.psql."""
    return cluster().psql(db, sql, user)


def value(db, sql, user=SUPERUSER):
    """See Cluster.value."""
    return cluster().value(db, sql, user)
