/* Listing migrations/, and the fast way past files that did not change. */
#include "load/bundles.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load/beside.h"
#include "load/bundle.h"
#include "load/declaration.h"
#include "load/flats.h"
#include "load/repeatable.h"
#include "load/row.h"
#include "load/text.h"
#include "model/definition.h"

enum { BUNDLES_MAX = 200000 };
/* The folder of migrations/ where evidence of what Alembic renders stands. */
#define ALEMBIC_NAME "alembic"
enum {
    STORE_FOLDERS = 0
#define STORE(...) +1
#define STORE_PLANNED STORE
#define STORE_DERIVED(...)
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE
    ,
    FLAT_FOLDERS = 4,
    FOLDER_COUNT = STORE_FOLDERS + FLAT_FOLDERS
};

/* migrations/TYPE, or one for flat migrations alone. Its migrations are p->bundle[first..first+n),
 * while they are read in the order of the names of their folders and files. */
struct folder {
    const char *path;
    const char *type;
    enum store_kind store;
    int fd;
    size_t first, n;
    size_t cursor;     /* of the walk through the cache, which has the same order */
    struct down *down; /* what undoes flat ones */
    size_t n_down, cap_down;
    bool has_flat;
    bool is_repeatable; /* of definitions alone */
    bool is_rendered;   /* of what Alembic renders */
    struct beside beside;
};

struct bundles_work {
    struct project *p;
    struct cache *cache;
    struct table *known;
    struct folder folder[FOLDER_COUNT];
    bool *is_read; /* per bundle */
    struct arena scratch;
};

static const struct folder types[FOLDER_COUNT] = {
#define STORE(NAME, name, ...) {.path = "migrations/" #name, .type = #name, .store = STORE_##NAME},
#define STORE_PLANNED STORE
#define STORE_DERIVED(...)
#include "model/stores.def"
#undef STORE_DERIVED
#undef STORE_PLANNED
#undef STORE
    /* Reference 001 keeps its files in the one, reference 004 in the other. */
    {.path = "migrations/db", .type = "postgis", .store = STORE_POSTGIS},
    {.path = "backend/db/migrations", .type = "postgis", .store = STORE_POSTGIS},
    {.path = "migrations/postgis/" REPEATABLE_NAME,
     .type = "postgis",
     .store = STORE_POSTGIS,
     .is_repeatable = true},
    {.path = ALEMBIC_FOLDER, .type = "postgis", .store = STORE_POSTGIS, .is_rendered = true},
};

const char *bundles_folder(size_t i)
{
    return i < FOLDER_COUNT ? types[i].path : NULL;
}

/* --- listing ------------------------------------------------------------------------------------ */

static void not_read(struct project *p, const char *folder, const char *name, const char *hint)
{
    const char *path = arena_printf(p->a, "%s/%s", folder, name);
    err_list_addf(&p->warnings, ERR_CONFIG, path, 0, 0, hint, "not read");
}

static bool is_usual_file(const char *name)
{
    return name[0] == '.' || strcmp(name, "README.md") == 0 || strcmp(name, DEFAULTS_NAME) == 0;
}

/* What stands beside migrations, and is none. */
static bool is_usual_folder(const struct folder *f, const char *name)
{
    return strcmp(name, META_NAME) == 0 || strcmp(name, DOWN_NAME) == 0 ||
           (f->store == store_of_ledger() && strcmp(name, REPEATABLE_NAME) == 0);
}

static bool is_read(const char *name)
{
    if (strcmp(name, ALEMBIC_NAME) == 0) {
        return true; /* evidence */
    }
    for (int i = 0; i < FOLDER_COUNT; i++) {
        const size_t n = strlen("migrations/");
        if (strncmp(types[i].path, "migrations/", n) == 0 && strcmp(types[i].path + n, name) == 0) {
            return true;
        }
    }
    return false;
}

static int look_at_migrations(struct project *p, struct err *e)
{
    struct file_names names;
    int rc = file_list(p->a, p->dirfd, "migrations", &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        const char *name = names.v[i].name;
        if (!is_read(name) && !(names.v[i].type != DT_DIR && is_usual_file(name))) {
            not_read(p, "migrations", name,
                     arena_printf(p->a, "migrations stand in migrations/ in folders named db, %s",
                                  declaration_types(p->a)));
        }
    }
    return rc < 0 ? -1 : 0;
}

