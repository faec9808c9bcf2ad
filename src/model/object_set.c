/* Digests of sets of objects. */
#include "model/object_set.h"

#include <stdlib.h>
#include <string.h>

#include "doc/json.h"

uint8_t object_set_bucket(const char *name)
{
    return digest_of(bytes_str(name)).b[0];
}

/* Where m stands in b, or would. */
static size_t place_of(const struct set_bucket *b, const struct set_member *m)
{
    size_t from = 0;
    size_t to = b->n;
    while (from < to) {
        size_t at = from + (to - from) / 2;
        if (strcmp(b->v[at]->name, m->name) < 0) {
            from = at + 1;
        } else {
            to = at;
        }
    }
    return from;
}

static void forget(struct object_set *s, struct set_bucket *b)
{
    b->digest = (struct digest){{0}};
    s->digest = (struct digest){{0}};
}

void object_set_put(struct object_set *s, struct set_member *m)
{
    struct set_bucket *b = s->bucket[m->bucket];
    if (b == NULL) {
        b = s->bucket[m->bucket] = ARENA_NEW(s->a, struct set_bucket);
    }
    size_t at = place_of(b, m);
    ARENA_GROW(s->a, b->v, b->n, b->cap);
    memmove(b->v + at + 1, b->v + at, (b->n - at) * sizeof(struct set_member *));
    b->v[at] = m;
    b->n++;
    s->n++;
    forget(s, b);
}

void object_set_take(struct object_set *s, const struct set_member *m)
{
    struct set_bucket *b = s->bucket[m->bucket];
    size_t at = place_of(b, m);
    b->n--;
    s->n--;
    memmove(b->v + at, b->v + at + 1, (b->n - at) * sizeof(struct set_member *));
    forget(s, b);
}

void object_set_changed(struct object_set *s, const struct set_member *m)
{
    forget(s, s->bucket[m->bucket]);
}

static void add_line(struct buf *out, const struct set_member *m)
{
    char text[DIGEST_TEXT];
    buf_puts(out, m->name);
    buf_putc(out, '\t');
    buf_puts(out, digest_text(&m->fingerprint, text));
    buf_putc(out, '\n');
}

static struct digest bucket_digest(struct set_bucket *b, struct buf *lines)
{
    if (b->n == 0) {
        return (struct digest){{0}};
    }
    if (digest_is_zero(&b->digest)) {
        buf_clear(lines);
        for (size_t i = 0; i < b->n; i++) {
            add_line(lines, b->v[i]);
        }
        b->digest = digest_of(buf_bytes(lines));
    }
    return b->digest;
}

static struct digest of_buckets(const struct digest v[static OBJECT_BUCKETS])
{
    return digest_of(bytes_of((const char *)v, OBJECT_BUCKETS * sizeof *v));
}

struct digest object_set_digest(struct object_set *s)
{
    if (digest_is_zero(&s->digest)) {
        struct digest v[OBJECT_BUCKETS] = {{{0}}};
        struct buf lines = {0};
        for (size_t i = 0; i < OBJECT_BUCKETS; i++) {
            if (s->bucket[i] != NULL) {
                v[i] = bucket_digest(s->bucket[i], &lines);
            }
        }
        s->digest = of_buckets(v);
        buf_release(&lines);
    }
    return s->digest;
}

static int by_name(const void *x, const void *y)
{
    return strcmp((*(struct set_member *const *)x)->name, (*(struct set_member *const *)y)->name);
}

void object_set_lines(struct buf *out, const struct object_set *s)
{
    struct set_member **all = mem_alloc((s->n + 1) * sizeof(struct set_member *));
    size_t n = 0;
    for (size_t i = 0; i < OBJECT_BUCKETS; i++) {
        const struct set_bucket *b = s->bucket[i];
        for (size_t k = 0; b != NULL && k < b->n; k++) {
            all[n++] = b->v[k];
        }
    }
    qsort(all, n, sizeof(struct set_member *), by_name);
    for (size_t i = 0; i < n; i++) {
        add_line(out, all[i]);
    }
    free(all);
}

/* "name TAB sha256:hex LF" at p, and how long it is; 0: it is no such line. */
static size_t read_line(struct arena *a, struct bytes p, struct set_member *out)
{
    const char *end = p.n > 0 ? memchr(p.p, '\n', p.n) : NULL;
    const char *tab = end != NULL ? memchr(p.p, '\t', (size_t)(end - p.p)) : NULL;
    if (tab == NULL || memchr(p.p, '\0', (size_t)(end - p.p)) != NULL) {
        return 0;
    }
    out->name = arena_strndup(a, p.p, (size_t)(tab - p.p));
    out->bucket = object_set_bucket(out->name);
    const char *digest = arena_strndup(a, tab + 1, (size_t)(end - tab - 1));
    return digest_parse(digest, &out->fingerprint) == 0 ? (size_t)(end - p.p) + 1 : 0;
}

/* The digest of the set whose lines these are. 0, or -1 with *line at the first one (from 1) that is no such
 * line, or is not behind the one before it. */
static int read_lines(struct bytes lines, struct digest *out, size_t *line)
{
    struct arena a = {0};
    struct object_set s = {.a = &a};
    const struct set_member *before = NULL;
    int rc = 0;
    for (*line = 1; rc == 0 && lines.n > 0; ++*line) {
        struct set_member *m = ARENA_NEW(&a, struct set_member);
        size_t n = read_line(&a, lines, m);
        if (n == 0 || (before != NULL && by_name(&before, &m) >= 0)) {
            rc = -1;
            break;
        }
        object_set_put(&s, m);
        before = m;
        lines = bytes_of(lines.p + n, lines.n - n);
    }
    *out = object_set_digest(&s);
    arena_release(&a);
    return rc;
}

bool object_list_wanted(const struct doc *receipt, const char *uri)
{
    const char *format = doc_str(doc_find(receipt, "claim.baselines"), "format", "");
    return format[0] != '\0' && strncmp(uri, "baselines/", 10) == 0;
}

const char *object_list_path(struct arena *a, const char *path)
{
    return arena_printf(a, "%.*s.objects.tsv", (int)(strlen(path) - strlen(".json")), path);
}

int object_list_check(struct bytes document, struct bytes lines, struct err *e)
{
    struct arena a = {0};
    struct digest want;
    struct digest have;
    size_t line = 0;
    struct err none = {0};
    const struct doc *d = json_read(&a, document, "", &none);
    int rc = 0;
    if (d == NULL || digest_parse(doc_str(d, "objects", ""), &want) != 0) {
        rc = err_set(e, ERR_INTEGRITY, "no baseline that a list belongs to");
    } else if (read_lines(lines, &have, &line) != 0) {
        rc = err_set(e, ERR_INTEGRITY, "line %zu is not an object and its fingerprint, in order",
                     line);
    } else if (!digest_eq(&want, &have)) {
        rc = err_set(e, ERR_INTEGRITY, "not the objects that the baseline beside it is about");
    }
    arena_release(&a);
    return rc;
}
