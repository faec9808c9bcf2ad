/* Manifest and checksums of flat migrations. */
#include "load/meta.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "load/checker.h"
#include "load/text.h"

static const char *const names[META_FILES] = {MANIFEST_NAME, CHECKSUMS_NAME};
static const char mend[] = "`kfmig check --fix` writes it anew, if the files are right as they are";

/* A line of checksums.txt. */
struct meta_line {
    struct digest digest;
    int line;
};

static const char *path_of(struct arena *a, const struct meta *m, int i)
{
    return arena_printf(a, "%s/%s", m->folder, names[i]);
}

/* Is path one of the two files, in whatever folder? */
static bool meta_is(const char *path)
{
    size_t n = strlen(path);
    for (int i = 0; i < META_FILES; i++) {
        size_t n_name = strlen(names[i]);
        if (n > n_name && path[n - n_name - 1] == '/' && strcmp(path + n - n_name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- reading ----------------------------------------------------------------------------------------- */

static void read_manifest(struct arena *a, struct meta *m, struct bytes text,
                          struct err_list *faults)
{
    struct err e = {0};
    const char *path = path_of(a, m, 0);
    struct doc *d = json_read(a, text, path, &e);
    if (d == NULL) {
        (void)err_hint(&e, "%s", mend);
        err_list_add(faults, &e);
        return;
    }
    if (schema_check(a, checker_schema("migration_manifest.v1"), d, faults) > 0) {
        return;
    }
    const struct doc *list = doc_get(d, "migrations");
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *id = doc_get(list->item[i], "id");
        if (table_put(&m->by_id, id->text, list->item[i]) != NULL) {
            doc_fault(faults, id, mend, "\"%s\" stands twice in the manifest", id->text.p);
        }
    }
    m->manifest = d;
}

/* "<64 hex>  path", or with a '*' before path, as sha256sum writes it. */
static bool read_line(struct arena *a, struct meta *m, struct bytes line, int number)
{
    enum { HEX = 64 };
    struct meta_line *l = ARENA_NEW(a, struct meta_line);
    l->line = number;
    if (line.n <= HEX + 2 || line.p[HEX] != ' ' || strchr(" *", line.p[HEX + 1]) == NULL ||
        digest_parse(arena_printf(a, "sha256:%.*s", HEX, line.p), &l->digest) != 0) {
        return false;
    }
    return table_puts(&m->by_path, arena_strndup(a, line.p + HEX + 2, line.n - HEX - 2), l) == NULL;
}

static void read_checksums(struct arena *a, struct meta *m, struct bytes text,
                           struct err_list *faults)
{
    int number = 0;
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end != NULL ? (size_t)(end - text.p) - at : text.n - at;
        struct bytes line = bytes_of(text.p + at, n - (n > 0 && text.p[at + n - 1] == '\r'));
        number++;
        if (line.n > 0 && line.p[0] != '#' && !read_line(a, m, line, number)) {
            err_list_addf(faults, ERR_CONFIG, path_of(a, m, 1), number, 1, mend,
                          "a line is \"<sha256>  PATH\", and each path stands once");
        }
        at += n + 1;
    }
}

void meta_read(struct arena *a, int dirfd, const char *folder, struct meta *out,
               struct err_list *faults)
{
    static void (*const readers[META_FILES])(struct arena *, struct meta *, struct bytes,
                                             struct err_list *) = {read_manifest, read_checksums};
    *out = (struct meta){.folder = folder, .by_id = {.a = a}, .by_path = {.a = a}};
    for (int i = 0; i < META_FILES; i++) {
        struct text_file file;
        int rc = text_read(a, dirfd, path_of(a, out, i), LIMIT_JSON, NULL, &file, faults);
        out->used[i] = file.stamp;
        out->has[i] = rc == 0;
        if (rc == 0 && file.is_text) {
            readers[i](a, out, file.bytes, faults);
        }
    }
}

/* --- comparing --------------------------------------------------------------------------------------- */

/* A file of a migration, by its path from the folder. */
static const char *within(const struct bundle *b, const struct artifact *f)
{
    return f->path + strlen(b->folder) + 1;
}

static const struct artifact *file_named(const struct bundle *b, const struct decl *d,
                                         const char *name)
{
    const struct artifacts *const lists[] = {&d->forward, &d->rollback};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            if (strcmp(within(b, &lists[i]->v[k]), name) == 0) {
                return &lists[i]->v[k];
            }
        }
    }
    return NULL;
}

static bool says_digest(const char *text, const struct digest *d)
{
    char have[DIGEST_TEXT];
    const char *hex = digest_text(d, have) + strlen("sha256:");
    return strcmp(text, have) == 0 || strcmp(text, hex) == 0;
}

