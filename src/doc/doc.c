/* The document tree: builders, getters, equality. */
#include "doc/doc.h"

#include <string.h>

#include "base/table.h"
#include "doc/read.h"

enum { SMALL_MAP = 8 }; /* up to here, comparing with every key is cheaper than a table */

struct doc *doc_new(struct arena *a, enum doc_type type)
{
    struct doc *d = ARENA_NEW(a, struct doc);
    d->type = type;
    if (type == DOC_TEXT) {
        d->text = bytes_of("", 0);
    }
    return d;
}

struct doc *doc_new_at(struct arena *a, enum doc_type type, const char *path, int line, int col)
{
    struct doc *d = doc_new(a, type);
    d->path = path;
    d->line = line;
    d->col = col;
    return d;
}

struct doc *doc_textn(struct arena *a, struct bytes s)
{
    struct doc *d = doc_new(a, DOC_TEXT);
    d->text = bytes_of(arena_strndup(a, s.p, s.n), s.n);
    return d;
}

struct doc *doc_text(struct arena *a, const char *s)
{
    return doc_textn(a, bytes_str(s));
}

struct doc *doc_digest(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return digest_is_zero(d) ? doc_new(a, DOC_NULL) : doc_text(a, digest_text(d, text));
}

struct doc *doc_safe(struct arena *a, const char *s)
{
    if (s == NULL || s[0] == '\0') {
        return doc_new(a, DOC_NULL);
    }
    struct buf safe = {0};
    text_safe(&safe, bytes_str(s));
    struct doc *d = doc_text(a, buf_str(&safe));
    buf_release(&safe);
    return d;
}

struct doc *doc_name(struct arena *a, const char *s)
{
    struct buf text = {0};
    text_encode(&text, bytes_str(s));
    struct doc *d = doc_textn(a, buf_bytes(&text));
    buf_release(&text);
    return d;
}

struct doc *doc_int(struct arena *a, int64_t v)
{
    struct doc *d = doc_new(a, DOC_INT);
    d->number = v;
    return d;
}

struct doc *doc_bool(struct arena *a, bool v)
{
    struct doc *d = doc_new(a, DOC_BOOL);
    d->flag = v;
    return d;
}

struct doc *doc_push(struct arena *a, struct doc *list, struct doc *item)
{
    ARENA_GROW(a, list->item, list->n, list->cap);
    list->item[list->n++] = item;
    return item;
}

/* A slot at the end of the map; its value is NULL until set. */
static void add_key(struct arena *a, struct doc *map, struct doc *key)
{
    size_t cap = map->cap;
    ARENA_GROW(a, map->key, map->n, cap);
    ARENA_GROW(a, map->item, map->n, map->cap);
    map->key[map->n++] = key;
}

/* The number of key in map; map->n if it is not there. */
static size_t find_key(const struct doc *map, struct bytes key)
{
    size_t i = 0;
    while (i < map->n && !bytes_eq(map->key[i]->text, key)) {
        i++;
    }
    return i;
}

struct doc *doc_put(struct arena *a, struct doc *map, const char *key, struct doc *v)
{
    size_t i = find_key(map, bytes_str(key));
    if (i == map->n) {
        add_key(a, map, doc_text(a, key));
    }
    map->item[i] = v;
    return v;
}

static struct doc *get(const struct doc *map, struct bytes key)
{
    if (map == NULL || map->type != DOC_MAP) {
        return NULL;
    }
    size_t i = find_key(map, key);
    return i == map->n ? NULL : map->item[i];
}

struct doc *doc_get(const struct doc *map, const char *key)
{
    return get(map, bytes_str(key));
}

struct doc *doc_find(const struct doc *map, const char *dotted)
{
    for (;;) {
        size_t n = strcspn(dotted, ".");
        struct doc *d = get(map, bytes_of(dotted, n));
        if (d == NULL || dotted[n] == '\0') {
            return d;
        }
        map = d;
        dotted += n + 1;
    }
}

const char *doc_str(const struct doc *map, const char *key, const char *otherwise)
{
    const struct doc *d = doc_get(map, key);
    return d != NULL && d->type == DOC_TEXT ? d->text.p : otherwise;
}

