"""Signed receipts: attestations, checkpoints and proofs in the sink, verified by kfmig, by docs/verify.sh and by openssl; and what tampering with them comes to."""
# run: needs=postgres,jq limit=1800

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pg
from forge import forge
from project import ENVIRONMENTS, FAULTY, Project
from tap import cases, contains, equal, fails, fresh_folder, main, test

SRC = pathlib.Path(os.environ["KFMIG_SRC"])
SIGNED = ENVIRONMENTS.replace("    evidence: none\n", "    evidence: none\n    attestations: {key_ref: KFM_KEY}\n") + "receipts: {sink: sink}\n"


def make_key(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    path.chmod(0o600)


def row(p, **members):
    return {**json.loads(p.run("receipt", "key", "dev", "--json").out), **members}


def trust(p, *rows):
    p.write("registry/keys.v1.json", json.dumps({"format": "kfmig.keys.v1", "keys": rows}, indent=2) + "\n")


def project(tmp, built=True):
    p = Project(tmp, environments=SIGNED)
    make_key(p.path("key.pem"))
    p.env["KFM_KEY"] = str(p.path("key.pem"))
    trust(p, row(p))
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int);")
    if built:
        equal(p.build().status, 0)
    return p


_first = []


def signed(tmp):
    """The files of a project that was built; no database goes with them. The first is made, the others are copies."""
    if not _first:
        _first.append(project(fresh_folder()))
    p = Project(tmp, environments=SIGNED, db=None)
    shutil.copytree(_first[0].root, p.root, dirs_exist_ok=True)
    p.env["KFM_KEY"] = str(p.path("key.pem"))
    return p


def folder(p):
    return next(p.path("sink/dev").iterdir())


def files(p):
    return {str(f.relative_to(p.root)): f.read_bytes() for f in sorted(p.path("sink").rglob("*")) if f.is_file()}


def script(p):
    return subprocess.run(["sh", SRC / "docs/verify.sh", "--attestations", "registry/keys.v1.json", *sorted(p.path("sink/dev").iterdir())],
                          cwd=p.root, capture_output=True, text=True, check=False)


def offline(p):
    return p.run("receipt", "verify", "dev", "--offline", "--json", env={"KFM_DSN": "", "KFM_KEY": ""})


def agree(p, status, *words):
    """Both verify files alone, and say the same."""
    ours, theirs = offline(p), script(p)
    equal((ours.status, theirs.returncode), (status, status), f"{ours!r}\n{theirs.stdout}{theirs.stderr}")
    for word in words:
        contains(ours.text, word)
        contains(theirs.stdout, word)
    return json.loads(ours.out) if ours.out else None


@test
def every_receipt_of_a_run_is_signed_and_proven(tmp):
    p = project(tmp)
    names = [name.split("/", 3)[3] for name in files(p)]
    equal([n for n in names if "/" in n],
          [f"attestations/{n:08}.sigstore.json" for n in (1, 2, 3)] + ["checkpoints/00000003.checkpoint"] + [f"proofs/{n:08}.tlog-proof" for n in (1, 2, 3)])
    said = agree(p, 0)
    equal((said["attested"], said["checkpoints"], said["findings"]), (3, 1, []))
    p.bundle("M-02", "SELECT 1/0;")
    fails(p.build(), 2, "22012")
    p.bundle("M-02", "CREATE TABLE app.u (id int);")
    equal(p.build().status, 0)
    said = agree(p, 0)
    equal((said["attested"], said["checkpoints"], said["findings"]), (5, 3, []))
    ran = p.run("receipt", "verify", "dev")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "5 attested in 3 checkpoints")
    ran = p.run("receipt", "verify", "dev", "--offline")
    equal(ran.status, 0, repr(ran))
    contains(ran.out, "5 attested in 3 checkpoints")
    before = files(p)
    equal(p.build().status, 0)
    equal(files(p), before, "a run that wrote nothing signs nothing")


@test
def an_attestation_is_verified_by_openssl(tmp):
    p = signed(tmp)
    bundle = json.loads((folder(p) / "attestations/00000003.sigstore.json").read_text())
    dsse = bundle["dsseEnvelope"]
    payload = base64.b64decode(dsse["payload"])
    p.write("signed", b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload)
    p.write("signature", base64.b64decode(dsse["signatures"][0]["sig"]))
    subprocess.run(["openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"], cwd=p.root, check=True)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "signed", "-sigfile", "signature"],
                   cwd=p.root, check=True, capture_output=True)
    statement = json.loads(payload)
    equal((statement["_type"], statement["predicateType"]), ("https://in-toto.io/Statement/v1", "urn:kfmig:schema:entry.v1"))
    equal(json.dumps(statement["predicate"], separators=(",", ":"), sort_keys=True), pg.value(_first[0].db, "SELECT text FROM kfmig.entry WHERE seq = 3"))
    subjects = {s["name"]: s["digest"]["sha256"] for s in statement["subject"]}
    equal(subjects["receipts/run_receipt.json"], hashlib.sha256(next(folder(p).glob("00000003-*")).read_bytes()).hexdigest())
    der = base64.b64decode(json.loads(p.path("registry/keys.v1.json").read_text())["keys"][0]["public_key"])
    equal(dsse["signatures"][0]["keyid"], "sha256:" + hashlib.sha256(der).hexdigest())


