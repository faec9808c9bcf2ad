"""Files for psql: what kfmig makes of :variables and meta-commands is what the real psql sends, and what the text does not tell is refused."""
# run: needs=postgres limit=600

import subprocess

import pg
from project import ENVIRONMENTS, Project, full_id
from tap import cases, contains, equal, fails, lacks, main, test

VALUES = {"WHO": "kansas", "N": "3", "WHERE_TO": "app.seen", "YES": "on", "NO": "off", "KIND": "a b.c", "PATH_OF": "a/b:N@x"}
INTO = "INSERT INTO app.seen SELECT "
TABLE = "CREATE SCHEMA app;\nCREATE TABLE app.seen (v text, at serial);\n"
SEEN = "SELECT at, v FROM app.seen ORDER BY at"
# Each is run by both; what stands in app.seen afterwards is compared, row by row.
VARIANTS = {
    "literal": f"{INTO}:'WHO';",
    "plain": f"{INTO}:N;",
    "plain twice": f"{INTO}:N + :N;",
    "identifier": f'CREATE TEMP TABLE t_i ("kansas" int); INSERT INTO t_i VALUES (5); {INTO}:"WHO" FROM t_i;',
    "identifier with blanks": f'CREATE TEMP TABLE t_k ("a b.c" int); INSERT INTO t_k VALUES (6); {INTO}:"KIND" FROM t_k;',
    "a table": "INSERT INTO :WHERE_TO SELECT 'x';",
    "in a string": f"{INTO}':WHO';",
    "in a string with quotes": f"{INTO}'it''s :N';",
    "in an escape string": f"{INTO}E'\\':N';",
    "behind an escape string": f"{INTO}E'\\'' || :'WHO';",
    "escape string that goes on": f"{INTO}E'a'\n  '\\x' || :N;",
    "escape string that goes on behind a quote": f"{INTO}E'it'\n'\\'s :N' || 4;",
    "string that goes on": f"{INTO}'a'\n  ':N' || :N;",
    "in a unicode string": f"{INTO}U&':N \\0041';",
    "in a bit string": f"{INTO}B'101' || B'1';",
    "in an identifier": f'{INTO}":N" FROM (SELECT 1 AS ":N") x;',
    "in dollars": f"{INTO}$$:N$$;",
    "in tagged dollars": f"{INTO}$a$ $$ :N $b$ $a$;",
    "behind dollars": f"{INTO}$a$x$a$ || :N;",
    "a name with dollars": f"{INTO}a$b$c FROM (SELECT 1 AS a$b$c) x;",
    "in a line comment": f"{INTO}1 -- :N ' \" $$\n + :N;",
    "in a comment": f"{INTO}1 /* :N ' */ + :N;",
    "in nested comments": f"{INTO}1 /* a /* :N */ ' */ + :N;",
    "a cast": f"{INTO}'7'::int;",
    "a cast of a value": f"{INTO}:'N'::int + 1;",
    "a cast to a value": "\\set type int\n" + f"{INTO}'7'::" + ":type;",
    "a slice": f"{INTO}(ARRAY[1,2,3,4])[2:3];",
    "a slice by a name": f"{INTO}(ARRAY[1,2,3,4])[lo:hi] FROM (SELECT 1 AS lo, 2 AS hi) x;",
    "a slice by a value": f"{INTO}(ARRAY[1,2,3,4])[2::N];".replace("::N", ":N"),
    "assignment": f"DO $$ DECLARE i int := 2; BEGIN {INTO}i; END $$;",
    "named argument": f"{INTO}make_date(year := 2026, month := :N, day := 1);",
    "an operator": f"{INTO}1 +:N;",
    "minus and a comment": f"{INTO}5 --:N\n - 1;",
    "what no name is": f"{INTO}'x' WHERE 1 = 1 AND ':' <> ': N';",
    "set": f"\\set x 5\n{INTO}:x;",
    "set without value": f"\\set x\n{INTO}':' || :'x' || ':';",
    "set joins words": f"\\set x a b 'c d'\n{INTO}:'x';",
    "set with quotes": f"\\set x 'it''s'\n{INTO}:'x';",
    "set with a backslash": f"\\set x 'a\\\\b'\n{INTO}:'x';",
    "set with escapes": f"\\set x 'a\\tb\\x41\\101'\n{INTO}:'x';",
    "set keeps double quotes": f"\\set x \"a b\"\n{INTO}:'x';",
    "set of a value": f"\\set x :WHO\n{INTO}:'x';",
    "set of a literal": f"\\set x :'WHO'\n{INTO}:x;",
    "set of an identifier": f"\\set x :\"WHO\"\n{INTO}:'x';",
    "set of values in a row": f"\\set x :WHO:N\n{INTO}:'x';",
    "set of a name nobody set": f"\\set x :nobody\n{INTO}:'x';",
    "set twice": f"\\set x 1\n\\set x 2\n{INTO}:x;",
    "set over a given one": f"\\set WHO ohio\n{INTO}:'WHO';",
    "set in a statement": f"{INTO}1\n\\set x 5\n + :x;",
    "set on one line": f"\\set x 1 \\set y 2\n{INTO}:x + :y;",
    "set and SQL on one line": f"\\set x 4 \\\\ {INTO}:x;",
    "set with what is no comment": f"\\set x 1 -- two\n{INTO}:'x';",
    "unset": f"\\set x 1\n\\unset x\n{INTO}(ARRAY[1,2])[1:x] FROM (SELECT 2 AS x) x;",
    "a value with a value": f"\\set x 2\n\\set y '1 + :x'\n{INTO}:y;",
    "a value with a string": f"\\set y '''a'' || 1'\n{INTO}:y;",
    "a value that opens a string": f"\\set y '''a'\n{INTO}:y b';",
    "a value with a statement": f"\\set y '1; {INTO}2'\n{INTO}:y;",
    "a value with a colon": f"{INTO}:'PATH_OF';",
    "is it set": f"{INTO}:{{?WHO}} AND NOT :{{?nobody}};",
    "if": f"\\if :YES\n{INTO}1;\n\\else\n{INTO}2;\n\\endif",
    "if not": f"\\if :NO\n{INTO}1;\n\\else\n{INTO}2;\n\\endif",
    "elif": f"\\if :NO\n{INTO}1;\n\\elif :YES\n{INTO}2;\n\\elif :YES\n{INTO}3;\n\\else\n{INTO}4;\n\\endif",
    "if in if": f"\\if true\n\\if false\n{INTO}1;\n\\else\n{INTO}2;\n\\endif\n{INTO}3;\n\\endif",
    "if in what is left out": f"\\if false\n\\if true\n{INTO}1;\n\\endif\n\\set x ':'\n{INTO}:nobody;\n\\else\n{INTO}2;\n\\endif",
    "if it is set": f"\\if :{{?nobody}}\n{INTO}1;\n\\elif :{{?WHO}}\n{INTO}2;\n\\endif",
    "if in a statement": f"{INTO}1\n\\if :NO\n + 10\n\\else\n + 20\n\\endif\n;",
    "if on one line": f"\\if :YES \\\\ {INTO}1; \\else \\\\ {INTO}2; \\endif",
    "short booleans": f"\\if t\n{INTO}1;\n\\endif\n\\if F\n{INTO}2;\n\\endif\n\\if 1\n{INTO}3;\n\\endif",
    "quotes in what is left out": f"\\if false\n{INTO}'\\endif';\n\\endif\n{INTO}2;",
    "a semicolon held back": f"{INTO}1\\; {INTO}2;",
    "g": f"{INTO}1 \\g\n{INTO}2\n\\g",
    "gx": f"{INTO}1 \\gx",
    "echo": f"\\echo 'it''s' :WHO\n{INTO}1;\n\\qecho x \\\\ {INTO}2;",
    "what is only shown": f"\\timing on\n\\pset null x\n\\x on\n\\x off\n\\t\n\\t\n\\encoding UTF8\n{INTO}1;\n\\timing off",
    "settings": f"\\set ON_ERROR_STOP on\n\\set ON_ERROR_STOP\n\\set AUTOCOMMIT on\n\\set QUIET 1\n\\set VERBOSITY terse\n{INTO}1;",
    "quit": f"{INTO}1;\n\\q\n{INTO}2;\n' never \\nothing",
    "quit where it holds": f"\\if :YES\n{INTO}1;\n\\q\n\\endif\n{INTO}2;",
    "rows": f"COPY app.seen (v) FROM STDIN;\n:N\n\\if\n'\n\\.\n{INTO}:N;",
    "rows of copy": f"\\copy app.seen (v) from stdin with (format text)\n:N\na;b\n\\.\n{INTO}:N;",
    "rows of copy, semicolon": f"\\COPY app.seen (v) from stdin;\nx\n\\.\n{INTO}:N;".replace("COPY", "copy"),
    "rows of csv": f"copy app.seen(v)\n  from stdin (format csv);\n\":N, x\"\n\\.\n{INTO}2;",
    "line ends of Windows": f"\\set x 5\r\n{INTO}:x;\r\n\\if :NO\r\n{INTO}1;\r\n\\endif\r\n",
    "letters beyond ASCII": f"\\set größe 5\n{INTO}'ä' || :größe;",
    "a function": f"CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT :N; END; {INTO}app.f();",
    "a rule's parentheses": f"CREATE TABLE app.r (a int); CREATE RULE r AS ON INSERT TO app.r DO INSTEAD ({INTO}1; {INTO}:N); INSERT INTO app.r VALUES (1); DROP TABLE app.r;",
}


