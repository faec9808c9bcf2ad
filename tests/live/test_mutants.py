"""Single faults in a source (tests/lib/mutants.py): which there are, that each is the one it says, and that without one the program is the original."""
# run: needs=clang

import pathlib
import subprocess

import mutants
from tap import cases, equal, main, test

PROGRAM = r"""
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#define TWICE(x) ((x) + (x))
static const int table[] = {1, 2, 3};
static int shut;
static void file_close(void) { shut = 1; }
static int BODY
int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 0;
    printf("%d", tried(n));
    return 0;
}
"""

# name: (body of `int tried(int n)`, its argument, what it gives, {change: what it then gives})
BODIES = {
    "edge": ("tried(int n) { int m = 3; return n < m ? 1 : 2; }", 3, 2, {"n < m -> <=": 1, "n < m -> not": 1}),
    "one way": ("tried(int n) { int m = 3; return n == m ? 1 : 2; }", 2, 2, {"n == m -> <=": 1, "n == m -> not": 1}),
    "the other way": ("tried(int n) { int m = 3; return n == m ? 1 : 2; }", 4, 2, {"n == m -> >=": 1}),
    "last": ("tried(int n) { int k = 0; for (int i = 0; i < n; i++) { k += i; } return k; }", 4, 6, {"i < n -> without the last": 3, "k += i -> left out": 0, "k -> 0": 0}),
    "operands": ("tried(int n) { return (n > 1 && n < 5) ? 1 : 2; }", 9, 2, {"n < 5 -> true": 1}),
    "or": ("tried(int n) { return (n == 1 || n == 9) ? 1 : 2; }", 9, 1, {"n == 9 -> false": 2}),
    "not": ("tried(int n) { if (n) { return 1; } return 2; }", 1, 1, {"n -> not": 2, "1 -> 0": 0}),
    "sign": ("tried(int n) { int m = n + 2; return m; }", 5, 7, {"n + 2 -> -": 3, "2 -> 3": 8}),
    "result": ("tried(int n) { if (n > 3) { return -1; } return 0; }", 4, -1, {"-1 -> 0": 0}),
    "success": ("tried(int n) { if (n > 3) { return -1; } return 0; }", 1, 0, {"0 -> -1": -1}),
    "word": ("tried(int n) { (void)n; const char *s = \"abc\"; return s[0]; }", 0, 97, {"\"abc\" -> \"\"": 0, "0 -> 1": 98}),
    "true": ("tried(int n) { bool yes = true; return yes ? n : 7; }", 1, 1, {"true -> false": 7}),
    "evaluated once": ("tried(int n) { int k = 0; if (k++ < n) { } return k; }", 0, 1, {"k++ < n -> <=": 1}),
}

# What is left as it is: constants, tables, macros, sizes, what only releases.
UNTOUCHED = {
    "static tables": "tried(int n) { static const int own[] = {4, 5}; return own[n]; }",
    "cases": "tried(int n) { switch (n) { case 7: return n; default: return n; } }",
    "macros": "tried(int n) { return TWICE(n); }",
    "sizes": "tried(int n) { return n * (int)sizeof(table); }",
    "releases": "tried(int n) { file_close(); return n; }",
}


def built(tmp, body):
    text = PROGRAM.replace("BODY", body)
    (tmp / "src").mkdir()
    (tmp / "src/a.c").write_text(text, encoding="ascii")
    source = mutants.Source("src/a.c", ["-std=c17"], tmp)
    (tmp / "kf.h").write_text(mutants.HEADER, encoding="ascii")
    (tmp / "runtime.c").write_text(mutants.RUNTIME, encoding="ascii")
    (tmp / "b.c").write_bytes(source.rewritten(1))
    subprocess.run(["cc", "-std=gnu17", "-w", "-include", "kf.h", "b.c", "runtime.c", "-o", "b"], cwd=tmp, check=True)
    return source, [m for m in source.mutants if " tried: " in m.key]


def gives(tmp, argument, number=0):
    done = subprocess.run([str(tmp / "b"), str(argument)], env={"KFMIG_TEST_MUTANT": str(number)}, capture_output=True, text=True, check=True)
    return int(done.stdout)


@cases(**BODIES)
def a_change_does_what_it_says(case, tmp):
    body, argument, plain, changes = case
    _, found = built(tmp, body)
    by_change = {m.key.partition(" tried: ")[2]: m for m in found}
    equal(gives(tmp, argument), plain, "without a change")
    for change, wanted in changes.items():
        equal(change in by_change, True, f"{change!r} in {sorted(by_change)}")
        equal(gives(tmp, argument, by_change[change].number), wanted, change)


@cases(**UNTOUCHED)
def constants_macros_and_releases_are_left(body, tmp):
    _, found = built(tmp, body)
    keys = [m.key.partition(" tried: ")[2] for m in found]
    equal([k for k in keys if k not in ("n -> 0", "TWICE(n) -> 0", "own[n] -> 0", "n * (int)sizeof(table) -> 0", "n -> 0 #2")], [])


@test
def what_a_program_came_by_is_noted(tmp):
    _, found = built(tmp, "tried(int n) { if (n > 3) { return 5; } return 6; }")
    seen = tmp / "seen"
    seen.write_bytes(bytes(64))
    subprocess.run([str(tmp / "b"), "9"], env={"KFMIG_TEST_MUTANT_TRACE": str(seen)}, capture_output=True, check=True)
    reached = {i for i, byte in enumerate(seen.read_bytes()) if byte}
    numbers = {m.key.partition(" tried: ")[2]: m.number for m in found}
    equal((numbers["5 -> 0"] in reached, numbers["6 -> 0"] in reached), (True, False))


@test
def every_file_and_test_of_the_table_is_there():
    import json
    src = pathlib.Path(__file__).resolve().parent.parent.parent
    groups = json.loads((src / "tests/mutate.json").read_text(encoding="utf-8"))
    core = ["scope", "gates", "migration", "record", "publication", "proof", "observation", "ledger", "verification", "steps", "loading", "drift"]
    equal([name for name in core if name not in groups], [])
    for name, group in groups.items():
        equal(sorted(group), ["daily", "files", "live", "unit"], name)
        paths = group["files"] + [f"tests/unit/t_{n}.c" for n in group["unit"]] + [f"tests/live/test_{n}.py" for n in group["live"]]
        equal([p for p in paths if not (src / p).exists()], [], name)


main()
