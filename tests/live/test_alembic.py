"""An Alembic project as it is, under kfmig's gates: rendered by the real Alembic, run natively, and Alembic agrees about what is applied."""
# run: needs=postgres limit=900

import os
import shutil
import subprocess
import sys

import pg
import servers
from project import FAULTY, Project
from seen import until
from tap import after_test, cases, contains, equal, fails, fresh_folder, lacks, main, missing, test

ENVIRONMENTS = """\
alembic: {command: bin/alembic%s}
policy: {protected: {schemas: [governance]}}
environments:
  dev:
    evidence: none
    stores: {postgis: {dsn_ref: KFM_DSN}}
"""
ENV = """\
import os
from alembic import context
from sqlalchemy import create_engine, pool
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True, dialect_opts={"paramstyle": "named"}%(more)s)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["ALEMBIC_URL"], poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection%(more)s)
        with context.begin_transaction():
            context.run_migrations()
"""
ACCOUNT = ("a1", None, "op.create_table('account', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(50)))\n"
           "    op.bulk_insert(sa.table('account', sa.column('id', sa.Integer), sa.column('name', sa.String)), [{'id': 1, 'name': \"O'Hara; -- x\"}])", "op.drop_table('account')")
INDEX = ("b2", "a1", "op.add_column('account', sa.Column('at', sa.DateTime))\n    with op.get_context().autocommit_block():\n"
         "        op.create_index('account_name', 'account', ['name'], postgresql_concurrently=True)", "op.drop_index('account_name')\n    op.drop_column('account', 'at')")
OTHER = ("c3", "a1", "op.create_table('other', sa.Column('id', sa.Integer, sa.ForeignKey('account.id')))", "op.drop_table('other')")
MERGE = ("d4", ("b2", "c3"), "op.execute('CREATE VIEW names AS SELECT name FROM account')", "op.execute('DROP VIEW names')")
ALL = [ACCOUNT, INDEX, OTHER, MERGE]


