#!/bin/sh
# house.sh [--update]: how the files of src/ are to be, beyond what a formatter sees; prints each violation, exits 1 if there is one.
#   tag       a struct is defined once
#   sql       no literal begins with an SQL keyword outside of sql/, lint/, pg/, ledger/, store/postgis/ (and cache/, whose SQL is SQLite's)
#   comment   a line of a comment has at most 110 columns
#   docstring a prototype in a header has a comment: its own, or that of the lines it stands among
#   caller    a function of a header is used by another file of src/ than the one that has it; one that only tests call, or nothing yet,
#             says so in its comment ("For tests", "not there yet")
#   function  has at most 55 lines, from its first to its last
#   file      has at most 600 lines
#   folder    src/cli has at most 5,500 lines: verbs there are words, the work is done below
# house.allow holds what is not yet so: "CHECK FILE NUMBER" (tag: "tag NAME NUMBER"), at most that many. It only shrinks: --update
# lowers its numbers to what there is, and drops what is mended.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.."
list=src/tool/house.allow
[ -e "$list" ] || : >"$list"

# shellcheck disable=SC2046 # file names of this project hold no blanks
findings=$(awk -v update="${1:-}" -v list="$list" -v excuse='[Ff]or [a-z ]*tests|not there yet' '
function found(check, key, where, what,    id) {
    id = check " " key
    n_found[id]++
    text[id] = text[id] where ": " what "\n"
}
function here(check, what) {
    found(check, FILENAME, FILENAME ":" FNR, what)
}
function end_of_file() {
    if (lines > 600) {
        found("file", file, file ":" lines, "a file of " lines " lines, more than 600")
    }
}
# A paragraph of a header: prototypes without any comment above or beside them.
function end_of_paragraph(    i) {
    for (i = 1; i <= n_bare && !commented; i++) {
        found("docstring", file, file ":" bare[i], "a prototype without a word about it")
    }
    n_bare = commented = 0
}
FILENAME == list {
    if ($0 !~ /^#/ && NF == 3) {
        allowed[$1 " " $2] = $3
    } else if ($0 !~ /^#/ && NF > 0) {
        print FILENAME ":" FNR ": not \"CHECK FILE NUMBER\""
        bad = 1
    }
    next
}
FNR == 1 {
    end_of_paragraph()
    end_of_file()
    file = FILENAME
    is_header = file ~ /\.h$/
    is_c = file ~ /\.[ch]$/
    may_sql = file ~ /^src\/(cache|sql|lint|pg|ledger|store\/postgis)\//
    in_comment = in_function = signature = depth = 0
}
{
    lines = FNR
    in_cli += is_c && FILENAME ~ /^src\/cli\//
    line = $0
    was_comment = in_comment
    begins = match(line, /\/\*/)
    if (begins && line !~ /"[^"]*\/\*/) {
        in_comment = 1
    }
    is_comment = was_comment || in_comment
    if (in_comment && line ~ /\*\//) {
        in_comment = 0
    }
    if (is_comment && length(line) > 110) {
        here("comment", "a comment of " length(line) " columns, more than 110")
    }
    code = was_comment ? "" : line
    sub(/\/\*.*/, "", code)
}
{
    # Who names what: in a header only its macros and inline functions do.
    in_macro = line ~ /^#define/ || (in_macro && was_continued)
    was_continued = line ~ /\\$/
    n_words = !is_header || in_macro || depth > 0 ? split(code, word, /[^a-zA-Z_0-9]+/) : 0
    for (i = 1; i <= n_words; i++) {
        if (last_user[word[i]] != FILENAME) {
            last_user[word[i]] = FILENAME
            n_users[word[i]]++
        }
    }
}
is_header && line ~ /^([ \t]*$|#)/ {
    excused = 0
}
is_header && is_comment && (was_comment || line ~ /^\/\*/) {
    excused = (was_comment && excused) || line ~ excuse
}
is_header && depth == 0 && !in_prototype && code ~ /^[a-z].*[a-z_0-9]\(/ && code !~ /^(typedef|static inline)|=/ {
    name = code
    sub(/\(.*/, "", name)
    sub(/^.*[ *]/, "", name)
    if (!excused && line !~ excuse) {
        place_of[name] = FILENAME ":" FNR
    }
}
is_c && match(code, /(^|[ \t(])struct [a-z_0-9]+ \{/) && code !~ /\) *\{$/ {
    tag = substr(code, RSTART, RLENGTH)
    sub(/^.*struct /, "", tag)
    sub(/ \{/, "", tag)
    if (tag in defined) {
        found("tag", tag, FILENAME ":" FNR, "struct " tag " is defined in " defined[tag] " too")
    } else {
        defined[tag] = FILENAME ":" FNR
    }
}
is_c && !may_sql && code ~ /"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|SET|LOCK|COPY|REFRESH|ANALYZE|VACUUM|COMMENT ON) [A-Z%(*"]|"(BEGIN|COMMIT|ROLLBACK)"/ {
    here("sql", "a literal of SQL: a .sql file, or store/postgis/")
}
is_header {
    if (line ~ /^[ \t]*$/ || line ~ /^#(if|else|endif|include)/) {
        end_of_paragraph()
    } else if (is_comment) {
        commented = 1
    } else if (depth == 0 && !in_prototype && line ~ /^[a-z].*[a-z_0-9]\(/ && line !~ /^(typedef|static inline|#)/ && line !~ /=/) {
        bare[++n_bare] = FNR
    }
    in_prototype = depth == 0 && code !~ /[;{}] *$/ && code !~ /^[ \t]*$/ && code !~ /^#/
    depth += gsub(/\{/, "{", code) - gsub(/\}/, "}", code)
}
is_c && !is_header {
    if (line ~ /^[a-zA-Z_]/ && !in_function && line !~ /;$/ && !signature) {
        signature = FNR
    }
    if (line == "{" && signature) {
        in_function = signature
    } else if (line == "}" && in_function) {
        if (FNR - in_function + 1 > 55) {
            found("function", FILENAME, FILENAME ":" in_function, "a function of " FNR - in_function + 1 " lines, more than 55")
        }
        in_function = signature = 0
    } else if (!in_function && (line ~ /[;}]$/ || line ~ /^[ \t]*$/)) {
        signature = 0
    }
}
END {
    end_of_paragraph()
    end_of_file()
    if (in_cli > 5500) {
        found("folder", "src/cli", "src/cli", "a folder of " in_cli " lines, more than 5500")
    }
    for (name in place_of) {
        if (n_users[name] < 2) {
            file = place_of[name]
            sub(/:.*/, "", file)
            found("caller", file, place_of[name], name "() is called from no other file of src/: static, gone, or for tests, which its comment says")
        }
    }
    for (id in n_found) {
        if (n_found[id] > allowed[id] + 0) {
            printf "%s", text[id]
            bad = 1
        }
    }
    for (id in allowed) {
        if (n_found[id] + 0 < allowed[id]) {
            if (update != "--update") {
                print list ": allows " id " " allowed[id] ", there is " n_found[id] + 0 ": src/tool/house.sh --update"
                bad = 1
            }
            allowed[id] = n_found[id] + 0
        }
    }
    if (update == "--update") {
        print "# What is not yet as house.sh wants it: CHECK FILE NUMBER. It only shrinks; at the end it is empty." >list
        sorted = "sort >>" list
        close(list)
        for (id in allowed) {
            if (allowed[id] > 0) {
                print id " " allowed[id] | sorted
            }
        }
        close(sorted)
    }
    exit bad
}
' "$list" $(find src -name '*.[ch]' -o -name '*.def' | sort)) && exit 0
printf '%s\n' "$findings" | sort -t: -k1,1 -k2,2n
exit 1
