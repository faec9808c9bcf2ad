"""Checks a model in Promela with spin, one test for each line of its first comment that says what is to be shown.

    python3 tests/lib/spin.py tests/model/transaction.pml

    holds:  PROPERTY words         an ltl property that holds in every state
    reach:  PROPERTY words         one that must break: what it denies is reached, so that the above is not said of nothing
    broken: MACRO PROPERTY words   with -DMACRO the protocol is broken, and the property must break

A property that breaks must leave a trail of spin that replays to the same end.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tap

DEPTH = 1000000


class Checker:
    """The verifier of one model, made once per set of macros."""

    def __init__(self, model, folder):
        self.model, self.folder, self.made = model, folder, set()

    def tool(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def verifier(self, macro):
        name = f"pan_{macro}"
        if name not in self.made:
            self.tool("spin", *([f"-D{macro}"] if macro else []), "-a", str(self.model))
            self.tool(os.environ.get("CC", "cc"), "-O1", "-w", "-DSAFETY", "-o", name, "pan.c")
            self.made.add(name)
        return f"./{name}"

    def breaks(self, prop, macro=""):
        """Does the property break? States and depth are noted; a search that did not end is a failure."""
        trail = self.folder / f"{self.model.name}.trail"
        trail.unlink(missing_ok=True)
        out = self.tool(self.verifier(macro), f"-m{DEPTH}", "-N", prop)
        states = re.search(r"(\d+) states, stored", out)
        if not states or "max search depth too small" in out or "out of memory" in out or f"ltl formula {prop}" not in out:
            raise AssertionError(out)
        tap.note(f"{prop}{' with ' + macro if macro else ''}: {states.group(1)} states")
        broken = "errors: 0" not in out
        if broken != trail.exists():
            raise AssertionError(f"errors without a trail, or a trail without errors:\n{out}")
        if broken:
            self.replay(prop, macro)
        return broken

    def replay(self, prop, macro):
        """The trail leads to the violation."""
        shown = subprocess.run([self.verifier(macro), "-r", f"{self.model.name}.trail", "-N", prop], cwd=self.folder, capture_output=True, text=True, check=False).stdout
        if "assertion violated" not in shown or "trail ends after" not in shown:
            raise AssertionError(f"the trail does not lead to it:\n{shown[-2000:]}")


def collect(checker, text):
    """One test per property, for what the model's first comment says."""
    head = text[: text.index("*/")]

    def holds(prop, words):
        def check():
            tap.equal(checker.breaks(prop), False, prop)
        check.__doc__ = f"{checker.model.stem}: {words} hold in every state"
        tap.test(check)

    def reached(prop, words):
        def check():
            tap.equal(checker.breaks(prop), True, prop)
        check.__doc__ = f"{checker.model.stem}: reached: {words}"
        tap.test(check)

    def broken(macro, prop, words):
        def check():
            tap.equal(checker.breaks(prop, macro), True, prop)
        check.__doc__ = f"{checker.model.stem}: {prop} breaks where {words}"
        tap.test(check)

    makers = {"holds": (holds, 1), "reach": (reached, 1), "broken": (broken, 2)}
    for line in head.splitlines():
        found = re.match(r" \* (holds|reach|broken): +(.*?)(?: \*/)?$", line)
        if found:
            maker, n = makers[found.group(1)]
            maker(*found.group(2).split(None, n))


def main():
    model = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(tempfile.mkdtemp())
    tap.at_exit(shutil.rmtree, folder, True)
    collect(Checker(model, folder), model.read_text(encoding="utf-8"))
    tap.main()


main()
