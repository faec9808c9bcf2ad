/* The beginning of one statement, word by word. */
#include "sql/head.h"

#include <string.h>
#include <strings.h>

int head_open(struct arena *scratch, struct bytes text, struct head *out)
{
    struct err ignored;
    *out = (struct head){.text = text};
    return tokens_scan(scratch, "", text, &out->tokens, &ignored);
}

static struct bytes token_text(const struct head *h, size_t i)
{
    if (i >= h->tokens.n) {
        return bytes_of("", 0);
    }
    const struct token *t = &h->tokens.v[i];
    return bytes_of(h->text.p + t->at, t->end - t->at);
}

static struct bytes between(const struct head *h, size_t first, size_t end)
{
    if (first >= end) {
        return bytes_of("", 0);
    }
    size_t at = h->tokens.v[first].at;
    return bytes_of(h->text.p + at, h->tokens.v[end - 1].end - at);
}

/* How many tokens from i on are words[0..n), 0 if they are not. */
static size_t match(const struct head *h, size_t i, const char *words, size_t n)
{
    size_t count = 0;
    for (size_t at = 0; at < n;) {
        size_t end = at + strcspn(words + at, " |");
        struct bytes t = token_text(h, i + count);
        if (t.n != end - at || strncasecmp(t.p, words + at, t.n) != 0) {
            return 0;
        }
        count++;
        at = end + 1;
    }
    return count;
}

bool head_is(const struct head *h, const char *words)
{
    return match(h, h->i, words, strlen(words)) > 0;
}

bool head_skip(struct head *h, const char *words)
{
    size_t n = match(h, h->i, words, strlen(words));
    h->i += n;
    return n > 0;
}

static bool is_name(const struct head *h, size_t i)
{
    struct bytes t = token_text(h, i);
    unsigned char c = t.n > 0 ? (unsigned char)t.p[0] : 0;
    bool string = h->tokens.n > i &&
                  (h->tokens.v[i].type == TOK(SCONST) || h->tokens.v[i].type == TOK(USCONST));
    return !string &&
           ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '"' || c >= 0x80);
}

struct bytes head_name(struct head *h)
{
    size_t first = h->i;
    if (!is_name(h, first)) {
        return bytes_of("", 0);
    }
    size_t end = first + 1;
    while (match(h, end, ".", 1) > 0 && is_name(h, end + 1)) {
        end += 2;
    }
    h->i = end;
    return between(h, first, end);
}

static size_t last_dot(struct bytes name)
{
    bool quoted = false;
    size_t dot = 0;
    for (size_t i = 0; i < name.n; i++) {
        quoted ^= name.p[i] == '"';
        dot = name.p[i] == '.' && !quoted ? i + 1 : dot;
    }
    return dot;
}

struct bytes head_qualifier(struct bytes name)
{
    return bytes_of(name.p, last_dot(name));
}

struct bytes head_last(struct bytes name)
{
    size_t dot = last_dot(name);
    while (dot < name.n && strchr(" \t\r\n", name.p[dot]) != NULL) {
        dot++;
    }
    return bytes_of(name.p + dot, name.n - dot);
}

static int depth_of(const struct head *h, size_t i)
{
    int type = h->tokens.v[i].type;
    bool opens = type == TOK(ASCII_40) || type == TOK(ASCII_91);
    bool closes = type == TOK(ASCII_41) || type == TOK(ASCII_93);
    return opens ? 1 : closes ? -1 : 0;
}

struct bytes head_group(struct head *h)
{
    size_t first = h->i;
    if (match(h, first, "(", 1) == 0) {
        return bytes_of("", 0);
    }
    int depth = 0;
    do {
        depth += depth_of(h, h->i++);
    } while (depth > 0 && h->i < h->tokens.n);
    return between(h, first, h->i);
}

static bool stops_at(const struct head *h, size_t i, const char *stop)
{
    for (const char *one = stop;; one++) {
        size_t n = strcspn(one, "|");
        if (match(h, i, one, n) > 0) {
            return true;
        }
        one += n;
        if (*one == '\0') {
            return false;
        }
    }
}

struct bytes head_until(struct head *h, const char *stop)
{
    size_t first = h->i;
    for (int depth = 0; h->i < h->tokens.n; h->i++) {
        if (depth == 0 && stops_at(h, h->i, stop)) {
            break;
        }
        depth += depth_of(h, h->i);
    }
    return between(h, first, h->i);
}

bool head_at_end(const struct head *h)
{
    return h->i >= h->tokens.n;
}