/* What the manifest's entry says of the files of b. */
static void compare_entry(const struct bundle *b, const struct decl *d, const struct doc *entry,
                          struct err_list *faults)
{
    const struct doc *files = doc_get(entry, "files");
    const struct doc *id = doc_get(entry, "id");
    for (size_t i = 0; i < files->n; i++) {
        const struct doc *path = doc_get(files->item[i], "path");
        const struct doc *digest = doc_get(files->item[i], "sha256");
        const struct artifact *f = file_named(b, d, path->text.p);
        if (f == NULL) {
            doc_fault(faults, path, mend, "the manifest gives %s a file %s, which is none of it",
                      b->id, path->text.p);
        } else if (!says_digest(digest->text.p, &f->digest)) {
            doc_fault(faults, digest, mend, "%s has another SHA-256 than the manifest says",
                      f->path);
        }
    }
    if (files->n < d->forward.n + d->rollback.n) {
        doc_fault(faults, id, mend, "the manifest does not name all files of %s", b->id);
    }
}

void meta_compare(const struct meta *m, const struct bundle *b, const struct decl *d,
                  struct err_list *faults)
{
    struct arena a = {0};
    const struct artifacts *const lists[] = {&d->forward, &d->rollback};
    const struct doc *entry = m != NULL ? table_gets(&m->by_id, b->id) : NULL;
    for (size_t i = 0; m != NULL && i < 2; i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            const struct artifact *f = &lists[i]->v[k];
            const struct meta_line *l = table_gets(&m->by_path, within(b, f));
            if (l != NULL && !digest_eq(&l->digest, &f->digest)) {
                err_list_addf(faults, ERR_CONFIG, path_of(&a, m, 1), l->line, 1, mend,
                              "%s has another SHA-256 than this line says", f->path);
            }
        }
    }
    if (entry != NULL) {
        compare_entry(b, d, entry, faults);
    }
    arena_release(&a);
}

/* --- the whole folder -------------------------------------------------------------------------------- */

struct meta_work {
    struct project *p;
    struct arena *a;
    struct meta m;
    size_t first, n; /* its flat migrations in p->bundle */
    bool fix, wanted;
};

static void put_file(struct meta_work *w, struct doc *list, struct buf *sums,
                     const struct bundle *b, const struct artifact *f)
{
    char text[DIGEST_TEXT];
    struct doc *d = doc_push(w->a, list, doc_new(w->a, DOC_MAP));
    (void)digest_text(&f->digest, text);
    (void)doc_put(w->a, d, "path", doc_text(w->a, within(b, f)));
    (void)doc_put(w->a, d, "sha256", doc_text(w->a, text));
    buf_printf(sums, "%s  %s\n", text + strlen("sha256:"), within(b, f));
}

/* Both files as the migrations are. */
static int make(struct meta_work *w, struct buf *manifest, struct buf *sums, struct err *e)
{
    struct doc *d = doc_new(w->a, DOC_MAP);
    (void)doc_put(w->a, d, "version", doc_int(w->a, 1));
    struct doc *list = doc_put(w->a, d, "migrations", doc_new(w->a, DOC_LIST));
    for (size_t i = 0; i < w->n; i++) {
        struct bundle *b = &w->p->bundle[w->first + i];
        if (load_decl(w->p, b, e) != 0) {
            return -1;
        }
        struct doc *row = doc_push(w->a, list, doc_new(w->a, DOC_MAP));
        (void)doc_put(w->a, row, "id", doc_text(w->a, b->id));
        (void)doc_put(w->a, row, "order", doc_int(w->a, (int64_t)i + 1));
        struct doc *files = doc_put(w->a, row, "files", doc_new(w->a, DOC_LIST));
        put_file(w, files, sums, b, &b->decl->forward.v[0]);
        for (size_t k = 0; k < b->decl->rollback.n; k++) {
            put_file(w, files, sums, b, &b->decl->rollback.v[k]);
        }
    }
    canon_pretty(manifest, d);
    return 0;
}

static int write_both(struct meta_work *w, bool *fixed, struct err *e)
{
    struct buf text[META_FILES] = {{0}, {0}};
    int rc = make(w, &text[0], &text[1], e);
    for (int i = 0; i < META_FILES && rc == 0; i++) {
        struct bytes now;
        const char *path = path_of(w->a, &w->m, i);
        rc = file_read(w->a, w->p->dirfd, path, LIMIT_JSON, &now, NULL, e);
        bool is_same = rc == 0 && bytes_eq(now, buf_bytes(&text[i]));
        rc = rc < 0    ? -1
             : is_same ? 0
                       : file_write(w->p->dirfd, path, buf_bytes(&text[i]), 0666, e);
        *fixed = *fixed || (rc == 0 && !is_same);
    }
    buf_release(&text[0]);
    buf_release(&text[1]);
    return rc;
}

