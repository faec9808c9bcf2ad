/* Lines of project files in messages: which may be repeated, and the caret under a column. */
#include "report/quote.h"

#include <stdio.h>
#include <string.h>

#include "model/leak.h"
#include "report/words.h"

enum { LINE_SHOWN = 120, LINE_BEFORE = 60 };

bool quote_allowed(struct bytes line)
{
    static const char *const words[] = {"password", "passwd",     "secret",      "token", "apikey",
                                        "api_key",  "credential", "private key", "://"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_mention(line, words[i])) {
            return false;
        }
    }
    struct buf copy = {0}; /* the rules look at what a NUL follows */
    buf_add(&copy, line.p, line.n);
    bool is_harmless = leak_in(LEAK_FILE, buf_str(&copy)) == NULL;
    buf_release(&copy);
    return is_harmless;
}

static bool find_line(struct bytes text, int line, struct bytes *out)
{
    size_t at = 0;
    for (int i = 1; i < line; i++) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        if (end == NULL) {
            return false;
        }
        at = (size_t)(end - text.p) + 1;
    }
    const char *end = memchr(text.p + at, '\n', text.n - at);
    *out = bytes_of(text.p + at, end != NULL ? (size_t)(end - text.p) - at : text.n - at);
    if (out->n > 0 && out->p[out->n - 1] == '\r') {
        out->n--;
    }
    return true;
}

/* Escaped, with tabs as blanks, so that the caret line can be counted; returns the columns written. */
static size_t put_source(struct buf *out, struct bytes s)
{
    size_t written = 0;
    for (size_t i = 0; i < s.n;) {
        const char *tab = memchr(s.p + i, '\t', s.n - i);
        size_t n = tab != NULL ? (size_t)(tab - (s.p + i)) : s.n - i;
        struct buf part = {0};
        text_safe(&part, bytes_of(s.p + i, n));
        written += words_columns(buf_str(&part), part.n);
        buf_add(out, buf_str(&part), part.n);
        buf_release(&part);
        i += n;
        if (tab != NULL) {
            buf_puts(out, "    ");
            written += 4;
            i++;
        }
    }
    return written;
}

/* The part of a long line around at. */
static struct bytes window(struct bytes line, size_t *at)
{
    if (line.n <= LINE_SHOWN) {
        return line;
    }
    size_t from = *at > LINE_BEFORE ? *at - LINE_BEFORE : 0;
    while (from > 0 && ((unsigned char)line.p[from] & 0xC0) == 0x80) {
        from--;
    }
    *at -= from;
    struct bytes rest = bytes_of(line.p + from, line.n - from);
    return bytes_of(rest.p, text_cut(rest, LINE_SHOWN));
}

void quote_caret(struct buf *out, const struct style *st, struct bytes text, int line, int col)
{
    struct bytes source;
    if (line <= 0 || text.p == NULL || !find_line(text, line, &source) || !quote_allowed(source)) {
        return;
    }
    size_t at = col > 0 ? (size_t)col - 1 : 0;
    if (at > source.n) {
        at = source.n;
    }
    source = window(source, &at);
    char number[16];
    int width = snprintf(number, sizeof number, "%d", line);
    words_paint(out, st, PAINT_DIM, number, 0);
    buf_puts(out, " | ");
    put_source(out, source);
    buf_putc(out, '\n');
    if (col > 0) {
        struct buf before = {0};
        size_t n = put_source(&before, bytes_of(source.p, at));
        buf_release(&before);
        buf_printf(out, "%*s | %*s", width, "", (int)n, "");
        words_paint(out, st, PAINT_BAD, "^", 0);
        buf_putc(out, '\n');
    }
}
