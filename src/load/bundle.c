/* From the files of one migration to one struct bundle. */
#include "load/bundle.h"

#include <dirent.h>
#include <string.h>

#include "doc/canon.h"
#include "load/declaration.h"
#include "load/evidence.h"
#include "load/header.h"
#include "load/mark.h"
#include "load/meta.h"
#include "load/repeatable.h"
#include "load/text.h"
#include "model/backfill.h"
#include "model/errand.h"
#include "model/key.h"
#include "model/variables.h"

struct bundle_work {
    const struct bundle_reader *r;
    const struct bundle_place *at;
    struct declaration d;
    bool is_flat; /* flat is set */
    struct flat flat;
};

static void add_used(const struct bundle_work *w, const char *path, const struct stamp *stamp)
{
    used_add(w->r->used, path + strlen(w->at->folder) + 1, stamp);
}

/* A folder in the bundle's folder that is absent need not be remembered: its coming changes the
 * latter's stamp. */
static void look_at_folder(const struct bundle_work *w, const char *path)
{
    struct stamp stamp;
    if (used_look(w->r->dirfd, path, &stamp) != 0) {
        w->r->used->is_uncertain = true;
    }
    if (stamp.ino != 0) {
        add_used(w, path, &stamp);
    }
}

/* Two branches made the same bundle, or changed it. */
static bool has_merge_marks(const struct bundle_work *w, const char *path, struct bytes text)
{
    static const char mark[] = "\n<<<<<<< ";
    const size_t n = sizeof mark - 1;
    bool at_once = text.n >= n - 1 && memcmp(text.p, mark + 1, n - 1) == 0;
    const char *at = at_once ? text.p : memmem(text.p, text.n, mark, n);
    int line = 1;
    int col = 1;
    if (at == NULL) {
        return false;
    }
    const char *which = w->at->file != NULL ? w->at->file : w->at->dir;
    text_place(text, (size_t)(at - text.p) + !at_once, &line, &col);
    err_list_addf(
        w->r->faults, ERR_CONFIG, path, line, col,
        arena_printf(w->r->a,
                     "where both are wanted: git checkout --theirs -- %s && kfmig rename %s NEW && "
                     "git checkout --ours -- %s",
                     which, w->at->id, which),
        "the marks of a merge: two branches have a migration %s, or changed one", w->at->id);
    return true;
}

/* Reads one file that the node named asks for. */
static void read_file(const struct bundle_work *w, struct artifact *f, const char *name,
                      size_t limit, const struct doc *named)
{
    struct text_file file;
    const char *base = w->at->file != NULL ? w->at->folder : w->at->dir;
    f->path = arena_printf(w->r->a, "%s/%s", base, name);
    int rc = text_read(w->r->a, w->r->dirfd, f->path, limit, named, &file, w->r->faults);
    if (rc == 1) {
        doc_fault(w->r->faults, named, "add the file, or correct its name",
                  "there is no file \"%s\" in the bundle", name);
    }
    add_used(w, f->path, &file.stamp);
    w->r->used->is_uncertain = w->r->used->is_uncertain || rc != 0;
    if (rc == 0 && file.is_text && has_merge_marks(w, f->path, file.bytes)) {
        w->r->used->is_uncertain = true;
    }
    f->digest = rc == 0 ? digest_of(file.bytes) : (struct digest){{0}};
    f->bytes = w->r->keep_bytes ? file.bytes : bytes_of(NULL, 0);
}

/* The files that could be named rightly; the others have their fault already. */
static void read_list(const struct bundle_work *w, struct artifacts *files, const char *key)
{
    const struct doc *list = doc_get(doc_get(w->d.doc, "artifacts"), key);
    size_t n = 0;
    for (size_t i = 0; i < files->n; i++) {
        const char *name = files->v[i].path;
        if (declaration_name_fault(name) == NULL) {
            read_file(w, &files->v[n++], name, LIMIT_SCRIPT, list->item[i]);
        }
    }
    files->n = n;
}