# --- what is refused before anything runs


def group(p):
    p.path("key.pem").chmod(0o620)


def world(p):
    p.path("key.pem").chmod(0o644)


def unset(p):
    p.env["KFM_KEY"] = ""


def secret(p):
    p.env["KFM_KEY"] = "hush-hush/not-a-path"


def encrypted(p):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret", "-out", p.path("key.pem")], check=True, capture_output=True)
    p.path("key.pem").chmod(0o600)


def rsa(p):
    subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", p.path("key.pem")], check=True, capture_output=True)
    p.path("key.pem").chmod(0o600)


def folder_of_keys(p):
    p.env["KFM_KEY"] = str(p.path("registry"))


def no_list(p):
    p.path("registry/keys.v1.json").unlink()


def other(p):
    make_key(p.path("key.pem"))


def over(p):
    trust(p, row(p, to=3))


def revoked(p):
    trust(p, row(p, revoked={"from": 2, "reason": "lost laptop"}))


def of_another_ledger(p):
    trust(p, row(p, instance="00000000-0000-4000-8000-000000000000"))


def backwards(p):
    trust(p, {**row(p), "from": 9, "to": 3})


def renamed(p):
    trust(p, row(p, key="sha256:" + "0" * 64))


REFUSED = dict(group=(group, "the key KFM_KEY may be written by its group"), world=(world, "the key KFM_KEY may be read or written by everybody"),
       unset=(unset, "signs with the key in KFM_KEY, which is not set"), secret=(secret, "the key KFM_KEY cannot be opened"),
       encrypted=(encrypted, "is encrypted"), rsa=(rsa, "is no Ed25519 key"), folder=(folder_of_keys, "is no regular file"),
       no_list=(no_list, "registry/keys.v1.json is not there"), other=(other, "does not stand in registry/keys.v1.json for \"dev\""),
       over=(over, "signs entries 1 to 3"), revoked=(revoked, "is revoked from entry 2 on"),
       of_another=(of_another_ledger, "does not stand in"), backwards=(backwards, "signs from entry 9 to entry 3, which is none"),
       renamed=(renamed, "is not the SHA-256 of"))


@test
def a_key_that_may_not_sign_stops_a_run_before_it_begins(tmp):
    p = project(tmp)
    before, key, keys, env = files(p), p.path("key.pem").read_bytes(), p.path("registry/keys.v1.json").read_bytes(), dict(p.env)
    p.bundle("M-02", "CREATE TABLE app.u (id int);")
    for spoil, words in REFUSED.values():
        spoil(p)
        ran = p.build()
        fails(ran, 5, words)
        equal("hush" in ran.text, False, "what the variable holds is not shown")
        p.write("key.pem", key).chmod(0o600)
        p.write("registry/keys.v1.json", keys)
        p.env.update(env)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"), "3")
    equal(files(p), before)


@test
def attestations_want_a_sink(tmp):
    p = Project(tmp, environments=SIGNED.replace("receipts: {sink: sink}\n", ""))
    fails(p.run("check"), 5, "wants attestations, and there is no receipt sink")


@test
def a_key_in_the_variable_signs_too(tmp):
    p = project(tmp, built=False)
    p.env["KFM_KEY"] = p.path("key.pem").read_text()
    equal(p.build().status, 0)
    agree(p, 0)


# --- rotation


@test
def a_rotated_key_signs_what_comes_after(tmp):
    p = project(tmp)
    first = row(p, to=3)
    make_key(p.path("key.pem"))
    trust(p, first, {**row(p), "from": 4})
    p.bundle("M-02", "CREATE TABLE app.u (id int);")
    equal(p.build().status, 0)
    equal(agree(p, 0)["attested"], 4)
    trust(p, {**first, "to": 2}, {**row(p), "from": 4})
    agree(p, 8, "00000003.sigstore.json")


@test
def what_is_older_than_the_first_key_is_owed_nothing(tmp):
    p = project(tmp, built=False)
    equal(p.build().status, 0)
    shutil.rmtree(folder(p) / "attestations")
    shutil.rmtree(folder(p) / "proofs")
    shutil.rmtree(folder(p) / "checkpoints")
    trust(p, {**row(p), "from": 4})
    p.bundle("M-02", "CREATE TABLE app.u (id int);")
    equal(p.build().status, 0)
    said = agree(p, 0)
    equal((said["attested"], said["checkpoints"]), (1, 1))


# --- history that was rewritten


