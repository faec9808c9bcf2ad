"""Which runs load libpq, and what is said where it cannot be loaded."""
# run: needs=cc

import subprocess

from project import KFMIG, Project
from tap import cases, contains, equal, lacks, main, skip, test


def loaded(p, *args, **env):
    """Status of a run, and what the loader said of it."""
    if "libpq.so" in subprocess.run(["ldd", KFMIG], capture_output=True, text=True, check=True).stdout:
        skip("configured with --libpq=linked")
    said = p.path("loader")
    ran = p.run(*args, env={"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(said), **env})
    return ran, "".join(path.read_text(errors="replace") for path in p.root.glob("loader.*"))


@cases(version=["--version"], help=["help"], help_of_a_verb=["help", "build"], check=["check"], graph=["graph"], new=["new", "--next"], unknown=["unheard"],
       scope=["scope", "M-01"])
def what_asks_no_database_loads_no_libpq(args, tmp):
    p = Project(tmp, db=None)
    p.bundle("M-01", "CREATE TABLE app.t (id int);\n")
    ran, said = loaded(p, *args)
    contains(said, "libc.so", "the loader was heard")
    lacks(said, "file=libpq.so", repr(ran))


@test
def what_asks_one_does(tmp):
    p = Project(tmp, db=None)
    p.bundle("M-01", "CREATE TABLE app.t (id int);\n")
    ran, said = loaded(p, "plan", "dev", KFM_DSN=f"postgresql://nobody@/none?host={tmp}&port=1")
    contains(said, "file=libpq.so.5", repr(ran))
    contains(ran.text, "no server at the local socket, port 1")


@cases(no_library=b"", older="int PQfinish(void) { return 0; }")
def a_libpq_that_cannot_be_used(what, tmp):
    p = Project(tmp, db=None)
    p.bundle("M-01", "CREATE TABLE app.t (id int);\n")
    folder = tmp / "libraries"
    folder.mkdir()
    if isinstance(what, bytes):
        (folder / "libpq.so.5").write_bytes(what)
    else:
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", folder / "libpq.so.5"], input=what.encode(), check=True)
    ran = p.run("plan", "dev", env={"KFM_DSN": "postgresql://nobody@localhost/none", "LD_LIBRARY_PATH": str(folder)})
    equal(ran.status, 5, repr(ran))
    contains(ran.err, "libpq.so.5, which talks to PostgreSQL, cannot be loaded, or is older than 14")
    contains(ran.err, "hint: install it (Debian: libpq5)")
    equal(p.run("check", env={"LD_LIBRARY_PATH": str(folder)}).status, 0)


main()
