/* Where statements begin and end, in texts that parse, that do not, and that nobody should parse. */
#include <glob.h>
#include <stdlib.h>

#include "sql_text.h"
#include "tap.h"

/* clang-format off */
static const struct sql_case cases[] = {
    {"",
     ""},
    {"-- nothing but comments\n/* and /* nested */ ones */\n",
     ""},
    {";;  ;",
     ""},
    {"SELECT 1",
     "1:1 <SELECT 1>"},
    {"SELECT 1;",
     "1:1 <SELECT 1>"},
    {"SELECT 1 ; SELECT 2",
     "1:1 <SELECT 1> / 1:12 <SELECT 2>"},
    {"  \n\t-- head\n  SELECT 1 -- tail\n  ;\n/* x */SELECT 2 /* y */",
     "3:3 <SELECT 1> / 5:8 <SELECT 2>"},
    {"SELECT 1;\r\n\r\n-- c\r\nSELECT\r\n 2;\r\n",
     "1:1 <SELECT 1> / 4:1 <SELECT\r\n 2>"},
    {"SELECT 'a;b', \"c;d\", $$e;f$$, $q$g;$$;h$q$, E'i\\';j'; SELECT 2",
     "1:1 <SELECT 'a;b', \"c;d\", $$e;f$$, $q$g;$$;h$q$, E'i\\';j'> / 1:55 <SELECT 2>"},
    {"SELECT 'it''s; fine', U&'\\0061;', B'01', X'1F'; SELECT U&'d\\0061'; SELECT U&\"d;\" -- x",
     "1:1 <SELECT 'it''s; fine', U&'\\0061;', B'01', X'1F'> / 1:49 <SELECT U&'d\\0061'> / 1:68 <SELECT U&\"d;\">"},
    {"SELECT 1 /* ; /* ; */ ; */; SELECT 2 -- ; no\n; SELECT 3",
     "1:1 <SELECT 1> / 1:29 <SELECT 2> / 2:3 <SELECT 3>"},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN; RETURN 1; END; $$; SELECT 1",
     "1:1 <CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN; RETURN 1; END; $$> / 1:82 <SELECT 1>"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 ELSE 2 END; END; SELECT 2",
     "1:1 <CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 ELSE 2 END; END> / 1:102 <SELECT 2>"},
    {"CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2); SELECT 3",
     "1:1 <CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)> / 1:58 <SELECT 3>"},
    {"CREATE SCHEMA s CREATE TABLE a (i int) CREATE TABLE b (i int); SELECT 1",
     "1:1 <CREATE SCHEMA s CREATE TABLE a (i int) CREATE TABLE b (i int)> / 1:64 <SELECT 1>"},
    {"BEGIN; SELECT 1; COMMIT",
     "1:1 <BEGIN> / 1:8 <SELECT 1> / 1:18 <COMMIT>"},
    {"SELECT 'é'; SELECT 'ü' AS \"ö\"",
     "1:1 <SELECT 'é'> / 1:14 <SELECT 'ü' AS \"ö\">"},
    {"SELECT 1 FROM a\n  WHERE x = 'multi\nline;\ntext'\n; SELECT 2",
     "1:1 <SELECT 1 FROM a\n  WHERE x = 'multi\nline;\ntext'> / 5:3 <SELECT 2>"},
    {"SELECT $1; SELECT a$1; SELECT $a$b$c$d$a$",
     "1:1 <SELECT $1> / 1:12 <SELECT a$1> / 1:24 <SELECT $a$b$c$d$a$>"},
    {"SELECT 1 AS END_; SELECT begin FROM a; SELECT 2",
     "1:1 <SELECT 1 AS END_> / 1:19 <SELECT begin FROM a> / 1:40 <SELECT 2>"},
    {"SELECT 1; ALTER TABLE t ALTER c SET EXPRESSION AS (x); SELECT 3",
     SINCE(17, "1:1 <SELECT 1> / 1:11 <ALTER TABLE t ALTER c SET EXPRESSION AS (x)> / 1:56 <SELECT 3>",
           "1:1 <SELECT 1> / 1:11 unread <ALTER TABLE t ALTER c SET EXPRESSION AS (x)> / 1:56 <SELECT 3>")},
    {"SELECT 1; MERGE INTO a USING b ON true WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING *; SELECT 3",
     SINCE(17, "1:1 <SELECT 1> / 1:11 <MERGE INTO a USING b ON true WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING *> / 1:92 <SELECT 3>",
           "1:1 <SELECT 1> / 1:11 unread <MERGE INTO a USING b ON true WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING *> / 1:92 <SELECT 3>")},
    {"SELECT 1_000, 0xFF, 0b11; SELECT 2",
     SINCE(16, "1:1 <SELECT 1_000, 0xFF, 0b11> / 1:27 <SELECT 2>",
           "1:1 unread <SELECT 1_000, 0xFF, 0b11> / 1:27 <SELECT 2>")},
    {"SELECT 1_000-- c ; d\n; SELECT 1_0::int, '1_0;'; SELECT 3",
     SINCE(16, "1:1 <SELECT 1_000> / 2:3 <SELECT 1_0::int, '1_0;'> / 2:28 <SELECT 3>",
           "1:1 unread <SELECT 1_000> / 2:3 unread <SELECT 1_0::int, '1_0;'> / 2:28 <SELECT 3>")},
    {"SELECT 1 NEWER (a; b); SELECT CASE WHEN (1=1) THEN 2 END; SELECT 3",
     "1:1 unread <SELECT 1 NEWER (a; b)> / 1:24 <SELECT CASE WHEN (1=1) THEN 2 END> / 1:59 <SELECT 3>"},
    {"CREATE FUNCTION f() RETURNS int NEWER BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2",
     "1:1 unread <CREATE FUNCTION f() RETURNS int NEWER BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END> / 1:101 <SELECT 2>"},
    {"CREATE RULE r AS NEWER ON INSERT TO a DO (SELECT 1; SELECT 2); SELECT 3",
     "1:1 unread <CREATE RULE r AS NEWER ON INSERT TO a DO (SELECT 1; SELECT 2)> / 1:64 <SELECT 3>"},
    {"SELECT JSON_OBJECT('a':'b', c:d); SELECT a[1:n], b[:n] FROM t NEWER SYNTAX HERE; SELECT 1",
     SINCE(16, "1:1 <SELECT JSON_OBJECT('a':'b', c:d)> / 1:35 unread <SELECT a[1:n], b[:n] FROM t NEWER SYNTAX HERE> / 1:82 <SELECT 1>",
           "1:1 unread <SELECT JSON_OBJECT('a':'b', c:d)> / 1:35 unread <SELECT a[1:n], b[:n] FROM t NEWER SYNTAX HERE> / 1:82 <SELECT 1>")},
    {"SELECT FROM WHERE; SELECT 2",
     "1:1 unread <SELECT FROM WHERE> / 1:20 <SELECT 2>"},
    {"SELECT ((1); SELECT 2",
     "1:1 unread <SELECT ((1); SELECT 2>"},
    {"SELECT 'abc;\nSELECT 2;",
     "error 1:8 unterminated quoted string"},
    {"SELECT 1;\n  SELECT \"abc;",
     "error 2:10 unterminated quoted identifier"},
    {"SELECT 1;\n/* a /* b */ ; SELECT 2",
     "error 2:1 unterminated /* comment"},
    {"SELECT 'é',\n 'ü', $x$ abc $y$ ;",
     "error 2:8 unterminated dollar-quoted string"},
    {"SELECT E'\\u12'",
     "error 1:10 invalid Unicode escape"},
    {"SELECT \"\"",
     "error 1:8 zero-length delimited identifier"},
    {"SET LOCAL standard_conforming_strings = off;\nCREATE TABLE s ();\nINSERT INTO s VALUES ('it\\'s; a'), ('b;');\nSET LOCAL standard_conforming_strings = on;\nINSERT INTO s VALUES ('c:\\');",
     "error 1:1 SET: it changes where strings end, after the file has been split"},
    {"SELECT 1;\n  SET standard_conforming_strings TO off;\nSELECT 'it\\'s';",
     "error 2:3 SET: it changes where strings end, after the file has been split"},
    {"SET SESSION \"standard_conforming_strings\" = 'off'; SELECT 'it\\'s', 'a\\''';",
     "error 1:1 SET: it changes where strings end, after the file has been split"},
    {"SELECT set_config('standard_conforming_strings', 'off', true);\nSELECT 'it\\'s';",
     "error 1:19 SET: it changes where strings end, after the file has been split"},
    {"SET Standard_Conforming_Strings TO DEFAULT; SELECT 'it\\'s';",
     "error 1:1 SET: it changes where strings end, after the file has been split"},
    {"SET standard_conforming_strings = on; SELECT 'it\\'s';",
     "error 1:52 unterminated quoted string"},
    {"SELECT 'standard_conforming_strings', 1; SELECT 'it\\'s';",
     "error 1:55 unterminated quoted string"},
    {"\\copy t from 'x'",
     "error 1:1 psql meta-command \"\\copy\" is no SQL"},
    {"SELECT 1;\n  \\warn it's\nSELECT 'a';",
     "error 2:3 psql meta-command \"\\warn\" is no SQL"},
    {"\\restrict AbC\nSELECT 1;\n\\unrestrict AbC\n",
     "2:1 <SELECT 1>"},
    {"\\set ON_ERROR_STOP on\n\\pset pager off\n-- c\n  \\echo it's\nSELECT 'a'; \\echo \"b\nSELECT 2",
     "5:1 <SELECT 'a'> / 6:1 <SELECT 2>"},
    {"\\echo /* it's\r\nSELECT 1;\n\\unrestrict",
     "2:1 <SELECT 1>"},
    {"SELECT 1 \\echo x\n;",
     "error 1:10 psql meta-command \"\\echo\" is no SQL"},
    {"\\echox\n",
     "error 1:1 psql meta-command \"\\echox\" is no SQL"},
    {"\\set ON_ERROR_STOPPED 1\n",
     "error 1:1 psql meta-command \"\\set\" is no SQL"},
    {"\\restrict a\n\\i x\n",
     "error 2:1 psql meta-command \"\\i\" is no SQL"},
    {"SELECT '\xEF\xBB\xBF', E'a\xE2\x80\x8E', $$\xE2\x80\x8F$$, U&'\xE2\x80\x8E'; SELECT 2",
     "1:1 <SELECT '\xEF\xBB\xBF', E'a\xE2\x80\x8E', $$\xE2\x80\x8F$$, U&'\xE2\x80\x8E'> / 1:42 <SELECT 2>"},
    {"\xEF\xBB\xBFSELECT 1",
     "error 1:1 a byte order mark (U+FEFF) outside of a string"},
    {"SELECT 1;\n-- \xE2\x80\x8E",
     "error 2:4 a left-to-right mark (U+200E) outside of a string"},
    {"SELECT \"a\xE2\x80\x8F\"",
     "error 1:10 a right-to-left mark (U+200F) outside of a string"},
    {"SELECT 'a' \xE2\x80\x8E, 'b\xE2\x80\x8E'",
     "error 1:12 a left-to-right mark (U+200E) outside of a string"},
    {"\\set x 1\nSELECT 1;",
     "error 1:1 psql meta-command \"\\set\" is no SQL"},
    {"\\i other.sql",
     "error 1:1 psql meta-command \"\\i\" is no SQL"},
    {"\\! rm -rf x",
     "error 1:1 psql meta-command \"\\!\" is no SQL"},
    {"SELECT 'a' \\gexec",
     "error 1:12 psql meta-command \"\\gexec\" is no SQL"},
    {"SELECT '\\copy'; SELECT $$\n\\copy\n$$; SELECT 1 /*\n\\echo */",
     "1:1 <SELECT '\\copy'> / 1:17 <SELECT $$\n\\copy\n$$> / 3:5 <SELECT 1>"},
    {"COPY t FROM STDIN;\n1\tit's\n\\.\nSELECT 1;",
     "1:1 <COPY t FROM STDIN> rows 2: [1\tit's\n] / 4:1 <SELECT 1>"},
    {"COPY t (a) FROM STDIN WITH (FORMAT csv);\n1,2\n\\.\n",
     "1:1 <COPY t (a) FROM STDIN WITH (FORMAT csv)> rows 2: [1,2\n]"},
    {"COPY t FROM stdin;\n\\.\n",
     "1:1 <COPY t FROM stdin> rows 2: []"},
    {"copy t\nfrom\nstdin\n; -- rows; of 'it\n/* '\t;\n\\.\nSELECT 1",
     "1:1 <copy t\nfrom\nstdin> rows 5: [/* '\t;\n] / 7:1 <SELECT 1>"},
    {"COPY t FROM STDIN;\r\n1\r\n\\.\r\nSELECT 1;\r\n",
     "1:1 <COPY t FROM STDIN> rows 2: [1\r\n] / 4:1 <SELECT 1>"},
    {"COPY a FROM STDIN;\n1\n\\.\nCOPY b FROM STDIN;\n\\N\n\\.\nCOPY c FROM STDIN;\n\\.",
     "1:1 <COPY a FROM STDIN> rows 2: [1\n] / 4:1 <COPY b FROM STDIN> rows 5: [\\N\n] / 7:1 <COPY c FROM STDIN> rows 8: []"},
    {"COPY t FROM STDIN;\n \\.\n\\.x\n\\\\.\n\\.\n",
     "1:1 <COPY t FROM STDIN> rows 2: [ \\.\n\\.x\n\\\\.\n]"},
    {"COPY t FROM STDIN;\n1;COPY u FROM STDIN;\n\\.\nSELECT 2",
     "1:1 <COPY t FROM STDIN> rows 2: [1;COPY u FROM STDIN;\n] / 4:1 <SELECT 2>"},
    {"SELECT 'COPY t FROM STDIN;\n'; SELECT 1; -- COPY t FROM STDIN;\nSELECT 2;",
     "1:1 <SELECT 'COPY t FROM STDIN;\n'> / 2:4 <SELECT 1> / 3:1 <SELECT 2>"},
    {"SELECT 1; COPY t FROM STDIN;\n1\n\\.\nNEWER x;",
     "1:1 <SELECT 1> / 1:11 <COPY t FROM STDIN> rows 2: [1\n] / 4:1 unread <NEWER x>"},
    {"COPY t FROM STDIN (NEWER);\n1\n\\.\nSELECT 1",
     "1:1 <COPY t FROM STDIN (NEWER)> rows 2: [1\n] / 4:1 <SELECT 1>"},
    {"COPY t FROM STDIN NEWER;\n1\n\\.\nSELECT 1",
     "1:1 unread <COPY t FROM STDIN NEWER> rows 2: [1\n] / 4:1 <SELECT 1>"},
    {"COPY t FROM STDIN; SELECT 1;\n1\n\\.\n",
     "error 1:20 SQL on the line of COPY ... FROM STDIN"},
    {"SELECT 1;\nCOPY t FROM STDIN;\n1\n",
     "error 2:18 the rows of COPY ... FROM STDIN do not end"},
    {"COPY t FROM STDIN;",
     "error 1:18 the rows of COPY ... FROM STDIN do not end"},
    {"SELECT 1;\n\\.\n",
     "error 2:1 psql meta-command \"\\.\" is no SQL"},
    {"\\copy t from x\n",
     "error 1:1 psql meta-command \"\\copy\" is no SQL"},
    {"\\restrict aB\nCOPY t FROM stdin;\n\\restrict\n\\.\n\\unrestrict aB\n",
     "2:1 <COPY t FROM stdin> rows 3: [\\restrict\n]"},
    {"SELECT 1;\nSELECT * FROM t WHERE name = :'name';",
     "error 2:30 psql variable \":'name'\" has no value here"},
    {"SELECT :var",
     "error 1:8 psql variable \":var\" has no value here"},
    {"CREATE TABLE :\"s\".t (i int)",
     "error 1:14 psql variable \":\"s\"\" has no value here"},
    {"SELECT a FROM :{?x}",
     "error 1:15 psql variable \":{\" has no value here"},
    {"SELECT * FROM a WHERE b = :var AND c = $$:notvar$$",
     "error 1:27 psql variable \":var\" has no value here"},
    {"SELECT a[1_0]; SELECT 1_0.5_0e1_0+2; SELECT 3",
     SINCE(16, "1:1 <SELECT a[1_0]> / 1:16 <SELECT 1_0.5_0e1_0+2> / 1:38 <SELECT 3>",
           "1:1 unread <SELECT a[1_0]> / 1:16 unread <SELECT 1_0.5_0e1_0+2> / 1:38 <SELECT 3>")},
};
/* clang-format on */

