/* Ids of dataset versions as names of folders and files, and slugs of datasets. */
#include <string.h>

#include "data/catalog.h"

static bool is_plain(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool may_be_name(const char *s)
{
    return s[0] != '\0' && strchr(s, '/') == NULL && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

struct id_names id_spell(struct arena *a, const char *id)
{
    struct id_names l = {0};
    struct buf dashes = {0};
    struct buf percent = {0};
    bool is_same = true;
    for (const char *p = id; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (is_plain(c)) {
            buf_putc(&dashes, *p);
            buf_putc(&percent, *p);
            continue;
        }
        is_same = false;
        buf_puts(&dashes, (c & 0xC0) == 0x80 ? "" : "--"); /* once per character */
        buf_printf(&percent, "%%%02X", (unsigned)c);
    }
    if (may_be_name(id)) {
        l.v[l.n++] = arena_strdup(a, id);
    }
    if (!is_same) {
        l.v[l.n++] = arena_strdup(a, buf_str(&dashes));
        l.v[l.n++] = arena_strdup(a, buf_str(&percent));
    }
    buf_release(&dashes);
    buf_release(&percent);
    return l;
}

bool id_names_have(const struct id_names *l, struct bytes name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (bytes_eq(bytes_str(l->v[i]), name)) {
            return true;
        }
    }
    return false;
}

const char *id_slug(const char *dataset_id)
{
    const char *from = dataset_id;
    for (const char *p = dataset_id; *p != '\0'; p++) {
        if ((*p == ':' || *p == '/') && p[1] != '\0') {
            from = p + 1;
        }
    }
    return from;
}

bool id_slug_eq(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' &&
           (a[i] == b[i] || (a[i] == '-' && b[i] == '_') || (a[i] == '_' && b[i] == '-'))) {
        i++;
    }
    return a[i] == b[i];
}

static void add_word(struct id_words *out, const char *p, size_t n)
{
    if (n > 0 && out->n < sizeof out->v / sizeof out->v[0]) {
        out->v[out->n++] = bytes_of(p, n);
    }
}

void id_words(const char *path, struct id_words *out)
{
    out->n = 0;
    const char *name = path_name(path);
    size_t n = strlen(name);
    n -= path_ends(name, ".json")     ? strlen(".json")
         : path_ends(name, ".jsonld") ? strlen(".jsonld")
                                      : 0;
    add_word(out, name, n);
    const char *at = memrchr(name, '@', n);
    if (at != NULL) {
        add_word(out, at + 1, (size_t)(name + n - at - 1));
    }
    for (const char *p = path; p < name; p += strcspn(p, "/") + 1) {
        add_word(out, p, strcspn(p, "/"));
    }
}
