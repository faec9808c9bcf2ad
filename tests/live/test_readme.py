"""The README's tour and the manual's examples do what they say: every ```console block is run and compared."""
# run: serial needs=postgres,postgis limit=300

import contextlib
import os
import pathlib
import pty
import re
import shutil
import subprocess

import pg
from tap import contains, equal, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
VOLATILE = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\d+ ms", "N ms"),
    (r"\d+\.\d s", "N s"),
    (r"recorded \d+ objects", "recorded N objects"),
    (r"plan sha256:[0-9a-f]{64}", "plan DIGEST"),
    (r"sha256:[0-9a-f]{64}", "DIGEST"),
]


def settled(text):
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def blocks(text):
    return re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)


def commands(block):
    """[(command, expected output)]"""
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return [(command, "\n".join(output)) for command, output in steps]


def environment(tmp):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "KFM_", "CI", "DATABASE_URL"))}
    env.update(PATH=f"{tmp}/bin:{env['PATH']}", LC_ALL="C.UTF-8", NO_COLOR="1", HOME=str(tmp), KFMIG_ACTOR="you",
               GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a",
               GIT_COMMITTER_EMAIL="a@b")
    return env


def clone(tmp):
    """The example as git has it now, with what is not committed yet; without history, which nothing here needs but for checkout."""
    root = tmp / "kfmig"
    root.mkdir()
    for name in ("migrations", "registry", "state", ".gitignore"):
        source = SRC / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=lambda d, names: [n for n in names if d.endswith("/state") and n != "README.md"])
        else:
            shutil.copy(source, root / name)
    (tmp / "bin").mkdir()
    (tmp / "bin/kfmig").symlink_to(os.environ["KFMIG"])
    for command in ("git init -q -b main .", "git add -A", "git commit -q -m example"):
        subprocess.run(command.split(), cwd=root, env=environment(tmp), check=True)
    return root


def run(command, root, tmp):
    """What a terminal shows of it in the end: the live line is taken out, as the terminal does."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(["bash", "-c", command], cwd=root, env=environment(tmp), stdin=subprocess.DEVNULL,
                             stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # the end of a terminal whose programs have ended
        while part := os.read(ours, 65536):
            text += part
    os.close(ours)
    child.wait(timeout=120)
    return re.sub(r"[^\n]*\r\x1b\[K", "", text.decode().replace("\r\n", "\n"))


@test
def the_tour_prints_what_the_readme_shows(tmp):
    root = clone(tmp)
    run("kfmig build dev", root, tmp)
    found = blocks((SRC / "README.md").read_text())
    equal(len(found) > 0, True, "the README has console blocks")
    try:
        for block in found:
            for command, expected in commands(block):
                equal(settled(run(command, root, tmp)), settled(expected), f"$ {command}")
        equal(run("git status --porcelain", root, tmp), "", "the tour leaves the project as it was")
    finally:
        run("kfmig env stop dev", root, tmp)


@test
def your_own_database_is_converged_as_the_readme_says(tmp):
    text = (SRC / "README.md").read_text()
    block = re.search(r"^## Your own database\n\n```\n(.*?)^```\n\n(.*?)\n##", text, re.M | re.S)
    contains(block.group(2), "`kfmig plan` shows what would run, with every lock")
    steps = [line.split("  #")[0].strip() for line in block.group(1).splitlines()]
    equal(len(steps), 3)
    db = pg.createdb()
    pg.psql(db, "CREATE TABLE public.before (id int); CREATE TABLE public.other (id int)", user=db)
    root = tmp / "app"
    root.mkdir()
    (root / "users.sql").write_text("CREATE TABLE public.users (id int PRIMARY KEY, name text NOT NULL);\n"
                                  "ALTER TABLE public.before ADD COLUMN user_id int;\n")
    (tmp / "bin").mkdir()
    (tmp / "bin/kfmig").symlink_to(os.environ["KFMIG"])
    reference = "DATABASE_URL=postgresql://me@localhost/app"
    equal(reference in steps[2], True, steps[2])
    url = f"DATABASE_URL='{pg.dsn(db)}'"
    run(steps[0], root, tmp)
    run(steps[1], root, tmp)
    contains(run(f"{url} kfmig plan", root, tmp), "AccessExclusive")
    built = run(steps[2].replace(reference, url), root, tmp)
    contains(built, "found there as the starting baseline")
    contains(built, "dev: 1 applied")
    equal(pg.value(db, "SELECT count(*) FROM public.users"), "0")


main()
