/* Base64, strictly. */
#include "base/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buf *out, struct bytes data)
{
    for (size_t i = 0; i < data.n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) {
            v = v << 8 | (i + k < data.n ? (unsigned char)data.p[i + k] : 0U);
        }
        buf_putc(out, letters[v >> 18]);
        buf_putc(out, letters[v >> 12 & 63]);
        buf_putc(out, i + 1 < data.n ? letters[v >> 6 & 63] : '=');
        buf_putc(out, i + 2 < data.n ? letters[v & 63] : '=');
    }
}

/* The value of a letter; -1: it is none. */
static int value_of(char c)
{
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* Is text what data is written as? So is nothing that has bits to spare. */
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
    size_t n = text.n;
    size_t k = 0;
    uint32_t v = 0;
    while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=') {
        n--;
    }
    char *p = arena_alloc(a, text.n / 4 * 3 + 3);
    for (size_t i = 0; i < n; i++) {
        int one = value_of(text.p[i]);
        if (one < 0) {
            return -1;
        }
        v = v << 6 | (uint32_t)one;
        if (i % 4 > 0) {
            p[k++] = (char)(v >> (6 - 2 * (i % 4)) & 255);
        }
    }
    *out = bytes_of(p, k);
    return is_text_of(text, *out) ? 0 : -1;
}