static char *join(struct arena *a, const char *folder, size_t n_folder, const char *name)
{
    size_t n = strlen(name) + 1;
    char *path = arena_alloc(a, n_folder + 1 + n);
    memcpy(path, folder, n_folder);
    path[n_folder] = '/';
    memcpy(path + n_folder + 1, name, n);
    return path;
}

static void add_bundle(struct project *p, const struct folder *f, const char *name)
{
    size_t n_folder = strlen(f->path);
    ARENA_GROW(p->a, p->bundle, p->n_bundle, p->cap_bundle);
    char *dir = join(p->a, f->path, n_folder, name);
    p->bundle[p->n_bundle++] = (struct bundle){.id = dir + n_folder + 1,
                                               .store = f->store,
                                               .layout = LAYOUT_BUNDLE,
                                               .dir = dir,
                                               .folder = f->path,
                                               .change_class = "",
                                               .intent = ""};
}

/* One that is called as name says. */
static void add_flat(struct project *p, struct folder *f, const struct layout_name *name,
                     const char *file)
{
    ARENA_GROW(p->a, p->bundle, p->n_bundle, p->cap_bundle);
    p->bundle[p->n_bundle++] = (struct bundle){
        .id = name->id,
        .store = f->store,
        .layout = name->layout,
        .dir = f->is_rendered ? arena_printf(p->a, "migrations/" ALEMBIC_NAME "/%s", name->id)
                              : arena_printf(p->a, "%s/" META_NAME "/%s", f->path, name->id),
        .folder = f->path,
        .file = join(p->a, f->path, strlen(f->path), file),
        .number = name->number,
        .change_class = "",
        .intent = ""};
    f->has_flat = true;
}

static void add_down(struct project *p, struct folder *f, const struct layout_name *name,
                     const char *path)
{
    ARENA_GROW(p->a, f->down, f->n_down, f->cap_down);
    f->down[f->n_down++] = (struct down){arena_strdup(p->a, path), name->id};
}

/* What Alembic renders is called as its files are, which have no number: what each revises orders them. */
static bool add_rendered(struct project *p, struct folder *f, const char *name)
{
    const struct layout_row *r = layout_row(LAYOUT_ALEMBIC);
    struct layout_name parsed = {.layout = LAYOUT_ALEMBIC};
    size_t n = strlen(name);
    size_t n_up = strlen(r->up[0]);
    size_t n_down = strlen(r->down);
    if (!f->is_rendered) {
        return false;
    }
    if (n > n_up && strcmp(name + n - n_up, r->up[0]) == 0) {
        parsed.id = arena_strndup(p->a, name, n - n_up);
        add_flat(p, f, &parsed, name);
    } else if (n > n_down && strcmp(name + n - n_down, r->down) == 0) {
        parsed.id = arena_strndup(p->a, name, n - n_down);
        add_down(p, f, &parsed, name);
    }
    return true;
}

/* path: from f. A file that only looks like a migration would not run, and nobody would notice. */
static void add_file(struct project *p, struct folder *f, const char *path, const char *name)
{
    struct layout_name parsed;
    if (add_rendered(p, f, path)) {
        return;
    }
    bool may = store_can(f->store, STORE_HOLDS_LEDGER);
    const char *id = may ? layout_definition(p->a, path, f->is_repeatable) : NULL;
    if (id != NULL && strchr(path, '/') == NULL) {
        parsed = (struct layout_name){.layout = LAYOUT_REPEATABLE, .id = id};
        add_flat(p, f, &parsed, path);
    } else if (may && !f->is_repeatable && layout_name_parse(p->a, path, &parsed)) {
        if (parsed.is_down) {
            add_down(p, f, &parsed, path);
        } else {
            add_flat(p, f, &parsed, path);
        }
    } else if (may && layout_is_near(name)) {
        err_list_addf(&p->faults, ERR_CONFIG, arena_printf(p->a, "%s/%s", f->path, path), 0, 0,
                      layout_examples(p->a), "it is called as no layout calls a migration");
    } else if (!is_usual_file(name)) {
        not_read(p, f->path, path, "a bundle is a folder with a migration.yml");
    }
}

