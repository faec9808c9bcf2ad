#!/bin/sh
# lint.sh [--build=DIR] [CHECK...]: prints findings, exits 1 if there are any.
# Checks: format headers cppcheck sh layers house (default: these, on the whole tree); tidy FILE... (clang-tidy on those files).
# `ninja -k 0 lint` runs all of it, clang-tidy only on files that changed, or include one that did, since they were clean.
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 2
build=build
case ${1:-} in
--build=*)
    build=${1#*=}
    shift
    ;;
esac

need() # PROGRAM: its Debian package has the same name
{
    command -v "$1" >/dev/null || {
        echo "lint: missing: $1 (Debian: $1; ./configure --install-deps=lint)"
        exit 2
    }
}

c_files()
{
    find src tests -name '*.[ch]' | sort
}

check_format()
{
    need clang-format
    c_files | xargs clang-format --dry-run -Werror
}

check_headers() # each compiles alone
{
    status=0
    for header in $(find src tests -name '*.h' | sort); do
        # shellcheck disable=SC2046 # flags
        ${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isrc -I"$build/gen" \
            $(pkg-config --cflags libpq sqlite3) -x c "$header" || status=1
    done
    return $status
}

check_cppcheck()
{
    need cppcheck
    cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j 2 \
        --suppress=missingIncludeSystem -D_GNU_SOURCE -DKFMIG_VERSION='""' -Isrc -I"$build/gen" src
}

check_sh()
{
    status=0
    for script in configure .ci/run $(find src tests -name '*.sh'); do
        sh -n "$script" || status=1
    done
    return $status
}

check_layers()
{
    src/tool/layers.sh
}

check_house() # what no formatter sees; src/tool/house.allow lists what is not yet so
{
    src/tool/house.sh
}

check_tidy() # FILE...
{
    need clang-tidy
    # The flags of the compiler database may be gcc's; what it says on stderr is only how many findings it left out.
    clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option "$@" 2>/dev/null
}

if [ "${1:-}" = tidy ]; then
    shift
    check_tidy "$@"
    exit
fi
[ $# -gt 0 ] || set -- format headers cppcheck sh layers house
bad=0
for check; do
    "check_$check" || {
        echo "lint: $check: findings"
        bad=1
    }
done
exit $bad
