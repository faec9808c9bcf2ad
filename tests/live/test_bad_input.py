"""Bad input: one clear error each, the documented exit status, nothing lost, nothing half done."""
# run: needs=postgres limit=600

import contextlib
import json
import os
import shutil
import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from seen import digest, errors, files, one_error
from tap import cases, contains, equal, fails, lacks, main, skip, test

TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.t (id int PRIMARY KEY, note text);\n"
ONE, TWO, THREE = (full_id(f"M-0{n}") for n in (1, 2, 3))
HOME = f"migrations/postgis/{ONE}"
DECLARATION, FORWARD = f"{HOME}/migration.yml", f"{HOME}/forward.sql"
CACHE = ("state/kfmig.db", "state/kfmig.db-wal", "state/kfmig.db-shm")
ENVS, REGISTRY = "registry/environments.v1.yml", "registry/migrations.v1.json"


def one_table(tmp, **more):
    p = Project(tmp, **more)
    p.bundle("M-01", TABLE)
    return p


def leaves_nothing(p, before, *args, status, parts=(), **more):
    """Run args: one error with status that names parts; the project's files and the database stay as they were."""
    ran = p.run(*args, **more)
    one_error(ran, status, *parts)
    equal(files(p.root, skip=CACHE), before, "files left behind")
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None, "ledger made")
    return ran


def refused(p, *parts, verbs=(("check",), ("plan", "dev"), ("build", "dev"))):
    before = files(p.root, skip=CACHE)
    for verb in verbs:
        leaves_nothing(p, before, *verb, status=5, parts=parts)
    ran = p.run("build", "dev", "--json")
    equal(ran.status, 5)
    for line in ran.err.splitlines():
        equal(set(json.loads(line)), {"error"}, repr(ran))


def blocked(p, *parts):
    """The fault is one migration's: check and build name it, the plan shows what it blocks, and nothing is run."""
    before = files(p.root, skip=CACHE)
    leaves_nothing(p, before, "check", status=5, parts=parts)
    leaves_nothing(p, before, "build", "dev", status=5, parts=(*parts, "1 target is blocked; nothing was run"))
    fails(p.run("build", "dev", "--json"), 5, "1 target is blocked")
    plan = p.run("plan", "dev")
    equal(plan.status, 1, repr(plan))
    contains(plan.out, "blocked  ")
    contains(plan.out, "it cannot be run as it stands: ")
    for part in parts:
        contains(plan.out, part.removeprefix(f"{HOME}/"))
    equal(p.run("status", "dev").status, 0)


# --- declarations


def edit(old, new, count=1):
    def change(p):
        path = p.path(DECLARATION)
        text = path.read_text()
        equal(old in text, True, old)
        path.write_text(text.replace(old, new, count))
    return change


def both(*changes):
    def change(p):
        for one in changes:
            one(p)
    return change


def replace(data):
    return lambda p: p.path(DECLARATION).write_bytes(data if isinstance(data, bytes) else data.encode())


def append(text):
    return lambda p: p.path(DECLARATION).write_bytes(p.path(DECLARATION).read_bytes() + (text if isinstance(text, bytes) else text.encode()))


ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(8))