static struct script parse(struct arena *a, const char *sql)
{
    struct script s;
    struct err e = {0};
    if (script_parse(a, "t.sql", bytes_str(sql), &s, &e) != 0) {
        printf("# %s\n", e.msg);
        s = (struct script){0};
    }
    return s;
}

static bool text_is(const struct statement *st, const char *want)
{
    return bytes_eq(st->text, bytes_str(want));
}

static void test_facts(void)
{
    struct arena a = {0};
    const char *sql = "SELECT 1; SELECT * FROM a,\n  kfm.b";
    struct script s = parse(&a, sql);
    struct digest d = digest_of(bytes_str(sql));
    ok(s.n == 2 && digest_eq(&s.digest, &d), "the digest is that of all bytes");
    ok(s.n == 2 && s.forms[1].text.p == sql + 10 && s.forms[1].offset == 10,
       "text is a slice of the script");
    ok(s.n == 2 && s.forms[1].touches.n == 2 && s.forms[1].touches.v[1].line == 2 &&
           s.forms[1].touches.v[1].col == 3,
       "a touch has its place");
    ok(s.n == 2 && s.forms[1].touches.v[1].statement == 1, "and its statement");
    ok(s.n == 2 && s.forms[1].touches.v[0].inserted == ROWS_UNKNOWN, "and no row counts");
    ok(!s.has_block, "no block");
    is_str(s.path, "t.sql", "the path");
    s = parse(&a, "SELECT FROM WHERE; SELECT * FROM a,\n  kfm.b");
    ok(s.n == 2 && s.forms[1].touches.n == 2 && s.forms[1].touches.v[1].line == 2 &&
           s.forms[1].touches.v[1].col == 3,
       "a touch behind an unread statement has its place");
    s = parse(&a, "BEGIN; SELECT 1; COMMIT;");
    ok(s.has_block, "a block");
    s = parse(&a, "VACUUM; ROLLBACK; SELECT 1");
    ok(s.n == 3 && s.forms[0].why[0] != '\0' && s.forms[1].why[0] != '\0' &&
           s.forms[1].hint[0] != '\0' && s.forms[2].why[0] == '\0',
       "what is not plain says why");
    arena_release(&a);
}