static void add_entry(struct project *p, struct folder *f, const struct file_name *entry)
{
    if (entry->type == DT_DIR && !is_usual_folder(f, entry->name)) {
        add_bundle(p, f, entry->name);
    } else if (entry->type == DT_LNK) {
        err_list_addf(&p->faults, ERR_CONFIG, arena_printf(p->a, "%s/%s", f->path, entry->name), 0,
                      0, "replace the symlink by what it points to",
                      "a symlink stands where a migration should");
    } else if (entry->type != DT_DIR) {
        add_file(p, f, entry->name, entry->name);
    }
}

/* The names in path, in a; 0 even where they cannot be listed, which is told. */
static int list_names(struct project *p, struct arena *a, const char *path, struct file_names *out)
{
    struct err e = {0};
    int rc = file_list(a, p->dirfd, path, out, &e);
    if (rc < 0) {
        err_list_addf(&p->faults, e.code, path, 0, 0, e.hint, "%s", e.msg);
    }
    return rc;
}

static void list_downs(struct project *p, struct folder *f)
{
    struct file_names names = {0};
    const char *path = arena_printf(p->a, "%s/" DOWN_NAME, f->path);
    if (list_names(p, p->a, path, &names) != 0) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (names.v[i].type == DT_REG) {
            add_file(p, f, arena_printf(p->a, DOWN_NAME "/%s", names.v[i].name), names.v[i].name);
        }
    }
}

