/* Dataset versions: from the files that the index found to one checked description. */
#include "data/dataset.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalog.h"
#include "data/source.h"

const char *dataset_form_text(enum dataset_form f)
{
    static const char *const texts[] = {[DATASET_PROMOTED] = "promotion manifest",
                                        [DATASET_REGISTERED] = "registry record",
                                        [DATASET_CATALOGED] = "catalog files"};
    return texts[f];
}

/* --- where a version's files lie -------------------------------------------------------------------- */

static void add_folder(struct dataset_catalog *c, const char *path)
{
    struct err e;
    for (size_t i = 0; i < c->n_folders; i++) {
        if (strcmp(c->folder[i], path) == 0) {
            return;
        }
    }
    enum tree_entry entry = tree_look(c->tree, path, &e);
    if (entry == TREE_LINK) {
        CATALOG_FAULT_PATH(c, CODE_SYMLINK, path, 0, "\"%s\" is one, or leads through one", path);
    } else if (entry == TREE_FOLDER) {
        ARENA_GROW(c->a, c->folder, c->n_folders, c->cap_folders);
        c->folder[c->n_folders++] = path;
    }
}

/* AREA/SLUG/ID, in every spelling of the id. */
static void add_spelled(struct dataset_catalog *c, const char *area)
{
    for (size_t i = 0; i < c->names.n; i++) {
        add_folder(c, arena_printf(c->a, "%s/%s/%s", area, c->slug, c->names.v[i]));
    }
}

static void find_folders(struct dataset_catalog *c, const char *own)
{
    struct err e;
    const char *processed = path_join(c->a, c->root, "processed");
    if (own != NULL) {
        add_folder(c, own);
    }
    add_spelled(c, path_join(c->a, c->root, "catalog"));
    add_spelled(c, processed);
    const struct file_names *domains = catalog_tree_list(c->tree, processed, &e);
    for (size_t i = 0; domains != NULL && i < domains->n; i++) {
        if (domains->v[i].type == DT_DIR) {
            add_spelled(c, path_join(c->a, processed, domains->v[i].name));
        }
    }
}

/* --- files that belong to it by their names ----------------------------------------------------------- */

/* PATH_ABSENT: nothing stands there. PATH_REFUSED: something that is no regular file; a fault was added. */
static enum path_result look(struct dataset_catalog *c, const char *path)
{
    struct err e;
    switch (tree_look(c->tree, path, &e)) {
    case TREE_REGULAR:
        return PATH_FOUND;
    case TREE_LINK:
        CATALOG_FAULT_PATH(c, CODE_SYMLINK, path, 0, "\"%s\" is one, or leads through one", path);
        return PATH_REFUSED;
    case TREE_FOLDER:
    case TREE_OTHER:
        CATALOG_FAULT_PATH(c, CODE_NOT_REGULAR, path, 0, "\"%s\"", path);
        return PATH_REFUSED;
    case TREE_ABSENT:
    case TREE_UNREADABLE:
        break;
    }
    return PATH_ABSENT;
}

static const struct {
    const char *name;
    enum catalog_kind kind;
} sides[] = {
    {"checksums.v1.json", KIND_CHECKSUMS},
    {"checksums/checksums.v1.json", KIND_CHECKSUMS},
    {"sha256sums.txt", KIND_CHECKSUMS},
    {"checksums/sha256sums.txt", KIND_CHECKSUMS},
    {"runtime_metadata.v1.json", KIND_RUNTIME},
    {"runtime_metadata.json", KIND_RUNTIME},
    {"derived/runtime_metadata.v1.json", KIND_RUNTIME},
    {"derived/runtime_metadata.json", KIND_RUNTIME},
    {"dataset_version.v1.json", KIND_VERSION},
    {"dataset_version.json", KIND_VERSION},
};

static void read_sides(struct dataset_catalog *c)
{
    for (size_t i = 0; i < c->n_folders; i++) {
        for (size_t k = 0; k < sizeof sides / sizeof sides[0]; k++) {
            const char *path = path_join(c->a, c->folder[i], sides[k].name);
            if (look(c, path) == PATH_FOUND) {
                (void)catalog_source_read(c, path, KIND_BIT(sides[k].kind));
            }
        }
    }
}

