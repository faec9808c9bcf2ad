#!/bin/sh
# PostgreSQL 18.6: psql reading a file in which a literal goes on in the next line, as the SQL standard has it: E'one' newline 'two' is one literal.
# Guessed: psql's lexer knows what may follow a quote, as the server's does, so the second part is read as the first was. Seen: a file is lexed
# line by line, and what kind of literal went before does not outlive its line: the second part is read as a plain literal, in which a backslash
# escapes no quote, so that psql believes itself outside where the server is inside. The value of a variable is put into the literal, without a word;
# a statement is cut at a semicolon of its own text. The same literal in one line is right, and so are plain ones in two.
# Such a statement is another in `psql -f` than in every other client: in what psql runs, a literal with escapes stays in one line.
set -eu
. "$(dirname "$0")/lib/postgres"
try() { # TITLE SQL
    printf '%s\n' "$2" >"$dir/file.sql"
    psql -v ON_ERROR_STOP=1 -v n=3 -f "$dir/file.sql" >"$dir/out" 2>&1 || :
    echo "$1: $(sed "s|^psql:$dir/file.sql:|line |" "$dir/out" | head -1)"
}
{
    try 'plain, two lines' "SELECT 'it'
'''s :n; ' || 4;"
    try 'escapes, one line' "SELECT E'it\\'s :n; ' || 4;"
    try 'escapes, two lines, a variable' "SELECT E'it'
'\\'s :n' || 4;"
    try 'escapes, two lines, a semicolon' "SELECT E'it'
'\\'s 3; ' || 4;"
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
plain, two lines: it's :n; 4
escapes, one line: it's :n; 4
escapes, two lines, a variable: it's 34
escapes, two lines, a semicolon: line 2: ERROR:  unterminated quoted string at or near "E'it'
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: what goes on in the next line is read as a plain literal"
