#!/bin/sh
# jcs 0.2.1 and rfc8785 0.1.4 (PyPI), two implementations of JSON canonicalization (RFC 8785), given an integer beyond 2^53.
# Guessed: jcs writes the digits, as Python's integers are exact (and the text then differs from an ES6 implementation's); rfc8785 the
# same or an error. Seen: jcs rounds through a double without a word, so that two documents with different numbers have one text and one
# digest; rfc8785 refuses. A ledger position, a row count or a byte size beyond 2^53 belongs into a canonical document as a string.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check jcs==0.2.1 rfc8785==0.1.4
"$dir/v/bin/python" - >"$dir/seen" <<'PY'
import jcs, rfc8785

for n in (2**53, 2**53 + 1):
    document = {"rows": n}
    try:
        other = rfc8785.dumps(document).decode()
    except rfc8785.IntegerDomainError as e:
        other = type(e).__name__
    print(n, jcs.canonicalize(document).decode(), other)
PY
cat >"$dir/expected" <<'TEXT'
9007199254740992 {"rows":9007199254740992} IntegerDomainError
9007199254740993 {"rows":9007199254740992} IntegerDomainError
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: jcs gives two different documents one text"
