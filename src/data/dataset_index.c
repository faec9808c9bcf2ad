/* Which files beneath the data roots speak of which version. Files are read and put aside again: what is
 * remembered is where they are. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalog.h"
#include "doc/json.h"

/* strict: a folder for catalogs: what cannot be read there is a fault. processed: only files of certain
 * names count. other: only what looks like a catalog. */
enum area { AREA_STRICT, AREA_PROCESSED, AREA_OTHER };

struct index_walk {
    struct arena *a;
    struct tree *tree;
    const char *root;
    const char *want; /* id; NULL: any */
    struct id_names names;
    struct catalog_founds found;
    struct table seen; /* folders */
    struct err_list *faults;
    bool is_bad;
};

static void PRINTF_LIKE(5, 6) fault(struct index_walk *w, enum catalog_code code, const char *path,
                                    int line, const char *fmt, ...)
{
    struct buf detail = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&detail, fmt, ap);
    va_end(ap);
    catalog_fault_path(w->faults, code, path, line, "%s", buf_str(&detail));
    buf_release(&detail);
    w->is_bad = true;
}

/* Does a folder or the file's name spell the id that is wanted? */
static bool is_near(const struct index_walk *w, const char *path)
{
    struct id_words words;
    id_words(path, &words);
    for (size_t i = 0; i < words.n; i++) {
        if (id_names_have(&w->names, words.v[i])) {
            return true;
        }
    }
    return w->want == NULL;
}

