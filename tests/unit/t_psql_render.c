/* layer: sql */
/* Files for psql: what stands for what, where a variable is none, which commands count and which are refused. The
 * same against the real psql: tests/live/test_psql_files.py. */
#include "sql/psql_render.h"

#include <string.h>

#include "tap.h"

static struct variable have[] = {{.name = "N", .value = "3"}, {.name = "WHO", .value = "a b"}};
static const struct variables values = {.env = "dev", .v = have, .n = 2};

/* clang-format off */
/* text, what is sent of it, the faults joined by " | ". */
static const struct {
    const char *name, *text, *want, *faults;
} rows[] = {
    {"nothing", "SELECT 1;", "SELECT 1;", ""},
    {"as it stands", "SELECT :N;", "SELECT 3;", ""},
    {"as a literal", "SELECT :'WHO';", "SELECT 'a b';", ""},
    {"as an identifier", "SELECT :\"WHO\";", "SELECT \"a b\";", ""},
    {"a quote in a literal", "\\set x 'a''b'\n:'x'", "             \n'a''b'", ""},
    {"a backslash in a literal", "\\set x 'a\\\\b'\n:'x'", "             \n E'a\\\\b'", ""},
    {"a quote in an identifier", "\\set x a\"b\"\n:\"x\"", "           \n\"a\"\"b\"\"\"", ""},
    {"one that nobody sets", "a[1:n] :x :'x' :\"x\"", "a[1:n] :x :'x' :\"x\"", ""},
    {"a number", "a[1:2]", "a[1:2]", ""},
    {"a cast", "x::N", "x::N", ""},
    {"an assignment", "f(N:=1)", "f(N:=1)", ""},
    {"three colons", "x:::N", "x::3", ""},
    {"a colon at the end", "x:", "x:", ""},
    {"in quotes", "':N' \":N\" E'\\':N' ", "':N' \":N\" E'\\':N' ", ""},
    {"behind quotes", "'it''s':N E'\\'':N", "'it''s'3 E'\\''3", ""},
    {"a word that ends in e", "type':N' size'\\':N", "type':N' size'\\'3", ""},
    {"in dollars", "$$:N$$ $a$:N$$:N$a$:N", "$$:N$$ $a$:N$$:N$a$3", ""},
    {"a parameter", "$1:N $", "$13 $", ""},
    {"dollars in a word", "a$b$:N", "a$b$3", ""},
    {"comments", "-- :N '\n/* :N /* ' */ :N */:N", "-- :N '\n/* :N /* ' */ :N */3", ""},
    {"no comment", "1-:N/:N", "1-3/3", ""},
    {"is it set", ":{?N} :{?x} :{?USER} :{N}", "TRUE FALSE TRUE :{N}", ""},
    {"set", "\\set x 1 'b c'\n:x", "              \n1b c", ""},
    {"set nothing", "\\set\n\\set x\n:'x'", "    \n      \n''", ""},
    {"set with octal and hex", "\\set x '\\101\\x42\\x4\\q'\n:x", "                      \nAB\x04q", ""},
    {"unset", "\\set x 1\n\\unset x\n:x", "        \n        \n:x", ""},
    {"two on a line", "\\set x 1\\set y 2\\\\:x:y", "                  12", ""},
    {"a value in a value", "\\set x :N\n\\set y ':x+:x'\n:y", "         \n              \n3+3", ""},
    {"itself in a value", "\\set x ':x'\n:x", "           \n", "p:2:1: :x stands in its own value"},
    {"a command in a value", "\\set x '\\\\q'\n:x", "            \n", "p:2:1: a value has a backslash in it, behind which psql reads a command"},
    {"a value that opens quotes", "\\set x ''''\n:x:N'", "           \n':N'", ""},
    {"if", "\\if on\n1\n\\else\n2\n\\endif\n3", "      \n1\n     \n \n      \n3", ""},
    {"if not", "\\if off\n1\n\\elif yes\n2\n\\elif yes\n3\n\\else\n4\n\\endif", "       \n \n         \n2\n         \n \n     \n \n      ", ""},
    {"in what is left out", "\\if 0\n\\if x\n\\else\n\\endif\n\\set y 1\n\\! x\n:USER\n\\endif\n:y", "     \n     \n     \n      \n        \n    \n     \n      \n:y", ""},
    {"no boolean", "\\if :WHO\n\\endif", "        \n      ", "p:1:1: \\if a b: it is neither true nor false"},
    {"o alone", "\\if o\n\\elif 2\n\\endif", "     \n       \n      ", "p:1:1: \\if o: it is neither true nor false | p:2:1: \\elif 2: it is neither true nor false"},
    {"no endif", " \\if 1", "      ", "p:1:2: \\if without an \\endif"},
    {"no if", "\\endif\n\\else", "      \n     ", "p:1:1: \\endif without an \\if | p:2:1: \\else without an \\if"},
    {"two elses", "\\if 1\n\\else\n\\else\n\\endif", "     \n     \n     \n      ", "p:3:1: \\else behind an \\else"},
    {"quit", "1;\n\\q\n2;'\n\\x", "1;\n  \n   \n  ", ""},
    {"g", "SELECT 1 \\g\n2\\gx", "SELECT 1 ; \n2;  ", ""},
    {"g into a file", "1 \\g x", "1 ;   ", "p:1:3: \\g x puts rows into a file or a program"},
    {"held back", "1\\;2\\:N", "1; 2: N", ""},
    {"shown", "\\echo :N 'x'\n\\timing\\\\1", "            \n         1", ""},
    {"an open string", "\\echo 'x", "        ", "p:1:7: a quoted string of a command does not end on its line"},
    {"backquotes", "\\set x `date`", "             ", "p:1:8: text in backquotes is a program that psql runs"},
    {"settings", "\\set ON_ERROR_STOP\n\\set ON_ERROR_ROLLBACK interactive\n\\set AUTOCOMMIT 1", "                  \n                                  \n                 ", ""},
    {"settings that count", "\\set ON_ERROR_STOP 0\n\\set AUTOCOMMIT off", "                    \n                   ", "p:1:1: \\set ON_ERROR_STOP 0: the first error ends a migration, and undoes it | p:2:1: \\set AUTOCOMMIT off: kfmig owns the transaction"},
    {"a name that is none", "\\set a-b 1", "          ", "p:1:1: \"a-b\" is no name of a variable"},
    {"a line end in a value", "\\set a 'x\\ny'", "             ", "p:1:1: the value of a has a line end in it"},
    {"encoding", "\\encoding utf8\n\\encoding LATIN1", "              \n                ", "p:2:1: \\encoding LATIN1: files are UTF-8"},
    {"what psql knows itself", "SELECT :'USER'", "SELECT 'user'", "p:1:8: :USER is what psql is told by its session"},
    {"a declared one without a value", "SELECT :LATER", "SELECT later", "p:1:8: :LATER has no value in environment \"dev\""},
    {"gset", "SELECT 1 \\gset", "SELECT 1      ", "p:1:10: psql's \\gset is not rendered: its value is known only while it runs"},
    {"another file", "\n\\ir x.sql", "\n         ", "p:2:1: psql's \\ir is not rendered: what is run stands in another file"},
    {"the machine", "\\! rm\n\\o x", "     \n    ", "p:1:1: psql's \\! is not rendered: it acts on the machine where psql runs | p:2:1: psql's \\o is not rendered: it acts on the machine where psql runs"},
    {"another database", "\\c x", "    ", "p:1:1: psql's \\c is not rendered: the environment names the database and the role"},
    {"what is not known", "\\dt+ x\n\\", "      \n ", "p:1:1: psql's \\dt+ is not rendered: the text does not say what it does | p:2:1: psql's \\ is not rendered: the text does not say what it does"},
    {"rows", "COPY t FROM STDIN;\n:N\\x\n\\.\n:N", "COPY t FROM STDIN;\n:N\\x\n\\.\n3", ""},
    {"rows with options", "copy t (a) from stdin csv;\r\n:N\r\n\\.\r\n:N", "copy t (a) from stdin csv;\r\n:N\r\n\\.\r\n3", ""},
    {"rows without an end", "COPY t FROM STDIN;\n:N", "COPY t FROM STDIN;\n:N", ""},
    {"no rows", "COPY (SELECT a FROM stdin) TO STDOUT; SELECT FROM stdin; :N", "COPY (SELECT a FROM stdin) TO STDOUT; SELECT FROM stdin; 3", ""},
    {"copy", "\\copy t (a) from stdin csv ;\n:N\n\\.\n:N", "COPY  t (a) from stdin csv;\n:N\n\\.\n3", ""},
    {"copy of a file", "\\copy t from 'stdin'\n:N", "                    \n3", "p:1:1: \\copy reads or writes a file of the machine where psql runs"},
    {"copy to", "\\copy (select from stdin) to stdout", "                                   ", "p:1:1: \\copy reads or writes a file of the machine where psql runs"},
    {"rows end without a copy", "\\.\n", "  \n", "p:1:1: psql's \\. is not rendered: it ends the rows of a COPY ... FROM STDIN, and there is none before it"},
};
/* clang-format on */