@cases(
    unknown_key=(append("surprise: yes\n"), DECLARATION + ":", "surprise"),
    unknown_key_inside=(edit("allowed_schemas", "allowed_schemes"), "allowed_schemes", "allowed_schemas"),
    unknown_limit=(edit("limits: {}", "limits: {max_rows: 5}"), "max_rows"),
    wrong_type=(edit("requires_rollback: true", "requires_rollback: maybe"), DECLARATION + ":", "requires_rollback"),
    list_expected=(edit('allowed_schemas: ["app"]', "allowed_schemas: app"), "allowed_schemas"),
    negative_limit=(edit("limits: {}", "limits: {max_row_backfill: -1}"), "max_row_backfill"),
    huge_limit=(edit("limits: {}", "limits: {max_row_backfill: 99999999999999999999}"), "max_row_backfill"),
    missing_key=(edit('intent: "A test"\n', ""), "intent"),
    duplicate_key=(append("intent: \"again\"\n"), DECLARATION + ":", "intent"),
    alias_bomb=(replace(ALIAS_BOMB), DECLARATION + ":1:"),
    merge_key=(append("<<: {a: b}\n"), DECLARATION + ":"),
    tag=(edit("intent: \"A test\"", "intent: !!python/object:os.system \"A test\""), DECLARATION + ":3:"),
    two_documents=(append("---\nmigration_id: x\n"), DECLARATION + ":"),
    brackets=(replace("[" * 100_000), DECLARATION + ":1:"),
    braces_in_a_value=(append("depends_on: " + "[" * 100_000 + "\n"), DECLARATION + ":"),
    nul=(append(b"# \x00\n"), DECLARATION + ":"),
    invalid_utf8=(append(b"# \xff\xfe\n"), DECLARATION + ":"),
    overlong_utf8=(append(b"# \xc0\xaf\n"), DECLARATION + ":"),
    surrogate=(append(b"# \xed\xa0\x80\n"), DECLARATION + ":"),
    bidi=(edit("A test", "A \u202etset"), DECLARATION + ":3:"),
    tab_indent=(edit("  allowed_schemas", "\tallowed_schemas"), DECLARATION + ":"),
    empty=(replace(""), DECLARATION),
    a_list=(replace("- a\n- b\n"), DECLARATION + ":1:1"),
    unbalanced=(append("depends_on: [A\n"), DECLARATION + ":"),
    id_differs_from_folder=(edit(f"migration_id: {ONE}", f"migration_id: {TWO}"), DECLARATION + ":1:", ONE, TWO),
    type_differs_from_folder=(both(edit("type: postgis", "type: other"), edit("tool: native", "tool: command\n  probe: x\n  apply: x\n  rollback: x")),
                              DECLARATION + ":2:"),
    unknown_dependency=(append("depends_on: [PG-MIG-2026-09-09-09]\n"), DECLARATION + ":", "PG-MIG-2026-09-09-09"),
    depends_on_itself=(append(f"depends_on: [{ONE}]\n"), DECLARATION + ":", ONE),
    missing_forward=(edit("forward: [forward.sql]", "forward: [there_is_none.sql]"), "there_is_none.sql"),
    path_out_of_the_bundle=(edit("forward: [forward.sql]", "forward: [../../../registry/environments.v1.yml]"), DECLARATION + ":"),
    absolute_path=(edit("forward: [forward.sql]", "forward: [/etc/passwd]"), DECLARATION + ":"),
    same_file_twice=(edit("forward: [forward.sql]", "forward: [forward.sql, forward.sql]"), DECLARATION + ":"),
    runner_not_served=(edit("tool: native", "tool: flyway"), DECLARATION + ":", "flyway"),
    bad_timeout=(append("timeouts: {lock: soon}\n"), DECLARATION + ":", "lock"),
)
def declaration(case, tmp):
    change, *parts = case
    p = one_table(tmp)
    change(p)
    ran = p.run("check")
    lacks(ran.text, "\u202e")
    lacks(ran.text, "root:")
    (refused if "PG-MIG-2026-09-09-09" in parts else blocked)(p, *parts)


@test
def a_fault_in_one_bundle_does_not_hide_those_in_another(tmp):
    p = one_table(tmp)
    p.bundle("M-02", "CREATE TABLE app.u ();", extra="surprise: 1\n")
    p.bundle("M-03", "SAVEPOINT s;")
    append("surprise: 1\n")(p)
    p.write(ENVS, ENVIRONMENTS + "surprise: 1\n")
    ran = p.run("check")
    fails(ran, 5, 'unknown key "surprise" in the migration declaration')
    equal(len(errors(ran)), 4, repr(ran))
    for part in (DECLARATION, TWO, THREE, ENVS):
        equal(any(part in line for line in errors(ran)), True, f"{part}: {ran!r}")
    equal(len(p.json("check")["faults"]), 4)


@test
def a_cycle_is_shown_whole(tmp):
    p = Project(tmp)
    p.bundle("M-01", TABLE, extra=f"depends_on: [{TWO}]\n")
    p.bundle("M-02", TABLE, extra=f"depends_on: [{THREE}]\n")
    p.bundle("M-03", TABLE, extra=f"depends_on: [{ONE}]\n")
    refused(p, "cycle", *(f"{m} (migrations/postgis/{m}/migration.yml:" for m in (ONE, TWO, THREE)))


@test
def a_reused_id_is_refused(tmp):
    p = one_table(tmp)
    p.bundle("M-01", TABLE, folder="search")
    path = p.path(f"migrations/search/{ONE}")
    for name in ("forward", "rollback"):
        (path / f"{name}.sql").rename(path / f"{name}.json")
    text = (path / "migration.yml").read_text()
    (path / "migration.yml").write_text(text.replace(".sql", ".json"))
    refused(p, ONE, "migrations/postgis", "migrations/search")


