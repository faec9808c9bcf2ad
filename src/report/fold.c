/* Lines for a terminal of so many columns. */
#include "report/fold.h"

#include <string.h>

#include "report/words.h"

enum { HANG = 4, NARROWEST = 20 };

/* Bytes of an escape sequence at p, 0 if there is none. */
static size_t escape_at(const char *p, size_t n)
{
    if (n < 2 || p[0] != '\033' || p[1] != '[') {
        return 0;
    }
    size_t i = 2;
    while (i < n && (p[i] < '@' || p[i] > '~')) {
        i++;
    }
    return i < n ? i + 1 : n;
}

/* Columns of n bytes, but for escape sequences. */
static size_t columns(const char *p, size_t n)
{
    size_t width = 0;
    size_t from = 0; /* of the text behind the last of them */
    for (size_t i = 0; i < n;) {
        size_t escape = escape_at(p + i, n - i);
        width += escape > 0 ? words_columns(p + from, i - from) : 0;
        i += escape > 0 ? escape : 1;
        from = escape > 0 ? i : from;
    }
    return width + words_columns(p + from, n - from);
}

/* The next word with the blanks before it: bytes up to its end. */
static size_t word_at(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] == ' ') {
        i++;
    }
    while (i < n && p[i] != ' ') {
        size_t escape = escape_at(p + i, n - i);
        i += escape > 0 ? escape : 1;
    }
    return i;
}

static void fold_line(struct buf *out, const char *p, size_t n, size_t width)
{
    size_t indent = 0;
    while (indent < n && p[indent] == ' ') {
        indent++;
    }
    size_t hang = indent + HANG < width / 2 ? indent + HANG : width / 2;
    size_t at = 0;
    for (size_t i = 0; i < n;) {
        size_t word = word_at(p + i, n - i);
        size_t blanks = strspn(p + i, " ");
        blanks = blanks < word ? blanks : word;
        size_t wide = columns(p + i, word);
        if (at > hang && at + wide > width) {
            buf_printf(out, "\n%*s", (int)hang, "");
            buf_add(out, p + i + blanks, word - blanks);
            at = hang + wide - blanks;
        } else {
            buf_add(out, p + i, word);
            at += wide;
        }
        i += word;
    }
}

void fold(struct buf *out, struct bytes text, size_t width)
{
    for (size_t i = 0; i < text.n;) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t n = end != NULL ? (size_t)(end - text.p) - i : text.n - i;
        if (width < NARROWEST || columns(text.p + i, n) <= width) {
            buf_add(out, text.p + i, n);
        } else {
            fold_line(out, text.p + i, n, width);
        }
        buf_puts(out, end != NULL ? "\n" : "");
        i += n + (end != NULL);
    }
}