static void check_listed(struct dataset_catalog *c, const char *path)
{
    const struct record_claim *r = table_gets(&c->recorded, path);
    bool is_listed = false;
    for (; r != NULL && !is_listed; r = r->next) {
        is_listed = r->said.kind == KIND_MANIFEST;
    }
    if (!is_listed && look(c, path) == PATH_FOUND) {
        CATALOG_FAULT_PATH(c, CODE_UNLISTED, path, 0, "\"%s\"", path);
    }
}

static void check_listed_in(struct dataset_catalog *c, const char *folder)
{
    struct err e;
    const struct file_names *l = catalog_tree_list(c->tree, folder, &e);
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        if (path_ends(l->v[i].name, ".json") || path_ends(l->v[i].name, ".jsonld")) {
            check_listed(c, path_join(c->a, folder, l->v[i].name));
        }
    }
}

/* Where KFM puts catalogs: what stands there belongs to the version, so the manifest has to know it. */
static void check_catalogs_listed(struct dataset_catalog *c)
{
    for (size_t i = 0; i < c->n_folders; i++) {
        check_listed(c, path_join(c->a, c->folder[i], "dcat.jsonld"));
        check_listed_in(c, path_join(c->a, c->folder[i], "stac"));
        check_listed_in(c, path_join(c->a, c->folder[i], "stac/items"));
        check_listed_in(c, path_join(c->a, c->folder[i], "prov"));
    }
}

/* --- putting together ------------------------------------------------------------------------------- */

/* In this order: what makes artifacts comes before what is compared with them. */
static const struct {
    enum catalog_kind kind;
    void (*read)(struct dataset_catalog *c, const struct source_file *f);
} readers[] = {
    {KIND_MANIFEST, manifest_read},   {KIND_RECORD, record_read}, {KIND_VERSION, version_read},
    {KIND_RUNTIME, runtime_read},     {KIND_STAC, stac_read},     {KIND_DCAT, dcat_read},
    {KIND_CHECKSUMS, checksums_read}, {KIND_PROV, prov_read},
};

static void read_source(struct dataset_catalog *c, const struct source_file *f,
                        enum catalog_kind kind,
                        void (*read)(struct dataset_catalog *c, const struct source_file *f))
{
    bool was_bad = c->is_bad;
    c->is_bad = false;
    read(c, f);
    c->spoiled |= c->is_bad ? KIND_BIT(kind) : 0;
    c->is_bad = c->is_bad || was_bad;
}

static void read_sources(struct dataset_catalog *c)
{
    for (size_t k = 0; k < sizeof readers / sizeof readers[0]; k++) {
        for (size_t i = 0; i < c->files.n; i++) {
            const struct source_file *f = c->files.rows[i].value;
            if ((f->kinds & KIND_BIT(readers[k].kind)) != 0) {
                read_source(c, f, readers[k].kind, readers[k].read);
            }
        }
    }
}

static unsigned kinds_of(const struct dataset_catalog *c)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < c->files.n; i++) {
        const struct source_file *f = c->files.rows[i].value;
        kinds |= f->kinds;
    }
    return kinds;
}

static void missing(struct dataset_catalog *c, enum catalog_code code, const struct doc *at)
{
    c->is_bad = true;
    if (!c->is_partial) {
        CATALOG_FAULT(c, code, at, "\"%s\"", c->id);
    }
}

/* What has to be there, and name every artifact; a registry record suffices. */
static void check_closure(struct dataset_catalog *c, const struct doc *at)
{
    static const struct {
        enum catalog_kind kind;
        enum catalog_code code;
    } rows[] = {{KIND_STAC, CODE_STAC_MISSING},
                {KIND_DCAT, CODE_DCAT_MISSING},
                {KIND_PROV, CODE_PROV_MISSING},
                {KIND_CHECKSUMS, CODE_CHECKSUMS_MISSING}};
    unsigned there = kinds_of(c);
    unsigned needed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && c->form != DATASET_REGISTERED; i++) {
        bool is_optional = rows[i].kind == KIND_CHECKSUMS && c->form != DATASET_PROMOTED;
        if ((there & KIND_BIT(rows[i].kind)) != 0) {
            needed |= is_optional ? 0 : KIND_BIT(rows[i].kind);
        } else if (!is_optional) {
            missing(c, rows[i].code, at);
        }
    }
    if (c->form == DATASET_CATALOGED && (there & KIND_BIT(KIND_VERSION)) == 0) {
        missing(c, CODE_PROMOTION_MISSING, at);
    }
    if (c->artifacts.n == 0 && !c->is_bad) {
        CATALOG_FAULT(c, CODE_NO_ARTIFACT, at, "\"%s\"", c->id);
    }
    claims_close(c, needed);
}