@test
def a_rollback_that_is_required_must_be_there(tmp):
    p = one_table(tmp)
    p.path(f"{HOME}/rollback.sql").unlink()
    blocked(p, "rollback.sql")
    edit("  rollback: [rollback.sql]\n", "")(p)
    blocked(p, "rollback")


@test
def a_forward_script_alone_is_no_bundle(tmp):
    p = one_table(tmp)
    p.path(DECLARATION).unlink()
    blocked(p, "there is no migration.yml in the folder")


# --- things that are no regular files


def directory(path):
    path.unlink()
    path.mkdir()


def symlink(path):
    target = path.with_name("elsewhere" + path.suffix)
    path.rename(target)
    path.symlink_to(target.name)


def dangling(path):
    path.unlink()
    path.symlink_to("nowhere")


def fifo(path):
    path.unlink()
    os.mkfifo(path)


def unreadable_size(path):
    with open(path, "r+b") as file:
        file.truncate(1 << 31)


@cases(**{f"{name.rsplit('/')[-1]} as {how.__name__}": (name, how)
          for name in (DECLARATION, FORWARD, f"{HOME}/rollback.sql", f"{HOME}/notes.md", ENVS, REGISTRY)
          for how in (directory, symlink, dangling, fifo, unreadable_size)})
def no_regular_file(case, tmp):
    name, how = case
    p = one_table(tmp)
    equal(p.run("check", "--fix").status, 0)
    how(p.path(name))
    if how is unreadable_size:
        ran = p.run("check")
        one_error(ran, 5, name, "too large")
        return
    if name in (ENVS, REGISTRY):
        refused(p, name)
    else:
        blocked(p, name)


@test
def a_symlinked_bundle_is_refused(tmp):
    p = one_table(tmp)
    shutil.move(p.path(HOME), tmp / "outside")
    p.path(HOME).symlink_to(tmp / "outside")
    refused(p, HOME, "symlink")


@test
def a_project_folder_that_is_not_there(tmp):
    p = one_table(tmp)
    one_error(p.run("plan", "-C", "/nonexistent"), 5, "/nonexistent")
    (tmp / "empty").mkdir()
    one_error(p.run("plan", cwd=tmp / "empty"), 5, "kfmig init")


# --- the other files


@cases(
    unknown_key=("surprise: 1\n", None, "surprise"),
    unknown_key_of_an_environment=("evidence: none", "evidenz: none", "evidenz"),
    wrong_type=("evidence: none", "evidence: [none]", "evidence"),
    duplicate_environment=("environments:\n", "environments:\n  dev: {stores: {}}\n", "dev"),
    no_environments=(ENVIRONMENTS[ENVIRONMENTS.index("environments:"):], "", "environments"),
    unknown_default=("default_environment: dev", "default_environment: production", "production"),
    requires_unknown=("evidence: none", "evidence: none\n    requires: [nowhere]", "nowhere"),
    requires_itself=("evidence: none", "evidence: none\n    requires: [dev]", "dev"),
    password_in_a_comment=("dsn_ref: KFM_DSN", "dsn_ref: KFM_DSN # password=canary-hunter2", "password"),
    server_and_ref=("dsn_ref: KFM_DSN", "dsn_ref: KFM_DSN\n        server: embedded", "server"),
    bad_name=("  dev:", "  De v:", ENVS),
)
def environments(case, tmp):
    old, new, *parts = case
    p = one_table(tmp)
    equal(new is None or old in ENVIRONMENTS, True)
    p.write(ENVS, ENVIRONMENTS + old if new is None else ENVIRONMENTS.replace(old, new))
    refused(p, ENVS, *parts)
    lacks(p.run("check").text, "canary")


@cases(
    not_json=(b"{", REGISTRY + ":"),
    duplicate_key=(b'{"version": 1, "version": 1, "migrations": []}', "version"),
    trailing=(b'{"version": 1, "migrations": []} x', REGISTRY + ":1:"),
    brackets=(b"[" * 100_000, REGISTRY + ":1:"),
    nul=(b'{"version": 1, "migrations": ["\x00"]}', REGISTRY + ":1:"),
    invalid_utf8=(b'{"version": 1, "migrations": ["\xff"]}', REGISTRY + ":1:"),
    wrong_version=(b'{"version": 2, "migrations": []}', "version"),
    unknown_status=(b'{"version": 1, "migrations": [{"id": "A", "type": "postgis", "owners": [], "status": "great"}]}', "status"),
    huge_number=(b'{"version": 1e999, "migrations": []}', REGISTRY + ":1:"),
)
def registry(case, tmp):
    data, *parts = case
    p = one_table(tmp)
    p.write(REGISTRY, data)
    refused(p, *parts)


