"""What a run without work costs the server: nothing was written since the last one, something was, definitions were."""
# run: serial limit=900 needs=postgres

import os
import shutil
import subprocess

import pg
import proxy
from costs import Count, client_ms, server_ms, sessions
from project import KFMIG, Project
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

TABLES, ROUNDS = int(os.environ.get("KFMIG_BENCH_TABLES", "1430")), 8
GOAL = 0.35

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def measured(cluster, p, between):
    """Means of ROUNDS plans, each behind what is done between two: server and client processor in ms, flights."""
    server = client = flights = 0
    standing = sessions(cluster)
    for _ in range(ROUNDS):
        between()
        with proxy.Proxy(cluster.host) as way:
            count = way.mode = Count()
            env = {**p.env, "KFM_DSN": cluster.dsn(p.db, user=p.db, host=way.host)}
            server_before, client_before = server_ms(cluster, standing), client_ms()
            done = subprocess.run([KFMIG, "plan", "dev"], cwd=p.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        equal(done.returncode, 0, done.stderr.decode()[-2000:])
        server += server_ms(cluster, standing) - server_before
        client += client_ms() - client_before
        flights += count.flights
    return server / ROUNDS, client / ROUNDS, flights / ROUNDS


@test
def what_is_looked_at():
    """A plan where nothing moved, where rows of another database were written, and where definitions were written anew"""
    cluster = pg.cluster()
    p = Project(folder)
    other = cluster.createdb()
    cluster.psql(other, "CREATE TABLE busy (n int)")
    cluster.psql(p.db, "CREATE SCHEMA app; DO $$ BEGIN FOR i IN 1.." + str(TABLES) + " LOOP EXECUTE format('CREATE TABLE app.t%s"
                 " (id bigint PRIMARY KEY, name text DEFAULT ''x'')', i); END LOOP; END $$", user=p.db)
    p.bundle("M-01", "CREATE TABLE app.made ();")
    equal(p.build("--quiet", timeout=600).status, 0)
    equal(p.run("plan", "dev").status, 0)
    rows = {
        "nothing was written": lambda: None,
        "rows of another database were": lambda: cluster.psql(other, "INSERT INTO busy VALUES (1)"),
        "definitions were, to the same": lambda: cluster.psql(p.db, "GRANT SELECT ON app.t1 TO PUBLIC; REVOKE SELECT ON app.t1 FROM PUBLIC", user=p.db),
    }
    took = {name: measured(cluster, p, between) for name, between in rows.items()}
    note(f"{TABLES} tables; means of {ROUNDS} plans")
    for name, (server, client, flights) in took.items():
        note(f"{name}: server {server:.0f} ms, client {client:.0f} ms, {flights:.1f} flights")
        keep(f"plan, {name}", tables=TABLES, server_ms=server, client_ms=client, flights=flights)
    idle, busy, full = (took[name][0] for name in rows)
    note(f"the witness costs {busy - idle:.0f} ms, a look {full - idle:.0f} ms: ratio {(busy - idle) / max(full - idle, 1):.2f} (goal {GOAL})")


main()