static bool has(struct bytes text, const char *what)
{
    return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

/* An id may be written with escapes; then only the parser finds it. */
static bool may_speak(const struct index_walk *w, const char *path, struct bytes text)
{
    return w->want == NULL || has(text, w->want) || has(text, "\\") || is_near(w, path);
}

static bool looks_like_catalog(struct bytes text)
{
    static const char *const marks[] = {"\"stac_version\"", "DatasetVersion", "dataset_version_id",
                                        "dcat:", "prov:"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (has(text, marks[i])) {
            return true;
        }
    }
    return false;
}

/* --- one file ------------------------------------------------------------------------------------- */

static void remember(struct index_walk *w, const char *path, struct doc *root, unsigned kinds)
{
    struct arena scratch = {0};
    const struct doc *at = catalog_id_of(&scratch, root, kinds);
    const char *id = catalog_text(at);
    const char *slug = catalog_slug_of(&scratch, root, kinds);
    unsigned main_kinds =
        kinds & (KIND_BIT(KIND_MANIFEST) | KIND_BIT(KIND_RECORD) | KIND_BIT(KIND_VERSION));
    if (main_kinds != 0 && (id == NULL || id[0] == '\0')) {
        if (is_near(w, path)) {
            fault(w, CODE_SHAPE, path, root->line, "the version's id has to be a text");
        }
    } else if ((kinds & KIND_BIT(KIND_MANIFEST)) != 0 && slug == NULL) {
        if (w->want == NULL || strcmp(w->want, id) == 0) {
            fault(w, CODE_SHAPE, path, root->line, "\"dataset_slug\" has to be a text");
        }
    } else if (w->want == NULL || (id == NULL ? is_near(w, path) : strcmp(w->want, id) == 0)) {
        ARENA_GROW(w->a, w->found.v, w->found.n, w->found.cap);
        w->found.v[w->found.n++] = (struct catalog_found){
            .kinds = kinds,
            .root = w->root,
            .path = arena_strdup(w->a, path),
            .id = id == NULL ? NULL : arena_strdup(w->a, id),
            .slug = slug == NULL ? NULL : arena_strdup(w->a, slug),
            .line = id == NULL ? 0 : at->line,
        };
    }
    arena_release(&scratch);
}

static void parse(struct index_walk *w, struct arena *scratch, const char *path, struct bytes text,
                  enum area area)
{
    struct err e = {0};
    struct doc *root = json_read_reals(scratch, text, path, &e);
    bool is_manifest = strcmp(path_name(path), CATALOG_MANIFEST) == 0;
    if (root == NULL) {
        if (w->want == NULL || has(text, w->want) || is_near(w, path)) {
            fault(w, CODE_MALFORMED, path, e.where.line, "%s", e.msg);
        }
        return;
    }
    unsigned kinds = is_manifest ? KIND_BIT(KIND_MANIFEST) : catalog_classify(scratch, root);
    if (area == AREA_PROCESSED && !is_manifest) {
        kinds &= KIND_BIT(KIND_VERSION);
    }
    if (kinds != 0) {
        remember(w, path, root, kinds);
    }
}

static void look_at_file(struct index_walk *w, const char *path, enum area area)
{
    struct arena scratch = {0};
    struct err e = {0};
    struct bytes text;
    bool is_manifest = strcmp(path_name(path), CATALOG_MANIFEST) == 0;
    bool counts = area != AREA_OTHER || is_manifest;
    int rc = file_read(&scratch, w->tree->dirfd, path,
                       is_manifest ? CATALOG_LIST_LIMIT : CATALOG_LIMIT, &text, NULL, &e);
    if (rc < 0 && counts && is_near(w, path)) {
        fault(w, e.code == ERR_CONFIG ? CODE_TOO_LARGE : CODE_UNREADABLE, path, 0, "%s", e.msg);
    }
    if (rc == 0 && may_speak(w, path, text) && (counts || looks_like_catalog(text))) {
        parse(w, &scratch, path, text, area);
    }
    arena_release(&scratch);
}

/* --- folders -------------------------------------------------------------------------------------- */

/* Folders that hold data, or papers about work, and never catalogs. */
static bool is_skipped(const char *name)
{
    static const char *const names[] = {"artifacts", "raw",      "work",         "quarantine",
                                        "audit",     "receipts", "run_receipts", "qa",
                                        "checksums", "derived"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return name[0] == '.';
}

static bool is_candidate(const char *name, enum area area)
{
    if (area == AREA_PROCESSED) {
        return strcmp(name, CATALOG_MANIFEST) == 0 || strcmp(name, "dataset_version.json") == 0 ||
               strcmp(name, "dataset_version.v1.json") == 0;
    }
    return path_ends(name, ".json") || path_ends(name, ".jsonld");
}

static enum area area_of(const struct index_walk *w, const char *dir, enum area above,
                         const char *name)
{
    if (strcmp(dir, w->root) != 0) {
        return above;
    }
    return strcmp(name, "catalog") == 0 || strcmp(name, "registry") == 0 ? AREA_STRICT
           : strcmp(name, "processed") == 0                              ? AREA_PROCESSED
                                                                         : AREA_OTHER;
}

static void look_at_other(struct index_walk *w, const char *path, unsigned char type,
                          enum area area)
{
    bool is_manifest = strcmp(path_name(path), CATALOG_MANIFEST) == 0;
    bool counts = area != AREA_OTHER || is_manifest || w->want != NULL;
    if (!counts || !is_near(w, path)) {
        return;
    }
    if (type == DT_LNK) {
        fault(w, CODE_SYMLINK, path, 0, "\"%s\" is one", path);
    } else if (is_candidate(path_name(path), area)) {
        fault(w, CODE_NOT_REGULAR, path, 0, "\"%s\"", path);
    }
}

static void walk(struct index_walk *w, const char *dir, enum area area, int depth)
{
    struct err e;
    if (table_puts(&w->seen, dir, w) != NULL) {
        return; /* one data root lies within another */
    }
    const struct file_names *l = catalog_tree_list(w->tree, dir, &e);
    if (l == NULL) {
        if (e.code != ERR_NONE && (depth == 0 || is_near(w, dir))) {
            fault(w, e.code == ERR_CONFIG ? CODE_SYMLINK : CODE_UNREADABLE, dir, 0, "%s", e.msg);
        }
        return;
    }
    const char *manifest = path_join(w->a, dir, CATALOG_MANIFEST);
    bool is_version = strcmp(dir, w->root) != 0 && tree_look(w->tree, manifest, &e) != TREE_ABSENT;
    for (size_t i = 0; i < l->n; i++) {
        const struct file_name *name = &l->v[i];
        if (is_version && strcmp(name->name, CATALOG_MANIFEST) != 0) {
            continue; /* the manifest says what else belongs to it */
        }
        const char *path = path_join(w->a, dir, name->name);
        if (name->type == DT_REG) {
            if (is_candidate(name->name, area)) {
                look_at_file(w, path, area);
            }
        } else if (name->type != DT_DIR) {
            look_at_other(w, path, name->type, area);
        } else if (!is_skipped(name->name) && depth < CATALOG_DEPTH) {
            walk(w, path, area_of(w, dir, area, name->name), depth + 1);
        }
    }
}

/* --- versions ------------------------------------------------------------------------------------- */

struct version_group {
    const char *id;
    struct catalog_founds found;
};

static struct version_group *group_of(struct index_walk *w, struct table *groups, const char *id)
{
    struct version_group *g = table_gets(groups, id);
    if (g == NULL) {
        g = ARENA_NEW(w->a, struct version_group);
        g->id = id;
        (void)table_puts(groups, id, g);
    }
    return g;
}

static void add(struct index_walk *w, struct catalog_founds *l, const struct catalog_found *f)
{
    ARENA_GROW(w->a, l->v, l->n, l->cap);
    l->v[l->n++] = *f;
}

/* Files without an id belong to the version whose id their folder or name spells. */
static void add_nameless(struct index_walk *w, struct table *groups)
{
    struct table spelled = {.a = w->a};
    for (size_t i = 0; i < groups->n; i++) {
        struct version_group *g = groups->rows[i].value;
        struct id_names names = id_spell(w->a, g->id);
        for (size_t k = 0; k < names.n; k++) {
            (void)table_puts(&spelled, names.v[k], g);
        }
    }
    for (size_t i = 0; i < w->found.n; i++) {
        const struct catalog_found *f = &w->found.v[i];
        struct id_words words;
        struct version_group *g = NULL;
        if (f->id == NULL) {
            id_words(f->path, &words);
        }
        for (size_t k = 0; f->id == NULL && k < words.n && g == NULL; k++) {
            g = table_get(&spelled, words.v[k]);
        }
        if (g != NULL) {
            add(w, &g->found, f);
        }
    }
}

static struct dataset_candidate *fitting(struct candidates *l, size_t from, const char *slug)
{
    for (size_t i = from; i < l->n; i++) {
        if (l->v[i].slug == NULL || slug == NULL || id_slug_eq(l->v[i].slug, slug)) {
            return &l->v[i];
        }
    }
    return NULL;
}

static struct dataset_candidate *new_candidate(struct index_walk *w, struct candidates *l,
                                               const char *id)
{
    ARENA_GROW(w->a, l->v, l->n, l->cap);
    l->v[l->n] = (struct dataset_candidate){.id = id};
    return &l->v[l->n++];
}

/* The files of one kind that can make a version. */
static void place_main(struct index_walk *w, const struct version_group *g, enum catalog_kind kind,
                       struct candidates *out, size_t from)
{
    for (size_t i = 0; i < g->found.n; i++) {
        const struct catalog_found *f = &g->found.v[i];
        if ((f->kinds & KIND_BIT(kind)) == 0) {
            continue;
        }
        struct dataset_candidate *at = fitting(out, from, f->slug);
        if (at == NULL) {
            at = new_candidate(w, out, g->id);
        }
        at->slug = at->slug == NULL ? f->slug : at->slug;
        if (at->by[kind] != NULL) {
            fault(w, CODE_ID_TWICE, f->path, f->line, "it also stands in \"%s\"",
                  at->by[kind]->path);
            at->is_bad = true;
        } else {
            at->by[kind] = f;
        }
    }
}

/* What a promotion manifest does not list is not promoted: loose files are for versions without one. */
static void place_loose(struct index_walk *w, const struct version_group *g, struct candidates *out,
                        size_t from)
{
    unsigned loose = KIND_BIT(KIND_STAC) | KIND_BIT(KIND_DCAT) | KIND_BIT(KIND_PROV);
    for (size_t i = 0; i < g->found.n; i++) {
        const struct catalog_found *f = &g->found.v[i];
        bool makes = (f->kinds & (KIND_BIT(KIND_STAC) | KIND_BIT(KIND_DCAT))) != 0;
        if ((f->kinds & loose) == 0) {
            continue;
        }
        if (out->n == from && makes && f->id != NULL) {
            (void)new_candidate(w, out, g->id);
        }
        for (size_t k = from; k < out->n; k++) {
            struct dataset_candidate *at = &out->v[k];
            bool fits = out->n == from + 1 || at->slug == NULL || f->slug == NULL ||
                        id_slug_eq(at->slug, f->slug);
            if (fits && at->by[KIND_MANIFEST] == NULL) {
                add(w, &at->loose, f);
            }
        }
    }
    for (size_t k = from; k < out->n; k++) {
        struct dataset_candidate *at = &out->v[k];
        for (size_t i = 0; i < at->loose.n && at->slug == NULL; i++) {
            at->slug = at->loose.v[i].slug;
        }
    }
}

static void make_candidates(struct index_walk *w, struct candidates *out)
{
    struct table groups = {.a = w->a};
    for (size_t i = 0; i < w->found.n; i++) {
        const struct catalog_found *f = &w->found.v[i];
        if (f->id != NULL) {
            add(w, &group_of(w, &groups, f->id)->found, f);
        }
    }
    add_nameless(w, &groups);
    for (size_t i = 0; i < groups.n; i++) {
        const struct version_group *g = groups.rows[i].value;
        size_t from = out->n;
        for (int kind = KIND_MANIFEST; kind <= KIND_VERSION; kind++) {
            place_main(w, g, (enum catalog_kind)kind, out, from);
        }
        place_loose(w, g, out, from);
    }
}

bool dataset_index(const struct dataset_place *p, struct tree *t, const char *id,
                   struct candidates *out, struct err_list *faults)
{
    struct index_walk w = {.a = t->a, .tree = t, .want = id, .seen = {.a = t->a}, .faults = faults};
    *out = (struct candidates){0};
    if (id != NULL) {
        w.names = id_spell(t->a, id);
    }
    for (size_t i = 0; i < p->n_roots; i++) {
        w.root = p->root[i];
        walk(&w, w.root, AREA_OTHER, 0);
    }
    make_candidates(&w, out);
    return w.is_bad;
}
