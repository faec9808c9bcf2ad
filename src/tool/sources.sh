#!/bin/sh
# sources.sh: lists the files that shape build.ninja, one a line; for C tests with the words of their "layer:" line.
# ninja compares the list of now with the list of then, and reruns configure only if they differ.
set -eu
export LC_ALL=C

files() # FOLDER FIND-EXPRESSION...
{
    if [ -d "$1" ]; then
        find "$@" | sort
    fi
}

files src -name '*.c' -o -name '*.h' -o -name '*.def' -o -name '*.sql'
files registry/schemas -name '*.schema.json'
files docs/man -name '*.[1-8]'
files tests/unit -name 'scripted_*.c'
{
    files tests/unit -name 't_*.c'
    files tests/contract -name '*.c'
    files tests/fuzz -name 'fuzz_*.c'
    files tests/bench -name '*.c'
} | while read -r file; do
    printf '%s %s\n' "$file" "$(sed -n '1,5s|^/\* *layer: *\([a-z ]*[a-z]\) *\*/.*|\1|p' "$file")"
done