static void fault_at(struct meta_work *w, const struct doc *at, const char *msg)
{
    doc_fault(&w->p->faults, at, mend, "%s", msg);
}

static const struct bundle *flat_named(const struct meta_work *w, const char *id)
{
    const struct bundle *b = table_gets(&w->p->by_id, id);
    return b != NULL && b >= w->p->bundle + w->first && b < w->p->bundle + w->first + w->n ? b
                                                                                           : NULL;
}

/* What the manifest names that is not here, or in another order. */
static void tell_manifest(struct meta_work *w)
{
    const struct doc *list = doc_get(w->m.manifest, "migrations");
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *id = doc_get(list->item[i], "id");
        const struct doc *order = doc_get(list->item[i], "order");
        const struct bundle *b = flat_named(w, id->text.p);
        if (b == NULL) {
            fault_at(w, id,
                     arena_printf(w->a, "the manifest names %s, which is not here", id->text.p));
        } else if ((size_t)order->number != (size_t)(b - w->p->bundle) - w->first + 1) {
            fault_at(w, order,
                     arena_printf(w->a, "%s runs as number %zu, not %lld", id->text.p,
                                  (size_t)(b - w->p->bundle) - w->first + 1,
                                  (long long)order->number));
        }
    }
}

static void tell_missing(struct meta_work *w)
{
    size_t n[META_FILES] = {0, 0};
    const char *first[META_FILES] = {NULL, NULL};
    for (size_t i = 0; i < w->n; i++) {
        const struct bundle *b = &w->p->bundle[w->first + i];
        const bool lacks[META_FILES] = {
            table_gets(&w->m.by_id, b->id) == NULL,
            table_gets(&w->m.by_path, b->file + strlen(b->folder) + 1) == NULL};
        for (int k = 0; k < META_FILES; k++) {
            n[k] += lacks[k];
            first[k] = lacks[k] && first[k] == NULL ? b->id : first[k];
        }
    }
    for (int k = 0; k < META_FILES; k++) {
        if (n[k] > 0) {
            err_list_addf(&w->p->warnings, ERR_CONFIG, path_of(w->a, &w->m, k), 0, 0,
                          "`kfmig check --fix` writes it",
                          w->m.has[k] ? "it does not name %s%s" : "it is missing", first[k],
                          n[k] > 1 ? " and others" : "");
        }
    }
}

/* Without what was mended, and so is right now. */
static void drop_faults(struct project *p, const char *folder)
{
    struct err_list left = {0};
    size_t n = strlen(folder);
    for (size_t i = 0; i < p->faults.n; i++) {
        const char *path = p->faults.v[i].where.path;
        if (!meta_is(path) || strncmp(path, folder, n) != 0 || path[n] != '/') {
            err_list_add(&left, &p->faults.v[i]);
        }
    }
    err_list_release(&p->faults);
    p->faults = left;
}

static int check_folder(struct meta_work *w, bool *fixed, struct err *e)
{
    struct err_list known = {0}; /* load_project() told of these */
    meta_read(w->a, w->p->dirfd, w->p->bundle[w->first].folder, &w->m, &known);
    err_list_release(&known);
    if (!w->wanted && !w->m.has[0] && !w->m.has[1]) {
        return 0;
    }
    if (w->fix) {
        int rc = write_both(w, fixed, e);
        if (rc == 0) {
            drop_faults(w->p, w->m.folder);
        }
        return rc;
    }
    tell_manifest(w);
    tell_missing(w);
    return 0;
}

/* Whatever else is wrong with the project, its digests would be those of half of it. */
static bool may_fix(const struct project *p)
{
    for (size_t i = 0; i < p->faults.n; i++) {
        if (!meta_is(p->faults.v[i].where.path)) {
            return false;
        }
    }
    return true;
}

int load_meta_check(struct project *p, bool fix, bool *fixed, struct err *e)
{
    int rc = 0;
    load_checks(p, CHECK_META);
    for (size_t i = 0; i < p->n_bundle && rc == 0;) {
        struct arena a = {0};
        struct meta_work w = {.p = p, .a = &a, .first = i, .fix = fix && may_fix(p)};
        const char *folder = p->bundle[i].folder;
        for (; i < p->n_bundle && strcmp(p->bundle[i].folder, folder) == 0; i++) {
            bool is_flat = p->bundle[i].file != NULL && !bundle_is_repeatable(&p->bundle[i]);
            w.n += is_flat;
            w.wanted = w.wanted || (is_flat && p->bundle[i].layout == LAYOUT_TIMESTAMPED);
        }
        rc = w.n > 0 ? check_folder(&w, fixed, e) : 0;
        arena_release(&a);
    }
    return rc;
}
