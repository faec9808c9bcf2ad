/* SQL text as words (PostgreSQL manual, 4.1 "Lexical Structure"). */
#include "cli/words.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0;
}

/* Behind a block comment, which may hold others. */
static size_t comment_end(struct bytes t, size_t at)
{
    int depth = 0;
    while (at < t.n) {
        bool two = at + 1 < t.n;
        if (two && t.p[at] == '/' && t.p[at + 1] == '*') {
            depth++;
            at += 2;
        } else if (two && t.p[at] == '*' && t.p[at + 1] == '/') {
            at += 2;
            if (--depth == 0) {
                return at;
            }
        } else {
            at++;
        }
    }
    return t.n;
}

static size_t skip_blanks(struct bytes t, size_t at)
{
    for (;;) {
        while (at < t.n && is_blank(t.p[at])) {
            at++;
        }
        if (at + 1 < t.n && t.p[at] == '-' && t.p[at + 1] == '-') {
            const char *end = memchr(t.p + at, '\n', t.n - at);
            at = end != NULL ? (size_t)(end - t.p) : t.n;
        } else if (at + 1 < t.n && t.p[at] == '/' && t.p[at + 1] == '*') {
            at = comment_end(t, at);
        } else {
            return at;
        }
    }
}

/* Behind the quote that began at at; a doubled one does not end it, and in E'...' a backslash escapes. */
static size_t quote_end(struct bytes t, size_t at, bool escapes)
{
    char quote = t.p[at++];
    while (at < t.n) {
        bool doubled = t.p[at] == quote && at + 1 < t.n && t.p[at + 1] == quote;
        if (t.p[at] == quote && !doubled) {
            return at + 1;
        }
        at += doubled || (escapes && t.p[at] == '\\') ? 2 : 1;
    }
    return t.n;
}

/* Behind $tag$...$tag$; the dollar alone if it begins no quote. */
static size_t dollar_end(struct bytes t, size_t at)
{
    size_t n = 1;
    while (at + n < t.n && t.p[at + n] != '$' && is_name(t.p[at + n])) {
        n++;
    }
    if (at + n >= t.n || t.p[at + n] != '$') {
        return at + 1;
    }
    n++;
    for (size_t i = at + n; i + n <= t.n; i++) {
        if (memcmp(t.p + i, t.p + at, n) == 0) {
            return i + n;
        }
    }
    return t.n;
}

struct bytes words_next(struct words *w)
{
    size_t at = skip_blanks(w->text, w->at);
    size_t end = at;
    if (at < w->text.n) {
        char c = w->text.p[at];
        char after = at + 1 < w->text.n ? w->text.p[at + 1] : '\0';
        if (c == '"' || c == '\'') {
            end = quote_end(w->text, at, false);
        } else if ((c == 'E' || c == 'e') && after == '\'') {
            end = quote_end(w->text, at + 1, true);
        } else if (c == '$') {
            end = dollar_end(w->text, at);
        } else if (is_name(c)) {
            while (end < w->text.n && is_name(w->text.p[end])) {
                end++;
            }
        } else {
            end = at + 1;
        }
    }
    w->at = end;
    return bytes_of(w->text.p + at, end - at);
}

struct bytes words_peek(const struct words *w)
{
    struct words copy = *w;
    return words_next(&copy);
}

bool word_is(struct bytes word, const char *keyword)
{
    return word.n == strlen(keyword) && strncasecmp(word.p, keyword, word.n) == 0;
}

bool words_skip(struct words *w, const char *keyword)
{
    if (!word_is(words_peek(w), keyword)) {
        return false;
    }
    (void)words_next(w);
    return true;
}

struct bytes words_name(struct words *w)
{
    struct bytes first = words_peek(w);
    if (first.n == 0 || (!is_name(first.p[0]) && first.p[0] != '"')) {
        return bytes_of("", 0);
    }
    (void)words_next(w);
    size_t end = w->at;
    while (words_skip(w, ".")) {
        (void)words_next(w);
        end = w->at;
    }
    return bytes_of(first.p, (size_t)(w->text.p + end - first.p));
}

size_t words_item_end(const struct words *w)
{
    struct words copy = *w;
    int depth = 0;
    for (;;) {
        struct bytes word = words_next(&copy);
        if (word.n == 0) {
            return w->text.n;
        }
        if (word.p[0] == '(' || word.p[0] == '[') {
            depth++;
        } else if (word.p[0] == ')' || word.p[0] == ']') {
            depth--;
        } else if (word.p[0] == ',' && depth == 0) {
            return (size_t)(word.p - w->text.p);
        }
    }
}

int64_t words_value_rows(struct words *w)
{
    int64_t rows = 0;
    do {
        int depth = 0;
        do {
            struct bytes word = words_next(w);
            if (word.n == 0 || (depth == 0 && word.p[0] != '(')) {
                return -1;
            }
            depth += word.p[0] == '(' ? 1 : word.p[0] == ')' ? -1 : 0;
        } while (depth > 0);
        rows++;
    } while (words_skip(w, ","));
    return rows;
}