static const char *invariant_ending(const struct bundle_work *w)
{
    const struct store_row *row = store_row(w->at->store);
    return row != NULL ? row->ending : store_row(store_of_ledger())->ending;
}

static void add_invariant(struct bundle_work *w, const char *folder, const struct file_name *entry)
{
    struct artifacts *files = &w->d.decl.invariants;
    const char *name = arena_printf(w->r->a, "invariants/%s", entry->name);
    const char *path = arena_printf(w->r->a, "%s/%s", folder, entry->name);
    const char *fault = declaration_name_fault(name);
    if (entry->type != DT_REG) {
        fault = "is not a regular file";
    }
    if (fault != NULL) {
        err_list_addf(w->r->faults, ERR_CONFIG, path, 0, 0, "put a file with a plain name there",
                      "the invariant %s", fault);
        return;
    }
    const struct doc here = {.path = path};
    ARENA_GROW(w->r->a, files->v, files->n, files->cap);
    read_file(w, &files->v[files->n++], name, LIMIT_SCRIPT, &here);
}

/* invariants/ holds them where the declaration names none. */
static void read_invariants(struct bundle_work *w)
{
    struct file_names names;
    struct err e = {0};
    if (doc_find(w->d.doc, "artifacts.invariants") != NULL) {
        read_list(w, &w->d.decl.invariants, "invariants");
        return;
    }
    const char *folder = arena_printf(w->r->a, "%s/invariants", w->at->dir);
    const char *ending = invariant_ending(w);
    look_at_folder(w, folder);
    if (file_list(w->r->a, w->r->dirfd, folder, &names, &e) < 0) {
        err_list_addf(w->r->faults, e.code, folder, 0, 0, e.hint, "%s", e.msg);
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        size_t n = strlen(names.v[i].name);
        size_t n_ending = strlen(ending);
        if (n > n_ending && strcmp(names.v[i].name + n - n_ending, ending) == 0) {
            add_invariant(w, folder, &names.v[i]);
        }
    }
}

