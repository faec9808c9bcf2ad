"""Publishing again and again beneath pgbench with joining readers: failed queries, empty or mixed results, and how long readers were blocked."""
# run: serial limit=900 needs=postgres,postgis,psql,pgbench

import functools
import itertools
import os
import re
import shutil
import statistics
import subprocess

import pg
from project import Project
from shapes import register, table, write_collection
from results import keep
from tap import at_exit, cases, equal, fresh_folder, main, note

ROWS = int(os.environ.get("KFMIG_BENCH_ROWS", "20000"))
SECONDS = int(os.environ.get("KFMIG_BENCH_SECONDS", "20"))
READERS = int(os.environ.get("KFMIG_BENCH_READERS", "4"))
GOAL_MS = 5
STRICT = os.environ.get("KFMIG_BENCH_STRICT") == "1"
TABLES = {"places": ("Point", "0000000a"), "areas": ("Polygon", "0000000b")}
MONTHS = ("2026-02", "2026-03")

# A reader joins both tables, through a view and a function too, and must find one month everywhere. What it sees amiss is written down.
READER = """\
\\set id random(0, :rows - 1)
SELECT count(*) AS found, count(DISTINCT month) AS months, coalesce(min(same), 0) AS same FROM (
    SELECT left(a.version, 7) AS month, (left(a.version, 7) = app.month_of(a.id))::int AS same
        FROM app.places a JOIN app.areas b USING (id) WHERE a.id = :id::text
    UNION ALL SELECT left(b.version, 7), 1 FROM app.areas b JOIN app.named n USING (id) WHERE b.id = :id::text) both_ways \\gset
\\if :found <> 2
INSERT INTO public.amiss VALUES ('empty');
\\elif :months <> 1 or :same <> 1
INSERT INTO public.amiss VALUES ('mixed');
\\endif
"""

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def declare(p, month):
    sources = "".join(f"""\
  - {{dataset: {slug}, version: "{month}.{digits}", asset: {slug}, into: {slug},
     columns: {{version: $dataset_version_id, id: properties.id, geom: geometry}}}}
""" for slug, (_, digits) in TABLES.items())
    p.write("registry/projections/map.yml", f"projection: map\nstore: postgis\nschema: app\ngrants: carry\nsources:\n{sources}")


def chain():
    """What the schema holds: the tables, a view and a function that read them."""
    tables = "".join(f"{table('app.' + slug, kind)}\nCREATE INDEX {slug}_id ON app.{slug} (id);\nCREATE INDEX {slug}_geom ON app.{slug} USING gist (geom);\n"
                     for slug, (kind, _) in TABLES.items())
    return (f"CREATE SCHEMA app;\n{tables}CREATE VIEW app.named AS SELECT id, version FROM app.places;\n"
            "CREATE FUNCTION app.month_of(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT left(version, 7) FROM app.areas WHERE id = $1';\n"
            "GRANT USAGE ON SCHEMA app TO reader;\nGRANT SELECT ON app.places, app.areas, app.named TO reader;\n")


@functools.cache
def prepared():
    """Two versions of two datasets, published one after the other: generations 1 and 2."""
    cluster = pg.Cluster(fsync="on", full_page_writes="on", shared_buffers="'128MB'", max_wal_size="'4GB'", autovacuum="off",
                         log_lock_waits="on", deadlock_timeout="'1ms'")
    at_exit(cluster.remove)
    p = Project(folder, db=None)
    p.db = cluster.createdb(postgis=True)
    cluster.psql(p.db, "CREATE ROLE reader LOGIN")
    p.env["KFM_DSN"] = cluster.dsn(p.db)
    p.bundle("M-01", chain())
    for seed, month in enumerate(MONTHS, 1):
        for slug, (kind, digits) in TABLES.items():
            path = f"{month}/{slug}.geojson"  # an asset is named as its file
            write_collection(p.path("registry/data") / path, kind, ROWS, seed=seed)
            register(p, slug, f"{month}.{digits}", path, ROWS)
        declare(p, month)
        ran = p.build("--quiet", timeout=300)
        equal(ran.status, 0, repr(ran))
    return p, cluster