static void test_errors(void)
{
    struct arena a = {0};
    struct script s;
    struct err e = {0};
    ok(script_parse(&a, "dir/t.sql", bytes_str("\\copy t from x"), &s, &e) == -1, "refused");
    is_str(e.where.path, "dir/t.sql", "an error names the file");
    ok(e.code == ERR_CONFIG && strstr(e.hint, "COPY ... FROM STDIN") != NULL,
       "and what to write instead");
    ok(script_parse(&a, "t.sql", bytes_str("SELECT 'secret"), &s, NULL) == -1, "without an err");
    ok(script_parse(&a, "t.sql", bytes_str("SELECT 'secret"), &s, &e) == -1 &&
           strstr(e.msg, "secret") == NULL,
       "an error does not quote the file");
    struct bytes part = bytes_of("SELECT 1; SELECT 'x'", 9);
    ok(script_parse(&a, "t.sql", part, &s, &e) == 0 && s.n == 1,
       "bytes behind the text do not count");
    ok(script_parse(&a, "t.sql", bytes_of(NULL, 0), &s, &e) == 0 && s.n == 0, "no bytes at all");
    arena_release(&a);
}

/* Build "<head><unit x n><tail>". */
static const char *repeat(struct arena *a, const char *head, const char *unit, int n,
                          const char *tail)
{
    struct buf b = {0};
    buf_puts(&b, head);
    for (int i = 0; i < n; i++) {
        buf_puts(&b, unit);
    }
    buf_puts(&b, tail);
    const char *s = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

/* Left to itself libpg_query overflows the stack on each of the deep ones. */
static void test_depth(void)
{
    static const struct {
        const char *head, *unit, *tail;
        int n;
        bool analysed;
    } deep[] = {
        {"SELECT 1", "+1", "", 700, true},
        {"SELECT 1", "+1", "", 100000, false},
        {"SELECT 1", "||'a'", "", 50000, false},
        {"SELECT 1", " UNION SELECT 1", "", 20000, false},
        {"SELECT 1, 2", " UNION SELECT 1, 2", "", 20000, false},
        {"", "SELECT (", "1", 50000, false},
        {"SELECT ", "(", "1", 50000, false},
        {"SELECT ", "NOT ", "true", 50000, false},
        {"SELECT ", "- ", "1", 50000, false},
        {"SELECT ", "CASE WHEN true THEN ", "1", 50000, false},
        {"SELECT 1 ", "BETWEEN 1 AND NOT 1 ", "", 50000, false},
        {"SELECT * FROM a ", "JOIN b ON x = y AND z ", "", 20000, false},
        {"SELECT true", " AND a = 1", "", 20000, true},
        {"SELECT true", " OR a = 1", "", 20000, true},
        {"INSERT INTO a VALUES (1, 2)", ", (1, 2)", "", 20000, true},
        {"SELECT CASE", " WHEN a = 1 THEN 'x'", " END", 20000, true},
    };
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        struct arena a = {0};
        struct script s =
            parse(&a, repeat(&a, deep[i].head, deep[i].unit, deep[i].n, deep[i].tail));
        char name[80];
        snprintf(name, sizeof name, "%d times %s", deep[i].n, deep[i].unit);
        ok(s.n == 1 && s.forms[0].analysed == deep[i].analysed, name);
        arena_release(&a);
    }
}