int64_t doc_num(const struct doc *map, const char *key, int64_t otherwise)
{
    const struct doc *d = doc_get(map, key);
    return d != NULL && d->type == DOC_INT ? d->number : otherwise;
}

bool doc_yes(const struct doc *map, const char *key, bool otherwise)
{
    const struct doc *d = doc_get(map, key);
    return d != NULL && d->type == DOC_BOOL ? d->flag : otherwise;
}

size_t doc_len(const struct doc *d)
{
    return d != NULL && (d->type == DOC_LIST || d->type == DOC_MAP) ? d->n : 0;
}

static void index_map(struct table *t, const struct doc *map)
{
    for (size_t i = 0; i < map->n; i++) {
        (void)table_put(t, map->key[i]->text, map->item[i]);
    }
}

static bool maps_eq(const struct doc *a, const struct doc *b)
{
    struct arena scratch = {0};
    struct table index = {.a = &scratch};
    bool same = a->n == b->n;
    if (same && b->n > SMALL_MAP) {
        index_map(&index, b);
    }
    for (size_t i = 0; i < a->n && same; i++) {
        struct bytes key = a->key[i]->text;
        const struct doc *other = index.n > 0 ? table_get(&index, key) : get(b, key);
        same = other != NULL && doc_eq(a->item[i], other);
    }
    arena_release(&scratch);
    return same;
}

bool doc_eq(const struct doc *a, const struct doc *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case DOC_NULL:
        return true;
    case DOC_BOOL:
        return a->flag == b->flag;
    case DOC_INT:
        return a->number == b->number;
    case DOC_TEXT:
        return bytes_eq(a->text, b->text);
    case DOC_LIST:
        for (size_t i = 0; i < a->n && i < b->n; i++) {
            if (!doc_eq(a->item[i], b->item[i])) {
                return false;
            }
        }
        return a->n == b->n;
    case DOC_MAP:
        return maps_eq(a, b);
    }
    return false;
}

static const struct doc *known_key(struct arena *a, struct map_reader *r, struct doc *key)
{
    if (r->map->n < SMALL_MAP) {
        size_t i = find_key(r->map, key->text);
        return i == r->map->n ? NULL : r->map->key[i];
    }
    if (r->seen.a == NULL) {
        r->seen.a = a;
        for (size_t i = 0; i < r->map->n; i++) {
            (void)table_put(&r->seen, r->map->key[i]->text, r->map->key[i]);
        }
    }
    const struct doc *first = table_get(&r->seen, key->text);
    if (first == NULL) {
        (void)table_put(&r->seen, key->text, key);
    }
    return first;
}

int map_reader_key(struct arena *a, struct map_reader *r, struct doc *key, struct err *e)
{
    const struct doc *first = known_key(a, r, key);
    if (first != NULL) {
        int width = (int)text_cut(key->text, 100);
        (void)err_at(e, ERR_CONFIG, key->path, key->line, key->col,
                     "duplicate key \"%.*s\": it stands in line %d and again in line %d", width,
                     key->text.p, first->line, key->line);
        return err_hint(e, "keep one of the two");
    }
    add_key(a, r->map, key);
    return 0;
}

void map_reader_value(struct map_reader *r, struct doc *value)
{
    r->map->item[r->map->n - 1] = value;
}

int doc_check_text(struct bytes text, const char *path, struct err *e)
{
    size_t at = 0;
    const char *what = NULL;
    if (text_check(text, &at, &what) == 0) {
        return 0;
    }
    int line = 0;
    int col = 0;
    text_place(text, at, &line, &col);
    unsigned byte = (unsigned char)text.p[at];
    (void)err_at(e, ERR_CONFIG, path, line, col, "%s (0x%02x) in the file", what, byte);
    return err_hint(
        e,
        "save the file as plain UTF-8 without a byte order mark or invisible control characters");
}

void doc_fault(struct err_list *faults, const struct doc *at, const char *hint, const char *fmt,
               ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_list_vaddf(faults, ERR_CONFIG, at->path, at->line, at->col, hint, fmt, ap);
    va_end(ap);
}
