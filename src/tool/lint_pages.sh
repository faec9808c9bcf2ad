#!/bin/sh
# lint_pages.sh KFMIG DIR: the pages of the linter's rules, one each, and their list, out of its table.
set -eu
kfmig=$1 dir=$2
mkdir -p "$dir"
rm -f "$dir"/*.md
{
    printf '# Rules of the linter\n\nWritten by `src/tool/lint_pages.sh`. docs/lint.md says how they are used. Severities are those of classes A, B, C and D: **E**rror, **W**arning, **N**ote.\n\n'
    printf '| rule | severities | what |\n|---|---|---|\n'
    "$kfmig" lint --rules | while read -r id severities what; do
        printf '| [%s](%s.md) | %s | %s |\n' "$id" "$id" "$severities" "$what"
    done
} >"$dir/README.md"
"$kfmig" lint --rules | while read -r id _; do
    "$kfmig" lint --explain="$id" >"$dir/$id.md"
done
