/* Borrowed bytes and growing buffers. Knows nothing of what the bytes mean. */
#include "base/bytes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

enum { FIRST_CAP = 64, DEFAULT_LIMIT = 1 << 30 };

struct bytes bytes_str(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool text_ends(const char *text, const char *ending)
{
    size_t n = strlen(text);
    size_t n_ending = strlen(ending);
    return n >= n_ending && strcmp(text + n - n_ending, ending) == 0;
}

int bytes_cmp(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

bool bytes_mention(struct bytes text, const char *word)
{
    const size_t n = strlen(word);
    const char first[] = {(char)toupper((unsigned char)word[0]),
                          (char)tolower((unsigned char)word[0])};
    for (size_t i = 0; i + n <= text.n; i++) {
        if ((text.p[i] == first[0] || text.p[i] == first[1]) &&
            strncasecmp(text.p + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Makes room for n more bytes and a NUL. False: the limit forbids it. */
static bool reserve(struct buf *b, size_t n)
{
    size_t limit = b->limit == 0 ? DEFAULT_LIMIT : b->limit;
    if (b->overflow || b->n > limit || n > limit - b->n) {
        b->overflow = true;
        return false;
    }
    size_t want = b->n + n + 1;
    if (want > b->cap) {
        size_t cap = b->cap == 0 ? FIRST_CAP : b->cap * 2;
        b->cap = cap < want ? want : cap;
        b->p = mem_realloc(b->p, b->cap);
    }
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (!reserve(b, n)) {
        return;
    }
    if (n > 0) {
        memcpy(b->p + b->n, p, n);
    }
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        BUG("a format that cannot be printed");
    }
    if (reserve(b, (size_t)n)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p != NULL) {
        b->p[0] = '\0';
    }
}

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.limit = b->limit};
}

const char *buf_str(const struct buf *b)
{
    return b->p == NULL ? "" : b->p;
}