@test
def check_fix_mends_a_registry_that_lacks_a_migration_and_nothing_else(tmp):
    p = one_table(tmp)
    before = files(p.root)
    ran = p.run("check")
    equal(ran.status, 0, repr(ran))
    contains(ran.text, "not registered")
    equal(files(p.root, skip=("state",)), before)
    equal(p.run("check", "--fix").status, 0)
    entry, = json.loads(p.path(REGISTRY).read_bytes())["migrations"]
    equal((entry["id"], entry["type"], entry["status"]), (ONE, "postgis", "draft"))
    fixed = p.path(REGISTRY).stat().st_mtime_ns
    equal(p.run("check", "--fix").status, 0)
    equal(p.path(REGISTRY).stat().st_mtime_ns, fixed)
    lacks(p.run("check").text, "registered")


@cases(
    nul=(b"SELECT 1;\x00", ":"),
    invalid_utf8=(b"SELECT '\xff';", ":1:9"),
    bidi=("SELECT 1; -- \u202e\n".encode(), ":1:"),
)
def script(case, tmp):
    data, place = case
    p = one_table(tmp)
    p.path(FORWARD).write_bytes(data)
    blocked(p, FORWARD + place)


@cases(
    unterminated_dollar=(b"DO $x$ BEGIN", ":1:4", "unterminated dollar-quoted string"),
    unterminated_comment=(b"SELECT 1; /* no end", ":1:11", "unterminated /* comment"),
    control=(b"SELECT 1;\nROLLBACK;", ":2:1", "kfmig alone decides"),
    byte_order_mark=(b"\xef\xbb\xbfSELECT 1;", ":1:1", "byte order mark"),
    meta_command=(b"SELECT 1;\n\\i other.sql\n", ":2:1", "\\i"),
)
def a_script_that_cannot_be_run_blocks_its_own_step_only(case, tmp):
    data, place, words = case
    p = one_table(tmp)
    p.bundle("M-02", "", extra="depends_on: []\n")
    bad = f"migrations/postgis/{TWO}/forward.sql"
    p.path(bad).write_bytes(data)
    before = files(p.root, skip=CACHE)
    leaves_nothing(p, before, "check", status=5, parts=(bad + place, words))
    leaves_nothing(p, before, "build", "dev", status=5, parts=(bad + place, words, "1 target is blocked; nothing was run"))
    plan = p.run("plan", "dev")
    equal(plan.status, 1, repr(plan))
    contains(plan.text, f"blocked  {TWO}")
    contains(plan.text, "it cannot be run as it stands")
    contains(plan.text, words)
    contains(p.run("why", f"dev/{TWO}@apply").text, "correct the file")


@cases(named=["dev", ONE], first_step=["dev", "--steps=1"], keep_going=["dev", "-k"])
def a_fault_in_a_file_that_is_not_run_stops_nobody(args, tmp):
    p = one_table(tmp)
    p.bundle("M-02", "SELECT 1; /* no end", extra="depends_on: []\n")
    ran = p.run("build", *args)
    equal(ran.status, 5 if "-k" in args else 0, repr(ran))
    equal(p.applied(), [ONE])


def written(name, data):
    """A change of M-02: that file holds data, or (None) is not there."""
    def change(p):
        path = p.path(f"migrations/postgis/{TWO}/{name}")
        if data is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
    return change


def declared(old, new):
    """A change of M-02: its declaration says new where it said old."""
    def change(p):
        path = p.path(f"migrations/postgis/{TWO}/migration.yml")
        equal(old in path.read_text(), True, old)
        path.write_text(path.read_text().replace(old, new))
    return change


