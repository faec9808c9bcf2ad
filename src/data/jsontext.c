/* JSON text: a check in one pass. */
#include "data/jsontext.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "data/decimal.h"

enum { DEPTH_MAX = 64, ASCII_CONTROL = 0x20 };

/* keys: decoded member names of all open objects, one behind the other; key: where each begins and ends. */
struct key {
    size_t at, n;
};
struct check {
    const char *p, *end;
    const char **why;
    bool as_jsonb;
    int depth;
    struct buf keys;
    struct key *key;
    size_t n_keys, cap_keys;
};

static int fail(const struct check *c, const char *why)
{
    *c->why = why;
    return -1;
}

static int fail_syntax(const struct check *c)
{
    return fail(c, "this is no JSON");
}

static void skip_blanks(struct check *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r')) {
        c->p++;
    }
}

static bool skip(struct check *c, char x)
{
    bool is_there = c->p < c->end && *c->p == x;
    c->p += is_there ? 1 : 0;
    return is_there;
}

static int take_hex(struct check *c, uint32_t *out)
{
    *out = 0;
    if (c->end - c->p < 4) {
        return fail_syntax(c);
    }
    for (int i = 0; i < 4; i++, c->p++) {
        unsigned digit = (unsigned)(*c->p - '0');
        unsigned letter = ((unsigned)*c->p | 0x20U) - 'a';
        if (digit > 9 && letter > 5) {
            return fail_syntax(c);
        }
        *out = 16 * *out + (digit <= 9 ? digit : 10 + letter);
    }
    return 0;
}

static void add_utf8(struct buf *out, uint32_t x)
{
    char b[4];
    size_t n = x < 0x80 ? 1 : x < 0x800 ? 2 : x < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i > 1; i--, x >>= 6) {
        b[i - 1] = (char)(0x80U | (x & 0x3FU));
    }
    b[0] = (char)(lead[n] | x);
    buf_add(out, b, n);
}

static int take_code(struct check *c, struct buf *out)
{
    uint32_t x = 0;
    uint32_t low = 0;
    if (take_hex(c, &x) != 0) {
        return -1;
    }
    if (x >= 0xD800 && x < 0xE000) {
        bool is_pair = x < 0xDC00 && skip(c, '\\') && skip(c, 'u');
        if (!is_pair || take_hex(c, &low) != 0 || low < 0xDC00 || low >= 0xE000) {
            return fail(c, "this JSON holds half of a surrogate pair");
        }
        x = 0x10000 + ((x - 0xD800) << 10) + (low - 0xDC00);
    }
    if (x == 0 && c->as_jsonb) {
        return fail(c, "this JSON holds the character U+0000, which jsonb cannot keep");
    }
    if (out != NULL) {
        add_utf8(out, x);
    }
    return 0;
}

static int take_escape(struct check *c, struct buf *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char characters[] = "\"\\/\b\f\n\r\t";
    if (skip(c, 'u')) {
        return take_code(c, out);
    }
    const char *known = c->p < c->end && *c->p != '\0' ? strchr(escapes, *c->p) : NULL;
    if (known == NULL) {
        return fail_syntax(c);
    }
    c->p++;
    if (out != NULL) {
        buf_putc(out, characters[known - escapes]);
    }
    return 0;
}

/* After the opening quote. The decoded text is appended to out, if that is not NULL. */
static int take_string(struct check *c, struct buf *out)
{
    while (c->p < c->end) {
        const char *run = c->p;
        while (c->p < c->end && *c->p != '"' && *c->p != '\\' &&
               (unsigned char)*c->p >= ASCII_CONTROL) {
            c->p++;
        }
        if (out != NULL) {
            buf_add(out, run, (size_t)(c->p - run));
        }
        if (skip(c, '"')) {
            return 0;
        }
        if (!skip(c, '\\')) {
            break;
        }
        if (take_escape(c, out) != 0) {
            return -1;
        }
    }
    return fail_syntax(c);
}

static size_t skip_digits(struct check *c)
{
    const char *start = c->p;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
        c->p++;
    }
    return (size_t)(c->p - start);
}

static int take_number(struct check *c)
{
    struct decimal d;
    const char *start = c->p;
    (void)skip(c, '-');
    if (!skip(c, '0') && skip_digits(c) == 0) {
        return fail_syntax(c);
    }
    if (skip(c, '.') && skip_digits(c) == 0) {
        return fail_syntax(c);
    }
    if (skip(c, 'e') || skip(c, 'E')) {
        (void)(skip(c, '+') || skip(c, '-'));
        if (skip_digits(c) == 0) {
            return fail_syntax(c);
        }
    }
    if (!c->as_jsonb) {
        return 0;
    }
    struct bytes text = bytes_of(start, (size_t)(c->p - start));
    return decimal_parse(text, &d, c->why) != 0 ? -1 : decimal_check_numeric(&d, 0, 0, c->why);
}

