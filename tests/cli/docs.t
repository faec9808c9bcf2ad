# What the documents name is there: paths, functions, structs, folders, numbers.

# "LINE PATH" for each path of the tree; a name alone, in backquotes, stands beside the path before it in its line.
# <verb> and NAME stand for any. A line that says "not there yet" is about paths that are to come.
$ cat >named.awk <<'END'
> BEGIN { folders = "^(base|doc|model|cache|pg|sql|script|data|load|plan|ledger|evidence|store|site|run|flow|report|cli|tool)/" }
> function name(path) {
>     gsub(/<[a-z]+>|NAME/, "*", path)
>     if (path ~ /^(src|tests|docs|registry|findings|\.ci)\//) {
>         folder = path; sub(/[^\/]*$/, "", folder)
>     } else if (path ~ folders && path ~ /(\/|\.[a-z]+)$/) {
>         path = "src/" path
>     } else if (folder != "" && path ~ /^[a-z0-9_*]+\.(c|h|def|sql|py|t|pml|sh|txt)$/) {
>         path = folder path
>     } else {
>         return
>     }
>     print FNR, path
> }
> (/not there yet/ ? 1 : 0) != (coming + 0) { next }
> {
>     folder = ""
>     n = split($0, span, "`")
>     for (i = 2; i <= n; i += 2) {
>         m = split(span[i], word, /, | /)
>         for (k = 1; k <= m; k++) {
>             name(word[k])
>         }
>     }
>     for (i = 1; i <= n; i += 2) {
>         while (match(span[i], /(^|[^a-z\/.])(src|tests|docs|registry|findings)\/[A-Za-z0-9_.\/*-]*[A-Za-z0-9*]/)) {
>             word[1] = substr(span[i], RSTART, RLENGTH)
>             span[i] = substr(span[i], RSTART + RLENGTH)
>             sub(/^[^a-z]/, "", word[1])
>             name(word[1])
>         }
>     }
> }
> END
$ here() { (cd "$KFMIG_SRC" && compgen -G "${1%/}" >/dev/null); }
$ walk() { for d; do awk -f named.awk "$KFMIG_SRC/$d" | while read -r line path; do echo "$path"; here "$path" || echo "$d:$line: $path is not there" >&2; done; done; }
$ documents=$(cd "$KFMIG_SRC" && ls README.md docs/*.md | grep -v CHANGELOG)
$ walk $documents >paths
$ for d in docs/ARCHITECTURE.md docs/CONTRIBUTING.md docs/EXTENDING.md; do test $(walk $d | wc -l) -gt 20 || echo "$d names next to nothing"; done
$ for d in $documents; do awk -v coming=1 -f named.awk "$KFMIG_SRC/$d" | while read -r line path; do here "$path" && echo "$d:$line: $path is there"; done; done

# The walk itself finds what is not there, wherever it is named.
$ printf '%s\n' 'See `base/none.h`, `src/base/err.h, err.none, none.c` and' '[it](docs/NONE.md), [there](https://x/docs/y), `src/flow/NAME.c`, `state/x`; (tests/none.t).' >none.md
$ (KFMIG_SRC=$PWD here none.md) && awk -f named.awk none.md
1 src/base/none.h
1 src/base/err.h
1 src/base/none.c
2 src/flow/*.c
2 docs/NONE.md
2 tests/none.t
$ for p in src/base/none.h src/none/ 'src/flow/none*.c' src/flow/ 'src/flow/*.c'; do here "$p" && echo "$p"; done
src/flow/
src/flow/*.c

# Functions and structs.
$ names() { (cd "$KFMIG_SRC" && grep -ohE "$1" docs/ARCHITECTURE.md docs/CONTRIBUTING.md docs/EXTENDING.md docs/RELIABILITY.md | tr -d '`' | sort -u); }
$ for f in $(names '`[a-z][a-z_]*\(\)`' | tr -d '()'); do grep -rqE "\b$f\(" "$KFMIG_SRC"/src "$KFMIG_SRC"/tests/unit --include='*.h' || echo "$f() is declared nowhere"; done
$ names '`struct [a-z_]*`' | while read -r _ tag; do grep -rqE "^struct $tag( |;)" "$KFMIG_SRC/src" --include='*.h' || echo "struct $tag is defined nowhere"; done
$ test $(names '`[a-z][a-z_]*\(\)`' | wc -l) -gt 20 && test $(names '`struct [a-z_]*`' | wc -l) -gt 9

# ARCHITECTURE's table has the folders of layers.txt, in its order.
$ sed -n 's,^| `\([a-z/]*\)/` |.*,\1,p' "$KFMIG_SRC/docs/ARCHITECTURE.md" >table
$ sed -n 's,^\([a-z/]*\): *.*,\1,p' "$KFMIG_SRC/src/tool/layers.txt" | diff table -

# Decisions are numbered without a gap, say their number, and have four parts.
$ cd "$KFMIG_SRC/docs/adr" && seq -f %04g "$(ls | wc -l)" | diff - <(ls | cut -d- -f1)
$ for f in *.md; do number=${f%%-*}; head -1 $f | grep -q "^# $(expr $number + 0)\. " || echo "$f: another number"; done
$ for part in Context Decision Consequences 'What would change our mind'; do grep -L "^\*\*$part\.\*\*" *.md; done

$ cd "$KFMIG_SRC" && grep -ohE 'ADR [0-9]+' README.md docs/*.md docs/adr/*.md | sort -u | while read -r _ n; do compgen -G "docs/adr/$(printf %04d $n)-*.md" >/dev/null || echo "there is no ADR $n"; done

# Recipes have at most ten lines.
$ cd "$KFMIG_SRC" && awk '/^## /{head = $0; n[head] = 0; next} head != "" && NF {n[head]++} END {for (h in n) if (n[h] < 2 || n[h] > 10) print h ": " n[h] " lines"}' docs/EXTENDING.md
$ grep -cE '^## (A store|A verb|A rule of the SQL linter|A layout of migrations|An import)$' docs/EXTENDING.md
5

# A verb is what its recipe says: a file, a line in two tables, a page, and somebody who tries it.
$ verbs=$(kfmig help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p') && echo $verbs
build plan why status promote graph diff check lint init new scope rename reset approve rollback adopt env receipt dataset rebuild switch gc test preflight postflight backup resolve wait dump deployed migrate-safe help
$ for v in $(echo $verbs | tr - _); do grep -q "^const struct command command_$v = {" src/cli/cmd_$v.c && grep -qw "command_$v;" src/cli/commands.h && grep -q "&command_$v," src/cli/commands.c || echo "$v: src/cli"; done
$ for v in $verbs; do test -s docs/man/kfmig-$v.1 || echo "$v: no page"; grep -qE "kfmig $v\b" tests/cli/*.t || grep -qE "\"$v\"" tests/live/*.py || echo "$v: no test"; done
$ ls src/cli/cmd_*.c | sed 's,.*/cmd_\(.*\)\.c,\1,' | diff - <(printf '%s\n' $verbs | tr - _ | sort)

# What writes goes through the ritual, ends in one place, and has the options of both; dump, test and wait end there, too, and change no environment.
$ writing=$(grep -l '"cli/verb.h"' src/cli/cmd_*.c | grep -vE 'cmd_(approve|dump|test|wait)\.c') && echo $writing
src/cli/cmd_adopt.c src/cli/cmd_backup.c src/cli/cmd_build.c src/cli/cmd_deployed.c src/cli/cmd_gc.c src/cli/cmd_migrate_safe.c src/cli/cmd_preflight.c src/cli/cmd_rebuild.c src/cli/cmd_reset.c src/cli/cmd_resolve.c src/cli/cmd_rollback.c src/cli/cmd_switch.c
$ for f in $writing; do for h in $(sed -n 's,^#include "flow/\(.*\)\.h",src/flow/\1.c,p' $f); do grep -qE '\b(writing|recover_make)\(' $h || echo "$h: no writing()"; done; done
src/flow/idle.c: no writing()
src/flow/safe.c: no writing()
src/flow/inspect.c: no writing()
src/flow/reset.c: no writing()
$ for f in $writing; do for o in apply lock-wait progress; do grep -q "\"$o\"" $f || echo "$f: no --$o"; done; grep -q 'verb_run(' $f || echo "$f: no verb_run()"; done
src/cli/cmd_deployed.c: no --apply
src/cli/cmd_preflight.c: no --apply
src/cli/cmd_reset.c: no --apply

# The table of docs/secrets.md is what the program prints.
$ diff <(kfmig help secrets) <(sed -n '/^| rule/,$p' "$KFMIG_SRC/docs/secrets.md") && echo same
same