static void test_many(void)
{
    struct arena a = {0};
    struct script s = parse(&a, repeat(&a, "", "INSERT INTO kfm.a VALUES (1, 'a;b');\n", 5000, ""));
    is_int(s.n, 5000, "5,000 statements");
    ok(s.n == 5000 && s.forms[4999].line == 5000 &&
           text_is(&s.forms[4999], "INSERT INTO kfm.a VALUES (1, 'a;b')"),
       "the last is where it stands");
    s = parse(&a, repeat(&a, "SELECT FROM WHERE;", "INSERT INTO kfm.a VALUES (1);\n", 5000, ""));
    ok(s.n == 5001 && !s.forms[0].analysed && s.forms[5000].analysed &&
           s.forms[5000].touches.n == 1,
       "5,000 behind one that is not known");
    arena_release(&a);
}

/* Real SQL of other people: extension scripts, less the line that psql would refuse. */
static bool splits(const char *path)
{
    struct arena a = {0};
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(&a, 1 << 16);
    size_t n = f != NULL ? fread(text, 1, (1 << 16) - 1, f) : 0;
    bool good = f != NULL;
    if (f != NULL) {
        fclose(f);
    }
    for (char *p = text; (p = strstr(p, "\n\\echo")) != NULL; p++) {
        memcpy(p + 1, "--", 2);
    }
    if (strncmp(text, "\\echo", 5) == 0) {
        memcpy(text, "--", 2);
    }
    struct script s;
    struct err e = {0};
    if (good && n < (1 << 16) - 1) {
        good = script_parse(&a, path, bytes_of(text, n), &s, &e) == 0;
        if (!good) {
            printf("# %s:%d:%d: %s\n", path, e.where.line, e.where.col, e.msg);
        }
    }
    arena_release(&a);
    return good;
}

