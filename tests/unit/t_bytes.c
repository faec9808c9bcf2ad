/* layer: base */
#include "tap.h"

#include "base/bytes.h"

static void test_views(void)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {{"", "", 0},   {"a", "a", 0},   {"a", "b", -1},
                {"b", "a", 1}, {"a", "aa", -1}, {"\x80", "a", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes a = bytes_str(rows[i].a);
        struct bytes b = bytes_str(rows[i].b);
        int c = bytes_cmp(a, b);
        is_int((c > 0) - (c < 0), rows[i].order, "bytes_cmp");
        ok(bytes_eq(a, b) == (rows[i].order == 0), "bytes_eq");
    }
    ok(bytes_eq(bytes_of(NULL, 0), bytes_of("", 0)), "nothing is equal to nothing");
    is_int(bytes_cmp(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0, "and compares equal");
}

static void test_mentions(void)
{
    ok(bytes_mention(bytes_str("SET Track_Counts = off"), "track_counts"), "in any case");
    ok(bytes_mention(bytes_str("xxtoken"), "token"), "at the end");
    ok(bytes_mention(bytes_str("ttoken"), "token"), "behind what only begins like it");
    ok(!bytes_mention(bytes_str("toke"), "token"), "not a part of it");
    ok(!bytes_mention(bytes_of("token", 4), "token"), "not past the end");
    ok(!bytes_mention(bytes_of(NULL, 0), "token"), "not in nothing");
    ok(bytes_mention(bytes_str("postgres://a"), "://"), "also what is no letter");
}

static void test_buffers(void)
{
    struct buf b = {0};
    is_str(buf_str(&b), "", "an empty buffer is an empty text");
    buf_clear(&b);
    buf_add(&b, NULL, 0);
    is_str(buf_str(&b), "", "adding nothing is harmless");
    buf_puts(&b, "abc");
    buf_putc(&b, '-');
    buf_printf(&b, "%d %s", 42, "words");
    buf_add(&b, "\0x", 2);
    is_int(b.n, 14, "bytes are counted, NUL too");
    is_str(buf_str(&b), "abc-42 words", "text is appended in order");
    ok(b.p[b.n] == '\0', "a NUL follows");
    buf_clear(&b);
    ok(b.n == 0 && b.p[0] == '\0' && b.cap > 0, "a cleared buffer keeps its memory");
    for (int i = 0; i < 10000; i++) {
        buf_printf(&b, "%d", i % 10);
    }
    ok(b.n == 10000 && b.p[9999] == '9', "a buffer grows");
    is_int(buf_bytes(&b).n, 10000, "buf_bytes shows all of it");
    buf_release(&b);
    ok(b.p == NULL && b.n == 0 && b.cap == 0, "a released buffer is empty");
}

static void test_limits(void)
{
    struct buf b = {.limit = 4};
    buf_puts(&b, "abcd");
    ok(!b.overflow && b.n == 4, "the limit itself is allowed");
    buf_puts(&b, "e");
    ok(b.overflow && b.n == 4, "one byte more is not");
    buf_clear(&b);
    buf_puts(&b, "abc");
    buf_puts(&b, "de");
    buf_puts(&b, "f");
    is_str(buf_str(&b), "abc",
           "after an overflow nothing is added, so that no part is missing inside");
    buf_clear(&b);
    buf_printf(&b, "%d", 12345);
    ok(b.overflow && b.n == 0, "the limit holds for formatted text");
    buf_release(&b);
    is_int(b.limit, 4, "a released buffer keeps its limit");
}

int main(void)
{
    tap_plan(14 + 7 + 9 + 5);
    test_views();
    test_mentions();
    test_buffers();
    test_limits();
    return tap_done();
}
