"""Reading artifacts, format by format, beside a memcpy() of what they hold."""
# run: serial limit=600 needs=gzip,zstd

import csv
import json
import os
import pathlib
import shutil
import subprocess

from many import spread
from shapes import write_collection
from results import keep
from tap import at_exit, equal, fresh_folder, main, note, test

MEGABYTES = int(os.environ.get("KFMIG_BENCH_MB", "100"))
ROUNDS = int(os.environ.get("KFMIG_BENCH_ROUNDS", "5"))
PROGRAM = pathlib.Path(os.environ["KFMIG_BUILD"]) / "tests/bench/read_artifact"

folder = fresh_folder()
at_exit(shutil.rmtree, folder, True)


def collection(name, kind, digits):
    path = folder / name
    write_collection(path, kind, 20000 if kind == "Point" else 2000, digits, at_least=MEGABYTES * 1000 * 1000)
    return path


def lines(name, of):
    """The features of a collection, one a line."""
    with open(of, "rb") as source, open(folder / name, "wb") as out:
        out.writelines(line.rstrip(b",\n") + b"\n" for line in source if line.startswith(b'{"type":"Feature",'))
    return folder / name


def table(name, of):
    """The points of a collection as CSV."""
    with open(of, encoding="ascii") as source, open(folder / name, "w", encoding="ascii", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "name", "rank", "lon", "lat"])
        for line in source:
            if line.startswith('{"type":"Feature",'):
                feature = json.loads(line.rstrip(",\n"))
                rows.writerow([*feature["properties"].values(), *feature["geometry"]["coordinates"]])
    return folder / name


def packed(path, program):
    subprocess.run([program, "-q", "-k", "-3", path.name], cwd=folder, check=True)
    return folder / (path.name + (".gz" if program == "gzip" else ".zst"))


def measure(path, what):
    """Medians of ROUNDS in MB (decoded) a second."""
    done = subprocess.run([PROGRAM, path.name, str(ROUNDS)], cwd=folder, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    seen = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    size = seen[0][0]
    copied, decoded, records, rows = (spread([size / line[i] for line in seen]) for i in (1, 2, 3, 4))
    note(f"{what}, {size / 1e6:.0f} MB: records {records} MB/s, as rows of COPY {rows}, only decoded {decoded}, memcpy {copied}: "
         f"ratio {copied.median / records.median:.1f}")
    keep(what, mb=size / 1e6, rounds=ROUNDS, records_mb_s=records.median, rows_mb_s=rows.median, decoded_mb_s=decoded.median, memcpy_mb_s=copied.median)


@test
def readers():
    """Readers of every format"""
    points, polygons = collection("points.geojson", "Point", 6), collection("polygons.geojson", "Polygon", 6)
    note(f"medians of {ROUNDS} (least-most)")
    measure(points, "GeoJSON, points")
    measure(polygons, "GeoJSON, polygons, 6 decimals")
    measure(collection("long.geojson", "Polygon", 15), "GeoJSON, polygons, 15 decimals")
    measure(lines("lines.ndjson", polygons), "NDJSON, polygons")
    measure(table("points.csv", points), "CSV, points")
    measure(packed(polygons, "gzip"), "GeoJSON with gzip, polygons")
    measure(packed(polygons, "zstd"), "GeoJSON with zstd, polygons")


main()
