/* The registry: read for its statuses, compared with the bundles, mended. */
#include "load/registry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "load/checker.h"
#include "load/owners.h"
#include "load/row.h"
#include "load/text.h"

enum { SETTLED_NS = 50 * 1000 * 1000, STATUS_COUNT = 8 };

/* The order is that of rows in the cache: new ones go to the end. */
static const char *const statuses[STATUS_COUNT] = {
    "draft",          "approved",      "merged",      "executed_dev",
    "executed_stage", "executed_prod", "rolled_back", "superseded"};

static uint8_t status_index(const char *status)
{
    uint8_t i = 0;
    while (i < STATUS_COUNT && strcmp(statuses[i], status) != 0) {
        i++;
    }
    return i;
}

static const struct doc *entries_of(const struct doc *registry)
{
    return doc_get(registry, "migrations");
}

static void check_twice(struct arena *a, const struct doc *entries, struct err_list *faults)
{
    struct table seen = {.a = a};
    for (size_t i = 0; i < entries->n; i++) {
        struct doc *id = doc_get(entries->item[i], "id");
        const struct doc *first = table_get(&seen, id->text);
        if (first != NULL) {
            doc_fault(faults, id,
                      "keep one of the two; `kfmig check --fix` keeps the one that came further",
                      "the id \"%s\" is registered twice: here and in line %d", id->text.p,
                      first->line);
        } else {
            (void)table_put(&seen, id->text, id);
        }
    }
}

struct doc *registry_parse(struct arena *a, struct bytes text, const char *path,
                           struct err_list *faults)
{
    struct err e = {0};
    struct doc *d = json_read(a, text, path, &e);
    if (d == NULL) {
        err_list_add(faults, &e);
        return NULL;
    }
    if (schema_check(a, checker_schema("migrations.v1"), d, faults) > 0) {
        return NULL;
    }
    size_t n = faults->n;
    check_twice(a, entries_of(d), faults);
    return faults->n > n ? NULL : d;
}

/* The file as a document. 0; 1: there is none; -1: faults were added. */
static int read_file(const struct project *p, struct arena *a, struct text_file *file,
                     struct doc **out, struct err_list *faults)
{
    struct err_list found = {0};
    int rc = text_read(a, p->dirfd, REGISTRY_PATH, LIMIT_JSON, NULL, file, &found);
    size_t n = found.n;
    if (rc == 0 && file->is_text) {
        *out = registry_parse(a, file->bytes, REGISTRY_PATH, &found);
        text_drop_echoes(file, &found, n);
        if (*out == NULL && strstr(file->bytes.p, "<<<<<<< ") != NULL) {
            err_list_release(&found);
            err_list_addf(&found, ERR_CONFIG, REGISTRY_PATH, 1, 1,
                          "`kfmig check --fix` makes one registry of both sides",
                          "the marks of a merge");
        }
    }
    for (size_t i = 0; i < found.n; i++) {
        err_list_add(faults, &found.v[i]);
    }
    rc = found.n > 0 ? -1 : rc;
    err_list_release(&found);
    return rc;
}

/* --- statuses ----------------------------------------------------------------------------------- */

static void set_status(const struct project *p, const char *id, uint8_t status)
{
    struct bundle *b = table_gets(&p->by_id, id);
    if (b != NULL && status < STATUS_COUNT) {
        b->status = statuses[status];
    }
}

/* Takes the statuses from the cache if the file looks as it did when they were put there. */
static bool take_cached(const struct project *p, struct cache *cache)
{
    struct arena a = {0};
    struct bytes row;
    struct stamp stamp = {0};
    bool good = used_look(p->dirfd, REGISTRY_PATH, &stamp) == 0 &&
                cache_get(cache, ROW_REGISTRY, bytes_str(REGISTRY_PATH), &a, &row);
    if (good) {
        struct row_reader r = {row.p, row.p + row.n, false};
        struct hint now = used_hint(&stamp, 1);
        struct hint then;
        uint64_t rules;
        row_take(&r, &rules, sizeof rules);
        row_take(&r, &then, sizeof then);
        good = rules == row_rules() && now.lo == then.lo && now.hi == then.hi;
        while (good && r.p < r.end) {
            uint8_t status;
            const char *id = row_take_text(&r);
            row_take(&r, &status, sizeof status);
            set_status(p, id, status);
        }
    }
    arena_release(&a);
    return good;
}