static void test_real(void)
{
    glob_t g = {0};
    size_t good = 0;
    (void)glob("/usr/share/postgresql/*/extension/*.sql", 0, NULL, &g);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        good += splits(g.gl_pathv[i]) ? 1 : 0;
    }
    is_int(good, g.gl_pathc, "every extension script on this machine splits");
    globfree(&g);
}

/* Statements of many kinds, until the text is several pieces long; each begins a line. */
static const char *const units[] = {
    "CREATE TABLE s.t (id int, t text DEFAULT 'a;b');",
    "INSERT INTO s.t VALUES (1, 'it''s; fine'), (2, $$;$$);",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END;",
    "/* ; 'no /* ; */ end */ SELECT /* x */ * FROM a.b; -- it's; one line",
    "ALTER TABLE t ALTER c SET EXPRESSION AS (x);",
    "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2);",
    "DO $x$ BEGIN PERFORM ';'; END $x$;",
    "UPDATE s.t SET t = E'\\';' WHERE id = 1_000;",
    "\\echo it's; a \"line for psql",
};

static void test_pieces(void)
{
    struct arena a = {0};
    struct buf text = {0};
    struct err e = {0};
    struct script s;
    struct statement_room room;
    size_t n_units = sizeof units / sizeof units[0], n = 0, k = 0, wrong = 0;
    while (text.n < 1500000) {
        buf_printf(&text, "%s\n", units[n++ % n_units]);
    }
    is_int(script_parse(&a, "t.sql", buf_bytes(&text), &s, &e), 0, "a long file");
    for (size_t i = 0; i < n; i++) {
        const char *unit = units[i % n_units];
        if (unit[0] == '\\') {
            continue;
        }
        const struct statement *st = script_at(&s, k++, &room);
        const char *want = unit[0] == '/' ? strstr(unit, "SELECT") : unit;
        size_t len = k > s.n ? 0 : st->text.n;
        int first = (int)(i % n_units) + 1; /* the line of the first that does the same */
        int touched = st->touches.n > 0 ? st->touches.v[0].line : first;
        wrong += k > s.n || st->line != (int)i + 1 || strncmp(want, st->text.p, len) != 0 ||
                 want[len] != ';' || (touched != first && touched != st->line);
    }
    is_int((long long)s.n, (long long)k, "has all its statements");
    is_int((long long)wrong, 0, "each whole and in its place; its touches where they were first");
    buf_puts(&text, "SELECT 1;\nSELECT 'no end");
    int rc = script_parse(&a, "t.sql", buf_bytes(&text), &s, &e);
    ok(rc == -1 && e.where.line == (int)n + 2 && e.where.col == 8 &&
           strcmp(e.msg, "unterminated quoted string") == 0,
       "what is not terminated in the last piece has its place");
    buf_release(&text);
    arena_release(&a);
}

