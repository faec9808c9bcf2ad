#!/bin/sh
# edges.sh BUILDDIR FUZZ-MAIN FUZZ-FLAG: prints the part of build.ninja that follows from which files there are, as listed in
# BUILDDIR/sources. Called by configure; the rules stand in build.ninja.in, who may link what in layers.txt.
set -eu
export LC_ALL=C
builddir=$1 fuzz_main=$2 fuzz_flag=$3
table=src/tool/layers.txt
folders=$(sed -n 's,^src/\([^/]*\)/.*\.\(c\|sql\)$,\1,p' "$builddir/sources" | sort -u | tr '\n' ' ')
queries=$(sed -n 's|^src/\(.*\)/sql/[^/]*\.sql$|\1|p' "$builddir/sources" | sort -u | tr '\n' ' ') # folders, also folder/subfolder

listed() # REGULAR-EXPRESSION: those files, on one line
{
    sed -n "s|^\\($1\\)\\( .*\\)\\{0,1\\}\$|\\1|p" "$builddir/sources" | tr '\n' ' '
}

archives() # FOLDER OUTDIR: the archives that FOLDER may use, its own first; what is in its subfolders is part of a folder's
{
    awk -v want="$1" -v folders=" $folders" -v out="$2" '
        /^[a-z\/]+:/ {
            gsub("/[a-z]+", "")
            sub(":", "")
            if (!($1 in row)) {
                name[++n] = $1
                row[$1] = n
            }
            for (i = 2; i <= NF; i++) {
                uses[row[$1]] = uses[row[$1]] " " $i " "
            }
        }
        END {
            need[want] = 1
            for (i = n; i > 0; i--) {
                if (name[i] in need && index(folders, " " name[i] " ")) {
                    printf "%s/lib/lib%s.a ", out, name[i]
                }
                for (j = 1; j < i && name[i] in need; j++) {
                    if (uses[i] ~ "[*]" || index(uses[i], " " name[j] " ")) {
                        need[name[j]] = 1
                    }
                }
            }
        }' "$table"
}

generated_edges()
{
    headers=
    for folder in $queries; do
        gen="\$builddir/gen/$folder/queries"
        printf 'build %s: %s %s| src/tool/embed.sh\n  prefix = %s\n' \
            "$gen.c" embed_source "$(listed "src/$folder/sql/.*\\.sql")" "${folder##*/}" \
            "$gen.h" embed_header "$(listed "src/$folder/sql/.*\\.sql")" "${folder##*/}"
        headers="$headers $gen.h"
    done
    echo "build headers: phony$headers"
    echo "build \$builddir/gen/load/schemas.c: embed_text $(listed 'registry/schemas/.*')| src/tool/embed-text.sh"
}

