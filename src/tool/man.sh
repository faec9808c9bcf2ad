#!/bin/sh
# man.sh KFMIG [DIR]: makes the manual pages (default: docs/man) from the program itself.
set -eu
kfmig=$1
dir=${2:-docs/man}
mkdir -p "$dir"
"$kfmig" help --man >"$dir/kfmig.1"
for command in $(sed -n 's/^\.BR kfmig\\-\([a-z-]*\) (1)$/\1/p' "$dir/kfmig.1"); do
    "$kfmig" help --man "$command" >"$dir/kfmig-$command.1"
done