static void remember(struct cache *cache, const struct doc *entries, const struct stamp *stamp,
                     int64_t started)
{
    int64_t newest = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    if (newest > started - SETTLED_NS) {
        return; /* an edit within the same tick would not show */
    }
    struct buf row = {0};
    uint64_t rules = row_rules();
    struct hint h = used_hint(stamp, 1);
    row_put(&row, &rules, sizeof rules);
    row_put(&row, &h, sizeof h);
    for (size_t i = 0; i < entries->n; i++) {
        uint8_t status = status_index(doc_str(entries->item[i], "status", ""));
        row_put_text(&row, doc_str(entries->item[i], "id", ""));
        row_put(&row, &status, sizeof status);
    }
    cache_put(cache, ROW_REGISTRY, bytes_str(REGISTRY_PATH), buf_bytes(&row));
    buf_release(&row);
}

void registry_read(struct project *p, struct cache *cache)
{
    struct arena a = {0};
    struct text_file file;
    struct doc *d = NULL;
    struct timespec now;
    if (take_cached(p, cache)) {
        return;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (read_file(p, &a, &file, &d, &p->faults) == 0) {
        const struct doc *entries = entries_of(d);
        for (size_t i = 0; i < entries->n; i++) {
            set_status(p, doc_str(entries->item[i], "id", ""),
                       status_index(doc_str(entries->item[i], "status", "")));
        }
        remember(cache, entries, &file.stamp, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    }
    arena_release(&a);
}

/* --- comparing and mending ---------------------------------------------------------------------- */

struct registry_work {
    struct project *p;
    struct arena *a;
    struct doc *registry;
    struct table by_id; /* entries */
    struct owners owners;
    bool fix;
    bool is_changed;
    bool is_new;
};

/* Only a bundle whose id is its folder's name: another one has to be mended first. */
static bool may_add(const struct bundle *b)
{
    return b->file != NULL || strcmp(b->dir + strlen(b->folder) + 1, b->id) == 0;
}

/* What was executed follows from receipts: of what is proposed, approved, merged or executed the status
 * is the furthest kind of environment with a success. Never back: receipts are not kept for ever, and
 * what a person says of it beyond that (rolled_back, superseded) stays. */
static void compare_status(struct registry_work *w, const struct bundle *b, struct doc *entry)
{
    enum env_kind kind;
    const struct doc *status = doc_get(entry, "status");
    uint8_t at = status_index(doc_str(entry, "status", ""));
    if (at >= status_index("executed_prod") || !load_executed_furthest(w->p, b, &kind)) {
        return;
    }
    const char *now = arena_printf(w->a, "executed_%s", env_kind_text(kind));
    if (status_index(now) <= at) {
        return;
    }
    if (w->fix) {
        (void)doc_put(w->a, entry, "status", doc_text(w->a, now));
        w->is_changed = true;
    } else {
        doc_fault(&w->p->warnings, status, "`kfmig check --fix` corrects it",
                  "\"%s\" is registered as %s, and its receipts say %s", b->id, status->text.p,
                  now);
    }
}

static void compare_owners(struct registry_work *w, const struct bundle *b, const struct doc *entry)
{
    const struct owner_rule *r = owners_of(&w->owners, bundle_file(w->a, b));
    const struct doc *list = doc_get(entry, "owners");
    if (r != NULL && list != NULL && !owners_same(r, list)) {
        struct names theirs = owners_names(w->a, r);
        doc_fault(&w->p->warnings, list, "correct the one of the two that is wrong",
                  "the owners of \"%s\" are others than in %s:%d (%s)", b->id, w->owners.path,
                  r->line, names_text(w->a, &theirs));
    }
}

static int add_entry(struct registry_work *w, struct bundle *b, struct err *e)
{
    if (load_decl(w->p, b, e) != 0) {
        return -1;
    }
    struct doc *d = doc_push(w->a, doc_get(w->registry, "migrations"), doc_new(w->a, DOC_MAP));
    (void)doc_put(w->a, d, "id", doc_text(w->a, b->id));
    (void)doc_put(w->a, d, "type", doc_text(w->a, store_text(b->store)));
    const struct owner_rule *r = owners_of(&w->owners, bundle_file(w->a, b));
    const struct names owners = r != NULL ? owners_names(w->a, r) : b->decl->reviewers;
    (void)doc_put(w->a, d, "owners", names_doc(w->a, &owners));
    (void)doc_put(w->a, d, "status", doc_text(w->a, "draft"));
    compare_status(w, b, d);
    w->is_changed = true;
    return 0;
}

static int compare_bundle(struct registry_work *w, struct bundle *b, struct err *e)
{
    struct doc *entry = table_gets(&w->by_id, b->id);
    if (bundle_is_repeatable(b) || b->is_illegible) {
        return 0; /* content has no history to register; what cannot be read is told elsewhere */
    }
    if (entry == NULL && w->fix && may_add(b)) {
        return add_entry(w, b, e);
    }
    if (entry == NULL && !w->is_new) {
        err_list_addf(&w->p->warnings, ERR_CONFIG, bundle_file(w->a, b), 1, 1,
                      "`kfmig check --fix` adds it", "\"%s\" is not in " REGISTRY_PATH, b->id);
        return 0;
    }
    if (entry != NULL) {
        compare_status(w, b, entry);
        compare_owners(w, b, entry);
    }
    const struct doc *type = doc_get(entry, "type");
    if (type == NULL || strcmp(type->text.p, store_text(b->store)) == 0) {
        return 0;
    }
    if (w->fix) {
        (void)doc_put(w->a, entry, "type", doc_text(w->a, store_text(b->store)));
        w->is_changed = true;
    } else {
        doc_fault(&w->p->warnings, type, "`kfmig check --fix` corrects it",
                  "\"%s\" is registered as %s, but its bundle is of type %s", b->id, type->text.p,
                  store_text(b->store));
    }
    return 0;
}

/* What was merged once is never deleted, so that such an entry is not removed either. */
static void compare_entry(struct registry_work *w, const struct doc *entry)
{
    const struct doc *id = doc_get(entry, "id");
    if (table_get(&w->p->by_id, id->text) == NULL) {
        doc_fault(&w->p->warnings, id, "restore its folder, or correct the id",
                  "\"%s\" is registered, but no bundle has this id", id->text.p);
    }
}

static int by_id(const void *a, const void *b)
{
    return bytes_cmp(doc_get(*(struct doc *const *)a, "id")->text,
                     doc_get(*(struct doc *const *)b, "id")->text);
}

static int write_file(const struct registry_work *w, struct err *e)
{
    struct doc *entries = doc_get(w->registry, "migrations");
    struct buf text = {0};
    if (canon_check(w->registry, e) != 0) {
        return err_hint(e, "write it without that character");
    }
    qsort(entries->item, entries->n, sizeof(struct doc *), by_id);
    canon_pretty(&text, w->registry);
    int rc = file_write(w->p->dirfd, REGISTRY_PATH, buf_bytes(&text), 0666, e);
    buf_release(&text);
    return rc;
}

static void start_empty(struct registry_work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->p->n_bundle; i++) {
        n += !bundle_is_repeatable(&w->p->bundle[i]);
    }
    w->is_new = true;
    w->registry = doc_new(w->a, DOC_MAP);
    (void)doc_put(w->a, w->registry, "version", doc_int(w->a, 1));
    (void)doc_put(w->a, w->registry, "migrations", doc_new(w->a, DOC_LIST));
    if (!w->fix && n > 0) {
        err_list_addf(
            &w->p->warnings, ERR_CONFIG, REGISTRY_PATH, 0, 0, "`kfmig check --fix` writes it",
            "there is no registry: %zu migration%s not registered", n, n == 1 ? " is" : "s are");
    }
}

static int compare(struct registry_work *w, struct err *e)
{
    const struct doc *entries = entries_of(w->registry);
    w->by_id = (struct table){.a = w->a};
    owners_load(w->a, w->p->dirfd, &w->owners, &w->p->faults);
    for (size_t i = 0; i < entries->n; i++) {
        struct doc *entry = entries->item[i];
        compare_entry(w, entry);
        (void)table_put(&w->by_id, doc_get(entry, "id")->text, entry);
    }
    for (size_t i = 0; i < w->p->n_bundle; i++) {
        if (compare_bundle(w, &w->p->bundle[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

int registry_rename(const struct project *p, const char *old, const char *id, struct err *e)
{
    struct arena a = {0};
    struct registry_work w = {.p = (struct project *)(uintptr_t)p, .a = &a};
    struct text_file file;
    struct err_list faults = {0};
    int rc = read_file(p, &a, &file, &w.registry, &faults);
    if (rc == 0) {
        struct doc *list = doc_get(w.registry, "migrations");
        bool has = false;
        size_t n = 0;
        for (size_t i = 0; i < list->n; i++) {
            has = has || strcmp(doc_str(list->item[i], "id", ""), id) == 0;
        }
        for (size_t i = 0; i < list->n; i++) {
            struct doc *entry = list->item[i];
            bool is_old = strcmp(doc_str(entry, "id", ""), old) == 0;
            w.is_changed = w.is_changed || is_old;
            if (is_old && !has) {
                (void)doc_put(&a, entry, "id", doc_text(&a, id));
            }
            if (!is_old || !has) {
                list->item[n++] = entry;
            }
        }
        list->n = n;
        rc = w.is_changed ? write_file(&w, e) : 0;
    } else {
        rc = 0; /* `kfmig check` tells what is wrong with it, and --fix adds the new id */
    }
    err_list_release(&faults);
    arena_release(&a);
    return rc;
}

/* --- after a merge ---------------------------------------------------------------------------------- */

/* One side of every conflict in text: 0, what stands before "=======", 1, what stands behind; what is common
 * to both is in both. */
static void take_side(struct bytes text, int side, struct buf *out)
{
    int in = -1; /* -1: outside; 0, 1: that side; 2: the base, which is nobody's */
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end != NULL ? (size_t)(end - text.p) + 1 - at : text.n - at;
        const char *line = text.p + at;
        bool is_mark = n >= 7 && memchr("<|=>", line[0], 4) != NULL;
        for (int i = 1; i < 7 && is_mark; i++) {
            is_mark = line[i] == line[0];
        }
        if (is_mark) {
            in = line[0] == '<' ? 0 : line[0] == '|' ? 2 : line[0] == '=' ? 1 : -1;
        } else if (in == -1 || in == side) {
            buf_add(out, line, n);
        }
        at += n;
    }
}

/* The end of the object that begins at p; NULL: it has none. */
static const char *object_end(const char *p)
{
    int depth = 0;
    bool quoted = false;
    for (; *p != '\0'; p++) {
        if (quoted) {
            p += *p == '\\' && p[1] != '\0';
            quoted = *p != '"';
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '{' || *p == '}') {
            depth += *p == '{' ? 1 : -1;
            if (depth == 0) {
                return p + 1;
            }
        }
    }
    return NULL;
}

/* Of two entries of one id the one that came further counts. */
static void keep_entry(struct registry_work *w, struct doc *entry)
{
    const char *id = doc_str(entry, "id", "");
    struct doc *list = doc_get(w->registry, "migrations");
    struct doc *old = table_gets(&w->by_id, id);
    if (old == NULL) {
        table_puts(&w->by_id, id, doc_push(w->a, list, entry));
    } else if (status_index(doc_str(entry, "status", "")) <= STATUS_COUNT - 1 &&
               status_index(doc_str(entry, "status", "")) >
                   status_index(doc_str(old, "status", ""))) {
        *old = *entry;
    }
}

/* Every sound entry in text, wherever it stands: its commas and brackets may be those of two files. */
static void keep_entries(struct registry_work *w, const char *text)
{
    const char *start = strchr(text, '[');
    for (const char *p = start; p != NULL && (p = strchr(p, '{')) != NULL;) {
        const char *end = object_end(p);
        struct err ignored = {0};
        struct doc *d =
            end == NULL ? NULL
                        : json_read(w->a, bytes_of(p, (size_t)(end - p)), REGISTRY_PATH, &ignored);
        if (d != NULL && doc_str(d, "id", "")[0] != '\0') {
            struct doc *whole = doc_new(w->a, DOC_MAP);
            struct err_list faults = {0};
            (void)doc_put(w->a, whole, "version", doc_int(w->a, 1));
            (void)doc_push(w->a, doc_put(w->a, whole, "migrations", doc_new(w->a, DOC_LIST)), d);
            if (schema_check(w->a, checker_schema("migrations.v1"), whole, &faults) == 0) {
                keep_entry(w, d);
            }
            err_list_release(&faults);
        }
        p = d != NULL ? end : p + 1;
    }
}

/* Is it what a merge leaves: with its marks, or, where git saw no conflict, with an id twice? */
static bool is_merged(struct arena *a, struct bytes text)
{
    struct err_list faults = {0};
    struct err ignored = {0};
    struct doc *d = json_read(a, text, REGISTRY_PATH, &ignored);
    bool is_sound = d != NULL && schema_check(a, checker_schema("migrations.v1"), d, &faults) == 0;
    err_list_release(&faults);
    return is_sound || strstr(text.p, "<<<<<<< ") != NULL;
}

/* A registry that a merge has left with faults: true, w->registry is what both sides had. */
static bool unite(struct registry_work *w)
{
    struct bytes text;
    struct err ignored = {0};
    if (file_read(w->a, w->p->dirfd, REGISTRY_PATH, LIMIT_JSON, &text, NULL, &ignored) != 0 ||
        !is_merged(w->a, text)) {
        return false;
    }
    w->registry = doc_new(w->a, DOC_MAP);
    w->by_id = (struct table){.a = w->a};
    (void)doc_put(w->a, w->registry, "version", doc_int(w->a, 1));
    (void)doc_put(w->a, w->registry, "migrations", doc_new(w->a, DOC_LIST));
    for (int side = 0; side < 2; side++) {
        struct buf one = {0};
        take_side(text, side, &one);
        keep_entries(w, arena_strdup(w->a, buf_str(&one)));
        buf_release(&one);
    }
    w->is_changed = true;
    return true;
}

bool load_may_compare(const struct project *p)
{
    bool good = true;
    for (size_t i = 0; i < p->faults.n; i++) {
        good = good && strcmp(p->faults.v[i].where.path, REGISTRY_PATH) == 0;
    }
    return good;
}

/* It was mended: what load_project() said of it is no more. */
static void drop_faults(struct project *p)
{
    struct err_list left = {0};
    for (size_t i = 0; i < p->faults.n; i++) {
        if (strcmp(p->faults.v[i].where.path, REGISTRY_PATH) != 0) {
            err_list_add(&left, &p->faults.v[i]);
        }
    }
    err_list_release(&p->faults);
    p->faults = left;
}

int load_registry_check(struct project *p, bool fix, bool *fixed, struct err *e)
{
    struct arena a = {0};
    struct registry_work w = {.p = p, .a = &a, .fix = fix};
    struct text_file file;
    struct err_list known = {0}; /* load_project() told of these */
    *fixed = false;
    load_checks(p, CHECK_REGISTRY);
    int rc = read_file(p, &a, &file, &w.registry, &known);
    err_list_release(&known);
    bool united = rc < 0 && fix && unite(&w);
    if (rc < 0 && !united) {
        arena_release(&a);
        return 0;
    }
    if (rc == 1) {
        start_empty(&w);
    }
    rc = compare(&w, e);
    if (rc == 0 && w.is_changed) {
        rc = write_file(&w, e);
        *fixed = rc == 0;
    }
    if (rc == 0 && united) {
        drop_faults(p);
    }
    arena_release(&a);
    return rc;
}
