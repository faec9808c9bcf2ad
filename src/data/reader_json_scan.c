/* JSON as it streams by: bytes, strings, numbers, members. */
#include <string.h>

#include "data/reader_json.h"

/* --- bytes ----------------------------------------------------------------------------------------- */

int json_peek_far(struct reader *r)
{
    for (;;) {
        const char *p = r->s->p;
        while (json_is_space(*p)) {
            p++;
        }
        r->s->p = p < r->s->end ? p : r->s->end;
        if (p < r->s->end) {
            return (unsigned char)*p;
        }
        int rc = source_more(r->s, r->e);
        if (rc <= 0) {
            return rc == 0 ? -1 : -2;
        }
    }
}

int json_unexpected(struct reader *r, int c, const char *wanted)
{
    if (c == -2) {
        return -1;
    }
    return reader_error(r, r->s->p, NULL, c == -1 ? "the file ends too early" : wanted);
}

static int expect(struct reader *r, char wanted, const char *what)
{
    int c = json_peek(r);
    if (c != (unsigned char)wanted) {
        return json_unexpected(r, c, what);
    }
    r->s->p++;
    return 0;
}

/* --- strings --------------------------------------------------------------------------------------- */

static int hex4(const char *p, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t v = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                            : 16;
        if (v == 16) {
            return -1;
        }
        *out = *out * 16 + v;
    }
    return 0;
}

static void put_code(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xC0 | (c >> 6)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_putc(out, (char)(0xE0 | (c >> 12)));
        buf_putc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_putc(out, (char)(0xF0 | (c >> 18)));
        buf_putc(out, (char)(0x80 | ((c >> 12) & 0x3F)));
        buf_putc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* One escape at p, which has n bytes; returns its length, 0 if it is wrong. */
static size_t unescape_one(struct buf *out, const char *p, size_t n)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint32_t c = 0;
    uint32_t low = 0;
    const char *simple = n >= 2 && p[1] != '\0' ? strchr(from, p[1]) : NULL;
    if (simple != NULL) {
        buf_putc(out, to[simple - from]);
        return 2;
    }
    if (n < 6 || p[1] != 'u' || hex4(p + 2, &c) != 0 || (c >= 0xDC00 && c < 0xE000) || c == 0) {
        return 0;
    }
    if (c < 0xD800 || c >= 0xE000) {
        put_code(out, c);
        return 6;
    }
    if (n < 12 || p[6] != '\\' || p[7] != 'u' || hex4(p + 8, &low) != 0 || low < 0xDC00 ||
        low >= 0xE000) {
        return 0;
    }
    put_code(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
    return 12;
}

int json_unescape(struct reader *r, struct bytes raw)
{
    buf_clear(&r->string);
    for (size_t i = 0; i < raw.n;) {
        const char *slash = memchr(raw.p + i, '\\', raw.n - i);
        size_t n = slash == NULL ? raw.n - i : (size_t)(slash - raw.p) - i;
        buf_add(&r->string, raw.p + i, n);
        i += n;
        if (i < raw.n) {
            size_t taken = unescape_one(&r->string, raw.p + i, raw.n - i);
            if (taken == 0) {
                return reader_error(r, raw.p + i, NULL, "an escape in a string is wrong");
            }
            i += taken;
        }
    }
    return 0;
}

static int check_string(struct reader *r, struct bytes raw)
{
    for (size_t i = 0; i < raw.n;) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c >= 0x20 && c < 0x80) {
            i++;
            continue;
        }
        uint32_t code = 0;
        size_t n = c < 0x20 ? 0 : text_char(raw.p + i, raw.n - i, &code);
        if (n == 0) {
            return reader_error(r, raw.p + i, NULL,
                                c < 0x20 ? "a control character stands in a string"
                                         : "is no UTF-8");
        }
        i += n;
    }
    return 0;
}

/* Any string. */
static int take_hard_string(struct reader *r, struct bytes *raw, bool *has_escapes)
{
    size_t at = 1;
    *raw = bytes_of(r->s->p, 0);
    for (;;) {
        const char *p = r->s->p + at;
        size_t n = (size_t)(r->s->end - p);
        const char *quote = memchr(p, '"', n);
        const char *slash = memchr(p, '\\', quote != NULL ? (size_t)(quote - p) : n);
        if (slash != NULL && slash + 1 < r->s->end) {
            *has_escapes = true;
            at = (size_t)(slash - r->s->p) + 2;
            continue;
        }
        if (quote != NULL && slash == NULL) {
            *raw = bytes_of(r->s->p + 1, (size_t)(quote - r->s->p) - 1);
            json_copy(r, r->s->p, raw->n + 2);
            r->s->p = quote + 1;
            return check_string(r, *raw);
        }
        at = slash != NULL ? (size_t)(slash - r->s->p) : (size_t)(r->s->end - r->s->p);
        int rc = source_more(r->s, r->e);
        if (rc <= 0) {
            if (rc == 0) {
                (void)reader_error(r, r->s->p, NULL, "a string does not end");
            }
            return -1;
        }
    }
}

static inline bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

