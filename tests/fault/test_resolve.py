"""What a person settles, killed, failed, cut and crashed at every point: said once, or not at all, and what follows is as it was said."""
# run: serial limit=900 needs=postgres

import pg
import proxy
from project import FAULTY, full_id
from sweep import Sweep
from tap import cases, equal, main, test

TWO = full_id("M-02")
POINTS = ["resolve.seen", "resolve.recorded", "tx.commit_sent"]
FIRST = "CREATE SCHEMA app; CREATE TABLE app.t (id int, name text); CREATE TABLE app.log (at text);"
INDEX = "INSERT INTO app.log VALUES ('one');\nCREATE INDEX CONCURRENTLY i ON app.t (id);\n"


def begun(p, theirs, then):
    """M-01 is applied; the build of M-02 was killed behind its intent; somebody else made what takes its name; M-02 says then now."""
    p.bundle("M-01", FIRST)
    equal(p.build().status, 0)
    p.bundle("M-02", INDEX)
    ran = p.run("build", "dev", program=FAULTY, env={"KFMIG_FAULT": "journal.intended:kill"})
    equal(ran.status, -9, repr(ran))
    pg.psql(p.db, theirs)
    p.bundle("M-02", then)


def in_doubt(p):
    begun(p, "CREATE INDEX i ON app.t (name)", INDEX)


def otherwise(p):
    begun(p, "DELETE FROM app.log", INDEX.replace("one", "other"))


def resolves(p):
    return pg.psql(p.db, f"SELECT text::jsonb -> 'outputs' ->> 'post' IS NOT NULL FROM kfmig.entry WHERE kind = 'resolve' AND subject = '{TWO}'")


def truthful(p, ran, what):
    """0 exactly if everything is settled."""
    row = next(t for t in p.json("status", "dev")["targets"] if t["target"] == f"dev/{TWO}@apply")
    is_settled = row["reasons"][0]["code"] not in ("in_doubt", "begun_otherwise")
    equal(ran.status in (0, 1, 2, 6), True, f"{what}: {ran!r}")
    if ran.status == 0:
        equal(is_settled, True, f"{what}: {ran!r}")


def settled(answer, n, undo, log, shape):
    """One more resolve and one build later all is as was said, exactly once."""
    def converges(p, what):
        again = p.run("resolve", "dev", TWO, f"--as={answer}")
        equal(again.status in (0, 1), True, f"{what}: {again!r}")
        equal(len(resolves(p)), n, f"{what}: said once of each step: {again!r}")
        pg.psql(p.db, undo)
        ran = p.build()
        equal(ran.status, 0, f"{what}: {ran!r}")
        equal(pg.psql(p.db, "SELECT at FROM app.log"), [(log,)], what)
        equal(pg.value(p.db, "SELECT pg_get_indexdef('app.i'::regclass)"), f"CREATE INDEX i ON app.t USING btree ({shape})", what)
        for verb in (("receipt", "verify", "dev"), ("diff", "dev"), ("build", "dev")):
            ran = p.run(*verb)
            equal(ran.status, 0, f"{what}: {ran!r}")
    return converges


SWEEPS = {
    "applied": Sweep(("resolve", "dev", TWO, "--as=applied"), in_doubt, truthful, settled("applied", 1, "SELECT 1", "one", "name")),
    "absent": Sweep(("resolve", "dev", TWO, "--as=absent"), in_doubt, truthful, settled("absent", 1, "DROP INDEX app.i", "one", "id")),
    "otherwise": Sweep(("resolve", "dev", TWO, "--as=absent"), otherwise, truthful, settled("absent", 2, "SELECT 1", "other", "id")),
}
EACH = {k: k for k in SWEEPS}


@cases(**EACH)
def undisturbed(which):
    SWEEPS[which].undisturbed()


@cases(**EACH)
def killed_at_every_point(which):
    SWEEPS[which].faulted(POINTS, range(1, 4), "kill")


@cases(**EACH)
def failed_at_every_point(which):
    SWEEPS[which].faulted(POINTS, range(1, 4), "error")


@test
def the_server_crashes_at_every_point():
    n = SWEEPS["absent"].crashed(POINTS, (1,))
    equal(n >= len(POINTS) - 1, True, f"{n} crashes")


@cases(**{f"{which}_{name}": (which, sender) for which in ("applied", "otherwise") for name, sender in (("client", proxy.CLIENT), ("server", proxy.SERVER))})
def the_connection_is_cut_anywhere(case):
    which, sender = case
    SWEEPS[which].cut(sender, 4)


main()