# H4: what is wrong with M-02, a word of it, and whether its checksum is still that of what was applied.
OF_ONE = {
    "no forward file": (written("forward.sql", None), 'there is no file "forward.sql" in the bundle', False),
    "no rollback file": (written("rollback.sql", None), 'there is no file "rollback.sql" in the bundle', False),
    "bidi in forward": (written("forward.sql", "SELECT 1; -- \u202e\n"), "bidirectional control character", False),
    "NUL in forward": (written("forward.sql", b"SELECT 1;\x00"), "NUL byte", False),
    "no UTF-8 in forward": (written("forward.sql", b"SELECT '\xe9';"), "byte that is not UTF-8", False),
    "bidi in rollback": (written("rollback.sql", "DROP TABLE app.u; -- \u202e\n"), "bidirectional control character", False),
    "bidi in an invariant": (written("invariants/a.sql", "SELECT 1 WHERE false; -- \u202e\n"), "bidirectional control character", False),
    "a secret in forward": (written("forward.sql", "SELECT 'AKIA" + "Q3ZXW5LKJ7HGFD2M'; -- x\n"), "an AWS access key stands in the file", False),
    "a secret in the notes": (written("notes.md", "password: hunter" + "2canary\n"), "a password stands in the file", True),
    "bytes in the notes": (written("notes.md", b"\xff"), "byte that is not UTF-8", True),
    "the marks of a merge": (written("forward.sql", "<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> x\n"), "the marks of a merge", False),
    "no declaration": (written("migration.yml", None), "there is no migration.yml in the folder", None),
    "no YAML": (declared("limits: {}", "limits: {"), "migration.yml:", None),
    "the marks of a merge in YAML": (declared("limits: {}", "<<<<<<< HEAD\nlimits: {}\n=======\n>>>>>>> x"), "the marks of a merge", None),
    "bytes in YAML": (written("migration.yml", b"\xff"), "byte that is not UTF-8", None),
    "a secret in YAML": (declared('intent: "A test"', 'intent: "password=hunter' + '2canary"'), "a password stands in the file", None),
    "an unknown key": (declared("limits: {}", "limits: {}\nsurprise: 1"), 'unknown key "surprise"', None),
    "an unknown limit": (declared("limits: {}", "limits: {max_rows: 1}"), 'unknown key "max_rows"', None),
    "a runner that is not served": (declared("tool: native", "tool: flyway"), '"flyway" is not allowed', None),
    "another id": (declared(f"migration_id: {TWO}", f"migration_id: {full_id('M-09')}"), "but its folder is named", False),
    "itself upstream": (declared("limits: {}", f"limits: {{}}\ndepends_on: [{TWO}]"), "depends on itself", True),
}


def with_two(tmp):
    p = one_table(tmp)
    p.bundle("M-02", "CREATE TABLE app.u (id int);", rollback="DROP TABLE app.u;\n", extra="depends_on: []\n")
    return p


def of_one(tmp, change):
    """M-01 and M-02, of which something is wrong with the latter; no depends_on where the change writes one."""
    p = with_two(tmp)
    base = p.path(f"migrations/postgis/{TWO}/migration.yml")
    if change is OF_ONE["itself upstream"][0]:
        base.write_text(base.read_text().replace("depends_on: []\n", ""))
    change(p)
    return p


@cases(**{what.replace(" ", "_"): row for what, row in OF_ONE.items()})
def what_is_wrong_with_one_migration_stops_no_other(row, tmp):
    change, words, _ = row
    p = of_one(tmp, change)
    id_now = full_id("M-09") if "folder" in words and "named" in words else TWO
    fails(p.run("check"), 5, words)
    ran = p.build()
    fails(ran, 5, words, "1 target is blocked; nothing was run")
    equal(pg.value(p.db, "SELECT to_regnamespace('kfmig')"), None, "nothing was run")
    ran = p.run("build", "dev", ONE)
    equal((ran.status, p.applied()), (0, [ONE]), repr(ran))
    ran = p.build("-k")
    equal((ran.status, p.applied()), (5, [ONE]), repr(ran))
    contains(ran.text, words)
    contains(p.run("plan", "dev").out, words)
    contains(p.run("why", f"dev/{id_now}@apply").text, words)
    for verb in (["status", "dev"], ["status", "dev", "--json"], ["receipt", "verify", "dev"], ["receipt", "list", "dev"], ["graph", "dev"]):
        ran = p.run(*verb)
        equal(ran.status, 0, f"{verb}: {ran!r}")
        lacks(ran.text, "canary")
    for verb in (["plan", "dev"], ["plan", "dev", "--json"], ["plan", "dev", "--format=markdown"], ["check"], ["check", "--json"]):
        lacks(p.run(*verb).text, "canary")
    row = [r for r in p.json("status", "dev")["targets"] if r["target"] == f"dev/{id_now}@apply"]
    equal([r["state"] for r in row], ["blocked"])
    p.bundle("M-03", "CREATE TABLE app.w ();", extra=f"depends_on: [{ONE}]\n")
    ran = p.run("build", "dev", THREE)
    equal((ran.status, p.applied()), (0, [ONE, THREE]), repr(ran))


