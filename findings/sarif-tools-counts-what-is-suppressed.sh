#!/bin/sh
# sarif-tools 3.0.5 (PyPI), `sarif --check error diff OLD NEW`: which results of a SARIF 2.1.0 log are a new issue.
# Guessed: those that partialFingerprints tell apart, without results that are suppressed, or said to be gone. Seen: results are told apart by rule
# and message. One whose message was worded anew is a new issue under its old fingerprint, so the next version of a linter fails the build; one that
# is suppressed in the source, with a justification, or whose baselineState is absent, counts like any other; kind "pass" does not, being of level none.
# Who gates a build with it should leave suppressed results out of the log, and keep versions of the linter in step.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check sarif-tools==3.0.5
cat >"$dir/make.py" <<'PY'
import json
import sys

OLD = {"ruleId": "drop-column", "level": "error", "message": {"text": "shop.orders.note goes with its values"},
       "partialFingerprints": {"statement/v1": "5d1c0d6a"},
       "locations": [{"physicalLocation": {"artifactLocation": {"uri": "001.sql"}, "region": {"startLine": 3}}}]}
MOVED = json.loads(json.dumps(OLD).replace('"startLine": 3', '"startLine": 9'))
CASES = {
    "the same": ([OLD], [OLD]),
    "on another line": ([OLD], [MOVED]),
    "same fingerprint, worded anew": ([OLD], [{**OLD, "message": {"text": "column shop.orders.note goes with its values"}}]),
    "suppressed in the source": ([], [{**OLD, "suppressions": [{"kind": "inSource", "justification": "nobody reads it"}]}]),
    "said to be gone": ([OLD], [{**OLD, "message": {"text": "shop.orders.old goes with its values"}, "baselineState": "absent"}]),
    "of kind pass": ([], [{**{k: v for k, v in OLD.items() if k != "level"}, "kind": "pass"}]),
}
for n, (title, logs) in enumerate(CASES.items()):
    for name, results in zip(("old", "new"), logs):
        with open(f"{sys.argv[1]}/{n}.{name}.sarif", "w", encoding="utf-8") as f:
            json.dump({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
                "tool": {"driver": {"name": "linter", "rules": [{"id": "drop-column"}]}}, "results": results}]}, f)
    print(f"{n} {title}")
PY
"$dir/v/bin/python" "$dir/make.py" "$dir" | while read -r n title; do
    if "$dir/v/bin/sarif" --check error diff "$dir/$n.old.sarif" "$dir/$n.new.sarif" >"$dir/words" 2>&1; then says='nothing new'; else says='an error more'; fi
    echo "$title: $says"
done >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
the same: nothing new
on another line: nothing new
same fingerprint, worded anew: an error more
suppressed in the source: an error more
said to be gone: an error more
of kind pass: nothing new
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: sarif-tools goes by rule and message, and counts what is suppressed"