static void read_promoted(struct dataset_catalog *c, const struct source_file *manifest)
{
    const char *folder = path_name(path_folder(c->a, manifest->path));
    if (!id_names_have(&c->names, bytes_str(folder))) {
        CATALOG_FAULT(c, CODE_FOLDER_MISMATCH, manifest->root, "the version is \"%s\"", c->id);
    }
    manifest_catalogs(c, manifest);
    check_catalogs_listed(c);
}

static const struct catalog_found *main_of(const struct dataset_candidate *from)
{
    for (int kind = KIND_MANIFEST; kind <= KIND_VERSION; kind++) {
        if (from->by[kind] != NULL) {
            return from->by[kind];
        }
    }
    return &from->loose.v[0];
}

/* Reads every file; the first is the one that the version is found by. NULL: it cannot be read. */
static const struct source_file *read_files(struct dataset_catalog *c,
                                            const struct dataset_candidate *from)
{
    const struct catalog_found *main = main_of(from);
    const struct source_file *first = catalog_source_read(c, main->path, main->kinds);
    bool is_promoted = c->form == DATASET_PROMOTED;
    if (first == NULL) {
        return NULL;
    }
    find_folders(c, is_promoted ? path_folder(c->a, main->path) : NULL);
    if (is_promoted) {
        read_promoted(c, first);
    }
    for (int kind = KIND_RECORD; kind <= KIND_VERSION; kind++) {
        if (from->by[kind] != NULL) {
            (void)catalog_source_read(c, from->by[kind]->path, from->by[kind]->kinds);
        }
    }
    for (size_t i = 0; i < from->loose.n; i++) {
        (void)catalog_source_read(c, from->loose.v[i].path, from->loose.v[i].kinds);
    }
    read_sides(c);
    return first;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct dataset_file *)a)->path, ((const struct dataset_file *)b)->path);
}

static void catalogs_result(const struct dataset_catalog *c, struct dataset_files *out)
{
    size_t n = c->files.n;
    *out = (struct dataset_files){ARENA_ARRAY(c->keep, struct dataset_file, n + 1), n, n + 1};
    for (size_t i = 0; i < n; i++) {
        const struct source_file *f = c->files.rows[i].value;
        const char *path = arena_strdup(c->keep, f->path);
        out->v[i] = (struct dataset_file){
            .name = path_name(path), .path = path, .digest = f->digest, .size = (int64_t)f->text.n};
    }
    qsort(out->v, n, sizeof *out->v, by_path);
}

static const char *kept(const struct dataset_catalog *c, const char *text)
{
    return text == NULL ? NULL : arena_strdup(c->keep, text);
}

static struct dataset *result_of(struct dataset_catalog *c, const char *path)
{
    struct dataset *d = ARENA_NEW(c->keep, struct dataset);
    *d = (struct dataset){.slug = kept(c, c->slug),
                          .id = kept(c, c->id),
                          .form = c->form,
                          .path = kept(c, path),
                          .has_count = c->has_count,
                          .count = c->count,
                          .has_bbox = c->has_box,
                          .spec_hash = kept(c, c->spec_hash),
                          .license = kept(c, c->license),
                          .rights = kept(c, c->rights),
                          .sensitivity = kept(c, c->sensitivity),
                          .policy_label = kept(c, c->policy_label),
                          .is_restricted = c->is_restricted,
                          .evidence_ref = arena_printf(c->keep, "dcat://%s@%s", c->slug, c->id)};
    memcpy(d->bbox, c->box, sizeof d->bbox);
    claims_result(c, &d->artifacts);
    catalogs_result(c, &d->catalogs);
    return d;
}

static enum dataset_form form_of(const struct dataset_candidate *from)
{
    return from->by[KIND_MANIFEST] != NULL ? DATASET_PROMOTED
           : from->by[KIND_RECORD] != NULL ? DATASET_REGISTERED
                                           : DATASET_CATALOGED;
}

