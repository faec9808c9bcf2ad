/* layer: base */
#include "tap.h"

#include "base/bytes.h"

#define LITERAL(s)                                                                                 \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static void test_check(void)
{
    static const struct {
        struct bytes text;
        long at; /* -1: good */
        const char *what;
    } rows[] = {
        {LITERAL(""), -1, ""},
        {LITERAL("plain\tx\r\n"), -1, ""},
        {LITERAL("é€😀\x7f"), -1, ""},
        {LITERAL("\xef\xbf\xbd"), -1, ""},
        {LITERAL("\xf4\x8f\xbf\xbf"), -1, ""},
        {LITERAL("\xee\x80\x80"), -1, ""},
        {LITERAL("ab\0c"), 2, "NUL byte"},
        {LITERAL("ab\x1b[1m"), 2, "control character"},
        {LITERAL("\x0b"), 0, "control character"},
        {LITERAL("\xef\xbb\xbfx"), 0, "byte order mark"},
        {LITERAL("x\xef\xbb\xbf"), 1, "byte order mark"},
        {LITERAL("a\xe2\x80\xae"), 1, "bidirectional control character"},
        {LITERAL("\xe2\x80\xaa"), 0, "bidirectional control character"},
        {LITERAL("\xe2\x81\xa6"), 0, "bidirectional control character"},
        {LITERAL("\xe2\x81\xa9"), 0, "bidirectional control character"},
        {LITERAL("\xe2\x80\x8e"), 0, "bidirectional control character"},
        {LITERAL("\xe2\x80\x8f"), 0, "bidirectional control character"},
        {LITERAL("\xd8\x9c"), 0, "bidirectional control character"},
        {LITERAL("\xe2\x81\xaa"), -1, ""},
        {LITERAL("a\x80"), 1, "byte that is not UTF-8"},
        {LITERAL("a\xff"), 1, "byte that is not UTF-8"},
        {LITERAL("\xc0\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("\xc1\xbf"), 0, "byte that is not UTF-8"},
        {LITERAL("\xe0\x80\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("\xe0\x9f\xbf"), 0, "byte that is not UTF-8"},
        {LITERAL("\xf0\x80\x80\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("\xf0\x8f\xbf\xbf"), 0, "byte that is not UTF-8"},
        {LITERAL("\xed\xa0\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("\xed\xbf\xbf"), 0, "byte that is not UTF-8"},
        {LITERAL("\xf4\x90\x80\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("\xf5\x80\x80\x80"), 0, "byte that is not UTF-8"},
        {LITERAL("ok\xe2\x82"), 2, "byte that is not UTF-8"},
        {LITERAL("\xe2\x28\xa1"), 0, "byte that is not UTF-8"},
        {LITERAL("\xc3"), 0, "byte that is not UTF-8"},
        {LITERAL("\xf8\x88\x80\x80\x80"), 0, "byte that is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = 999;
        const char *what = "";
        int rc = text_check(rows[i].text, &at, &what);
        long got = rc == 0 ? -1 : (long)at;
        is_int(got, rows[i].at, "text_check: the offset");
        is_str(what, rows[i].what, "text_check: the name");
    }
}

static void test_place(void)
{
    static const struct {
        const char *text;
        size_t offset;
        int line, col;
    } rows[] = {
        {"", 0, 1, 1},       {"abc", 2, 1, 3},    {"a\nb", 2, 2, 1},
        {"a\nb", 1, 1, 2},   {"a\r\nb", 3, 2, 1}, {"a\rb", 2, 2, 1},
        {"\n\n\n", 3, 4, 1}, {"é\nüx", 5, 2, 3},  {"a\r\n\r\nb", 5, 3, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int line = 0;
        int col = 0;
        text_place(bytes_str(rows[i].text), rows[i].offset, &line, &col);
        ok(line == rows[i].line && col == rows[i].col, "text_place");
    }
}

static void test_safe(void)
{
    static const struct {
        struct bytes text;
        const char *safe;
    } rows[] = {
        {LITERAL("plain é€😀"), "plain é€😀"}, {LITERAL("a\x1b[31m\n"), "a\\x1b[31m\\x0a"},
        {LITERAL("\0\x7f"), "\\x00\\x7f"},   {LITERAL("\xc2\x9b"), "\\xc2\\x9b"},
        {LITERAL("\xc2\xa0"), "\xc2\xa0"},   {LITERAL("\xe2\x80\xae"), "\\xe2\\x80\\xae"},
        {LITERAL("\xff\xc3"), "\\xff\\xc3"}, {LITERAL("\xe2\x82z"), "\\xe2\\x82z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};
        text_safe(&out, rows[i].text);
        is_str(buf_str(&out), rows[i].safe, "text_safe");
        buf_release(&out);
    }
}

static void test_characters(void)
{
    uint32_t code = 0;
    is_int(text_char("", 0, &code), 0, "nothing is no character");
    ok(text_char("€x", 4, &code) == 3 && code == 0x20AC, "a character of three bytes");
    ok(text_char("😀", 4, &code) == 4 && code == 0x1F600, "a character of four bytes");
    is_int(text_char("😀", 3, &code), 0, "half of one is none");
    is_int(text_cut(bytes_str("aé"), 9), 3, "a short text is not cut");
    is_int(text_cut(bytes_str("aéb"), 2), 1, "a cut splits no character");
    is_int(text_cut(bytes_str("aéb"), 3), 3, "a cut may fall behind one");
    is_int(text_cut(bytes_str("é"), 0), 0, "a cut may leave nothing");
}

static void test_distance(void)
{
    static const struct {
        const char *a, *b;
        size_t distance;
        bool is_near;
    } rows[] = {
        {"scope", "scope", 0, true},
        {"scopes", "scope", 1, true},
        {"socpe", "scope", 1, true},
        {"", "abc", 3, false},
        {"id", "to", 2, false},
        {"ID", "id", 0, true},
        {"kind", "mind", 1, true},
        {"abcd", "dcba", 3, false},
        {"depends", "depend_on", 3, false},
        {"dependson", "depends_on", 1, true},
        {"requires_rolback", "requires_rollback", 1, true},
        {"invariants", "varients", 3, true},
        {"abc", "xyz", 3, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes a = bytes_str(rows[i].a);
        struct bytes b = bytes_str(rows[i].b);
        is_int(text_distance(a, b), rows[i].distance, rows[i].a);
        is_int(text_distance(b, a), rows[i].distance, "and the other way round");
        ok(text_is_near(a, b) == rows[i].is_near, "text_is_near");
    }
    static const char longer[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    ok(!text_is_near(bytes_str(longer), bytes_str(longer)), "very long texts are not compared");
}

/* What is encoded is ASCII and comes back; what merely looks encoded does, too. */
static void test_encode(void)
{
    static const struct {
        struct bytes plain;
        const char *encoded;
    } rows[] = {
        {LITERAL(""), ""},
        {LITERAL("table app.t"), "table app.t"},
        {LITERAL("~ !\"'\\{}"), "~ !\"'\\{}"},
        {LITERAL("100%"), "100%25"},
        {LITERAL("a%7Fb"), "a%257Fb"},
        {LITERAL("a\x7f\n\t\x01\x1b"), "a%7F%0A%09%01%1B"},
        {LITERAL("größe"), "gr%C3%B6%C3%9Fe"},
        {LITERAL("\xff\xc3\xed\xa0\x80"), "%FF%C3%ED%A0%80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = {0};
        struct buf back = {0};
        text_encode(&out, rows[i].plain);
        is_str(buf_str(&out), rows[i].encoded, "text_encode");
        text_decode(&back, buf_bytes(&out));
        ok(bytes_eq(buf_bytes(&back), rows[i].plain), "text_decode brings it back");
        buf_release(&out);
        buf_release(&back);
    }
    static const char *const loose[] = {"%", "%4", "%zz", "%4g", "100%", "%c3", "a%"};
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        struct buf back = {0};
        text_decode(&back, bytes_str(loose[i]));
        is_str(buf_str(&back), loose[i], "what is not encoded stays");
        buf_release(&back);
    }
}

int main(void)
{
    tap_plan(70 + 9 + 8 + 8 + 40 + 23);
    test_encode();
    test_check();
    test_place();
    test_safe();
    test_characters();
    test_distance();
    return tap_done();
}
