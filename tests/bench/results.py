"""What a bench measured, as JSON: build/bench/NAME.json, one file for each bench, written anew by each run.

    keep("1,000 small migrations", ratio=1.2, goal=1.15, kfmig_ms=..., psql_ms=...)

The file: {"bench", "date" (UTC), "commit", "machine": {...}, "results": [{"job", the figures}]}. Figures are numbers, in the unit that their name ends in.
"""

import datetime
import functools
import json
import os
import pathlib
import platform
import subprocess
import sys

BENCH = pathlib.Path(sys.argv[0]).stem.removeprefix("bench_")
_results = []


def _first(path, word):
    """The value of the first line of a file of the kernel's that begins with word."""
    with open(path, encoding="utf-8") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(word)), "")


def _said(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@functools.cache
def machine():
    """What figures depend on and is no secret of the machine's."""
    return {"processor": _first("/proc/cpuinfo", "model name"), "cores": len(os.sched_getaffinity(0)),
            "memory_mib": int(_first("/proc/meminfo", "MemTotal").split()[0]) // 1024, "kernel": platform.release(),
            "load": round(os.getloadavg()[0], 1), "compiler": _said(os.environ.get("CC", "cc").split()[-1], "-dumpfullversion")}


@functools.cache
def commit():
    """Which sources were built."""
    return _said("git", "-C", os.environ["KFMIG_SRC"], "describe", "--always", "--dirty")


def keep(job, **figures):
    """Keep the figures of one job; what is there of this run already stays."""
    _results.append({"job": job, **{name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}})
    folder = pathlib.Path(os.environ["KFMIG_BUILD"]) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"bench": BENCH, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                       "commit": commit(), "machine": machine(), "results": _results}, indent=1)
    (folder / f"{BENCH}.json").write_text(text + "\n", encoding="utf-8")