static int take_word(struct check *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0) {
        return fail_syntax(c);
    }
    c->p += n;
    return 0;
}

static int take_value(struct check *c);

static int take_key(struct check *c)
{
    struct key k = {.at = c->keys.n};
    skip_blanks(c);
    if (!skip(c, '"')) {
        return fail_syntax(c);
    }
    if (take_string(c, &c->keys) != 0) {
        return -1;
    }
    k.n = c->keys.n - k.at;
    if (c->n_keys == c->cap_keys) {
        c->cap_keys = c->cap_keys == 0 ? 32 : 2 * c->cap_keys;
        c->key = mem_realloc(c->key, c->cap_keys * sizeof *c->key);
    }
    c->key[c->n_keys++] = k;
    skip_blanks(c);
    return skip(c, ':') ? 0 : fail_syntax(c);
}

static int by_text(const void *x, const void *y, void *keys)
{
    const struct key *a = x;
    const struct key *b = y;
    const char *text = buf_str(keys);
    return bytes_cmp(bytes_of(text + a->at, a->n), bytes_of(text + b->at, b->n));
}

static bool has_twins(struct check *c, size_t first)
{
    struct key *v = c->key + first;
    size_t n = c->n_keys - first;
    if (n > 1) {
        qsort_r(v, n, sizeof *v, by_text, &c->keys);
    }
    for (size_t i = 1; i < n; i++) {
        if (by_text(&v[i - 1], &v[i], &c->keys) == 0) {
            return true;
        }
    }
    return false;
}

static int take_object(struct check *c)
{
    size_t first = c->n_keys;
    size_t at = c->keys.n;
    skip_blanks(c);
    if (skip(c, '}')) {
        return 0;
    }
    do {
        if (take_key(c) != 0 || take_value(c) != 0) {
            return -1;
        }
    } while (skip(c, ','));
    if (!skip(c, '}')) {
        return fail_syntax(c);
    }
    if (has_twins(c, first)) {
        return fail(c, "this JSON has a member twice");
    }
    c->n_keys = first;
    c->keys.n = at;
    return 0;
}

static int take_array(struct check *c)
{
    skip_blanks(c);
    if (skip(c, ']')) {
        return 0;
    }
    do {
        if (take_value(c) != 0) {
            return -1;
        }
    } while (skip(c, ','));
    return skip(c, ']') ? 0 : fail_syntax(c);
}

/* A value and the blanks around it. */
static int take_value(struct check *c)
{
    int rc = 0;
    skip_blanks(c);
    if (c->p == c->end) {
        return fail_syntax(c);
    }
    if (*c->p == '{' || *c->p == '[') {
        if (++c->depth > DEPTH_MAX) {
            return fail(c, "this JSON is nested more than 64 deep");
        }
        rc = *c->p++ == '{' ? take_object(c) : take_array(c);
        c->depth--;
    } else if (skip(c, '"')) {
        rc = take_string(c, NULL);
    } else if (*c->p == 't' || *c->p == 'f' || *c->p == 'n') {
        rc = take_word(c, *c->p == 't' ? "true" : *c->p == 'f' ? "false" : "null");
    } else {
        rc = take_number(c);
    }
    skip_blanks(c);
    return rc;
}

int json_check(struct bytes text, bool as_jsonb, const char **why)
{
    struct check c = {.p = text.p, .end = text.n > 0 ? text.p + text.n : text.p};
    c.why = why;
    c.as_jsonb = as_jsonb;
    int rc = take_value(&c);
    if (rc == 0 && c.p < c.end) {
        rc = fail_syntax(&c);
    }
    free(c.key);
    buf_release(&c.keys);
    return rc;
}

void json_quote(struct buf *out, struct bytes text)
{
    const char *end = text.n > 0 ? text.p + text.n : text.p;
    buf_putc(out, '"');
    for (const char *p = text.p; p < end;) {
        const char *run = p;
        while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= ASCII_CONTROL) {
            p++;
        }
        buf_add(out, run, (size_t)(p - run));
        if (p < end && (unsigned char)*p < ASCII_CONTROL) {
            buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*p++);
        } else if (p < end) {
            buf_putc(out, '\\');
            buf_putc(out, *p++);
        }
    }
    buf_putc(out, '"');
}
