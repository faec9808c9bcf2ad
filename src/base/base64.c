/* Base64, strictly: libcrypto's, and nothing that it would not have written itself. */
#include "base/base64.h"

#include <limits.h>
#include <openssl/evp.h>

void base64_write(struct buf *out, struct bytes data)
{
    enum { AT_ONCE = 48 };
    unsigned char text[AT_ONCE / 3 * 4 + 1];
    for (size_t i = 0; i < data.n; i += AT_ONCE) {
        size_t n = data.n - i < AT_ONCE ? data.n - i : AT_ONCE;
        (void)EVP_EncodeBlock(text, (const unsigned char *)data.p + i, (int)n);
        buf_puts(out, (const char *)text);
    }
}

/* Is text what data is written as? So is nothing that has bits to spare, blanks or line ends. */
static bool is_text_of(struct bytes text, struct bytes data)
{
    struct buf again = {0};
    base64_write(&again, data);
    bool same = bytes_eq(buf_bytes(&again), text);
    buf_release(&again);
    return same;
}

int base64_read(struct arena *a, struct bytes text, struct bytes *out)
{
    char *p = arena_alloc(a, text.n / 4 * 3 + 3);
    int n = text.n <= INT_MAX
                ? EVP_DecodeBlock((unsigned char *)p, (const unsigned char *)text.p, (int)text.n)
                : -1;
    for (size_t i = text.n; n > 0 && i > 0 && text.n - i < 2 && text.p[i - 1] == '='; i--) {
        n--; /* padding is decoded, too */
    }
    *out = bytes_of(p, n > 0 ? (size_t)n : 0);
    return n >= 0 && is_text_of(text, *out) ? 0 : -1;
}
