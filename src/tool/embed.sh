#!/bin/sh
# embed.sh [-h] PREFIX FILE.sql...: prints a C file that defines, for each query file, const struct pg_sql PREFIX_NAME with the
# file's name and text; with -h the header that declares them. The comment lines a file starts with are its docstring and are
# left out. A file's name is lower-case letters, digits and "_".
set -eu
export LC_ALL=C

header=no
if [ "${1:-}" = -h ]; then
    header=yes
    shift
fi
if [ $# -lt 2 ]; then
    echo "usage: embed.sh [-h] PREFIX FILE.sql..." >&2
    exit 2
fi
prefix=$1
shift

for file in "$prefix" "$@"; do
    name=${file##*/}
    case ${name%.sql} in
    '' | [0-9]* | *[!a-z0-9_]*)
        echo "embed.sh: \"$file\": a name may hold lower-case letters, digits and \"_\"" >&2
        exit 1
        ;;
    esac
done

declarations()
{
    guard=KFMIG_SQL_$(printf '%s' "$prefix" | tr 'a-z' 'A-Z')_H
    printf '/* Made by embed.sh from the .sql files. */\n'
    printf '#ifndef %s\n#define %s\n\n#include "pg/pg.h"\n\n' "$guard" "$guard"
    for file in "$@"; do
        name=${file##*/}
        printf 'extern const struct pg_sql %s_%s;\n' "$prefix" "${name%.sql}"
    done
    printf '\n#endif\n'
}

# "?" is escaped because of trigraphs. A literal ends with each line, so that none gets long.
definition() # FILE NAME
{
    awk -v name="$2" -v file="$1" '
        BEGIN {
            printf "\nconst struct pg_sql %s = {\n    \"%s\",\n", name, name
        }
        !text && (/^--/ || /^[ \t]*$/) {
            next
        }
        {
            text = 1
            gsub(/["\\?]/, "\\\\&")
            gsub(/\t/, "\\t")
            gsub(/\r/, "\\r")
            printf "    \"%s\\n\"\n", $0
        }
        END {
            if (!text) {
                printf "embed.sh: \"%s\" holds no query\n", file | "cat >&2"
                exit 1
            }
            print "};"
        }' "$1"
}

definitions()
{
    printf '/* Made by embed.sh from the .sql files. */\n#include "pg/pg.h"\n'
    for file in "$@"; do
        name=${file##*/}
        definition "$file" "${prefix}_${name%.sql}"
    done
}

if [ $header = yes ]; then
    declarations "$@"
else
    definitions "$@"
fi