class Alembic(Project):
    """Its files where Alembic's own `init` has them."""

    def __init__(self, revisions=(), more="", limit=""):
        if servers.alembic() is None:
            missing("Alembic (./configure --install-deps=test)")
        folder = fresh_folder()
        after_test(shutil.rmtree, folder, True)
        super().__init__(folder, environments=ENVIRONMENTS % limit)
        self.write("alembic.ini", "[alembic]\nscript_location = %(here)s/db/alembic\n")
        self.write("db/alembic/env.py", ENV % {"more": more})
        self.program(f'PYTHONPATH={servers.alembic()} exec {sys.executable} -m alembic "$@"\n')
        for r in revisions:
            self.revision(*r)

    def program(self, text):
        self.write("bin/alembic", "#!/bin/sh\n" + text).chmod(0o755)

    def revision(self, rev, down, up, back, header=""):
        self.write(f"db/alembic/versions/{rev}_step.py", f'"""step {rev}\n{header}"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = "{rev}"\ndown_revision = {down!r}\n'
                   f"branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    {up}\n\n\ndef downgrade():\n    {back}\n")

    def alembic(self, *args, db=None):
        """The real one, online."""
        cluster = pg.cluster()
        url = f"postgresql+psycopg://{pg.SUPERUSER}@/{db or self.db}?host={cluster.host}&port={getattr(cluster, 'port', 5432)}"
        done = subprocess.run([self.path("bin/alembic"), *args], cwd=self.root, env={**self.env, "ALEMBIC_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True,
                              text=True, check=False)
        equal(done.returncode, 0, done.stderr)
        return done.stdout

    def current(self):
        return sorted(line.split()[0] for line in self.alembic("current").splitlines() if line.strip())

    def rendered(self):
        return sorted(f.name for f in self.path("state/alembic").iterdir())


def structure(db):
    """What pg_dump says of public, without rows."""
    done = subprocess.run([pg.client("pg_dump"), "--schema-only", "--no-owner", "--schema=public", "--restrict-key=x", pg.dsn(db, user=pg.SUPERUSER)], capture_output=True, text=True, check=True)
    return done.stdout


@test
def a_history():
    """With a branch, a merge and an index made concurrently: the same structure and rows as Alembic makes, and it agrees at each step, back to nothing."""
    p = Alembic(ALL)
    before = sorted(str(f.relative_to(p.root)) for f in p.root.rglob("*") if f.is_file())
    ran = p.build()
    equal(ran.status, 0, repr(ran))
    equal(sorted(p.applied()), ["a1_step", "b2_step", "c3_step", "d4_step"])
    equal(p.current(), ["d4"])
    other = pg.createdb()
    p.alembic("upgrade", "head", db=other)
    equal(structure(p.db), structure(other))
    equal(pg.psql(p.db, "SELECT * FROM account"), pg.psql(other, "SELECT * FROM account"))
    after = sorted(str(f.relative_to(p.root)) for f in p.root.rglob("*") if f.is_file() and "state" not in f.parts)
    equal(after, before, "no file was moved, none made")
    equal(p.build().status, 0)
    for left in (["b2", "c3"], None, ["a1"], []):
        ran = p.run("rollback", "dev", "--apply")
        equal(ran.status, 0, repr(ran))
        if left:
            equal(p.current(), left)
    equal(pg.value(p.db, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0")
    equal(p.run("receipt", "verify", "dev").status, 0)


@cases(each=", transaction_per_migration=True", table=", version_table='applied'", schema=", version_table='applied', version_table_schema='public'")
def configured(more):
    """Each migration in a transaction of its own, another table of versions: as env.py has it."""
    p = Alembic([ACCOUNT, INDEX, OTHER], more)
    equal(p.build().status, 0)
    equal(p.current(), ["b2", "c3"])
    p.revision(*MERGE)
    equal(p.build().status, 0)
    equal(p.current(), ["d4"])


@test
def a_branch_that_comes_late():
    """What is applied stays as it was, although Alembic renders it in another order now."""
    p = Alembic([ACCOUNT, OTHER])
    equal(p.build().status, 0)
    p.revision(*INDEX)
    ran = p.build()
    equal((ran.status, p.current()), (0, ["b2", "c3"]), repr(ran))
    p.revision(*MERGE)
    equal((p.build().status, p.current()), (0, ["d4"]))


@test
def gates():
    """A revision that writes where it may not is rolled back as a whole, with Alembic's row."""
    p = Alembic([ACCOUNT])
    pg.psql(p.db, f'CREATE SCHEMA governance; CREATE TABLE governance.t (id int); GRANT ALL ON SCHEMA governance TO "{p.db}"; GRANT ALL ON governance.t TO "{p.db}"')
    p.revision("b2", "a1", "op.execute('INSERT INTO governance.t VALUES (1)')", "pass")
    fails(p.build(), 1, "governance")
    p.revision("b2", "a1", "op.execute(\"DO $$ BEGIN EXECUTE 'INSERT INTO govern' || 'ance.t VALUES (1)'; END $$\")", "pass")
    fails(p.build(), 2, "governance.t")
    equal((p.current(), pg.value(p.db, "SELECT count(*) FROM governance.t")), (["a1"], "0"))
    p.revision("b2", "a1", "op.add_column('account', sa.Column('x', sa.Integer))", "op.drop_column('account', 'x')",
               "[KFM_MIGRATION]\nowner: ada\nscope: {allowed_tables: [public.other, public.alembic_version]}\n[/KFM_MIGRATION]\n")
    fails(p.build(), 1, "account")
    equal(p.current(), ["a1"])


@test
def rendered_once():
    """Alembic is run when a file of its own changed, and not otherwise; what is applied and changed is blocked."""
    p = Alembic([ACCOUNT, OTHER])
    equal(p.build().status, 0)
    p.program("exit 9\n")
    equal(p.build().status, 0, "nothing is rendered")
    p.write("db/alembic/env.py", ENV % {"more": ""} + "\n# touched\n")
    fails(p.build(), 1, "alembic ended with status 9", "state/alembic/.log")
    p.program(f'PYTHONPATH={servers.alembic()} exec {sys.executable} -m alembic "$@"\n')
    equal(p.build().status, 0)
    lacks("\n".join(p.rendered()), ".log")
    p.revision(*OTHER[:2], "op.create_table('another', sa.Column('id', sa.Integer))", "pass")
    fails(p.build(), 1, "c3_step")
    p.path("db/alembic/versions/c3_step.py").unlink()
    equal(p.run("check").status, 0)
    lacks("\n".join(p.rendered()), "c3_step", "what is no more")
    p.write("registry/environments.v1.yml", (ENVIRONMENTS % "").split("\n", 1)[1])
    equal([t for t in p.json("status", "dev")["targets"] if "a1_step@apply" in t["target"] and t["state"] == "current"], [], "not read where it is not declared")


@test
def irreversible():
    """A downgrade that raises leaves that revision without a rollback, and no other."""
    p = Alembic([ACCOUNT, ("b2", "a1", "op.add_column('account', sa.Column('x', sa.Integer))", "raise NotImplementedError"), ("c3", "b2", *OTHER[2:])])
    equal(p.build().status, 0)
    equal(p.rendered(), [".inputs", "a1_step.down.sql", "a1_step.up.sql", "b2_step.up.sql", "c3_step.down.sql", "c3_step.up.sql"])
    equal(p.run("rollback", "dev", "--apply").status, 0)
    fails(p.run("rollback", "dev", "--apply"), 1, "b2_step")
    equal(p.current(), ["b2"])


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@cases(deaf=("trap '' TERM\necho $$ >pid\nwhile :; do sleep 1; done\n", "did not end within 1 s"),
       endless=("echo $$ >pid\nexec yes\n", "did not end within 1 s"),
       much=("head -c 80000000 /dev/zero | tr '\\0' x\n", "alembic prints more than 64 MiB"),
       killed=("kill -9 $$\n", "alembic was ended by signal 9"),
       words=("echo '-- Running upgrade  -> a1'\n", "it does not make the table of versions"),
       secret=("echo postgresql://u:hunter2@h/d >&2; exit 3\n", "alembic ended with status 3"))
def bad_programs(case):
    """Each is one clear error; nothing is run, nothing of it is left."""
    text, words = case
    p = Alembic([ACCOUNT], limit=", time_limit: 1s" if "within" in words else "")
    p.program(text)
    ran = p.build()
    equal(ran.status in (1, 5), True, repr(ran))
    contains(ran.err, words)
    lacks(ran.text, "hunter2")
    equal(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'kfmig'"), "0")
    if p.path("pid").exists():
        pid = int(p.path("pid").read_text())
        until(lambda: not alive(pid), "the child has ended")
    log = p.path("state/alembic/.log")
    equal(log.stat().st_mode & 0o777 if log.exists() else 0o600, 0o600)


@cases(no_program=("alembic: {command: bin/none}", 1, 'cannot start "bin/none"'), no_ini=("alembic: {config: none.ini}", 5, "none.ini"),
       above=("alembic: {config: ../alembic.ini}", 5, "alembic"), no_time=("alembic: {time_limit: 0s}", 5, "the time limit of alembic is no time"),
       word=("alembic: {confg: x}", 5, "confg"))
def declared(case):
    line, status, words = case
    p = Alembic([ACCOUNT])
    p.write("registry/environments.v1.yml", line + "\n" + (ENVIRONMENTS % "").split("\n", 1)[1])
    fails(p.build(), status, words)


@test
def killed_while_it_writes():
    """At each file that is written: the next run renders again, and what it makes is whole."""
    made = [ACCOUNT, OTHER]
    p = Alembic(made)
    n = 0
    for passage in range(1, 7):
        shutil.rmtree(p.path("state"), ignore_errors=True)
        ran = p.run("check", program=FAULTY, env={"KFMIG_FAULT": f"file.rename:kill:{passage}"})
        if ran.status != -9:
            break
        n += 1
        equal(p.run("check").status, 0, f"passage {passage}")
        equal([f for f in p.rendered() if not f.endswith(".tmp")], [".inputs"] + sorted(f"{r[0]}_step.{way}.sql" for r in made for way in ("down", "up")), f"passage {passage}")
    equal(n >= 5, True, f"{n} passages")
    equal((p.build().status, p.current()), (0, ["c3"]))


main()
