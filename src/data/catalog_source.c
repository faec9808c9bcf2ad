/* The files of a version: finding what a path means, reading catalog files within their limits, comparing
 * them with their recorded digests. */
#include <string.h>

#include "data/catalog.h"
#include "doc/json.h"

/* RFC 3986: a scheme, then a colon. */
static bool is_url(const char *text)
{
    size_t n = 0;
    while ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
           (n > 0 && ((text[n] >= '0' && text[n] <= '9') || strchr("+-.", text[n]) != NULL) &&
            text[n] != '\0')) {
        n++;
    }
    return n > 0 && text[n] == ':';
}

/* text from folder on, where ".." goes up; folder NULL: from anywhere, without "..". Without "." and empty
 * parts. NULL: the path may not be used, or leads out of the project. */
static const char *normal_path(struct arena *a, const char *folder, struct bytes text)
{
    struct buf out = {0};
    bool is_safe = text.n > 0 && text.p[0] != '/' && text.p[text.n - 1] != '/';
    if (folder != NULL) {
        buf_puts(&out, folder);
    }
    for (size_t i = 0; i < text.n && is_safe; i++) {
        is_safe = text.p[i] != '\\' && (unsigned char)text.p[i] >= 0x20;
    }
    for (const char *p = text.p; is_safe && p < text.p + text.n;) {
        size_t n = strcspn(p, "/");
        if (n == 2 && memcmp(p, "..", 2) == 0) {
            is_safe = folder != NULL && out.n > 0;
            const char *parent = path_folder(a, buf_str(&out));
            buf_clear(&out);
            buf_puts(&out, parent);
        } else if (n > 0 && !(n == 1 && *p == '.')) {
            buf_puts(&out, out.n > 0 ? "/" : "");
            buf_add(&out, p, n);
        }
        p += n + (p[n] == '/');
    }
    const char *path = is_safe && out.n > 0 ? arena_strdup(a, buf_str(&out)) : NULL;
    buf_release(&out);
    return path;
}

/* path exists: is it what it has to be? */
static enum path_result judge(struct dataset_catalog *c, const struct doc *at, const char *path,
                              enum tree_entry entry, const struct err *e)
{
    switch (entry) {
    case TREE_REGULAR:
        return PATH_FOUND;
    case TREE_LINK:
        CATALOG_FAULT(c, CODE_SYMLINK, at, "\"%s\" is one, or leads through one", path);
        break;
    case TREE_FOLDER:
    case TREE_OTHER:
        CATALOG_FAULT(c, CODE_NOT_REGULAR, at, "\"%s\"", path);
        break;
    case TREE_UNREADABLE:
        CATALOG_FAULT(c, CODE_UNREADABLE, at, "%s", e->msg);
        break;
    case TREE_ABSENT:
        return PATH_ABSENT;
    }
    return PATH_REFUSED;
}

enum path_result catalog_path(struct dataset_catalog *c, const struct doc *at, const char *beside,
                              const char **out)
{
    const char *text = catalog_text(at);
    if (text == NULL) {
        CATALOG_FAULT(c, CODE_SHAPE, at, "a path has to be a text");
        return PATH_REFUSED;
    }
    if (is_url(text)) {
        return PATH_URL;
    }
    const char *normal = normal_path(c->a, NULL, at->text);
    if (normal == NULL) {
        CATALOG_FAULT(c, CODE_PATH_UNSAFE, at, "paths are relative and go down only");
        return PATH_REFUSED;
    }
    size_t n = 0;
    const char **base = ARENA_ARRAY(c->a, const char *, c->n_folders + 3);
    base[n++] = c->root;
    base[n++] = path_folder(c->a, c->root);
    for (size_t i = 0; i < c->n_folders; i++) {
        base[n++] = c->folder[i];
    }
    base[n++] = beside;
    for (size_t i = 0; i < n; i++) {
        struct err e;
        const char *path = path_join(c->a, base[i], normal);
        enum path_result r = judge(c, at, path, tree_look(c->tree, path, &e), &e);
        if (r != PATH_ABSENT) {
            *out = path;
            return r;
        }
    }
    return PATH_ABSENT;
}

