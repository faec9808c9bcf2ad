#!/bin/sh
# install.sh BUILDDIR PREFIX: what ninja install does, beneath $DESTDIR: the program and the manual.
set -eu
cd "$(dirname "$0")/../.."
to=${DESTDIR:-}$2

install -d "$to/bin"
install -m 755 "$1/kfmig" "$to/bin/kfmig"
ln -sf kfmig "$to/bin/migrate-safe"
for page in docs/man/*.[1-8]; do
    if [ -f "$page" ]; then
        install -d "$to/share/man/man${page##*.}"
        install -m 644 "$page" "$to/share/man/man${page##*.}/"
    fi
done
echo "installed beneath $to"
