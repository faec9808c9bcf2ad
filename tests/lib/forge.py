"""A ledger written anew by somebody who owns the database: with forge(db, change) every digest over what was changed is right again.

    forge(p.db, lambda entries, receipts: receipts[2]["claim"].update(checksum="sha256:" + 64 * "0"))

entries and receipts: parsed texts by position, from 0; what the change appends is added to the ledger."""

import hashlib
import json

import pg

LOADED = "SELECT (SELECT json_agg(text ORDER BY seq) FROM kfmig.entry), (SELECT json_agg(body ORDER BY seq) FROM kfmig.receipt)"

ADDED = """INSERT INTO kfmig.entry (seq, text, subject, kind, result, run_id, at) VALUES ({n}, '', {subject}, {kind}, {result}, {run_id}, {finished_at});
INSERT INTO kfmig.receipt (seq, run_id, digest, body) VALUES ({n}, {run_id}, sha256(''), '');"""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).digest()


def named(digest):
    return "sha256:" + digest.hex()


def node(left, right):
    return sha(b"\1" + left + right)


def root(leaves):
    """RFC 6962, section 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:k]), root(leaves[k:]))


def frontier(leaves):
    out, at = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            out.append(root(leaves[at:at + (1 << bit)]))
            at += 1 << bit
    return out


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def bytea(data):
    return f"'\\x{data.hex()}'::bytea"


def seal(entries, receipts):
    """Texts of entries and receipts in which every digest fits, and the leaves."""
    leaves, out = [], []
    for n, (entry, receipt) in enumerate(zip(entries, receipts), 1):
        entry["sequence"] = receipt["ledger"]["sequence"] = n
        entry["previous"] = receipt["ledger"]["previous"] = named(root(leaves))
        body = canonical(receipt)
        entry["receipt"] = named(sha(body))
        out.append((canonical(entry), body))
        leaves.append(sha(b"\0" + canonical(entry).encode()))
    return out, leaves


def forge(db, change, sql=""):
    entries, receipts = (list(map(json.loads, rows)) for rows in map(json.loads, pg.psql(db, LOADED)[0]))
    old = len(entries)
    change(entries, receipts)
    texts, leaves = seal(entries, receipts)
    lines = ["SET standard_conforming_strings = on;"]
    lines += [f"ALTER TABLE kfmig.{t} DISABLE TRIGGER append_only;" for t in ("entry", "receipt", "object", "blob")]
    lines += [ADDED.format(n=n, **{k: quoted(entries[n - 1][k]) for k in ("subject", "kind", "result", "run_id", "finished_at")})
              for n in range(old + 1, len(entries) + 1)]
    for n, (text, body) in enumerate(texts, 1):
        lines.append(f"UPDATE kfmig.entry SET text = {quoted(text)} WHERE seq = {n};")
        lines.append(f"UPDATE kfmig.receipt SET body = {quoted(body)}, digest = sha256(convert_to({quoted(body)}, 'UTF8')) WHERE seq = {n};")
    parts = ", ".join(map(bytea, frontier(leaves)))
    lines += [sql, f"UPDATE kfmig.head SET size = {len(leaves)}, root = {bytea(root(leaves))}, frontier = ARRAY[{parts}];"]
    lines += [f"ALTER TABLE kfmig.{t} ENABLE ALWAYS TRIGGER append_only;" for t in ("entry", "receipt", "object", "blob")]
    pg.psql(db, "\n".join(lines))
