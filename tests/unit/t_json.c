/* layer: doc */
#include "tap.h"

#include "doc/canon.h"
#include "doc/json.h"

#define LITERAL(s)                                                                                 \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static void test_good(void)
{
    static const struct {
        const char *json, *canon;
    } rows[] = {
        {"null", "null"},
        {" true ", "true"},
        {"false\n", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"-12", "-12"},
        {"9007199254740991", "9007199254740991"},
        {"-9007199254740991", "-9007199254740991"},
        {"\"\"", "\"\""},
        {"\"a\\\"\\\\\\/\\n\\r\\t\"", "\"a\\\"\\\\/\\n\\r\\t\""},
        {"\"\\u00e9\\u20AC\\ud83d\\uDE00\"", "\"é€😀\""},
        {"\"é€😀\"", "\"é€😀\""},
        {"\"\\u0041\"", "\"A\""},
        {"\"\\uffff\"", "\"\xef\xbf\xbf\""},
        {"[]", "[]"},
        {"[ ]", "[]"},
        {"{}", "{}"},
        {"{ }", "{}"},
        {"[1,2 , [3]]", "[1,2,[3]]"},
        {"{\"b\":1,\r\n \"a\" : {\"c\":[null]}}", "{\"a\":{\"c\":[null]},\"b\":1}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct buf out = {0};
        const struct doc *d = json_read(&a, bytes_str(rows[i].json), "f.json", &e);
        if (d != NULL) {
            canon_write(&out, d);
        }
        is_str(d == NULL ? e.msg : buf_str(&out), rows[i].canon, rows[i].canon);
        buf_release(&out);
        arena_release(&a);
    }
}

struct bad_row {
    struct bytes json;
    const char *error; /* line:col: message */
};

static const struct bad_row bad_rows[] = {
    {LITERAL(""), "1:1: the file is empty"},
    {LITERAL(" \n "), "2:2: the file is empty"},
    {LITERAL("{\"a\":1,\n \"a\":2}"),
     "2:2: duplicate key \"a\": it stands in line 1 and again in line 2"},
    {LITERAL("{\"a\":1,\"\\u0061\":2}"),
     "1:8: duplicate key \"a\": it stands in line 1 and again in line 1"},
    {LITERAL("[1,]"), "1:4: a comma stands before ']'"},
    {LITERAL("{\"a\":1,}"), "1:8: a comma stands before '}'"},
    {LITERAL("[1 2]"), "1:4: ',' or ']' is expected, not '2'"},
    {LITERAL("[1"), "1:3: ',' or ']' is expected, not the end of the file"},
    {LITERAL("{\"a\":1"), "1:7: ',' or '}' is expected, not the end of the file"},
    {LITERAL("{\"a\" 1}"), "1:6: ':' is expected after the key, not '1'"},
    {LITERAL("{a:1}"), "1:2: a key in double quotes is expected, not 'a'"},
    {LITERAL("{\"a\":}"), "1:6: a value is expected, not '}'"},
    {LITERAL("[é]"), "1:2: a value is expected, not 'é'"},
    {LITERAL("['x']"), "1:2: a value is expected, not '''"},
    {LITERAL("// x\n1"), "1:1: a value is expected, not '/'"},
    {LITERAL("1 2"), "1:3: '2' follows after the end of the value"},
    {LITERAL("{}]"), "1:3: ']' follows after the end of the value"},
    {LITERAL("True"), "1:1: a value is expected, not 'T'"},
    {LITERAL("nul"), "1:1: a value is expected, not 'n'"},
    {LITERAL("nulll"), "1:1: a value is expected, not 'n'"},
    {LITERAL("NaN"), "1:1: a value is expected, not 'N'"},
    {LITERAL("-"), "1:1: a minus without a number"},
    {LITERAL("+1"), "1:1: a value is expected, not '+'"},
    {LITERAL("01"), "1:1: a number starts with 0"},
    {LITERAL("-00"), "1:1: a number starts with 0"},
    {LITERAL("1.5"), "1:1: a number with a fraction or an exponent"},
    {LITERAL("[1, 1e3]"), "1:5: a number with a fraction or an exponent"},
    {LITERAL("1E3"), "1:1: a number with a fraction or an exponent"},
    {LITERAL("9007199254740992"), "1:1: a number is beyond 9007199254740991 (2^53-1)"},
    {LITERAL("-9007199254740992"), "1:1: a number is beyond 9007199254740991 (2^53-1)"},
    {LITERAL("99999999999999999999999999"), "1:1: a number is beyond 9007199254740991 (2^53-1)"},
    {LITERAL("\"abc"), "1:5: a text is not closed"},
    {LITERAL("\"a\nb\""), "1:3: a text is not closed"},
    {LITERAL("\"a\tb\""), "1:3: a tab stands in a text"},
    {LITERAL("\"\\x\""), "1:3: a backslash before 'x' means nothing"},
    {LITERAL("\"\\"), "1:3: a backslash before the end of the file means nothing"},
    {LITERAL("\"\\u12g4\""), "1:6: \\u needs four hexadecimal digits"},
    {LITERAL("\"\\u12"), "1:6: \\u needs four hexadecimal digits"},
    {LITERAL("\"a\\u0000\""), "1:3: NUL byte (U+0000) in a text"},
    {LITERAL("\"\\b\""), "1:2: control character (U+0008) in a text"},
    {LITERAL("\"\\u001b\""), "1:2: control character (U+001B) in a text"},
    {LITERAL("\"\\u202e\""), "1:2: bidirectional control character (U+202E) in a text"},
    {LITERAL("\"\\ufeff\""), "1:2: byte order mark (U+FEFF) in a text"},
    {LITERAL("\"\\ud800\""), "1:8: \\u names half of a surrogate pair"},
    {LITERAL("\"\\ud800x\""), "1:8: \\u names half of a surrogate pair"},
    {LITERAL("\"\\ud800\\u0041\""), "1:14: \\u names half of a surrogate pair"},
    {LITERAL("\"\\udc00\""), "1:8: \\u names half of a surrogate pair"},
    {LITERAL("\xef\xbb\xbf{}"), "1:1: byte order mark (0xef) in the file"},
    {LITERAL("[1,\n\0]"), "2:1: NUL byte (0x00) in the file"},
    {LITERAL("\"\xff\""), "1:2: byte that is not UTF-8 (0xff) in the file"},
};
enum { N_BAD = sizeof bad_rows / sizeof bad_rows[0] };

static void test_bad(void)
{
    for (size_t i = 0; i < N_BAD; i++) {
        struct arena a = {0};
        struct err e = {0};
        char got[600] = "accepted";
        if (json_read(&a, bad_rows[i].json, "f.json", &e) == NULL) {
            (void)snprintf(got, sizeof got, "%d:%d: %s", e.where.line, e.where.col, e.msg);
        }
        is_str(got, bad_rows[i].error, bad_rows[i].error);
        ok(e.code == ERR_CONFIG && strcmp(e.where.path, "f.json") == 0, "the code and the path");
        arena_release(&a);
    }
}

static struct doc *read_nested(struct arena *a, int depth, struct err *e)
{
    struct buf text = {0};
    for (int i = 0; i < depth; i++) {
        buf_putc(&text, '[');
    }
    for (int i = 0; i < depth; i++) {
        buf_putc(&text, ']');
    }
    struct doc *d = json_read(a, buf_bytes(&text), "f.json", e);
    buf_release(&text);
    return d;
}

static void test_limits(void)
{
    struct arena a = {0};
    struct err e = {0};
    ok(read_nested(&a, 64, &e) != NULL, "64 levels are read");
    ok(read_nested(&a, 65, &e) == NULL, "65 are not");
    is_str(e.msg, "lists and maps are nested deeper than 64", "with a message");
    ok(read_nested(&a, 100000, &e) == NULL && e.where.col == 65, "nor 100,000");
    struct doc *d = json_read(&a, bytes_of("x", ((size_t)64 << 20) + 1), "f.json", &e);
    ok(d == NULL && strstr(e.msg, "64 MiB") != NULL, "more than 64 MiB are refused unread");
    d = json_read_own(&a, bytes_of("x", ((size_t)1 << 30) + 1), "f.json", &e);
    ok(d == NULL && strstr(e.msg, "1024 MiB") != NULL, "more than 1 GiB of our own, too");
    struct buf text = {0};
    for (int i = 0; i < 100000; i++) {
        buf_printf(&text, "%s\"k%d\":%d", i == 0 ? "{" : ",", i, i);
    }
    buf_putc(&text, '}');
    d = json_read(&a, buf_bytes(&text), "f.json", &e);
    is_int(doc_len(d), 100000, "a map of 100,000 keys is read");
    text.n--;
    buf_puts(&text, ",\"k77777\":1}");
    ok(json_read(&a, buf_bytes(&text), "f.json", &e) == NULL, "a duplicate is found among them");
    buf_release(&text);
    arena_release(&a);
}

static void test_places(void)
{
    struct arena a = {0};
    struct err e = {0};
    const struct doc *d =
        json_read(&a, bytes_str("{\"é\": [1,\r\n  true],\n\t\"b\":{\"c\":\"x\"}}"), "f.json", &e);
    const struct doc *list = d->item[0];
    ok(d->line == 1 && d->col == 1, "the root");
    ok(d->key[0]->line == 1 && d->key[0]->col == 2, "a key");
    ok(list->line == 1 && list->col == 8, "columns count bytes");
    ok(list->item[1]->line == 2 && list->item[1]->col == 3, "CR LF is one line end");
    ok(d->key[1]->line == 3 && d->key[1]->col == 2, "a tab is one column");
    const struct doc *text = doc_find(d, "b.c");
    ok(text->line == 3 && text->col == 11, "a text");
    is_str(text->path, "f.json", "the path");
    ok(!text->plain && !list->item[0]->plain, "JSON scalars are never plain");
    arena_release(&a);
}

/* What json_read() takes is the same; a literal is "text" here if it is no integer. */
static const struct {
    const char *json, *literal, *error;
} real_rows[] = {
    {"1.5", "1.5", NULL},
    {"-0.0", "-0.0", NULL},
    {"[ -98.50 ]", "-98.50", NULL},
    {"1e3", "1e3", NULL},
    {"1E+03", "1E+03", NULL},
    {"2.5e-300", "2.5e-300", NULL},
    {"1e999999999", "1e999999999", NULL},
    {"9007199254740992", "9007199254740992", NULL},
    {"-9007199254740992.5e1", "-9007199254740992.5e1", NULL},
    {"1.", NULL, "1:3: a digit is expected in the number, not the end of the file"},
    {"[1.e5]", NULL, "1:4: a digit is expected in the number, not 'e'"},
    {"1e", NULL, "1:3: a digit is expected in the number, not the end of the file"},
    {"1e+x", NULL, "1:4: a digit is expected in the number, not 'x'"},
    {"01.5", NULL, "1:1: a number starts with 0"},
    {"-.5", NULL, "1:1: a minus without a number"},
    {".5", NULL, "1:1: a value is expected, not '.'"},
    {"1.5.5", NULL, "1:4: '.' follows after the end of the value"},
    {"NaN", NULL, "1:1: a value is expected, not 'N'"},
    {"-Infinity", NULL, "1:1: a minus without a number"},
    {"{\"a\":1.5,\"a\":2}", NULL,
     "1:10: duplicate key \"a\": it stands in line 1 and again in line 1"},
};
enum { N_REAL = sizeof real_rows / sizeof real_rows[0] };

static void test_reals(void)
{
    for (size_t i = 0; i < N_REAL; i++) {
        struct arena a = {0};
        struct err e = {0};
        char error[600];
        const struct doc *d = json_read_reals(&a, bytes_str(real_rows[i].json), "f.json", &e);
        (void)snprintf(error, sizeof error, "%d:%d: %s", e.where.line, e.where.col, e.msg);
        if (d != NULL && d->type == DOC_LIST) {
            d = d->item[0];
        }
        is_str(d != NULL ? d->text.p : NULL, real_rows[i].literal, real_rows[i].json);
        ok(d == NULL || (d->type == DOC_TEXT && d->plain && d->text.n == strlen(d->text.p)),
           "a literal is plain text");
        is_str(d != NULL ? NULL : error, real_rows[i].error, "or the fault has its place");
        arena_release(&a);
    }
    struct arena a = {0};
    struct err e = {0};
    const struct doc *d = json_read_reals(&a, bytes_str("[12,\"1.5\",-0]"), "f.json", &e);
    ok(d != NULL && d->item[0]->type == DOC_INT && d->item[0]->number == 12, "integers stay so");
    ok(d != NULL && d->item[1]->type == DOC_TEXT && !d->item[1]->plain, "texts are not plain");
    ok(d != NULL && d->item[2]->type == DOC_INT && d->item[2]->number == 0, "minus zero is zero");
    arena_release(&a);
}

int main(void)
{
    tap_plan(21 + 2 * N_BAD + 7 + 8 + 3 * N_REAL + 3);
    test_good();
    test_bad();
    test_limits();
    test_places();
    test_reals();
    return tap_done();
}
