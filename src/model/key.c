/* Checksum and bundle digest: the definition stands in model/key.h. */
#include "model/key.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"

#define NAMELESS SIZE_MAX /* a flat file goes by what it is for */

static struct bytes digest_bytes(const struct digest *d)
{
    return bytes_of((const char *)d->b, sizeof d->b);
}

/* n_prefix: of its path, what is no part of its name. */
static void add_file(struct digester *h, const char *field, const struct artifact *f,
                     size_t n_prefix)
{
    struct buf value = {0};
    buf_puts(&value, n_prefix == NAMELESS ? field : f->path + n_prefix);
    buf_putc(&value, '\0');
    buf_add(&value, f->digest.b, sizeof f->digest.b);
    digester_field(h, field, buf_bytes(&value));
    buf_release(&value);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp((*(const struct artifact *const *)a)->path,
                  (*(const struct artifact *const *)b)->path);
}

static void add_sorted(struct arena *a, struct digester *h, const char *field,
                       const struct artifacts *files, size_t n_prefix)
{
    const struct artifact **v = ARENA_ARRAY(a, const struct artifact *, files->n + 1);
    for (size_t i = 0; i < files->n; i++) {
        v[i] = &files->v[i];
    }
    qsort(v, files->n, sizeof *v, compare_files);
    for (size_t i = 0; i < files->n; i++) {
        add_file(h, field, v[i], n_prefix);
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_names(struct arena *a, struct doc *map, const char *key, const struct names *l,
                      bool has)
{
    if (!has) {
        return;
    }
    const char **v = ARENA_ARRAY(a, const char *, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        v[i] = l->v[i];
    }
    qsort(v, l->n, sizeof *v, compare_names);
    struct doc *list = doc_put(a, map, key, doc_new(a, DOC_LIST));
    for (size_t i = 0; i < l->n; i++) {
        (void)doc_push(a, list, doc_text(a, v[i]));
    }
}

static struct doc *scope_doc(struct arena *a, const struct scope *s)
{
    struct doc *d = doc_new(a, DOC_MAP);
    put_names(a, d, "allowed_schemas", &s->allowed_schemas, s->has_schemas);
    put_names(a, d, "allowed_tables", &s->allowed_tables, s->has_tables);
    put_names(a, d, "forbidden_schemas", &s->forbidden_schemas, s->forbidden_schemas.n > 0);
    put_names(a, d, "forbidden_tables", &s->forbidden_tables, s->forbidden_tables.n > 0);
    put_names(a, d, "references", &s->references, s->references.n > 0);
    put_names(a, d, "allowed_extensions", &s->allowed_extensions, s->allowed_extensions.n > 0);
    put_names(a, d, "allowed_global", &s->allowed_global, s->allowed_global.n > 0);
    return d;
}

static struct doc *limits_doc(struct arena *a, const struct limits *l)
{
    struct doc *d = doc_new(a, DOC_MAP);
#define LIMIT(field, key, text)                                                                    \
    if (l->field >= 0) {                                                                           \
        (void)doc_put(a, d, key, doc_int(a, l->field));                                            \
    }
    LIMITS(LIMIT)
#undef LIMIT
    return d;
}

static void add_doc(struct digester *h, const char *field, const struct doc *d)
{
    struct buf text = {0};
    canon_write(&text, d);
    digester_field(h, field, buf_bytes(&text));
    buf_release(&text);
}

struct digest key_checksum(const struct decl *d, const char *dir)
{
    static const struct scope unsaid;
    struct arena a = {0};
    size_t n_prefix = dir != NULL ? strlen(dir) + 1 : NAMELESS;
    struct digester *h = digester_open("kfmig.checksum.v1");
    for (size_t i = 0; i < d->forward.n; i++) {
        add_file(h, "forward", &d->forward.v[i], n_prefix);
    }
    for (size_t i = 0; i < d->rollback.n; i++) {
        add_file(h, "rollback", &d->rollback.v[i], n_prefix);
    }
    add_sorted(&a, h, "invariant", &d->invariants, n_prefix);
    add_doc(h, "scope", scope_doc(&a, dir != NULL ? &d->scope : &unsaid));
    add_doc(h, "limits", limits_doc(&a, dir != NULL ? &d->limits : &limits_none));
    digester_field(h, "runner.tool", bytes_str(d->runner));
    if (d->command != NULL) {
        digester_field(h, "runner.command", bytes_str(d->command));
    }
    digester_field(h, "requires_rollback", bytes_str(d->requires_rollback ? "true" : "false"));
    if (d->after_load) {
        digester_field(h, "rebuild", bytes_str("after-load"));
    }
    if (d->rebuilds.n > 0) {
        struct doc *said = doc_new(&a, DOC_MAP);
        put_names(&a, said, "rebuilds", &d->rebuilds, true);
        add_doc(h, "rebuilds", doc_get(said, "rebuilds"));
    }
    arena_release(&a);
    return digester_close(h);
}

/* Its digest with all line ends LF, or CRLF. */
static struct digest digest_of_lines(struct bytes text, bool crlf)
{
    struct buf out = {0};
    for (size_t i = 0; i < text.n; i++) {
        bool ends = text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';
        if (text.p[i] == '\n' && crlf) {
            buf_putc(&out, '\r');
        }
        if (!ends) {
            buf_putc(&out, text.p[i]);
        }
    }
    struct digest d = digest_of(buf_bytes(&out));
    buf_release(&out);
    return d;
}

static struct artifacts with_lines(struct arena *a, const struct artifacts *files, bool crlf)
{
    struct artifacts out = {arena_dup(a, files->v, files->n * sizeof *files->v), files->n,
                            files->n};
    for (size_t i = 0; i < out.n; i++) {
        out.v[i].digest = digest_of_lines(out.v[i].bytes, crlf);
    }
    return out;
}

bool key_is_line_ends(const struct decl *d, const char *dir, const struct digest *checksum)
{
    struct arena a = {0};
    bool is_same = false;
    for (int crlf = 0; crlf < 2 && !is_same; crlf++) {
        struct decl other = *d;
        other.forward = with_lines(&a, &d->forward, crlf == 1);
        other.rollback = with_lines(&a, &d->rollback, crlf == 1);
        other.invariants = with_lines(&a, &d->invariants, crlf == 1);
        struct digest now = key_checksum(&other, dir);
        is_same = digest_eq(&now, checksum);
    }
    arena_release(&a);
    return is_same;
}

struct digest key_bundle(const struct decl *d, const struct doc *doc, const struct digest *checksum)
{
    struct digester *h = digester_open("kfmig.bundle.v1");
    digester_field(h, "checksum", digest_bytes(checksum));
    add_doc(h, "declaration", doc);
    digester_field(h, "notes",
                   d->notes.path == NULL ? bytes_of("", 0) : digest_bytes(&d->notes.digest));
    return digester_close(h);
}
