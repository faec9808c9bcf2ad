"""Signing that is cut off, or has no room: what was signed counts as a whole or not at all, and once more it is signed."""
# run: serial needs=postgres,ssh-keygen limit=300

import os
import resource
import shutil
import subprocess

from disk import fill, mount
from project import KFMIG, Project, full_id
from tap import cases, contains, equal, fails, fresh_folder, main, test

FAULTY = os.environ["KFMIG_FAULTY"]
ENVIRONMENTS = """\
environments:
  prod: {protected: true, evidence: none, approval: signature, stores: {postgis: {dsn_ref: KFM_DSN}}}
"""
ONE = full_id("M-01")
FOLDER = f"migrations/postgis/{ONE}/approvals"


class Signing(Project):
    def __init__(self, tmp):
        super().__init__(tmp, environments=ENVIRONMENTS)
        self.key = self.root.parent / "ann"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True, stdin=subprocess.DEVNULL)
        public = " ".join((self.root.parent / "ann.pub").read_text().split()[:2])
        self.write("registry/allowed_signers", f"ann@x.org,reviewers {public}\n")
        self.write("registry/revoked_signers", "")
        self.bundle("M-01", "CREATE SCHEMA app;\n")
        equal(self.run("check", "--fix").status, 0)

    def sign(self, **more):
        return self.run("approve", "prod", ONE, f"--key={self.key}", **more)

    def files(self):
        return sorted(f.name for f in self.path(FOLDER).glob("*")) if self.path(FOLDER).is_dir() else []

    def whole(self, n, what):
        """n statements count, each with its signature; nothing else is taken for one."""
        names = [f for f in self.files() if not f.endswith(".tmp")]
        statements = [f for f in names if f.endswith(".json")]
        equal(len(statements), n, f"{what}: {names}")
        for f in statements:
            equal(f"{f}.sig" in names, True, f"{what}: {names}")
        ran = self.run("why", f"prod/{ONE}@apply")
        contains(ran.text, "0 of 1 signature" if n == 0 else "is stale")


def signs_again(p, what):
    ran = p.sign()
    equal(ran.status, 0, f"{what}: {ran!r}")
    ran = p.run("build", "prod", "--apply")
    equal((ran.status, p.applied()), (0, [ONE]), f"{what}: {ran!r}")


# Two files are written, each beside its name first.
@cases(
    signed=("approve.signed", 1, 0),
    the_signature_is_begun=("file.temp", 1, 0),
    the_signature_is_there_beside_its_name=("file.rename", 1, 0),
    half=("approve.half", 1, 0),
    the_statement_is_begun=("file.temp", 2, 0),
    the_statement_is_there_beside_its_name=("file.rename", 2, 0),
)
def killed_while_it_signs(case, tmp):
    point, passage, n = case
    for mode in ("kill", "error"):
        (tmp / mode).mkdir()
        p = Signing(tmp / mode)
        ran = p.sign(program=FAULTY, env={"KFMIG_FAULT": f"{point}:{mode}:{passage}"})
        equal(ran.status, -9 if mode == "kill" else 1, f"{point}:{mode}: {ran!r}")
        p.whole(n, f"{point}:{mode}")
        if mode == "error":
            equal(p.files(), [], f"{point}: nothing is left of it")
        signs_again(p, f"{point}:{mode}")


def sign_with_limit(p, size):
    """Signs where no file may grow past size bytes."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run([KFMIG, "approve", "prod", ONE, f"--key={p.key}"], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False, preexec_fn=limit, restore_signals=False).returncode


@cases(nothing=0, one_byte=1, less_than_a_signature=200)
def files_that_may_not_grow(size, tmp):
    p = Signing(tmp)
    equal(sign_with_limit(p, size) in (1, 5), True)
    equal(p.files(), [], "nothing is left of it")
    signs_again(p, f"{size} bytes")


@test
def a_statement_that_cannot_be_written(tmp):
    p = Signing(tmp)
    now = {"KFMIG_NOW": "1767323045"}  # the same text has the same signature, and so the same name
    equal(p.sign(env=now).status, 0)
    statement, signature = p.files()
    for name in (statement, signature):
        p.path(f"{FOLDER}/{name}").unlink()
    p.write(f"{FOLDER}/{statement}/in_the_way", "")
    fails(p.sign(env=now), 1, statement)
    equal(p.files(), [statement], "and its signature went, too")
    shutil.rmtree(p.path(f"{FOLDER}/{statement}"))
    signs_again(p, "with room for it")


@test
def a_project_on_a_full_disk(tmp):
    disk = mount(tmp / "disk", "size=2m")
    statuses = set()
    for pages in (0, 1, 2, 3, 5, 8, 16, 32, 64, 128, 256):
        p = Signing(fresh_folder())
        moved = disk / "project"
        shutil.copytree(p.root, moved)
        p.root = moved
        filler = fill(disk, 4096 * pages)
        ran = p.sign()
        statuses.add(ran.status)
        p.whole(1 if ran.status == 0 else 0, f"{pages} pages free: {ran!r}")
        equal(p.files() == [] or ran.status == 0, True, f"{pages} pages free: {p.files()}")
        filler.unlink()
        shutil.rmtree(moved)
    equal(statuses, {0, 1})


main()