static bool is_blank(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(" \t\r\n", text.p[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static void read_notes(struct bundle_work *w)
{
    struct artifact *notes = &w->d.decl.notes;
    const struct doc *named = doc_find(w->d.doc, "artifacts.notes");
    const struct doc *key = declaration_key(w->d.doc, "requires_rollback");
    struct text_file file;
    const char *name = named == NULL ? "notes.md" : named->text.p;
    *notes = (struct artifact){0};
    if (declaration_name_fault(name) != NULL) {
        return;
    }
    const char *path = arena_printf(w->r->a, "%s/%s", w->at->dir, name);
    int rc = text_read(w->r->a, w->r->dirfd, path, LIMIT_NOTES, named, &file, w->r->faults);
    if (rc == 1 && named != NULL) {
        doc_fault(w->r->faults, named, "add the file, or correct its name",
                  "there is no file \"%s\" in the bundle", name);
    }
    if (rc == 0) {
        *notes = (struct artifact){path, digest_of(file.bytes), file.bytes};
        add_used(w, path, &file.stamp);
    }
    if (rc >= 0 && !w->d.decl.requires_rollback && (rc == 1 || is_blank(file.bytes))) {
        doc_fault(w->r->faults, key,
                  "say there why it cannot be undone, and what keeps it safe instead (dual "
                  "write, shadow index, ...)",
                  "\"requires_rollback\" is false, but %s %s", name,
                  rc == 1 ? "is missing" : "is empty");
    }
}

/* --- declarations ----------------------------------------------------------------------------------- */

static void check_place(const struct bundle_work *w)
{
    const struct decl *d = &w->d.decl;
    const struct doc *type = doc_get(w->d.doc, "type");
    if (strcmp(d->id, w->at->id) != 0) {
        err_list_addf(
            w->r->faults, ERR_CONFIG, type->path, w->d.id_line, w->d.id_col,
            arena_printf(w->r->a, "rename the folder, or correct the id: `kfmig rename %s %s`",
                         d->id, w->at->id),
            "\"migration_id\" is \"%s\", but its folder is named \"%s\"", d->id, w->at->id);
    }
    if (strcmp(d->type, w->at->type) != 0) {
        doc_fault(w->r->faults, type, "move the folder, or correct the type",
                  "\"type\" is \"%s\", but its folder stands in %s", d->type, w->at->folder);
    }
}

/* The file that declares it; false: there is nothing to go on with. */
static bool read_declaring(struct bundle_work *w, const char *path, size_t limit,
                           struct text_file *file)
{
    int rc = text_read(w->r->a, w->r->dirfd, path, limit, NULL, file, w->r->faults);
    add_used(w, path, &file->stamp);
    if (rc == 1) {
        err_list_addf(w->r->faults, ERR_CONFIG, w->at->dir, 0, 0,
                      "add a migration.yml (`kfmig new` makes one), or remove the folder",
                      "there is no migration.yml in the folder");
    }
    if (rc != 0 || !file->is_text) {
        return false;
    }
    if (has_merge_marks(w, path, file->bytes)) {
        w->r->used->is_uncertain = true;
        return false;
    }
    w->d.decl.file = (struct artifact){path, digest_of(file->bytes), file->bytes};
    return true;
}

/* w->d from what was read of it. */
static bool keep_declaration(struct bundle_work *w, const struct artifact *file)
{
    w->d.decl.file = *file;
    w->d.decl.document = w->d.doc;
    return w->d.is_sound;
}

static void add_text(struct arena *a, const struct bundle_work *w, struct artifacts *files,
                     const char *name, struct bytes bytes)
{
    ARENA_GROW(a, files->v, files->n, files->cap);
    files->v[files->n++] = (struct artifact){.path = arena_printf(a, "%s/%s", w->at->dir, name),
                                             .digest = digest_of(bytes),
                                             .bytes = bytes};
}

/* What stands in the declaration is as what stands behind a mark in a file: a forward file of its own, the
 * last one, whose bytes are the mark and the statement. */
static void add_backfill(struct bundle_work *w)
{
    struct buf text = {0};
    struct artifacts *files = &w->d.decl.forward;
    struct arena *a = w->r->a;
    const struct doc *d = doc_get(w->d.doc, "backfill");
    if (d == NULL) {
        return;
    }
    struct doc *settings = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(d); i++) {
        if (strcmp(d->key[i]->text.p, "statement") != 0) {
            (void)doc_put(a, settings, d->key[i]->text.p, d->item[i]);
        }
    }
    buf_puts(&text, "-- " BACKFILL_MARK " ");
    canon_write(&text, settings);
    buf_printf(&text, "\n%s\n", doc_str(d, "statement", ""));
    struct bytes bytes = bytes_of(arena_strndup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    add_text(a, w, files, BACKFILL_FILE, bytes);
}

/* So are the programs that a store of programs runs: the last file of those that apply it, or undo it. */
static void add_errands(struct bundle_work *w)
{
    struct arena *a = w->r->a;
    struct decl *d = &w->d.decl;
    struct errand x = {.store = w->at->type,
                       .state = d->probe,
                       .run = d->command,
                       .expect = d->expect,
                       .wants = d->wants};
    if (d->probe == NULL) {
        return;
    }
    add_text(a, w, &d->forward, ERRAND_APPLY, errand_write(a, &x));
    if (d->undo_command != NULL) {
        x.run = d->undo_command;
        x.expect = NULL;
        add_text(a, w, &d->rollback, ERRAND_ROLLBACK, errand_write(a, &x));
    }
}

static bool declare_bundle(struct bundle_work *w, struct bundle *out)
{
    struct text_file file;
    const char *path = bundle_file(w->r->a, out);
    look_at_folder(w, w->at->dir);
    if (!read_declaring(w, path, LIMIT_YAML, &file)) {
        return false;
    }
    const struct artifact declaring = w->d.decl.file;
    size_t n_faults = w->r->faults->n;
    declaration_read(w->r->a, file.bytes, path, &w->d, w->r->faults);
    text_drop_echoes(&file, w->r->faults, n_faults);
    if (!w->d.is_sound && w->d.doc != NULL) {
        declaration_files(w->r->a, &w->d);
        read_list(w, &w->d.decl.forward, "forward");
        read_list(w, &w->d.decl.rollback, "rollback");
    }
    if (!keep_declaration(w, &declaring)) {
        return false;
    }
    check_place(w);
    read_list(w, &w->d.decl.forward, "forward");
    add_backfill(w);
    read_list(w, &w->d.decl.rollback, "rollback");
    add_errands(w);
    read_invariants(w);
    read_notes(w);
    return file.secret_line == 0; /* what it says may be said again: its intent, its owner */
}

static struct flat flat_at(const struct bundle_work *w, const char *path)
{
    struct arena *a = w->r->a;
    struct stamp down;
    const struct bundle_place *at = w->at;
    struct flat f = {.path = path,
                     .name = path + strlen(at->folder) + 1,
                     .id = at->id,
                     .type = at->type,
                     .layout = at->layout,
                     .down = "",
                     .defaults = w->r->beside->defaults};
    if (at->layout == LAYOUT_REPEATABLE) {
        return f; /* nothing undoes it */
    }
    f.down = layout_down(a, at->layout, at->id);
    const char *other = arena_printf(a, "%s/%s", at->folder, f.down);
    if (used_look(w->r->dirfd, other, &down) != 0) {
        w->r->used->is_uncertain = true;
    }
    f.has_down = down.ino != 0;
    if (!f.has_down) {
        add_used(w, other, &down); /* its coming counts */
    }
    return f;
}

static bool declare_flat(struct bundle_work *w, struct bundle *out)
{
    struct text_file file;
    const char *path = bundle_file(w->r->a, out);
    struct flat f = flat_at(w, path);
    if (!read_declaring(w, path, LIMIT_SCRIPT, &file)) {
        return false;
    }
    const struct artifact declaring = w->d.decl.file;
    size_t n_faults = w->r->faults->n;
    struct doc *header = header_read(w->r->a, file.bytes, path, layout_row(f.layout), w->r->faults);
    f.header = header != NULL ? mark_header(w->r->a, header, f.layout, file.bytes, path) : NULL;
    if (header != NULL && f.layout == LAYOUT_REPEATABLE) {
        out->definition = repeatable_read(w->r->a, path, file.bytes, doc_get(f.header, "variables"),
                                          w->r->faults);
    }
    if (f.header != NULL) {
        struct doc *d = flat_document(w->r->a, &f, w->r->faults);
        declaration_take(w->r->a, d, &w->d, w->r->faults);
    }
    text_drop_echoes(&file, w->r->faults, n_faults);
    if (!keep_declaration(w, &declaring)) {
        return false;
    }
    w->d.decl.forward.v[0] = declaring;
    read_list(w, &w->d.decl.rollback, "rollback");
    w->is_flat = true;
    w->flat = f;
    return file.secret_line == 0;
}

/* Names of a scope are those of its texts, with the environment's values, or what stands for them. What
 * has none
 * is told where it is run. */
static void fill_names(const struct bundle_reader *r, const struct decl *d, struct names *l)
{
    struct err_list ignored = {0};
    struct names out = {.v = ARENA_ARRAY(r->a, const char *, l->n + 1), .n = l->n, .cap = l->n};
    for (size_t i = 0; i < l->n; i++) {
        struct bytes text;
        variables_fill(r->a, &d->variables, r->values, "", bytes_str(l->v[i]), &text, &ignored);
        out.v[i] = arena_strndup(r->a, text.p, text.n);
    }
    err_list_release(&ignored);
    *l = out;
}

/* Behind the checksum, which is the same in every environment. */
static void fill_scope(const struct bundle_reader *r, struct decl *d)
{
    struct names *const lists[] = {&d->scope.allowed_schemas,   &d->scope.allowed_tables,
                                   &d->scope.forbidden_schemas, &d->scope.forbidden_tables,
                                   &d->scope.references,        &d->scope.allowed_global};
    for (size_t i = 0; i < sizeof lists / sizeof *lists && d->variables.n > 0; i++) {
        fill_names(r, d, lists[i]);
    }
}

/* --- the whole -------------------------------------------------------------------------------------- */

static void fill(struct bundle_work *w, struct bundle *out)
{
    struct decl *d = &w->d.decl;
    out->checksum = key_checksum(d, bundle_key_folder(out));
    out->bundle_digest = key_bundle(d, w->d.doc, &out->checksum);
    out->has_depends = d->has_depends;
    out->depends_on = d->depends_on;
    out->rebuilds = d->rebuilds;
    out->variables = d->variables;
    out->requires_rollback = d->requires_rollback;
    out->change_class = d->change_class;
    out->intent = d->intent;
    out->wants_window = d->wants_window;
    out->deploy = d->deploy;
    out->lacks = (unsigned char)d->lacks;
    out->schemas = d->scope.allowed_schemas;
    out->has_extensions = d->scope.allowed_extensions.n > 0;
    out->after_load = d->after_load;
    out->scope_line = declaration_key(w->d.doc, "scope")->line;
    out->decl = d;
}

struct bundle_place bundle_place_of(const struct bundle *b)
{
    const char *name = b->dir + strlen(b->folder) + 1;
    return (struct bundle_place){.dir = b->dir,
                                 .folder = b->folder,
                                 .id = b->file != NULL ? b->id : name,
                                 .type = store_text(b->store),
                                 .store = b->store,
                                 .layout = b->layout,
                                 .file = b->file,
                                 .number = b->number};
}

/* How each layout declares. */
static bool (*const declare[LAYOUT_COUNT])(struct bundle_work *, struct bundle *) = {
    [LAYOUT_TIMESTAMPED] = declare_flat, [LAYOUT_VERSIONED] = declare_flat,
    [LAYOUT_NUMBERED] = declare_flat,    [LAYOUT_PAIRED] = declare_flat,
    [LAYOUT_BUNDLE] = declare_bundle,    [LAYOUT_REPEATABLE] = declare_flat,
    [LAYOUT_ALEMBIC] = declare_flat,
};

void bundle_read(const struct bundle_reader *r, const struct bundle_place *at, struct bundle *out)
{
    struct bundle_work *w = ARENA_NEW(r->a, struct bundle_work);
    *w = (struct bundle_work){.r = r, .at = at, .d = {.id = ""}};
    *out = (struct bundle){.id = at->id,
                           .store = at->store,
                           .dir = at->dir,
                           .folder = at->folder,
                           .file = at->file,
                           .layout = at->layout,
                           .number = at->number,
                           .change_class = "",
                           .intent = "",
                           .deploy = ""};
    bool is_sound = declare[at->layout](w, out);
    out->id = w->d.id[0] == '\0' ? at->id : w->d.id;
    out->depends_line = w->d.depends_line;
    if (is_sound) {
        if (w->is_flat) {
            flat_complete(r->a, &w->flat, w->d.decl.file.bytes, r->values, &w->d.decl);
            meta_compare(r->beside->meta, out, &w->d.decl, r->faults);
        }
        fill(w, out);
        fill_scope(r, &w->d.decl);
        evidence_read(r->a, r->dirfd, out, r->used, r->warnings);
    }
}