@cases(**{what.replace(" ", "_"): row for what, row in OF_ONE.items() if what != "another id"})
def what_is_wrong_with_one_that_is_applied_stops_no_other(row, tmp):
    change, words, is_same = row
    p = with_two(tmp)
    base = p.path(f"migrations/postgis/{TWO}/migration.yml")
    if words == "depends on itself":
        base.write_text(base.read_text().replace("depends_on: []\n", ""))
    equal(p.build().status, 0)
    change(p)
    p.bundle("M-03", "CREATE TABLE app.w ();", extra=f"depends_on: [{ONE}]\n")
    fails(p.run("check"), 5, words)
    ran = p.run("build", "dev", THREE)
    equal((ran.status, p.applied()), (0, [ONE, TWO, THREE]), repr(ran))
    state, = [r["state"] for r in p.json("status", "dev")["targets"] if r["target"] == f"dev/{TWO}@apply"]
    equal(state, "current" if is_same else "blocked")
    ran = p.build()
    equal(ran.status, 0 if is_same else 5 if is_same is None else 1, repr(ran))
    if is_same is None:
        contains(ran.text, words)
    equal(p.run("receipt", "verify", "dev").status, 0)


@cases(bidi="DROP TABLE app.u; -- \u202e\n", secret="DROP TABLE app.u; -- password=hunter" + "2canary\n")
def a_rollback_file_that_is_not_what_it_looks_like_is_not_run(text, tmp):
    """It was applied by something that let it pass: the ledger has it as it stands."""
    p = with_two(tmp)
    equal(p.build().status, 0)
    p.path(f"migrations/postgis/{TWO}/rollback.sql").write_text(text)
    ran = p.run("rollback", "dev", TWO)
    equal((ran.status != 0, p.applied()), (True, [ONE, TWO]), repr(ran))
    equal(pg.value(p.db, "SELECT to_regclass('app.u') IS NOT NULL"), "t")


@cases(
    comment=("-- nothing\n", ":1:1", "it holds no statement"),
    by_hand=("SELECT 1;\n-- BY HAND: write it\n", ":2:1", "still to be written by hand"),
    unterminated=("SELECT 'x", ":1:8", "unterminated quoted string"),
    control=("COMMIT;", ":1:1", "COMMIT without BEGIN"),
)
def a_rollback_that_cannot_be_run_is_a_fault_of_check_and_stops_no_build(case, tmp):
    text, place, words = case
    p = one_table(tmp)
    p.write(f"{HOME}/rollback.sql", text)
    one_error(p.run("check"), 5, f"{HOME}/rollback.sql{place}", words)
    equal(p.build().status, 0)
    equal(p.applied(), [ONE])


READ_ONLY = {
    "database": ('ALTER DATABASE "{db}" SET default_transaction_read_only = on', "", "for the database (ALTER DATABASE ... SET)"),
    "role": ('ALTER ROLE "{db}" SET default_transaction_read_only = on', "", "for the role (ALTER ROLE ... SET)"),
    "role in it": ('ALTER ROLE "{db}" IN DATABASE "{db}" SET default_transaction_read_only = on', "",
                   "for the role in this database (ALTER ROLE ... IN DATABASE ... SET)"),
    "client": ("SELECT 1", "-c default_transaction_read_only=on", "by the client (PGOPTIONS, or options in the connection string)"),
}


@cases(**{what.replace(" ", "_"): row for what, row in READ_ONLY.items()})
def read_only_says_where_that_was_set(row, tmp):
    sql, options, words = row
    p = one_table(tmp)
    pg.psql(p.db, sql.format(db=p.db))
    ran = p.build(env={"PGOPTIONS": options} if options else {})
    one_error(ran, 1, 'environment "dev" is read-only: default_transaction_read_only is on, set ' + words)


@test
def a_full_table_of_locks_says_what_to_raise(tmp):
    cluster = pg.Cluster(max_locks_per_transaction="10", max_connections="12")
    p = Project(tmp, db=None)
    p.env["KFM_DSN"] = cluster.dsn(cluster.createdb("crowded"))
    cluster.psql("crowded", "CREATE SCHEMA app", user="crowded")
    p.bundle("M-01", "".join(f"CREATE TABLE app.t{n} (id int);\n" for n in range(3000)))
    fails(p.build(), 2, "out_of_memory (53200)", "its table of locks is full: raise max_locks_per_transaction")
    cluster.remove()