archive_edges() # RULE OUTDIR FOLDER
{
    objects=
    for source in $(listed "src/$3/.*\\.c"); do
        echo "build $2/obj/${source%.c}.o: $1 $source || headers"
        objects="$objects $2/obj/${source%.c}.o"
    done
    generated=
    for folder_of_queries in $queries; do
        case $folder_of_queries/ in "$3"/*) generated="$generated $folder_of_queries/queries" ;; esac
    done
    [ "$3" != load ] || generated="$generated load/schemas"
    for name in $generated; do
        printf 'build %s: %s %s || headers\n  extra = -Wno-overlength-strings\n' \
            "$2/obj/gen/$name.o" "$1" "\$builddir/gen/$name.c"
        objects="$objects $2/obj/gen/$name.o"
    done
    echo "build $2/lib/lib$3.a: ar$objects"
}

program_edges() # RULE OUTDIR: an archive per folder, kfmig
{
    for folder in $folders; do
        archive_edges "$1" "$2" "$folder"
    done
    echo "build $2/obj/src/main.o: $1 src/main.c || headers"
    echo "build $2/kfmig: link $2/obj/src/main.o $(archives cli "$2")"
}

test_edge() # SOURCE EXTRA-OBJECT EXTRA-FLAG LAYER [faults] [scripted]: faults: with fault points; scripted: without a libpq but the tests' own
{
    rule=cc out=\$builddir libpq=
    case " $* " in *" faults "*) rule=cc_faults out=\$builddir/faults ;; esac
    case " $* " in *" scripted "*) libpq=$scripted ;; esac
    if ! grep -q "^$4:" "$table"; then
        echo "configure: $1: layer $4 is not in $table" >&2
        exit 1
    fi
    # Tests may call what returns a result only for its effect; gcc does not take (void) for that.
    printf 'build %s: %s %s || headers\n  extra = -Wno-unused-result\n' "\$builddir/obj/${1%.c}.o" "$rule" "$1"
    echo "build \$builddir/${1%.c}: link \$builddir/obj/${1%.c}.o $2$libpq $(archives "$4" "$out")"
    echo "  extra = $3"
    [ -z "$libpq" ] || echo "  libs = \$libs_but_pq"
}

test_edges() # NAME REGULAR-EXPRESSION EXTRA-OBJECT EXTRA-FLAG: one program per file, linked with its layer only
{
    programs=
    for source in $(listed "$2"); do
        layer=$(sed -n "s|^$source ||p" "$builddir/sources")
        # shellcheck disable=SC2086 # the layer is one to three words
        test_edge "$source" "$3" "$4" ${layer:-cli}
        programs="$programs \$builddir/${source%.c}"
    done
    echo "build $1: phony$programs"
}

tidy_edges()
{
    stamps=
    for source in $(listed 'src/.*\.c'); do
        # After the object, so that a changed header counts too.
        echo "build \$builddir/tidy/$source.ok: tidy $source | \$builddir/obj/${source%.c}.o .clang-tidy"
        stamps="$stamps \$builddir/tidy/$source.ok"
    done
    echo "build tidy: phony$stamps"
}

own_edges() # build.ninja is made anew when the list of sources, or what makes it, changes
{
    watched=$(listed 'tests/.*\.c')
    for folder in registry docs tests $(find src registry/schemas docs/man tests/unit tests/contract tests/fuzz tests/bench -type d 2>/dev/null); do
        case $folder in
        tests/fuzz/*) ;;
        *) [ ! -d "$folder" ] || watched="$watched $folder" ;;
        esac
    done
    for input in $watched; do
        echo "build $input: phony" # so that a folder or test that went away is no error
    done
    echo "build \$builddir/sources: sources src/tool/sources.sh $watched"
    itself=$builddir/build.ninja
    [ "$builddir" != build ] || itself="$itself build.ninja"
    echo "build $itself: configure | configure build.ninja.in src/tool/edges.sh $table \$builddir/sources"
}

generated_edges
program_edges cc \$builddir
program_edges cc_faults \$builddir/faults
echo "build libs: phony $(archives cli \$builddir)"
echo "build \$builddir/layers.ok: layers | src/tool/layers.sh $table $(listed 'src/.*\.[ch]')"
[ -z "$fuzz_main" ] || echo "build $fuzz_main: cc tests/fuzz/replay.c"
scripted=
for source in $(listed 'tests/unit/scripted_.*\.c'); do
    scripted="$scripted\$builddir/obj/${source%.c}.o "
    echo "build \$builddir/obj/${source%.c}.o: cc $source"
done
test_edges unit-programs 'tests/unit/t_.*\.c' '' ''
toys=
for source in $(listed 'tests/contract/[a-z]*/[a-z_]*\.c'); do
    echo "build \$builddir/obj/${source%.c}.o: cc $source || headers"
    toys="$toys \$builddir/obj/${source%.c}.o"
done
test_edges contract-programs 'tests/contract/t_.*\.c' "$toys" ''
test_edges fuzz-programs 'tests/fuzz/fuzz_.*\.c' "$fuzz_main" "$fuzz_flag"
test_edges bench-programs 'tests/bench/.*\.c' '' ''
tidy_edges
own_edges