static void list_folder(struct bundles_work *w, struct folder *f)
{
    struct project *p = w->p;
    struct file_names names;
    f->first = p->n_bundle;
    f->fd = -1;
    if (f->is_rendered && p->alembic == NULL) {
        return; /* rendered once, and not declared any more */
    }
    bool is_told = f->is_repeatable && w->folder[f->store].fd < 0; /* of the folder above */
    if (is_told || list_names(p, &w->scratch, f->path, &names) != 0) {
        return;
    }
    f->fd = openat(p->dirfd, f->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    ARENA_ROOM(p->a, p->bundle, p->n_bundle, p->cap_bundle, names.n);
    for (size_t i = 0; i < names.n && p->n_bundle < BUNDLES_MAX; i++) {
        add_entry(p, f, &names.v[i]);
    }
    arena_release(&w->scratch);
    if (p->n_bundle == BUNDLES_MAX) {
        err_list_addf(&p->faults, ERR_CONFIG, f->path, 0, 0, "split the project",
                      "a project may have %d bundles at most", BUNDLES_MAX - 1);
    }
    f->n = p->n_bundle - f->first;
    list_downs(p, f);
    if (f->has_flat || f->n_down > 0) {
        load_checks(p, CHECK_ORDER);
        flats_check(p, &(struct flats){f->path, f->first, f->n, f->down, f->n_down});
        load_checks(p, CHECK_DECLARATION);
        beside_look(&f->beside, p->dirfd, f->path);
    }
}

/* --- from the cache ----------------------------------------------------------------------------- */

/* The folder whose path name begins with; *id: the rest behind the '/'. */
static struct folder *folder_of(struct bundles_work *w, struct bytes name, struct bytes *id)
{
    struct folder *found = NULL;
    for (int i = 0; i < FOLDER_COUNT; i++) {
        size_t n = strlen(w->folder[i].path);
        if (name.n > n && memcmp(name.p, w->folder[i].path, n) == 0 && name.p[n] == '/' &&
            (found == NULL || n > strlen(found->path))) { /* one stands in another */
            *id = bytes_of(name.p + n + 1, name.n - n - 1);
            found = &w->folder[i];
        }
    }
    return found;
}

/* What b is called in its folder: by that its row is kept. */
static const char *entry_name(const struct bundle *b)
{
    return (b->file != NULL ? b->file : b->dir) + strlen(b->folder) + 1;
}

static void take_row(void *ctx, struct bytes name, struct bytes value)
{
    struct bundles_work *w = ctx;
    struct bytes id;
    struct folder *f = folder_of(w, name, &id);
    int order = 1;
    while (f != NULL && f->cursor < f->n) {
        order = bytes_cmp(bytes_str(entry_name(&w->p->bundle[f->first + f->cursor])), id);
        if (order >= 0) {
            break;
        }
        f->cursor++;
    }
    if (f == NULL || f->fd < 0 || order != 0 || f->cursor == f->n) {
        cache_put(w->cache, ROW_BUNDLE, name, bytes_of(NULL, 0)); /* of a bundle that is gone */
        return;
    }
    size_t i = f->first + f->cursor;
    struct bundle *b = &w->p->bundle[i];
    if ((b->file == NULL || beside_take(&f->beside, &value)) &&
        row_decode(w->p->a, f->fd, b->id, value, b)) {
        w->is_read[i] = true;
    }
}

/* --- from the files ----------------------------------------------------------------------------- */

static const struct folder *folder_with(const struct bundles_work *w, const struct bundle *b)
{
    const struct folder *f = w->folder;
    while (f->path != b->folder) {
        f++;
    }
    return f;
}

/* What outlives the arena that a bundle was read into. */
static void keep(struct arena *a, const struct bundle *read, struct bundle *b)
{
    struct bundle out = *read;
    out.id = b->id;
    out.decl = NULL;
    out.change_class = read->change_class[0] == '\0' ? "" : arena_strdup(a, read->change_class);
    out.intent = arena_strdup(a, read->intent);
    out.deploy = read->deploy[0] == '\0' ? "" : arena_strdup(a, read->deploy);
    out.depends_on = names_copy(a, &read->depends_on);
    out.rebuilds = names_copy(a, &read->rebuilds);
    out.variables = names_copy(a, &read->variables);
    out.schemas = names_copy(a, &read->schemas);
    out.definition = definition_copy(a, read->definition);
    *b = out;
}

static void remember(struct bundles_work *w, const struct bundle *b, const struct used *used,
                     int64_t started)
{
    const struct beside *beside = b->file != NULL ? &folder_with(w, b)->beside : NULL;
    if (w->cache == NULL || used->is_uncertain || (beside != NULL && beside->is_uncertain) ||
        !used_is_settled(used->stamp, used->n, started)) {
        return;
    }
    struct buf row = {0};
    if (beside != NULL) {
        beside_put(beside, &row);
    }
    row_encode(&row, b, used);
    cache_put(w->cache, ROW_BUNDLE, bytes_str(b->file != NULL ? b->file : b->dir), buf_bytes(&row));
    buf_release(&row);
}

/* A bundle with faults keeps its declaration, so that its scripts can be checked too; without one
 * nothing can be said about it, but that it stands there. */
static void keep_faulty(struct bundles_work *w, const struct bundle_place *at,
                        const struct bundle *read, struct bundle *b)
{
    (void)table_puts(w->known, arena_strdup(w->p->a, read->id), w);
    (void)table_puts(w->known, b->id, w);
    if (read->decl != NULL) {
        struct err_list ignored = {0};
        struct used used = {.a = w->p->a};
        struct bundle_reader again = {
            w->p->a, w->p->dirfd, true, &used, &ignored, &ignored, &folder_with(w, b)->beside.said,
            NULL};
        bundle_read(&again, at, b);
        err_list_release(&ignored);
    }
    b->is_illegible = b->decl == NULL;
}

/* What is wrong with one bundle stops nothing but that. */
static void confine(struct project *p, struct bundle *b, const struct err_list *faults)
{
    b->faults = arena_dup(p->a, faults->v, faults->n * sizeof *faults->v);
    b->n_faults = b->n_misread = faults->n;
}

static void move_all(struct err_list *to, struct err_list *from)
{
    for (size_t i = 0; i < from->n; i++) {
        err_list_add(to, &from->v[i]);
    }
    err_list_release(from);
}

/* What counts for all flat migrations of a folder, where one of them is to be read: those that the
 * cache has were found good beside it as it is. */
static void read_beside(struct bundles_work *w, struct folder *f)
{
    bool wanted = !f->has_flat && f->n_down > 0;
    for (size_t i = f->first; i < f->first + f->n && !wanted; i++) {
        wanted = w->p->bundle[i].file != NULL && !w->is_read[i];
    }
    if (wanted) {
        beside_read(&f->beside, w->p);
    }
}

static void read_one(struct bundles_work *w, struct bundle *b)
{
    int64_t started = used_now();
    struct err_list faults = {0};
    struct err_list warnings = {0};
    struct used used = {.a = &w->scratch};
    struct bundle_place at = bundle_place_of(b);
    struct bundle read;
    struct bundle_reader r = {
        &w->scratch, w->p->dirfd, false, &used, &faults, &warnings, &folder_with(w, b)->beside.said,
        NULL};
    struct arena_mark mark = arena_mark(&w->scratch);
    bundle_read(&r, &at, &read);
    if (faults.n > 0) {
        keep_faulty(w, &at, &read, b);
        confine(w->p, b, &faults);
    } else {
        keep(w->p->a, &read, b);
    }
    if (faults.n == 0 && warnings.n == 0) {
        remember(w, b, &used, started);
    }
    const size_t before = w->p->faults.n;
    move_all(&w->p->faults, &faults);
    w->p->n_confined += w->p->faults.n - before;
    move_all(&w->p->warnings, &warnings);
    arena_reset(&w->scratch, mark);
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void add_twice(struct project *p, const struct bundle *first, const struct bundle *b)
{
    struct place one;
    struct place two;
    bundles_place(p, first, "migration_id", NULL, &one);
    bundles_place(p, b, "migration_id", NULL, &two);
    err_list_addf(
        &p->faults, ERR_CONFIG, two.path, two.line, two.col,
        "an id is never used again: `kfmig rename` gives the first of the two another one",
        "the id \"%s\" is used twice: here and in %s:%d:%d", b->id, one.path, one.line, one.col);
}

static int compare_bundles(const void *a, const void *b)
{
    return bundle_compare(a, b);
}

/* From the order of names to that of the walk, where they differ. */
static void sort_flats(struct project *p)
{
    for (size_t i = 0; i < p->n_bundle;) {
        size_t n = 1;
        bool has_flat = p->bundle[i].file != NULL;
        for (; i + n < p->n_bundle && p->bundle[i + n].folder == p->bundle[i].folder; n++) {
            has_flat = has_flat || p->bundle[i + n].file != NULL;
        }
        if (has_flat) {
            qsort(&p->bundle[i], n, sizeof *p->bundle, compare_bundles);
        }
        i += n;
    }
}

/* Finds them by id. */
static void settle(struct project *p)
{
    sort_flats(p);
    p->by_id = (struct table){.a = p->a};
    for (size_t i = 0; i < p->n_bundle; i++) {
        struct bundle *b = &p->bundle[i];
        const struct bundle *first = table_gets(&p->by_id, b->id);
        if (first != NULL) {
            add_twice(p, first, b);
        } else {
            (void)table_puts(&p->by_id, b->id, b);
        }
    }
}

int bundles_read(struct project *p, struct cache *cache, struct table *known, struct err *e)
{
    struct bundles_work w = {.p = p, .cache = cache, .known = known};
    if (look_at_migrations(p, e) != 0) {
        return -1;
    }
    memcpy(w.folder, types, sizeof types);
    for (int i = 0; i < FOLDER_COUNT; i++) {
        list_folder(&w, &w.folder[i]);
    }
    w.is_read = ARENA_ARRAY(p->a, bool, p->n_bundle + 1);
    cache_each(cache, ROW_BUNDLE, take_row, &w);
    for (int i = 0; i < FOLDER_COUNT; i++) {
        read_beside(&w, &w.folder[i]);
    }
    for (size_t i = 0; i < p->n_bundle; i++) {
        if (!w.is_read[i]) {
            read_one(&w, &p->bundle[i]);
        }
    }
    settle(p);
    for (int i = 0; i < FOLDER_COUNT; i++) {
        if (w.folder[i].fd >= 0) {
            (void)close(w.folder[i].fd);
        }
    }
    arena_release(&w.scratch);
    return 0;
}
