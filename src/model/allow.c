/* Comments that let something through. */
#include "model/allow.h"

#include <string.h>

#include "base/bytes.h"

enum { REASON_MAX = 200 };

static const char mark[] = "kfmig:allow";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The end of line without blanks and the end of a comment of several lines. */
static const char *trim(const char *from, const char *end)
{
    static const char *const tails[] = {"*/", "-->"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        size_t n = strlen(tails[i]);
        while (end > from && is_blank(end[-1])) {
            end--;
        }
        if ((size_t)(end - from) >= n && memcmp(end - n, tails[i], n) == 0) {
            end -= n;
        }
    }
    while (end > from && is_blank(end[-1])) {
        end--;
    }
    return end;
}

/* "RULE reason" or "-RULE reason" behind the mark. false: it is something else. */
static bool read_one(struct arena *a, const char *p, const char *end, struct allowance *out)
{
    if (p == end || (*p != ' ' && *p != '-')) {
        return false;
    }
    const char *rule = ++p;
    while (p < end && !is_blank(*p)) {
        p++;
    }
    if (p == rule) {
        return false;
    }
    out->rule = arena_strndup(a, rule, (size_t)(p - rule));
    while (p < end && is_blank(*p)) {
        p++;
    }
    struct bytes reason = bytes_of(p, (size_t)(trim(p, end) - p));
    out->reason = arena_strndup(a, p, text_cut(reason, REASON_MAX));
    return true;
}

void allow_list(struct arena *a, const char *path, struct bytes text, struct allowances *out)
{
    const char *at = text.p;
    const char *stop = text.p + text.n;
    const char *counted = text.p; /* lines before it are in line */
    int line = 1;
    while (text.n > 0 && (at = memmem(at, (size_t)(stop - at), mark, sizeof mark - 1)) != NULL) {
        struct allowance one = {.path = path};
        for (; counted < at; counted++) {
            line += *counted == '\n';
        }
        at += sizeof mark - 1;
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        one.line = line;
        if (read_one(a, at, end != NULL ? end : stop, &one)) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = one;
        }
    }
}
