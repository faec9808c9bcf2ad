/* layer: base */
#include "tap.h"

#include <stdlib.h>

#include "base/digest.h"

static const char *text_of(struct digest d)
{
    static char out[DIGEST_TEXT];
    return digest_text(&d, out);
}

static void test_vectors(void)
{
    /* FIPS 180-4 examples */
    static const struct {
        const char *text;
        const char *digest;
    } rows[] = {
        {"", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        is_str(text_of(digest_of(bytes_str(rows[i].text))), rows[i].digest,
               "SHA-256 of an example");
    }
    struct buf b = {0};
    for (int i = 0; i < 1000000; i++) {
        buf_putc(&b, 'a');
    }
    is_str(text_of(digest_of(buf_bytes(&b))),
           "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
           "SHA-256 of a million a");
    buf_release(&b);
    is_str(text_of(digest_of(bytes_of(NULL, 0))), rows[0].digest, "SHA-256 of no bytes at all");
}

static void test_parsing(void)
{
    static const char hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const struct {
        const char *before, *after;
        int cut;
    } bad[] = {
        {"", "", 64},         {"sha256", "", 64},  {"SHA256:", "", 64},  {"sha256:", "0", 64},
        {"sha256:", "", 63},  {"sha256:", "", 0},  {"sha256:", "A", 63}, {"sha256:", "g", 63},
        {"sha256: ", "", 63}, {"sha512:", "", 64},
    };
    char text[100];
    struct digest d;
    (void)snprintf(text, sizeof text, "sha256:%s", hex);
    is_int(digest_parse(text, &d), 0, "a digest is read");
    is_str(text_of(d), text, "and written the same");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%.*s%s", bad[i].before, bad[i].cut, hex, bad[i].after);
        is_int(digest_parse(text, &d), -1, text);
    }
    struct digest zero = {0};
    struct digest one = digest_of(bytes_str("x"));
    struct digest same = one;
    ok(digest_is_zero(&zero) && !digest_is_zero(&one), "a zero digest is told from others");
    ok(digest_eq(&one, &same) && !digest_eq(&one, &zero), "digests compare");
}

static struct digest framed(const char *domain, const char *name, const char *value,
                            const char *name2, const char *value2)
{
    struct digester *d = digester_open(domain);
    digester_field(d, name, bytes_str(value));
    if (name2 != NULL) {
        digester_field(d, name2, bytes_str(value2));
    }
    return digester_close(d);
}

static void test_framing(void)
{
    struct digest base = framed("d", "ab", "cd", NULL, NULL);
    struct digest again = framed("d", "ab", "cd", NULL, NULL);
    struct digest moved = framed("d", "abc", "d", NULL, NULL);
    struct digest domain = framed("e", "ab", "cd", NULL, NULL);
    struct digest two = framed("d", "ab", "", "cd", "");
    struct digest swapped = framed("d", "cd", "", "ab", "");
    ok(digest_eq(&base, &again), "the same fields give the same digest");
    ok(!digest_eq(&base, &moved), "a byte moved from value to name changes it");
    ok(!digest_eq(&base, &domain), "the domain counts");
    ok(!digest_eq(&base, &two) && !digest_eq(&two, &swapped),
       "the number and the order of fields count");
    is_str(
        text_of(digest_of(bytes_of("\0\0\0\0\0\0\0\1d\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\2cd", 29))),
        text_of(base), "the frame is what the header says");
    struct digester *outer = digester_open("");
    digester_raw(outer, bytes_str("abc"));
    struct digest inner = framed("d", "ab", "cd", NULL, NULL);
    struct digest raw = digester_close(outer);
    ok(digest_eq(&inner, &base), "digesters may be open at the same time");
    struct digest want = digest_of(bytes_of("\0\0\0\0\0\0\0\0abc", 11));
    ok(digest_eq(&raw, &want), "raw bytes have no frame");
}

static void test_hints(void)
{
    struct hint a = hint_of(bytes_str("abc"));
    struct hint b = hint_of(bytes_str("abc"));
    struct hint c = hint_of(bytes_str("abd"));
    ok(a.lo == b.lo && a.hi == b.hi, "the same bytes give the same hint");
    ok(a.lo != c.lo && a.hi != c.hi, "other bytes another");
    struct hint none = hint_of(bytes_of(NULL, 0));
    ok(none.lo != 0 || none.hi != 0, "no bytes have a hint too");
}

static void test_hex(void)
{
    static const uint8_t bytes[] = {0x00, 0x9f, 0xff};
    char out[7];
    uint8_t back[3] = {0};
    hex_encode(bytes, 3, out);
    is_str(out, "009fff", "hex_encode");
    ok(hex_decode(out, 3, back) == 0 && memcmp(back, bytes, 3) == 0, "hex_decode");
    is_int(hex_decode("009ff", 3, back), -1, "too few digits");
    is_int(hex_decode("009fff0", 3, back), -1, "too many digits");
    is_int(hex_decode("009fFF", 3, back), -1, "upper case");
    is_int(hex_decode("", 0, back), 0, "nothing is nothing");
}

static void test_random(void)
{
    char a[37];
    char b[37];
    random_uuid(a);
    random_uuid(b);
    ok(strlen(a) == 36 && strspn(a, "0123456789abcdef-") == 36, "a uuid has 36 characters");
    ok(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-', "with dashes in their places");
    ok(a[14] == '4' && strchr("89ab", a[19]) != NULL, "of version 4");
    ok(strcmp(a, b) != 0, "and another one each time");
}

int main(void)
{
    tap_plan(5 + 14 + 7 + 3 + 6 + 4);
    test_vectors();
    test_parsing();
    test_framing();
    test_hints();
    test_hex();
    test_random();
    return tap_done();
}
