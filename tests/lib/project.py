"""Small kfmig projects for tests, and running the program on them.

    p = Project(tmp)                                  # environment dev, connected by KFM_DSN to a fresh database
    p.bundle("M-01", "CREATE TABLE app.t (id int);")  # scope: schema app; rollback: nothing
    equal(p.run("build", "dev").status, 0)
    p.json("status", "dev")["targets"]

A bundle's id is given in short form: "M-01" stands for PG-MIG-2026-01-01-01.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pg
from tap import after_test, at_exit, equal, fresh_folder

KFMIG = os.environ["KFMIG"]
FAULTY = os.environ.get("KFMIG_FAULTY", KFMIG)

ENVIRONMENTS = """\
policy:
  protected:
    schemas: [governance]
environments:
  dev:
    evidence: none
    stores:
      postgis:
        dsn_ref: KFM_DSN
default_environment: dev
"""


# What holds for every receipt that any test made: what passed has nothing to say.
SPEAKING_PASSES = r"""
SELECT to_regclass('kfmig.receipt') IS NOT NULL AS has \gset
\if :has
SELECT r.seq, g ->> 'gate', g ->> 'detail' FROM kfmig.receipt r, jsonb_array_elements(r.body::jsonb -> 'claim' -> 'gates') g
 WHERE r.seq > %d AND g ->> 'result' = 'pass' AND g ->> 'detail' <> '' ORDER BY 1, 2;
\endif
"""


def passes_are_silent(db, older):
    """Fail if a receipt in db behind the first that an older kfmig wrote has a gate that passed and says something. Databases that a test
    took away or damaged are left alone."""
    try:
        rows = pg.psql(db, SPEAKING_PASSES % older)
    except pg.PgError:
        return
    equal(rows, [], "gates that passed and carry a text")


class Ran:
    """What a run of kfmig did: status, out (stdout), err (stderr)."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def text(self):
        return self.out + self.err

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def full_id(short):
    """M-01 -> PG-MIG-2026-01-01-01"""
    return "PG-MIG-2026-01-01-" + short[2:] if short.startswith("M-") else short


def yaml_list(values):
    return "[" + ", ".join(json.dumps(v) for v in values) + "]"


class Project:
    """A project folder with its environment variables; db None: no database is made; older: how many receipts there an older kfmig wrote."""

    def __init__(self, folder, environments=ENVIRONMENTS, db="", postgis=False, older=0):
        self.root = pathlib.Path(folder) / "project"
        self.root.mkdir()
        self.db = pg.createdb(postgis=postgis) if db == "" else db
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "KFM_"))}
        self.env.update(LC_ALL="C.UTF-8", KFMIG_ACTOR="tester", HOME=str(folder))
        if self.db:
            self.env["KFM_DSN"] = pg.dsn(self.db)
            after_test(passes_are_silent, self.db, older)
        self.write("registry/environments.v1.yml", environments)

    def path(self, name):
        return self.root / name

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def bundle(self, short, forward, rollback="SELECT 1; -- nothing to take back\n", schemas=("app",), tables=None,
               forbidden_schemas=(), forbidden_tables=(), references=(), extensions=(), globals_=(), limits=None,
               invariants=None, extra="", folder="postgis", requires_rollback=True, notes="Notes.\n",
               reference="plan 7"):
        """Write one bundle; extra is YAML text appended to migration.yml; forward None: no such file. Returns its path relative to the project."""
        ident = full_id(short)
        scope = [f"  allowed_schemas: {yaml_list(schemas)}"]
        if tables is not None:
            scope.append(f"  allowed_tables: {yaml_list(tables)}")
        for key, values in (("forbidden_schemas", forbidden_schemas), ("forbidden_tables", forbidden_tables),
                            ("references", references), ("allowed_extensions", extensions),
                            ("allowed_global", globals_)):
            if values:
                scope.append(f"  {key}: {yaml_list(values)}")
        limit_lines = "".join(f"  {k}: {v}\n" for k, v in (limits or {}).items())
        limit_text = f"limits:\n{limit_lines}" if limits else "limits: {}\n"
        base = f"migrations/{folder}/{ident}"
        self.write(f"{base}/migration.yml", f"""\
migration_id: {ident}
type: {folder}
intent: "A test"
scope:
{chr(10).join(scope)}
{limit_text}requires_rollback: {"true" if requires_rollback else "false"}
approvals:
  required_reviewers: [reviewers]
  change_class: test
{f'  reference: "{reference}"' if reference else ""}
runner:
  tool: native
artifacts:
{"  forward: [forward.sql]" if forward is not None else ""}
{"  rollback: [rollback.sql]" if requires_rollback else ""}
{extra}""")
        if forward is not None:
            self.write(f"{base}/forward.sql", forward)
        if requires_rollback:
            self.write(f"{base}/rollback.sql", rollback)
        if notes is not None:
            self.write(f"{base}/notes.md", notes)
        for name, text in (invariants or {}).items():
            self.write(f"{base}/invariants/{name}", text)
        return base

    def run(self, *args, env=None, program=KFMIG, timeout=60, stdin=None, cwd=None):
        """Run kfmig with args in the project."""
        done = subprocess.run([program, *args], cwd=cwd or self.root, env={**self.env, **(env or {})}, timeout=timeout,
                              stdin=stdin if stdin is not None else subprocess.DEVNULL, capture_output=True, check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *args, env=None, program=KFMIG):
        """Start kfmig without waiting; returns the Popen, its output in temporary files .out_file and .err_file."""
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        child = subprocess.Popen([program, *args], cwd=self.root, env={**self.env, **(env or {})},
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        child.out_file, child.err_file = out, err
        return child

    def build(self, *args, **more):
        return self.run("build", "dev", *args, **more)

    def json(self, *args, **more):
        ran = self.run(*args, "--json", **more)
        try:
            return json.loads(ran.out)
        except ValueError as error:
            raise AssertionError(f"no JSON: {ran!r}") from error

    def targets(self, env="dev"):
        """{"M-01@apply": row of status, ...} for the short ids of this module."""
        rows = self.json("status", env)["targets"]
        return {r["target"].split("/", 1)[-1].replace("PG-MIG-2026-01-01-", "M-"): r for r in rows}

    def applied(self):
        """Migrations with a successful ledger entry, in ledger order, straight from the database."""
        rows = pg.psql(self.db, "SELECT subject FROM kfmig.entry WHERE kind = 'apply' AND result = 'success' ORDER BY seq")
        return [r[0] for r in rows]

    def entries(self):
        return pg.psql(self.db, "SELECT seq, kind, subject, result FROM kfmig.entry ORDER BY seq")


_prepared = {}


def adopted_copy(tmp, setup):
    """A project whose database is a copy of one in which its owner ran setup, and which was adopted, once for all tests of a file. owner: that
    role, which kfmig connects as."""
    if setup not in _prepared:
        folder = fresh_folder()
        at_exit(shutil.rmtree, folder, True)
        first = Project(folder)
        pg.psql(first.db, setup, user=first.db)
        ran = first.run("adopt", "dev")
        equal(ran.status, 0, repr(ran))
        _prepared[setup] = first.db
    p = Project(tmp, db=pg.copydb(_prepared[setup]))
    p.owner = _prepared[setup]
    p.env["KFM_DSN"] = pg.dsn(p.db, user=p.owner)
    return p