static struct dataset *assemble(struct dataset_catalog *c, const struct dataset_candidate *from)
{
    const struct catalog_found *main = main_of(from);
    if (c->slug == NULL) {
        CATALOG_FAULT_PATH(c, CODE_SHAPE, main->path, main->line,
                           "no source names the dataset (\"kfm:dataset_id\")");
        return NULL;
    }
    const struct source_file *first = read_files(c, from);
    if (first == NULL) {
        return NULL;
    }
    read_sources(c);
    check_closure(c, first->root);
    extent_close(c, first->root);
    facts_close(c, first->root);
    struct dataset *d = result_of(c, main->path);
    return c->is_bad || from->is_bad ? NULL : d;
}

/* NULL: there are faults. is_partial: some already, of files that may belong to it. */
static struct dataset *make(struct arena *keep, struct tree *t,
                            const struct dataset_candidate *from, bool is_partial,
                            struct err_list *faults)
{
    struct arena a = {0};
    struct dataset_catalog c = {.a = &a,
                                .keep = keep,
                                .tree = t,
                                .root = main_of(from)->root,
                                .faults = faults,
                                .is_partial = is_partial,
                                .form = form_of(from),
                                .slug = from->slug,
                                .id = from->id,
                                .names = id_spell(&a, from->id),
                                .files = {.a = &a},
                                .artifacts = {.a = &a},
                                .by_digest = {.a = &a},
                                .recorded = {.a = &a}};
    struct arena_mark mark = arena_mark(keep);
    struct dataset *d = assemble(&c, from);
    if (d == NULL) {
        arena_reset(keep, mark);
    }
    arena_release(&a);
    return d;
}

/* --- for others ------------------------------------------------------------------------------------- */

static bool is_of(const struct dataset_candidate *at, const char *slug)
{
    return slug == NULL || (at->slug != NULL && id_slug_eq(at->slug, id_slug(slug)));
}

int dataset_find(const struct dataset_place *p, const char *slug, const char *id,
                 struct dataset **out, struct err_list *faults)
{
    struct arena a = {0};
    struct tree t = {.a = &a, .dirfd = p->dirfd, .folders = {.a = &a}};
    struct candidates l;
    const struct dataset_candidate *only = NULL;
    bool is_bad = dataset_index(p, &t, id, &l, faults);
    for (size_t i = 0; i < l.n; i++) {
        const struct dataset_candidate *at = &l.v[i];
        if (is_of(at, slug) && only != NULL) {
            const struct catalog_found *f = main_of(at);
            catalog_fault_path(faults, CODE_ID_AMBIGUOUS, f->path, f->line, "\"%s\" and \"%s\"",
                               only->slug != NULL ? only->slug : "?",
                               at->slug != NULL ? at->slug : "?");
            is_bad = true;
        }
        only = is_of(at, slug) ? at : only;
    }
    struct dataset *d = only != NULL ? make(p->a, &t, only, is_bad, faults) : NULL;
    is_bad = is_bad || (only != NULL && d == NULL);
    arena_release(&a);
    if (!is_bad && d != NULL) {
        *out = d;
    }
    return is_bad ? -1 : d != NULL ? 0 : 1;
}

static int compare_datasets(const void *a, const void *b)
{
    const struct dataset *l = *(struct dataset *const *)a;
    const struct dataset *r = *(struct dataset *const *)b;
    int order = strcmp(l->slug, r->slug);
    return order != 0 ? order : strcmp(l->id, r->id);
}

void dataset_list(const struct dataset_place *p, struct dataset_list *out, struct err_list *faults)
{
    struct arena a = {0};
    struct tree t = {.a = &a, .dirfd = p->dirfd, .folders = {.a = &a}};
    struct candidates l;
    *out = (struct dataset_list){0};
    (void)dataset_index(p, &t, NULL, &l, faults);
    for (size_t i = 0; i < l.n; i++) {
        struct dataset *d = make(p->a, &t, &l.v[i], false, faults);
        if (d != NULL) {
            ARENA_GROW(p->a, out->v, out->n, out->cap);
            out->v[out->n++] = d;
        }
    }
    if (out->n > 1) {
        qsort(out->v, out->n, sizeof(struct dataset *), compare_datasets);
    }
    arena_release(&a);
}