int catalog_href_needed(struct dataset_catalog *c, const struct doc *at, const char *beside,
                        const char **out)
{
    const char *text = catalog_text(at);
    if (text == NULL || is_url(text)) {
        return catalog_path_needed(c, at, beside, out);
    }
    const char *path = normal_path(c->a, beside, at->text);
    if (path == NULL) {
        CATALOG_FAULT(c, CODE_PATH_UNSAFE, at, "it leads out of the project, or is no path");
        return -1;
    }
    struct err e;
    enum path_result r = judge(c, at, path, tree_look(c->tree, path, &e), &e);
    if (r == PATH_ABSENT && normal_path(c->a, NULL, at->text) != NULL) {
        return catalog_path_needed(c, at, beside, out);
    }
    if (r == PATH_ABSENT) {
        CATALOG_FAULT(c, CODE_FILE_MISSING, at, "\"%s\"", path);
    }
    *out = path;
    return r == PATH_FOUND ? 0 : -1;
}

int catalog_path_needed(struct dataset_catalog *c, const struct doc *at, const char *beside,
                        const char **out)
{
    switch (catalog_path(c, at, beside, out)) {
    case PATH_FOUND:
        return 0;
    case PATH_URL:
        CATALOG_FAULT(c, CODE_PATH_SCHEME, at, "kfmig reads files of the project only");
        break;
    case PATH_ABSENT:
        CATALOG_FAULT(c, CODE_FILE_MISSING, at, "\"%s\"", at->text.p);
        break;
    case PATH_REFUSED:
        break;
    }
    return -1;
}

/* --- reading ------------------------------------------------------------------------------------ */

static size_t limit_of(const char *path, unsigned kinds)
{
    const char *name = path_name(path);
    bool is_list = (kinds & (KIND_BIT(KIND_MANIFEST) | KIND_BIT(KIND_CHECKSUMS))) != 0 ||
                   strcmp(name, "checksums.v1.json") == 0 || strcmp(name, "sha256sums.txt") == 0;
    return is_list ? CATALOG_LIST_LIMIT : CATALOG_LIMIT;
}

static int read_bytes(struct dataset_catalog *c, const char *path, unsigned kinds,
                      struct bytes *out)
{
    struct err e = {0};
    int rc = file_read(c->a, c->tree->dirfd, path, limit_of(path, kinds), out, NULL, &e);
    if (rc == 1) {
        CATALOG_FAULT_PATH(c, CODE_FILE_MISSING, path, 0, "\"%s\"", path);
    } else if (rc < 0 && e.code == ERR_CONFIG) {
        CATALOG_FAULT_PATH(c, CODE_TOO_LARGE, path, 0, "%s", e.msg);
    } else if (rc < 0) {
        CATALOG_FAULT_PATH(c, CODE_UNREADABLE, path, 0, "%s", e.msg);
    }
    return rc == 0 ? 0 : -1;
}

static int parse(struct dataset_catalog *c, struct source_file *f)
{
    struct err e = {0};
    if (!path_ends(f->path, ".json") && !path_ends(f->path, ".jsonld")) {
        return 0; /* only its digest counts */
    }
    f->root = json_read_reals(c->a, f->text, f->path, &e);
    if (f->root == NULL) {
        c->is_bad = true;
        catalog_fault(c->faults, CODE_MALFORMED,
                      &(struct doc){.path = f->path, .line = e.where.line, .col = e.where.col},
                      "%s", e.msg);
        return -1;
    }
    return 0;
}

static void compare_recorded(struct dataset_catalog *c, struct source_file *f)
{
    for (const struct record_claim *r = table_gets(&c->recorded, f->path); r != NULL; r = r->next) {
        const struct claim *said = &r->said;
        f->is_listed = f->is_listed || said->kind == KIND_MANIFEST;
        if (!digest_eq(&said->digest, &f->digest)) {
            CATALOG_FAULT_CLAIM(c, CODE_FILE_ALTERED, said, "\"%s\" by %s", f->path,
                                catalog_kind_text(said->kind));
        } else if (said->size >= 0 && (uint64_t)said->size != f->text.n) {
            CATALOG_FAULT_CLAIM(c, CODE_SIZE_MISMATCH, said, "\"%s\" by %s, and the file", f->path,
                                catalog_kind_text(said->kind));
        }
    }
}

struct source_file *catalog_source_read(struct dataset_catalog *c, const char *path, unsigned kinds)
{
    struct source_file *f = table_gets(&c->files, path);
    if (f != NULL) {
        f->kinds |= kinds;
        return f;
    }
    f = ARENA_NEW(c->a, struct source_file);
    f->path = arena_strdup(c->a, path);
    if (read_bytes(c, path, kinds, &f->text) != 0 || parse(c, f) != 0) {
        c->is_partial = true;
        return NULL;
    }
    f->digest = digest_of(f->text);
    f->kinds = kinds != 0 || f->root == NULL ? kinds : catalog_classify(c->a, f->root);
    (void)table_puts(&c->files, f->path, f);
    compare_recorded(c, f);
    return f;
}
