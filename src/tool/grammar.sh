#!/bin/sh
# grammar.sh NAME: prints the folder of a cache that holds NAME (include/, lib/libpg_query.a), or nothing.
# grammar.sh NAME CC: first makes it, where no cache holds it: libpg_query of PostgreSQL 18 with Debian's protobuf-c and xxHash.
# Its sources are carried whole by PyPI's source archive of pglast, fetched by pip, whose digest is pinned here. libpg_query gives a
# parse tree as protobuf; the structs that read it are made from its own .proto, as Debian's package of the older one carries them.
# Caches lie outside of the tree: root's is /var/cache/kfmig, which everybody reads; others keep their own beside it.
set -eu
pglast=8.8
sha256=ff9998ec6bac4f30f84db6b6edb28a0fb03b1eda5c8ad211ab8362f5a08b833b

name=$1 cc=${2:-}
cache=/var/cache/kfmig
if [ "$(id -u)" != 0 ]; then
    cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/kfmig
fi
for folder in "$cache/$name" "/var/cache/kfmig/$name"; do
    if [ -e "$folder/lib/libpg_query.a" ]; then
        echo "$folder"
        exit
    fi
done
[ -n "$cc" ] || exit 0

mkdir -p "$cache"
new=$(mktemp -d "$cache/.new-XXXXXX")
exec 3>&1 4>&2 >"$new/log" 2>&1
trap 'status=$?; [ $status = 0 ] || tail -n 15 "$new/log" >&4; rm -rf "$new"; exit $status' EXIT

echo "pglast==$pglast --hash=sha256:$sha256" >"$new/wanted"
# pip has the archive say its metadata before it lets go of it; what that takes, the archive pins.
python3 -m pip download -q --no-deps --no-binary=pglast --require-hashes -r "$new/wanted" -d "$new"
echo "$sha256  $new/pglast-$pglast.tar.gz" | sha256sum -c --quiet
tar -xzf "$new/pglast-$pglast.tar.gz" -C "$new" --strip-components=1 "pglast-$pglast/libpg_query"

mkdir -p "$new/made/include/pg_query" "$new/made/lib"
cp "$new"/libpg_query/*.h "$new/libpg_query/LICENSE" "$new/made/include"
protoc-c --c_out="$new/made/include/pg_query" -I "$new/libpg_query/protobuf" pg_query.proto
cd "$new/libpg_query"
{
    echo "cflags = -O2 -w -fPIC -fno-strict-aliasing -fwrapv -fstack-protector-strong -I. -Ivendor -Ivendor/upb"
    echo "cflags = \$cflags -Ivendor/upb/third_party/utf8_range -Isrc/include -Isrc/postgres/include -I$new/made/include"
    echo 'rule cc'
    echo "  command = $cc \$cflags -c \$in -o \$out"
    echo 'rule ar'
    echo '  command = ar rcsD $out $in'
    objects=
    for source in src/postgres/*.c src/*.c protobuf/*.c vendor/upb/upb.c vendor/upb/third_party/utf8_range/utf8_range.c "$new/made/include/pg_query/pg_query.pb-c.c"; do
        object=$(basename "$source" .c).$(printf %s "$source" | cksum | cut -d' ' -f1).o
        echo "build $object: cc $source"
        objects="$objects $object"
    done
    echo "build $new/made/lib/libpg_query.a: ar$objects"
} >build.ninja
ninja --quiet
rm "$new/made/include/pg_query/pg_query.pb-c.c"
chmod -R a+rX "$new/made"
mv -T "$new/made" "$cache/$name"
echo "$cache/$name" >&3