def readers(p, cluster, mode, meanwhile=None):
    """pgbench for SECONDS, and meanwhile() (if any) again and again until it is over. Returns how often, pgbench's words and the
    milliseconds of its transactions."""
    script = p.write("reader.sql", READER)
    cluster.psql(p.db, "DROP TABLE IF EXISTS public.amiss; CREATE TABLE public.amiss (what text); GRANT ALL ON public.amiss TO PUBLIC;")
    log = folder / f"log-{mode}-{'alone' if meanwhile is None else 'beside'}"
    times = 0
    with subprocess.Popen(["pgbench", "-n", "-M", mode, "-c", str(READERS), "-j", "1", "-T", str(SECONDS), "-f", str(script), "-D", f"rows={ROWS}",
                           "--random-seed=1", "-l", f"--log-prefix={log}", cluster.dsn(p.db, user="reader")], env=p.env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while meanwhile is not None and process.poll() is None:
            meanwhile()
            times += 1
        words = process.communicate()[0]
    equal(process.returncode, 0, words)
    lines = [line.split() for file in folder.glob(f"{log.name}.*") for line in file.read_text(encoding="ascii").splitlines()]
    return times, words, sorted(int(line[2]) / 1000 for line in lines)


def shown(times):
    """Transactions in words."""
    return (f"{len(times)} transactions of {statistics.median(times):.2f} ms, 1 of 1,000 over {times[-len(times) // 1000 - 1]:.1f} ms, "
            f"longest {times[-1]:.1f} ms")


def failures(words):
    """Failed transactions by pgbench's count."""
    return int(re.search(r"number of failed transactions: ([0-9]+)", words).group(1))


turn = itertools.cycle(("1", "2"))  # which is live goes on from one case to the next


@cases(simple="simple", prepared="prepared")
def publishing(mode):
    """Publishing beneath joining readers"""
    # A reader that waits for a lock longer than deadlock_timeout is logged, with how long it waited: the server's own clock.
    p, cluster = prepared()
    def switch():
        ran = p.run("switch", "dev", "map", next(turn), timeout=300)
        equal(ran.status, 0, repr(ran))

    _, _, alone = readers(p, cluster, mode)
    seen = len(cluster.server_log())
    times, words, beside = readers(p, cluster, mode, switch)
    log = cluster.server_log()[seen:]
    waited = sorted(float(ms) for ms in re.findall(r"pgbench LOG: .* acquired \w+ on .* after ([0-9.]+) ms", log))
    amiss = [row[0] for row in cluster.psql(p.db, "SELECT what FROM public.amiss")]
    errors = re.findall(r"pgbench (?:ERROR|FATAL): .*", log)
    note(f"{times} publications of 2 tables with {ROWS} rows each in {SECONDS} s beneath {READERS} readers ({mode} statements), fsync on")
    note(f"failed queries {failures(words) + len(errors)}, empty results {amiss.count('empty')}, mixed generations {amiss.count('mixed')} (goal 0, 0, 0)")
    note(f"waits of readers for a lock over 1 ms: {len(waited)}"
         + (f", median {statistics.median(waited):.1f} ms, longest {waited[-1]:.1f} ms (goal {GOAL_MS})" if waited else f" (goal: none over {GOAL_MS})"))
    note(f"readers: {shown(beside)}")
    note(f"without publications: {shown(alone)}")
    keep(f"publish, {mode}", publications=times, rows=ROWS, readers=READERS, waits=len(waited), longest_ms=waited[-1] if waited else 0, goal_ms=GOAL_MS)
    equal((failures(words), errors, amiss), (0, [], []))
    if STRICT:
        equal(not waited or waited[-1] <= 2 * GOAL_MS, True, f"{waited[-5:]}")


main()
