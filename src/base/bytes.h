/* A borrowed view of bytes, and a growing buffer.
 * Owns: struct bytes, struct buf. Neither knows what the bytes mean. */
#ifndef KFMIG_BASE_BYTES_H
#define KFMIG_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Borrowed: whoever made it says how long it lives. Not NUL-terminated. */
struct bytes {
    const char *p;
    size_t n;
};
static inline struct bytes bytes_of(const char *p, size_t n)
{
    return (struct bytes){p, n};
}
struct bytes bytes_str(const char *s);
bool bytes_eq(struct bytes a, struct bytes b);
int bytes_cmp(struct bytes a, struct bytes b); /* memcmp order, shorter first */
/* Does text end in ending, or is it ending? */
bool text_ends(const char *text, const char *ending);
/* Does text hold word, in whatever case its ASCII letters are? */
bool bytes_mention(struct bytes text, const char *word);

/* Growing bytes; p is NUL-terminated whenever it is not NULL. Zero-initialise.
 * Grows up to limit bytes (0: 1 GiB); past it, further appends are dropped and overflow is set. */
struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t limit;
    bool overflow;
};
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void buf_clear(struct buf *b); /* n = 0, overflow forgotten, memory kept */
void buf_release(struct buf *b);
const char *buf_str(const struct buf *b); /* never NULL */
static inline struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->p, b->n};
}

/* Check that text may stand in a project file: valid UTF-8 (RFC 3629: no surrogates, no overlong
 * forms), no NUL, no byte order mark, no bidirectional control (U+202A..202E, U+2066..2069,
 * U+200E/F, U+061C), no other C0 control than tab, LF, CR. Returns 0, or -1 with *at the offset of
 * the first offending byte and *what a name for it ("NUL byte"). */
int text_check(struct bytes text, size_t *at, const char **what);

/* As text_check(), but lets through what may stand inside a string of SQL: U+FEFF, U+200E, U+200F;
 * see text_mark(). */
int text_check_sql(struct bytes text, size_t *at, const char **what);

/* The next U+FEFF, U+200E or U+200F at or behind from: its offset, and its name in *name; text.n if
 * there is none. */
size_t text_mark(struct bytes text, size_t from, const char **name);

/* Line and column (1-based, bytes) of an offset. A line ends with LF, CR LF or CR. */
void text_place(struct bytes text, size_t offset, int *line, int *col);

/* Append s for a terminal: C0, C1, DEL, bidirectional controls and invalid UTF-8 become \xNN. */
void text_safe(struct buf *out, struct bytes s);

/* Append s as names stand in documents: bytes outside of U+0020 to U+007E, and '%', as %XX with capital
 * digits, so that what comes of any bytes is ASCII, and different for different bytes. */
void text_encode(struct buf *out, struct bytes s);
/* The other way round; a '%' without two capital digits behind it stays. */
void text_decode(struct buf *out, struct bytes s);

/* Length in bytes (1 to 4) of the UTF-8 character at p, which has n bytes left, and its code point;
 * 0 if it is none. */
size_t text_char(const char *p, size_t n, uint32_t *code);

/* The most bytes of s, up to max, that split no character: for "%.*s". */
size_t text_cut(struct bytes s, size_t max);

/* How many insertions, deletions, replacements and swaps of neighbours make a into b (optimal
 * string alignment), ASCII case aside; for near misses. Texts over 64 bytes are SIZE_MAX apart. */
size_t text_distance(struct bytes a, struct bytes b);

/* How far apart two names may be for "did you mean": 1 for names under 4 bytes, 3 from 8 bytes on,
 * else 2. */
bool text_is_near(struct bytes a, struct bytes b);

#endif