/* The first byte from p on that is a quote, a backslash, a control character or none of ASCII; *end is 0.
 * Eight at a time (H. S. Warren, "Hacker's Delight", 6-1): in a word whose byte is 0 the lowest such byte
 * is found, and there is nothing to carry below it. */
static inline const char *plain_end(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t ones = UINT64_MAX / 0xFF;
    const uint64_t highs = ones << 7;
    while (end - p >= (ptrdiff_t)sizeof(uint64_t)) {
        uint64_t w;
        memcpy(&w, p, sizeof w);
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        uint64_t found =
            (((w - ones * ' ') | (quote - ones) | (slash - ones)) & ~w & highs) | (w & highs);
        if (found != 0) {
            return p + __builtin_ctzll(found) / 8;
        }
        p += sizeof w;
    }
#endif
    while (is_plain(*p)) {
        p++;
    }
    return p;
}

/* Most are short and plain, and in the window as a whole (at whose end is 0). */
int json_take_string(struct reader *r, struct bytes *raw, bool *has_escapes)
{
    const char *p = plain_end(r->s->p + 1, r->s->end);
    *has_escapes = false;
    if (*p != '"') {
        return take_hard_string(r, raw, has_escapes);
    }
    *raw = bytes_of(r->s->p + 1, (size_t)(p - r->s->p) - 1);
    json_copy(r, r->s->p, raw->n + 2);
    r->s->p = p + 1;
    return 0;
}

/* --- numbers and words ----------------------------------------------------------------------------- */

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The number at r->s->p with a byte behind it that ends it, in the window. */
static int number_window(struct reader *r, size_t *n)
{
    size_t at = 0;
    for (;;) {
        const char *p = r->s->p + at;
        while (is_number_char(*p)) {
            p++;
        }
        at = (size_t)(p - r->s->p);
        if (p < r->s->end) {
            *n = at;
            return 0;
        }
        int rc = source_more(r->s, r->e);
        if (rc < 0) {
            return -1;
        }
        if (rc == 0) {
            *n = at;
            return 0;
        }
    }
}

int json_take_far_number(struct reader *r, double *v, struct bytes *raw)
{
    size_t n = 0;
    if (number_window(r, &n) != 0) {
        return -1;
    }
    const char *end = n == 0 ? NULL : number_read(r->s->p, v);
    if (end == NULL || end != r->s->p + n) {
        return reader_error(r, r->s->p, NULL, "is no number, or too large for one");
    }
    *raw = bytes_of(r->s->p, n);
    json_copy(r, raw->p, n);
    r->s->p += n;
    return 0;
}

int json_take_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    while ((size_t)(r->s->end - r->s->p) < n) {
        int rc = source_more(r->s, r->e);
        if (rc <= 0) {
            return rc == 0 ? reader_error(r, r->s->p, NULL, "is no value of JSON") : -1;
        }
    }
    if (memcmp(r->s->p, word, n) != 0) {
        return reader_error(r, r->s->p, NULL, "is no value of JSON");
    }
    json_copy(r, word, n);
    r->s->p += n;
    return 0;
}

/* --- members --------------------------------------------------------------------------------------- */

/* A name may stand once in an object. from: where the keys of this object begin. */
static int note_key(struct reader *r, size_t from, struct bytes name)
{
    return keys_add(&r->keys, from, key_of(name))
               ? 0
               : reader_error(r, r->s->p, NULL, "a member stands twice in an object");
}

int json_next_member(struct reader *r, size_t from, bool *is_first, struct bytes *name)
{
    bool has_escapes;
    *name = bytes_of("", 0);
    int c = json_peek(r);
    if (c == '}') {
        json_copy(r, "}", 1);
        r->s->p++;
        return 0;
    }
    if (!*is_first) {
        if (c != ',') {
            return json_unexpected(r, c, "a comma or } is missing");
        }
        json_copy(r, ",", 1);
        r->s->p++;
        c = json_peek(r);
    }
    *is_first = false;
    if (c != '"') {
        return json_unexpected(r, c, "a member's name is missing");
    }
    if (json_take_string(r, name, &has_escapes) != 0 ||
        (has_escapes && json_unescape(r, *name) != 0)) {
        return -1;
    }
    if (!has_escapes && *r->s->p == ':') {
        if (note_key(r, from, *name) != 0) {
            return -1;
        }
        json_copy(r, ":", 1);
        r->s->p++; /* no other byte was asked for: the name is still there */
        return 1;
    }
    if (!has_escapes) {
        buf_clear(&r->string);
        buf_add(&r->string, name->p, name->n);
    }
    *name = bytes_of(buf_str(&r->string), r->string.n);
    if (note_key(r, from, *name) != 0 || expect(r, ':', "a colon is missing") != 0) {
        return -1;
    }
    json_copy(r, ":", 1);
    return 1;
}

int json_enter(struct reader *r)
{
    json_copy(r, r->s->p, 1);
    r->s->p++;
    return ++r->depth > DEPTH_MAX
               ? reader_error(r, r->s->p, NULL, "arrays and objects are nested too deeply")
               : 0;
}
