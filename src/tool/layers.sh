#!/bin/sh
# layers.sh: checks every #include of src/ against src/tool/layers.txt; prints each violation, exits 1 if there is one.
set -eu
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2046 # file names of this project hold no blanks
awk '
function fail(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad = 1
}
function may_include(from, to,    i, n, list) {
    if (from == "" || from == to || may[from] == "*") {
        return 1
    }
    n = split(may[from], list, " ")
    for (i = 1; i <= n; i++) {
        if (list[i] == to) {
            return 1
        }
    }
    return 0
}
FILENAME == "src/tool/layers.txt" {
    if ($0 !~ /^#/ && $0 ~ /:/) {
        key = substr($0, 1, index($0, ":") - 1)
        rest = substr($0, index($0, ":") + 1)
        gsub(/^ +| +$/, "", rest)
        if (key ~ /^</) {
            owner[substr(key, 2)] = rest
        } else {
            may[key] = rest
        }
    }
    next
}
FNR == 1 {
    path = substr(FILENAME, 5)
    folder = index(path, "/") ? substr(path, 1, index(path, "/") - 1) : ""
    if (folder != "" && !(folder in may)) {
        fail("folder " folder " is not in src/tool/layers.txt")
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    to = part[2]
    if (!sub(/\/.*/, "", to) || !(to in may)) {
        fail("\"" part[2] "\" does not begin with a folder of src/tool/layers.txt")
    } else if (!may_include(folder, to)) {
        fail(folder "/ may not include " to "/ (\"" part[2] "\"): see src/tool/layers.txt")
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    for (key in owner) {
        if (index(header, key) == 1 && folder != owner[key] && path != owner[key]) {
            fail("only " owner[key] " may include <" key "...>: see src/tool/layers.txt")
        }
    }
}
END {
    exit bad
}
' src/tool/layers.txt $(find src -name '*.[ch]' | sort)