def project(tmp, values=None):
    stores = "        dsn_ref: KFM_DSN\n"
    lines = "".join(f'      {name}: "{value}"\n' for name, value in (VALUES if values is None else values).items())
    p = Project(tmp, environments=ENVIRONMENTS.replace(stores, stores + (f"    variables:\n{lines}" if lines else "")))
    p.bundle("M-01", TABLE)
    return p


def psql_bundle(p, short, text, names=tuple(VALUES), rollback="SELECT 1; -- nothing\n", tool="psql"):
    folder = p.bundle(short, text, rollback, extra=f"variables: [{', '.join(names)}]\n" if names else "")
    p.write(f"{folder}/migration.yml", p.path(f"{folder}/migration.yml").read_text().replace("tool: native", f"tool: {tool}"))
    return folder


def by_psql(path, db):
    given = [word for name, value in VALUES.items() for word in ("-v", f"{name}={value}")]
    return subprocess.run([str(pg.client("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1", *given, "-f", str(path), pg.dsn(db)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


@test
def rendered_as_psql_sends_it(tmp):
    """Every variant, by kfmig in one build, and by psql one after the other: the same rows; and each of them is judged and recorded as any migration."""
    p = project(tmp)
    other = pg.createdb()
    p.write("setup.sql", TABLE)
    equal(by_psql(p.path("setup.sql"), other).returncode, 0)
    for i, (name, text) in enumerate(VARIANTS.items()):
        folder = psql_bundle(p, f"M-{i + 2:02}", text + "\n")
        ran = by_psql(p.path(f"{folder}/forward.sql"), other)
        equal((name, ran.returncode, ran.stderr), (name, 0, ""))
    ran = p.build(timeout=300)
    equal(ran.status, 0, repr(ran))
    equal(pg.psql(p.db, SEEN), pg.psql(other, SEEN))
    contains(p.build().text, "nothing to do")

# name -> (the file, what `kfmig check` says, at which line and column)
REFUSED = {
    "a value from the server": ("SELECT 1 AS x \\gset\nSELECT :x;\n", "\\gset is not rendered", "1:15"),
    "statements from the server": ("\nSELECT 'x' \\gexec\n", "write a DO block with EXECUTE", "2:12"),
    "another file": ("\\ir more.sql\n", "list that file under artifacts.forward", "1:1"),
    "a program": ("\\! date\n", "it acts on the machine where psql runs", "1:1"),
    "a program in quotes": ("\\set x `date`\nSELECT :'x';\n", "is a program that psql runs", "1:8"),
    "a file of this machine": ("\\copy app.seen from 'rows.txt'\n", "\\copy reads or writes a file", "1:1"),
    "another database": ("SELECT 1;\n\\c other\n", "the environment names the database", "2:1"),
    "errors passed over": ("\\set ON_ERROR_STOP off\nSELECT 1;\n", "the first error ends a migration", "1:1"),
    "who runs it": ("SELECT :'USER';\n", ":USER is what psql is told by its session", "1:8"),
    "no boolean": ("\\if perhaps\n\\endif\n", "neither true nor false", "1:1"),
    "no end of an if": ("SELECT 1;\n\\if true\n", "\\if without an \\endif", "2:1"),
    "nobody's variable": ("SELECT 1;\nSELECT :nobody;\n", 'psql variable ":nobody" has no value here', "2:8"),
}


@cases(**{name.replace(" ", "_").replace("'", "_"): name for name in REFUSED})
def refused_with_place_and_reason(name, tmp):
    text, words, place = REFUSED[name]
    p = project(tmp)
    folder = psql_bundle(p, "M-02", text, names=())
    ran = p.run("check")
    fails(ran, 5, words)
    contains(ran.text, f"{folder}/forward.sql:{place}")


@test
def without_the_declaration_it_is_no_SQL(tmp):
    """Native files have no variables of psql's: what to write is told."""
    p = project(tmp)
    psql_bundle(p, "M-02", "SELECT :'WHO';\n", tool="native")
    fails(p.run("check"), 5, "`runner: {tool: psql}`")


@test
def values_are_per_environment_and_in_the_receipt(tmp):
    """Taken back with the same values; none of them stands in a receipt or in the ledger, their digests do; without a value it is told where it is wanted."""
    p = project(tmp, {"WHO": "kansas"})
    folder = psql_bundle(p, "M-02", "CREATE TABLE app.:WHO (a int);\nCOMMENT ON TABLE app.:\"WHO\" IS :'WHO';\n", names=["WHO"], rollback="DROP TABLE app.:WHO;\n")
    equal(p.build().status, 0)
    equal(pg.psql(p.db, "SELECT obj_description('app.kansas'::regclass)"), [("kansas",)])
    said = pg.psql(p.db, "SELECT body FROM kfmig.receipt ORDER BY seq DESC LIMIT 1")[0][0]
    contains(said, '"variables":{"WHO":"sha256:')
    ran = p.run("rollback", "dev", "--apply")
    equal((ran.status, pg.psql(p.db, "SELECT to_regclass('app.kansas')")), (0, [(None,)]), repr(ran))
    p.write(f"{folder}/forward.sql", "SELECT 1;\nSELECT :'WHO', :LATER;\n")
    p.write(f"{folder}/migration.yml", p.path(f"{folder}/migration.yml").read_text().replace("[WHO]", "[WHO, LATER]"))
    ran = p.build()
    contains(ran.text, ':LATER has no value in environment "dev"')
    contains(ran.text, f"{folder}/forward.sql:2:16")


@test
def a_flat_file_says_so_in_its_header(tmp):
    p = project(tmp, {"WHO": "kansas"})
    p.write("migrations/db/001_x.up.sql", "-- [KFM_MIGRATION]\n-- runner: {tool: psql}\n-- variables: [WHO]\n-- depends_on: [PG-MIG-2026-01-01-01]\n-- [/KFM_MIGRATION]\n"
            "\\set n 7\nCREATE TABLE app.:WHO AS SELECT :n AS n;\n")
    p.write("migrations/db/001_x.down.sql", "DROP TABLE app.:WHO;\n")
    ran = p.build()
    equal((ran.status, pg.psql(p.db, "SELECT n FROM app.kansas")), (0, [("7",)]), repr(ran))
    contains(p.build().text, "nothing to do")


if __name__ == "__main__":
    main()