@test
def a_rewritten_ledger_is_noticed_and_not_signed(tmp):
    # by whoever has nothing but one earlier checkpoint
    p = project(tmp)
    kept = {name: body for name, body in files(p).items() if "checkpoints" in name}
    forge(p.db, lambda entries, receipts: receipts[2].update(notes="nothing happened"))
    shutil.rmtree(p.path("state"))
    shutil.rmtree(p.path("sink"))
    for name, body in kept.items():
        p.write(name, body)
    ran = p.run("receipt", "verify", "dev", "--json")
    equal(ran.status, 8, repr(ran))
    contains(ran.text, "the ledger has other entries: history was rewritten")
    p.bundle("M-02", "CREATE TABLE app.u (id int);")
    fails(p.build(), 8, "is no continuation of this checkpoint: nothing was signed")
    equal({name: body for name, body in files(p).items() if name.count("/") > 3}, kept)


# --- kills


@cases(kill_1=("kill", 1), kill_4=("kill", 4), error_2=("error", 2), error_7=("error", 7))
def what_a_killed_run_did_not_sign_is_owed(case, tmp):
    mode, at = case
    p = project(tmp, built=False)
    ran = p.build(env={"KFMIG_FAULT": f"attest.write:{mode}:{at}"}, program=FAULTY)
    equal(ran.status, -9 if mode == "kill" else 3, repr(ran))
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"), "3", "the ledger has all of it")
    equal(p.build().status, 0)
    equal(agree(p, 0)["attested"], 3)
    equal(pg.value(p.db, "SELECT count(*) FROM kfmig.entry"), "3", "and nothing ran again")


# --- tampering


def flips(body, every):
    """(byte, bit) of a sample of body: one bit in every byte that is looked at, all of them over the whole."""
    for at in range(0, len(body), every):
        yield at, at // every % 8


def tampered(p, name, every):
    # t_attest.c does so with every bit, for kfmig alone
    good = p.path(name).read_bytes()
    claim = offline(p).out
    missed = []
    for at, bit in flips(good, every):
        p.path(name).write_bytes(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1:])
        ours = offline(p)
        same = ours.status == 0 and ours.out == claim
        if ours.status not in (5, 8) and not (same and "keys" in name):
            missed.append((at, bit, ours.status))
        theirs = script(p)
        equal(theirs.returncode != 0, ours.status != 0, f"{name} byte {at} bit {bit}: {ours!r}\n{theirs.stdout}{theirs.stderr}")
    p.path(name).write_bytes(good)
    equal(missed, [], f"{name}: (byte, bit, status)")


@cases(attestation=("attestations/00000003.sigstore.json", 397), checkpoint=("checkpoints/00000003.checkpoint", 31),
       proof=("proofs/00000002.tlog-proof", 43), receipt=("00000003-", 1201), keys=("keys", 47))
def a_bit_that_is_another_is_found(case, tmp):
    name, every = case
    p = signed(tmp)
    if name == "keys":
        trust(p, row(p, to=90, revoked={"from": 80, "reason": "test"}))
        path = "registry/keys.v1.json"
    else:
        path = str((next(folder(p).glob(name + "*"))).relative_to(p.root))
    tampered(p, path, every)


def twice(p):
    path = folder(p) / "attestations/00000003.sigstore.json"
    d = json.loads(path.read_text())
    d["dsseEnvelope"]["signatures"] *= 2
    path.write_text(json.dumps(d, separators=(",", ":"), sort_keys=True) + "\n")
    return "has 2 signatures, and may have exactly one"


def untyped(p):
    path = folder(p) / "attestations/00000003.sigstore.json"
    d = json.loads(path.read_text())
    del d["dsseEnvelope"]["payloadType"]
    path.write_text(json.dumps(d, separators=(",", ":"), sort_keys=True) + "\n")
    return "has no payload type"


def spaced(p):
    path = folder(p) / "attestations/00000003.sigstore.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    return "is not written as kfmig writes one"


def swapped(p):
    a, b = folder(p) / "attestations/00000002.sigstore.json", folder(p) / "attestations/00000003.sigstore.json"
    a.write_bytes(b.read_bytes())
    return "is about entry 3 of ledger"


def unproven(p):
    (folder(p) / "proofs/00000002.tlog-proof").write_bytes((folder(p) / "proofs/00000003.tlog-proof").read_bytes())
    return "does not prove that the ledger has the entry"


def without_checkpoint(p):
    (folder(p) / "checkpoints/00000003.checkpoint").unlink()
    return "names a checkpoint of 3 entries, which is not there"


def without_attestation(p):
    (folder(p) / "attestations/00000002.sigstore.json").unlink()
    return "is not there"


def without_receipt(p):
    next(folder(p).glob("00000002-*")).unlink()
    return "lacks the receipt of ledger entry 2"


def of_another_name(p):
    os.rename(folder(p), folder(p).with_name("00000000-0000-4000-8000-000000000000"))
    return "is about another ledger"


@cases(twice=twice, untyped=untyped, spaced=spaced, swapped=swapped, unproven=unproven, without_checkpoint=without_checkpoint,
       without_attestation=without_attestation, without_receipt=without_receipt, another=of_another_name)
def what_was_exchanged_is_named(spoil, tmp):
    p = signed(tmp)
    words = spoil(p)
    ran = offline(p)
    equal((ran.status, script(p).returncode), (8, 8), repr(ran))
    contains(ran.text, words)


main()
