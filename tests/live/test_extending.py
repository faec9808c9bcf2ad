"""docs/EXTENDING.md says how to extend kfmig: the store's recipe is followed step by step, what the others name is there."""
# run: needs=postgres

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from tap import equal, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
BUILD = pathlib.Path(os.environ["KFMIG_BUILD"])
TEXT = (SRC / "docs/EXTENDING.md").read_text(encoding="utf-8")
STEPS_MAX = 10


def recipes():
    """Heading: its steps."""
    parts = re.split(r"^## (.*)$", TEXT, flags=re.MULTILINE)[1:]
    return {head: re.findall(r"^\d+\. (.*)$", body, re.MULTILINE) for head, body in zip(parts[::2], parts[1::2])}


def command(output):
    """The command that ninja makes output with, as a list."""
    known = json.loads(subprocess.run(["ninja", "-f", os.path.relpath(BUILD / "build.ninja", SRC), "-t", "compdb"], cwd=SRC,
                                      capture_output=True, text=True, check=True).stdout)
    name = os.path.relpath(BUILD / output, SRC)
    return shlex.split(next(c["command"] for c in known if c["output"] == name))


def compiled(tree, source):
    """source of the copy, compiled as the contract is."""
    out = tree / (source.replace("/", "_") + ".o")
    words = command("obj/tests/contract/t_store.o")
    old_source, old_object = words[words.index("-c") + 1], words[words.index("-o") + 1]
    swap = {old_source: str(tree / source), old_object: str(out), "-Isrc": f"-I{tree}/src"}
    subprocess.run([swap.get(w, f"{out}.d" if w.endswith(".o.d") else w) for w in words], cwd=SRC, check=True)
    return str(out)


def add_line(path, after, line):
    text = path.read_text(encoding="utf-8")
    equal(after in text, True, f"{path.name} has {after!r}")
    path.write_text(text.replace(after, after + line + "\n", 1), encoding="utf-8")


@test
def every_recipe_has_steps_and_no_more_than_ten():
    short = {head: len(steps) for head, steps in recipes().items() if steps}
    equal([head for head, n in short.items() if n > STEPS_MAX], [])
    equal({"A store", "A verb"} <= set(short), True, f"recipes: {sorted(short)}")


@test
def what_the_recipes_name_is_there():
    names = [n for n in re.findall(r"`((?:src|tests|registry|docs)/[\w./]+)`", TEXT)
             if "NAME" not in n and not n.startswith(("src/lint", "src/load/layout", "src/load/import"))]
    equal([n for n in names if not (SRC / n).exists()], [])
    equal(len(names) > 10, True, f"{len(names)} names")


@test
def the_toy_store_is_added_by_the_recipe(tmp):
    steps = recipes()["A store"]
    equal([re.search(r"`([^`]+)`", s).group(1) for s in steps],
          ["src/store/NAME/NAME.c", "src/model/stores.def", "src/tool/layers.txt", "tests/contract/t_store.c", "tests/run contract"])
    for folder in ("src", "tests/contract", "tests/unit"):
        shutil.copytree(SRC / folder, tmp / folder)
    (tmp / "src/store/toy").mkdir()
    (tmp / "tests/contract/toy/toy.c").rename(tmp / "src/store/toy/toy.c")
    row = next(line for line in (tmp / "src/model/stores.def").read_text(encoding="utf-8").splitlines() if line.startswith("STORE(POSTGIS"))
    add_line(tmp / "src/model/stores.def", row + "\n", 'STORE(TOY, toy, STORE_SWITCHES, ".toy", "folder")')
    row = next(line for line in (tmp / "src/tool/layers.txt").read_text(encoding="utf-8").splitlines() if line.startswith("store/postgis:"))
    add_line(tmp / "src/tool/layers.txt", row + "\n", "store/toy: base doc model data store pg")
    ran = subprocess.run([tmp / "src/tool/layers.sh"], capture_output=True, text=True, check=False)
    equal((ran.returncode, ran.stdout), (0, ""), "the folders keep apart")

    objects = [compiled(tmp, s) for s in ("src/store/store.c", "src/model/store_kind.c", "src/store/toy/toy.c", "tests/contract/t_store.c")]
    words = command("tests/contract/t_store")
    kept = [w for w in words if not re.search(r"obj/tests/contract/.*\.o$", w)]
    kept[kept.index("-o") + 1] = str(tmp / "t_store")
    kept[kept.index("-o") + 2:kept.index("-o") + 2] = objects
    subprocess.run(kept, cwd=SRC, check=True)

    ran = subprocess.run([tmp / "t_store"], cwd=SRC, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    equal(ran.returncode, 0, ran.stdout[-2000:])
    equal([line for line in lines if line.startswith("not ok")], [])
    equal(lines[1], "ok 1 - every row has a place here")
    equal("ok 3 - all rows of the table are known" in lines, True, "the toy store is a row of the table")


main()
