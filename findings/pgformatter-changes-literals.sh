#!/bin/sh
# pgFormatter 5.5 (Debian package pgformatter 5.5-1) on PostgreSQL 18.6: statements, and the same statements formatted, with no option.
# Guessed: other white space and other case of keywords, outside literals.
# Seen: five kinds of literal are rewritten, and what is stored is another text: whatever follows a literal that ends in a backslash,
# or a dollar-quoted one with an apostrophe in it, gets blanks; a dollar-quoted text, and one within a body, is laid out as if it were
# code; a semicolon at a line's end breaks a literal into lines. U&'' becomes an operator, and so do ^@ and #-, and the server refuses.
# Whoever formats migrations should do it before they are first applied, and compare what both leave behind.
set -eu
. "$(dirname "$0")/lib/postgres"
(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download pgformatter=5.5-1 && dpkg -x pgformatter_5.5-1_all.deb pgformatter)
cat >"$dir/run.py" <<'PY'
import subprocess
import sys

psql, sock, perl = sys.argv[1:]
CASES = {
    "plain": "SELECT 'select  a  from b', E'a\\'b';",
    "comment signs": "SELECT '--', '/* a */', $$--$$;",
    "code in a body": "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a  -- b'; END $$; SELECT f();",
    "behind a backslash": "SELECT '\\', 'b';",
    "dollar quotes": "SELECT $$ a  select\n b $$;",
    "behind an apostrophe in dollar quotes": "SELECT $a$ it's $a$, 'x';",
    "dollar quotes within a body": "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS"
                                   " $body$ BEGIN RETURN $t$ select  'x'  from   y $t$; END $body$; SELECT f();",
    "lines of a comment": "CREATE TABLE t (); COMMENT ON TABLE t IS 'one\ntwo --  ''three''; four'; SELECT obj_description('t'::regclass);",
    "escapes of Unicode": "SELECT U&'d\\0061t';",
    "begins with": "SELECT 'abc'::text ^@ 'ab'::text;",
    "delete by path": "SELECT '{\"a\": {\"b\": 1}}'::jsonb #- '{a,b}'::text[];",
}


def run(sql):
    r = subprocess.run([psql, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", sock, "-U", "postgres", "-d", "postgres", "-1"],
                       input="BEGIN;\n" + sql + "\nROLLBACK;\n", capture_output=True, text=True)
    return r.stdout if r.returncode == 0 else None


for name, sql in CASES.items():
    formatted = subprocess.run(["perl", f"-I{perl}/usr/share/perl5", f"{perl}/usr/bin/pg_format", "-"], input=sql, capture_output=True,
                               text=True, check=True).stdout
    before, after = run(sql), run(formatted)
    assert before is not None, name
    print(name + ":", "refused" if after is None else "the same" if before == after else "another text")
PY
python3 "$dir/run.py" "$bin/psql" "$dir/sock" "$dir/pgformatter" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
plain: the same
comment signs: another text
code in a body: the same
behind a backslash: another text
dollar quotes: another text
behind an apostrophe in dollar quotes: another text
dollar quotes within a body: another text
lines of a comment: another text
escapes of Unicode: refused
begins with: refused
delete by path: refused
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: formatting changes six of the texts, and breaks three statements"