static const struct {
    const char *name, *last; /* behind the rows */
    int64_t rows;            /* more than those before */
    const char *touches;
} endings[] = {
    {"an INSERT longer than a piece", ";", 0, "write table s.t"},
    {"with a conflict clause",
     "\nON CONFLICT (id) DO UPDATE SET t = (SELECT x FROM z.z) RETURNING id;", 0,
     "write table s.t, read table z.z"},
    {"with a sequence in its last row", ",\n(nextval('q.q'), 'x');", 1,
     "write table s.t, write sequence q.q"},
    {"with code in its last row", ",\n(evil.f(), 'x');", ROWS_UNKNOWN,
     "write table s.t, reference function evil.f OPAQUE"},
    {"that the grammar does not know at its end", ", (1, 'x') NEWER CLAUSE;", ROWS_UNKNOWN,
     " UNREAD OPAQUE"},
    {"whose last row holds a mark", ", (1, '\xE2\x80\x8E');", 1, "write table s.t"},
};

static void test_long_insert(size_t i)
{
    struct arena a = {0};
    struct buf text = {0};
    struct buf seen = {0};
    struct err e = {0};
    struct script s;
    int64_t rows = 1;
    buf_puts(&text, "SELECT 1;\nINSERT INTO s.t (id, t) VALUES\n(0, 'first')");
    for (; text.n < 900000; rows++) {
        buf_printf(&text, ",\n(%lld, 'row; (%lld, ''q''')", (long long)rows, (long long)rows);
    }
    buf_printf(&text, "%s\nSELECT 2", endings[i].last);
    is_int(script_parse(&a, "t.sql", buf_bytes(&text), &s, &e), 0, endings[i].name);
    bool three = s.n == 3;
    struct statement_room room, last;
    const struct statement *st = script_at(&s, three ? 1 : 0, &room);
    ok(three && st->text.n > 890000 && st->text.p[st->text.n] == ';' && st->line == 2,
       "is one statement");
    const struct statement *behind = script_at(&s, three ? 2 : 0, &last);
    ok(three && strcmp(behind->tag, "SELECT") == 0 && behind->line > (int)rows,
       "what follows has its place");
    is_int(st->rows, endings[i].rows < 0 ? ROWS_UNKNOWN : rows + endings[i].rows,
           "its rows are counted");
    sql_touches(&a, st, &seen);
    is_str(buf_str(&seen), endings[i].touches, "its touches");
    ok(st->touches.n < 2 || st->touches.v[1].line > (int)rows, "those of the end have their line");
    buf_release(&text);
    buf_release(&seen);
    arena_release(&a);
}

int main(void)
{
    struct arena a = {0};
    size_t n = sizeof cases / sizeof cases[0];
    tap_plan((int)n + 37 + 4 + 6 * (int)(sizeof endings / sizeof endings[0]));
    for (size_t i = 0; i < n; i++) {
        char name[40];
        snprintf(name, sizeof name, "split case %zu", i + 1);
        is_str(sql_text(&a, cases[i].sql, sql_where), cases[i].want, name);
    }
    arena_release(&a);
    test_facts();
    test_errors();
    test_depth();
    test_many();
    test_real();
    test_pieces();
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        test_long_insert(i);
    }
    script_shutdown();
    return tap_done();
}
