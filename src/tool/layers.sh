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
# The row of a path: its folder and subfolder, where the table has that; else its folder.
function row_of(path,    part, n) {
    n = split(path, part, "/")
    if (n > 2 && (part[1] "/" part[2]) in may) {
        return part[1] "/" part[2]
    }
    return n > 1 ? part[1] : ""
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
# Is the file at hand, or a folder that it is in, in the list?
function is_owner(list,    i, n, one) {
    n = split(list, one, " ")
    for (i = 1; i <= n; i++) {
        if (index(path "/", one[i] "/") == 1) {
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
    folder = row_of(path)
    if (folder != "" && !(folder in may)) {
        fail("folder " folder " is not in src/tool/layers.txt")
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    to = row_of(part[2])
    if (!(to in may)) {
        fail("\"" part[2] "\" does not begin with a folder of src/tool/layers.txt")
    } else if (!may_include(folder, to)) {
        fail(folder "/ may not include " to "/ (\"" part[2] "\"): see src/tool/layers.txt")
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    for (key in owner) {
        if (index(header, key) == 1 && !is_owner(owner[key])) {
            fail("only " owner[key] " may include <" key "...>: see src/tool/layers.txt")
        }
    }
}
END {
    exit bad
}
' src/tool/layers.txt $(find src -name '*.[ch]' | sort)
