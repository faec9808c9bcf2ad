"""A program of the store of programs, killed, failed, cut and crashed at every point of its journal: it runs exactly once, and comes back once."""
# run: serial limit=900 needs=postgres

import hashlib

import proxy
from sweep import Sweep
from tap import cases, equal, main, test

POINTS = [*(f"journal.{name}" for name in ("intended", "ran", "proven", "done")),
          *(f"tx.{name}" for name in ("recorded", "commit_sent", "committed"))]
ID = "OTHER-MIG-1"
ENVIRONMENTS = """\
environments:
  dev: {evidence: none, stores: {postgis: {dsn_ref: KFM_DSN}, other: {probes: probes}}}
default_environment: dev
"""
PROBE = """#!/bin/sh
[ -f "$KFMIG_ROOT/key" ] || exec echo absent
sha256sum <"$KFMIG_ROOT/key" | cut -d' ' -f1
"""
DECLARATION = """\
migration_id: {id}
type: other
intent: "A key file"
scope: {{allowed_global: ["state:key"]}}
limits: {{}}
requires_rollback: true
approvals: {{required_reviewers: [reviewers], change_class: test}}
runner: {{tool: command, probe: key, apply: ./make.sh, rollback: ./remove.sh, expect: "{expect}"}}
artifacts: {{forward: [make.sh], rollback: [remove.sh]}}
"""


def program(p, name, text):
    p.write(name, text)
    p.path(name).chmod(0o755)


def prepare(p):
    """Contact is made, and what makes the key is to run."""
    p.write("registry/environments.v1.yml", ENVIRONMENTS)
    program(p, "probes/key", PROBE)
    p.bundle("M-01", "CREATE SCHEMA app;\n")
    equal(p.build().status, 0)
    base = f"migrations/other/{ID}"
    p.write(f"{base}/migration.yml", DECLARATION.format(id=ID, expect="sha256:" + hashlib.sha256(b"k\n").hexdigest()))
    program(p, f"{base}/make.sh", '#!/bin/sh\necho k >"$KFMIG_ROOT/key"; echo made >>"$KFMIG_ROOT/ran"\n')
    program(p, f"{base}/remove.sh", '#!/bin/sh\nrm "$KFMIG_ROOT/key" && echo removed >>"$KFMIG_ROOT/ran"\n')


def ran_so_far(p):
    return p.path("ran").read_text(encoding="utf-8").split() if p.path("ran").exists() else []


def is_sound(p, what):
    for verb in (("receipt", "verify", "dev"), ("diff", "dev")):
        again = p.run(*verb)
        equal(again.status, 0, f"{what}: {again!r}")


def entries(p):
    return [(r[1], r[3]) for r in p.entries() if r[2] == ID]


def converges(p, what):
    """One clean build later the key is there, by one program, and is recorded so."""
    ran = p.build()
    equal(ran.status, 0, f"{what}: {ran!r}")
    equal((ran_so_far(p), p.path("key").read_text(encoding="utf-8")), (["made"], "k\n"), what)
    rows = entries(p)
    equal((rows.count(("done", "success")), rows.count(("apply", "success")), rows[-1]), (1, 1, ("apply", "success")), f"{what}: {rows}")
    is_sound(p, what)
    equal(p.build().status, 0, what)


def truthful(p, ran, what):
    """0 exactly if it is applied; and what is said to be unchanged is."""
    equal(ran.status in (0, 1, 2, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, ("apply", "success") in entries(p), f"{what}: {ran!r}")
    if "nothing was changed" in ran.err:
        equal(ran_so_far(p), [], f"{what}: {ran!r}")


building = Sweep(("build", "dev"), prepare, truthful, converges)


@test
def the_undisturbed_build():
    building.undisturbed()


@cases(kill="kill", error="error")
def a_build_at_every_point(mode):
    building.faulted(POINTS, range(1, 5), mode)


@test
def the_server_crashes_at_every_point():
    n = building.crashed(POINTS, (1,))
    equal(n >= len(POINTS), True, f"{n} crashes")


@cases(client=proxy.CLIENT, server=proxy.SERVER)
def the_connection_is_cut_anywhere(sender):
    building.cut(sender, 4)


# --- the other way


def applied(p):
    prepare(p)
    equal(p.build().status, 0)


def comes_back(p, what):
    """One rollback later the key is gone, by one program, and nobody was asked: the probe says what it said before the migration."""
    if entries(p)[-1] != ("rollback", "success"):
        ran = p.run("rollback", "dev", ID, "--apply")
        equal(ran.status, 0, f"{what}: {ran!r}")
    equal((ran_so_far(p), p.path("key").exists()), (["made", "removed"], False), what)
    rows = entries(p)
    equal((rows.count(("rollback", "success")), rows[-1]), (1, ("rollback", "success")), f"{what}: {rows}")
    is_sound(p, what)


def truthful_back(p, ran, what):
    equal(ran.status in (0, 1, 4, 6, 7), True, f"{what}: {ran!r}")
    equal(ran.status == 0, ("rollback", "success") in entries(p), f"{what}: {ran!r}")


taking_back = Sweep(("rollback", "dev", ID, "--apply"), applied, truthful_back, comes_back)


@test
def the_undisturbed_rollback():
    taking_back.undisturbed()


@cases(kill="kill", error="error")
def a_rollback_at_every_point(mode):
    taking_back.faulted(POINTS, range(1, 5), mode)


main()
