/* layer: doc */
#include "tap.h"

#include <stdlib.h>
#include <time.h>

#include "doc/canon.h"
#include "doc/yaml.h"

#define LITERAL(s)                                                                                 \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static void test_good(void)
{
    static const struct {
        const char *yaml, *canon;
    } rows[] = {
        {"a: 1\n", "{\"a\":\"1\"}"},
        {"a: 1", "{\"a\":\"1\"}"},
        {"---\na: no\n...\n", "{\"a\":\"no\"}"},
        {"# comment\n\n  # more\na: x # rest\n", "{\"a\":\"x\"}"},
        {"a:\nb: ~\n", "{\"a\":\"\",\"b\":\"~\"}"},
        {"a: \"x\\ty\\u00e9\\x41\"\nb: 'it''s'\n", "{\"a\":\"x\\tyéA\",\"b\":\"it's\"}"},
        {"a: |\n  x\n   y\nb: >-\n  p\n  q\n", "{\"a\":\"x\\n y\\n\",\"b\":\"p q\"}"},
        {"- a\n- - b\n  - c\n", "[\"a\",[\"b\",\"c\"]]"},
        {"a: [1, {b: c, d: e}, ]\n", "{\"a\":[\"1\",{\"b\":\"c\",\"d\":\"e\"}]}"},
        {"{}", "{}"},
        {"[]", "[]"},
        {"just text\n", "\"just text\""},
        {"\"\"\n", "\"\""},
        {"a:\r\n  b: c\r\n", "{\"a\":{\"b\":\"c\"}}"},
        {"a: x & y * z ! 1 % 2\n", "{\"a\":\"x & y * z ! 1 % 2\"}"},
        {"a: '<<'\n\"<<\": b\n", "{\"<<\":\"b\",\"a\":\"<<\"}"},
        {"a: '%x'\n", "{\"a\":\"%x\"}"},
        {"a: http://x:1/y\n", "{\"a\":\"http://x:1/y\"}"},
        {"a: é€😀\n", "{\"a\":\"é€😀\"}"},
        {"'': x\n", "{\"\":\"x\"}"},
        {"a: \"\\u2028\"\n", "{\"a\":\"\xe2\x80\xa8\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct buf out = {0};
        const struct doc *d = yaml_read(&a, bytes_str(rows[i].yaml), "f.yml", &e);
        if (d != NULL) {
            canon_write(&out, d);
        }
        is_str(d == NULL ? e.msg : buf_str(&out), rows[i].canon, rows[i].canon);
        buf_release(&out);
        arena_release(&a);
    }
}

struct bad_row {
    struct bytes yaml;
    const char *error; /* line:col: message */
    const char *hint;  /* a part */
};

static const struct bad_row bad_rows[] = {
    {LITERAL("a: 1\nb: 2\na: 3\n"),
     "3:1: duplicate key \"a\": it stands in line 1 and again in line 3", "keep one"},
    {LITERAL("x: {a: 1, \"a\": 2}\n"),
     "1:11: duplicate key \"a\": it stands in line 1 and again in line 1", "keep one"},
    {LITERAL("a: &x 1\n"), "1:4: anchor \"&x\": anchors are not allowed", "write the value out"},
    {LITERAL("a: &x [1]\n"), "1:4: anchor \"&x\": anchors are not allowed", "write the value out"},
    {LITERAL("&x a: 1\n"), "1:1: anchor \"&x\": anchors are not allowed", "write the value out"},
    {LITERAL("a: &x {b: 1}\n"), "1:4: anchor \"&x\": anchors are not allowed",
     "write the value out"},
    {LITERAL("a: 1\nb: *a\n"), "2:4: alias \"*a\": aliases are not allowed", "write the value out"},
    {LITERAL("*a : 1\n"), "1:1: alias \"*a\": aliases are not allowed", "write the value out"},
    {LITERAL("a: *.sql\n"), "1:4: '*' starts an alias: aliases are not allowed",
     "put it in quotes"},
    {LITERAL("a: & b\n"), "1:4: '&' starts an anchor: anchors are not allowed", "put it in quotes"},
    {LITERAL("a: !!str 1\n"), "1:4: tag \"!!str\": tags are not allowed", "write the value out"},
    {LITERAL("a: !x {}\n"), "1:4: tag \"!x\": tags are not allowed", "write the value out"},
    {LITERAL("a: !x!y 1\n"), "1:4: '!' starts a tag: tags are not allowed", "write the value out"},
    {LITERAL("a: !<x> 1\n"), "1:4: tag \"x\": tags are not allowed", "write the value out"},
    {LITERAL("a: 1\n---\nb: 1\n"), "2:1: a second document starts here", "one document"},
    {LITERAL("a: 1\n...\n%YAML 1.2\n---\nb: 1\n"), "3:1: a second document starts here",
     "one document"},
    {LITERAL("<<: {a: 1}\n"), "1:1: merge key \"<<\": merge keys are not allowed",
     "write the value out"},
    {LITERAL("a:\n  b: 1\n  <<: c\n"), "3:3: merge key \"<<\": merge keys are not allowed",
     "write the value out"},
    {LITERAL("%YAML 1.2\n---\na: 1\n"), "1:1: a directive (\"%\" line): directives are not allowed",
     "remove the line"},
    {LITERAL("# c\n\n%TAG ! x\n---\na: 1\n"),
     "3:1: a directive (\"%\" line): directives are not allowed", "remove"},
    {LITERAL("%YAML 3.1\n---\na: 1\n"), "1:1: a directive (\"%\" line): directives are not allowed",
     "remove"},
    {LITERAL(""), "1:1: the file is empty", "key: value"},
    {LITERAL("# only a comment\n"), "1:1: the file is empty", "key: value"},
    {LITERAL("---\n...\n"), "1:1: the file is empty", "key: value"},
    {LITERAL("? [a]\n: b\n"), "1:3: a list or a map stands as a key", "a key is a text"},
    {LITERAL("{{a: 1}: 2}\n"), "1:2: a list or a map stands as a key", "a key is a text"},
    {LITERAL(": b\n"), "1:1: a key is missing before ':'", "key: value"},
    {LITERAL("{: b}\n"), "1:2: a key is missing before ':'", "key: value"},
    {LITERAL("a: ]\n"), "1:4: a value is missing here", "quotes"},
    {LITERAL("[a, , b]\n"), "1:5: a value is missing here", "quotes"},
    {LITERAL("a: ? b\n"), "1:4: a '?' may not stand here", "quotes"},
    {LITERAL("{a:[1]}\n"), "1:3: a ':' may not stand here", "with a blank"},
    {LITERAL("a: b: c\n"), "1:5: a ':' makes a second key here", "quotes"},
    {LITERAL("é: \"ü\" : x\n"), "1:10: a ':' makes a second key here", "quotes"},
    {LITERAL("a:\n\tb: c\n"), "2:1: a tab indents this line", "spaces"},
    {LITERAL("a: \"x\nb: 1\n"), "1:4: a quoted text is not closed", "closing quote"},
    {LITERAL("a: 'x\n"), "1:4: a quoted text is not closed", "closing quote"},
    {LITERAL("a: \"\\q\"\n"), "1:5: an escape in a double-quoted text means nothing", "\\\\"},
    {LITERAL("a: \"\\ud83d\\ude00\"\n"), "1:7: an escape in a double-quoted text means nothing",
     "\\\\"},
    {LITERAL("a: \"x\\0\"\n"), "1:4: NUL byte (0x00) in a text", "escape"},
    {LITERAL("a: \"\\e[1m\"\n"), "1:4: control character (0x1b) in a text", "escape"},
    {LITERAL("\"\\u202e\": 1\n"), "1:1: bidirectional control character (0xe2) in a text",
     "escape"},
    {LITERAL("a: [1, 2\nb: c\n"), "2:2: ',' or ']' is missing in a list", "close the '['"},
    {LITERAL("a: {x: 1\n"), "2:1: ',' or '}' is missing in a map", "close the '{'"},
    {LITERAL("a: 1\n b: 2\n"), "2:3: a ':' makes a second key here", "indentation"},
    {LITERAL("a: 1\nfoo\nb: 2\n"), "2:1: a ':' is missing after this key", "key: value"},
    {LITERAL("- a\nb: 1\n"), "2:1: this line does not belong to the list above it", "indentation"},
    {LITERAL("a: 'x' y\n"), "1:8: this line does not belong to the map above it", "quotes"},
    {LITERAL("a: - b\n"), "1:4: a '-' may not stand here", "line of its own"},
    {LITERAL("a: @x\n"), "1:4: a value may not start with '@'", "quotes"},
    {LITERAL("a: `x`\n"), "1:4: a value may not start with '`'", "quotes"},
    {LITERAL("a: %x\n"), "1:4: a value may not start with '%'", "quotes"},
    {LITERAL("a: |x\n"), "1:5: a block text (| or >) is not written right", "next line"},
    {LITERAL("{}\n{}\n"), "2:1: something stands after the end of the value", "one document"},
    {LITERAL("[a]]\n"), "1:4: something stands after the end of the value", "one document"},
    {LITERAL("\xef\xbb\xbf"
             "a: 1\n"),
     "1:1: byte order mark (0xef) in the file", "UTF-8"},
    {LITERAL("a: 1\nb: \xff\n"), "2:4: byte that is not UTF-8 (0xff) in the file", "UTF-8"},
    {LITERAL("a: \0\n"), "1:4: NUL byte (0x00) in the file", "UTF-8"},
    {LITERAL("a: \x1b\n"), "1:4: control character (0x1b) in the file", "UTF-8"},
    {LITERAL("é: \xe2\x80\xae\n"), "1:5: bidirectional control character (0xe2) in the file",
     "UTF-8"},
    {LITERAL("a: 1\n\x7f\n"), "2:1: control characters are not allowed", "escape"},
    {LITERAL("a: x\xe2\x80\xa8y\n"), "1:5: line separator U+2028 in the file", "\\u2028"},
    {LITERAL("a: x\xc2\x85y\n"), "1:5: line separator U+0085 in the file", "\\u0085"},
};
enum { N_BAD = sizeof bad_rows / sizeof bad_rows[0] };

static void test_bad(void)
{
    for (size_t i = 0; i < N_BAD; i++) {
        struct arena a = {0};
        struct err e = {0};
        char got[600] = "accepted";
        if (yaml_read(&a, bad_rows[i].yaml, "f.yml", &e) == NULL) {
            (void)snprintf(got, sizeof got, "%d:%d: %s", e.where.line, e.where.col, e.msg);
        }
        is_str(got, bad_rows[i].error, bad_rows[i].error);
        ok(strstr(e.hint, bad_rows[i].hint) != NULL, e.hint);
        ok(e.code == ERR_CONFIG && strcmp(e.where.path, "f.yml") == 0, "the code and the path");
        arena_release(&a);
    }
}

/* Reads part n times over, then tail. */
static struct doc *read_repeated(struct arena *a, const char *part, int n, const char *tail,
                                 struct err *e)
{
    struct buf text = {0};
    for (int i = 0; i < n; i++) {
        buf_puts(&text, part);
    }
    buf_puts(&text, tail);
    struct doc *d = yaml_read(a, buf_bytes(&text), "f.yml", e);
    buf_release(&text);
    return d;
}

static void test_limits(void)
{
    static const struct {
        const char *part;
        int n;
        const char *tail, *msg;
    } rows[] = {
        {"[", 33, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "lists and maps are nested deeper than 32"},
        {"- ", 33, "x", "lists and maps are nested deeper than 32"},
        {"[", 100000, "", "lists and maps are nested deeper than 32"},
        {"[\n", 100000, "", "lists and maps are nested deeper than 32"},
        {"[{a: ", 20000, "", "lists and maps are nested deeper than 32"},
        {"{", 100000, "", "a list or a map stands as a key"},
        {"? ", 100000, "", "a list or a map stands as a key"},
    };
    struct arena a = {0};
    struct err e = {0};
    ok(read_repeated(&a, "[", 32, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", &e) != NULL,
       "32 levels are read");
    clock_t start = clock();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ok(read_repeated(&a, rows[i].part, rows[i].n, rows[i].tail, &e) == NULL,
           "too deep a nesting is refused");
        is_str(e.msg, rows[i].msg, "with a message");
    }
    /* Processor time; libyaml alone takes half a minute for each of some of these. */
    ok((double)(clock() - start) / CLOCKS_PER_SEC < 2.0, "and at once");
    ok(read_repeated(&a, "# comment line\n", 17476, "a", &e) != NULL,
       "a file just under 256 KiB is read");
    ok(read_repeated(&a, "# comment line\n", 17477, "a", &e) == NULL, "a larger one is not");
    is_str(e.msg, "the file has 262156 bytes: a YAML file may have 256 KiB", "with its size");
    arena_release(&a);
}

static void test_many_keys(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct buf text = {0};
    for (int i = 0; i < 20000; i++) {
        buf_printf(&text, "k%d: x\n", i);
    }
    const struct doc *d = yaml_read(&a, buf_bytes(&text), "f.yml", &e);
    is_int(doc_len(d), 20000, "a map of 20,000 keys is read");
    buf_puts(&text, "k19: y\n");
    ok(yaml_read(&a, buf_bytes(&text), "f.yml", &e) == NULL, "a duplicate is found among them");
    is_str(e.msg, "duplicate key \"k19\": it stands in line 20 and again in line 20001",
           "with both lines");
    buf_release(&text);
    arena_release(&a);
}

static void test_places(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text = bytes_str("é: [ü, b]\r\nlong:\r\n  - 'q'\r\n  - ñ: \"é\" # 😀\r\n");
    const struct doc *d = yaml_read(&a, text, "f.yml", &e);
    const struct doc *flow = d->item[0];
    const struct doc *block = d->item[1];
    ok(d->line == 1 && d->col == 1, "the root");
    ok(flow->line == 1 && flow->col == 5, "columns count bytes");
    ok(flow->item[1]->line == 1 && flow->item[1]->col == 10, "after two characters of two bytes");
    ok(d->key[1]->line == 2 && d->key[1]->col == 1, "a key after CR LF");
    ok(block->item[0]->line == 3 && block->item[0]->col == 5, "an item");
    const struct doc *inner = block->item[1];
    ok(inner->key[0]->line == 4 && inner->key[0]->col == 5, "an inner key");
    ok(inner->item[0]->line == 4 && inner->item[0]->col == 9, "an inner value");
    ok(flow->item[0]->plain && !block->item[0]->plain && !inner->item[0]->plain,
       "quoted scalars are not plain");
    is_str(inner->path, "f.yml", "the path");
    arena_release(&a);
}

static void test_unterminated(void)
{
    /* The view ends before more text: nothing behind it may be read. */
    static const char text[] = {'#', ' ', 'x', '%', 'Y'};
    struct arena a = {0};
    struct err e = {0};
    char *copy = mem_alloc(3);
    memcpy(copy, text, 3);
    ok(yaml_read(&a, bytes_of(copy, 3), "f.yml", &e) == NULL,
       "a comment without an end is an empty file");
    is_str(e.msg, "the file is empty", "and nothing more");
    free(copy);
    arena_release(&a);
}

int main(void)
{
    tap_plan(21 + 3 * N_BAD + 19 + 3 + 9 + 2);
    test_good();
    test_bad();
    test_limits();
    test_many_keys();
    test_places();
    test_unterminated();
    return tap_done();
}