REFUSED = {
    "update of a catalog": ("UPDATE pg_class SET relname = 'x' WHERE false;", "UPDATE: what rows of a system catalog mean", "use DDL"),
    "delete within WITH": ("WITH w AS (DELETE FROM pg_depend RETURNING 1) SELECT * FROM w;", "SELECT: what rows of a system catalog mean", "use DDL"),
    "rows for a catalog": ("COPY pg_description FROM stdin;\n1\t1\t1\tx\n\\.\n", "COPY: what rows of a system catalog mean", "use DDL"),
    "discard temp": ("DISCARD TEMP;", "DISCARD: DISCARD TEMP drops every temporary table", "DROP what is meant by name"),
}


@cases(**{what.replace(" ", "_"): row for what, row in REFUSED.items()})
def check_and_build_refuse_alike(row, tmp):
    sql, why, hint = row
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app;\n" + sql + "\n")
    checked = p.run("check")
    fails(checked, 5, "forward.sql:2:1: error: ")
    built = p.build()
    fails(built, 5, "forward.sql:2:1: error: ", "1 target is blocked; nothing was run")
    equal(str(pg.value(p.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'")), "0", "nothing was run")
    for ran in checked, built:
        contains(ran.text, "forward.sql:2:1: ")
        contains(ran.text, why)
        contains(ran.text, hint)


@cases(comment="-- nothing\n", statistics="ANALYZE app.t;\n", settings="SET LOCAL lock_timeout = '1s';\n", question="SELECT 1;\n")
def what_changes_nothing_needs_no_rollback(forward, tmp):
    p = Project(tmp)
    p.bundle("M-01", forward, rollback="-- nothing to undo\n")
    equal(p.run("check").status, 0)


@test
def a_script_that_is_nested_too_deeply_is_the_servers_to_refuse(tmp):
    p = one_table(tmp)
    p.path(FORWARD).write_bytes(b"SELECT " + b"(" * 100_000 + b"1" + b")" * 100_000)
    one_error(p.build(), 2, FORWARD + ":1:", "memory exhausted")
    equal(p.applied(), [])


@cases(forward=FORWARD, rollback=f"{HOME}/rollback.sql", invariant=f"{HOME}/invariants/x.sql")
def a_syntax_error_is_the_servers_to_name_but_nothing_stays(name, tmp):
    p = one_table(tmp)
    p.write(name, "SELEC 1;\n")
    one_error(p.run("check"), 5, name + ":1:1", "syntax error")
    if name == FORWARD:
        contains(p.run("plan", "dev").text, "class unknown")
    ran = p.build()
    equal(ran.status in (2, 5) if name != f"{HOME}/rollback.sql" else True, True, repr(ran))
    if ran.status != 0:
        equal(len(errors(ran)), 1, repr(ran))
        contains(ran.text, name + ":1:1")
        equal(p.applied() if ran.status == 2 else [], [])


# --- options


@cases(
    nothing=([], "command"), unknown_command=(["biuld"], "build"), unknown_option=(["build", "dev", "--stepz=1"], "--steps"),
    bad_number=(["build", "dev", "--steps=many"], "--steps"), negative_number=(["build", "dev", "--steps=-1"], "--steps"),
    missing_value=(["build", "dev", "--plan"], "--plan"), bad_duration=(["build", "dev", "--lock-wait=soon"], "--lock-wait"),
    bad_format=(["plan", "dev", "--format=xml"], "xml"), option_of_another_command=(["status", "--steps=1"], "--steps"),
    letter=(["build", "-Z"], "-Z"), control_characters=(["build\x1b[31m"], "build"), unknown_environment=(["build", "nowhere"], "nowhere"),
    value_where_none_is_taken=(["build", "--dry-run=yes"], "--dry-run"), not_a_digest=(["build", "dev", "--plan=5"], "5"),
)
def usage(case, tmp):
    args, *parts = case
    p = one_table(tmp)
    before = files(p.root, skip=CACHE)
    status = 1 if "--plan=5" in args else 5
    ran = leaves_nothing(p, before, *args, status=status, parts=parts)
    lacks(ran.text, "\x1b")


# --- disks


@contextlib.contextmanager
def tmpfs(path, options):
    if os.geteuid() != 0:
        skip("only root can mount")
    path.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kfmig-test", str(path)], capture_output=True, check=False)
    if done.returncode != 0:
        skip("mount is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(folder):
    """Use up the file system's last byte."""
    with open(folder / "ballast", "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x")


def on_disk(tmp, options):
    """A project on a file system of its own."""
    disk = tmp / "disk"
    return disk, tmpfs(disk, options)


@test
def a_full_disk_below_state_costs_the_cache_only(tmp):
    p = one_table(tmp)
    with tmpfs(p.path("state"), "size=64k"):
        fill(p.path("state"))
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        equal(p.applied(), [ONE])
        equal(p.run("plan", "dev", "--exit-code").status, 0)
        (p.path("state") / "ballast").unlink()
        contains(p.build().err, "nothing to do")


@test
def a_full_disk_below_the_project_leaves_evidence_owed_and_no_half_file(tmp):
    disk, mounted = on_disk(tmp, "size=1m")
    with mounted:
        p = Project(disk, environments=ENVIRONMENTS.replace("evidence: none", "evidence: bundle"))
        p.bundle("M-01", TABLE)
        before = files(p.root)
        fill(disk)
        ran = p.build()
        one_error(ran, 3, "evidence is owed")
        equal(p.applied(), [ONE])
        left = files(p.root, skip=("state",))
        equal({k: v for k, v in left.items() if k in before}, before)
        equal([k for k in left if k not in before and not k.endswith((".json", ".csv"))], [], "temporary files")
        (disk / "ballast").unlink()
        ran = p.build()
        equal(ran.status, 0, repr(ran))
        receipt = json.loads(p.path(f"{HOME}/receipts/run_receipt.json").read_bytes())
        for output in receipt["claim"]["outputs"]:
            equal(digest(p.path(f"{HOME}/{output['uri']}")), output["digest"])
        equal(p.applied(), [ONE])


@test
def check_fix_on_a_full_disk_leaves_the_registry_as_it_was(tmp):
    disk, mounted = on_disk(tmp, "size=1m")
    with mounted:
        p = Project(disk)
        p.bundle("M-01", TABLE)
        p.write(REGISTRY, '{"version": 1, "migrations": []}\n')
        fill(disk)
        before = files(p.root)
        one_error(p.run("check", "--fix"), 1, REGISTRY)
        equal(files(p.root, skip=("state",)), before)


@test
def in_a_read_only_project_folder_everything_but_files_works(tmp):
    disk, mounted = on_disk(tmp, "size=4m")
    with mounted:
        p = Project(disk)
        p.bundle("M-01", TABLE)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for args in (["check"], ["plan", "dev"], ["status", "dev"], ["build", "dev"], ["why", ONE], ["receipt", "list"]):
            ran = p.run(*args)
            equal(ran.status, 0, repr(ran))
        equal(p.applied(), [ONE])
        one_error(p.run("check", "--fix"), 1, "ead-only")
        one_error(p.run("new", "another", "one"), 1, "ead-only")


@test
def in_a_read_only_project_folder_evidence_is_owed(tmp):
    disk, mounted = on_disk(tmp, "size=4m")
    with mounted:
        p = Project(disk, environments=ENVIRONMENTS.replace("evidence: none", "evidence: bundle"))
        p.bundle("M-01", TABLE)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        one_error(p.build(), 3, "ead-only")
        equal(p.applied(), [ONE])
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        equal(p.build().status, 0)
        equal(p.path(f"{HOME}/receipts/run_receipt.json").is_file(), True)


@test
def a_server_whose_disk_is_full_rolls_back(tmp):
    """The server refuses with class 53: statement named, nothing applied (temp_file_limit stands in for a full disk)."""
    p = one_table(tmp)
    equal(p.build().status, 0)
    pg.psql("postgres", f"ALTER ROLE {p.db} SET temp_file_limit = '100kB'; ALTER ROLE {p.db} SET work_mem = '64kB';")
    p.bundle("M-02", "CREATE TABLE app.u AS SELECT i FROM generate_series(1, 200000) i ORDER BY i DESC;", limits=dict(max_row_backfill=300000))
    one_error(p.build(), 2, "53400", f"migrations/postgis/{TWO}/forward.sql:1:1")
    equal(p.applied(), [ONE])


# --- faults that need the server, and are not elsewhere


@test
def a_session_ended_mid_statement_rolls_back_and_is_recorded(tmp):
    p = one_table(tmp)
    p.bundle("M-01", TABLE + "SELECT pg_terminate_backend(pg_backend_pid());\n")
    ran = p.build()
    one_error(ran, 2, FORWARD + ":3:1")
    equal(p.applied(), [])
    equal(p.entries()[-1][1:], ("apply", ONE, "failed"))
    equal(pg.value(p.db, "SELECT to_regnamespace('app')"), None)


@test
def standard_output_that_is_full_is_an_error(tmp):
    p = one_table(tmp)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.environ["KFMIG"], "plan", "dev"], cwd=p.root, env=p.env, stdout=full, stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 1)
    contains(done.stderr.decode(), "standard output")


main()
