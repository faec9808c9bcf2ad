/* Memory by lifetime.
 * Owns: arenas. Objects are never freed one by one; a whole arena is released, or reset to a mark.
 * Out of memory ends the process with status 70: no function here returns NULL. */
#ifndef KFMIG_BASE_ARENA_H
#define KFMIG_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct arena_block;
struct arena_end;
struct arena {
    struct arena_block *head; /* newest block first */
    size_t used;              /* bytes handed out, all blocks */
    struct arena_end *ends;   /* see arena_at_end(), newest first */
};
struct arena_mark {
    struct arena_block *head;
    size_t at;
    size_t used;
    struct arena_end *ends;
};

void *arena_alloc(struct arena *a, size_t size);           /* zeroed, aligned for any type */
void *arena_array(struct arena *a, size_t n, size_t size); /* zeroed; overflow-checked */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n); /* copies n bytes and adds NUL */
void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct arena_mark arena_mark(const struct arena *a);
void arena_reset(struct arena *a, struct arena_mark m); /* everything since the mark is gone */
void arena_release(struct arena *a);                    /* a is reusable afterwards */

/* Call fn(p) when what was allocated up to now goes away: for the few library objects that hold
 * memory of their own (regex_t).
 * Newest first; fn may read the arena but not allocate from it. */
void arena_at_end(struct arena *a, void (*fn)(void *), void *p);

/* Another one, empty, that goes away with a at the latest: for what may be released before. */
struct arena *arena_within(struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

/* Make room for one more element in an arena-backed array: doubles cap, copies the old elements.
 *   ARENA_GROW(a, list->v, list->n, list->cap);  list->v[list->n++] = x; */
void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size);
#define ARENA_GROW(a, v, n, cap) ((v) = arena_grow((a), (v), (n), &(cap), sizeof *(v)))

/* Make room for more elements at once, where it is known how many are to come: an array that doubles leaves
 * as much behind as it holds. */
void *arena_room(struct arena *a, void *v, size_t n, size_t *cap, size_t more, size_t size);
#define ARENA_ROOM(a, v, n, cap, more)                                                             \
    ((v) = arena_room((a), (v), (n), &(cap), (more), sizeof *(v)))

/* malloc, realloc and strdup that do not return on failure; free() releases what they give. */
void *mem_alloc(size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);

#endif
