/* Text as bytes of UTF-8 (RFC 3629): what may stand in a project file, where an offset is, what a
 * terminal may see. */
#include <string.h>

#include "base/bytes.h"

enum { DISTANCE_LIMIT = 64 };

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t text_char(const char *p, size_t n, uint32_t *code)
{
    if (n == 0) {
        return 0;
    }
    unsigned char c = (unsigned char)p[0];
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || n < len) {
        return 0;
    }
    uint32_t value = c & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (!is_tail((unsigned char)p[i])) {
            return 0;
        }
        value = value << 6 | ((unsigned char)p[i] & 0x3FU);
    }
    bool overlong = (len == 3 && value < 0x800) || (len == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    *code = value;
    return len;
}

void text_encode(struct buf *out, struct bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c > '~' || c == '%') {
            buf_printf(out, "%%%02X", (unsigned)c);
        } else {
            buf_putc(out, (char)c);
        }
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void text_decode(struct buf *out, struct bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            buf_putc(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_putc(out, s.p[i]);
        }
    }
}

static bool is_bidi(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
           c == 0x200F || c == 0x061C;
}

static const char *forbidden(uint32_t c)
{
    if (c == 0) {
        return "NUL byte";
    }
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
        return "control character";
    }
    if (c == 0xFEFF) {
        return "byte order mark";
    }
    return is_bidi(c) ? "bidirectional control character" : NULL;
}

static const char *mark_name(uint32_t c)
{
    return c == 0xFEFF   ? "byte order mark (U+FEFF)"
           : c == 0x200E ? "left-to-right mark (U+200E)"
           : c == 0x200F ? "right-to-left mark (U+200F)"
                         : NULL;
}

static int check(struct bytes text, bool marks, size_t *at, const char **what)
{
    size_t i = 0;
    while (i < text.n) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x20 && c < 0x80) {
            i++;
            continue;
        }
        uint32_t code = 0;
        size_t len = text_char(text.p + i, text.n - i, &code);
        const char *fault = len == 0 ? "byte that is not UTF-8" : forbidden(code);
        fault = marks && len > 0 && mark_name(code) != NULL ? NULL : fault;
        if (fault != NULL) {
            *at = i;
            *what = fault;
            return -1;
        }
        i += len;
    }
    return 0;
}

int text_check(struct bytes text, size_t *at, const char **what)
{
    return check(text, false, at, what);
}

int text_check_sql(struct bytes text, size_t *at, const char **what)
{
    return check(text, true, at, what);
}

size_t text_mark(struct bytes text, size_t from, const char **name)
{
    for (size_t i = from; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        uint32_t code = 0;
        if ((c == 0xEF || c == 0xE2) && text_char(text.p + i, text.n - i, &code) > 0 &&
            mark_name(code) != NULL) {
            *name = mark_name(code);
            return i;
        }
    }
    return text.n;
}

void text_place(struct bytes text, size_t offset, int *line, int *col)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < text.n; i++) {
        bool is_end =
            text.p[i] == '\n' || (text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'));
        if (is_end) {
            *line += 1;
            start = i + 1;
        }
    }
    *col = (int)(offset - start) + 1;
}

void text_safe(struct buf *out, struct bytes s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t code = 0;
        size_t len = text_char(s.p + i, s.n - i, &code);
        bool hide = len == 0 || code < 0x20 || (code >= 0x7F && code <= 0x9F) || is_bidi(code);
        len = len == 0 ? 1 : len;
        if (!hide) {
            buf_add(out, s.p + i, len);
        }
        for (size_t k = 0; hide && k < len; k++) {
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)s.p[i + k]);
        }
        i += len;
    }
}

size_t text_cut(struct bytes s, size_t max)
{
    if (s.n <= max) {
        return s.n;
    }
    size_t n = max;
    while (n > 0 && is_tail((unsigned char)s.p[n])) {
        n--;
    }
    return n;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(struct bytes a, struct bytes b)
{
    if (a.n > DISTANCE_LIMIT || b.n > DISTANCE_LIMIT) {
        return SIZE_MAX;
    }
    size_t rows[3][DISTANCE_LIMIT + 1]; /* of the matrix: i, i - 1 and i - 2, in turn */
    for (size_t j = 0; j <= b.n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = lower(a.p[i - 1]);
            char y = lower(b.p[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2])) {
                now[j] = least(now[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a.n % 3][b.n];
}

bool text_is_near(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    size_t limit = n < 4 ? 1 : n < 8 ? 2 : 3;
    return text_distance(a, b) <= limit;
}
