/* Memory by lifetime.
 * Owns: the blocks of an arena and what happens when memory runs out. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BLOCK = 4096, LAST_BLOCK = 1 << 20 };

/* Bytes from at on are zero: blocks come from calloc(), arena_reset() clears what it takes. */
struct arena_block {
    struct arena_block *older;
    size_t cap;
    size_t at;
    alignas(max_align_t) unsigned char data[];
};

struct arena_end {
    struct arena_end *older;
    void (*fn)(void *);
    void *p;
};

static _Noreturn void out_of_memory(void)
{
    static const char words[] = "kfmig: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, words, sizeof words - 1);
    (void)ignored;
    _exit(70);
}

static void *checked(void *p)
{
    if (p == NULL) {
        out_of_memory();
    }
    return p;
}

void *mem_alloc(size_t size)
{
    return checked(malloc(size == 0 ? 1 : size));
}

void *mem_realloc(void *p, size_t size)
{
    return checked(realloc(p, size == 0 ? 1 : size));
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(mem_alloc(n), s, n);
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
    size_t cap = a->head == NULL ? FIRST_BLOCK : a->head->cap * 2;
    if (cap > LAST_BLOCK) {
        cap = LAST_BLOCK;
    }
    if (cap < size) {
        cap = size;
    }
    struct arena_block *b = checked(calloc(1, sizeof *b + cap));
    b->older = a->head;
    b->cap = cap;
    a->head = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        out_of_memory();
    }
    size = size == 0 ? align : (size + align - 1) & ~(align - 1);
    struct arena_block *b = a->head;
    if (b == NULL || b->cap - b->at < size) {
        b = add_block(a, size);
    }
    void *p = b->data + b->at;
    b->at += size;
    a->used += size;
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        out_of_memory();
    }
    return arena_alloc(a, total);
}

void *arena_dup(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n);
    if (n > 0) {
        memcpy(copy, p, n);
    }
    return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = arena_array(a, 1, n < SIZE_MAX ? n + 1 : n);
    if (n > 0) {
        memcpy(copy, s, n);
    }
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    char text[256]; /* nearly all fit, and are not printed twice */
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        BUG("a format that cannot be printed");
    }
    if ((size_t)n < sizeof text) {
        return arena_strndup(a, text, (size_t)n);
    }
    char *out = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    (void)vsnprintf(out, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return out;
}

struct arena_mark arena_mark(const struct arena *a)
{
    size_t at = a->head == NULL ? 0 : a->head->at;
    return (struct arena_mark){a->head, at, a->used, a->ends};
}

void arena_reset(struct arena *a, struct arena_mark m)
{
    while (a->ends != m.ends) {
        struct arena_end *end = a->ends;
        a->ends = end->older;
        end->fn(end->p);
    }
    while (a->head != m.head) {
        struct arena_block *b = a->head;
        a->head = b->older;
        free(b);
    }
    if (a->head != NULL) {
        memset(a->head->data + m.at, 0, a->head->at - m.at);
        a->head->at = m.at;
    }
    a->used = m.used;
}

void arena_release(struct arena *a)
{
    arena_reset(a, (struct arena_mark){0});
}

void arena_at_end(struct arena *a, void (*fn)(void *), void *p)
{
    struct arena_end *end = ARENA_NEW(a, struct arena_end);
    *end = (struct arena_end){a->ends, fn, p};
    a->ends = end;
}

static void release(void *a)
{
    arena_release(a);
}

struct arena *arena_within(struct arena *a)
{
    struct arena *own = ARENA_NEW(a, struct arena);
    arena_at_end(a, release, own);
    return own;
}

static void *widen(struct arena *a, const void *v, size_t n, size_t *cap, size_t want, size_t size)
{
    void *wider = arena_array(a, want, size);
    if (n > 0) {
        memcpy(wider, v, n * size);
    }
    *cap = want;
    return wider;
}

void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
    return n < *cap ? v : widen(a, v, n, cap, *cap < 4 ? 8 : *cap * 2, size);
}

void *arena_room(struct arena *a, void *v, size_t n, size_t *cap, size_t more, size_t size)
{
    return *cap - n >= more ? v : widen(a, v, n, cap, n + more, size);
}