static const char *said(struct arena *a, const struct err_list *l)
{
    const char *out = "";
    for (size_t i = 0; i < l->n; i++) {
        out = arena_printf(a, "%s%s%s:%d:%d: %s", out, i > 0 ? " | " : "", l->v[i].where.path,
                           l->v[i].where.line, l->v[i].where.col, l->v[i].msg);
    }
    return out;
}

static const char *rendered(struct arena *a, const char *text, const struct variables *of,
                            const char **faults)
{
    static const char *const names[] = {"N", "WHO", "LATER"};
    struct names declared = {0};
    struct err_list list = {0};
    struct bytes out;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        names_add(a, &declared, names[i]);
    }
    psql_render(a, &declared, of, "p", bytes_str(text), &out, &list);
    *faults = said(a, &list);
    err_list_release(&list);
    return arena_strndup(a, out.p, out.n);
}

static void test_rows(struct arena *a)
{
    const char *faults;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_str(rendered(a, rows[i].text, &values, &faults), rows[i].want, rows[i].name);
        is_str(faults, rows[i].faults, "and this is said");
    }
}

/* Where no environment is known a name stands for its value, and a condition upon it holds. */
static void test_unknown(struct arena *a)
{
    const char *faults;
    is_str(rendered(a, "SELECT :'WHO', :LATER;", NULL, &faults), "SELECT 'who', later;",
           "names stand for values");
    is_str(faults, "", "and that is no fault");
    is_str(rendered(a, "\\if :N\n1\n\\else\n2\n\\endif", NULL, &faults),
           "      \n1\n     \n \n      ", "the first branch is read");
    is_str(faults, "", "and that is no fault");
    (void)rendered(a, "\\if x\n\\endif", NULL, &faults);
    is_str(faults, "p:1:1: \\if x: it is neither true nor false", "what is no variable is known");
}

static void test_nested(struct arena *a)
{
    const char *faults;
    struct buf text = {0};
    for (int i = 0; i < 65; i++) {
        buf_puts(&text, "\\if 1\n");
    }
    (void)rendered(a, buf_str(&text), &values, &faults);
    is_str(faults, "p:65:1: more than 64 \\if in each other", "there is an end to it");
    buf_release(&text);
}

int main(void)
{
    struct arena a = {0};
    tap_plan(2 * (int)(sizeof rows / sizeof *rows) + 6);
    test_rows(&a);
    test_unknown(&a);
    test_nested(&a);
    arena_release(&a);
    return tap_done();
}
