"""The manual's chapter about a protected environment, docs/protected.md, does what it says: every line of it, in its order."""
# run: needs=postgres,ssh-keygen,jq limit=300

import json
import os
import pathlib
import re
import subprocess

import pg
from project import KFMIG, Project
from tap import contains, equal, main, test

DOCS = pathlib.Path(os.environ["KFMIG_SRC"]) / "docs"
CHAPTER = (DOCS / "protected.md").read_text()
WELLS = "CREATE SCHEMA app;\nCREATE TABLE app.well (id bigint PRIMARY KEY, depth numeric NOT NULL);\n"
# What a line says besides its status, by how it begins.
SAYS = {
    "kfmig build staging --key=$KEYS/op": ["op@example.org may not run"],
    "kfmig why": ["1 of 2 signatures, missing: kfm-governance; signed by ann@example.org (kfm-platform)"],
    "kfmig build prod --apply --key=$KEYS/ci": ["ci@example.org may not run"],
    "KFMIG_ACTOR=op": ["no key shows who it is"],
    "kfmig promote prod": ["it requires"],
    "kfmig receipt show": ["ann@example.org", "bob@example.org", "op@example.org", '"kind": "run"'],
    "KFM_STAGING_DSN= kfmig promote": ["staging: its signed receipts in receipts-archive/staging/"],
}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", CHAPTER, re.M | re.S)


def roles():
    """{person: roles}, as the chapter's table has them."""
    return dict(re.findall(r"^\| (\w+) \| (kfm-[\w-]+) \|", CHAPTER, re.M))


def project(tmp):
    (environments,) = blocks("yaml")
    p = Project(tmp, environments=environments)
    staging, keys = pg.createdb(), p.root.parent / "keys"
    p.env.update(KFM_STAGING_DSN=pg.dsn(staging, user=staging), KFM_PROD_DSN=pg.dsn(p.db, user=p.db), KEYS=str(keys), DOCS=str(DOCS),
                 KFM_SIGNING_KEY=str(keys / "signing.pem"), PATH=f"{pathlib.Path(KFMIG).parent}:{p.env['PATH']}")
    p.env.pop("KFMIG_ACTOR")
    keys.mkdir()
    lines = []
    for person, its in roles().items():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", keys / person], check=True, stdin=subprocess.DEVNULL)
        lines.append(f"{person}@example.org,{its} {' '.join((keys / (person + '.pub')).read_text().split()[:2])}\n")
    p.write("registry/allowed_signers", "".join(lines))
    p.write("registry/revoked_signers", "")
    p.write("wells.sql", WELLS)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", keys / "signing.pem"], check=True, capture_output=True)
    (keys / "signing.pem").chmod(0o600)
    rows = [json.loads(p.run("receipt", "key", env, "--json").out) for env in ("staging", "prod")]
    p.write("registry/keys.v1.json", json.dumps({"format": "kfmig.keys.v1", "keys": rows}) + "\n")
    return p


def shell(p, line):
    done = subprocess.run(["sh", "-euc", line], cwd=p.root, env=p.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def play(p, line):
    named = re.fullmatch(r"([A-Z]+)=(\$\(.*\))", line)
    command, _, comment = line.partition("   # exit ")
    status, text = shell(p, f'printf %s "{named[2]}"' if named else command)
    equal(status, int(comment.split(":")[0]) if comment else 0, f"{line}: {text}")
    if named:
        p.env[named[1]] = text
    for begin, parts in SAYS.items():
        for part in parts if line.startswith(begin) else ():
            contains(text, part, line)


@test
def every_line_of_the_chapter_does_what_it_says(tmp):
    p = project(tmp)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    equal((len(lines), sum("# exit" in line for line in lines)), (26, 6))
    equal([begin for begin in SAYS if not any(line.startswith(begin) for line in lines)], [], "what is looked for and not in the chapter")
    for line in lines:
        play(p, line)
    equal(pg.value(p.db, "SELECT to_regclass('app.well') IS NOT NULL"), "t")


main()
